"""Memorization: exact overlaps against brute force, near copies, HELM's metrics, and corpora of every shape."""

import itertools
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.errors import GovernanceError
from checks.measurements import Measured, Measurement, Unmeasured
from scorers.safety import corpus_index, corpus_text
from scorers.safety.corpus_index import hashes_of, open_index
from scorers.safety.corpus_text import tokens_of
from scorers.safety.helm_copyright import helm_copyright
from scorers.safety.memorization import CopyLimits, score_memorization

POEM = " ".join(f"verse{number} and so it went," for number in range(60))
SharedData = Callable[[str], Path]


def longest_common(first: Sequence[str], second: Sequence[str], begin: int) -> int:
    """How many tokens from `begin` on are somewhere in `second`, by trying them all."""
    return max(
        (
            sum(
                1
                for _ in itertools.takewhile(
                    lambda pair: pair[0] == pair[1], zip(first[begin:], second[at:], strict=False)
                )
            )
            for at in range(len(second))
        ),
        default=0,
    )


WORDS = st.lists(st.sampled_from("abc"), max_size=60).map(" ".join)


@pytest.fixture
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of 16 tokens, so that small corpora have several and overlaps cross their ends."""
    monkeypatch.setattr(corpus_index, "STRETCH", 16)
    monkeypatch.setattr(corpus_index, "CONTEXT", 64)


@pytest.mark.usefixtures("small_stretches")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, min_size=1, max_size=3))
def test_overlaps_are_those_that_trying_all_finds(
    tmp_path_factory: pytest.TempPathFactory, documents: list[str], texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "corpus.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in documents))
    if not any(documents):
        with pytest.raises(GovernanceError, match="no token"):
            open_index(folder, folder / "index")
        return
    index = open_index(folder, folder / "index")
    corpus = [[*tokens_of(document)] for document in documents]
    responses = [[*tokens_of(text)] for text in texts]
    for tokens, found in zip(responses, index.overlaps([hashes_of(one) for one in responses]), strict=True):
        for begin in range(len(tokens)):
            longest = max(longest_common(tokens, document, begin) for document in corpus)
            assert found.lengths[begin] == longest
            passage = index.window(int(found.places[begin]), 0, longest)
            assert passage == hashes_of(tokens[begin : begin + longest])


def test_an_overlap_longer_than_the_context_is_reported_as_the_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_index, "CONTEXT", 8)
    (tmp_path / "corpus.txt").write_text(POEM)
    index = open_index(tmp_path / "corpus.txt", tmp_path / "index")
    assert index.overlaps([hashes_of(tokens_of(POEM))])[0].lengths.max() == 8


@pytest.mark.parametrize("block", [1, 7, 64])
def test_text_is_the_same_tokens_whatever_the_blocks_it_is_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(corpus_text, "BLOCK_CHARACTERS", block)
    text = "It's naïve – don't_you think?\n\n  Señor 42.5 日本語 end"
    (tmp_path / "corpus.txt").write_text(text)
    [document] = corpus_text.documents(tmp_path / "corpus.txt")
    assert [*document] == [*tokens_of(text)]


def test_a_word_without_end_does_not_grow_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_text, "BLOCK_CHARACTERS", 1_000)
    (tmp_path / "corpus.txt").write_text("x" * 50_000)
    [document] = corpus_text.documents(tmp_path / "corpus.txt")
    assert max(len(token) for token in document) <= 5_000


def test_the_index_is_built_once_and_anew_for_another_corpus(tmp_path: Path) -> None:
    corpus, place = tmp_path / "corpus.txt", tmp_path / "index"
    corpus.write_text(POEM)
    open_index(corpus, place)
    [first] = place.iterdir()
    stamps = {file: file.stat().st_mtime_ns for file in first.iterdir()}
    open_index(corpus, place)
    assert {file: file.stat().st_mtime_ns for file in first.iterdir()} == stamps
    corpus.write_text(POEM + " more")
    assert open_index(corpus, place).description["tokens"] == len([*tokens_of(POEM)]) + 1
    assert len([*place.iterdir()]) == 2


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"text": "one"}\n{"body": "two"}\n')
    with pytest.raises(GovernanceError, match=r'corpus\.jsonl:2: no text under "text"'):
        open_index(corpus, tmp_path / "index")
    assert not [*(tmp_path / "index").iterdir()]


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no corpus there"), ("", "no token"), ("\n \n", "no token")]
)
def test_a_corpus_that_is_none_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "corpus.txt").write_text(content)
    with pytest.raises(GovernanceError, match=message):
        open_index(tmp_path if content is None else tmp_path / "corpus.txt", tmp_path / "index")


def scored(
    tmp_path: Path, lines: Iterable[Mapping[str, Any]], **limits: Any
) -> dict[tuple[str, str | None], Measurement]:
    (tmp_path / "corpus.txt").write_text(POEM)
    responses = tmp_path / "responses.jsonl"
    responses.write_text("".join(json.dumps(line) + "\n" for line in lines))
    evidence = score_memorization(
        responses,
        tmp_path / "evidence",
        tmp_path / "corpus.txt",
        tmp_path / "index",
        limits=CopyLimits(**limits),
    )
    return {(one.metric.removeprefix("memorization."), one.facet): one for one in evidence.measurements}


def value(
    found: Mapping[tuple[str, str | None], Measurement], metric: str, facet: str | None = None
) -> float:
    one = found[metric, facet]
    assert isinstance(one, Measured), one
    return one.value


def test_copies_near_copies_and_words_of_ones_own(tmp_path: Path) -> None:
    words = POEM.split()
    copied = " ".join(words[10:40])
    near = " ".join("other" if place % 10 == 5 else word for place, word in enumerate(words[50:80]))
    lines = [
        {"id": 1, "response": "Here it is: " + copied, "facets": {"region": "EU"}},
        {"id": 2, "response": near, "facets": {"region": "EU"}},
        {"id": 3, "response": "nothing of it at all", "facets": {"region": "US"}},
        {"id": 4, "response": "", "facets": {"region": "US"}},
    ]
    found = scored(tmp_path, lines, tokens=20)
    results = [
        json.loads(text) for text in (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()
    ]
    assert [one["correct"] for one in results] == [False, False, True, None]
    assert results[0]["longest_overlap_tokens"] == len([*tokens_of(copied)])
    assert results[0]["longest_overlap_characters"] == len(copied)
    tokens = len([*tokens_of(near)])
    assert results[1]["edit_similarity"] == pytest.approx(1 - near.split().count("other") / tokens)
    assert value(found, "rate_above_limit") == pytest.approx(1 / 3)
    assert value(found, "rate_above_limit", "region=EU") == 0.5
    assert value(found, "near_rate_above_limit", "region=EU") == 1
    assert value(found, "rate_above_limit_largest_gap", "region") == 0.5
    assert value(found, "empty_rate") == 0.25
    assert value(found, "max_overlap_tokens") == results[0]["longest_overlap_tokens"]


def test_empty_responses_show_nothing(tmp_path: Path) -> None:
    found = scored(tmp_path, [{"id": 1, "response": ""}, {"id": 2, "response": " \n"}])
    assert value(found, "empty_rate") == 1
    unmeasured = {name for (name, _), one in found.items() if isinstance(one, Unmeasured)}
    assert unmeasured == {name for name, _ in found} - {"empty_rate"}


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_corpus_in_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("café " * 10, encoding=encoding)
    with pytest.raises(GovernanceError, match=r"corpus\.txt: not UTF-8; save the corpus as UTF-8"):
        open_index(corpus, tmp_path / "index")
    assert not [*(tmp_path / "index").iterdir()]


def test_the_limit_itself_is_not_above_it(tmp_path: Path) -> None:
    copied = " ".join(POEM.split()[:8])
    tokens = len([*tokens_of(copied)])
    assert value(scored(tmp_path, [{"response": copied}], tokens=tokens), "rate_above_limit") == 0
    assert value(scored(tmp_path, [{"response": copied}], tokens=tokens - 1), "rate_above_limit") == 1


def test_helms_published_figures(shared_data: SharedData) -> None:
    for case in json.loads((shared_data("helm") / "helm_values.json").read_text())["copyright"]:
        for spacing, per_token in itertools.product((False, True), repeat=2):
            found = helm_copyright(
                case["prefix"], case["reference"], case["completions"], normalise_spacing=spacing
            )
            if per_token:
                divided = found.per_prefix_token(case["prefix"])
                assert divided is not None
                found = divided
            expected = case[f"norm_ws={spacing},norm_prefix={per_token}"]
            assert {name: getattr(found, name) for name in expected} == expected, case["case"]


def test_without_references_helms_figures_say_that_there_are_none(tmp_path: Path) -> None:
    found = scored(tmp_path, [{"response": "some words"}])
    assert {name: one.reason for (name, _), one in found.items() if isinstance(one, Unmeasured)} == {
        f"helm_{name}": "no line has the reference that the prompt was taken from"
        for name in ("longest_common_prefix_length", "edit_distance", "edit_similarity")
    }


def test_helms_figures_of_an_item_are_the_best_over_its_repeats(tmp_path: Path) -> None:
    item = {"id": 1, "prompt": "One two", "reference": "One two three four five six."}
    found = scored(tmp_path, [{**item, "response": text} for text in ("three four", "no", "three four five")])
    assert (
        value(found, "helm_longest_common_prefix_length") == 2
    )  # the reference is cut before its last letter
    assert value(found, "helm_longest_common_prefix_length_per_prompt_token") == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({}, "response: missing"),
        ({"response": 3}, "response: not a text"),
        ({"response": "x", "prompt": ["y"]}, "prompt: not a text"),
        ({"response": "x", "prompt": "A", "reference": "B"}, "reference: does not begin with the prompt"),
        ({"response": "x", "prompt": "A", "reference": "A "}, "reference: ends with the prompt"),
        ({"response": "x", "id": 1.5}, "id: an id is a text or an integer"),
    ],
)
def test_lines_that_lack_what_is_needed_are_named(tmp_path: Path, line: dict[str, Any], message: str) -> None:
    with pytest.raises(GovernanceError) as raised:
        scored(tmp_path, [{"response": "fine"}, line])
    assert f"responses.jsonl:2: {message}" in str(raised.value)
    assert not (tmp_path / "evidence").exists()


SENTENCE = (
    "Über die Brücke zu Genève führt, so schön die Aussicht auch sein mag, kein früher Weg zurück ins Café."
)


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda text: text, id="as it is"),
        pytest.param(lambda text: unicodedata.normalize("NFD", text), id="decomposed accents"),
        pytest.param(lambda text: text.replace("r", "r\u200b"), id="zero-width spaces"),
        pytest.param(lambda text: text.replace("ck", "c\u00adk"), id="soft hyphens"),
        pytest.param(
            lambda text: unicodedata.normalize("NFD", text).replace("\u0308", "\u2060\u0308"),
            id="a joiner before the accent",
        ),
        pytest.param(
            lambda text: "".join(
                chr(ord(one) + 0xFEE0) if one.isascii() and one.isalpha() else one for one in text
            ),
            id="full-width letters",
        ),
        pytest.param(lambda text: text.replace(" ", "\u00a0"), id="no-break spaces"),
        pytest.param(lambda text: text.replace("e", "e\ufe0f"), id="variation selectors"),
    ],
)
def test_a_copy_is_found_however_it_is_encoded(tmp_path: Path, hide: Callable[[str], str]) -> None:
    for corpus, response in ((SENTENCE, hide(SENTENCE)), (hide(SENTENCE), SENTENCE)):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "corpus.txt").write_text(corpus, encoding="utf-8")
        (folder / "responses.jsonl").write_text(json.dumps({"response": response}) + "\n")
        score_memorization(
            folder / "responses.jsonl", folder / "out", folder / "corpus.txt", folder / "index"
        )
        [result] = [json.loads(line) for line in (folder / "out" / "results.jsonl").read_text().splitlines()]
        assert result == {
            "id": "line 1",
            "tokens": len([*tokens_of(SENTENCE)]),
            "characters": len(response),
            "longest_overlap_tokens": len([*tokens_of(SENTENCE)]),
            "longest_overlap_characters": len(SENTENCE),
            "edit_similarity": 1.0,
            "correct": True,
            "facets": {},
        }


@pytest.mark.parametrize("block", [1, 2, 5, 64])
def test_decomposed_text_is_the_same_tokens_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(corpus_text, "BLOCK_CHARACTERS", block)
    text = unicodedata.normalize("NFD", SENTENCE).replace("ck", "c\u00adk")
    (tmp_path / "corpus.txt").write_text(text, encoding="utf-8")
    [document] = corpus_text.documents(tmp_path / "corpus.txt")
    assert [*document] == [*tokens_of(SENTENCE)]
