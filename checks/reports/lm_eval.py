"""lm-evaluation-harness results, of today's key style and of the one before version 0.4.

Addressed as `lm_eval.<task>.<metric>`, such as `lm_eval.arc_challenge.acc_norm`; a filter other than `none` follows:
`lm_eval.gsm8k.exact_match.strict-match`. Today's keys are `"acc,none"` and `"acc_stderr,none"`, the older ones `acc`
and `acc_stderr`; `"N/A"` is written where there is no standard error. Sample sizes are in `n-samples` or in the task's
`sample_len`. `groups` repeats the groups of tasks that `results` has; where the two differ, both are measurements of
one metric, and contradict each other. The shape is that of
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/interface.md.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_measurement
from checks.reports.reader import Reader
from checks.reports.sagemaker_evaluators import recognises as recognises_sagemaker
from checks.reports.support import add_support
from checks.strict_json import JsonValue

FORMAT = "lm_eval"
ERROR_SUFFIX = "_stderr"
NO_FILTER = "none"
NOT_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples"})
SHARES = frozenset({"acc", "acc_norm", "acc_mutual_info", "exact_match", "mc1", "pct_stereotype"})


def recognises(document: JsonValue) -> bool:
    """Whether `document` has results by task, with the versions of the tasks beside them."""
    if not isinstance(document, Mapping) or "versions" not in document:
        return False
    # The evaluators of the SageMaker SDK write versions too.
    return isinstance(document.get("results"), Mapping) and not recognises_sagemaker(document)


def read(report: Node) -> Iterator[Measurement]:
    """Yield every metric of every task, and of every group of tasks that has metrics."""
    sizes = report.object().get("n-samples")
    for section in ("results", "groups"):
        if report.object().get(section) is None:
            continue
        tasks = report.child(section)
        if not isinstance(tasks.value, Mapping):
            yield make_gap(FORMAT, tasks, f"{name_kind(tasks.value)} where an object of tasks belongs")
        for task, node in tasks.members() if isinstance(tasks.value, Mapping) else ():
            yield from _read_task(task, node, sizes.get(task) if isinstance(sizes, Mapping) else None)


def _read_task(task: str, node: Node, size: JsonValue) -> Iterator[Measurement]:
    metric = f"{FORMAT}.{task}"
    entry = node.value
    if not isinstance(entry, Mapping) or not entry:
        reason = f"{name_kind(entry)} where an object of metrics belongs" if entry else "it has no metric"
        yield make_gap(metric, node, reason)
        return
    samples = size.get("effective") if isinstance(size, Mapping) else size
    samples = entry.get("sample_len") if samples is None else samples
    for key, found in node.members():
        name, _, filter_ = key.partition(",")
        if name.strip() in {*NOT_METRICS, ""}:
            continue
        if name.endswith(ERROR_SUFFIX):
            if _name_value_of_error(name, filter_) not in entry:
                address = _write_address(metric, name.removesuffix(ERROR_SUFFIX), filter_)
                yield make_gap(address, found, "a standard error without its value")
            continue
        yield add_support(
            read_measurement(_write_address(metric, name, filter_), found),
            samples=samples,
            standard_error=entry.get(f"{name}{ERROR_SUFFIX}{',' if filter_ else ''}{filter_}"),
            is_share=name in SHARES,
        )


def _write_address(metric: str, name: str, filter_: str) -> str:
    return f"{metric}.{name}" if filter_ in {"", NO_FILTER} else f"{metric}.{name}.{filter_}"


def _name_value_of_error(name: str, filter_: str) -> str:
    return name.removesuffix(ERROR_SUFFIX) + (f",{filter_}" if filter_ else "")


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
