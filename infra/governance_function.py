"""One deployed function: its code, its role, its log group."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


class GovernanceFunction(Construct):
    """A handler of `lambdas/` as a Lambda function, in `function`; it may do nothing until the stack grants it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        handler: str,
        code: lambda_.Code,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        environment: Mapping[str, str],
        timeout: Duration,
        memory_mb: int,
        log_retention_days: int,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = _log_group(self, "Logs", log_retention_days, removal_policy)
        # A role of our own: the default one may write to every log group of the account.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            handler=handler,
            code=code,
            runtime=runtime,
            architecture=architecture,
            environment=dict(environment),
            timeout=timeout,
            memory_size=memory_mb,
            role=self.role,
            log_group=self.log_group,
        )


def _log_group(scope: Construct, name: str, days: int, removal_policy: RemovalPolicy) -> logs.LogGroup:
    group = logs.LogGroup(scope, name, removal_policy=removal_policy)
    resource = cast("logs.CfnLogGroup", group.node.default_child)
    resource.retention_in_days = days  # the construct takes the name of a period only
    return group
