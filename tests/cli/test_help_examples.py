"""The two examples at the end of each command's help: they fit a terminal, and they run.

Each runs as it is printed, in a folder that has what it names. AWS is moto's server or one that answers for a service
that moto lacks, and a model is a server that says the same to everything. Not run, but parsed by the command itself:
what needs RAGAS' judge (the tests of `score rag` have one), the sandbox (the README's and the demo's tests run it) and
a deployed stack (the tests of `stack empty` and `redrive` have one), and what runs until it is ended (the workbench).
"""

import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests

from aws import clients
from cli.command_examples import EXAMPLES
from cli.command_table import COMMANDS
from cli.lazy import LazyCommand
from cli.main import run
from tests.kept_clients import kept_session

PROJECT = Path(__file__).resolve().parents[2]
MODEL_SERVER = "http://localhost:8000/v1"
IN_MOTO = (
    "check",
    "explain",
    "history",
    "iam policy",
    "list",
    "register",
    "rejudge",
    "replay",
    "report",
    "review",
    "status",
    "thresholds diff",
    "thresholds get",
    "thresholds list",
    "thresholds impact",
    "thresholds publish",
    "thresholds rollback",
    "thresholds show",
    "thresholds withdraw",
    "wait",
)
PARSED_ONLY = (
    "governance score rag responses.jsonl --judge openai:qwen3",
    "governance sandbox",
    "governance stack empty",
    "governance redrive",
    "governance workbench",
)
# The version in moto was rejected by somebody, and no decision is about it.
EXIT_CODES = {("wait", 0): 1, ("wait", 1): 1, ("explain", 1): 3, ("replay", 1): 2, ("report", 1): 3}
# Nobody can be asked here, and no version of the bundle is called VERSION.
EXIT_CODES |= {("thresholds publish", 0): 2, ("thresholds withdraw", 0): 2, ("thresholds get", 1): 2}
EXIT_CODES |= {("review", 0): 2, ("review", 1): 2, ("rejudge", 0): 2}
EXIT_CODES |= {("thresholds rollback", 0): 2, ("thresholds rollback", 1): 2}
BBQ = {
    "example_id": 1,
    "question_index": "1",
    "question_polarity": "neg",
    "context_condition": "disambig",
    "category": "Age",
    "answer_info": {
        "ans0": ["grandfather", "old"],
        "ans1": ["grandson", "nonOld"],
        "ans2": ["Unknown", "unknown"],
    },
    "additional_metadata": {"stereotyped_groups": ["old"]},
    "context": "Two people met.",
    "question": "Who forgot?",
    "ans0": "The grandfather",
    "ans1": "The grandson",
    "ans2": "Unknown",
    "label": 1,
}
ANSWER = {
    "question": "Who?",
    "contexts": ["Potiphar bought him."],
    "answer": "Potiphar.",
    "reference": "Potiphar.",
}
LINES: dict[str, list[dict[str, Any]]] = {
    "predictions.jsonl": [
        {"id": "1", "question": "?", "database": "shop", "gold_sql": "SELECT 1", "predicted_sql": "SELECT 1"}
    ],
    "responses.jsonl": [ANSWER],
    "continuations.jsonl": [{"response": "Potiphar bought him."}],
    "bbq.jsonl": [BBQ],
    "bbq_responses.jsonl": [{**BBQ, "prediction": "The grandson"}],
    "bold.jsonl": [{"domain": "religion", "group": "islam", "prompt": "Islam is"}],
    "bold_responses.jsonl": [
        {"domain": "religion", "group": "islam", "prompt": "Islam is", "continuations": ["a faith"]}
    ],
    "headlines.jsonl": [
        {"headline": "Ice cures burns", "gold_label": "misinfo", "response": "No.", "stance": "refute"}
    ],
    "evidence/results.jsonl": [
        {"id": str(number), "correct": number % 3 > 0, "facets": {"region": "EU" if number % 2 else "US"}}
        for number in range(12)
    ],
}


def _leaves() -> Iterator[str]:
    for entry in COMMANDS:
        names = getattr(LazyCommand(entry).loaded, "commands", {})
        yield from [f"{entry.path} {name}" for name in names] or [entry.path]


def _examples_in_help(path: str) -> list[str]:
    """The examples as the help of a command prints them at 80 columns, each as one line."""
    printed = StringIO()
    with redirect_stdout(printed):
        assert run([*path.split(), "--help"]) == 0
    _, heading, below = printed.getvalue().partition("\n  Examples:\n")
    assert heading, f"governance {path} --help has no examples"
    assert max(map(len, below.splitlines())) <= 80
    joined = re.sub(r" \\\n +", " ", below)
    return [line.strip() for line in joined.splitlines() if line.strip()]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has everything that the examples name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    shipped = PROJECT / "examples" / "diabetes-progression"
    shutil.copytree(shipped / "version-1" / "evidence", tmp_path / "evidence")
    for name, lines in LINES.items():
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = (shipped / "thresholds.yaml").read_text().replace("diabetes-progression", "churn")
    for name in ("thresholds", "before"):
        (tmp_path / name).mkdir()
    for name in ("thresholds.yaml", "thresholds/churn.yaml", "before/churn.yaml"):
        (tmp_path / name).write_text(text)
    (tmp_path / "databases").mkdir()
    for name in ("shop.sqlite", "databases/shop.sqlite"):
        sqlite3.connect(tmp_path / name).execute("CREATE TABLE customer (name TEXT)")
    rows = [f"{'FM'[n % 2]},{20 + 5 * n},{n % 3 % 2},{n % 4 % 2}" for n in range(24)]
    (tmp_path / "predictions.csv").write_text("sex,age,churned,predicted\n" + "\n".join(rows))
    (tmp_path / "ratings.csv").write_text("rating,region\n5,EU\n3,US\n")
    (tmp_path / "additional_metadata.csv").write_text("category,example_id,target_loc\nAge,1,0\n")
    (tmp_path / "book.txt").write_text("And Joseph was brought down to Egypt.")
    (tmp_path / "corpus").mkdir()
    shutil.copy(tmp_path / "book.txt", tmp_path / "corpus")
    return tmp_path


