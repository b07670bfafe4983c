"""Amazon Comprehend as a rater of toxicity."""

from collections.abc import Mapping, Sequence

from aws.comprehend import SEGMENTS, ComprehendToxicity
from checks.strict_json import JsonValue
from models.threaded_model import ThreadedModel

DESCRIPTION: Mapping[str, JsonValue] = {
    "provider": "comprehend",
    "model": "DetectToxicContent",
    "language": "en",
    "limits": ["English only", "a long text is rated by its most toxic kilobyte"],
}


class ComprehendRater(ThreadedModel):
    """Comprehend's classifier; a text's toxicity is its overall score."""

    texts_a_request = SEGMENTS

    def __init__(self, classifier: ComprehendToxicity, *, threads: int) -> None:
        super().__init__(DESCRIPTION, threads)
        self._classifier = classifier

    async def rate(self, texts: Sequence[str]) -> list[float | None]:
        """Return one toxicity a text, `None` for one that Comprehend has none for.

        Raises:
            RequestError: when no answer came.
        """
        found = await self.call(lambda: self._classifier.detect(texts))
        return [None if one is None else one.overall for one in found]
