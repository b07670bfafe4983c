"""What a deployment may choose, read from the CDK context (`cdk deploy -c name=value`)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from infra.bundle import BundleTarget
from pipelines.definition import IMAGE_PYTHON
from pipelines.step_settings import PIPELINE_NAME

# The periods that CloudWatch Logs takes, in days.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
_PLATFORMS = {"x86_64": "x86_64-manylinux2014", "arm64": "aarch64-manylinux2014"}


class DeploymentSettingsError(Exception):
    """A context value that cannot be deployed; the message names each one, and what it may be."""


class DeploymentSettings(BaseModel):
    """The choices of one deployment.

    `python_version` is the Lambda runtime that the bundle is built for, `architecture` its processor; `platform`
    overrides the platform of the wheels, as uv names it, which only the sandbox on another system needs.
    `evaluation_compute` is where evaluation runs: `lambda` decides in seconds, `processing` takes minutes and has
    no limit of ten. `removal_policy` is what becomes of the buckets and logs when the stack is deleted;
    `max_event_age_hours` how long an event is tried again (1 to 24). `region` is needed for `processing` alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")] = (
        "ModelGovernance"
    )
    python_version: Annotated[str, StringConstraints(pattern=r"^3\.(1[1-9]|[2-9][0-9])$")] = "3.12"
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    platform: str | None = None
    evaluation_compute: Literal["lambda", "processing"] = "lambda"
    region: str | None = None
    removal_policy: Literal["retain", "destroy"] = "retain"
    log_retention_days: RetentionDays = 365
    max_event_age_hours: Annotated[int, Field(ge=1, le=24)] = 6
    alarm_topic_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:")] | None = None

    @model_validator(mode="after")
    def _processing_has_what_it_needs(self) -> Self:
        if self.evaluation_compute == "processing":
            if self.region is None:
                raise ValueError(
                    "evaluation_compute=processing runs an image of AWS that has another address in each region; "
                    "set AWS_REGION, or pass -c region=eu-central-1"
                )
            if self.architecture != "x86_64":
                raise ValueError(
                    "evaluation_compute=processing runs an x86_64 image; leave out -c architecture=arm64"
                )
        return self

    @property
    def bundle_target(self) -> BundleTarget:
        """What the runtime bundle is built for."""
        return BundleTarget(self.python_version, self.platform or _PLATFORMS[self.architecture])

    @property
    def processing_warning(self) -> str | None:
        """What is wrong with running the bundle on the image of AWS, or `None`; the sandbox runs it by itself."""
        if self.evaluation_compute == "processing" and self.python_version != IMAGE_PYTHON:
            return (
                f"the Processing image of AWS runs Python {IMAGE_PYTHON}, the bundle is for {self.python_version}: "
                f"this works in the sandbox only; in an AWS account pass -c python_version={IMAGE_PYTHON}"
            )
        return None


def read_settings(context: Mapping[str, object], *, region: str | None = None) -> DeploymentSettings:
    """Read the settings from the CDK context; `region` is used where the context names none.

    The command line gives text (`-c log_retention_days=30`), `cdk.json` may give numbers: both are taken.

    Raises:
        DeploymentSettingsError: naming every value that is wrong.
    """
    given = {
        name: _read_literal(context[name])
        for name in DeploymentSettings.model_fields
        if context.get(name) is not None
    }
    try:
        return DeploymentSettings.model_validate({"region": region} | given)
    except ValidationError as error:
        problems = "; ".join(
            f"{''.join(str(part) for part in detail['loc'][:1]) or PIPELINE_NAME}: {detail['msg']}"
            for detail in error.errors(include_url=False)
        )
        raise DeploymentSettingsError(f"the context cannot be deployed: {problems}") from error


def _read_literal(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
