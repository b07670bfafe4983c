"""Under which names a file of responses holds what is scored.

Read are this project's own names, those of ragas 0.2 and later (`user_input`, `response`, …), those of ragas 0.1
(`ground_truth`, `ground_truths`), and Bedrock's format for evaluating answers that were generated elsewhere
(`conversationTurns`). Case and spaces in a name do not matter.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.lines import Line

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "question": ("question", "user_input"),
    "contexts": ("contexts", "retrieved_contexts"),
    "answer": ("answer", "response"),
    "reference": ("reference", "ground_truth", "ground_truths"),
    "reference_contexts": ("reference_contexts",),
    "latency_seconds": ("latency_seconds",),
    "facets": ("facets",),
}
REQUIRED = ("question", "contexts", "answer")
# Names that others give to the same things. They are not read: each also names something else somewhere.
LIKELY: Mapping[str, tuple[str, ...]] = {
    "question": ("query", "input", "prompt", "instruction"),
    "contexts": ("context", "retrieval_context", "documents", "passages", "chunks", "source_documents"),
    "answer": ("output", "actual_output", "prediction", "predicted_answer", "completion", "generated_answer"),
    "reference": ("expected_output", "expected_answer", "reference_answer", "referenceresponse", "gold"),
}
BEDROCK = "conversationTurns"
SHOWN_COLUMNS = 20
OF_JSON = (
    "contexts",
    "reference_contexts",
    "latency_seconds",
    "facets",
)  # in a cell of CSV, JSON; others are text
LIST_OF_REFERENCES = "ground_truths"
EMPTY: Mapping[str, JsonValue] = {
    "question": "",
    "answer": "",
    "contexts": [],
}  # what an empty cell of CSV means


class RagFields(Struct, frozen=True):
    """One row by this project's names; `columns` says what each is called in the file."""

    values: Mapping[str, JsonValue]
    columns: Mapping[str, str]

    def missing(self) -> list[str]:
        """Return the required names that the row does not have."""
        return [name for name in REQUIRED if name not in self.values]


def fields_of(line: Line) -> RagFields:
    """Return what a row holds, by this project's names.

    Raises:
        GovernanceError: when two columns say different things of one, or Bedrock's format is not as documented.
    """
    if BEDROCK in line.value:
        return _bedrock_fields(line.value)
    found: dict[str, JsonValue] = {}
    columns: dict[str, str] = {}
    for column in line.value:
        name = _FIELD_OF.get(_plain(column))
        if name is None:
            continue
        value = _cell(line, name, column)
        if name in columns and value != found[name]:
            raise GovernanceError(
                f"{columns[name]}, {column}: both are read as the {name}, and they differ; leave one of them out"
            )
        found[name], columns[name] = value, column
    return RagFields(found, columns)


def _cell(line: Line, name: str, column: str) -> JsonValue:
    is_json = name in OF_JSON or _plain(column) == LIST_OF_REFERENCES
    value = line.json(column) if is_json else line.value[column]
    return EMPTY.get(name) if line.from_cells and value is None else value


def mapping_for(line: Line) -> str:
    """Say what is missing in a row, which of its columns it may be, and under which names all is read."""
    fields, record = fields_of(line), line.value
    likely = [
        f"{column} as {name}"
        for column in record
        for name, others in LIKELY.items()
        if _plain(column) in others and name not in fields.columns
    ]
    rename = f"; rename {', '.join(likely)}, if that is what they are" if likely else ""
    there = ", ".join([*record][:SHOWN_COLUMNS]) or "none"
    names = ", ".join(
        name + (f" (or {', '.join(others)})" if others else "") for name, (_, *others) in NAMES.items()
    )
    return (
        f"{', '.join(fields.missing())}: missing; the columns there are {there}{rename}. Read are {names}, and "
        f"Bedrock's {BEDROCK}. Only question, contexts and answer must be there; without ids the rows are numbered"
    )


def _plain(column: str) -> str:
    return column.strip().lower().replace(" ", "_")


_FIELD_OF = {other: name for name, others in NAMES.items() for other in others}


def _bedrock_fields(record: Mapping[str, JsonValue]) -> RagFields:
    """Read `{"conversationTurns": [{"prompt": …, "referenceResponses": …, "output": …}]}`."""
    turns = record[BEDROCK]
    if not isinstance(turns, list) or len(turns) != 1 or not isinstance(turns[0], Mapping):
        raise GovernanceError(
            f"{BEDROCK}: not one turn; write each question that is to be scored as one record"
        )
    turn = turns[0]
    output = turn.get("output")
    if not isinstance(output, Mapping):
        raise GovernanceError(f"{BEDROCK}[0].output: missing; give the answers that were generated with it")
    found: dict[str, JsonValue] = {
        "question": _content(turn.get("prompt"), "prompt"),
        "answer": output.get("text"),
        "contexts": _passages(output.get("retrievedPassages")),
        "reference": [_content(one, "referenceResponses") for one in _list(turn.get("referenceResponses"))],
        "reference_contexts": [
            _content(one, "referenceContexts") for one in _list(turn.get("referenceContexts"))
        ],
    }
    places = {"answer": "output.text", "contexts": "output.retrievedPassages", "question": "prompt"}
    columns = {name: f"{BEDROCK}[0].{places.get(name, name)}" for name in found}
    own = {name: record[name] for name in ("id", "latency_seconds", "facets") if name in record}
    return RagFields({**own, **found}, {**{name: name for name in own}, **columns})


def _content(value: JsonValue, name: str) -> str:
    """Return the text of `{"content": [{"text": …}]}`."""
    parts = _list(value.get("content")) if isinstance(value, Mapping) else []
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise GovernanceError(f"{BEDROCK}[0].{name}: no content with a text")
    return "\n".join(str(text) for text in texts)


def _passages(retrieved: JsonValue) -> list[JsonValue]:
    """Return the texts of `{"retrievalResults": [{"content": {"text": …}}]}`; none where nothing was retrieved."""
    results = retrieved.get("retrievalResults") if isinstance(retrieved, Mapping) else None
    texts: list[JsonValue] = []
    for result in _list(results):
        content = result.get("content") if isinstance(result, Mapping) else None
        texts.append(content.get("text") if isinstance(content, Mapping) else None)
    return texts


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else []
