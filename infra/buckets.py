"""The three buckets: what is judged, by what, and what was decided."""

from collections import defaultdict

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.deployment_settings import DeploymentSettings, ExistingBucket


class GovernanceBuckets(Construct):
    """Evidence, thresholds and decisions: encrypted, TLS only, versioned, closed to the public.

    Old versions stay: a decision names the very object versions that it was made on. A bucket that exists already is
    taken as it is; what its policy needs is collected in `unwritten`, by the bucket's name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        key: kms.IKey | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self._key = key
        self.unwritten: dict[str, list[iam.PolicyStatement]] = defaultdict(list)
        self.evidence = self._bucket("Evidence", settings.evidence_bucket)
        self.thresholds = self._bucket("Thresholds", settings.thresholds_bucket)
        self.decisions = self._bucket("Decisions", settings.decisions_bucket)

    def add_to_policy(self, bucket: s3.IBucket, statement: iam.PolicyStatement) -> None:
        """Write a statement into the policy of a bucket, or keep it for whoever owns the bucket."""
        if not bucket.add_to_resource_policy(statement).statement_added:
            self.unwritten[bucket.bucket_name].append(statement)

    def send_events(self, bucket: s3.IBucket) -> None:
        """Have a bucket tell EventBridge of each object, unless it is left to whoever owns it."""
        resource = bucket.node.default_child
        if isinstance(resource, s3.CfnBucket):
            # Not `event_bridge_enabled`, which is a custom resource with rights of its own.
            resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                    event_bridge_enabled=True
                )
            )

    def _bucket(self, name: str, existing: ExistingBucket | None) -> s3.IBucket:
        if existing is not None:
            return self._import(name, existing)
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.KMS if self._key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self._key,
            # Without it each object is a request to KMS, which costs more than the storage.
            bucket_key_enabled=True if self._key else None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal_policy,
        )

    def _import(self, name: str, existing: ExistingBucket) -> s3.IBucket:
        key = existing.kms_key_arn and kms.Key.from_key_arn(self, f"{name}Key", existing.kms_key_arn)
        return s3.Bucket.from_bucket_attributes(
            self, name, bucket_name=existing.name, encryption_key=key or None
        )
