"""What an account has, on this machine: a PostgreSQL with pgvector, and the models of Bedrock in the embedded AWS."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from assistant.configuration import Configuration
from examples.local_models.embedding_server import EmbeddingServer
from ingest import ingest_lookml
from local_chat import RULES, SMALL_MODEL, RuleServer
from local_postgresql import running_postgresql
from sandbox.server import Sandbox

EMBEDDINGS = "amazon.titan-embed-text-v2:0"
_CONTEXT_TOKENS = 8192


@contextmanager
def serving_models(sandbox: Sandbox, *, small_model: bool = False) -> Iterator[None]:
    """Have servers of this process answer for the models that the configurations name, until the block ends.

    The language model is loaded with `small_model` only: it is large beside the rest.
    """
    with RuleServer() as rules, EmbeddingServer() as embeddings:
        sandbox.serve_model(RULES, rules.api)
        sandbox.serve_model(EMBEDDINGS, embeddings.api)
        if small_model:
            from examples.local_models.small_model import SmallModelServer  # noqa: PLC0415 - 100 MB of native code

            language_model = SmallModelServer(context_tokens=_CONTEXT_TOKENS)
            sandbox.serve_model(SMALL_MODEL, language_model.url)
        yield


@contextmanager
def local_services(configuration: Configuration) -> Iterator[str]:
    """Yield the URL of a database in which LookML was ingested for `configuration`.

    Until the block ends, AWS's SDK in this process talks to an embedded AWS that answers for the models.
    """
    with ExitStack() as stack:
        url = stack.enter_context(running_postgresql())
        sandbox = stack.enter_context(Sandbox())
        small_model = configuration.chat.model_id == SMALL_MODEL
        stack.enter_context(serving_models(sandbox, small_model=small_model))
        os.environ.update(sandbox.environment())
        ingest_lookml(configuration, url)
        yield url
