"""The decision record: the JSON that says what was decided, on which bytes, by which thresholds and engine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from msgspec import field, to_builtins
from pydantic import Field, ValidationError

from checks.bar_order import tell_bar_order
from checks.baseline import Baseline
from checks.decision import Consequence, Decision, Finding, Outcome, Verdict
from checks.document_part import DocumentPart
from checks.errors import GovernanceError
from checks.evidence import Evidence, Report
from checks.limits import Limit, read_limit
from checks.measurements import Interval
from checks.publication import BundleVersion, Publication
from checks.strict_json import ReportError, parse_strict_json
from checks.thresholds import Mode, ThresholdFile
from checks.verification import ItemFile, NotVerified, Recomputation, Verification, share_missed
from checks.version import NAME, VERSION

Schema = Literal["governance.decision/1", "governance.decision/2"]
# A record names the first schema that has all that it says, so that older readers go on reading what they can.
FIRST_SCHEMA: Schema = "governance.decision/1"
SCHEMA: Schema = "governance.decision/2"

Finite = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DecisionRecordError(GovernanceError):
    """A file that is not a decision record of this version."""


class RecordedContainer(DocumentPart, frozen=True, kw_only=True):
    """What one container of the version runs; what the registry does not say is left out of the JSON."""

    image: str | None = None
    image_digest: str | None = None
    model_data: str | None = None
    model_data_etag: str | None = None


class RecordedModelPackage(DocumentPart, frozen=True, kw_only=True):
    """Which version was judged.

    `created` (UTC to the millisecond, ISO 8601) and `containers` tell it from another version that is registered
    under the same ARN after this one was deleted. Both are left out of the JSON where they are not known.
    """

    arn: str
    group: str
    version: int
    created: str | None = None
    containers: tuple[RecordedContainer, ...] = ()


class RecordedSource(DocumentPart, frozen=True, kw_only=True):
    """One file that a threshold file is made of, and the SHA-256 of its bytes."""

    source: str
    sha256: Sha256


class RecordedBundle(DocumentPart, frozen=True, kw_only=True):
    """The published bundle that a threshold file is of: the version of the object, and the SHA-256 of its bytes.

    `published_by` is the ARN of who published it; it is left out of the JSON where nobody knows.
    """

    uri: str
    sha256: Sha256
    published_by: str | None = None


class RecordedPublication(DocumentPart, frozen=True, kw_only=True):
    """Since when the thresholds were in force, and whether they were before the evidence was written.

    `published_at` is when the store took the bundle; where none was published yet, when it took the newest of the
    single files. `unchanged_since` is an earlier time at which the thresholds were in force as they are, where one was
    found. `predates_evidence` is null where it cannot be told.
    """

    bundle: RecordedBundle | None = None
    published_at: Moment
    unchanged_since: Moment | None = None
    predates_evidence: bool | None

    def restore(self) -> Publication:
        """Return the publication as it was judged."""
        bundle, earlier = self.bundle, self.unchanged_since
        return Publication(
            at=datetime.fromisoformat(self.published_at),
            bundle=None if bundle is None else BundleVersion(bundle.uri, bundle.sha256, bundle.published_by),
            unchanged_since=None if earlier is None else datetime.fromisoformat(earlier),
        )


class RecordedThresholds(DocumentPart, frozen=True, kw_only=True):
    """By which threshold file, and whether its decisions change a status.

    `sources` are the files that it is made of, itself first, where it extends others, and its `sha256` is that of
    theirs, a line each; they are left out of the JSON where it extends none. So is `publication` where the file was
    not published.
    """

    name: str
    sha256: Sha256
    source: str
    mode: Mode
    sources: tuple[RecordedSource, ...] = ()
    publication: RecordedPublication | None = None


class RecordedItemResults(DocumentPart, frozen=True, kw_only=True):
    """The item results beside a report that the decision compared item by item, and where a copy of them is kept."""

    uri: str
    version_id: str | None
    sha256: Sha256
    copy_uri: str | None = None


class EvidenceDocument(DocumentPart, frozen=True, kw_only=True):
    """One report that was read.

    `digest` is `verified` where the bytes are those of a digest that was registered with the version, `none` where
    none was, and left out of the JSON where no version was judged, or the report was not read. `copy_uri` is where a
    copy of the bytes is kept, under their SHA-256; it is left out of the JSON where none is. `written_at` is when the
    store took it (UTC to the second, ISO 8601), where that is known and a check asks how old reports are. `items` are
    left out of the JSON where no item results were looked for or found beside it.
    """

    uri: str
    version_id: str | None
    sha256: Sha256
    format: str
    digest: Literal["verified", "none"] | None = None
    copy_uri: str | None = None
    written_at: Moment | None = None
    items: RecordedItemResults | None = None


class RecordedInterval(DocumentPart, frozen=True, kw_only=True):
    """The interval that the finding rests on; `confidence` is its two-sided level.

    `one_sided` is the level at which each of its ends bounds the value, which is what a check's `confidence` sets: 0.95
    where `confidence` is 0.9. It is left out of the JSON of records that were written without it.
    """

    low: Finite
    high: Finite
    confidence: Finite
    one_sided: Finite | None = None


class RecordedAppliedWaiver(DocumentPart, frozen=True, kw_only=True):
    """The waiver that lets a finding pass, and in `otherwise` what the finding would ask for without it."""

    facet: str | None
    reason: str
    approved_by: str
    expires: date
    otherwise: Consequence


class WaiverUse(StrEnum):
    """What a waiver did in a decision."""

    USED = "used"
    NOT_NEEDED = "not_needed"
    EXPIRED = "expired"


class RecordedWaiver(DocumentPart, frozen=True, kw_only=True):
    """One waiver of the threshold file, and what it did."""

    check: str
    facet: str | None
    reason: str
    approved_by: str
    expires: date
    use: WaiverUse


class RecordedFigure(DocumentPart, frozen=True, kw_only=True):
    """The value of the baseline that a finding's limit was made of, and the number of samples behind it."""

    value: Finite
    samples: int | None


