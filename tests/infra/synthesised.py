"""The stack of several settings, each synthesised once in a process under the rules of cdk-nag."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from tests.infra.conftest import an_app, stand_in_bundles

if TYPE_CHECKING:
    from aws_cdk import App, Stack

# The CDK and its apps are imported by what synthesises: each worker collects the files of tests that import this one.

COMPUTES = ("lambda", "processing")
REGION, ACCOUNT, STACK = "eu-central-1", "123456789012", "ModelGovernance"
KEY = f"arn:aws:kms:{REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CENTRAL_KEY = KEY.replace("111122223333", ACCOUNT)
THRESHOLDS_KEY = CENTRAL_KEY.replace("1234abcd", "4321dcba")
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:operations"
DECISIONS_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:decisions"
GOVERNANCE_ACCOUNT: Mapping[str, Any] = {
    "account": ACCOUNT,
    "evidence_bucket": {"name": "governance-evidence", "kms_key_arn": CENTRAL_KEY},
}
# The first has its groups in the governance account, the second a registry of its own.
MODEL_ACCOUNTS: Sequence[Mapping[str, Any]] = [
    {
        "account": "111122223333",
        "artifact_bucket": {"name": "team-artifacts", "kms_key_arn": KEY},
        "artifact_prefixes": ["models/", "evaluation/"],
        "model_package_groups": ["churn", "Fraud"],
        "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/boundary",
    },
    {
        "account": "444455556666",
        "artifact_bucket": "other-artifacts",
        "model_package_groups": ["askdata"],
        "registry": "own",
    },
]
_BUILT_FOR = {"region": REGION, "python_version": "3.12"}
_NETWORK = {"subnet_ids": ["subnet-0a1b2c3d", "subnet-0b1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}
# The settings of each stack, whose name begins with its compute; in one of them each setting is not its default.
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "lambda": {},
    "processing": {"report_pages": False},
    "lambda: all that exists": {
        "architecture": "arm64",
        "platform": "aarch64-manylinux2014",
        "kms_key_arn": CENTRAL_KEY,
        "vpc": _NETWORK,
        "evidence_bucket": {"name": "team-evidence", "kms_key_arn": CENTRAL_KEY},
        "thresholds_bucket": {"name": "team-thresholds", "kms_key_arn": THRESHOLDS_KEY},
        "decisions_bucket": "team-decisions",
        "decision_bus": f"arn:aws:events:{REGION}:111122223333:event-bus/decisions",
        "decisions_topic": {"arn": DECISIONS_TOPIC, "kms_key_arn": THRESHOLDS_KEY},
        "alarm_topic_arn": TOPIC,
        "access_log_bucket": "team-access-logs",
        "removal_policy": "destroy",
    },
    "processing: all that is created": {
        "stack_name": "RiskGate",
        "pipeline_name": "risk-gate",
        "create_kms_key": True,
        "object_lock": {"mode": "COMPLIANCE", "days": 30},
        "vpc": _NETWORK,
        "image_uri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/python:3.12",
        "instance_type": "ml.m5.large",
        "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
        "tags": {"team": "risk", "cost-centre": "42"},
        "reserved_concurrency": 7,
        "evaluation_minutes": 90,
        "alarm_email": "operations@example.com",
        "notify_on": ["Approved", "NeedsReview"],
        "log_retention_days": 30,
        "max_event_age_hours": 2,
        "model_package_groups": ["churn", "askdata-*"],
        "mlflow_suffix": True,
        "ungoverned_groups": "review",
        "reviewer_role_arns": [f"arn:aws:iam::{ACCOUNT}:role/reviewers"],
        "separation_of_duties": "not_required",
        "evidence_buckets": [
            {"name": "team-reports", "kms_key_arn": CENTRAL_KEY},
            {"name": "other-reports", "account": "210987654321"},
        ],
        "keep_evidence_days": 3650,
        "keep_item_results": False,
        "reconcile_minutes": 10,
        "max_starts_per_run": 5,
        "decide_within_hours": 48,
        "evidence_deadline_hours": 12,
    },
}


@dataclass(frozen=True)
class Synthesised:
    """A stack as `cdk synth` writes it, and what the rules of cdk-nag say about it."""

    template_file: Path
    findings: Sequence[Mapping[str, str]]

    @cached_property
    def resources(self) -> Mapping[str, dict[str, Any]]:
        """The resources of the template, by their logical ids."""
        found: dict[str, dict[str, Any]] = json.loads(self.template_file.read_text())["Resources"]
        return found

    @cached_property
    def _filled(self) -> Mapping[str, dict[str, Any]]:
        """The properties of each resource, with what the deployment fills in filled in."""
        return {
            name: resolve(resource.get("Properties", {}), self.resources)
            for name, resource in self.resources.items()
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of each resource of a type, with what the deployment fills in filled in."""
        return {
            name: self._filled[name] for name, resource in self.resources.items() if resource["Type"] == kind
        }

    def definition(self) -> dict[str, Any]:
        """The pipeline's definition."""
        (pipeline,) = self.of_type("AWS::SageMaker::Pipeline").values()
        return dict(json.loads(pipeline["PipelineDefinition"]["PipelineDefinitionBody"]))

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every policy, with the logical id of what holds it."""
        for name, properties in self._filled.items():
            for document in _documents(properties):
                for statement in document["Statement"]:
                    yield name, statement


@cache
def synthesise(variant: str) -> Synthesised:
    """Synthesise the stack of the settings with this name in `VARIANTS`."""
    from infra.app import build_app  # noqa: PLC0415 - see above

    compute = variant.partition(":")[0]
    (stack,) = _synthesise(build_app, evaluation_compute=compute, **_BUILT_FOR, **VARIANTS[variant]).values()
    return stack


# The stacks of `synthesise_with_accounts`, as tests call them.
STACKS_OF_ACCOUNTS = {
    "with model accounts": "ModelGovernance",
    "registering there": "ModelGovernance-111122223333",
    "own registry": "ModelGovernance-444455556666",
}
# The settings of the stack of the assistant AskData, each in one of them not its default.
_SIGN_IN = {
    "issuer": "https://login.example.com",
    "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://login.example.com/token",
    "user_info_endpoint": "https://login.example.com/user",
    "client_id": "askdata",
    "client_secret_arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:askdata-sign-in-a1b2c3",
}
_ASKDATA: Mapping[str, Any] = {
    "decisions_bucket": "governance-decisions",
    "configurations_bucket": "team-models",
    "models": ["amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0"],
    "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
}
ASSISTANTS: Mapping[str, Mapping[str, Any]] = {
    "askdata": _ASKDATA,
    "askdata: signed in from inside": {**_ASKDATA, "sign_in": _SIGN_IN, "tasks": 3},
    "askdata: in a network that exists": {
        **_ASKDATA,
        "stack_name": "Assistant",
        "model_package_group": "Sales-Questions",
        "decisions_bucket": {"name": "governance-decisions", "kms_key_arn": KEY},
        "configurations_bucket": {"name": "team-models", "kms_key_arn": CENTRAL_KEY},
        "models": ["eu.amazon.nova-lite-v1:0", "amazon.titan-embed-text-v2:0"],
        "internet_facing": True,
        "sign_in": _SIGN_IN,
        "network": {
            "vpc_id": "vpc-0a1b2c3d",
            "cidr": "10.1.0.0/16",
            "availability_zones": [f"{REGION}a", f"{REGION}b"],
            "private_subnet_ids": ["subnet-0a1b2c3d", "subnet-0b1b2c3d"],
            "public_subnet_ids": ["subnet-0c1b2c3d", "subnet-0d1b2c3d"],
        },
        "log_retention_days": 30,
        "removal_policy": "destroy",
    },
}
CHOICES = (*VARIANTS, *STACKS_OF_ACCOUNTS, *ASSISTANTS)
# cfn-lint takes longest; what the first of each kind have is in the others, and in the stack with model accounts.
LINTED = (
    *[variant for variant in VARIANTS if ":" in variant],
    *STACKS_OF_ACCOUNTS,
    *[assistant for assistant in ASSISTANTS if ":" in assistant],
)
SETTINGS_WITH_ACCOUNTS: Mapping[str, Any] = {
    "governance_account": GOVERNANCE_ACCOUNT,
    "model_accounts": MODEL_ACCOUNTS,
    "kms_key_arn": CENTRAL_KEY,
    "alarm_topic_arn": TOPIC,
    "tags": {"team": "risk"},
}
# The settings of each stack that governs, by its choice.
GOVERNING: Mapping[str, Mapping[str, Any]] = {**VARIANTS, "with model accounts": SETTINGS_WITH_ACCOUNTS}


def synthesise_choice(choice: str) -> Synthesised:
    """Synthesise the stack of one of `CHOICES`."""
    if choice in STACKS_OF_ACCOUNTS:
        return synthesise_with_accounts()[STACKS_OF_ACCOUNTS[choice]]
    return synthesise_assistant(choice) if choice in ASSISTANTS else synthesise(choice)


@cache
def synthesise_assistant(choice: str) -> Synthesised:
    """Synthesise the stack of the settings with this name in `ASSISTANTS`."""
    from deploy.app import build_app  # noqa: PLC0415 - see above

    (stack,) = _synthesise(build_app, region=REGION, **ASSISTANTS[choice]).values()
    return stack


@cache
def synthesise_with_accounts() -> Mapping[str, Synthesised]:
    """Synthesise the stacks of the governance account and of two model accounts, by their names."""
    from infra.app import build_app  # noqa: PLC0415 - see above

    return _synthesise(build_app, **_BUILT_FOR, **SETTINGS_WITH_ACCOUNTS)


def _synthesise(build: "Callable[[App], Stack]", **context: Any) -> dict[str, Synthesised]:
    from aws_cdk import Aspects, Stack  # noqa: PLC0415 - see above
    from cdk_nag import AwsSolutionsChecks, NagReportFormat, ServerlessChecks  # noqa: PLC0415

    folder = Path(mkdtemp(prefix="synthesised-"))
    app = an_app(context, folder)
    with stand_in_bundles():
        build(app)
    for rules in (AwsSolutionsChecks, ServerlessChecks):
        Aspects.of(app).add(rules(reports=True, report_formats=[NagReportFormat.JSON]))
    app.synth()
    stacks = [child for child in app.node.children if isinstance(child, Stack)]
    return {
        stack.stack_name: Synthesised(
            folder / f"{stack.artifact_id}.template.json", list(_list_findings(folder, stack.artifact_id))
        )
        for stack in stacks
    }


def _list_findings(folder: Path, stack: str) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob(f"*-{stack}-NagReport.json")):
        yield from json.loads(path.read_text())["lines"]


# Types whose `Ref` is a name; the ARN is made of it.
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::SecretsManager::SecretTargetAttachment": "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
}
_REFERRED_TO_BY_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::SecretTargetAttachment"}
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}


def resolve(value: Any, resources: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a part of a template with the names that a deployment could give in the place of references."""
    match value:
        case dict():
            return _resolve_function(value, resources)
        case list():
            return [resolve(entry, resources) for entry in value]
    return value


