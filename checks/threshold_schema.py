"""The JSON Schema of threshold files, with which editors complete and check them while they are typed."""

from typing import Any

from checks import limits
from checks.catalogue import CATALOGUE
from checks.catalogue.metric import Better, Metric
from checks.thresholds import ThresholdContent


def thresholds_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of threshold files, for editors that complete and check YAML."""
    schema = ThresholdContent.model_json_schema()
    check = schema["$defs"]["Check"]
    for optional in (*check["properties"].values(), *schema["properties"].values()):
        _refuse_null(optional)
    check["properties"]["metric"] |= _list_metrics(check["properties"]["metric"])
    check["oneOf"] = [{"required": [kind.keys[0]]} for kind in limits.KINDS]
    check["dependentRequired"] = {
        key: [other for other in kind.keys if other != key]
        for kind in limits.KINDS
        if len(kind.keys) > 1
        for key in kind.keys
    }
    schema["anyOf"] = [{"required": ["checks"]}, {"required": ["extends"]}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Threshold file"}


def _list_metrics(text: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a metric's address: those that the catalogue knows, each with what it says, or any other.

    Editors offer the constants and the examples while the address is typed, and show their descriptions.
    """
    known = [
        {"const": metric.address, "description": _describe(metric)}
        for metric in CATALOGUE
        if not metric.is_pattern
    ]
    patterns = [one.address for one in CATALOGUE if one.is_pattern and one.companion_of is None]
    other = {
        "type": text.pop("type"),
        "minLength": text.pop("minLength"),
        "description": "A metric of a report of your own, or one with a name of your report in the place of <word>.",
        "examples": patterns,
    }
    return {"anyOf": [*known, other]}


def _describe(metric: Metric) -> str:
    match metric.better:
        case Better.TARGET:
            better = f", best at {metric.target:g}"
        case Better.NEITHER:
            better = ""
        case _:
            better = f", {metric.better} is better"
    return f"{metric.meaning} {metric.unit}, {metric.range}{better}. Source: {metric.source}"


def _refuse_null(field: dict[str, Any]) -> None:
    """Take null out of an optional field's schema: a key is left out, or has a value."""
    given = [choice for choice in field.pop("anyOf", ()) if choice.get("type") != "null"]
    if given:
        field.pop("default")
        field.update(given[0] if len(given) == 1 else {"anyOf": given})
