"""Values that are made by the hundred thousand: the type checker keeps them from being changed, not Python.

A frozen dataclass sets each field by a call, which takes six times as long as setting it; reading a large report, or
judging many checks, is then mostly that.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True)
def value_class(cls: type[_Class]) -> type[_Class]:
    """Return `cls` as a dataclass with slots, equality and a hash, whose fields mypy lets nobody change."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
