"""Writes `docs/performance.md` from the results in `benchmarks/results`: `python -m benchmarks.performance_page`."""

import json
from pathlib import Path
from typing import Any

from benchmarks.measuring import RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

_HEAD = """\
# Performance

`make bench` measures what is here and writes this page from its results. Times are of the machine that is named with
them: where other work used its cores, as its load says, time on the clock is longer than on an idle one.
"""


def write_page() -> str:
    """Return the page of all results."""
    impact, core = (json.loads((RESULTS / f"{name}.json").read_text()) for name in ("impact", "core"))
    return "\n".join([_HEAD, *_write_impact(impact), "", *_write_core(core), ""])


def _write_impact(result: dict[str, Any]) -> list[str]:
    figures, target = result["figures"], result["figures"]["target"]
    shared = figures["cpu_seconds"]["median"] / result["machine"]["cores"]
    return [
        "## The impact of an edit on the past",
        "",
        f"`governance thresholds impact` over {figures['versions']:,} versions with {figures['checks']} checks each, "
        "as a whole process; every fifth check is edited.",
        "",
        *_write_where(result),
        "",
        "| | median | least | most | target |",
        "|---|---|---|---|---|",
        _write_row("time, s", figures["seconds"], f"below {target['seconds']}"),
        _write_row("processor time, s", figures["cpu_seconds"], "–"),
        _write_row(
            "memory of its largest process, MB", figures["largest_mb"], f"below {target['largest_mb']} in all"
        ),
        "",
        _judge_target(figures["seconds"]["median"], target["seconds"], "the time"),
        f"The processor time shared among the cores comes to {shared:.1f} s; what is beyond it was spent waiting. Most "
        "of it goes into the findings of every check, with their reasons, and into reading the copies.",
    ]


def _write_core(result: dict[str, Any]) -> list[str]:
    figures, target = result["figures"], result["figures"]["target"]
    reading, judging = figures["reading_by_json_loads"], figures["judging_cpu_seconds"]
    by_mlflow = figures["mlflow_cpu_seconds"]
    rows = [
        _write_row("judging, s", judging, target["judging"]),
        _write_row("MLflow's validation, s", by_mlflow, "–"),
        _write_row("reading the report, s", figures["reading_cpu_seconds"], "–"),
        _write_row("`json.loads` of it, s", figures["json_loads_cpu_seconds"], "–"),
        _write_row("reading by `json.loads`", reading, f"at most {target['reading_by_json_loads']}"),
    ]
    return [
        "## The core",
        "",
        f"{figures['checks']:,} checks judged, and a report of as many figures read: processor time.",
        "",
        *_write_where(result),
        "",
        "| | median | least | most | target |",
        "|---|---|---|---|---|",
        *rows,
        "",
        _judge_target(reading["median"], target["reading_by_json_loads"], "reading"),
        *(
            []
            if isinstance(by_mlflow, str)
            else [_judge_target(judging["median"], by_mlflow["median"], "judging")]
        ),
        "Judging takes longer than a comparison of two numbers: each check gets a finding with its reason in words, "
        "which the decision record keeps.",
    ]


def _write_where(result: dict[str, Any]) -> list[str]:
    machine, versions = result["machine"], result["versions"]
    return [
        f"`{result['command']}`, {result['figures']['rounds']} rounds on {result['date']}: {machine['cores']} cores "
        f"({machine['processor']}, {machine['system']}) with a load of {machine['load_of_15_minutes']:g}, Python "
        f"{versions['python']}, governance {versions['governance']}.",
    ]


def _write_row(name: str, spread: dict[str, float] | str, target: str) -> str:
    if isinstance(spread, str):
        return f"| {name} | {spread} | | | {target} |"
    return f"| {name} | {spread['median']:g} | {spread['least']:g} | {spread['most']:g} | {target} |"


def _judge_target(found: float, target: float, what: str) -> str:
    if found <= target:
        return f"The target for {what} is met."
    return f"The target for {what} is missed: {found:g}, where {target:g} is asked for."


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
