"""Throughput of judging: `governance score rag` and ragas' own evaluation loop, on the same work, side by side.

    python -m benchmarks.rag                                         as in the page: two minutes
    python -m benchmarks.rag --items 20 --rounds 1                   whether it runs here

A server on loopback, in a process of its own, answers every request after a fixed time, so no more than
concurrency / answer time requests a second are possible. Both sides judge the faithfulness of the same items (two
requests each) with that many requests in flight, after one item to warm up, in turns; the median counts. The CPU time
of this process for each request is beside it: other work on the machine disturbs it less. Nothing is cached.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import tempfile
import time
import warnings
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from langchain_openai import ChatOpenAI
from ragas import EvaluationDataset, RunConfig, evaluate
from ragas.llms import LangchainLLMWrapper
from ragas.metrics import Faithfulness

from benchmarks.measuring import (
    describe_spread,
    make_parser,
    read_count,
    run_program,
    tell_progress,
    write_result,
)
from models.openai_compatible import OpenAiJudge, Server
from scorers.endpoints.requests import RequestLimits
from scorers.rag.rag_settings import RagSettings
from scorers.rag.scoring import score_rag

REQUESTS_AN_ITEM = 2
STATEMENTS = {"statements": ["one thing", "another thing"]}
VERDICTS = {"statements": [{"statement": "one thing", "reason": "r", "verdict": 1}] * 2}


def serve(answer_seconds: float, address: "Queue[str]") -> None:
    """Answer chat completions after `answer_seconds`, until the process is ended."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            lengths = [line for line in head if line.lower().startswith(b"content-length:")]
            length = int(lengths[0].split(b":")[1])
            prompt = await reader.readexactly(length)
            await asyncio.sleep(answer_seconds)
            content = json.dumps(_completion(VERDICTS if b"verdict" in prompt else STATEMENTS)).encode()
            headers = (
                f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
            )
            writer.write(headers.encode() + content)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(connection, "127.0.0.1", 0)
        address.put(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


async def _head(reader: asyncio.StreamReader) -> list[bytes]:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return []


def _completion(answer: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": json.dumps(answer)}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "judge",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def items(count: int, run: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{run}-{number}",
            "question": f"{run}: what is thing {number}?",
            "contexts": [f"{run}: thing {number} is one thing."],
            "answer": f"{run}: thing {number} is one thing and another.",
        }
        for number in range(count)
    ]


def ours(url: str, work: list[dict[str, Any]], concurrency: int) -> float:
    settings = RagSettings(metrics=("faithfulness",), limits=RequestLimits(concurrency=concurrency))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "responses.jsonl"
        path.write_text("".join(json.dumps(item) + "\n" for item in work))
        started = time.perf_counter()
        evidence = score_rag(
            path, Path(folder) / "out", judge=OpenAiJudge("judge", Server(url)), settings=settings
        )
        elapsed = time.perf_counter() - started
    assert evidence.usage.requests == REQUESTS_AN_ITEM * len(work), evidence.usage
    return elapsed


def of_ragas(url: str, work: list[dict[str, Any]], concurrency: int) -> float:
    judge = LangchainLLMWrapper(ChatOpenAI(model="judge", base_url=url, api_key="none"))
    dataset = EvaluationDataset.from_list(
        [
            {
                "user_input": item["question"],
                "retrieved_contexts": item["contexts"],
                "response": item["answer"],
            }
            for item in work
        ]
    )
    started = time.perf_counter()
    result = evaluate(
        dataset,
        metrics=[Faithfulness()],
        llm=judge,
        run_config=RunConfig(max_workers=concurrency),
        show_progress=False,
    )
    elapsed = time.perf_counter() - started
    assert result["faithfulness"] == [1.0] * len(work)
    return elapsed


SIDES = {"ragas.evaluate": of_ragas, "governance score rag": ours}


def main() -> None:
    parser = make_parser("rag", __doc__, rounds=3)
    parser.add_argument("--items", type=read_count, default=200, metavar="COUNT")
    parser.add_argument("--concurrency", type=read_count, default=16, metavar="COUNT")
    parser.add_argument("--answer-seconds", type=float, default=0.5, metavar="SECONDS")
    arguments = parser.parse_args()
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    warnings.simplefilter("ignore", DeprecationWarning)
    address: Queue[str] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(arguments.answer_seconds, address), daemon=True)
    server.start()
    url = address.get(timeout=30)
    possible = arguments.concurrency / arguments.answer_seconds
    requests = REQUESTS_AN_ITEM * arguments.items
    rates: dict[str, list[float]] = {name: [] for name in SIDES}
    busy: dict[str, list[float]] = {name: [] for name in SIDES}
    # In turns, so that other work on the machine disturbs both; round -1 warms up and is not counted.
    for number in range(-1, arguments.rounds):
        tell_progress(
            "  each once before it counts" if number < 0 else f"  round {number + 1} of {arguments.rounds}"
        )
        for name, run in SIDES.items():
            work = items(arguments.items if number >= 0 else 1, f"{name} {number}")
            before = time.process_time()
            elapsed = run(url, work, arguments.concurrency)
            if number >= 0:
                rates[name].append(requests / elapsed)
                busy[name].append(1000 * (time.process_time() - before) / requests)
    server.terminate()
    sides = {
        name: {
            "requests_per_second": describe_spread(found),
            "of_possible": describe_spread([rate / possible for rate in found], digits=3),
            "cpu_ms_a_request": describe_spread(busy[name]),
        }
        for name, found in rates.items()
    }
    figures = {
        "requests": requests,
        "concurrency": arguments.concurrency,
        "answer_seconds": arguments.answer_seconds,
        "rounds": arguments.rounds,
        "possible_per_second": possible,
        "sides": sides,
    }
    write_result("rag", "python -m benchmarks.rag", figures)


if __name__ == "__main__":
    run_program(main)
