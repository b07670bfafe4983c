"""Scores of texts beside texts, which ask no model: those of ragas, by the libraries that it computes them with."""

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq, Levenshtein
from sacrebleu import corpus_chrf
from sacrebleu.metrics.bleu import BLEU

from scorers.plain_text import plain
from scorers.rag.words import any_word_dropped, cut_as_rouge, spaced, words

HIT = 0.5  # from which on the similarity of two passages counts as one being the other
_EPSILON = 1e-10  # ragas' own, against a division by 0


def rouge_l(reference: str, answer: str) -> float:
    """Return the F-measure of the longest common subsequence of words, 0 to 1.

    Words are ROUGE's own, or those of any script where ROUGE's own tokenizer drops letters.
    Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004, with one reference.
    """
    reference, answer = plain(reference), plain(answer)
    cut = words if any_word_dropped(reference, answer) else cut_as_rouge
    expected, given = cut(reference), cut(answer)
    common = LCSseq.similarity(expected, given)
    return f_measure(common, given=len(given), expected=len(expected))


def f_measure(common: int, *, given: int, expected: int) -> float:
    """Return F1 of two collections of which so many are in both."""
    if not common:
        return 0.0
    precision, recall = common / given, common / expected
    return 2 * precision * recall / (precision + recall)


def bleu(reference: str, answer: str) -> float:
    """Return `sacrebleu`'s BLEU of one text, 0 to 1: as `ragas.metrics.collections.BleuScore` for a single sentence.

    `ragas` cuts texts at full stops and then compares the first sentence of the answer alone. An answer of fewer than
    four tokens has no run of four: BLEU is then over the runs that it can have (`effective_order`), where `ragas` gives
    0 even to two equal texts. Scripts without spaces count character by character.
    """
    found = BLEU(effective_order=True).sentence_score(spaced(plain(answer)), [spaced(plain(reference))])
    return float(found.score) / 100


def chrf(reference: str, answer: str) -> float:
    """Return chrF of two texts in one Unicode form, 0 to 1."""
    reference, answer = plain(reference), plain(answer)
    if not reference.strip() or not answer.strip():
        return 0.0
    return float(corpus_chrf([answer], [[reference]]).score) / 100


def string_similarity(reference: str, answer: str) -> float:
    """Return 1 − Levenshtein distance / the longer one's characters, of texts in one Unicode form."""
    return _similarity(plain(reference), plain(answer))


def context_precision(contexts: Sequence[str], reference_contexts: Sequence[str]) -> float:
    """Return the average precision of the retrieved passages, of which those are right that resemble a reference's."""
    hits = [max(_similarity(passage, other) for other in reference_contexts) >= HIT for passage in contexts]
    return average_precision(hits)


def average_precision(hits: Sequence[bool]) -> float:
    """Return the average precision of a ranking, in which each is right or wrong."""
    precisions = [sum(hits[:rank]) / rank for rank, hit in enumerate(hits, start=1) if hit]
    return sum(precisions) / (len(precisions) + _EPSILON)


def context_recall(contexts: Sequence[str], reference_contexts: Sequence[str]) -> float:
    """Return the share of the reference's passages that resemble a retrieved one."""
    found = [max(_similarity(other, passage) for other in contexts) > HIT for passage in reference_contexts]
    return sum(found) / len(found)


def _similarity(reference: str, answer: str) -> float:
    return 1 - Levenshtein.normalized_distance(reference, answer)
