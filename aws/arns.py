"""Names of SageMaker's model registry: model package ARNs and group names."""

import re
from typing import Self

from msgspec import Struct

from checks.errors import GovernanceError

_GROUP = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")  # the service model's EntityName
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]{9,16}):(?P<account>[0-9]{12})"
    r":model-package/(?P<group>[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})/(?P<version>[1-9][0-9]{0,9})"
)
_ANY = re.compile(
    r"arn:[a-z0-9-]+:(?P<service>[a-z0-9-]+):[^:]*:[^:]*:(?P<type>[A-Za-z0-9-]*)[/:]?(?P<name>[^/]*).*"
)
_UNVERSIONED = re.compile(r"arn:aws[a-z-]*:sagemaker:[^:]*:[0-9]{12}:model-package/[^/\s]+")


class ArnError(GovernanceError):
    """Text that is not the ARN or the name it should be; the message says what one looks like."""


class ModelPackageArn(Struct, frozen=True):
    """The ARN of one version in a model package group.

    `group` is the name as the ARN spells it: SageMaker writes it in lower case there, whatever case the group
    has. The group's own spelling comes with the model package's description.
    """

    partition: str
    region: str
    account: str
    group: str
    version: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>`.

        Raises:
            ArnError: when it is anything else; an unversioned model package is named as such.
        """
        match = _ARN.fullmatch(text)
        if match is None:
            raise ArnError(_explain_wrong_arn(text))
        return cls(
            partition=match["partition"],
            region=match["region"],
            account=match["account"],
            group=match["group"],
            version=int(match["version"]),
        )

    def __str__(self) -> str:
        where = f"arn:{self.partition}:sagemaker:{self.region}:{self.account}"
        return f"{where}:model-package/{self.group}/{self.version}"


class GroupArn(Struct, frozen=True):
    """The ARN of a model package group, by which one of another account is named."""

    partition: str
    region: str
    account: str
    group: str

    def holds(self, version: ModelPackageArn) -> bool:
        """Whether a version is one of the group; its ARN spells the group in lower case."""
        place = (version.partition, version.region, version.account, version.group.lower())
        return place == (self.partition, self.region, self.account, self.group.lower())

    def __str__(self) -> str:
        where = f"arn:{self.partition}:sagemaker:{self.region}:{self.account}"
        return f"{where}:model-package-group/{self.group.lower()}"


def validate_group_name(name: str) -> str:
    """Return `name` when it can name a model package group.

    Raises:
        ArnError: when it cannot: 1 to 63 letters, digits and inner hyphens are allowed.
    """
    if _GROUP.fullmatch(name) is None:
        raise ArnError(
            f"{_shorten(name)} is not a model package group name: use 1 to 63 letters, digits and hyphens, "
            "with a letter or digit at both ends"
        )
    return name


def _explain_wrong_arn(text: str) -> str:
    if _UNVERSIONED.fullmatch(text):
        return (
            f"{_shorten(text)} is an unversioned model package: only versions of a model package group are governed; "
            "register the model into a group"
        )
    return (
        f"{_shorten(text)} is not a model package ARN{_name_other_arn(text)}: it looks like "
        "arn:aws:sagemaker:<region>:<12-digit account>:model-package/<group>/<version>"
    )


def _name_other_arn(text: str) -> str:
    """Return what an ARN of something else names, as a part of the message."""
    match = _ANY.fullmatch(text)
    if match is None or (match["service"], match["type"]) == ("sagemaker", "model-package"):
        return ""
    if (match["service"], match["type"]) == ("sagemaker", "model-package-group"):
        return f" but that of the group {match['name'][:63]}; governance history shows its versions"
    if match["service"] == "s3":
        return ", and what is in S3 is named s3://bucket/key"
    kind = f" ({match['type']})" if match["type"] else ""
    return f" but one of {match['service']}{kind}"


def _shorten(text: str, longest: int = 200) -> str:
    return repr(text if len(text) <= longest else f"{text[:longest]}…")
