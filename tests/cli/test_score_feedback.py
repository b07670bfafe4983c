"""`governance score feedback` as a command: what it shows, and its exit codes."""

from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from cli.main import run


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "ratings.csv", str(tmp_path / "out")
    path.write_text("rating\n10\n9\n7\n0\n", encoding="utf-8")
    assert run(["score", "feedback", str(path), "-o", out, "--scale", "0-10"]) == ExitCode.APPROVED
    assert capsys.readouterr().out == (
        "Metric                Value  95 % interval    Samples\n"
        "feedback.nps          25     [-55.15, 88.48]        4\n"
        "feedback.mean_rating  6.5    [2.081, 10]            4\n"
        "feedback.responses    4\n"
        "\n"
        "ratings\n"
        "        2  promote\n"
        "        1  detract\n"
        "        1  neither\n"
        f"4 ratings scored; the evidence is in {out}\n"
    )
    assert run(["score", "feedback", str(path), "-o", out]) == ExitCode.COULD_NOT_TRY
    assert "out of range" in capsys.readouterr().err
    wrong = ["--promoters-from", "3", "--detractors-to", "3"]
    assert run(["score", "feedback", str(path), "-o", out, *wrong]) == ExitCode.COULD_NOT_TRY
    assert "detractors come first" in capsys.readouterr().err