class RecordedBaseline(DocumentPart, frozen=True, kw_only=True):
    """The baseline that the decision compares with: its version, the record that approved it, and its evidence.

    The version and the record are left out of the JSON where files were named as the baseline.
    """

    model_package_arn: str | None = None
    record_uri: str | None = None
    record_sha256: Sha256 | None = None
    evidence: tuple[EvidenceDocument, ...]


class RecordedItems(DocumentPart, frozen=True, kw_only=True):
    """The items behind a report, and how many there are."""

    uri: str
    version_id: str | None = None
    sha256: Sha256
    items: int

    def restore(self) -> ItemFile:
        """Return them as they were judged."""
        return ItemFile(self.uri, self.sha256, self.items, self.version_id)


class RecordedRecomputation(DocumentPart, frozen=True, kw_only=True):
    """What came of one report when its figures were computed again; what there is none of is left out of the JSON.

    `figures` is the report that came out, with the place of its copy. `problem` says why there is none. `altered` items
    came to something else than `items` says, of the `scored` ones; `first_altered` is the first of them.
    `share_missed` is the largest share of altered items that drawing so few misses with a probability of 5 %. `gold` is
    what the items were held against, and `how` says in words what was done.
    """

    report: str
    items: RecordedItems | None = None
    figures: EvidenceDocument | None = None
    problem: str | None = None
    scored: int | None = None
    altered: int | None = None
    first_altered: str | None = None
    share_missed: Finite | None = None
    gold: RecordedItems | None = None
    how: str | None = None

    @classmethod
    def of(cls, report: Report, again: Recomputation) -> Self:
        """Return the record of one recomputation, that of `report`."""
        items, figures, gold = again.items, again.figures, again.gold
        drawn = items is not None and 0 < again.scored < items.items
        return cls(
            report=report.uri,
            items=None if items is None else RecordedItems.taken_from(items),
            figures=None if figures is None else _record_report(figures, with_time=False),
            problem=again.problem,
            scored=again.scored or None,
            altered=again.altered or None,
            first_altered=again.first_altered,
            share_missed=share_missed(again.scored, items.items) if drawn and items is not None else None,
            gold=None if gold is None else RecordedItems.taken_from(gold),
            how=again.how,
        )

    def restore(self, figures: Report | None) -> Recomputation:
        """Return the recomputation as it was judged, with `figures` read again."""
        return Recomputation(
            figures=figures,
            items=None if self.items is None else self.items.restore(),
            problem=self.problem,
            altered=self.altered or 0,
            first_altered=self.first_altered,
            scored=self.scored or 0,
            gold=None if self.gold is None else self.gold.restore(),
            how=self.how,
        )


