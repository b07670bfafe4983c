"""The servers of this machine that answer for models of Bedrock, in OpenAI's API; who starts the sandbox names them.

Sources: https://platform.openai.com/docs/api-reference/chat, .../embeddings, and for what Bedrock says of models
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import urllib3
from msgspec import Struct

from sandbox.bedrock.model_ids import without_profile
from sandbox.service_requests import ServiceRefusalError

_PROVIDER_AND_MODEL = re.compile(r"[a-z0-9-]+\.[a-zA-Z0-9_.:-]+")
_ANSWER_SECONDS = 180.0
_ERRORS = {
    400: "ValidationException",
    413: "ValidationException",
    422: "ValidationException",
    429: "ThrottlingException",
    503: "ModelNotReadyException",
}


class ServedModel(Struct, frozen=True):
    """One model with the server that answers for it."""

    model_id: str
    url: str
    connections: urllib3.PoolManager

    def ask(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send `body` to a path of the server's API, and return its answer.

        Raises:
            ServiceRefusalError: the server refused, failed or did not answer, in the words of Bedrock.
        """
        text = {"model": self.model_id, **body}
        try:
            answer = self.connections.request("POST", f"{self.url}{path}", json=text)
        except urllib3.exceptions.TimeoutError as error:
            raise ServiceRefusalError(
                "ModelTimeoutException", "Model has timed out in processing."
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise ServiceRefusalError("ModelErrorException", f"{self.model_id}: {error}") from error
        if answer.status != 200:  # noqa: PLR2004
            code = _ERRORS.get(answer.status, "ModelErrorException")
            said = answer.data.decode(errors="replace")[:500]
            raise ServiceRefusalError(code, f"The model returned the following errors: {said}")
        try:
            found = json.loads(answer.data)
        except ValueError as error:
            raise self.unusable("no JSON") from error
        if not isinstance(found, dict):
            raise self.unusable("no JSON object")
        return found

    def unusable(self, what: str) -> ServiceRefusalError:
        """Return the error for an answer that is not as OpenAI's API has it."""
        return ServiceRefusalError("ModelErrorException", f"{self.model_id}: {self.url} answered with {what}")


class ServedModels:
    """The models that somebody answers for, by their ids; may be used by several threads at once."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._connections = urllib3.PoolManager(
            maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5.0, read=_ANSWER_SECONDS)
        )

    def serve(self, model_id: str, url: str) -> None:
        """Let the server at `url`, as in `http://127.0.0.1:8080/v1`, answer for a model from now on."""
        self._urls[model_id] = url.rstrip("/")

    def named(self, model_id: str) -> ServedModel:
        """Return the model that a request names, by its id, by its ARN or by those of an inference profile of it.

        Raises:
            ServiceRefusalError: nobody answers for it: there is no such model, or the account has no access to it.
        """
        name = model_id.rpartition("/")[2]
        for candidate in (name, without_profile(name)):
            if candidate in self._urls:
                return ServedModel(candidate, self._urls[candidate], self._connections)
        if not _PROVIDER_AND_MODEL.fullmatch(name):
            raise ServiceRefusalError("ValidationException", "The provided model identifier is invalid.")
        raise ServiceRefusalError(
            "AccessDeniedException", "You don't have access to the model with the specified model ID."
        )
