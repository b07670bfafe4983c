import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.aws_errors import AwsThrottledError
from aws.decision_log import FolderDecisionLog
from aws.executions import PipelineExecutions, request_token
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackage, Registration
from aws.record_seals import LocalSeals
from lambdas.start_pipeline import StartOutcome, start_pipeline
from pipelines.record_keys import created_text, statement
from pipelines.step_settings import StartPipelineSettings

SETTINGS = StartPipelineSettings(
    pipeline_name="model-governance",
    account="123456789012",
    region="eu-west-1",
    decisions_bucket="decisions",
    seal_key="unused",
)
SEALS = LocalSeals(b"the secret of the tests")
NOWHERE = FolderDecisionLog(Path("/nonexistent"))
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/1"


class SageMaker:
    """Starts executions as SageMaker does: one for each token."""

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, object]] = {}

    def start_pipeline_execution(self, **request: object) -> dict[str, str]:
        token = str(request["ClientRequestToken"])
        self.started.setdefault(token, request)
        return {"PipelineExecutionArn": f"arn:execution/{list(self.started).index(token)}"}


@pytest.fixture
def registry() -> MemoryModelRegistry:
    made = MemoryModelRegistry()
    assert made.register(Registration(group="askdata", image="1.dkr.ecr/i:1")) == ARN
    return made


def event(arn: object = ARN, **detail: object) -> dict[str, object]:
    return {
        "version": "0",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "account": "123456789012",
        "region": "eu-west-1",
        "resources": [arn],
        "detail": {
            "ModelPackageGroupName": "askdata",
            "ModelPackageVersion": 1,
            "ModelPackageArn": arn,
            "CreationTime": 1583862316266,
            "LastModifiedTime": 1583862317000,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "PendingManualApproval",
        }
        | detail,
    }


def start(
    given: object,
    registry: MemoryModelRegistry,
    sagemaker: SageMaker | None = None,
    settings: StartPipelineSettings = SETTINGS,
    decisions: FolderDecisionLog = NOWHERE,
) -> StartOutcome:
    executions = PipelineExecutions(sagemaker or SageMaker(), "model-governance")  # type: ignore[arg-type]  # a fake
    return start_pipeline(
        given, settings=settings, registry=registry, executions=executions, decisions=decisions, seals=SEALS
    )


def test_an_execution_is_started_for_exactly_the_version_of_the_event(registry: MemoryModelRegistry) -> None:
    registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1"))
    sagemaker = SageMaker()
    assert start(event(), registry, sagemaker) == StartOutcome(
        "started", f"{ARN} waits for approval", "arn:execution/0"
    )
    (request,) = sagemaker.started.values()
    assert request["PipelineName"] == "model-governance"
    assert request["PipelineParameters"] == [{"Name": "ModelPackageArn", "Value": ARN}]
    assert request["ClientRequestToken"] == request_token(ARN, "1583862317000")


def test_the_same_event_three_times_starts_one_execution_and_a_later_change_another(
    registry: MemoryModelRegistry,
) -> None:
    sagemaker = SageMaker()
    outcomes = [start(event(), registry, sagemaker) for _ in range(3)]
    assert {outcome.execution_arn for outcome in outcomes} == {"arn:execution/0"}
    start(event(LastModifiedTime=1583862318000), registry, sagemaker)
    assert len(sagemaker.started) == 2


