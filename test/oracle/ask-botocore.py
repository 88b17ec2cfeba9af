"""What botocore makes of one config after another: reads a JSON object per line, {"profile", "env", "home"}, and prints one, {"kind", ...}.

The files are in their place already, and the network is the closed world's. A question for an MFA code is answered with 123456.
"""
import datetime
import getpass
import json
import logging
import os
import sys

# Before botocore takes it for its prompter.
getpass.getpass = lambda *_: "123456"

import botocore.credentials
import botocore.loaders
import botocore.session
import botocore.tokens

kept_path = os.environ["PATH"]
# Reading the models takes longer than the rest of an answer: kept from row to row.
_loader = botocore.loaders.create_loader()


def answer(row):
    os.environ.clear()
    os.environ.update({"PATH": kept_path, **row["env"]})
    # botocore looks for the home folder once, when it is loaded.
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        provider._SSO_TOKEN_CACHE_DIR = os.path.expanduser("~/.aws/sso/cache")
    try:
        session = botocore.session.Session(profile=row["profile"])
        session.register_component("data_loader", _loader)
        credentials = session.get_credentials()
        if credentials is None:
            return {"kind": "refused", "reason": "none"}
        frozen = credentials.get_frozen_credentials()
        expiry = getattr(credentials, "_expiry_time", None)
        return {
            "kind": "credentials",
            "accessKeyId": frozen.access_key or "",
            "secretAccessKey": frozen.secret_key,
            "sessionToken": str(frozen.token or ""),
            "accountId": getattr(frozen, "account_id", None) or "",
            "expiration": expiry.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if expiry else "",
        }
    except BaseException as error:
        return {"kind": "refused", "reason": f"{type(error).__name__}: {error}"}


logging.disable(logging.CRITICAL)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
