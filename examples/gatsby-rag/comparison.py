"""Both stages side by side: a table, a chart in the terminal, and a page with the same as SVG."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

METRICS = ("answer_relevancy", "answer_similarity", "answer_correctness", "context_relevancy")
LATENCY = "latency_total_seconds"
ROWS = (*METRICS, "rouge_l", "chrf", LATENCY, "coverage")
MARKERS = ("▒", "█")
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
COLUMNS, LINES = 96, 16

Figures = Mapping[str, Mapping[str, Any]]  # metrics by the name of the stage


def read_figures(folder: Path, stages: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the metrics of each stage from the evidence below `folder`."""
    return {
        stage: json.loads((folder / stage / "evidence" / "evaluation.json").read_text("utf-8"))["rag_metrics"]
        for stage in stages
    }


def table_of(figures: Figures) -> str:
    """Return a Markdown table: one row a metric, one column a stage."""
    lines = [f"| | {' | '.join(figures)} |", "|---|" + "---|" * len(figures)]
    for metric in ROWS:
        cells = [_cell(metrics, metric) for metrics in figures.values()]
        lines.append(f"| {_spoken(metric)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def chart_of(figures: Figures) -> str:
    """Return bars for the terminal: the four metrics, and below them the latency; what is not measured has no bar."""
    quality = _bars(
        [_spoken(metric) for metric in METRICS],
        {stage: [_value(metrics, metric) for metric in METRICS] for stage, metrics in figures.items()},
    )
    latency = _bars(
        ["latency in seconds"], {stage: [_value(metrics, LATENCY)] for stage, metrics in figures.items()}
    )
    return f"{quality}\n{latency}"


def page_of(figures: Figures) -> str:
    """Return a page that needs no network: the charts as SVG, and the table's figures."""
    import pygal  # noqa: PLC0415 - for the page alone

    settings = {"width": 760, "height": 360, "js": (), "disable_xml_declaration": True, "truncate_label": -1}
    quality = pygal.Bar(title="RAGAS metrics", x_labels=[_spoken(metric) for metric in METRICS], **settings)
    latency = pygal.Bar(title="latency in seconds, all questions", **settings)
    for stage, metrics in figures.items():
        quality.add(stage, [_value(metrics, metric) for metric in METRICS])
        latency.add(stage, [_value(metrics, LATENCY)])
    rows = "".join(
        f"<tr><th>{html.escape(_spoken(metric))}</th>"
        + "".join(f"<td>{html.escape(_cell(metrics, metric))}</td>" for metrics in figures.values())
        + "</tr>"
        for metric in ROWS
    )
    heads = "".join(f"<th>{html.escape(stage)}</th>" for stage in figures)
    rendered = "".join(chart.render(is_unicode=True) for chart in (quality, latency))
    drawn = SCRIPT.sub("", rendered)  # pygal's settings for its own script, which the page does without
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Two stages side by side</title>'
        "<style>body{font-family:sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
        "td,th{padding:.3rem .8rem;text-align:left}</style><h1>Two stages side by side</h1>"
        f"{drawn}<table><tr><th></th>{heads}</tr>{rows}</table></html>\n"
    )


def _bars(labels: Sequence[str], values: Mapping[str, Sequence[float | None]]) -> str:
    import plotext  # noqa: PLC0415 - for the terminal alone

    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(COLUMNS, LINES)
    plotext.theme("clear")
    heights = [[value or 0.0 for value in one] for one in values.values()]
    plotext.multiple_bar(list(labels), heights, labels=list(values), marker=list(MARKERS[: len(values)]))
    lines = plotext.uncolorize(plotext.build()).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _value(metrics: Mapping[str, Any], metric: str) -> float | None:
    value = metrics.get(metric, {}).get("value")
    return None if value is None else float(value)


def _cell(metrics: Mapping[str, Any], metric: str) -> str:
    entry, coverage = metrics.get(metric), metrics.get(f"{metric}_coverage")
    if entry is None:
        return "not asked for"
    share = "" if coverage is None or coverage["value"] == 1.0 else f" ({coverage['value']:.0%} of items)"
    if entry["value"] is None:
        return f"not measured{share}"
    error = entry.get("standard_error")
    return f"{entry['value']:.3f}" + (f" ± {error:.3f}" if error is not None else "") + share


def _spoken(metric: str) -> str:
    return metric.replace("_", " ")
