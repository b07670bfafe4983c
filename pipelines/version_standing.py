"""What became of the decisions about a version, by their records, and by those who gave it the status that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aws.decision_log import DecisionLog
from aws.model_packages import Identity, ModelPackage
from aws.registry_names import PENDING
from checks.strict_json import JsonValue, ReportError, parse_strict_json
from pipelines.record_keys import created_text, records_folder
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_settings import OUTCOME_SUFFIX

UPDATED = "updated"
LEFT_PENDING = "left_pending"
DRY_RUN = "dry_run"
NOT_CARRIED_OUT = "not_carried_out"
_NAMES_BEFORE = {
    "decided_meanwhile": NOT_CARRIED_OUT
}  # of governance.outcome/1, which could not know who decided

GATE = "gate"
REGISTRATION = "registration"
OUTSIDE_THE_GATE = "outside_the_gate"


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What step two recorded at `uri` about one decision.

    `outcome` is `updated`, `left_pending`, `dry_run` or `not_carried_out`; `approval_status` is the version's at that
    time, and `created` when it was registered, where the record says that. `given_by` is what had given the status:
    `gate`, `registration`, `outside_the_gate`, or `None` where the version was pending or an older record does not
    say.
    """

    uri: str
    model_package: str
    created: str | None
    outcome: str
    approval_status: str
    given_by: str | None
    decision: str
    decision_uri: str
    decision_digest: str
    recorded_at: datetime

    @property
    def saw_it_pending(self) -> bool:
        """Whether the version still waited for a decision when this one was carried out."""
        return self.outcome in (UPDATED, LEFT_PENDING) or self.approval_status == PENDING


@dataclass(frozen=True, slots=True)
class ByGate:
    """The gate gave the status: `outcome` is the record of it."""

    outcome: OutcomeRecord


@dataclass(frozen=True, slots=True)
class ByRegistration:
    """The version was registered with its status, and never written to since."""

    by: Identity | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OutsideTheGate:
    """No record says who gave the status; `by` wrote last to the version, which need not be who gave it."""

    by: Identity | None
    at: datetime


StatusSource = ByGate | ByRegistration | OutsideTheGate


@dataclass(frozen=True, slots=True)
class Standing:
    """A version, the outcomes of its decisions (oldest first), and what gave its status; `None` while it is pending."""

    package: ModelPackage
    outcomes: tuple[OutcomeRecord, ...]
    source: StatusSource | None

    @property
    def deciding(self) -> OutcomeRecord | None:
        """The decision that gave the status; else the newest one; a dry run only where there is nothing else."""
        if isinstance(self.source, ByGate):
            return self.source.outcome
        in_force = [outcome for outcome in self.outcomes if outcome.outcome != DRY_RUN]
        return next(reversed(in_force or self.outcomes), None)

    @property
    def later(self) -> tuple[OutcomeRecord, ...]:
        """The outcomes after the deciding one, oldest first: dry runs, and judgements that changed nothing."""
        if self.deciding is None:
            return ()
        return self.outcomes[self.outcomes.index(self.deciding) + 1 :]

    @property
    def is_decided(self) -> bool:
        """Whether a decision about the version exists that its status can rest on.

        A status that was registered rests on none, whatever was judged later; nor does a dry run give one to a
        version that had its status already.
        """
        match self.source:
            case ByGate():
                return True
            case ByRegistration():
                return False
            case _:
                return any(_can_bear_a_status(outcome) for outcome in self.outcomes)


def look_up_standing(package: ModelPackage, log: DecisionLog | None) -> Standing:
    """Return how `package` stands by the records of `log`, or without any where there is no log to look in.

    Raises:
        DecisionMismatchError: something else stands where an outcome should.
        GovernanceError: the log cannot be read.
    """
    outcomes = () if log is None else _list_outcomes(package, log)
    return Standing(package, outcomes, _find_source(package, outcomes))


