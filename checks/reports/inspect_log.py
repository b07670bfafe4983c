"""Inspect logs: JSON, or the header of a `.eval` archive.

Addressed as `inspect.<task>.<score>.<metric>`, such as `inspect.popularity.match.accuracy`; where one score is there
under several reducers, the reducer follows the score's name. `stderr` and `bootstrap_stderr` are the standard error
of the score's `accuracy` or `mean`, and the number of scored samples is theirs too. A run that was cancelled, failed,
was invalidated, left samples out or does not count them is a gap of all that the task has, so that no check passes on
what was finished by chance. The shape is that of https://inspect.aisi.org.uk/reference/inspect_ai.log.html.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from io import BytesIO

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_error, read_measurement
from checks.reports.reader import Reader
from checks.reports.support import add_support, read_count
from checks.strict_json import JsonValue, ReportError

FORMAT = "inspect_log"
ARCHIVE_START = b"PK\x03\x04"
HEADER = "header.json"
PREFIX = "inspect"
MEANS = ("accuracy", "mean")
ERRORS = ("stderr", "bootstrap_stderr")


def read_header(archive: bytes, limit: int) -> bytes:
    """Return the header of a `.eval` log, at most `limit` bytes long.

    Raises:
        ReportError: when `archive` is no such log, is damaged, or belongs to a run that has not ended.
    """
    import zipfile  # noqa: PLC0415 - for archives alone, and every command reads reports
    import zlib  # noqa: PLC0415 - likewise

    try:
        with zipfile.ZipFile(BytesIO(archive)) as log:
            names = log.namelist()
            if HEADER not in names:
                raise ReportError(
                    "a log of Inspect whose run has not ended; attach it when it has"
                    if "_journal/start.json" in names
                    else f"an archive without {HEADER}, so no log of Inspect"
                )
            with log.open(HEADER) as header:
                content = header.read(limit + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise ReportError(f"a log of Inspect that cannot be unpacked: {error}") from error
    if len(content) > limit:
        raise ReportError(f"the {HEADER} of the log is too large")
    return content


def recognises(document: JsonValue) -> bool:
    """Whether `document` is a log of Inspect: a status beside the evaluation of a task."""
    if not isinstance(document, Mapping) or "status" not in document:
        return False
    evaluation = document.get("eval")
    return isinstance(evaluation, Mapping) and "task" in evaluation


def read(report: Node) -> Iterator[Measurement]:
    """Yield every metric of every score.

    Raises:
        ReportError: when the log does not say of which task it is, or how the run ended.
    """
    prefix = f"{PREFIX}.{report.child('eval').child('task').text()}"
    # First what reaches everything that the task has; figures are read all the same, so that people see them.
    if gap := _why_unfinished(report):
        yield make_gap(prefix, report, gap)
    results = report.child("results") if "results" in report else report
    if not isinstance(results.value, Mapping) or not results.value.get("scores"):
        yield make_gap(prefix, report, gap or "the run has no scores")
        return
    epochs = _count_epochs(report)
    if uncounted := _why_incomplete(results.value):
        yield make_gap(prefix, results, uncounted)
    scores = results.child("scores")
    if not isinstance(scores.value, list):
        yield make_gap(prefix, scores, f"{name_kind(scores.value)} where a list of scores belongs")
        return
    entries = [score for _, score in scores.members()]
    names = Counter(_read_name(score) for score in entries)
    for score in entries:
        name = _read_name(score)
        if name is None:
            yield make_gap(prefix, score, "a score without a name")
            continue
        # The reducer is a part of the address only where the name alone would be of several scores.
        reducer = score.object().get("reducer")
        several = names[name] > 1 and isinstance(reducer, str)
        yield from _read_score(
            f"{prefix}.{name}.{reducer}" if several else f"{prefix}.{name}", score, results, epochs
        )


def _read_name(score: Node) -> str | None:
    named = isinstance(score.value, Mapping) and isinstance(score.value.get("name"), str)
    return score.child("name").text() if named else None


def _why_unfinished(report: Node) -> str:
    """Return why nothing of the run counts, or an empty text."""
    status = report.child("status").text()
    error = report.object().get("error")
    message = error.get("message") if isinstance(error, Mapping) else error
    stated = read_error(message if isinstance(message, str) else error)
    if status != "success":
        return f"the run did not succeed (status: {status})" + (f": {stated}" if stated else "")
    if stated:
        return f"the run reports an error: {stated}"
    if report.object().get("invalidated") not in {None, False}:
        return "the run was invalidated"
    return _why_samples_failed(report.object().get("samples"))


def _why_samples_failed(samples: JsonValue) -> str:
    """Return how many of the samples that the log holds failed or were invalidated, or an empty text."""
    if not isinstance(samples, list):
        return ""
    bad = [sample for sample in samples if isinstance(sample, Mapping) and any(map(sample.get, _FAILURES))]
    return f"{len(bad)} samples failed or were invalidated" if bad else ""


_FAILURES = ("error", "invalidation")


def _why_incomplete(results: Mapping[str, JsonValue]) -> str:
    """Return why it is not known that every sample was completed, or an empty text."""
    given = {key: read_count(results.get(key), least=0) for key in ("total_samples", "completed_samples")}
    for key, count in given.items():
        if count.items is None:
            return f"{key}: {count.problem or 'the log does not give it'}, so samples may have been left out"
    total, completed = given["total_samples"].items, given["completed_samples"].items
    return "" if total == completed else f"only {completed} of {total} samples were completed"


def _count_epochs(report: Node) -> int:
    """Return how often each sample was run: scores are of samples, the counts of the run are of runs of samples."""
    config = report.child("eval").object().get("config")
    return read_count(config.get("epochs")).items or 1 if isinstance(config, Mapping) else 1


def _read_score(prefix: str, score: Node, results: Node, epochs: int) -> Iterator[Measurement]:
    entry = score.object()
    metrics = score.child("metrics") if "metrics" in score else score
    if "metrics" not in score or not isinstance(metrics.value, Mapping) or not metrics.value:
        yield make_gap(prefix, metrics, "the score has no metrics")
        return
    if gap := _why_unscored(entry, results.object(), epochs):
        yield make_gap(prefix, score, gap)
    values = {name: _find_value(node) for name, node in metrics.members()}
    error = next((values[name].value for name in ERRORS if name in values), None)
    samples = entry.get("scored_samples", results.object().get("completed_samples"))
    for name, value in values.items():
        found = read_measurement(f"{prefix}.{name}", value)
        yield add_support(found, samples=samples, standard_error=error) if name in MEANS else found


def _find_value(metric: Node) -> Node:
    """Return the node of a metric's number, which is in `value`, or alone."""
    return metric.child("value") if "value" in metric else metric


def _why_unscored(score: Mapping[str, JsonValue], results: Mapping[str, JsonValue], epochs: int) -> str:
    """Return why it is not known that every completed sample has this score, or an empty text."""
    unscored = read_count(score.get("unscored_samples"), least=0)
    if unscored.problem is not None:
        return f"unscored_samples: {unscored.problem}"
    if unscored.items:
        return f"{unscored.items} samples have no score"
    scored = read_count(score.get("scored_samples"), least=0)
    if scored.problem is not None:
        return f"scored_samples: {scored.problem}"
    completed = read_count(results.get("completed_samples"), least=0).items or 0
    if scored.items is not None and scored.items * epochs < completed:
        return f"only {scored.items} of {completed} samples have this score"
    return ""


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
