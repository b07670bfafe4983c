"""A decision made again: its recorded inputs fetched and verified, judged, and held against its record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError, AwsUnreachableError
from checks.decision_record import (
    DecisionRecord,
    EvidenceDocument,
    RecordedBundle,
    RecordedItemResults,
    RecordedVerification,
    parse_record,
)
from checks.errors import GovernanceError
from checks.replays import (
    attach_items,
    decide_again,
    is_readable,
    list_differences,
    rebuild_baseline,
    rebuild_evidence,
    rebuild_verification,
)
from checks.reports import MAX_REPORT_BYTES
from checks.threshold_bundle import MAX_BUNDLE_BYTES, read_bundle
from checks.threshold_file import MAX_BYTES, ThresholdFileError
from checks.threshold_set import read_threshold_set, write_all_problems
from checks.thresholds import ThresholdFile

# Reads at most so many bytes of what is at a place: a path, or a URI of S3, which may name a version.
Fetch = Callable[[str, int], bytes]


class ReplayedInput(Struct, frozen=True):
    """One input of a decision: a report or a threshold file, and the SHA-256 that its bytes must have.

    `read_from` is where these bytes were found; `None` where nowhere, and `problem` then says what is there instead.
    """

    what: str
    uri: str
    sha256: str
    content: bytes | None = None
    read_from: str | None = None
    problem: str | None = None


class Replay(Struct, frozen=True):
    """A decision made again. `again` is `None` where an input differs or is gone, so that nothing could be judged."""

    record: DecisionRecord
    inputs: tuple[ReplayedInput, ...]
    again: DecisionRecord | None = None
    is_same: bool = False
    differences: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What differs or is gone, a sentence an input."""
        return tuple(_name_problem(one, one.problem) for one in self.inputs if one.problem is not None)


def _name_problem(one: ReplayedInput, problem: str) -> str:
    """Return what is wrong with an input, with where it was; most problems begin with that themselves."""
    return problem if problem.startswith(one.uri) else f"{one.uri}: {problem}"


class NotAsRecordedError(GovernanceError):
    """An input of a decision that is gone, or has other bytes than the record says."""


def read_thresholds_again(record: DecisionRecord, fetch: Fetch) -> ThresholdFile | None:
    """Return the thresholds that a decision was made by, of the bytes that its record names; `None` without any.

    Raises:
        NotAsRecordedError: they are gone, or have other bytes by now.
        GovernanceError: they have the recorded bytes, and this engine cannot read them any more.
        AwsError: AWS asked to slow down, or gave no answer.
    """
    sources = [_find(one, fetch, most=MAX_BUNDLE_BYTES) for one in _list_threshold_inputs(record)]
    problems = [_name_problem(one, one.problem) for one in sources if one.problem is not None]
    if problems:
        raise NotAsRecordedError("; ".join(problems))
    return _compile(record, {one.uri: one.content or b"" for one in sources})


def replay_decision(content: bytes, fetch: Fetch) -> Replay:
    """Fetch what the decision record `content` names, and make the decision again as of its time.

    It is the same where its record has the same bytes, but for the engine's version, which is that of the record.

    Raises:
        DecisionRecordError: `content` is no decision record.
        GovernanceError: the threshold file has the recorded bytes, and this engine cannot read it any more.
        AwsError: AWS asked to slow down, or gave no answer.
    """
    record = parse_record(content)
    reports = [_find_report(document, fetch) for document in record.evidence]
    sources = [_find(one, fetch, most=MAX_BUNDLE_BYTES) for one in _list_threshold_inputs(record)]
    compared = record.baseline
    reports_before = [_find_report(one, fetch) for one in compared.evidence] if compared is not None else []
    verified = record.verification
    figures = [] if verified is None else list(_find_figures(verified, reports, fetch))
    items = _find_items(record.evidence, fetch)
    items_before = _find_items(compared.evidence, fetch) if compared is not None else []
    inputs = (
        *sources,
        *reports,
        *reports_before,
        *(one for one in (*items, *items_before, *figures) if one is not None),
    )
    if any(one.problem is not None for one in inputs):
        return Replay(record, inputs)
    thresholds = _compile(record, {one.uri: one.content or b"" for one in sources})
    evidence = rebuild_evidence(record, [one.content for one in reports])
    evidence = attach_items(evidence, record.evidence, [_content_of(one) for one in items])
    baseline = None
    if compared is not None:
        baseline = rebuild_baseline(compared, [one.content for one in reports_before])
        attached = attach_items(
            baseline.evidence, compared.evidence, [_content_of(one) for one in items_before]
        )
        baseline = replace(baseline, evidence=attached)
    verification = None
    if verified is not None:
        verification = rebuild_verification(
            verified, [None if one is None else one.content for one in figures]
        )
    again = decide_again(record, thresholds, evidence, baseline, verification)
    is_same = again.to_bytes() == content
    differences: list[str] = [] if is_same else list_differences(record, again)
    if not is_same and not differences:
        differences = ["the record is written in another way: its bytes differ, and what it says does not"]
    return Replay(record, inputs, again, is_same, tuple(differences))


def _find_report(document: EvidenceDocument, fetch: Fetch) -> ReplayedInput:
    wanted = ReplayedInput("evidence", document.uri, document.sha256)
    if not is_readable(document):
        return wanted  # nothing was read of it then
    places = _list_places(document)
    if document.uri.startswith("arn:"):  # the version's model card, which is no object
        places = places[1:]
    return _find(wanted, fetch, *places, most=MAX_REPORT_BYTES)


