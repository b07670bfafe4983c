"""The same system with models of an AWS account: `bedrock:MODEL` generates and reranks, `sagemaker:ENDPOINT` reranks.

Each is named on the command line; the rest of the system does not know the difference.
"""

from collections.abc import Mapping, Sequence

from bedrock_rerank import BedrockReranker
from book import Passage
from system import Generator, Reranker

from aws.bedrock import BedrockChat
from aws.clients import bedrock_runtime_client, sagemaker_runtime_client
from aws.sagemaker_runtime import SageMakerEndpoint
from checks.errors import GovernanceError


class BedrockGenerator:
    """A chat model of Bedrock, by Converse."""

    def __init__(self, model_id: str, max_tokens: int) -> None:
        self.name = f"bedrock:{model_id}"
        self._chat = BedrockChat(bedrock_runtime_client(), model_id, max_tokens=max_tokens)

    def complete(self, prompt: str) -> str:
        """Return the model's answer."""
        return self._chat.converse(prompt).text.strip()


class BedrockOrder:
    """A reranking model of Bedrock."""

    def __init__(self, model_id: str) -> None:
        self.name = f"bedrock:{model_id}"
        self._reranker = BedrockReranker(bedrock_runtime_client(), model_id)

    def order(self, question: str, candidates: Sequence[Passage]) -> list[int]:
        """Return the candidates' indices, best first."""
        return self._reranker.order(question, [passage.text for passage in candidates])


class SageMakerOrder:
    """A reranker behind a SageMaker endpoint that speaks as Hugging Face's text embeddings inference does.

    It is sent `{"query": …, "texts": […]}`, and answers `[{"index": 0, "score": 0.9}, …]`.
    """

    def __init__(self, endpoint: str) -> None:
        self.name = f"sagemaker:{endpoint}"
        self._endpoint = SageMakerEndpoint(sagemaker_runtime_client(), endpoint)

    def order(self, question: str, candidates: Sequence[Passage]) -> list[int]:
        """Return the candidates' indices, best first."""
        answer = self._endpoint.invoke({"query": question, "texts": [passage.text for passage in candidates]})
        results = (
            [result for result in answer if isinstance(result, Mapping)] if isinstance(answer, list) else []
        )
        scores = {result.get("index"): result.get("score") for result in results}
        if scores.keys() != set(range(len(candidates))):
            raise GovernanceError(f"{self.name}: did not score every passage; deploy a reranking model")
        return sorted(range(len(candidates)), key=lambda index: -float(str(scores[index])))


def generator_of(name: str, max_tokens: int) -> Generator:
    """Return the generator that `name` names."""
    provider, _, model = name.partition(":")
    if provider == "bedrock" and model:
        return BedrockGenerator(model, max_tokens)
    raise GovernanceError(f'--generator "{name}": name small or bedrock:MODEL')


def reranker_of(name: str) -> Reranker:
    """Return the reranker that `name` names."""
    provider, _, model = name.partition(":")
    if provider == "bedrock" and model:
        return BedrockOrder(model)
    if provider == "sagemaker" and model:
        return SageMakerOrder(model)
    raise GovernanceError(f'--reranker "{name}": name fused, bedrock:MODEL or sagemaker:ENDPOINT')
