"""Scheduled rules run on demand, and by a clock while somebody keeps a sandbox up."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.delivery import Delivery
from sandbox.schedules import Schedules
from sandbox.server import Sandbox

TARGET = "arn:aws:lambda:us-east-1:123456789012:function:any"
SAYS = """
    import json

    def handler(event, context):
        print("RUN", json.dumps(event))
"""


class Delivered(Delivery):
    """Keeps which rule an event was for, and the event."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def to_target(self, rule: Any, target: Any, event: Any) -> None:
        assert target["Arn"] == TARGET
        self.events.append((rule.name, event))


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rules() -> Iterator[Any]:
    """What makes scheduled rules in moto."""
    with mock_aws():
        events = boto3.client(
            "events", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )

        def make(name: str, schedule: str, state: Any = "ENABLED") -> None:
            events.put_rule(Name=name, ScheduleExpression=schedule, State=state)
            events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": TARGET}])

        pattern = json.dumps({"source": ["aws.sagemaker"]})
        events.put_rule(Name="no-schedule", EventPattern=pattern)
        yield make


def test_on_demand_every_rule_that_is_enabled_runs_once(rules: Any) -> None:
    rules("often", "rate(2 minutes)")
    rules("seldom", "rate(1 day)")
    rules("never", "rate(1 minute)", "DISABLED")
    delivered = Delivered()
    schedules = Schedules(delivered)
    assert sorted(schedules.run()) == ["often", "seldom"]
    assert sorted(name for name, _ in delivered.events) == ["often", "seldom"]
    assert (schedules.run("sel"), schedules.run("never")) == (["seldom"], [])
    event = dict(delivered.events)["often"]
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/often"]


@pytest.mark.parametrize(
    ("schedule", "speed", "looks"),
    [
        pytest.param("rate(1 minute)", 1, {0: 0, 59: 0, 60: 1, 119: 1, 121: 2}, id="each minute"),
        pytest.param("rate(5 minutes)", 1, {0: 0, 299: 0, 300: 1}, id="each five minutes"),
        pytest.param("rate(2 hours)", 1, {0: 0, 7199: 0, 7200: 1}, id="each two hours"),
        pytest.param("rate(1 day)", 1, {0: 0, 86_400: 1}, id="each day"),
        pytest.param("rate(1 minute)", 60, {0: 0, 1: 1, 2: 2}, id="sixty times as fast"),
        pytest.param(
            "cron(0 12 * * ? *)", 1, {0: 0, 1_000_000: 0}, id="a schedule that the sandbox cannot read"
        ),
    ],
)
def test_by_the_clock_a_rule_runs_each_time_its_interval_is_over(
    rules: Any, schedule: str, speed: float, looks: dict[int, int]
) -> None:
    """`looks` are seconds since the rule was first seen, and how often it has run by then."""
    rules("rule", schedule)
    delivered, clock = Delivered(), Clock()
    schedules = Schedules(delivered, clock)
    for seconds, runs in looks.items():
        clock.now = 1000.0 + seconds
        schedules.run_due(speed)
        assert (seconds, len(delivered.events)) == (seconds, runs)


def test_a_sandbox_that_is_kept_up_runs_its_schedules_by_itself(account_of: Any) -> None:
    with Sandbox(schedule_speed=60) as sandbox:
        account = account_of(sandbox)
        function = account.function(SAYS)
        events = account.client("events")
        events.put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)")
        events.put_targets(Rule="each-minute", Targets=[{"Id": "1", "Arn": function}])
        for _ in range(600):
            if runs := [line for line in account.log(function) if line.startswith("RUN ")]:
                break
            time.sleep(0.1)
        else:
            pytest.fail("the rule did not run within a minute")
    assert json.loads(runs[0].removeprefix("RUN "))["resources"][0].endswith(":rule/each-minute")
