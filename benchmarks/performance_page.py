"""Writes `docs/performance.md` from the results in `benchmarks/results`: `python -m benchmarks.performance_page`."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import RESULTS, write_whole
from benchmarks.performance_chart import CHART, draw_chart

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = "performance.md"

_HEAD = """\
# Performance

`make bench` measures what is here and writes this page from its results; `make bench ONLY=check` measures one part.
What is compared runs in one run, in turns, and the median counts. Times are of the machine that is named with them:
where other work used its cores, as its load says, time on the clock is longer than on an idle one."""

_VERDICT = "The target for "
_EVALUATORS = {"spider": "Spider's evaluator", "bird": "BIRD's evaluator"}
_COLUMNS = ("| | median | least | most | target |", "|---|---|---|---|---|")


def write_page(results: Path = RESULTS) -> str:
    """Return the page of all results."""
    lines = [_HEAD]
    for name, (title, write) in _SECTIONS.items():
        lines += ["", f"## {title}", ""]
        path = results / f"{name}.json"
        if not path.is_file():
            lines.append(f"Not run: `python -m benchmarks.{name}`.")
            continue
        result = json.loads(path.read_text())
        lines += [*_write_where(result), "", *write(result)]
    return "\n".join([*lines, ""])


def write_documents(docs: Path, results: Path = RESULTS) -> None:
    """Write the page of all results into a folder, and its chart beside it where there is one to draw."""
    write_whole(docs / PAGE, write_page(results))
    chart = draw_chart(results)
    if chart is not None:
        write_whole(docs / CHART, chart)


def list_verdicts(name: str, results: Path = RESULTS) -> list[str]:
    """Return the sentences of a part's section on whether its targets are met; none where it was not run."""
    path = results / f"{name}.json"
    if not path.is_file():
        return []
    _, write = _SECTIONS[name]
    return [line for line in write(json.loads(path.read_text())) if line.startswith(_VERDICT)]