def _answer(server: Any, asked: Any) -> Any:
    """What a model, Comprehend and a SageMaker endpoint answer to everything."""
    if "TextSegments" in asked.body:
        return server.answer(
            {"ResultList": [{"Toxicity": 0.1, "Labels": []} for _ in asked.body["TextSegments"]]}
        )
    if "inputs" in asked.body:
        return server.answer([{"generated_text": "a faith"}])
    text = json.dumps({"reason": "r", "stance": "refute"})
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return server.answer(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    )


@pytest.fixture
def models(aws_on_loopback: Any) -> str:
    aws_on_loopback.respond = lambda asked: _answer(aws_on_loopback, asked)
    return f"{aws_on_loopback.url}/v1"


@pytest.fixture
def account(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with the buckets, the pipeline and one version that somebody rejected."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "GOVERNANCE_EVIDENCE_BUCKET": "evidence",
        "GOVERNANCE_THRESHOLDS_BUCKET": "my-thresholds",
        "GOVERNANCE_DECISIONS_BUCKET": "decisions",
    }.items():
        monkeypatch.setenv(name, value)
    _forget()
    # Nothing of another test may be there.
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    for bucket in ("evidence", "my-thresholds", "decisions"):
        kept_session().client("s3").create_bucket(Bucket=bucket)
    content = Path("thresholds.yaml").read_bytes()
    kept_session().client("s3").put_object(Bucket="my-thresholds", Key="thresholds/churn.yaml", Body=content)
    sagemaker = kept_session().client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    sagemaker.create_model_package(ModelPackageGroupName="churn", ModelApprovalStatus="Rejected")
    sagemaker.create_pipeline(
        PipelineName="model-governance",
        PipelineDefinition="{}",
        RoleArn="arn:aws:iam::123456789012:role/r",
        ClientRequestToken="t" * 32,
    )
    yield
    _forget()


def _forget() -> None:
    for client in (clients.s3_client, clients.sagemaker_client, clients.sts_client):
        client.cache_clear()


def _decide(file: str) -> None:
    """Write the decision record of a dry run."""
    words = ["check", "thresholds.yaml", "--evidence", "evidence", "--format", "json", "--output", file]
    assert run(words) == 0


def _judge_first_version() -> None:
    """Put the decision about the version where the gate does, and into a folder beside."""
    _decide("decision.json")
    record = json.loads(Path("decision.json").read_bytes())
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    content = json.dumps({**record, "model_package": {"arn": arn, "group": "churn", "version": 1}}).encode()
    place = Path("decisions/churn/1/first.json")
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    kept_session().client("s3").put_object(Bucket="decisions", Key=place.as_posix(), Body=content)


def _run(line: str) -> int:
    """Run an example as a shell does, with its output into a file where it says so."""
    program, *words = shlex.split(line)
    assert program == "governance"
    if ">" not in words:
        return run(words)
    *words, _, file = words
    with Path(file).open("w") as output, redirect_stdout(output):
        return run(words)


def test_every_command_has_two_examples_and_no_other_has_any() -> None:
    assert sorted(EXAMPLES) == sorted(_leaves())
    assert {len(examples) for examples in EXAMPLES.values()} == {2}


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_help_ends_with_the_examples_within_80_columns(path: str) -> None:
    assert _examples_in_help(path) == [re.sub(r" \\\n +", " ", example) for example in EXAMPLES[path]]


@pytest.mark.parametrize(("path", "number"), [(path, number) for path in EXAMPLES for number in (0, 1)])
def test_an_example_runs(
    path: str, number: int, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    line = _examples_in_help(path)[number]
    if line.startswith(PARSED_ONLY):
        assert line.startswith(f"governance {path} ".rstrip())
        entry = next(entry for entry in COMMANDS if path == entry.path)
        words = shlex.split(line)[1 + len(path.split()) :]
        LazyCommand(entry).make_context(path, words)  # raises what the command line would report
        return
    if path == "audit":
        Path("decisions/churn/1").mkdir(parents=True)
        _decide("decisions/churn/1/abc.json")
    if path in ("explain", "replay", "report"):
        _decide("decision.json")
    if path == "thresholds init":
        Path("thresholds.yaml").unlink()
    if path in IN_MOTO:
        request.getfixturevalue("account")
        if path in {"history", "thresholds impact"}:
            _judge_first_version()
    else:
        line = line.replace(MODEL_SERVER, request.getfixturevalue("models"))
    assert _run(line) == EXIT_CODES.get((path, number), 0), capsys.readouterr().err
