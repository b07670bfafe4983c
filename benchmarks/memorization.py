"""Memorization: how long it takes to index a corpus once, and to search responses in it.

    python -m benchmarks.memorization                                as in the page
    python -m benchmarks.memorization --tokens 10000 --rounds 1      whether it runs here

The corpus is drawn from 50,000 words with the frequencies of a natural language (Zipf); each response of 200 tokens
copies 60 of them. Every copy must be found, or the benchmark fails. Each round is a process with an index of its own.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import (
    describe_runs,
    describe_spread,
    make_parser,
    read_count,
    run_process,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)
from scorers.safety.corpus_index import open_index
from scorers.safety.memorization import overlaps_of

WORDS = 50_000
COPIED, OWN = 60, 140
MEASURE = "import sys; from benchmarks.memorization import measure; measure(*sys.argv[1:])"


def write_texts(tokens: int, responses: int, folder: Path) -> None:
    """Write a corpus, and responses of which each begins with a passage of it and goes on with words of its own."""
    random = np.random.default_rng(5)
    frequencies = 1 / np.arange(1, WORDS + 1)
    frequencies /= frequencies.sum()
    words = np.array([f"w{number}" for number in range(WORDS)])
    corpus = words[random.choice(WORDS, size=tokens, p=frequencies)]
    own = words[random.choice(WORDS, size=(responses, OWN), p=frequencies)]
    starts = random.integers(0, tokens - COPIED, size=responses)
    texts = [
        " ".join([*corpus[start : start + COPIED], *rest]) for start, rest in zip(starts, own, strict=True)
    ]
    (folder / "corpus.txt").write_text(" ".join(corpus))
    (folder / "responses.json").write_text(json.dumps(texts))


def measure(folder: str, index: str, output: str) -> None:
    """Index the corpus in `folder`, search the responses, and write the seconds of each.

    Raises:
        AssertionError: a copy was not found.
    """
    corpus, texts = Path(folder) / "corpus.txt", json.loads((Path(folder) / "responses.json").read_text())
    # First the index is built, then it is opened as a later run would: both are part of what a user waits for.
    start = time.perf_counter()
    open_index(corpus, Path(index))
    built = time.perf_counter()
    found = [*overlaps_of(texts, open_index(corpus, Path(index)))]
    searched = time.perf_counter()
    assert all(overlap.tokens >= COPIED for overlap in found)
    Path(output).write_text(json.dumps({"building": built - start, "searching": searched - built}))


def main() -> None:
    """Index and search in so many rounds."""
    parser = make_parser("memorization", __doc__, rounds=3)
    parser.add_argument("--tokens", type=read_count, default=1_000_000, metavar="COUNT")
    parser.add_argument("--responses", type=read_count, default=1_000, metavar="COUNT")
    given = parser.parse_args()
    if given.tokens <= COPIED:
        parser.error(f"--tokens: above {COPIED}, which each response copies")
    spent, seconds = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tell_progress(f"  writing a corpus of {given.tokens:,} tokens")
        write_texts(given.tokens, given.responses, folder)
        for turn in take_rounds(given.rounds):
            output = folder / f"seconds-{turn}.json"
            words = [temporary, str(folder / f"index-{turn}"), str(output)]
            spent.append(run_process([sys.executable, "-c", MEASURE, *words]))
            seconds.append(json.loads(output.read_text()))
    figures = {
        "rounds": given.rounds,
        "corpus_tokens": given.tokens,
        "responses": given.responses,
        "building_seconds": describe_spread([each["building"] for each in seconds]),
        "searching_seconds": describe_spread([each["searching"] for each in seconds]),
        **describe_runs(spent),
    }
    write_result("memorization", "python -m benchmarks.memorization", figures)


if __name__ == "__main__":
    run_program(main)
