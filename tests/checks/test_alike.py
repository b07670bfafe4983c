"""Names that nobody can tell apart are one name: neither of two figures passes beside the other."""

import pytest

from checks.alike import alike
from checks.decision import Outcome
from checks.evidence import Evidence, Report
from checks.judge import judge
from checks.measurements import Measured, Measurement, Source, Unmeasured
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT

HERE = Source("a.json")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("model.accuracy", "model.accuracy"),
        (" model.accuracy\t", "model.accuracy"),
        ("model . accuracy", "model.accuracy"),
        ("macro avg.f1-score", "macro avg.f1-score"),
        ("macro  avg.f1-score", "macro avg.f1-score"),
        ("cafe\u0301", "caf\u00e9"),
        ("Accuracy", "Accuracy"),
        ("", ""),
        (" ", ""),
    ],
)
def test_names_that_look_the_same_have_one_form(name: str, form: str) -> None:
    assert alike(name) == form
    assert alike(form) == form


@pytest.mark.parametrize(
    ("metric", "facet", "found", "expected"),
    [
        pytest.param(
            "m.a",
            None,
            [Measured("m.a", 0.9, HERE), Measured("m.a ", 0.1, HERE)],
            {None: Outcome.INVALID},
            id="a space at the end",
        ),
        pytest.param(
            "m.caf\u00e9",
            None,
            [Measured("m.caf\u00e9", 0.9, HERE), Measured("m.cafe\u0301", 0.1, HERE)],
            {None: Outcome.INVALID},
            id="an accent of its own",
        ),
        pytest.param(
            "m.cafe\u0301", None, [Measured("m.caf\u00e9", 0.9, HERE)], {None: Outcome.PASSED}, id="found"
        ),
        pytest.param(
            "m.a",
            None,
            [Measured("m.a", 0.9, HERE), Unmeasured(" m", "failed", HERE)],
            {None: Outcome.INCONCLUSIVE},
            id="a gap above",
        ),
        pytest.param(
            "m.a",
            "x=1",
            [Measured("m.a", 0.9, HERE, facet="x=1"), Measured("m.a", 0.1, HERE, facet="x=1 ")],
            {"x=1": Outcome.PASSED, "x=1 ": Outcome.FAILED},
            id="facets are judged each",
        ),
        pytest.param(
            "m.a",
            None,
            [Measured("m.a", 0.9, HERE), Measured("m.A", 0.1, HERE)],
            {None: Outcome.PASSED},
            id="case counts",
        ),
    ],
)
def test_a_figure_does_not_pass_beside_one_that_looks_the_same(
    metric: str, facet: str | None, found: list[Measurement], expected: dict[str | None, Outcome]
) -> None:
    check = Check(name="c", why="w", metric=metric, facet=facet, at_least=0.5)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    evidence = Evidence((Report("a.json", None, "0" * 64, "figures", tuple(found)),))
    findings = judge(thresholds, evidence, decided_at=DECIDED_AT).findings
    assert {finding.facet: finding.outcome for finding in findings if finding.check == "c"} == expected
