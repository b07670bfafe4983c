"""An ingestion job: documents of S3, cut into chunks and embedded under the role of the knowledge base.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/kb-data-source-sync-ingest.html and, for the metadata
beside a document, https://docs.aws.amazon.com/bedrock/latest/userguide/kb-metadata.html
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition
from msgspec import Struct

from sandbox.bedrock import titan_embeddings
from sandbox.bedrock.knowledge_bases import (
    Chunk,
    DataSource,
    IngestedDocument,
    IngestionJob,
    embedding_of,
    now,
)
from sandbox.bedrock.served_models import ServedModels
from sandbox.iam.calls import Call
from sandbox.iam.enforcement import AccessRefusedError, authorize_role
from sandbox.iam.resource_policies import owner_of_bucket
from sandbox.service_requests import ServiceRefusalError

METADATA = ".metadata.json"
# Those that are text; the service reads PDF, Word and spreadsheets too.
TEXT_TYPES = (".txt", ".md", ".html", ".csv")


class _BucketEntry(Struct, frozen=True):
    """What one object of the bucket says: its text, and what else changes its version."""

    uri: str
    key: str
    version: tuple[str, str]


def ingest(base: Any, source: DataSource, job: IngestionJob, models: ServedModels) -> None:
    """Run a job to its end: what is new or has changed is embedded, what is gone goes, all at once.

    What fails of one document is a reason in the job, and the document stays as it was; the job fails where the bucket
    cannot be listed.
    """
    job.status, job.updated = "IN_PROGRESS", now()
    try:
        source.documents = _read_all(base, source, job, models)
        job.status = "COMPLETE"
    except (AccessRefusedError, ServiceRefusalError) as error:
        job.failure_reasons.append(str(error))
        job.status = "FAILED"
    finally:
        job.updated = now()


def embed(base: Any, texts: Sequence[str], models: ServedModels) -> list[tuple[float, ...]]:
    """Return the vectors of the texts, as the model of the knowledge base embeds them, under its role.

    Raises:
        AccessRefusedError: the role may not invoke the model.
        ServiceRefusalError: nobody answers for it, or it failed.
    """
    arn, dimensions = embedding_of(base)
    authorize_role(base.role_arn, _call(base, "bedrock", "InvokeModel", {"modelId": arn}))
    return titan_embeddings.embed_texts(models.named(arn), texts, dimensions)


def _read_all(
    base: Any, source: DataSource, job: IngestionJob, models: ServedModels
) -> Mapping[str, IngestedDocument]:
    bucket = _Bucket(base, source)
    found = {one.uri: one for one in bucket.documents()}
    kept: dict[str, IngestedDocument] = {}
    counts = dict.fromkeys(("New", "Modified", "Failed"), 0)
    # First pass: what has changed is embedded; second pass: what is gone is counted.
    for uri, one in found.items():
        known = source.documents.get(uri)
        if known is not None and known.version == one.version:
            kept[uri] = known
            continue
        try:
            kept[uri] = _read(base, one, bucket, source, models)
            counts["New" if known is None else "Modified"] += 1
        except (AccessRefusedError, ServiceRefusalError) as error:
            job.failure_reasons.append(f"{uri}: {error}")
            counts["Failed"] += 1
            if known is not None:
                kept[uri] = known
    job.statistics = {
        "numberOfDocumentsScanned": len(found),
        "numberOfMetadataDocumentsScanned": sum(bool(one.version[1]) for one in found.values()),
        "numberOfNewDocumentsIndexed": counts["New"],
        "numberOfModifiedDocumentsIndexed": counts["Modified"],
        "numberOfDocumentsDeleted": len(source.documents.keys() - found.keys()),
        "numberOfDocumentsFailed": counts["Failed"],
    }
    return kept


def _read(
    base: Any, found: _BucketEntry, bucket: "_Bucket", source: DataSource, models: ServedModels
) -> IngestedDocument:
    texts = source.chunking.chunks(bucket.text(found.key))
    vectors = embed(base, texts, models)
    chunks = tuple(
        Chunk(f"{source.source_id}:{found.key}:{number}", text, vector)
        for number, text, vector in zip(itertools.count(), texts, vectors, strict=False)
    )
    metadata = bucket.metadata(found.key) if found.version[1] else {}
    return IngestedDocument(found.uri, found.version, metadata, chunks)


class _Bucket:
    """The bucket of a data source, read under the role of the knowledge base."""

    def __init__(self, base: Any, source: DataSource) -> None:
        self._base, self._source = base, source
        asked = _call(base, "s3", "ListBucket", {"Bucket": source.bucket})
        owner = owner_of_bucket(source.bucket, asked)
        self._backend = s3_backends[owner][asked.partition]

    def documents(self) -> Iterator[_BucketEntry]:
        """Yield the documents, without the metadata beside them."""
        name = self._source.bucket
        authorize_role(self._base.role_arn, _call(self._base, "s3", "ListObjectsV2", {"Bucket": name}))
        if name not in self._backend.buckets:
            raise ServiceRefusalError("ValidationException", f"The bucket {name} does not exist.")
        objects = dict(self._backend.buckets[name].keys.items())
        for key in sorted(objects):
            if key.endswith((METADATA, "/")) or not key.startswith(self._source.prefixes):
                continue
            beside = objects.get(key + METADATA)
            yield _BucketEntry(
                f"s3://{name}/{key}", key, (objects[key].etag, "" if beside is None else beside.etag)
            )

    def text(self, key: str) -> str:
        """Return the text of a document."""
        if not key.endswith(TEXT_TYPES):
            raise ServiceRefusalError(
                "ValidationException",
                f"The file format is not supported; the sandbox reads {', '.join(TEXT_TYPES)}.",
            )
        try:
            return self._content(key).decode()
        except UnicodeDecodeError as error:
            raise ServiceRefusalError("ValidationException", "The document is not UTF-8.") from error

    def metadata(self, key: str) -> Mapping[str, Any]:
        """Return the attributes of a document, from the file beside it."""
        try:
            attributes = json.loads(self._content(key + METADATA))["metadataAttributes"]
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceRefusalError(
                "ValidationException", f"{key}{METADATA}: the metadata has no metadataAttributes."
            ) from error
        # An attribute is a value, or a value with its type and whether it is embedded too.
        return {name: _value(attribute) for name, attribute in attributes.items()}

    def _content(self, key: str) -> bytes:
        place = {"Bucket": self._source.bucket, "Key": key}
        authorize_role(self._base.role_arn, _call(self._base, "s3", "GetObject", place))
        content: bytes = self._backend.get_object(self._source.bucket, key).value
        return content


def _value(attribute: Any) -> Any:
    if not isinstance(attribute, Mapping):
        return attribute
    value = attribute.get("value", {})
    return next(
        (
            value[name]
            for name in ("stringValue", "numberValue", "booleanValue", "stringListValue")
            if name in value
        ),
        None,
    )


def _call(base: Any, service: str, operation: str, members: Mapping[str, Any]) -> Call:
    partition = get_partition(base.region_name)
    return Call(service, operation, members, base.account_id, base.region_name, partition)
