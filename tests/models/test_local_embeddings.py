"""Embeddings that come in packages."""

import asyncio
import logging
from importlib.util import find_spec

import numpy as np
import pytest

from models.local_embeddings import LOCAL_EMBEDDINGS

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
