"""The share of a model's explanation that falls on sensitive features, as a threshold file names them.

A check whose metric is `explainability.kernel_shap.<label>.sensitive_share` names the features in
`sensitive_features`; its value is the exact sum of their `….<feature>.share`. A feature that the report does not
explain makes it undefined: a mistyped name may not pass for a feature without weight.

Labels and features may hold dots, and the same report may be there at two versions. So shares are kept apart by the
report and by the place inside it where they are, never by their joined names alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from checks.evidence import Evidence
from checks.exact import total
from checks.measurements import Measured, Measurement, Source, Unmeasured

SUFFIX = ".sensitive_share"
SHARE = ".share"
_MOST_LISTED = 10

Explanations = Mapping[str, Sequence[Mapping[str, Measurement]]]
"""By address: the shares by feature, once for each label of each report that goes by it."""


def find_explanations(evidence: Evidence) -> Explanations:
    """Return every explanation of the evidence that has shares."""
    found: defaultdict[str, defaultdict[tuple[int, str], dict[str, Measurement]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for number, report in enumerate(evidence.reports):
        for share in report.measurements:
            if share.facet is not None or not share.metric.endswith(SHARE):
                continue
            # The feature is the last key on the way to its share; what comes before it is the address of the label.
            label, _, key = share.source.pointer.rpartition("/")
            feature = key.replace("~1", "/").replace("~0", "~")
            ending = f".{feature}{SHARE}"
            if share.metric.endswith(ending):
                found[share.metric.removesuffix(ending)][number, label][feature] = share
    return {address: list(labels.values()) for address, labels in found.items()}


def sum_sensitive_shares(
    metric: str, features: Sequence[str], known: Explanations
) -> Mapping[str | None, Sequence[Measurement]]:
    """Return `metric` once for each explanation of that address; nothing where there is none."""
    found = [_sum(metric, features, shares) for shares in known.get(metric.removesuffix(SUFFIX), ())]
    return {None: found} if found else {}


def _sum(metric: str, features: Sequence[str], shares: Mapping[str, Measurement]) -> Measurement:
    source = _find_source(next(iter(shares.values())))
    absent = [feature for feature in features if feature not in shares]
    if absent:
        known = ", ".join(sorted(shares)[:_MOST_LISTED]) + (", …" if len(shares) > _MOST_LISTED else "")
        return Unmeasured(
            metric, f"the explanation has no feature {', '.join(absent)}; it has {known}", source
        )
    named = [shares[feature] for feature in features]
    for share in named:
        if isinstance(share, Unmeasured):
            return Unmeasured(metric, share.reason, share.source)
    value = total(share.value for share in named if isinstance(share, Measured))
    return Measured(metric, min(value, 1.0), source)


def _find_source(share: Measurement) -> Source:
    """Return where the explanation is that `share` belongs to."""
    return Source(share.source.uri, share.source.pointer.rpartition("/")[0])
