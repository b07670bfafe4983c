"""One measured value held against the limit of one check."""

import math

from checks.beside_baseline import Beside
from checks.decision import Outcome, Reason
from checks.exact import number_text
from checks.intervals import NoSpread, Unsupported, find_interval, is_proportion
from checks.limits import Limit, Zone
from checks.measurements import Interval, Measured
from checks.pairing_text import add_paired, add_unpaired
from checks.ranges import Range
from checks.thresholds import Check

MOST_SAMPLES = 2**53  # beyond it a double no longer counts one by one

_SCORES = Range(0.0, 1.0)
_OUTCOMES = {Zone.INSIDE: Outcome.PASSED, Zone.OUTSIDE: Outcome.FAILED, Zone.ACROSS: Outcome.INCONCLUSIVE}

Result = tuple[Outcome, str | Reason, Interval | None]


class ValueCompared(Reason, frozen=True):
    """A value is where it is: `0.84 is at least 0.8`."""

    value: float
    limit: Limit
    holds: bool
    most_bytes = 320  # three numbers of at most 64 bytes, and the words around them

    def __str__(self) -> str:
        return f"{number_text(self.value)} is {self.limit.relation(holds=self.holds)}"


class BoundsCompared(Reason, frozen=True):
    """The bounds of a value are where they are: `[0.81, 0.87] at one-sided 95 % around 0.84 is at least 0.8`."""

    measured: Measured
    confidence: float
    interval: Interval
    limit: Limit
    outcome: Outcome
    most_bytes = 480  # eight numbers, of which four have at most six digits

    def __str__(self) -> str:
        low, high, samples = self.interval.low, self.interval.high, self.measured.samples
        bounds = f"[{low:.6g}, {high:.6g}] at one-sided {100 * self.confidence:g} % around "
        bounds += number_text(self.measured.value) + ("" if samples is None else f" (n = {samples})")
        if self.outcome is Outcome.INCONCLUSIVE:
            sought = self.limit.relation(holds=True)
            return f"{bounds} reaches across the limit: {sought} is not certain"
        return f"{bounds} is {self.limit.relation(holds=self.outcome is Outcome.PASSED)}"


def hold_against(check: Check, measured: Measured, beside: Beside | None = None) -> Result:
    """Return what the check comes to for this value, why, and the interval that was used.

    `beside` is what a limit comes to that is about a baseline. With `confidence` the uncertainty of both counts.
    """
    limit = check.limit if beside is None else beside.limit
    doubted = _doubt_value(check, measured)
    if doubted is not None:
        return doubted
    if check.confidence is None:
        value = measured.value
        holds = limit.passes(value)
        outcome = Outcome.PASSED if holds else Outcome.FAILED
        return outcome, ValueCompared(value, limit, holds), measured.support.interval
    if beside is not None:
        return _hold_difference(beside, measured, check.confidence)
    return _hold_interval(limit, measured, check.confidence)


def hold_alone(check: Check, reason: str, measured: Measured) -> Result:
    """Return the same for a value that there is nothing to compare with: it passes, by `reason`, if it can be used."""
    return _doubt_value(check, measured) or (Outcome.PASSED, reason, measured.support.interval)


def _doubt_value(check: Check, measured: Measured) -> Result | None:
    problem = find_unusable(measured)
    if problem is not None:
        return Outcome.INVALID, problem, measured.support.interval
    least, samples = check.min_samples, measured.samples
    if least is None:
        return None
    if samples is None:
        reason = f"the report gives no sample size, and the check asks for at least {least} samples"
        return Outcome.INVALID, reason, measured.support.interval
    if samples < least:
        reason = f"{samples} samples are too few to tell; the check asks for {least}"
        return Outcome.INCONCLUSIVE, reason, measured.support.interval
    return None


def _hold_difference(beside: Beside, measured: Measured, confidence: float) -> Result:
    """Hold the value against the baseline's, of which neither is certain: item by item, or as unrelated samples."""
    paired = beside.widen_paired(measured.value, confidence)
    if not isinstance(paired, str):
        around_both, method = paired
        outcome, reason, used = _hold_bounds(beside.limit, measured, confidence, around_both)
        return outcome, add_paired(str(reason), method), used
    around = find_interval(measured, confidence)
    if not isinstance(around, Interval):
        return _hold_interval(beside.limit, measured, confidence)
    around_baseline = find_interval(beside.baseline, confidence)
    if not isinstance(around_baseline, Interval):
        reason = f"confidence {confidence:g} cannot be shown beside the baseline: {around_baseline.reason}"
        return Outcome.INCONCLUSIVE, reason, around
    interval = beside.widen(measured.value, around, around_baseline)
    outcome, reason, used = _hold_bounds(beside.limit, measured, confidence, interval)
    return outcome, add_unpaired(str(reason), paired), used


def _hold_interval(limit: Limit, measured: Measured, confidence: float) -> Result:
    match find_interval(measured, confidence):
        case Unsupported(reason):
            return (
                Outcome.INVALID,
                f"confidence {confidence:g} cannot be shown: {reason}",
                measured.support.interval,
            )
        case NoSpread(reason, worst_case):
            if worst_case is None or not is_about_scores(limit):
                reason = (
                    f"{number_text(measured.value)} with confidence {confidence:g} is not certain: {reason}"
                )
                return Outcome.INCONCLUSIVE, reason, measured.support.interval
            outcome, told, interval = _hold_bounds(limit, measured, confidence, worst_case)
            return outcome, f"{told} (at worst, for scores from 0 to 1: {reason})", interval
        case interval:
            return _hold_bounds(limit, measured, confidence, interval)


def _hold_bounds(limit: Limit, measured: Measured, confidence: float, interval: Interval) -> Result:
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return Outcome.INVALID, "its spread is too large for a finite interval", None
    outcome = _OUTCOMES[limit.zone(interval.low, interval.high)]
    return outcome, BoundsCompared(measured, confidence, interval, limit, outcome), interval


def is_about_scores(limit: Limit) -> bool:
    """Whether the limit is one that scores between 0 and 1 can miss, and reaches beyond that range nowhere.

    Any other limit says that the figure has another range, in which the worst case of such scores is none.
    """
    return all(point in _SCORES for point in limit.turning_points) and not limit.covers(_SCORES)


def find_unusable(measured: Measured) -> str | None:
    """Return why no check can use the value, or `None`: it is no number, or its sample size cannot be one."""
    value, samples = measured.value, measured.samples
    if not math.isfinite(value):
        return "the value is not a finite number"
    if problem := measured.support.samples_problem:
        return problem
    if samples is None:
        return None
    if not 1 <= samples <= MOST_SAMPLES:
        return _describe_samples_problem(samples)
    if not 0 <= value <= 1 and is_proportion(measured):
        return (
            f"{number_text(value)} is given with a sample size and no spread, so it is a proportion, "
            "and a proportion is between 0 and 1"
        )
    return None


def _describe_samples_problem(samples: int) -> str:
    if samples < 1:
        return f"it rests on {samples} samples, which cannot be"
    return f"it rests on more than {MOST_SAMPLES:,} samples, which cannot be"
