"""What a deployment may choose: one model, which docs/deploying.md documents field by field.

To add a setting, write a field with its description and an example here, and read it in the stack.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from infra.bundle import BundleTarget
from pipelines.definition import IMAGE_PYTHON
from pipelines.step_settings import PIPELINE_NAME

_PLATFORMS = {"x86_64": "x86_64-manylinux2014", "arm64": "aarch64-manylinux2014"}


def _read_number(value: object) -> object:
    """The command line gives text where `cdk.json` and a file give numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# The periods that CloudWatch Logs takes, in days.
RetentionDays = Annotated[
    Literal[
        1,
        3,
        5,
        7,
        14,
        30,
        60,
        90,
        120,
        150,
        180,
        365,
        400,
        545,
        731,
        1096,
        1827,
        2192,
        2557,
        2922,
        3288,
        3653,
    ],
    BeforeValidator(_read_number),
]


def _setting(
    default: Any,  # of the field's own type
    description: str,
    *,
    example: object = None,
    **bounds: Any,
) -> Any:
    """A field with what the page and the messages say about it."""
    return Field(default, description=description, examples=None if example is None else [example], **bounds)


class SettingsPart(BaseModel):
    """A mapping of settings: frozen, and without unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeploymentSettings(SettingsPart):
    """The choices of one deployment."""

    stack_name: str = _setting(
        "ModelGovernance",
        "the CloudFormation stack",
        example="ModelGovernance",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$",
    )
    pipeline_name: str = _setting(
        PIPELINE_NAME,
        "the SageMaker pipeline; a second stack in the same account and region needs another one",
        example=PIPELINE_NAME,
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$",
    )
    python_version: str = _setting(
        "3.12",
        "the Lambda runtime that the bundle is built for",
        example="3.12",
        pattern=r"^3\.(1[1-9]|[2-9][0-9])$",
    )
    architecture: Literal["x86_64", "arm64"] = _setting("x86_64", "the processor of the functions")
    platform: str | None = _setting(
        None, "the platform of the wheels, as uv names it; by `architecture` where it is left out"
    )
    evaluation_compute: Literal["lambda", "processing"] = _setting(
        "lambda",
        "where evaluation runs: a function decides in seconds, a Processing job takes minutes and may take hours",
    )
    region: str | None = _setting(
        None,
        "the region; that of the CDK command where it is left out. `processing` needs one, since its image has "
        "another address in each region",
        example="eu-central-1",
        pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$",
    )
    removal_policy: Literal["retain", "destroy"] = _setting(
        "retain", "what happens to buckets, keys and logs when the stack is deleted"
    )
    log_retention_days: RetentionDays = _setting(365, "how many days logs are kept", example=365)
    max_event_age_hours: int = _setting(6, "how many hours an event is tried again", example=6, ge=1, le=24)
    alarm_topic_arn: str | None = _setting(
        None,
        "the SNS topic that alarms go to",
        example="arn:aws:sns:eu-central-1:123456789012:operations",
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$",
    )

    @model_validator(mode="after")
    def _processing_has_what_it_needs(self) -> Self:
        if self.evaluation_compute == "processing":
            if self.region is None:
                raise ValueError(
                    "evaluation_compute: processing runs an image of AWS that has another address in each "
                    "region; set AWS_REGION, or pass -c region=eu-central-1"
                )
            if self.architecture != "x86_64":
                raise ValueError(
                    "architecture: evaluation_compute=processing runs an x86_64 image; leave out "
                    "-c architecture=arm64"
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
