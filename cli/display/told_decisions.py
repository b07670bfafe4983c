"""What outputs for other tools tell of a record, a version's status, or a version that was waited for."""

from collections.abc import Mapping

from checks.decision import Consequence
from checks.decision_record import DecisionRecord
from checks.outputs.told import Told
from checks.thresholds import Origin
from cli.display.version_status import NOT_LOOKED, KnownStanding, exit_code_of_standing, list_status_facts
from cli.exit_codes import ExitCode
from cli.lookup.waiting import Result, Waited, result_of

_ASKS = {
    ExitCode.APPROVED: None,
    ExitCode.REJECTED: Consequence.REJECT,
    ExitCode.NEEDS_REVIEW: Consequence.REVIEW,
}


def tell_standing(known: KnownStanding, origins: Mapping[str, Origin], *notes: str) -> Told:
    """Return what is told of a version by its status, whatever the decision was; `notes` are told with it."""
    standing = known.standing
    said = [f"{word}: {what}" for word, what in list_status_facts(standing)]
    if standing.deciding is None and not known.has_looked:
        said.append(NOT_LOOKED)
    return Told(
        subject=standing.package.arn,
        result=_headline(known.record, result_of(known)),
        asks=_ASKS[exit_code_of_standing(standing)],
        record=known.record,
        record_uri=None if standing.deciding is None else standing.deciding.decision_uri,
        notes=(*notes, *said),
        origins=origins,
    )


def _headline(record: DecisionRecord | None, result: Result) -> str:
    """Return the decision's headline where it is the result, else the result alone."""
    by_decision = {
        "Approved": Result.APPROVED,
        "Rejected": Result.REJECTED,
        "NeedsReview": Result.NEEDS_REVIEW,
    }
    if record is not None and by_decision[record.decision] is result:
        return record.headline
    return str(result).capitalize()


def tell_waited(waited: Waited, origins: Mapping[str, Origin]) -> Told:
    """Return what is told of a version that was waited for; that nothing was decided is an error."""
    if waited.known is not None:
        return tell_standing(waited.known, origins, *waited.reasons)
    return Told(
        subject=waited.arn,
        result=str(waited.result).capitalize(),
        asks=_ASKS.get(waited.exit_code, Consequence.REJECT),
        is_error=waited.exit_code is ExitCode.COULD_NOT_TRY,
        notes=waited.reasons,
    )
