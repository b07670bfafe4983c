"""JSON read strictly: what Python's reader lets pass in silence is an error here.

Refused: duplicate keys, `NaN`, `Infinity` and `-Infinity` literals, numbers that overflow a double, bytes that are
not UTF-8, halves of surrogate pairs, and nesting deep enough to exhaust the stack. In a report, which other tools
write, the literals and the numbers too large for a double are values that are no finite number, each at its own place.
"""

import json
import math
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NoReturn

from checks.errors import GovernanceError
from checks.exact import NumberError, written

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


class ReportError(GovernanceError):
    """A report that cannot be read; the message says what is wrong, and where in it."""


def _refuse_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ReportError(f'the key "{twice}" is there twice in one object')
    return result


def _refuse_literal(literal: str) -> NoReturn:
    raise ReportError(f"{literal} is not JSON; write null with the reason beside it")


def _read_finite(literal: str) -> float:
    number = written(literal)
    if not math.isfinite(number):
        raise ReportError(f"the number {literal[:40]} is too large for a double")
    return number


# Thousands of figures of a report rest on the same number of items: it is then one integer, and not one for each.
_read_integer = lru_cache(maxsize=1_000)(int)

# Made once: making one takes as long as reading a short line.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_literal, parse_float=_read_finite
)
# `NaN` is then the text "NaN", as Clarify and pandas write it; 1e999 is an infinite float.
_REPORT_DECODER = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates,
    parse_constant=str,
    parse_float=written,
    parse_int=_read_integer,
)


def parse_strict_json(content: bytes) -> JsonValue:
    """Parse `content`, refusing everything that is not plain JSON.

    Raises:
        ReportError: with the reason.
    """
    return _parse(content, _DECODER)


def parse_report_json(content: bytes) -> JsonValue:
    """Parse a report: `NaN`, `Infinity` and `-Infinity` literals become text of that name, 1e999 an infinite float.

    Raises:
        ReportError: with the reason, for everything else that is not plain JSON.
    """
    return _parse(content, _REPORT_DECODER)


def _parse(content: bytes, decoder: json.JSONDecoder) -> JsonValue:
    try:
        text = content.removeprefix(BOM_UTF8).decode()  # the codec "utf-8-sig" takes three times as long
    except UnicodeDecodeError as error:
        raise ReportError(f"not UTF-8 (byte {error.start}); save the report as UTF-8") from error
    try:
        value: JsonValue = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise ReportError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except NumberError as error:
        raise ReportError(str(error)) from error
    except RecursionError as error:
        raise ReportError("nested too deeply to be a report") from error
    except ValueError as error:  # an integer of more than 4,300 digits
        raise ReportError(f"a number in it cannot be read: {error}") from error
    if "\\ud" in text.lower():
        _refuse_lone_surrogates(value)
    return value


def _refuse_lone_surrogates(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ReportError("half of a surrogate pair (\\ud800 to \\udfff) is alone in its text") from error
