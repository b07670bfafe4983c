"""What a user may want to know of a run beside its figures: which scores are missing and why, and what helps."""

from collections import Counter
from collections.abc import Iterator, Mapping

from scorers.endpoints.requests import EndpointUsage
from scorers.rag.judge_failures import CUT_OFF, NO_ANSWER, PROSE
from scorers.rag.scores import RunScores

MISSING = "scores that are missing, and why"
WAYS_OUT = {
    CUT_OFF: "the judge did not finish its answers: raise --judge-max-tokens",
    NO_ANSWER: (
        "the judge gave no answer to some requests: if it says that it does not take a setting, try "
        "--judge-json-mode prompt or --judge-temperature -1; if it takes too long, raise --timeout"
    ),
    PROSE: (
        "the judge answered prose instead of JSON: --judge-json-mode json_schema or json_object holds it to JSON "
        "where the server can, and a larger model does better"
    ),
}


def missing_scores(scores: RunScores) -> Mapping[str, Mapping[str, int]]:
    """Return how many scores are missing for which reason; empty where none is."""
    counts: Counter[str] = Counter()
    for name, column in scores.by_metric.items():
        for cell in column:
            counts.update(f"{name}: {reason}" for reason in cell.reasons)
    return {MISSING: counts} if counts else {}


def hints(scores: RunScores, usage: EndpointUsage) -> Iterator[str]:
    """Yield what would help, and how the judge was asked otherwise than it was to be."""
    if usage.without:
        yield f"the judge's endpoint did not take all settings: it was asked with {', '.join(sorted(usage.without))}"
    reasons = {reason for column in scores.by_metric.values() for cell in column for reason in cell.reasons}
    for beginning, hint in WAYS_OUT.items():
        if any(reason.startswith(beginning) for reason in reasons):
            yield hint
