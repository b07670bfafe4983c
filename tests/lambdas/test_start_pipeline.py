import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aws.aws_errors import AwsUnreachableError
from aws.decision_log import FolderDecisionLog
from aws.executions import request_token
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackage, Registration
from aws.record_seals import LocalSeals
from checks.selection import select_thresholds
from checks.thresholds import Mode, ThresholdFile
from lambdas.start_pipeline import StartOutcome, start_pipeline
from pipelines.governed_groups import GovernedGroups
from pipelines.record_keys import created_text, statement
from pipelines.step_settings import StartPipelineSettings, UngovernedGroups
from tests.memory_executions import PREFIX, MemoryExecutions

SETTINGS = StartPipelineSettings(
    pipeline_name="model-governance",
    account="123456789012",
    region="eu-west-1",
    thresholds_bucket="unused",
    decisions_bucket="decisions",
    seal_key="unused",
    model_package_groups="*",
    ungoverned_groups=UngovernedGroups.IGNORE,
)
SEALS = LocalSeals(b"the secret of the tests")
NOWHERE = FolderDecisionLog(Path("/nonexistent"))
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/1"


class Thresholds:
    """Threshold files that apply to the groups that are named."""

    def __init__(self, *groups: str) -> None:
        self._groups = groups

    def for_group(self, group: str) -> ThresholdFile | None:
        file = ThresholdFile(
            name="t", source="t.yaml", sha256="0" * 64, applies_to=self._groups, mode=Mode.ENFORCE, checks=()
        )
        return select_thresholds([file], group)


GOVERNED = GovernedGroups(Thresholds("askdata"), UngovernedGroups.IGNORE)


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
    executions: MemoryExecutions | None = None,
    settings: StartPipelineSettings = SETTINGS,
    decisions: FolderDecisionLog = NOWHERE,
    *,
    governed: GovernedGroups = GOVERNED,
) -> StartOutcome:
    return start_pipeline(
        given,
        settings=settings,
        registry=registry,
        executions=executions or MemoryExecutions(),
        governed=governed,
        decisions=decisions,
        seals=SEALS,
        now=datetime.now(UTC),
    )


@pytest.fixture
def executions() -> MemoryExecutions:
    made = MemoryExecutions()
    made.now = datetime.now(UTC) + timedelta(seconds=1)
    return made


def test_an_execution_is_started_for_exactly_the_version_of_the_event(
    registry: MemoryModelRegistry, executions: MemoryExecutions
) -> None:
    registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1"))
    (arn,) = [f"{PREFIX}e0"]
    assert start(event(), registry, executions) == StartOutcome("started", f"{ARN} waits for approval", arn)
    assert [one.about for one in executions.all] == [ARN]
    assert executions.by_token == {request_token(ARN, registry.describe(ARN).last_modified): arn}


@pytest.mark.parametrize("answers_conflict", [False, True], ids=["the same execution", "a conflict"])
def test_one_change_starts_one_execution_however_its_token_is_answered(
    registry: MemoryModelRegistry, executions: MemoryExecutions, answers_conflict: bool
) -> None:
    executions.answers_conflict = answers_conflict
    executions.list_lags = True
    outcomes = [start(event(), registry, executions).outcome for _ in range(2)]
    assert outcomes == ["started", "started"]
    assert len(executions.all) == 1


def test_while_an_execution_runs_none_is_started_and_later_one_for_each_later_change(
    registry: MemoryModelRegistry, executions: MemoryExecutions
) -> None:
    start(event(), registry, executions)
    registry.update(ARN, description="An edit.")
    assert start(event(), registry, executions).outcome == "left"
    (first,) = executions.all
    registry.update(ARN, approval_status="Rejected")
    executions.end(first.arn)
    assert start(event(), registry, executions).reason == f"{ARN}: it is Rejected by now"
    registry.clock = lambda: executions.now + timedelta(seconds=1)
    registry.update(ARN, approval_status="PendingManualApproval")
    assert start(event(), registry, executions).outcome == "started"
    assert len(executions.all) == 2


@pytest.mark.parametrize(
    ("quota", "is_throttled", "says"),
    [
        pytest.param(0, False, "as many run as may", id="the quota is used up"),
        pytest.param(20, True, "slow down", id="calls are throttled"),
    ],
)
def test_what_aws_refuses_for_now_is_put_off_for_the_reconciler(
    registry: MemoryModelRegistry, quota: int, is_throttled: bool, says: str
) -> None:
    executions = MemoryExecutions(quota=quota)
    executions.is_throttled = is_throttled
    outcome = start(event(), registry, executions)
    assert (outcome.outcome, outcome.reason) == ("put off", says)


