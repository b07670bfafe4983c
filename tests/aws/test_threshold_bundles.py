"""The bundle in force: written whole or not at all, over what was looked at, and read in place of single files."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aws.aws_errors import AwsError
from aws.s3_objects import ObjectMissingError
from aws.s3_uris import S3Uri
from aws.threshold_bundles import PublishedMeanwhileError, S3ThresholdBundles
from aws.threshold_store import BrokenThresholdsError, S3ThresholdStore
from checks.errors import GovernanceError
from checks.threshold_bundle import write_bundle
from tests.aws.conftest import Loopback, Request
from tests.forgotten_bundle import forget_bundle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ANN, BOB = "arn:aws:iam::123456789012:user/ann", "arn:aws:sts::123456789012:assumed-role/ci/bob@example.com"


def thresholds(limit: float, *groups: str) -> dict[str, bytes]:
    """A file for each group."""
    return {f"{group}.yaml": file_for(group, limit) for group in groups or ("churn",)}


def file_for(group: str, limit: float) -> bytes:
    return (
        f"name: {group}\napplies_to: {{model_package_groups: [{group}]}}\n"
        f"checks: [{{name: a, why: b, metric: c.d, at_least: {limit}}}]\n"
    ).encode()


@pytest.fixture
def bundles(s3: "S3Client", bucket: str) -> S3ThresholdBundles:
    return S3ThresholdBundles(s3, S3Uri(bucket, "thresholds/"))


@pytest.fixture
def store(s3: "S3Client", bucket: str) -> S3ThresholdStore:
    return S3ThresholdStore(s3, f"s3://{bucket}/thresholds/")


def limit_in(store: S3ThresholdStore, group: str = "churn") -> float | None:
    """The limit by which the group is judged."""
    found = store.for_group(group)
    return None if found is None else found.checks[0].at_least


def test_a_published_bundle_is_in_force_and_says_who_and_when(
    bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    content = write_bundle(thresholds(0.5))
    published = bundles.publish(content, publisher=ANN, replaces=None)
    assert (published.content, published.published_by) == (content, ANN)
    assert datetime.now(UTC) - published.published_at < timedelta(minutes=5)
    found = store.for_group("churn")
    assert found is not None
    assert (found.source, found.publication) == ("churn.yaml", published.publication)
    assert str(published.uri).endswith(f"/thresholds/bundle.json?versionId={published.uri.version_id}")


def test_single_files_are_in_force_until_a_bundle_is_and_never_after(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    for name, content in thresholds(0.5, "churn", "shop").items():
        s3.put_object(Bucket=bucket, Key=f"thresholds/{name}", Body=content)
    assert (limit_in(store), limit_in(store, "shop")) == (0.5, 0.5)
    found = store.for_group("churn")
    assert found is not None
    assert found.publication is not None
    assert found.publication.bundle is None
    bundles.publish(write_bundle(thresholds(0.6)), publisher=ANN, replaces=None)
    assert (limit_in(store), limit_in(store, "shop")) == (0.6, None)


def test_of_two_who_looked_at_the_same_one_publishes_and_the_other_is_told(
    bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    for looked_at in (None, bundles.publish(write_bundle(thresholds(0.1)), publisher=ANN, replaces=None)):
        if looked_at is not None:
            bundles.publish(write_bundle(thresholds(0.5)), publisher=ANN, replaces=looked_at)
        with pytest.raises(PublishedMeanwhileError, match=f"{ANN} published meanwhile"):
            bundles.publish(write_bundle(thresholds(0.9)), publisher=BOB, replaces=looked_at)
    assert limit_in(store) == 0.5


def test_a_bundle_that_was_deleted_meanwhile_is_not_replaced(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles
) -> None:
    looked_at = bundles.publish(write_bundle(thresholds(0.1)), publisher=ANN, replaces=None)
    s3.delete_object(Bucket=bucket, Key="thresholds/bundle.json")
    with pytest.raises(PublishedMeanwhileError):
        bundles.publish(write_bundle(thresholds(0.9)), publisher=BOB, replaces=looked_at)


def test_a_bundle_that_was_deleted_puts_no_single_file_back_in_force(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    """Whoever may delete one object would otherwise choose limits of years ago; another publication ends it."""
    s3.put_object(Bucket=bucket, Key="thresholds/churn.yaml", Body=file_for("churn", 0.1))
    published = bundles.publish(write_bundle(thresholds(0.9)), publisher=ANN, replaces=None)
    s3.delete_object(Bucket=bucket, Key="thresholds/bundle.json")
    with pytest.raises(BrokenThresholdsError, match=r"were deleted.*rollback VERSION puts it in force again"):
        store.for_group("churn")
    assert [one.version_id for one in bundles.list_times()] == [published.uri.version_id]
    assert bundles.read(published.uri.version_id) == published
    bundles.publish(write_bundle(thresholds(0.8)), publisher=BOB, replaces=None)
    assert limit_in(store) == 0.8


def test_where_no_version_of_a_bundle_is_kept_none_was_published(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    s3.put_object(Bucket=bucket, Key="thresholds/churn.yaml", Body=file_for("churn", 0.1))
    bundles.publish(write_bundle(thresholds(0.9)), publisher=ANN, replaces=None)
    forget_bundle(s3, bucket)
    assert limit_in(store) == 0.1


class StoppedError(Exception):
    """The process ended here."""


@pytest.fixture
def stopping(client_of: Callable[..., Any], moto_url: str) -> Iterator[Callable[[str], Any]]:
    """A function from an event of boto3 to a client whose process ends there."""
    client = client_of(
        "s3", moto_url, 3
    )  # nobody else asks for three attempts, so that it is this test's own

    def stop(**_: object) -> None:
        raise StoppedError

    events: list[str] = []

    def stop_at(event: str) -> Any:
        events.append(event)
        client.meta.events.register(event, stop, unique_id="stop")
        return client

    yield stop_at
    for event in events:
        client.meta.events.unregister(event, stop, unique_id="stop")


@pytest.mark.parametrize(
    ("event", "is_published"),
    [
        ("before-send.s3.PutObject", False),
        ("after-call.s3.PutObject", True),
        ("before-send.s3.GetObject", True),
        ("after-call.s3.GetObject", True),
    ],
)
def test_whoever_stops_while_publishing_leaves_the_old_set_or_the_new_one_whole(
    stopping: Callable[[str], Any],
    bundles: S3ThresholdBundles,
    store: S3ThresholdStore,
    event: str,
    is_published: bool,
) -> None:
    old, new = thresholds(0.1, "churn", "shop"), thresholds(0.9, "churn", "rag")
    before = bundles.publish(write_bundle(old), publisher=ANN, replaces=None)
    stopped = S3ThresholdBundles(stopping(event), S3Uri(bundles.uri.bucket, "thresholds/"))
    with pytest.raises(StoppedError):
        stopped.publish(write_bundle(new), publisher=BOB, replaces=before)
    limits = [limit_in(store, group) for group in ("churn", "shop", "rag")]
    assert limits == ([0.9, None, 0.9] if is_published else [0.1, 0.1, None])


def test_a_write_whose_answer_was_lost_is_known_as_its_own(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    content = write_bundle(thresholds(0.5))
    kept: dict[str, str] = {}

    def respond(request: Request) -> Any:
        if request.method == "PUT":
            if not kept:
                kept.update({k: v for k, v in request.headers.items() if k.lower().startswith("x-amz-meta")})
                return loopback.answer(500, b"<Error><Code>InternalError</Code></Error>")
            return loopback.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        headers = {"x-amz-version-id": "v1", "ETag": '"e"', "Last-Modified": "Thu, 26 Nov 2026 09:00:00 GMT"}
        return loopback.answer(200, content, headers | kept)

    loopback.respond = respond
    bundles = S3ThresholdBundles(client_of("s3", loopback.url), S3Uri("thresholds", "thresholds/"))
    published = bundles.publish(content, publisher=ANN, replaces=None)
    assert (published.uri.version_id, published.published_by) == ("v1", ANN)


def test_the_versions_are_listed_newest_first_and_each_can_be_read(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles
) -> None:
    first = bundles.publish(write_bundle(thresholds(0.1)), publisher=ANN, replaces=None)
    second = bundles.publish(write_bundle(thresholds(0.2)), publisher=BOB, replaces=first)
    s3.put_object(Bucket=bucket, Key="thresholds/bundle.json.bak", Body=b"x")
    assert [one.version_id for one in bundles.list_times()] == [second.uri.version_id, first.uri.version_id]
    assert bundles.read(first.uri.version_id) == first
    assert bundles.read() == second
    assert bundles.read_as_of(first.published_at - timedelta(minutes=1)) is None
    assert bundles.read_as_of(second.published_at) == second


def test_a_file_is_unchanged_since_the_bundle_in_which_it_was_the_same(
    bundles: S3ThresholdBundles, store: S3ThresholdStore
) -> None:
    first = bundles.publish(write_bundle(thresholds(0.1)), publisher=ANN, replaces=None)
    bundles.publish(write_bundle(thresholds(0.1) | thresholds(0.3, "shop")), publisher=ANN, replaces=first)
    churn, shop = store.for_group("churn"), store.for_group("shop")
    assert churn is not None
    assert shop is not None
    then = first.published_at
    assert store.find_unchanged_since("churn", churn, then - timedelta(minutes=1)) is None
    newest = next(bundles.list_times()).published_at
    found = store.find_unchanged_since("churn", churn, newest)
    assert found is not None


def test_one_version_of_the_bundle_may_be_named(
    s3: "S3Client", bucket: str, bundles: S3ThresholdBundles
) -> None:
    first = bundles.publish(write_bundle(thresholds(0.1)), publisher=ANN, replaces=None)
    bundles.publish(write_bundle(thresholds(0.2)), publisher=BOB, replaces=first)
    assert limit_in(S3ThresholdStore(s3, str(first.uri))) == 0.1
    with pytest.raises(ObjectMissingError, match=r"bundle\.json: there is no such bundle"):
        S3ThresholdStore(s3, f"s3://{bucket}/elsewhere/bundle.json").for_group("churn")


@pytest.mark.parametrize("content", [b"{}", b"not json"], ids=["nothing", "no JSON"])
def test_a_bundle_that_cannot_be_read_stops_the_judging_though_single_files_are_beside(
    s3: "S3Client", bucket: str, store: S3ThresholdStore, content: bytes
) -> None:
    s3.put_object(Bucket=bucket, Key="thresholds/churn.yaml", Body=thresholds(0.5)["churn.yaml"])
    s3.put_object(Bucket=bucket, Key="thresholds/bundle.json", Body=content)
    with pytest.raises(BrokenThresholdsError) as raised:
        store.for_group("churn")
    assert not raised.value.is_governed


def test_a_refusal_of_s3_is_no_other_publisher(loopback: Loopback, client_of: Callable[..., Any]) -> None:
    loopback.respond = lambda request: loopback.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    bundles = S3ThresholdBundles(client_of("s3", loopback.url), S3Uri("thresholds", "thresholds/"))
    with pytest.raises(AwsError, match="give the caller permission") as raised:
        bundles.publish(b"{}", publisher=ANN, replaces=None)
    assert not isinstance(raised.value, PublishedMeanwhileError)
    assert isinstance(raised.value, GovernanceError)
