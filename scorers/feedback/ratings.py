"""Feedback as evidence: people's ratings in, net promoter score and mean rating out.

The net promoter score is the share of promoters less the share of detractors, times 100 (Reichheld, The one number
you need to grow, Harvard Business Review, 2003): -100 to 100. On the scale from 0 to 10, promoters rate 9 or 10 and
detractors 0 to 6. The scale from 1 to 5 has no canonical mapping; here 5 promotes and 1 to 3 detract, unless set.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

from checks.errors import GovernanceError
from checks.measurements import Interval, Measured, Measurement
from checks.strict_json import JsonValue
from scorers.csv_files import COMMA
from scorers.evidence_writer import EvidenceWriter
from scorers.facets import MAX_GROUPS, facet_groups
from scorers.group_figures import HERE, Figure, measure_groups
from scorers.input_file import InputFile, open_input
from scorers.lines import SHOWN_PROBLEMS, Line, LinesError, check_lines
from scorers.uncertainty import estimate

GROUP = "feedback"
LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
POINTS = 100
RATING, SESSION, FACETS = "rating", "session", "facets"
PASSED_OVER = (FACETS, "comment")  # facets are read, and comments are left alone on purpose
RATING_NAMES = (
    "score",
    "stars",
    "user_rating",
    "rating_value",
    "nps",
    "nps_score",
    "grade",
    "value",
    "feedback",
)
SESSION_NAMES = (
    "session_id",
    "sessionid",
    "conversation_id",
    "conversation",
    "user_id",
    "user",
    "customer_id",
)
WHOLE = re.compile(r"\+?(?P<number>-?[0-9]{1,9})(?:\.0*|,0{1,2})?")
FRACTION = re.compile(r"[-+]?[0-9]*[.,][0-9]+")
SHOWN_COLUMNS = 10
LONGEST_SHOWN = 40
KINDS = {1: "promote", 0: "neither", -1: "detract"}


@dataclass(frozen=True, slots=True)
class Scale:
    """The ratings that people could give, and which of them promote (from) and detract (up to).

    Raises:
        GovernanceError: for a mapping in which one rating would do both, or that lies outside the scale.
    """

    low: int
    high: int
    promoters_from: int
    detractors_to: int

    def __post_init__(self) -> None:
        if not self.low <= self.detractors_to < self.promoters_from <= self.high:
            raise GovernanceError(
                f"promoters from {self.promoters_from}, detractors up to {self.detractors_to}: on a scale from "
                f"{self.low} to {self.high} detractors come first, and both lie on it"
            )

    def points(self, rating: int) -> int:
        """Return what one rating adds to the net promoter score: 1, 0 or -1."""
        return int(rating >= self.promoters_from) - int(rating <= self.detractors_to)


FIVE_POINTS = Scale(1, 5, promoters_from=5, detractors_to=3)
ELEVEN_POINTS = Scale(0, 10, promoters_from=9, detractors_to=6)


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating, where it stood, and whose it is. Ratings of one session are not independent of each other."""

    line: int
    rating: int
    session: str
    facets: Mapping[str, JsonValue]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What stands in which column: the rating, whose it is (`None`: in `session`, if there is one), and its groups.

    `separator` is the character between the cells of a CSV file.
    """

    rating: str = RATING
    session: str | None = None
    facets: Sequence[str] = ()
    separator: str = COMMA


ALL_COLUMNS = Columns()


@dataclass(frozen=True, slots=True)
class FeedbackEvidence:
    """What came of the ratings: how many promote and detract, and remarks that the user should see."""

    measurements: tuple[Measurement, ...]
    responses: int
    kinds: Mapping[str, int]
    remarks: Sequence[str]


def score_feedback(
    ratings: Path, output: Path, *, scale: Scale = FIVE_POINTS, columns: Columns = ALL_COLUMNS
) -> FeedbackEvidence:
    """Score ratings (CSV, JSON Lines, a JSON array or Parquet); write `evaluation.json` and `results.jsonl`.

    Beside the groups of `columns`, a column `facets` may hold a JSON object of them. Comments are not copied: they may
    say who wrote them.

    Raises:
        GovernanceError: naming every line that cannot be used, or that there is none.
    """
    with open_input(ratings) as source:
        found, names = _read(ratings, columns, scale)
    groups: dict[str, list[Rating]] = defaultdict(list)
    for rating in found:
        for group in rating.groups:
            groups[group].append(rating)
    if len(groups) > MAX_GROUPS:
        raise GovernanceError(
            f"{ratings}: more than {MAX_GROUPS:,} groups; a facet groups, it does not identify"
        )
    measured = _measurements(found, groups, scale)
    with EvidenceWriter(output) as writer:
        for rating in found:
            writer.add_result(
                {
                    "line": rating.line,
                    "rating": rating.rating,
                    "nps_points": scale.points(rating.rating),
                    "facets": dict(rating.facets),
                }
            )
        writer.finish(measured, _provenance(source, found, scale))
    kinds = Counter(KINDS[scale.points(rating.rating)] for rating in found)
    remarks = list(_remarks(_found(ratings, columns, names), names))
    return FeedbackEvidence(tuple(measured), len(found), kinds, remarks)


def net_promoter_score(points: Sequence[int], sessions: Sequence[str] = ()) -> Measured:
    """Return the score of `points` (1, 0 and -1) with its standard error and 95 % interval, all in points of 100.

    The variance is the multinomial's, (p + d - (p - d)²) / n, with one promoter and one detractor added to the sample
    so that a small unanimous one is not taken for certain (Bonett and Price, Adjusted Wald confidence interval for a
    difference of binomial proportions based on paired data, Journal of Educational and Behavioral Statistics 37,
    2012). Where sessions gave several ratings, the error is at least that of whole sessions drawn at random.
    """
    samples = len(points)
    counts = Counter(points)
    value = POINTS * (counts[1] - counts[-1]) / samples
    promoters, detractors = (counts[1] + 1) / (samples + 2), (counts[-1] + 1) / (samples + 2)
    centre = promoters - detractors
    error = POINTS * math.sqrt((promoters + detractors - centre**2) / (samples + 2))
    clustered = _clustered_error([POINTS * point for point in points], sessions)
    error = max(error, clustered or 0.0)
    interval = Interval(
        max(-POINTS, POINTS * centre - Z * error), min(POINTS, POINTS * centre + Z * error), LEVEL
    )
    return Measured(
        f"{GROUP}.nps", value, HERE, samples=samples, standard_error=error, interval=_holding(interval, value)
    )


def mean_rating(ratings: Sequence[int], scale: Scale, sessions: Sequence[str] = ()) -> Measured:
    """Return the mean of `ratings` with its spread, its standard error and its 95 % interval (normal)."""
    whole = estimate([[float(rating)] for rating in ratings], low=scale.low, high=scale.high)
    clustered = _clustered_error(ratings, sessions)
    error = whole.standard_error
    if error is not None:
        error = max(error, clustered or 0.0)
    interval = None
    if error is not None:
        low, high = max(scale.low, whole.value - Z * error), min(scale.high, whole.value + Z * error)
        interval = Interval(low, high, LEVEL)
    return Measured(
        f"{GROUP}.mean_rating",
        whole.value,
        HERE,
        samples=whole.samples,
        standard_deviation=whole.standard_deviation,
        standard_error=error,
        interval=interval,
    )


def _holding(interval: Interval, value: float) -> Interval:
    """The interval, reaching to the value itself: the adjusted centre lies nearer to 0 than it."""
    return Interval(min(interval.low, value), max(interval.high, value), interval.confidence)


def _clustered_error(values: Sequence[float], sessions: Sequence[str]) -> float | None:
    """The standard error of a mean whose sessions were drawn whole; `None` where every session gave one value.

    The linearised variance of a ratio (Cochran, Sampling Techniques, 1977, section 9A).
    """
    totals: dict[str, float] = defaultdict(float)
    mean = math.fsum(values) / len(values)
    for index, (value, session) in enumerate(zip(values, sessions, strict=False)):
        totals[session or f"\0{index}"] += value - mean
    if not 1 < len(totals) < len(values):
        return None
    squares = math.fsum(total**2 for total in totals.values())
    return math.sqrt(squares * len(totals) / (len(totals) - 1)) / len(values)


def _measurements(
    found: Sequence[Rating], groups: Mapping[str, Sequence[Rating]], scale: Scale
) -> list[Measurement]:
    by_group = {group: _measure(groups[group], scale) for group in sorted(groups)}
    result: list[Measurement] = []
    for index, whole in enumerate(_measure(found, scale)):
        of_groups = {group: _figure(measured[index]) for group, measured in by_group.items()}
        result += measure_groups(whole, of_groups)
    responses = Measured(f"{GROUP}.responses", len(found), HERE)
    counts = [replace(responses, value=len(groups[group]), facet=group) for group in by_group]
    return [*result, responses, *counts]


def _measure(ratings: Sequence[Rating], scale: Scale) -> tuple[Measured, Measured]:
    sessions = [rating.session for rating in ratings]
    return (
        net_promoter_score([scale.points(rating.rating) for rating in ratings], sessions),
        mean_rating([rating.rating for rating in ratings], scale, sessions),
    )


def _figure(stated: Measured) -> Figure:
    error = stated.standard_error
    return Figure(stated, stated.samples or 0, None if error is None else Fraction(error) ** 2)


def _provenance(source: InputFile, found: Sequence[Rating], scale: Scale) -> dict[str, JsonValue]:
    return {
        **source.provenance(GROUP, len(found)),
        "sessions": len({rating.session for rating in found if rating.session}),
        "scale": {
            "low": scale.low,
            "high": scale.high,
            "promoters_from": scale.promoters_from,
            "detractors_to": scale.detractors_to,
        },
    }


def _read(path: Path, columns: Columns, scale: Scale) -> tuple[list[Rating], list[str]]:
    """Return the ratings of `path`, and the names of all its columns."""
    lines: list[Line] = []

    def keep(line: Line) -> None:
        lines.append(line)

    check_lines(path, keep, columns.separator)
    names = list(dict.fromkeys(name for line in lines for name in line.value))
    read = _found(path, columns, names)
    ratings: list[Rating] = []
    fractions: list[str] = []
    problems: list[str] = []
    for line in lines:
        try:
            ratings.append(_rating(line, read, scale))
        except _FractionError as fraction:
            fractions.append(f"{fraction} in line {line.number}")
        except GovernanceError as error:
            problems.append(f"{path}:{line.number}: {error}")
    if fractions:
        more = f" and {len(fractions) - 1:,} more" if len(fractions) > 1 else ""
        problems.insert(
            0, f"{path}: rating: {fractions[0]}{more}: {_way_out(scale)}; round them as you see fit"
        )
    if problems:
        raise LinesError(problems[:SHOWN_PROBLEMS], max(len(problems) - SHOWN_PROBLEMS, 0))
    return ratings, names


class _FractionError(GovernanceError):
    """A rating between two whole numbers."""


def _found(path: Path, columns: Columns, names: Sequence[str]) -> Columns:
    """Return `columns` by the names that the file has for them, whatever their case.

    Raises:
        GovernanceError: when one that is needed is missing; the message says what is read from which column.
    """
    rating, facets = _named(columns.rating, names), [_named(facet, names) for facet in columns.facets]
    session = _named(columns.session or SESSION, names)
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
            f"The rating stands in the column rating, or name it: --rating {guess}; whose ratings belong together in "
            "session (optional), or --session COLUMN; groups in facets (optional, a JSON object), or --facet COLUMN"
        )
    return Columns(
        rating=rating or columns.rating,
        session=session,
        facets=[facet for facet in facets if facet is not None],
    )


def _named(name: str, names: Sequence[str]) -> str | None:
    if name in names:
        return name
    same = [other for other in names if other.strip().casefold() == name.strip().casefold()]
    return same[0] if len(same) == 1 else None


def _remarks(columns: Columns, names: Sequence[str]) -> Iterator[str]:
    """Say which columns were passed over, and which of them look as if they should not be."""
    read = {columns.rating, columns.session, *columns.facets, *PASSED_OVER}
    over = [name for name in names if name not in read]
    if not over:
        return
    yield f"columns not read: {', '.join(over[:SHOWN_COLUMNS])}" + (
        ", …" if len(over) > SHOWN_COLUMNS else ""
    )
    sessions = [name for name in over if name.lower() in SESSION_NAMES]
    if sessions and columns.session is None:
        yield (
            f"ratings of one person are not independent: if {sessions[0]} says whose they are, name it with "
            f"--session {sessions[0]}"
        )


def _way_out(scale: Scale) -> str:
    return f"a rating is a whole number from {scale.low} to {scale.high} (or set --scale)"


def _rating(line: Line, columns: Columns, scale: Scale) -> Rating:
    rating = _whole_number(line.value.get(columns.rating), scale)
    if not scale.low <= rating <= scale.high:
        raise GovernanceError(f"rating: {rating} is out of range; {_way_out(scale)}")
    given = line.json(FACETS)
    if given is not None and not isinstance(given, Mapping):
        raise GovernanceError('facets: not a mapping; write {"region": "CA"}')
    grouped: dict[str, JsonValue] = {**(given or {})}
    cells = ((column, line.value.get(column)) for column in columns.facets)
    stripped = ((column, cell.strip() if isinstance(cell, str) else cell) for column, cell in cells)
    grouped |= {column: cell for column, cell in stripped if cell not in {None, ""}}
    session = None if columns.session is None else line.value.get(columns.session)
    return Rating(
        line.number, rating, "" if session is None else str(session).strip(), grouped, facet_groups(grouped)
    )


def _whole_number(cell: JsonValue, scale: Scale) -> int:
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
    raise GovernanceError(f'rating: "{shown[:LONGEST_SHOWN]}" is no rating; {_way_out(scale)}')
