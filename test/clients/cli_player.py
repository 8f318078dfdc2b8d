"""Plays steps through the AWS CLI (version 1), all in one process: reads [{"operation", "input"}] on standard input and writes
[{"output"} or {"error"}]. The endpoint comes from AWS_ENDPOINT_URL, as for any command."""
import contextlib
import io
import json
import re
import sys

from awscli.clidriver import create_clidriver

REFUSED = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)")
driver = create_clidriver()


def play(operation, members, page_size):
    command = re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()
    paging = [] if page_size is None else ["--page-size", str(page_size)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(["appmesh", command, "--cli-input-json", json.dumps(members), "--output", "json", *paging])
    refused = REFUSED.search(err.getvalue())
    if refused:
        return {"error": {"type": refused[1], "message": refused[2]}}
    if code != 0:
        sys.exit(f"{command}: {err.getvalue()}")
    return {"output": json.loads(out.getvalue() or "{}")}


steps = json.load(sys.stdin)
json.dump([play(step["operation"], step["input"], step.get("pageSize")) for step in steps], sys.stdout)
