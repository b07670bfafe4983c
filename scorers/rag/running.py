"""Scoring all items: as many at once as keep the judge busy, in one event loop with one client."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from checks.errors import GovernanceError
from scorers.asking import work_through
from scorers.endpoints.cache import AnswerCache
from scorers.endpoints.protocols import EmbeddingModel, Judge
from scorers.endpoints.requests import EmbeddingCalls, EndpointUsage, JudgeCalls
from scorers.progress import Progress
from scorers.rag.impossible import NO_EMBEDDINGS, NO_ITEM, NO_JUDGE
from scorers.rag.items import RagItem
from scorers.rag.metrics import METRICS, RagMetric, score
from scorers.rag.rag_settings import Prices, RagSettings
from scorers.rag.scores import RunScores, ScoringPlan

if TYPE_CHECKING:
    from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge

SCORINGS_A_SLOT = 4  # while one works on an answer, others' requests are in flight or wait for a slot


def make_plan(items: list[RagItem], settings: RagSettings, *, judge: bool, embeddings: bool) -> ScoringPlan:
    """Return which metrics can be measured at all, and why the others cannot.

    Raises:
        GovernanceError: for a metric that does not exist, or when none is left.
    """
    unknown = sorted({*settings.metrics, settings.correct.metric} - METRICS.keys())
    if unknown:
        raise GovernanceError(f"{unknown[0]}: no such metric; there are {', '.join(METRICS)}")
    possible: list[RagMetric] = []
    impossible: dict[str, str] = {}
    for name in dict.fromkeys(settings.metrics or METRICS):
        metric = METRICS[name]
        gaps = [metric.gap(item) for item in items]
        if metric.judge and not judge:
            impossible[name] = NO_JUDGE
        elif metric.embeddings and not embeddings:
            impossible[name] = NO_EMBEDDINGS
        elif all(gaps):
            impossible[name] = f"{NO_ITEM}{gaps[0]}"
        else:
            possible.append(metric)
    return ScoringPlan(tuple(possible), impossible, settings.repeats)


class _ScoringJob(Struct, frozen=True):
    metric: RagMetric
    index: int
    repeat: int


def _jobs(plan: ScoringPlan, items: int) -> Iterator[_ScoringJob]:
    for index in range(items):
        for metric in plan.metrics:
            for repeat in range(plan.repeats if metric.judge else 1):
                yield _ScoringJob(metric, index, repeat)


class _ScoringRun:
    """One run over all jobs."""

    def __init__(
        self,
        scores: RunScores,
        judge: JudgeCalls | None,
        embeddings: EmbeddingCalls | None,
        progress: Progress,
    ) -> None:
        self._scores, self._judge, self._embeddings, self._progress = scores, judge, embeddings, progress

    async def work(self, job: _ScoringJob) -> None:
        """Score one item by one metric."""
        found = await score(job.metric, self._scores.items[job.index], *self._models_for(job))
        self._scores.by_metric[job.metric.name][job.index].add(job.repeat, found)
        self._progress.advance()

    def _models_for(self, job: _ScoringJob) -> "list[ScoringJudge | ScoringEmbeddings]":
        """Return the models of one scoring, where its metric asks any."""
        if job.metric.compute is not None:
            return []
        from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge  # noqa: PLC0415 - as in `score`

        models: list[ScoringJudge | ScoringEmbeddings] = []
        if self._judge is not None and job.metric.judge:
            models.append(ScoringJudge(self._judge, job.repeat))
        if self._embeddings is not None and job.metric.embeddings:
            models.append(ScoringEmbeddings(self._embeddings))
        return models


async def run_plan(
    plan: ScoringPlan,
    items: list[RagItem],
    *,
    judge: Judge | None,
    embeddings: EmbeddingModel | None,
    cache: AnswerCache,
    settings: RagSettings,
) -> tuple[RunScores, EndpointUsage]:
    """Score every item by every metric of the plan.

    Raises:
        EndpointDownError: when the judge or the embedding model is down.
    """
    if any(metric.compute is None for metric in plan.metrics):
        # What it needs may not be there: before anything is connected and asked.
        import_module(".model_scores", __package__)
    scores = RunScores(plan, items)
    async with AsyncExitStack() as stack:
        calls = None
        if judge is not None and any(metric.judge for metric in plan.metrics):
            calls = JudgeCalls(await stack.enter_async_context(judge), cache, settings.limits)
            stack.push_async_callback(calls.close)
        vectors = None
        if embeddings is not None and any(metric.embeddings for metric in plan.metrics):
            vectors = EmbeddingCalls(await stack.enter_async_context(embeddings), cache, settings.limits)
        usage = calls.usage if calls is not None else EndpointUsage()
        progress = Progress(
            sum(1 for _ in _jobs(plan, len(items))), "scores", note=lambda: spent(usage, settings.prices)
        )
        run = _ScoringRun(scores, calls, vectors, progress)
        workers = settings.limits.concurrency * SCORINGS_A_SLOT
        await work_through(_jobs(plan, len(items)), run.work, workers)
        progress.finish()
    return scores, usage


def spent(usage: EndpointUsage, prices: Prices | None) -> str:
    """Say what this run asked of the judge so far: requests, tokens, and the cost where prices are known."""
    if not usage.requests and not usage.cached:
        return ""
    tokens = f"{usage.paid_input_tokens:,} tokens in, {usage.paid_output_tokens:,} out"
    text = f"{usage.requests:,} requests ({usage.cached:,} from the cache), {tokens}"
    if prices is None:
        return text
    return f"{text}, cost {prices.cost(usage.paid_input_tokens, usage.paid_output_tokens):,.4f}"
