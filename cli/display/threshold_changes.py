"""What differs between two sets of threshold files, for people and for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence

from checks.text import without_format_marks
from checks.threshold_difference import ChangeKind, FileChange, KeyChange

_LONGEST_VALUE = 200


def list_changes(changes: Iterable[FileChange]) -> Iterator[str]:
    """Yield a line for each file that differs, and below it one for each thing in it that does."""
    for change in changes:
        groups = ", ".join(change.groups) or "no group: others extend it"
        count = f"{change.checks} check{'s'[: change.checks != 1]}"
        yield _clean(f"{change.kind}: {change.name}, for {groups}: {count}")
        if change.kind is ChangeKind.CHANGED and not change.keys:
            yield "  asks for the same in other words"
        for key in change.keys:
            yield _clean(f"  {_describe(key)}")


def describe_changes(changes: Sequence[FileChange]) -> list[dict[str, object]]:
    """Return the same for programs."""
    return [
        {
            "kind": change.kind,
            "name": change.name,
            "groups": list(change.groups),
            "checks": change.checks,
            "keys": [{"path": key.path, "before": key.before, "after": key.after} for key in change.keys],
        }
        for change in changes
    ]


def _describe(key: KeyChange) -> str:
    if key.before is None:
        return f"{key.path}: new: {_write(key.after)}"
    if key.after is None:
        return f"{key.path}: no more, was {_write(key.before)}"
    return f"{key.path}: {_write(key.before)} -> {_write(key.after)}"


def _write(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _clean(line: str) -> str:
    """Return text out of threshold files so that it cannot steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in without_format_marks(line))
