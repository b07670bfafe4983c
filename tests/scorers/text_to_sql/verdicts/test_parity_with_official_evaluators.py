"""Verdicts against those of taoyds/test-suite-sql-eval and of BIRD, on the real predictions of published systems."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.running.pair_scorer import PairScorer
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from scorers.text_to_sql.verdicts.verdict import PairOutcome

# What the two evaluators say of predictions that are not a single query that only reads; ours is 0.
OURS_BECAUSE_UNSAFE = {("DELETE then nothing", "bird")}

ScorerOf = Callable[..., PairScorer]


@pytest.fixture(scope="module")
def spider(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("spider")


@pytest.fixture(scope="module")
def scorer_of(spider: Path) -> Iterator[ScorerOf]:
    scorers = {}
    databases = Databases(str(spider / "databases"))

    def scorer(name: str, *, keep_distinct: bool = False) -> PairScorer:
        key = (name, keep_distinct)
        if key not in scorers:
            engine = open_engine(databases.find(name), QueryLimits())
            scorers[key] = PairScorer(engine, keep_distinct=keep_distinct)
        return scorers[key]

    yield scorer
    for each in scorers.values():
        each.close()


def read_pairs(spider: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (spider / "pairs_with_official_verdicts.jsonl").read_text().splitlines()
    ]


def test_every_verdict_on_every_pair_is_the_official_one(spider: Path, scorer_of: ScorerOf) -> None:
    different = []
    pairs = read_pairs(spider)
    for pair in pairs:
        ours = scorer_of(pair["database"]).score(pair["gold_sql"], pair["predicted_sql"])
        kept = scorer_of(pair["database"], keep_distinct=True).score(pair["gold_sql"], pair["predicted_sql"])
        verdicts = {
            "spider_execution_match": ours.correct,
            "spider_execution_match_keep_distinct": kept.correct,
            "spider_exact_set_match": ours.exact_set_match,
            "bird_execution_accuracy": ours.bird_match,
        }
        different += [
            (pair["predicted_sql"], key) for key, value in verdicts.items() if value != bool(pair[key])
        ]
    assert (len(pairs), different) == (614, [])


def test_every_verdict_on_every_semantic_probe_is_the_official_one_unless_it_is_unsafe(
    spider: Path, scorer_of: ScorerOf
) -> None:
    different = []
    probes = json.loads((spider / "semantic_probes.json").read_text())
    for probe in probes:
        ours = scorer_of("concert_singer").score(probe["gold"], probe["pred"])
        kept = scorer_of("concert_singer", keep_distinct=True).score(probe["gold"], probe["pred"])
        verdicts = {
            "exec": (ours.correct, probe["exec"] == 1),  # an exception of theirs (IndexError) is a failure
            "exec_keep_distinct": (kept.correct, probe["exec_keep_distinct"] == 1),
            "bird": (ours.bird_match, probe["bird"] == 1),
            "exact_match": (
                ours.exact_set_match,
                None if probe["exact_match"] == "gold unparsable" else probe["exact_match"] == 1,
            ),
        }
        different += [(probe["case"], key) for key, (mine, theirs) in verdicts.items() if mine != theirs]
    assert len(probes) == 26
    assert set(different) == OURS_BECAUSE_UNSAFE


def test_unsafe_probes_are_counted_as_such(spider: Path, scorer_of: ScorerOf) -> None:
    probes = json.loads((spider / "semantic_probes.json").read_text())
    outcomes = {
        probe["case"]: scorer_of("concert_singer").score(probe["gold"], probe["pred"]) for probe in probes
    }
    unsafe = {case for case, verdict in outcomes.items() if verdict.unsafe}
    assert unsafe == {"DELETE then nothing", "INSERT", "PRAGMA"}
    assert outcomes["empty prediction"].verdict is PairOutcome.EMPTY


def test_the_whole_file_comes_out_with_the_published_totals(spider: Path, tmp_path: Path) -> None:
    """The README of the data states 0.798 / 0.456 / 0.782 and 0.919 / 0.834 / 0.899."""
    path = tmp_path / "pairs.jsonl"
    with path.open("w") as file:
        for pair in read_pairs(spider):
            line = {key: pair[key] for key in ("question", "database", "gold_sql", "predicted_sql")}
            facets = {"model": pair["model"]}
            file.write(
                json.dumps({**line, "id": f"{pair['model']}/{pair['index']}", "facets": facets}) + "\n"
            )
    score_text_to_sql(path, spider / "databases", tmp_path / "evidence", TextToSqlSettings(workers=2))
    metrics = json.loads((tmp_path / "evidence" / "evaluation.json").read_text())["text_to_sql_metrics"]
    totals = {
        model: [
            round(metrics[metric]["facets"][f"model={model}"]["value"], 3)
            for metric in ("execution_accuracy", "exact_set_match", "execution_accuracy_bird")
        ]
        for model in ("gpt4_zeroshot", "dailsql_gpt4")
    }
    assert totals == {"gpt4_zeroshot": [0.798, 0.456, 0.782], "dailsql_gpt4": [0.919, 0.834, 0.899]}


def test_unknown_names_are_those_that_sqlite_does_not_know(shared_data: Callable[[str], Path]) -> None:
    """BIRD's labels say what SQLite says on the empty schemas."""
    bird = shared_data("bird")
    databases = Databases(str(bird / "empty_databases"))
    scorers: dict[str, PairScorer] = {}
    found: Counter[tuple[str, bool | None]] = Counter()
    for line in (bird / "validity.jsonl").read_text().splitlines():
        label = json.loads(line)
        if label["db"] not in scorers:
            scorers[label["db"]] = PairScorer(open_engine(databases.find(label["db"]), QueryLimits()))
        verdict = scorers[label["db"]].score("SELECT 1", label["pred"])
        error = label["error"] or ""
        kind = (
            "unknown"
            if "no such column" in error or "no such table" in error
            else "other"
            if error
            else "none"
        )
        found[kind, verdict.schema_hallucination] += 1
        assert verdict.execution_error == (bool(error) and not verdict.unsafe), label
        if "one statement" in error:
            assert verdict.unsafe
    assert (found["unknown", True], found["unknown", False]) == (73, 0)
    assert (found["none", True], found["none", False]) == (0, 498)
