"""How old evidence is: by the time at which its store took each report, never by a report's own clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

from checks.evidence import Evidence
from checks.measurements import Measured, Measurement

_DAY = timedelta(days=1)


class ReportAges:
    """The ages of the reports of one version at the time of the decision, which is exact to the second."""

    def __init__(self, evidence: Evidence, decided_at: datetime) -> None:
        self._evidence = evidence
        self._decided_at = decided_at.replace(microsecond=0)

    def explain_unusable(self, found: Sequence[Measurement], most_days: int) -> str | None:
        """Return why measurements are too old to be used: of a report of more days than that, or of unknown age."""
        aged = sorted((one.source.uri, self._age(one.source.uri)) for one in _list_measured(found))
        limit = f"the check takes at most {most_days} day{'s'[: most_days != 1]}"
        for name, age in aged:
            if age is None:
                return f"{name}: nobody knows how old it is, and {limit}; attach it from S3, which keeps that time"
            if age > most_days * _DAY:
                return f"{name}: {_in_days(age)} old, and {limit}; measure again"
        return None

    def describe(self, found: Sequence[Measurement], most_days: int) -> str | None:
        """Return how old the oldest report behind usable measurements is; `None` where there are none."""
        every = (self._age(one.source.uri) for one in _list_measured(found))
        ages = [age for age in every if age is not None]
        return f"{_in_days(max(ages))} old, of at most {most_days}" if ages else None

    def _age(self, name: str) -> timedelta | None:
        written_at = self._written_at.get(name)
        # A store whose clock is ahead took it just now.
        return None if written_at is None else max(self._decided_at - written_at, timedelta())

    @cached_property
    def _written_at(self) -> dict[str, datetime | None]:
        """By what measurements call their report: its time, of several of one name the earliest, unknown before all."""
        found: dict[str, datetime | None] = {}
        for report in self._evidence.reports:
            for name in {measurement.source.uri for measurement in report.measurements}:
                times = (report.written_at, found.get(name, report.written_at))
                known = [time for time in times if time is not None]
                found[name] = min(known) if len(known) == len(times) else None
        return found


def _list_measured(found: Sequence[Measurement]) -> list[Measured]:
    return [one for one in found if isinstance(one, Measured)]


def _in_days(age: timedelta) -> str:
    return f"{age / _DAY:.1f} days"
