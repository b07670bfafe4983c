"""The clients of boto3, each made once a process with bounded attempts and time limits.

Nothing happens at import. Region, credentials and `AWS_ENDPOINT_URL` are read when a client is first made.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from aws.announcements import SnsClient
from aws.aws_errors import AwsError, explain_errors
from aws.record_seals import KmsClient

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.config import Config
    from mypy_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_comprehend import ComprehendClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

# boto3 is imported where a client is made: it takes half a second, and help and completion need none of it.


@cache
def _control() -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - see above

    # A step has minutes, an event handler seconds: five attempts with their pauses take at most some twenty seconds.
    return Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=5,
        read_timeout=30,
        user_agent_extra="sagemaker-model-governance",
    )


@cache
def _inference() -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - see above

    # A long answer of a model takes minutes. The scorers back off and try again themselves, so there are few attempts.
    return _control().merge(Config(retries={"mode": "standard", "total_max_attempts": 3}, read_timeout=180))


@contextmanager
def _explain_failure(service: str) -> Iterator[None]:
    try:
        with explain_errors("making a client", service):
            yield
    except ValueError as error:  # botocore's answer to an endpoint that is no URL
        raise AwsError(f"{service}: making a client failed ({error}); fix AWS_ENDPOINT_URL") from error


def _session(region: str | None = None) -> "Session":
    """Return a session in `region`, or in that of `AWS_REGION`, which boto3 does not read, or of boto3's settings."""
    from aws.service_files import make_session  # noqa: PLC0415 - see above

    return make_session(region or os.environ.get("AWS_REGION") or None)


@cache
def sagemaker_client(region: str | None = None) -> "SageMakerClient":
    """The client of the model registry and of pipelines; raises `AwsError` without a region."""
    with _explain_failure("SageMaker"):
        return _session(region).client("sagemaker", config=_control())


@cache
def s3_client(region: str | None = None) -> "S3Client":
    """The client of S3; raises `AwsError` when it cannot be made."""
    with _explain_failure("S3"):
        return _session(region).client("s3", config=_control())


@cache
def cloudformation_client() -> "CloudFormationClient":
    """The client of stacks; raises `AwsError` without a region."""
    with _explain_failure("CloudFormation"):
        return _session().client("cloudformation", config=_control())


@cache
def sqs_client() -> "SQSClient":
    """The client of queues; raises `AwsError` without a region."""
    with _explain_failure("SQS"):
        return _session().client("sqs", config=_control())


@cache
def lambda_client() -> "LambdaClient":
    """The client of functions; raises `AwsError` without a region."""
    with _explain_failure("Lambda"):
        return _session().client("lambda", config=_control())


@cache
def sts_client(region: str | None = None) -> "STSClient":
    """The client that tells whose credentials these are; raises `AwsError` without a region."""
    with _explain_failure("STS"):
        return _session(region).client("sts", config=_control())


def partition_of(region: str) -> str:
    """Return the partition of AWS that a region is of, such as `aws` or `aws-cn`; nothing is asked over the network.

    Raises:
        AwsError: no region can have this name.
    """
    with explain_errors("looking the region up", region):
        return _session(region).get_partition_for_region(region)


@cache
def kms_client() -> KmsClient:
    """The client of KMS; raises `AwsError` without a region."""
    with _explain_failure("KMS"):
        client: KmsClient = _session().client("kms", config=_control())
        return client


@cache
def events_client() -> "EventBridgeClient":
    """The client of buses of events; raises `AwsError` without a region."""
    with _explain_failure("EventBridge"):
        return _session().client("events", config=_control())


@cache
def sns_client() -> SnsClient:
    """The client of topics; raises `AwsError` without a region."""
    with _explain_failure("SNS"):
        make: Callable[..., Any] = _session().client  # its types know no SNS
        client: SnsClient = make("sns", config=_control())
        return client


@cache
def bedrock_runtime_client() -> "BedrockRuntimeClient":
    """The client of models in Bedrock; raises `AwsError` without a region."""
    with _explain_failure("Bedrock"):
        return _session().client("bedrock-runtime", config=_inference())


@cache
def knowledge_base_client() -> "AgentsforBedrockRuntimeClient":
    """The client that asks knowledge bases of Bedrock; raises `AwsError` without a region."""
    with _explain_failure("knowledge bases of Bedrock"):
        return _session().client("bedrock-agent-runtime", config=_inference())


@cache
def comprehend_client() -> "ComprehendClient":
    """The client of Comprehend; raises `AwsError` without a region."""
    with _explain_failure("Comprehend"):
        return _session().client("comprehend", config=_inference())


@cache
def dynamodb_client() -> "DynamoDBClient":
    """The client of tables in DynamoDB; raises `AwsError` without a region."""
    with _explain_failure("DynamoDB"):
        return _session().client("dynamodb", config=_control())


@cache
def sagemaker_runtime_client() -> "SageMakerRuntimeClient":
    """The client of SageMaker endpoints; raises `AwsError` without a region."""
    with _explain_failure("SageMaker endpoints"):
        return _session().client("sagemaker-runtime", config=_inference())
