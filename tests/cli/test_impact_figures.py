"""The impact of an edit over the examples, computed again out of their files: plain JSON, arithmetic and SciPy.

Nothing of the engine is used: only what the golden file says is held against it.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import scipy
import yaml

from tests.cli.test_thresholds_impact import EDIT, EXAMPLES, GOLDEN

BIAS = {"bias.post_training": "post_training_bias_metrics", "bias.pre_training": "pre_training_bias_metrics"}
NEAR = 0.1


@dataclass(frozen=True)
class Held:
    """One figure held against a limit: its margin, whether it is near, and what it asks for."""

    margin: float
    is_near: bool
    asks_for: str | None


def thresholds_of(folder: Path, *, edited: bool) -> Any:
    text = (folder / "thresholds.yaml").read_text(encoding="utf-8")
    if edited and folder.name == "askdata":
        for old, new in EDIT.items():
            text = text.replace(old, new)
    return yaml.safe_load(text)


def find_figures(check: Any, reports: list[Any]) -> Iterator[dict[str, float]]:
    """Yield the figures that a check is about, one a group, as the reports have them."""
    group, _, name = check["metric"].rpartition(".")
    facet = check.get("facet")
    for report in reports:
        entry = report.get(f"{group}_metrics", {}).get(name, {})
        if facet is None and "value" in entry:
            yield entry
        elif facet in entry.get("facets", {}):
            yield entry["facets"][facet]
        columns = report.get(BIAS.get(group, ""), {}).get("facets", {})
        for column, parts in columns.items():
            if facet in ("*", column):
                of_parts = (one for part in parts for one in part["metrics"])
                yield from ({"value": one["value"]} for one in of_parts if one["name"] == name)


def bounds_of(figure: dict[str, float], confidence: float | None) -> tuple[float, float]:
    """Return between what a figure is: at the one-sided level, or itself."""
    value = figure["value"]
    if confidence is None:
        return value, value
    samples = int(figure["samples"])
    if "standard_error" in figure:
        half = float(scipy.stats.t.ppf(confidence, samples - 1)) * figure["standard_error"]
        return value - half, value + half
    share = scipy.stats.binomtest(round(value * samples), samples)
    interval = share.proportion_ci(2 * confidence - 1, method="wilson")
    return float(interval.low), float(interval.high)


def limit_of(check: Any) -> tuple[float, float]:
    low, high = check.get("between", (-math.inf, math.inf))
    return check.get("at_least", low), check.get("at_most", high)


def hold(check: Any, figure: dict[str, float]) -> Held:
    low, high = limit_of(check)
    width = (high - low) / 2 if math.isfinite(high - low) else abs(low if math.isfinite(low) else high)
    bounds = bounds_of(figure, check.get("confidence"))
    margins = [min(bound - low, high - bound) for bound in bounds]
    asks_for = None
    if min(margins) < 0:
        is_certain = bounds[1] < low or bounds[0] > high
        asks_for = check.get("on_failure", "reject") if is_certain else check.get("on_inconclusive", "review")
    return Held(min(margins), abs(min(margins)) <= NEAR * width, asks_for)


def reports_of(version: Path) -> list[Any]:
    return [json.loads(path.read_bytes()) for path in sorted((version / "evidence").rglob("*.json"))]


def judge_plainly(checks: list[Any], reports: list[Any]) -> tuple[str, dict[str, list[Held]]]:
    held = {check["name"]: [hold(check, one) for one in find_figures(check, reports)] for check in checks}
    asked = {one.asks_for for found in held.values() for one in found}
    asked |= {check.get("on_missing", "reject") for check in checks if not held[check["name"]]}
    verdict = "Rejected" if "reject" in asked else "NeedsReview" if "review" in asked else "Approved"
    return verdict, held


def sum_up(found: list[list[Held]]) -> dict[str, Any]:
    with_value = [one for one in found if one]
    margins = [held.margin for one in with_value for held in one]
    return {
        "versions": len(with_value),
        "within_10_percent": sum(any(held.is_near for held in one) for one in with_value),
        "smallest_margin": pytest.approx(min(margins), rel=1e-9, abs=1e-12) if margins else None,
    }


FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/thresholds.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_the_golden_figures_come_out_of_the_examples_files(folder: Path) -> None:
    golden = json.loads((GOLDEN / "impact.json").read_bytes())
    sides = [thresholds_of(folder, edited=edited)["checks"] for edited in (False, True)]
    versions = sorted(folder.glob("version-*"))
    judged = [[judge_plainly(checks, reports_of(version)) for checks in sides] for version in versions]
    flips = [
        (folder.name, int(version.name.removeprefix("version-")), old, new)
        for version, ((old, _), (new, _)) in zip(versions, judged, strict=True)
        if old != new
    ]
    told = [(one["group"], one["version"], one["old"], one["new"]) for one in golden["flips"]]
    assert [one for one in told if one[0] == folder.name] == flips
    shown = {one["check"]: one for one in golden["checks"] if one["group"] == folder.name}
    assert list(shown) == [check["name"] for check in sides[1]]
    for name, one in shown.items():
        old, new = ([both[side][1][name] for both in judged] for side in (0, 1))
        for found, side in ((old, "old"), (new, "new")):
            assert {key: value for key, value in one[side].items() if key != "limit"} == sum_up(found)
        pairs = [pair for pair in zip(old, new, strict=True) if all(pair)]
        least = [[min(held.margin for held in found) for found in pair] for pair in pairs]
        assert one["shrunk"] == sum(after < before for before, after in least)
