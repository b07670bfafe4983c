"""What the judge is to answer, as ragas describes it to the judge, and how its answer is read.

Descriptions and docstrings are part of the schema that the judge gets; whose they are, ragas_prompts/NOTICE says.
"""

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from scorers.endpoints.answers import after_reasoning, last_json
from scorers.endpoints.protocols import JudgeAnswer
from scorers.rag.judge_failures import CUT_OFF, PROSE, JudgeError

Answer = TypeVar("Answer", bound=BaseModel)
SHOWN = 80
VERDICTS = ("verdict", "attributed", "noncommittal")  # are to be 0 or 1, and by the schema are any integer


class AnswerRelevanceOutput(BaseModel):
    """Structured output for answer relevance question generation."""

    question: str = Field(description="Question that can be answered from the response")
    noncommittal: int = Field(description="1 if the response is evasive/vague, 0 if it is substantive")


class StatementGeneratorOutput(BaseModel):
    """Structured output for statement generation."""

    statements: list[str] = Field(description="The generated statements from the answer")


class StatementsWithReason(BaseModel):
    """Individual statement with reasoning for classification."""

    statement: str = Field(description="The statement being classified")
    reason: str = Field(description="Reason for the classification")


class ClassificationWithReason(BaseModel):
    """Structured output for TP/FP/FN classification."""

    TP: list[StatementsWithReason] = Field(description="True positive statements")
    FP: list[StatementsWithReason] = Field(description="False positive statements")
    FN: list[StatementsWithReason] = Field(description="False negative statements")


class StatementFaithfulnessAnswer(BaseModel):
    """Individual statement with reason and verdict for NLI evaluation."""

    statement: str = Field(description="the original statement, word-by-word")
    reason: str = Field(description="the reason of the verdict")
    verdict: int = Field(description="the verdict(0/1) of the faithfulness")


class NLIStatementOutput(BaseModel):
    """Structured output for NLI statement evaluation."""

    statements: list[StatementFaithfulnessAnswer] = Field(description="Evaluated statements with verdicts")


class ContextRelevanceOutput(BaseModel):
    """Structured output for context relevance evaluation."""

    rating: int = Field(description="Relevance rating (0, 1, or 2)")


class ContextPrecisionOutput(BaseModel):
    """Structured output for context precision evaluation."""

    reason: str = Field(description="Reason for verification")
    verdict: int = Field(description="Binary (0/1) verdict of verification")


class ContextRecallClassification(BaseModel):
    """Classification of a single statement."""

    statement: str = Field(description="Individual statement extracted from the answer")
    reason: str = Field(description="Reasoning for why the statement is or isn't attributable to context")
    attributed: int = Field(
        description="Binary classification: 1 if the statement can be attributed to context, 0 otherwise"
    )


class ContextRecallOutput(BaseModel):
    """Structured output for context recall classifications."""

    classifications: list[ContextRecallClassification] = Field(
        description="List of statement classifications"
    )


def read_answer(answer: JudgeAnswer, model: type[Answer]) -> Answer:
    """Return the judge's JSON as `model`; reasoning, a Markdown fence or prose around one JSON object is taken off.

    Raises:
        JudgeError: saying what it answered instead, or which verdict is neither 0 nor 1.
    """
    if answer.stopped is not None:
        raise JudgeError(f"{CUT_OFF}: {answer.stopped}")
    text = after_reasoning(answer.text)
    for read in (json.loads, last_json):
        try:
            value = read(text)
        except (ValueError, RecursionError):
            continue
        try:
            return _with_verdicts(model.model_validate(value))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"]) or "its top level"
            raise JudgeError(f"the judge's JSON does not fit the schema: {place}: {first['msg']}") from error
    shown = " ".join(text.split())
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
    raise JudgeError(f'{PROSE}: "{shown}"' if shown else "the judge said nothing")


def _with_verdicts(answer: Answer) -> Answer:
    """Return `answer`, whose verdicts are 0 or 1: ragas would count any other number as a yes, or weigh it."""
    for name, verdict in _verdicts(answer.model_dump()):
        if verdict not in (0, 1):
            raise JudgeError(f"the judge's {name} is {verdict}, neither 0 nor 1")
    return answer


def _verdicts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _verdicts(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from _verdicts(member, name)
    elif name in VERDICTS:
        yield name, value
