"""Embeddings that come in packages."""

import asyncio
import logging
import threading
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from models.local_embeddings import LOCAL_EMBEDDINGS, WordLlamaEmbeddings

TEXTS = ["Jonah was in the fish.", "A fish had swallowed Jonah.", "Interest rates rose by a quarter point."]


@pytest.mark.parametrize("package", LOCAL_EMBEDDINGS)
def test_alike_texts_have_alike_vectors(package: str) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    before = logging.getLogger().level, list(logging.getLogger().handlers)

    async def embed() -> list[list[float]]:
        async with LOCAL_EMBEDDINGS[package]() as model:
            assert model.description["model"]
            return await model.embed(TEXTS)

    vectors = np.array(asyncio.run(embed()))
    assert vectors.shape == (3, LOCAL_EMBEDDINGS[package].dimensions)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2] + 0.05
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before


class Held(WordLlamaEmbeddings):
    """A model that is loaded when it may be, or cannot be."""

    def __init__(self, defect: Exception | None = None) -> None:
        super().__init__()
        self._defect = defect
        self.may_load = threading.Event()
        self.loads = 0

    def _load(self) -> Any:
        self.may_load.wait(60)
        self.loads += 1
        if self._defect is not None:
            raise self._defect
        return super()._load()


def test_a_model_is_loaded_once_while_others_go_on() -> None:
    model = Held()

    async def embed() -> int:
        async with model:
            loads = model.loads
            model.may_load.set()
            assert len(await model.embed(["one", "two"])) == 2
            return loads

    assert [asyncio.run(embed()), asyncio.run(embed())] == [0, 1]
    assert model.loads == 1


def test_a_model_that_was_entered_in_one_event_loop_embeds_in_another() -> None:
    model = asyncio.run(Held().__aenter__())
    model.may_load.set()
    assert [len(asyncio.run(model.embed([text]))) for text in ("one", "two")] == [1, 1]


def test_a_model_that_cannot_be_loaded_is_told_although_nothing_is_embedded() -> None:
    model = Held(OSError("the file is cut off"))
    model.may_load.set()

    async def enter() -> None:
        async with model:
            pass

    with pytest.raises(OSError, match="cut off"):
        asyncio.run(enter())
