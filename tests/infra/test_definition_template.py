import json
from pathlib import Path

import pytest

from infra import definition_template
from infra.definition_template import build_template, definition_body, image_uri, is_template_built
from pipelines.definition import LambdaCompute, ProcessingCompute, managed_image_uri, pipeline_definition

TOKEN = "${Token[TOKEN.17]}"
SHARED = {
    "update_function_arn": f"{TOKEN}:update",
    "thresholds_uri": f"s3://{TOKEN}/thresholds/",
    "decisions_uri": f"s3://{TOKEN}/decisions/",
}
PROCESSING = ProcessingCompute(
    image_uri="123.dkr.ecr.eu-west-1.amazonaws.com/image:1",
    role_arn=f"{TOKEN}:role",
    bundle_uri=f"s3://{TOKEN}/b.zip",
    results_uri=f"s3://{TOKEN}/results",
    environment={"A": TOKEN, "B": 'with "quotes" and \\'},
)


@pytest.mark.parametrize("evaluation", [LambdaCompute(f"{TOKEN}:evaluate"), PROCESSING])
def test_the_template_with_its_values_is_the_definition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evaluation: LambdaCompute | ProcessingCompute
) -> None:
    expected = pipeline_definition(evaluation=evaluation, **SHARED)
    first = definition_body(evaluation=evaluation, **SHARED, build=tmp_path)
    assert json.loads(first) == json.loads(expected)

    monkeypatch.setattr(definition_template, "pipeline_definition", None)  # a second one is not built again
    other = SHARED | {"thresholds_uri": "s3://others/thresholds/"}
    second = definition_body(evaluation=evaluation, **other, build=tmp_path)
    assert second == first.replace(SHARED["thresholds_uri"], "s3://others/thresholds/")


def test_a_template_that_was_built_beside_is_that_of_every_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_template_built(LambdaCompute(""), build=tmp_path)
    build_template(LambdaCompute(""), build=tmp_path)
    assert is_template_built(LambdaCompute("another"), build=tmp_path)
    monkeypatch.setattr(definition_template, "pipeline_definition", None)
    body = definition_body(evaluation=LambdaCompute(f"{TOKEN}:evaluate"), **SHARED, build=tmp_path)
    assert f"{TOKEN}:evaluate" in body


def test_the_image_is_kept_for_each_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regions = ("eu-west-1", "us-east-1")
    expected = [managed_image_uri(region) for region in regions]
    assert [image_uri(region, build=tmp_path) for region in regions] == expected
    monkeypatch.setattr(definition_template, "managed_image_uri", None)
    assert [image_uri(region, build=tmp_path) for region in regions] == expected
