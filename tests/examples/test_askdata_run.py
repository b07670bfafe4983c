"""What starts AskData on this machine: what cannot work is said before anything is started."""

import re
import socket
import subprocess
from pathlib import Path

import pytest

from assistant.screen_settings import ScreenSettings
from assistant.settings import AssistantSettings
from checks.errors import GovernanceError
from ingest import read_configuration
from run_askdata import FIRST, run_askdata
from screen_process import running_screen
from submit import submit

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = ScreenSettings(AssistantSettings("askdata", "bucket", "postgresql:///x"), "table", Path("/lake"))


def test_a_port_that_is_taken_is_said_before_anything_is_started(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GovernanceError, match=f"^port {port}: .*; name another one with --port$"):
            run_askdata(tmp_path, port, said.append)
    with pytest.raises(GovernanceError, match=r"^port 99999: no port has this number; name another one"):
        run_askdata(tmp_path, 99_999, said.append)
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_a_screen_that_does_not_come_up_says_what_its_log_says(tmp_path: Path) -> None:
    log = tmp_path / "screen.log"
    missing = tmp_path / "missing.py"
    with (
        pytest.raises(
            GovernanceError, match=r"(?s)^the screen did not come up; .*screen\.log says: .*missing\.py"
        ),
        running_screen({}, log, port=1, script=missing),
    ):
        pytest.fail("nothing is there to run")


def test_the_settings_of_the_screen_are_read_back_as_they_were_written() -> None:
    environment = SETTINGS.to_environment()
    assert set(environment) == {
        *("ASKDATA_GROUP", "ASKDATA_DECISIONS_BUCKET", "ASKDATA_DATABASE_URL"),
        *("ASKDATA_TABLE", "ASKDATA_LAKE"),
    }
    assert ScreenSettings.from_environment(environment) == SETTINGS
    del environment["ASKDATA_LAKE"], environment["ASKDATA_GROUP"]
    with pytest.raises(
        GovernanceError, match=r"^ASKDATA_GROUP, ASKDATA_LAKE: not set in the environment; set"
    ):
        ScreenSettings.from_environment(environment)


def test_a_submission_without_the_gates_buckets_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SETTINGS.to_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOVERNANCE_EVIDENCE_BUCKET", "bucket")
    monkeypatch.delenv("GOVERNANCE_THRESHOLDS_BUCKET", raising=False)
    with pytest.raises(
        GovernanceError, match=r"^GOVERNANCE_THRESHOLDS_BUCKET: not set in the environment; set"
    ):
        submit(read_configuration(FIRST), tmp_path, print)
    assert list(tmp_path.iterdir()) == []


def test_make_runs_it_on_the_port_that_is_named() -> None:
    shown = [
        subprocess.run(
            ["make", "-n", "askdata", *port], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        for port in ([], ["PORT=8600"])
    ]
    commands = [re.findall(r"run_askdata\.py.*", one.stdout) for one in shown]
    assert [[line.strip() for line in found] for found in commands] == [
        ["run_askdata.py"],
        ["run_askdata.py --port 8600"],
    ]


@pytest.mark.parametrize("page", ["examples/README.md", "examples/askdata/README.md"])
def test_every_file_that_the_pages_type_is_there(page: str) -> None:
    typed = re.findall(r"^\$ .*$", (PROJECT / page).read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for line in typed for name in re.findall(r"examples/[\w./-]+\.(?:py|yaml)", line)}
    assert len(named) >= 3
    assert [name for name in sorted(named) if not (PROJECT / name).is_file()] == []
