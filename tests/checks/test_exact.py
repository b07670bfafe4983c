"""Numbers as they are written: `decimal` is the oracle."""

import copy
import json
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.decision import Outcome
from checks.evidence import Document, Evidence
from checks.exact import (
    ExactFloat,
    NumberError,
    difference,
    exact,
    mean,
    number_text,
    of_integer,
    quotient,
    total,
    written,
)
from checks.judge import judge
from checks.measurements import Measured
from checks.reports import read_report
from checks.threshold_file import ThresholdFileError
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

DIGITS = st.integers(-(10**25), 10**25)
LITERALS = st.one_of(
    st.builds(lambda digits, places: str(Decimal(digits).scaleb(-places)), DIGITS, st.integers(0, 30)),
    st.builds(lambda digits, exponent: f"{digits}e{exponent}", DIGITS, st.integers(-400, 280)),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["0.8", "0.79999999999999999999", "0.80000000000000000001", "8e-1", "0.80", "-0.8", "0", "1e-400"]
    ),
    st.sampled_from(
        ["9007199254740993.0", "9007199254740992.0", "5e-324", "4e-324", "2.5e-324", "-1e-400", "1e23"]
    ),
)


@given(LITERALS, LITERALS)
def test_numbers_compare_as_their_decimals(one: str, other: str) -> None:
    a, b, x, y = Decimal(one), Decimal(other), written(one), written(other)
    assert [x < y, x <= y, x == y, x != y, x >= y, x > y] == [a < b, a <= b, a == b, a != b, a >= b, a > b]
    assert (exact(x), exact(y)) == (a, b)
    assert (hash(x) == hash(y)) or x != y
    assert x == written(one)
    assert float(x) == float(one)
    assert x.is_integer() == (a == a.to_integral_value())


@given(LITERALS, LITERALS)
def test_sums_and_differences_lose_no_digit(one: str, other: str) -> None:
    a, b = Fraction(one), Fraction(other)
    assert Fraction(exact(total((written(one), written(other))))) == a + b
    assert Fraction(exact(difference(written(one), written(other)))) == a - b


@given(st.integers(-(10**40), 10**40))
def test_integers_lose_no_digit(integer: int) -> None:
    assert exact(of_integer(integer)) == integer
    assert exact(integer) == integer


@given(st.floats(allow_nan=False))
def test_the_notation_of_a_double_is_that_double(number: float) -> None:
    assert type(written(repr(number))) is float
    assert written(repr(number)) == number


def test_what_an_exact_number_does_beside_being_compared() -> None:
    number = written("0.79999999999999999999")
    assert isinstance(number, ExactFloat)
    assert repr(number) == "0.79999999999999999999"
    assert json.dumps(number) == "0.8"
    assert copy.deepcopy(number) == number
    assert number != "0.79999999999999999999"
    nan = json.loads("NaN")
    assert not any((number < nan, number > nan, number == nan))
    assert number < math.inf
    assert written("1e-400")
    assert not written("9.00000000000000000001").is_integer()
    with pytest.raises(TypeError):
        number < "1"  # pyrefly: ignore[unsupported-operation]  # noqa: B015  # what is tested


@pytest.mark.parametrize(
    ("literal", "reason"),
    [
        (
            "0." + "3" * 4000,
            f"the number 0.{'3' * 58}… has more than 4,000 characters; round it",
        ),
        ("1e-5001", "the number 1e-5001 is nearer to zero than any figure; write 0"),
        (
            "1e-99999999999999999999",
            "the number 1e-99999999999999999999 has an impossible exponent; round it",
        ),
    ],
    ids=["digits", "too near to zero", "impossible"],
)
def test_what_nobody_writes_is_refused(literal: str, reason: str) -> None:
    with pytest.raises(NumberError) as refused:
        written(literal)
    assert str(refused.value).startswith(reason)
    report = read_report(Document("r.json", f'{{"g_metrics": {{"a": {literal}}}}}'.encode()))
    assert (report.problem or "").startswith(reason)
    with pytest.raises(ThresholdFileError) as wrong:
        parse_thresholds(FILE.format(limit=f"at_least: {literal}").encode(), "t.yaml")
    assert wrong.value.problems == [f"t.yaml:3:51: checks[0].at_least: {refused.value}"]


def test_the_longest_number_that_is_read_takes_no_time() -> None:
    tiny = written("1e-5000")
    assert total([tiny, 1e308]) > 1e308
    assert written("0e-99999") == 0


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.8, "0.8"),
        (3.0, "3"),
        (-1.25e-07, "-1.25e-07"),
        (written("1E-400"), "1e-400"),
        (of_integer(2**53 + 1), "9007199254740993"),
    ],
    ids=["fraction", "whole", "small", "below a double", "above a double"],
)
def test_the_text_of_a_number(number: float, text: str) -> None:
    assert number_text(number) == text


def test_the_text_of_a_long_number_is_shortened() -> None:
    assert number_text(written("0." + "7" * 90)) == "0." + "7" * 58 + "…"


FILE = """name: t
applies_to: {{model_package_groups: [g]}}
checks: [{{name: c, why: w, metric: g.a, {limit}}}]
"""


