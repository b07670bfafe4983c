"""The event that the page shows is one of the schema that is published."""

import json
import re
from pathlib import Path

import jsonschema

DOCS = Path(__file__).parents[2] / "docs"


def test_the_event_that_the_page_shows_is_of_the_schema() -> None:
    page = (DOCS / "announcing.md").read_text(encoding="utf-8")
    shown = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    event, pattern = (json.loads(text) for text in shown)
    jsonschema.validate(event, json.loads((DOCS / "decision-event.schema.json").read_text(encoding="utf-8")))
    assert pattern["source"] == ["model-governance"]
    assert pattern["detail"].keys() <= event.keys()
