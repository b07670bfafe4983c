"""What a change of threshold files lets pass that was stopped before: every way in which one asks for less.

Where nothing is found between two files, no evidence that the old one does not approve is approved by the new one. One
case is left out: a report with an interval of its own that is wider than what its standard error gives at a higher
level, so that a higher confidence finds a narrower interval.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain

from msgspec import Struct

from checks.comparison import is_about_scores
from checks.decision import Consequence
from checks.limits import KINDS, Limit, NoWorse
from checks.selection import list_sample_groups, select_thresholds
from checks.thresholds import BarRule, Check, FirstVersion, Mode, Reaction, ThresholdFile, Waiver
from checks.verify_rule import RECOMPUTE

_CONSEQUENCES = (Consequence.WARN, Consequence.REVIEW, Consequence.REJECT)
_FIRST = (FirstVersion.PASS, FirstVersion.WARN, FirstVersion.REVIEW, FirstVersion.REJECT)
_REACTIONS = (Reaction.IGNORE, Reaction.WARN, Reaction.REVIEW, Reaction.REJECT)

_LIMIT_KEYS = frozenset(key for kind in KINDS for key in kind.keys)
# What says nothing of what passes, and what is compared by its meaning. All else that differs is taken for a loosening.
WORDS_OF_CHECK = frozenset({"name", "why"})
COMPARED_OF_CHECK = _LIMIT_KEYS | {
    "metric",
    "facet",
    "sensitive_features",
    "confidence",
    "family",
    "min_samples",
    "max_age_days",
    "on_failure",
    "on_missing",
    "on_inconclusive",
    "better",
    "on_first_version",
}
WORDS_OF_FILE = frozenset(
    {
        "name",
        "source",
        "sha256",
        "applies_to",
        "mlflow_suffix",
        "owners",
        "review_by",
        "origins",
        "sources",
        "publication",
    }
)
COMPARED_OF_FILE = frozenset(
    {
        "mode",
        "checks",
        "on_foreign_evidence",
        "on_unprotected_evidence",
        "waivers",
        "max_age_days",
        "bar_predates_evidence",
        "verify",
    }
)


class LooseningKind(StrEnum):
    """In what respect less is asked for."""

    LIMIT = "limit"
    FACET = "facet"
    FIGURE = "figure"
    SEVERITY = "severity"
    CONFIDENCE = "confidence"
    SAMPLES = "samples"
    AGE = "age of evidence"
    CHECK_GONE = "check gone"
    GROUP_GONE = "group gone"
    MODE = "mode"
    WAIVER = "waiver"
    REACTION = "evidence as such"
    VERIFICATION = "verification"
    PROOF = "proof"
    OTHER = "other"


class Loosening(Struct, frozen=True):
    """One way in which less is asked for: of which check, `None` where it is the file or a group, and what changed."""

    kind: LooseningKind
    check: str | None
    what: str

    def __str__(self) -> str:
        return self.what if self.check is None else f"{self.check}: {self.what}"


class LoosenedGroups(Struct, frozen=True):
    """What is loosened for some groups: their names, or the pattern that they match."""

    groups: tuple[str, ...]
    loosenings: tuple[Loosening, ...]


def find_loosened_groups(
    old: Sequence[ThresholdFile], new: Sequence[ThresholdFile], groups: Iterable[str] = ()
) -> tuple[LoosenedGroups, ...]:
    """Return what is loosened between two sets of files, once for all groups that go from one file to the same other.

    Looked at are the given groups, and for each pattern of either set one name that it matches. A name that two
    patterns of one set match is looked at only where it is among the given groups.

    Raises:
        AmbiguousThresholdsError: two files of a set apply to one group equally specifically.
    """
    samples = {name: pattern for file in (*old, *new) for pattern, name in list_sample_groups(file)}
    labels = samples | {group: group for group in groups}
    found: dict[tuple[Loosening, ...], list[str]] = {}
    compared: dict[tuple[str, str | None], tuple[Loosening, ...]] = {}
    for group in sorted(labels):
        before, after = select_thresholds(old, group), select_thresholds(new, group)
        if before is None:
            continue  # whatever judges it now asks for more than nothing
        pair = (before.source, None if after is None else after.source)
        if pair not in compared:
            compared[pair] = find_loosenings(before, after)
        if compared[pair]:
            found.setdefault(compared[pair], []).append(labels[group])
    return tuple(LoosenedGroups(tuple(sorted(set(names))), loosenings) for loosenings, names in found.items())


def find_loosenings(old: ThresholdFile, new: ThresholdFile | None) -> tuple[Loosening, ...]:
    """Return every way in which `new` asks for less than `old`; `None` is that nothing judges its groups any more."""
    if new is None:
        gone = Loosening(LooseningKind.GROUP_GONE, None, f"no file judges what {old.name} judged")
        return (gone,)
    found = chain(
        _compare_files(old, new),
        chain.from_iterable(_find_lost(check, old, new) for check in old.checks),
        _find_new_waivers(old, new),
        _find_new_proof(old, new),
    )
    return tuple(found)


def _compare_files(old: ThresholdFile, new: ThresholdFile) -> Iterator[Loosening]:
    if (old.mode, new.mode) == (Mode.ENFORCE, Mode.DRY_RUN):
        yield Loosening(
            LooseningKind.MODE, None, "decisions change no status any more: mode is dry_run, was enforce"
        )
    for key in ("on_foreign_evidence", "on_unprotected_evidence"):
        before, after = getattr(old, key), getattr(new, key)
        if _REACTIONS.index(after) < _REACTIONS.index(before):
            yield Loosening(LooseningKind.REACTION, None, f"{key} is {after}, was {before}")
    if (old.bar_predates_evidence, new.bar_predates_evidence) == (BarRule.REQUIRED, BarRule.RECORD):
        what = "thresholds may be published after the evidence: bar_predates_evidence is record, was required"
        yield Loosening(LooseningKind.REACTION, None, what)
    if _count_verified(new) < _count_verified(old):
        what = (
            f"verify is {_say_verified(new)}, was {_say_verified(old)}: less of the evidence is scored again"
        )
        yield Loosening(LooseningKind.VERIFICATION, None, what)
    if new.verify is not None:
        yield from _compare_gold(old, new)
    for name in ThresholdFile.__struct_fields__:
        if name not in WORDS_OF_FILE | COMPARED_OF_FILE:
            yield from _notice(None, name, getattr(old, name), getattr(new, name))


def _count_verified(file: ThresholdFile) -> float:
    """Return how many items are scored again at most."""
    if file.verify is None:
        return 0
    return math.inf if file.sample_size is None else file.sample_size


def _say_verified(file: ThresholdFile) -> str:
    if file.verify is None:
        return "left out"
    return RECOMPUTE if file.sample_size is None else f"sample: {file.sample_size}"


def _compare_gold(old: ThresholdFile, new: ThresholdFile) -> Iterator[Loosening]:
    """Yield what the items of a version are held against no more; of another place nobody knows what is there."""
    for family, before in old.gold.items():
        after = new.gold.get(family)
        if after is None:
            what = f"verify: items of {family} are held against no gold any more, were against {before}"
            yield Loosening(LooseningKind.VERIFICATION, None, what)
        else:
            yield from _notice(None, f"verify.gold.{family}", before, after)
    if old.databases is not None and new.databases is None:
        what = f"verify: predicted SQL is not run again any more, was against {old.databases}"
        yield Loosening(LooseningKind.VERIFICATION, None, what)
    elif old.databases is not None:
        yield from _notice(None, "verify.databases", old.databases, new.databases)


def _notice(check: str | None, key: str, old: object, new: object) -> Iterator[Loosening]:
    """Yield a loosening where something differs of which nobody has said here which way is stricter."""
    if old != new:
        what = f"{key} is {new}, was {old}; which of them asks for less is not known"
        yield Loosening(LooseningKind.OTHER, check, what)


def _find_lost(check: Check, old: ThresholdFile, new: ThresholdFile) -> Sequence[Loosening]:
    """Return what `new` no longer asks of all that `check` asks in `old`."""
    namesake = next((one for one in new.checks if one.name == check.name), None)
    found = None if namesake is None else tuple(_compare_checks(check, namesake, old, new))
    if found == ():
        return ()
    # A check may be renamed, or another may ask for as much; but not one that is waived under its own name.
    waived = {waiver.check for waiver in new.waivers}
    others = (one for one in new.checks if one.name not in waived | {check.name})
    if any(_is_as_strict(check, one, old, new) for one in others):
        return ()
    if found is None:
        return (Loosening(LooseningKind.CHECK_GONE, check.name, f"no longer asks {_describe(check)}"),)
    return found


def _describe(check: Check) -> str:
    facet = "" if check.facet is None else f" of {check.facet}"
    return f"{check.metric}{facet} to be {check.limit.relation(holds=True)}"


def _is_as_strict(check: Check, other: Check, old: ThresholdFile, new: ThresholdFile) -> bool:
    return next(_compare_checks(check, other, old, new), None) is None


def _compare_checks(
    before: Check, after: Check, old: ThresholdFile, new: ThresholdFile
) -> Iterator[Loosening]:
    """Yield every way in which `after`, a check of `new`, asks for less than `before`, one of `old`."""
    if after.metric != before.metric:
        what = f"is about {after.metric}, was about {before.metric}"
        yield Loosening(LooseningKind.FIGURE, before.name, what)
    if set(after.sensitive_features or ()) != set(before.sensitive_features or ()):
        what = f"adds up other sensitive_features: {_list(after)}, were {_list(before)}"
        yield Loosening(LooseningKind.FIGURE, before.name, what)
    if after.better != before.better and not (before.limit.is_fixed or after.limit.is_fixed):
        what = f"better is {after.better or 'left out'}, was {before.better or 'left out'}"
        yield Loosening(LooseningKind.FIGURE, before.name, what)
    if after.facet != before.facet:
        yield Loosening(LooseningKind.FACET, before.name, _explain_facet(before, after))
    yield from _compare_severities(before, after)
    yield from _compare_limits(before, after)
    yield from _compare_demands(before, after, old, new)
    for key in Check.model_fields.keys() - WORDS_OF_CHECK - COMPARED_OF_CHECK:
        yield from _notice(before.name, key, getattr(before, key), getattr(after, key))


def _list(check: Check) -> str:
    return ", ".join(check.sensitive_features or ("none",))


def _explain_facet(before: Check, after: Check) -> str:
    """Return why another facet is less: fewer groups are held to the limit, or the absence of one is no gap."""
    change = f"facet is {after.facet or 'left out'}, was {before.facet or 'left out'}"
    if before.facet in set(after.asked_facet.covering()):
        return f"{change}: the other groups are not held to it any more"
    if after.facet in set(before.asked_facet.covering()):
        return f"{change}: evidence without {before.facet} has no gap any more"
    return f"{change}: other groups are held to it"


def _compare_severities(before: Check, after: Check) -> Iterator[Loosening]:
    for key in ("on_failure", "on_missing", "on_inconclusive"):
        was, is_now = getattr(before, key), getattr(after, key)
        if _CONSEQUENCES.index(is_now) < _CONSEQUENCES.index(was):
            yield Loosening(LooseningKind.SEVERITY, before.name, f"{key} is {is_now}, was {was}")

    was, is_now = _asks_of_first(before), _asks_of_first(after)
    if _FIRST.index(is_now) < _FIRST.index(was) and not before.limit.is_fixed:
        what = f"on_first_version is {is_now}, was {was}"
        yield Loosening(LooseningKind.SEVERITY, before.name, what)


def _asks_of_first(check: Check) -> FirstVersion:
    return check.on_first_version or FirstVersion.REVIEW


def _lets_pass_no_more(new: Limit, old: Limit) -> bool:
    if isinstance(new, NoWorse) or isinstance(old, NoWorse):
        # What passes beside a baseline is compared with that alone.
        return isinstance(new, NoWorse) and isinstance(old, NoWorse) and new.allows_no_more(old)
    return all(old.covers(values) for values in new.ranges)


def _compare_limits(before: Check, after: Check) -> Iterator[Loosening]:
    old, new = before.limit, after.limit
    change = f"must be {new.relation(holds=True)}, had to be {old.relation(holds=True)}"
    if not _lets_pass_no_more(new, old):
        yield Loosening(LooseningKind.LIMIT, before.name, change)
        return
    if new == old:
        return
    if before.confidence is not None and is_about_scores(new) and not is_about_scores(old):
        what = (
            f"{change}: that is a limit of scores between 0 and 1, of which equal items now prove something"
        )
        yield Loosening(LooseningKind.LIMIT, before.name, what)
    if _stops(after.on_inconclusive) and not _stops(after.on_failure):
        what = f"{change}: a value that was not certain now fails, and on_failure only warns"
        yield Loosening(LooseningKind.LIMIT, before.name, what)


def _compare_demands(
    before: Check, after: Check, old: ThresholdFile, new: ThresholdFile
) -> Iterator[Loosening]:
    """Compare what is asked of the support of a value, each a number of which less, or none, asks for less.

    Asking for more leaves more values uncertain, or unusable. Where only one of these stops a version, that is less.
    """
    demands = (
        # Of each: its key, before, after, and by how much it asks for more.
        (LooseningKind.CONFIDENCE, "confidence", before.confidence, after.confidence, 1),
        (LooseningKind.SAMPLES, "min_samples", before.min_samples, after.min_samples, 1),
        (LooseningKind.AGE, "max_age_days", old.max_age_of(before), new.max_age_of(after), -1),
    )
    if after.family != before.family and (after.family is not None or not _stops(after.on_failure)):
        what = f"family is {after.family or 'left out'}, was {before.family or 'left out'}"
        yield Loosening(LooseningKind.CONFIDENCE, before.name, what)
    stops_uncertain = _stops(after.on_inconclusive)
    stops_unusable = _stops(after.on_failure) or _stops(after.on_missing)
    for kind, key, was, is_now, sign in demands:
        if was == is_now:
            continue
        change = f"{key} is {_say(is_now)}, was {_say(was)}"
        if was is not None and (is_now is None or sign * is_now < sign * was):
            yield Loosening(kind, before.name, change)
        elif stops_uncertain and not stops_unusable:
            yield Loosening(kind, before.name, f"{change}: what cannot be used for it only warns")
        elif stops_unusable and not stops_uncertain and kind is not LooseningKind.AGE:
            yield Loosening(kind, before.name, f"{change}: what is too uncertain for it only warns")


def _say(number: float | None) -> str:
    return "not asked for" if number is None else f"{number:g}"


def _stops(consequence: Consequence) -> bool:
    return consequence is not Consequence.WARN


def _find_new_waivers(old: ThresholdFile, new: ThresholdFile) -> Iterator[Loosening]:
    for waiver in new.waivers:
        if not any(_covers(one, waiver) for one in old.waivers):
            facet = "" if waiver.facet is None else f" at {waiver.facet}"
            what = f"is waived{facet} until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"
            yield Loosening(LooseningKind.WAIVER, waiver.check, what)


def _covers(old: Waiver, new: Waiver) -> bool:
    """Whether all that the new waiver lets pass the old one let pass already."""
    is_as_wide = old.facet in set(new.asked_facet.covering())
    return old.check == new.check and is_as_wide and new.expires <= old.expires


def _find_new_proof(old: ThresholdFile, new: ThresholdFile) -> Iterator[Loosening]:
    """Yield the checks by which evidence can be approved of which the old file found no proof.

    A version is approved where some check passed. Where a check of the old file stops whatever does not pass, that is
    the proof, before and after, and further checks add nothing.
    """
    waived = {waiver.check for waiver in old.waivers}
    if any(_stops_always(check) and check.name not in waived for check in old.checks):
        return
    for check in new.checks:
        if not any(_is_as_strict(one, check, old, new) for one in old.checks):
            what = "is new, and where it passes it is a proof by itself, since the file's other checks may only warn"
            yield Loosening(LooseningKind.PROOF, check.name, what)


def _stops_always(check: Check) -> bool:
    stops_first = _asks_of_first(check) is not FirstVersion.WARN
    return stops_first and all(map(_stops, (check.on_failure, check.on_missing, check.on_inconclusive)))
