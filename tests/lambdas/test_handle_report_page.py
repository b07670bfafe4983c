"""The function that writes a page beside each decision record, with the events that S3 sends to EventBridge."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aws import clients
from aws.aws_errors import AwsError
from aws.s3_uris import S3Uri
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from lambdas import handle_report_page
from pages.decision_page import write_decision_page
from pipelines.step_settings import PageSettings, to_environment
from tests.lambdas.conftest import ACCOUNT, Account

REPORT = "askdata/report.json"


def arrival(uri: str, **changes: Any) -> dict[str, Any]:
    """The event that S3 sends of an object."""
    place = S3Uri.parse(uri)
    event: dict[str, Any] = {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{place.bucket}"],
        "detail": {
            "bucket": {"name": place.bucket},
            "object": {"key": place.key, "etag": "0", "version-id": "1", "sequencer": "0A"},
            "reason": "PutObject",
        },
    }
    return event | changes


def write_page(uri: str) -> str:
    return handle_report_page.handler(arrival(uri), None)["outcome"]


def objects(prefix: str = "decisions/") -> list[str]:
    listed = clients.s3_client().list_objects_v2(Bucket="decisions", Prefix=prefix).get("Contents", [])
    return [entry["Key"] for entry in listed]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stack tells the function and the steps not."""
    settings = PageSettings(ACCOUNT, "eu-west-1", "decisions", "set by the account")
    for name, value in to_environment(settings).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def answer(_settings: None, account: Account) -> dict[str, str]:
    """What step one answered of the decision about the account's version."""
    return account.evaluate()


def test_the_page_is_written_beside_the_record_once(account: Account, answer: dict[str, str]) -> None:
    uri = answer["decision_uri"]
    assert [write_page(uri) for _ in range(2)] == ["written", "there already"]
    place = S3Uri.parse(uri.removesuffix(".json") + ".html")
    found = clients.s3_client().get_object(Bucket=place.bucket, Key=place.key)
    assert found["ContentType"] == "text/html; charset=utf-8"
    record = parse_record(account.stored(uri))
    assert found["Body"].read().decode() == write_decision_page(record, [], uri)
    versions = clients.s3_client().list_object_versions(Bucket="decisions", Prefix=place.key)["Versions"]
    assert len(versions) == 1


def test_the_page_shows_how_the_values_went_over_earlier_versions(
    account: Account, answer: dict[str, str]
) -> None:
    later = account.register(account.put_report("askdata/later.json", 0.85))
    uri = account.evaluate("two", model_package_arn=later)["decision_uri"]
    assert write_page(uri) == "written"
    first, second = (parse_record(account.stored(one)) for one in (answer["decision_uri"], uri))
    page = account.stored(uri.removesuffix(".json") + ".html").decode()
    assert page == write_decision_page(second, [first], uri)
    assert "from version to version" in page


def test_what_else_an_execution_writes_gets_no_page(account: Account, answer: dict[str, str]) -> None:
    account.update(answer)
    before = objects()
    others = [f"s3://decisions/{key}" for key in before if f"s3://decisions/{key}" != answer["decision_uri"]]
    assert len(others) == 1
    assert [write_page(uri) for uri in others] == ["no decision"]
    assert objects() == before


def test_a_record_that_step_one_did_not_write_there_gets_no_page(
    account: Account, answer: dict[str, str]
) -> None:
    place = S3Uri.parse(answer["decision_uri"])
    seal = clients.s3_client().get_object(Bucket=place.bucket, Key=place.key)["Metadata"]
    content = account.stored(str(place))
    changed = content.replace(b"Approved", b"Rejected")
    without_version = json.dumps({**json.loads(content), "model_package": None}).encode()
    folder = "decisions/askdata/1"
    refused = {
        write_refused(f"{folder}/forged.json", content, {}): "has no seal",
        write_refused(f"{folder}/changed.json", changed, seal): "has a seal that was not made for it",
        write_refused(f"{folder}/copied.json", content, seal): "belongs at …/askdata/1/one.json",
        write_refused("decisions/other/1/one.json", content, seal): "belongs at …/askdata/1/one.json",
        write_refused(f"{folder}/bare.json", without_version, seal): "is about no version",
        write_refused("elsewhere/one.json", content, seal): "not a record of the decision log",
    }
    assert {said: part for said, part in refused.items() if part not in said} == {}
    assert [key for key in objects() if key.endswith(".html")] == []


def write_refused(key: str, content: bytes, metadata: Mapping[str, str]) -> str:
    """Put an object into the bucket, and return why it gets no page."""
    clients.s3_client().put_object(Bucket="decisions", Key=key, Body=content, Metadata=metadata)
    with pytest.raises(GovernanceError) as refused:
        write_page(f"s3://decisions/{key}")
    return str(refused.value)


@pytest.mark.parametrize(
    ("bucket", "changes", "reason"),
    [
        ("evidence", {}, "the bucket 'evidence'"),
        ("decisions", {"account": "210987654321"}, "the event's account"),
        ("decisions", {"source": "aws.sagemaker"}, "the event's source"),
    ],
    ids=["another bucket", "another account", "another service"],
)
def test_an_event_that_never_becomes_valid_is_refused(
    bucket: str, changes: dict[str, Any], reason: str
) -> None:
    event = arrival(f"s3://{bucket}/decisions/askdata/1/one.json", **changes)
    answer = handle_report_page.handler(event, None)
    assert answer["outcome"] == "refused"
    assert reason in answer["reason"]


def test_what_fails_is_raised_so_that_the_event_is_kept_and_the_record_is_as_it_was(
    account: Account,
    answer: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = account.stored(answer["decision_uri"])
    monkeypatch.setenv("GOVERNANCE_SEAL_KEY", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/gone")
    with pytest.raises(AwsError):
        write_page(answer["decision_uri"])
    assert "no page written" in capsys.readouterr().out
    assert account.stored(answer["decision_uri"]) == before
    assert objects() == [S3Uri.parse(answer["decision_uri"]).key]
