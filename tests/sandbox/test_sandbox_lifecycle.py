"""The sandbox ends with whoever started it, and leaves nothing behind."""

import os
import platform
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.server import Sandbox, SandboxError, this_machine

# A background job of a script starts with SIGINT ignored, and so does all that a test run as such starts.
HOLDS = """
    import signal, sys
    from pathlib import Path
    from sandbox.server import Sandbox

    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Sandbox(Path(sys.argv[1])) as sandbox:
        sandbox.wait_idle()
        try:
            print(sandbox._process.pid, flush=True)
            input()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


DEPLOYS = """
    import signal, sys
    from pathlib import Path
    from sandbox.server import Sandbox

    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Sandbox(Path(sys.argv[1])) as sandbox:
        sandbox.deploy(app=f"{sys.executable} {sys.argv[2]}")
"""
STARTS = """
    import gc, runpy

    def count():
        return sum(generation["collections"] for generation in gc.get_stats())

    def tell():
        print(count() - before, gc.get_freeze_count() > 100_000)
        raise SystemExit

    before = count()
    gc.enable = tell
    runpy.run_module("sandbox", run_name="__main__")
"""
SLEEPS = """
    import os, pathlib, time
    pathlib.Path(__file__).with_name("pid.new").write_text(str(os.getpid()))
    pathlib.Path(__file__).with_name("pid.new").rename(pathlib.Path(__file__).with_name("pid"))
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and was not waited for still has a number.
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc/self").exists() else True


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(1200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_temporary_folder_goes_and_a_given_one_stays(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        temporary = sandbox.folder
        assert temporary.is_dir()
    assert not temporary.exists()
    with Sandbox(tmp_path / "kept") as sandbox:
        sandbox.wait_idle()
    assert (tmp_path / "kept" / "server.log").read_text() == ""


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, signal_number: int) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDS), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert holder.stdout is not None
    embedded = int(holder.stdout.readline())
    assert alive(embedded)
    # As a terminal does it for Ctrl-C: to the whole group.
    os.killpg(holder.pid, signal_number)
    output, _ = holder.communicate(timeout=30)
    assert eventually(lambda: not alive(embedded))
    assert output.strip() == ("interrupted" if signal_number == signal.SIGINT else "")


def test_an_interrupted_deployment_leaves_no_process(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(textwrap.dedent(SLEEPS))
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DEPLOYS), str(tmp_path / "sandbox"), str(app)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    pid = tmp_path / "pid"
    assert eventually(pid.exists)
    assert alive(int(pid.read_text()))
    os.killpg(holder.pid, signal.SIGINT)
    assert holder.wait(timeout=30) != 0
    assert eventually(lambda: not alive(int(pid.read_text())))


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "x86_64", None),
        ("Linux", "aarch64", "aarch64-manylinux2014"),
        ("Darwin", "arm64", "aarch64-apple-darwin"),
        ("Darwin", "x86_64", "x86_64-apple-darwin"),
    ],
)
def test_the_bundle_is_built_for_the_machine_that_runs_it(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, expected: str | None
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    context = this_machine()
    assert context.get("platform") == expected
    assert context["python_version"] == ".".join(map(str, sys.version_info[:2]))


def test_the_bundle_is_built_for_the_interpreter_that_is_named(tmp_path: Path) -> None:
    other = tmp_path / "python3.99"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)
    assert this_machine(str(other))["python_version"] == "3.99"
    other.chmod(0o644)
    with pytest.raises(SandboxError, match=r"python3\.99: is no Python that runs here .*name another"):
        this_machine(str(other))


@pytest.mark.parametrize("use", ["endpoint", "folder", "environment", "events", "wait_idle", "deploy"])
def test_a_sandbox_that_does_not_run_says_so(use: str) -> None:
    sandbox = Sandbox()
    with pytest.raises(SandboxError, match="not running"):
        attribute = getattr(sandbox, use)
        attribute()


def test_no_garbage_is_looked_for_in_what_the_embedded_aws_imports() -> None:
    program = [sys.executable, "-c", textwrap.dedent(STARTS)]
    started = subprocess.run(program, capture_output=True, text=True, check=False)
    # It may look once while it finds the module, which then has it pause.
    assert started.stdout.split() in (["0", "True"], ["1", "True"]), started.stderr


def test_an_embedded_aws_that_died_is_told_with_its_log(tmp_path: Path) -> None:
    with Sandbox(tmp_path, region="us-east-1") as sandbox:
        assert sandbox._process is not None
        (tmp_path / "server.log").write_text("the reason\n")
        sandbox._process.kill()
        sandbox._process.wait()
        with pytest.raises(SandboxError, match=r"(?s)ended unexpectedly.*the reason"):
            sandbox.events()


def test_what_cannot_be_done_is_told_and_the_sandbox_goes_on(account: Any) -> None:
    sent = account.sandbox.events()
    with pytest.raises(SandboxError, match="could not do 'deliver': KeyError"):
        account.sandbox.redeliver({"not": "an event"})
    assert account.sandbox.events() == sent
