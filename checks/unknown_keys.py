"""Keys that a threshold file has and nobody reads: which key may have been meant."""

import difflib
from functools import lru_cache


@lru_cache(maxsize=1000)
def find_nearest_key(word: str, keys: tuple[str, ...]) -> str | None:
    """Return the one of `keys` that was probably meant by `word`, or `None`."""
    return next(iter(difflib.get_close_matches(word, keys, n=1)), None)


def explain_unknown_key(word: str, keys: tuple[str, ...]) -> str:
    """Return what is told of a key `word` that is none of `keys`."""
    if nearest := find_nearest_key(word, keys):
        return f'unknown key; did you mean "{nearest}"?'
    return f"unknown key; the keys here are {', '.join(keys)}"
