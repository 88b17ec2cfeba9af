"""Asks botocore for the credentials of the profile p of each folder on stdin: prints `ok KEY_ID` or `error REASON`."""
import getpass
import os
import sys

getpass.getpass = lambda *_: "123456"

import botocore.credentials
import botocore.session
import botocore.tokens

for folder in sys.stdin:
    os.environ["HOME"] = folder.strip()
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        provider._SSO_TOKEN_CACHE_DIR = os.path.expanduser("~/.aws/sso/cache")
    try:
        found = botocore.session.Session(profile="p").get_credentials()
        answer = "error none" if found is None else "ok " + found.get_frozen_credentials().access_key
    except Exception as problem:
        answer = f"error {type(problem).__name__}: {problem}".replace("\n", " ")
    print(answer, flush=True)
