"""Copies of object versions against moto over HTTP, which copies as S3 does."""

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.account_copies import LONGEST_KEY_BYTES, CopyKeyError, ModelBucket, Provenance
from aws.aws_errors import AwsError, AwsThrottledError
from aws.evidence_errors import DigestMismatchError
from aws.object_copies import CopyBounds, CopyOutcome, copy_object_version
from aws.s3_uris import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
MIB = 1024**2
IN_PARTS = CopyBounds(most_whole=6 * MIB, part=5 * MIB)
sequencers = itertools.count(0x55AED6DCD90281E5)


def put(s3: "S3Client", bucket: str, key: str, body: bytes, **given: Any) -> tuple[S3Uri, Provenance]:
    """Put an object, and return the version with what its event says of it."""
    answer = s3.put_object(Bucket=bucket, Key=key, Body=body, **given)
    version = answer["VersionId"]
    sequencer = f"{next(sequencers):X}"
    return S3Uri(bucket, key, version), Provenance("111122223333", bucket, version, sequencer)


@pytest.fixture
def target(s3: "S3Client", bucket: str) -> S3Uri:
    return S3Uri(bucket, "accounts/111122223333/team/models/1/evaluation.json")


def provenance_of(s3: "S3Client", target: S3Uri) -> Provenance | None:
    return Provenance.of(s3.head_object(Bucket=target.bucket, Key=target.key)["Metadata"])


def versions_of(s3: "S3Client", target: S3Uri) -> int:
    found = s3.list_object_versions(Bucket=target.bucket, Prefix=target.key)
    return len(found.get("Versions", []))


BODIES = {"empty": b"", "report": b'{"a": 1}', "in parts": bytes(range(256)) * 4 * 1024 * 11}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("has_digest", [True, False], ids=["S3 knows its SHA-256", "it must be read"])
def test_a_copy_has_the_bytes_the_tags_and_its_provenance(
    s3: "S3Client", bucket: str, target: S3Uri, body: bytes, has_digest: bool
) -> None:
    given: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if has_digest else {}
    tags = "team=risk&stage=a%2Bb"
    source, origin = put(
        s3, bucket, "a b/+ü.json", body, ContentType="application/json", Tagging=tags, **given
    )
    assert copy_object_version(s3, source, target, origin, now=NOW, bounds=IN_PARTS) is CopyOutcome.COPIED

    copied = s3.get_object(Bucket=target.bucket, Key=target.key)
    assert copied["Body"].read() == body
    assert copied["ContentType"] == "application/json"
    written_at = s3.head_object(Bucket=bucket, Key="a b/+ü.json")["LastModified"]
    assert Provenance.of(copied["Metadata"]) == origin.of_bytes(
        hashlib.sha256(body).hexdigest(), written_at=written_at, copied_at=NOW
    )
    found = s3.get_object_tagging(Bucket=target.bucket, Key=target.key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in found} == {"team": "risk", "stage": "a+b"}
    assert not s3.list_multipart_uploads(Bucket=target.bucket).get("Uploads")


@pytest.mark.parametrize("body", [BODIES["report"], BODIES["in parts"]], ids=["whole", "in parts"])
def test_the_same_version_is_copied_once(s3: "S3Client", bucket: str, target: S3Uri, body: bytes) -> None:
    source, origin = put(s3, bucket, "a.json", body)
    outcomes = [copy_object_version(s3, source, target, origin, now=NOW, bounds=IN_PARTS) for _ in range(3)]
    assert outcomes == [CopyOutcome.COPIED, CopyOutcome.THERE, CopyOutcome.THERE]
    assert versions_of(s3, target) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_whatever_the_order_of_events_the_newest_version_is_the_newest_copy(
    s3: "S3Client", bucket: str, target: S3Uri, order: tuple[int, ...]
) -> None:
    written = [put(s3, bucket, "a.json", f"{number}".encode()) for number in range(3)]
    for number in order + order:  # each event twice
        source, origin = written[number]
        copy_object_version(s3, source, target, origin, now=NOW)
    assert s3.get_object(Bucket=target.bucket, Key=target.key)["Body"].read() == b"2"
    # Never more copies than versions: an older one that comes late is left out.
    assert versions_of(s3, target) == 1 + sum(
        all(number > earlier for earlier in order[:place]) for place, number in enumerate(order) if place
    )


def test_a_version_that_was_deleted_meanwhile_is_gone(s3: "S3Client", bucket: str, target: S3Uri) -> None:
    source, origin = put(s3, bucket, "a.json", b"{}")
    s3.delete_object(Bucket=bucket, Key="a.json", VersionId=str(source.version_id))
    assert copy_object_version(s3, source, target, origin, now=NOW) is CopyOutcome.GONE
    assert versions_of(s3, target) == 0


class Meddling:
    """A client of S3 that lets something happen before, or changes the answer of, one operation."""

    def __init__(self, client: "S3Client", operation: str, meddle: Callable[..., Any]) -> None:
        self._client = client
        self._operation = operation
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return (lambda **given: self._meddle(call, **given)) if name == self._operation else call


