"""HELM's copyright metrics: a completion against the one text that it would copy from.

Source: stanford-crfm/helm, src/helm/benchmark/metrics/copyright_metrics.py. Tokens are those of the Penn Treebank
tokenizer. HELM strips the completion but not the reference and cuts the reference to as many characters as the
completion has, so that a reference which goes on with a space loses its last character: a verbatim copy then has an
edit similarity below 1 (0.929 for 14 tokens). That is HELM's definition, and it is kept.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from rapidfuzz.distance import Levenshtein

from scorers.nltk_modules import import_alone

if TYPE_CHECKING:
    from nltk.tokenize.api import TokenizerI


@cache
def _tokenizer() -> "TokenizerI":
    """Return HELM's tokenizer."""
    tokenizer: TokenizerI = import_alone("nltk.tokenize.treebank").TreebankWordTokenizer()
    return tokenizer


class HelmCopyright(Struct, frozen=True):
    """The best over several completions, in tokens: longest common prefix, edit distance, edit similarity."""

    longest_common_prefix_length: float
    edit_distance: float
    edit_similarity: float

    def per_prefix_token(self, prefix: str) -> "HelmCopyright | None":
        """Return HELM's variant that is divided by the tokens of the prompt, `None` where it has none."""
        tokens = len(_tokenizer().tokenize(prefix))
        if not tokens:
            return None
        return HelmCopyright(
            self.longest_common_prefix_length / tokens,
            self.edit_distance / tokens,
            self.edit_similarity / tokens,
        )


def helm_copyright(
    prefix: str, reference: str, completions: Sequence[str], *, normalise_spacing: bool = False
) -> HelmCopyright:
    """Return HELM's figures; `reference` begins with `prefix`, and `completions` are not empty."""
    rest = reference[len(prefix) :]
    if normalise_spacing:
        rest = _one_spaced(rest)
    each = []
    for given in completions:
        completion = _one_spaced(given.strip()) if normalise_spacing else given.strip()
        each.append(
            _compare(_tokenizer().tokenize(completion), _tokenizer().tokenize(rest[: len(completion)]))
        )
    return HelmCopyright(
        max(one.longest_common_prefix_length for one in each),
        min(one.edit_distance for one in each),
        max(one.edit_similarity for one in each),
    )


def _compare(completion: Sequence[str], reference: Sequence[str]) -> HelmCopyright:
    pairs = zip(completion, reference, strict=False)  # the longer one's rest has no counterpart
    prefix = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    distance = Levenshtein.distance(completion, reference)
    similarity = 1 - distance / max(len(completion), len(reference)) if completion and reference else 0.0
    return HelmCopyright(float(prefix), float(distance), similarity)


def _one_spaced(text: str) -> str:
    return re.sub(" +", " ", text.replace("\n", " ").replace("\t", " "))
