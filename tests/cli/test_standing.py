"""The status of a version: which decision gave its status, or that none did, and the code that a pipeline stops on."""

import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from aws.decision_log import FolderDecisionLog
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import Identity, ModelPackage, Registration
from checks.decision import Asked, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.limits import AtLeast
from cli.display.version_status import exit_code_of_standing, log_around, look_up, print_standing
from cli.lookup.group_versions import describe_with_decision
from pipelines.judgements import find_newest_judgement

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JANE = Identity(arn="arn:aws:iam::123456789012:user/jane")
NOBODY_KNOWS = "whoever wrote last, which need not be who decided"


@dataclass
class Version:
    """A version and its records, written as the gate writes them."""

    folder: Path
    registry: MemoryModelRegistry = field(default_factory=MemoryModelRegistry)

    def __post_init__(self) -> None:
        self.log = FolderDecisionLog(self.folder)
        self.arn = self.registry.register(Registration(group="churn", image="repo/image:1"))
        self._count = 0

    @property
    def package(self) -> ModelPackage:
        return self.registry.describe(self.arn)

    def registered_as(self, status: str) -> ModelPackage:
        return replace(self.package, approval_status=status)

    def set(self, status: str, by: Identity = JANE) -> None:
        self.registry.caller = by
        self.registry.update(self.arn, approval_status=status)

    def judged(self, verdict: Verdict, outcome: str, status: str, **changes: Any) -> str:
        """Record a decision and its outcome; return the decision's URI."""
        self._count += 1
        asked = Asked("accuracy", "a.b", AtLeast(0.5), "Because.")
        finding = Finding(asked, None, Outcome.PASSED, None, None, None, None, "so")
        record = DecisionRecord.of(
            Decision(verdict, (finding,)),
            thresholds=None,
            evidence=Evidence(()),
            decided_at=datetime.now(UTC),
        )
        decision = self.log.keep(f"churn/1/e{self._count}.json", record.to_bytes())
        document = {
            "schema": "governance.outcome/2",
            "outcome": outcome,
            "approval_status": status,
            "status_given_by": None,
            "decision": verdict,
            "decision_uri": decision.uri,
            "decision_digest": decision.location.sha256,
            "model_package": self.arn,
            "recorded_at": (datetime.now(UTC) + timedelta(seconds=self._count)).isoformat(),
            **changes,
        }
        self.log.keep(f"churn/1/e{self._count}.outcome.json", json.dumps(document).encode())
        return decision.uri

    def gate_sets(self, verdict: Verdict) -> str:
        self.set(verdict, Identity(arn="arn:aws:sts::123456789012:assumed-role/gate/update"))
        return self.judged(verdict, "updated", verdict)

    def dry_run(self, verdict: Verdict, status: str) -> str:
        return self.judged(verdict, "dry_run", status)


@pytest.fixture
def version(tmp_path: Path) -> Version:
    return Version(tmp_path.resolve())


def _shown(
    version: Version, capsys: pytest.CaptureFixture[str], package: ModelPackage | None = None
) -> tuple[int, str, list[str]]:
    """The code, the first line, and the lines about the status, without times."""
    known = look_up(package or version.package, version.log)
    print_standing(known, sys.stdout)
    lines = capsys.readouterr().out.splitlines()
    about = [line for line in lines if re.match("record|status|last write|later", line)]
    return (
        int(exit_code_of_standing(known.standing)),
        lines[0],
        [re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", line) for line in about],
    )


GATE_WROTE = f"last write  TIME by arn:aws:sts::123456789012:assumed-role/gate/update: {NOBODY_KNOWS}"
JANE_WROTE = f"last write  TIME by arn:aws:iam::123456789012:user/jane: {NOBODY_KNOWS}"


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.APPROVED, 0), (Verdict.REJECTED, 1)])
def test_what_the_gate_decided_is_said_with_its_record(
    version: Version, capsys: pytest.CaptureFixture[str], verdict: Verdict, code: int
) -> None:
    uri = version.gate_sets(verdict)
    status = f"status      {verdict}, given by the gate with this decision"
    assert _shown(version, capsys) == (code, verdict, [f"record      {uri}", status, GATE_WROTE])


