"""What differs between two sets of threshold files, by what they come to: files, their keys, checks and waivers."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from checks.effective_file import describe_effective
from checks.thresholds import ThresholdFile

# What is not part of what a file asks for, or is told piece by piece.
_TOLD_OTHERWISE = frozenset({"schema", "name", "source", "sha256", "sources", "checks", "waivers"})


class ChangeKind(StrEnum):
    """What happens to a file, a check or a waiver."""

    NEW = "new"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class KeyChange(Struct, frozen=True):
    """One thing of a file that is another: `path` is such as `mode` or `check accuracy: at_least`.

    `before` is `None` where it was not there, and `after` where it is not there any more; both are as JSON has them.
    """

    path: str
    before: object
    after: object


class FileChange(Struct, frozen=True):
    """One file that differs, by its name: the groups that it is for (after, or before where it is withdrawn).

    A file that is `CHANGED` without `keys` has other words, such as comments, and asks for the same.
    """

    kind: ChangeKind
    name: str
    groups: tuple[str, ...]
    checks: int
    keys: tuple[KeyChange, ...] = ()


def compare_thresholds(
    before: Sequence[ThresholdFile], after: Sequence[ThresholdFile]
) -> tuple[FileChange, ...]:
    """Return what differs, by the names of the files; nothing where the same files say the same, byte for byte."""
    old, new = ({file.name: file for file in files} for files in (before, after))
    changes = (_compare_files(old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys()))
    return tuple(change for change in changes if change is not None)


def _compare_files(before: ThresholdFile | None, after: ThresholdFile | None) -> FileChange | None:
    if after is None:
        return None if before is None else _describe_change(ChangeKind.WITHDRAWN, before)
    if before is None:
        return _describe_change(ChangeKind.NEW, after)
    if before.sha256 == after.sha256:
        return None
    return _describe_change(ChangeKind.CHANGED, after, tuple(_compare_keys(before, after)))


def _describe_change(kind: ChangeKind, file: ThresholdFile, keys: tuple[KeyChange, ...] = ()) -> FileChange:
    return FileChange(kind, file.name, file.applies_to, len(file.checks), keys)


def _compare_keys(before: ThresholdFile, after: ThresholdFile) -> Iterator[KeyChange]:
    old, new = describe_effective(before), describe_effective(after)
    for key in [one for one in new if one not in _TOLD_OTHERWISE]:
        if old[key] != new[key]:
            yield KeyChange(key, old[key], new[key])
    yield from _compare_parts("check", _checks_of(before), _checks_of(after))
    yield from _compare_parts("waiver", _waivers_of(before), _waivers_of(after))


def _checks_of(file: ThresholdFile) -> Mapping[str, Mapping[str, object]]:
    return {check.name: check.model_dump(mode="json", exclude_none=True) for check in file.checks}


def _waivers_of(file: ThresholdFile) -> Mapping[str, Mapping[str, object]]:
    return {
        f"{waiver.check} [{waiver.facet}]" if waiver.facet else waiver.check: waiver.model_dump(
            mode="json", exclude_none=True
        )
        for waiver in file.waivers
    }


def _compare_parts(
    kind: str, before: Mapping[str, Mapping[str, object]], after: Mapping[str, Mapping[str, object]]
) -> Iterator[KeyChange]:
    """Yield what differs in parts that have names: one that comes or goes whole, otherwise key by key."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield KeyChange(f"{kind} {name}", old, new)
            continue
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield KeyChange(f"{kind} {name}: {key}", old.get(key), new.get(key))
