"""A threshold file to start from: commented YAML, whose limits and confidence fit the evidence at hand.

A starting limit is a proposal. Where evidence is given, the limit of a figure of quality is brought to just below what
was measured (above, where less is better), so that a later version cannot fall far; a limit of principle stays.
"""

import json
import math
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import yaml
from msgspec import Struct

from checks.catalogue import find_metric
from checks.catalogue.metric import Better, Metric
from checks.comparison import find_unusable
from checks.decision import Consequence
from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.index import MeasurementIndex
from checks.intervals import NoSpread, Unsupported, find_interval
from checks.limits import Limit, OneSided
from checks.measurements import Interval, Measured, Measurement
from checks.ranges import Range
from checks.starting_points import STARTING_POINTS, StartingCheck
from checks.tasks import Task
from checks.thresholds import Check

# The first of these levels at which the bound of the value is near enough to it.
LEVELS = (0.95, 0.90, 0.80)
# How far that may be: a part of the metric's range, or of the value where the range has no end.
WIDEST = 0.1
SIGNIFICANT_DIGITS = 2
MOST_FURTHER = 12  # metrics of the evidence that are named for checks of one's own


class _Proposal(Struct, frozen=True):
    """A check with what is to be said about it; one that is not `is_active` is written as a comment."""

    check: Check
    remarks: tuple[str, ...] = ()
    is_active: bool = True


def starter_file(task: Task, group: str, evidence: Evidence | None = None) -> str:
    """Return the text of a threshold file for the model package group, to be edited.

    With `evidence`, only what it has measured is an active check; the others are there as comments, with the reason.

    Raises:
        GovernanceError: the evidence has none of the metrics that models of this kind are judged by.
    """
    starting = STARTING_POINTS[task]
    if evidence is None:
        proposals = [_propose_as_it_is(one) for one in starting]
    else:
        index = MeasurementIndex(evidence)
        proposals = [_bring_near(one, index) for one in starting]
        if not any(proposal.is_active for proposal in proposals):
            raise GovernanceError(_explain_nothing_measured(task, evidence))
    lines = [*_write_head(task, group, with_evidence=evidence is not None)]
    for proposal in proposals:
        lines += _write_check(proposal)
    if evidence is not None:
        lines += _write_further(evidence, proposals)
    return "\n".join(lines) + "\n"


def _write_head(task: Task, group: str, *, with_evidence: bool) -> Iterator[str]:
    yield f"# What versions of {group} must show before they are approved: a {task} file to start from."
    yield "# Every limit is a proposal. Change it to what the users need, and say in `why` what happens otherwise."
    if with_evidence:
        yield "# Limits of quality are near what the evidence shows today; those of principle do not follow it."
    yield "# Then: governance thresholds validate --strict FILE"
    yield f"name: {_write_scalar(group)}"
    yield "applies_to:"
    yield f"  model_package_groups: [{_write_scalar(group)}]"
    name = _put_in_one_line(group)
    yield f"  # mlflow_suffix: true  # also {name}- and six digits, where SageMaker's MLflow registers"
    yield "# owners: [team@example.com]  # who answers for this file, and may approve waivers"
    yield "# review_by: YYYY-MM-DD  # from the day after, validate and decisions warn"
    yield "# max_age_days: 90  # evidence that S3 took longer ago cannot be used"
    yield "mode: enforce  # dry_run decides and records, and changes no status"
    yield "checks:"


def _propose_as_it_is(starting: StartingCheck) -> _Proposal:
    if starting.only is not None:
        return _Proposal(starting.check, (f"Only for {starting.only}.",), is_active=False)
    return _Proposal(starting.check)


def _bring_near(starting: StartingCheck, index: MeasurementIndex) -> _Proposal:
    """Return the check as the evidence bears it."""
    check = starting.check
    found = [one for _, measurements in index.find_concerned(check) for one in measurements]
    measured = [one for one in found if isinstance(one, Measured)]
    if gap := _explain_gap(starting, found, measured):
        return _Proposal(check, (gap,), is_active=False)
    if check.facet is not None:
        return _Proposal(check, _remark_on_groups(check, measured, len(found)))
    return _propose_for_whole(starting, measured[0])


