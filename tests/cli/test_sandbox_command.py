"""What `governance sandbox` makes of outputs and settings; the sandbox itself and the demo have tests of their own."""

import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from cli.main import run
from cli.work import sandbox as command
from sandbox.faults import Faults
from sandbox.server import Deployment

OUTPUTS = {"EvidenceBucket": "evidence-1", "PipelineName": "model-governance"}


class IdleSandbox:
    """A sandbox that is deployed at once."""

    contexts: list[Mapping[str, str]]
    in_force: Faults | None = None
    schedule_speed: float | None = None
    folder = Path("folder-of-the-sandbox")

    def __init__(self) -> None:
        self.contexts = []

    def __call__(self, *, schedule_speed: float, **_: object) -> AbstractContextManager["IdleSandbox"]:
        self.schedule_speed = schedule_speed
        return nullcontext(self)

    def deploy(self, *, context: Mapping[str, str]) -> list[Deployment]:
        self.contexts.append(context)
        return [Deployment("ModelGovernance", OUTPUTS, {})]

    def faults(self, faults: Faults) -> AbstractContextManager[None]:
        self.in_force = faults
        return nullcontext()

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": "http://localhost:1", "NO_PROXY": "a b"}


class Interrupted:
    """A wait that Ctrl-C ends; it keeps what is in the file of variables until then."""

    file: Path | None = None
    seen = ""

    def wait(self) -> None:
        if self.file is not None:
            Interrupted.seen = self.file.read_text()
        raise KeyboardInterrupt


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> IdleSandbox:
    sandbox = IdleSandbox()
    monkeypatch.setattr(command, "Sandbox", sandbox)
    monkeypatch.setattr(threading, "Event", Interrupted)
    return sandbox


EXPECTED = [
    "unset AWS_PROFILE",
    "export AWS_ENDPOINT_URL=http://localhost:1",
    f"export NO_PROXY={shlex.quote('a b')}",
    "export GOVERNANCE_EVIDENCE_BUCKET=evidence-1",
    "export GOVERNANCE_PIPELINE_NAME=model-governance",
]


def test_up_prints_the_environment_and_ctrl_c_ends_it_in_order(
    idle: IdleSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "up", "-c", "evaluation_compute=processing"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == EXPECTED
    assert "logs of the functions: folder-of-the-sandbox/functions.log" in shown.err
    assert idle.contexts == [{"evaluation_compute": "processing"}]


def test_up_runs_schedules_by_the_clock(idle: IdleSandbox) -> None:
    assert run(["sandbox", "up"]) == 0
    assert idle.schedule_speed == 1.0


def test_up_lets_go_wrong_what_it_is_told(idle: IdleSandbox) -> None:
    assert run(["sandbox", "up", "--fault", "throttled=0.05", "--fault", "lost_every=10"]) == 0
    assert idle.in_force == Faults(throttled=0.05, lost_every=10)


def test_a_fault_that_there_is_not_is_wrong_usage_with_the_nearest(
    idle: IdleSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "up", "--fault", "lost_evry=10"]) == 2
    assert "did you mean lost_every?" in " ".join(capsys.readouterr().err.split())
    assert idle.contexts == []


@pytest.mark.usefixtures("idle")
def test_up_writes_the_environment_to_a_file_to_source_and_takes_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sandbox.env"
    monkeypatch.setattr(Interrupted, "file", file)
    assert run(["sandbox", "up", "-o", str(file)]) == 0
    assert Interrupted.seen.splitlines() == EXPECTED
    assert not file.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("idle")
def test_up_leaves_a_file_that_another_one_wrote_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sandbox.env"

    def wait(self: Interrupted) -> None:
        file.write_text("export OTHER=1")
        raise KeyboardInterrupt

    monkeypatch.setattr(Interrupted, "wait", wait)
    assert run(["sandbox", "up", "-o", str(file)]) == 0
    assert file.read_text() == "export OTHER=1"


# `sandbox up` with a sandbox that says where it is, on a file descriptor of its own, and when it is ended.
BACKGROUND = """
import os, sys, threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from cli.work import sandbox as command
from cli.main import run

class Slow:
    folder = Path("folder")

    def deploy(self, **_):
        if sys.argv[1] == "while it deploys":
            print("deploying", flush=True)
            threading.Event().wait()
        return []

    def faults(self, faults):
        return nullcontext()

    def environment(self):
        return {"AWS_ENDPOINT_URL": "http://localhost:1"}

@contextmanager
def sandbox(**_):
    try:
        yield Slow()
    finally:
        print("stopped", flush=True)

command.Sandbox = sandbox
said = command._progress
command._progress = lambda line: (said(line), line.startswith("ready") and print("ready", flush=True))
sys.exit(run(["sandbox", "up", "-o", sys.argv[2]]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(("when", "code"), [("while it deploys", 130), ("when it is ready", 0)])
@pytest.mark.parametrize("ignored", [True, False], ids=["interrupts ignored", "interrupts as usual"])
def test_up_ends_in_order_in_the_background_too(
    tmp_path: Path, number: int, when: str, code: int, *, ignored: bool
) -> None:
    """A shell starts the background jobs of a script with SIGINT ignored."""
    file = tmp_path / "sandbox.env"
    words = [sys.executable, "-c", BACKGROUND, when, str(file)]
    trap = "trap '' INT; " if ignored else ""
    job = subprocess.Popen(
        ["/bin/sh", "-c", trap + 'exec "$@"', "sh", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(command.__file__).parents[1],
    )
    assert job.stdout is not None
    assert job.stdout.readline() == ("deploying\n" if code else "ready\n")
    assert file.exists() is (code == 0)
    job.send_signal(number)
    output, errors = job.communicate(timeout=60)
    assert (job.returncode, output) == (code, "stopped\n")
    assert errors.rstrip().endswith("interrupted" if code else "ended")
    assert not file.exists()


@pytest.mark.parametrize("setting", ["evaluation_compute", "=lambda"])
@pytest.mark.usefixtures("idle")
def test_a_setting_without_name_or_value_is_wrong_usage(
    setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "up", "-c", setting]) == 2
    assert "write name=value" in capsys.readouterr().err


def test_a_demo_without_examples_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "demo", "--examples", str(tmp_path)]) == 2
    assert "no examples in it" in capsys.readouterr().err
