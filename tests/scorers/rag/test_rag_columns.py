"""Files of responses under the names that ragas and Bedrock give their columns."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from checks.errors import GovernanceError
from scorers.lines import LinesError
from scorers.rag.items import RagItem, read_items

OURS = {"question": "Where?", "contexts": ["In Bern."], "answer": "Bern.", "reference": "In Bern."}
READ = RagItem("1", "Where?", ("In Bern.",), "Bern.", "In Bern.")


def read(tmp_path: Path, *records: dict[str, Any]) -> list[RagItem]:
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return read_items(path)


def renamed(**names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in OURS.items()}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(OURS, id="our names"),
        pytest.param(
            renamed(question="user_input", contexts="retrieved_contexts", answer="response"), id="ragas 0.2"
        ),
        pytest.param(renamed(reference="ground_truth"), id="ragas 0.1"),
        pytest.param({**OURS, "reference": ...} | {"ground_truths": ["In Bern."]}, id="before ragas 0.1"),
        pytest.param({**OURS, "reference": ["In Bern."]}, id="the reference in a list"),
        pytest.param({**OURS, "ground_truth": "In Bern."}, id="two columns that agree"),
        pytest.param(
            renamed(question=" Question", contexts="CONTEXTS", reference="Ground Truth"), id="case and spaces"
        ),
        pytest.param(
            {
                "conversationTurns": [
                    {
                        "prompt": {"content": [{"text": "Where?"}]},
                        "referenceResponses": [{"content": [{"text": "In Bern."}]}],
                        "output": {
                            "text": "Bern.",
                            "retrievedPassages": {"retrievalResults": [{"content": {"text": "In Bern."}}]},
                        },
                    }
                ]
            },
            id="Bedrock",
        ),
    ],
)
def test_names_that_are_read(record: dict[str, Any], tmp_path: Path) -> None:
    kept = {name: value for name, value in record.items() if value is not ...}
    assert read(tmp_path, kept) == [READ]


def test_rows_without_ids_are_numbered(tmp_path: Path) -> None:
    assert [item.id for item in read(tmp_path, OURS, OURS, {**OURS, "id": None})] == ["1", "2", "3"]


CELLS = """user_input,retrieved_contexts,response,reference,latency_seconds,facets
Where?,"[""In Bern.""]",Bern.,In Bern.,1.5,"{""canton"": ""BE""}"
42?,,,,,
"""
OF_CELLS = [
    RagItem("1", "Where?", ("In Bern.",), "Bern.", "In Bern.", (), 1.5, {"canton": "BE"}, ("canton=BE",)),
    RagItem("2", "42?", (), ""),
]


def test_csv_holds_lists_and_facets_as_json(tmp_path: Path) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(CELLS, encoding="utf-8")
    assert read_items(path) == OF_CELLS


def test_csv_with_another_separator(tmp_path: Path) -> None:
    path = tmp_path / "responses.csv"
    path.write_text('question;contexts;answer;ground_truths\nWhere?;"[""In Bern.""]";Bern.;In Bern.\n')
    with pytest.raises(GovernanceError, match="Give --separator ';'"):
        read_items(path)
    assert read_items(path, ";") == [READ]


def test_ground_truths_of_a_table_are_a_list(tmp_path: Path) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(
        'question,contexts,answer,ground_truths\nWhere?,"[""In Bern.""]",Bern.,"[""In Bern.""]"\n'
    )
    assert read_items(path) == [READ]


def test_parquet_holds_lists(tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    pd.DataFrame([OURS]).to_parquet(path)
    assert read_items(path) == [READ]


def test_a_json_array_is_read(tmp_path: Path) -> None:
    path = tmp_path / "responses.json"
    path.write_text(json.dumps([OURS], indent=2))
    assert read_items(path) == [READ]


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        pytest.param(
            [{"query": "q", "output": "a", "contexts": []}] * 3,
            "{path}:1: question, answer: missing; the columns there are query, output, contexts; rename query as "
            "question, output as answer, if that is what they are. Read are id, question (or user_input), contexts "
            "(or retrieved_contexts), answer (or response), reference (or ground_truth, ground_truths), "
            "reference_contexts, latency_seconds, facets, and Bedrock's conversationTurns. Only question, contexts "
            "and answer must be there; without ids the rows are numbered",
            id="foreign columns, once",
        ),
        pytest.param(
            [OURS, {"question": "q"}], "{path}:2: contexts, answer: missing", id="a later row lacks some"
        ),
        pytest.param(
            [{**OURS, "response": "Basel."}],
            "{path}:1: answer, response: both are read as the answer, and they differ; leave one of them out",
            id="two columns that differ",
        ),
        pytest.param(
            [{**OURS, "ground_truths": ["a", "b"]} | {"reference": ["a", "b"]}],
            "{path}:1: ground_truths: 2 references; one is scored, so keep one",
            id="two references",
        ),
        pytest.param(
            [OURS, {**OURS, "id": "x"}],
            "{path}:2: id: the rows before this one have none; give every row an id, or none",
            id="ids from the second row on",
        ),
        pytest.param(
            [{**OURS, "contexts": "['In Bern.']"}],
            '{path}:1: contexts: not a list of texts; write a JSON list, as ["…", "…"], in a cell of CSV as well, '
            "and [] where nothing was retrieved",
            id="a list as Python prints it",
        ),
        pytest.param(
            [{"conversationTurns": [{"prompt": {"content": [{"text": "q"}]}}]}],
            "{path}:1: conversationTurns[0].output: missing; give the answers that were generated with it",
            id="Bedrock without answers",
        ),
        pytest.param(
            [{"conversationTurns": []}],
            "{path}:1: conversationTurns: not one turn; write each question that is to be scored as one record",
            id="Bedrock without turns",
        ),
    ],
)
def test_what_is_refused(records: list[dict[str, Any]], problem: str, tmp_path: Path) -> None:
    with pytest.raises(LinesError) as caught:
        read(tmp_path, *records)
    assert str(caught.value) == problem.replace("{path}", str(tmp_path / "responses.jsonl"))


def test_bedrocks_own_sample_is_read(shared_data: Any) -> None:
    items = read_items(shared_data("rag") / "rag-eval-byoi-sample-data.jsonl")
    assert len(items) == 50
    assert all(item.has("question") and item.has("answer") and item.has("reference") for item in items)
    assert items[0].answer == "Amazon's SEC file number is 000-22513."
    assert items[0].contexts[0] == "Commission File No. 000-22513"