def _explain_gap(
    starting: StartingCheck, found: Sequence[Measurement], measured: Sequence[Measured]
) -> str | None:
    """Return why the check cannot be an active one, or `None`."""
    metric = starting.check.metric
    if not found:
        if starting.only is not None:
            return f"Only for {starting.only}; not in the evidence."
        return f"Not in the evidence: {metric}. Take the # away once it is measured."
    reasons = [one.reason for one in found if not isinstance(one, Measured)]
    if reasons and (not measured or starting.check.facet is None):
        return f"Not measured: {_put_in_one_line(reasons[0])}. Take the # away once it is."
    if starting.check.facet is None and len({one.value for one in measured}) > 1:
        values = " and ".join(_write_number(one.value) for one in measured[:2])
        return f"The reports disagree: {values}. Take the # away once they agree."
    if problem := next(filter(None, map(find_unusable, measured)), None):
        return f"Not usable: {_put_in_one_line(problem)}. Take the # away once it is."
    return None


def _remark_on_groups(check: Check, measured: Sequence[Measured], found: int) -> tuple[str, ...]:
    lowest, highest = (pick(measured, key=lambda one: one.value) for pick in (min, max))
    groups = f"{len(measured)} group{'s'[: len(measured) != 1]}"
    remark = f"Measured for {groups}: {_write_number(lowest.value)} ({lowest.facet})"
    if len(measured) > 1:
        remark += f" to {_write_number(highest.value)} ({highest.facet})"
    missed = sum(not check.limit.passes(one.value) for one in measured)
    remarks = [f"{_put_in_one_line(remark)}. {_remark_on_principle(missed)}"]
    if found > len(measured):
        remarks.append(f"{found - len(measured)} more could not be measured: that rejects too (on_missing).")
    return tuple(remarks)


def _remark_on_principle(missed: int) -> str:
    return "The limit is one of principle" + (", and today's evidence misses it." if missed else ".")


def _propose_for_whole(starting: StartingCheck, measured: Measured) -> _Proposal:
    metric = find_metric(measured.metric)
    level, interval, doubt = _choose_confidence(measured, metric)
    remarks = [_remark_on_value(measured)]
    changes: dict[str, object] = {"confidence": None, "min_samples": None}
    # A limit of principle asks for confidence where it did before; zero could never be shown with any.
    if level is not None and (not starting.is_principle or starting.check.confidence is not None):
        changes["confidence"] = level
        changes["min_samples"] = None if measured.samples is None else _round_to_one_digit(measured.samples)
    elif doubt is not None and not (starting.is_principle and starting.check.confidence is None):
        remarks.append(f"No confidence is asked for: {doubt}.")
    if starting.is_principle or metric is None:
        remarks[0] += f" {_remark_on_principle(not starting.check.limit.passes(measured.value))}"
    else:
        limit, remark = _move_limit_near(starting.check.limit, measured.value, interval, metric)
        changes |= {} if limit is None else limit.as_written
        remarks[0] += f" {remark}"
    # Not model_copy: it would copy the limit that the check keeps once it was asked for.
    return _Proposal(Check.model_validate(starting.check.model_dump() | changes), tuple(remarks))


def _remark_on_value(measured: Measured) -> str:
    samples = (
        ""
        if measured.samples is None
        else f", {measured.samples:,} {'sample' if measured.samples == 1 else 'samples'}"
    )
    return f"Measured: {_write_number(measured.value)}{samples}."


def _choose_confidence(
    measured: Measured, metric: Metric | None
) -> tuple[float | None, Interval | None, str | None]:
    """Return the highest level that the samples bear with its interval, or why there is none."""
    if metric is None or not metric.supported:
        return None, None, "reports give no samples with this metric"
    scale = _scale(metric.range, measured.value)
    for level in LEVELS:
        interval = find_interval(measured, level)
        if isinstance(interval, Unsupported | NoSpread):
            return None, None, _put_in_one_line(interval.reason)
        if max(measured.value - interval.low, interval.high - measured.value) <= WIDEST * scale:
            return level, interval, None
    count = "so few" if measured.samples is None else f"{measured.samples:,}"
    return None, None, f"{count} samples leave the value too uncertain"


def _scale(values: Range, value: float) -> float:
    if values.low is None or values.high is None:
        return abs(value)
    return values.high - values.low


