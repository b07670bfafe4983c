"""The figures of a version's reports, computed again from the item results beside them."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError, AwsUnreachableError
from aws.evidence_errors import EvidenceMissingError
from aws.evidence_store import EvidenceStore
from aws.gold_store import GoldStore
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from aws.report_references import ReportReference
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.reports import read_report
from checks.strict_json import JsonValue, ReportError, parse_report_json
from checks.thresholds import ThresholdFile
from checks.verification import ItemFile, Recomputation, Verification
from pipelines.judged_copies import JudgedCopies
from pipelines.sealed_decisions import describe_judged_package
from scorers.evidence_writer import RESULTS
from scorers.recomputing.item_lines import ItemsError
from scorers.recomputing.recompute import RecomputedReport, TrustedData, recompute_report

RECOMPUTED = "#recomputed"  # behind the URI of a report it names the report that came out
_Keep = Callable[[Document], str | None]


def name_items(report: str) -> str:
    """Return where the item results of the report at a URI or path are: beside it."""
    folder, slash, _ = report.rpartition("/")
    return f"{folder}{slash}{RESULTS}"


def recompute_evidence(
    evidence: Evidence,
    file: ThresholdFile,
    *,
    fetch_report: Callable[[Report], bytes],
    fetch_items: Callable[[str], Document],
    seed: str,
    gold: GoldStore,
    keep: _Keep = lambda _: None,
) -> Verification:
    """Return what comes of every report when its figures are computed again, as `file` asks to.

    `fetch_report` returns the bytes of a report that was read, `fetch_items` those at a place that `name_items` names.
    Items are drawn by `seed`. `gold` has the gold and the databases that the file names. `keep` keeps what came out and
    returns where.

    Raises:
        AwsError: AWS asked to slow down, or gave no answer: that says nothing about the version.
    """
    drawn = None if file.sample_size is None else seed
    with tempfile.TemporaryDirectory() as scratch:
        work = _Work(
            evidence,
            sample=file.sample_size,
            seed=seed,
            fetch_report=fetch_report,
            fetch_items=fetch_items,
            trusted=_Trusted(file, gold, Path(scratch)),
            keep=keep,
        )
        return Verification(tuple(map(work.recompute, evidence.reports)), drawn)


class RecomputedFigures:
    """Computes the figures of versions again, out of an evidence store; what comes out is kept among the copies.

    Items are drawn by a seal of the version and its reports: nobody without the key can tell beforehand which ones,
    and another execution about the same version draws the same, so that trying again gains nothing.
    """

    def __init__(self, store: EvidenceStore, copies: JudgedCopies, seals: Seals, gold: GoldStore) -> None:
        self._store, self._copies, self._seals, self._gold = store, copies, seals, gold

    def recompute(self, evidence: Evidence, file: ThresholdFile, package: ModelPackage) -> Verification:
        """Return what comes of the reports of `package`; raises as `recompute_evidence` does."""
        seed = ""
        if file.sample_size is not None:
            seed = self._seals.make(make_statement(package, evidence))
        return recompute_evidence(
            evidence,
            file,
            fetch_report=self._read_copy,
            fetch_items=lambda place: self._store.read(ReportReference(None, place, None)),
            seed=seed,
            gold=self._gold,
            keep=self._copies.keep,
        )

    def _read_copy(self, report: Report) -> bytes:
        if report.copy_uri is None:
            raise ItemsError("no copy of the report is kept, since it holds single items")
        return self._copies.copies.read(report.sha256)


class _Trusted:
    """The gold and the databases that a threshold file names, each fetched once, when the first report asks for it."""

    def __init__(self, file: ThresholdFile, store: GoldStore, scratch: Path) -> None:
        self._file, self._store, self._scratch = file, store, scratch
        self._gold: dict[str, Document] = {}
        self._databases: Path | None = None

    def find_gold(self, family: str) -> bytes | None:
        """Return the gold of a family of reports, or `None` where the file names none."""
        found = self.gold_of(family)
        return None if found is None else found.content

    def gold_of(self, family: str) -> Document | None:
        """Return the gold of a family with its place; raises `GovernanceError`."""
        place = self._file.gold.get(family)
        if place is None:
            return None
        if family not in self._gold:
            self._gold[family] = self._store.read(place)
        return self._gold[family]

    def find_databases(self) -> Path | None:
        """Return where the databases are on this machine, or `None` where the file names none."""
        place = self._file.databases
        if place is not None and self._databases is None:
            self._databases = self._store.fetch_databases(place, self._scratch)
        return self._databases


class _Work:
    """One evidence; its items are fetched once, when the first report asks for them."""

    def __init__(
        self,
        evidence: Evidence,
        *,
        sample: int | None,
        seed: str,
        fetch_report: Callable[[Report], bytes],
        fetch_items: Callable[[str], Document],
        trusted: _Trusted,
        keep: _Keep,
    ) -> None:
        self._evidence, self._sample, self._seed = evidence, sample, seed
        self._fetch_report, self._fetch_items, self._keep = fetch_report, fetch_items, keep
        self._trusted = trusted
        self._items: dict[str, Document | str] = {}

    def recompute(self, report: Report) -> Recomputation:
        """Return what comes of one report."""
        if report.problem is not None:
            return Recomputation(problem="the report itself could not be read")
        try:
            content = self._read_again(report)
            items = self._find_items(report, content)
        except (AwsThrottledError, AwsUnreachableError):
            raise
        except GovernanceError as error:
            return Recomputation(problem=str(error))
        found = _describe_items(items)
        trusted = TrustedData(self._trusted.find_gold, self._trusted.find_databases)
        try:
            out = recompute_report(
                content, items.content, sample=self._sample, seed=self._seed, trusted=trusted
            )
        except (AwsThrottledError, AwsUnreachableError):
            raise
        except ItemsError as error:
            return Recomputation(items=found, problem=f"{items.uri}: {error}")
        except (
            GovernanceError,
            OSError,
        ) as error:  # of what the file names, or a disk that is full of databases
            return Recomputation(items=found, problem=f"what the threshold file names under verify: {error}")
        return self._describe(report, found, out)

    def _describe(self, report: Report, items: ItemFile, out: RecomputedReport) -> Recomputation:
        document = Document(f"{report.uri}{RECOMPUTED}", out.content)
        figures = read_report(document)
        gold = self._trusted.gold_of(out.family)
        return Recomputation(
            figures=replace(figures, copy_uri=self._keep(document)),
            items=replace(items, items=out.items),
            altered=len(out.altered),
            first_altered=f"{items.uri}: {out.altered[0]}" if out.altered else None,
            scored=out.scored,
            gold=None if gold is None else _describe_items(gold),
            how=out.how,
        )

    def _read_again(self, report: Report) -> bytes:
        content = self._fetch_report(report)
        if hashlib.sha256(content).hexdigest() != report.sha256:
            raise ItemsError("the report changed while it was read; begin again")
        return content

    def _find_items(self, report: Report, content: bytes) -> Document:
        """Return the items beside the report, or those of another that it says that it was made of.

        Raises:
            ItemsError: there are none.
        """
        beside = self._fetch(report.uri)
        wanted = _read_digest(content)
        if isinstance(beside, Document) and wanted in (None, beside.sha256):
            return beside
        for other in self._evidence.reports:
            found = self._fetch(other.uri)
            if isinstance(found, Document) and found.sha256 == wanted:
                return found
        if isinstance(beside, str):
            raise ItemsError(beside)
        return beside

    def _fetch(self, report: str) -> Document | str:
        """Return the items beside a report, or why there are none."""
        place = name_items(report)
        if place not in self._items:
            try:
                self._items[place] = self._fetch_items(place)
            except (AwsThrottledError, AwsUnreachableError):
                raise
            except GovernanceError as error:
                is_absent = isinstance(error, EvidenceMissingError)
                said = f"there are no item results at {place}" if is_absent else str(error)
                self._items[place] = f"{said}; register the folder that scoring wrote, with {RESULTS} in it"
        return self._items[place]


def make_statement(package: ModelPackage, evidence: Evidence) -> bytes:
    """Return what a seed is the seal of: the version, when it was registered, and the bytes of its reports."""
    reports = sorted((report.uri, report.sha256) for report in evidence.reports)
    about = json.dumps([package.arn, describe_judged_package(package).created, reports]).encode()
    return b"governance.verified-sample/1 " + hashlib.sha256(about).hexdigest().encode()


def _describe_items(items: Document) -> ItemFile:
    lines = sum(bool(line.strip()) for line in items.content.splitlines())
    return ItemFile(items.uri, items.sha256, lines, items.version_id)


def _read_digest(content: bytes) -> JsonValue:
    """Return the SHA-256 of the input that a report says that it was made of."""
    try:
        at: JsonValue = parse_report_json(content)
    except (ReportError, RecursionError):
        return None
    for key in ("provenance", "input", "sha256"):
        at = at.get(key) if isinstance(at, dict) else None
    return at
