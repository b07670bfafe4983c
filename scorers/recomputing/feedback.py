"""Feedback: people's ratings, counted again."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from scorers.feedback.rating_figures import measure_ratings
from scorers.feedback.ratings import Rating
from scorers.feedback.scale import Scale
from scorers.recomputing.item_lines import Alteration, ItemLine, ItemsError, read_as, refuse_repeated
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute


class RatingLine(ItemLine):
    """One rating, as `scorers.feedback.scoring` writes it; `session` numbers those who gave several."""

    line: int
    rating: int
    nps_points: int
    session: int | None = None


class _ScaleFields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    low: int
    high: int
    promoters_from: int
    detractors_to: int


def recompute(report: ReportToRecompute) -> Recomputed:
    """Count the ratings again, on the scale that the report names."""
    scale = _read_scale(report)
    lines = read_as(RatingLine, report.items)
    refuse_repeated(line.line for line in lines)
    for line in lines:
        if not scale.low <= line.rating <= scale.high:
            raise ItemsError(f"the item of line {line.line}: {line.rating} is not on the report's scale")
    sessions = report.provenance.get("sessions")
    if sessions and all(line.session is None for line in lines):
        raise ItemsError("they do not say which ratings are of one session; score the ratings again")
    ratings = [_to_rating(line) for line in lines]
    groups: dict[str, list[Rating]] = {}
    for rating in ratings:
        for group in rating.groups:
            groups.setdefault(group, []).append(rating)
    return Recomputed(measure_ratings(ratings, groups, scale), altered=list(_find_altered(lines, scale)))


def _read_scale(report: ReportToRecompute) -> Scale:
    try:
        return Scale(**_ScaleFields.model_validate(report.settings("scale")).model_dump())
    except ValidationError as error:
        raise ItemsError(
            "the report does not say on which scale people rated; score the ratings again"
        ) from error


def _to_rating(line: RatingLine) -> Rating:
    session = "" if line.session is None else str(line.session)
    return Rating(line.line, line.rating, session, line.facets, line.groups)


def _find_altered(lines: Sequence[RatingLine], scale: Scale) -> Iterator[Alteration]:
    for line in lines:
        points = scale.points(line.rating)
        if line.nps_points != points:
            what = f"nps_points is {line.nps_points}, and a rating of {line.rating} comes to {points}"
            yield Alteration(f"of line {line.line}", what)
