"""What was decided about the versions of a group, by the decision records alone; the evidence may be gone."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from aws.decision_log import DecisionLog
from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.errors import GovernanceError
from checks.outcome_record import OutcomeRecord
from pipelines.record_keys import is_decision, page_uri
from pipelines.recorded_outcomes import read_outcome
from pipelines.step_settings import OUTCOME_SUFFIX

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class Judgement(Struct, frozen=True):
    """The newest decision about a version: its record, where that is, and its outcomes where they are known.

    `status` is what the version had after the newest outcome, or `None` where nothing was carried out yet. `page` is
    where the page about the decision is, or `None` where none was written.
    """

    group: str
    version: int
    record: DecisionRecord
    uri: str
    outcomes: tuple[OutcomeRecord, ...]
    page: str | None = None

    @property
    def status(self) -> str | None:
        """The approval status with which the newest outcome left the version."""
        return self.outcomes[-1].approval_status if self.outcomes else None


def list_judged_groups(log: DecisionLog) -> tuple[str, ...]:
    """Return the names of the groups of which decisions were recorded.

    Raises:
        GovernanceError: the log cannot be listed.
    """
    return tuple(group for group in log.folders() if list_judged_versions(log, group))


def list_judged_versions(log: DecisionLog, group: str) -> tuple[int, ...]:
    """Return the versions of `group` of which decisions were recorded, newest first.

    Raises:
        GovernanceError: the log cannot be listed.
    """
    numbers = (int(name) for name in log.folders(group) if name.isascii() and name.isdecimal())
    return tuple(sorted(numbers, reverse=True))


def find_newest_judgement(
    log: DecisionLog, group: str, version: int, *, created: str | None = None
) -> Judgement | None:
    """Return the newest decision about a version, or `None` where none was recorded.

    `created` is when the version was registered, as records say it: decisions about another one, which was deleted
    and whose number was given again, are left out.

    Raises:
        GovernanceError: the records cannot be read, or are none.
    """
    uris = log.written_after(f"{group}/{version}", _ALWAYS)
    records = [
        (uri, record)
        for uri, record in _records(log, uris)
        if _is_about(None if record.model_package is None else record.model_package.created, created)
    ]
    if not records:
        return None
    outcomes = [read_outcome(log, uri) for uri in uris if uri.endswith(OUTCOME_SUFFIX)]
    own = [outcome for outcome in outcomes if _is_about(outcome.created, created)]
    uri, record = max(records, key=lambda found: found[1].decided_at)
    ordered = tuple(sorted(own, key=lambda outcome: outcome.recorded_at))
    page = page_uri(uri)
    return Judgement(group, version, record, uri, ordered, page if page in uris else None)


def find_page(log: DecisionLog, decision_uri: str, group: str, version: int) -> str | None:
    """Return where the page about a decision is, or `None` where none was written; raises as the log's list does."""
    page = page_uri(decision_uri)
    return page if page in log.written_after(f"{group}/{version}", _ALWAYS) else None


def _is_about(recorded: str | None, created: str | None) -> bool:
    """Return whether a record may be about the version created then; older records do not say."""
    return recorded is None or created in (None, recorded)


def _records(log: DecisionLog, uris: tuple[str, ...]) -> Iterator[tuple[str, DecisionRecord]]:
    for uri in uris:
        if not is_decision(uri):
            continue
        try:
            yield uri, parse_record(log.read(uri))
        except DecisionRecordError as error:
            raise GovernanceError(f"{uri}: {error}") from error
