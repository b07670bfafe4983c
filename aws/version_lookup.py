"""Versions that a person names by their ARN, in whichever region: described, or told why they cannot be."""

from aws.arns import ArnError, ModelPackageArn
from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsNotFoundError
from aws.callers import caller_of
from aws.clients import partition_of, sagemaker_client, sts_client
from aws.model_packages import ModelPackage, ModelPackageGoneError
from aws.model_registry import SageMakerModelRegistry


class OtherAccountError(AwsError):
    """The version belongs to another account or partition than the credentials do."""


def describe_version(arn: str) -> ModelPackage:
    """Return the version that `arn` names, asked for in the region and partition that the ARN says.

    Raises:
        ArnError: it is no ARN of a version, or its region is of another partition than it says.
        OtherAccountError: AWS does not show it, and the credentials are of another account or partition.
        ModelPackageGoneError: there is no such version.
        AwsError: AWS could not be asked.
    """
    parsed = ModelPackageArn.parse(arn)
    partition = partition_of(parsed.region)
    if partition != parsed.partition:
        raise ArnError(
            f"{arn}: the region {parsed.region} is of the partition {partition}, and the ARN says {parsed.partition}; "
            "check the ARN"
        )
    try:
        return SageMakerModelRegistry(sagemaker_client(parsed.region)).describe(arn)
    except (AwsAccessDeniedError, AwsNotFoundError, ModelPackageGoneError) as error:
        raise _explain_other_account(parsed) or error from error


def _explain_other_account(arn: ModelPackageArn) -> OtherAccountError | None:
    try:
        caller = caller_of(sts_client())
    except AwsError:  # then the first error says all that is known
        return None
    if (caller.account, caller.partition) == (arn.account, arn.partition):
        return None
    return OtherAccountError(
        f"{arn}: it is of account {arn.account} ({arn.partition}, {arn.region}), and the credentials are of account "
        f"{caller.account} ({caller.partition}); use credentials of that account (AWS_PROFILE), or check the ARN"
    )
