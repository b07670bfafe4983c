"""The schedules of EventBridge: rules with a `ScheduleExpression`, on demand and by a clock; moto runs none."""

import re
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends

from sandbox.delivery import Delivery
from sandbox.events import timestamp

_RATE = re.compile(r"rate\((?P<number>\d+) (?P<unit>minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


class Schedules:
    """Delivers the event of each scheduled rule that is enabled to its targets.

    Args:
        delivery: invokes the targets.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._last_run: dict[str, float] = {}

    def run(self) -> list[str]:
        """Run every scheduled rule once, now; return their names."""
        rules = _scheduled_rules()
        for rule in rules:
            self._deliver(rule)
        return [rule.name for rule in rules]

    def keep_running(self) -> None:
        """Run each rule by its rate from now on, in the background."""
        threading.Thread(target=self._watch, name="schedules", daemon=True).start()

    def _watch(self) -> None:
        while True:
            for rule in _scheduled_rules():
                # AWS runs a rule for the first time one interval after it was made.
                last = self._last_run.setdefault(rule.arn, time.monotonic())
                if time.monotonic() - last >= _interval(rule.scheduled_expression):
                    self._last_run[rule.arn] = time.monotonic()
                    self._deliver(rule)
            time.sleep(1)

    def _deliver(self, rule: Any) -> None:
        event = {
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
