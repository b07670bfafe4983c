"""`governance collect`: ask a model a benchmark's questions, for `governance score safety`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import GovernanceError
from models.answer_options import AnswerOptions, PayloadShape
from scorers.collecting import Benchmark


def command(
    benchmark: Annotated[Benchmark, typer.Argument(help="Whose questions are asked.")],
    *,
    endpoint: Annotated[
        str,
        typer.Option(
            metavar="sagemaker:NAME|bedrock:MODEL_ID|URL",
            help="What is asked: a SageMaker endpoint, a model in Bedrock, or an OpenAI-compatible server.",
        ),
    ],
    prompts: Annotated[
        Path, typer.Option(metavar="FILE", help="The questions, in the benchmark's own format.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="RESPONSES.jsonl", help="Write the responses there."),
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model on an OpenAI-compatible server.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 1,
    temperature: Annotated[
        float, typer.Option(min=-1, max=2, help="The model's temperature; -1 leaves it to the model.")
    ] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="The longest answer.")] = 256,
    template: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Ask in other words, with the benchmark's fields in braces."),
    ] = None,
    payload: Annotated[
        PayloadShape, typer.Option(help="What a SageMaker endpoint takes: TGI's inputs, or chat messages.")
    ] = PayloadShape.INPUTS,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests in flight.")] = 8,
    attempts: Annotated[int, typer.Option(min=1, help="Attempts a request.")] = 6,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for an answer of an OpenAI-compatible server.")
    ] = 60.0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask everything anew, as after the model changed.")
    ] = False,
) -> None:
    """Ask a model a benchmark's questions, for `governance score safety`.

    Answers are kept beside the output as they come: a run that ended early, or is repeated, asks only what is missing.
    """
    # Imported here: --help needs none of it.
    from models.named_models import make_model
    from scorers.collecting.collecting import CollectionSettings, collect
    from scorers.endpoints.requests import RequestLimits
    from scorers.input_file import require_readable

    if repeats > 1 and temperature == 0:
        raise GovernanceError(
            "--repeats: at temperature 0 a model says the same again; give a --temperature above 0"
        )
    require_readable(prompts)
    options = AnswerOptions(
        temperature=None if temperature < 0 else temperature,
        max_tokens=max_tokens,
        payload=payload,
        threads=concurrency,
        timeout_seconds=timeout,
    )
    found = collect(
        benchmark,
        prompts,
        output,
        make_model(endpoint, model, options),
        CollectionSettings(
            repeats, RequestLimits(concurrency=concurrency, attempts=attempts), template, fresh
        ),
    )
    if found.without:
        print(
            f"note: the endpoint did not take all settings: it was asked with {', '.join(found.without)}",
            file=sys.stderr,
        )
    refused = f", {found.refused:,} refused" if found.refused else ""
    print(f"{found.responses:,} responses, {found.asked:,} asked for in this run{refused}: {output}")
