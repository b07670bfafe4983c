"""All evidence of one model version: the reports of its `ModelMetrics`, and those under its evidence prefix."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aws.aws_errors import AwsError, AwsThrottledError, AwsUnreachableError
from aws.evidence_errors import (
    DigestMismatchError,
    EvidenceError,
    EvidenceMissingError,
    EvidenceNotArrivedError,
)
from aws.evidence_store import EvidenceStore
from aws.model_packages import ModelPackage
from aws.registry_names import EVIDENCE_DIGEST_PROPERTY
from aws.report_references import ReportReference
from aws.s3_uris import URI_CHARACTERS, S3UriError
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.manifest import Manifest, ManifestError, parse_manifest
from checks.report_files import MANIFEST
from checks.reports import EvidenceReader, card_has_figures, leave_unread
from checks.strict_json import ReportError
from pipelines.foreign_reports import describe_judged_model
from pipelines.judged_copies import JudgedCopies

CARD = "#ModelCard"  # behind the ARN of a version it names the version's model card


def read_evidence(
    store: EvidenceStore, package: ModelPackage, copies: JudgedCopies | None = None
) -> Evidence:
    """Read every report that `package` points at, each once, and its model card; a copy of each is kept in `copies`.

    One that is missing, elsewhere, behind a URI that is none of S3, or refused by S3 is a report with a problem: where
    a team keeps its reports is for the team and a reviewer to settle, and no failure of the judging.

    Raises:
        DigestMismatchError: a report, or the manifest that lists them, is not the one that was registered.
        AwsError: AWS asked to slow down, or gave no answer: that says nothing about the version. Or a copy could not
            be written.
    """
    folder = _read_folder(store, package)
    attached = folder.with_digests(package.reports)
    reader = EvidenceReader()
    read = [
        folder.examine(_read(reader, store, reference, copies), package)
        for reference in list_each_once(attached, folder.with_digests(folder.listed))
    ]
    card = _read_card(reader, package, copies)
    return Evidence((*_drop_repeated_versions(read), *card, *folder.problems()))


def list_each_once(
    attached: Iterable[ReportReference], listed: Iterable[ReportReference]
) -> tuple[ReportReference, ...]:
    """Return every reference once: the attached ones first, since those may say a version or a digest.

    The same report may be in several slots. Of two references to one URI the one with a digest is kept, and both
    where the digests differ, so that each is verified. A listed report that is attached, too, is not read again; one
    that is attached at a certain version is, since the newest may be another.
    """
    kept: dict[tuple[str, str | None], ReportReference] = {}
    for reference in attached:
        kept.setdefault((reference.uri, reference.content_digest), reference)
    verified = {uri for uri, digest in kept if digest is not None}
    once = [ref for (uri, digest), ref in kept.items() if digest is not None or uri not in verified]
    seen = {reference.uri for reference in once}
    return (*once, *(reference for reference in listed if reference.uri not in seen))


class _Folder(Struct, frozen=True):
    """What is under the evidence prefix; `manifest` is `None` where there is none.

    `unreadable` is what of the folder itself cannot be read: the list of its reports, or its manifest.
    """

    uri: str
    listed: tuple[ReportReference, ...] = ()
    manifest: Manifest | None = None
    is_protected: bool = False
    unreadable: tuple[Report, ...] = ()

    def with_digests(self, references: Iterable[ReportReference]) -> list[ReportReference]:
        """Give each report that the protected manifest names the digest that it has there."""
        return [
            replace(reference, content_digest=self._digest(reference.uri))
            if reference.content_digest is None
            else reference
            for reference in references
        ]

    def _digest(self, uri: str) -> str | None:
        sha256 = None
        if self.manifest is not None and self.is_protected:
            sha256 = self.manifest.reports.get(self._path(uri))
        return None if sha256 is None else f"sha256:{sha256}"

    def _path(self, uri: str) -> str:
        return uri.removeprefix(self.uri)

    def examine(self, report: Report, package: ModelPackage) -> Report:
        """Return the report, as foreign where the manifest says that the folder is about another model."""
        if self.manifest is None or not report.uri.startswith(self.uri):
            return report
        says_otherwise = describe_judged_model(package).find_disagreements(self.manifest.subject)
        if not says_otherwise:
            return report
        reason = f"its folder is about another model: {MANIFEST} says {', '.join(says_otherwise)}"
        return replace(report, foreign=reason)

    def problems(self) -> Iterator[Report]:
        """Yield what the folder lacks, as reports that could not be read."""
        yield from self.unreadable
        if self.manifest is not None:
            there = {self._path(reference.uri) for reference in self.listed}
            for path in sorted(self.manifest.reports.keys() - there):
                yield leave_unread(self.uri + path, f"{MANIFEST} names it, and it is not there (any more)")


def _read_folder(store: EvidenceStore, package: ModelPackage) -> _Folder:
    prefix, digest = package.evidence_prefix, package.metadata.get(EVIDENCE_DIGEST_PROPERTY)
    if prefix is None:
        return _Folder(uri="")
    uri = f"{prefix.rstrip('/')}/"
    try:
        listed = store.list(prefix)
    except GovernanceError as error:
        return _Folder(uri, unreadable=(as_unread(prefix, error),))
    try:
        document = store.read(ReportReference(None, uri + MANIFEST, digest))
        manifest = parse_manifest(document.content)
    except EvidenceMissingError as error:
        if digest is None:
            return _Folder(uri, listed)
        if isinstance(error, EvidenceNotArrivedError):  # nobody need have removed it
            return _Folder(uri, listed, unreadable=(as_unread(uri + MANIFEST, error),))
        raise DigestMismatchError(
            f"{uri}{MANIFEST}: it is not there, though the version was registered with its digest {digest}; "
            "nothing was decided. Find out who removed it, then register the version again"
        ) from error
    except GovernanceError as error:
        return _Folder(uri, listed, unreadable=(as_unread(uri + MANIFEST, error),))
    return _Folder(uri, listed, manifest, is_protected=digest is not None)


def _drop_repeated_versions(reports: Sequence[Report]) -> Iterator[Report]:
    """Leave out what turned out to be the object version of an earlier report, attached by its version id."""
    seen = set()
    for report in reports:
        identity = (report.uri, report.version_id)
        if report.version_id is None or identity not in seen:
            yield report
        seen.add(identity)


def _read(
    reader: EvidenceReader, store: EvidenceStore, reference: ReportReference, copies: JudgedCopies | None
) -> Report:
    fetched: list[Document] = []

    def fetch() -> Document:
        fetched.append(store.read(reference))
        return fetched[0]

    try:
        report = reader.read(reference.uri, fetch)
    except GovernanceError as error:
        return as_unread(reference.uri, error)
    if not fetched:  # beyond what is read in all
        return report
    return _with_copy(
        replace(report, digest_verified=reference.content_digest is not None), fetched[0], copies
    )


def _read_card(
    reader: EvidenceReader, package: ModelPackage, copies: JudgedCopies | None
) -> Iterator[Report]:
    """Yield the model card of the version as a report, where it holds figures or cannot be read.

    Anybody who may update the version may exchange the card, and no digest of it is registered.
    """
    if package.model_card is None:
        return
    document = Document(f"{package.arn}{CARD}", package.model_card.encode())
    try:
        if not card_has_figures(document.content):
            return
    except ReportError as error:
        yield _with_copy(leave_unread(document.uri, f"the model card: {error}"), document, copies)
        return
    report = reader.read(document.uri, lambda: document)
    yield _with_copy(replace(report, digest_verified=False), document, copies)


def _with_copy(report: Report, document: Document, copies: JudgedCopies | None) -> Report:
    return report if copies is None else replace(report, copy_uri=copies.keep(document))


def as_unread(uri: str, error: GovernanceError) -> Report:
    """Return the report of what cannot be read, with the reason; raises the error again where it says nothing of that.

    Bytes that are not the registered ones are for security to look into, and what AWS does not answer now it may
    answer in a minute.
    """
    about_the_place = isinstance(error, (EvidenceError, ManifestError, S3UriError, AwsError))
    for_others = isinstance(error, (DigestMismatchError, AwsThrottledError, AwsUnreachableError))
    if for_others or not about_the_place:
        raise error
    # What is unread is told with its URI: an error that begins with it, or with its quotation, need not say it again.
    return leave_unread(
        uri, str(error).removeprefix(f"{uri}: ").removeprefix(f"{uri[:URI_CHARACTERS]!r} is ")
    )