@pytest.mark.parametrize(
    ("operation", "body"),
    [("copy_object", BODIES["report"]), ("complete_multipart_upload", BODIES["in parts"])],
    ids=["whole", "in parts"],
)
def test_two_that_copy_at_once_leave_the_newest(
    s3: "S3Client", bucket: str, target: S3Uri, operation: str, body: bytes
) -> None:
    older = put(s3, bucket, "a.json", body)
    newer = put(s3, bucket, "a.json", b"newer")

    def be_overtaken(call: Callable[..., Any], **given: Any) -> Any:
        copy_object_version(s3, newer[0], target, newer[1], now=NOW)
        return call(**given)

    meddled: Any = Meddling(s3, operation, be_overtaken)
    outcome = copy_object_version(meddled, older[0], target, older[1], now=NOW, bounds=IN_PARTS)
    assert outcome is CopyOutcome.SUPERSEDED
    assert s3.get_object(Bucket=target.bucket, Key=target.key)["Body"].read() == b"newer"
    assert versions_of(s3, target) == 1
    assert not s3.list_multipart_uploads(Bucket=target.bucket).get("Uploads")


def test_one_that_never_gets_to_write_is_tried_again_later(
    s3: "S3Client", bucket: str, target: S3Uri
) -> None:
    source, origin = put(s3, bucket, "a.json", b"{}")
    others = itertools.count()

    def be_overtaken(call: Callable[..., Any], **given: Any) -> Any:
        s3.put_object(Bucket=target.bucket, Key=target.key, Body=f"other {next(others)}".encode())
        return call(**given)

    meddled: Any = Meddling(s3, "copy_object", be_overtaken)
    with pytest.raises(AwsThrottledError, match=r"others wrote the copy at the same time, 3 times"):
        copy_object_version(meddled, source, target, origin, now=NOW)


def test_a_part_that_differs_leaves_nothing(s3: "S3Client", bucket: str, target: S3Uri) -> None:
    source, origin = put(s3, bucket, "model.tar.gz", BODIES["in parts"])

    def differ(call: Callable[..., Any], **given: Any) -> Any:
        answer = call(**given)
        answer["CopyPartResult"]["ChecksumSHA256"] = "A" * 43 + "="
        return answer

    meddled: Any = Meddling(s3, "upload_part_copy", differ)
    with pytest.raises(DigestMismatchError, match=r"S3 copied bytes with the SHA-256 0000"):
        copy_object_version(meddled, source, target, origin, now=NOW, bounds=IN_PARTS)
    assert versions_of(s3, target) == 0
    assert not s3.list_multipart_uploads(Bucket=target.bucket).get("Uploads")


def test_a_whole_copy_that_differs_names_the_digest_that_was_read(
    s3: "S3Client", bucket: str, target: S3Uri
) -> None:
    source, origin = put(s3, bucket, "a.json", b"{}")

    def differ(call: Callable[..., Any], **given: Any) -> Any:
        answer = call(**given)
        answer["CopyObjectResult"]["ChecksumSHA256"] = "A" * 43 + "="
        return answer

    meddled: Any = Meddling(s3, "copy_object", differ)
    with pytest.raises(DigestMismatchError, match=r"the copy is not used"):
        copy_object_version(meddled, source, target, origin, now=NOW)
    found = provenance_of(s3, target)
    assert found is not None
    assert found.sha256 == hashlib.sha256(b"{}").hexdigest()


def test_a_refused_copy_is_one_typed_error(s3: "S3Client", bucket: str, target: S3Uri) -> None:
    source, origin = put(s3, bucket, "a.json", b"{}")
    with pytest.raises(AwsError, match=r"s3://no-such-bucket/a: CopyObject failed with NoSuchBucket"):
        copy_object_version(s3, source, S3Uri("no-such-bucket", "a"), origin, now=NOW)


TEAM = ModelBucket("111122223333", "team-artifacts", "evidence")


@given(key=st.text("aZ/. +%ü漢", min_size=1, max_size=200))
def test_a_copy_is_below_its_accounts_prefix_and_leads_back(key: str) -> None:
    original = S3Uri(TEAM.name, key)
    copy = TEAM.locate_copy(original)
    assert (copy.bucket, copy.key) == ("evidence", f"accounts/111122223333/team-artifacts/{key}")
    assert TEAM.locate_original(copy) == original


def test_a_key_that_has_no_room_for_the_prefix_is_refused() -> None:
    room = LONGEST_KEY_BYTES - len(TEAM.prefix)
    assert TEAM.locate_copy(S3Uri(TEAM.name, "k" * room)).key.endswith("k")
    with pytest.raises(
        CopyKeyError, match=r"a key of 1,025 bytes, and S3 takes 1,024; give it a shorter one"
    ):
        TEAM.locate_copy(S3Uri(TEAM.name, "k" * (room + 1)))


@given(numbers=st.lists(st.integers(1, 2**64 - 1), min_size=2, max_size=2, unique=True))
def test_of_two_versions_one_is_older_and_by_their_sequencers(numbers: list[int]) -> None:
    first, second = (Provenance("1", "b", str(n), f"{n:016X}") for n in sorted(numbers))
    assert first.is_older_than(second)
    assert not second.is_older_than(first)
    assert not first.is_older_than(first)


@pytest.mark.parametrize(
    ("one", "other", "is_older"),
    [("0A", "0B", True), ("0a", "0B", True), ("0A", "0A01", True), ("0A", None, False), (None, "0A", False)],
)
def test_sequencers_are_compared_as_s3_says(one: str | None, other: str | None, is_older: bool) -> None:
    assert Provenance("1", "b", "1", one).is_older_than(Provenance("1", "b", "2", other)) is is_older
