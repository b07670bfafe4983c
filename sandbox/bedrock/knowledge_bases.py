"""What a knowledge base holds beside what moto keeps of it: data sources, their documents in chunks, ingestion jobs."""

import secrets
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.bedrockagent.models import KnowledgeBase
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition
from msgspec import Struct, field

from sandbox.bedrock.chunking import Chunking
from sandbox.service_requests import ServiceRefusalError

_ID_LENGTH = 10
_IN_IDS = string.ascii_uppercase + string.digits
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_BedrockEmbeddingModelConfiguration.html
_DEFAULT_DIMENSIONS = 1024


class Chunk(Struct, frozen=True):
    """One chunk of a document, with the vector of its embedding, which has length one."""

    chunk_id: str
    text: str
    vector: tuple[float, ...]


class IngestedDocument(Struct, frozen=True):
    """An object of S3 in chunks; `version` tells whether it, or its metadata, has changed."""

    uri: str
    version: tuple[str, str]
    metadata: Mapping[str, Any]
    chunks: tuple[Chunk, ...]


class IngestionJob(Struct):
    """One run over a data source; `statistics` and `failure_reasons` are as the API has them."""

    job_id: str
    token: str | None
    description: str | None
    started: datetime
    updated: datetime
    status: str = "STARTING"
    statistics: dict[str, int] = field(default_factory=dict)
    failure_reasons: list[str] = field(default_factory=list)


class DataSource(Struct):
    """A bucket, or what is under some prefixes of it, whose documents a knowledge base takes."""

    source_id: str
    name: str
    description: str | None
    configuration: Mapping[str, Any]
    ingestion: Mapping[str, Any]
    chunking: Chunking
    created: datetime
    documents: Mapping[str, IngestedDocument] = field(
        default_factory=dict
    )  # by their URIs; replaced whole by a job
    jobs: dict[str, IngestionJob] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return str(self.configuration["s3Configuration"]["bucketArn"]).rpartition(":")[2]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the keys of the documents begin with."""
        return tuple(self.configuration["s3Configuration"].get("inclusionPrefixes") or ("",))


def make_id() -> str:
    """Return a new id, as Bedrock's are."""
    return "".join(secrets.choice(_IN_IDS) for _ in range(_ID_LENGTH))


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def install() -> None:
    """Extend moto's knowledge bases in this process."""
    make = KnowledgeBase.__init__

    def make_as_bedrock_does(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        _require_role(self)
        _require_embeddings(self)
        self.knowledge_base_id = make_id()
        self.knowledge_base_arn = f"{self.knowledge_base_arn.rpartition('/')[0]}/{self.knowledge_base_id}"
        self.status = "ACTIVE"
        self.sources = dict[str, DataSource]()

    KnowledgeBase.__init__ = make_as_bedrock_does


def source_of(base: Any, source_id: str) -> DataSource:
    """Return a knowledge base's data source.

    Raises:
        ServiceRefusalError: it has none with this id.
    """
    sources: Mapping[str, DataSource] = base.sources
    if source_id not in sources:
        raise ServiceRefusalError(
            "ResourceNotFoundException", f"DataSource with id {source_id} does not exist."
        )
    return sources[source_id]


def documents_of(base: Any) -> Iterator[tuple[DataSource, IngestedDocument]]:
    """Yield the documents of all data sources of a knowledge base."""
    for source in list(base.sources.values()):
        for document in source.documents.values():
            yield source, document


def embedding_of(base: Any) -> tuple[str, int]:
    """Return the ARN of the model that embeds for a knowledge base, and the length of its vectors."""
    settings = base.knowledge_base_configuration["vectorKnowledgeBaseConfiguration"]
    further = settings.get("embeddingModelConfiguration", {}).get("bedrockEmbeddingModelConfiguration", {})
    return settings["embeddingModelArn"], further.get("dimensions", _DEFAULT_DIMENSIONS)


def _require_role(base: Any) -> None:
    roles = iam_backends[base.account_id][get_partition(base.region_name)].roles.values()
    if base.role_arn not in {role.arn for role in roles}:
        raise ServiceRefusalError(
            "ValidationException",
            "Bedrock Knowledge Base was unable to assume the given role. Provide the proper permissions and retry the "
            "request.",
        )


def _require_embeddings(base: Any) -> None:
    if "vectorKnowledgeBaseConfiguration" not in base.knowledge_base_configuration:
        raise ServiceRefusalError("ValidationException", "vectorKnowledgeBaseConfiguration is required.")
