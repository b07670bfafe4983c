"""Holds one recording against another: where the sandbox does not do what AWS did."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# What the gate reads of each answer and of an event; the rest may differ.
RELIED_ON: Mapping[str, Sequence[str]] = {
    "create_model_package": ("ModelPackageArn",),
    "create_model_package_group": ("ModelPackageGroupArn",),
    "describe_model_package": (
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "CreationTime",
        "LastModifiedTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ApprovalDescription",
        "CustomerMetadataProperties",
    ),
    "start_pipeline_execution": ("PipelineExecutionArn",),
    "update_model_package": ("ModelPackageArn",),
}
_OF_EVENT = ("ModelPackageGroupName", "ModelPackageArn", "ModelPackageStatus", "ModelApprovalStatus")
_TIMES_OF_EVENT = ("CreationTime", "LastModifiedTime")
_UPDATED = "UpdatedModelPackageFields"
_ABSENT = "nothing"


def find_differences(recorded: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield where `other` asks or answers otherwise than `recorded`, one sentence each."""
    asked = [(call["step"], call["operation"], call["request"]) for call in recorded["calls"]]
    if asked != [(call["step"], call["operation"], call["request"]) for call in other["calls"]]:
        yield "the recording asks otherwise than infra/contract/record.py does by now: record it again"
        return
    for call, answer in zip(recorded["calls"], other["calls"], strict=True):
        yield from _differences_of_call(call, answer)
    yield from _differences_of_events(recorded["events"], other["events"])


def _differences_of_call(recorded: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    step = recorded["step"]
    refused, refused_by_other = (call.get("error", {}).get("Code") for call in (recorded, other))
    if refused != refused_by_other:
        yield f"{step}: {refused or 'an answer'}, and here {refused_by_other or 'an answer'}"
        return
    for field in RELIED_ON[recorded["operation"]] if refused is None else ():
        was, by_now = (call["answer"].get(field, _ABSENT) for call in (recorded, other))
        if was != by_now:
            yield f"{step}: {field} is {was!r}, and here {by_now!r}"


def _differences_of_events(recorded: Sequence[Any], other: Sequence[Any]) -> Iterator[str]:
    """Yield what differs between the events; one that came several times counts once."""
    seen, seen_by_other = (
        {_summary(event["detail"]): None for event in events} for events in (recorded, other)
    )
    for event in seen:
        if event not in seen_by_other:
            yield f"no such event here: {dict(event)}"
    for event in seen_by_other:
        if event not in seen:
            yield f"an event that AWS does not send: {dict(event)}"


def _summary(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the gate reads of an event: values, the types of times, and the names of what was updated."""
    values = {field: str(detail.get(field, _ABSENT)) for field in _OF_EVENT}
    times = {field: type(detail[field]).__name__ if field in detail else _ABSENT for field in _TIMES_OF_EVENT}
    updated = {_UPDATED: ", ".join(sorted(detail[_UPDATED])) if _UPDATED in detail else _ABSENT}
    return tuple((values | times | updated).items())
