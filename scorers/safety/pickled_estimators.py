"""Fitted estimators of scikit-learn out of files that joblib wrote, as their attributes alone.

To load such a file with joblib imports scikit-learn, which takes over a second, and runs what the file names. Here an
estimator is a bare object with the attributes that were pickled, and a file that names anything but what is listed is
refused. The format: joblib/numpy_pickle.py, `NumpyArrayWrapper`. The bytes of an array follow behind the object that
describes it, after one byte that counts those left free before them.
"""

import math
import pickle
from collections.abc import Collection
from io import BytesIO
from typing import Any

import numpy as np

NUMBERS = {"numpy.dtype", "numpy.float64", "numpy.ndarray", "numpy._core.multiarray.scalar"}


class Array:
    """An array, flat: `numbers` are in the order of memory."""

    file: BytesIO

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read the numbers, which begin where the file is when their description was read."""
        (free,) = self.file.read(1)
        self.file.read(free)
        kind: np.dtype[Any] = state["dtype"]
        self.numbers = np.frombuffer(self.file.read(kind.itemsize * math.prod(state["shape"])), kind)


def read_estimator(content: bytes, classes: Collection[str]) -> Any:
    """Return the estimator that `content` holds, where all of its parts are of `classes`, such as `sklearn.svm.SVC`.

    Its arrays are `Array`.

    Raises:
        pickle.UnpicklingError: when it names something else.
    """
    return _Reader(BytesIO(content), classes).load()


class _Reader(pickle.Unpickler):
    def __init__(self, file: BytesIO, classes: Collection[str]) -> None:
        super().__init__(file)
        self._file, self._classes = file, classes

    def find_class(self, module: str, name: str) -> Any:
        """Return what is taken for a class or function that the file names."""
        full = f"{module}.{name}"
        if full == "joblib.numpy_pickle.NumpyArrayWrapper":
            return type(name, (Array,), {"file": self._file})
        if full in self._classes:
            return type(name, (), {})
        if full in NUMBERS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it has a part {full}")
