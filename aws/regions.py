"""Which partition of AWS a region is of."""

from aws.arns import ArnError, ModelPackageArn


def require_region_of_partition(arn: ModelPackageArn) -> None:
    """Refuse an ARN whose region is not of its partition: asking there could only time out.

    Raises:
        ArnError: it is of another one, or looks like no region of AWS.
    """
    # Imported here: help and completion need no botocore, which takes half a second.
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    try:
        partition = get_session().get_partition_for_region(arn.region)
    except BotoCoreError as error:
        raise ArnError(f"{arn}: {arn.region} is no region of AWS; check the ARN") from error
    if partition != arn.partition:
        raise ArnError(
            f"{arn}: the region {arn.region} is of the partition {partition}, not of {arn.partition}; check the ARN"
        )
