"""What keeps the buckets' content beyond their policies: Object Lock for the decision records, and logs of each access.

A bucket that the stack does not create is left to whoever owns it.
"""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.deployment_settings import ObjectLock


class AccessLogBucket(Construct):
    """A bucket for the access logs of the others, in `bucket`; logs go after `keep_days`.

    S3 delivers them to no bucket that a key of KMS encrypts by default, so this one is encrypted with S3's own:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, keep_days: int, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(keep_days), noncurrent_version_expiration=Duration.days(1)
                )
            ],
            removal_policy=removal_policy,
        )


def log_access(buckets: Sequence[s3.IBucket], log_bucket_name: str) -> None:
    """Have S3 log each access to the buckets, under a prefix of each in the bucket for logs."""
    for bucket in buckets:
        if (resource := _resource(bucket)) is not None:
            resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
                destination_bucket_name=log_bucket_name, log_file_prefix=f"{bucket.node.id.lower()}/"
            )


def lock_objects(bucket: s3.IBucket, lock: ObjectLock) -> None:
    """Lock each new object version of the bucket for a time, in which nobody overwrites or deletes it."""
    if (resource := _resource(bucket)) is not None:
        resource.object_lock_enabled = True
        resource.object_lock_configuration = s3.CfnBucket.ObjectLockConfigurationProperty(
            object_lock_enabled="Enabled",
            rule=s3.CfnBucket.ObjectLockRuleProperty(
                default_retention=s3.CfnBucket.DefaultRetentionProperty(mode=lock.mode, days=lock.days)
            ),
        )


def is_created(bucket: s3.IBucket) -> bool:
    """Whether the stack creates the bucket."""
    return _resource(bucket) is not None


def _resource(bucket: s3.IBucket) -> s3.CfnBucket | None:
    """Return the bucket in the template, or `None` for one that exists already."""
    return cast("s3.CfnBucket | None", bucket.node.default_child)