def test_a_version_registered_as_approved_was_decided_by_nobody(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    package = version.registered_as("Approved")
    code, first, lines = _shown(version, capsys, package)
    assert code == 3
    assert first == f"Approved: no decision of the gate about {version.arn} is known"
    assert lines == [
        "status      Approved, registered so at TIME by arn:aws:iam::123456789012:user/memory: no decision gave it"
    ]


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.REJECTED])
@pytest.mark.parametrize("touched", [False, True], ids=["as registered", "written to since"])
def test_a_judgement_by_hand_does_not_decide_what_was_registered(
    version: Version, capsys: pytest.CaptureFixture[str], verdict: Verdict, touched: bool
) -> None:
    version.judged(
        verdict, "not_carried_out", "Approved", status_given_by={"source": "registration", "created_by": None}
    )
    if touched:
        version.registry.update(version.arn, description="mine")
    code, first, lines = _shown(version, capsys, version.registered_as("Approved"))
    assert (code, first) == (3, verdict)
    assert "no record says who decided" in lines[1] if touched else "no decision gave it" in lines[1]


@pytest.mark.parametrize(
    "verdict", [Verdict.APPROVED, Verdict.REJECTED, Verdict.NEEDS_REVIEW], ids=lambda verdict: verdict
)
def test_a_later_dry_run_is_shown_as_such_and_decides_nothing(
    version: Version, capsys: pytest.CaptureFixture[str], verdict: Verdict
) -> None:
    uri = version.gate_sets(Verdict.APPROVED)
    version.dry_run(verdict, "Approved")
    newest = version.dry_run(verdict, "Approved")
    code, first, lines = _shown(version, capsys)
    assert (code, first, lines[0]) == (0, "Approved", f"record      {uri}")
    assert lines[1] == "status      Approved, given by the gate with this decision"
    assert lines[3:] == [
        f"later       dry run of TIME, which changed no status: {verdict}: {newest} (and 1 before it)"
    ]


