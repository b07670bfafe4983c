"""Text-to-SQL verified against what the governance team keeps: gold SQL that is not altered, and SQL that is run."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import comb
from pathlib import Path
from typing import Any

import pytest

from checks.evidence import Document
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from checks.verification import draw_items, share_missed
from checks.verify_rule import GOLD_FAMILIES
from scorers.recomputing import sql_again
from scorers.recomputing.gold import parse_gold
from scorers.recomputing.item_lines import ItemsError
from scorers.recomputing.recompute import FAMILIES, RecomputedReport, TrustedData, recompute_report
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql

pytestmark = pytest.mark.usefixtures("lent_fork_server")

COUNT = 6
Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """Honest evidence, the databases that it came out of, and the gold of its items."""

    report: bytes
    lines: Lines
    databases: Path | None

    @property
    def gold(self) -> Lines:
        return [{key: line[key] for key in ("id", "database", "gold_sql")} for line in self.lines]

    def with_item(self, place: int, **said: object) -> "Scored":
        lines = [dict(line) for line in self.lines]
        lines[place] |= said
        return replace(self, lines=lines)

    def with_settings(self, **said: object) -> "Scored":
        document = json.loads(self.report)
        document["provenance"]["settings"] |= said
        return replace(self, report=json.dumps(document).encode())

    def again(self, gold: Lines, **keys: Any) -> RecomputedReport:
        trusted = TrustedData(lambda _: write(gold), lambda: self.databases)
        return recompute_report(self.report, write(self.lines), trusted=trusted, **keys)


def write(lines: Lines) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Six predictions, the last two of which are wrong and unsafe."""
    folder = tmp_path_factory.mktemp("scored")
    (folder / "databases").mkdir()
    connection = sqlite3.connect(folder / "databases" / "shop.sqlite")
    connection.executescript("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2), (3);")
    connection.close()
    predicted = [f"SELECT count(*) + {place} FROM t" for place in range(4)]
    predicted += ["SELECT max(a) FROM t", "DELETE FROM t"]
    pairs = [
        {
            "id": place,
            "question": "q",
            "database": "shop",
            "gold_sql": f"SELECT count(*) + {place} FROM t",
            "predicted_sql": sql,
            "facets": {"half": place % 2},
        }
        for place, sql in enumerate(predicted)
    ]
    (folder / "p.jsonl").write_bytes(write(pairs))
    score_text_to_sql(folder / "p.jsonl", folder / "databases", folder / "out", TextToSqlSettings(workers=1))
    lines = [json.loads(line) for line in (folder / "out" / "results.jsonl").read_text().splitlines()]
    return Scored((folder / "out" / "evaluation.json").read_bytes(), lines, folder / "databases")


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_again, "count_cores", lambda: 1)


def test_honest_sql_comes_to_the_same_figures(scored: Scored) -> None:
    out = scored.again(scored.gold)
    assert (out.altered, out.scored, out.how) == (
        (),
        COUNT,
        "predicted SQL run again beside the gold; times are those of the items",
    )
    reported, again = (
        {(one.metric, one.facet): one.value for one in read.measurements if isinstance(one, Measured)}
        for read in (read_report(Document("r", content)) for content in (scored.report, out.content))
    )
    assert again == reported


WRONG = 4
DRAWN = 3
CLAIMED = {"verdict": "correct", "correct": True, "bird_match": True}


def test_a_fabricated_verdict_is_found_by_running_the_sql(scored: Scored) -> None:
    """The verdict does not contradict itself: only the SQL says otherwise."""
    claiming = scored.with_item(WRONG, **CLAIMED)
    out = claiming.again(scored.gold)
    assert [str(one) for one in out.altered] == [
        "item 4: verdict is correct, and run again it is wrong_result (other values or another order in 1 rows of 1 "
        "columns)"
    ]
    # It counts as what it is.
    figures = {
        one.metric: one for one in read_report(Document("r", out.content)).measurements if one.facet is None
    }
    accuracy = figures["text_to_sql.execution_accuracy"]
    assert isinstance(accuracy, Measured)
    assert accuracy.value == 4 / COUNT
    # Without databases nothing is noticed, and the decision says that no SQL was run.
    counted = replace(claiming, databases=None).again(scored.gold)
    assert (counted.altered, counted.scored) == ((), 0)
    assert "no SQL was run" in counted.how


def test_of_a_sample_the_drawn_sql_alone_is_run(scored: Scored) -> None:
    claiming = scored.with_item(WRONG, **CLAIMED)
    seeds = map(str, range(100))
    missing = next(seed for seed in seeds if WRONG not in draw_items(COUNT, 3, seed))
    hitting = next(seed for seed in seeds if WRONG in draw_items(COUNT, 3, seed))
    missed, hit = (claiming.again(scored.gold, sample=3, seed=seed) for seed in (missing, hitting))
    assert (missed.scored, hit.scored) == (3, 3)
    assert (len(missed.altered), len(hit.altered)) == (0, 1)