def _move_limit_near(
    limit: Limit, value: float, interval: Interval | None, metric: Metric
) -> tuple[Limit | None, str]:
    """Return the limit near what was measured, which it passes, and a remark; or none where there is no such limit."""
    usual = f"The limit is the usual one, which it {'passes' if limit.passes(value) else 'misses'}."
    if not isinstance(limit, OneSided) or metric.better is not _better(limit):
        return None, usual
    if interval is None:
        bound = value
        is_best = value == (metric.range.high if limit.is_floor else metric.range.low)
    else:
        bound, is_best = (interval.low if limit.is_floor else interval.high), False
    bar = _round_to_few_digits(bound, down=limit.is_floor)
    if is_best or not _decides(bar, metric.range, is_floor=limit.is_floor):
        return None, usual
    is_worse = not limit.passes(bar)
    verdict = "near it, and worse than the usual" if is_worse else "near it; usual is"
    return limit.moved_to(bar), f"The limit is {verdict} {_write_number(limit.number)}."


def _better(limit: OneSided) -> Better:
    """Return which values are better where such a limit makes sense."""
    return Better.HIGHER if limit.is_floor else Better.LOWER


def _decides(bar: float, values: Range, *, is_floor: bool) -> bool:
    """Whether some value misses the limit and another one than the very best meets it."""
    low, high = (
        -math.inf if values.low is None else values.low,
        math.inf if values.high is None else values.high,
    )
    return low < bar < high if is_floor or values.high is not None else low < bar


def _round_to_few_digits(number: float, *, down: bool) -> float:
    """Return the nearest number of few digits that `number` does not miss."""
    if number == 0:
        return 0.0
    exact = Decimal(repr(number))
    step = Decimal(1).scaleb(exact.adjusted() - SIGNIFICANT_DIGITS + 1)
    return float(exact.quantize(step, rounding=ROUND_FLOOR if down else ROUND_CEILING))


def _round_to_one_digit(samples: int) -> int:
    step = int(10 ** (len(str(samples)) - 1))
    return max(1, samples // step * step)


def _write_check(proposal: _Proposal) -> Iterator[str]:
    yield from (f"  # {remark}" for remark in proposal.remarks)
    mark = "  " if proposal.is_active else "  # "
    first = "- "
    for key, value in _write_keys(proposal.check):
        yield f"{mark}{first}{key}: {value}"
        first = "  "


def _write_keys(check: Check) -> Iterator[tuple[str, str]]:
    for key in ("name", "why", "metric", "facet"):
        if (text := getattr(check, key)) is not None:
            yield key, _write_scalar(text)
    yield from check.limit.lines()
    if check.confidence is not None:
        yield "confidence", _write_number(check.confidence)
    if check.min_samples is not None:
        yield "min_samples", str(check.min_samples)
    for key in ("on_failure", "on_missing"):
        if (reaction := getattr(check, key)) is not Consequence.REJECT:
            yield key, str(reaction)


def _write_number(value: float) -> str:
    return f"{value:.6g}"


def _write_scalar(text: str) -> str:
    """Return the text as YAML reads it back: plain where that is possible."""
    try:
        is_plain = text[:1].isalpha() and yaml.safe_load(f"key: {text}") == {"key": text}
    except yaml.YAMLError:
        is_plain = False
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _put_in_one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _write_further(evidence: Evidence, proposals: Sequence[_Proposal]) -> Iterator[str]:
    """Yield which metrics of the evidence no check is about."""
    checked = {proposal.check.metric for proposal in proposals}
    names = [name for name in _measured_names(evidence) if name not in checked]
    if not names:
        return
    yield "# Also measured, for checks of your own (docs/metrics.md says what each means):"
    yield from (f"#   {_put_in_one_line(name)}" for name in names[:MOST_FURTHER])
    if rest := names[MOST_FURTHER:]:
        yield f"#   and {len(rest)} more"


def _measured_names(evidence: Evidence) -> list[str]:
    names = {one.metric for one in evidence.measurements if isinstance(one, Measured)}
    return sorted(name for name in names if _is_for_checks(find_metric(name)))


def _is_for_checks(metric: Metric | None) -> bool:
    return metric is None or (metric.better is not Better.NEITHER and metric.companion_of is None)


def _explain_nothing_measured(task: Task, evidence: Evidence) -> str:
    names = _measured_names(evidence)
    has = f"it has {', '.join(names[:MOST_FURTHER])}" if names else "it has no figures"
    return (
        f"the evidence has measured none of the metrics that a {task} file starts from: {has}; "
        "is --task right? Without --evidence the file has the usual limits"
    )
