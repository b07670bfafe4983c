"""The words of a text in any script, for ROUGE and BLEU.

ROUGE's own tokenizer knows the letters a to z and drops all others: a Chinese or a Russian text has no word left, and
of a French one the accented letters are missing. Here a word is a run of letters, marks and digits of any script;
scripts that are written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) count character by
character, as in sacrebleu's tokenizer for Chinese.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from rouge_score.tokenize import tokenize

from scorers.nltk_modules import import_alone
from scorers.plain_text import plain

UNSPACED = (
    "CJK UNIFIED",
    "CJK COMPATIBILITY IDEOGRAPH",
    "IDEOGRAPHIC",
    "HIRAGANA",
    "KATAKANA",
    "BOPOMOFO",
    "YI SYLLABLE",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
)
_STEMMER = import_alone("nltk.stem.porter").PorterStemmer()  # by which ROUGE's own tokenizer stems


def any_word_dropped(*texts: str) -> bool:
    """Whether ROUGE's own tokenizer drops letters or digits of one of the texts."""
    return any(
        not character.isascii() and _part_of_word(character) for text in texts for character in text.lower()
    )


def cut_as_rouge(text: str) -> list[str]:
    """Return the words of `text` as ROUGE's own tokenizer finds and stems them."""
    found: list[str] = tokenize(text, _STEMMER)
    return found


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case; those that ROUGE's own tokenizer would find are stemmed as it does."""
    found: list[str] = []
    for word in _unstemmed(text):
        found += cut_as_rouge(word) if word.isascii() else [word]
    return found


def has_word(text: str) -> bool:
    """Whether `words` finds any."""
    return bool(_unstemmed(text))


def spaced(text: str) -> str:
    """Return `text` with spaces around each character of a script that is written without them."""
    return "".join(f" {one} " if _unspaced(one[0]) else one for one in _characters(text))


def _unstemmed(text: str) -> list[str]:
    return "".join(_apart(plain(text).lower())).split()


def _apart(text: str) -> Iterator[str]:
    for one in _characters(text):
        if _unspaced(one[0]):
            yield f" {one} "
        elif _part_of_word(one[0]):
            yield one
        else:
            yield " "


def _characters(text: str) -> Iterator[str]:
    """Yield characters, each with the marks that belong to it."""
    whole = ""
    for character in text:
        if whole and not unicodedata.category(character).startswith("M"):
            yield whole
            whole = ""
        whole += character
    if whole:
        yield whole


@lru_cache(maxsize=65_536)
def _part_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


@lru_cache(maxsize=65_536)
def _unspaced(character: str) -> bool:
    return not character.isascii() and unicodedata.name(character, "").startswith(UNSPACED)
