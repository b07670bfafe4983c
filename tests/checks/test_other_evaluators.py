"""What fmeval, lm-evaluation-harness and Inspect wrote, with the support that their files give."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.evidence import Document, Report
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from checks.reports.inspect_log import ARCHIVE_START

SharedData = Callable[[str], Path]


def read(document: object, name: str = "report.json") -> Report:
    return read_report(Document(name, json.dumps(document).encode()))


def measured(report: Report) -> dict[str, tuple[float, int | None, float | None]]:
    assert report.problem is None
    return {
        m.metric if m.facet is None else f"{m.metric}[{m.facet}]": (
            m.value,
            m.samples,
            m.support.standard_error,
        )
        for m in report.measurements
        if isinstance(m, Measured)
    }


def unmeasured(report: Report) -> dict[str, str]:
    return {m.metric: m.reason for m in report.measurements if isinstance(m, Unmeasured)}


REAL: dict[str, tuple[str, int, dict[str, tuple[float, int | None, float | None]]]] = {
    "fmeval_falcon-7b.json": (
        "fmeval",
        15,
        {"fmeval.qa_accuracy.trivia_qa.f1_score": (0.09044436644436646, None, None)},
    ),
    "fmeval_falcon-7b-instruct.json": (
        "fmeval",
        15,
        {"fmeval.qa_accuracy.boolq.exact_match_score": (0.4, None, None)},
    ),
    "lm_eval_arc_challenge-v2.0-res.json": (
        "lm_eval",
        2,
        {
            "lm_eval.arc_challenge.acc": (0.26621160409556316, None, 0.01291577478152323),
            "lm_eval.arc_challenge.acc_norm": (0.28242320819112626, None, 0.01315545688409722),
        },
    ),
    "lm_eval_crows_pairs_english-v0-res.json": (
        "lm_eval",
        2,
        {"lm_eval.crows_pairs_english.pct_stereotype": (0.5062611806797853, None, 0.012212341600228745)},
    ),
    "lm_eval_hendrycksTest-abstract_algebra-v0-res.json": (
        "lm_eval",
        2,
        {"lm_eval.hendrycksTest-abstract_algebra.acc": (0.32, None, 0.04688261722621504)},
    ),
    "lm_eval_truthfulqa_mc-v1-res.json": (
        "lm_eval",
        2,
        {"lm_eval.truthfulqa_mc.mc2": (0.4462325560722362, None, 0.004986523944692003)},
    ),
    "inspect_popularity.json": (
        "inspect_log",
        2,
        {"inspect.popularity.match.accuracy": (0.6666666666666666, 3, 0.33333333333333337)},
    ),
    "inspect_log_formats.json": ("inspect_log", 2, {"inspect.popularity.match.accuracy": (0.0, 1, None)}),
    "inspect_log_formats.eval": ("inspect_log", 2, {"inspect.popularity.match.accuracy": (0.0, 1, None)}),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file(name: str, shared_data: SharedData) -> None:
    report = read_report(Document(name, (shared_data("other_evaluators") / name).read_bytes()))
    form, count, expected = REAL[name]
    found = measured(report)
    assert report.format == form
    assert len(found) == count
    assert found.items() >= expected.items()


def test_every_real_file_is_in_the_table(shared_data: SharedData) -> None:
    assert {path.name for path in shared_data("other_evaluators").iterdir()} == REAL.keys()


def test_a_cancelled_run_of_inspect_is_a_gap_beside_its_values(shared_data: SharedData) -> None:
    name = "inspect_popularity.json"
    report = read_report(Document(name, (shared_data("other_evaluators") / name).read_bytes()))
    assert unmeasured(report)["inspect.popularity"] == "the run did not succeed (status: cancelled)"


MODERN: dict[str, Any] = {
    "results": {
        "gsm8k": {
            "alias": "gsm8k",
            "exact_match,strict-match": 0.5,
            "exact_match_stderr,strict-match": 0.0138,
            "exact_match,flexible-extract": 0.55,
            "exact_match_stderr,flexible-extract": "N/A",
        },
        "arc_easy": {"acc,none": 1.0, "acc_stderr,none": 0.0, "f1,none": 0.7, "f1_stderr,none": "N/A"},
        "wikitext": {"alias": "wikitext", "word_perplexity,none": 14.2, "word_perplexity_stderr,none": "N/A"},
        "blimp": {" ": " ", "alias": "blimp"},
        "broken": {"acc,none": "N/A"},
        "mean": {"acc,none": 0.25, "acc_stderr,none": "N/A", "sample_len": 40},
    },
    "groups": {"mmlu": {"acc,none": 0.45, "acc_stderr,none": 0.004, "alias": "mmlu"}},
    "n-samples": {
        "gsm8k": {"original": 1319, "effective": 1319},
        "arc_easy": {"original": 2376, "effective": 100},
        "wikitext": {"original": 62, "effective": 62},
    },
    "versions": {"gsm8k": 3},
    "higher_is_better": {"gsm8k": {"exact_match": True}},
}  # fmt: skip


def test_results_of_todays_lm_eval() -> None:
    report = read(MODERN)
    assert report.format == "lm_eval"
    assert measured(report) == {
        "lm_eval.gsm8k.exact_match.strict-match": (0.5, 1319, 0.0138),
        "lm_eval.gsm8k.exact_match.flexible-extract": (0.55, 1319, None),
        "lm_eval.arc_easy.acc": (1.0, 100, None),
        "lm_eval.arc_easy.f1": (0.7, 100, None),
        "lm_eval.wikitext.word_perplexity": (14.2, 62, None),
        "lm_eval.mean.acc": (0.25, 40, None),
        "lm_eval.mmlu.acc": (0.45, None, 0.004),
    }
    assert unmeasured(report) == {"lm_eval.broken.acc": 'the text "N/A" where a number belongs'}
    spreads = {m.metric: m.support.spread_problem for m in report.measurements if isinstance(m, Measured)}
    # What may be more than 0 or 1 is no proportion, however many samples it has.
    assert {metric: problem for metric, problem in spreads.items() if problem is not None} == {
        "lm_eval.arc_easy.f1": 'its standard error is the text "N/A"',
        "lm_eval.wikitext.word_perplexity": 'its standard error is the text "N/A"',
    }


LM_EVAL_GAPS: dict[str, tuple[dict[str, object], str]] = {
    "a group that is null": ({"groups": {"mmlu": None}}, "lm_eval.mmlu"),
    "a task that is text": ({"results": {"mmlu": "failed"}}, "lm_eval.mmlu"),
    "a task without anything": ({"results": {"mmlu": {}}}, "lm_eval.mmlu"),
    "groups that are text": ({"groups": "unknown"}, "lm_eval"),
    "an error without its value": ({"results": {"mmlu": {"acc_stderr,none": 0.1}}}, "lm_eval.mmlu.acc"),
    "the old keys": ({"results": {"mmlu": {"ac": 0.9, "acc_stderr": 0.1}}}, "lm_eval.mmlu.acc"),
}


@pytest.mark.parametrize("name", LM_EVAL_GAPS)
def test_what_lm_eval_could_not_tell_is_a_gap(name: str) -> None:
    changes, metric = LM_EVAL_GAPS[name]
    assert metric in unmeasured(read({"results": {"arc": {"acc,none": 0.9}}, "versions": {}, **changes}))


def test_groups_of_lm_eval_that_differ_from_results_are_two_measurements() -> None:
    document = {
        "results": {"mmlu": {"acc,none": 0.9}},
        "groups": {"mmlu": {"acc,none": 0.1}},
        "versions": {},
        "n-samples": {"mmlu": 40},
    }
    found = [(m.value, m.samples) for m in read(document).measurements if isinstance(m, Measured)]
    assert found == [(0.9, 40), (0.1, 40)]


@pytest.mark.parametrize("size", [0, -3, 2.5, "40", True, 10**400, [40]], ids=lambda size: str(size)[:6])
def test_a_sample_size_that_cannot_be_one_stays_a_problem_of_the_value(size: object) -> None:
    document = {
        "results": {"arc": {"acc,none": 0.9}},
        "versions": {},
        "n-samples": {"arc": {"effective": size}},
    }
    (found,) = read(document).measurements
    assert isinstance(found, Measured)
    assert found.samples is None
    assert found.support.samples_problem is not None
    assert found.support.samples_problem.startswith("its sample size cannot be one: ")


STEREOTYPING: dict[str, Any] = {
    "eval_name": "prompt_stereotyping",
    "dataset_name": "crows-pairs",
    "dataset_scores": [{"name": "prompt_stereotyping", "value": 0.62}],
    "category_scores": [
        {"name": "age", "scores": [{"name": "prompt_stereotyping", "value": 0.7}]},
        {"name": "gender", "scores": [{"name": "prompt_stereotyping", "value": None, "error": "no prompt"}]},
    ],
    "prompt_template": None,
    "output_path": "/tmp/out.jsonl",
}


def test_fmeval_by_category() -> None:
    report = read(STEREOTYPING)
    metric = "fmeval.prompt_stereotyping.crows-pairs.prompt_stereotyping"
    assert measured(report) == {metric: (0.62, None, None), f"{metric}[category=age]": (0.7, None, None)}
    assert [(m.facet, m.reason) for m in report.measurements if isinstance(m, Unmeasured)] == [
        ("category=gender", "no prompt")
    ]


TRIVIA = {"eval_name": "qa", "dataset_name": "trivia"}
SCORES = [{"name": "f1", "value": 0.9}]
MATCH = [{"name": "em", "value": 1}]
FMEVAL_GAPS: dict[str, tuple[object, list[tuple[str, str | None]]]] = {
    "a run that failed": ({**TRIVIA, "error": "timeout"}, [("fmeval.qa.trivia", None)]),
    "an error beside scores": (
        {**TRIVIA, "dataset_scores": SCORES, "error": {"code": 1}},
        [("fmeval.qa.trivia.f1", None), ("fmeval.qa.trivia", None)],
    ),
    "no score and no reason": ({**TRIVIA, "dataset_scores": []}, [("fmeval.qa.trivia", None)]),
    "scores that are no list": ({**TRIVIA, "dataset_scores": 3}, [("fmeval.qa.trivia", None)]),
    "a score without a name": ({**TRIVIA, "dataset_scores": [*SCORES, {"value": 1}]}, [("fmeval.qa.trivia", None)]),
    "a misspelt value": ({**TRIVIA, "dataset_scores": [{"name": "f1", "vlaue": 1}]}, [("fmeval.qa.trivia.f1", None)]),
    "a score with an error": (
        {**TRIVIA, "dataset_scores": [{"name": "f1", "value": 1, "error": "half"}]},
        [("fmeval.qa.trivia.f1", None)],
    ),
    "categories that are text": (
        {**TRIVIA, "dataset_scores": SCORES, "category_scores": "unknown"},
        [("fmeval.qa.trivia", "category")],
    ),
    "a category without a name": (
        {**TRIVIA, "dataset_scores": SCORES, "category_scores": [{"scores": SCORES}]},
        [("fmeval.qa.trivia", "category")],
    ),
    "a category without scores": (
        {**TRIVIA, "dataset_scores": SCORES, "category_scores": [{"name": "a", "scores": None}]},
        [("fmeval.qa.trivia", "category=a"), ("fmeval.qa.trivia.f1", "category=a")],
    ),
    "a category that lacks a score": (
        {**TRIVIA, "category_scores": [{"name": "a", "scores": SCORES}, {"name": "b", "scores": MATCH}]},
        [("fmeval.qa.trivia.em", "category=a"), ("fmeval.qa.trivia.f1", "category=b")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FMEVAL_GAPS)
def test_what_fmeval_could_not_tell_is_a_gap(name: str) -> None:
    document, expected = FMEVAL_GAPS[name]
    gaps = [(m.metric, m.facet) for m in read(document).measurements if isinstance(m, Unmeasured)]
    assert gaps == expected


def test_an_fmeval_run_that_failed_has_a_reason() -> None:
    failed = {**STEREOTYPING, "dataset_scores": None, "category_scores": None, "error": "the model timed out"}
    assert unmeasured(read([failed])) == {"fmeval.prompt_stereotyping.crows-pairs": "the model timed out"}


def inspect_log(**changes: Any) -> dict[str, Any]:
    metrics = {"accuracy": {"name": "accuracy", "value": 0.8}, "stderr": {"name": "stderr", "value": 0.05}}
    results = {
        "total_samples": 60,
        "completed_samples": 60,
        "scores": [{"name": "choice", "scorer": "choice", "metrics": metrics}],
    }
    return {"version": 2, "status": "success", "eval": {"task": "arc"}, "results": {**results, **changes}}


def test_inspect_with_its_support() -> None:
    assert measured(read(inspect_log())) == {
        "inspect.arc.choice.accuracy": (0.8, 60, 0.05),
        "inspect.arc.choice.stderr": (0.05, None, None),
    }
    assert unmeasured(read(inspect_log())) == {}


SCORE = {"name": "choice", "metrics": {"mean": {"value": 3.5}}}
RUN, SCORED = "inspect.arc", "inspect.arc.choice"
INSPECT_GAPS: dict[str, tuple[dict[str, Any], str, str]] = {
    "samples left out": (inspect_log(completed_samples=50), RUN, "only 50 of 60 samples were completed"),
    "counts as floats": (inspect_log(total_samples=60.0, completed_samples=50.0), RUN, "only 50 of 60 samples"),
    "counts as text": (inspect_log(total_samples="60"), RUN, 'total_samples: the text "60" where'),
    "more than all": (inspect_log(completed_samples=61), RUN, "only 61 of 60 samples"),
    "uncounted": (inspect_log(completed_samples=None), RUN, "completed_samples: the log does not give it"),
    "unscored": (inspect_log(scores=[{**SCORE, "unscored_samples": 2.0}]), SCORED, "2 samples have no score"),
    "unscored, as text": (inspect_log(scores=[{**SCORE, "unscored_samples": "2"}]), SCORED, "unscored_samples: the"),
    "scored too few": (inspect_log(scores=[{**SCORE, "scored_samples": 30}]), SCORED, "only 30 of 60 samples have"),
    "cancelled": ({**inspect_log(), "status": "cancelled"}, RUN, "the run did not succeed (status: cancelled)"),
    "an error": ({**inspect_log(), "error": {"message": "boom"}}, RUN, "the run reports an error: boom"),
    "an error in text": (
        {**inspect_log(), "status": "error", "error": "boom"}, RUN, "the run did not succeed (status: error): boom",
    ),
    "invalidated": ({**inspect_log(), "invalidated": True}, RUN, "the run was invalidated"),
    "a failed sample": ({**inspect_log(), "samples": [{"error": {"message": "x"}}, {}]}, RUN, "1 samples failed"),
    "an invalidated sample": (
        {**inspect_log(), "samples": [{"invalidation": {"author": "x"}}]}, RUN, "1 samples failed",
    ),
    "scores that are no list": (inspect_log(scores={"choice": 1}), RUN, "an object where a list of scores"),
    "a score without a name": (inspect_log(scores=[SCORE, {"metrics": {}}]), RUN, "a score without a name"),
    "a score without metrics": (inspect_log(scores=[{"name": "choice"}]), SCORED, "the score has no metrics"),
    "metrics that are a list": (inspect_log(scores=[{"name": "choice", "metrics": [1]}]), SCORED, "the score has no"),
    "a metric without value": (
        inspect_log(scores=[{"name": "choice", "metrics": {"mean": {"vlaue": 1}}}]),
        f"{SCORED}.mean",
        "an object where",
    ),
    "failed without scores": (
        {"status": "error", "eval": {"task": "arc"}}, RUN, "the run did not succeed (status: error)",
    ),
    "no scores": ({"status": "success", "eval": {"task": "arc"}, "results": None}, RUN, "the run has no scores"),
}  # fmt: skip


@pytest.mark.parametrize("name", INSPECT_GAPS)
def test_what_inspect_could_not_tell_is_a_gap(name: str) -> None:
    document, metric, reason = INSPECT_GAPS[name]
    assert unmeasured(read(document))[metric].startswith(reason)


def test_scores_of_epochs_are_of_samples_and_the_counts_of_runs() -> None:
    document = inspect_log(scores=[{**SCORE, "scored_samples": 30}])
    assert unmeasured(read({**document, "eval": {"task": "arc", "config": {"epochs": 2}}})) == {}


@pytest.mark.parametrize("samples", [1, 60], ids=str)
def test_a_sample_size_is_kept_without_a_spread_and_makes_no_proportion(samples: int) -> None:
    counts = {"total_samples": samples, "completed_samples": samples}
    (found,) = read(inspect_log(scores=[SCORE], **counts)).measurements
    assert isinstance(found, Measured)
    assert (found.value, found.samples) == (3.5, samples)
    assert found.support.spread_problem == "its standard error is not given"


def test_inspect_with_several_reducers() -> None:
    scores = [
        {"name": "choice", "reducer": reducer, "metrics": {"accuracy": {"value": value}}}
        for reducer, value in (("mean", 0.5), ("pass_at_2", 0.75))
    ]
    assert measured(read(inspect_log(scores=scores))).keys() == {
        "inspect.arc.choice.mean.accuracy",
        "inspect.arc.choice.pass_at_2.accuracy",
    }


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([STEREOTYPING, {"eval_name": "x"}], id="fmeval: of no data set"),
        pytest.param({"eval_name": None, "dataset_name": "y"}, id="fmeval: of no evaluation"),
        pytest.param({"status": "success", "eval": {"task": None}}, id="inspect: of no task"),
        pytest.param({"status": None, "eval": {"task": "arc"}}, id="inspect: of no status"),
    ],
)
def test_what_is_not_built_as_its_format_is_unreadable(document: object) -> None:
    report = read(document)
    assert report.format == "unreadable"
    assert report.problem


def archive(**files: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as log:
        for name, text in files.items():
            # With a date of its own: else the archive, and what is made of it, changes with the clock.
            entry = zipfile.ZipInfo(name.replace("__", "/").replace("_json", ".json"), (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            log.writestr(entry, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            archive(readme="x"), "an archive without header.json, so no log of Inspect", id="no header"
        ),
        pytest.param(
            archive(_journal__start_json="{}"), "a log of Inspect whose run has not ended", id="still running"
        ),
        pytest.param(archive(header_json="{}")[:60], "cannot be unpacked", id="cut off"),
        pytest.param(ARCHIVE_START, "cannot be unpacked", id="the first bytes"),
        pytest.param(archive(header_json="{"), "not JSON", id="no JSON in it"),
    ],
)
def test_an_archive_that_is_no_log(content: bytes, reason: str) -> None:
    _require_unreadable(content, reason)


def test_an_archive_that_is_a_bomb() -> None:
    _require_unreadable(
        archive(header_json="0" * (33 * 1024 * 1024)), "too large"
    )  # every worker makes the table


def _require_unreadable(content: bytes, reason: str) -> None:
    report = read_report(Document("log.eval", content))
    assert report.format == "unreadable"
    assert report.problem is not None
    assert reason in report.problem


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_a_report_all_the_same(data: st.DataObject) -> None:
    content = bytearray(archive(header_json=json.dumps(inspect_log())))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(len(ARCHIVE_START), len(content) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read_report(Document("log.eval", bytes(content))), Report)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
NAMES = st.sampled_from(
    ["results", "versions", "eval", "task", "status", "scores", "metrics", "name", "value", "eval_name", "dataset_name",
     "dataset_scores", "category_scores", "n-samples", "groups", "acc,none", "acc_stderr,none", "accuracy", "stderr"]
)  # fmt: skip
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_without_an_error(document: object) -> None:
    assert isinstance(read(document), Report)
