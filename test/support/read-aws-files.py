"""What botocore and the AWS CLI make of AWS config files: reads one JSON job per line from stdin, prints one answer each.

A job is {"file"}, perhaps with "get" and "set" (lists of arguments of `aws configure get` / `set`, run in this order after the file was read).
The answer is {"profiles", "got"}, or {"error"} where botocore refuses the file.
"""
import contextlib
import io
import json
import os
import sys

import botocore.session


def configure(words):
    from awscli.clidriver import create_clidriver

    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = create_clidriver().main(["configure", *words])
    return [code, output.getvalue().rstrip("\n")]


def answer(job):
    os.environ["AWS_CONFIG_FILE"] = job["file"]
    try:
        session = botocore.session.Session()
        profiles = session.full_config["profiles"]
        names = session.available_profiles
    except Exception as error:
        return {"error": type(error).__name__}
    got = [configure(["get", *words]) for words in job.get("get", [])]
    got += [configure(["set", *words]) for words in job.get("set", [])]
    return {"profiles": profiles, "names": names, "got": got}


os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent"
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
