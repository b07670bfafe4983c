"""`score_feedback`: people's ratings in, evidence out."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from checks.errors import GovernanceError
from checks.measurements import Measurement
from checks.strict_json import JsonValue
from scorers.evidence_writer import EvidenceWriter
from scorers.feedback.rating_figures import GROUP, measure_ratings
from scorers.feedback.ratings import ALL_COLUMNS, FACETS, Columns, Rating, read_ratings
from scorers.feedback.scale import FIVE_POINTS, Scale
from scorers.input_file import InputFile, open_input
from scorers.item_groups import MAX_GROUPS

PASSED_OVER = (FACETS, "comment")  # facets are read, and comments are left alone on purpose
SESSION_NAMES = (
    *("session_id", "sessionid", "conversation_id", "conversation", "user_id", "user", "customer_id"),
)
SHOWN_COLUMNS = 10
KINDS = {1: "promote", 0: "neither", -1: "detract"}


class FeedbackEvidence(Struct, frozen=True):
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
        found, read, names = read_ratings(ratings, columns, scale)
    groups: dict[str, list[Rating]] = defaultdict(list)
    for rating in found:
        for group in rating.groups:
            groups[group].append(rating)
    if len(groups) > MAX_GROUPS:
        raise GovernanceError(
            f"{ratings}: more than {MAX_GROUPS:,} groups; a facet groups, it does not identify"
        )
    measured = measure_ratings(found, groups, scale)
    with EvidenceWriter(output) as writer:
        for line in _make_results(found, scale):
            writer.add_result(line)
        writer.finish(measured, _state_provenance(source, found, scale))
    kinds = Counter(KINDS[scale.points(rating.rating)] for rating in found)
    remarks = list(_find_remarks(read, names))
    return FeedbackEvidence(tuple(measured), len(found), kinds, remarks)


def _make_results(found: Sequence[Rating], scale: Scale) -> Iterator[Mapping[str, JsonValue]]:
    """Yield a line a rating. Sessions are numbered, since their names may say who rated."""
    sessions: dict[str, int] = {}
    for rating in found:
        line: dict[str, JsonValue] = {
            "line": rating.line,
            "rating": rating.rating,
            "nps_points": scale.points(rating.rating),
            "facets": dict(rating.facets),
        }
        if rating.session:
            line["session"] = sessions.setdefault(rating.session, len(sessions) + 1)
        yield line


def _state_provenance(source: InputFile, found: Sequence[Rating], scale: Scale) -> dict[str, JsonValue]:
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


def _find_remarks(columns: Columns, names: Sequence[str]) -> Iterator[str]:
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
