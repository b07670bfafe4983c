"""What the keys of one check say that does not go together, though each of them by itself may be said."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain

from msgspec import Struct

from checks.catalogue import find_metric
from checks.catalogue.metric import Better
from checks.facets import EVERY
from checks.limits import KINDS, limit_problem
from checks.sensitive_share import SUFFIX as SENSITIVE_SHARE

Said = Mapping[str, object]


class _Contradiction(Struct, frozen=True):
    """What is wrong between keys of a check, if anything: by what is there of some keys, and what others say."""

    explain: Callable[[Said], str | None]
    presence: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()


def find_contradictions(
    said: Said, wrong: Collection[str] = (), doubtful: Collection[str] = ()
) -> Iterator[str]:
    """Yield what is wrong between the keys of a check, and the way out of each.

    `said` is each key with its value, or `None` where it is left out. The values of `wrong` keys are known to be wrong,
    and whether `doubtful` keys are there cannot be told: no contradiction is told that they may be the reason of.
    """
    unreadable = {*wrong, *doubtful}
    for rule in _CONTRADICTIONS:
        can_be_told = rule.presence.isdisjoint(doubtful) and rule.values.isdisjoint(unreadable)
        if can_be_told and (problem := rule.explain(said)):
            yield problem


def _explain_lone_features(said: Said) -> str | None:
    features, metric = said.get("sensitive_features"), said.get("metric")
    if isinstance(metric, str) and metric.endswith(SENSITIVE_SHARE) != (features is not None):
        return f"sensitive_features belongs to a metric that ends in {SENSITIVE_SHARE}: give both, or neither"
    return None


def _explain_repeated_features(said: Said) -> str | None:
    features = said.get("sensitive_features")
    if isinstance(features, (list, tuple)) and len(set(features)) < len(features):
        return "sensitive_features names a feature twice; keep one"
    return None


def _explain_lone_family(said: Said) -> str | None:
    if said.get("family") is not None and (said.get("facet") != EVERY or said.get("confidence") is None):
        return 'family belongs to a check with facet: "*" and confidence; give both, or leave it out'
    return None


def _explain_lone(key: str) -> Callable[[Said], str | None]:
    """Return what tells that `key` is there without the limit that it belongs to."""

    def explain(said: Said) -> str | None:
        if said.get(key) is not None and not _is_beside_baseline(said):
            return f"{key} belongs to a check against the baseline; leave it out"
        return None

    return explain


def _explain_direction(said: Said) -> str | None:
    """Return why it is not known which values of the metric are better than others."""
    metric, better = said.get("metric"), said.get("better")
    if not _is_beside_baseline(said) or not isinstance(metric, str):
        return None
    known = find_metric(metric)
    direction = None if known is None or known.better is Better.NEITHER else known.better
    if direction is None and better is None:
        return "nothing says which values of this metric are better; add better: higher, or better: lower"
    if direction is not None and better is not None and direction.value != better:
        return (
            f"better: {better} is not what the catalogue says of this metric ({direction}); leave better out"
        )
    return None


def _is_beside_baseline(said: Said) -> bool:
    return any(said.get(kind.keys[0]) is not None for kind in KINDS if not kind.is_fixed)


_LIMIT = frozenset(chain.from_iterable(kind.keys for kind in KINDS))
_CONTRADICTIONS = (
    _Contradiction(
        _explain_lone_features, presence=frozenset({"sensitive_features"}), values=frozenset({"metric"})
    ),
    _Contradiction(_explain_repeated_features, values=frozenset({"sensitive_features"})),
    _Contradiction(limit_problem, presence=_LIMIT),
    _Contradiction(
        _explain_lone_family, presence=frozenset({"family", "confidence"}), values=frozenset({"facet"})
    ),
    _Contradiction(_explain_lone("better"), presence=_LIMIT | {"better"}),
    _Contradiction(_explain_lone("on_first_version"), presence=_LIMIT | {"on_first_version"}),
    _Contradiction(_explain_direction, presence=_LIMIT, values=frozenset({"metric", "better"})),
)
