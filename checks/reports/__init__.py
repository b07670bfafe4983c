"""Readers of evaluation reports, one small module a format, recognised by content.

A reader module ends with its `READER`, which says all that is to be known of the format; no other table says more. A
new one is a module and a line in `READERS`. `figures`, for files of no format, is asked last and alone.
"""

import hashlib
from collections.abc import Callable, Iterable
from itertools import chain

from msgspec.structs import replace

from checks.evidence import Document, Evidence, Report
from checks.garbage import pause_collecting
from checks.item_results import RESULTS, ItemResults
from checks.measurements import Measurement, Source
from checks.reports import (
    bedrock_evaluation,
    clarify_analysis_config,
    clarify_bias,
    clarify_explainability,
    evaluation,
    figures,
    fmeval,
    inspect_log,
    lm_eval,
    model_card,
    model_monitor_constraints,
    model_monitor_statistics,
    model_monitor_violations,
    ragas,
    sagemaker_evaluators,
    trainer_state,
)
from checks.reports.numbers import Node
from checks.reports.reader import Reader
from checks.reports.stated_errors import add_stated_errors, may_state_errors
from checks.strict_json import JsonValue, ReportError, parse_report_json
from checks.subject import Subject, SubjectError, read_subject

MAX_REPORT_BYTES = 32 * 1024 * 1024
MAX_MEASUREMENTS = 100_000
MAX_VALUES = 2_000_000  # parsed, these take some 500 MB
MAX_NAME_CHARACTERS = 50_000_000  # of all addresses together
UNREADABLE = "unreadable"

# Of all reports of one version together. Figures and names are held until the decision is made, so all reports may
# hold as many as one may; bytes and parsed values are let go after each report, and only cost time.
MAX_EVIDENCE_BYTES = 4 * MAX_REPORT_BYTES
MAX_EVIDENCE_VALUES = 4 * MAX_VALUES
MAX_EVIDENCE_MEASUREMENTS = MAX_MEASUREMENTS
MAX_EVIDENCE_NAME_CHARACTERS = MAX_NAME_CHARACTERS

_NO_BYTES = hashlib.sha256().hexdigest()


READERS: tuple[Reader, ...] = (
    bedrock_evaluation.READER,
    clarify_bias.READER,
    clarify_explainability.READER,
    clarify_analysis_config.READER,
    evaluation.READER,
    fmeval.READER,
    inspect_log.READER,
    lm_eval.READER,
    model_card.READER,
    model_monitor_constraints.READER,
    model_monitor_statistics.READER,
    model_monitor_violations.READER,
    ragas.READER,
    sagemaker_evaluators.READER,
    trainer_state.READER,
    figures.READER,
)


def place_of_items(report: Report) -> str | None:
    """Return where the item results of a report would be: beside it, as scoring writes them; `None` for other reports.

    What is about another version, or cannot be read, has none that count.
    """
    counts = report.problem is None and report.foreign is None
    if not counts or evaluation.FORMAT not in report.format.split("+"):
        return None
    folder, slash, _ = report.uri.rpartition("/")
    return f"{folder}{slash}{RESULTS}"


def attach_items_beside(evidence: Evidence, read: Callable[[str], ItemResults | None]) -> Evidence:
    """Return the evidence with the item results beside its reports; `read` finds them at a place, once for each."""
    found: dict[str | None, ItemResults | None] = {None: None}
    reports = []
    for report in evidence.reports:
        place = place_of_items(report)
        if place is not None and place not in found:
            found[place] = read(place)
        reports.append(replace(report, items=found[place]))
    return Evidence(tuple(reports))


def card_has_figures(content: bytes) -> bool:
    """Return whether the content of a version's model card holds figures; most cards hold words alone.

    Raises:
        ReportError: it is not JSON.
    """
    return model_card.has_figures(parse_report_json(content))


def read_report(document: Document) -> Report:
    """Read one report; whatever the bytes are, the result is a report, with a `problem` where it cannot be read.

    A document that holds several formats at once, as Clarify's `analysis.json` may, is read by each; its format is
    then their names joined by `+`.
    """
    try:
        with pause_collecting():
            readers, measurements, subject = _read(document)
    except (ReportError, SubjectError, RecursionError) as error:
        problem = "nested too deeply to be a report" if isinstance(error, RecursionError) else str(error)
        return Report(document.uri, document.version_id, document.sha256, UNREADABLE, (), problem)
    return Report(
        document.uri,
        document.version_id,
        document.sha256,
        "+".join(reader.format for reader in readers),
        measurements,
        subject=subject,
        kinds=tuple(reader.kind for reader in readers),
        written_at=document.written_at,
    )


