"""Nothing is approved without proof, and what is proven is approved: 200 generated cases, and what they cover."""

import random

import pytest

from checks.decision import Verdict
from checks.reports import READERS
from checks.reports.clarify_analysis_config import FORMAT as WITHOUT_FIGURES
from tests.adversarial.hostile_evidence import cases
from tests.adversarial.hostile_evidence.documents import FORMATS
from tests.adversarial.judge_hostile_evidence import case_of, judged

NAMES = {make(random.Random(0)).format for make in FORMATS}


@pytest.mark.parametrize("seed", range(1, 201))
def test_a_generated_case_is_judged_right(seed: int) -> None:
    case = case_of(seed)
    assert case.problem() is None, (case.format, case.faults, case.documents, case.thresholds.decode())


def test_there_is_evidence_of_every_format_that_has_figures() -> None:
    assert {reader.format for reader in READERS} - {WITHOUT_FIGURES} == NAMES


def test_the_generator_makes_flawless_and_faulty_evidence_of_every_format() -> None:
    found = [cases.case_of(seed) for seed in range(3_000)]
    assert {case.format for case in found if case.must_be_approved} == NAMES
    assert {case.format for case in found if not case.may_be_approved} == NAMES


@pytest.mark.parametrize(("always", "at_least"), [(Verdict.APPROVED, 100), (Verdict.REJECTED, 5)])
def test_a_gate_that_always_says_the_same_is_found(
    monkeypatch: pytest.MonkeyPatch, always: Verdict, at_least: int
) -> None:
    monkeypatch.setattr(cases.Case, "verdict", lambda _: always)
    assert len(judged(range(1, 201)).problems) >= at_least
