"""What can be read of a threshold file in which something is wrong, so that the rest of it is examined all the same."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field
from pydantic import ValidationError

from checks.thresholds import Check, ThresholdContent, Waiver
from checks.unknown_keys import find_nearest_key
from checks.yaml_source import Path, PlainData, Problem

MERGE = "<<"


class ReadableWaiver(Struct, frozen=True):
    """What can be read of a waiver: its check and who approved it, `None` where that cannot be read.

    `facet` is `None` where it has none, and counts only where `has_facet_known`.
    """

    check: str | None
    facet: str | None
    approved_by: str | None
    has_facet_known: bool = True


class ReadableParts(Struct, frozen=True):
    """The parts of a threshold file that nothing is wrong with.

    `checks`, `waivers` and `removed`, the names of inherited checks that it does without, are by their places among all
    that are written; of waivers each key by itself. `names` are those of all checks, of wrong ones too; `None` where
    one cannot be read. `owners` are empty where the file names none, and `None` where they cannot be read.
    """

    checks: Mapping[int, Check] = field(default_factory=dict)
    waivers: Mapping[int, ReadableWaiver] = field(default_factory=dict)
    removed: Mapping[int, str] = field(default_factory=dict)
    names: Sequence[str] | None = None
    owners: Sequence[str] | None = None


def list_parts(content: ThresholdContent) -> ReadableParts:
    """Return the parts of a file that nothing is wrong with."""
    checks = content.checks or ()
    return ReadableParts(
        checks=dict(enumerate(checks)),
        waivers={
            place: ReadableWaiver(waiver.check, waiver.facet, waiver.approved_by)
            for place, waiver in enumerate(content.waivers or ())
        },
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
        checks=dict(_list_sound_checks(data, wrong)),
        waivers=dict(_list_readable_waivers(data, problems)),
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


def _list_sound_checks(data: Mapping[str, PlainData], wrong: set[Path]) -> Iterator[tuple[int, Check]]:
    for place, item in enumerate(_list_items(data, "checks")):
        if ("checks", place) not in wrong:
            with suppress(ValidationError):
                yield place, Check.model_validate(item)


def _list_readable_waivers(
    data: Mapping[str, PlainData], problems: Sequence[Problem]
) -> Iterator[tuple[int, ReadableWaiver]]:
    for place, item in enumerate(_list_items(data, "waivers")):
        if not isinstance(item, dict):
            continue
        unreadable = find_wrong_keys(problems, ("waivers", place))
        unreadable |= find_doubtful_keys(item, tuple(Waiver.model_fields))
        texts = {
            key: said.strip() for key, said in item.items() if isinstance(said, str) and key not in unreadable
        }
        yield (
            place,
            ReadableWaiver(
                texts.get("check"), texts.get("facet"), texts.get("approved_by"), "facet" not in unreadable
            ),
        )


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