def test_a_later_judgement_and_a_dry_run_before_it_are_both_shown(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    version.gate_sets(Verdict.APPROVED)
    dry_run = version.dry_run(Verdict.REJECTED, "Approved")
    later = version.judged(Verdict.REJECTED, "not_carried_out", "Approved")
    assert _shown(version, capsys)[2][3:] == [
        f"later       judgement of TIME, which changed no status: Rejected: {later} (and 1 before it)",
        f"later       dry run of TIME, which changed no status: Rejected: {dry_run}",
    ]


def test_a_dry_run_is_no_decision_about_a_version_that_has_its_status(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    version.set("Approved")
    version.dry_run(Verdict.APPROVED, "Approved")
    code, _, lines = _shown(version, capsys)
    assert code == 3
    assert lines[1:] == [
        "status      Approved, changed outside the gate: no record says who decided",
        JANE_WROTE,
    ]


@pytest.mark.parametrize(
    ("verdict", "outcome", "at_that_time", "expected"),
    [
        pytest.param(
            Verdict.NEEDS_REVIEW, "left_pending", "PendingManualApproval", 3, id="left for a review"
        ),
        pytest.param(Verdict.REJECTED, "updated", "Rejected", 3, id="after a rejection"),
        pytest.param(
            Verdict.REJECTED, "decided_meanwhile", "Approved", 3, id="meanwhile, in an older record"
        ),
        pytest.param(Verdict.REJECTED, "not_carried_out", "Approved", 3, id="meanwhile"),
        pytest.param(Verdict.APPROVED, "dry_run", "PendingManualApproval", 0, id="after a dry run"),
    ],
)
def test_a_status_from_outside_the_gate_counts_on_trial_alone_and_names_the_last_writer_as_just_that(
    version: Version,
    capsys: pytest.CaptureFixture[str],
    *,
    verdict: Verdict,
    outcome: str,
    at_that_time: str,
    expected: int,
) -> None:
    version.judged(verdict, outcome, at_that_time)
    version.set("Approved")
    code, first, lines = _shown(version, capsys)
    assert (code, first) == (expected, verdict)
    assert lines[1:] == [
        "status      Approved, changed outside the gate: no record says who decided",
        JANE_WROTE,
    ]


def test_an_older_approval_does_not_speak_for_a_version_that_was_rejected_since(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    version.gate_sets(Verdict.APPROVED)
    version.gate_sets(Verdict.REJECTED)
    version.set("Approved")
    assert "changed outside the gate" in _shown(version, capsys)[2][1]


@pytest.mark.parametrize(
    ("outcome", "at_that_time", "says"),
    [
        ("left_pending", "PendingManualApproval", ", until it is reviewed"),
        ("dry_run", "PendingManualApproval", ", unchanged: this decision was a dry run"),
        ("updated", "Rejected", ", set back outside the gate: it was Rejected"),
    ],
)
def test_a_pending_version_says_why(
    version: Version, capsys: pytest.CaptureFixture[str], outcome: str, at_that_time: str, says: str
) -> None:
    version.judged(Verdict.NEEDS_REVIEW, outcome, at_that_time)
    code, _, lines = _shown(version, capsys)
    assert (code, lines[1]) == (3, f"status      PendingManualApproval{says}")


def test_a_version_that_was_never_judged_says_so(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _shown(version, capsys)[2] == ["status      PendingManualApproval: not judged yet"]


def test_records_of_another_version_of_the_same_name_count_for_nothing(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    version.judged(Verdict.APPROVED, "updated", "Approved", model_package_created="2020-01-01T00:00:00.000Z")
    version.judged(Verdict.APPROVED, "updated", "Approved", model_package=version.arn.replace("/1", "/2"))
    assert _shown(version, capsys, version.registered_as("Approved"))[0] == 3


def test_without_a_log_to_look_in_that_is_said_and_nothing_counts_as_decided(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    known = look_up(version.registered_as("Approved"), None)
    print_standing(known, sys.stdout)
    assert exit_code_of_standing(known.standing) == 3
    assert "set GOVERNANCE_DECISIONS_BUCKET to the stack's output DecisionsBucket" in capsys.readouterr().out


def test_a_record_that_is_not_the_one_written_is_refused(version: Version) -> None:
    uri = version.gate_sets(Verdict.APPROVED)
    Path(uri).write_bytes(Path(uri).read_bytes() + b" ")
    digest = hashlib.sha256(Path(uri).read_bytes()[:-1]).hexdigest()
    with pytest.raises(
        GovernanceError, match=f"not the record that was written .its SHA-256 is not {digest}"
    ):
        look_up(version.package, version.log)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"outcome": "updated"}', b"\xff"], ids=repr)
def test_an_outcome_that_is_none_is_one_message(version: Version, content: bytes) -> None:
    version.log.keep("churn/1/e9.outcome.json", content)
    with pytest.raises(GovernanceError, match=r"e9.outcome.json: not the outcome of a decision"):
        look_up(version.package, version.log)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("s3://bucket/decisions/churn/1/e1.json", True),
        ("s3://bucket/decisions/churn/12/e1.json", False),
        ("s3://bucket/churn/1/e1.json", False),
        ("/tmp/churn/1/e1.json", False),
        (None, False),
    ],
)
def test_a_log_is_found_around_a_record_of_the_version_only(
    version: Version, s3: "S3Client", uri: str | None, found: bool
) -> None:
    assert (log_around(s3, uri, version.package) is not None) is found


def test_the_page_beside_the_record_is_told_where_it_was_written(
    version: Version, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = version.gate_sets(Verdict.APPROVED)
    assert look_up(version.package, version.log).page is None
    page = Path(uri.removesuffix(".json") + ".html")
    page.write_text("<!doctype html>", encoding="utf-8")
    known = look_up(version.package, version.log)
    assert known.page == str(page)
    # An unfolded line: the folder of a test is long.
    print_standing(known, sys.stdout)
    shown = capsys.readouterr().out.replace("\n            ", "").splitlines()
    assert [line for line in shown if line.startswith(("record ", "page "))] == [
        f"record      {uri}",
        f"page        {page}",
    ]
    judgement = describe_with_decision(version.package, version.log).judgement
    assert judgement is not None
    assert judgement.page == str(page)
    newest = find_newest_judgement(version.log, "churn", 1)
    assert newest is not None
    assert newest.page == str(page)
