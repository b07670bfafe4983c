"""The schedules of EventBridge: rules with a `ScheduleExpression`, on demand and by a clock; moto runs none."""

import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends

from sandbox.buses import timestamp
from sandbox.delivery import Delivery

_RATE = re.compile(r"rate\((?P<number>\d+) (?P<unit>minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_LOOK_EVERY = 1.0  # seconds by the clock of the schedules


class Schedules:
    """Delivers the event of each scheduled rule that is enabled to its targets.

    Args:
        delivery: invokes the targets.
        clock: seconds since any moment, which never go back.
    """

    def __init__(self, delivery: Delivery, clock: Callable[[], float] = time.monotonic) -> None:
        self._delivery = delivery
        self._clock = clock
        self._last_run: dict[str, float] = {}

    def run(self, named: str = "") -> list[str]:
        """Run every scheduled rule whose name has `named` in it once, now; return their names."""
        rules = [rule for rule in _scheduled_rules() if named in rule.name]
        for rule in rules:
            self._deliver(rule)
        return [rule.name for rule in rules]

    def run_due(self, speed: float = 1.0) -> list[str]:
        """Run each rule whose interval is over, on a clock that is `speed` times as fast; return their names.

        AWS runs a rule for the first time one interval after it was made: here, after it was first seen.
        """
        now = self._clock() * speed
        due = [
            rule
            for rule in _scheduled_rules()
            if now - self._last_run.setdefault(rule.arn, now) >= _interval(rule.scheduled_expression)
        ]
        for rule in due:
            self._last_run[rule.arn] = now
            self._deliver(rule)
        return [rule.name for rule in due]

    def keep_running(self, speed: float) -> None:
        """Run each rule by its rate from now on, in the background."""
        threading.Thread(target=self._watch, args=[speed], name="schedules", daemon=True).start()

    def _watch(self, speed: float) -> None:
        while True:
            self.run_due(speed)
            time.sleep(_LOOK_EVERY / speed)

    def _deliver(self, rule: Any) -> None:
        event: dict[str, object] = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": timestamp(datetime.now(UTC)),
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        }
        for target in rule.targets:
            self._delivery.to_target(rule, target, event)


def _scheduled_rules() -> list[Any]:
    rules = [
        rule
        for regions in events_backends.values()
        for backend in regions.values()
        for bus in backend.event_buses.values()
        for rule in bus.rules.values()
    ]
    return [rule for rule in rules if rule.scheduled_expression and rule.state == "ENABLED"]


def _interval(expression: str) -> float:
    """Return the seconds of a `rate(...)`; the sandbox keeps no other schedule by itself."""
    match = _RATE.fullmatch(expression)
    return float("inf") if match is None else int(match["number"]) * _SECONDS[match["unit"]]
