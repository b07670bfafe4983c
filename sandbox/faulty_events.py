"""Events at best effort: some are lost, some come twice or late, and their times are written as AWS may write them."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.events import MODEL_PACKAGE, EventLog
from sandbox.faults import ActiveFaults, Faults
from sandbox.tasks import BackgroundTasks


class FaultyEvents(EventLog):
    """Sends events as the faults in force allow.

    An event that is lost was sent all the same, so `sent` has it; one that comes twice is there once.

    Args:
        faults: what goes wrong.
        tasks: counts the events that are late.
    """

    def __init__(self, faults: ActiveFaults, tasks: BackgroundTasks) -> None:
        super().__init__()
        self._faults = faults
        self._tasks = tasks

    def send(self, event: dict[str, Any]) -> None:
        """Keep an event, and deliver it or not."""
        settings, kind = self._faults.settings, event["detail-type"]
        worded = event | {"detail": _worded(event["detail"], kind, settings)}
        self.keep(worded)
        if self._faults.strikes_one_in(settings.lost_every, "events lost", kind):
            return
        if self._faults.strikes_one_in(settings.doubled_every, "events doubled", kind):
            self.deliver(worded)
        if self._faults.strikes_one_in(settings.late_every, "events late", kind):
            self._tasks.start(f"a late event of {kind}", self._deliver_late, worded, settings.late_seconds)
            return
        self.deliver(worded)

    def _deliver_late(self, event: Mapping[str, Any], seconds: float) -> None:
        time.sleep(seconds)
        self.deliver(event)


def _worded(detail: Mapping[str, Any], kind: str, settings: Faults) -> dict[str, Any]:
    """Return the detail of an event with its times as the faults say."""
    leave_out = "LastModifiedTime" if kind == MODEL_PACKAGE and settings.without_last_modified else None
    kept = {name: value for name, value in detail.items() if name != leave_out}
    if settings.event_times == "text":
        return kept
    return {name: _to_milliseconds(value) if name.endswith("Time") else value for name, value in kept.items()}


def _to_milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
