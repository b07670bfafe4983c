"""What moto's CloudFormation drops: properties it ignores, failures it hides, outputs it forgets, types it skips."""

import json
import traceback
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import ResourceMap
from moto.events.models import EventBus, Rule
from moto.iam.models import Role, iam_backends
from moto.kms.models import Key
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

import sandbox.resources  # noqa: F401 - moto finds the types once their module is imported
from sandbox.networks import join_as_function

# Types that the sandbox leaves out, each with the reason.
KNOWINGLY_SKIPPED = {
    "AWS::CloudWatch::Alarm": "the sandbox sends no metrics",
    "AWS::CDK::Metadata": "it is for the statistics of the CDK",
}


def install() -> None:
    """Extend moto's CloudFormation in this process."""
    _read_json_as_json()
    _apply_bucket_properties()
    _apply_function_properties()
    _apply_key_properties()
    _apply_role_properties()
    _update_rules_in_place()
    _update_log_groups_in_place()
    EventBus.physical_resource_id = property(lambda bus: bus.name)  # what `Ref` gives, which moto forgot
    _leave_what_is_unchanged()
    _make_again_what_comes_back()
    _report_failures_and_outputs()
    _miss_change_sets_as_aws_does()
    _keep_what_is_not_empty()
    _keep_what_a_template_retains()
    _delete_dependent_resources_first()
    _keep_previous_parameters()


def describe_stack(name: str, account: str, region: str) -> dict[str, Any]:
    """Return the stack's outputs, and its resources that were not made.

    Returns:
        `outputs` by key; `skipped` and `missing`, from logical id to the reason.
    """
    stack = cloudformation_backends[account][region].describe_stacks(name)[0]
    resources = stack.resource_map
    conditions = resources.lazy_condition_map
    skipped: dict[str, str] = {}
    missing: dict[str, str] = {}
    for logical_id, definition in stack.template_dict["Resources"].items():
        condition = definition.get("Condition")
        if condition is not None and not conditions[condition]:
            continue
        if resources._parsed_resources.get(logical_id) is None:
            kind = definition["Type"]
            if kind in KNOWINGLY_SKIPPED:
                skipped[logical_id] = f"{kind}: {KNOWINGLY_SKIPPED[kind]}"
            else:
                missing[logical_id] = kind
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.outputs or []}
    return {"outputs": outputs, "skipped": skipped, "missing": missing}


def _read_json_as_json() -> None:
    """Read a template as what it is: moto parses it as YAML, a fifth of a second several times a deployment."""
    parse_yaml, parse_own = Stack.parse_template, ChangeSet._parse_template

    def parse_template(template: str) -> Any:
        try:
            return json.loads(template)
        except ValueError:
            return parse_yaml(template)

    def parse_template_of_change_set(self: Any) -> None:
        try:
            self.template_dict = json.loads(self.template)
        except ValueError:
            parse_own(self)

    Stack.parse_template = staticmethod(parse_template)
    ChangeSet._parse_template = parse_template_of_change_set


def _report_failures_and_outputs() -> None:
    execute = CloudFormationBackend.execute_change_set

    def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
        stack = self.stacks[self.describe_change_set(change_set_name).stack_id]
        try:
            execute(self, change_set_name, stack_name)
        except Exception as error:
            # Without this the deployment hangs or succeeds; the traceback goes to the server's log.
            traceback.print_exc()
            stack.status = "ROLLBACK_COMPLETE"
            stack._add_stack_event(
                "ROLLBACK_COMPLETE", resource_status_reason=f"{type(error).__name__}: {error}"
            )
            return
        stack._parse_template()
        stack.output_map = stack._create_output_map()

    CloudFormationBackend.execute_change_set = execute_change_set


class ChangeSetNotFoundError(CloudFormationError):
    """The change set is gone: the code that the CDK waits for before it deploys a stack again."""

    code = "ChangeSetNotFound"


def _miss_change_sets_as_aws_does() -> None:
    describe = CloudFormationBackend.describe_change_set

    def describe_change_set(self: Any, change_set_name: str) -> Any:
        try:
            return describe(self, change_set_name)
        except ValidationError as error:
            raise ChangeSetNotFoundError(f"ChangeSet [{change_set_name}] does not exist") from error

    CloudFormationBackend.describe_change_set = describe_change_set


class BucketNotEmptyError(Exception):
    """A stack is deleted, and a bucket of it is not empty: neither goes."""


