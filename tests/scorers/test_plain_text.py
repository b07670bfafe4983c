"""Texts that look alike are alike."""

import pytest

from scorers.plain_text import plain

ALIKE = {
    "a decomposed accent": ("cafe\u0301", "caf\u00e9"),
    "a zero-width space": ("bri\u200bdge", "bridge"),
    "a soft hyphen": ("bri\u00addge", "bridge"),
    "full width": ("\uff42ridge", "bridge"),
    "Cyrillic letters in a Latin word": ("br\u0456dg\u0435", "bridge"),
    "a Greek capital in a Latin word": ("\u0392ridge", "Bridge"),
    "a Cyrillic word stays": ("\u043c\u043e\u0441\u0442 x", "\u043c\u043e\u0441\u0442 x"),
}


@pytest.mark.parametrize(("text", "shown"), ALIKE.values(), ids=list(ALIKE))
def test_what_looks_alike_is_alike(text: str, shown: str) -> None:
    assert plain(text) == shown
