"""One measured value held against the limit of one check."""

import math

from checks.decision import Outcome
from checks.exact import number_text
from checks.intervals import NoSpread, Unsupported, interval_at, is_proportion
from checks.measurements import Interval, Measured
from checks.thresholds import Check

MOST_SAMPLES = 2**53  # beyond it a double no longer counts one by one

Result = tuple[Outcome, str, Interval | None]


def hold_against(check: Check, measured: Measured) -> Result:
    """Return what the check comes to for this value, why, and the interval that was used."""
    if problem := _unusable(check, measured):
        return Outcome.INVALID, problem, measured.interval
    if (
        check.min_samples is not None
        and measured.samples is not None
        and measured.samples < check.min_samples
    ):
        reason = f"{measured.samples} samples are too few to tell; the check asks for {check.min_samples}"
        return Outcome.INCONCLUSIVE, reason, measured.interval
    if check.confidence is None:
        inside = _zone(check, measured.value, measured.value) is Outcome.PASSED
        reason = f"{number_text(measured.value)} is {_relation(check, inside)}"
        return (Outcome.PASSED if inside else Outcome.FAILED), reason, measured.interval
    return _hold_interval(check, measured, check.confidence)


def _hold_interval(check: Check, measured: Measured, confidence: float) -> Result:
    match interval_at(measured, confidence):
        case Unsupported(reason):
            return Outcome.INVALID, f"confidence {confidence:g} cannot be shown: {reason}", measured.interval
        case NoSpread(reason, worst_case):
            if worst_case is None or not _is_about_scores(check):
                reason = (
                    f"{number_text(measured.value)} with confidence {confidence:g} is not certain: {reason}"
                )
                return Outcome.INCONCLUSIVE, reason, measured.interval
            outcome, told, interval = _hold_bounds(check, measured, confidence, worst_case)
            return outcome, f"{told} (at worst, for scores from 0 to 1: {reason})", interval
        case interval:
            return _hold_bounds(check, measured, confidence, interval)


def _hold_bounds(check: Check, measured: Measured, confidence: float, interval: Interval) -> Result:
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return Outcome.INVALID, "its spread is too large for a finite interval", None
    outcome = _zone(check, interval.low, interval.high)
    bounds = f"[{interval.low:.6g}, {interval.high:.6g}] at one-sided {100 * confidence:g} % around "
    bounds += number_text(measured.value) + (
        f" (n = {measured.samples})" if measured.samples is not None else ""
    )
    if outcome is Outcome.INCONCLUSIVE:
        return (
            outcome,
            f"{bounds} reaches across the limit: {_relation(check, True)} is not certain",
            interval,
        )
    return outcome, f"{bounds} is {_relation(check, outcome is Outcome.PASSED)}", interval


def _is_about_scores(check: Check) -> bool:
    """Whether the limit is one that scores between 0 and 1 can miss, and reaches beyond that range nowhere.

    Any other limit says that the figure has another range, in which the worst case of such scores is none.
    """
    low, high = check.region
    if low is None or high is None:
        return (low is None or 0 < low <= 1) and (high is None or 0 <= high < 1)
    return 0 <= low <= high <= 1 and (low > 0 or high < 1)


def unusable(measured: Measured) -> str | None:
    """Return why no check can use the value, or `None`: it is no number, or its sample size cannot be one."""
    if not math.isfinite(measured.value):
        return "the value is not a finite number"
    if problem := measured.samples_problem or _samples_problem(measured.samples):
        return problem
    if is_proportion(measured) and not 0 <= measured.value <= 1:
        return (
            f"{number_text(measured.value)} is given with a sample size and no spread, so it is a proportion, "
            "and a proportion lies between 0 and 1"
        )
    return None


def _unusable(check: Check, measured: Measured) -> str | None:
    if problem := unusable(measured):
        return problem
    if check.min_samples is not None and measured.samples is None:
        return f"the report gives no sample size, and the check asks for at least {check.min_samples} samples"
    return None


def _samples_problem(samples: int | None) -> str | None:
    if samples is not None and samples < 1:
        return f"it rests on {samples} samples, which cannot be"
    if samples is not None and samples > MOST_SAMPLES:
        return f"it rests on more than {MOST_SAMPLES:,} samples, which cannot be"
    return None


def _zone(check: Check, low: float, high: float) -> Outcome:
    """Return where the whole interval lies: inside the limits, outside of them, or across one."""
    lowest, highest = check.region
    if (lowest is None or low >= lowest) and (highest is None or high <= highest):
        return Outcome.PASSED
    if (lowest is not None and high < lowest) or (highest is not None and low > highest):
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE


def _relation(check: Check, holds: bool) -> str:
    negated = "" if holds else "not "
    if check.at_least is not None:
        return f"at least {number_text(check.at_least)}" if holds else f"below {number_text(check.at_least)}"
    if check.at_most is not None:
        return f"at most {number_text(check.at_most)}" if holds else f"above {number_text(check.at_most)}"
    if check.between is not None:
        low, high = check.between
        return f"{negated}between {number_text(low)} and {number_text(high)}"
    return f"{negated}within {number_text(check.tolerance or 0)} of {number_text(check.target or 0)}"
