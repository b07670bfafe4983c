"""Every permission of the screen's role; nothing else grants it any."""

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from deploy.conversations import ACTIONS
from deploy.settings import AskDataSettings
from infra.deployment_settings import ExistingBucket
from infra.rule_exceptions import except_from_rules
from pipelines.step_settings import DECISIONS_FOLDER

# The geographic prefixes of Bedrock's inference profiles, which send a request to several regions:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
PROFILE_PREFIXES = ("apac", "au", "ca", "eu", "global", "jp", "us", "us-gov")
# The findings of the rule about wildcards, each with why it is one.
WILDCARDS = {
    r"Resource::arn:.*:s3:::.*\/\*": "objects have names that nobody knows when the stack is deployed",
    r"Resource::arn:.*:model-package\/.*\/\*": "the versions of one group, of which new ones are registered",
}
# Where a model is a profile alone.
PROFILE_WILDCARD = (
    r"Resource::arn:.*:bedrock:\*::foundation-model\/.*",
    "the regions of a profile are AWS's to choose, and the request asks for the right in each",
)


def grant_all(stack: Stack, role: iam.IRole, settings: AskDataSettings, table: dynamodb.ITable) -> None:
    """Give the role what the assistant calls, on what it calls it on."""
    group = settings.model_package_group
    policy = iam.Policy(stack, "ScreenPolicy", roles=[role])
    for statement in (
        _ask_models(stack, settings.models),
        _read_registry(stack, group),
        *_read_objects(stack, settings.decisions_bucket, f"{DECISIONS_FOLDER}/{group}"),
        _list_below(stack, settings.decisions_bucket, f"{DECISIONS_FOLDER}/{group}"),
        *_read_objects(stack, settings.configurations_bucket, f"{group}/configurations"),
        iam.PolicyStatement(sid="Conversations", actions=list(ACTIONS), resources=[table.table_arn]),
    ):
        policy.add_statements(statement)
    profiles = any(_is_profile(model) for model in settings.models)
    for finding, reason in [*WILDCARDS.items(), *([PROFILE_WILDCARD] if profiles else [])]:
        except_from_rules(policy, ["AwsSolutions-IAM5"], reason, finding=finding)


def _ask_models(stack: Stack, models: list[str]) -> iam.PolicyStatement:
    """Converse and InvokeModel ask for one right; by a profile also on the model in each region."""
    resources: list[str] = []
    for model in models:
        if _is_profile(model):
            own = model.partition(".")[2]
            resources += [
                stack.format_arn(service="bedrock", resource="inference-profile", resource_name=model),
                f"arn:{stack.partition}:bedrock:*::foundation-model/{own}",
            ]
        else:
            resources.append(
                stack.format_arn(
                    service="bedrock", account="", resource="foundation-model", resource_name=model
                )
            )
    return iam.PolicyStatement(sid="Models", actions=["bedrock:InvokeModel"], resources=resources)


def _is_profile(model: str) -> bool:
    return model.partition(".")[0] in PROFILE_PREFIXES


def _read_registry(stack: Stack, group: str) -> iam.PolicyStatement:
    """A list of the versions of a group is on those versions, as a look at one is."""
    # Names in the ARNs of versions are in lower case.
    versions = stack.format_arn(
        service="sagemaker", resource="model-package", resource_name=f"{group.lower()}/*"
    )
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    return iam.PolicyStatement(sid="Versions", actions=actions, resources=[versions])


def _read_objects(stack: Stack, bucket: ExistingBucket, folder: str) -> list[iam.PolicyStatement]:
    arn = f"arn:{stack.partition}:s3:::{bucket.name}"
    found = [iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{arn}/{folder}/*"])]
    if bucket.kms_key_arn is not None:
        found.append(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[bucket.kms_key_arn]))
    return found


def _list_below(stack: Stack, bucket: ExistingBucket, folder: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=["s3:ListBucket"],
        resources=[f"arn:{stack.partition}:s3:::{bucket.name}"],
        conditions={"StringLike": {"s3:prefix": f"{folder}/*"}},
    )
