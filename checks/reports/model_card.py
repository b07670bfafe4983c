"""SageMaker Model Card: its evaluation JSON, which has groups of named metrics, or the content of a whole card.

Addressed as `model_card.<group>.<metric>`; in a whole card, whose `evaluation_details` are several evaluations, as
`model_card.<evaluation>.<group>.<metric>`. The shapes are those of
https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards-create.html and of the card's JSON schema,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards-json-schema.html.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement, Unmeasured
from checks.reports.numbers import Node, make_gap, name_kind, read_measurement, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "sagemaker_model_card"
SECTION = "metric_groups"
EVALUATIONS = "evaluation_details"
PREFIX = "model_card"
# What a metric of a card has beside its value: words about it.
_TEXTS = frozenset({"name", "type", "notes", "x_axis_name", "y_axis_name"})


def recognises(document: JsonValue) -> bool:
    """Whether `document` has groups of metrics as a model card has them, or the evaluations of a whole card."""
    return isinstance(document, Mapping) and (SECTION in document or EVALUATIONS in document)


def has_figures(document: JsonValue) -> bool:
    """Whether a card holds a group of metrics, or something in its place: most cards hold words alone."""
    if not isinstance(document, Mapping):
        return False
    evaluations = document.get(EVALUATIONS)
    if isinstance(evaluations, list):
        # The text of an evaluation without metrics is for people.
        return any(not isinstance(one, Mapping) or bool(one.get(SECTION)) for one in evaluations)
    return bool(evaluations) or bool(document.get(SECTION))


def read(report: Node) -> Iterator[Measurement]:
    """Yield every metric; a matrix or a graph by its keys and indices."""
    if SECTION in report:
        yield from _read_groups(report, PREFIX)
    if EVALUATIONS in report:
        evaluations = report.child(EVALUATIONS)
        if not isinstance(evaluations.value, list):
            yield make_gap(PREFIX, evaluations, f"{name_kind(evaluations.value)} where evaluations belong")
        for index, evaluation in evaluations.members() if isinstance(evaluations.value, list) else ():
            yield from _read_groups(evaluation, f"{PREFIX}.{_read_name(evaluation) or index}")


def _read_name(node: Node) -> str | None:
    named = isinstance(node.value, Mapping) and isinstance(node.value.get("name"), str)
    return node.child("name").text() if named else None


def _read_groups(parent: Node, prefix: str) -> Iterator[Measurement]:
    for name, group in _read_named_entries(parent, SECTION, prefix):
        if isinstance(group, Unmeasured):
            yield group
            continue
        for metric_name, metric in _read_named_entries(group, "metric_data", f"{prefix}.{name}"):
            if isinstance(metric, Unmeasured):
                yield metric
            else:
                yield from _read_metric(f"{prefix}.{name}.{metric_name}", metric)


def _read_named_entries(parent: Node, key: str, address: str) -> Iterator[tuple[str, Node | Unmeasured]]:
    """Yield the named entries of a list, or the gap of what cannot be told."""
    entries = parent.child(key) if key in parent else parent
    if key not in parent or not isinstance(entries.value, list):
        yield "", make_gap(address, entries, f'no list of "{key}" in it')
        return
    for _, entry in entries.members():
        name = _read_name(entry)
        yield (
            name or "",
            make_gap(address, entry, f'an entry of "{key}" without a name') if name is None else entry,
        )


def _read_metric(name: str, metric: Node) -> Iterator[Measurement]:
    if "value" not in metric:
        yield make_gap(name, metric, 'no "value" in it')
    for key, part in metric.members():
        if key == "value" and metric.object().get("type") == "number":
            yield read_measurement(name, part)
        elif key not in _TEXTS:
            yield from read_numbers_below(name if key == "value" else f"{name}.{key}", part)


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
