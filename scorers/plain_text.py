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
# Cyrillic and Greek letters that cannot be told from Latin ones (Unicode Technical Standard 39, confusables.txt).
_CONFUSABLE = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u03bf"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
_LATIN = str.maketrans(_CONFUSABLE, "aeopcyxijsdqwhoABEKMHOPCTXIJSABEZHIKMNOPTYX")
_WORD_OF_TWO_SCRIPTS = re.compile(rf"\b(?=\w*[A-Za-z])(?=\w*[{_CONFUSABLE}])\w+")


def plain(text: str) -> str:
    """Return `text` in the form NFKC (accents composed, full-width letters and ligatures as plain ones), without what
    is not shown, and with Latin letters for their doubles in words that hold Latin ones too.
    """
    if text.isascii():
        return text
    # Ignorables first: they keep an accent from its letter.
    shown = unicodedata.normalize("NFKC", _IGNORABLES.sub("", text))
    return _WORD_OF_TWO_SCRIPTS.sub(lambda word: word.group().translate(_LATIN), shown)


def continues_word(character: str) -> bool:
    """Whether a character may be followed by more of the same word, or changes the letter before it."""
    return (
        character.isalnum()
        or character == "_"
        or unicodedata.category(character).startswith("M")
        or _IGNORABLES.match(character) is not None
    )
