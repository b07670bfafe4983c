"""SageMaker endpoints whose containers are servers of this machine: whoever starts the sandbox names them.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html and, for the contract
of a container, https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from typing import Any

import urllib3
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from sandbox.service_requests import ServiceRefusalError, read_members

_ANSWER_SECONDS = 60.0  # as many as a container has for an answer
_VARIANT = "AllTraffic"


class ModelFailedError(ServiceRefusalError):
    """The container answered with an error, or not at all."""

    def __init__(self, status: int, said: str) -> None:
        message = f'Received server error ({status}) from primary with message "{said}".'
        super().__init__("ModelError", message)
        self.OriginalStatusCode, self.OriginalMessage = status, said


class ServedEndpoints:
    """The endpoints that somebody answers for, by their names; may be used by several threads at once."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._connections = urllib3.PoolManager(
            maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5.0, read=_ANSWER_SECONDS)
        )

    def serve(self, name: str, url: str) -> None:
        """Let the server at `url` answer for an endpoint from now on."""
        self._urls[name] = url.rstrip("/")

    def invoke(self, name: str, account: str, body: bytes, headers: dict[str, str]) -> tuple[bytes, str]:
        """Return what the endpoint's container answers, and the type of its content.

        Raises:
            ServiceRefusalError: there is no such endpoint, or the container failed.
        """
        if name not in self._urls:
            raise ServiceRefusalError("ValidationError", f"Endpoint {name} of account {account} not found.")
        try:
            answer = self._connections.request(
                "POST", f"{self._urls[name]}/invocations", body=body, headers=headers
            )
        except urllib3.exceptions.HTTPError as error:
            raise ModelFailedError(500, str(error)) from error
        if answer.status != 200:  # noqa: PLR2004
            raise ModelFailedError(answer.status, answer.data.decode(errors="replace")[:1024])
        return answer.data, answer.headers.get("Content-Type", "application/octet-stream")


def install(endpoints: ServedEndpoints) -> None:
    """Extend moto in this process."""

    def invoke_endpoint(self: Any) -> tuple[int, dict[str, str], bytes]:
        name = str(read_members(self)["EndpointName"])
        sent = {
            header: self.headers[header] for header in ("Content-Type", "Accept") if header in self.headers
        }
        body, content_type = endpoints.invoke(name, self.current_account, self.raw_body, sent)
        return 200, {"Content-Type": content_type, "x-Amzn-Invoked-Production-Variant": _VARIANT}, body

    SageMakerRuntimeResponse.invoke_endpoint = invoke_endpoint
