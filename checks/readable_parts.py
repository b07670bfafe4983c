"""What can be read of a threshold file in which something is wrong, so that the rest of it is examined all the same."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from checks.thresholds import Check, ThresholdContent, Waiver
from checks.unknown_keys import find_nearest_key
from checks.yaml_source import Path, PlainData, Problem

MERGE = "<<"
_Part = TypeVar("_Part", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ReadableParts:
    """The parts of a threshold file that nothing is wrong with.

    `checks`, `waivers` and `removed`, the names of inherited checks that it does without, are by their places among all
    that are written. `names` are those of all checks, of wrong ones too; `None` where one cannot be read. `owners` are
    empty where the file names none, and `None` where they cannot be read.
    """

    checks: Mapping[int, Check] = field(default_factory=dict)
    waivers: Mapping[int, Waiver] = field(default_factory=dict)
    removed: Mapping[int, str] = field(default_factory=dict)
    names: Sequence[str] | None = None
    owners: Sequence[str] | None = None


def list_parts(content: ThresholdContent) -> ReadableParts:
    """Return the parts of a file that nothing is wrong with."""
    checks = content.checks or ()
    return ReadableParts(
        checks=dict(enumerate(checks)),
        waivers=dict(enumerate(content.waivers or ())),
        removed=dict(enumerate(content.remove_checks or ())),
        names=[check.name for check in checks],
        owners=content.owners or (),
    )


def find_readable_parts(data: PlainData, problems: Sequence[Problem]) -> ReadableParts:
    """Return the parts of a file that none of `problems` is about."""
    if not isinstance(data, dict):
        return ReadableParts()
    wrong = {problem.path[:2] for problem in problems}
    doubtful = find_doubtful_keys(data, tuple(ThresholdContent.model_fields))
    owners = data.get("owners", [])
    are_readable = "owners" not in doubtful and not any(path[:1] == ("owners",) for path in wrong)
    return ReadableParts(
        checks=dict(_list_sound(Check, "checks", data, wrong)),
        waivers=dict(_list_sound(Waiver, "waivers", data, wrong)),
        removed={
            place: text.strip()
            for place, text in enumerate(_list_items(data, "remove_checks"))
            if isinstance(text, str) and ("remove_checks", place) not in wrong
        },
        names=None if "checks" in doubtful else _list_names(data),
        owners=[str(owner).strip() for owner in owners]
        if are_readable and isinstance(owners, list)
        else None,
    )


def find_doubtful_keys(data: Mapping[str, PlainData], known: tuple[str, ...]) -> set[str]:
    """Return the keys of which it cannot be told whether the mapping has them: empty, misspelt or merged ones."""
    if MERGE in data:
        return set(known)
    empty = {key for key, value in data.items() if value is None}
    meant = {find_nearest_key(key, known) for key in data if key not in known}
    return empty | {key for key in meant if key is not None}


def find_wrong_keys(problems: Sequence[Problem], path: Path) -> set[str]:
    """Return the keys of the mapping at `path` that a problem is about, or something in them."""
    depth = len(path)
    inside = [one.path for one in problems if len(one.path) > depth and one.path[:depth] == path]
    return {str(wrong[depth]) for wrong in inside}


def _list_items(data: Mapping[str, PlainData], key: str) -> list[PlainData]:
    items = data.get(key)
    return items if isinstance(items, list) else []


def _list_sound(
    part: type[_Part], key: str, data: Mapping[str, PlainData], wrong: set[Path]
) -> Iterator[tuple[int, _Part]]:
    for place, item in enumerate(_list_items(data, key)):
        if (key, place) not in wrong:
            with suppress(ValidationError):
                yield place, part.model_validate(item)


def _list_names(data: Mapping[str, PlainData]) -> list[str] | None:
    """Return the names of all checks that are written; `None` where one cannot be read."""
    names: list[str] = []
    if not isinstance(data.get("checks", []), list):
        return None
    for check in _list_items(data, "checks"):
        name = check.get("name") if isinstance(check, dict) else None
        if not isinstance(name, str):
            return None
        names.append(name.strip())
    return names
