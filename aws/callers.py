"""Whose credentials a call is made with, asked before anything is changed."""

from typing import TYPE_CHECKING

from msgspec import Struct

from aws.aws_errors import explain_errors

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


class Caller(Struct, frozen=True):
    """Who calls AWS: the ARN of a user or of a role's session, its account and partition, and its unique id.

    `user_id` is what policies know as `aws:userid`.
    """

    arn: str
    account: str
    user_id: str

    @property
    def partition(self) -> str:
        """Such as `aws`, `aws-cn` or `aws-us-gov`."""
        return self.arn.split(":")[1]


def caller_of(client: "STSClient") -> Caller:
    """Return who the client's credentials belong to.

    Raises:
        AwsAccessDeniedError: there are no credentials, they are expired or nobody's.
        AwsError: AWS could not be asked.
    """
    with explain_errors("GetCallerIdentity", "the credentials"):
        answer = client.get_caller_identity()
        return Caller(answer["Arn"], answer["Account"], answer["UserId"])
