"""The assistant: an analyst's question in, Presto SQL out; it runs nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlglot import expressions as exp

from assistant.configuration import Configuration
from assistant.context import Context, LookmlFile
from assistant.prompt import write_prompt
from assistant.turns import Turn
from aws.bedrock import ChatAnswer
from checks.errors import GovernanceError
from scorers.text_to_sql.reading.answers import extract_sql
from scorers.text_to_sql.reading.parsing import parse_sql

DIALECT = "presto"
LONGEST_QUESTION = 2_000  # characters
_FINISHED = frozenset({"end_turn", "stop_sequence"})


class QuestionError(GovernanceError):
    """A question that is not asked; the message says why."""


class Chat(Protocol):
    """A chat model; `aws.bedrock.BedrockChat` is one."""

    def converse(self, prompt: str, *, system: str | None = None) -> ChatAnswer:
        """Ask once."""
        ...


class Retrieval(Protocol):
    """Where LookML comes from; `assistant.retrieval.LookmlRetrieval` is one."""

    def retrieve(self, question: str) -> Context:
        """Return what the question is about."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant answered.

    `sql` is the SQL alone, or empty where the model wrote none or was cut off; `problem` says so then. `text` is all
    that the model wrote. `tables` are those that the SQL reads, in the order of their names. `views` and `models` are
    the LookML files that the model was shown. `latency_seconds` is the time from the question to the answer.
    """

    sql: str
    text: str
    problem: str | None
    tables: tuple[str, ...]
    views: tuple[LookmlFile, ...]
    models: tuple[LookmlFile, ...]
    latency_seconds: float


class Assistant:
    """One configuration at work; may be used by several threads at once."""

    def __init__(self, configuration: Configuration, chat: Chat, retrieval: Retrieval) -> None:
        self.configuration = configuration
        self._chat = chat
        self._retrieval = retrieval

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer `question`, which was asked after the turns of `history`, the oldest first.

        Raises:
            QuestionError: the question is empty or too long.
            AwsError: a model did not answer.
            GovernanceError: nothing could be retrieved.
        """
        if not question.strip():
            raise QuestionError("the question is empty; write one")
        if len(question) > LONGEST_QUESTION:
            raise QuestionError(
                f"the question has {len(question):,} characters, and at most {LONGEST_QUESTION:,} are asked; shorten it"
            )
        began = time.perf_counter()
        context = self._retrieval.retrieve(question)
        prompt = write_prompt(self.configuration, question, history, context)
        answer = self._chat.converse(prompt, system=self.configuration.instructions)
        latency = time.perf_counter() - began
        sql, problem = read_sql_answer(answer)
        return Answer(sql, answer.text, problem, find_tables(sql), context.views, context.models, latency)


def read_sql_answer(answer: ChatAnswer) -> tuple[str, str | None]:
    """Return the SQL in a model's answer, in a code fence or plain, or none and the reason."""
    if answer.stop_reason not in _FINISHED:
        return "", f"the model did not finish its answer ({answer.stop_reason})"
    sql = extract_sql(answer.text, dialect=DIALECT).strip()
    if not parse_sql(sql, DIALECT).is_statements:
        return "", "the model wrote no SQL that can be read"
    return sql, None


def find_tables(sql: str) -> tuple[str, ...]:
    """Return the names of the tables that `sql` reads, without those that it makes itself by `WITH`."""
    trees = parse_sql(sql, DIALECT).trees
    own = {cte.alias_or_name for tree in trees for cte in tree.find_all(exp.CTE)}
    named = {table.name for tree in trees for table in tree.find_all(exp.Table)}
    return tuple(sorted(named - own))
