"""Texts that look alike made alike, so that comparing them does not depend on how they were encoded.

Source: Unicode Standard Annex 15 (normalization forms), and the property Default_Ignorable_Code_Point of
DerivedCoreProperties.txt (Unicode 16): characters that are not shown, such as the zero-width space, the soft hyphen and
variation selectors.
"""

import re
import unicodedata

_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLES = re.compile(f"[{_IGNORABLE}]+")


def plain(text: str) -> str:
    """Return `text` in the form NFKC (accents composed, full-width letters and ligatures as plain ones), without what
    is not shown.
    """
    if text.isascii():
        return text
    # Ignorables first: they keep an accent from its letter.
    return unicodedata.normalize("NFKC", _IGNORABLES.sub("", text))


def continues_word(character: str) -> bool:
    """Whether a character may be followed by more of the same word, or changes the letter before it."""
    return (
        character.isalnum()
        or character == "_"
        or unicodedata.category(character).startswith("M")
        or _IGNORABLES.match(character) is not None
    )