def without(field: str) -> dict[str, object]:
    made = event()
    assert isinstance(made["detail"], dict)
    del made["detail"][field]
    return made


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param([], "the event is list, not an object", id="a list"),
        pytest.param("{}", "the event is str, not an object", id="text"),
        pytest.param({}, "the event's source is None, not 'aws.sagemaker'", id="empty"),
        pytest.param({**event(), "source": "my.app"}, "the event's source is 'my.app'", id="foreign source"),
        pytest.param(
            {**event(), "detail-type": "SageMaker Endpoint State Change"},
            "the event's detail-type is 'SageMaker Endpoint State Change'",
            id="another detail type",
        ),
        pytest.param({**event(), "detail": None}, "the event has no detail", id="no detail"),
        pytest.param(without("ModelPackageArn"), "the event's detail lacks ModelPackageArn", id="no ARN"),
        pytest.param(without("ModelApprovalStatus"), "detail lacks ModelApprovalStatus", id="no status"),
        pytest.param(
            without("ModelPackageStatus"), "detail lacks ModelPackageStatus", id="no package status"
        ),
        pytest.param(
            event(LastModifiedTime=None, CreationTime=True),
            "lacks LastModifiedTime and CreationTime",
            id="no time",
        ),
        pytest.param(event(7), "lacks ModelPackageArn, as text", id="ARN is a number"),
        pytest.param(event("askdata"), "'askdata' is not a model package ARN", id="ARN is a name"),
        pytest.param(event(ARN.removesuffix("/1")), "is an unversioned model package", id="unversioned"),
        pytest.param(
            event(ARN.replace("123456789012", "999999999999")),
            "belongs to account 999999999999 in eu-west-1; this stack governs 123456789012",
            id="another account",
        ),
        pytest.param(
            event(ARN.replace("eu-west-1", "us-east-1")), "in us-east-1; this stack", id="another region"
        ),
    ],
)
def test_an_event_that_can_never_become_valid_is_refused_and_not_raised(
    registry: MemoryModelRegistry, given: dict[str, Any] | str, reason: str
) -> None:
    sagemaker = SageMaker()
    outcome = start(given, registry, sagemaker)
    assert (outcome.outcome, outcome.execution_arn) == ("refused", None)
    assert reason in outcome.reason
    assert not sagemaker.started


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ({"ModelApprovalStatus": "Approved"}, "it is Approved, not PendingManualApproval"),
        ({"ModelApprovalStatus": "Rejected"}, "it is Rejected, not PendingManualApproval"),
        ({"ModelPackageStatus": "InProgress"}, "its package is InProgress, not Completed"),
        ({"ModelPackageStatus": "Failed"}, "its package is Failed, not Completed"),
    ],
)
def test_an_event_about_a_version_that_is_not_due_is_ignored_with_the_reason(
    registry: MemoryModelRegistry, detail: dict[str, str], reason: str
) -> None:
    assert start(event(**detail), registry) == StartOutcome("ignored", f"{ARN}: {reason}")


def test_a_version_that_changed_since_the_event_is_ignored(registry: MemoryModelRegistry) -> None:
    registry.update(ARN, approval_status="Approved")
    assert start(event(), registry) == StartOutcome("ignored", f"{ARN}: it is Approved by now")
    registry.delete(ARN)
    assert start(event(), registry).reason == f"{ARN}: it was deleted after the event was sent"


EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/x"


class Judged:
    """The version after the gate left it pending: the record in the log, and the metadata that point at it."""

    def __init__(self, registry: MemoryModelRegistry, folder: Path) -> None:
        self.registry, self.decisions = registry, FolderDecisionLog(folder)
        package = registry.describe(ARN)
        self.record: dict[str, object] = {
            "decision": "NeedsReview",
            "model_package": {"arn": ARN, "created": created_text(package)},
            "thresholds": {"mode": "enforce"},
            "execution": EXECUTION,
        }

    def write(
        self, *, key: str = "askdata/1/x.json", sealed_for: str = EXECUTION, sealed: bool = True
    ) -> None:
        content = json.dumps(self.record).encode()
        digest = hashlib.sha256(content).hexdigest()
        seal = SEALS.make(statement(digest, ARN, sealed_for)) if sealed else None
        location = self.decisions.keep(key, content, seal=seal)
        self.mark(location.uri, digest)

    def mark(self, uri: str, digest: str, status: str = "PendingManualApproval") -> None:
        kind = "decision" if "decision" in self.record else "undecided"
        self.registry.update(
            ARN,
            metadata={
                f"governance:{kind}-uri": uri,
                f"governance:{kind}-digest": digest,
                "governance:status": status,
            },
        )

    def start(self) -> str:
        return start(event(LastModifiedTime=1583869999000), self.registry, decisions=self.decisions).outcome


@pytest.fixture
def judged(registry: MemoryModelRegistry, tmp_path: Path) -> Judged:
    return Judged(registry, tmp_path / "decisions")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({}, id="for review"),
        pytest.param({"decision": "Approved", "thresholds": {"mode": "dry_run"}}, id="a dry run"),
    ],
)
def test_the_gates_own_update_starts_nothing(judged: Judged, record: dict[str, Any]) -> None:
    """Else it would judge its own update for ever."""
    judged.record |= record
    judged.write()
    assert judged.start() == "ignored"


def test_the_gates_own_word_that_nothing_may_be_decided_starts_nothing(judged: Judged) -> None:
    del judged.record["decision"], judged.record["thresholds"]
    judged.write(key="askdata/1/x.undecided.json")
    assert judged.start() == "ignored"


