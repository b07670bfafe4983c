"""An index on disk of a reference corpus, in which the longest verbatim overlaps of a text are found.

The corpus is a row of 64-bit token hashes in one file, documents divided by 0. Over each stretch of 2 million tokens
is a suffix array (Manber and Myers, Suffix arrays: a new method for on-line string searches, SIAM Journal on
Computing 22, 1993), built by prefix doubling and sorted by the first 4,096 tokens, for which a stretch looks beyond
its end. A stretch is all that is in memory while the index is built; searching maps the files. An overlap is therefore
exact for every length up to 4,096 tokens; a longer one is reported as 4,096.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from checks.errors import GovernanceError
from scorers.progress import Progress
from scorers.safety.corpus_text import corpus_files, documents, fingerprint

STRETCH = 1 << 21
CONTEXT = 1 << 12
DIVIDER, QUERY_DIVIDER, FIRST_HASH = 0, 1, 2
CACHED_HASHES = 1_000_000
WRITTEN_AT_ONCE = 1 << 16
FORMAT = 2  # of the index; another one is built anew
TOKENS, DESCRIPTION = "tokens.u64", "corpus.json"

Tokens = NDArray[np.uint64]
Positions = NDArray[np.int64]


class TokenHashes:
    """64-bit hashes of tokens (BLAKE2b); frequent ones are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, token: str) -> int:
        """Return the hash of a token, never one of the dividers."""
        found = self._known.get(token)
        if found is None:
            digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            found = max(FIRST_HASH, int.from_bytes(digest, "little"))
            if len(self._known) >= CACHED_HASHES:
                self._known.clear()
            self._known[token] = found
        return found


class Overlaps(Struct, frozen=True):
    """For each token of a text: how many tokens from there on are in the corpus, and where in it they begin."""

    lengths: Positions
    places: Positions


