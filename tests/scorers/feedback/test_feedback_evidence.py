"""Ratings in, evidence out."""

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.errors import GovernanceError
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from scorers.feedback import (
    ELEVEN_POINTS,
    FIVE_POINTS,
    Columns,
    Scale,
    score_feedback,
)
from scorers.feedback.rating_figures import net_promoter_score
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

THRESHOLDS = b"""
name: assistant
applies_to:
  model_package_groups: ["askdata-*"]
checks:
  - name: net promoter score
    why: Analysts who would not recommend the assistant go back to asking the data team.
    metric: feedback.nps
    at_least: 35
    confidence: 0.95
    min_samples: 100
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        path = tmp_path / "ratings.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def evaluation(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    return found


def test_whole_evidence(write: Any, tmp_path: Path) -> None:
    path = write(
        'rating,session,comment,region\n5,a,,CA\n5,b,"good, mostly",CA\n4,c,,US\n2,d,never again,US\n'
    )
    score_feedback(path, tmp_path / "out", columns=Columns(facets=["region"]))
    found = evaluation(tmp_path)["feedback_metrics"]
    share = 3 / 6, 2 / 6  # one promoter and one detractor added to two promoters and one detractor of four
    error = 100 * math.sqrt((share[0] + share[1] - (share[0] - share[1]) ** 2) / 6)
    centre = 100 * (share[0] - share[1])
    assert found["nps"]["value"] == 25.0
    assert found["nps"]["samples"] == 4
    assert found["nps"]["standard_error"] == pytest.approx(error)
    assert found["nps"]["interval"] == {
        "low": pytest.approx(centre - 1.959964 * error),
        "high": pytest.approx(min(100, centre + 1.959964 * error)),
        "confidence": 0.95,
    }
    assert {group: entry["value"] for group, entry in found["nps"]["facets"].items()} == {
        "region=CA": 100.0,
        "region=US": -50.0,
    }
    assert found["nps_largest_gap"]["facets"]["region"]["value"] == 150.0
    mean = found["mean_rating"]
    assert (mean["value"], mean["samples"]) == (4.0, 4)
    assert mean["standard_error"] == pytest.approx(math.sqrt(2) / 2)
    assert mean["interval"]["low"] == pytest.approx(4 - 1.959964 * math.sqrt(2) / 2)
    assert found["responses"] == {
        "value": 4,
        "facets": {"region=CA": {"value": 2}, "region=US": {"value": 2}},
    }
    assert evaluation(tmp_path)["provenance"]["scale"] == {
        "low": 1,
        "high": 5,
        "promoters_from": 5,
        "detractors_to": 3,
    }
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert lines[3] == {
        "line": 5,
        "rating": 2,
        "nps_points": -1,
        "facets": {"region": "US"},
        "session": 4,
    }
    assert "never again" not in (tmp_path / "out" / "results.jsonl").read_text()


@pytest.mark.parametrize(
    ("scale", "points"),
    [
        (FIVE_POINTS, {1: -1, 2: -1, 3: -1, 4: 0, 5: 1}),
        (ELEVEN_POINTS, {0: -1, 6: -1, 7: 0, 8: 0, 9: 1, 10: 1}),
        (Scale(1, 5, promoters_from=4, detractors_to=2), {2: -1, 3: 0, 4: 1}),
    ],
)
def test_which_ratings_promote_and_detract(scale: Scale, points: dict[int, int]) -> None:
    assert {rating: scale.points(rating) for rating in points} == points


@pytest.mark.parametrize(
    ("ratings", "verdict"),
    [
        ([5] * 160 + [4] * 20 + [1] * 20, "Approved"),
        ([5] * 80 + [4] * 70 + [1] * 50, "Rejected"),
        ([5] * 110 + [4] * 55 + [1] * 35, "NeedsReview"),
        ([5] * 99, "NeedsReview"),
        ([1] * 200, "Rejected"),
    ],
    ids=["70 clears 35", "15 misses", "37.5 straddles", "too few", "nobody"],
)
def test_a_threshold_file_can_demand_a_net_promoter_score(
    ratings: list[int], verdict: str, write: Any, tmp_path: Path
) -> None:
    score_feedback(write("rating\n" + "".join(f"{rating}\n" for rating in ratings)), tmp_path / "out")
    content = (tmp_path / "out" / "evaluation.json").read_bytes()
    evidence = Evidence((read_report(Document("evaluation.json", content)),))
    decision = judge(parse_thresholds(THRESHOLDS, "t.yaml"), evidence, decided_at=DECIDED_AT)
    assert decision.verdict == verdict, decision.findings


@pytest.mark.parametrize("shares", [(0.6, 0.2), (0.85, 0.05), (0.3, 0.5)])
@pytest.mark.parametrize("responses", [30, 200])
def test_the_interval_covers_the_true_score_at_its_level(shares: tuple[float, float], responses: int) -> None:
    """2,000 simulated surveys at 95 %: four standard errors of the coverage are 0.02, small samples are cautious."""
    random, covered = Random(7), 0
    promoters, detractors = shares
    weights = (promoters, 1 - promoters - detractors, detractors)
    for _ in range(2000):
        measured = net_promoter_score(random.choices((1, 0, -1), weights, k=responses))
        assert measured.support.interval is not None
        covered += (
            measured.support.interval.low <= 100 * (promoters - detractors) <= measured.support.interval.high
        )
    assert 0.93 <= covered / 2000 <= (0.97 if responses > 100 else 0.98)


def test_ratings_of_one_session_are_not_independent() -> None:
    points = [1, 1, 1, 1, -1, -1, -1, -1]
    alone = net_promoter_score(points, [str(number) for number in range(8)])
    together = net_promoter_score(points, ["a"] * 4 + ["b"] * 4)
    assert alone.support.standard_error is not None
    assert together.support.standard_error is not None
    assert together.support.standard_error > 2 * alone.support.standard_error


def test_one_rating_has_no_spread(write: Any, tmp_path: Path) -> None:
    found = score_feedback(write("rating\n4\n"), tmp_path / "out").measurements
    mean = next(one for one in found if one.metric == "feedback.mean_rating")
    assert isinstance(mean, Measured)
    assert (mean.support.standard_error, mean.support.interval) == (None, None)


def test_a_column_with_one_group_has_no_gap(write: Any, tmp_path: Path) -> None:
    found = score_feedback(write('rating,facets\n4,"{""region"": ""CA""}"\n'), tmp_path / "out").measurements
    gaps = [one for one in found if one.metric == "feedback.nps_largest_gap"]
    assert [(type(gap), gap.facet) for gap in gaps] == [(Unmeasured, "region")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no lines; there is nothing to score"),
        ("rating\n", "no lines; there is nothing to score"),
        ("rating\n5\n6\n0\n", ":3: rating: 6 is out of range; a rating is a whole number from 1 to 5"),
        ("rating\n4.5\n", ": rating: 4.5 in line 2: a rating is a whole number from 1 to 5"),
        (
            "rating\n5\n4.5\n3,5\n\n4.25\n".replace("3,5", '"3,5"'),
            ": rating: 4.5 in line 3 and 2 more: a rating",
        ),
        ("rating\n1e0\n", ':2: rating: "1e0" is no rating'),
        ("rating\n1_0\n", ':2: rating: "1_0" is no rating'),
        ("rating\nfive\n", ':2: rating: "five" is no rating'),
        ('{"rating": true}\n', ':1: rating: "True" is no rating'),
        ('{"rating": null}\n', ':1: rating: "" is no rating'),
        ("rating,session\n,a\n", ':2: rating: "" is no rating'),
        ("rating\n5,extra\n", ":2: 2 cells, and the header has 1"),
        ("rating,facets\n5,CA\n", ":2: facets: not a mapping"),
        ("rating,facets\n5,[1]\n", ":2: facets: not a mapping"),
    ],
)
def test_ratings_that_cannot_be_scored(text: str, problem: str, write: Any, tmp_path: Path) -> None:
    with pytest.raises(GovernanceError) as error:
        score_feedback(write(text), tmp_path / "out")
    assert problem in str(error.value)
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_every_bad_line_is_named_and_the_first_twenty_shown(write: Any, tmp_path: Path) -> None:
    with pytest.raises(GovernanceError) as error:
        score_feedback(write("rating\n" + "9\n" * 25), tmp_path / "out")
    assert str(error.value).count("out of range") == 20
    assert "and 5 more problems" in str(error.value)


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"rating,comment\n5,\xff\n")
    with pytest.raises(GovernanceError, match="not UTF-8"):
        score_feedback(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        pytest.param("rating,comment\n5.0,fine\n4.0,good\n1.0,bad\n", {}, id="floats"),
        pytest.param('rating\n" 5"\n4 \n "1.0"\n'.replace(' "1.0"', " 1.0"), {}, id="spaces and quotes"),
        pytest.param("\ufeffRating \n5\n4\n1\n", {}, id="byte order mark and capital"),
        pytest.param(
            "rating;comment\n5,0;a, b\n4,00;c\n1;d\n", {"separator": ";"}, id="semicolons, decimal commas"
        ),
        pytest.param("user_rating,x\n5,a\n4,b\n1,c\n", {"rating": "user_rating"}, id="another column"),
        pytest.param('{"rating": 5}\n{"rating": 4.0}\n{"rating": "1"}\n', {}, id="json lines"),
        pytest.param('[{"rating": 5.0}, {"rating": "4"}, {"rating": 1}]', {}, id="json array"),
    ],
)
def test_ratings_as_people_have_them(content: str, columns: Any, write: Any, tmp_path: Path) -> None:
    score_feedback(write(content), tmp_path / "out", columns=Columns(**columns))
    found = evaluation(tmp_path)["feedback_metrics"]
    assert found["mean_rating"]["value"] == pytest.approx(10 / 3)
    assert found["nps"]["value"] == 0


def test_ratings_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    pq.write_table(pa.table({"rating": [5.0, 4.0, 1.0], "region": ["CA", None, "CA"]}), path)
    score_feedback(path, tmp_path / "out", columns=Columns(facets=["region"]))
    found = evaluation(tmp_path)["feedback_metrics"]
    assert (found["nps"]["value"], found["nps"]["facets"]["region=CA"]["samples"]) == (0, 2)


def test_wrong_columns_are_one_message_with_the_whole_mapping(write: Any, tmp_path: Path) -> None:
    path = write("score,user_id,text\n5,u,x\n4,u,y\n")
    with pytest.raises(GovernanceError) as error:
        score_feedback(path, tmp_path / "out", columns=Columns(facets=["region"]))
    assert str(error.value) == (
        f'{path}: no column "rating" (--rating), "region" (--facet); there are score, user_id, text. The rating is '
        "in the column rating, or name it: --rating score; whose ratings belong together in session (optional), or "
        "--session COLUMN; groups in facets (optional, a JSON object), or --facet COLUMN"
    )


def test_columns_that_are_passed_over_are_said(write: Any, tmp_path: Path) -> None:
    path = write("rating,session_id,comment,when\n5,u,x,1\n4,u,y,2\n1,v,z,3\n")
    passed = score_feedback(path, tmp_path / "out")
    assert passed.remarks == [
        "columns not read: session_id, when",
        "ratings of one person are not independent: if session_id says whose they are, name it with --session "
        "session_id",
    ]
    named = score_feedback(path, tmp_path / "out", columns=Columns(session="session_id"))
    assert named.remarks == ["columns not read: when"]
    assert evaluation(tmp_path)["provenance"]["sessions"] == 2


@given(order=st.permutations(range(6)), spelling=st.sampled_from(["{}", " {} ", "{}.0", "+{}", '"{}"']))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_figures_do_not_depend_on_order_or_spelling(
    order: list[int], spelling: str, write: Any, tmp_path: Path
) -> None:
    rows = [(5, "CA"), (4, "CA"), (1, "US"), (5, "US"), (2, "CA"), (3, "US")]

    def figures(lines: list[str]) -> Any:
        score_feedback(
            write("rating,region\n" + "".join(lines)), tmp_path / "out", columns=Columns(facets=["region"])
        )
        return evaluation(tmp_path)["feedback_metrics"]

    plain = figures([f"{rating},{region}\n" for rating, region in rows])
    spelt = figures([f"{spelling.format(rows[index][0])},{rows[index][1]} \n" for index in order])
    assert spelt == plain
