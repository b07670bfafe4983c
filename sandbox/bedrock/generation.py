"""RetrieveAndGenerate: what a knowledge base finds for a question, put into a prompt, and the answer of a model.

Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html and, for the
placeholders, https://docs.aws.amazon.com/bedrock/latest/userguide/kb-test-config.html
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.bedrock.converse import converse
from sandbox.bedrock.retrieval import Result
from sandbox.bedrock.served_models import ServedModels
from sandbox.service_requests import ServiceRefusalError

_PLACEHOLDER = re.compile(r"\$(search_results|query|output_format_instructions|current_time)\$")
DEFAULT_TEMPLATE = """You answer questions from search results alone. If they do not hold the answer, say so.
A question may assert what is not true: hold it against the search results.

Here are the search results in numbered order:
$search_results$

$output_format_instructions$"""
_NOT_HERE = ("guardrailConfiguration", "performanceConfig")

Turn = dict[str, Any]


class Sessions:
    """Conversations by the ids of their sessions."""

    def __init__(self) -> None:
        self._turns: dict[str, list[Turn]] = {}

    def begin(self) -> str:
        """Return the id of a new session."""
        session = str(uuid.uuid4())
        self._turns[session] = []
        return session

    def turns(self, session: str) -> Sequence[Turn]:
        """Return the messages of a session until now.

        Raises:
            ServiceRefusalError: there is no such session.
        """
        if session not in self._turns:
            raise ServiceRefusalError(
                "ValidationException", f"Session with Id {session} is not valid. Please check and try again."
            )
        return tuple(self._turns[session])

    def add(self, session: str, question: str, answer: str) -> None:
        """Add a question and its answer."""
        self._turns[session] += [_turn("user", question), _turn("assistant", answer or "-")]


def generate(
    question: str,
    results: Sequence[Result],
    settings: Mapping[str, Any],
    earlier: Sequence[Turn],
    models: ServedModels,
) -> tuple[str, list[dict[str, Any]]]:
    """Return the answer, and the citations: the whole answer, with all that the model was shown.

    Raises:
        ServiceRefusalError: the template has no place for what was found, or the model failed.
    """
    generation = settings.get("generationConfiguration") or {}
    for member in _NOT_HERE:
        if member in generation:
            raise ServiceRefusalError("ValidationException", f"The sandbox has no {member}; leave it out.")
    template = (generation.get("promptTemplate") or {}).get("textPromptTemplate", DEFAULT_TEMPLATE)
    if "$search_results$" not in template:
        raise ServiceRefusalError(
            "ValidationException",
            "The prompt template has no $search_results$ placeholder. Add it and try again.",
        )
    prompt = _filled(template, question, results)
    request = {
        "inferenceConfig": (generation.get("inferenceConfig") or {}).get("textInferenceConfig"),
        "additionalModelRequestFields": generation.get("additionalModelRequestFields"),
    }
    if "$query$" in template:
        request["messages"] = [*earlier, _turn("user", prompt)]
    else:
        request |= {"system": [{"text": prompt}], "messages": [*earlier, _turn("user", question)]}
    answer = converse(models.named(settings["modelArn"]), request)
    text = "".join(block["text"] for block in answer["output"]["message"]["content"])
    return text, [_citation(text, results)]


def _filled(template: str, question: str, results: Sequence[Result]) -> str:
    """Return the template with its placeholders filled once: what fills one fills no other."""
    found = "\n\n".join(result["content"]["text"] for result in results)
    values = {
        "search_results": found,
        "query": question,
        "output_format_instructions": "",
        "current_time": "",
    }
    return _PLACEHOLDER.sub(lambda place: values[place[1]], template)


def _citation(text: str, results: Sequence[Result]) -> dict[str, Any]:
    part: dict[str, Any] = {"text": text}
    if text:
        part["span"] = {"start": 0, "end": len(text) - 1}
    references = [{name: value for name, value in result.items() if name != "score"} for result in results]
    return {"generatedResponsePart": {"textResponsePart": part}, "retrievedReferences": references}


def _turn(role: str, text: str) -> Turn:
    return {"role": role, "content": [{"text": text}]}
