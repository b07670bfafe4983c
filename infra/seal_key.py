"""The key by which a decision record is known to be written by the evaluation step."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct


class SealKey(Construct):
    """An HMAC key of KMS, as `key`; who may make seals with it and who may verify them, the stack grants.

    It never leaves KMS, so that a record can be verified as long as the key is kept. KMS rotates no such keys.
    """

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Seals the decision records of the model gate.",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            removal_policy=removal_policy,
        )
