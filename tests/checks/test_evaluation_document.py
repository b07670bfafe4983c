"""The evaluation JSON: what is written is read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.evidence import Document
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from checks.reports import read_report
from checks.reports.evaluation import write_evaluation

HERE = Source("here")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
NAME = st.text(st.characters(codec="utf-8"), max_size=8)
GROUP = st.sampled_from(["text_to_sql", "rag", "regression", "größe", "a/b~c"])
METRIC = st.builds("{}.{}".format, GROUP, NAME.filter(bool))
FACET = st.none() | NAME
# Made once each, as hypothesis looks through a strategy before it first draws from it.
REASON = NAME.filter(str.strip)
SAMPLE_SIZE = st.none() | st.integers(1, 10**9)
SPREAD = st.none() | POSITIVE
LEVEL = st.none() | st.floats(0, 1, exclude_min=True, exclude_max=True)
ADDRESSES = st.lists(st.tuples(METRIC, FACET), min_size=1, max_size=6, unique=True)


@st.composite
def measured(draw: st.DrawFn, metric: str, facet: str | None) -> Measurement:
    if draw(st.booleans()):
        return Unmeasured(metric, draw(REASON), HERE, facet)
    value = draw(FINITE)
    below, above = (
        draw(st.floats(max_value=value, allow_infinity=False)),
        draw(st.floats(min_value=value, allow_infinity=False)),
    )
    level = draw(LEVEL)
    return Measured(
        metric,
        value,
        HERE,
        facet=facet,
        samples=draw(SAMPLE_SIZE),
        support=Support(
            standard_deviation=draw(SPREAD),
            standard_error=draw(SPREAD),
            interval=None if level is None else Interval(below, above, level),
        ),
    )


@st.composite
def evaluations(draw: st.DrawFn) -> list[Measurement]:
    addresses = draw(ADDRESSES)
    return [draw(measured(metric, facet)) for metric, facet in addresses]


def without_source(measurement: Measurement) -> str:
    if isinstance(measurement, Unmeasured):
        # A column's gap is read as its own alone, since the entries of its groups are beside it.
        measurement = replace(measurement, itself_only=False)
    return repr(measurement).replace(repr(measurement.place), "")


@given(evaluations())
def test_reading_what_was_written_gives_the_measurements_back(measurements: list[Measurement]) -> None:
    document = write_evaluation(measurements, {"command": "score", "seed": 7, "rows": [1, None, True]})
    report = read_report(Document("e.json", json.dumps(document, allow_nan=False).encode()))
    assert report.problem is None
    assert sorted(map(without_source, report.measurements)) == sorted(map(without_source, measurements))


def test_the_written_document_is_that_of_sagemaker() -> None:
    measurements: list[Measurement] = [
        Measured("text_to_sql.execution_accuracy", 0.84, HERE, samples=300),
        Measured("text_to_sql.execution_accuracy", 0.5, HERE, facet="hardness=extra", samples=10),
        Measured("latency.p95_seconds", 1.5, HERE, support=Support(interval=Interval(1.0, 2.0, 0.9))),
        Unmeasured("text_to_sql.exact_set_match", "the SQL of no pair could be parsed", HERE),
    ]
    assert write_evaluation(measurements, {"seed": 7}) == {
        "text_to_sql_metrics": {
            "execution_accuracy": {
                "value": 0.84,
                "samples": 300,
                "facets": {"hardness=extra": {"value": 0.5, "samples": 10}},
            },
            "exact_set_match": {"value": None, "error": "the SQL of no pair could be parsed"},
        },
        "latency_metrics": {
            "p95_seconds": {"value": 1.5, "interval": {"low": 1.0, "high": 2.0, "confidence": 0.9}}
        },
        "provenance": {"seed": 7},
    }


@pytest.mark.parametrize(
    ("measurements", "message"),
    [
        ([Measured("accuracy", 1, HERE)], "accuracy: a metric is named <group>.<name>"),
        ([Measured("a.b", 1, HERE), Measured("a.b", 2, HERE)], r"a.b \(facet None\) is given twice"),
        (
            [Measured("a.b", 1, HERE, facet="c=d"), Unmeasured("a.b", "r", HERE, facet="c=d")],
            r"a.b \(facet c=d\) is given twice",
        ),
    ],
)
def test_writing_refuses_what_could_not_be_read_back(measurements: list[Measurement], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_evaluation(measurements, {})
