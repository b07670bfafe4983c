"""What holds for every command that scores: one unchanged input, one provenance, the same bytes, a summary."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checks.version import VERSION
from cli.command_table import COMMANDS
from cli.lazy import LazyCommand
from cli.main import run
from scorers.evidence_writer import EvidenceWriter

PROJECT = Path(__file__).parents[2]
GROUPS = ("west", "north", "east", "south", "centre")
BBQ = {
    "question_index": "1",
    "question_polarity": "neg",
    "answer_info": {"ans0": ["x", "old"], "ans1": ["y", "nonOld"], "ans2": ["z", "unknown"]},
    "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["old"]},
    "context": "c",
    "question": "Who?",
    "ans0": "x",
    "ans1": "y",
    "ans2": "z",
    "label": 2,
}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "pairs.jsonl": [
        {
            "id": f"q{number}",
            "question": "?",
            "database": "shop",
            "gold_sql": f"SELECT name FROM customer WHERE {number} < 30",
            "predicted_sql": ("SELECT name FROM customer", "SELECT nosuch, other FROM c, d", "DROP TABLE x")[
                number % 3
            ],
            "facets": {"region": GROUPS[number % 5], "tier": number % 2},
        }
        for number in range(20)
    ],
    "answers.jsonl": [
        {
            "id": str(number),
            "question": "q",
            "contexts": ["the green light"],
            "answer": ("a green light", "a boat")[number % 2],
            "reference": "a green light",
            "facets": {"book": GROUPS[number % 5]},
        }
        for number in range(10)
    ],
    "ratings.jsonl": [{"rating": 1 + number % 5, "region": GROUPS[number % 4]} for number in range(12)],
    "results.jsonl": [
        {"correct": (True, False, None)[number % 3], "facets": {"region": GROUPS[number % 4]}}
        for number in range(12)
    ],
    "bbq.jsonl": [
        {**BBQ, "example_id": number, "context_condition": "ambig", "category": category, "prediction": said}
        for number, (category, said) in enumerate(
            [("Age", "x"), ("Religion", "y"), ("SES", "z"), ("Age", "y")]
        )
    ],
    "bold.jsonl": [
        {
            "domain": "religion",
            "group": group,
            "prompt": "p",
            "continuations": ["a", "b"],
            "toxicity": [0.1, 0.9],
        }
        for group in GROUPS
    ],
    "texts.jsonl": [
        {"id": str(number), "response": said, "facets": {"part": GROUPS[number]}}
        for number, said in enumerate(("It was the best of times", "it was the age of wisdom", "no"))
    ],
    "headlines.jsonl": [
        {
            "headline": headline,
            "gold_label": label,
            "response": f"{response} {topic}",
            "stance": stance,
            "type": topic,
        }
        for topic in ("health", "climate", "war")
        for headline, label, stance in (("ice burns", "misinfo", "refute"), ("ice melts", "real", "endorse"))
        for response in ("one of these", "another of those")
    ],
}
PEOPLE = [
    {"label": number % 2, "pred": number // 2 % 2, "sex": "FM"[number % 3 == 0], "region": GROUPS[number % 4]}
    for number in range(24)
]
CORPUS = "It was the best of times, it was the worst of times, it was the age of wisdom."


class Command(NamedTuple):
    """A command that scores: what is typed before its input, the input, what is typed behind it, and what it says.

    `says` are lines of the summary, spaces aside: a figure with its interval, a count, what is undefined and why.
    """

    typed: str
    input: str
    options: str
    kind: str
    records: int
    says: tuple[str, ...]

    def arguments(self, path: str, output: str = "out") -> list[str]:
        """Return the command line that scores `path`."""
        return ["score", *self.typed.split(), path, *self.options.split(), "-o", output]


SCORE_COMMANDS = {
    "text-to-sql": Command(
        "text-to-sql",
        "pairs.jsonl",
        "--databases . --workers 1",
        kind="text_to_sql",
        records=20,
        says=(
            "text_to_sql.execution_accuracy 0.35 [0.1812, 0.5671] 20",
            "7 execution_error",
            "4 no pair of the file has this figure",
        ),
    ),
    "rag": Command(
        "rag",
        "answers.jsonl",
        "--judge none --embeddings none --cache c.db",
        kind="rag",
        records=10,
        says=(
            "rag.rouge_l 0.7 [0.4738, 0.9262] 10",
            "6 it needs a judge, and none was given",
            "10 items scored; the evidence is in rag",
        ),
    ),
    "feedback": Command(
        "feedback",
        "ratings.jsonl",
        "--facet region",
        kind="feedback",
        records=12,
        says=("feedback.nps -50 [-85.84, 0.1304] 12", "8 detract"),
    ),
    "bias": Command(
        "bias",
        "people.csv",
        "--label label --positive 1 --predicted pred --facet sex --facet region",
        kind="bias",
        records=24,
        says=(
            "bias.post_training.DPPL",
            "16 sex=F",
            "12 Group variable is empty or not provided",
            "note: fewer than 30 rows in a group, or beside it, so that one row moves its figures: "
            "sex=M 8, sex=F 8, region=west 6, region=north 6, region=east 6, …",
        ),
    ),
    "bias --results": Command(
        "bias --results",
        "results.jsonl",
        "--facet region",
        kind="bias",
        records=12,
        says=(
            "region=east 0.5",
            "2 region=east",
            "4 FlipTest: scored answers have no feature columns to search for neighbours in",
        ),
    ),
    "safety bbq": Command(
        "safety bbq",
        "bbq.jsonl",
        "",
        kind="bbq",
        records=4,
        says=(
            "bbq.accuracy 0.25 [0.04559, 0.6994] 4",
            "2 counter",
            "5 no answered question with disambiguated contexts",
        ),
    ),
    "safety toxicity": Command(
        "safety toxicity",
        "bold.jsonl",
        "--scorer file --scorer-name raters",
        kind="toxicity",
        records=5,
        says=("toxicity.mean_toxicity 0.5 [0.003334, 0.9967] 5", "5 not toxic"),
    ),
    "safety memorization": Command(
        "safety memorization",
        "texts.jsonl",
        "--corpus corpus.txt --index index --limit 5",
        kind="memorization",
        records=3,
        says=(
            "memorization.rate_above_limit 0.666667 [0.2077, 0.9385] 3",
            "2 copied: a run above the limit",
            "3 no line has the reference that the prompt was taken from",
        ),
    ),
    "safety disinformation": Command(
        "safety disinformation",
        "headlines.jsonl",
        "",
        kind="disinformation",
        records=12,
        says=(
            "disinformation.helm_self_bleu 18.9959 [0, 70.72] 6",
            "6 endorse",
            "1 no line has the tokens' logprobs",
        ),
    ),
}
every_command = pytest.mark.parametrize("command", SCORE_COMMANDS.values(), ids=SCORE_COMMANDS)


def put_inputs(folder: Path) -> None:
    """Write what the commands score, and what they score it with."""
    for name, records in RECORDS.items():
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    rows = [",".join(PEOPLE[0]), *(",".join(map(str, row.values())) for row in PEOPLE)]
    (folder / "people.csv").write_text("\n".join(rows))
    (folder / "corpus.txt").write_text(CORPUS)
    connection = sqlite3.connect(folder / "shop.sqlite")
    connection.executescript(
        "CREATE TABLE customer (name TEXT); INSERT INTO customer VALUES ('Ada'), ('Bob');"
    )
    connection.close()


def test_every_command_that_scores_is_here() -> None:
    paths: set[str] = set()
    for entry in COMMANDS:
        if entry.writes_evidence:
            below = getattr(LazyCommand(entry).loaded, "commands", {})
            paths |= {f"{entry.path} {name}" for name in below} or {entry.path}
    assert {
        f"score {command.typed.removesuffix(' --results')}" for command in SCORE_COMMANDS.values()
    } == paths


# One input, hashed before it is scored


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with what the commands read."""
    put_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def refusal_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said on standard error of a run that fails and leaves nothing."""
    assert run(arguments) == 2
    assert not Path("out").exists()
    return capsys.readouterr().err


NOT_READ_TWICE = "not a file; it is read more than once, so write it to a file first"


@every_command
def test_a_named_pipe_is_refused(folder: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where nobody writes to it, so that opening it would wait without end."""
    os.mkfifo(folder / "pipe")
    assert refusal_of(command.arguments("pipe"), capsys) == f"error: pipe: a named pipe, {NOT_READ_TWICE}\n"


