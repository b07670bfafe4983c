"""Every block of the page on the Python API is run, in its order, and does what the page shows."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

import model_governance
from aws import clients
from aws.model_registry import SageMakerModelRegistry

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "python-api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (\w+): (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)
BLOCKS = {(kind, name): text for kind, name, text in BLOCK.findall(PAGE)}
BUCKET = "governance-evidence"
MADE = (clients.s3_client, clients.sagemaker_client, clients.sts_client)
PAIR = {
    "id": "q1",
    "question": "Who?",
    "database": "shop",
    "gold_sql": "SELECT name FROM customer",
    "predicted_sql": "SELECT name FROM customer",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the blocks define; the folder has the files that the page shows, and those that it names."""
    folder = tmp_path_factory.mktemp("page")
    for (kind, name), text in BLOCKS.items():
        if kind == "written":
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    with sqlite3.connect(folder / "shop.sqlite") as database:
        database.execute("CREATE TABLE customer AS SELECT 'Ada' AS name")
    (folder / "predictions.jsonl").write_text(json.dumps(PAIR), encoding="utf-8")
    (folder / "ratings.csv").write_text("rating,region\n5,CA\n1,NY\n", encoding="utf-8")
    (folder / "predictions.csv").write_text("approved,decision,sex\n1,1,F\n0,1,M\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield {}


@pytest.fixture
def account(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS with the evidence bucket and the group."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    for made in MADE:
        made.cache_clear()
    # What runs in one process shares the server: nothing of another file's tests may be there.
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    yield
    for made in MADE:
        made.cache_clear()


def run(name: str, said: dict[str, Any]) -> None:
    exec(compile(BLOCKS["run", name], f"python-api.md: {name}", "exec"), said)


def test_check_prints_what_is_shown(said: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("check", said)
    assert capsys.readouterr().out == BLOCKS["printed", "check"]


def test_the_test_fails_with_the_table_that_is_shown(said: dict[str, Any]) -> None:
    run("test", said)
    with pytest.raises(AssertionError) as raised:
        said["test_the_model_meets_its_thresholds"]()
    message = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T12:00:00Z", str(raised.value))
    assert f"{message}\n" == BLOCKS["raised", "test"]


@pytest.mark.parametrize(
    ("name", "printed", "written"),
    [
        pytest.param("score", "1 of 1 pairs correct\n", "sql-evidence/evaluation.json", id="text-to-SQL"),
        pytest.param(
            "feedback",
            "2 ratings: {'promote': 1, 'detract': 1}\n",
            "feedback-evidence/evaluation.json",
            id="feedback",
        ),
        pytest.param("bias", "{'sex=F': 1}\n", "bias-evidence/analysis.json", id="bias"),
    ],
)
def test_scoring_writes_evidence(
    name: str, printed: str, written: str, said: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said["Path"] = Path  # imported by the first of the blocks
    run(name, said)
    assert capsys.readouterr().out == printed
    assert Path(written).is_file()


@pytest.mark.usefixtures("account")
def test_register_stops_as_asked_and_else_registers_a_version_to_wait_for(
    said: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said["Path"] = Path
    run("register", said)
    assert capsys.readouterr().out == "Rejected\n"
    report = Path("evidence/evaluation.json")
    shown = report.read_text(encoding="utf-8")
    report.write_text(shown.replace("0.79", "0.81"), encoding="utf-8")
    try:
        run("register", said)
        (version,) = SageMakerModelRegistry(clients.sagemaker_client()).list("churn")
        assert capsys.readouterr().out == f"{version.arn}\n"
        boto3.client("sagemaker").update_model_package(
            ModelPackageArn=version.arn, ModelApprovalStatus="Approved"
        )
        run("wait", said)  # a person approved it, and no gate is deployed here
        assert capsys.readouterr().out == "no decision Approved\n"
        report.write_text("no JSON", encoding="utf-8")
        run("register", said)
        assert "nothing was uploaded and nothing was registered" in capsys.readouterr().out
    finally:
        report.write_text(shown, encoding="utf-8")


def _names_in_the_table() -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_page_lists_what_there_is() -> None:
    assert _names_in_the_table() == _public()
    assert set(dir(model_governance)) >= _public()


def _public() -> set[str]:
    """What type checkers see, read from the source: the names that are there for them alone."""
    source = Path(model_governance.__file__).read_text(encoding="utf-8")
    return set(re.findall(r"^    from model_governance\.\w+ import (\w+) as \1$", source, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(_public()))
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    found: Callable[..., object] = getattr(model_governance, name)
    assert found.__doc__


def test_type_checkers_see_the_names_that_there_are() -> None:
    assert _public() == set(model_governance._BY_NAME)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        _ = model_governance.chek


def test_every_block_of_the_page_is_run() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert PAGE.count("```python") == sum(kind == "run" for kind, _ in BLOCKS)
    assert all(f'"{name}"' in source for kind, name in BLOCKS if kind == "run")