def test_a_failed_execution_is_left_for_the_reconciler(
    registry: MemoryModelRegistry, executions: MemoryExecutions
) -> None:
    start(event(), registry, executions)
    executions.end(f"{PREFIX}e0", "Failed", reason="it broke")
    assert start(event(), registry, executions) == StartOutcome(
        "left", f"{ARN}: its execution failed: {PREFIX}e0"
    )
    assert len(executions.all) == 1


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
    sagemaker = MemoryExecutions()
    outcome = start(given, registry, sagemaker)
    assert (outcome.outcome, outcome.execution_arn) == ("refused", None)
    assert reason in outcome.reason
    assert not sagemaker.all


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ({"ModelApprovalStatus": "Approved"}, "it is Approved, not PendingManualApproval"),
        ({"ModelApprovalStatus": "Rejected"}, "it is Rejected, not PendingManualApproval"),
        (
            {"UpdatedModelPackageFields": ["CustomerMetadataProperties", "ApprovalDescription"]},
            "its ApprovalDescription, CustomerMetadataProperties was edited, not its ModelApprovalStatus",
        ),
    ],
    ids=["approved", "rejected", "an edit"],
)
def test_an_event_about_a_version_that_is_not_due_is_ignored_with_the_reason(
    registry: MemoryModelRegistry, detail: dict[str, object], reason: str
) -> None:
    assert start(event(**detail), registry) == StartOutcome("ignored", f"{ARN}: {reason}")


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param({"UpdatedModelPackageFields": ["ModelApprovalStatus"]}, id="the status was changed"),
        pytest.param({"UpdatedModelPackageFields": []}, id="an empty list"),
        pytest.param({"UpdatedModelPackageFields": "ModelLifeCycle"}, id="no list"),
        pytest.param({"ModelPackageStatus": "InProgress"}, id="the version was completed since"),
        pytest.param({"LastModifiedTime": None, "CreationTime": True}, id="no time"),
        pytest.param({"LastModifiedTime": "2021-02-24T17:00:14Z"}, id="a time as text"),
    ],
)
def test_what_an_event_does_not_settle_the_version_does(
    registry: MemoryModelRegistry, detail: dict[str, object]
) -> None:
    assert start(event(**detail), registry).outcome == "started"


@pytest.mark.parametrize(
    ("package_status", "outcome", "reason"),
    [
        ("Pending", "left", "its package is Pending, not Completed yet"),
        ("InProgress", "left", "its package is InProgress, not Completed yet"),
        ("Failed", "ignored", "its package is Failed: it can never be used"),
        ("Deleting", "ignored", "its package is Deleting: it can never be used"),
    ],
)
def test_a_package_that_is_not_completed_waits_unless_it_never_will_be(
    registry: MemoryModelRegistry, package_status: str, outcome: str, reason: str
) -> None:
    registry.set_package_status(ARN, package_status)
    assert start(event(), registry) == StartOutcome(outcome, f"{ARN}: {reason}")


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
    """Else it would judge its own update without end."""
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


NOBODY = GovernedGroups(Thresholds("rag-*"), UngovernedGroups.IGNORE)


class Untouchable(MemoryModelRegistry):
    """Lets nobody change a version."""

    def update(
        self,
        arn: str,
        *,
        approval_status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        only_from: str | None = None,
    ) -> None:
        raise AssertionError(arn)


@given(
    metadata=st.dictionaries(
        st.sampled_from(
            ["governance:decision-uri", "governance:decision-digest", "governance:status", "team"]
        ),
        st.sampled_from(["s3://decisions/decisions/askdata/1/x.json", "0" * 64, "PendingManualApproval"]),
    ),
    detail=st.dictionaries(
        st.sampled_from(["ModelApprovalStatus", "ModelPackageStatus", "LastModifiedTime"]),
        st.sampled_from(["Approved", "PendingManualApproval", "Completed", "Failed", 1583862318000]),
    ),
)
def test_a_version_of_an_ungoverned_group_is_never_touched(
    metadata: dict[str, str], detail: dict[str, object]
) -> None:
    registry, executions = Untouchable(), MemoryExecutions()
    registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1", metadata=metadata))
    outcome = start(event(**detail), registry, executions, governed=NOBODY)
    assert outcome.outcome in {"ungoverned", "ignored", "refused"}
    assert executions.all == []


def test_a_version_of_an_ungoverned_group_is_left_alone_with_the_reason(
    registry: MemoryModelRegistry,
) -> None:
    assert start(event(), registry, governed=NOBODY) == StartOutcome(
        "ungoverned",
        f"{ARN}: no published threshold file applies to the group askdata, so the gate leaves it alone",
    )


def test_a_deployment_may_ask_for_a_review_of_ungoverned_groups(registry: MemoryModelRegistry) -> None:
    review = GovernedGroups(Thresholds("rag-*"), UngovernedGroups.REVIEW)
    assert start(event(), registry, governed=review).outcome == "started"


class Unreachable(MemoryModelRegistry):
    def describe(self, arn: str) -> ModelPackage:
        raise AwsUnreachableError(f"{arn}: no answer")


def test_what_aws_fails_at_is_raised_so_that_the_event_is_tried_again() -> None:
    with pytest.raises(AwsUnreachableError):
        start(event(), Unreachable())


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


DETAIL: Any = event()["detail"]


@given(field=st.sampled_from(sorted(DETAIL)), value=json_values)
def test_any_value_in_any_field_is_started_ignored_or_refused(field: str, value: object) -> None:
    registry = MemoryModelRegistry()
    registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1"))
    outcome = start(event(**{field: value}), registry)
    assert outcome.outcome in {"started", "ignored", "refused", "left"}
    assert outcome.reason
    assert json.dumps(outcome.reason)


def test_another_stack_governs_its_own_account_only(registry: MemoryModelRegistry) -> None:
    outcome = start(event(), registry, settings=replace(SETTINGS, account="999999999999"))
    assert outcome.outcome == "refused"
