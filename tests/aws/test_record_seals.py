"""One suite for both makers of seals: KMS over HTTP, and a secret of this process."""

from collections.abc import Callable
from typing import Any

import pytest

from aws.aws_errors import AwsError
from aws.record_seals import KmsSeals, LocalSeals, Seals

STATEMENT = b"governance.seal/1\nabc\narn\nexecution"


@pytest.fixture(params=["kms", "local"])
def pair(request: pytest.FixtureRequest) -> tuple[Seals, Seals]:
    """Two makers with keys of their own."""
    if request.param == "local":
        return LocalSeals(b"one"), LocalSeals(b"another")
    kms = request.getfixturevalue("client_of")("kms", request.getfixturevalue("moto_url"))

    def made() -> KmsSeals:
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        return KmsSeals(kms, key["KeyMetadata"]["Arn"])

    return made(), made()


def test_a_seal_is_genuine_for_its_statement_and_key_alone(pair: tuple[Seals, Seals]) -> None:
    seals, others = pair
    seal = seals.make(STATEMENT)
    assert seal == seals.make(STATEMENT)
    assert seals.is_genuine(STATEMENT, seal)
    assert not seals.is_genuine(STATEMENT + b"1", seal)
    assert not others.is_genuine(STATEMENT, seal)
    assert seal != others.make(STATEMENT)


@pytest.mark.parametrize(
    "seal",
    ["", "no base64!", "é", "QUJD", "A" * 43 + "=", "A" * 44, "A" * 1000],
    ids=["empty", "no base64", "no ASCII", "short", "another's", "too long by one byte", "long"],
)
def test_what_is_no_seal_is_not_genuine(pair: tuple[Seals, Seals], seal: str) -> None:
    assert not pair[0].is_genuine(STATEMENT, seal)


def test_a_key_that_is_none_is_an_error_and_no_answer(client_of: Callable[..., Any], moto_url: str) -> None:
    seals = KmsSeals(client_of("kms", moto_url), "arn:aws:kms:eu-west-1:123456789012:key/none")
    with pytest.raises(AwsError, match="GenerateMac failed"):
        seals.make(STATEMENT)
    with pytest.raises(AwsError, match="VerifyMac failed"):
        seals.is_genuine(STATEMENT, "A" * 43 + "=")
