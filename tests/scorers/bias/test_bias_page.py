"""What `docs/scoring-bias.md` shows is what the program takes."""

import re
from pathlib import Path

import pytest

from scorers.bias.report import DESCRIPTIONS
from tests.threshold_files import parse_thresholds

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "scoring-bias.md").read_text("utf-8")


def test_the_threshold_file_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(parse_thresholds(text.encode(), "page.yaml").checks) == 4


@pytest.mark.parametrize("metric", sorted(DESCRIPTIONS))
def test_every_metric_has_its_formula(metric: str) -> None:
    assert re.search(rf"^\| {metric} \| [^|]+ \| .+ \|$", PAGE, re.MULTILINE)
