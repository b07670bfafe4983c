"""The accounts of the embedded AWS: whose credentials a request is signed with.

Credentials that the embedded AWS made belong to the account that made them. Others are made up, and an administrator's:
of the account that the access key names by its twelve digits, and of the first account for every other access key.
"""

import re
from collections.abc import Mapping
from typing import Any

from moto.core.responses import BaseResponse
from moto.iam.models import get_account_id_from
from moto.s3.models import S3Backend
from moto.utilities.tagging_service import TaggingService

_ACCESS_KEY = re.compile(r"Credential=(?P<key>[^/,\s]+)/")
_ACCOUNT = re.compile(r"\d{12}")
NOBODY = "anonymous"  # who sends a request without a signature


def install() -> None:
    """Tell accounts apart in this process; moto sees only access keys that look like AWS's own."""

    def get_access_key(self: Any) -> str:
        return access_key_of(self.headers)

    def get_current_account(self: Any) -> str:
        return account_of(access_key_of(self.headers))

    BaseResponse.get_access_key = get_access_key
    BaseResponse.get_current_account = get_current_account
    # moto keeps the tags of an object with the account that sets them, and looks for them in the one that asks.
    tags = TaggingService()
    S3Backend.tagger = property(lambda _: tags, lambda _, __: None)


def access_key_of(headers: Mapping[str, str]) -> str:
    """Return the access key that a request with these headers is signed with."""
    signed = _ACCESS_KEY.search(headers.get("Authorization", ""))
    return signed["key"] if signed else NOBODY


def account_of(access_key: str) -> str:
    """Return the account that an access key belongs to."""
    if _ACCOUNT.fullmatch(access_key):
        return access_key
    account: str = get_account_id_from(access_key)
    return account


def administrator_arn(access_key: str, partition: str) -> str:
    """Return the ARN of the user of a made-up access key: of its name, so that people can be told apart."""
    account = account_of(access_key)
    name = "administrator" if access_key == account else access_key
    return f"arn:{partition}:iam::{account}:user/{name}"
