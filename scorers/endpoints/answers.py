"""Finding the answer in what a language model said."""

import json
import re

from checks.strict_json import JsonValue

_REASONING = re.compile(r"^.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_UNFINISHED = re.compile(r"^\s*<(?:think|thinking|reasoning)>.*$", re.DOTALL | re.IGNORECASE)
_DECODER = json.JSONDecoder()
_OPENING = re.compile(r"[\[{]")
_LONGEST = 1 << 20  # characters in which JSON is looked for
_READINGS = 16  # how often, at most, each of them is read


def after_reasoning(text: str) -> str:
    """Return what a model says after the reasoning that it writes ahead of its answer, in tags as `<think>`.

    Reasoning holds drafts, which are no answers. Where it is never closed there is no answer.
    """
    return _UNFINISHED.sub("", _REASONING.sub("", text)).strip()


def last_json(text: str) -> JsonValue:
    """Return the last JSON object or array in a text: what is before it may quote what the model was asked.

    Raises:
        ValueError: there is none, or too much that begins like one.
    """
    found: JsonValue = None
    end, left = 0, _READINGS * len(text)
    for opening in _OPENING.finditer(text) if len(text) <= _LONGEST else ():
        start = opening.start()
        if start < end:
            continue
        left -= len(text) - start  # as far as the reader may have to look
        if left < 0:
            raise ValueError("too much that begins like JSON and is none")
        try:
            found, end = _DECODER.raw_decode(text, start)
        except ValueError:
            continue
        left += len(text) - end
    if found is None:
        raise ValueError("no JSON")
    return found