class RecordedVerification(DocumentPart, frozen=True, kw_only=True):
    """How the figures were computed again: of each report in the order of `evidence`, or why of none.

    `sample` is how many items were drawn of a report at most, by `seed`; both are left out where all were scored.
    """

    sample: int | None = None
    seed: str | None = None
    not_verified: str | None = None
    reports: tuple[RecordedRecomputation, ...] = ()


class RecordedReview(DocumentPart, frozen=True, kw_only=True):
    """The review by which the version was to be judged again; it names the decision before."""

    uri: str
    sha256: Sha256


RecordedLimit = dict[str, Finite | list[Finite] | Literal[True] | dict[str, Finite]]


class RecordedFinding(DocumentPart, frozen=True, kw_only=True):
    """What one check came to; `consequence` is null where it asks for nothing.

    `waiver` is the one that lets it pass, and `origin` the file and line of an inherited check. `baseline` is the
    figure that `limit` was made of. Where figures were computed again, `value` is what came out, and `reported` what
    the report says. All four are left out of the JSON where there is none.
    """

    check: str
    metric: str
    facet: str | None
    outcome: Outcome
    consequence: Consequence | None
    value: Finite | None
    samples: int | None
    interval: RecordedInterval | None
    limit: RecordedLimit
    why: str
    reason: str
    waiver: RecordedAppliedWaiver | None = None
    origin: str | None = None
    baseline: RecordedFigure | None = None
    reported: Finite | None = None

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Return the record of `finding`."""
        interval, waiver, baseline = finding.interval, finding.waiver, finding.baseline
        return cls(
            check=finding.check,
            metric=finding.metric,
            facet=finding.facet,
            outcome=finding.outcome,
            consequence=finding.consequence,
            value=None if finding.value is None else float(finding.value),
            samples=finding.samples,
            interval=None if interval is None else _record_interval(interval),
            limit=_record_limit(finding.limit),
            why=finding.why,
            reason=finding.reason,
            waiver=None if waiver is None else RecordedAppliedWaiver.taken_from(waiver),
            origin=finding.origin,
            baseline=None
            if baseline is None
            else RecordedFigure(value=float(baseline.value), samples=baseline.samples),
            reported=None if finding.reported is None else float(finding.reported),
        )


class RecordedEngine(DocumentPart, frozen=True, kw_only=True):
    """What decided."""

    name: str
    version: str


class DecisionRecord(DocumentPart, frozen=True, kw_only=True):
    """A decision as it is kept. `decided_at` is UTC to the second, ISO 8601; all else follows from the inputs.

    `thresholds` is `None` where no file applied. `model_package` and `execution`, the ARN of the pipeline execution,
    are left out of the JSON where there is none, and so are `waivers`, all that the threshold file has, `baseline`,
    `verification`, which is there where the file asks to verify, and `review`, by which the version was to be judged
    again.
    """

    # No plain default, which would be left out of the JSON.
    schema: Schema = field(default_factory=lambda: SCHEMA)
    decision: Verdict
    model_package: RecordedModelPackage | None = None
    thresholds: RecordedThresholds | None
    evidence: tuple[EvidenceDocument, ...]
    findings: tuple[RecordedFinding, ...]
    waivers: tuple[RecordedWaiver, ...] = ()
    baseline: RecordedBaseline | None = None
    verification: RecordedVerification | None = None
    review: RecordedReview | None = None
    engine: RecordedEngine
    execution: str | None = None
    decided_at: Moment

    @property
    def is_approved_by_waiver(self) -> bool:
        """Whether the version would not be approved without waivers."""
        return self.decision is Verdict.APPROVED and any(finding.waiver for finding in self.findings)

    @property
    def is_dry_run(self) -> bool:
        """Whether the decision changes no status, whatever it is."""
        return self.thresholds is not None and self.thresholds.mode is Mode.DRY_RUN

    @property
    def headline(self) -> str:
        """The decision in a few words: with what it rests on, and what it would be in a dry run."""
        verdict = f"{self.decision} by waiver" if self.is_approved_by_waiver else str(self.decision)
        return f"Dry run: would be {verdict}" if self.is_dry_run else verdict

    def __post_init__(self) -> None:
        """Refuse what its schema does not have."""
        super().__post_init__()
        is_newer = (
            bool(self.waivers)
            or any(finding.waiver or finding.origin for finding in self.findings)
            or any(document.written_at or document.items for document in self.evidence)
            or (self.thresholds is not None and bool(self.thresholds.sources or self.thresholds.publication))
            or self.baseline is not None
            or self.verification is not None
            or any(finding.reported is not None for finding in self.findings)
            or self.review is not None
            or any(finding.baseline or _is_beside_baseline(finding.limit) for finding in self.findings)
        )
        if self.schema == FIRST_SCHEMA and is_newer:
            raise ValueError(
                "what it says of waivers, origins, ages, publication, baselines, verification and reviews is of "
                f"{SCHEMA}, and it is of {FIRST_SCHEMA}"
            )

    @classmethod
    def of(
        cls,
        decision: Decision,
        *,
        thresholds: ThresholdFile | None,
        evidence: Evidence,
        decided_at: datetime,
        baseline: Baseline | None = None,
        verification: Verification | NotVerified | None = None,
        model_package: RecordedModelPackage | None = None,
        review: RecordedReview | None = None,
        execution: str | None = None,
    ) -> Self:
        """Return the record of `decision`; `decided_at` must know its time zone.

        A baseline is recorded where the thresholds compare with one.
        """
        findings = tuple(RecordedFinding.of(finding) for finding in decision.findings)
        waivers = tuple(_record_waivers(thresholds, findings, decided_at.astimezone(UTC).date()))
        published = None if thresholds is None else thresholds.publication
        with_times = thresholds is not None and (thresholds.asks_for_ages or published is not None)
        compares = thresholds is not None and thresholds.asks_for_baseline
        verifies = thresholds is not None and thresholds.verify is not None
        is_newer = with_times or compares or verifies or (thresholds is not None and bool(thresholds.sources))
        is_newer = is_newer or review is not None
        return cls(
            schema=SCHEMA if waivers or is_newer else FIRST_SCHEMA,
            decision=decision.verdict,
            model_package=model_package,
            thresholds=None if thresholds is None else _record_thresholds(thresholds, evidence),
            evidence=tuple(_record_report(report, with_time=with_times) for report in evidence.reports),
            findings=findings,
            waivers=waivers,
            baseline=_record_baseline(baseline) if compares and baseline is not None else None,
            verification=_record_verification(thresholds, evidence, verification),
            review=review,
            engine=RecordedEngine(name=NAME, version=VERSION),
            execution=execution,
            decided_at=_write_moment(decided_at),
        )

    def to_bytes(self) -> bytes:
        """Return the record as JSON in UTF-8: the same record always gives the same bytes."""
        content = to_builtins(self)
        content["findings"] = content.pop("findings")  # last, since they are long
        return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _record_interval(interval: Interval) -> RecordedInterval:
    return RecordedInterval(
        low=float(interval.low),
        high=float(interval.high),
        confidence=float(interval.confidence),
        one_sided=interval.one_sided,
    )


def _record_limit(limit: Limit | None) -> RecordedLimit:
    return {} if limit is None else {key: _as_doubles(said) for key, said in limit.as_written.items()}


def _as_doubles(said: Any) -> Any:
    """Return what a limit says with its numbers as JSON's readers take them; their further digits are left out."""
    match said:
        case float():
            return float(said)
        case list():
            return [float(number) for number in said]
        case dict():
            return {key: float(number) for key, number in said.items()}
        case _:
            return said


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _record_report(report: Report, *, with_time: bool) -> EvidenceDocument:
    digest: Literal["verified", "none"] | None = None
    if report.digest_verified is not None:
        digest = "verified" if report.digest_verified else "none"
    return EvidenceDocument(
        uri=report.uri,
        version_id=report.version_id,
        sha256=report.sha256,
        format=report.format,
        digest=digest,
        copy_uri=report.copy_uri,
        written_at=_write_moment(report.written_at) if with_time and report.written_at else None,
        items=None if report.items is None else RecordedItemResults.taken_from(report.items),
    )


