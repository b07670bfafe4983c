"""The JSON Schema of threshold files, with which editors complete and check them while they are typed."""

from typing import Any

from checks.thresholds import LIMITS, ThresholdContent


def thresholds_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of threshold files, for editors that complete and check YAML."""
    schema = ThresholdContent.model_json_schema()
    check = schema["$defs"]["Check"]
    for optional in (*check["properties"].values(), schema["properties"]["description"]):
        _refuse_null(optional)
    check["oneOf"] = [{"required": [limit]} for limit in LIMITS]
    check["dependentRequired"] = {"target": ["tolerance"], "tolerance": ["target"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Threshold file"}


def _refuse_null(field: dict[str, Any]) -> None:
    """Take null out of an optional field's schema: a key is left out, or has a value."""
    if given := [choice for choice in field.pop("anyOf", ()) if choice.get("type") != "null"]:
        field.pop("default")
        field.update(given[0])
