"""Turns of a conversation, as the prompt of the next question shows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One question that was asked before, and the SQL that it was answered with."""

    question: str
    sql: str
