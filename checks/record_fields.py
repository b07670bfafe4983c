"""The fields of records that are read back one by one: what has another type than it should is a `ValueError`."""

from collections.abc import Mapping

from checks.strict_json import JsonValue


def read_text(document: Mapping[str, JsonValue], key: str) -> str:
    """Return the text that a record has under `key`; raises `ValueError` where it has none."""
    value = document.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key}: no text")  # noqa: TRY004 - the value is wrong, whatever type it has
    return value


def read_optional(document: Mapping[str, JsonValue], key: str) -> str | None:
    """Return the text that a record has under `key`, or `None` where it says nothing or null."""
    return None if document.get(key) is None else read_text(document, key)
