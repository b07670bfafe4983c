"""The status of a version that the user names by its ARN, with the decision record behind it."""

from msgspec import Struct

from aws.arns import ModelPackageArn
from aws.clients import s3_client
from aws.registry_names import DECISION_URI_PROPERTY
from aws.version_lookup import describe_version
from cli.display.version_status import KnownStanding, log_around, log_in_bucket, look_up


class FoundStanding(Struct, frozen=True):
    """The status of a version, and whether its record was found by what the version's own metadata name."""

    known: KnownStanding
    by_metadata: bool


def find_standing(arn: str, decisions_bucket: str | None) -> FoundStanding:
    """Return the status of the version `arn` by the records in the stack's bucket, or by its metadata without one.

    Raises:
        GovernanceError: there is no such version, its records cannot be read, or are not those that were written.
    """
    package = describe_version(arn)
    client = s3_client(ModelPackageArn.parse(arn).region)
    if decisions_bucket is not None:
        return FoundStanding(look_up(package, log_in_bucket(client, decisions_bucket)), by_metadata=False)
    known = look_up(package, log_around(client, package.metadata.get(DECISION_URI_PROPERTY), package))
    return FoundStanding(known, by_metadata=known.standing.deciding is not None)
