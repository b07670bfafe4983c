"""The two stages: plain retrieval, and retrieval of more with a reranker; each takes a question and answers it.

As published: the plain one is Bedrock's `RetrieveAndGenerate`; the other calls `Retrieve` for more, lets a model behind
an endpoint of SageMaker score what was found, and answers from the best by `Converse`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rerankers import Reranker

from aws.bedrock import BedrockChat
from aws.knowledge_bases import KnowledgeBase, RetrievedText

CANDIDATES = 30
SHOWN = 3
ANSWER_TOKENS = 48
TEMPLATE = """Answer the question in one short sentence, from these passages alone.

$search_results$

Question: $query$
Answer:"""


@dataclass(frozen=True, slots=True)
class RagAccount:
    """What the stages need of an account, and the scorer's options for its judge where none is named.

    `about` is for the provenance of the answers, and `about_judge` for whoever reads its verdicts.
    """

    knowledge_base: str
    generator: str
    reranker: str
    judge: Sequence[str]
    about_judge: str = "note: the model that answers is also the judge; name another with --judge"
    model_fields: Mapping[str, bool | int] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What a stage did with one question, and how long it took in seconds."""

    shown: Sequence[RetrievedText]
    answer: str
    latency_seconds: float


class Stage(Protocol):
    """Question in, answer out."""

    def respond(self, question: str) -> Response:
        """Answer one question."""
        ...


@dataclass(frozen=True, slots=True)
class PlainStage:
    """The knowledge base answers by itself, from what is nearest to the question."""

    base: KnowledgeBase
    model_id: str
    model_fields: Mapping[str, bool | int]

    def respond(self, question: str) -> Response:
        """Answer one question."""
        started = time.perf_counter()
        answer = self.base.answer(
            question,
            self.model_id,
            count=SHOWN,
            template=TEMPLATE,
            max_tokens=ANSWER_TOKENS,
            model_fields=self.model_fields,
        )
        return Response(answer.cited, answer.text.strip(), time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class RerankedStage:
    """More is retrieved, and the best of it by the reranker goes into the same prompt."""

    base: KnowledgeBase
    reranker: Reranker
    chat: BedrockChat

    def respond(self, question: str) -> Response:
        """Answer one question."""
        started = time.perf_counter()
        candidates = self.base.retrieve(question, CANDIDATES)
        order = self.reranker.order(question, [candidate.text for candidate in candidates])
        shown = [candidates[index] for index in order[:SHOWN]]
        answer = self.chat.converse(fill_template(question, [passage.text for passage in shown]))
        return Response(shown, answer.text.strip(), time.perf_counter() - started)


def fill_template(question: str, passages: Sequence[str]) -> str:
    """Return the prompt; the parts are put together once, so that what is in a passage fills no other place."""
    before, _, rest = TEMPLATE.partition("$search_results$")
    between, _, after = rest.partition("$query$")
    return "".join([before, "\n\n".join(passages), between, question, after])
