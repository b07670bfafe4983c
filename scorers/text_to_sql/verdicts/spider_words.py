"""The words that Spider's parser reads SQL as.

Source: `tokenize` in `process_sql.py` of the Spider benchmark, which splits by NLTK's `word_tokenize`.
"""

import re

# Penn Treebank tokens as in NLTK's `word_tokenize`, for text without quotation marks: signs such as `=` and `+` stay
# with what they touch, a comma is alone unless a digit follows.
_TOKEN = re.compile(
    r"(?:[^\s;@#$%&?!*\[\](){}<>`«»“”‘’„:,.\-]+|(?<!\.)\.(?!\.)|-(?!-)|[:,](?=\d))+"
    r"|\.{2,}|--|`+|[;@#$%&?!*\[\](){}<>«»“”‘’„:,]"
)
_STRING = re.compile(r'"[^"]*"')
_COMPARISON_PREFIXES = frozenset("!><")


def tokenize(sql: str) -> list[str] | None:
    """Return the tokens, literals in double quotes and all else in lower case; `None` for an odd number of quotes."""
    text = sql.replace("'", '"')
    if text.count('"') % 2 or "\0" in text:
        return None
    tokens = _read_words_and_literals(text) if '"' in text else _read_words(text)
    _split_last_period(tokens)
    is_split = "=" in tokens and not _COMPARISON_PREFIXES.isdisjoint(tokens)
    return _join_comparisons(tokens) if is_split else tokens


def _read_words(text: str) -> list[str]:
    if text.isascii():  # other letters may become what they do by those beside them
        return _TOKEN.findall(text.lower())
    return list(map(str.lower, _TOKEN.findall(text)))


def _read_words_and_literals(text: str) -> list[str]:
    literals = iter(_STRING.findall(text))
    tokens = _read_words(_STRING.sub("\0", text))
    for place, word in enumerate(tokens):
        if "\0" in word:
            inside = [next(literals) for _ in range(word.count("\0"))]
            if word == "\0":
                tokens[place] = inside[0]
    return tokens


def _split_last_period(tokens: list[str]) -> None:
    index = len(tokens) - 1
    while index > 0 and tokens[index] in {")", "]", "}", ">"}:
        index -= 1
    if index >= 0 and len(tokens[index]) > 1 and tokens[index][-1] == "." and tokens[index][-2] != ".":
        tokens[index : index + 1] = [tokens[index][:-1], "."]


def _join_comparisons(tokens: list[str]) -> list[str]:
    joined: list[str] = []
    for word in tokens:
        if word == "=" and joined and joined[-1] in _COMPARISON_PREFIXES:
            joined[-1] += "="
        else:
            joined.append(word)
    return joined
