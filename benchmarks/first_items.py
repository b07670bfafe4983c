"""One item for each way of `governance score`, and a judge that answers at once: what it takes until the first."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
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
# Each way that loads other libraries, and what is typed for it behind `governance score`; {judge} is an address.
COMMANDS: Mapping[str, str] = {
    "text-to-sql": "text-to-sql pairs.jsonl --databases . --workers 1",
    "rag": "rag answers.jsonl --judge openai:judge --judge-url {judge} --cache said.sqlite3",
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


_STATEMENT = {"statement": "s", "reason": "r"}
# What the judge says to each question, by the name of its schema.
_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "AnswerRelevanceOutput": {"question": "q", "noncommittal": 0},
    "StatementGeneratorOutput": {"statements": ["s"]},
    "ClassificationWithReason": {"TP": [_STATEMENT], "FP": [], "FN": []},
    "NLIStatementOutput": {"statements": [{**_STATEMENT, "verdict": 1}]},
    "ContextRelevanceOutput": {"rating": 2},
    "ContextPrecisionOutput": {"reason": "r", "verdict": 1},
    "ContextRecallOutput": {"classifications": [{**_STATEMENT, "attributed": 1}]},
}


class _Judge(BaseHTTPRequestHandler):
    """Answers chat completions as OpenAI's API does."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Say at once what is to be said."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps(_ANSWERS[asked["response_format"]["json_schema"]["name"]])
        content = json.dumps(
            {"choices": [{"message": {"content": answer}, "finish_reason": "stop"}]}
        ).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing of it."""


@contextmanager
def serving_judge() -> Iterator[str]:
    """Serve the judge on loopback, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Judge) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
