"""The classifier of alt-profanity-check, as scikit-learn computes it, without scikit-learn.

The package holds a `TfidfVectorizer` and a `CalibratedClassifierCV` of linear classifiers. Of a text in lower case, the
words that the vectorizer knows count by how often they are there and how seldom elsewhere, scaled to the length 1. Each
classifier takes a weighted sum of them, and its sigmoid makes a probability of that; the mean of these is the rating.
All sums are taken in scikit-learn's order, so that ratings are its ratings to the last digit.
"""

import math
import pickle
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from checks.errors import GovernanceError
from scorers.safety.pickled_estimators import read_estimator

READ_RELEASE = "1.9.1"
DATA = "profanity_check/data"
VECTORIZER = (
    "sklearn.feature_extraction.text.TfidfVectorizer",
    "sklearn.feature_extraction.text.TfidfTransformer",
)
CLASSIFIER = (
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.svm._classes.LinearSVC",
)
# Stop words need no list: the vocabulary was learned without them, and so has none.
SPLITTING = {
    "input": "content",
    "strip_accents": None,
    "lowercase": True,
    "preprocessor": None,
    "tokenizer": None,
    "analyzer": "word",
    "ngram_range": (1, 1),
    "binary": False,
    "fixed_vocabulary_": False,
}
WEIGHING = {"norm": "l2", "use_idf": True, "sublinear_tf": False}

Numbers = npt.NDArray[np.float64]


class Linear(Struct, frozen=True):
    """One classifier: a number for each column, and its sigmoid."""

    coefficients: Numbers
    intercept: Numbers  # one
    slope: float
    offset: float


class OfflineClassifier(Struct, frozen=True):
    """The vectorizer (how a text is split, the column of each word and its rarity) and the classifiers."""

    find_words: Callable[[str], list[str]]
    columns: Mapping[str, int]
    rarities: Numbers
    classifiers: Sequence[Linear]

    def rate(self, texts: Sequence[str]) -> list[float]:
        """Return the probability that each text is offensive."""
        # Numbers of each known word of each text, in the order of texts and columns: sums are taken in this order.
        found = [self._count_words(text) for text in texts]
        rows = np.array([row for row, words in enumerate(found) for _ in words], dtype=np.intp)
        columns = np.array([column for words in found for column in words], dtype=np.intp)
        counts = np.array([count for words in found for count in words.values()], dtype=float)
        order = np.lexsort((columns, rows))
        columns, counts = columns[order], counts[order]
        weights = counts * self.rarities[columns]
        lengths = np.sqrt(np.bincount(rows, weights * weights, len(texts)))
        weights /= lengths[rows]
        ratings = np.zeros(len(texts))
        for one in self.classifiers:
            decisions = np.bincount(rows, weights * one.coefficients[columns], len(texts)) + one.intercept
            # numpy's exponential differs from that of C, which scikit-learn takes, in the last digit.
            ratings += [1 / (1 + math.exp(exponent)) for exponent in one.slope * decisions + one.offset]
        return [float(rating) for rating in ratings / len(self.classifiers)]

    def _count_words(self, text: str) -> Counter[int | None]:
        """Return how often each column's word is in `text`."""
        counts = Counter(map(self.columns.get, self.find_words(text.lower())))
        del counts[None]
        return counts


def read_classifier(package: Distribution) -> OfflineClassifier:
    """Return the classifier that `package` holds.

    Raises:
        GovernanceError: when it is of another kind.
    """
    folder = Path(str(package.locate_file(DATA)))
    try:
        vectorizer = read_estimator((folder / "vectorizer.joblib").read_bytes(), VECTORIZER)
        model = read_estimator((folder / "model.joblib").read_bytes(), CLASSIFIER)
        _check(vectorizer, SPLITTING)
        _check(vectorizer._tfidf, WEIGHING)
        return OfflineClassifier(
            re.compile(vectorizer.token_pattern).findall,
            vectorizer.vocabulary_,
            vectorizer._tfidf.idf_.numbers,
            [_read_linear(one) for one in model.calibrated_classifiers_],
        )
    except (OSError, EOFError, AttributeError, ValueError, pickle.UnpicklingError) as error:
        raise GovernanceError(
            f"--scorer offline: the model in {package.name} {package.version} is of a kind that is not read ({error}); "
            f'install "{package.name}=={READ_RELEASE}"'
        ) from error


def _check(estimator: Any, expected: Mapping[str, Any]) -> None:
    for name, value in expected.items():
        if (found := getattr(estimator, name)) != value:
            raise ValueError(f"its {name} is {found!r}")


def _read_linear(calibrated: Any) -> Linear:
    linear = calibrated.estimator
    (calibrator,) = calibrated.calibrators
    return Linear(linear.coef_.numbers, linear.intercept_.numbers, calibrator.a_, calibrator.b_)
