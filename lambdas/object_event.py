"""The event `Object Created` of S3, read strictly: which version of which object, or why nothing is copied for it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; keys are spelt there as they are.
"""

from collections.abc import Mapping

from checks.errors import GovernanceError
from pipelines.artifact_copies import ArtifactVersion

SOURCE = "aws.s3"
DETAIL_TYPE = "Object Created"
# The version id of an object in a bucket that keeps no versions.
_UNVERSIONED = "null"


class ObjectEventRefusedError(GovernanceError):
    """An event that the rule should never have delivered; trying it again cannot help."""


def read_object_event(event: object, *, account: str, region: str, bucket: str) -> ArtifactVersion:
    """Read an event about an object in `bucket`, which is in `account` and `region`.

    Raises:
        ObjectEventRefusedError: it comes from elsewhere, is about something else, or lacks a field.
    """
    if not isinstance(event, Mapping):
        raise ObjectEventRefusedError(
            f"the event is {type(event).__name__}, not an object; send it through EventBridge"
        )
    expected = {"source": SOURCE, "detail-type": DETAIL_TYPE, "account": account}
    for field, value in expected.items():
        if event.get(field) != value:
            raise ObjectEventRefusedError(
                f"the event's {field} is {event.get(field)!r}, not {value!r}; fix the rule that delivers it"
            )
    if event.get("region") != region:
        raise ObjectEventRefusedError(
            f"the event's region is {event.get('region')!r}, and copies stay in {region}: replicate the bucket to "
            f"{region}, or deploy a governance stack in the other region"
        )
    found = _read_mapping(_read_mapping(event, "detail"), "bucket").get("name")
    if found != bucket:
        raise ObjectEventRefusedError(
            f"the event is about the bucket {found!r}, not {bucket!r}; fix the rule that delivers it"
        )
    written = _read_mapping(_read_mapping(event, "detail"), "object")
    version_id = _read_optional(written, "version-id")
    return ArtifactVersion(
        key=_read_text(written, "key"),
        version_id=None if version_id == _UNVERSIONED else version_id,
        etag=_read_optional(written, "etag") or "",
        sequencer=_read_optional(written, "sequencer"),
    )


def _read_mapping(parent: Mapping[str, object], field: str) -> Mapping[str, object]:
    value = parent.get(field)
    if not isinstance(value, Mapping):
        raise ObjectEventRefusedError(f"the event lacks {field}, as a mapping; send it as S3 does")
    return value


def _read_text(parent: Mapping[str, object], field: str) -> str:
    value = _read_optional(parent, field)
    if value is None:
        raise ObjectEventRefusedError(f"the event's object lacks {field}, as text; send it as S3 does")
    return value


def _read_optional(parent: Mapping[str, object], field: str) -> str | None:
    value = parent.get(field)
    return value if isinstance(value, str) and value else None
