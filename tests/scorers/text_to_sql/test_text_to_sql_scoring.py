"""From a file of predictions to evidence, and what stops on the way."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from checks.errors import GovernanceError
from checks.evidence import Document
from checks.reports import read_report
from scorers.lines import Line, read_lines
from scorers.text_to_sql import predictions
from scorers.text_to_sql.engines.databases import Databases
from scorers.text_to_sql.predictions import PredictionsFile, parse_pair
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from tests.counted_work import count_calls
from tests.scorers.text_to_sql.conftest import WritePairs

pytestmark = pytest.mark.usefixtures("lent_fork_server")

ONE_PROCESS = TextToSqlSettings(workers=1)
BY_COUNTRY = "SELECT country, count(*) FROM customer GROUP BY country"


def read_results(evidence: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (evidence / "results.jsonl").read_text().splitlines()]


def read_metrics(evidence: Path, group: str = "text_to_sql_metrics") -> dict[str, Any]:
    return dict(json.loads((evidence / "evaluation.json").read_text())[group])


@pytest.mark.parametrize("kept_in_memory", [1, 1_000_000], ids=["on disk", "in memory"])
def test_what_was_checked_is_what_is_scored(
    shop: Path, write_pairs: WritePairs, monkeypatch: pytest.MonkeyPatch, kept_in_memory: int
) -> None:
    """Pairs are read once, and kept until they are scored."""
    monkeypatch.setattr(predictions, "_KEPT_IN_MEMORY", kept_in_memory)
    path = write_pairs(
        {"predicted_sql": "SELECT 'é\n\u2028\\'", "latency_seconds": 1e-7},
        {"id": 10**30, "predicted_sql": None, "facets": {"n": -(2**70), "yes": True, "no": None, "t": " x "}},
        {"id": "10", "predicted_sql": "", "latency_seconds": 3, "facets": {}},
    )
    lines = list(read_lines(path))
    with PredictionsFile(path) as file:
        assert file.check(Databases(str(shop)))[0] == len(lines)
        path.unlink()
        assert list(file.pairs()) == [parse_pair(line) for line in lines if isinstance(line, Line)]


def test_a_line_is_read_once(shop: Path, write_pairs: WritePairs, evidence: Path) -> None:
    path = write_pairs(*({"predicted_sql": f"SELECT {number}"} for number in range(50)))
    calls = count_calls(lambda: score_text_to_sql(path, shop, evidence, ONE_PROCESS))
    assert (calls["parse_strict_json"], calls["parse_pair"]) == (50, 50)


def test_results_have_one_line_for_each_pair_in_order(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    path = write_pairs(
        {
            "id": 7,
            "predicted_sql": "SELECT name FROM customer",
            "latency_seconds": 0.5,
            "facets": {"region": "CA"},
        },
        {"predicted_sql": "SELECT name FROM customer WHERE id = 1"},
        {"predicted_sql": "SELECT nme FROM customer"},
        {"predicted_sql": "DROP TABLE customer"},
        {"predicted_sql": " "},
        {"gold_sql": "SELECT nosuch FROM customer", "predicted_sql": "SELECT 1"},
        {"predicted_sql": "```sql\nSELECT name FROM customer\n```"},
        {
            "gold_sql": "SELECT id FROM customer WHERE id > 1",
            "predicted_sql": "SELECT id FROM customer WHERE id > = 2",
        },
    )
    score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    first, *others = read_results(evidence)
    assert first == {
        "id": 7,
        "database": "shop",
        "question": "?",
        "gold_sql": "SELECT name FROM customer",
        "predicted_sql": "SELECT name FROM customer",
        "correct": True,
        "verdict": "correct",
        "reason": "the results are equal",
        "bird_match": True,
        "exact_set_match": True,
        "valid_sql": True,
        "unsafe": False,
        "execution_error": False,
        "timeout": False,
        "schema_hallucination": False,
        "transpilation_failure": False,
        "empty_gold": False,
        "relative_execution_time": 1.0,
        "facets": {"region": "CA"},
        "latency_seconds": 0.5,
    }
    assert [(line["id"], line["verdict"], line["correct"], line["reason"]) for line in others[:5]] == [
        ("q2", "wrong_result", False, "1 rows of 1 columns where the gold has 3 rows of 1 columns"),
        ("q3", "execution_error", False, "no such column: nme"),
        ("q4", "unsafe", False, "a statement that is not a query: DROP"),
        ("q5", "empty", False, "there is no SQL in it"),
        ("q6", "gold_error", None, "no such column: nosuch"),
    ]
    assert others[1]["unknown_names"] == ["nme"]
    assert others[4] == {
        "id": "q6",
        "database": "shop",
        "question": "?",
        "gold_sql": "SELECT nosuch FROM customer",
        "predicted_sql": "SELECT 1",
        "correct": None,
        "verdict": "gold_error",
        "reason": "no such column: nosuch",
    }
    assert (others[5]["verdict"], others[5]["valid_sql"], others[5]["execution_error"]) == (
        "execution_error",
        False,
        True,
    )
    # Spider's evaluator repairs `> =`, BIRD's does not.
    assert (others[6]["correct"], others[6]["bird_match"], others[6]["execution_error"]) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.jsonl", {"id": 1, "question": "?", "database": "shop", "gold_sql": "G", "predicted_sql": "P"}),
        (
            "bird.jsonl",
            {"question_id": 1, "question": "?", "db_id": "shop", "SQL": "G", "predicted_sql": "P"},
        ),
        ("spider.jsonl", {"db_id": "shop", "question": "?", "query": "G", "pred": "P"}),
        ("array.json", {"id": 1, "question": "?", "database": "shop", "gold_sql": "G", "predicted_sql": "P"}),
        ("flat.csv", {"id": 1, "question": "?", "db_id": "shop", "query": "G", "prediction": "P"}),
        ("table.parquet", {"id": 1, "question": "?", "database": "shop", "gold": "G", "pred_sql": "P"}),
    ],
    ids=["own", "BIRD", "Spider", "array", "CSV", "Parquet"],
)
def test_pairs_are_read_by_the_names_and_in_the_kinds_of_file_that_people_have(
    shop: Path, tmp_path: Path, evidence: Path, name: str, content: dict[str, Any]
) -> None:
    """The second record has no prediction, and a latency and a group where the kind of file can hold them."""
    queries = {"G": "SELECT name FROM customer", "P": "SELECT name FROM customer"}
    record = {key: queries.get(value, value) for key, value in content.items()}
    empty = {key: None if content[key] == "P" else record[key] for key in record}
    empty |= {key: 2 for key in ("id", "question_id") if key in empty} | {"latency_seconds": 1.5}
    path = tmp_path / name
    match path.suffix:
        case ".csv":
            pd.DataFrame([record, empty]).to_csv(path, index=False, sep=";")
        case ".parquet":
            pd.DataFrame([record, empty]).to_parquet(path)
        case ".json":
            path.write_text(json.dumps([record, empty]))
        case _:
            path.write_text(f"{json.dumps(record)}\n{json.dumps(empty)}\n")
    separator = ";" if path.suffix == ".csv" else ","
    score_text_to_sql(path, shop, evidence, TextToSqlSettings(workers=1, separator=separator))
    first, second = read_results(evidence)
    assert (str(first["id"]), first["verdict"], first["correct"]) == ("1", "correct", True)
    assert (str(second["id"]), second["verdict"], second["latency_seconds"]) == ("2", "empty", 1.5)


def test_an_empty_gold_result_counts_in_a_figure_of_its_own(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    """The verdicts are Spider's: any result without rows is correct beside it."""
    path = write_pairs(
        {
            "gold_sql": "SELECT name FROM customer WHERE id > 9",
            "predicted_sql": "SELECT id FROM large WHERE id > 9",
        },
        {"predicted_sql": "SELECT name FROM customer"},
        {"gold_sql": "SELECT nosuch", "predicted_sql": "SELECT 1"},
    )
    summary = score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert [line.get("empty_gold") for line in read_results(evidence)] == [True, False, None]
    metrics = json.loads((evidence / "evaluation.json").read_text())["text_to_sql_metrics"]
    assert metrics["empty_gold_rate"]["value"] == 0.5
    assert (summary.correct, summary.empty_golds) == (2, 1)


