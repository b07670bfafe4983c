"""Above a quota, on a bad day, with events that never come: every version is decided once, as on a quiet day.

`python -m tests.sandbox.many_registrations` does the same with a thousand versions.
"""

from typing import Any

import pytest

from sandbox.faults import Faults
from tests.sandbox.many_registrations import Account, register_many

pytestmark = pytest.mark.e2e
VERSIONS = 100
BAD_DAY = Faults(
    seed=1, concurrent_executions=20, throttled=0.05, conflicts=0.05, lost_every=10, doubled_every=10
)


def test_many_versions_at_once_are_each_decided_once_as_a_quiet_day_decides(
    stack: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        figures = register_many(Account(stack.sandbox, stack.outputs), VERSIONS, BAD_DAY, say=print)
    finally:
        stack.forget_bundle()
    said = capsys.readouterr().out
    assert figures.differences == [], said
    # The six cases in turn: 34 versions are right, 50 wrong, and 16 are for people to look at.
    assert figures.decisions == {"Approved": 34, "NeedsReview": 16, "Rejected": 50}, said
    # What AWS refuses for a moment fails none of them.
    assert (figures.executions, figures.executions_that_failed) == (VERSIONS, 0), said
    # It was a bad day, on which the events alone did not do.
    happened = {mishap for mishap, times in figures.mishaps.items() if times}
    assert happened >= {"events lost", "events doubled", "calls throttled", "executions refused by the quota"}
    assert figures.decided_by_events_alone < VERSIONS
    assert figures.runs_of_the_schedule >= 1
