"""Gaps reach what is below them: a part of something undefined is never judged by its neighbours."""

import pytest

from checks.decision import Outcome
from checks.evidence import Evidence, Report
from checks.facets import parse_facet
from checks.judge import judge
from checks.measurements import Measured, Measurement, Source, Unmeasured
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT

HERE, THERE = Source("a.json"), Source("b.json")


def outcomes(metric: str, facet: str | None, *found: Measurement) -> dict[str | None, Outcome]:
    check = Check(name="c", why="w", metric=metric, facet=facet, at_least=0.5)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    evidence = Evidence((Report("a.json", None, "0" * 64, "fmeval", found),))
    findings = judge(thresholds, evidence, decided_at=DECIDED_AT).findings
    return {finding.facet: finding.outcome for finding in findings if finding.check == "c"}


WHOLE = Measured("e.qa.f1", 0.9, HERE)
OLD = Measured("e.qa.f1", 0.9, HERE, facet="age=old")
YOUNG = Measured("e.qa.f1", 0.9, HERE, facet="age=young")
RUN = Unmeasured("e.qa", "timeout", THERE)
COLUMN = Unmeasured("e.qa", "no list", THERE, "age")
GROUP = Unmeasured("e.qa", "no list", THERE, "age=old")


@pytest.mark.parametrize(
    ("facet", "found", "expected"),
    [
        pytest.param(None, (WHOLE, RUN), {None: Outcome.INCONCLUSIVE}, id="a failed run beside a value"),
        pytest.param(None, (RUN,), {None: Outcome.MISSING}, id="a failed run alone"),
        pytest.param("*", (RUN,), {"*": Outcome.MISSING}, id="a failed run, asked by facet"),
        pytest.param(
            "*",
            (OLD, YOUNG, RUN),
            {"age=old": Outcome.INCONCLUSIVE, "age=young": Outcome.INCONCLUSIVE},
            id="a failed run beside facets",
        ),
        pytest.param(None, (WHOLE, COLUMN), {None: Outcome.PASSED}, id="a column is not the whole"),
        pytest.param(
            "*", (OLD, COLUMN), {"age": Outcome.MISSING, "age=old": Outcome.PASSED}, id="a column beside a group"
        ),
        pytest.param("age=old", (OLD, COLUMN), {"age=old": Outcome.INCONCLUSIVE}, id="a group of the column"),
        pytest.param("sex=F", (OLD, COLUMN), {"sex=F": Outcome.MISSING}, id="a group of another column"),
        pytest.param(
            "age",
            (OLD, YOUNG, GROUP),
            {"age=old": Outcome.INCONCLUSIVE, "age=young": Outcome.PASSED},
            id="one group of several",
        ),
        pytest.param(
            "age=old",
            (OLD, Unmeasured("e.qa.f1", "no list", THERE, "age")),
            {"age=old": Outcome.INCONCLUSIVE},
            id="the column of the metric itself",
        ),
        pytest.param(
            "*", (OLD, Unmeasured("e.qa.f1", "none", THERE)), {"age=old": Outcome.PASSED},
            id="the whole of the metric itself is not its groups",
        ),
        pytest.param(
            None, (WHOLE, Unmeasured("e.qa", "an object", THERE, itself_only=True)), {None: Outcome.PASSED},
            id="parts that count on their own",
        ),
        pytest.param(None, (WHOLE, Unmeasured("e.q", "r", THERE)), {None: Outcome.PASSED}, id="a name alike"),
    ],
)  # fmt: skip
def test_a_gap_reaches_its_parts_and_nothing_else(
    facet: str | None, found: tuple[Measurement, ...], expected: dict[str | None, Outcome]
) -> None:
    assert outcomes("e.qa.f1", facet, *found) == expected


def test_a_figure_of_the_wanted_name_outside_of_the_group_is_named() -> None:
    check = Check(name="c", why="w", metric="regression.mse", at_most=6)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    evidence = Evidence((Report("a.json", None, "0" * 64, "figures", (Measured("mse", 4.9, HERE),)),))
    (finding,) = judge(thresholds, evidence, decided_at=DECIDED_AT).findings
    assert finding.reason == (
        "the evidence does not have regression.mse; a figure named mse is outside of that group, at the address mse"
    )


@pytest.mark.parametrize(
    ("asked", "facet", "expected"),
    [
        pytest.param("age>60", "age=(60, inf)", True, id="as bias scoring writes it"),
        pytest.param("age>60.0", "age=(60, inf)", True, id="another spelling of the number"),
        pytest.param("age> 60", "age=(60.0, inf]", True, id="spaces"),
        pytest.param("age>-0.5", "age=(-0.5, inf)", True, id="negative"),
        pytest.param("age", "age=(60, inf)", True, id="every group of the column"),
        pytest.param("age>60", "age>60", True, id="word for word"),
        pytest.param("age>60", "age=(61, inf)", False, id="another number"),
        pytest.param("age>60", "wage=(60, inf)", False, id="another column"),
        pytest.param("age>60", "age=(60, 80]", False, id="a range with an end"),
        pytest.param("age>60", "age=60", False, id="a value"),
        pytest.param("age>", "age=(60, inf)", False, id="no number"),
    ],
)
def test_a_group_above_a_number_is_found_as_it_was_asked_for(asked: str, facet: str, expected: bool) -> None:
    assert parse_facet(asked).concerns(facet) is expected