def test_a_repeated_run_writes_the_same_however_many_processes_it_has(
    shop: Path, write_pairs: WritePairs, tmp_path: Path
) -> None:
    """All but what a clock measures."""
    queries = [
        "SELECT name FROM customer",
        "SELECT id FROM customer",
        "SELECT nosuch",
        "DELETE FROM customer",
        "",
    ]
    path = write_pairs(
        *(
            {"gold_sql": f"{queries[0]} WHERE id < {n % 7}", "predicted_sql": queries[n % 5]}
            for n in range(200)
        )
    )
    written = set()
    for workers in (1, 3):
        folder = tmp_path / f"evidence-{workers}"
        score_text_to_sql(path, shop, folder, TextToSqlSettings(workers=workers))
        lines = (folder / "results.jsonl").read_text()
        written.add(re.sub(r'"relative_execution_time": ?[0-9.e+-]+', "", lines))
    assert len(written) == 1


def test_every_rate_per_facet_group_as_the_gate_addresses_it(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    right, wrong = "SELECT name FROM customer", "SELECT id FROM customer"
    path = write_pairs(
        {"predicted_sql": right, "facets": {"region": "CA", "tier": 1}, "latency_seconds": 1},
        {"predicted_sql": right, "facets": {"region": "CA"}, "latency_seconds": 3},
        {"predicted_sql": wrong, "facets": {"region": "NY"}},
        {"predicted_sql": "DELETE FROM customer", "facets": {"region": "NY"}},
        {
            "gold_sql": "SELECT nosuch",
            "predicted_sql": right,
            "facets": {"region": "TX"},
            "latency_seconds": 99,
        },
    )
    score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    report = read_report(Document("evaluation.json", (evidence / "evaluation.json").read_bytes()))
    assert report.problem is None
    found = {(each.metric, each.facet): getattr(each, "value", None) for each in report.measurements}
    assert {
        key: value for key, value in found.items() if key[0].startswith("text_to_sql.execution_accuracy")
    } == {
        ("text_to_sql.execution_accuracy", None): 0.5,
        ("text_to_sql.execution_accuracy", "region=CA"): 1.0,
        ("text_to_sql.execution_accuracy", "region=NY"): 0.0,
        ("text_to_sql.execution_accuracy", "tier=1"): 1.0,
        ("text_to_sql.execution_accuracy_largest_gap", "region"): 1.0,
        ("text_to_sql.execution_accuracy_largest_gap", "tier"): None,
        ("text_to_sql.execution_accuracy_bird", None): 0.5,
        ("text_to_sql.execution_accuracy_bird", "region=CA"): 1.0,
        ("text_to_sql.execution_accuracy_bird", "region=NY"): 0.0,
        ("text_to_sql.execution_accuracy_bird", "tier=1"): 1.0,
        ("text_to_sql.execution_accuracy_bird_largest_gap", "region"): 1.0,
        ("text_to_sql.execution_accuracy_bird_largest_gap", "tier"): None,
    }
    assert found["text_to_sql.unsafe_sql_rate", "region=NY"] == 0.5
    assert found["text_to_sql.gold_error_rate", None] == 0.2
    assert found["latency.mean_seconds", None] == 2.0
    assert found["latency.p50_seconds", None] == 1.0
    assert found["latency.p95_seconds", None] == 3.0
    names = {metric for metric, _ in found if not metric.endswith("_largest_gap")}
    assert names == {
        "text_to_sql.execution_accuracy",
        "text_to_sql.execution_accuracy_bird",
        "text_to_sql.exact_set_match",
        "text_to_sql.valid_sql_rate",
        "text_to_sql.execution_error_rate",
        "text_to_sql.timeout_rate",
        "text_to_sql.empty_gold_rate",
        "text_to_sql.unsafe_sql_rate",
        "text_to_sql.schema_hallucination_rate",
        "text_to_sql.relative_execution_time",
        "text_to_sql.gold_error_rate",
        "latency.mean_seconds",
        "latency.p50_seconds",
        "latency.p95_seconds",
    }


def test_rates_carry_samples_and_means_their_spread(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    right = "SELECT name FROM customer"
    path = write_pairs(*({"predicted_sql": right, "latency_seconds": seconds} for seconds in (1, 2, 3)))
    score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert read_metrics(evidence)["execution_accuracy"] == {"value": 1.0, "samples": 3}
    assert read_metrics(evidence)["relative_execution_time"] == {
        "value": 1.0,
        "samples": 3,
        "standard_deviation": 0.0,
    }
    latency = read_metrics(evidence, "latency_metrics")
    assert latency["mean_seconds"] == {"value": 2.0, "samples": 3, "standard_deviation": 1.0}
    assert latency["p50_seconds"]["samples"] == 3
    assert latency["p50_seconds"]["standard_error"] > 0


def test_exact_set_match_leaves_out_gold_that_its_parser_refuses(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    cte = "WITH c AS (SELECT name FROM customer) SELECT name FROM c"
    path = write_pairs({"gold_sql": cte, "predicted_sql": cte}, {"predicted_sql": cte})
    score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert read_metrics(evidence)["exact_set_match"] == {"value": 0.0, "samples": 1}
    assert read_metrics(evidence)["execution_accuracy"] == {"value": 1.0, "samples": 2}


def test_sql_is_extracted_only_when_asked_and_the_evidence_says_so(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    path = write_pairs(
        {"predicted_sql": "Sure!\n```sql\nSELECT name FROM customer;\n```"},
        {"predicted_sql": "SELECT name FROM customer"},
    )
    score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    as_it_stands = read_metrics(evidence)["execution_accuracy"]["value"]
    score_text_to_sql(path, shop, evidence, TextToSqlSettings(extract_sql=True, workers=1))
    provenance = json.loads((evidence / "evaluation.json").read_text())["provenance"]
    assert (as_it_stands, read_metrics(evidence)["execution_accuracy"]["value"]) == (0.5, 1.0)
    assert (provenance["settings"]["extract_sql"], provenance["extracted_sql"]) == (True, 1)


def test_provenance_says_what_was_scored_and_how(shop: Path, write_pairs: WritePairs, evidence: Path) -> None:
    path = write_pairs({"predicted_sql": "SELECT 1"}, {"gold_sql": "SELECT x", "predicted_sql": "SELECT 1"})
    score_text_to_sql(path, shop, evidence, TextToSqlSettings(time_limit_seconds=5, workers=1))
    provenance = json.loads((evidence / "evaluation.json").read_text())["provenance"]
    assert provenance["scorer"]["kind"] == "text_to_sql"
    assert (provenance["input"]["file"], provenance["input"]["records"]) == ("predictions.jsonl", 2)
    assert set(provenance["databases"]["shop"]) == {"engine", "sha256"}
    assert provenance["settings"]["time_limit_seconds"] == 5
    assert provenance["gold_errors"] == {"count": 1, "first": {"q2": "no such column: x"}}
    assert {"python", "sqlglot", "duckdb", "sqlalchemy"} <= set(provenance["versions"])


@pytest.fixture
def duck(tmp_path: Path) -> Path:
    folder = tmp_path / "duck"
    folder.mkdir()
    with duckdb.connect(folder / "shop.duckdb") as connection:
        connection.execute(
            "CREATE TABLE customer (id INTEGER, name VARCHAR, country VARCHAR, born DATE, tags VARCHAR[])"
        )
        connection.execute("INSERT INTO customer VALUES (1, 'Ada', 'UK', '1815-12-10', ['a', 'b'])")
        connection.execute("INSERT INTO customer VALUES (2, 'Bob', 'US', '1990-01-01', NULL)")
        connection.execute("CREATE TABLE price (amount DECIMAL(9, 2))")
        connection.execute("INSERT INTO price VALUES (1.10), (2.00)")
    return folder


def test_presto_is_transpiled_and_what_cannot_be_is_counted(
    duck: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    path = write_pairs(
        {
            "gold_sql": "SELECT date_format(born, '%Y') FROM customer",
            "predicted_sql": "SELECT CAST(year(born) AS VARCHAR) FROM customer",
        },
        {
            "gold_sql": "SELECT name, t.tag FROM customer CROSS JOIN UNNEST(tags) AS t (tag)",
            "predicted_sql": "SELECT tag, name FROM customer CROSS JOIN UNNEST(tags) AS t (tag)",
        },
        {"gold_sql": BY_COUNTRY, "predicted_sql": "SELECT country, count_if(TRUE) FROM customer GROUP BY 1"},
        {"predicted_sql": "SELECT name FROM customer WHERE AND"},
        {"predicted_sql": "SELECT strpos(name, 'b', 2) FROM customer"},
        {
            "gold_sql": "SELECT strpos(name, 'b', 2) FROM customer",
            "predicted_sql": "SELECT name FROM customer",
        },
    )
    score_text_to_sql(path, duck, evidence, TextToSqlSettings(dialect="presto", workers=1))
    verdicts = [line["verdict"] for line in read_results(evidence)]
    assert verdicts == ["correct"] * 3 + ["execution_error", "transpilation_failure", "gold_error"]
    reason = "cannot be transpiled to duckdb: STRPOS does not support the occurrence parameter."
    assert [line["reason"] for line in read_results(evidence)[4:]] == [reason, reason]
    assert read_results(evidence)[3]["reason"].startswith("not valid in the dialect presto: ")
    metrics = read_metrics(evidence)
    assert metrics["transpilation_failure_rate"] == {"value": 0.2, "samples": 5}
    assert metrics["valid_sql_rate"] == {"value": 0.8, "samples": 5}


def test_values_of_duckdb_compare_as_numbers_and_lists(
    duck: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    path = write_pairs(
        {"gold_sql": "SELECT sum(amount) FROM price", "predicted_sql": "SELECT 3.1::DOUBLE"},
        {"gold_sql": "SELECT count(*) FROM price", "predicted_sql": "SELECT 2.00::DECIMAL(9, 2)"},
        {
            "gold_sql": "SELECT tags FROM customer",
            "predicted_sql": "SELECT tags FROM customer ORDER BY id DESC",
        },
        {"gold_sql": "SELECT 'nan'::DOUBLE, 1", "predicted_sql": "SELECT 1, 'NaN'::DOUBLE"},
        {"gold_sql": "SELECT {'a': 1}", "predicted_sql": "SELECT {'a': 2}"},
        {
            "gold_sql": "SELECT born FROM customer",
            "predicted_sql": "SELECT strftime(born, '%Y-%m-%d') FROM customer",
        },
    )
    score_text_to_sql(path, duck, evidence, ONE_PROCESS)
    assert [line["correct"] for line in read_results(evidence)] == [True, True, True, True, False, False]


def test_a_given_schema_takes_the_place_of_the_live_one(
    shop: Path, write_pairs: WritePairs, evidence: Path, tmp_path: Path
) -> None:
    ddl = tmp_path / "schema.sql"
    ddl.write_text("CREATE TABLE customer (id INTEGER, full_name TEXT)")
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    score_text_to_sql(path, shop, evidence, TextToSqlSettings(schema=ddl, workers=1))
    (line,) = read_results(evidence)
    assert (line["correct"], line["schema_hallucination"], line["unknown_names"]) == (True, True, ["name"])


def test_the_same_pairs_come_out_the_same_with_any_number_of_processes(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    predicted = [
        "SELECT name FROM customer",
        "SELECT id FROM customer",
        "SELECT nme FROM customer",
        "DROP TABLE x",
    ]
    gold = [BY_COUNTRY, "SELECT name FROM customer", "SELECT id FROM customer WHERE id > 1"]
    path = write_pairs(*({"gold_sql": gold[n % 3], "predicted_sql": predicted[n % 4]} for n in range(300)))
    outcomes = []
    for workers in (1, 3):
        score_text_to_sql(path, shop, evidence, TextToSqlSettings(workers=workers))
        outcomes.append([(line["id"], line["verdict"], line["reason"]) for line in read_results(evidence)])
    assert outcomes[0] == outcomes[1]
    assert [identity for identity, _, _ in outcomes[0]] == [f"q{number}" for number in range(1, 301)]


def test_evidence_is_the_same_at_every_run_but_for_what_a_clock_measures(
    duck: Path, write_pairs: WritePairs, tmp_path: Path
) -> None:
    predicted = [
        "SELECT name FROM customer",
        "SELECT CASE FROM customer WHERE AND",
        "SELECT a, b FROM customer, nosuch",
        "SELECT sum(id) OVER (PARTITION BY ORDER) FROM customer",
        "SELECT name FROM customer WHERE id BETWEEN",
        "SELECT unnest(range(10)) AS i ORDER BY i % 3",
        "SELECT strpos(name, 'b', 2) FROM customer",
    ]
    facets = {"tier": 1, "region": "CA"}
    path = write_pairs(*({"predicted_sql": sql, "facets": facets} for sql in predicted * 20))
    runs: list[object] = []
    for workers in (1, 2, 2):
        evidence = tmp_path / f"evidence-{len(runs)}"
        score_text_to_sql(path, duck, evidence, TextToSqlSettings(dialect="presto", workers=workers))
        results = [{**line, "relative_execution_time": None} for line in read_results(evidence)]
        evaluation = json.loads((evidence / "evaluation.json").read_text())
        evaluation["text_to_sql_metrics"].pop("relative_execution_time")
        runs.append((results, json.dumps(evaluation).replace("relative_execution_time", "")))
    assert runs[0] == runs[1] == runs[2]


def test_spider_s_folders_are_found(shop: Path, write_pairs: WritePairs, evidence: Path) -> None:
    (shop / "shop").mkdir()
    (shop / "shop.sqlite").rename(shop / "shop" / "shop.sqlite")
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    assert score_text_to_sql(path, shop, evidence, ONE_PROCESS).correct == 1


def test_who_has_something_to_do_meanwhile_is_told_once_and_only_where_pairs_are_scored(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    told: list[bool] = []
    path = write_pairs(*({"predicted_sql": f"SELECT {number}"} for number in range(3)))
    score_text_to_sql(path, shop, evidence, ONE_PROCESS, meanwhile=lambda: told.append(evidence.is_dir()))
    assert told == [True]
    with pytest.raises(GovernanceError):
        score_text_to_sql(shop, shop, evidence, ONE_PROCESS, meanwhile=lambda: told.append(False))
    assert told == [True]


def test_a_name_that_only_the_given_schema_has_is_not_hallucinated(
    shop: Path, write_pairs: WritePairs, evidence: Path, tmp_path: Path
) -> None:
    ddl = tmp_path / "schema.sql"
    ddl.write_text("CREATE TABLE customer (id INTEGER, name TEXT, loyalty TEXT)")
    path = write_pairs({"predicted_sql": "SELECT loyalty FROM customer"})
    score_text_to_sql(path, shop, evidence, TextToSqlSettings(schema=ddl, workers=1))
    (line,) = read_results(evidence)
    assert (line["execution_error"], line["schema_hallucination"]) == (True, False)


def test_duckdb_works_in_little_memory(duck: Path, write_pairs: WritePairs, evidence: Path) -> None:
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    settings = TextToSqlSettings(memory_limit_mb=128, workers=1)
    assert score_text_to_sql(path, duck, evidence, settings).correct == 1


def test_a_column_that_identifies_questions_is_no_facet(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    path = write_pairs(
        *({"predicted_sql": "SELECT 1", "facets": {"user": number}} for number in range(1_001))
    )
    with pytest.raises(
        GovernanceError, match=r":1001: facets: user=1000 is one group too many \(1,000 at most\)"
    ):
        score_text_to_sql(path, shop, evidence, ONE_PROCESS)


def test_a_broken_view_does_not_stop_the_run(shop: Path, write_pairs: WritePairs, evidence: Path) -> None:
    connection = sqlite3.connect(shop / "shop.sqlite")
    connection.executescript("CREATE TABLE t (x); CREATE VIEW broken AS SELECT x FROM t; DROP TABLE t")
    connection.close()
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    assert score_text_to_sql(path, shop, evidence, ONE_PROCESS).correct == 1
