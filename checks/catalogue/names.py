"""What a metric's name that the catalogue does not know may have been meant as.

Two kinds of slips are told apart: the last part of a known address without its beginning (`faithfulness` for
`rag.faithfulness`), and a name that is nearly a known one (`rag.faithfullness`). Names that differ in a number
(`p99_seconds`, `p95_seconds`) are different names, and groups of metrics that people make up are left alone.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from checks.catalogue import CATALOGUE, find_metric
from checks.catalogue.metric import Metric

# Groups of which the project's scorers and Clarify write every metric; others may hold a report's own names as well.
_OWN_GROUPS = frozenset(
    {
        "text_to_sql",
        "latency",
        "rag",
        "feedback",
        "toxicity",
        "bbq",
        "memorization",
        "disinformation",
        "bias.pre_training",
        "bias.post_training",
    }
)
_MOST = 3
_SHORT = 5  # characters up to which one more or less makes another word: mae and mape
_CLOSE, _CLOSE_SHORT, _CLOSE_GROUP = 0.85, 0.9, 0.7
_SHORTEST_PREFIX = 3


@lru_cache(maxsize=10_000)
def find_full_names(address: str) -> tuple[str, ...]:
    """Return the known addresses of which `address`, itself unknown, is the last part; patterns come last."""
    if find_metric(address) is not None:
        return ()
    if "<" in address:
        return ()
    ending = f".{_simplify(address)}"
    whole = [one.address for one in _list_alike(address) if _simplify(one.address).endswith(ending)]
    as_spelt = [one for one in whole if one.endswith(f".{address}")]
    return tuple(as_spelt or whole)


@lru_cache(maxsize=10_000)
def find_near_names(address: str) -> tuple[str, ...]:
    """Return at most three known addresses that `address` may be a slip of, the nearest first.

    Nothing for an address that the catalogue knows by more than a placeholder for its last part.
    """
    known = find_metric(address)
    if known is not None and not known.address.endswith(">"):
        return ()
    plain = _simplify(address)
    alike = [one.address for one in _list_alike(address) if not one.is_pattern]
    if same := [one for one in alike if _simplify(one) == plain]:
        return () if address in same else tuple(same[:_MOST])
    group, _, name = address.rpartition(".")
    found = [  # as it is spelt, then as it is grouped, then as it is shortened
        *(f"{group}.{near}".lstrip(".") for near in _find_close(name, _list_names_in(group))),
        *(f"{near}.{name}" for near in _find_near_groups(group, name)),
        *(f"{group}.{whole}" for whole in _find_abbreviated(group, name)),
    ]
    return tuple(dict.fromkeys(one for one in found if one != address))[:_MOST]


def _simplify(name: str) -> str:
    """Return a name without what people write differently: case, hyphens, underscores and spaces."""
    return "".join(name.replace("-", " ").replace("_", " ").split()).casefold()


@cache
def _index_by_last_part() -> Mapping[str, Sequence[Metric]]:
    names: defaultdict[str, list[Metric]] = defaultdict(list)
    for metric in sorted(CATALOGUE, key=lambda one: one.is_pattern):
        names[_simplify(metric.address.rpartition(".")[2])].append(metric)
    return names


def _list_alike(address: str) -> Sequence[Metric]:
    """Return the metrics whose last part is that of `address`, but for what people write differently."""
    return _index_by_last_part().get(_simplify(address.rpartition(".")[2]), ())


@cache
def _index_own_names() -> Mapping[str, Sequence[str]]:
    """Return by group the names that are not derived from another one, those of patterns included."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for metric in CATALOGUE:
        group, _, name = metric.address.rpartition(".")
        if metric.companion_of is None and "<" not in name:
            names[group].append(name)
    return names


def _list_names_in(group: str) -> Sequence[str]:
    """Return the known last parts of addresses that begin with `group`, by its pattern where it is of one."""
    if group in _index_own_names():
        return _index_own_names()[group]
    known = find_metric(f"{group}.anything") if group else None
    return _index_own_names().get(known.address.rpartition(".")[0], ()) if known is not None else ()


@cache
def _list_suffixes() -> Sequence[str]:
    """Return what is added to a name for a metric that is derived from it: `_largest_gap` and its like."""
    derived = [one for one in CATALOGUE if one.companion_of is not None and not one.is_pattern]
    return sorted({one.address.removeprefix(one.companion_of or "") for one in derived})


def _find_close(word: str, words: Sequence[str]) -> Iterable[str]:
    """Return those of `words` that differ from `word` by a slip of the keyboard, and not in a number."""
    if not words:
        return []
    suffix = next((one for one in _list_suffixes() if word.endswith(one)), "")
    stem = word.removesuffix(suffix)
    cutoff = _CLOSE_SHORT if len(stem) <= _SHORT else _CLOSE
    # Comparing takes long, and a slip leaves one of a name's ends as it was.
    alike = [one for one in words if one[:2] == stem[:2] or one[-2:] == stem[-2:]]
    near = difflib.get_close_matches(stem, alike, n=_MOST, cutoff=cutoff)
    return [one + suffix for one in near if re.findall(r"\d+", one) == re.findall(r"\d+", stem)]


def _find_near_groups(group: str, name: str) -> Iterable[str]:
    """Return groups that have a metric called `name`, and whose own name is near or of the same family."""
    addresses = [one.address.rpartition(".") for one in _list_alike(name) if not one.is_pattern]
    groups = [other for other, _, same in addresses if same == name and other != group]
    own = [one for one in groups if one in _OWN_GROUPS]
    near = difflib.get_close_matches(group, groups, n=_MOST, cutoff=_CLOSE)
    # A name that one scorer alone uses says by itself what is meant, however the group is spelt.
    if len(groups) == 1 and own and "_" in name:
        near += difflib.get_close_matches(group, own, n=1, cutoff=_CLOSE_GROUP)
    if group in _OWN_GROUPS:
        near += [one for one in own if one.partition(".")[0] == group.partition(".")[0]]
    return near


def _find_abbreviated(group: str, name: str) -> Iterable[str]:
    """Return the metrics of a scorer's group whose words `name` gives shortened, or in part."""
    if group not in _OWN_GROUPS:
        return ()
    words = name.split("_")
    whole = [one for one in _index_own_names()[group] if len(one) > len(name) and _is_short_for(words, one)]
    return sorted(whole, key=len)[:_MOST]


def _is_short_for(words: Sequence[str], whole: str) -> bool:
    """Whether each of `words` begins one of the words of `whole`, in their order."""
    rest = iter(whole.split("_"))
    return all(any(_begins(word, other) for other in rest) for word in words)


def _begins(word: str, other: str) -> bool:
    return word == other or (len(word) >= _SHORTEST_PREFIX and other.startswith(word))
