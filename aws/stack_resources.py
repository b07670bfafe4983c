"""What a deployed stack is made of, as CloudFormation lists it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws.aws_errors import explain_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def list_resources(client: "CloudFormationClient", stack: str, kind: str) -> dict[str, str]:
    """Return the physical ids of a stack's resources of a type, such as `AWS::S3::Bucket`, by their logical ids.

    Raises:
        AwsError: there is no such stack, or CloudFormation could not be asked.
    """
    with explain_errors("ListStackResources", f"stack {stack}"):
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages
            for one in page["StackResourceSummaries"]
            if one["ResourceType"] == kind and "PhysicalResourceId" in one
        }


def read_template(client: "CloudFormationClient", stack: str) -> Mapping[str, Any]:
    """Return the template that a stack was deployed from.

    Raises:
        AwsError: there is no such stack, or CloudFormation could not be asked.
    """
    with explain_errors("GetTemplate", f"stack {stack}"):
        body: Any = client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        return dict(json.loads(body) if isinstance(body, str) else body)
