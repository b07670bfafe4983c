"""How long memorization scoring takes: an index of a corpus, built once, and responses searched in it.

Run from the repository: `.venv/bin/python benchmarks/memorization.py [TOKENS] [RESPONSES]`. The corpus is drawn from
50,000 words with the frequencies of a natural language (Zipf); each response of 200 tokens copies 60 of them. Every
copy must be found, or the benchmark fails.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from scorers.safety.corpus_index import open_index
from scorers.safety.memorization import overlaps_of

WORDS = 50_000
COPIED, OWN = 60, 140


def main(tokens: int = 1_000_000, responses: int = 1_000) -> None:
    random = np.random.default_rng(5)
    frequencies = 1 / np.arange(1, WORDS + 1)
    frequencies /= frequencies.sum()
    words = np.array([f"w{number}" for number in range(WORDS)])
    corpus = words[random.choice(WORDS, size=tokens, p=frequencies)]
    # Each response begins with a passage of the corpus, and goes on with words of its own.
    own = words[random.choice(WORDS, size=(responses, OWN), p=frequencies)]
    starts = random.integers(0, tokens - COPIED, size=responses)
    texts = [
        " ".join([*corpus[start : start + COPIED], *rest]) for start, rest in zip(starts, own, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file, place = Path(folder) / "corpus.txt", Path(folder) / "index"
        file.write_text(" ".join(corpus))
        # First the index is built, then it is opened as a later run would: both are part of what a user waits for.
        start = time.perf_counter()
        open_index(file, place)
        built = time.perf_counter()
        found = [*overlaps_of(texts, open_index(file, place))]
        searched = time.perf_counter()
    assert all(overlap.tokens >= COPIED for overlap in found)
    figures = {
        "corpus_tokens": tokens,
        "responses": responses,
        "build_seconds": round(built - start, 2),
        "score_seconds": round(searched - built, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
