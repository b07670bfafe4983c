"""Scores for which a model is asked: the questions, their order and the figures are those of ragas.

Each is called with the models that it asks and the fields of an item. Where ragas would make a figure of an answer that
holds none, it raises `JudgeError`, which says so.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from scorers.rag import prompts
from scorers.rag.judge_answers import ContextRelevanceOutput
from scorers.rag.judge_failures import JudgeError
from scorers.rag.prompts import JudgePrompt
from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge
from scorers.rag.text_scores import average_precision, f_measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUESTIONS = 3
MOST_RATINGS = 5  # attempts of one prompt until there is a rating
BEST_RATING = 2
OF_STATEMENTS, OF_SIMILARITY = 0.75, 0.25


async def answer_relevancy(
    judge: ScoringJudge, embeddings: ScoringEmbeddings, *, question: str, answer: str
) -> float:
    """Return the mean cosine of the question and those that the judge makes of the answer; 0 where it is evasive."""
    drawn = [await judge.ask(prompts.QUESTION_OF_ANSWER, response=answer) for _ in range(QUESTIONS)]
    made = [one for one in drawn if one.question]
    if not any(one.question.strip() for one in made):
        raise JudgeError("the judge made no question of the answer, which ragas would count as 0")
    [asked] = await embeddings.embed(question)
    generated = await embeddings.embed(*(one.question for one in made))
    is_answer = not all(one.noncommittal for one in made)
    return float(_cosines(generated, asked).mean()) * is_answer


async def answer_similarity(embeddings: ScoringEmbeddings, *, reference: str, answer: str) -> float:
    """Return the cosine of reference and answer."""
    expected, given = map(np.array, await embeddings.embed(reference, answer))
    return float((expected / np.linalg.norm(expected)) @ (given / np.linalg.norm(given)))


async def answer_correctness(
    judge: ScoringJudge, embeddings: ScoringEmbeddings, *, question: str, answer: str, reference: str
) -> float:
    """Return the F1 of the answer's statements, by three quarters, and the cosine of answer and reference."""
    of_answer, of_reference = [
        (await judge.ask(prompts.STATEMENTS, question=question, answer=text)).statements
        for text in (answer, reference)
    ]
    if not of_answer or not of_reference:
        raise JudgeError(
            "the judge found no statement in the answer or in the reference, which ragas would count as agreement"
        )
    found = await judge.ask(
        prompts.CLASSIFICATION, question=question, answer=of_answer, ground_truth=of_reference
    )
    both, answer_alone, reference_alone = len(found.TP), len(found.FP), len(found.FN)
    if not (both or answer_alone or reference_alone):
        raise JudgeError("the judge classified no statement, which ragas would count as agreement")
    [given] = await embeddings.embed(answer)
    [expected] = await embeddings.embed(reference)
    agreement = f_measure(both, given=both + answer_alone, expected=both + reference_alone)
    return OF_STATEMENTS * agreement + OF_SIMILARITY * float(_cosines([given], expected)[0])


async def context_relevancy(judge: ScoringJudge, *, question: str, contexts: Sequence[str]) -> float:
    """Return the mean of two ratings by the judge; one counts alone where the other prompt comes to none."""
    context = "\n".join(contexts)
    if context.strip() in question.strip():
        return 0.0
    ratings: list[int] = []
    failure: JudgeError | None = None
    for prompt in (prompts.RELEVANCE, prompts.RELEVANCE_AGAIN):
        try:
            ratings.append(await _rate(judge, prompt, question, context))
        except JudgeError as error:
            failure = error
    if failure is not None and not ratings:
        raise failure
    return fmean(ratings) / BEST_RATING


async def _rate(
    judge: ScoringJudge, prompt: JudgePrompt[ContextRelevanceOutput], question: str, context: str
) -> int:
    """Return the first rating that is one.

    Raises:
        JudgeError: why none of the attempts came to one.
    """
    failure = JudgeError(f"the judge's rating is none of 0 to {BEST_RATING}")
    for _ in range(MOST_RATINGS):
        try:
            rating = (await judge.ask(prompt, user_input=question, context=context)).rating
        except JudgeError as error:
            failure = error
            continue
        if 0 <= rating <= BEST_RATING:
            return rating
    raise failure


async def faithfulness(judge: ScoringJudge, *, question: str, answer: str, contexts: Sequence[str]) -> float:
    """Return the share of the answer's statements that the contexts support."""
    stated = (await judge.ask(prompts.STATEMENTS, question=question, answer=answer)).statements
    verdicts: list[int] = []
    if stated:
        found = await judge.ask(prompts.FAITHFULNESS, context="\n".join(contexts), statements=stated)
        verdicts = [one.verdict for one in found.statements]
    if not verdicts:
        raise JudgeError("the judge found no statement in the answer, or gave no verdict on any")
    return sum(verdicts) / len(verdicts)


async def context_precision(
    judge: ScoringJudge, *, question: str, contexts: Sequence[str], reference: str
) -> float:
    """Return the average precision of the contexts, of which those are right that help to come to the reference."""
    hits = []
    for context in contexts:
        found = await judge.ask(prompts.USEFULNESS, question=question, context=context, answer=reference)
        hits.append(found.verdict == 1)
    return average_precision(hits)


async def context_recall(
    judge: ScoringJudge, *, question: str, contexts: Sequence[str], reference: str
) -> float:
    """Return the share of the reference's statements that the contexts hold."""
    context = "\n".join(contexts)
    found = await judge.ask(prompts.ATTRIBUTION, question=question, context=context, answer=reference)
    if not found.classifications:
        raise JudgeError("the judge classified no statement of the reference")
    return sum(one.attributed for one in found.classifications) / len(found.classifications)


def _cosines(vectors: Sequence[Sequence[float]], other: Sequence[float]) -> "NDArray[np.float64]":
    """Return the cosine of each of the vectors and another."""
    one_a_row, column = np.array(vectors), np.array(other).reshape(-1, 1)
    lengths = np.linalg.norm(one_a_row, axis=1) * np.linalg.norm(column, axis=0)
    cosines: NDArray[np.float64] = np.dot(one_a_row, column).reshape(-1) / lengths
    return cosines


class ModelScore(Struct, frozen=True):
    """How a metric is computed, and the prompts that it asks the judge with."""

    compute: Callable[..., Awaitable[float]]
    prompts: tuple[JudgePrompt[Any], ...] = ()


MODEL_SCORES: Mapping[str, ModelScore] = {
    "answer_relevancy": ModelScore(answer_relevancy, (prompts.QUESTION_OF_ANSWER,)),
    "answer_similarity": ModelScore(answer_similarity),
    "answer_correctness": ModelScore(answer_correctness, (prompts.STATEMENTS, prompts.CLASSIFICATION)),
    "context_relevancy": ModelScore(context_relevancy, (prompts.RELEVANCE, prompts.RELEVANCE_AGAIN)),
    "faithfulness": ModelScore(faithfulness, (prompts.STATEMENTS, prompts.FAITHFULNESS)),
    "context_precision": ModelScore(context_precision, (prompts.USEFULNESS,)),
    "context_recall": ModelScore(context_recall, (prompts.ATTRIBUTION,)),
}
