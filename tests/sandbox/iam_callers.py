"""Roles of the sandbox with the policies of a test, sessions of them, and what they are refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

HERE = "123456789012"
TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HERE}:root"}, "Action": "sts:AssumeRole"}
    ]
}
MakeCaller = Callable[..., "Caller"]


@dataclass(frozen=True)
class Caller:
    """A role's session: its clients, and the ARN of the role."""

    role: str
    credentials: Mapping[str, str]
    endpoint: str

    def client(self, service: str) -> Any:
        make: Any = boto3.client  # the services are too many for a type
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"],
        )


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


@pytest.fixture
def caller(account: Any) -> MakeCaller:
    """Make a role with the statements, and a session of it."""

    def make(*statements: Mapping[str, Any], boundary: str | None = None) -> Caller:
        iam, name = account.client("iam"), account.name("role")
        limit = {} if boundary is None else {"PermissionsBoundary": boundary}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **limit)["Role"][
            "Arn"
        ]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        answer = account.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
        return Caller(role, answer["Credentials"], account.sandbox.endpoint)

    return make


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException")
    return str(error["Message"])
