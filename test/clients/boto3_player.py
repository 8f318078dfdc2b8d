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


def play(operation, members):
    method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
    try:
        output = method(**members)
        return {"requestId": output.pop("ResponseMetadata")["RequestId"], "output": output}
    except ClientError as error:
        told, metadata = error.response["Error"], error.response["ResponseMetadata"]
        failure = {"type": told["Code"], "message": told["Message"], "status": metadata["HTTPStatusCode"], "class": type(error).__name__}
        return {"requestId": metadata["RequestId"], "error": failure}


steps = json.load(sys.stdin)
json.dump([play(step["operation"], step["input"]) for step in steps], sys.stdout, default=plain)
