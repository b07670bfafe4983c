"""LookML files as they are ingested: views and models apart, without what another file says already."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lkml

from assistant.context import LookmlFile
from checks.errors import GovernanceError
from disk.reading import read_bounded

MAX_BYTES = 1_000_000
_PARTS_OF_VIEWS = ("dimensions", "dimension_groups", "measures", "filters", "parameters", "sets")
_Fact = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookmlFiles:
    """Files of views and of models, by their names, and the names of those that were left out as redundant."""

    views: tuple[LookmlFile, ...]
    models: tuple[LookmlFile, ...]
    redundant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A file, and all that it says."""

    file: LookmlFile
    facts: frozenset[_Fact]


def read_lookml_files(folder: Path) -> LookmlFiles:
    """Read every `.lkml` file below `folder`; a file with views and explores counts as both.

    A file is redundant where another one says all that it says: its duplicate, whatever the layout and the comments
    are, or one with more fields or joins. Of duplicates the first by name stays.

    Raises:
        GovernanceError: there is none, or one cannot be read.
    """
    paths = sorted(folder.rglob("*.lkml"))
    if not paths:
        raise GovernanceError(f"{folder}: no .lkml file is there; name the folder of your LookML project")
    views: list[_Read] = []
    models: list[_Read] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        text, document = _read(path)
        defined, joined = _list_view_names(document), _list_joined(document)
        if defined:
            views.append(_Read(LookmlFile(name, text, defined), frozenset(_list_view_facts(document))))
        if joined:
            models.append(_Read(LookmlFile(name, text, joined), frozenset(_list_model_facts(document))))
    kept_views, kept_models = _drop_redundant(views), _drop_redundant(models)
    dropped = {read.file.name for read in (*views, *models)}
    dropped -= {file.name for file in (*kept_views, *kept_models)}
    return LookmlFiles(kept_views, kept_models, tuple(sorted(dropped)))


def _read(path: Path) -> tuple[str, Mapping[str, Any]]:
    try:
        text = read_bounded(path, max_bytes=MAX_BYTES).decode("utf-8")
        return text, lkml.load(text)
    except (SyntaxError, ValueError) as error:  # ValueError: no UTF-8, too
        raise GovernanceError(
            f"{path}: cannot be read as LookML ({str(error).strip()[:200]}); fix the file"
        ) from error


def _list_view_names(document: Mapping[str, Any]) -> tuple[str, ...]:
    names = [view["name"].removeprefix("+") for view in document.get("views", [])]
    return tuple(dict.fromkeys(names))


def _list_joined(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the views that the explores are about and join, each once."""
    names: list[str] = []
    for explore in document.get("explores", []):
        names.append(explore.get("from") or explore.get("view_name") or explore["name"].removeprefix("+"))
        names += [join.get("from") or join["name"] for join in explore.get("joins", [])]
    return tuple(dict.fromkeys(names))


def _list_view_facts(document: Mapping[str, Any]) -> Iterator[_Fact]:
    for view in document.get("views", []):
        parts = {name: view.get(name, []) for name in _PARTS_OF_VIEWS}
        yield "view", view["name"], _write({key: value for key, value in view.items() if key not in parts})
        for kind, fields in parts.items():
            yield from (("view", view["name"], kind, _write(field)) for field in fields)


def _list_model_facts(document: Mapping[str, Any]) -> Iterator[_Fact]:
    for explore in document.get("explores", []):
        own = {key: value for key, value in explore.items() if key != "joins"}
        yield "explore", explore["name"], _write(own)
        yield from (("explore", explore["name"], "joins", _write(join)) for join in explore.get("joins", []))


def _write(part: Any) -> str:
    return json.dumps(part, sort_keys=True)


def _drop_redundant(reads: Sequence[_Read]) -> tuple[LookmlFile, ...]:
    return tuple(
        one.file
        for number, one in enumerate(reads)
        if not any(_says_all(other, one, is_before=index < number) for index, other in enumerate(reads))
    )


def _says_all(other: _Read, one: _Read, *, is_before: bool) -> bool:
    """Whether `other` makes `one` redundant: it says more, or the same and comes before."""
    return one.facts < other.facts or (is_before and one.facts == other.facts)
