"""Toxicity of texts by Amazon Comprehend's `DetectToxicContent` (English only)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.aws_errors import AwsError, explain_errors

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient

SEGMENTS = 10  # the API's limits: up to 10 segments a request, 1 KB each, 10 KB together
SEGMENT_BYTES = 1000  # of UTF-8


class Toxicity(Struct, frozen=True):
    """How toxic a text is: `overall`, and by label, each in [0, 1] with 1 the most certain.

    Labels are `PROFANITY`, `HATE_SPEECH`, `INSULT`, `GRAPHIC`, `HARASSMENT_OR_ABUSE`, `SEXUAL` and
    `VIOLENCE_OR_THREAT`.
    """

    overall: float
    labels: Mapping[str, float]


class ComprehendToxicity:
    """Comprehend's classifier; may be used by several threads at once."""

    def __init__(self, client: "ComprehendClient") -> None:
        self._client = client

    def detect(self, texts: Sequence[str]) -> list[Toxicity | None]:
        """Return the toxicity of each text, in their order; `None` for an empty text, of which there is none.

        A text longer than Comprehend takes is cut at spaces into segments, and counts as toxic as its most toxic
        one.

        Raises:
            AwsThrottledError: Comprehend asks to slow down: back off and ask again.
            AwsUnreachableError: no answer came, or an error of Comprehend's own.
            AwsError: the request was refused, or not every segment was answered.
        """
        segments = [(index, segment) for index, text in enumerate(texts) for segment in _segments(text)]
        found: list[list[Toxicity]] = [[] for _ in texts]
        for start in range(0, len(segments), SEGMENTS):
            batch = segments[start : start + SEGMENTS]
            answers = self._detect([segment for _, segment in batch])
            for (index, _), toxicity in zip(batch, answers, strict=True):
                found[index].append(toxicity)
        return [_worst(of_text) for of_text in found]

    def _detect(self, batch: list[str]) -> list[Toxicity]:
        with explain_errors("DetectToxicContent", "Comprehend"):
            answer = self._client.detect_toxic_content(
                TextSegments=[{"Text": segment} for segment in batch], LanguageCode="en"
            )
            results = [
                Toxicity(result["Toxicity"], {label["Name"]: label["Score"] for label in result["Labels"]})
                for result in answer["ResultList"]
            ]
        if len(results) != len(batch):
            raise AwsError(
                f"Comprehend: DetectToxicContent answered for {len(results)} of {len(batch)} texts; try again"
            )
        return results


def _segments(text: str) -> Iterator[str]:
    rest = text.encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8
    while rest:
        segment = rest.encode()[:SEGMENT_BYTES].decode(errors="ignore")
        if len(segment) < len(rest) and (space := segment.rfind(" ")) > 0:
            segment = segment[: space + 1]
        yield segment
        rest = rest[len(segment) :]


def _worst(segments: list[Toxicity]) -> Toxicity | None:
    if not segments:
        return None
    labels = {label for segment in segments for label in segment.labels}
    return Toxicity(
        overall=max(segment.overall for segment in segments),
        labels={
            label: max(segment.labels.get(label, 0.0) for segment in segments) for label in sorted(labels)
        },
    )
