"""What a threshold file says that cannot be meant, and what it probably says by mistake: every kind, both sides."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from checks.decision import Consequence, Verdict
from checks.doubts import doubts_about
from checks.evidence import Evidence, Report
from checks.judge import judge
from checks.limits import AtMost
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from checks.threshold_file import ThresholdFileError
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import examine_thresholds, parse_thresholds

ACCURACY = "metric: text_to_sql.execution_accuracy"
UNSAFE = "metric: text_to_sql.unsafe_sql_rate"
RD = 'metric: bias.post_training.RD, facet: "*"'
RD_OF_A_GROUP = 'metric: bias.post_training.RD, facet: "sex=F"'
DI = 'metric: bias.post_training.DI, facet: "*"'
SECONDS = "metric: latency.p95_seconds"


def content(*checks: str, groups: str = "[g]") -> bytes:
    lines = "".join(f"  - {{name: c{number}, why: w, {check}}}\n" for number, check in enumerate(checks))
    return f"name: n\napplies_to: {{model_package_groups: {groups}}}\nchecks:\n{lines}".encode()


def told(*checks: str, groups: str = "[g]") -> list[str]:
    """Return what is said of a file, without its places; errors begin with `error`, warnings with `warning`."""
    file = parse_thresholds(content(*checks, groups=groups), "t.yaml")
    return [f"{'error' if doubt.refused else 'warning'}: {doubt.message}" for doubt in doubts_about(file)]


SHARE = "for it is in [0, 1]"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        # no value can miss it
        (
            f"{UNSAFE}, at_most: 1",
            f"text_to_sql.unsafe_sql_rate can miss this, {SHARE}; did you mean 0.01, which is 1 %?",
        ),
        (f"{UNSAFE}, at_most: 5", f"can miss this, {SHARE}; did you mean 0.05, which is 5 %?"),
        (f"{UNSAFE}, at_most: 100", "write a stricter limit, or remove the check"),
        (f"{UNSAFE}, at_most: 0.9999", None),
        (f"{UNSAFE}, at_least: 0", f"can miss this, {SHARE}; did you mean at_most: 0?"),
        (f"{UNSAFE}, at_least: -3", "can miss this"),
        (f"{ACCURACY}, at_least: 0", f"can miss this, {SHARE}; write a stricter limit, or remove the check"),
        (f"{ACCURACY}, at_least: 0.0001", None),
        (f"{ACCURACY}, at_most: 1", f"can miss this, {SHARE}; did you mean at_least: 1?"),
        (f"{ACCURACY}, at_most: 90", f"can miss this, {SHARE}; did you mean at_least: 0.9?"),
        (f"{ACCURACY}, between: [0, 1]", "can miss this"),
        (f"{ACCURACY}, between: [-1, 3]", "can miss this"),
        (f"{ACCURACY}, between: [0.0001, 1]", None),
        (f"{ACCURACY}, target: 0.5, tolerance: 0.5", "can miss this"),
        (f"{ACCURACY}, target: 0.95, tolerance: 5", "did you mean target: 0.95 with tolerance: 0.05?"),
        (f"{ACCURACY}, target: 0.6, tolerance: 0.5", None),
        (f"{RD}, at_most: 1", "for it is in [-1, 1]; did you mean 0.01, which is 1 %?"),
        (
            f"{RD}, between: [-10, 10]",
            "can miss this, for it is in [-1, 1]; did you mean between: [-0.1, 0.1], which is -10 % to 10 %?",
        ),
        (f"{RD}, between: [-1, 1]", "did you mean between: [-0.01, 0.01], which is -1 % to 1 %?"),
        (f"{RD}, between: [-0.99, 0.99]", None),
        (
            f"{SECONDS}, at_least: 0",
            "can miss this, for it is in [0, ∞); write a stricter limit, or remove",
        ),
        (f"{SECONDS}, at_most: 100000", None),
        ("metric: feedback.nps, between: [-100, 100]", "can miss this, for it is in [-100, 100]"),
        ("metric: feedback.nps, at_least: -99", None),
        (
            "metric: regression.r2, at_most: 1",
            "can miss this, for it is in (-∞, 1]; did you mean at_least: 1?",
        ),
        ("metric: lm_eval.mmlu.acc, at_least: 0", "no value of lm_eval.mmlu.acc can miss this"),
        ("metric: model_monitor.violations, at_least: 0", "can miss this"),
        ("metric: model_monitor.violations, at_most: 0", None),
        # no value can meet it
        (f"{ACCURACY}, at_least: 80", f"can meet this, {SHARE}; did you mean 0.8, which is 80 %?"),
        (f"{ACCURACY}, at_least: 1.01", f"can meet this, {SHARE}; did you mean 0.0101, which is 1.01 %?"),
        (f"{ACCURACY}, at_least: 1", None),
        (f"{ACCURACY}, at_least: 800", "write a limit within that range"),
        (f"{ACCURACY}, between: [80, 90]", "did you mean between: [0.8, 0.9], which is 80 % to 90 %?"),
        (f"{ACCURACY}, target: 95, tolerance: 2", "did you mean target: 0.95 with tolerance: 0.02?"),
        (f"{ACCURACY}, target: 1.2, tolerance: 0.1", "can meet this"),
        (f"{ACCURACY}, target: 1.2, tolerance: 0.2", None),
        (f"{UNSAFE}, at_most: -0.01", f"can meet this, {SHARE}; write a limit within that range"),
        (f"{UNSAFE}, at_most: 0", None),
        (f"{SECONDS}, at_most: -1", "can meet this, for it is in [0, ∞)"),
        (
            "metric: feedback.nps, at_least: 101",
            "can meet this, for it is in [-100, 100]; write a limit within",
        ),
        ("metric: rag.faithfulness, at_least: 75", "did you mean 0.75, which is 75 %?"),
        (
            "metric: explainability.kernel_shap.label0.top_share, at_most: 0",
            "can meet this, for it is in (0, 1]; write a limit within that range",
        ),
        # with confidence, one value alone would have to be certain
        (
            f"{UNSAFE}, at_most: 0, confidence: 0.95",
            "with confidence nothing can meet this: only 0 itself passes",
        ),
        (
            f"{ACCURACY}, at_least: 1, confidence: 0.95",
            "with confidence nothing can meet this: only 1 itself passes",
        ),
        (f"{ACCURACY}, at_least: 0.99, confidence: 0.95", None),
        ("metric: my.own, target: 3, tolerance: 0, confidence: 0.9", "only 3 itself passes"),
        ("metric: my.own, target: 3, tolerance: 0", None),
        # what the catalogue does not know is held to nothing
        ("metric: churn.recall, at_least: 80", None),
        ("metric: churn.recall, at_least: 0", None),
        ("metric: churn.recall, at_most: 1", None),
        ("metric: lm_eval.mmlu.my_metric, at_least: 80", None),
        ("metric: model_card.g.m, at_least: 80", None),
    ],
    ids=lambda value: str(value)[:70],
)
def test_limits_that_no_value_can_miss_or_meet_are_refused(check: str, expected: str | None) -> None:
    errors = [one for one in told(check) if one.startswith("error")]
    if expected is None:
        assert errors == []
    else:
        assert len(errors) == 1
        assert expected in errors[0]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (f"{ACCURACY}, at_most: 0.8", "the worst pass and stops the best; did you mean at_least: 0.8?"),
        (f"{ACCURACY}, between: [0, 0.8]", "did you mean at_least: 0.8?"),
        (f"{ACCURACY}, between: [0.5, 0.8]", None),
        (f"{ACCURACY}, at_least: 0.8", None),
        (f"{UNSAFE}, at_least: 0.8", "did you mean at_most: 0.8?"),
        (f"{UNSAFE}, between: [0, 0.2]", None),
        (f"{SECONDS}, at_least: 2.5", "did you mean at_most: 2.5?"),
        (
            f"{RD}, at_most: 0.1",
            "on one side only: every value below 0 passes; did you mean between: [-0.1, 0.1]?",
        ),
        (
            f"{RD}, at_least: -0.1",
            "on one side only: every value above 0 passes; did you mean between: [-0.1, 0.1]?",
        ),
        (f"{RD}, between: [-1, 0.1]", "every value below 0 passes; did you mean between: [-0.1, 0.1]?"),
        (f"{RD}, at_most: 0", "did you mean between: [-0.1, 0.1]?"),
        (f"{RD}, at_most: -0.1", "is best at 0, and this stops it; did you mean between: [-0.1, 0.1]?"),
        (f"{RD}, between: [0.2, 0.3]", "is best at 0, and this stops it; did you mean between: [-0.2, 0.2]?"),
        (f"{RD}, between: [-0.1, 0.2]", None),
        (f"{RD}, target: 0, tolerance: 0.1", None),
        (f"{DI}, at_least: 0.8", "every value above 1 passes; did you mean between: [0.8, 1.25]?"),
        (f"{DI}, at_most: 1.25", "every value below 1 passes; did you mean between: [0.8, 1.25]?"),
        (f"{DI}, at_most: 0.8", "is best at 1, and this stops it; did you mean between: [0.8, 1.25]?"),
        (f"{DI}, between: [0.8, 1.25]", None),
        ('metric: bias.post_training.TE, facet: "*", at_most: 0.5', "every value below 0 passes"),
        ('metric: bias.post_training.GE, facet: "*", at_most: 0.5', None),
        ('metric: bias.pre_training.KL, facet: "*", at_most: 0.5', None),
        ("metric: bbq.bias_score_ambiguous, at_most: 10", "did you mean between: [-10, 10]?"),
        ("metric: lm_eval.crows.pct_stereotype, at_most: 0.6", "did you mean between: [0.4, 0.6]?"),
        ("metric: explainability.kernel_shap.label0.age.share, at_most: 0.6", None),
        ("metric: disinformation.helm_self_bleu, at_least: 3", None),
        ("metric: churn.recall, at_most: 0.5", None),
    ],
    ids=lambda value: str(value)[:70],
)
def test_limits_that_let_the_worst_pass_are_a_warning(check: str, expected: str | None) -> None:
    assert_warned(told(check), expected)


@pytest.mark.parametrize(
    ("checks", "warned"),
    [
        pytest.param([f"{RD}, at_most: 0.1", f"{RD}, at_least: -0.1"], 0, id="one side each"),
        pytest.param(
            [f"{RD}, at_most: 0.1", f"{RD}, between: [-0.2, 0.2]"], 0, id="a wider one on both sides"
        ),
        pytest.param(
            [f"{RD}, at_most: 0.1", f"{RD}, at_most: 0.2, on_failure: warn"], 2, id="the same side twice"
        ),
        pytest.param([f"{RD}, at_most: 0.1", f"{RD_OF_A_GROUP}, at_least: -0.1"], 2, id="another facet"),
    ],
)
def test_two_checks_may_limit_a_signed_metric_on_one_side_each(checks: list[str], warned: int) -> None:
    assert sum("on one side only" in line for line in told(*checks)) == warned


def assert_warned(found: list[str], expected: str | None) -> None:
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1, found
        assert found[0].startswith("warning: ")
        assert expected in found[0]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("rag.faithfullness", "did you mean rag.faithfulness?"),
        ("Rag.Faithfulness", "did you mean rag.faithfulness?"),
        ("rag.answer_relevance", "did you mean rag.answer_relevancy?"),
        ("text_to_sql.execution_acuracy", "did you mean text_to_sql.execution_accuracy or "),
        (
            "text_to_sql.exec_accuracy",
            "did you mean text_to_sql.execution_accuracy or text_to_sql.execution_accuracy_bird?",
        ),
        ("text_to_sql.unsafe_rate", "did you mean text_to_sql.unsafe_sql_rate?"),
        ("text2sql.unsafe_sql_rate", "did you mean text_to_sql.unsafe_sql_rate?"),
        ("text-to-sql.unsafe-sql-rate", "did you mean text_to_sql.unsafe_sql_rate?"),
        ("bias.post_trainig.RD", "did you mean bias.post_training.RD?"),
        ("bias.post_training.DPL", "did you mean bias.pre_training.DPL?"),
        ("bias.post_training.rd", "did you mean bias.post_training.RD?"),
        ("latency.p95", "did you mean latency.p95_seconds?"),
        ("lm_eval.gsm8k.acc_nrm", "did you mean lm_eval.gsm8k.acc_norm?"),
        (
            "model_monitor.binary_classification.acuracy",
            "did you mean model_monitor.binary_classification.accuracy?",
        ),
        ("faithfulness", "this is the last part of rag.faithfulness; write the whole address"),
        ("post_training.RD", "this is the last part of bias.post_training.RD; write the whole address"),
        ("auc", '; put a figure of your own under "metrics" in its report, and write metrics.auc'),
        (
            "accuracy",
            "the last part of binary_classification.accuracy, multiclass_classification.accuracy or bbq.accuracy (",
        ),
        # names of one's own, however like a known one in parts
        ("churn.recall", None),
        ("metrics.accuracy", None),
        ("fraud_classification.accuracy", None),
        ("latency.p99_seconds", None),
        ("regression.mape", None),
        ("regression.rmsle", None),
        ("binary_classification.f3", None),
        ("nl2sql.execution_accuracy", None),
        ("rag.my_metric", None),
        ("lm_eval.gsm8k.acc_n", None),
        ("m", None),
    ],
    ids=str,
)
def test_names_that_nearly_are_known_ones_are_a_warning(metric: str, expected: str | None) -> None:
    facet = ', facet: "*"' if "bias" in metric else ""
    assert_warned(told(f"metric: {metric}, between: [0.2, 0.9]{facet}"), expected)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (
            'metric: "bias.post_training.*", facet: "*", between: [0, 1]',
            "error: a check is about one metric, and * is none",
        ),
        ('metric: "text_to_sql.exec*", at_least: 0.5', "error: a check is about one metric"),
        ('metric: "explainability.kernel_shap.l.age*sex.share", at_most: 0.5', None),
        (
            'metric: "lm_eval.<task>.acc", at_least: 0.5',
            "error: <task> is a placeholder for a name of your report",
        ),
        ('metric: "lm_eval.<t>.acc", at_least: 0.5', None),
        (
            f'{ACCURACY}, facet: "region=*", at_least: 0.5',
            'error: only "*" by itself is every group; for every group of a column write "region"',
        ),
        (
            f'{ACCURACY}, facet: "reg*", at_least: 0.5',
            'error: only "*" by itself is every group; for every group of a column write "reg"',
        ),
        (f'{ACCURACY}, facet: "**", at_least: 0.5', "error: only"),
        (
            f'{ACCURACY}, facet: "=CA", at_least: 0.5',
            'error: there is no column before the "="; write "column=value"',
        ),
        (f'{ACCURACY}, facet: "region=C*", at_least: 0.5', "warning: the * is taken literally"),
        (
            f'{ACCURACY}, facet: "region=", at_least: 0.5',
            'warning: this is the group whose value is empty; for every group write "region"',
        ),
        (
            f'{ACCURACY}, facet: "region = CA", at_least: 0.5',
            'warning: the spaces around "=" count as part of the names; did you mean "region=CA"?',
        ),
        (f'{ACCURACY}, facet: "region=New York", at_least: 0.5', None),
        (f'{ACCURACY}, facet: "age=(0.5, 0.99]", at_least: 0.5', None),
        (f'{ACCURACY}, facet: "*", at_least: 0.5', None),
        (f"{ACCURACY}, facet: region, at_least: 0.5", None),
        (
            "metric: bias.post_training.RD, between: [-0.1, 0.1]",
            'warning: bias.post_training.RD is there by facet only; say which, or "*" for every one',
        ),
        (
            "metric: latency.p95_seconds, facet: region, at_most: 2",
            "warning: latency.p95_seconds is there for the whole only; leave facet out",
        ),
        (
            f"{ACCURACY}_largest_gap, at_most: 0.1",
            "warning: text_to_sql.execution_accuracy_largest_gap is there by facet only",
        ),
        (
            f"{ACCURACY}_largest_gap, facet: region=CA, at_most: 0.1",
            "warning: text_to_sql.execution_accuracy_largest_gap is there for a column as a whole; "
            'did you mean "region"?',
        ),
        (f"{ACCURACY}_largest_gap, facet: region, at_most: 0.1", None),
        (
            f"{RD}, between: [-0.1, 0.1], confidence: 0.95",
            "warning: reports give bias.post_training.RD without a sample size, so every finding is "
            "invalid; leave confidence out",
        ),
        (f"{RD}, between: [-0.1, 0.1], min_samples: 30", "leave min_samples out"),
        (f"{ACCURACY}, at_least: 0.5, confidence: 0.95, min_samples: 30", None),
    ],
    ids=lambda value: str(value)[:80],
)
def test_patterns_and_facets_that_match_nothing(check: str, expected: str | None) -> None:
    found = told(check)
    assert len(found) == (expected is not None), found
    assert expected is None or expected in found[0]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("askdata", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("*" + "a" * 63, True),
        ("*-" + "a" * 61, True),
        ("*-" + "a" * 62, False),
        ("?" * 63, True),
        ("?" * 64, False),
        ("*", True),
        ("-*", False),
        ("*-", False),
        ("-", False),
        ("*-*", True),
        ("a-*", True),
        ("[ab]*", True),
        ("[-]*", False),
        ("[!a]", True),
        ("[]", False),
        ("[]]", False),
        ("[z-a]", False),
        ("ask[data", False),
    ],
    ids=lambda value: value[:10] + str(len(value)) if isinstance(value, str) else str(value),
)
def test_group_patterns_that_no_name_can_match_are_refused(pattern: str, matches: bool) -> None:
    found = told("metric: churn.recall, at_least: 0.5", groups=f'["{pattern}"]')
    assert len(found) == (not matches)
    assert all("matches no group: a name begins and ends with a letter or digit" in one for one in found)


A = "metric: churn.recall"


@pytest.mark.parametrize(
    ("checks", "pointless"),
    [
        ([f"{A}, at_least: 0.8", f"{A}, at_least: 0.7"], [1]),
        ([f"{A}, at_least: 0.7", f"{A}, at_least: 0.8"], [0]),
        ([f"{A}, at_least: 0.8", f"{A}, at_least: 0.8"], [1]),
        ([f"{A}, between: [0.1, 0.2]", f"{A}, at_most: 0.2"], [1]),
        ([f"{A}, target: 0.5, tolerance: 0.1", f"{A}, between: [0.4, 0.6]"], [1]),
        ([f"{A}, at_least: 0.8", f"{A}, at_most: 0.9"], []),
        ([f"{A}, at_least: 0.8", "metric: churn.precision, at_least: 0.7"], []),
        # two steps: below one a person looks, below the other the version is rejected
        ([f"{A}, at_least: 0.8, on_failure: review", f"{A}, at_least: 0.7"], []),
        ([f"{A}, at_least: 0.8", f"{A}, at_least: 0.7, on_failure: review"], [1]),
        ([f"{A}, at_least: 0.8, on_missing: review", f"{A}, at_least: 0.7"], []),
        # proof
        ([f"{A}, at_least: 0.8, confidence: 0.95", f"{A}, at_least: 0.8, confidence: 0.9"], []),
        (
            [
                f"{A}, at_least: 0.8, confidence: 0.95, on_inconclusive: reject",
                f"{A}, at_least: 0.8, confidence: 0.9",
            ],
            [1],
        ),
        ([f"{A}, at_least: 0.8", f"{A}, at_least: 0.7, confidence: 0.9"], []),
        ([f"{A}, at_least: 0.8, min_samples: 9", f"{A}, at_least: 0.7, min_samples: 99"], []),
        # facets
        ([f"{A}, facet: r, at_least: 0.8", f"{A}, at_least: 0.7"], []),
        ([f'{A}, facet: "*", at_least: 0.8', f"{A}, facet: r, at_least: 0.7"], [1]),
        ([f"{A}, facet: r, at_least: 0.8", f"{A}, facet: r=1, at_least: 0.7"], [1]),
        ([f"{A}, facet: r, at_least: 0.8", f"{A}, facet: r=1, at_least: 0.8"], []),
        ([f"{A}, facet: r, at_least: 0.8", f"{A}, facet: region=1, at_least: 0.7"], []),
        ([f"{A}, facet: r=1, at_least: 0.8", f"{A}, facet: r, at_least: 0.7"], []),
        # what is refused decides nothing about others
        ([f"{ACCURACY}, at_least: 80", f"{ACCURACY}, at_least: 0.7"], []),
    ],
    ids=lambda value: " / ".join(value)[:110] if value and isinstance(value[0], str) else str(value),
)
def test_checks_that_another_makes_pointless_are_a_warning(checks: list[str], pointless: list[int]) -> None:
    file = parse_thresholds(content(*checks), "t.yaml")
    found = [doubt for doubt in doubts_about(file) if not doubt.refused]
    assert [doubt.path for doubt in found] == [("checks", index) for index in pointless]
    assert all("is as strict or stricter, so this check decides nothing" in doubt.message for doubt in found)


def test_lines_say_where_errors_before_warnings() -> None:
    given = content(f"{RD}, at_most: 0.1", f"{UNSAFE}, at_most: 1", groups='["-a"]')
    warning = (
        "t.yaml:4:76: warning: checks[0].at_most: this limits bias.post_training.RD on one side only: every value "
        "below 0 passes; did you mean between: [-0.1, 0.1]?"
    )
    with pytest.raises(ThresholdFileError) as error:
        examine_thresholds(given, "t.yaml")
    assert error.value.problems == [
        't.yaml:2:37: applies_to.model_package_groups[0]: "-a" matches no group: a name begins and ends with a letter '
        "or digit, and has at most 63 of letters, digits and hyphens",
        "t.yaml:5:70: checks[1].at_most: no value of text_to_sql.unsafe_sql_rate can miss this, for it is in [0, 1]; "
        "did you mean 0.01, which is 1 %?",
        warning,
    ]
    signed = content(f"{RD}, at_most: 0.1")
    assert examine_thresholds(signed, "t.yaml").warnings == (warning,)
    with pytest.raises(ThresholdFileError) as error:
        examine_thresholds(signed, "t.yaml", strict=True)
    assert error.value.problems == [warning.replace("warning: ", "")]


@pytest.mark.parametrize(
    ("groups", "is_doubted"),
    [
        pytest.param('["churn"]', False, id="a name"),
        pytest.param('["churn-*"]', True, id="matches the suffix already"),
        pytest.param('["churn-*", "churn"]', False, id="one of two"),
        pytest.param(f'["{"a" * 56}"]', False, id="just short enough"),
        pytest.param(f'["{"a" * 57}"]', True, id="too long with it"),
    ],
)
def test_a_suffix_of_mlflow_that_matches_nothing_more_is_a_warning(groups: str, is_doubted: bool) -> None:
    given = content(f"{ACCURACY}, at_least: 0.8", groups=f"{groups}, mlflow_suffix: true")
    place = given.splitlines()[1].rindex(b"true") + 1
    warning = (
        f"t.yaml:2:{place}: warning: applies_to.mlflow_suffix: no pattern matches more by it: what ends in * matches "
        "the suffix already, and a name with it has at most 63 characters; leave it out"
    )
    assert examine_thresholds(given, "t.yaml").warnings == ((warning,) if is_doubted else ())


def test_what_cannot_be_meant_is_still_parsed_for_the_deployed_gate() -> None:
    (check,) = parse_thresholds(content(f"{UNSAFE}, at_most: 1"), "t.yaml").checks
    assert check.limit == AtMost(1)


def test_names_in_messages_cannot_steer_a_terminal_and_are_shortened() -> None:
    metric = '"bias.pre_training.CI.' + r"\e[2J" + "x" * 500 + '"'
    (warning,) = examine_thresholds(content(f"metric: {metric}, at_most: 3"), "t.yaml").warnings
    assert "\x1b" not in warning
    assert "\\u001b[2J" in warning
    assert len(warning) < 300


def test_as_many_checks_as_a_file_holds_are_doubted_within_the_limit_of_a_test() -> None:
    """900 of every kind that compares with many others; each takes a fraction of a second."""
    kinds = (
        "metric: churn.m{0}, at_least: 0.5",
        "metric: rag.answer_relevanc{0}, at_least: 0.5",
        "metric: text_to_sql.execution_accuracy, between: [0.{0:04}, 0.9{0:04}]",
        "metric: bias.post_training.RD, facet: c{0}, between: [-0.1, 0.1]",
    )
    for kind in kinds:
        given = content(*(kind.format(number) for number in range(1, 901)))
        examined = examine_thresholds(given, "t.yaml")
        assert len(examined.files[0].checks) == 900


# The law of pointless checks: whatever the evidence is, taking one away lets nothing more pass.

CONSEQUENCES = st.sampled_from(Consequence)
LIMITS = st.one_of(
    st.builds(lambda low: {"at_least": low}, st.sampled_from([0.2, 0.5, 0.8])),
    st.builds(lambda high: {"at_most": high}, st.sampled_from([0.2, 0.5, 0.8])),
    st.sampled_from([{"between": (0.2, 0.8)}, {"between": (0.4, 0.6)}, {"target": 0.5, "tolerance": 0.1}]),
)
FACETS = st.sampled_from([None, "*", "r", "r=1"])


KEYS: dict[str, st.SearchStrategy[Any]] = {
    "facet": FACETS,
    "limit": LIMITS,
    "confidence": st.sampled_from([None, 0.6, 0.95]),
    "min_samples": st.sampled_from([None, 10, 50]),
    "on_failure": CONSEQUENCES,
    "on_missing": CONSEQUENCES,
    "on_inconclusive": CONSEQUENCES,
}
# Made once each, as hypothesis looks through a strategy before it first draws from it.
CHANGED = st.sets(st.sampled_from(list(KEYS)), max_size=3)
FIGURES = st.sampled_from([0.1, 0.2, 0.3, 0.45, 0.5, 0.55, 0.7, 0.8, 0.9])
SAMPLE_SIZES = st.sampled_from([None, 5, 20, 1000])
WIDTHS = st.none() | st.floats(0.01, 0.5)


@st.composite
def checks_of_one_metric(draw: st.DrawFn) -> tuple[Check, ...]:
    """Two checks that differ in a few keys: of wholly different ones, hardly any makes the other pointless."""
    first: dict[str, Any] = {key: draw(choices) for key, choices in KEYS.items()}
    changed = draw(CHANGED)
    second = first | {key: draw(KEYS[key]) for key in sorted(changed)}
    return tuple(
        Check(name=name, why="w", metric="g.a", **keys.pop("limit"), **keys)
        for name, keys in (("first", dict(first)), ("second", second))
    )


@st.composite
def evidence_with_every_group(draw: st.DrawFn) -> Evidence:
    def measurement(facet: str | None) -> Measurement:
        if draw(st.integers(0, 5)) == 0:
            return Unmeasured("g.a", "nobody knows", Source("e.json"), facet)
        value, samples, width = draw(FIGURES), draw(SAMPLE_SIZES), draw(WIDTHS)
        return Measured(
            "g.a",
            value,
            Source("e.json"),
            facet,
            samples=samples,
            support=Support(interval=None if width is None else Interval(value - width, value + width, 0.95)),
        )

    measurements = [measurement(facet) for facet in (None, "r=1", "r=2", "s=1")]
    if draw(st.booleans()):
        measurements.append(measurement("r=1"))  # a second value, or a gap beside the first
    return Evidence((Report("e.json", None, "0" * 64, "f", tuple(measurements)),))


def verdict(checks: tuple[Check, ...], evidence: Evidence) -> Verdict:
    file = ThresholdFile("n", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, checks)
    return judge(file, evidence, decided_at=DECIDED_AT).verdict


STRICTNESS = (Verdict.APPROVED, Verdict.NEEDS_REVIEW, Verdict.REJECTED)


@given(checks_of_one_metric(), evidence_with_every_group())
def test_without_a_pointless_check_nothing_more_is_approved(
    checks: tuple[Check, ...], evidence: Evidence
) -> None:
    file = ThresholdFile("n", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, checks)
    pointless = [doubt.path[1] for doubt in doubts_about(file)]
    assume(pointless)
    kept = tuple(check for index, check in enumerate(checks) if index not in pointless)
    assert STRICTNESS.index(verdict(kept, evidence)) >= STRICTNESS.index(verdict(checks, evidence))