class CorpusIndex:
    """An index that was built; `description` says of which corpus."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
        self.tokens: Tokens = np.memmap(folder / TOKENS, dtype=np.uint64, mode="r")

    def overlaps(self, texts: Sequence[Sequence[int]]) -> list[Overlaps]:
        """Return the overlaps of several texts, given as token hashes, found together."""
        query = np.array([one for text in texts for one in (*text, QUERY_DIVIDER)], dtype=np.uint64)
        starts = np.flatnonzero(query != QUERY_DIVIDER)
        lengths, places = np.zeros(len(query), dtype=np.int64), np.zeros(len(query), dtype=np.int64)
        for start, suffixes in self._stretches():
            found, at = _longest_matches(self.tokens, suffixes, start, query, starts)
            better = found > lengths[starts]
            lengths[starts[better]], places[starts[better]] = found[better], at[better]
        ends = np.cumsum([len(text) + 1 for text in texts])
        return [
            Overlaps(lengths[end - len(text) - 1 : end - 1], places[end - len(text) - 1 : end - 1])
            for text, end in zip(texts, ends, strict=True)
        ]

    def window(self, place: int, before: int, length: int) -> list[int]:
        """Return `length` tokens of the document that holds `place`, from `before` tokens ahead of it on."""
        start = max(0, place - before)
        ahead = np.flatnonzero(self.tokens[start:place] == DIVIDER)
        start += int(ahead[-1]) + 1 if len(ahead) else 0
        tokens = self.tokens[start : start + length]
        divider = np.flatnonzero(tokens == DIVIDER)
        return [int(one) for one in (tokens[: divider[0]] if len(divider) else tokens)]

    def _stretches(self) -> Iterator[tuple[int, NDArray[np.uint32]]]:
        for number, start in enumerate(range(0, len(self.tokens), STRETCH)):
            yield start, np.memmap(self._folder / _suffixes_name(number), dtype=np.uint32, mode="r")


def open_index(corpus: Path, folder: Path) -> CorpusIndex:
    """Return the index of `corpus` below `folder`, building it where it is not there yet.

    Each corpus has a folder by the SHA-256 of its content; a build that is interrupted leaves nothing.

    Raises:
        GovernanceError: when the corpus cannot be read, has no token, or the folder cannot be written.
    """
    files = corpus_files(corpus)
    digest = fingerprint(files)
    place = folder / f"{digest[:32]}-{FORMAT}"
    if not (place / DESCRIPTION).exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".building-") as work:
                _build(files, digest, Path(work))
                _put_in_place(Path(work), place)
        except OSError as error:
            raise GovernanceError(
                f"{folder}: the index of the corpus cannot be written there ({error.strerror}); name another folder "
                "with --index"
            ) from error
    return CorpusIndex(place)


def _put_in_place(work: Path, place: Path) -> None:
    whole = work / "index"
    try:
        whole.rename(place)
    except OSError:
        if not (place / DESCRIPTION).exists():  # else another run was first, with the same content
            raise
        shutil.rmtree(whole)


def _build(files: Sequence[Path], digest: str, work: Path) -> None:
    folder = work / "index"
    folder.mkdir()
    counts = {"documents": 0, "tokens": 0}
    with (folder / TOKENS).open("wb") as out:
        for file in files:
            for document in documents(file):
                counts["documents"] += 1
                counts["tokens"] += _write_document(out, document)
    if not counts["tokens"]:
        raise GovernanceError(f"{files[0]}: the corpus holds no token; name another")
    tokens: Tokens = np.memmap(folder / TOKENS, dtype=np.uint64, mode="r")
    stretches = range(0, len(tokens), STRETCH)
    progress = Progress(len(stretches), "stretches of the corpus index")
    for number, start in enumerate(stretches):
        size = min(STRETCH, len(tokens) - start)
        suffixes = suffix_array(np.asarray(tokens[start : start + size + CONTEXT]), CONTEXT)
        suffixes[suffixes < size].astype(np.uint32).tofile(folder / _suffixes_name(number))
        progress.advance()
    about = {"sha256": digest, "files": [file.name for file in files[:100]], **counts}
    (folder / DESCRIPTION).write_text(json.dumps(about), encoding="utf-8")


_HASHES = TokenHashes()


def _write_document(out: BinaryIO, tokens: Iterable[str]) -> int:
    count = 0
    block: list[int] = []
    for token in tokens:
        block.append(_HASHES(token))
        if len(block) >= WRITTEN_AT_ONCE:
            np.array(block, dtype=np.uint64).tofile(out)
            count += len(block)
            block.clear()
    np.array([*block, DIVIDER], dtype=np.uint64).tofile(out)
    return count + len(block)


def hashes_of(tokens: Iterable[str]) -> list[int]:
    """Return the hashes by which an index knows tokens."""
    return [_HASHES(token) for token in tokens]


def _suffixes_name(number: int) -> str:
    return f"suffixes-{number:06}.u32"


def suffix_array(tokens: Tokens, context: int) -> Positions:
    """Return the positions of `tokens` in the order of their suffixes' first `context` tokens (a power of 2)."""
    _, rank = np.unique(tokens, return_inverse=True)
    rank = rank.astype(np.int64) + 1
    order = np.argsort(rank, kind="stable")
    length = 1
    while length < context and rank.max() < len(tokens):
        following = np.zeros_like(rank)
        following[: -length or None] = rank[length:] if length < len(rank) else 0
        key = rank * (len(tokens) + 1) + following
        order = np.argsort(key, kind="stable")
        in_order = key[order]
        rank[order] = np.concatenate(([1], 1 + np.cumsum(in_order[1:] != in_order[:-1])))
        length *= 2
    return order


def _longest_matches(
    tokens: Tokens, suffixes: NDArray[np.uint32], start: int, query: Tokens, places: Positions
) -> tuple[Positions, Positions]:
    """Search all `places` of `query` in one stretch at once: the longest match is beside where a suffix would be."""
    low, high = np.full(len(places), -1), np.full(len(places), len(suffixes))
    of_low, of_high = np.zeros(len(places), dtype=np.int64), np.zeros(len(places), dtype=np.int64)
    while len(open_ := np.flatnonzero(high - low > 1)):
        middle = (low[open_] + high[open_]) // 2
        at = suffixes[middle].astype(np.int64) + start
        length = _extend(tokens, at, query, places[open_], np.minimum(of_low[open_], of_high[open_]))
        over = length >= CONTEXT
        reach = np.where(over, CONTEXT - 1, length)
        before = tokens[at + reach] < query[places[open_] + reach]
        low[open_[before]], of_low[open_[before]] = middle[before], length[before]
        high[open_[~before]], of_high[open_[~before]] = middle[~before], length[~before]
    best = np.where(of_low > of_high, low, high)
    best = np.clip(best, 0, len(suffixes) - 1)
    return np.maximum(of_low, of_high), suffixes[best].astype(np.int64) + start


def _extend(tokens: Tokens, at: Positions, query: Tokens, places: Positions, length: Positions) -> Positions:
    """Return how long each match is that has at least `length` tokens; dividers differ, so none runs over an end."""
    length = length.copy()
    active = np.flatnonzero(length < CONTEXT)
    while len(active):
        reached = length[active]
        active = active[tokens[at[active] + reached] == query[places[active] + reached]]
        length[active] += 1
        active = active[length[active] < CONTEXT]
    return length
