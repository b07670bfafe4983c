"""What a report says beside a value: how many items it rests on, and how far they spread."""

import math
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from checks.measurements import NO_SUPPORT, Interval, Measured, Measurement, Support
from checks.reports.numbers import is_undefined, name_kind, to_number, why_not_a_number
from checks.strict_json import JsonValue

SPREADS = ("standard_deviation", "standard_error")
MOST_SAMPLES = 2**53  # beyond it a double no longer counts one by one


class Count(Struct, frozen=True):
    """A number of items as a report gives it, or why it cannot be one; neither where the report does not know it."""

    items: int | None = None
    problem: str | None = None


def read_count(value: JsonValue, *, least: int = 1) -> Count:
    """Return `value` as a number of items: a whole number from `least` on; `300.0` is one, as some tools write it."""
    if value is None:
        return Count()
    if (reason := why_not_a_number(value)) is not None:
        return Count(problem=reason)
    given = to_number(value)
    if not (least <= given <= MOST_SAMPLES and given.is_integer()):
        return Count(problem=f"{given:g} is no number of items")
    return Count(int(given))


def add_stated_support(
    measurement: Measurement, *, samples: JsonValue, entry: Mapping[str, JsonValue]
) -> Measurement:
    """Return `measurement` with the sample size `samples`, and with the spreads and the interval that `entry` gives.

    What is wrong about them is kept as the problem of the samples, or of the spread.
    """
    if not isinstance(measurement, Measured):
        return measurement
    items, samples_problem = read_samples(samples)
    support = NO_SUPPORT
    if "standard_deviation" in entry or "standard_error" in entry or "interval" in entry:
        support = _read_support(entry, measurement.value)
    if samples_problem is not None:
        support = replace(support, samples_problem=samples_problem)
    # Made at once: making a copy for each part takes most of the time of reading a large report.
    return Measured(
        measurement.metric, measurement.value, measurement.place, measurement.facet, items, support
    )


def read_samples(value: JsonValue) -> tuple[int | None, str | None]:
    """Return the sample size that `value` is, if it is one, and what is wrong about it, if something is."""
    if type(value) is int and 1 <= value <= MOST_SAMPLES:  # as nearly every sample size is
        return value, None
    count = read_count(value)
    problem = None if count.problem is None else f"its sample size cannot be one: {count.problem}"
    return count.items, problem


def _read_support(entry: Mapping[str, JsonValue], value: float) -> Support:
    usable: dict[str, float] = {}
    problems: list[str] = []
    for key in SPREADS:
        if key not in entry:
            continue
        reason = why_no_spread(entry[key])
        if reason is None:
            usable[key] = to_number(entry[key])
        else:
            problems.append(f"{key} {reason}")
    interval = _read_interval(entry, value) if "interval" in entry else None
    if "interval" in entry and interval is None:
        problems.append("interval is not low <= value <= high with a confidence between 0 and 1")
    return Support(
        standard_deviation=usable.get("standard_deviation"),
        standard_error=usable.get("standard_error"),
        interval=interval,
        spread_problem="; ".join(problems) or None,
    )


def why_no_spread(value: JsonValue) -> str | None:
    """Return why `value` cannot be a spread, or `None` when it is one."""
    if type(value) is float and 0 <= value < math.inf:
        return None
    if value is None:
        return "is null"
    if isinstance(value, str) and is_undefined(value):
        return f"is {value}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {name_kind(value)}"
    if (reason := why_not_a_number(value)) is not None:
        return f"cannot be used: {reason}"
    return None if to_number(value) >= 0 else f"is {to_number(value):g}, below 0"


def _read_interval(entry: Mapping[str, JsonValue], value: float) -> Interval | None:
    given = entry["interval"]
    if not isinstance(given, Mapping) or set(given) != {"low", "high", "confidence"}:
        return None
    if any(why_not_a_number(end) for end in given.values()):
        return None
    interval = Interval(to_number(given["low"]), to_number(given["high"]), to_number(given["confidence"]))
    contains = interval.low <= value <= interval.high
    return interval if contains and 0 < interval.confidence < 1 else None


def add_support(
    measurement: Measurement, *, samples: JsonValue, standard_error: JsonValue, is_share: bool = False
) -> Measurement:
    """Return `measurement` with the support that another evaluator's file gives for it.

    A standard error of 0 is not certainty: it says that every item scored the same, and tells nothing about the
    next one. Where that same score is 0 or 1 it is left out, and the sample size makes the value a proportion.
    A sample size alone does so too, and is then kept with the problem that there is no spread, unless `is_share` says
    that the items score 0 or 1.
    """
    found = add_stated_support(measurement, samples=samples, entry={})
    if not isinstance(found, Measured):
        return found
    problem = "is not given" if standard_error is None else why_no_spread(standard_error)
    if problem is not None:
        problem = f"its standard error {problem}"
        return found if is_share else replace(found, support=replace(found.support, spread_problem=problem))
    error = to_number(standard_error)
    all_alike = error == 0 and (is_share or found.value in {0.0, 1.0})
    return found if all_alike else replace(found, support=replace(found.support, standard_error=error))
