"""What gave a version the status that it has: the gate, its registration, or somebody outside the gate."""

from dataclasses import dataclass
from datetime import datetime

from aws.decision_log import DecisionLog
from aws.model_packages import Identity, ModelPackage
from aws.registry_names import PENDING
from checks.outcome_record import DRY_RUN, LEFT_PENDING, NOT_CARRIED_OUT, UPDATED, OutcomeRecord, write_moment
from pipelines.recorded_outcomes import list_outcomes

GATE = "gate"
REGISTRATION = "registration"
OUTSIDE_THE_GATE = "outside_the_gate"


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
    """Return the standing of `package` by the records of `log`, or without any where there is no log to look in.

    Raises:
        DecisionMismatchError: something else is where an outcome should be.
        GovernanceError: the log cannot be read.
    """
    outcomes = () if log is None else list_outcomes(package, log)
    return Standing(package, outcomes, _find_source(package, outcomes))


def describe_source(source: StatusSource | None) -> dict[str, str | None] | None:
    """Return what gave a status as an outcome record says it; `None` for a version that is pending."""
    match source:
        case None:
            return None
        case ByGate(outcome):
            return {"source": GATE, "decision_uri": outcome.decision_uri, "outcome_uri": outcome.uri}
        case ByRegistration(by, at):
            return {"source": REGISTRATION, "created_by": _write_name(by), "created_at": write_moment(at)}
        case OutsideTheGate(by, at):
            return {
                "source": OUTSIDE_THE_GATE,
                "last_modified_by": _write_name(by),
                "last_modified_at": write_moment(at),
            }


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
    return _saw_it_pending(outcome) or (
        outcome.outcome == NOT_CARRIED_OUT and outcome.given_by != REGISTRATION
    )


def _saw_it_pending(outcome: OutcomeRecord) -> bool:
    """Whether the version still waited for a decision when this one was carried out."""
    return outcome.outcome in (UPDATED, LEFT_PENDING) or outcome.approval_status == PENDING


def _write_name(identity: Identity | None) -> str | None:
    return None if identity is None else str(identity)
