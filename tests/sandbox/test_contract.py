"""The recording of AWS: made by the very script, here of the sandbox, redacted, and held against the sandbox."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.contract.comparison import find_differences
from infra.contract.record import NOT_RECORDED, RECORDED, SCHEMA, Recorder, record
from infra.contract.redaction import Redaction

Recording = dict[str, Any]


@pytest.fixture(scope="module")
def problems() -> list[str]:
    """What the recorder could not delete."""
    return []


@pytest.fixture(scope="module")
def of_sandbox(account: Any, problems: list[str]) -> Recording:
    """A recording of the sandbox."""
    recorder = Recorder(account.client, quiet_seconds=0.5, report=problems.append)
    as_in_a_file: Recording = json.loads(json.dumps(record(recorder)))
    return as_in_a_file


@pytest.mark.skipif(
    json.loads(RECORDED.read_text()).get("recorded") == NOT_RECORDED,
    reason="nobody has run infra/contract/record.py with an AWS account yet: infra/contract/recorded.json says so",
)
def test_the_sandbox_does_what_aws_did(of_sandbox: Recording) -> None:
    assert list(find_differences(json.loads(RECORDED.read_text()), of_sandbox)) == []


def test_a_recording_is_made_or_says_that_it_is_not() -> None:
    held = json.loads(RECORDED.read_text())
    assert held["schema"] == SCHEMA
    assert held["recorded"] == NOT_RECORDED or re.fullmatch(r"\d{4}-\d\d-\d\d", held["recorded"])
    assert ("calls" in held) is (held["recorded"] != NOT_RECORDED)


def test_it_asks_what_it_is_for(of_sandbox: Recording) -> None:
    steps = [call["step"] for call in of_sandbox["calls"]]
    assert {
        "register",
        "change metadata",
        "reject",
        "set back",
        "start again",
        "start again after the end",
    } < set(steps)
    assert len(of_sandbox["events"]) >= 8
    assert not [call for call in of_sandbox["calls"] if not ({"answer", "error"} & call.keys())]


def test_nothing_is_left_behind(of_sandbox: Recording, problems: list[str], account: Any) -> None:
    assert problems == []
    groups = account.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    rules = account.client("events").list_rules()["Rules"]
    queues = account.client("sqs").list_queues().get("QueueUrls", [])
    roles = account.client("iam").list_roles()["Roles"]
    pipelines = account.client("sagemaker").list_pipelines()["PipelineSummaries"]
    assert "Governance-Contract" not in json.dumps([groups, rules, queues, roles, pipelines], default=str)


def test_an_interrupted_recording_is_cleaned_up(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    recorder = Recorder(account.client, quiet_seconds=0.1, report=left.append)

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "collect_events", interrupt)
    with pytest.raises(KeyboardInterrupt):
        record(recorder)
    queues = account.client("sqs").list_queues().get("QueueUrls", [])
    assert (left, [url for url in queues if "Governance-Contract" in url]) == ([], [])


def test_another_recording_of_the_same_is_the_same(of_sandbox: Recording, account: Any) -> None:
    again = record(Recorder(account.client, quiet_seconds=0.5, report=pytest.fail))
    assert list(find_differences(of_sandbox, again)) == []


def without_status(recording: Recording) -> None:
    for event in recording["events"]:
        event["detail"].pop("ModelPackageStatus")


def conflict(recording: Recording) -> None:
    call = next(call for call in recording["calls"] if call["step"] == "start again")
    del call["answer"]
    call["error"] = {"Code": "ConflictException", "Message": "in use"}


def two_lines_are_refused(recording: Recording) -> None:
    call = next(call for call in recording["calls"] if call["step"] == "change a description to two lines")
    call.pop("answer", None)
    call["error"] = {"Code": "ValidationException", "Message": "no"}


def another_request(recording: Recording) -> None:
    recording["calls"][0]["request"] = {"ModelPackageGroupName": "other"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (without_status, "no such event here"),
        (conflict, "start again: ConflictException, and here an answer"),
        (two_lines_are_refused, "change a description to two lines: ValidationException, and here an answer"),
        (another_request, "record it again"),
    ],
    ids=["event-without-status", "token-in-conflict", "two-lines-refused", "another-request"],
)
def test_what_aws_did_otherwise_is_told(
    of_sandbox: Recording, change: Callable[[Recording], None], expected: str
) -> None:
    recorded = copy.deepcopy(of_sandbox)
    change(recorded)
    assert expected in "\n".join(find_differences(recorded, of_sandbox))


def texts(value: Any) -> Iterator[str]:
    """Every text in a recording."""
    match value:
        case dict():
            for entry in value.values():
                yield from texts(entry)
        case list():
            for entry in value:
                yield from texts(entry)
        case str():
            yield value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Arn": "arn:aws:sagemaker:eu-west-1:999988887777:model-package/g-abc/1"}, None),
        (
            {
                "CreatedBy": {
                    "UserProfileName": "jane",
                    "IamIdentity": {"Arn": "arn:aws:iam::999988887777:user/jane"},
                }
            },
            None,
        ),
        ("User: arn:aws:sts::999988887777:assumed-role/Admin/jane@example.com is not authorized", None),
        (
            "key AKIAIOSFODNN7EXAMPLE, request 0f8fad5b-d9cb-469f-a165-70867728950e, mail jane@example.com",
            None,
        ),
        ({"ResponseMetadata": {"RequestId": "1"}, "a": 1764136800000}, {"a": 1764136800000}),
    ],
    ids=["account", "people", "session", "keys", "metadata"],
)
def test_a_recording_names_nobody(given: Any, expected: Any) -> None:
    redacted = Redaction("abc").redact(given)
    said = " ".join(texts(redacted))
    assert not re.search(r"999988887777|jane|Admin|AKIA|0f8fad5b|abc", said), said
    assert expected is None or redacted == expected


def test_executions_keep_which_is_which() -> None:
    arns = [
        f"arn:aws:sagemaker:eu-west-1:999988887777:pipeline/p/execution/{name}" for name in ("x1", "y2", "x1")
    ]
    first, second, third = Redaction("abc").redact(arns)
    assert first == third != second
