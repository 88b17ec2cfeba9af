"""Asks the AWS Common Runtime for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`."""
import os

from awscrt import auth, io

group = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
try:
    found = auth.AwsCredentialsProvider.new_default_chain(bootstrap).get_credentials().result(20)
    print(f"ok {found.access_key_id}", flush=True)
except Exception as problem:
    print(f"error {problem}".replace("\n", " "), flush=True)
os._exit(0)
