"""Model Monitor's `constraint_violations.json`: how many constraints were violated, in all and by kind of check.

Addressed as `model_monitor.violations` and `model_monitor.violations.<constraint_check_type>`. A kind that AWS
documents for this file and that no violation is of counts 0, so that a check "no violation of this kind" can pass.
Monitors of data and of model quality look for the kinds of
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html; the monitors of bias and
of feature attribution, whose files alone have a `version` in text, for those of
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-violations.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-model-attribution-drift-violations.html.
What a monitor does not look for is not counted: its file says nothing about it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from checks.evidence import ReportKind
from checks.measurements import Measured, Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "model_monitor_violations"
SECTION = "violations"
PREFIX = "model_monitor.violations"
DATA_KINDS = (
    "data_type_check",
    "completeness_check",
    "baseline_drift_check",
    "missing_column_check",
    "extra_column_check",
    "categorical_values_check",
)
DRIFT_KINDS = ("bias_drift_check", "feature_attribution_drift_check")


def recognises(document: JsonValue) -> bool:
    """Whether `document` lists violations; a number of that name is a figure of somebody else."""
    return (
        isinstance(document, Mapping)
        and SECTION in document
        and not isinstance(document[SECTION], int | float)
    )


def read(report: Node) -> Iterator[Measurement]:
    """Yield the number of violations, and that of each kind."""
    is_drift = isinstance(report.object().get("version"), str)
    yield from _count_violations(report.child(SECTION), DRIFT_KINDS if is_drift else DATA_KINDS)
    for key, part in report.members():
        if key != SECTION:
            yield from read_numbers_below(f"model_monitor.{key}", part)


def _count_violations(violations: Node, looked_for: Sequence[str]) -> Iterator[Measurement]:
    if not isinstance(violations.value, list):
        reason = f"{name_kind(violations.value)} where a list of violations belongs"
        yield make_gap(PREFIX, violations, reason)
        return
    listed = [violation for _, violation in violations.members()]
    yield Measured(PREFIX, float(len(listed)), violations.source)
    kinds = Counter(_read_kind(violation) for violation in listed)
    unknown = kinds.pop(None, 0)
    for name in sorted({*looked_for, *(name for name in kinds if name is not None)}):
        metric = f"{PREFIX}.{name}"
        yield Measured(metric, float(kinds[name]), violations.source)
        if unknown:
            reason = f"{unknown} violations do not say in constraint_check_type what they are of"
            yield make_gap(metric, violations, reason)


def _read_kind(violation: Node) -> str | None:
    given = violation.value.get("constraint_check_type") if isinstance(violation.value, Mapping) else None
    if not isinstance(given, str) or not given.strip():
        return None
    return violation.child("constraint_check_type").text().strip().lower()


READER = Reader(format=FORMAT, kind=ReportKind.DATA_VIOLATIONS, recognises=recognises, read=read)
