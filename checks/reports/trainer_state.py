"""`trainer_state.json` of Hugging Face's Trainer: the log of a training run.

Addressed as `trainer_state.best_metric` and `trainer_state.<name>`, such as `trainer_state.eval_accuracy`: the figures
of the last entry of the log that is of the same kind (`eval_…`, `test_…`, or of training). A figure that earlier
entries have and the last one lacks is a gap. These are of the run, not of the model that was kept, and so not those of
`all_results.json`. The shape is that of https://huggingface.co/docs/transformers/main_classes/callback.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.numbers import Node, make_gap, name_kind, read_measurement
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "trainer_state"
SECTION = "log_history"
_KINDS = ("eval", "test", "predict")
_POSITIONS = frozenset({"epoch", "step"})
_WHOLE = ("best_metric", "epoch", "global_step")


def recognises(document: JsonValue) -> bool:
    """Whether `document` is the state of a trainer: its log, and how far it came."""
    return isinstance(document, Mapping) and SECTION in document and "global_step" in document


def read(report: Node) -> Iterator[Measurement]:
    """Yield the last figures of each kind, and those of the whole run."""
    yield from (read_measurement(f"{FORMAT}.{key}", report.child(key)) for key in _WHOLE if key in report)
    log = report.child(SECTION)
    if not isinstance(log.value, list):
        yield make_gap(FORMAT, log, f"{name_kind(log.value)} where a list of entries belongs")
        return
    seen: dict[str, dict[str, None]] = {}
    last: dict[str, Node] = {}
    for _, entry in log.members():
        if not isinstance(entry.value, Mapping):
            yield make_gap(FORMAT, entry, f"{name_kind(entry.value)} where an entry of the log belongs")
            continue
        for name in entry.value:
            if name not in _POSITIONS:
                seen.setdefault(_find_kind(name), {})[name] = None
                last[_find_kind(name)] = entry
    for of_kind, names in seen.items():
        for name in sorted(names):
            yield _read_figure(name, last[of_kind])


def _read_figure(name: str, entry: Node) -> Measurement:
    address = f"{FORMAT}.{name}"
    if name not in entry:
        return make_gap(address, entry, "the last entry of its kind does not have it")
    return read_measurement(address, entry.child(name))


def _find_kind(name: str) -> str:
    before = name.partition("_")[0]
    return before if before in _KINDS else "train"


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
