"""`governance check --verify`: figures computed again from the items beside the reports, and decided again from it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.decision_record import parse_record
from cli.display.decision_text import show_record
from cli.main import run
from scorers.recomputing import rag
from tests.cli.screens import WIDTHS, assert_screen, terminal

EXAMPLES = Path(__file__).parents[2] / "examples"
MUST_BE = "verify: must be recompute, or a mapping of sample, gold and databases, as {sample: 50}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the thresholds of `askdata`, and honest evidence."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLES / "askdata" / "version-3" / "evidence", "evidence")
    shutil.copy(EXAMPLES / "askdata" / "thresholds.yaml", "askdata.yaml")
    return tmp_path


def ask_to_verify(text: str) -> None:
    path = Path("askdata.yaml")
    path.write_text(f"verify: {text}\n{path.read_text()}")


def fabricate() -> None:
    path = Path("evidence/evaluation.json")
    document = json.loads(path.read_text())
    document["text_to_sql_metrics"]["execution_accuracy"]["value"] = 0.95
    path.write_text(json.dumps(document))


def remove_items() -> None:
    Path("evidence/results.jsonl").unlink()


def name_gold(first: str | None = None) -> None:
    """Ask to verify against the gold of the items, or with another one of the first."""
    lines = [json.loads(line) for line in Path("evidence/results.jsonl").read_text().splitlines()]
    gold = [{"id": line["id"], "gold_sql": line["gold_sql"], "facets": line["facets"]} for line in lines]
    if first is not None:
        gold[0]["gold_sql"] = first
    Path("gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in gold))
    ask_to_verify("{gold: {text_to_sql: gold.jsonl}}")


CHECK = ["check", "askdata.yaml", "-e", "evidence"]


@pytest.mark.parametrize(
    ("before", "options", "expected"),
    [
        (lambda: None, ["--verify"], (0, "by the 123 items of evidence/results.jsonl")),
        (lambda: ask_to_verify("recompute"), [], (0, "by the 123 items of evidence/results.jsonl")),
        (lambda: ask_to_verify("{sample: 5}"), ["--verify"], (0, "by the 123 items")),
        (fabricate, [], (0, "0.95")),
        (fabricate, ["--verify"], (1, "0.95 is reported, and 0.7804878048780488 comes out of evidence/results.jsonl")),
        (remove_items, [], (0, "Approved")),
        (remove_items, ["--verify"], (1, "there are no item results at evidence/results.jsonl")),
        (lambda: Path("evidence/results.jsonl").write_text("{"), ["--verify"], (1, "results.jsonl: line 1: ")),
        (lambda: ask_to_verify("sometimes"), [], (2, MUST_BE)),
        (lambda: ask_to_verify("{sample: 0}"), [], (2, "verify.sample: must be how many items are drawn")),
        (lambda: ask_to_verify("{sample: true}"), [], (2, "verify.sample: must be how many items are drawn")),
        (lambda: ask_to_verify("{}"), [], (2, MUST_BE)),
        (lambda: ask_to_verify("{sampel: 3}"), [], (2, 'verify.sampel: unknown key; did you mean "sample"?')),
        (lambda: ask_to_verify("{7: 3}"), [], (2, "verify.7: a key must be text; put it in quotes")),
        (lambda: ask_to_verify("{gold: {sql: g}}"), [], (2, "verify.gold.sql: unknown key; ")),
        (lambda: ask_to_verify("{gold: g.jsonl}"), [], (2, "verify.gold: must say where the gold of a kind of")),
        (lambda: ask_to_verify("{databases: d}"), [], (2, "verify.databases: the gold SQL is needed, too")),
        (lambda: ask_to_verify("{databases: 'postgresql://u:p@h/d', gold: {text_to_sql: g}}"), [],
         (2, "verify.databases: must be a file, a folder or a prefix of S3")),
        (lambda: ask_to_verify("{gold: {text_to_sql: nowhere.jsonl}}"), [], (1, "nowhere.jsonl")),
        (name_gold, [], (0, "held against the gold of gold.jsonl")),
        (lambda: name_gold("SELECT 1"), [], (1, "gold_sql is not that of the gold")),
    ],
    ids=[
        "asked for by the option",
        "asked for by the file",
        "by both",
        "fabricated and believed",
        "fabricated",
        "no items asked for",
        "no items",
        "no lines",
        "another word",
        "none drawn",
        "no number",
        "an empty mapping",
        "a key misspelt",
        "a key of no such name",
        "gold of no kind",
        "gold of every kind",
        "databases without gold",
        "a server",
        "gold that is not there",
        "gold",
        "another gold",
    ],
)  # fmt: skip
def test_what_is_reported_must_come_out_again(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    before: Callable[[], object],
    options: list[str],
    expected: tuple[int, str],
) -> None:
    before()
    code, says = expected
    assert run([*CHECK, *options]) == code
    output = capsys.readouterr()
    assert says in output.out + output.err


@pytest.mark.parametrize("width", WIDTHS)
def test_a_fabricated_figure_on_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    fabricate()
    assert run([*CHECK, "--verify", "--format", "json"]) == 1
    record = parse_record(capsys.readouterr().out.encode())
    stream = terminal(monkeypatch, width)
    show_record(replace(record, decided_at="2026-11-20T08:00:00Z"), stream)
    assert_screen(stream.screen, "decision-not-reproduced", width)


@pytest.mark.parametrize(
    ("items", "code", "says"),
    [
        (lambda content: content, 0, "The same decision: Approved"),
        (lambda content: content.replace(b"wrong_result", b"correct"), 3, "has other bytes by now"),
    ],
    ids=["the same", "other items"],
)
def test_the_decision_is_replayed_from_the_items(
    folder: Path, capsys: pytest.CaptureFixture[str], items: Callable[[bytes], bytes], code: int, says: str
) -> None:
    run([*CHECK, "--verify", "--format", "json", "-o", "record.json"])
    path = Path("evidence/results.jsonl")
    path.write_bytes(items(path.read_bytes()))
    capsys.readouterr()
    assert run(["replay", "record.json"]) == code
    assert says in capsys.readouterr().out


def test_the_items_that_a_report_was_made_of_are_found_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bias of answers is in a folder of its own, without items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        rag, "PACKAGE", "no_such_package"
    )  # it takes seconds to load, and is not what this is about
    shutil.copytree(EXAMPLES / "assistant-safety" / "version-1" / "evidence", "evidence")
    thresholds = str(EXAMPLES / "assistant-safety" / "thresholds.yaml")
    run(["check", thresholds, "-e", "evidence", "--verify", "--format", "json"])
    record = parse_record(capsys.readouterr().out.encode())
    assert record.verification is not None
    items = {one.report: one.items and one.items.uri for one in record.verification.reports}
    assert items == {
        "evidence/answers/evaluation.json": "evidence/answers/results.jsonl",
        "evidence/bias/analysis.json": "evidence/answers/results.jsonl",
        "evidence/toxicity/evaluation.json": "evidence/toxicity/results.jsonl",
    }
