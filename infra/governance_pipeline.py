"""The SageMaker pipeline and its role."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from infra.definition_template import definition_body
from infra.principals import service_principal
from pipelines.definition import EvaluationCompute


class GovernancePipeline(Construct):
    """The pipeline as `resource`; its `role` may do nothing until the stack grants it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline_name: str,
        evaluation: EvaluationCompute,
        update_function_arn: str,
        thresholds_uri: str,
        decisions_uri: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=service_principal("sagemaker.amazonaws.com"))
        body = definition_body(
            evaluation=evaluation,
            update_function_arn=update_function_arn,
            thresholds_uri=thresholds_uri,
            decisions_uri=decisions_uri,
        )
        self.resource = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=pipeline_name,
            pipeline_description="Judges a registered model version on its own evidence and updates its status.",
            pipeline_definition={"PipelineDefinitionBody": body},
            role_arn=self.role.role_arn,
        )