def _record_baseline(baseline: Baseline) -> RecordedBaseline:
    version = baseline.version
    return RecordedBaseline(
        model_package_arn=None if version is None else version.arn,
        record_uri=None if version is None else version.record_uri,
        record_sha256=None if version is None else version.record_sha256,
        evidence=tuple(_record_report(report, with_time=False) for report in baseline.evidence.reports),
    )


def _record_verification(
    file: ThresholdFile | None, evidence: Evidence, verification: Verification | NotVerified | None
) -> RecordedVerification | None:
    if file is None or file.verify is None:
        return None
    match verification:
        case Verification(recomputations, seed):
            pairs = zip(evidence.reports, recomputations, strict=True)
            reports = tuple(RecordedRecomputation.of(report, again) for report, again in pairs)
            return RecordedVerification(sample=file.sample_size, seed=seed, reports=reports)
        case NotVerified(reason):
            return RecordedVerification(not_verified=reason)
        case None:
            return None


def _is_beside_baseline(limit: Mapping[str, object]) -> bool:
    known = read_limit(limit)
    return known is not None and not known.is_fixed


def _record_thresholds(file: ThresholdFile, evidence: Evidence) -> RecordedThresholds:
    sources = tuple(RecordedSource(source=one.source, sha256=one.sha256) for one in file.sources)
    publication = None if file.publication is None else _record_publication(file.publication, evidence)
    return RecordedThresholds(
        name=file.name,
        sha256=file.sha256,
        source=file.source,
        mode=file.mode,
        sources=sources,
        publication=publication,
    )


