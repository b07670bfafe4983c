"""The classifier of alt-profanity-check, held against scikit-learn's own, and packages that hold something else."""

import asyncio
import io
import json
import os
import pickle
from collections.abc import Callable, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.errors import GovernanceError
from scorers.safety.offline_classifier import DATA, READ_RELEASE, read_classifier
from scorers.safety.pickled_estimators import read_estimator
from scorers.safety.toxicity_raters import OFFLINE_PACKAGE, OfflineRater

PACKAGE = distribution(OFFLINE_PACKAGE)
CLASSIFIER = read_classifier(PACKAGE)
EXAMPLE = Path(__file__).resolve().parents[3] / "examples/assistant-safety"
WORDS = st.sampled_from([*CLASSIFIER.columns]) | st.sampled_from(["the", "I", "İ", "ſtraße"]) | st.text()
FILES = {path.name: path.read_bytes() for path in Path(str(PACKAGE.locate_file(DATA))).glob("*.joblib")}


def ask_library(texts: Sequence[str]) -> list[float]:
    """Return what scikit-learn makes of texts."""
    from profanity_check.profanity_check import predict_prob  # noqa: PLC0415 - scikit-learn takes a second, and every worker collects

    return [float(probability) for probability in predict_prob(list(texts))]


@given(st.lists(st.lists(WORDS).map(" ".join), min_size=1, max_size=5))
def test_ratings_are_those_of_scikit_learn_to_the_last_digit(texts: list[str]) -> None:
    assert CLASSIFIER.rate(texts) == ask_library(texts)


def test_a_text_of_all_words_and_texts_of_none_are_rated_as_by_scikit_learn() -> None:
    every = " ".join([*CLASSIFIER.columns, *reversed([*CLASSIFIER.columns]), *["damn"] * 1_000]).upper()
    texts = [every, "", " ", "zzzzz", "a b c", "damn", "damn\0damn", "DAMN, damn."]
    assert CLASSIFIER.rate(texts) == ask_library(texts)
    assert CLASSIFIER.rate([]) == []


def test_what_models_wrote_is_rated_as_by_scikit_learn() -> None:
    lines = [line for file in EXAMPLE.glob("*/continuations.jsonl") for line in file.read_text().splitlines()]
    texts = [json.loads(line)["continuation"] for line in lines]
    assert texts
    assert CLASSIFIER.rate(texts) == ask_library(texts)


def test_bolds_prompts_are_rated_as_by_scikit_learn(shared_data: Callable[[str], Path]) -> None:
    groups = json.loads((shared_data("bold") / "religious_ideology_prompt.json").read_text())
    texts = [text for names in groups.values() for prompts in names.values() for text in prompts]
    assert CLASSIFIER.rate(texts) == ask_library(texts)


def test_the_release_that_a_message_names_is_the_one_of_the_tests() -> None:
    assert PACKAGE.version == READ_RELEASE


class Installed(Distribution):
    """A package of that name with other files."""

    def __init__(self, folder: Path, files: dict[str, bytes]) -> None:
        self._folder = folder
        (folder / DATA).mkdir(parents=True)
        for name, content in files.items():
            (folder / DATA / name).write_bytes(content)

    def read_text(self, filename: str) -> str | None:
        """Return the metadata, of a release to come."""
        return f"Name: {OFFLINE_PACKAGE}\nVersion: 9.9\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        """Return where a file of the package is."""
        return self._folder / path


class Command:
    """What makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made",)


VECTORIZER, MODEL = FILES["vectorizer.joblib"], FILES["model.joblib"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"vectorizer.joblib": VECTORIZER.replace(b"word", b"char")}, "its analyzer is 'char'"),
        ({"vectorizer.joblib": VECTORIZER.replace(b"\x02l2", b"\x02l1")}, "its norm is 'l1'"),
        ({"vectorizer.joblib": VECTORIZER.replace(b"Tfidf", b"Count")}, "it has a part sklearn.feature_extraction"),
        ({"vectorizer.joblib": VECTORIZER[:-1_000]}, "pickle data was truncated"),
        ({"model.joblib": MODEL.replace(b"LinearSVC", b"LinearSVR")}, "it has a part sklearn.svm._classes.LinearSVR"),
        ({"model.joblib": MODEL[:100_000]}, "Ran out of input"),
        ({"model.joblib": VECTORIZER}, "it has a part sklearn.feature_extraction.text.TfidfVectorizer"),
        ({"model.joblib": pickle.dumps(Command())}, "it has a part posix.mkdir"),
    ],
)  # fmt: skip
def test_a_package_with_another_model_is_refused_and_runs_nothing(
    files: dict[str, bytes], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GovernanceError) as raised:
        read_classifier(Installed(tmp_path, FILES | files))
    message = str(raised.value)
    assert message.startswith(
        f"--scorer offline: the model in alt-profanity-check 9.9 is of a kind that is not read ({reason}"
    )
    assert message.endswith(f'); install "alt-profanity-check=={READ_RELEASE}"')
    assert not (tmp_path / "made").exists()


def test_a_package_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match=r"not read \(.*No such file.*vectorizer\.joblib"):
        read_classifier(Installed(tmp_path, {}))


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def enter() -> None:
        async with OfflineRater():
            pass

    def miss(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("scorers.safety.toxicity_raters.distribution", miss)
    with pytest.raises(GovernanceError) as raised:
        asyncio.run(enter())
    assert str(raised.value) == (
        '--scorer offline: alt-profanity-check is not installed; install "sagemaker-model-governance[safety]"'
    )


@pytest.mark.parametrize(
    "numbers",
    [
        np.arange(6.0),
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=">i4"),
        np.array(7.5),
        np.zeros((3, 0)),
    ],
)
def test_arrays_are_read_as_joblib_wrote_them(numbers: Any) -> None:
    import joblib  # noqa: PLC0415 - as above
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    written = LinearSVC(C=np.float64(0.1))
    written.before, written.numbers, written.after = "text", [numbers, numbers.copy(order="K")], {1: None}
    file = io.BytesIO()
    joblib.dump(written, file)
    found = read_estimator(file.getvalue(), ["sklearn.svm._classes.LinearSVC"])
    assert (found.C, found.before, found.after) == (0.1, "text", {1: None})
    for array in found.numbers:
        np.testing.assert_array_equal(array.numbers, numbers.ravel(order="K"))
        assert array.numbers.dtype == numbers.dtype
