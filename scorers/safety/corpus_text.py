"""Reference corpora as streams of tokens: files of any size, read a block at a time.

Tokens are those of the text as it looks (`scorers.plain_text`): neither a decomposed accent, nor a full-width letter,
nor a zero-width character, nor a Cyrillic letter in a Latin word hides a copy.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from checks.errors import GovernanceError
from disk.walking import files_below
from scorers.lines import BadLine, read_lines
from scorers.plain_text import continues_word, plain

TOKEN = re.compile(r"\w+|[^\w\s]")  # words and single punctuation marks; spacing is not part of a match
BLOCK_CHARACTERS = 1 << 20
LONGEST_TOKEN = 4_096  # characters; a longer word is cut there, so that no block is unbounded
TEXT_SUFFIXES = (".txt", ".md", ".text")
LINES_SUFFIX = ".jsonl"


def corpus_files(path: Path) -> list[Path]:
    """Return the files of a corpus: one file, or every text file (.txt, .md, .text, .jsonl) below a folder, by name.

    Raises:
        GovernanceError: when there is none, or something below cannot be looked at.
    """
    if path.is_file():
        return [path]
    below = files_below(path, hidden=True) if path.exists() else []
    files = [file for file in below if file.suffix in (*TEXT_SUFFIXES, LINES_SUFFIX)]
    if not files:
        raise GovernanceError(
            f"{path}: no corpus there; name a text file, JSON Lines with `text`, or a folder of them"
        )
    return files


def fingerprint(files: Iterable[Path]) -> str:
    """Return the SHA-256 over the files' contents, in order.

    Raises:
        GovernanceError: when one cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        try:
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise GovernanceError(f"{file}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def documents(file: Path) -> Iterator[Iterator[str]]:
    """Yield the tokens of each document: a text file is one, of JSON Lines each `text` is.

    Raises:
        GovernanceError: when it cannot be read, or a line has no text.
    """
    if file.suffix != LINES_SUFFIX:
        yield _tokens_of_file(file)
        return
    for line in read_lines(file):
        if isinstance(line, BadLine):
            raise GovernanceError(f"{file}:{line.number}: {line.reason}")
        text = line.value.get("text")
        if not isinstance(text, str):
            raise GovernanceError(f'{file}:{line.number}: no text under "text"')
        yield tokens_of(text)


def tokens_of(text: str) -> Iterator[str]:
    """Yield the tokens of a text as it looks."""
    return (match.group() for match in TOKEN.finditer(plain(text)))


def _tokens_of_file(file: Path) -> Iterator[str]:
    rest = ""
    try:
        with file.open(encoding="utf-8-sig") as stream:
            while block := stream.read(BLOCK_CHARACTERS):
                text = rest + block
                end = _last_boundary(text)
                yield from tokens_of(text[:end])
                rest = text[end:]
    except OSError as error:
        raise GovernanceError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:  # read as something else, nothing of it would ever be found
        raise GovernanceError(f"{file}: not UTF-8; save the corpus as UTF-8") from error
    yield from tokens_of(rest)


def _last_boundary(text: str) -> int:
    """Return where the last token of `text`, which may go on, begins; a token without end is cut at its length."""
    end = len(text)
    while end and continues_word(text[end - 1]) and len(text) - end < LONGEST_TOKEN:
        end -= 1
    return end if len(text) - end < LONGEST_TOKEN else len(text)
