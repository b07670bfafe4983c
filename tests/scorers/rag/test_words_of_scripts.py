"""ROUGE, BLEU, chrF and string similarity of texts in scripts that ROUGE's own tokenizer drops."""

import asyncio
import unicodedata

import pytest

from scorers.rag.items import RagItem
from scorers.rag.metrics import METRICS, of_any_script, score
from scorers.rag.scores import Unscored
from scorers.rag.words import words

COMPARED = ("rouge_l", "bleu", "chrf", "string_similarity")


def scored(metric: str, answer: str, reference: str) -> float | Unscored:
    item = RagItem("1", "q", ("c",), answer, reference)
    return asyncio.run(score(METRICS[metric], item))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("大桥建于河上", id="chinese"),
        pytest.param("橋は川の上に立つ。", id="japanese"),
        pytest.param("다리는 강 위에 있다", id="korean"),
        pytest.param("Мост стоит над рекой", id="russian"),
        pytest.param("Мост", id="one russian word"),
        pytest.param("الجسر فوق النهر", id="arabic"),
        pytest.param("पुल नदी के ऊपर है", id="hindi"),
        pytest.param("สะพานข้ามแม่น้ำ", id="thai"),
        pytest.param("Γέφυρα", id="greek"),
        pytest.param("Die Brücke", id="german"),
        pytest.param("In Bern", id="two words"),
        pytest.param("Yes", id="one word"),
        pytest.param("Yes. It stands in Bern today. Since 1844.", id="a short sentence first"),
        pytest.param("42", id="a number"),
    ],
)
@pytest.mark.parametrize("metric", COMPARED)
def test_identical_texts_are_alike_in_every_script(metric: str, text: str) -> None:
    assert scored(metric, text, text) == pytest.approx(1.0)


@pytest.mark.parametrize("metric", COMPARED)
def test_texts_that_look_the_same_are_the_same(metric: str) -> None:
    reference = "Die Brücke über die Aare steht in Bern"
    hidden = "Die Brü\u00adcke über \u200bdie Ａare steht in Bern"
    for answer in (hidden, unicodedata.normalize("NFD", reference)):
        assert scored(metric, answer, reference) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("metric", "answer", "reference", "value"),
    [
        pytest.param("rouge_l", "大桥建于河边", "大桥建于河上", 5 / 6, id="rouge, chinese characters"),
        pytest.param("rouge_l", "Мост стоит", "Мост стоит над рекой", 2 / 3, id="rouge, russian words"),
        pytest.param("rouge_l", "It stands in 北京", "It stands in 上海", 3 / 5, id="rouge, two scripts"),
        pytest.param("rouge_l", "ein café", "ein cafè", 1 / 2, id="rouge, accents tell words apart"),
        pytest.param("rouge_l", "—", "Мост", 0.0, id="rouge, an answer without a word"),
        pytest.param("bleu", "上海", "大桥建于河上", 0.0, id="bleu, nearly nothing in common"),
        pytest.param("bleu", "Мост", "Река", 0.0, id="bleu, nothing in common"),
        pytest.param("bleu", "", "In Bern", 0.0, id="bleu, no answer"),
    ],
)
def test_texts_that_differ(metric: str, answer: str, reference: str, value: float) -> None:
    assert scored(metric, answer, reference) == pytest.approx(value, abs=0.1 if metric == "bleu" else 1e-9)


def test_bleu_compares_whole_texts_and_not_their_first_sentences() -> None:
    reference = "It stands in Bern today. It was built in 1844."
    other = "It stands in Bern today. Nobody knows more of this."
    found = scored("bleu", other, reference)
    assert isinstance(found, float)
    assert 0.3 < found < 0.7


def test_a_reference_without_words_is_no_reference_to_rouge() -> None:
    assert scored("rouge_l", "!!!", "!!!") == Unscored(
        "the reference holds no word, and ROUGE compares words"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Running bridges", ["run", "bridg"], id="stemmed as by ROUGE"),
        pytest.param("पुल नदी", ["पुल", "नदी"], id="marks belong to their letters"),
        pytest.param("大桥 Bern", ["大", "桥", "bern"], id="characters and words"),
        pytest.param("สะพาน", ["ส", "ะ", "พ", "า", "น"], id="thai"),
        pytest.param("l’été, l'été", ["l", "été", "l", "été"], id="apostrophes"),
        pytest.param("—…!?", [], id="no words"),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("answer", "any_script"),
    [
        pytest.param("plain words – with a dash", False, id="english"),
        pytest.param("ein Café", True, id="an accent"),
        pytest.param("Ｂｅｒｎ", False, id="full width letters are plain ones"),
    ],
)
def test_rouges_own_tokenizer_where_it_drops_nothing(answer: str, *, any_script: bool) -> None:
    assert of_any_script(RagItem("1", "q", ("c",), answer, "words")) is any_script
