"""Signs in to Identity Center and uses the portal as botocore's clients do; prints what came of it as JSON. argv: start URL.

The endpoints come from AWS_ENDPOINT_URL_SSO, _SSO_OIDC and _STS; each user code is printed on a line of its own, for the person
who approves it.
"""
import json
import sys
import time

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

session = botocore.session.get_session()
unsigned = Config(signature_version=UNSIGNED, region_name="eu-west-1", retries={"total_max_attempts": 1})
oidc = session.create_client("sso-oidc", config=unsigned)
portal = session.create_client("sso", config=unsigned)

client = oidc.register_client(clientName="botocore", clientType="public", scopes=["sso:account:access"])
known = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
started = oidc.start_device_authorization(**known, startUrl=sys.argv[1])
grant = {**known, "grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": started["deviceCode"]}
errors = []
tokens = None
while tokens is None:
    try:
        tokens = oidc.create_token(**grant)
    except oidc.exceptions.AuthorizationPendingException as error:
        errors.append(error.response["error"])
        print(started["userCode"], flush=True)
        time.sleep(started["interval"])
refreshed = oidc.create_token(**known, grantType="refresh_token", refreshToken=tokens["refreshToken"])
try:
    oidc.create_token(**known, grantType="refresh_token", refreshToken=tokens["refreshToken"])
except oidc.exceptions.InvalidGrantException as error:
    errors.append(error.response["error"])
token = {"accessToken": refreshed["accessToken"]}
roles = [
    [account["accountId"], role["roleName"]]
    for page in portal.get_paginator("list_accounts").paginate(**token, PaginationConfig={"PageSize": 1})
    for account in page["accountList"]
    for role in portal.list_account_roles(**token, accountId=account["accountId"])["roleList"]
]
given = portal.get_role_credentials(**token, accountId=roles[0][0], roleName=roles[0][1])["roleCredentials"]
sts = session.create_client(
    "sts", "eu-west-1", aws_access_key_id=given["accessKeyId"], aws_secret_access_key=given["secretAccessKey"], aws_session_token=given["sessionToken"]
)
arn = sts.get_caller_identity()["Arn"]
portal.logout(**token)
try:
    portal.list_accounts(**token)
except portal.exceptions.UnauthorizedException as error:
    errors.append(error.response["Error"]["Message"])
print(json.dumps({"errors": errors, "roles": roles, "arn": arn}))
