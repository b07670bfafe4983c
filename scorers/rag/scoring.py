"""`score_rag`: RAG responses in, evidence out."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from checks.measurements import Measurement
from scorers.csv_files import COMMA
from scorers.endpoints.cache import AnswerCache
from scorers.endpoints.protocols import NO_TEMPERATURE, EmbeddingModel, Judge
from scorers.endpoints.requests import EndpointUsage
from scorers.evidence_writer import EvidenceWriter
from scorers.input_file import open_input
from scorers.rag.items import read_items
from scorers.rag.rag_settings import RagSettings


class RagEvidence(Struct, frozen=True):
    """What came of a run: the measurements in the evidence, and what was asked of the judge for them.

    `counts` holds, by title, how many scores are missing for which reason; `hints` are sentences.
    """

    measurements: tuple[Measurement, ...]
    items: int
    usage: EndpointUsage
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


def score_rag(
    responses: Path,
    output: Path,
    *,
    judge: Judge | None = None,
    embeddings: EmbeddingModel | None = None,
    settings: RagSettings | None = None,
    cache: Path | None = None,
    separator: str = COMMA,
) -> RagEvidence:
    """Score the responses in `responses` and write `evaluation.json` and `results.jsonl` into `output`.

    A metric that needs a judge or embeddings that are not given is `Unmeasured` in the evidence, saying so. `cache`
    is the file that keeps what the endpoints said; without one nothing outlives the run. `separator` is the
    character between the cells of CSV.

    Raises:
        GovernanceError: when nothing can be scored: bad input, an endpoint that is down, a folder that cannot be
            written. No evidence is written then, and the cache keeps what was done.
    """
    chosen = settings or RagSettings()
    with open_input(responses) as source:
        items = read_items(responses, separator)
    # Imported here: what scores takes a moment to load, and bad input is told before that.
    from scorers.rag.explaining import hints, missing_scores  # noqa: PLC0415
    from scorers.rag.measuring import measurements, results  # noqa: PLC0415
    from scorers.rag.provenance import provenance  # noqa: PLC0415
    from scorers.rag.running import make_plan, run_plan  # noqa: PLC0415

    plan = make_plan(items, chosen, judge=judge is not None, embeddings=embeddings is not None)
    with EvidenceWriter(output) as writer, AnswerCache(cache) as kept:
        scores, usage = asyncio.run(
            run_plan(plan, items, judge=judge, embeddings=embeddings, cache=kept, settings=chosen)
        )
        for result in results(scores, chosen.correct):
            writer.add_result(result)
        at_zero = judge is not None and judge.description.get("temperature") == 0
        found = measurements(scores, at_zero=at_zero and NO_TEMPERATURE not in usage.without)
        writer.finish(
            found,
            provenance(
                scores,
                source=source,
                settings=chosen,
                judge=judge,
                embeddings=embeddings,
                usage=usage,
            ),
        )
    return RagEvidence(tuple(found), len(items), usage, missing_scores(scores), tuple(hints(scores, usage)))
