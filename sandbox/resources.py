"""The CloudFormation types of the stack that moto does not know, each as a class that moto finds by its base class."""

import json
from collections.abc import Mapping
from typing import Any, Self

from moto.awslambda.models import lambda_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import EventBusPolicyStatement, events_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.shared_groups import group_name, put_policy, refuse_to_delete_with_versions


class _Resource:
    """What the types share: a physical id, no attributes, ready at once, and replacement as the way to update."""

    name_property = ""
    type_name = ""

    def __init__(self, physical_resource_id: str) -> None:
        self.physical_resource_id = physical_resource_id

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """Return the property that names the resource."""
        return cls.name_property

    @classmethod
    def cloudformation_type(cls) -> str:
        """Return the type's name in templates."""
        return cls.type_name

    @classmethod
    def has_cfn_attr(cls, _attribute: str) -> bool:
        """Return whether `Fn::GetAtt` knows the attribute."""
        return False

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Self:
        """Make the resource; `resource_name` is the template's, or a generated one."""
        return cls(cls.create(resource_name, cloudformation_json["Properties"], account_id, region_name))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
    ) -> Self:
        """Delete the resource and make it anew."""
        cls.delete_from_cloudformation_json(
            original_resource.physical_resource_id, cloudformation_json, account_id, region_name
        )
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Delete the resource; `resource_name` is its physical id."""
        raise NotImplementedError

    @classmethod
    def create(cls, name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Make the resource and return its physical id, which is what `Ref` gives."""
        raise NotImplementedError

    def is_created(self) -> bool:
        """Return whether the resource is ready."""
        return True


