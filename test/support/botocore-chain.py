"""What botocore makes of a list of configurations: reads JSON rows from stdin, prints one answer each.

A row is {"config", "credentials", "profile", "env"}. The answer is the chain as text, `ROLE<-ROLE<-KEY`, or `error`. Nothing leaves the machine: STS is
a fake that answers with the chain so far, metadata services answer with their names.
"""
import datetime
import getpass
import json
import os
import sys
import tempfile

# Before botocore takes it for its prompter.
getpass.getpass = lambda *_: "123456"

import botocore.credentials
import botocore.session


class FakeSts:
    def __init__(self, signer):
        self.signer = signer

    def _answer(self, role):
        return {
            "Credentials": {
                "AccessKeyId": role + "<-" + self.signer,
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
            },
            "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/r/s", "AssumedRoleId": "r:s"},
        }

    def assume_role(self, RoleArn, **_):
        return self._answer(RoleArn.rsplit("/", 1)[1])

    def assume_role_with_web_identity(self, RoleArn, WebIdentityToken, **_):
        self.signer = WebIdentityToken.strip()
        return self._answer(RoleArn.rsplit("/", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def creator(session, region):
    def create(_service, **kwargs):
        return FakeSts(kwargs.get("aws_access_key_id") or "unsigned")

    return create


def metadata(name):
    return lambda self, *a, **k: {"role_name": name, "access_key": name, "secret_key": "s", "token": "t", "expiry_time": "2099-01-01T00:00:00Z", "account_id": None}


botocore.credentials._get_client_creator = creator
botocore.credentials.InstanceMetadataFetcher.retrieve_iam_role_credentials = metadata("ec2-instance-metadata")
botocore.credentials.ContainerProvider._retrieve_or_fail = lambda self: botocore.credentials.Credentials("ecs-container", "s", "t")
botocore.credentials.ContainerProvider.load = lambda self: botocore.credentials.Credentials("ecs-container", "s", "t")


def load_sso(self):
    """Everything that botocore checks before it asks the portal."""
    config = self._load_sso_config()
    return botocore.credentials.Credentials("sso", "s", "t") if config else None


botocore.credentials.SSOProvider.load = load_sso


def answer(row):
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("config", "credentials"):
            with open(os.path.join(folder, name), "w") as file:
                file.write(row[name].replace("@FOLDER@", folder))
        with open(os.path.join(folder, "token"), "w") as file:
            file.write("web-identity")
        os.environ.clear()
        os.environ.update(
            {
                "PATH": kept["PATH"],
                "HOME": folder,
                "AWS_CONFIG_FILE": os.path.join(folder, "config"),
                "AWS_SHARED_CREDENTIALS_FILE": os.path.join(folder, "credentials"),
                "AWS_DEFAULT_REGION": "eu-west-1",
                **row.get("env", {}),
            }
        )
        try:
            session = botocore.session.Session(profile=row["profile"])
            credentials = session.get_credentials()
            return "none" if credentials is None else credentials.get_frozen_credentials().access_key
        except Exception:
            return "error"
        finally:
            os.environ.clear()
            os.environ.update(kept)


print(json.dumps([answer(row) for row in json.load(sys.stdin)]))