def test_metadata_that_name_a_forged_word_of_the_gate_are_no_mark(judged: Judged) -> None:
    del judged.record["decision"], judged.record["thresholds"]
    judged.write(key="askdata/1/x.undecided.json", sealed=False)
    assert judged.start() == "started"


def test_a_version_that_a_person_set_back_to_pending_is_judged(judged: Judged) -> None:
    judged.write()
    uri = judged.registry.describe(ARN).metadata["governance:decision-uri"]
    judged.mark(uri, judged.registry.describe(ARN).metadata["governance:decision-digest"], "Rejected")
    assert judged.start() == "started"


@pytest.mark.parametrize(
    ("record", "how"),
    [
        pytest.param({}, {"sealed": False}, id="without a seal"),
        pytest.param({}, {"sealed_for": f"{EXECUTION}2"}, id="with the seal of another execution"),
        pytest.param({}, {"key": "askdata/7/x.json"}, id="in another version's folder"),
        pytest.param({"model_package": {"arn": f"{ARN}1", "created": ""}}, {}, id="about another version"),
        pytest.param({"decision": "Approved"}, {}, id="that leaves no version pending"),
        pytest.param({"model_package": None}, {}, id="about nothing"),
    ],
)
def test_metadata_that_name_a_record_which_is_not_the_gates_are_no_mark(
    judged: Judged, record: dict[str, Any], how: dict[str, Any]
) -> None:
    judged.record |= record
    judged.write(**how)
    assert judged.start() == "started"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b"{}", b"[" * 100_000, b'{"model_package": []}'],
    ids=["empty", "list", "not text", "object", "deep", "package is a list"],
)
def test_metadata_that_name_something_else_are_no_mark(judged: Judged, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    seal = SEALS.make(statement(digest, ARN, EXECUTION))
    judged.mark(judged.decisions.keep("askdata/1/x.json", content, seal=seal).uri, digest)
    assert judged.start() == "started"


@pytest.mark.parametrize(
    "uri",
    ["s3://decisions/decisions/askdata/1/x.json", "/nonexistent/askdata/1/x.json", "x/askdata/1/y"],
)
def test_metadata_written_at_registration_are_no_mark(judged: Judged, uri: str) -> None:
    judged.mark(uri, "0" * 64)
    assert judged.start() == "started"


def test_the_mark_of_a_version_that_was_deleted_is_none_for_its_successor(judged: Judged) -> None:
    judged.record["model_package"] = {
        "arn": ARN,
        "created": created_text(
            replace(
                judged.registry.describe(ARN),
                created=judged.registry.describe(ARN).created - timedelta(days=1),
            )
        ),
    }
    judged.write()
    assert judged.start() == "started"


def test_another_digest_than_the_records_is_no_mark(judged: Judged) -> None:
    judged.write()
    judged.mark(judged.registry.describe(ARN).metadata["governance:decision-uri"], "0" * 64)
    assert judged.start() == "started"


class Throttled(MemoryModelRegistry):
    def describe(self, arn: str) -> ModelPackage:
        raise AwsThrottledError(f"{arn}: slow down")


def test_what_aws_fails_at_is_raised_so_that_the_event_is_tried_again() -> None:
    with pytest.raises(AwsThrottledError):
        start(event(), Throttled())


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.text(st.characters(categories=["Cs"]), max_size=3),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(event()["detail"])), value=json_values)  # type: ignore[call-overload]  # a mapping
def test_any_value_in_any_field_is_started_ignored_or_refused(field: str, value: object) -> None:
    registry = MemoryModelRegistry()
    registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1"))
    outcome = start(event(**{field: value}), registry)
    assert outcome.outcome in {"started", "ignored", "refused"}
    assert outcome.reason
    assert json.dumps(outcome.reason)


def test_the_token_depends_on_version_and_time_alone(registry: MemoryModelRegistry) -> None:
    first, second = SageMaker(), SageMaker()
    start(event(), registry, first)
    start(
        {**event(InferenceSpecification={"Containers": []}), "id": "another", "time": "later"},
        registry,
        second,
    )
    assert list(first.started) == list(second.started)
    (token,) = first.started
    assert 32 <= len(token) <= 128


def test_another_stack_governs_its_own_account_only(registry: MemoryModelRegistry) -> None:
    outcome = start(event(), registry, settings=replace(SETTINGS, account="999999999999"))
    assert outcome.outcome == "refused"