def test_as_much_fabricated_sql_as_a_sample_is_said_to_miss_is_missed_by_one_draw_in_twenty(
    scored: Scored,
) -> None:
    """What is found are the drawn ones that are altered, as the test above shows: here only the draws are counted."""
    fabricated = scored.with_item(WRONG, **CLAIMED).with_item(5, **CLAIMED)
    out = fabricated.with_item(0, verdict="wrong_result", correct=False, bird_match=False).again(scored.gold)
    altered = {int(one.identity) for one in out.altered}
    assert share_missed(DRAWN, out.scored) == len(altered) / COUNT
    draws = {frozenset(draw_items(COUNT, DRAWN, str(seed))) for seed in range(500)}
    assert len(draws) == comb(COUNT, DRAWN) == 20
    assert sum(draw.isdisjoint(altered) for draw in draws) == 1


def test_a_timeout_stays_one_and_a_schema_of_their_own_is_not_believed(scored: Scored) -> None:
    slow = scored.with_item(0, verdict="timeout", correct=False, bird_match=False, timeout=True)
    out = slow.with_settings(schema="own.sql").again(scored.gold)
    assert out.altered == ()
    figures = {
        one.metric: one for one in read_report(Document("r", out.content)).measurements if one.facet is None
    }
    hallucination, timeouts = (
        figures[f"text_to_sql.{name}"] for name in ("schema_hallucination_rate", "timeout_rate")
    )
    assert isinstance(hallucination, Unmeasured)
    assert "score without --schema" in hallucination.reason
    assert isinstance(timeouts, Measured)
    assert timeouts.value == 1 / COUNT


OTHERS: list[tuple[str, Callable[[Scored], Scored], Callable[[Lines], Lines], str]] = [
    (
        "gold SQL of their own",
        lambda one: one.with_item(WRONG, gold_sql="SELECT max(a) FROM t", **CLAIMED),
        lambda gold: gold,
        "item 4: gold_sql is not that of the gold",
    ),
    (
        "a question left out",
        lambda one: replace(one, lines=one.lines[:-1]),
        lambda gold: gold,
        "item 5: the gold has it, and the items do not",
    ),
    (
        "a question of their own",
        lambda one: one,
        lambda gold: gold[1:],
        "item 0: the gold has no such item",
    ),
    (
        "groups of their own",
        lambda one: one,
        lambda gold: [{**gold[0], "facets": {"half": 1}}, *gold[1:]],
        "item 0: facets is not that of the gold",
    ),
]


@pytest.mark.parametrize(
    ("alter", "gold", "says"), [row[1:] for row in OTHERS], ids=[row[0] for row in OTHERS]
)
def test_items_are_held_against_the_gold(
    scored: Scored, alter: Callable[[Scored], Scored], gold: Callable[[Lines], Lines], says: str
) -> None:
    counted = replace(alter(scored), databases=None)
    assert [str(one) for one in counted.again(gold(scored.gold)).altered] == [says]


REFUSED: list[tuple[str, Callable[[Scored], Scored], Callable[[Lines], Lines], str]] = [
    ("no gold SQL", lambda one: one, lambda gold: [{"id": line["id"], "database": "shop"} for line in gold],
     "item 0: the gold that the threshold file names has no gold_sql"),
    ("no prediction", lambda one: one.with_item(0, predicted_sql=None), lambda gold: gold, "predicted_sql"),
    ("no database", lambda one: one, lambda gold: [{**line, "database": "other"} for line in gold],
     'no database "other"'),
    ("a path for a database", lambda one: one, lambda gold: [{**line, "database": "../shop"} for line in gold],
     "no database"),
    ("a limit without end", lambda one: one.with_settings(time_limit_seconds=1e9), lambda gold: gold,
     "provenance.settings.time_limit_seconds: .*; score again within that"),
    ("no dialect", lambda one: one.with_settings(dialect="klingon"), lambda gold: gold, "klingon"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("alter", "gold", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_run_again_is_missing(
    scored: Scored,
    monkeypatch: pytest.MonkeyPatch,
    alter: Callable[[Scored], Scored],
    gold: Callable[[Lines], Lines],
    says: str,
) -> None:
    with pytest.raises(ItemsError, match=says):
        alter(scored).again(gold(scored.gold))


def test_without_its_library_no_sql_is_run_and_nothing_is_believed(
    scored: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_again, "_NEEDED", "no_such_package")
    with pytest.raises(ItemsError, match=r"needs no_such_package, which is not installed.*image_uri"):
        scored.again(scored.gold)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: "),
        ("", "it has no line; correct the gold"),
        ('{"gold_sql": "SELECT 1"}', "item 1: it needs an id"),
        ('{"id": true, "gold_sql": "SELECT 1"}', "item 1: it needs an id"),
        ('{"id": 1}', "and what the item must say"),
        ('{"id": 1, "label": 0}\n{"id": "1", "label": 1}', "the item 1 is there twice; correct the gold"),
    ],
    ids=["no JSON", "nothing", "no id", "no such id", "nothing but an id", "twice"],
)
def test_gold_that_is_none_is_refused(line: str, says: str) -> None:
    with pytest.raises(ItemsError, match=says):
        parse_gold(line.encode())


def test_gold_is_of_each_kind_of_report_that_is_computed_again() -> None:
    assert set(GOLD_FAMILIES) == set(FAMILIES)