def leave_unread(uri: str, problem: str) -> Report:
    """Return the report that was not read, with the reason; its digest is that of no bytes."""
    return Report(uri, None, _NO_BYTES, UNREADABLE, (), problem)


class EvidenceReader:
    """Reads the reports of one version, and holds their sum within bounds as `read_report` holds each.

    The report that goes beyond the sum has that as its problem, and so has every later one, which is not fetched:
    no set of reports takes more time or memory than a few of the largest do.
    """

    def __init__(self) -> None:
        self._sums = {"bytes": 0, "values": 0, "figures": 0, "characters of names": 0}
        self._full: str | None = None

    def read(self, uri: str, fetch: Callable[[], Document]) -> Report:
        """Return the report that `fetch` brings from `uri`; what `fetch` raises is passed on."""
        if self._full is not None:
            return leave_unread(uri, self._full)
        document = fetch()
        self._add("bytes", len(document.content), MAX_EVIDENCE_BYTES)
        self._add("values", _count_values(document.content), MAX_EVIDENCE_VALUES)
        report = self._refuse_when_full(document) or read_report(document)
        self._add("figures", len(report.measurements), MAX_EVIDENCE_MEASUREMENTS)
        names = sum(
            len(one.metric) + one.place.count_characters(one.metric) + len(one.facet or "")
            for one in report.measurements
        )
        self._add("characters of names", names, MAX_EVIDENCE_NAME_CHARACTERS)
        return self._refuse_when_full(document) or report

    def _add(self, what: str, count: int, most: int) -> None:
        self._sums[what] += count
        if self._sums[what] > most and self._full is None:
            self._full = (
                f"not read: up to this report the evidence holds more than {most:,} {what} in all; "
                "attach fewer reports, and figures instead of the data behind them"
            )

    def _refuse_when_full(self, document: Document) -> Report | None:
        if self._full is None:
            return None
        return Report(document.uri, document.version_id, document.sha256, UNREADABLE, (), self._full)


def _count_values(content: bytes) -> int:
    """Return how many values JSON text holds at most, give or take one."""
    return sum(content.count(mark) for mark in (b",", b"[", b"{"))


def _read(document: Document) -> tuple[list[Reader], tuple[Measurement, ...], Subject | None]:
    if len(document.content) > MAX_REPORT_BYTES:
        megabytes = MAX_REPORT_BYTES // (1024 * 1024)
        raise ReportError(f"larger than {megabytes} MiB; attach the report, not the data behind it")
    if _count_values(document.content) > MAX_VALUES:
        raise ReportError(f"holds more than {MAX_VALUES:,} values; attach the report, not the data behind it")
    is_archive = document.content.startswith(inspect_log.ARCHIVE_START)
    content = inspect_log.read_header(document.content, MAX_REPORT_BYTES) if is_archive else document.content
    lines = bedrock_evaluation.read_lines(content)
    parsed = parse_report_json(content) if lines is None else lines
    readers = _find_readers(parsed)
    report = Node(parsed, Source(document.name))
    every: Iterable[Measurement] = chain.from_iterable(reader.read(report) for reader in readers)
    if may_state_errors(content):
        every = add_stated_errors(report, every)
    measurements = _take_bounded(every)
    if not measurements:
        raise ReportError("holds no metric")
    return readers, tuple(measurements), read_subject(parsed)


def _find_readers(parsed: JsonValue) -> list[Reader]:
    """Return the readers of every format that the document is of; that of figures when it is of none."""
    readers = [reader for reader in READERS if reader is not figures.READER and reader.recognises(parsed)]
    if readers:
        return readers
    if figures.recognises(parsed):
        return [figures.READER]
    raise ReportError(figures.why_unknown(parsed))


def _take_bounded(every: Iterable[Measurement]) -> list[Measurement]:
    """Return the measurements, as long as neither they nor their names are more than a report's.

    Those without a name are left out: keys may be empty or blank, and no check can ask for a metric called that.
    """
    taken: list[Measurement] = []
    characters = 0
    for measurement in every:
        metric, facet = measurement.metric, measurement.facet
        if not metric or metric.isspace():
            continue
        taken.append(measurement)
        # Added up here, since a call more for each of a hundred thousand would take a tenth of the time.
        characters += len(metric) + measurement.place.count_characters(metric)
        if facet is not None:
            characters += len(facet)
        # Held against the bounds one by one: a long name may be the beginning of many.
        if characters > MAX_NAME_CHARACTERS:
            raise ReportError("the names of its metrics are too long; shorten them")
        if len(taken) > MAX_MEASUREMENTS:
            raise ReportError(
                f"holds more than {MAX_MEASUREMENTS:,} numbers; attach figures, not the data behind them"
            )
    return taken
