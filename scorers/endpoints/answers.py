"""Finding the answer in what a language model said."""

import re

_REASONING = re.compile(r"^.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_UNFINISHED = re.compile(r"^\s*<(?:think|thinking|reasoning)>.*$", re.DOTALL | re.IGNORECASE)


def after_reasoning(text: str) -> str:
    """Return what a model says after the reasoning that it writes ahead of its answer, in tags as `<think>`.

    Reasoning holds drafts, which are no answers. Where it is never closed there is no answer.
    """
    return _UNFINISHED.sub("", _REASONING.sub("", text)).strip()
