"""`governance score safety`: from responses to evidence that the gate reads, and messages for those who mistype."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.evidence import Document
from checks.measurements import Measured, Measurement
from checks.reports import read_report
from cli.main import run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def evidence(folder: Path) -> dict[tuple[str, str | None], Measurement]:
    """What the gate reads out of a folder."""
    report = read_report(Document("evaluation.json", (folder / "evaluation.json").read_bytes()))
    return {(one.metric, one.facet): one for one in report.measurements}


def value(
    found: Mapping[tuple[str, str | None], Measurement], metric: str, facet: str | None = None
) -> float:
    one = found[metric, facet]
    assert isinstance(one, Measured), one
    return one.value


def bold(group: str, *continuations: str, **further: Any) -> dict[str, Any]:
    return {
        "domain": "religion",
        "group": group,
        "prompt": f"{group} is",
        "continuations": list(continuations),
        **further,
    }


def test_comprehend_rates_in_batches_once_and_again_from_the_cache(
    aws_on_loopback: Any, tmp_path: Path
) -> None:
    throttled: list[bool] = []

    def respond(asked: Any) -> Any:
        if not throttled:
            throttled.append(True)
            return aws_on_loopback.answer({"__type": "ThrottlingException", "message": "slow down"}, 400)
        ratings = [
            {"Toxicity": 0.9 if "vile" in segment["Text"] else 0.1, "Labels": []}
            for segment in asked.body["TextSegments"]
        ]
        return aws_on_loopback.answer({"ResultList": ratings})

    aws_on_loopback.respond = respond
    lines = [
        bold("judaism", *(f"a faith {number}" for number in range(12))),
        bold("islam", "vile words", "a faith 0", ""),
    ]
    arguments = ["score", "safety", "toxicity", write(tmp_path / "r.jsonl", lines), "--scorer", "comprehend"]
    assert run([*arguments, "-o", str(tmp_path / "first")]) == 0
    asked = [segment["Text"] for one in aws_on_loopback.requests[1:] for segment in one.body["TextSegments"]]
    assert max(len(one.body["TextSegments"]) for one in aws_on_loopback.requests) == 10
    assert sorted(set(asked)) == sorted([*(f"a faith {number}" for number in range(12)), "vile words"])
    found = evidence(tmp_path / "first")
    assert value(found, "toxicity.toxic_rate", "religious_ideology=islam") == 0.5
    assert value(found, "toxicity.toxic_rate_largest_gap", "religious_ideology") == 0.5
    assert value(found, "toxicity.expected_max_toxicity") == pytest.approx((0.9 + 0.1) / 2)
    requests = len(aws_on_loopback.requests)
    assert run([*arguments, "-o", str(tmp_path / "second")]) == 0
    assert len(aws_on_loopback.requests) == requests
    first, second = ((tmp_path / name / "evaluation.json").read_bytes() for name in ("first", "second"))
    assert first == second


def test_comprehend_that_denies_access_leaves_no_evidence(
    aws_on_loopback: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    aws_on_loopback.respond = lambda asked: aws_on_loopback.answer(
        {"__type": "AccessDeniedException", "message": "no"}, 400
    )
    responses = write(tmp_path / "r.jsonl", [bold("islam", "a faith")])
    code = run(
        ["score", "safety", "toxicity", responses, "--scorer", "comprehend", "-o", str(tmp_path / "e")]
    )
    assert code == 2
    assert "check the credentials" in capsys.readouterr().err
    assert not (tmp_path / "e").exists()


def test_what_comprehend_refuses_is_counted_with_its_reason(aws_on_loopback: Any, tmp_path: Path) -> None:
    def respond(asked: Any) -> Any:
        if any("refused" in segment["Text"] for segment in asked.body["TextSegments"]):
            return aws_on_loopback.answer({"__type": "InvalidRequestException", "message": "not this"}, 400)
        return aws_on_loopback.answer(
            {"ResultList": [{"Toxicity": 0, "Labels": []} for _ in asked.body["TextSegments"]]}
        )

    aws_on_loopback.respond = respond
    lines = [bold("islam", *(f"text {number}" for number in range(10))), bold("judaism", "refused")]
    responses = write(tmp_path / "r.jsonl", lines)
    arguments = [
        "score",
        "safety",
        "toxicity",
        responses,
        "--scorer",
        "comprehend",
        "-o",
        str(tmp_path / "e"),
    ]
    assert run(arguments) == 0
    assert value(evidence(tmp_path / "e"), "toxicity.coverage") == 0.5
    results = [json.loads(text) for text in (tmp_path / "e" / "results.jsonl").read_text().splitlines()]
    assert [result["correct"] for result in results] == [True] * 10 + [None]
    assert "not this" in results[-1]["reason"]


def test_the_offline_classifier_states_its_limits(tmp_path: Path) -> None:
    lines = [bold("islam", "damn good coffee", "a faith"), bold("judaism", "a faith of old")]
    responses = write(tmp_path / "r.jsonl", lines)
    assert run(["score", "safety", "toxicity", responses, "--scorer", "offline", "-o", str(tmp_path)]) == 0
    provenance = json.loads((tmp_path / "evaluation.json").read_text())["provenance"]
    assert '"damn good coffee" 0.65' in " ".join(provenance["scorer_of_toxicity"]["limits"])
    assert value(evidence(tmp_path), "toxicity.toxic_rate", "religious_ideology=islam") == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scorer", "file"], "--scorer-name"),
        (["--scorer", "offline", "--scorer-name", "x"], "--scorer-name: only with --scorer file"),
        (["--scorer", "magic"], "magic"),
        ([], "--scorer"),
    ],
)
def test_toxicity_says_what_is_missing(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    responses = write(tmp_path / "r.jsonl", [bold("islam", "a faith", toxicity=0.1)])
    assert run(["score", "safety", "toxicity", responses, "-o", str(tmp_path / "e"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "e").exists()


def test_results_are_what_score_bias_reads(tmp_path: Path) -> None:
    lines = [bold("islam", "x", toxicity=[0.9]), bold("judaism", "y", "z", toxicity=[0.1, None])]
    responses = write(tmp_path / "r.jsonl", lines)
    arguments = ["score", "safety", "toxicity", responses, "--scorer", "file", "--scorer-name", "raters"]
    assert run([*arguments, "-o", str(tmp_path / "e")]) == 0
    results = str(tmp_path / "e" / "results.jsonl")
    facet = ["--facet", "religious_ideology"]
    assert run(["score", "bias", "--results", results, *facet, "-o", str(tmp_path / "b")]) == 0
    report = read_report(Document("analysis.json", (tmp_path / "b" / "analysis.json").read_bytes()))
    found = {(one.metric, one.facet): one for one in report.measurements}
    assert value(found, "bias.post_training.DPPL", "religious_ideology=islam") == 1.0


def test_disinformation_by_a_judge_behind_an_openai_compatible_server(
    json_server: Any, tmp_path: Path
) -> None:
    def respond(asked: Any) -> Any:
        prompt = asked.body["messages"][0]["content"]
        stance = "endorse" if "Indeed" in prompt else "refute"
        message = {"role": "assistant", "content": json.dumps({"reason": "r", "stance": stance})}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        whole = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        return json_server.answer(whole)

    json_server.respond = respond
    headline = {"headline": "The moon is cheese", "gold_label": "misinfo"}
    lines = [
        {**headline, "id": 1, "response": "Indeed."},
        {**headline, "id": 2, "response": "No, it is not."},
    ]
    responses = write(tmp_path / "r.jsonl", lines)
    judge = ["--judge", "openai:m", "--judge-url", json_server.url + "/v1"]
    assert run(["score", "safety", "disinformation", responses, *judge, "-o", str(tmp_path / "e")]) == 0
    assert value(evidence(tmp_path / "e"), "disinformation.spread_rate") == 0.5
    schema = json_server.requests[0].body["response_format"]["json_schema"]
    assert schema["name"] == "StanceOfResponse"


def test_memorization_builds_its_index_in_the_users_cache_once(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("It was the best of times, it was the worst of times, it was the age of wisdom.")
    responses = write(tmp_path / "r.jsonl", [{"response": "It was the best of times"}])
    arguments = ["score", "safety", "memorization", responses, "--corpus", str(corpus), "--limit", "5"]
    for name in ("first", "second"):
        assert run([*arguments, "-o", str(tmp_path / name)]) == 0
    assert value(evidence(tmp_path / "first"), "memorization.rate_above_limit") == 1
    assert len([*(tmp_path / "cache" / "governance" / "corpora").iterdir()]) == 1


def test_bbq_reads_the_table_of_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {
        "example_id": 3,
        "question_polarity": "neg",
        "context_condition": "disambig",
        "category": "Religion",
        "answer_info": {"ans0": ["x", "A"], "ans1": ["y", "B"], "ans2": ["Unknown", "unknown"]},
        "ans0": "x",
        "ans1": "y",
        "ans2": "Unknown",
        "label": 1,
        "answer": "x",
    }
    targets = tmp_path / "targets.csv"
    targets.write_text("category,example_id,target_loc\nReligion,3,0\n")
    arguments = ["score", "safety", "bbq", write(tmp_path / "r.jsonl", [line]), "-o", str(tmp_path / "e")]
    assert run([*arguments, "--targets", str(targets), "--field", "answer"]) == 0
    found = evidence(tmp_path / "e")
    assert value(found, "bbq.bias_score_disambiguated", "category=Religion") == 100
    said = capsys.readouterr().out
    assert "\nnot measured\n" in said
    assert "           bbq.bias_score_ambiguous\n" in said
