"""Rerankers of an account or of the sandbox: behind an endpoint of SageMaker, or models of Bedrock."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bedrock_rerank import BedrockReranker

from aws.clients import bedrock_runtime_client, sagemaker_runtime_client
from aws.sagemaker_runtime import SageMakerEndpoint
from checks.errors import GovernanceError


class Reranker(Protocol):
    """Puts passages into a better order."""

    def order(self, question: str, passages: Sequence[str]) -> list[int]:
        """Return the indices of the passages, the best first."""
        ...


class EndpointReranker:
    """A reranker behind an endpoint that speaks as Hugging Face's text embeddings inference does.

    It is sent `{"query": …, "texts": […]}`, and answers `[{"index": 0, "score": 0.9}, …]`.
    """

    def __init__(self, endpoint: SageMakerEndpoint, name: str) -> None:
        self._endpoint, self._name = endpoint, name

    def order(self, question: str, passages: Sequence[str]) -> list[int]:
        """Return the indices of the passages, the best first.

        Raises:
            AwsError: the endpoint could not be asked.
            GovernanceError: it did not score every passage.
        """
        answer = self._endpoint.invoke({"query": question, "texts": list(passages)})
        found = answer if isinstance(answer, list) else []
        scores = {
            one.get("index"): one.get("score")
            for one in found
            if isinstance(one, Mapping) and isinstance(one.get("score"), int | float)
        }
        if scores.keys() != set(range(len(passages))):
            raise GovernanceError(f"{self._name}: did not score every passage; deploy a reranking model")
        return sorted(range(len(passages)), key=lambda index: -float(str(scores[index])))


def reranker_of(name: str) -> Reranker:
    """Return the reranker that `sagemaker:ENDPOINT` or `bedrock:MODEL` names.

    Raises:
        GovernanceError: the name is neither.
    """
    provider, _, model = name.partition(":")
    if provider == "bedrock" and model:
        return BedrockReranker(bedrock_runtime_client(), model)
    if provider == "sagemaker" and model:
        return EndpointReranker(SageMakerEndpoint(sagemaker_runtime_client(), model), name)
    raise GovernanceError(f'--reranker "{name}": name sagemaker:ENDPOINT or bedrock:MODEL')
