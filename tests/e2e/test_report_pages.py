"""The page beside a record, as the deployed function writes it when the record arrives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws import clients
from cli.main import run
from tests.browsers import launched_browser
from tests.e2e.conftest import Governance

pytestmark = pytest.mark.e2e


def page_uri(stack: Governance, arn: str) -> str:
    """Where the page about the decision is that gave the version its status."""
    record = str(stack.describe(arn)["CustomerMetadataProperties"]["governance:decision-uri"])
    return record.removesuffix(".json") + ".html"


def files_beside(stack: Governance, arn: str) -> list[str]:
    """The names of the objects beside a version's decision, without the execution's."""
    bucket, _, key = page_uri(stack, arn).removeprefix("s3://").partition("/")
    listed = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{key.rpartition('/')[0]}/")
    return sorted(entry["Key"].rpartition("/")[2].partition(".")[2] for entry in listed["Contents"])


def test_a_decision_has_its_page_beside_it_which_opens_and_says_why(
    stack: Governance,
    reports: dict[str, Callable[..., bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stack.pages():
        arn = stack.judged(quality=reports["evaluation"](accuracy=0.71234))["ModelPackageArn"]
    assert files_beside(stack, arn) == ["html", "json", "outcome.json"]
    bucket, _, key = page_uri(stack, arn).removeprefix("s3://").partition("/")
    found = stack.client("s3").get_object(Bucket=bucket, Key=key)
    assert found["ContentType"] == "text/html; charset=utf-8"
    assert stack.dead_letters() == []
    # Whoever asks about the version is told where its page is.
    for name, value in stack.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    for client in (clients.s3_client, clients.sagemaker_client):
        client.cache_clear()
    assert run(["explain", arn]) == 0
    assert f"page        s3://{bucket}/{key}" in capsys.readouterr().out
    file = tmp_path / "page.html"
    file.write_bytes(found["Body"].read())
    with launched_browser() as browser:
        page = browser.new_page()
        page.goto(file.as_uri())
        assert page.locator("h1").inner_text() == f"Rejected: {arn.split('/')[1]}, version 1"
        reasons = page.locator("section:has(#reasons) li").all_inner_texts()
    assert len(reasons) == 1
    assert "accuracy" in reasons[0]
    assert "0.71234" in reasons[0]


def test_a_page_that_cannot_be_written_leaves_the_decision_and_its_event_is_put_back(
    stack: Governance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.dead_letters()
    function = stack.function("WriteReportPage")
    with stack.pages(), stack.environment(function, GOVERNANCE_SEAL_KEY="alias/gone"):
        described: dict[str, Any] = stack.judged(
            quality=b'{"binary_classification_metrics": {"accuracy": {"value": 0.91234}}, '
            b'"latency_metrics": {"p95_seconds": {"value": 1.4321}}}'
        )
    arn = described["ModelPackageArn"]
    assert described["ModelApprovalStatus"] == "Approved"
    assert files_beside(stack, arn) == ["json", "outcome.json"]
    for name, value in stack.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    for client in (clients.cloudformation_client, clients.sqs_client, clients.lambda_client):
        client.cache_clear()
    # The alarm is on the queue that holds the event.
    assert run(["redrive"]) == 0
    assert f"{function}: " in capsys.readouterr().out
    stack.settle()
    assert files_beside(stack, arn) == ["html", "json", "outcome.json"]
    assert stack.dead_letters() == []
