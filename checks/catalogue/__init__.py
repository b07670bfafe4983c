"""The catalogue of metrics: every address that the scorers and the readers of reports produce, and what stands there.

One module a family; a new metric is an entry there. A metric that the catalogue does not know is allowed everywhere:
whoever writes a report may name metrics as they like.
"""

from checks.catalogue import (
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
    feedback.FAMILY,
    safety.FAMILY,
    bias.FAMILY,
    explainability.FAMILY,
    model_quality.FAMILY,
    model_monitor.FAMILY,
    other_evaluators.OF_FMEVAL,
    other_evaluators.OF_LM_EVAL,
    other_evaluators.OF_INSPECT,
)
CATALOGUE: tuple[Metric, ...] = tuple(metric for family in FAMILIES for metric in family.metrics)

_EXACT = {metric.address: metric for metric in CATALOGUE if not metric.is_pattern}
_PATTERNS = tuple(metric for metric in CATALOGUE if metric.is_pattern)


def find_metric(address: str) -> Metric | None:
    """Return what the catalogue says of `address`, `None` where it does not know it.

    An address as it stands goes before patterns, and a pattern before those after it in its family.
    """
    exact = _EXACT.get(address)
    return exact or next((metric for metric in _PATTERNS if metric.matches(address)), None)
