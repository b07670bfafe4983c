"""Reranking models in Amazon Bedrock (Amazon Rerank, Cohere Rerank), by `InvokeModel`."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws.aws_errors import AwsError, explain_errors
from checks.strict_json import JsonValue, ReportError, parse_strict_json

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

COHERE_API_VERSION = 2


class BedrockReranker:
    """One reranking model; may be used by several threads at once."""

    def __init__(self, client: "BedrockRuntimeClient", model_id: str) -> None:
        self._client, self._model_id = client, model_id

    def order(self, query: str, documents: Sequence[str]) -> list[int]:
        """Return the indices of `documents`, the most relevant to `query` first.

        Raises:
            AwsThrottledError: Bedrock asks to slow down.
            AwsUnreachableError: no answer came, or an error of Bedrock's own.
            AwsError: the request was refused, or the answer does not rank the documents.
        """
        body: dict[str, JsonValue] = {"query": query, "documents": list(documents), "top_n": len(documents)}
        if "cohere" in self._model_id:
            body["api_version"] = COHERE_API_VERSION
        with explain_errors("InvokeModel", self._model_id):
            answer = self._client.invoke_model(
                modelId=self._model_id,
                body=json.dumps(body),
                contentType="application/json",
                accept="application/json",
            )
            content = answer["body"].read()
        try:
            ranked = _ranking(parse_strict_json(content))
        except ReportError:
            ranked = []
        if sorted(ranked) != list(range(len(documents))):
            raise AwsError(
                f"{self._model_id}: InvokeModel did not rank the documents; name a reranking model"
            )
        return ranked


def _ranking(answer: JsonValue) -> list[int]:
    results = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(results, list):
        return []
    found = [result.get("index") for result in results if isinstance(result, Mapping)]
    return [index for index in found if isinstance(index, int)]