def _record_publication(publication: Publication, evidence: Evidence) -> RecordedPublication:
    bundle, earlier = publication.bundle, publication.unchanged_since
    return RecordedPublication(
        bundle=None if bundle is None else RecordedBundle.taken_from(bundle),
        published_at=_write_moment(publication.at),
        unchanged_since=None if earlier is None else _write_moment(earlier),
        predates_evidence=tell_bar_order(publication, evidence).predates,
    )


def _record_waivers(
    file: ThresholdFile | None, findings: Sequence[RecordedFinding], today: date
) -> Iterator[RecordedWaiver]:
    used = {(finding.check, finding.waiver.facet) for finding in findings if finding.waiver is not None}
    for waiver in () if file is None else file.waivers:
        use = WaiverUse.USED if (waiver.check, waiver.facet) in used else WaiverUse.NOT_NEEDED
        if not waiver.is_in_force(today):
            use = WaiverUse.EXPIRED
        yield RecordedWaiver(
            check=waiver.check,
            facet=waiver.facet,
            reason=waiver.reason,
            approved_by=waiver.approved_by,
            expires=waiver.expires,
            use=use,
        )


def parse_record(content: bytes) -> DecisionRecord:
    """Parse the bytes of a decision record.

    Raises:
        DecisionRecordError: when they are something else.
    """
    try:
        parse_strict_json(content)
        return DecisionRecord.read_json(content)
    except ReportError as error:
        raise DecisionRecordError(f"not a decision record: {error}") from error
    except ValidationError as error:
        raise DecisionRecordError(explain_invalid(error)) from error


def explain_invalid(error: ValidationError) -> str:
    """Return what makes bytes no decision record: the first problem and its place."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the top"
    return f"not a decision record ({SCHEMA}): {where}: {first['msg']}"
