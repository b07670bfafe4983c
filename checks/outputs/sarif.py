"""SARIF 2.1.0: a result for each finding that asks for something, at the line of its threshold file.

The format is OASIS's: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from checks.decision import Consequence
from checks.outputs.told import FilePlace, Told, ToldPoint, list_asking, plain_line
from checks.version import NAME, VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 25_000  # in a run: GitHub refuses files with more
_LEVELS = {Consequence.REJECT: "error", Consequence.REVIEW: "warning", Consequence.WARN: "note"}


def write_sarif(told: Sequence[Told]) -> str:
    """Return the log: one run, whose rules are the checks; what a waiver lets pass is a suppressed result."""
    asking = [(one, point) for one in told for point in list_asking(one)][:MOST_RESULTS]
    rules: dict[str, Mapping[str, object]] = {}
    for _, point in asking:
        rules.setdefault(plain_line(point.check), _make_rule(point))
    places = {rule: place for place, rule in enumerate(rules)}
    driver = {"name": NAME, "version": VERSION, "rules": list(rules.values())}
    run = {
        "tool": {"driver": driver},
        "results": [_make_result(one, point, places[plain_line(point.check)]) for one, point in asking],
        "columnKind": "unicodeCodePoints",
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _make_rule(point: ToldPoint) -> Mapping[str, object]:
    return {
        "id": plain_line(point.check),
        "shortDescription": {"text": plain_line(point.check)},
        "fullDescription": {"text": plain_line(point.why)},
    }


def _make_result(told: Told, point: ToldPoint, rule: int) -> Mapping[str, object]:
    result: dict[str, object] = {
        "ruleId": plain_line(point.check),
        "ruleIndex": rule,
        "level": "none" if point.consequence is None else _LEVELS[point.consequence],
        "message": {"text": plain_line(f"{told.title}: {point.name}: {point.message}")},
    }
    if point.place is not None:
        result["locations"] = [{"physicalLocation": _locate(point.place)}]
    waiver = None if point.finding is None else point.finding.waiver
    if waiver is not None:
        reason = f"waived until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"
        result["suppressions"] = [
            {"kind": "inSource", "status": "accepted", "justification": plain_line(reason)}
        ]
    return result


def _locate(place: FilePlace) -> Mapping[str, object]:
    location: dict[str, object] = {"artifactLocation": {"uri": _write_uri(place.file)}}
    if place.line is not None:
        location["region"] = {"startLine": place.line}
    return location


def _write_uri(file: str) -> str:
    """Return a path or URI as a URI reference, in which no part of a path can be taken for a scheme."""
    if "://" in file:
        return quote(file, safe="/:?=&%~")
    return quote(file, safe="/~", errors="backslashreplace")
