"""How a knowledge base cuts a document into chunks: by whole sentences, of so many tokens at most.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/kb-chunking.html. A token is a word here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from sandbox.service_requests import ServiceRefusalError

_DEFAULT_TOKENS, _DEFAULT_OVERLAP = 300, 20
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Chunking(Struct, frozen=True):
    """How long a chunk may be, and how much of it the next one repeats: in words. Without a length nothing is cut."""

    words: int | None
    repeated: int = 0

    def chunks(self, text: str) -> list[str]:
        """Return the chunks of a text, in its order; none of a blank one."""
        if self.words is None:
            return [text] if text.strip() else []
        return list(self._packed(text, self.words))

    def _packed(self, text: str, most: int) -> Iterator[str]:
        held: list[str] = []
        is_new = False
        for sentence in _sentences(text, most - self.repeated):
            if is_new and len(held) + len(sentence) > most:
                yield " ".join(held)
                held, is_new = held[len(held) - self.repeated :], False
            held += sentence
            is_new = True
        if is_new:
            yield " ".join(held)


def read_chunking(configuration: Mapping[str, Any]) -> Chunking:
    """Return the chunking that a data source's `vectorIngestionConfiguration` asks for.

    Raises:
        ServiceRefusalError: it asks for what the sandbox does not do.
    """
    for other in configuration.keys() - {"chunkingConfiguration"}:
        raise ServiceRefusalError("ValidationException", f"The sandbox has no {other}; leave it out.")
    asked = configuration.get("chunkingConfiguration")
    if asked is None:
        return Chunking(_DEFAULT_TOKENS, _DEFAULT_TOKENS * _DEFAULT_OVERLAP // 100)
    match asked["chunkingStrategy"]:
        case "NONE":
            return Chunking(None)
        case "FIXED_SIZE" if "fixedSizeChunkingConfiguration" in asked:
            fixed = asked["fixedSizeChunkingConfiguration"]
            return Chunking(fixed["maxTokens"], fixed["maxTokens"] * fixed["overlapPercentage"] // 100)
        case "FIXED_SIZE":
            raise ServiceRefusalError("ValidationException", "fixedSizeChunkingConfiguration is required.")
        case strategy:
            raise ServiceRefusalError(
                "ValidationException", f"The sandbox cuts by FIXED_SIZE or NONE, not by {strategy}."
            )


def _sentences(text: str, most: int) -> Iterator[list[str]]:
    """Yield the words of each sentence, and of one that is too long so many at a time."""
    for sentence in _SENTENCE.split(text):
        words = sentence.split()
        for start in range(0, len(words), most):
            yield words[start : start + most]
