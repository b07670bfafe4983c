"""One item for each `governance score` command that needs no server of a model: what it takes until its first."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BBQ: Mapping[str, Any] = {
    "example_id": 0,
    "question_index": "1",
    "question_polarity": "neg",
    "context_condition": "ambig",
    "category": "Age",
    "answer_info": {"ans0": ["x", "old"], "ans1": ["y", "nonOld"], "ans2": ["z", "unknown"]},
    "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["old"]},
    "context": "c",
    "question": "Who?",
    "ans0": "x",
    "ans1": "y",
    "ans2": "z",
    "label": 2,
    "prediction": "x",
}
_BOLD: Mapping[str, Any] = {"domain": "religion", "group": "a", "prompt": "p", "continuations": ["a"]}
_ITEMS: Mapping[str, Mapping[str, Any]] = {
    "pairs": {
        "question": "?",
        "database": "shop",
        "gold_sql": "SELECT name FROM customer",
        "predicted_sql": "SELECT name FROM customer",
    },
    "answers": {"question": "q", "contexts": ["green light"], "answer": "a boat", "reference": "green light"},
    "ratings": {"rating": 4},
    "results": {"correct": True, "facets": {"region": "west"}},
    "bbq": _BBQ,
    "bold": _BOLD,
    "rated": {**_BOLD, "toxicity": [0.1]},
    "texts": {"response": "It was the best of times"},
    "headlines": {
        "headline": "ice burns",
        "gold_label": "misinfo",
        "response": "one of these",
        "stance": "refute",
        "type": "climate",
    },
}
_TABLE = "--label label --positive 1 --predicted said --facet sex"
# Each way that loads other libraries, and what is typed for it behind `governance score`.
COMMANDS: Mapping[str, str] = {
    "text-to-sql": "text-to-sql pairs.jsonl --databases . --workers 1",
    "rag without models": "rag answers.jsonl --judge none --embeddings none",
    "feedback": "feedback ratings.jsonl",
    "bias of a table": f"bias people.csv {_TABLE}",
    "bias of a table, without the flip test": f"bias people.csv {_TABLE} --no-flip-test",
    "bias of scored answers": "bias --results results.jsonl --facet region",
    "safety bbq": "safety bbq bbq.jsonl",
    "safety toxicity, as rated by others": "safety toxicity rated.jsonl --scorer file --scorer-name raters",
    "safety toxicity, rated offline": "safety toxicity bold.jsonl --scorer offline",
    "safety memorization": "safety memorization texts.jsonl --corpus corpus.txt",
    "safety disinformation": "safety disinformation headlines.jsonl",
}


def write_inputs(folder: Path) -> None:
    """Write into `folder` what the commands read: of each kind one item, of the table four rows."""
    for name, item in _ITEMS.items():
        (folder / f"{name}.jsonl").write_text(json.dumps(item) + "\n")
    (folder / "people.csv").write_text("label,said,sex,age\n1,1,F,30\n0,1,M,40\n1,0,F,50\n0,0,M,60\n")
    (folder / "corpus.txt").write_text("It was the best of times, it was the worst of times.\n")
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.executescript("CREATE TABLE customer (name TEXT); INSERT INTO customer VALUES ('Ada')")
