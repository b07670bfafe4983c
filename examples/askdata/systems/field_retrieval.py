"""The retrieval baseline: the measure nearest to the question, grouped by the nearest dimension where one is asked for.

It knows the LookML metadata and nothing else: no filters, no joins. Similarity is that of WordLlama's sentence
embeddings, which come inside the package and need no download.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.local_embeddings import logging_as_it_was
from systems.catalog import Catalog, Field

DIMENSIONS = 256
GROUPING = re.compile(r"\b(?:per|by|for each|of each|each)\s+(.+)", re.IGNORECASE)


@cache
def load_model() -> Any:
    """Return WordLlama's model, loaded once a process."""
    with logging_as_it_was():
        import wordllama  # noqa: PLC0415 - its import configures the root logger

    package = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(trunc_dim=DIMENSIONS, cache_dir=package, disable_download=True)


class FieldIndex:
    """Finds the fields whose view, name and description are nearest to a text."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = tuple(fields)
        self._model = load_model()
        self._vectors = self._embed([describe(field) for field in self._fields])

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.asarray(self._model.embed(list(texts), norm=True))

    def nearest(self, text: str, among: Sequence[Field]) -> Field:
        """Return the field of `among` nearest to `text`; the first in the metadata wins a tie."""
        similarity = self._vectors @ self._embed([text])[0]
        return max(among, key=lambda field: float(similarity[self._fields.index(field)]))


def describe(field: Field) -> str:
    """Return the text by which a field is found."""
    return f"{field.view} {field.name.replace('_', ' ')}: {field.description}"


def aggregate(measure: Field) -> str:
    """Return a measure as SQL over qualified columns."""
    functions = {"sum": "sum", "average": "avg", "max": "max", "min": "min"}
    if measure.kind == "count":
        return "count(*)"
    return f"{functions[measure.kind]}({measure.view}.{measure.sql})"


class FieldRetrieval:
    """`SELECT <nearest measure> FROM <its table> [GROUP BY <nearest dimension>]`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._index = FieldIndex(catalog.fields)

    def settings(self) -> Mapping[str, str | int | float | bool]:
        """Return the embedding package's version and its dimensions."""
        return {"system": "field-retrieval", "wordllama": version("wordllama"), "dimensions": DIMENSIONS}

    def predict(self, question: str) -> str:
        """Return one aggregate query."""
        measure = self._index.nearest(question, self._catalog.measures())
        table = self._catalog.tables[measure.view]
        grouping = GROUPING.search(question)
        if grouping is None:
            return f"SELECT {aggregate(measure)} FROM {table}"
        dimension = self._index.nearest(grouping[1], self._catalog.dimensions(measure.view))
        column = f"{measure.view}.{dimension.sql}"
        return f"SELECT {column}, {aggregate(measure)} FROM {table} GROUP BY {column}"
