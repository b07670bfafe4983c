"""What a deployment of AskData may choose; README.md beside this file lists it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.deployment_settings import NamedBucket, RetentionDays, SettingsPart

_CERTIFICATE = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[\w-]+$"
_SECRET = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$"
_HTTPS = r"^https://[^\s]+$"
_MODEL_ID = r"^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)*$"
_CIDR = r"^(\d{1,3}\.){3}\d{1,3}/([89]|[12]\d|3[0-2])$"
_SubnetId = Annotated[str, Field(pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]

_Subnets = Annotated[list[_SubnetId], Field(min_length=2, examples=[["subnet-0a1b2c3d", "subnet-0b1b2c3d"]])]


class ExistingNetwork(SettingsPart):
    """A VPC that is there, whose private subnets reach the services that README.md lists."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", examples=["vpc-0a1b2c3d"])]
    cidr: Annotated[str, Field(pattern=_CIDR, examples=["10.0.0.0/16"])]
    availability_zones: Annotated[
        list[str], Field(min_length=2, examples=[["eu-central-1a", "eu-central-1b"]])
    ]
    private_subnet_ids: _Subnets
    public_subnet_ids: _Subnets | None = None

    @model_validator(mode="after")
    def _check_zones(self) -> Self:
        for name in ("private_subnet_ids", "public_subnet_ids"):
            subnets = getattr(self, name)
            if subnets is not None and len(subnets) != len(self.availability_zones):
                raise ValueError(
                    f"{name}: {len(subnets)} subnets for {len(self.availability_zones)} availability zones; "
                    "name one a zone, in the same order"
                )
        return self


class OpenIdConnect(SettingsPart):
    """The identity provider by which the load balancer signs people in."""

    issuer: Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com"])]
    authorization_endpoint: Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com/auth"])]
    token_endpoint: Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com/token"])]
    user_info_endpoint: Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com/user"])]
    client_id: Annotated[str, Field(min_length=1, examples=["askdata"])]
    client_secret_arn: Annotated[
        str,
        Field(
            pattern=_SECRET,
            examples=["arn:aws:secretsmanager:eu-central-1:123456789012:secret:askdata-oidc-a1b2c3"],
        ),
    ]


class AskDataSettings(SettingsPart):
    """The settings of one deployment.

    Without `sign_in` the load balancer is internal: whoever reaches the VPC reaches the screen. `internet_facing` asks
    for `sign_in`.
    """

    region: Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$", examples=["eu-central-1"])]
    stack_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")] = "AskData"
    model_package_group: Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")] = "askdata"
    decisions_bucket: Annotated[NamedBucket, Field(examples=["modelgovernance-decisions"])]
    configurations_bucket: Annotated[NamedBucket, Field(examples=["team-models"])]
    models: Annotated[
        list[Annotated[str, Field(pattern=_MODEL_ID)]],
        Field(min_length=1, examples=[["amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0"]]),
    ]
    certificate_arn: Annotated[
        str,
        Field(
            pattern=_CERTIFICATE, examples=["arn:aws:acm:eu-central-1:123456789012:certificate/1234abcd-12ab"]
        ),
    ]
    internet_facing: bool = False
    sign_in: OpenIdConnect | None = None
    network: ExistingNetwork | None = None
    tasks: Annotated[int, Field(ge=1, le=20)] = 2
    log_retention_days: RetentionDays = 90
    removal_policy: Literal["retain", "destroy"] = "retain"

    @model_validator(mode="after")
    def _check_access(self) -> Self:
        if self.internet_facing and self.sign_in is None:
            raise ValueError(
                "internet_facing: everybody could ask, and read the lake; set sign_in, or leave it internal"
            )
        public = self.network is None or self.network.public_subnet_ids is not None
        if self.internet_facing and not public:
            raise ValueError(
                "network.public_subnet_ids: a load balancer that faces the internet needs public subnets; name them"
            )
        return self
