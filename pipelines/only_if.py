"""How far a version may be from an approval to be registered."""

from enum import StrEnum


class OnlyIf(StrEnum):
    """The worst likely decision with which a version is still registered."""

    APPROVED = "approved"
    REVIEW = "review"