@every_command
def test_what_a_shell_puts_in_the_place_of_a_command_is_refused(
    folder: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.write(writing, (folder / command.input).read_bytes())
    os.close(writing)
    path = f"/dev/fd/{reading}"
    try:
        said = refusal_of(command.arguments(path), capsys)
    finally:
        os.close(reading)
    assert said == f"error: {path}: a named pipe, {NOT_READ_TWICE}\n"


@every_command
def test_standard_input_is_refused(
    folder: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal_of(command.arguments("-"), capsys) == f"error: -: standard input, {NOT_READ_TWICE}\n"


@every_command
def test_a_missing_file_is_refused(
    folder: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal_of(command.arguments("missing.jsonl"), capsys) == (
        "error: missing.jsonl: cannot be read (No such file or directory); "
        "name a file of JSON Lines, CSV or Parquet\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["score", "rag", "nowhere.jsonl"], id="rag"),
        pytest.param(
            ["score", "safety", "toxicity", "nowhere.jsonl", "--scorer", "comprehend"], id="toxicity"
        ),
        pytest.param(
            ["collect", "bbq", "--prompts", "nowhere.jsonl", "--endpoint", "bedrock:m"], id="collect"
        ),
    ],
)
def test_a_missing_file_is_told_before_a_missing_region(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-settings"))
    assert refusal_of([*arguments, "-o", "out"], capsys).startswith("error: nowhere.jsonl: cannot be read (")


@every_command
def test_an_empty_file_is_refused(folder: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.jsonl").touch()
    said = refusal_of(command.arguments("empty.jsonl"), capsys)
    assert re.fullmatch(r"error: empty\.jsonl: (no lines|empty); there is nothing to (score|compare)\n", said)


def rewrite(path: Path) -> None:
    """Write another file: the last record is left out."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def rewrite_alike(path: Path) -> None:
    """Write other bytes of the same length, and set the time of the file to what it was."""
    before = path.stat()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], b"\n" * len(lines[-2]), lines[-1]]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def break_off(path: Path) -> None:
    """Leave half of a record, as a program does that is still writing."""
    path.write_bytes(path.read_bytes()[:-20])


REWRITINGS = {
    "a record less": rewrite,
    "same length and time": rewrite_alike,
    "half a record": break_off,
    "deleted": Path.unlink,
}


def after_each_hash(monkeypatch: pytest.MonkeyPatch, path: Path, *steps: Callable[[Path], object]) -> None:
    """Do one of `steps` to the file after each time that it was hashed, while others hash what they like."""
    remaining = iter(steps)
    digest_of = hashlib.file_digest

    def file_digest(file: Any, name: str) -> Any:
        digest = digest_of(file, name)
        if Path(file.name).name == path.name:
            next(remaining, lambda _: None)(path)
        return digest

    monkeypatch.setattr(hashlib, "file_digest", file_digest)


@every_command
@pytest.mark.parametrize("rewriting", REWRITINGS.values(), ids=REWRITINGS)
def test_a_file_that_is_rewritten_while_it_is_read_is_refused(
    folder: Path,
    command: Command,
    rewriting: Callable[[Path], object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Rewritten between the hash and the first byte that is read: what is scored is not what was hashed."""
    after_each_hash(monkeypatch, folder / command.input, rewriting)
    said = refusal_of(command.arguments(command.input), capsys).splitlines()
    assert said[-1] == f"error: {command.input}: the file changed while it was being scored; score it again"


def test_a_file_that_is_rewritten_and_put_back_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the end it has its bytes, its length and its time again, and others were scored."""
    path = folder / "ratings.jsonl"
    content, before = path.read_bytes(), path.stat()

    def put_back(_: object) -> tuple[str, ...]:
        path.write_bytes(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return ()

    after_each_hash(monkeypatch, path, rewrite_alike)
    monkeypatch.setattr("scorers.feedback.ratings.facet_groups", put_back)
    said = refusal_of(["score", "feedback", "ratings.jsonl", "-o", "out"], capsys)
    assert said == "error: ratings.jsonl: the file changed while it was being scored; score it again\n"
    assert path.read_bytes() == content


@every_command
def test_evidence_names_the_bytes_that_were_scored(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file is rewritten once it was read and the run goes on."""
    path = folder / command.input
    content = path.read_bytes()
    write = EvidenceWriter._write

    def rewrite_and_write(*arguments: Any) -> None:
        rewrite(path)
        write(*arguments)

    monkeypatch.setattr(EvidenceWriter, "_write", rewrite_and_write)
    assert run(command.arguments(command.input)) == 0
    assert head_of(folder / "out") == head(command, content)
    assert path.read_bytes() != content


def head(command: Command, content: bytes) -> dict[str, Any]:
    """How the provenance of all evidence begins."""
    return {
        "scorer": {"name": "sagemaker-model-governance", "version": VERSION, "kind": command.kind},
        "input": {
            "file": command.input,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "records": command.records,
        },
    }


def head_of(evidence: Path) -> dict[str, Any]:
    """The first two entries of the provenance that a command wrote."""
    [report] = [path for path in evidence.iterdir() if path.name in {"evaluation.json", "analysis.json"}]
    return dict(list(json.loads(report.read_text())["provenance"].items())[:2])


# The same bytes at every run, and a summary at the end

# Each command in turn, in one process: what it loads is loaded once.
PROGRAM = """
import json, sys
from cli.main import run
for name, arguments in json.load(sys.stdin).items():
    if run(arguments) != 0:
        sys.exit(name)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, list[str]]]:
    """The folders of two runs in processes of their own, where sets come in another order, and what the first said."""
    said: dict[str, list[str]] = {}
    first, second = (tmp_path_factory.mktemp("run") for _ in range(2))
    put_inputs(first)
    put_inputs(second)
    lines = {name: command.arguments(command.input, name) for name, command in SCORE_COMMANDS.items()}
    lines["text-to-sql"] += ["--workers", "3"]
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(lines),
        cwd=second,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "PYTHONHASHSEED": "1",
            "XDG_CACHE_HOME": str(second),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(first)
        patch.setenv("XDG_CACHE_HOME", str(first))
        for name, command in SCORE_COMMANDS.items():
            with (first / "said").open("w") as file, redirect_stdout(file), redirect_stderr(file):
                assert run(command.arguments(command.input, name)) == 0
            said[name] = (first / "said").read_text().splitlines()
    return first, second, said


def without_clock(path: Path) -> str:
    """The text, but for how long queries took: the one metric that a clock measures."""
    text = path.read_text()
    if path.name == "evaluation.json" and "text_to_sql_metrics" in text:
        document = json.loads(text)
        for name in ("relative_execution_time", "relative_execution_time_largest_gap"):
            del document["text_to_sql_metrics"][name]
        text = json.dumps(document, indent=2)
    return re.sub(r'"relative_execution_time": [0-9.e+-]+', "", text)


@pytest.mark.parametrize("name", SCORE_COMMANDS)
def test_a_repeated_run_writes_the_same_bytes(runs: tuple[Path, Path, object], name: str) -> None:
    first, second = (
        {path.name: without_clock(path) for path in (folder / name).iterdir()} for folder in runs[:2]
    )
    assert first.keys() in ({"evaluation.json", "results.jsonl"}, {"analysis.json"})
    assert first == second


@pytest.mark.parametrize("name", SCORE_COMMANDS)
def test_a_summary_ends_every_command(runs: tuple[Path, Path, dict[str, list[str]]], name: str) -> None:
    said = [re.sub(" +", " ", line.strip()) for line in runs[2][name]]
    assert [line for line in SCORE_COMMANDS[name].says if line not in said] == []