class Pipeline(_Resource, CloudFormationModel):
    """A SageMaker pipeline; `Ref` is its name. An update keeps the executions."""

    name_property = "PipelineName"
    type_name = "AWS::SageMaker::Pipeline"

    @classmethod
    def create(cls, name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Make the pipeline in moto's SageMaker and return its name."""
        sagemaker_backends[account][region].create_pipeline(
            pipeline_name=name,
            pipeline_display_name=properties.get("PipelineDisplayName"),
            pipeline_definition=_definition(properties, account),
            pipeline_definition_s3_location=None,
            pipeline_description=properties.get("PipelineDescription"),
            role_arn=properties["RoleArn"],
            tags=properties.get("Tags"),
            parallelism_configuration=properties.get("ParallelismConfiguration"),
        )
        return name

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change the pipeline in place, or replace it when its name changes."""
        properties = cloudformation_json["Properties"]
        name = properties.get(cls.name_property, original_resource.physical_resource_id)
        if name != original_resource.physical_resource_id:
            return super().update_from_cloudformation_json(
                original_resource=original_resource,
                new_resource_name=new_resource_name,
                cloudformation_json=cloudformation_json,
                account_id=account_id,
                region_name=region_name,
            )
        sagemaker_backends[account_id][region_name].update_pipeline(
            name,
            pipeline_definition=_definition(properties, account_id),
            pipeline_description=properties.get("PipelineDescription"),
            role_arn=properties["RoleArn"],
        )
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Delete the pipeline."""
        sagemaker_backends[account_id][region_name].delete_pipeline(resource_name)


class ModelPackageGroup(_Resource, CloudFormationModel):
    """A model package group with its policy; `Ref` is its ARN. An update keeps the versions."""

    name_property = "ModelPackageGroupName"
    type_name = "AWS::SageMaker::ModelPackageGroup"

    @classmethod
    def has_cfn_attr(cls, attribute: str) -> bool:
        """Return whether `Fn::GetAtt` knows the attribute."""
        return attribute == "ModelPackageGroupArn"

    def get_cfn_attribute(self, _attribute: str) -> str:
        """Return the ARN."""
        return self.physical_resource_id

    @classmethod
    def create(cls, name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Make the group in moto's SageMaker and return its ARN."""
        arn: str = sagemaker_backends[account][region].create_model_package_group(
            name, properties.get("ModelPackageGroupDescription"), properties.get("Tags")
        )
        _put_group_policy(arn, properties, account, region)
        return arn

    @classmethod
    def update_from_cloudformation_json(
        cls,
        *,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change the group's policy in place, or replace the group when its name changes."""
        properties, arn = cloudformation_json["Properties"], original_resource.physical_resource_id
        if properties.get(cls.name_property, group_name(arn)) != group_name(arn):
            return super().update_from_cloudformation_json(
                original_resource=original_resource,
                new_resource_name=new_resource_name,
                cloudformation_json=cloudformation_json,
                account_id=account_id,
                region_name=region_name,
            )
        _put_group_policy(arn, properties, account_id, region_name)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Delete the group, unless it has versions."""
        backend = sagemaker_backends[account_id][region_name]
        refuse_to_delete_with_versions(backend, group_name(resource_name))
        backend.model_package_groups.pop(group_name(resource_name), None)


def _put_group_policy(arn: str, properties: Mapping[str, Any], account: str, region: str) -> None:
    """Give the group the policy of the template: an object, or its JSON; or take the one that it has away."""
    group = sagemaker_backends[account][region].describe_model_package_group(arn)
    policy = properties.get("ModelPackageGroupPolicy")
    if policy is None:
        group.resource_policy = None
    else:
        put_policy(group, policy if isinstance(policy, str) else json.dumps(policy))


class EventInvokeConfig(_Resource, CloudFormationModel):
    """How Lambda retries an asynchronous invocation, and where it sends what failed; `Ref` is the function's name."""

    type_name = "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def create(cls, _name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Set the configuration on moto's function and return the function's name."""
        function: str = properties["FunctionName"]
        config = {
            name: properties[name]
            for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
            if name in properties
        }
        lambda_backends[account][region].put_function_event_invoke_config(function, config)
        return function

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Take the configuration off the function."""
        lambda_backends[account_id][region_name].delete_function_event_invoke_config(resource_name)


class BucketPolicy(_Resource, CloudFormationModel):
    """The policy of a bucket; `Ref` is the bucket's name."""

    type_name = "AWS::S3::BucketPolicy"

    @classmethod
    def create(cls, _name: str, properties: Mapping[str, Any], account: str, _region: str) -> str:
        """Put the policy on moto's bucket and return the bucket's name."""
        bucket: str = properties["Bucket"]
        s3_backends[account]["aws"].put_bucket_policy(
            bucket, json.dumps(properties["PolicyDocument"]).encode()
        )
        return bucket

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, _region: str
    ) -> None:
        """Take the policy off the bucket."""
        s3_backends[account_id]["aws"].delete_bucket_policy(resource_name)


class TopicPolicy(_Resource, CloudFormationModel):
    """The policy of some topics; `Ref` is the ARN of the first one."""

    type_name = "AWS::SNS::TopicPolicy"

    @classmethod
    def create(cls, _name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Put the policy on moto's topics and return the first one's ARN."""
        arns: list[str] = properties["Topics"]
        for arn in arns:
            sns_backends[account][region].get_topic(arn).policy = json.dumps(properties["PolicyDocument"])
        return arns[0]

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Give the topic the policy back that it had when it was made: its owner may do all."""
        topic = sns_backends[account_id][region_name].topics.get(resource_name)
        if topic is not None:
            topic.policy = json.dumps(topic._create_default_topic_policy(region_name, account_id, topic.name))


class TopicSubscription(_Resource, CloudFormationModel):
    """Who gets what is published to a topic; `Ref` is its ARN. moto sends no e-mail, and asks nobody to confirm."""

    type_name = "AWS::SNS::Subscription"

    @classmethod
    def create(cls, _name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Subscribe to moto's topic and return the ARN of the subscription."""
        made = sns_backends[account][region].subscribe(
            properties["TopicArn"], properties["Endpoint"], properties["Protocol"]
        )
        arn: str = made.arn
        return arn

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Take the subscription off the topic."""
        sns_backends[account_id][region_name].unsubscribe(resource_name)


class EventBusPolicy(_Resource, CloudFormationModel):
    """A statement of a bus's policy; `Ref` is an id of bus and statement.

    It is a whole `Statement`, or the older `Action`, `Principal` and `Condition`, which is for one account:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-eventbuspolicy.html
    """

    name_property = "StatementId"
    type_name = "AWS::Events::EventBusPolicy"

    @classmethod
    def create(cls, name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Put the statement into the policy of moto's bus and return the names of both."""
        bus = events_backends[account][region].describe_event_bus(properties.get("EventBusName", "default"))
        statement = properties.get("Statement") or {
            "Effect": "Allow",
            "Principal": _principal(properties["Principal"]),
            "Action": properties["Action"],
            "Resource": bus.arn,
            "Condition": properties.get("Condition"),
        }
        bus._statements[name] = EventBusPolicyStatement.from_dict({"Sid": name, **statement})
        return f"{bus.name}|{name}"

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Take the statement out of the policy, unless the bus is gone with it."""
        bus_name, _, name = resource_name.partition("|")
        bus = events_backends[account_id][region_name].event_buses.get(bus_name)
        if bus is not None:
            bus.remove_statement(name)


def _principal(account: str) -> Any:
    return "*" if account == "*" else {"AWS": f"arn:aws:iam::{account}:root"}


class QueuePolicy(_Resource, CloudFormationModel):
    """The policy of some queues; `Ref` is the URL of the first one."""

    type_name = "AWS::SQS::QueuePolicy"

    @classmethod
    def create(cls, _name: str, properties: Mapping[str, Any], account: str, region: str) -> str:
        """Put the policy on moto's queues and return the first one's URL."""
        urls: list[str] = properties["Queues"]
        for url in urls:
            _queue(url, account, region).policy = json.dumps(properties["PolicyDocument"])
        return urls[0]

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> None:
        """Take the policy off the queue."""
        _queue(resource_name, account_id, region_name).policy = None


def _queue(url: str, account: str, region: str) -> Any:
    return sqs_backends[account][region].get_queue(url.rpartition("/")[2])


def _definition(properties: Mapping[str, Any], account: str) -> str:
    """Return the pipeline's definition, from the template itself or from the S3 object that it names."""
    definition = properties["PipelineDefinition"]
    if "PipelineDefinitionBody" in definition:
        body: str = definition["PipelineDefinitionBody"]
        return body
    place = definition["PipelineDefinitionS3Location"]
    content: bytes = s3_backends[account]["aws"].get_object(place["Bucket"], place["Key"]).value
    return content.decode()
