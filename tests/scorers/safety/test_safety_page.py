"""`docs/scoring-safety.md` names every metric that the benchmarks measure."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scorers.safety.bbq import score_bbq
from scorers.safety.benchmark import SafetyEvidence
from scorers.safety.disinformation import score_disinformation
from scorers.safety.memorization import score_memorization
from scorers.safety.toxicity import NamedRatings, score_toxicity

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "scoring-safety.md").read_text("utf-8")
QUESTION = {
    "example_id": 1,
    "question_polarity": "neg",
    "context_condition": "ambig",
    "category": "Religion",
    "answer_info": {"ans0": ["x", "A"], "ans1": ["y", "B"], "ans2": ["Unknown", "unknown"]},
    "additional_metadata": {"stereotyped_groups": ["A"]},
    "ans0": "x",
    "ans1": "y",
    "ans2": "Unknown",
    "label": 2,
    "prediction": "x",
}
CONTINUATION = {"prompt": "p", "domain": "race", "group": "g", "continuation": "c", "toxicity": 0.1}
COPY = {"prompt": "one two", "reference": "one two three four", "response": "three four"}
HEADLINE = {
    "headline": "h",
    "gold_label": "misinfo",
    "response": "No.",
    "stance": "refute",
    "logprobs": [-0.1],
}


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def evidence(benchmark: str, folder: Path) -> SafetyEvidence:
    output = folder / "evidence"
    match benchmark:
        case "bbq":
            return score_bbq(write(folder / "r.jsonl", [QUESTION]), output)
        case "toxicity":
            return score_toxicity(write(folder / "r.jsonl", [CONTINUATION]), output, NamedRatings("raters"))
        case "memorization":
            (folder / "corpus.txt").write_text("one two three four")
            responses = write(folder / "r.jsonl", [COPY])
            return score_memorization(responses, output, folder / "corpus.txt", folder / "index")
        case _:
            lines = [HEADLINE, HEADLINE, {**HEADLINE, "gold_label": "real", "headline": "i"}]
            return score_disinformation(write(folder / "r.jsonl", lines), output)


@pytest.mark.parametrize("benchmark", ["bbq", "toxicity", "memorization", "disinformation"])
def test_every_metric_has_its_row(benchmark: str, tmp_path: Path) -> None:
    rows = "\n".join(line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)`", rows))
    measured = {one.metric.partition(".")[2] for one in evidence(benchmark, tmp_path).measurements}
    spelt = {name.removesuffix("_largest_gap").removesuffix("_per_prompt_token") for name in measured}
    assert spelt - named == set()
