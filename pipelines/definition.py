# ruff: noqa: PLC0415 (importing the SDK takes seconds and asks for a region: only building a definition pays for it)
"""The definition of the two-step pipeline, built with the SageMaker Python SDK: the only place that imports it.

Nothing here calls AWS or needs credentials. Values may hold tokens that CDK resolves at deployment, so nothing may
parse them: an S3 URI goes through `Join` or a parameter's default, and so does the ARN of a role, which the SDK would
otherwise take for a role's name and look up.
"""

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from checks.garbage import pause_collecting
from pipelines.step_messages import (
    EvaluateRequest,
    EvaluateResponse,
    UpdateRequest,
    UpdateResponse,
    field_names,
)
from pipelines.step_settings import PIPELINE_NAME, RESULT_FILE

EVALUATE = "EvaluateModelPackage"
UPDATE = "UpdateModelStatus"
IMAGE_FRAMEWORK, IMAGE_VERSION = "sklearn", "1.4-2-py312"
IMAGE_PYTHON = "3.12"
BUNDLE_FOLDER = "/opt/ml/processing/input/bundle"
RESULT_FOLDER = "/opt/ml/processing/output/result"
RESULT = "EvaluateModelPackageResult"
JOB_RETRIED_MINUTES = 120
# A wheel with compiled code cannot be imported out of a zip, so the bundle is unpacked beside it first.
ENTRYPOINT = (
    "import glob, sys, tempfile, zipfile; "
    "unpacked = tempfile.mkdtemp(); "
    "zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.zip')[0]).extractall(unpacked); "
    "sys.path.insert(0, unpacked); "
    "from pipelines.processing_job import main; "
    "sys.exit(main(sys.argv[2:]))"
)


class LambdaCompute(Struct, frozen=True):
    """Evaluation as a Lambda step: a decision in seconds."""

    function_arn: str


class ProcessingCompute(Struct, frozen=True):
    """Evaluation as a Processing job on an AWS-managed image, running the bundle at `bundle_uri`.

    `results_uri` is the folder under which each execution leaves the small file that step two reads its inputs from.
    `volume_key` is the KMS key of its volume, `subnet_ids` and `security_group_ids` the network that it runs in.
    """

    image_uri: str
    role_arn: str
    bundle_uri: str
    results_uri: str
    environment: Mapping[str, str]
    instance_type: str = "ml.t3.medium"
    volume_size_gb: int = 5
    max_runtime_seconds: int = 1800
    volume_key: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


EvaluationCompute = LambdaCompute | ProcessingCompute


def pipeline_definition(
    *,
    evaluation: EvaluationCompute,
    update_function_arn: str,
    thresholds_uri: str,
    decisions_uri: str,
    region: str = "us-east-1",
) -> str:
    """Return the pipeline's definition as JSON.

    `thresholds_uri` and `decisions_uri` become the defaults of the parameters `ThresholdsUri` and `DecisionsUri`.
    `region` is only what the SDK asks for to build its clients: it is not part of the definition.
    """
    with _sdk(region):
        return _Definition().build(evaluation, update_function_arn, thresholds_uri, decisions_uri)


def managed_image_uri(region: str) -> str:
    """Return the URI of the AWS-managed scikit-learn image of `region`."""
    with _sdk(region):
        from sagemaker.core import image_uris

        uri: str = image_uris.retrieve(
            IMAGE_FRAMEWORK, region, version=IMAGE_VERSION, instance_type="ml.t3.medium"
        )
    return uri


