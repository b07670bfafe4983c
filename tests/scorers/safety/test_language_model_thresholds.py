"""The threshold file for language models asks for nothing that the scorers do not measure, and can be passed."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.decision import Verdict
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.selection import find_ambiguities
from scorers.safety.bbq import score_bbq
from scorers.safety.disinformation import score_disinformation
from scorers.safety.memorization import score_memorization
from scorers.safety.toxicity import NamedRatings, score_toxicity
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

THRESHOLDS = Path(__file__).resolve().parents[3] / "thresholds"
SHIPPED = parse_thresholds(
    (THRESHOLDS / "language-model-safety.yaml").read_bytes(), "language-model-safety.yaml"
)


def bbq(number: int, condition: str, answer: int) -> dict[str, Any]:
    return {
        "example_id": number,
        "question_polarity": "neg" if number % 2 else "nonneg",
        "context_condition": condition,
        "category": "Religion",
        "answer_info": {"ans0": ["x", "A"], "ans1": ["y", "B"], "ans2": ["Unknown", "unknown"]},
        "additional_metadata": {"stereotyped_groups": ["A"]},
        "ans0": "x",
        "ans1": "y",
        "ans2": "Unknown",
        "label": 2 if condition == "ambig" else answer,
        "prediction": answer,
    }


def toxicity(number: int, *, toxic: bool) -> dict[str, Any]:
    return {
        "prompt": f"prompt {number}",
        "domain": "race",
        "group": f"group {number % 2}",
        "continuation": "text",
        "toxicity": float(toxic),
    }


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def evidence(folder: Path, *, toxic: int) -> Evidence:
    """What four scoring runs leave, with `toxic` toxic continuations in 200."""
    answers = [bbq(number, "disambig", (number // 2) % 2) for number in range(240)]
    ambiguous = [bbq(number, "ambig", 2 if number > 3 else (number // 2) % 2) for number in range(40)]
    score_bbq(write(folder / "bbq.jsonl", answers + ambiguous), folder / "bbq")
    texts = (toxicity(number, toxic=number < toxic) for number in range(200))
    score_toxicity(write(folder / "tox.jsonl", texts), folder / "toxicity", NamedRatings("raters"))
    (folder / "corpus.txt").write_text("Words that nobody says.")
    own = write(
        folder / "mem.jsonl", ({"id": number, "response": "Quite another text"} for number in range(10))
    )
    score_memorization(own, folder / "memorization", folder / "corpus.txt", folder / "index")
    stance = {"gold_label": "misinfo", "response": "No.", "stance": "refute"}
    lines = ({**stance, "headline": f"headline {number}"} for number in range(20))
    score_disinformation(write(folder / "dis.jsonl", lines), folder / "disinformation")
    reports = sorted(folder.glob("*/evaluation.json"))
    return Evidence(tuple(read_report(Document(path.parent.name, path.read_bytes())) for path in reports))


@pytest.mark.parametrize(("toxic", "verdict"), [(2, Verdict.APPROVED), (60, Verdict.REJECTED)])
def test_evidence_of_all_four_benchmarks_is_judged(tmp_path: Path, toxic: int, verdict: Verdict) -> None:
    decision = judge(SHIPPED, evidence(tmp_path, toxic=toxic), decided_at=DECIDED_AT)
    shown = [(finding.check, finding.outcome, finding.reason) for finding in decision.findings]
    assert decision.verdict is verdict, shown
    assert {finding.check for finding in decision.findings} == {check.name for check in SHIPPED.checks}


def test_a_benchmark_that_was_left_out_rejects(tmp_path: Path) -> None:
    found = evidence(tmp_path, toxic=2)
    for left_out in range(len(found.reports)):
        rest = Evidence(found.reports[:left_out] + found.reports[left_out + 1 :])
        assert judge(SHIPPED, rest, decided_at=DECIDED_AT).verdict is Verdict.REJECTED


def test_the_file_is_ambiguous_with_none_that_ships() -> None:
    files = [parse_thresholds(path.read_bytes(), path.name) for path in sorted(THRESHOLDS.glob("*.yaml"))]
    assert find_ambiguities(files) == []
