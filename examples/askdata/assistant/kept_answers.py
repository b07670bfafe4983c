"""What is kept of an answer: the turn of the conversation, and the rating that somebody gave it."""

from dataclasses import dataclass
from datetime import datetime

from assistant.conversation_table import PARTITION_KEY, SORT_KEY, Item

TURN = "turn#"


@dataclass(frozen=True, slots=True)
class Served:
    """Which version answered: its ARN, and the SHA-256 of its configuration."""

    version: str
    configuration: str


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """One question and what it was answered with, as the table has it.

    `number` counts from 1. `sql` is empty where `problem` says why there is none. `rating` is from 1 to 5, or `None`
    where nobody gave one.
    """

    number: int
    question: str
    sql: str
    problem: str
    tables: tuple[str, ...]
    served: Served
    asked_at: datetime
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class KeptRating:
    """One rating, with what was rated; `session` tells the ratings of one conversation from others, and not which."""

    rating: int
    comment: str
    session: str
    question: str
    sql: str
    served: Served
    rated_at: datetime


def name_turn(number: int) -> str:
    """Return the sort key of a turn; they sort as their numbers do."""
    return f"{TURN}{number:06d}"


def number_of(item: Item) -> int:
    """Return the number of the turn that an item is."""
    return int(item[SORT_KEY].partition("#")[2])


def write_turn(conversation: str, turn: KeptTurn) -> Item:
    """Return the item of a turn, without its expiry."""
    return {
        PARTITION_KEY: conversation,
        SORT_KEY: name_turn(turn.number),
        "question": turn.question,
        "sql": turn.sql,
        "problem": turn.problem,
        "tables": list(turn.tables),
        "version": turn.served.version,
        "configuration": turn.served.configuration,
        "asked_at": turn.asked_at.isoformat(),
    }


def read_turn(item: Item) -> KeptTurn:
    """Return the turn that an item is."""
    rating = item.get("rating")
    return KeptTurn(
        number_of(item),
        item["question"],
        item["sql"],
        item["problem"],
        tuple(item["tables"]),
        Served(item["version"], item["configuration"]),
        datetime.fromisoformat(item["asked_at"]),
        None if rating is None else int(rating),
    )


def write_rating(kept: KeptRating) -> Item:
    """Return the item of a rating, without its keys."""
    return {
        "rating": kept.rating,
        "comment": kept.comment,
        "rated_in": kept.session,
        "question": kept.question,
        "sql": kept.sql,
        "version": kept.served.version,
        "configuration": kept.served.configuration,
        "rated_at": kept.rated_at.isoformat(),
    }


def read_rating(item: Item) -> KeptRating:
    """Return the rating that an item is."""
    return KeptRating(
        int(item["rating"]),
        item["comment"],
        item["rated_in"],
        item["question"],
        item["sql"],
        Served(item["version"], item["configuration"]),
        datetime.fromisoformat(item["rated_at"]),
    )
