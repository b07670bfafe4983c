"""How the figures came about: what was scored, by which classes of ragas, with which judge, prompts and settings."""

from checks.strict_json import JsonValue
from scorers.endpoints.protocols import EmbeddingModel, Judge
from scorers.endpoints.requests import EndpointUsage
from scorers.input_file import InputFile
from scorers.rag.metrics import RAGAS, ROUGE, RagMetric, of_any_script
from scorers.rag.rag_settings import RagSettings
from scorers.rag.scores import RunScores

KIND = "rag"


def provenance(
    scores: RunScores,
    *,
    source: InputFile,
    settings: RagSettings,
    judge: Judge | None,
    embeddings: EmbeddingModel | None,
    usage: EndpointUsage,
) -> dict[str, JsonValue]:
    """Return the provenance of a run.

    Equal input gives equal provenance, whether answers came from the judge or from the cache: tokens are counted by
    the answers that were used.
    """
    used: dict[str, JsonValue] = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    if settings.prices is not None:
        used["cost"] = settings.prices.cost(usage.input_tokens, usage.output_tokens)
    asked_with: dict[str, JsonValue] = {"asked_with": sorted(usage.without)} if usage.without else {}
    return {
        **source.provenance(KIND, len(scores.items)),
        "ragas": RAGAS,
        "judge": None if judge is None else {**judge.description, **asked_with, "usage": used},
        "embeddings": None if embeddings is None else dict(embeddings.description),
        "repeats": scores.plan.repeats,
        "correct": {"metric": settings.correct.metric, "at_least": settings.correct.at_least},
        "metrics": {metric.name: _metric(metric, scores) for metric in scores.plan.metrics},
        "standard_error": "items and judge, two levels: see docs/scoring-rag.md",
    }


def _metric(metric: RagMetric, scores: RunScores) -> dict[str, JsonValue]:
    failed = sum(len(cell.reasons) for cell in scores.by_metric[metric.name])
    asked = failed + sum(len(cell.draws) for cell in scores.by_metric[metric.name])
    entry: dict[str, JsonValue] = {"class": metric.ragas_class, "scorings": asked, "failed": failed}
    if metric.name == ROUGE:
        other = sum(of_any_script(item) for item in scores.items)
        entry["tokenizer"] = {"rouge_score": len(scores.items) - other, "words of any script": other}
    if metric.judge:
        from scorers.rag.model_scores import MODEL_SCORES  # noqa: PLC0415 - as in `scorers.rag.metrics.score`

        entry["prompts"] = {prompt.name: prompt.version for prompt in MODEL_SCORES[metric.name].prompts}
    return entry
