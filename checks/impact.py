"""What a change of threshold files does to the versions of the past: each judged by the old files and by the new ones.

What is given goes through once and is let go, so that ten thousand versions need no more room than one; decisions that
flip are kept, and sums for each check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from checks.baseline import Baseline
from checks.decision import Consequence, Decision, Finding, Verdict
from checks.evidence import Evidence
from checks.judge import judge, judge_by_both
from checks.loosening import LoosenedGroups, find_loosened_groups
from checks.margins import Ruler
from checks.selection import select_thresholds
from checks.shared_checks import find_shared_checks
from checks.thresholds import Check, ThresholdFile
from checks.verification import NotVerified, Verification

_STRICTEST_LAST = (Verdict.APPROVED, Verdict.NEEDS_REVIEW, Verdict.REJECTED)
_DECIDES = {Verdict.REJECTED: Consequence.REJECT, Verdict.NEEDS_REVIEW: Consequence.REVIEW}


class PastVersion(Struct, frozen=True):
    """A version that was decided about: the name of its record, what was judged, when, and beside which baseline.

    `baseline` is `None` where the decision did not look for one: a check that compares then counts the version as the
    first. `verification` is how its figures were computed again, where they were: a file that asks for it leaves any
    other version to a person.
    """

    group: str
    version: int
    record: str
    evidence: Evidence
    decided_at: datetime
    baseline: Baseline | None = None
    verification: Verification | NotVerified | None = None


class LeftOut(Struct, frozen=True):
    """A record of which the decision cannot be made again, and why."""

    record: str
    reason: str


class Flip(Struct, frozen=True):
    """A version about which the new files decide otherwise; `by` are the findings that make the stricter verdict."""

    group: str
    version: int
    record: str
    old: Verdict
    new: Verdict
    by: tuple[Finding, ...]


class JudgedTwice(Struct, frozen=True):
    """A version with what the old files and the new files decide about it; `record` is the name of its record."""

    group: str
    version: int
    record: str
    decided_at: datetime
    old: Decision
    new: Decision

    @property
    def flips(self) -> bool:
        """Whether the new files decide otherwise."""
        return self.old.verdict is not self.new.verdict

    @property
    def by(self) -> tuple[Finding, ...]:
        """The findings that make the stricter of the two verdicts; none where both approve."""
        return _find_deciding(self.old, self.new)


class Side(Struct, frozen=True):
    """What one check came to by the old files, or by the new ones.

    `limit` is in symbols. Of the `versions` with a value `near` are within 10 % of the limit. `least` is the smallest
    margin of all, in the unit of the metric, below zero where one misses the limit; `None` without a value.
    """

    limit: str
    versions: int
    near: int
    least: float | None


class CheckImpact(Struct, frozen=True):
    """One check in one group: by each set of files, `None` where it has no such check.

    `shrunk` counts the versions whose margin is smaller by the new files.
    """

    group: str
    check: str
    old: Side | None
    new: Side | None
    shrunk: int


class Impact(Struct, frozen=True):
    """What a change comes to. `versions` counts those that were judged again, `left_out` are the others."""

    versions: int
    flips: tuple[Flip, ...]
    checks: tuple[CheckImpact, ...]
    loosened: tuple[LoosenedGroups, ...]
    left_out: tuple[LeftOut, ...]


def measure_impact(
    old: Sequence[ThresholdFile],
    new: Sequence[ThresholdFile],
    history: Iterable[PastVersion | LeftOut],
    keep: Callable[[JudgedTwice], object] | None = None,
) -> Impact:
    """Judge every version of `history` by both sets of files, each at the time of its own decision.

    `keep` is given each version with both decisions, for who wants more than the sums: a chart of every value.

    Raises:
        AmbiguousThresholdsError: two files of a set apply to one group equally specifically.
    """
    sums = ImpactSums(old, new)
    for one in history:
        judged = sums.add(one)
        if keep is not None and judged is not None:
            keep(judged)
    return sums.close()


class ImpactSums:
    """What a change comes to in the versions so far; those of a part of a history can be added to those of another."""

    def __init__(self, old: Sequence[ThresholdFile], new: Sequence[ThresholdFile]) -> None:
        """Begin with no version."""
        self._old, self._new = old, new
        self._groups: dict[str, _Group] = {}
        self._flips: list[Flip] = []
        self._left_out: list[LeftOut] = []
        self._versions = 0

    def add(self, one: PastVersion | LeftOut) -> JudgedTwice | None:
        """Judge one version by both sets of files and return both decisions; `None` of one that is left out.

        Raises:
            AmbiguousThresholdsError: two files of a set apply to its group equally specifically.
        """
        if isinstance(one, LeftOut):
            self._left_out.append(one)
            return None
        self._versions += 1
        if one.group not in self._groups:
            files = select_thresholds(self._old, one.group), select_thresholds(self._new, one.group)
            self._groups[one.group] = _Group(*files)
        judged = self._groups[one.group].judge(one)
        if judged.flips:
            verdicts = judged.old.verdict, judged.new.verdict
            self._flips.append(Flip(judged.group, judged.version, judged.record, *verdicts, judged.by))
        return judged

    def add_all(self, later: "ImpactSums") -> None:
        """Add what the same change comes to in later versions: it is as if they were added here one by one."""
        self._versions += later._versions
        self._flips += later._flips
        self._left_out += later._left_out
        for name, group in later._groups.items():
            if name in self._groups:
                self._groups[name].add_all(group)
            else:
                self._groups[name] = group

    def close(self) -> Impact:
        """Return what the change comes to in all versions."""
        checks = (
            impact for group in sorted(self._groups) for impact in self._groups[group].list_checks(group)
        )
        return Impact(
            versions=self._versions,
            flips=tuple(sorted(self._flips, key=lambda flip: (flip.group, flip.version))),
            checks=tuple(checks),
            loosened=find_loosened_groups(self._old, self._new, self._groups),
            left_out=tuple(self._left_out),
        )


_Closest = tuple[float, bool]
"""What one check came to in one version: its smallest margin, and whether one of its facets is near the limit."""


class _Sum(Struct):
    """What one check came to in all versions so far."""

    check: Check
    ruler: Ruler
    versions: int = 0
    near: int = 0
    least: float | None = None

    def add(self, closest: "_Closest") -> None:
        """Add what the check came to in one version."""
        least, is_near = closest
        self.versions += 1
        self.near += is_near
        if self.least is None or least < self.least:
            self.least = least

    def add_all(self, later: "_Sum") -> None:
        """Add what the check came to in later versions."""
        self.versions += later.versions
        self.near += later.near
        if later.least is not None:
            self.least = later.least if self.least is None else min(self.least, later.least)

    def close(self) -> Side:
        return Side(self.check.limit.symbols, self.versions, self.near, self.least)


class _Group:
    """One group: the file that applies to it in each set, and what its versions came to."""

    def __init__(self, old: ThresholdFile | None, new: ThresholdFile | None) -> None:
        self.old, self.new = old, new
        self.shrunk: dict[str, int] = {}
        self._is_same = old == new
        self._shared: Mapping[int, int] = {}
        if old is not None and new is not None:
            self._shared = find_shared_checks(old, new)
        self._old_sums, new_sums = _make_sums(old), _make_sums(new)
        # What a check in both files comes to is summed up once: it comes to the same by either.
        names = () if new is None else tuple(check.name for check in new.checks)
        shared = names if self._is_same else tuple(names[place] for place in self._shared)
        both = {name: self._old_sums[name] for name in shared}
        self._changed_sums = {name: one for name, one in new_sums.items() if name not in both}
        self._new_sums = {**new_sums, **both}

    def _judge_by_both(self, version: PastVersion) -> tuple[Decision, Decision]:
        if self._is_same:  # a group that the edit is not about is judged once
            decision = _judge_by(self.old, version)
            return decision, decision
        if self.old is None or self.new is None:
            return _judge_by(self.old, version), _judge_by(self.new, version)
        return judge_by_both(
            self.old,
            self.new,
            self._shared,
            version.evidence,
            version.baseline,
            decided_at=version.decided_at,
            verification=version.verification,
        )

    def judge(self, version: PastVersion) -> JudgedTwice:
        """Judge a version by both files, and add to the sums of each check."""
        before, after = self._judge_by_both(version)
        closest = _find_closest(self._old_sums, before)
        for name, found in closest.items():
            self._old_sums[name].add(found)
        for name, found in _find_closest(self._changed_sums, after).items():
            self._changed_sums[name].add(found)
            earlier = closest.get(name)
            if earlier is not None and found[0] < earlier[0]:
                self.shrunk[name] = self.shrunk.get(name, 0) + 1
        return JudgedTwice(version.group, version.version, version.record, version.decided_at, before, after)

    def add_all(self, later: "_Group") -> None:
        """Add what later versions of the group came to."""
        for name, one in later._old_sums.items():
            self._old_sums[name].add_all(one)
        for name, one in later._changed_sums.items():
            self._changed_sums[name].add_all(one)
        for name, count in later.shrunk.items():
            self.shrunk[name] = self.shrunk.get(name, 0) + count

    def list_checks(self, group: str) -> Iterator[CheckImpact]:
        """Yield each check of either file, those of the new one first."""
        for name in {**self._new_sums, **self._old_sums}:
            old, new = self._old_sums.get(name), self._new_sums.get(name)
            yield CheckImpact(
                group=group,
                check=name,
                old=None if old is None else old.close(),
                new=None if new is None else new.close(),
                shrunk=self.shrunk.get(name, 0),
            )


def _judge_by(file: ThresholdFile | None, version: PastVersion) -> Decision:
    return judge(
        file,
        version.evidence,
        version.baseline,
        decided_at=version.decided_at,
        verification=version.verification,
    )


def _make_sums(file: ThresholdFile | None) -> dict[str, _Sum]:
    return {} if file is None else {check.name: _Sum(check, Ruler.of(check)) for check in file.checks}


def _find_closest(sums: Mapping[str, _Sum], decision: Decision) -> dict[str, _Closest]:
    """Return what each check of `sums` comes to that has a value."""
    closest: dict[str, _Closest] = {}
    for finding in decision.findings:
        name = finding.asked.check
        one = sums.get(name)
        margin = None if one is None else one.ruler.measure(finding)
        if margin is None:
            continue
        distance, is_near = margin.distance, margin.is_near
        if name in closest:  # another facet
            least, any_near = closest[name]
            distance, is_near = min(least, distance), is_near or any_near
        closest[name] = distance, is_near
    return closest


def _find_deciding(before: Decision, after: Decision) -> tuple[Finding, ...]:
    """Return the findings that make the stricter of two verdicts, those of `after` where they are the same."""
    stricter = max(after, before, key=lambda decision: _STRICTEST_LAST.index(decision.verdict))
    if stricter.verdict is Verdict.APPROVED:
        return ()
    asked = _DECIDES[stricter.verdict]
    return tuple(finding for finding in stricter.findings if finding.consequence is asked)
