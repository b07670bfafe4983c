"""The door of the embedded AWS, where a share of the calls is refused as AWS refuses them: throttled, or in conflict.

A call that is refused here never reaches the service, as in AWS.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from sandbox.faults import ActiveFaults

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d+/[^/]*/(?P<service>[^/]+)/aws4_request")
_XML = "application/xml"
_JSON = "application/x-amz-json-1.1"


class Refusal(Struct, frozen=True):
    """An error of the AWS API: its code, HTTP status and message."""

    code: str
    status: int
    message: str = "Rate exceeded"

    def body(self, service: str) -> tuple[str, str]:
        """Return the content type and the error as the service writes it."""
        if service == "s3":
            text = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
            return _XML, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
        if service in _QUERY:
            error = f"<Type>Sender</Type><Code>{self.code}</Code><Message>{self.message}</Message>"
            return _XML, f"<ErrorResponse><Error>{error}</Error><RequestId>fault</RequestId></ErrorResponse>"
        return _JSON, f'{{"__type": "{self.code}", "message": "{self.message}"}}'


# Those whose protocol is the older one, with errors in XML.
_QUERY = frozenset({"cloudformation", "iam", "sns", "sts"})
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and the same page of each JSON service
_QUERY_THROTTLE = Refusal("Throttling", HTTPStatus.BAD_REQUEST)
_JSON_THROTTLE = Refusal("ThrottlingException", HTTPStatus.BAD_REQUEST)
_THROTTLES: Mapping[str, Refusal] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    "s3": Refusal("SlowDown", HTTPStatus.SERVICE_UNAVAILABLE, "Please reduce your request rate."),
    # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    "lambda": Refusal("TooManyRequestsException", HTTPStatus.TOO_MANY_REQUESTS, "Rate Exceeded."),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors
    "sqs": Refusal("RequestThrottled", HTTPStatus.BAD_REQUEST),
    # https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html and its service model
    "sns": Refusal("Throttled", HTTPStatus.TOO_MANY_REQUESTS),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html#ts-throttling-exception
    "bedrock": Refusal(
        "ThrottlingException",
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests, please wait before trying again.",
    ),
    **dict.fromkeys(_QUERY - {"sns"}, _QUERY_THROTTLE),
}
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: "On a 409 failure you should retry the upload."
_CONFLICT = Refusal(
    "ConditionalRequestConflict",
    HTTPStatus.CONFLICT,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
)
_WRITES = frozenset({"PUT", "POST"})

_StartResponse = Callable[..., Any]
_Application = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


class FaultyCalls:
    """A WSGI application before `application` that refuses some calls, by the faults that are in force."""

    def __init__(self, application: _Application, faults: ActiveFaults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request; one that nobody signed is no call of the AWS API."""
        signed = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return self._application(environ, start_response)
        service = signed["service"]
        refusal = self._refusal(service, environ)
        if refusal is None:
            return self._application(environ, start_response)
        content_type, text = refusal.body(service)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(text)))]
        start_response(f"{refusal.status:d} {HTTPStatus(refusal.status).phrase}", headers)
        return [text.encode()]

    def _refusal(self, service: str, environ: Mapping[str, Any]) -> Refusal | None:
        settings = self._faults.settings
        if self._faults.strikes_share(settings.throttled, "calls throttled", service):
            return _THROTTLES.get(service, _JSON_THROTTLE)
        is_conditional = "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ
        if service != "s3" or not is_conditional or environ["REQUEST_METHOD"] not in _WRITES:
            return None
        if self._faults.strikes_share(settings.conflicts, "writes refused as conflicts", service):
            return _CONFLICT
        return None
