"""Moves on the workbench: what of a threshold file may be moved there, and the bytes of the files after it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from checks.limits import KINDS
from checks.threshold_file import read_source
from checks.yaml_edit import ValueEdit, YamlEditError, edit_yaml

LIMIT_KEYS = tuple(key for kind in KINDS for key in kind.keys)
DEMAND_KEYS = ("confidence", "min_samples")
SEVERITY_KEYS = ("on_failure", "on_missing", "on_inconclusive")
WAIVER_KEYS = ("facet", "reason", "expires")
NEW = "new"  # in the place of the index of a waiver that is not there yet
_WAIVERS = "waivers"
_BOM = "\ufeff"
_BEHIND = {  # keys behind which a new one is written, nearest first
    "confidence": tuple(reversed(LIMIT_KEYS)),
    "min_samples": ("confidence", *reversed(LIMIT_KEYS)),
    **{key: ("min_samples", "confidence", *reversed(LIMIT_KEYS)) for key in SEVERITY_KEYS},
    "facet": ("check",),
}

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Place = Annotated[int, Field(ge=0)]


class NewWaiver(BaseModel):
    """A waiver that is not there yet, with its texts as they are typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    check: str
    facet: str | None = None
    reason: str
    approved_by: str
    expires: str

    @property
    def written(self) -> dict[str, str]:
        """What a file has of it, in the order of its keys there."""
        texts = {key: getattr(self, key) for key in ("check", "facet", "reason", "approved_by", "expires")}
        return {key: text for key, text in texts.items() if text}


class ThresholdMove(BaseModel):
    """One value of the file `source` that is another: at `path`, `None` where it is to be gone."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    source: str
    path: Annotated[tuple[_Place | str, ...], Field(strict=False, min_length=2, max_length=4)]
    value: int | _Number | str | NewWaiver | None

    @property
    def is_allowed(self) -> bool:
        """Whether it is of what the workbench moves: a limit, a demand, a severity, a waiver."""
        match self.path:
            case ("checks", int(), str(key)):
                return key in LIMIT_KEYS + DEMAND_KEYS + SEVERITY_KEYS and not isinstance(
                    self.value, NewWaiver
                )
            # A part of a limit: an end of a range, or what a baseline allows. The file's reader knows which has which.
            case ("checks", int(), str(key), 0 | 1 | "absolute" | "relative"):
                return key in LIMIT_KEYS and isinstance(self.value, int | float)
            case ("waivers", int()):
                return self.value is None
            case ("waivers", int(), str(key)):
                return key in WAIVER_KEYS and isinstance(self.value, str | None)
            case ("waivers", "new"):
                return isinstance(self.value, NewWaiver)
        return False

    @property
    def takes_waiver(self) -> bool:
        """Whether it takes a whole waiver away."""
        return self.path[0] == _WAIVERS and self.value is None and isinstance(self.path[-1], int)


class ThresholdMoves(BaseModel):
    """Everything that is moved at one time."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    moves: Annotated[tuple[ThresholdMove, ...], Field(strict=False, max_length=5_000)]


def apply_moves(contents: Mapping[str, bytes], moves: Iterable[ThresholdMove]) -> dict[str, bytes]:
    """Return the files with the moves in them; the paths are those of the files as they are given.

    `contents` are the bytes of each, all of them readable as threshold files. What is not moved stays byte for byte.

    Raises:
        YamlEditError: a move is not allowed, is about a file that is not here, or cannot be made in the text.
    """
    by_source: defaultdict[str, list[ThresholdMove]] = defaultdict(list)
    for move in moves:
        if move.source not in contents or not move.is_allowed:
            raise YamlEditError(f"{move.source}: {list(move.path)} cannot be moved here; reload the page")
        by_source[move.source].append(move)
    moved = {source: _move_in(source, contents[source], found) for source, found in by_source.items()}
    return {**contents, **moved}


def _move_in(source: str, content: bytes, moves: Sequence[ThresholdMove]) -> bytes:
    text = content.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    had = read_source(content, source).content
    waivers = 0 if had is None else len(had.waivers or ())
    try:
        edited = edit_yaml(text.removeprefix(mark), _list_edits(moves, waivers))
    except YamlEditError as error:
        raise YamlEditError(f"{source}: {error}") from error
    return (mark + edited).encode()


def _list_edits(moves: Sequence[ThresholdMove], waivers: int) -> list[ValueEdit]:
    """Return the moves in an order in which none shifts the place of another; `waivers` is how many there are."""
    new = [move.value.written for move in moves if isinstance(move.value, NewWaiver)]
    gone = {move.path[1] for move in moves if move.takes_waiver}
    edits = [
        ValueEdit(move.path, move.value, _BEHIND.get(str(move.path[-1]), ()))
        for move in moves
        if not isinstance(move.value, NewWaiver) and not (move.path[0] == _WAIVERS and move.path[1] in gone)
    ]
    if new and waivers:
        edits += [ValueEdit((_WAIVERS, waivers + place), item) for place, item in enumerate(new)]
    elif new:
        edits.append(ValueEdit((_WAIVERS,), new))
    if gone and len(gone) == waivers and not new:
        return [*edits, ValueEdit((_WAIVERS,), None)]
    # The last first, so that those before keep their places.
    return edits + [ValueEdit((_WAIVERS, place), None) for place in sorted(map(int, gone), reverse=True)]
