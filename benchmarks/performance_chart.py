"""The chart of the page of performance, `docs/performance-check.svg`: `governance check` beside the alternatives.

pygal draws it from the results. Its comments, which have the day in them, are left out, so that the same results give
the same bytes; texts and bars have colours for a light page and for a dark one.
"""

import json
import re
from pathlib import Path

import pygal
from pygal.style import Style

from benchmarks.measuring import RESULTS

CHART = "performance-check.svg"
_WIDTH, _ROW_HEIGHT, _FRAME_HEIGHT = 800, 40, 90
_TEXT_SIZE, _TITLE_SIZE = 15, 17
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    font_family="sans-serif",
    label_font_size=_TEXT_SIZE,
    major_label_font_size=_TEXT_SIZE,
    value_font_size=_TEXT_SIZE,
    title_font_size=_TITLE_SIZE,
)
_COLOURS = """inline:
.title, .axis text, .text-overlay .color-0 text { fill: #1f2328 !important; }
.text-overlay .color-0 text { text-anchor: start !important; }
.series .rect { fill: #0969da !important; stroke: none !important; }
@media (prefers-color-scheme: dark) {
  .title, .axis text, .text-overlay .color-0 text { fill: #f0f6fc !important; }
  .series .rect { fill: #4493f8 !important; }
}
"""


def draw_chart(results: Path = RESULTS) -> str | None:
    """Return the chart of `governance check`, the quickest on top; `None` where it was not measured."""
    path = results / "check.json"
    if not path.is_file():
        return None
    figures = json.loads(path.read_text())["figures"]
    measured = {name: side for name, side in figures["sides"].items() if isinstance(side, dict)}
    seconds = {name: side["cpu_seconds"]["median"] for name, side in measured.items()}
    names = sorted(seconds, key=seconds.__getitem__, reverse=True)  # pygal begins at the bottom
    chart = pygal.HorizontalBar(
        title=f"{figures['checks']} checks over {figures['reports']} reports: processor time of a process, seconds",
        width=_WIDTH,
        height=_FRAME_HEIGHT + _ROW_HEIGHT * len(names),
        style=_STYLE,
        css=["file://style.css", "file://graph.css", _COLOURS],
        js=[],
        show_legend=False,
        show_x_labels=False,
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:g}",
        no_prefix=True,
        disable_xml_declaration=True,
    )
    chart.x_labels = names
    chart.add("", [seconds[name] for name in names])
    drawn: str = chart.render(is_unicode=True)
    return re.sub(r"<!--.*?-->\s*|<script.*?</script>", "", drawn, flags=re.DOTALL) + "\n"
