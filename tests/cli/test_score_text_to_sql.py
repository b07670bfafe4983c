"""`governance score text-to-sql`, as a user types it."""

import gc
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import main as main_module
from cli.entry import main
from cli.exit_codes import ExitCode
from cli.main import run
from scorers.text_to_sql.running import fork_server
from scorers.text_to_sql.running.fork_server import ForkServer

Govern = Callable[..., tuple[int, str, str]]
WritePairs = Callable[..., Path]


@pytest.fixture
def govern(capsys: pytest.CaptureFixture[str]) -> Govern:
    """Run the command line and return its exit code, standard output and standard error."""

    def govern_it(*arguments: object) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return govern_it


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    folder = tmp_path / "databases"
    folder.mkdir()
    connection = sqlite3.connect(folder / "shop.sqlite")
    connection.executescript(
        "CREATE TABLE customer (name TEXT); INSERT INTO customer VALUES ('Ada'), ('Bob');"
    )
    connection.close()
    return folder


@pytest.fixture
def write(tmp_path: Path) -> WritePairs:
    def write_pairs(*pairs: dict[str, Any]) -> Path:
        path = tmp_path / "predictions.jsonl"
        path.write_text(
            "".join(json.dumps({"question": "?", "database": "shop", **pair}) + "\n" for pair in pairs)
        )
        return path

    return write_pairs


def test_pairs_become_evidence(govern: Govern, databases: Path, write: WritePairs, tmp_path: Path) -> None:
    gold = "SELECT name FROM customer"
    path = write(
        {"id": "a", "gold_sql": gold, "predicted_sql": "```sql\nselect name from customer\n```"},
        {"id": "b", "gold_sql": gold, "predicted_sql": "SELECT 1"},
        {"id": "c", "gold_sql": "SELECT nosuch", "predicted_sql": gold},
    )
    output = tmp_path / "evidence"
    options = ["--databases", databases, "-o", output, "--extract-sql", "--time-limit", "5", "--workers", "1"]
    code, out, err = govern("score", "text-to-sql", path, *options)
    assert code == 0
    assert out.endswith(f"1 of 2 pairs correct; evidence in {output}\n")
    assert ["text_to_sql.execution_accuracy", "0.5", "[0.09453,", "0.9055]", "2"] in [
        line.split() for line in out.splitlines()
    ]
    assert "verdicts\n        1  correct\n        1  gold_error\n        1  wrong_result\n" in out
    assert "note: --extract-sql took SQL out of more text in 1 of 3 predictions\n" in out
    progress, *rest = err.splitlines()
    assert progress.startswith("3 of 3 pairs, ")
    assert rest == ["1 gold queries fail; their pairs are left out:", "  c: no such column: nosuch"]
    settings = json.loads((output / "evaluation.json").read_text())["provenance"]["settings"]
    assert (settings["extract_sql"], settings["time_limit_seconds"], settings["max_rows"]) == (
        True,
        5.0,
        100_000,
    )


def test_what_the_user_may_want_to_do_is_said(
    govern: Govern, databases: Path, write: WritePairs, tmp_path: Path
) -> None:
    gold = "SELECT name FROM customer"
    path = write(
        {"id": "fence", "gold_sql": gold, "predicted_sql": f"```sql\n{gold}\n```"},
        {"id": "draft", "gold_sql": gold, "predicted_sql": f"<think>no</think>{gold}"},
        {"id": "nothing", "gold_sql": gold, "predicted_sql": None},
        {"id": "no rows", "gold_sql": f"{gold} WHERE 1 = 0", "predicted_sql": f"{gold} WHERE name = ''"},
    )
    options = ["--databases", databases, "-o", tmp_path / "evidence", "--workers", "1"]
    code, out, _ = govern("score", "text-to-sql", path, *options)
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("note: ")] == [
        "note: 2 predictions are wrong with a Markdown fence, a draft or a tag around the SQL: --extract-sql takes "
        "the SQL out",
        "note: 1 gold queries give no row; every prediction without rows counts as correct beside them "
        "(text_to_sql.empty_gold_rate)",
        "note: 1 prediction is empty",
    ]


def test_where_nothing_can_be_scored_it_exits_with_2_and_one_message(
    govern: Govern, databases: Path, write: WritePairs, tmp_path: Path
) -> None:
    path = write({"id": "a", "gold_sql": "SELECT nosuch", "predicted_sql": "SELECT 1"})
    output = tmp_path / "evidence"
    code, out, err = govern("score", "text-to-sql", path, "--databases", databases, "-o", output)
    assert (code, out) == (ExitCode.COULD_NOT_TRY, "")
    assert "no gold query runs, so nothing can be scored" in err
    assert "Traceback" not in err
    assert not (output / "evaluation.json").exists()


def test_a_bad_file_exits_with_2(govern: Govern, databases: Path, write: WritePairs, tmp_path: Path) -> None:
    path = write({"id": "a", "gold_sql": "SELECT 1"})
    code, _, err = govern("score", "text-to-sql", path, "--databases", databases, "-o", tmp_path / "evidence")
    assert code == ExitCode.COULD_NOT_TRY
    assert err.startswith(f"error: {path}:1: predicted_sql: missing; a pair has id (or question_id")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "happened"),
    [
        ([], 0, ["begun", "command line", "ended"]),
        (["--nothing"], ExitCode.COULD_NOT_TRY, ["begun", "command line", "ended"]),
        (["--help"], 0, ["command line"]),
    ],
    ids=["scored", "refused", "help"],
)
def test_the_process_that_imports_begins_before_the_command_line_and_ends_with_it(
    databases: Path,
    write: WritePairs,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    arguments: list[str],
    code: int,
    happened: list[str],
) -> None:
    seen: list[str] = []

    class NotingServer(ForkServer):
        def __init__(self) -> None:
            super().__init__()
            seen.append("begun")

        def __exit__(self, *ended: object) -> None:
            super().__exit__(*ended)
            seen.append("ended")

    def note_run(**given: Any) -> int:
        seen.append("command line")
        return run(**given)

    monkeypatch.setattr(fork_server, "ForkServer", NotingServer)
    monkeypatch.setattr(main_module, "run", note_run)
    for of_a_process in ("freeze", "set_threshold"):
        monkeypatch.setattr(gc, of_a_process, lambda *_: None)
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    pairs = write({"gold_sql": "SELECT 1", "predicted_sql": "SELECT 1"})
    words = ["score", "text-to-sql", str(pairs), "--databases", str(databases)]
    monkeypatch.setattr(sys, "argv", ["governance", *words, "-o", str(databases / "evidence"), *arguments])
    for stream in ("stdout", "stderr"):  # the process's own are set anew
        monkeypatch.setattr(sys, stream, getattr(sys, stream))
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, seen) == (code, happened), capfd.readouterr()
