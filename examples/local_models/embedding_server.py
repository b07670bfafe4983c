"""WordLlama on loopback, behind OpenAI's `/v1/embeddings`: embeddings that need neither an account nor a network."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from examples.local_models.json_server import JsonServer
from models.local_embeddings import WordLlamaEmbeddings

PATH = "/v1/embeddings"
CHARACTERS_A_TOKEN = 4.7


class EmbeddingServer(JsonServer):
    """Serves one embedding model; texts and vectors are as in https://platform.openai.com/docs/api-reference/embeddings.

    A text's tokens are estimated by its characters, 4.7 each, as AWS does it for English in
    https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html: its limits are those of Titan.
    """

    def __init__(self) -> None:
        self._model = asyncio.run(WordLlamaEmbeddings().__aenter__())
        super().__init__({PATH: self._embed})

    @property
    def api(self) -> str:
        """The URL of the API, as `Sandbox.serve_model` takes it."""
        return f"{self.url}/v1"

    @property
    def description(self) -> Mapping[str, Any]:
        """The model, its package and the length of its vectors."""
        return self._model.description

    def _embed(self, request: Any) -> dict[str, Any]:
        asked = request.get("input") if isinstance(request, Mapping) else None
        texts = [asked] if isinstance(asked, str) else asked
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("input: name a text or a list of texts")
        vectors = asyncio.run(self._model.embed(texts))
        tokens = sum(math.ceil(len(text) / CHARACTERS_A_TOKEN) for text in texts)
        return {
            "object": "list",
            "model": self.description["model"],
            "data": [
                {"object": "embedding", "index": index, "embedding": vector}
                for index, vector in enumerate(vectors)
            ],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