def _find_items(documents: Sequence[EvidenceDocument], fetch: Fetch) -> list[ReplayedInput | None]:
    """Return the item results of each report; `None` where the decision had none of it."""
    return [None if one.items is None else _find_item_results(one.items, fetch) for one in documents]


def _find_item_results(items: RecordedItemResults, fetch: Fetch) -> ReplayedInput:
    wanted = ReplayedInput("item results", items.uri, items.sha256)
    return _find(wanted, fetch, *_list_places(items), most=MAX_REPORT_BYTES)


def _content_of(found: ReplayedInput | None) -> bytes | None:
    return None if found is None else found.content


def _list_places(document: EvidenceDocument | RecordedItemResults) -> list[str]:
    """Return where the bytes may be: the version of the object that was read, and the copy of it, where one is kept."""
    version = "" if document.version_id is None else f"?versionId={document.version_id}"
    return [f"{document.uri}{version}", *([] if document.copy_uri is None else [document.copy_uri])]


_BESIDE_GOLD = (
    "they came out beside gold and databases that a replay does not read, and no copy of them is kept; check again "
    "with governance check --verify"
)


def _find_figures(
    verified: RecordedVerification, reports: Sequence[ReplayedInput], fetch: Fetch
) -> Iterator[ReplayedInput | None]:
    """Yield what came out of each report then: its copy, or what comes out of the same items now."""
    for one, report in zip(verified.reports, reports, strict=bool(verified.reports)):
        if one.figures is None:
            yield None
            continue
        wanted = ReplayedInput("figures", one.figures.uri, one.figures.sha256)
        if one.figures.copy_uri is not None or one.items is None or report.content is None:
            yield _find(wanted, fetch, *filter(None, [one.figures.copy_uri]), most=MAX_REPORT_BYTES)
            continue
        if one.gold is not None:  # the databases are as large as they like, and may have changed
            yield replace(wanted, problem=_BESIDE_GOLD)
            continue
        version = "" if one.items.version_id is None else f"?versionId={one.items.version_id}"
        wanted_items = ReplayedInput("items", one.items.uri, one.items.sha256)
        items = _find(wanted_items, fetch, f"{one.items.uri}{version}", most=MAX_REPORT_BYTES)
        if items.content is None:
            yield items
        else:
            yield _compute_again(wanted, report.content, items.content, verified)


def _compute_again(
    wanted: ReplayedInput, report: bytes, items: bytes, verified: RecordedVerification
) -> ReplayedInput:
    from scorers.recomputing.item_lines import ItemsError  # noqa: PLC0415 - for records of verified files
    from scorers.recomputing.recompute import recompute_report  # noqa: PLC0415

    try:
        out = recompute_report(report, items, sample=verified.sample, seed=verified.seed).content
    except ItemsError as error:
        return replace(wanted, problem=f"nothing comes out of the items now: {error}")
    if sha256(out).hexdigest() != wanted.sha256:
        return replace(wanted, problem="other figures come out of the same items now, by this engine")
    return replace(wanted, content=out, read_from=wanted.uri)


def _find(wanted: ReplayedInput, fetch: Fetch, *places: str, most: int = MAX_BYTES) -> ReplayedInput:
    """Return the input with the bytes of the first place that has those of its digest."""
    said = []
    for place in places or (wanted.uri,):
        try:
            content = fetch(place, most)
        except (AwsThrottledError, AwsUnreachableError):
            raise  # that says nothing of what is there
        except GovernanceError as error:
            said.append(str(error))
            continue
        digest = sha256(content).hexdigest()
        if digest == wanted.sha256:
            return ReplayedInput(wanted.what, wanted.uri, wanted.sha256, content, read_from=place)
        said.append(f"{place} has other bytes by now (SHA-256 {digest})")
    problem = "; ".join(said) or "no copy of it was kept"
    return ReplayedInput(wanted.what, wanted.uri, wanted.sha256, problem=problem)


def _find_bundle(record: DecisionRecord) -> RecordedBundle | None:
    """Return the bundle that the thresholds are of; `None` where they were single files."""
    published = None if record.thresholds is None else record.thresholds.publication
    return None if published is None else published.bundle


def _list_threshold_inputs(record: DecisionRecord) -> Iterator[ReplayedInput]:
    thresholds = record.thresholds
    if thresholds is None:
        return
    if (bundle := _find_bundle(record)) is not None:
        yield ReplayedInput("thresholds", bundle.uri, bundle.sha256)
        return
    if not thresholds.sources:
        yield ReplayedInput("thresholds", thresholds.source, thresholds.sha256)
    for one in thresholds.sources:
        yield ReplayedInput("thresholds", one.source, one.sha256)


def _compile(record: DecisionRecord, contents: Mapping[str, bytes]) -> ThresholdFile | None:
    if record.thresholds is None:
        return None
    source = record.thresholds.source
    if (bundle := _find_bundle(record)) is not None:
        contents = read_bundle(contents[bundle.uri], bundle.uri)
    found = read_threshold_set(contents, [source])
    if found.problems:
        raise ThresholdFileError(write_all_problems(found.problems))
    return found.files[source]