@pytest.mark.parametrize(
    ("limit", "value", "passes"),
    [
        ("at_least: 0.8", "0.79999999999999999999", False),
        ("at_least: 0.8", "0.80000000000000000001", True),
        ("at_least: 0.80000000000000000001", "0.8", False),
        ("at_least: 0.79999999999999999999", "0.8", True),
        ("at_least: 0.79999999999999999999", "0.79999999999999999999", True),
        ("at_most: 0", "1e-400", False),
        ("at_most: 0", "-1e-400", True),
        ("at_most: 0.0", "0e-400", True),
        ("at_least: 9007199254740993", "9007199254740992", False),
        ("at_least: 9007199254740993", "9007199254740993", True),
        ("at_most: 9007199254740992", "9007199254740993.0", False),
        ("at_least: 100000000000000000000001", "1e23", False),
        ("at_least: 100000000000000000000000", "1e23", True),
        ("between: [0.1, 0.30000000000000000001]", "0.3", True),
        ("between: [0.1, 0.3]", "3.0000000000000000001e-1", False),
        ("target: 0.3\n    , tolerance: 0.1", "0.4", True),
        ("target: 0.3\n    , tolerance: 0.1", "0.40000000000000000001", False),
        ("target: 0.3\n    , tolerance: 0.10000000000000000001", "0.40000000000000000001", True),
    ],
)
def test_limits_and_values_count_with_all_digits(limit: str, value: str, passes: bool) -> None:
    thresholds = parse_thresholds(FILE.format(limit=limit).encode(), "t.yaml")
    report = read_report(Document("r.json", f'{{"g_metrics": {{"a": {{"value": {value}}}}}}}'.encode()))
    (finding,) = judge(thresholds, Evidence((report,)), decided_at=DECIDED_AT).findings
    assert finding.outcome is (Outcome.PASSED if passes else Outcome.FAILED), finding.reason


def test_values_that_differ_in_a_digit_beyond_a_double_differ() -> None:
    thresholds = parse_thresholds(FILE.format(limit="at_least: 0.1").encode(), "t.yaml")
    texts = ['{"g_metrics": {"a": 0.8}}', '{"g_metrics": {"a": 0.80000000000000000001}}']
    evidence = Evidence(
        tuple(read_report(Document(f"{i}.json", text.encode())) for i, text in enumerate(texts))
    )
    (finding,) = judge(thresholds, evidence, decided_at=DECIDED_AT).findings
    assert finding.outcome is Outcome.INVALID
    assert "0.8 in 0.json#/g_metrics/a; 0.80000000000000000001 in 1.json#/g_metrics/a" in finding.reason


def test_the_end_of_an_interval_counts_with_all_digits() -> None:
    thresholds = parse_thresholds(FILE.format(limit="at_least: 0.8, confidence: 0.95").encode(), "t.yaml")
    interval = '{"low": 0.79999999999999999999, "high": 0.9, "confidence": 0.95}'
    text = f'{{"g_metrics": {{"a": {{"value": 0.85, "interval": {interval}}}}}}}'
    (finding,) = judge(
        thresholds, Evidence((read_report(Document("r.json", text.encode())),)), decided_at=DECIDED_AT
    ).findings
    assert finding.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("numbers", "limit", "side"),
    [
        pytest.param(["0.79999999999999999999", "0.8"], "0.8", -1, id="more digits below"),
        pytest.param(["0.80000000000000000001", "0.8"], "0.8", 1, id="more digits above"),
        pytest.param(["-0.79999999999999999999", "-0.8"], "-0.8", 1, id="negative"),
        pytest.param(["0." + "7" + "9" * 60, "0.8"], "0.8", -1, id="more digits than are kept"),
        pytest.param(["0.7", "0.9"], "0.8", 0, id="equal"),
        pytest.param(["0.1", "0.2", "0.3"], "0.2", 0, id="equal, where doubles are not"),
        pytest.param(["1", "1", "0"], "0.6666666666666666", 0, id="no decimal, as the nearest double"),
        pytest.param(["1e308", "1e308"], "1e308", 0, id="a sum beyond doubles"),
        pytest.param(["0"], "0", 0, id="zero"),
    ],
)
def test_a_mean_is_on_the_right_side_of_a_limit(numbers: list[str], limit: str, side: int) -> None:
    found, held = mean([written(number) for number in numbers]), written(limit)
    assert (found > held) - (found < held) == side


def test_a_quotient_of_few_digits_is_a_plain_double_and_one_beyond_doubles_is_refused() -> None:
    assert type(quotient(1.0, 4.0)) is float
    with pytest.raises(OverflowError):
        quotient(1e300, 1e-300)


@pytest.mark.parametrize(
    ("report", "metric"),
    [
        pytest.param('[{"faithfulness": DIGITS}, {"faithfulness": 0.2}]', "rag.faithfulness", id="rows"),
        pytest.param('{"faithfulness": {"0": DIGITS, "1": 0.2}}', "rag.faithfulness", id="columns"),
        pytest.param(
            '{"automatedEvaluationResult": {"scores": [{"metricName": "C", "result": DIGITS}]}}',
            "bedrock_evaluation.C",
            id="lines",
        ),
        pytest.param(
            '{"explanations": {"kernel_shap": {"l": {"global_shap_values": {"a": -DIGITS, "b": 0.8}}}}}',
            "explainability.kernel_shap.l.a.share",
            id="shares",
        ),
    ],
)
def test_figures_computed_of_numbers_with_more_digits_are_no_rounder(report: str, metric: str) -> None:
    def found(digits: str) -> float:
        read = read_report(Document("r.json", report.replace("DIGITS", digits).encode()))
        (value,) = (
            one.value for one in read.measurements if isinstance(one, Measured) and one.metric == metric
        )
        return value

    assert (found("0.2"), found("0.20000000000000000001") > 0.2) == (0.2, True)
