"""The metrics of `governance score feedback`."""

from checks.catalogue.metric import POSITIVE, UNBOUNDED, Better, Family, Metric, Unit, with_largest_gaps
from checks.ranges import Range

FAMILY = Family(
    "People's feedback (`governance score feedback`)",
    "Of ratings on the scale that the command was told.",
    (
        *with_largest_gaps(
            Metric(
                "feedback.nps",
                "Net promoter score: the share of promoters less that of detractors, times 100.",
                "Reichheld, Harvard Business Review, 2003",
                Range(-100.0, 100.0),
                Better.HIGHER,
                Unit.POINTS,
            ),
            Metric(
                "feedback.mean_rating",
                "The mean rating.",
                "docs/scoring-rag.md",
                UNBOUNDED,
                Better.HIGHER,
                Unit.SCORE,
            ),
        ),
        Metric(
            "feedback.responses",
            "The number of ratings.",
            "docs/scoring-rag.md",
            POSITIVE,
            Better.HIGHER,
            Unit.COUNT,
            supported=False,
        ),
    ),
)
