"""One deployed function: its code, its role, its log group."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.deployment_settings import DeploymentSettings
from infra.principals import service_principal
from infra.rule_exceptions import except_from_rules


class GovernanceFunction(Construct):
    """A handler of `lambdas/` as a Lambda function, in `function`; it may do nothing until the stack grants it.

    Its role has a name that is known beforehand, `role_name`, where policies of another account name it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        handler: str,
        code: lambda_.Code,
        environment: Mapping[str, str],
        timeout: Duration,
        memory_mb: int,
        settings: DeploymentSettings,
        key: kms.IKey | None,
        removal_policy: RemovalPolicy,
        role_name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = make_log_group(self, "Logs", settings.log_retention_days, key, removal_policy)
        # A role of our own: the default one may write to every log group of the account.
        self.role = iam.Role(
            self, "Role", role_name=role_name, assumed_by=service_principal("lambda.amazonaws.com")
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            handler=handler,
            code=code,
            runtime=lambda_.Runtime(f"python{settings.python_version}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[settings.architecture],
            environment=dict(environment),
            timeout=timeout,
            memory_size=memory_mb,
            role=cast("iam.IRole", self.role),
            log_group=self.log_group,
            reserved_concurrent_executions=settings.reserved_concurrency,
        )
        if settings.vpc is not None:
            # The construct asks for the VPC and its zones, which say nothing here: the ids of subnets do.
            resource = cast("lambda_.CfnFunction", self.function.node.default_child)
            resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=settings.vpc.subnet_ids, security_group_ids=settings.vpc.security_group_ids
            )
        self._explain_exceptions()

    def _explain_exceptions(self) -> None:
        except_from_rules(
            self.function,
            ["AwsSolutions-L1", "Serverless-LambdaLatestVersion"],
            "The setting python_version decides; its default is that of the Processing image of AWS.",
        )
        except_from_rules(
            self.function,
            ["Serverless-LambdaTracing"],
            "Each call is one step: its JSON log says what it did, the pipeline how long it took; X-Ray adds nothing.",
        )
        except_from_rules(
            self.function,
            ["Serverless-LambdaDLQ"],
            "Steps are invoked synchronously, and SageMaker keeps a failed one; a function that EventBridge invokes "
            "has an on-failure destination, which is newer than a dead-letter queue and keeps the reason too.",
        )


_ARCHITECTURES = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}


def make_log_group(
    scope: Construct, name: str, days: int, key: kms.IKey | None, removal_policy: RemovalPolicy
) -> logs.LogGroup:
    """Return a group of logs that are kept for so many days."""
    group = logs.LogGroup(scope, name, encryption_key=key, removal_policy=removal_policy)
    resource = cast("logs.CfnLogGroup", group.node.default_child)
    resource.retention_in_days = days  # the construct takes the name of a period only
    return group