def _resolve_function(value: dict[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> Any:
    filled: Any = {name: resolve(entry, resources) for name, entry in value.items()}
    match value:
        case {"Ref": str(name)} if name in resources and resources[name]["Type"] in _REFERRED_TO_BY_ARN:
            return resolve({"Fn::GetAtt": [name, "Arn"]}, resources)
        case {"Ref": str(name)}:
            filled = _PSEUDO_PARAMETERS.get(name, name.lower())
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            template = _ARNS[resources[name]["Type"]]
            filled = template.format(name=name.lower(), account=ACCOUNT, region=REGION)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            filled = f"{name.lower()}-{attribute.lower()}"
        case {"Fn::Join": [str(separator), parts]}:
            filled = separator.join(resolve(part, resources) for part in parts)
        case {"Fn::Select": [index, {"Fn::Split": [str(separator), text]}]}:
            filled = resolve(text, resources).split(separator)[int(index)]
        case {"Fn::Sub": str(text)}:
            for name, parameter in _PSEUDO_PARAMETERS.items():
                text = text.replace(f"${{{name}}}", parameter)
            filled = text
    return filled


def _documents(properties: Any) -> Iterator[dict[str, Any]]:
    """Yield every policy document in the properties of a resource, wherever its type has it."""
    match properties:
        case {"Statement": list(), **_rest}:
            yield properties
        case dict():
            for entry in properties.values():
                yield from _documents(entry)
        case list():
            for entry in properties:
                yield from _documents(entry)
