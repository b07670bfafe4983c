"""Assistants made from their configuration, with the models of Bedrock that it names."""

from assistant.assistant import Assistant
from assistant.configuration import Configuration, EmbeddingModel
from assistant.metadata_store import MetadataStore
from assistant.retrieval import LookmlRetrieval
from aws.bedrock import BedrockChat, BedrockEmbeddings
from aws.clients import bedrock_runtime_client


def build_assistant(configuration: Configuration, store: MetadataStore) -> Assistant:
    """Return the assistant that `configuration` describes, over the LookML in `store`.

    Raises:
        MetadataStoreError: no LookML was ingested for its embedding model, or PostgreSQL could not be asked.
        AwsError: the embedding model is of no known family, or no client can be made.
    """
    embeddings = configuration.embeddings
    store.require(embeddings.space)
    retrieval = LookmlRetrieval(
        store, build_embeddings(embeddings), space=embeddings.space, settings=configuration.retrieval
    )
    chat = configuration.chat
    model = BedrockChat(
        bedrock_runtime_client(), chat.model_id, max_tokens=chat.max_tokens, temperature=chat.temperature
    )
    return Assistant(configuration, model, retrieval)


def build_embeddings(model: EmbeddingModel) -> BedrockEmbeddings:
    """Return the embedding model; raises `AwsError` where it is of no known family."""
    return BedrockEmbeddings(bedrock_runtime_client(), model.model_id, dimensions=model.dimensions)
