"""Retrieve: the chunks of a knowledge base that are nearest to a text, by the cosine of the angle between vectors.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import mul
from typing import Any

from sandbox.bedrock.ingestion import embed
from sandbox.bedrock.knowledge_bases import documents_of
from sandbox.bedrock.served_models import ServedModels
from sandbox.service_requests import ServiceRefusalError

_DEFAULT_RESULTS = 5
PAGE_CHARACTERS = 100_000  # of text in one answer; what does not fit is on the next page
_OF_BEDROCK = "x-amz-bedrock-kb-"

Result = dict[str, Any]
_Compare = Callable[[Any, Any], bool]
_COMPARISONS: Mapping[str, _Compare] = {
    "equals": lambda value, wanted: value == wanted,
    "notEquals": lambda value, wanted: value != wanted,
    "greaterThan": lambda value, wanted: _are_numbers(value, wanted) and value > wanted,
    "greaterThanOrEquals": lambda value, wanted: _are_numbers(value, wanted) and value >= wanted,
    "lessThan": lambda value, wanted: _are_numbers(value, wanted) and value < wanted,
    "lessThanOrEquals": lambda value, wanted: _are_numbers(value, wanted) and value <= wanted,
    "in": lambda value, wanted: value in wanted,
    "notIn": lambda value, wanted: value not in wanted,
    "startsWith": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
    "stringContains": lambda value, wanted: wanted in value if isinstance(value, (str, list)) else False,
    "listContains": lambda value, wanted: isinstance(value, list) and wanted in value,
}


def retrieve(base: Any, text: str, settings: Mapping[str, Any], models: ServedModels) -> list[Result]:
    """Return the results for a text, the nearest first; `settings` are a `retrievalConfiguration`.

    Raises:
        ServiceRefusalError: the settings ask for what the sandbox does not do, or the text could not be embedded.
    """
    search = _search(settings)
    (vector,) = embed(base, [text], models)
    scored = [
        (sum(map(mul, vector, chunk.vector)), source, document, chunk)
        for source, document in documents_of(base)
        if _passes(document.metadata, search.get("filter"))
        for chunk in document.chunks
    ]
    # Equal ones stay in the order of their documents.
    scored.sort(key=lambda found: -found[0])
    return [
        {
            "content": {"text": chunk.text, "type": "TEXT"},
            "location": {"type": "S3", "s3Location": {"uri": document.uri}},
            "score": max(0.0, score),
            "metadata": {
                f"{_OF_BEDROCK}source-uri": document.uri,
                f"{_OF_BEDROCK}chunk-id": chunk.chunk_id,
                f"{_OF_BEDROCK}data-source-id": source.source_id,
                **document.metadata,
            },
        }
        for score, source, document, chunk in scored[: search.get("numberOfResults", _DEFAULT_RESULTS)]
    ]


def page(results: Sequence[Result], token: str | None) -> dict[str, Any]:
    """Return the results that fit into one answer, from where the token of the last one says, and the next token.

    Raises:
        ServiceRefusalError: the token is none of the sandbox's.
    """
    first = int(token) if token is not None and token.isascii() and token.isdecimal() else 0
    if token is not None and not 0 < first < len(results):
        raise ServiceRefusalError("ValidationException", "The nextToken is not valid for this query.")
    end, characters = first, 0
    for result in results[first:]:
        characters += len(result["content"]["text"])
        if end > first and characters > PAGE_CHARACTERS:
            break
        end += 1
    answer: dict[str, Any] = {"retrievalResults": list(results[first:end])}
    return answer | ({"nextToken": str(end)} if end < len(results) else {})


def _search(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    for other in settings.keys() - {"vectorSearchConfiguration"}:
        raise ServiceRefusalError("ValidationException", f"The sandbox has no {other}; search by vectors.")
    search: Mapping[str, Any] = settings.get("vectorSearchConfiguration") or {}
    for other in search.keys() & {"rerankingConfiguration", "implicitFilterConfiguration"}:
        raise ServiceRefusalError("ValidationException", f"The sandbox has no {other}; leave it out.")
    if search.get("overrideSearchType") == "HYBRID":
        raise ServiceRefusalError(
            "ValidationException", "HYBRID search is not supported by this vector store."
        )
    return search


def _passes(metadata: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether a document's attributes are as a filter wants them; a condition on one that it lacks does not hold."""
    return wanted is None or all(_conditions(metadata, wanted))


def _conditions(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[bool]:
    for kind, condition in wanted.items():
        match kind:
            case "andAll":
                yield all(_passes(metadata, one) for one in condition)
            case "orAll":
                yield any(_passes(metadata, one) for one in condition)
            case _:
                value = metadata.get(condition["key"])
                yield value is not None and _COMPARISONS[kind](value, condition["value"])


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
