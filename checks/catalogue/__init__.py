"""The catalogue of metrics: every address that the scorers and the readers of reports produce, and what they mean.

One module a family; a new metric is an entry there. A metric that the catalogue does not know is allowed everywhere:
whoever writes a report may name metrics as they like.
"""

from functools import lru_cache

from checks.catalogue import (
    aws_evaluators,
    bias,
    explainability,
    feedback,
    model_monitor,
    model_quality,
    other_evaluators,
    rag,
    safety,
    text_to_sql,
)
from checks.catalogue.metric import Family, Metric

FAMILIES: tuple[Family, ...] = (
    text_to_sql.FAMILY,
    rag.FAMILY,
    model_quality.FAMILY,
    bias.FAMILY,
    explainability.FAMILY,
    safety.FAMILY,
    feedback.FAMILY,
    model_monitor.FAMILY,
    other_evaluators.OF_FMEVAL,
    other_evaluators.OF_LM_EVAL,
    other_evaluators.OF_INSPECT,
    aws_evaluators.FAMILY,
)
CATALOGUE: tuple[Metric, ...] = tuple(metric for family in FAMILIES for metric in family.metrics)

_EXACT = {metric.address: metric for metric in CATALOGUE if not metric.is_pattern}
_PATTERNS: dict[str, list[Metric]] = {}  # by the first part, which no pattern leaves open
for _metric in CATALOGUE:
    if _metric.is_pattern:
        _PATTERNS.setdefault(_metric.address.partition(".")[0], []).append(_metric)


@lru_cache(maxsize=10_000)
def find_metric(address: str) -> Metric | None:
    """Return what the catalogue says of `address`, `None` where it does not know it.

    An address without placeholders goes before patterns, and a pattern before those after it in its family.
    """
    if exact := _EXACT.get(address):
        return exact
    patterns = _PATTERNS.get(address.partition(".")[0], ())
    return next((metric for metric in patterns if metric.matches(address)), None)
