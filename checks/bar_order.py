"""Whether the bar was there first: thresholds that were published before the evidence was written.

A limit that is chosen with the figures in sight proves nothing. Both times are those of the store that took the bytes,
exact to the second; no file and no report is asked for its own.
"""

from datetime import UTC, datetime

from msgspec import Struct

from checks.evidence import Evidence
from checks.publication import Publication


class BarOrder(Struct, frozen=True):
    """What is known of the order; `predates` is `None` where it cannot be told, and `reason` says what was found."""

    predates: bool | None
    reason: str


def tell_bar_order(publication: Publication, evidence: Evidence) -> BarOrder:
    """Return whether thresholds were in force before all reports with figures were written."""
    measured = [report for report in evidence.reports if report.measurements]
    since = publication.since.replace(microsecond=0)
    early = earliest_written(evidence)
    if early is not None and early < since:
        first = min(report.uri for report in measured if _written(report.written_at) == early)
        reason = (
            f"{first} was written at {_in_words(early)}, and these thresholds are in force since {_in_words(since)}; "
            "write the evidence again: score the model anew, or let a person decide"
        )
        return BarOrder(predates=False, reason=reason)
    unknown = sorted(report.uri for report in measured if report.written_at is None)
    if unknown:
        reason = f"{unknown[0]}: nobody knows when it was written; attach it from S3, which keeps that time"
        return BarOrder(predates=None, reason=reason)
    if early is None:
        return BarOrder(predates=None, reason="there is no report with figures")
    reason = f"in force since {_in_words(since)}, and the oldest evidence was written at {_in_words(early)}"
    return BarOrder(predates=True, reason=reason)


def earliest_written(evidence: Evidence) -> datetime | None:
    """Return when the oldest report with figures was written, of those whose time is known; `None` without any."""
    times = (report.written_at for report in evidence.reports if report.measurements)
    return min((time.replace(microsecond=0) for time in times if time is not None), default=None)


def _written(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(microsecond=0)


def _in_words(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
