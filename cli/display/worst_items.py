"""The items that cost a failed figure most, out of the `results.jsonl` that scoring wrote beside its report."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from checks.catalogue.metric import without_gap
from checks.decision import Outcome
from checks.decision_record import DecisionRecord, EvidenceDocument, RecordedFinding
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.facets import is_group_of_column
from checks.reports import MAX_REPORT_BYTES, read_report
from checks.reports.evaluation import FORMAT as EVALUATION
from checks.strict_json import JsonValue, ReportError, parse_report_json
from checks.text import one_line, shortened
from cli.display.terminal import clean_text
from cli.lookup.inputs import input_at, is_in_s3
from scorers.evidence_writer import RESULTS
from scorers.item_costs import Item, cost_of
from scorers.item_groups import facet_groups

MOST_FIGURES = 5
MOST_FIELDS = 8
MOST_CHARACTERS = 300  # of one text of an item
MOST_BYTES = 256 * 1024 * 1024
LONGEST_LINE = 1024 * 1024
_BLOCK = 1024 * 1024

_KINDS = ("verdict", "kind", "stance")  # fields that name what an item came to
_FIRST = ("question", "prompt", "gold_sql", "gold_label", "label", "reference", "predicted_sql", "answer")
_NOT_SHOWN = ("id", "line", "correct", "facets", "database", "scores", "reasons", "draws")


class _Worst(Struct):
    """The worst items of one figure, kept while the lines go by."""

    finding: RecordedFinding
    most: int
    items: int = 0
    against: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _heap: list[tuple[float, int, Item]] = field(default_factory=list)

    def add(self, number: int, item: Item) -> None:
        if not _is_in(item, self.finding.facet):
            return
        self.items += 1
        cost = cost_of(self.finding.metric, item, self.finding.value)
        if cost is None:
            return
        self.against += 1
        self.kinds.update(str(item[name]) for name in _KINDS if isinstance(item.get(name), str))
        entry = (cost, -number, item)  # of items that cost the same, the first
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def worst_first(self) -> list[Item]:
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


def lines_about_worst_items(record: DecisionRecord, most: int) -> Iterator[str]:
    """Yield for each failed figure up to `most` items that cost it most, with what was asked, right and answered.

    Only results beside a report whose bytes are those that were judged are shown; where there are none, nothing is.
    """
    failed = [f for f in record.findings if f.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE)]
    if not failed or most < 1:
        return
    left = MOST_FIGURES
    for document in record.evidence:
        if left < 1 or EVALUATION not in document.format.split("+"):
            continue
        concerned = _measured_in(document, failed)[:left]
        if not concerned:
            continue
        found = [_Worst(finding, most) for finding in concerned]
        results = f"{document.uri.rpartition('/')[0]}/{RESULTS}".removeprefix(
            "/" if "/" not in document.uri else ""
        )
        try:
            remark = _go_through(results, found)
        except GovernanceError as error:
            yield f"items       not shown: {one_line(str(error))}"
            continue
        with_items = [worst for worst in found if worst.against]
        left -= len(with_items)
        for worst in with_items:
            yield from _describe_worst(worst, results)
        if with_items and remark:
            yield f"items       {remark}"


def _is_in(item: Item, facet: str | None) -> bool:
    """Return whether an item is in the group that a finding is about; a facet without a value is about all of them."""
    if facet is None or not is_group_of_column(facet):
        return True
    try:
        return facet in facet_groups(item.get("facets"))
    except GovernanceError:
        return False


def _measured_in(document: EvidenceDocument, failed: Sequence[RecordedFinding]) -> list[RecordedFinding]:
    """Return the figures that a report measures, read again; none where it is gone, or changed since."""
    if document.uri.startswith("<"):
        return []
    uri = f"{document.uri}?versionId={document.version_id}" if document.version_id else document.uri
    try:
        found = input_at(uri).read(MAX_REPORT_BYTES)
    except GovernanceError:
        return []
    if found.sha256 != document.sha256:
        return []
    measured = {
        measurement.metric for measurement in read_report(Document(document.uri, found.content)).measurements
    }
    return [finding for finding in failed if finding.metric in measured]


def _go_through(results: str, found: Sequence[_Worst]) -> str:
    """Show every line to those who keep the worst; return a remark where not all could be read."""
    broken = 0
    with _opened(results) as read:
        lines = _Lines(read)
        for number, line in enumerate(lines):
            try:
                item = parse_report_json(line)
            except ReportError:
                item = None
            if not isinstance(item, Mapping):
                broken += 1
                continue
            for worst in found:
                worst.add(number, item)
    remarks = [f"{broken:,} lines of {results} are no JSON objects and were left out"] if broken else []
    if lines.is_cut:
        remarks.append(f"only the first {MOST_BYTES:,} bytes of {results} were looked through")
    return "; ".join(remarks)


@contextmanager
def _opened(results: str) -> Iterator[Callable[[int], bytes]]:
    """Give a function that reads on; where there are no results, it reads nothing."""
    if not is_in_s3(results):
        path = Path(results)
        if not path.is_file():
            yield lambda _: b""
            return
        with path.open("rb") as file:
            yield file.read
        return
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.s3_objects import ObjectMissingError, opened_object  # noqa: PLC0415
    from aws.s3_uris import S3Uri  # noqa: PLC0415

    try:
        with opened_object(s3_client(), S3Uri.parse(results)) as read:
            yield read
    except ObjectMissingError:
        yield lambda _: b""


class _Lines:
    """The lines of a file as far as it is read: bounded as a whole, and each; longer ones come out as no JSON."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.is_cut = False
        self._read = read

    def __iter__(self) -> Iterator[bytes]:
        rest, total = b"", 0
        while block := self._read(_BLOCK):
            total += len(block)
            *lines, rest = (rest + block).split(b"\n")
            yield from (line for line in lines if line.strip())
            if len(rest) > LONGEST_LINE:
                rest = b"\0"  # what is left of this line cannot be read either
            if total >= MOST_BYTES:
                self.is_cut = True
                return
        if rest.strip():
            yield rest


