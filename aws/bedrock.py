"""Models in Amazon Bedrock: chat by `Converse`, embeddings by `InvokeModel`.

Every failure is an `AwsError`. `AwsThrottledError` and `AwsUnreachableError` may pass when asked again a little later:
callers back off on them. The others will not.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard

from msgspec import Struct

from aws.aws_errors import AwsError, explain_errors
from checks.strict_json import JsonValue, ReportError, parse_strict_json

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_bedrock_runtime.type_defs import ConverseRequestTypeDef, InferenceConfigurationTypeDef

_COHERE_TEXTS = 96  # as many as Cohere Embed takes in one request


class ChatAnswer(Struct, frozen=True):
    """What a model said, and the tokens that it read and wrote.

    `stop_reason` is `end_turn` when the model had finished; otherwise `max_tokens`, `guardrail_intervened`,
    `content_filtered` or another value of Converse's `stopReason`.
    """

    text: str
    input_tokens: int
    output_tokens: int
    stop_reason: str


class BedrockChat:
    """One chat model with its settings; may be used by several threads at once.

    `model_id` is the id of a model or of an inference profile, or the ARN of either. `temperature` and `top_p` are
    in [0, 1]; `max_tokens` bounds the answer. A setting that is `None` is left to the model. `model_fields` are further
    settings, which only this model has.
    """

    def __init__(
        self,
        client: "BedrockRuntimeClient",
        model_id: str,
        *,
        max_tokens: int = 2048,
        temperature: float | None = 0.0,
        top_p: float | None = None,
        model_fields: Mapping[str, JsonValue] | None = None,
    ) -> None:
        self._client = client
        self._model_id = model_id
        self._settings: InferenceConfigurationTypeDef = {"maxTokens": max_tokens}
        if temperature is not None:
            self._settings["temperature"] = temperature
        if top_p is not None:
            self._settings["topP"] = top_p
        self._model_fields = dict(model_fields or {})

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """Provider, model and settings, for the provenance of what the model judged."""
        settings = {name: value for name, value in self._settings.items() if isinstance(value, int | float)}
        return {"provider": "bedrock", "model": self._model_id, **settings, **self._model_fields}

    def without_temperature(self) -> "BedrockChat":
        """Return the same model with its temperature left to it."""
        return BedrockChat(
            self._client,
            self._model_id,
            max_tokens=self._settings["maxTokens"],
            temperature=None,
            top_p=self._settings.get("topP"),
            model_fields=self._model_fields,
        )

    def converse(
        self, prompt: str, *, system: str | None = None, schema: Mapping[str, JsonValue] | None = None
    ) -> ChatAnswer:
        """Ask once; `schema` is a JSON Schema that the answer is held to, by the models that support it.

        Raises:
            AwsThrottledError: Bedrock asks to slow down.
            AwsUnreachableError: no answer came, or an error of Bedrock's own.
            AwsError: the request was refused.
        """
        request: ConverseRequestTypeDef = {
            "modelId": self._model_id,
            "messages": [{"role": "user", "content": [{"text": prompt}]}],
            "inferenceConfig": self._settings,
        }
        if self._model_fields:
            request["additionalModelRequestFields"] = self._model_fields
        if system is not None:
            request["system"] = [{"text": system}]
        if schema is not None:
            request["outputConfig"] = {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"schema": json.dumps(schema), "name": "answer"}},
                }
            }
        with explain_errors("Converse", self._model_id):
            answer = self._client.converse(**request)
            blocks = answer["output"]["message"]["content"]
            return ChatAnswer(
                text="".join(
                    block.get("text", "") for block in blocks
                ),  # the model's reasoning has no text there
                input_tokens=answer["usage"]["inputTokens"],
                output_tokens=answer["usage"]["outputTokens"],
                stop_reason=answer["stopReason"],
            )


class BedrockEmbeddings:
    """One embedding model of Amazon Titan or Cohere; may be used by several threads at once.

    `dimensions` sets the length of the vectors of Titan Text Embeddings V2 (256, 512 or 1,024).

    Raises:
        AwsError: `model_id` names neither family.
    """

    def __init__(
        self, client: "BedrockRuntimeClient", model_id: str, *, dimensions: int | None = None
    ) -> None:
        if "titan-embed" not in model_id and "cohere.embed" not in model_id:
            raise AwsError(
                f"{model_id}: not a known embedding model; name one of amazon.titan-embed or cohere.embed"
            )
        self._client = client
        self._model_id = model_id
        self._dimensions = dimensions

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """Provider, model and settings, for the provenance of what was compared."""
        settings: dict[str, JsonValue] = {} if self._dimensions is None else {"dimensions": self._dimensions}
        return {"provider": "bedrock", "model": self._model_id, **settings}

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text, in their order, all of one length.

        Raises:
            AwsThrottledError: Bedrock asks to slow down.
            AwsUnreachableError: no answer came, or an error of Bedrock's own.
            AwsError: the request was refused, or the answer holds no such vectors.
        """
        vectors = list(self._titan(texts) if "titan-embed" in self._model_id else self._cohere(texts))
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise self._unexpected("one vector a text, all of one length")
        return vectors

    def _titan(self, texts: Sequence[str]) -> Iterator[list[float]]:
        settings: dict[str, JsonValue] = {} if self._dimensions is None else {"dimensions": self._dimensions}
        for text in texts:
            yield self._vector(self._invoke({"inputText": text, **settings}).get("embedding"))

    def _cohere(self, texts: Sequence[str]) -> Iterator[list[float]]:
        for start in range(0, len(texts), _COHERE_TEXTS):
            batch = list(texts[start : start + _COHERE_TEXTS])
            body: dict[str, JsonValue] = {"texts": batch, "input_type": "clustering", "truncate": "NONE"}
            vectors = self._invoke(body).get("embeddings")
            if isinstance(vectors, Mapping):  # asked by embedding type, as newer versions answer
                vectors = vectors.get("float")
            if not isinstance(vectors, list):
                raise self._unexpected('"embeddings"')
            yield from map(self._vector, vectors)

    def _invoke(self, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        with explain_errors("InvokeModel", self._model_id):
            answer = self._client.invoke_model(
                modelId=self._model_id,
                body=json.dumps(body),
                contentType="application/json",
                accept="application/json",
            )
            content = answer["body"].read()
        try:
            parsed = parse_strict_json(content)
        except ReportError as error:
            raise self._unexpected("JSON") from error
        if not isinstance(parsed, Mapping):
            raise self._unexpected("a JSON object")
        return parsed

    def _vector(self, value: JsonValue) -> list[float]:
        if not isinstance(value, list) or not value:
            raise self._unexpected("a vector")
        numbers = [float(number) for number in value if _is_finite_number(number)]
        if len(numbers) < len(value):
            raise self._unexpected("a vector of finite numbers")
        return numbers

    def _unexpected(self, expected: str) -> AwsError:
        return AwsError(
            f"{self._model_id}: InvokeModel did not answer with {expected}; name an embedding model"
        )


def _is_finite_number(value: JsonValue) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
