"""The event buses of EventBridge: what comes onto one, from a service, a rule or `PutEvents`, goes to its rules."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, events_backends
from moto.utilities.arns import parse_arn


def install() -> None:
    """Let `PutEvents` put events onto the buses of other accounts, in this process."""
    put_own = EventsBackend.put_events

    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        # moto looks for each bus in the caller's own account and region.
        if all(_is_own(self, entry) for entry in events):
            answer: list[dict[str, Any]] = put_own(self, events)
            return answer
        results: list[dict[str, Any]] = []
        for entry in events:
            results += put_own(self, [entry]) if _is_own(self, entry) else [_put_elsewhere(self, entry)]
        return results

    EventsBackend.put_events = put_events


def put_onto_bus(event: Mapping[str, Any], bus_arn: str) -> None:
    """Hand an event to every rule of a bus; rules that do not match drop it.

    The event keeps the account and the region that it came from.
    """
    place = parse_arn(bus_arn)
    bus = events_backends[place.account][place.region].describe_event_bus(place.resource_id)
    message = dict(event)
    # moto's own targets expect seconds and write the time out themselves.
    message["time"] = message["ingestion-time"] = datetime.fromisoformat(event["time"]).timestamp()
    for rule in list(bus.rules.values()):
        rule.send_to_targets(message)


def default_bus(account: str, region: str) -> str:
    """Return the ARN of the bus that the services of an account send their events to."""
    arn: str = events_backends[account][region].describe_event_bus("default").arn
    return arn


def timestamp(moment: datetime) -> str:
    """Return a moment as events write it: UTC, whole seconds, `Z`."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_own(backend: Any, entry: Mapping[str, Any]) -> bool:
    bus = entry.get("EventBusName") or "default"
    if not bus.startswith("arn:"):
        return True
    place = parse_arn(bus)
    return (place.account, place.region) == (backend.account_id, backend.region_name)


def _put_elsewhere(backend: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": timestamp(datetime.now(UTC)),
        "region": backend.region_name,
        "resources": entry.get("Resources", []),
        "detail": json.loads(entry["Detail"]),
    }
    put_onto_bus(event, entry["EventBusName"])
    return {"EventId": event["id"]}
