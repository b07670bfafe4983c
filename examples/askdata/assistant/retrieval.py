"""Retrieval in two steps: the views that a question is about, then the models that join them."""

from assistant.configuration import RetrievalSettings
from assistant.context import Context
from assistant.metadata_store import Collection, Embeddings, MetadataStore


class LookmlRetrieval:
    """Finds LookML for a question, by the embedding model whose vectors were ingested as `space`."""

    def __init__(
        self, store: MetadataStore, embeddings: Embeddings, *, space: str, settings: RetrievalSettings
    ) -> None:
        self._store = store
        self._embeddings = embeddings
        self._space = space
        self._settings = settings

    def retrieve(self, question: str) -> Context:
        """Return the views nearest to `question`, and of the models that join any of them the nearest.

        A model is compared with the question and the names of those views: a question seldom names what joins them.

        Raises:
            AwsError: the embedding model did not answer.
            MetadataStoreError: nothing was ingested, or PostgreSQL could not be asked.
        """
        [vector] = self._embeddings.embed([question])
        views = self._store.nearest(Collection.VIEWS, vector, space=self._space, limit=self._settings.views)
        names = [name for view in views for name in view.views]
        [vector] = self._embeddings.embed([f"{question}\n{' '.join(names)}"])
        models = self._store.nearest(
            Collection.MODELS, vector, space=self._space, limit=self._settings.models, views=names
        )
        return Context(tuple(views), tuple(models))
