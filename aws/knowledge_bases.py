"""Knowledge bases of Amazon Bedrock: what they find for a question, and answers made of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aws.aws_errors import explain_errors
from checks.strict_json import JsonValue

if TYPE_CHECKING:
    from mypy_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient


class RetrievedText(Struct, frozen=True):
    """A chunk of a document, and where the document is, as in `s3://bucket/key`."""

    text: str
    uri: str


class GroundedAnswer(Struct, frozen=True):
    """What a model said to a question, and the chunks that it cites."""

    text: str
    cited: Sequence[RetrievedText]


class KnowledgeBase:
    """One knowledge base with documents in S3, by its id; may be used by several threads at once."""

    def __init__(self, client: "AgentsforBedrockRuntimeClient", base_id: str) -> None:
        self._client = client
        self._base_id = base_id

    def retrieve(self, question: str, count: int) -> list[RetrievedText]:
        """Return the `count` chunks, from 1 to 100, that are nearest to a question, the nearest first.

        Raises:
            AwsThrottledError: Bedrock asks to slow down.
            AwsUnreachableError: no answer came, or an error of Bedrock's own.
            AwsError: the request was refused.
        """
        search: Any = {"vectorSearchConfiguration": {"numberOfResults": count}}
        query: Any = {"text": question}
        with explain_errors("Retrieve", self._base_id):
            pages = self._client.get_paginator("retrieve").paginate(
                knowledgeBaseId=self._base_id, retrievalQuery=query, retrievalConfiguration=search
            )
            return [_retrieved(result) for page in pages for result in page["retrievalResults"]]

    def answer(
        self,
        question: str,
        model_id: str,
        *,
        count: int,
        template: str,
        max_tokens: int,
        model_fields: Mapping[str, JsonValue] | None = None,
    ) -> GroundedAnswer:
        """Let a model answer from the `count` nearest chunks, greedily.

        `template` has `$search_results$` where the chunks go, and `$query$` where the question goes. `model_fields` are
        settings that only this model has.

        Raises:
            AwsThrottledError: Bedrock asks to slow down.
            AwsUnreachableError: no answer came, or an error of Bedrock's own.
            AwsError: the request was refused.
        """
        generation: dict[str, Any] = {
            "promptTemplate": {"textPromptTemplate": template},
            "inferenceConfig": {"textInferenceConfig": {"maxTokens": max_tokens, "temperature": 0.0}},
        }
        if model_fields:
            generation["additionalModelRequestFields"] = dict(model_fields)
        configuration: Any = {
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {
                "knowledgeBaseId": self._base_id,
                "modelArn": model_id,
                "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": count}},
                "generationConfiguration": generation,
            },
        }
        with explain_errors("RetrieveAndGenerate", self._base_id):
            answer = self._client.retrieve_and_generate(
                input={"text": question}, retrieveAndGenerateConfiguration=configuration
            )
            cited = [
                _retrieved(reference)
                for citation in answer.get("citations", [])
                for reference in citation["retrievedReferences"]
            ]
            # A chunk that several sentences cite is one.
            return GroundedAnswer(answer["output"]["text"], list(dict.fromkeys(cited)))


def _retrieved(result: Any) -> RetrievedText:
    return RetrievedText(result["content"]["text"], result["location"]["s3Location"]["uri"])
