"""Checks that another check of the same file makes pointless: whatever they find, that one asks for as much."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from checks.decision import Consequence
from checks.doubts.doubt import short
from checks.limits import Limit
from checks.thresholds import Check, ThresholdFile

_SEVERITY = (Consequence.WARN, Consequence.REVIEW, Consequence.REJECT)


def doubt_pointless(file: ThresholdFile, sound: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield those of the checks at the places `sound` that another one makes pointless, each with the reason."""
    checks = file.checks
    same: defaultdict[object, list[int]] = defaultdict(list)
    # A limit that is known beside a baseline only is as strict as no other.
    sound = [index for index in sound if checks[index].limit.is_fixed]
    for index in sound:
        same[_subject(checks[index], checks[index].facet)].append(index)
    ranked = _rank([check.limit for check in checks])
    for index in sound:
        check = checks[index]
        others = (
            one for facet in check.asked_facet.covering() for one in same.get(_subject(check, facet), ())
        )
        other = next((one for one in others if _is_pointless(index, one, checks, ranked)), None)
        if other is not None:
            yield (
                index,
                f"the limit of {_call(file, other)} is as strict or stricter, so this check decides nothing; remove "
                "it, or make its limit stricter",
            )


def _call(file: ThresholdFile, place: int) -> str:
    origin, name = file.origin_of(place), short(file.checks[place].name)
    return f'checks[{origin.index}], "{name}",' if origin.source == file.source else f'"{name}" ({origin})'


def _subject(check: Check, facet: str | None) -> object:
    return check.metric, check.sensitive_features, facet


Ranks = tuple[tuple[int, int], ...]
"""Of each range of values that pass, lowest first: the places of its two ends among the ends of all limits."""


def _rank(limits: Sequence[Limit]) -> list[Ranks]:
    """Return each limit's ranges by the places of their ends: comparing places is faster than comparing numbers."""
    ranges = [limit.ranges for limit in limits]
    ends = {end for some in ranges for one in some for end in (one.begin, one.end)}
    places = {end: place for place, end in enumerate(sorted(ends))}
    return [tuple((places[one.begin], places[one.end]) for one in some) for some in ranges]


def _covers(outer: Ranks, inner: Ranks) -> bool:
    """Whether all that passes `inner` passes `outer`."""
    if outer[0][0] > inner[0][0] or inner[-1][1] > outer[-1][1]:
        return False  # which is true of most pairs, and quickly seen
    return all(any(low <= begin and end <= high for low, high in outer) for begin, end in inner)


def _is_pointless(index: int, other: int, checks: Sequence[Check], ranked: Sequence[Ranks]) -> bool:
    """Whether whatever check `index` finds, `other` finds something that asks for as much or more.

    Of two checks that are the same to each other, the later one is pointless.
    """
    mine, its = ranked[index], ranked[other]
    if index == other or not _covers(mine, its):
        return False
    check, strict = checks[index], checks[other]
    if check.facet != strict.facet and mine == its:
        return False  # a group of its own must be there: with an equal limit that is what the check adds
    if check.max_age_days != strict.max_age_days or not _asks_as_much(strict, check):
        return False
    return other < index or mine != its or not _asks_as_much(check, strict)


def _asks_as_much(strict: Check, check: Check) -> bool:
    """Whether `strict`, whose limit lets no more pass, asks for as much as `check` whatever the evidence is."""
    proof, its_proof = _proof(check), _proof(strict)
    if any(asked > given for asked, given in zip(proof, its_proof, strict=True)):
        return False
    if any(given < asked for given, asked in zip(_list_asked(strict), _list_asked(check), strict=True)):
        return False
    # Where one finds a failure, the other may find too little proof, and the other way round.
    if _severity(strict.on_failure) < _severity(check.on_inconclusive) and any(proof):
        return False
    return proof == its_proof or _severity(strict.on_inconclusive) >= _severity(check.on_failure)


def _list_asked(check: Check) -> tuple[int, ...]:
    """Return what the check asks for on a failure, a gap, uncertainty, and a gap beside a value."""
    beside = check.on_missing if check.on_inconclusive is Consequence.WARN else check.on_inconclusive
    return tuple(map(_severity, (check.on_failure, check.on_missing, check.on_inconclusive, beside)))


def _proof(check: Check) -> tuple[float, int]:
    return check.confidence or 0.0, check.min_samples or 0


def _severity(consequence: Consequence) -> int:
    return _SEVERITY.index(consequence)