def _keep_what_is_not_empty() -> None:
    """Fail the deletion of a stack with a bucket that holds objects, versions or delete markers, as AWS does.

    The rest of the stack is gone then, and deleting it again goes on where it failed:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails
    """
    delete = CloudFormationBackend.delete_stack

    def delete_bucket(cls: Any, name: str, _definition: Any, account_id: str, region_name: str) -> None:
        del cls
        # moto's answer for a bucket that it leaves where it is.
        if s3_backends[account_id][get_partition(region_name)].delete_bucket(name) is None:
            raise BucketNotEmptyError(
                f"{name}: The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
                "(Service: S3, Status Code: 409)"
            )

    def delete_stack(self: Any, name_or_stack_id: str) -> None:
        stack = self.stacks.get(name_or_stack_id)
        try:
            delete(self, name_or_stack_id)
        except Exception as error:
            traceback.print_exc()
            # moto takes a name for an id here; for that of a stack it calls this function again.
            self.stacks[stack.stack_id] = stack
            stack.status = "DELETE_FAILED"
            stack._add_stack_event("DELETE_FAILED", resource_status_reason=str(error))

    FakeBucket.delete_from_cloudformation_json = classmethod(delete_bucket)
    CloudFormationBackend.delete_stack = delete_stack


def _delete_dependent_resources_first() -> None:
    """Delete the resources of a stack in the reverse of the order in which they were made; moto's order is chance.

    What cannot be deleted is left, with all else gone, as AWS does.
    """

    def delete(self: Any) -> None:
        failed = None
        for name, resource in reversed(list(self._parsed_resources.items())):
            definition = self._resource_json_map.get(name)
            if definition is None or definition.get("DeletionPolicy") == "Retain" or resource is None:
                continue
            try:
                self._delete_resource(resource, definition)
            except Exception as error:
                failed = failed or error
            else:
                del self._parsed_resources[name]
        if failed is not None:
            raise failed

    ResourceMap.delete = delete


def _apply_bucket_properties() -> None:
    create = FakeBucket.create_from_cloudformation_json.__func__
    update = FakeBucket.update_from_cloudformation_json.__func__

    def create_bucket(cls: Any, name: str, definition: Mapping[str, Any], *place: Any, **names: Any) -> Any:
        return _with_properties(
            create(cls, name, definition, *place, **names), definition.get("Properties", {})
        )

    def update_bucket(cls: Any, /, **arguments: Any) -> Any:
        return _with_properties(update(cls, **arguments), arguments["cloudformation_json"]["Properties"])

    FakeBucket.create_from_cloudformation_json = classmethod(create_bucket)
    FakeBucket.update_from_cloudformation_json = classmethod(update_bucket)


def _with_properties(bucket: Any, properties: Mapping[str, Any]) -> Any:
    """Apply versioning, the public access block, Object Lock and events to moto's bucket, and return it."""
    backend = s3_backends[bucket.account_id][bucket.partition]
    if "VersioningConfiguration" in properties:
        backend.put_bucket_versioning(bucket.name, properties["VersioningConfiguration"]["Status"])
    if "PublicAccessBlockConfiguration" in properties:
        flags = {
            name: str(value).lower() for name, value in properties["PublicAccessBlockConfiguration"].items()
        }
        backend.put_public_access_block(bucket.name, flags)
    if str(properties.get("ObjectLockEnabled", False)).lower() == "true":
        bucket.object_lock_enabled = True
        retention = properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        # moto's own call for it takes no bucket that holds anything, and adds days to years: neither may be None.
        bucket.default_lock_mode = retention.get("Mode")
        bucket.default_lock_days = int(retention.get("Days", 0))
        bucket.default_lock_years = int(retention.get("Years", 0))
    events = properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
    if str(events.get("EventBridgeEnabled", False)).lower() == "true":
        backend.put_bucket_notification_configuration(bucket.name, {"EventBridgeConfiguration": {}})
    return bucket


def _apply_function_properties() -> None:
    create = LambdaFunction.create_from_cloudformation_json.__func__
    update = LambdaFunction.update_from_cloudformation_json.__func__

    def create_function(cls: Any, name: str, definition: Mapping[str, Any], *place: Any, **names: Any) -> Any:
        return _with_settings(create(cls, name, definition, *place, **names), definition["Properties"])

    def update_function(cls: Any, /, **arguments: Any) -> Any:
        return _with_settings(update(cls, **arguments), arguments["cloudformation_json"]["Properties"])

    LambdaFunction.create_from_cloudformation_json = classmethod(create_function)
    LambdaFunction.update_from_cloudformation_json = classmethod(update_function)


def _with_settings(function: Any, properties: Mapping[str, Any]) -> Any:
    """Apply the log group and the network of the template to moto's function, and return it."""
    function.logging_config = properties.get("LoggingConfig", {})
    join_as_function(
        properties.get("VpcConfig", {}), properties["Role"], function.account_id, function.region
    )
    return function


