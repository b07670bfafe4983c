"""`governance workbench` as a process: it says where it is, answers there, and ends in order."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

FILE = """
name: churn
applies_to: {model_package_groups: [churn]}
checks:
  - {name: accuracy, why: Because., metric: a.b, at_least: 0.8}
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_answers_at_its_url_until_it_is_ended(ending: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text(FILE)
    words = [
        sys.executable,
        "-m",
        "model_governance",
        "workbench",
        "--thresholds",
        str(tmp_path),
        "--no-open",
    ]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("the workbench is at ").strip()
        with urllib.request.urlopen(url) as response:
            assert "<h1>Workbench of thresholds</h1>" in response.read().decode()
        process.send_signal(ending)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "Ctrl-C ends it\nended\n")
