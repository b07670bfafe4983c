"""The plugin of pytest, and the assertion, in runs of pytest of their own."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import model_governance.judgement  # noqa: F401 - a run within this one forgets what it imported
from checks.errors import GovernanceError
from model_governance import assert_meets_thresholds

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
THRESHOLDS = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks:
  - {name: accuracy, why: It pays., metric: binary_classification.accuracy, at_least: 0.8}
  - {name: recall::all, why: Few are missed., metric: binary_classification.recall, at_least: 0.5, on_failure: review}
  - {name: latency, why: People wait., metric: latency.p95_seconds, at_most: 2, on_failure: warn}
"""
REPORT = """{"binary_classification_metrics": {"accuracy": {"value": %s}, "recall": {"value": %s}},
"latency_metrics": {"p95_seconds": {"value": %s}}}"""
OPTIONS = ("--model-thresholds", "churn.yaml", "--model-evidence", "evidence")


def write(pytester: pytest.Pytester, *values: float) -> None:
    (pytester.path / "evidence").mkdir()
    (pytester.path / "evidence" / "evaluation.json").write_text(REPORT % values)
    (pytester.path / "churn.yaml").write_text(THRESHOLDS)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest here with the plugin; what is installed beside it is not loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.runpytest_inprocess("-p", "model_governance.pytest_plugin", *arguments)


def test_each_check_is_a_test_with_its_finding_and_a_case_of_the_report(pytester: pytest.Pytester) -> None:
    write(pytester, 0.7, 0.4, 3.0)
    done = run(pytester, *OPTIONS, "-v", "--junitxml=report.xml")
    # What pytest itself warns of depends on what was imported before: the warning of the check is looked for below.
    done.assert_outcomes(failed=2, passed=1)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        [
            "churn.yaml::accuracy FAILED*",
            "churn.yaml::recall:all FAILED*",
            "churn.yaml::latency PASSED*",
            "*model check: accuracy*",
            "rejects: accuracy: 0.7 is below 0.8",
            "It pays.",
            "*model check: recall:all*",
            "asks for review: recall::all: 0.4 is below 0.5",
            "*PytestWarning: warns: latency: 3 is above 2",
        ]
    )
    cases = ElementTree.parse(pytester.path / "report.xml").iter("testcase")
    assert [(case.get("classname"), case.get("name"), len(case.findall("failure"))) for case in cases] == [
        ("churn.yaml", "accuracy", 1),
        ("churn.yaml", "recall:all", 1),
        ("churn.yaml", "latency", 0),
    ]


def test_checks_are_chosen_as_tests_are_beside_the_projects_own(pytester: pytest.Pytester) -> None:
    write(pytester, 0.7, 0.6, 1.0)
    pytester.makepyfile("def test_ours(): pass")
    run(pytester, *OPTIONS).assert_outcomes(passed=3, failed=1)
    run(pytester, *OPTIONS, "-k", "recall or ours").assert_outcomes(passed=2, deselected=2)
    run(pytester).assert_outcomes(passed=1)


def test_a_group_without_thresholds_is_a_failure_of_the_result(pytester: pytest.Pytester) -> None:
    write(pytester, 0.9, 0.6, 1.0)
    done = run(pytester, *OPTIONS, "--model-group", "fraud")
    done.assert_outcomes(failed=1)
    assert "asks for review" in done.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(OPTIONS[:2], "--model-thresholds and --model-evidence: give both, or neither", id="one"),
        pytest.param(
            ("--model-group", "a"), "--model-thresholds and --model-evidence: give both", id="group"
        ),
        pytest.param((*OPTIONS, "--model-evidence", "no.json"), "no.json: ", id="no such evidence"),
        pytest.param(("--model-thresholds", "no.yaml", *OPTIONS[2:]), "no.yaml: ", id="no such thresholds"),
    ],
)
def test_what_cannot_be_judged_is_no_failed_test(
    arguments: tuple[str, ...], message: str, pytester: pytest.Pytester
) -> None:
    write(pytester, 0.9, 0.6, 1.0)
    done = run(pytester, *arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in done.stderr.str() + done.stdout.str()


def test_the_assertion_fails_with_the_table_and_shows_the_test_alone(pytester: pytest.Pytester) -> None:
    write(pytester, 0.7, 0.6, 1.0)
    pytester.makepyfile(
        "from model_governance import assert_meets_thresholds\n"
        "def test_model(): assert_meets_thresholds('churn.yaml', 'evidence')\n"
    )
    done = run(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "E*AssertionError: Rejected",
            "E*rejects: accuracy: 0.7 is below 0.8",
            "E*failed*accuracy*0.7*>= 0.8*",
        ]
    )
    assert "judgement.py" not in done.stdout.str()


def test_who_does_not_use_it_pays_for_nothing_but_its_own_file() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import model_governance.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["model_governance", "model_governance.pytest_plugin"]


@pytest.mark.parametrize("evidence", [[], iter(())], ids=["list", "iterator"])
def test_no_evidence_at_all_is_an_error_and_no_verdict(evidence: Iterable[str], tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text(THRESHOLDS)
    with pytest.raises(GovernanceError, match="evidence: an empty list; name a report"):
        assert_meets_thresholds(tmp_path / "churn.yaml", evidence)