def read_outcome(content: bytes, uri: str) -> OutcomeRecord:
    """Return what step two recorded at `uri`, in this schema or in `governance.outcome/1`.

    Raises:
        DecisionMismatchError: something else stands there.
    """
    try:
        document = parse_strict_json(content)
        if not isinstance(document, Mapping):
            raise _no_outcome(uri)
        outcome = _text(document, "outcome")
        return OutcomeRecord(
            uri=uri,
            model_package=_text(document, "model_package"),
            created=_text(document, "model_package_created") if "model_package_created" in document else None,
            outcome=_NAMES_BEFORE.get(outcome, outcome),
            approval_status=_text(document, "approval_status"),
            given_by=_given_by(document.get("status_given_by")),
            decision=_text(document, "decision"),
            decision_uri=_text(document, "decision_uri"),
            decision_digest=_text(document, "decision_digest"),
            recorded_at=datetime.fromisoformat(_text(document, "recorded_at")).astimezone(UTC),
        )
    except (ReportError, KeyError, ValueError) as error:
        raise _no_outcome(uri) from error


def describe_source(source: StatusSource | None) -> dict[str, str | None] | None:
    """Return what gave a status as an outcome record says it; `None` for a version that is pending."""
    match source:
        case None:
            return None
        case ByGate(outcome):
            return {"source": GATE, "decision_uri": outcome.decision_uri, "outcome_uri": outcome.uri}
        case ByRegistration(by, at):
            return {"source": REGISTRATION, "created_by": _name(by), "created_at": timestamp(at)}
        case OutsideTheGate(by, at):
            return {
                "source": OUTSIDE_THE_GATE,
                "last_modified_by": _name(by),
                "last_modified_at": timestamp(at),
            }


def timestamp(moment: datetime) -> str:
    """Return a moment as records say it: UTC, with all digits that it has."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _list_outcomes(package: ModelPackage, log: DecisionLog) -> tuple[OutcomeRecord, ...]:
    # Those before it was registered are about another version, whose group was made anew. The log knows whole seconds.
    before = package.created.replace(microsecond=0) - timedelta(seconds=1)
    found = [
        read_outcome(log.read(uri), uri)
        for uri in log.written_after(records_folder(package), before)
        if uri.endswith(OUTCOME_SUFFIX)
    ]
    own = [
        outcome
        for outcome in found
        if outcome.model_package == package.arn and outcome.created in (None, created_text(package))
    ]
    return tuple(sorted(own, key=lambda outcome: outcome.recorded_at))


def _find_source(package: ModelPackage, outcomes: tuple[OutcomeRecord, ...]) -> StatusSource | None:
    if package.is_pending:
        return None
    # Only the newest one: an older Approved does not speak for a version that was rejected since.
    given = next((outcome for outcome in reversed(outcomes) if outcome.outcome == UPDATED), None)
    if given is not None and given.approval_status == package.approval_status:
        return ByGate(given)
    if package.last_modified == package.created:
        return ByRegistration(package.created_by, package.created)
    return OutsideTheGate(package.last_modified_by, package.last_modified)


def _can_bear_a_status(outcome: OutcomeRecord) -> bool:
    return outcome.saw_it_pending or (outcome.outcome == NOT_CARRIED_OUT and outcome.given_by != REGISTRATION)


def _text(document: Mapping[str, JsonValue], key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise ValueError(key)  # noqa: TRY004 - as a key that is missing: no outcome
    return value


def _given_by(value: JsonValue) -> str | None:
    source = value.get("source") if isinstance(value, Mapping) else None
    return source if isinstance(source, str) else None


def _no_outcome(uri: str) -> DecisionMismatchError:
    return DecisionMismatchError(
        f"{uri}: what became of the decision is recorded there, but something else stands there; "
        "keep it for the audit, look at the version's status, and start a new execution"
    )


def _name(identity: Identity | None) -> str | None:
    return None if identity is None else str(identity)