def _write_check(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    sides = figures["sides"]
    bare, with_model = (
        1 / sides[name]["cpu_by_ours"]["median"]
        for name in ("pydantic and PyYAML", "pydantic with a model, PyYAML")
    )
    yield f"{figures['checks']} checks over {figures['reports']} reports, a whole process of each, from files:"
    yield ""
    yield f"![Processor time of each, in seconds, as in the table]({CHART})"
    yield ""
    yield "| | seconds | processor time, s | MB | processor time by ours |"
    yield "|---|---|---|---|---|"
    for name, side in sides.items():
        if isinstance(side, str):
            yield f"| {name} | {side} | | | |"
            continue
        shown = [side[key]["median"] for key in ("seconds", "cpu_seconds", "largest_mb", "cpu_by_ours")]
        yield f"| {name} | {' | '.join(f'{figure:g}' for figure in shown)} |"
    yield ""
    yield (
        f"Ours takes {bare:.1f} times the processor time of an interpreter that imports pydantic and PyYAML, and "
        f"{with_model:.1f} times that of one that makes a model of pydantic too, for which pydantic imports most of it."
    )
    yield _judge_target(round(bare, 1), figures["target"]["bare_interpreters"], "the start")
    yield (
        "Most of what is beyond it is what pydantic imports as soon as there is a model; then come the project's own "
        "modules, of which the models that read threshold files are built anew in every process, and typer. Reading, "
        "judging and telling take little of it."
    )


def _write_core(result: Mapping[str, Any]) -> Iterator[str]:
    figures, target = result["figures"], result["figures"]["target"]
    reading, judging = figures["reading_by_json_loads"], figures["judging_cpu_seconds"]
    by_mlflow = figures["mlflow_cpu_seconds"]
    yield f"{figures['checks']:,} checks judged, and a report of as many figures read: processor time."
    yield ""
    yield from _COLUMNS
    yield _write_row("judging, s", judging, target["judging"])
    yield _write_row("MLflow's validation, s", by_mlflow, "–")
    name = f"{figures['missing']:,} missing metrics among as many names, s"
    yield _write_row(name, figures["missing_cpu_seconds"], "–")
    yield _write_row("reading the report, s", figures["reading_cpu_seconds"], "–")
    yield _write_row("`json.loads` of it, s", figures["json_loads_cpu_seconds"], "–")
    yield _write_row("reading by `json.loads`", reading, f"at most {target['reading_by_json_loads']}")
    yield ""
    yield _judge_target(reading["median"], target["reading_by_json_loads"], "reading")
    if not isinstance(by_mlflow, str):
        yield _judge_target(judging["median"], by_mlflow["median"], "judging")
    yield ""
    yield from _write_memory(figures)


def _write_memory(figures: Mapping[str, Any]) -> Iterator[str]:
    held, factor = figures["bytes_by_json_loads"], figures["target"]["bytes_by_json_loads"]
    yield (
        f"A measurement of that report takes {figures['bytes_a_measurement']} bytes, and its part of what `json.loads` "
        f"returns {figures['json_loads_bytes_a_measurement']}: {held:g} times as many."
    )
    yield _judge_target(held, factor, "memory")
    yield "The target is half of what a measurement took when this was first asked for."
    yield (
        f"A process that makes {figures['checks']:,} checks, reads that report and judges takes "
        f"{figures['judging_largest_mb']} MB."
    )


def _write_impact(result: Mapping[str, Any]) -> Iterator[str]:
    figures, target = result["figures"], result["figures"]["target"]
    shared = figures["cpu_seconds"]["median"] / result["machine"]["cores"]
    yield (
        f"`governance thresholds impact` over {figures['versions']:,} versions with {figures['checks']} checks each, "
        "as a whole process; every fifth check is edited."
    )
    yield ""
    yield from _COLUMNS
    yield _write_row("time, s", figures["seconds"], f"below {target['seconds']}")
    yield _write_row("processor time, s", figures["cpu_seconds"], "–")
    most = f"below {target['largest_mb']} in all"
    yield _write_row("memory of its largest process, MB", figures["largest_mb"], most)
    yield ""
    yield _judge_target(figures["seconds"]["median"], target["seconds"], "the time")
    yield f"The processor time shared among the cores comes to {shared:.1f} s; what is beyond it was spent waiting."


# Why some ways of scoring have their first item late: what they compute by.
_WHY_LATE = {
    "bias of a table": "bias imports pandas, by which tables are read and grouped",
    "bias of a table, without the flip test": "bias imports pandas, by which tables are read and grouped",
    "bias of scored answers": "bias imports pandas, by which tables are read and grouped",
}


def _write_start(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    imports, target = figures["import_seconds"], figures["target"]["help_seconds"]
    slowest = figures["help_slowest_seconds"]
    yield from _COLUMNS
    yield _write_row("the evaluating function's imports out of the bundle, s", imports["with_bytecode"], "–")
    yield _write_row("the same without bytecode, s", imports["without_bytecode"], "–")
    yield _write_row("an interpreter that does nothing, s", figures["interpreter_seconds"], "–")
    name = f"`{figures['help_slowest']} --help`, the slowest of {figures['help_commands']}, s"
    yield _write_row(name, slowest, f"below {target}")
    first_items = figures.get("first_item_seconds", {})
    most = figures["target"].get("first_item_seconds")
    for name, seconds in first_items.items():
        yield _write_row(f"the first item: {name}, s", seconds, f"below {most}")
    yield ""
    yield _judge_target(slowest["median"], target, "help")
    yield from _judge_first_items(first_items, most)


def _judge_first_items(first_items: Mapping[str, Any], most: float) -> Iterator[str]:
    """Say which ways of scoring come to their first item too late, and why."""
    if not first_items:
        return
    medians = {name: seconds["median"] for name, seconds in first_items.items()}
    late = [name for name, median in medians.items() if median > most]
    for name in late or [max(medians, key=lambda name: medians[name])]:
        yield _judge_target(medians[name], most, f"the first item ({name})")
    reasons = dict.fromkeys(_WHY_LATE[name] for name in late if name in _WHY_LATE)
    if reasons:
        yield f"Before it, {'; '.join(reasons)}."
    if "rag" in medians:
        yield (
            "RAG has its eleven questions answered at once, by a judge on loopback, and its embeddings are the local "
            "ones, which it loads."
        )


def _write_bias(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    counts, small = figures["figures"], f"{figures['small_rows']:,} rows"
    yield f"A table of {figures['rows']:,} rows by {figures['facets']} facets, and one of {small}: whole processes."
    yield ""
    yield "| | figures | seconds | processor time, s | MB |"
    yield "|---|---|---|---|---|"
    for name, key, count in (
        ("`governance score bias`", "ours", counts["ours"]),
        ("fairlearn's `MetricFrame`", "fairlearn", counts.get("fairlearn", "–")),
        (f"ours, {small}, with the flip test", "small_with_flip_test", "–"),
        (f"ours, {small}, without it", "small_without_flip_test", "–"),
    ):
        side = figures[key]
        if isinstance(side, str):
            yield f"| {name} | {count} | {side} | | |"
            continue
        shown = [side[spent]["median"] for spent in ("seconds", "cpu_seconds", "largest_mb")]
        yield f"| {name} | {count} | {' | '.join(f'{figure:g}' for figure in shown)} |"
    if "fairlearn_cpu_by_ours" in figures:
        by_ours, rounds = figures["fairlearn_cpu_by_ours"], figures["fairlearn_rounds"]
        yield ""
        yield (
            f"fairlearn takes {by_ours['median']:g} times the processor time, "
            f"in {rounds} {'round' if rounds == 1 else 'rounds'}."
        )


def _write_bias_metrics(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    yield (
        f"All metrics but FT, and FT apart, by {figures['facets']} facets; computing leaves out that libraries are "
        "imported and the table is read, memory is that of the process."
    )
    yield ""
    yield "| | rows | computing, s | processor time, s | MB |"
    yield "|---|---|---|---|---|"
    for what, table in figures["tables"].items():
        for side in ("ours", "smclarify"):
            took = table[side]
            name = f"{what}, {side}"
            if isinstance(took, str):
                yield f"| {name} | {table['rows']:,} | {took} | | |"
                continue
            shown = [took[key]["median"] for key in ("computing_seconds", "cpu_seconds", "largest_mb")]
            yield f"| {name} | {table['rows']:,} | {' | '.join(f'{figure:g}' for figure in shown)} |"
    compared = {what: table for what, table in figures["tables"].items() if "metrics" in table}
    if compared:
        yield ""
    for what, table in compared.items():
        differing = table["differing"]
        same = f"{table['metrics'] - len(differing)} of {table['metrics']} metrics are the same"
        others = f", and not {', '.join(differing)}" if differing else ""
        yield (
            f"{what}: smclarify computes for {table['smclarify_by_ours']['median']:g} times as long; {same}{others}."
        )


def _write_memorization(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    tokens, responses = f"{figures['corpus_tokens']:,}", f"{figures['responses']:,}"
    yield f"{responses} responses, each with a passage of a corpus of {tokens} tokens, which all are found."
    yield ""
    yield from _COLUMNS
    yield _write_row("indexing the corpus, once, s", figures["building_seconds"], "–")
    yield _write_row("searching the responses, s", figures["searching_seconds"], "–")
    yield _write_row("memory, MB", figures["largest_mb"], "–")


def _write_rag(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    yield (
        f"{figures['requests']} requests to a judge that answers after {figures['answer_seconds']:g} s, "
        f"{figures['concurrency']} in flight: {figures['possible_per_second']:g} a second are possible."
    )
    yield ""
    yield "| | requests a second | of what is possible | processor time a request, ms |"
    yield "|---|---|---|---|"
    for name, side in figures["sides"].items():
        shown = [side[key]["median"] for key in ("requests_per_second", "of_possible", "cpu_ms_a_request")]
        yield f"| {name} | {' | '.join(f'{figure:g}' for figure in shown)} |"


def _write_text_to_sql(result: Mapping[str, Any]) -> Iterator[str]:
    figures, target = result["figures"], result["figures"]["target"]
    ours = figures["ours"]
    yield (
        f"`governance score text-to-sql` over {figures['pairs']:,} predictions of published systems on Spider, and the "
        "evaluators of Spider and BIRD over the same, whole processes. BIRD's compares results and nothing else; ours "
        "finds Spider's two verdicts too, whether the text is valid and safe, and which names it makes up."
    )
    yield ""
    yield from _COLUMNS
    yield _write_row("pairs a second", ours["pairs_per_second"], f"{target['with_start']:,}")
    yield _write_row("time, s", ours["seconds"], "–")
    yield _write_row("processor time, s", ours["cpu_seconds"], "–")
    yield _write_row("of these for the first pair, s", figures["start"]["cpu_seconds"], "–")
    for name in _EVALUATORS:
        yield from _write_evaluator(name, figures, target[f"by_{name}"])
    yield ""
    yield _judge_rate(
        ours["pairs_per_second"]["median"], target["with_start"], "pairs a second with start-up"
    )
    for name in _EVALUATORS:
        yield from _judge_evaluator(name, figures, target[f"by_{name}"])
    yield (
        "Before the first pair, the command line is imported in one process and sqlglot in another, from which those "
        "that run queries are forked; BIRD's evaluator imports little beyond what Python has."
    )
    yield ""
    yield from _write_parts(figures["imports"], figures["parts"])
    yield (
        "Pairs of which no two texts are alike; steady leaves out what the first pair takes, and by processor time it "
        "is what the cores would do without other work:"
    )
    yield ""
    yield from _write_distinct(figures["distinct"], target["steady"])
    for run in figures["distinct"]:
        yield from _write_beside_evaluators(run, target, figures["parts"]["shares"])


def _write_beside_evaluators(
    run: Mapping[str, Any], target: Mapping[str, int], shares: Mapping[str, int]
) -> Iterator[str]:
    """Say how many times as many of the unlike pairs ours scores, with the start of each side and without it."""
    evaluators = run.get("evaluators", {})
    if not evaluators:
        return
    yield ""
    yield (
        f"The same {run['pairs']:,} pairs by the evaluators; steady leaves out what few pairs take, in the same way:"
    )
    yield ""
    yield "| | a second, with start | ours: times as fast | steady | ours: times as fast | target |"
    yield "|---|---|---|---|---|---|"
    verdicts = []
    for name, side in evaluators.items():
        wanted, cells = target[f"by_{name}"], []
        for key, what in (("with_start", "with start-up"), ("steady", "steady")):
            times = run[key] / side[key]
            cells += [f"{side[key]:,}", f"{times:.1f}"]
            verdicts.append(
                _judge_times(times, wanted, f"{run['pairs']:,} pairs {what}, beside {_EVALUATORS[name]},")
            )
        yield f"| {_EVALUATORS[name]} | {' | '.join(cells)} | {wanted} |"
    yield ""
    yield from verdicts
    if any("is missed" in verdict for verdict in verdicts):
        yield (
            f"BIRD's evaluator has the database run the queries, for which ours spends "
            f"{shares['the database runs the queries']} % of a pair's time, and compares results, "
            f"{shares['results are compared']} %; the rest, in the table above, is what ours finds beyond that."
        )


def _write_parts(imports: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    """Say where the time goes: the imports before the first pair, then what is done for each."""
    yield "What is imported before the first pair, in processor time:"
    yield ""
    yield _COLUMNS[0]
    yield _COLUMNS[1]
    for name, spread in imports.items():
        yield _write_row(f"{name}, s", spread, "–")
    yield ""
    yield (
        f"Where the processor time of a pair goes, of {parts['pairs']:,} whose texts are all unlike: "
        f"{parts['microseconds']:,} µs each in one process, without reading the file and writing evidence."
    )
    yield ""
    yield "| part | share, % |"
    yield "|---|---|"
    for name, share in sorted(parts["shares"].items(), key=lambda entry: -entry[1]):
        yield f"| {name} | {share} |"
    yield ""
    yield (
        "Two queries that SQLite runs and Spider's parser reads are what is left of a pair where nothing that was "
        "done before helps; a file in which golds and predictions come again takes less."
    )
    yield ""


def _write_text_to_sql_many(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    few, many = figures["distinct"]
    yield (
        f"{many['pairs']:,} pairs of which no two texts are alike, in one run, beside {few['pairs']:,}. The largest "
        f"process takes {many['largest_mb'] / few['largest_mb']:.2f} times the memory for "
        f"{many['pairs'] / few['pairs']:g} times the pairs: what is remembered of queries is bounded, and few pairs "
        "do not fill that. `make bench` does not run this again."
    )
    yield ""
    yield from _write_distinct(figures["distinct"], figures["target"]["steady"])


def _write_distinct(runs: Sequence[Mapping[str, Any]], target: int) -> Iterator[str]:
    yield f"| pairs | a second, with start | steady, target {target:,} | by processor time | largest MB |"
    yield "|---|---|---|---|---|"
    for run in runs:
        columns = ("pairs", "with_start", "steady", "steady_by_cpu", "largest_mb")
        yield f"| {' | '.join(f'{run[column]:,}' for column in columns)} |"
    yield ""
    for run in runs:
        yield _judge_rate(run["steady"], target, f"{run['pairs']:,} pairs, steady")


def _judge_evaluator(name: str, figures: Mapping[str, Any], target: int) -> Iterator[str]:
    runs, factor = figures[name], figures[f"by_{name}"]
    if isinstance(runs, str):
        return
    times = factor["times"]["median"]
    yield _judge_times(
        times, target, f"{figures['pairs']:,} pairs with start-up, beside {_EVALUATORS[name]},"
    )
    if times >= target:
        return
    left, start = runs["seconds"]["median"] / target, figures["start"]["seconds"]["median"]
    yield f"It leaves {left:.2f} s for all pairs, and {start:.2f} s pass before the first is done."


def _write_evaluator(name: str, figures: Mapping[str, Any], target: int) -> Iterator[str]:
    runs, factor = figures[name], figures[f"by_{name}"]
    title = _EVALUATORS[name]
    if isinstance(runs, str):
        yield _write_row(title, runs, "–")
        return
    yield _write_row(f"{title}, s", runs["seconds"], "–")
    yield _write_row(f"{title}, processor time, s", runs["cpu_seconds"], "–")
    yield _write_row("times as fast as that", factor["times"], str(target))
    yield _write_row("the same by processor time", factor["times_by_cpu"], str(target))


# Each part by the program that measures it.
_SECTIONS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "check": ("`governance check`", _write_check),
    "start": ("The start", _write_start),
    "core": ("The core", _write_core),
    "impact": ("The impact of an edit on the past", _write_impact),
    "score_bias": ("Bias", _write_bias),
    "bias": ("Bias metrics beside the library that defines them", _write_bias_metrics),
    "memorization": ("Memorization", _write_memorization),
    "rag": ("RAG", _write_rag),
    "text_to_sql": ("Text-to-SQL", _write_text_to_sql),
    "text_to_sql_many": ("Text-to-SQL, a million pairs", _write_text_to_sql_many),
}


def _write_where(result: Mapping[str, Any]) -> list[str]:
    machine, versions = result["machine"], {**result["versions"]}
    python = versions.pop("python")
    others = ", ".join(f"{name} {version}" for name, version in versions.items())
    return [
        f"`{result['command']}`, {result['figures']['rounds']} rounds on {result['date']}: {machine['cores']} cores "
        f"({machine['processor']}, {machine['system']}) with a load of {machine['load_of_15_minutes']:g}, Python "
        f"{python}, {others}.",
    ]


def _write_row(name: str, spread: Mapping[str, float] | str, target: str) -> str:
    if isinstance(spread, str):
        return f"| {name} | {spread} | | | {target} |"
    return f"| {name} | {spread['median']:g} | {spread['least']:g} | {spread['most']:g} | {target} |"


def _judge_rate(found: float, target: float, what: str) -> str:
    if found >= target:
        return f"{_VERDICT}{what} is met."
    return f"{_VERDICT}{what} is missed: {found:,.0f}, where {target:,} are asked for."


def _judge_times(times: float, target: int, what: str) -> str:
    if times >= target:
        return f"{_VERDICT}{what} is met."
    return f"{_VERDICT}{what} is missed: {times:.1f} times as fast, where {target} times is asked for."


def _judge_target(found: float, target: float, what: str) -> str:
    if found <= target:
        return f"{_VERDICT}{what} is met."
    return f"{_VERDICT}{what} is missed: {found:g}, where {target:g} is asked for."


def main() -> None:
    """Write the page and its chart; it has no options."""
    argparse.ArgumentParser(prog="python -m benchmarks.performance_page", description=__doc__).parse_args()
    write_documents(DOCS)


if __name__ == "__main__":
    main()
