"""What the evaluators of the SageMaker Python SDK 3 write (`sagemaker.train.evaluate`).

`results_*.json` of benchmarks and custom scorers has metrics by task, `all` for the whole: addressed as
`sagemaker_benchmark.<task>.<metric>`, such as `sagemaker_benchmark.all.acc`, with `<metric>_stderr` as the standard
error. `bedrock_llm_judge_results.json` has a score, its spread and its number of evaluations by metric: addressed as
`sagemaker_llm_judge.<metric>`. The results of a base model are of the same addresses; attach those of the model that
is to be judged. The shapes are those that the SDK reads in `sagemaker.train.common_utils.show_results_utils`.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_error, read_measurement, read_numbers_below
from checks.reports.reader import Reader
from checks.reports.support import add_stated_support, add_support
from checks.strict_json import JsonValue

FORMAT = "sagemaker_evaluators"
BENCHMARK = "sagemaker_benchmark"
JUDGE = "sagemaker_llm_judge"
SECTION = "results"
WHOLE = "all"
ERROR_SUFFIX = "_stderr"
_OF_A_SCORE = frozenset({"score", "std_deviation", "total_evaluations", "error"})


def recognises(document: JsonValue) -> bool:
    """Whether `document` has results as an evaluator of the SDK writes them."""
    results = document.get(SECTION) if isinstance(document, Mapping) else None
    return isinstance(results, Mapping) and (_is_benchmark(results) or _is_judge(results))


def _is_benchmark(results: Mapping[str, JsonValue]) -> bool:
    """Whether results are by task: `all`, or a task named `suite|task|shots`."""
    return isinstance(results.get(WHOLE), Mapping) or any(task.count("|") > 1 for task in results)


def _is_judge(results: Mapping[str, JsonValue]) -> bool:
    return any(
        isinstance(entry, Mapping) and {"score", "total_evaluations"} <= entry.keys()
        for entry in results.values()
    )


def read(report: Node) -> Iterator[Measurement]:
    """Yield every metric."""
    results = report.child(SECTION)
    is_benchmark = _is_benchmark(results.object())
    for name, entry in results.members():
        if is_benchmark:
            yield from _read_task(f"{BENCHMARK}.{name}", entry)
        else:
            yield from _read_judged(f"{JUDGE}.{name}", entry)


def _read_task(metric: str, task: Node) -> Iterator[Measurement]:
    entry = task.value
    if not isinstance(entry, Mapping) or not entry:
        reason = (
            "it has no metric" if entry == {} else f"{name_kind(entry)} where an object of metrics belongs"
        )
        yield make_gap(metric, task, reason)
        return
    for name, found in task.members():
        if name.endswith(ERROR_SUFFIX):
            if name.removesuffix(ERROR_SUFFIX) not in entry:
                address = f"{metric}.{name.removesuffix(ERROR_SUFFIX)}"
                yield make_gap(address, found, "a standard error without its value")
            continue
        error = entry.get(f"{name}{ERROR_SUFFIX}")
        yield add_support(read_measurement(f"{metric}.{name}", found), samples=None, standard_error=error)


def _read_judged(metric: str, node: Node) -> Iterator[Measurement]:
    entry = node.value
    if not isinstance(entry, Mapping) or "score" not in entry:
        stated = read_error(entry.get("error")) if isinstance(entry, Mapping) else None
        yield make_gap(metric, node, stated or 'no "score" in it')
        return
    found = read_measurement(metric, node.child("score"), error=entry.get("error"))
    # A judge's scores are no zeros and ones: without their spread, their number does not make them a proportion.
    spread = {"standard_deviation": entry.get("std_deviation")}
    yield add_stated_support(found, samples=entry.get("total_evaluations"), entry=spread)
    for key, extra in node.members():
        if key not in _OF_A_SCORE:
            yield from read_numbers_below(f"{metric}.{key}", extra)


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
