"""Bedrock Evaluations' `*_output.jsonl`: the scores of each prompt, one line a prompt.

Addressed as `bedrock_evaluation.<metric>`, such as `bedrock_evaluation.Builtin.Correctness`: the mean over all lines,
with their number and their standard deviation (of the sample). A line without a score is a gap beside the mean, and
`bedrock_evaluation.<metric>.coverage` is the share of lines that have one. Scores are in
`automatedEvaluationResult.scores`, those of an evaluation of retrieval in `conversationTurns[].results`, each with
`metricName` and `result`. The shape is that of
https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-report-s3.html.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from checks.evidence import ReportKind
from checks.measurements import Measured, Measurement, Unmeasured
from checks.reports.numbers import Node, find_error_beside, make_gap, name_kind, to_number, why_not_a_number
from checks.reports.ragas import measure_mean
from checks.reports.reader import Reader
from checks.strict_json import JsonValue, ReportError, parse_report_json

FORMAT = "bedrock_evaluation"
SECTION = "automatedEvaluationResult"
TURNS = "conversationTurns"
_MOST_LISTED = 3
_Scores = Mapping[str, JsonValue]


def read_lines(content: bytes) -> JsonValue | None:
    """Return the lines of JSON Lines as a list, or `None` when the first line is no line of Bedrock Evaluations.

    A later line that cannot be read is text that says why.
    """
    first = content.lstrip().partition(b"\n")[0]
    # Most reports are ruled out without being read twice.
    if not any(key.encode() in first for key in (SECTION, TURNS)) or not _is_line(_parse_line(first)):
        return None
    return [_parse_line(line) for line in content.split(b"\n") if line.strip()]


def _parse_line(line: bytes) -> JsonValue:
    try:
        return parse_report_json(line)
    except (ReportError, RecursionError) as error:
        return str(error)


def recognises(document: JsonValue) -> bool:
    """Whether `document` is lines of Bedrock Evaluations."""
    return isinstance(document, list) and any(map(_is_line, document))


def _is_line(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and (SECTION in value or TURNS in value)


def read(report: Node) -> Iterator[Measurement]:
    """Yield the mean of every metric, its coverage, and what could not be measured."""
    items = [scores for _, line in report.members() for scores in _read_scores(line.value)]
    names = dict.fromkeys(name for item in items if isinstance(item, Mapping) for name in item)
    if not names:
        yield make_gap(FORMAT, report, f"no line has a score ({_explain_no_score(items)})")
    for name in names:
        yield from _read_mean(name, items, report)


def _read_mean(name: str, items: Sequence[_Scores | str], report: Node) -> Iterator[Measurement]:
    metric = f"{FORMAT}.{name}"
    scores: list[float] = []
    unscored: list[str] = []
    for place, item in enumerate(items, start=1):
        given = item.get(name) if isinstance(item, Mapping) else item
        reason = why_not_a_number(given) if isinstance(item, Mapping) else item
        if reason is None:
            scores.append(to_number(given))
        else:
            unscored.append(f"line {place}: {reason}")
    if unscored:
        listed = "; ".join(unscored[:_MOST_LISTED]) + (" and so on" if unscored[_MOST_LISTED:] else "")
        reason = f"{len(unscored)} of {len(items)} lines have no score ({listed})"
        yield Unmeasured(metric, reason, report.source, itself_only=True)
    if scores:
        yield measure_mean(metric, scores, report.source)
    yield Measured(f"{metric}.coverage", len(scores) / len(items), report.source, samples=len(items))


def _explain_no_score(items: Sequence[_Scores | str]) -> str:
    reasons = dict.fromkeys(item for item in items if isinstance(item, str))
    return "; ".join(list(reasons)[:_MOST_LISTED]) or "the lists of scores are empty"


def _read_scores(line: JsonValue) -> Iterator[_Scores | str]:
    """Yield the scores of each answer of a line by metric, or why there are none."""
    if not isinstance(line, Mapping):
        yield line if isinstance(line, str) else f"{name_kind(line)} where an object belongs"
        return
    result = line.get(SECTION)
    stated = find_error_beside(line)
    if isinstance(result, Mapping):
        yield stated or find_error_beside(result) or _group_by_metric(result.get("scores"))
    elif isinstance(turns := line.get(TURNS), list) and turns:
        for turn in turns:
            yield (
                stated
                or find_error_beside(turn)
                or _group_by_metric(turn.get("results") if isinstance(turn, Mapping) else None)
            )
    else:
        yield f'neither "{SECTION}" nor "{TURNS}" is there'


def _group_by_metric(scores: JsonValue) -> _Scores | str:
    if not isinstance(scores, list):
        return (
            "the list of scores is missing" if scores is None else f"{name_kind(scores)} where scores belong"
        )
    found: dict[str, JsonValue] = {}
    for score in scores:
        name = score.get("metricName") if isinstance(score, Mapping) else None
        if not isinstance(score, Mapping) or not isinstance(name, str):
            return "a score without metricName"
        result = find_error_beside(score) or score.get("result")
        # One metric twice in one answer: which of the two counts cannot be told, unless they agree.
        found[name] = result if found.get(name, result) == result else json.dumps([found[name], result])
    return found


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
