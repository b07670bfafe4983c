"""From what the user names (`bedrock:MODEL`, `sagemaker:NAME`, `openai:MODEL`, `local:PACKAGE`, a URL) to a model."""

import os

from aws.bedrock import BedrockChat, BedrockEmbeddings
from aws.clients import bedrock_runtime_client, sagemaker_runtime_client
from aws.sagemaker_runtime import SageMakerEndpoint
from checks.errors import GovernanceError
from models.answer_options import AnswerOptions, JudgeOptions
from models.bedrock_models import BedrockEmbeddingModel, BedrockJudge
from models.local_embeddings import LOCAL_EMBEDDINGS
from models.openai_server import Server
from models.sagemaker_models import SageMakerModel
from scorers.endpoints.protocols import EmbeddingModel, JsonMode, Judge

NONE = "none"
KEY = "OPENAI_API_KEY"


def make_judge(name: str, server: Server, options: JudgeOptions) -> Judge | None:
    """Return the judge that `name` names; `server` is where an OpenAI-compatible one is.

    Raises:
        GovernanceError: when it names none, or Bedrock has no region.
    """
    provider, _, model = name.partition(":")
    if name == NONE:
        return None
    if provider == "bedrock" and model:
        chat = BedrockChat(
            bedrock_runtime_client(), model, max_tokens=options.max_tokens, temperature=options.temperature
        )
        return BedrockJudge(chat, threads=options.threads, by_schema=options.json_mode is JsonMode.SCHEMA)
    if provider == "openai" and model:
        from models.openai_compatible import OpenAiJudge  # noqa: PLC0415 - httpx2 is for who asks such a server

        return OpenAiJudge(
            model,
            server,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            json_mode=options.json_mode or JsonMode.SCHEMA,
        )
    raise GovernanceError(f'--judge "{name}": name bedrock:MODEL_ID, openai:MODEL or none')


def make_embedding_model(name: str, server: Server, threads: int) -> EmbeddingModel | None:
    """Return the embedding model that `name` names.

    Raises:
        GovernanceError: when it names none, or a package that is not installed.
    """
    provider, _, model = name.partition(":")
    if name == NONE:
        return None
    if provider == "bedrock" and model:
        return BedrockEmbeddingModel(BedrockEmbeddings(bedrock_runtime_client(), model), threads=threads)
    if provider == "openai" and model:
        from models.openai_compatible import OpenAiEmbeddings  # noqa: PLC0415 - httpx2 is for who asks such a server

        return OpenAiEmbeddings(model, server)
    if provider == "local" and model in LOCAL_EMBEDDINGS:
        return LOCAL_EMBEDDINGS[model]()
    local = " or ".join(f"local:{package}" for package in LOCAL_EMBEDDINGS)
    raise GovernanceError(f'--embeddings "{name}": name {local}, bedrock:MODEL_ID, openai:MODEL or none')


def make_model(endpoint: str, model: str | None, options: AnswerOptions) -> Judge:
    """Return the model that `endpoint` names; `model` is the one on an OpenAI-compatible server.

    Raises:
        GovernanceError: when it names none, or AWS has no region.
    """
    provider, _, name = endpoint.partition(":")
    if endpoint.startswith(("http://", "https://")):
        if model is None:
            raise GovernanceError(f"--endpoint {endpoint}: say with --model which of the server's models")
        from models.openai_compatible import OpenAiJudge  # noqa: PLC0415 - httpx2 is for who asks such a server

        return OpenAiJudge(
            model,
            Server(endpoint, os.environ.get(KEY), options.timeout_seconds),
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            json_mode=JsonMode.PROMPT,
        )
    if model is not None:
        raise GovernanceError("--model: only with an OpenAI-compatible server; the endpoint names the model")
    if provider == "bedrock" and name:
        chat = BedrockChat(
            bedrock_runtime_client(), name, max_tokens=options.max_tokens, temperature=options.temperature
        )
        return BedrockJudge(chat, threads=options.threads, by_schema=False)
    if provider == "sagemaker" and name:
        return SageMakerModel(SageMakerEndpoint(sagemaker_runtime_client(), name), name, options)
    raise GovernanceError(
        f'--endpoint "{endpoint}": name sagemaker:NAME, bedrock:MODEL_ID, or the URL of an OpenAI-compatible server'
    )
