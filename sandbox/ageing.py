"""Time that has passed: what was made a moment ago can have been made hours ago, which nobody waits for on a laptop."""

from datetime import timedelta

from moto.sagemaker.models import sagemaker_backends
from moto.utilities.arns import parse_arn


def age_version(model_package_arn: str, by: timedelta) -> None:
    """Let a version of moto's, and the executions whose description names it, have been made so much earlier.

    The executions may be in another account than the version, which the gate there judges.

    Raises:
        KeyError: there is no such version.
    """
    arn = parse_arn(model_package_arn)
    package = sagemaker_backends[arn.account][arn.region].model_packages[model_package_arn]
    executions = [
        execution
        for account in list(sagemaker_backends)
        for pipeline in sagemaker_backends[account][arn.region].pipelines.values()
        for execution in pipeline.pipeline_executions.values()
        if execution.pipeline_execution_description == model_package_arn
    ]
    for made in (package, *executions):
        made.creation_time -= by
        if made.last_modified_time is not None:
            made.last_modified_time -= by
    for execution in executions:
        execution.start_time -= by
