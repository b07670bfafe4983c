"""The offline reranker, as the container of an endpoint: ranks by meaning and by words (TF-IDF), fused.

Its contract is that of Hugging Face's text embeddings inference: https://huggingface.co/docs/text-embeddings-inference
"""

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from examples.local_models.json_server import JsonServer

FUSION = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)
DESCRIPTION = "reciprocal ranks of embeddings and words (TF-IDF) fused"


class RerankingServer(JsonServer):
    """Scores texts, which come in the order of their rank by meaning, for a query."""

    def __init__(self) -> None:
        super().__init__({"/invocations": _score})


def _score(request: Any) -> list[dict[str, Any]]:
    query, texts = request.get("query"), request.get("texts")
    if not isinstance(query, str) or not isinstance(texts, list) or not texts:
        raise ValueError('send {"query": "…", "texts": ["…", …]}')
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english", ngram_range=(1, 2)).fit([*texts, query])
    similarity = (words.transform(texts) @ words.transform([query]).T).toarray().ravel()
    by_words = np.argsort(np.argsort(-similarity, kind="stable"), kind="stable")
    fused = 1 / (FUSION + np.arange(len(texts))) + 1 / (FUSION + by_words)
    return [{"index": index, "score": float(score)} for index, score in enumerate(fused)]
