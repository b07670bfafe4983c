"""What the judge is asked: ragas' prompts, of which instruction and examples are in `ragas_prompts`, a file each."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

from pydantic_core import to_json

from checks.strict_json import JsonValue
from scorers.rag import judge_answers
from scorers.rag.judge_answers import Answer

FOLDER = Path(__file__).parent / "ragas_prompts"
LANGUAGE = "english"


class JudgePrompt(Generic[Answer]):
    """One of the prompts, by the name of ragas' class, and what is to be answered."""

    def __init__(self, name: str, answer: type[Answer]) -> None:
        self.name, self.answer = name, answer

    @cached_property
    def _kept(self) -> Mapping[str, Any]:
        kept: Mapping[str, Any] = json.loads((FOLDER / f"{self.name}.json").read_bytes())
        return kept

    @cached_property
    def schema(self) -> Mapping[str, JsonValue]:
        """The JSON Schema of the answer."""
        return self.answer.model_json_schema()

    @cached_property
    def _beginning(self) -> str:
        examples = "\n\n".join(
            f"Example {number}\nInput: {_indented(given)}\nOutput: {_indented(answered)}"
            for number, (given, answered) in enumerate(self._kept["examples"], start=1)
        )
        return (
            f"{self._kept['instruction']}\n"
            "Please return the output in a JSON format that complies with the following schema as specified in JSON "
            f"Schema:\n{json.dumps(self.schema)}"
            "Do not use single quotes in your response but double quotes,properly escaped with a backslash.\n\n"
            f"--------EXAMPLES-----------\n{examples}\n"
            "-----------------------------\n\n"
            "Now perform the same with the following input\n"
        )

    def text(self, **given: str | list[str]) -> str:
        """Return what is asked about `given`, whose names and order are those of the examples."""
        return f"{self._beginning}input: {_indented(given)}\nOutput: "

    @cached_property
    def version(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of instruction, language, examples and schema."""
        content = [self._kept["instruction"], LANGUAGE, self._kept["examples"], self.schema]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _indented(value: Mapping[str, Any]) -> str:
    return to_json(value, indent=4).decode()


QUESTION_OF_ANSWER = JudgePrompt("AnswerRelevancePrompt", judge_answers.AnswerRelevanceOutput)
STATEMENTS = JudgePrompt("StatementGeneratorPrompt", judge_answers.StatementGeneratorOutput)
CLASSIFICATION = JudgePrompt("CorrectnessClassifierPrompt", judge_answers.ClassificationWithReason)
FAITHFULNESS = JudgePrompt("NLIStatementPrompt", judge_answers.NLIStatementOutput)
RELEVANCE = JudgePrompt("ContextRelevanceJudge1Prompt", judge_answers.ContextRelevanceOutput)
RELEVANCE_AGAIN = JudgePrompt("ContextRelevanceJudge2Prompt", judge_answers.ContextRelevanceOutput)
USEFULNESS = JudgePrompt("ContextPrecisionPrompt", judge_answers.ContextPrecisionOutput)
ATTRIBUTION = JudgePrompt("ContextRecallPrompt", judge_answers.ContextRecallOutput)
