"""What a deployment may choose: one model, which docs/deploying.md documents field by field.

To add a setting, write a field with its description and an example here, and read it in the stack.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from infra.bundle import BundleTarget
from infra.group_patterns import add_suffixes, check_patterns
from infra.model_accounts import check_model_accounts
from pipelines.definition import IMAGE_PYTHON
from pipelines.step_settings import PIPELINE_NAME, STACK_NAME

_KEY_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$"
_KEY_EXAMPLE = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_IMAGE = r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+[:@][\w.:-]+$"
_ACCOUNT = r"^\d{12}$"
_REGION = r"^[a-z]{2,4}(-[a-z]+)+-\d$"
_POLICY_ARN = r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$"
_SubnetId = Annotated[str, Field(pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]
_SecurityGroupId = Annotated[str, Field(pattern=r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$")]
_GroupName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]
_Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.'()/-]{1,200}$")]
_TagName = Annotated[str, Field(min_length=1, max_length=128)]
_TagValue = Annotated[str, Field(max_length=256)]
# https://github.com/aws/sagemaker-python-sdk/issues/3236: a Lambda step of seven minutes ended at the limit of ten.
_LONGEST_LAMBDA_MINUTES = 5
_PLATFORMS = {"x86_64": "x86_64-manylinux2014", "arm64": "aarch64-manylinux2014"}

_ReviewerArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|\*):(role|user)/[\w+=,.@/*?-]+$")]


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


class ExistingBucket(SettingsPart):
    """A bucket that the stack uses and does not create."""

    name: str = _setting(
        ...,
        "its name",
        example="team-evidence",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    kms_key_arn: str | None = _setting(
        None, "the KMS key that it is encrypted with, if any", example=_KEY_EXAMPLE, pattern=_KEY_ARN
    )


class ExistingTopic(SettingsPart):
    """A topic of SNS that the stack publishes to and does not create."""

    arn: str = _setting(
        ...,
        "its ARN; a FIFO topic is none that people subscribe to",
        example="arn:aws:sns:eu-central-1:123456789012:decisions",
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$",
    )
    kms_key_arn: str | None = _setting(
        None, "the KMS key that it is encrypted with, if any", example=_KEY_EXAMPLE, pattern=_KEY_ARN
    )


def _read_topic(value: object) -> object:
    """A topic without a key of its own may be written as its ARN."""
    return {"arn": value} if isinstance(value, str) else value


def _read_bucket(value: object) -> object:
    """A bucket without a key of its own may be written as its name."""
    return {"name": value} if isinstance(value, str) else value


NamedBucket = Annotated[ExistingBucket, BeforeValidator(_read_bucket)]


class Network(SettingsPart):
    """Where the functions and the Processing job run inside a VPC."""

    subnet_ids: Annotated[list[_SubnetId], Field(min_length=1)] = _setting(
        ..., "the subnets, of one VPC", example=["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    )
    security_group_ids: Annotated[list[_SecurityGroupId], Field(min_length=1, max_length=5)] = _setting(
        ..., "the security groups; they must let HTTPS out to the endpoints", example=["sg-0a1b2c3d"]
    )


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    if reserved := [name for name in tags if name.lower().startswith("aws:")]:
        raise ValueError(f"{reserved[0]}: names with aws: are AWS's own; take another")
    return tags


_OptionalTopic = Annotated[ExistingTopic | None, BeforeValidator(_read_topic)]
_OptionalBucket = Annotated[ExistingBucket | None, BeforeValidator(_read_bucket)]


class EvidenceBucket(SettingsPart):
    """A bucket that evidence is read from, beside the stack's own."""

    name: str = _setting(
        ...,
        "a bucket in the stack's region that reports are in",
        example="churn-reports",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    kms_key_arn: str | None = _setting(
        None,
        "the KMS key of its objects, where they are not encrypted by S3's own",
        example=_KEY_EXAMPLE,
        pattern=_KEY_ARN,
    )
    account: str | None = _setting(
        None,
        "the account that the bucket is in; the stack's own where it is left out",
        example="123456789012",
        pattern=_ACCOUNT,
    )


class ObjectLock(SettingsPart):
    """For how long decision records are locked, and against whom."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = _setting(
        ...,
        "`COMPLIANCE`: nobody deletes a record before its time; `GOVERNANCE`: only who may "
        "`s3:BypassGovernanceRetention`",
        example="GOVERNANCE",
    )
    days: Annotated[int, BeforeValidator(_read_number)] = _setting(
        ..., "for how many days from its writing", example=2557, ge=1, le=36500
    )


class GovernanceAccount(SettingsPart):
    """What the stacks of model accounts must know of the account that governs; its stack's outputs say it."""

    account: str = _setting(
        ...,
        "the account of the governance stack",
        example="999988887777",
        pattern=_ACCOUNT,
    )
    evidence_bucket: NamedBucket = _setting(
        ...,
        "its evidence bucket, as the output `EvidenceBucket` says it, with its key, if any, as `DataKeyArn` does",
        example="modelgovernance-bucketsevidence-1a2b3c4d",
    )


class ModelAccount(SettingsPart):
    """An account whose teams register versions, and where their reports and model artifacts are."""

    account: str = _setting(..., "the account", example="111122223333", pattern=_ACCOUNT)
    region: str | None = _setting(
        None,
        "its region, which must be that of the governance stack",
        example="eu-central-1",
        pattern=_REGION,
    )
    artifact_bucket: NamedBucket = _setting(
        ...,
        "the bucket of that account that reports and model artifacts are in. It must send its events to EventBridge",
        example="team-artifacts",
    )
    artifact_prefixes: list[_Prefix] = _setting(
        [],
        "what the keys of reports and model artifacts begin with; the whole bucket is looked at where it is left out",
        example=["models/", "evaluation/"],
        max_length=20,
    )
    model_package_groups: Annotated[list[_GroupName], Field(min_length=1)] = _setting(
        ...,
        "the names of the model package groups that its teams register in",
        example=["churn"],
    )
    registry: Literal["governance", "own"] = _setting(
        "governance",
        "where these groups are: in the account of the governance stack, or in the model account itself, whose events "
        "are forwarded then",
    )
    create_groups: bool = _setting(
        True,
        "whether the stacks create the groups; where they exist, the outputs `PolicyOf…` have the policy of each",
        example=False,
    )
    permissions_boundary_arn: str | None = _setting(
        None,
        "the managed policy of that account that is the permissions boundary of every role there",
        example="arn:aws:iam::111122223333:policy/boundary",
        pattern=_POLICY_ARN,
    )


class DeploymentSettings(SettingsPart):
    """The choices of one deployment."""

    stack_name: str = _setting(
        STACK_NAME,
        "the CloudFormation stack",
        example=STACK_NAME,
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$",
    )
    pipeline_name: str = _setting(
        PIPELINE_NAME,
        "the SageMaker pipeline; a second stack in the same account and region needs another one",
        example=PIPELINE_NAME,
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,127}$",  # an execution's ARN is an argument of at most 256 characters
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
        pattern=_REGION,
    )
    removal_policy: Literal["retain", "destroy"] = _setting(
        "retain", "what happens to buckets, keys and logs when the stack is deleted"
    )
    log_retention_days: RetentionDays = _setting(365, "how many days logs are kept", example=365)
    max_event_age_hours: int = _setting(6, "how many hours an event is tried again", example=6, ge=1, le=24)
    evaluation_minutes: int | None = _setting(
        None,
        "how many minutes an evaluation may take: 5 for `lambda`, which is also the most, 30 for `processing`",
        example=5,
        ge=1,
        le=1440,
    )
    image_uri: str | None = _setting(
        None,
        "the image of the Processing job, with Python 3.12; AWS's scikit-learn image of the region where it is left "
        "out. AWS's newer regions have none that the SageMaker SDK knows: name one there",
        example="123456789012.dkr.ecr.eu-central-1.amazonaws.com/python:3.12",
        pattern=_IMAGE,
    )
    instance_type: str = _setting(
        "ml.t3.medium",
        "the instance of the Processing job; new accounts have a quota of 0 for many of them",
        example="ml.t3.medium",
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
    )
    reserved_concurrency: int | None = _setting(
        None,
        "how many at once of each function at most, kept free for it; nothing is reserved where it is left out",
        example=10,
        ge=1,
    )
    kms_key_arn: str | None = _setting(
        None,
        "the KMS key for buckets, queue, logs, alarm topic and job volumes; AWS's own keys where it is left out. Its "
        "policy needs what is said below",
        example=_KEY_EXAMPLE,
        pattern=_KEY_ARN,
    )
    create_kms_key: bool = _setting(
        default=False, description="create such a key, which AWS rotates every year", example=True
    )
    vpc: Network | None = _setting(
        None, "the network of functions and Processing job; none of yours where it is left out"
    )
    permissions_boundary_arn: str | None = _setting(
        None,
        "the managed policy that is the permissions boundary of every role",
        example="arn:aws:iam::123456789012:policy/boundary",
        pattern=_POLICY_ARN,
    )
    tags: Annotated[dict[_TagName, _TagValue], Field(max_length=50), AfterValidator(_check_tags)] = _setting(
        {}, "the tags of every resource that takes any", example={"team": "risk"}
    )
    evidence_bucket: _OptionalBucket = _setting(
        None,
        "a bucket that exists, for evidence; the stack creates one where it is left out. Its policy then needs the "
        "statements of the output `EvidenceBucketPolicy`",
        example="team-evidence",
    )
    thresholds_bucket: _OptionalBucket = _setting(
        None, "the same for threshold files", example="team-thresholds"
    )
    decisions_bucket: _OptionalBucket = _setting(
        None,
        "the same for decision records; its policy then needs the statements of the output `DecisionsBucketPolicy`",
        example="team-decisions",
    )
    object_lock: ObjectLock | None = _setting(
        None,
        "S3 Object Lock for decision records. Choose it at the first deployment: to set it later makes a new bucket, "
        "and the old one is kept",
        example={"mode": "GOVERNANCE", "days": 2557},
    )
    access_log_bucket: str | None = _setting(
        None,
        "a bucket that exists, for the access logs of the stack's buckets; its policy must let "
        "`logging.s3.amazonaws.com` put objects. The stack creates one where it is left out",
        example="team-access-logs",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    reviewer_role_arns: list[_ReviewerArn] = _setting(
        [],
        "who may overrule the gate by `governance review`, with `*` and `?`: each may write reviews below a folder "
        "of their own, and a review explains an approval",
        example=["arn:aws:iam::123456789012:role/reviewers"],
    )
    separation_of_duties: Literal["required", "not_required"] = _setting(
        "required",
        "whether a version has to be approved by somebody else than who registered it: `governance review` refuses "
        "it, and such an approval raises the alarm for approvals without a record",
    )
    alarm_email: str | None = _setting(
        None,
        "the e-mail address that alarms go to, instead of a topic of yours; AWS asks it to confirm",
        example="operations@example.com",
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    )
    model_package_groups: Annotated[list[str], AfterValidator(check_patterns)] = _setting(
        [],
        "names of model package groups, or patterns with `*`: the rule and the roles are held to them, and the "
        "threshold files say which of them are governed; the whole registry where it is left out",
        example=["churn", "askdata-*"],
    )
    mlflow_suffix: bool = _setting(
        default=False,
        description="whether each of `model_package_groups` is meant with a hyphen and six hexadecimal digits after "
        "it, too, as SageMaker's MLflow names groups; threshold files have a key of that name of their own",
        example=True,
    )
    ungoverned_groups: Literal["ignore", "review"] = _setting(
        "ignore",
        "what happens to versions of groups that no published threshold file applies to: they are left alone, or "
        "judged as versions that need review",
    )
    evidence_buckets: tuple[EvidenceBucket, ...] = _setting(
        (),
        "buckets that evidence is read from, beside the stack's own",
        example=[{"name": "churn-reports", "account": "123456789012"}],
    )
    keep_evidence_days: int | None = _setting(
        None,
        "how many days a copy of what was judged is kept; without an end where it is left out",
        example=3650,
        ge=1,
    )
    keep_item_results: bool = _setting(
        True,
        "whether reports that hold single items, such as questions and answers (`*.eval`, `*_output.jsonl`), are among "
        "the copies of what was judged",
        example=False,
    )
    report_pages: bool = _setting(
        True,
        "whether a page for people is written beside each decision record",
        example=False,
    )
    decision_bus: str = _setting(
        "default",
        "the bus of EventBridge that decisions are announced on: the name of one of the account, or the ARN of one in "
        "the region, whose policy lets the account put events where it is another account's",
        example="arn:aws:events:eu-central-1:123456789012:event-bus/decisions",
        pattern=r"^(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/)?[A-Za-z0-9._-]{1,256}$",
    )
    decisions_topic: _OptionalTopic = _setting(
        None,
        "the SNS topic by which people are told of decisions; the stack creates one where it is left out, which its "
        "output `DecisionsTopic` names",
        example="arn:aws:sns:eu-central-1:123456789012:decisions",
    )
    notify_on: Annotated[list[Literal["Approved", "Rejected", "NeedsReview"]], Field(min_length=1)] = (
        _setting(
            ["NeedsReview", "Rejected"],
            "which decisions people are told of; programs are told of each",
            example=["NeedsReview"],
        )
    )
    reconcile_minutes: int = _setting(
        5,
        "every how many minutes pending versions are looked at, whether or not their events came",
        example=5,
        ge=2,
        le=60,
    )
    max_starts_per_run: int = _setting(
        20,
        "how many executions one such run starts or tries again at most; AWS runs some 20 at once",
        example=20,
        ge=1,
        le=200,
    )
    decide_within_hours: int = _setting(
        24,
        "after how many hours without a decision a version counts as undecided, which raises an alarm",
        example=24,
        ge=1,
        le=720,
    )
    alarm_topic_arn: str | None = _setting(
        None,
        "the SNS topic that alarms go to",
        example="arn:aws:sns:eu-central-1:123456789012:operations",
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$",
    )

    governance_account: GovernanceAccount | None = _setting(
        None,
        "the account and the evidence bucket of this stack, which the stacks of `model_accounts` send to; without it "
        "they are left out of the synthesis",
    )
    model_accounts: tuple[ModelAccount, ...] = _setting(
        (),
        "accounts whose teams register versions that this stack judges; each gets a stack `<stack_name>-<account>`",
        example=[
            {
                "account": "111122223333",
                "artifact_bucket": "team-artifacts",
                "model_package_groups": ["churn"],
            }
        ],
    )
    evidence_deadline_hours: int = _setting(
        24,
        "for how many hours after its registration a version waits for reports that have not arrived from a model "
        "account; then it is decided without them. What is in the account of the stack is not waited for",
        example=24,
        ge=0,
        le=720,
    )

    @model_validator(mode="after")
    def _the_suffix_is_that_of_groups(self) -> Self:
        if not self.mlflow_suffix:
            return self
        if not self.model_package_groups:
            raise ValueError(
                "mlflow_suffix: is about model_package_groups, of which there are none; leave it out: the whole "
                "registry is governed, by what threshold files name"
            )
        try:
            add_suffixes(self.model_package_groups)
        except ValueError as error:
            raise ValueError(f"mlflow_suffix: {error}") from None
        return self

    @model_validator(mode="after")
    def _model_accounts_are_of_one_mind(self) -> Self:
        check_model_accounts(self)
        return self

    @model_validator(mode="after")
    def _copies_end_where_the_stack_can_end_them(self) -> Self:
        if self.evidence_bucket is not None and self.keep_evidence_days is not None:
            raise ValueError(
                f"keep_evidence_days: {self.evidence_bucket.name} is yours, and a stack cannot write its lifecycle; "
                "leave the setting out, and end judged-evidence/ by a rule of that bucket"
            )
        return self

    @model_validator(mode="after")
    def _evidence_is_where_it_can_be_read(self) -> Self:
        names = [bucket.name for bucket in self.evidence_buckets]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"evidence_buckets: {', '.join(twice)} is there twice; leave one out")
        for bucket in self.evidence_buckets:
            region = None if bucket.kms_key_arn is None else bucket.kms_key_arn.split(":")[3]
            if None not in (region, self.region) and region != self.region:
                raise ValueError(
                    f"evidence_buckets: the key of {bucket.name} is in {region}, and the stack in {self.region}: "
                    "evidence is read in the stack's region; replicate the bucket there, or deploy a stack there"
                )
        return self

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
        elif self.evaluation_minutes is not None and self.evaluation_minutes > _LONGEST_LAMBDA_MINUTES:
            raise ValueError(
                f"evaluation_minutes: a function that a pipeline waits for may take {_LONGEST_LAMBDA_MINUTES} "
                "minutes; for more set evaluation_compute=processing"
            )
        return self

    @model_validator(mode="after")
    def _what_is_locked_is_kept(self) -> Self:
        if self.object_lock is not None and self.removal_policy == "destroy":
            raise ValueError(
                "object_lock: locked records cannot be deleted with the stack; leave out removal_policy=destroy"
            )
        if self.object_lock is not None and self.decisions_bucket is not None:
            raise ValueError(
                "object_lock: the decisions_bucket exists already; lock it where it is made, and leave out object_lock"
            )
        return self

    @model_validator(mode="after")
    def _of_two_ways_one_is_chosen(self) -> Self:
        for one, other in (("kms_key_arn", "create_kms_key"), ("alarm_topic_arn", "alarm_email")):
            if getattr(self, one) and getattr(self, other):
                raise ValueError(f"{one}: is given beside {other}; leave one of them out")
        return self

    @model_validator(mode="after")
    def _all_is_in_one_region(self) -> Self:
        regions = {
            "region": self.region,
            "alarm_topic_arn": _region_of_arn(self.alarm_topic_arn),
            "kms_key_arn": _region_of_arn(self.kms_key_arn),
            "decision_bus": _region_of_arn(self.decision_bus if ":" in self.decision_bus else None),
            "decisions_topic": _region_of_arn(self.decisions_topic.arn if self.decisions_topic else None),
            "image_uri": self.image_uri.split(".")[3] if self.image_uri else None,
        }
        for name in ("evidence_bucket", "thresholds_bucket", "decisions_bucket"):
            bucket: ExistingBucket | None = getattr(self, name)
            regions[f"{name}.kms_key_arn"] = _region_of_arn(bucket.kms_key_arn) if bucket else None
        known = [(name, region) for name, region in regions.items() if region is not None]
        for name, region in known[1:]:
            if region != known[0][1]:
                raise ValueError(
                    f"{name}: is of {region}, and {known[0][0]} of {known[0][1]}; name one of the region that is "
                    "deployed to"
                )
        return self

    @property
    def group_patterns(self) -> list[str]:
        """The groups that rule and roles are held to, as `infra/group_patterns.py` spells them; none is every group."""
        patterns = self.model_package_groups
        return add_suffixes(patterns) if self.mlflow_suffix else patterns

    @property
    def evaluation_limit_minutes(self) -> int:
        """How long an evaluation may take."""
        return self.evaluation_minutes or (30 if self.evaluation_compute == "processing" else 5)

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


def _region_of_arn(arn: str | None) -> str | None:
    return arn.split(":")[3] if arn is not None else None
