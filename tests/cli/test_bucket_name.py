"""What is no name of a bucket is refused where it is given, before AWS is asked."""

import pytest

from cli.main import run

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/1"


@pytest.mark.parametrize("name", ["s3://decisions", "Decisions", "d", "decisions/churn", "-decisions"])
@pytest.mark.parametrize(
    "line",
    [
        f"review --approve --reason agreed {ARN} --decisions-bucket",
        f"rejudge --reason agreed {ARN} --decisions-bucket",
        f"explain {ARN} --decisions-bucket",
        "thresholds list --thresholds-bucket",
        "register --group churn --evidence . --image i:1 --evidence-bucket",
    ],
    ids=lambda line: line.partition(" -")[0].partition(" arn")[0],
)
def test_a_name_that_no_bucket_has_is_refused(
    line: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    option = line.rpartition(" ")[2]
    assert run([*line.split(), name]) == 2
    said = capsys.readouterr().err
    assert f"{option}" in said
    assert f"{name!r} is not the name of a bucket" in said
    assert "without s3://" in " ".join(said.split())
