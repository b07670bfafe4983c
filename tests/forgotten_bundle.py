"""An account in which no bundle of thresholds was ever published, made of one that has one."""

from typing import Any

from checks.threshold_bundle import BUNDLE_FILE
from pipelines.step_settings import THRESHOLDS_FOLDER


def forget_bundle(s3: Any, bucket: str) -> None:
    """Delete each version of the bundle: from then on single files are in force, as an earlier release put them there.

    A bundle that is deleted without its versions puts nothing in force.
    """
    key = f"{THRESHOLDS_FOLDER}/{BUNDLE_FILE}"
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for one in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])
