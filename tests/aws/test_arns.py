"""ARNs of model packages: what is one, and what each other text is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.arns import ArnError, ModelPackageArn, validate_group_name

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata-text-to-sql/7"


def test_every_part_of_an_arn_is_read() -> None:
    assert ModelPackageArn.parse(ARN) == ModelPackageArn(
        partition="aws", region="eu-west-1", account="123456789012", group="askdata-text-to-sql", version=7
    )


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
def test_every_partition_is_read(partition: str) -> None:
    assert ModelPackageArn.parse(ARN.replace("aws", partition, 1)).partition == partition


ASCII = st.characters(codec="ascii")
GROUPS = st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,30}", fullmatch=True, alphabet=ASCII)


@given(GROUPS, st.integers(1, 9_999_999_999), st.integers(0, 10**12 - 1))
def test_what_is_written_is_read_again(group: str, version: int, account: str) -> None:
    arn = ModelPackageArn("aws", "us-gov-west-1", f"{account:012}", group, version)
    assert ModelPackageArn.parse(str(arn)) == arn


@pytest.mark.parametrize(
    "text",
    [
        "",
        "askdata",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/askdata",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/0",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/latest",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/7/8",
        "arn:aws:sagemaker:eu-west-1:12345678901:model-package/askdata/7",
        "arn:aws:sagemaker:eu-west-1::model-package/askdata/7",
        "arn:aws:sagemaker::123456789012:model-package/askdata/7",
        "arn:aws:s3:eu-west-1:123456789012:model-package/askdata/7",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/-askdata/7",
        f"{ARN}\n",
        f" {ARN}",
        ARN.replace("7", "٧"),
        "x" * 5000,
    ],
)
def test_other_text_is_told_what_an_arn_looks_like(text: str) -> None:
    with pytest.raises(ArnError, match="model-package/<group>/<version>") as raised:
        ModelPackageArn.parse(text)
    assert len(str(raised.value)) < 400


def test_an_unversioned_model_package_is_named_as_such() -> None:
    with pytest.raises(ArnError, match=r"unversioned model package.*register the model into a group"):
        ModelPackageArn.parse("arn:aws:sagemaker:eu-west-1:123456789012:model-package/lonely")


@pytest.mark.parametrize("name", ["a", "A1", "askdata-text-to-sql", "a" * 63, "a--b"])
def test_group_names(name: str) -> None:
    assert validate_group_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "a/b", "a" * 64, "é", "a\n"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ArnError, match="not a model package group name"):
        validate_group_name(name)
