"""fmeval results: one `EvalOutput` as JSON, or a list of them.

Addressed as `fmeval.<eval_name>.<dataset_name>.<score>`, such as `fmeval.qa_accuracy.trivia_qa.f1_score`, with the
facet `category=<name>` for a category of the data set. An `error` of an output reaches every score of that evaluation
and data set, by category too. The shape is that of
https://github.com/aws/fmeval/blob/main/src/fmeval/eval_algorithms/__init__.py. It has no sample sizes.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.facets import group_facet
from checks.measurements import Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_error, read_measurement
from checks.reports.reader import Reader
from checks.strict_json import JsonValue, ReportError

FORMAT = "fmeval"
NAMES = ("eval_name", "dataset_name")
CATEGORY = "category"


def recognises(document: JsonValue) -> bool:
    """Whether `document` is an output of fmeval, or a list that begins with one."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, Mapping) and all(name in first for name in NAMES)


def read(report: Node) -> Iterator[Measurement]:
    """Yield every score of every output, by category too.

    Raises:
        ReportError: when an output does not say of what evaluation and data set it is.
    """
    outputs = [node for _, node in report.members()] if isinstance(report.value, list) else [report]
    for output in outputs:
        yield from _read_output(output)


def _read_output(output: Node) -> Iterator[Measurement]:
    entry = output.object()
    missing = [name for name in NAMES if name not in entry]
    if missing:
        raise ReportError(f'{output.source.pointer or "the top"}: "{missing[0]}" is missing')
    metric = ".".join(["fmeval", *(output.child(name).text() for name in NAMES)])
    by_facet = {
        None: _read_scores(output, "dataset_scores", metric, None),
        **_read_categories(output, metric),
    }
    for scores in by_facet.values():
        yield from scores
    yield from _find_absent_scores(metric, by_facet, output)
    error = read_error(entry.get("error"))
    if error is not None or not any(by_facet.values()):
        yield make_gap(metric, output, error or "no score, and no reason")


def _read_categories(output: Node, metric: str) -> dict[str | None, list[Measurement]]:
    """Return the scores of each category by its facet, and the gaps where a category cannot be read."""
    if output.object().get("category_scores") is None:
        return {}
    categories = output.child("category_scores")
    if not isinstance(categories.value, list):
        reason = f"{name_kind(categories.value)} where a list of categories belongs"
        return {CATEGORY: [make_gap(metric, categories, reason, facet=CATEGORY)]}
    found: dict[str | None, list[Measurement]] = {}
    for _, category in categories.members():
        name = category.value.get("name") if isinstance(category.value, Mapping) else None
        facet = group_facet(CATEGORY, name) if isinstance(name, str | int) else CATEGORY
        if facet == CATEGORY:
            scores: list[Measurement] = [make_gap(metric, category, "a category without a name", facet=facet)]
        else:
            scores = _read_scores(category, "scores", metric, facet)
            if not scores:
                scores = [make_gap(metric, category, "a category without scores", facet=facet)]
        found.setdefault(facet, []).extend(scores)
    return found


def _read_scores(parent: Node, key: str, metric: str, facet: str | None) -> list[Measurement]:
    if parent.object().get(key) is None:
        return []
    scores = parent.child(key)
    if not isinstance(scores.value, list):
        reason = f"{name_kind(scores.value)} where a list of scores belongs"
        return [make_gap(metric, scores, reason, facet=facet)]
    return [_read_score(score, metric, facet) for _, score in scores.members()]


def _read_score(score: Node, metric: str, facet: str | None) -> Measurement:
    entry = score.value
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        return make_gap(metric, score, "a score without a name", facet=facet)
    name = f"{metric}.{score.child('name').text()}"
    error = read_error(entry.get("error"))
    if "value" not in entry:
        return make_gap(name, score, error or 'no "value" in it', facet=facet)
    if error is not None:
        return make_gap(name, score, error, facet=facet)
    return read_measurement(name, score.child("value"), facet=facet)


def _find_absent_scores(
    metric: str, by_facet: Mapping[str | None, list[Measurement]], output: Node
) -> Iterator[Measurement]:
    """Yield a gap for each score that a category lacks and that others have."""
    names = dict.fromkeys(
        one.metric for scores in by_facet.values() for one in scores if one.metric != metric
    )
    for facet, scores in by_facet.items():
        present = {one.metric for one in scores}
        absent = [] if facet in {None, CATEGORY} else [name for name in names if name not in present]
        for name in absent:
            yield make_gap(name, output, "this category has no such score", facet=facet)


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
