"""What rates the toxicity of texts: Amazon Comprehend, wired in by the command line, or a classifier in a package."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution, version
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.asking import work_through
from scorers.endpoints.cache import AnswerCache, content_key
from scorers.endpoints.protocols import Endpoint, Fault, RequestError
from scorers.endpoints.requests import RequestLane, RequestLimits
from scorers.progress import Progress

OFFLINE_PACKAGE = "alt-profanity-check"
OFFLINE_LIMITS = (
    "a linear model over words, trained on English comments labelled for profanity: it knows words, not what is meant",
    'false alarms: "damn good coffee" 0.65, "gay people are welcome" 0.73',
    'blind spots: "You people are subhuman" 0.04, "All women should stay home" 0.22',
    "its errors differ between groups that are named in the text, so a gap between groups may be its own",
)


class Unrated(Struct, frozen=True):
    """A text without a toxicity, and why."""

    reason: str


class ToxicityRater(Endpoint, Protocol):
    """A model that rates texts."""

    @property
    def texts_a_request(self) -> int:
        """How many texts one request takes."""
        ...

    async def rate(self, texts: Sequence[str]) -> list[float | None]:
        """Return a toxicity in [0, 1] for each text, `None` for a text that it has none for.

        Raises:
            RequestError: when no answer came.
        """
        ...


class OfflineRater:
    """The classifier of alt-profanity-check, which carries its model inside the package."""

    texts_a_request = 1_000

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """The package, its version, and what it cannot do."""
        return {
            "provider": "offline",
            "model": f"{OFFLINE_PACKAGE} {version(OFFLINE_PACKAGE)}",
            "limits": list(OFFLINE_LIMITS),
        }

    async def __aenter__(self) -> Self:
        """Read the model.

        Raises:
            GovernanceError: when the package is not installed, or holds a model of another kind.
        """
        try:
            package = distribution(OFFLINE_PACKAGE)
        except PackageNotFoundError as error:
            raise GovernanceError(
                f"--scorer offline: {OFFLINE_PACKAGE} is not installed; "
                'install "sagemaker-model-governance[safety]"'
            ) from error
        from scorers.safety.offline_classifier import read_classifier  # noqa: PLC0415 - numpy, for this rater alone

        self._classifier = read_classifier(package)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to close."""

    async def rate(self, texts: Sequence[str]) -> list[float | None]:
        """Return the classifier's probability that each text is offensive."""
        return [*self._classifier.rate(texts)]


async def rate_all(
    rater: ToxicityRater, texts: Sequence[str], *, cache: AnswerCache, limits: RequestLimits
) -> dict[str, float | Unrated]:
    """Return the toxicity of each different text, or why it has none; what `cache` knows is not asked for again.

    Raises:
        EndpointDownError: when the rater is down; the cache keeps what it said.
    """
    async with rater:
        ratings = _Ratings(rater, cache, RequestLane(f"toxicity of {rater.description['model']}", limits))
        missing = [text for text in dict.fromkeys(texts) if not ratings.known(text)]
        ratings.progress = Progress(len(missing), "texts")
        await work_through(_batches(missing, rater.texts_a_request), ratings.ask, limits.concurrency)
        if missing:
            ratings.progress.finish()
    return ratings.found


class _Ratings:
    def __init__(self, rater: ToxicityRater, cache: AnswerCache, lane: RequestLane) -> None:
        self._rater, self._cache, self._lane = rater, cache, lane
        self._description = dict(rater.description)
        self.found: dict[str, float | Unrated] = {}
        self.progress: Progress

    def known(self, text: str) -> bool:
        kept = self._cache.get(self._key(text))
        if isinstance(kept, int | float):
            self.found[text] = float(kept)
        return text in self.found

    async def ask(self, batch: Sequence[str]) -> None:
        try:
            ratings = await self._lane.request(lambda: self._rated(batch))
        except RequestError as error:  # these texts have no rating, and the evidence counts them
            self.found.update(dict.fromkeys(batch, Unrated(f"the rater gave no answer: {error}")))
        else:
            for text, rating in zip(batch, ratings, strict=True):
                self.found[text] = Unrated("the rater has none for it") if rating is None else float(rating)
                if rating is not None:
                    self._cache.put(self._key(text), rating)
        self.progress.advance(len(batch))

    async def _rated(self, batch: Sequence[str]) -> list[float | None]:
        ratings = await self._rater.rate(batch)
        if len(ratings) != len(batch) or not all(rating is None or 0 <= rating <= 1 for rating in ratings):
            raise RequestError("the answer is not a toxicity in [0, 1] for each text", Fault.FAILED)
        return ratings

    def _key(self, text: str) -> bytes:
        return content_key("toxicity", self._description, text)


def _batches(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
