"""People's ratings, read from files whose columns have many names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.csv_files import COMMA
from scorers.feedback.scale import Scale
from scorers.item_groups import facet_groups
from scorers.lines import SHOWN_PROBLEMS, Line, LinesError, check_lines

RATING, SESSION, FACETS = "rating", "session", "facets"
RATING_NAMES = (
    *("score", "stars", "user_rating", "rating_value", "nps", "nps_score", "grade", "value", "feedback"),
)
WHOLE = re.compile(r"\+?(?P<number>-?[0-9]{1,9})(?:\.0*|,0{1,2})?")
FRACTION = re.compile(r"[-+]?[0-9]*[.,][0-9]+")
LONGEST_SHOWN = 40


class Rating(Struct, frozen=True):
    """One rating, where it stood, and whose it is. Ratings of one session are not independent of each other."""

    line: int
    rating: int
    session: str
    facets: Mapping[str, JsonValue]
    groups: tuple[str, ...]


class Columns(Struct, frozen=True, kw_only=True):
    """What is in which column: the rating, whose it is (`None`: in `session`, if there is one), and its groups.

    `separator` is the character between the cells of a CSV file.
    """

    rating: str = RATING
    session: str | None = None
    facets: Sequence[str] = ()
    separator: str = COMMA


ALL_COLUMNS = Columns()


def read_ratings(path: Path, columns: Columns, scale: Scale) -> tuple[list[Rating], Columns, list[str]]:
    """Return the ratings of `path`, the columns that they were read from, and the names of all its columns.

    Raises:
        LinesError: naming every line that cannot be used, or that there is none.
        GovernanceError: when the file cannot be read, or a column is missing.
    """
    lines: list[Line] = []

    def keep(line: Line) -> None:
        lines.append(line)

    check_lines(path, keep, columns.separator)
    names = list(dict.fromkeys(name for line in lines for name in line.value))
    read = _resolve_columns(path, columns, names)
    ratings: list[Rating] = []
    problems: list[str] = []
    fractions: list[str] = []  # said in one line: all of a file are fractions, or none
    for line in lines:
        try:
            ratings.append(_parse_rating(line, read, scale))
        except _FractionError as fraction:
            fractions.append(f"{fraction} in line {line.number}")
        except GovernanceError as error:
            problems.append(f"{path}:{line.number}: {error}")
    if fractions:
        more = f" and {len(fractions) - 1:,} more" if len(fractions) > 1 else ""
        problems.insert(
            0, f"{path}: rating: {fractions[0]}{more}: {_say_way_out(scale)}; round them as you see fit"
        )
    if problems:
        raise LinesError(problems[:SHOWN_PROBLEMS], max(len(problems) - SHOWN_PROBLEMS, 0))
    return ratings, read, names


class _FractionError(GovernanceError):
    """A rating between two whole numbers."""


def _resolve_columns(path: Path, columns: Columns, names: Sequence[str]) -> Columns:
    """Return `columns` by the names that the file has for them, whatever their case.

    Raises:
        GovernanceError: when one that is needed is missing; the message says what is read from which column.
    """
    rating = _find_column(columns.rating, names)
    facets = [_find_column(facet, names) for facet in columns.facets]
    session = _find_column(columns.session or SESSION, names)
    missing = [
        (option, name)
        for option, name, found in (
            ("--rating", columns.rating, rating),
            ("--session", columns.session, session),
            *(("--facet", name, found) for name, found in zip(columns.facets, facets, strict=True)),
        )
        if name is not None and found is None
    ]
    if missing:
        asked = ", ".join(f'"{name}" ({option})' for option, name in missing)
        guess = next((name for name in names if name.lower() in RATING_NAMES), "COLUMN")
        raise GovernanceError(
            f"{path}: no column {asked}; there are {', '.join(names) or 'none'}. "
            f"The rating is in the column rating, or name it: --rating {guess}; whose ratings belong together in "
            "session (optional), or --session COLUMN; groups in facets (optional, a JSON object), or --facet COLUMN"
        )
    return Columns(
        rating=rating or columns.rating,
        session=session,
        facets=[facet for facet in facets if facet is not None],
    )


def _find_column(name: str, names: Sequence[str]) -> str | None:
    if name in names:
        return name
    same = [other for other in names if other.strip().casefold() == name.strip().casefold()]
    return same[0] if len(same) == 1 else None


def _say_way_out(scale: Scale) -> str:
    return f"a rating is a whole number from {scale.low} to {scale.high} (or set --scale)"


def _parse_rating(line: Line, columns: Columns, scale: Scale) -> Rating:
    rating = _parse_whole_number(line.value.get(columns.rating), scale)
    if not scale.low <= rating <= scale.high:
        raise GovernanceError(f"rating: {rating} is out of range; {_say_way_out(scale)}")
    given = line.json(FACETS)
    if given is not None and not isinstance(given, Mapping):
        raise GovernanceError('facets: not a mapping; write {"region": "CA"}')
    grouped: dict[str, JsonValue] = {**(given or {})}
    for column in columns.facets:
        cell = line.value.get(column)
        group = cell.strip() if isinstance(cell, str) else cell
        if group not in {None, ""}:
            grouped[column] = group
    session = None if columns.session is None else line.value.get(columns.session)
    return Rating(
        line.number, rating, "" if session is None else str(session).strip(), grouped, facet_groups(grouped)
    )


def _parse_whole_number(cell: JsonValue, scale: Scale) -> int:
    """Return the rating in a cell: 5, 5.0, "5", " 5.0 " and "5,0" are all five.

    Raises:
        _FractionError: for 4.5.
        GovernanceError: for anything else.
    """
    text = "" if cell is None or isinstance(cell, bool) else str(cell).strip()
    if found := WHOLE.fullmatch(text):
        return int(found["number"])
    if FRACTION.fullmatch(text):
        raise _FractionError(text)
    shown = text if text or cell is None else str(cell)
    raise GovernanceError(f'rating: "{shown[:LONGEST_SHOWN]}" is no rating; {_say_way_out(scale)}')
