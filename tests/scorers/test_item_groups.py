import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.errors import GovernanceError
from checks.measurements import Measured, Support, Unmeasured
from scorers.group_figures import HERE
from scorers.item_groups import FacetedMetric, facet_groups


def about(value: float) -> Any:
    """A number that equals those near it, in a field of a measurement."""
    return pytest.approx(value)


@pytest.mark.parametrize(
    ("facets", "groups"),
    [
        (None, ()),
        ({}, ()),
        ({"region": "CA", "tier": 2, "new": True, "age": None}, ("region=CA", "tier=2", "new=true")),
    ],
)
def test_facets_become_groups(facets: dict[str, Any] | None, groups: tuple[str, ...]) -> None:
    assert facet_groups(facets) == groups


@pytest.mark.parametrize(
    ("facets", "message"),
    [
        ("CA", 'facets: not a mapping; write {"region": "CA"}'),
        ({"a=b": "c"}, 'facets: "a=b" cannot name a column; use a name without "="'),
        ({"": "c"}, 'facets: "" cannot name a column; use a name without "="'),
        ({"region": ["CA"]}, "facets.region: a group is a text, an integer or a boolean"),
        ({"share": 0.5}, "facets.share: a group is a text, an integer or a boolean"),
    ],
)
def test_what_is_not_a_grouping_is_refused(facets: str | dict[str, Any], message: str) -> None:
    with pytest.raises(GovernanceError) as caught:
        facet_groups(facets)
    assert str(caught.value) == message


def test_a_rate_per_group_with_the_largest_gap() -> None:
    metric = FacetedMetric("text_to_sql.execution_accuracy", proportion=True)
    for correct, region in [(1, "CA"), (1, "CA"), (0, "NY"), (1, "NY"), (0, "TX"), (0, "TX")]:
        metric.add(correct, (f"region={region}",))
    name = "text_to_sql.execution_accuracy"
    error = math.sqrt(2 * (3 / 4) * (1 / 4) / 4)  # Agresti and Caffo: (2 + 1) / (2 + 2) and (0 + 1) / (2 + 2)
    *rates, gap = metric.measurements()
    assert rates == [
        Measured(name, 0.5, HERE, samples=6),
        Measured(name, 1.0, HERE, facet="region=CA", samples=2),
        Measured(name, 0.5, HERE, facet="region=NY", samples=2),
        Measured(name, 0.0, HERE, facet="region=TX", samples=2),
    ]
    assert gap == Measured(
        f"{name}_largest_gap",
        1.0,
        HERE,
        facet="region",
        samples=4,
        support=Support(standard_error=about(error)),
    )


def test_a_mean_carries_its_spread_and_a_gap_its_error_where_they_are_defined() -> None:
    metric = FacetedMetric("latency.mean_seconds", proportion=False)
    for value, tier in [(1.0, 1), (3.0, 1), (5.0, 2), (7.0, 2), (9.0, 3)]:
        metric.add(value, (f"tier={tier}",))
    assert metric.measurements() == [
        Measured(
            "latency.mean_seconds",
            5.0,
            HERE,
            samples=5,
            support=Support(standard_deviation=about(math.sqrt(10))),
        ),
        Measured(
            "latency.mean_seconds",
            2.0,
            HERE,
            facet="tier=1",
            samples=2,
            support=Support(standard_deviation=about(2**0.5)),
        ),
        Measured(
            "latency.mean_seconds",
            6.0,
            HERE,
            facet="tier=2",
            samples=2,
            support=Support(standard_deviation=about(2**0.5)),
        ),
        Measured("latency.mean_seconds", 9.0, HERE, facet="tier=3", samples=1),
        Measured("latency.mean_seconds_largest_gap", 7.0, HERE, facet="tier"),
    ]


def test_nothing_scored_and_a_single_group_are_unmeasured_with_the_reason() -> None:
    metric = FacetedMetric("x.y", proportion=True)
    assert metric.measurements(nothing="all gold failed") == [Unmeasured("x.y", "all gold failed", HERE)]
    metric.add(1, ("region=CA",))
    assert metric.measurements()[-1] == Unmeasured(
        "x.y_largest_gap", "region has only one group", HERE, facet="region"
    )


def test_an_identifier_is_not_a_facet() -> None:
    metric = FacetedMetric("x.y", proportion=True)
    with pytest.raises(GovernanceError, match="more than 1,000 groups, the last one id=1000"):
        for number in range(1_001):
            metric.add(1, (f"id={number}",))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2))
def test_the_running_mean_and_spread_are_those_of_the_list(values: list[float]) -> None:
    metric = FacetedMetric("x.y", proportion=False)
    for value in values:
        metric.add(value)
    (whole,) = metric.measurements()
    assert isinstance(whole, Measured)
    assert whole.value == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert whole.support.standard_deviation == pytest.approx(statistics.stdev(values), abs=1e-3)
