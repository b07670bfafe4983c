"""The summary at the end of a score command: whole outputs, read back from evidence."""

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from checks.errors import GovernanceError
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from cli.display.run_summary import show_summary
from scorers.evidence_writer import EVALUATION, EvidenceWriter

HERE = Source(EVALUATION)


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def written(folder: Path, *measurements: Measurement) -> Path:
    with EvidenceWriter(folder) as writer:
        writer.finish(measurements, {})
    return folder / EVALUATION


def in_a_pipe(report: Path, **said: Any) -> str:
    stream = StringIO()
    show_summary(report, stream=stream, **said)
    return stream.getvalue()


FIGURES = (
    Measured("demo.accuracy", 0.75, HERE, samples=200),
    Measured("demo.accuracy", 0.9, HERE, "region=CA", samples=50),
    Measured("demo.accuracy", 0.7, HERE, "region=EU", samples=150),
    Measured("demo.gap", 0.2, HERE, "region", samples=200, support=Support(standard_error=0.05)),
    Measured(
        "demo.score", 4.25, HERE, samples=12_345, support=Support(interval=Interval(4.123456, 4.5, 0.95))
    ),
    Measured("demo.tokens", 1_234_567.0, HERE, samples=1),
    Unmeasured("demo.recall", "the item has no reference", HERE),
    Unmeasured("demo.recall", "the item has no reference", HERE, "region=CA"),
    Unmeasured("demo.speed", "no latency was given", HERE),
)

WHOLE = """\
Metric            Value        95 % interval     Samples
demo.accuracy     0.75         [0.6857, 0.8049]      200
  region=CA       0.9          [0.7864, 0.9565]       50
  region=EU       0.7          [0.6224, 0.7676]      150
demo.gap  region  0.2          [0.1014, 0.2986]      200
demo.score        4.25         [4.123, 4.5]       12,345
demo.tokens       1.23457e+06                          1

verdicts
        9  wrong
        2  correct
        2  unsafe

not measured
        2  the item has no reference
           demo.recall
           demo.recall region=CA
        1  no latency was given
           demo.speed
note: 2 predictions hold a Markdown fence: --extract-sql takes the SQL out of it
"""


def test_a_summary_says_figures_counts_gaps_and_hints(tmp_path: Path) -> None:
    report = written(tmp_path, *FIGURES)
    said = in_a_pipe(
        report,
        counts={"verdicts": {"unsafe": 2, "correct": 2, "wrong": 9}},
        hints=["2 predictions hold a Markdown fence: --extract-sql takes the SQL out of it"],
    )
    assert said == WHOLE


def test_columns_without_content_are_left_out(tmp_path: Path) -> None:
    report = tmp_path / "analysis.json"
    report.write_text(
        '{"pre_training_bias_metrics": {"facets": {"sex": [{"value_or_threshold": "F", "metrics": ['
        '{"name": "CI", "value": -0.25}, {"name": "DPL", "value": "Infinity"}]}]}}}'
    )
    assert in_a_pipe(report) == (
        "Metric                       Value\n"
        "bias.pre_training.CI  sex=F  -0.25\n"
        "\n"
        "not measured\n"
        '        1  "Infinity" is not a finite number\n'
        "           bias.pre_training.DPL sex=F\n"
    )


def test_many_groups_metrics_and_reasons_are_bounded(tmp_path: Path) -> None:
    groups = [Measured("demo.rate", (n % 97) / 100, HERE, f"city=c{n:03}", samples=10) for n in range(200)]
    others = [Measured(f"demo.m{n:03}", 0.5, HERE, samples=10) for n in range(80)]
    gaps = [Unmeasured(f"demo.u{n}.u{m}", f"reason {n:02}", HERE) for n in range(30) for m in range(9)]
    lines = in_a_pipe(
        written(tmp_path, *groups, *others, *gaps),
        counts={"kinds": {f"k{n:02}": 1 for n in range(90)}},
        hints=[f"hint {n}" for n in range(60)],
    ).splitlines()
    assert lines[1:5] == [
        "demo.rate",
        "  lowest: city=c000                       0      [0, 0.2775]            10",
        "  highest: city=c096                      0.96   [0.6682, 0.9965]       10",
        "  and 198 more groups in evaluation.json",
    ]
    assert "and 31 more metrics in evaluation.json" in lines
    assert "           and 70 more kinds" in lines
    assert "           and 5 more figures" in lines
    assert "           and 20 more reasons in evaluation.json" in lines
    assert lines[-1] == "           and 40 more notes"
    assert len(lines) < 170


def test_hostile_text_stays_on_its_line_and_is_cut(tmp_path: Path) -> None:
    report = written(
        tmp_path,
        Measured("demo.rate", 0.5, HERE, "who=\x1b[2J\nApproved", samples=4),
        Unmeasured("demo.gone", "x" * 5_000, HERE),
    )
    said = in_a_pipe(report, counts={"a\nb": {"c\x1bd": 1}}, hints=["e\rf"])
    assert "\x1b" not in said
    assert "demo.rate  who=\\u001b[2J Approved" in said
    assert "note: e f\n" in said
    assert max(map(len, said.splitlines())) < 700


def test_a_terminal_of_80_columns_shows_every_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    long = "demo." + "very_long_" * 6 + "name"
    stream = Terminal()
    show_summary(written(tmp_path, *FIGURES, Measured(long, 0.123456, HERE, samples=9)), stream=stream)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("0.123456" in line and line.rstrip().endswith(" 9") for line in lines)
    assert any("0.75" in line and "[0.6857, 0.8049]" in line for line in lines)


def test_evidence_that_the_gate_cannot_read_is_said(tmp_path: Path) -> None:
    report = tmp_path / EVALUATION
    report.write_text("{}")
    with pytest.raises(
        GovernanceError, match="the gate cannot read the evidence that came of this: not a report"
    ):
        in_a_pipe(report)


def test_the_summary_needs_none_of_the_gate_s_models() -> None:
    program = "import sys, cli.display.run_summary; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
