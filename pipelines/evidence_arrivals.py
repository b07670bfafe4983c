"""Which reports of a version have not arrived yet from the model account that they are in."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from aws.account_copies import ModelBucket
from aws.evidence_errors import EvidenceError
from aws.evidence_store import S3EvidenceStore
from aws.model_packages import ModelPackage
from aws.registry_names import EVIDENCE_DIGEST_PROPERTY
from aws.report_references import ReportReference
from aws.s3_uris import S3Uri, S3UriError
from checks.manifest import ManifestError, parse_manifest
from checks.report_files import MANIFEST

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class EvidenceArrivals(Struct, frozen=True):
    """Looks for the copies of reports, until `deadline` after a version's registration."""

    store: S3EvidenceStore
    deadline: timedelta

    @classmethod
    def within(cls, client: "S3Client", buckets: Sequence[ModelBucket], deadline: timedelta) -> Self:
        """Look for copies of what is in the artifact buckets."""
        return cls(S3EvidenceStore(client, (), buckets), deadline)

    def list_missing(self, package: ModelPackage, *, now: datetime) -> tuple[str, ...]:
        """Return the URIs of what the version points at in model accounts and is to be waited for; none after the end.

        Raises:
            AwsError: S3 could not be asked.
        """
        if now >= self.waits_until(package):
            return ()
        # A report may be attached and listed: it is missing once.
        return tuple(dict.fromkeys([*self._attached(package), *self._listed(package)]))

    def waits_until(self, package: ModelPackage) -> datetime:
        """Return when the version is decided about, whatever has arrived by then."""
        return package.created + self.deadline

    def points_at(self, package: ModelPackage, original: S3Uri) -> bool:
        """Whether the version has the report at `original`, attached or under its evidence prefix."""
        attached = (_read_uri(reference.uri) for reference in package.reports)
        prefix = _read_uri(package.evidence_prefix)
        is_listed = (
            prefix is not None
            and prefix.bucket == original.bucket
            and original.key.startswith(f"{prefix.key.rstrip('/')}/")
        )
        return is_listed or any(uri is not None and uri.with_version(None) == original for uri in attached)

    def _attached(self, package: ModelPackage) -> Iterator[str]:
        for reference in package.reports:
            if not self.store.has_arrived(reference.uri):
                yield reference.uri

    def _listed(self, package: ModelPackage) -> Iterator[str]:
        """Yield what is missing under the evidence prefix: by its manifest, which was written after the reports."""
        prefix = package.evidence_prefix
        if prefix is None or not self.store.is_copied(prefix):
            return
        folder = f"{prefix.rstrip('/')}/"
        there = {reference.uri for reference in self.store.list(folder)}
        if not self.store.has_arrived(folder + MANIFEST):
            # One that was registered with its digest is to come; else anything under the prefix is what there is.
            if EVIDENCE_DIGEST_PROPERTY in package.metadata:
                yield folder + MANIFEST
            elif not there:
                yield folder
            return
        try:
            document = self.store.read(ReportReference(None, folder + MANIFEST))
            listed = parse_manifest(document.content).reports
        except (EvidenceError, ManifestError):
            return  # for the evaluation to tell
        yield from sorted({folder + path for path in listed} - there)


def _read_uri(text: str | None) -> S3Uri | None:
    """Return the URI, or `None` for what is in no bucket: no copy of that arrives."""
    if text is None:
        return None
    try:
        return S3Uri.parse(text)
    except S3UriError:
        return None