class _Definition:
    """The parts of one definition, which share a session and parameters."""

    def __init__(self) -> None:
        from sagemaker.core.workflow.execution_variables import ExecutionVariables
        from sagemaker.core.workflow.parameters import ParameterString
        from sagemaker.core.workflow.pipeline_context import PipelineSession

        # An empty configuration: the defaults of whoever synthesises must not get into the definition.
        self._session = PipelineSession(sagemaker_config={})
        self._model_package_arn = ParameterString("ModelPackageArn")
        self._thresholds_uri = ParameterString("ThresholdsUri")
        self._decisions_uri = ParameterString("DecisionsUri")
        self._execution_id = ExecutionVariables.PIPELINE_EXECUTION_ID
        self._known = {
            "model_package_arn": self._model_package_arn,
            "thresholds_uri": self._thresholds_uri,
            "decisions_uri": self._decisions_uri,
            "execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        }

    def build(
        self, evaluation: EvaluationCompute, update_function_arn: str, thresholds_uri: str, decisions_uri: str
    ) -> str:
        from sagemaker.mlops.workflow.pipeline import Pipeline

        self._thresholds_uri.default_value = thresholds_uri
        self._decisions_uri.default_value = decisions_uri
        match evaluation:
            case LambdaCompute():
                evaluate, answer = self._evaluate_in_lambda(evaluation)
            case ProcessingCompute():
                evaluate, answer = self._evaluate_in_processing(evaluation)
        pipeline = Pipeline(
            name=PIPELINE_NAME,
            parameters=[self._model_package_arn, self._thresholds_uri, self._decisions_uri],
            steps=[evaluate, self._update(update_function_arn, answer)],
            sagemaker_session=self._session,
            pipeline_experiment_config=None,
        )
        return _compact(pipeline.definition())

    def _evaluate_request(self) -> dict[str, Any]:
        return {name: self._known[name] for name in field_names(EvaluateRequest)}

    def _lambda_step(
        self, name: str, description: str, function_arn: str, inputs: dict[str, Any], outputs: tuple[str, ...]
    ) -> Any:
        from sagemaker.core.lambda_helper import Lambda
        from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaStep

        return LambdaStep(
            name,
            lambda_func=Lambda(function_arn=function_arn, session=self._session),
            description=description,
            inputs=inputs,
            outputs=[LambdaOutput(output) for output in outputs],
        )

    def _evaluate_in_lambda(self, compute: LambdaCompute) -> tuple[Any, dict[str, Any]]:
        outputs = field_names(EvaluateResponse)
        step = self._lambda_step(
            EVALUATE, _EVALUATE_DESCRIPTION, compute.function_arn, self._evaluate_request(), outputs
        )
        return step, {name: step.properties.Outputs[name] for name in outputs}

    def _evaluate_in_processing(self, compute: ProcessingCompute) -> tuple[Any, dict[str, Any]]:
        from sagemaker.core.workflow.functions import JsonGet
        from sagemaker.core.workflow.properties import PropertyFile
        from sagemaker.mlops.workflow.steps import ProcessingStep

        result = PropertyFile(name=RESULT, output_name="result", path=RESULT_FILE)
        step = ProcessingStep(
            EVALUATE,
            description=_EVALUATE_DESCRIPTION,
            step_args=self._processing_job(compute),
            property_files=[result],
            retry_policies=[_retry_policy()],
        )
        answer = {
            name: JsonGet(step_name=EVALUATE, property_file=result, json_path=name)
            for name in field_names(EvaluateResponse)
        }
        return step, answer

    def _processing_job(self, compute: ProcessingCompute) -> Any:
        from sagemaker.core.network import NetworkConfig
        from sagemaker.core.processing import Processor
        from sagemaker.core.shapes import (
            ProcessingInput,
            ProcessingOutput,
            ProcessingS3Input,
            ProcessingS3Output,
        )
        from sagemaker.core.workflow.functions import Join

        network = None
        if compute.subnet_ids:
            network = NetworkConfig(
                subnets=list(compute.subnet_ids), security_group_ids=list(compute.security_group_ids)
            )
        processor = Processor(
            role=Join(values=[compute.role_arn]),
            image_uri=compute.image_uri,
            instance_count=1,
            instance_type=compute.instance_type,
            volume_size_in_gb=compute.volume_size_gb,
            volume_kms_key=compute.volume_key,
            network_config=network,
            max_runtime_in_seconds=compute.max_runtime_seconds,
            base_job_name=PIPELINE_NAME,
            entrypoint=["python3", "-c", ENTRYPOINT, BUNDLE_FOLDER],
            env=dict(compute.environment),
            sagemaker_session=self._session,
        )
        bundle = ProcessingS3Input(
            s3_uri=Join(values=[compute.bundle_uri]),
            local_path=BUNDLE_FOLDER,
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        )
        result = ProcessingS3Output(
            s3_uri=Join(on="/", values=[compute.results_uri, self._execution_id]),
            local_path=RESULT_FOLDER,
            s3_upload_mode="EndOfJob",
        )
        # Nothing runs here: in a pipeline's session `run` returns the arguments of the step.
        request = {"result_folder": RESULT_FOLDER, **self._evaluate_request()}
        return processor.run(
            inputs=[ProcessingInput(input_name="bundle", s3_input=bundle)],
            outputs=[ProcessingOutput(output_name="result", s3_output=result)],
            arguments=[part for name, value in request.items() for part in (f"--{name}", value)],
        )

    def _update(self, function_arn: str, answer: dict[str, Any]) -> Any:
        known = self._known | answer
        inputs = {name: known[name] for name in field_names(UpdateRequest)}
        return self._lambda_step(UPDATE, _UPDATE_DESCRIPTION, function_arn, inputs, _UPDATE_OUTPUTS)


_EVALUATE_DESCRIPTION = (
    "Holds the version's own evidence against the thresholds and writes the decision record."
)
_UPDATE_DESCRIPTION = "Sets the version's approval status to what the decision record says."
_UPDATE_OUTPUTS = field_names(UpdateResponse)


def _retry_policy() -> Any:
    """Where an account's quota for the instance is used up, or AWS has none left, the job is tried again.

    Lambda steps take no such policy; the reconciler retries their executions.
    """
    from sagemaker.mlops.workflow.retry import SageMakerJobExceptionTypeEnum, SageMakerJobStepRetryPolicy

    causes = SageMakerJobExceptionTypeEnum
    return SageMakerJobStepRetryPolicy(
        exception_types=[causes.RESOURCE_LIMIT, causes.CAPACITY_ERROR],
        interval_seconds=60,
        backoff_rate=1.5,
        expire_after_mins=JOB_RETRIED_MINUTES,
    )


def _compact(definition: str) -> str:
    """Leave out what the SDK writes for options that are not used."""
    document = json.loads(definition)
    return json.dumps(
        {key: value for key, value in document.items() if value is not None}, separators=(",", ":")
    )


@contextmanager
def _sdk(region: str) -> Iterator[None]:
    """Let the SDK be imported and used, hermetically and quietly.

    Importing it builds a client already, which asks for a region; so it is given one, and nothing else of what the
    environment says about AWS. Using it logs and warns about what is meant so (a Lambda step for a function that the
    stack deploys).
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    # Without it botocore asks the metadata service of the machine for credentials that nobody needs.
    os.environ |= {"AWS_DEFAULT_REGION": region, "AWS_EC2_METADATA_DISABLED": "true"}
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        # The SDK imports 1,000 models, which all stay: to look through them again and again takes a quarter of it.
        with warnings.catch_warnings(), pause_collecting():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        os.environ.clear()
        os.environ.update(before)
