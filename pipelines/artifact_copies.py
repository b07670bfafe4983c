"""Copies of what a model account writes into its artifact bucket: reports and model artifacts, each version once."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.account_copies import ModelBucket, Provenance
from aws.object_copies import CopyOutcome, copy_object_version
from aws.s3_objects import bucket_region
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.report_files import MANIFEST, is_report_file

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What SageMaker packs a model into: https://docs.aws.amazon.com/sagemaker/latest/dg/large-model-inference-uncompressed.html
MODEL_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".safetensors")
LEFT_ALONE = "left alone"


class OtherRegionError(GovernanceError):
    """The evidence bucket is in another region than the artifact bucket."""


class ArtifactVersion(Struct, frozen=True):
    """One version of an object of the artifact bucket, as its event names it.

    `version_id` is `None` where the bucket keeps no versions; `sequencer` rises with each write of the key.
    """

    key: str
    version_id: str | None
    etag: str
    sequencer: str | None


def is_copied(key: str) -> bool:
    """Whether an object is a report, a list of reports or a model artifact, by its name."""
    return is_report(key) or key.lower().endswith(MODEL_SUFFIXES)


def is_report(key: str) -> bool:
    """Whether an object is a report or a list of reports, by its name."""
    return is_report_file(key) or key.rpartition("/")[2] == MANIFEST


def copy_artifact(
    client: "S3Client", bucket: ModelBucket, artifact: ArtifactVersion, *, region: str, now: datetime
) -> str:
    """Copy one version, where it is to be copied, and return the outcome: `LEFT_ALONE`, or a `CopyOutcome`.

    Raises:
        OtherRegionError: the evidence bucket is not in `region`.
        CopyKeyError: the copy's key would be longer than S3 takes.
        DigestMismatchError: the copy has other bytes than what was read.
        AwsError: S3 refused something.
    """
    if not is_copied(artifact.key):
        return LEFT_ALONE
    found = bucket_region(client, bucket.evidence_bucket)
    if found not in (None, region):
        raise OtherRegionError(
            f"{bucket.evidence_bucket}: is in {found}, and copies stay in {region}: replicate {bucket.name} to {found} "
            f"and name the replica as artifact_bucket, or deploy a governance stack in {region}"
        )
    source = S3Uri(bucket.name, artifact.key, artifact.version_id)
    # Without versions the bytes tell one write from the next.
    version = artifact.version_id or f'"{artifact.etag}"'
    provenance = Provenance(bucket.account, bucket.name, version, artifact.sequencer)
    target = bucket.locate_copy(S3Uri(bucket.name, artifact.key))
    outcome: CopyOutcome = copy_object_version(client, source, target, provenance, now=now)
    return outcome.value
