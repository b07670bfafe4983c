"""SageMaker endpoints that take and give JSON."""

import json
from typing import TYPE_CHECKING

from aws.aws_errors import AwsError, explain_errors
from checks.strict_json import JsonValue, ReportError, parse_strict_json

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


class SageMakerEndpoint:
    """One endpoint, given by its name; may be used by several threads at once."""

    def __init__(self, client: "SageMakerRuntimeClient", name: str) -> None:
        self._client = client
        self._name = name

    def invoke(self, payload: JsonValue) -> JsonValue:
        """Send `payload` as JSON, and return the JSON that the endpoint answers with.

        Raises:
            AwsThrottledError: the endpoint asks to slow down: back off and ask again.
            AwsUnreachableError: no answer came, or an error of SageMaker's own.
            AwsError: the request was refused, the model failed on it, or the answer is not JSON.
        """
        body = json.dumps(payload, allow_nan=False)
        with explain_errors("InvokeEndpoint", self._name):
            answer = self._client.invoke_endpoint(
                EndpointName=self._name, Body=body, ContentType="application/json", Accept="application/json"
            )
            content = answer["Body"].read()
        try:
            return parse_strict_json(content)
        except ReportError as error:
            raise AwsError(
                f"{self._name}: the endpoint's answer is not JSON ({error}); fix its inference code"
            ) from error
