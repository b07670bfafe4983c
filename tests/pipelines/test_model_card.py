"""The model card of a version is evidence where it holds figures, and nothing where it holds words alone."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from aws.model_packages import Registration
from checks.measurements import Measured
from pipelines.read_evidence import read_evidence
from tests.pipelines.conftest import World

IMAGE = "1.dkr.ecr/i:1"
# "Model package model card schema (Studio)", https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html
STUDIO: dict[str, Any] = {
    "model_overview": {"model_creator": "Jo", "model_artifact": ["s3://b/model.tar.gz"]},
    "intended_uses": {"purpose_of_model": "Churn.", "risk_rating": "Low"},
    "business_details": {},
    "training_details": {"objective_function": {}, "training_observations": "100 epochs"},
    "evaluation_details": [],
    "additional_information": {"caveats_and_recommendations": "none"},
}
# The same schema's evaluation_details, as MLflow's automatic registration fills them from a run's metrics,
# https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments-model-registration.html
EVALUATED = {
    "name": "run",
    "metric_groups": [
        {"name": "quality", "metric_data": [{"name": "accuracy", "type": "number", "value": 0.93}]}
    ],
}


def registered(world: World, content: object) -> str:
    card = content if isinstance(content, str) else json.dumps(content)
    fields: Mapping[str, Any] = {"ModelCard": {"ModelCardContent": card, "ModelCardStatus": "Draft"}}
    return world.registry.register(Registration(group="AskData", image=IMAGE, fields=fields))


def test_figures_of_the_card_are_read_and_kept(world: World) -> None:
    card = json.dumps({**STUDIO, "evaluation_details": [EVALUATED]})
    package = world.registry.describe(registered(world, card))
    services = world.services
    (report,) = read_evidence(services.evidence, package, services.copies).reports
    sha256 = hashlib.sha256(card.encode()).hexdigest()
    assert (report.uri, report.format, report.sha256) == (
        f"{package.arn}#ModelCard",
        "sagemaker_model_card",
        sha256,
    )
    assert report.copy_uri == str(world.folder / "copies" / sha256)
    assert report.digest_verified is False
    (figure,) = report.measurements
    assert isinstance(figure, Measured)
    assert (figure.metric, str(figure.value)) == ("model_card.run.quality.accuracy", "0.93")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(STUDIO, id="no evaluation"),
        pytest.param({**STUDIO, "evaluation_details": [{"name": "a", "evaluation_observation": "ok"}]}, id="words"),
        pytest.param({"model_overview": {"model_creator": "Jo"}}, id="no section"),
        pytest.param({}, id="empty"),
        pytest.param("", id="no content"),
        pytest.param([], id="no object"),
    ],
)  # fmt: skip
def test_a_card_of_words_is_no_evidence(world: World, content: object) -> None:
    package = world.registry.describe(registered(world, content))
    assert read_evidence(world.services.evidence, package, world.services.copies).reports == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("{", "the model card: not JSON", id="no JSON"),
        pytest.param('{"a": 1, "a": 2}', 'the model card: the key "a" is there twice', id="a key twice"),
    ],
)
def test_a_card_that_cannot_be_read_needs_review(world: World, content: str, says: str) -> None:
    arn = registered(world, content)
    assert world.evaluate(arn).decision == "NeedsReview"
    (report,) = read_evidence(world.services.evidence, world.registry.describe(arn)).reports
    assert str(report.problem).startswith(says)


def test_evaluations_that_are_none_are_a_gap_and_approve_nothing(world: World) -> None:
    arn = registered(world, {**STUDIO, "evaluation_details": "see the wiki"})
    assert world.evaluate(arn).decision != "Approved"
    (report,) = read_evidence(world.services.evidence, world.registry.describe(arn)).reports
    assert report.format == "sagemaker_model_card"