def _describe_worst(worst: _Worst, results: str) -> Iterator[str]:
    finding = worst.finding
    facet = f" [{finding.facet}]" if finding.facet else ""
    kinds = ", ".join(f"{count:,} {one_line(kind)}" for kind, count in worst.kinds.most_common(MOST_FIELDS))
    shown = worst.worst_first()
    yield ""
    yield _clean(
        f"worst of {finding.metric}{facet}: {len(shown):,} of the {worst.against:,} that count against it, "
        f"of {worst.items:,} items"
    )
    yield _clean(f"items       {results}{f' ({kinds})' if kinds else ''}")
    for item in shown:
        yield from _item_lines(finding.metric, item)


def _item_lines(metric: str, item: Item) -> Iterator[str]:
    name = without_gap(metric).rpartition(".")[2]
    identity = next((str(item[key]) for key in ("id", "line") if item.get(key) is not None), "-")
    groups = ", ".join(_groups(item))
    yield _clean(f"- {shortened(one_line(identity), MOST_CHARACTERS)}{f' ({groups})' if groups else ''}")
    fields = {key: item[key] for key in (*_FIRST, *item) if key in item and key not in _NOT_SHOWN}
    own: dict[str, JsonValue] = {}
    for key, title in (("scores", name), ("reasons", "reason")):
        of_metrics = item.get(key)
        if isinstance(of_metrics, Mapping) and of_metrics.get(name) is not None:
            own[title] = of_metrics[name]
    asked = {key: value for key, value in fields.items() if key in _FIRST}
    # What says why comes before what merely is true of the item: of a line with many fields the last are left out.
    why = {key: fields[key] for key in (*_KINDS, "reason") if key in fields}
    for key, value in list({**asked, **own, **why, **fields}.items())[:MOST_FIELDS]:
        if isinstance(value, str | int | float) and value != "":
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield _clean(f"    {one_line(key)[:20]:<14}{shortened(one_line(text), MOST_CHARACTERS)}")


def _groups(item: Item) -> tuple[str, ...]:
    try:
        return facet_groups(item.get("facets"))[:MOST_FIELDS]
    except GovernanceError:
        return ()


def _clean(text: str) -> str:
    return clean_text(text).plain