def _apply_key_properties() -> None:
    create = Key.create_from_cloudformation_json.__func__

    def create_key(cls: Any, name: str, definition: Mapping[str, Any], *place: Any, **names: Any) -> Any:
        # moto reads the tags of a template as those of the API, which have other names, and makes every key of a
        # template one that encrypts.
        properties = dict(definition["Properties"])
        tags = [
            {"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.pop("Tags", None) or []
        ]
        untagged = {**definition, "Properties": {**properties, "Tags": tags}}
        key = create(cls, name, untagged, *place, **names)
        key.policy = json.dumps(properties["KeyPolicy"])  # as the API has it, and moto reads it
        key.key_spec = properties.get("KeySpec", key.key_spec)
        key.key_usage = properties.get("KeyUsage", key.key_usage)
        return key

    def update_key(
        cls: Any, /, *, original_resource: Any, cloudformation_json: Mapping[str, Any], **_: Any
    ) -> Any:
        del cls
        # moto changes no key of a template, and forgets one that changes.
        properties = cloudformation_json["Properties"]
        original_resource.policy = json.dumps(properties["KeyPolicy"])
        original_resource.description = properties.get("Description", "")
        original_resource.key_rotation_status = properties.get("EnableKeyRotation", False)
        original_resource.enabled = properties.get("Enabled", True)
        return original_resource

    Key.create_from_cloudformation_json = classmethod(create_key)
    Key.update_from_cloudformation_json = classmethod(update_key)


def _leave_what_is_unchanged() -> None:
    """Update no resource for its attributes alone, such as what becomes of it when the stack is deleted."""
    find_changes = ResourceMap.build_resource_diff

    def build_resource_diff(self: Any, other_template: Mapping[str, Any], parameters: Any = None) -> Any:
        before, after = self._resource_json_map, other_template["Resources"]
        changes = find_changes(self, other_template, parameters)
        changes["Modify"] = [
            name
            for name in changes["Modify"]
            if before[name] == after[name]  # a parameter of it has changed
            or _without_attributes(before[name]) != _without_attributes(after[name])
        ]
        return changes

    ResourceMap.build_resource_diff = build_resource_diff


def _make_again_what_comes_back() -> None:
    """Make a resource that an update took out of the template, and a later one puts back; moto takes it to be there."""
    update = ResourceMap.update

    def update_resources(self: Any, template: Mapping[str, Any], parameters: Any = None) -> None:
        removed = self._resource_json_map.keys() - template["Resources"].keys()
        update(self, template, parameters)
        for name in removed:
            self._parsed_resources.pop(name, None)

    ResourceMap.update = update_resources


def _without_attributes(resource: Mapping[str, Any]) -> tuple[Any, Any]:
    return resource["Type"], resource.get("Properties")


def _update_rules_in_place() -> None:
    def update_rule(
        cls: Any,
        /,
        *,
        original_resource: Any,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Any:
        # moto makes another rule, of another name, which the permission of the function does not name.
        return cls.create_from_cloudformation_json(
            original_resource.name, cloudformation_json, account_id, region_name
        )

    Rule.update_from_cloudformation_json = classmethod(update_rule)


def _update_log_groups_in_place() -> None:
    def update_log_group(
        cls: Any, /, *, original_resource: Any, cloudformation_json: Mapping[str, Any], **_: Any
    ) -> Any:
        del cls
        # moto updates no log group of a template. What was logged stays.
        properties = cloudformation_json["Properties"]
        original_resource.set_retention_policy(properties.get("RetentionInDays"))
        original_resource.kms_key_id = properties.get("KmsKeyId")
        return original_resource

    LogGroup.update_from_cloudformation_json = classmethod(update_log_group)


def _apply_role_properties() -> None:
    create = Role.create_from_cloudformation_json.__func__
    update = Role.update_from_cloudformation_json.__func__

    def create_role(cls: Any, name: str, definition: Mapping[str, Any], *place: Any, **names: Any) -> Any:
        return _with_policies(
            create(cls, name, definition, *place, **names), definition.get("Properties", {})
        )

    def update_role(cls: Any, /, **arguments: Any) -> Any:
        return _with_policies(update(cls, **arguments), arguments["cloudformation_json"]["Properties"])

    Role.create_from_cloudformation_json = classmethod(create_role)
    Role.update_from_cloudformation_json = classmethod(update_role)


def _with_policies(role: Any, properties: Mapping[str, Any]) -> Any:
    """Give moto's role the policies and the boundary of the template, and return it."""
    backend = iam_backends[role.account_id][role.partition]
    for policy in properties.get("Policies", []):
        role.put_policy(policy["PolicyName"], policy["PolicyDocument"])
    for arn in properties.get("ManagedPolicyArns", []):
        backend.attach_role_policy(arn, role.name)
    role.permissions_boundary_arn = properties.get("PermissionsBoundary") or None
    return role


def _keep_what_a_template_retains() -> None:
    """Leave what an update takes out of a stack where it is, if its template says so; moto looks at deletions alone."""
    delete = ResourceMap._delete_resource

    def delete_resource(self: Any, resource: Any, definition: Mapping[str, Any]) -> None:
        if definition.get("DeletionPolicy", "Delete") == "Delete":
            delete(self, resource, definition)

    ResourceMap._delete_resource = delete_resource


def _keep_previous_parameters() -> None:
    parse = ResourceMap.parse_ssm_parameter

    def parse_ssm_parameter(self: Any, value: str, value_type: str) -> Any:
        try:
            return parse(self, value, value_type)
        except AttributeError:
            # Asked to use the previous value, moto takes what the SSM parameter held for its name.
            return value

    ResourceMap.parse_ssm_parameter = parse_ssm_parameter
