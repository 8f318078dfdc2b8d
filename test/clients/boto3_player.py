"""Plays steps through boto3: reads [{"operation", "input"}] on standard input and writes [{"output"} or {"error"}],
times as epoch seconds. The endpoint comes from AWS_ENDPOINT_URL, as for any program."""
import json
import re
import sys
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client("appmesh", config=Config(retries={"max_attempts": 0}))


def plain(value):
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{value!r} is not JSON")


def all_pages(name, members, page_size):
    """The pages of boto3's own paginator as one answer, with the last one's metadata."""
    output = {}
    for page in client.get_paginator(name).paginate(**members, PaginationConfig={"PageSize": page_size}):
        for key, value in page.items():
            output[key] = output.get(key, []) + value if isinstance(value, list) else value
    output.pop("nextToken", None)
    return output


def play(operation, members, page_size):
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    try:
        output = getattr(client, name)(**members) if page_size is None else all_pages(name, members, page_size)
        return {"requestId": output.pop("ResponseMetadata")["RequestId"], "output": output}
    except ClientError as error:
        told, metadata = error.response["Error"], error.response["ResponseMetadata"]
        failure = {"type": told["Code"], "message": told["Message"], "status": metadata["HTTPStatusCode"], "class": type(error).__name__}
        return {"requestId": metadata["RequestId"], "error": failure}


steps = json.load(sys.stdin)
json.dump([play(step["operation"], step["input"], step.get("pageSize")) for step in steps], sys.stdout, default=plain)
