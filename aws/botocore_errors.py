"""Which `AwsError` an exception of botocore is."""

from http import HTTPStatus
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)

_NO_LOGIN = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
# Neither a parser's error nor that of bytes which are no text derives from BotoCoreError.
_NO_PARSED_ANSWER = (ResponseParserError, UnicodeDecodeError)
_NO_ANSWER = (BotoConnectionError, HTTPClientError, IncompleteReadError, *_NO_PARSED_ANSWER)
_THROTTLES = frozenset(
    {
        "429",
        "503",
        "LimitExceededException",
        "ModelNotReadyException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIALS = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "NotAuthorized",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_TIMEOUTS = frozenset({"408", "ModelTimeoutException", "RequestTimeout", "RequestTimeoutException"})
# What else S3 refuses: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_OF_ANOTHER_REGION = frozenset(
    {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}
)
_WAYS_OUT = {"ConditionalRequestConflict": "another request writes there at the same time: try again"}
_ABSENCES = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "ResourceNotFound"})


def explain_refusal(error: Exception, operation: str, resource: str) -> AwsError | None:
    """Return the error about `operation` on `resource` that `error` means; `None` where it is none of botocore's.

    A `KeyError` is an answer without a member that AWS always gives.
    """
    match error:
        case ClientError():
            return _explain_client_error(error, operation, resource)
        case KeyError():
            return AwsUnreachableError(
                f"{resource}: {operation} was answered without {error}; check that AWS_ENDPOINT_URL leads to AWS",
                code="KeyError",
            )
        case BotoCoreError() | ResponseParserError() | UnicodeDecodeError():
            return _explain_silence(error, operation, resource)
        case _:
            return None


def error_code(error: ClientError) -> str:
    """The code of AWS's answer, such as `NoSuchKey`; the HTTP status as text where it names none."""
    code = error.response.get("Error", {}).get("Code")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(code or status)


def _explain_client_error(error: ClientError, operation: str, resource: str) -> AwsError:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    detail = error.response.get("Error", {}).get("Message", "") or "no further message"
    kind, way_out = _classify(code, status)
    if code in _OF_ANOTHER_REGION:
        where = _region_of_bucket(error) or "another region"
        way_out = f"the bucket is in {where}: copy what is needed into a bucket of this region"
    return kind(f"{resource}: {operation} failed with {code} ({detail}); {way_out}", code=code)


def _region_of_bucket(error: ClientError) -> str | None:
    """Return the region that S3 says the bucket is in: in a header, or beside a signature for another region."""
    headers: dict[str, str] = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said: Any = error.response.get("Error", {})  # S3 has members here that its model does not name
    region: str | None = headers.get("x-amz-bucket-region") or said.get("Region")
    return region


def _classify(code: str, status: int) -> tuple[type[AwsError], str]:
    if code in _THROTTLES or status == HTTPStatus.TOO_MANY_REQUESTS:
        return AwsThrottledError, "AWS asks to slow down: try again later, or raise the quota"
    if code in _DENIALS or status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return (
            AwsAccessDeniedError,
            "give the caller permission for it (or renew its credentials), then try again",
        )
    if code in _ABSENCES or status == HTTPStatus.NOT_FOUND:
        return AwsNotFoundError, "check the name, the account and the region"
    if code in _TIMEOUTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return AwsUnreachableError, "AWS could not answer in time, or failed itself: try again later"
    return AwsError, _WAYS_OUT.get(code, "fix what the message names, then try again")


def _explain_silence(error: Exception, operation: str, resource: str) -> AwsError:
    kind, way_out = AwsError, "fix what the message names, then try again"
    if isinstance(error, _NO_LOGIN):
        kind = AwsAccessDeniedError
        way_out = "log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    elif isinstance(error, NoRegionError):
        way_out = "set AWS_REGION or AWS_DEFAULT_REGION"
    elif isinstance(error, _NO_ANSWER):
        kind, way_out = (
            AwsUnreachableError,
            "check the network, the region, and AWS_ENDPOINT_URL, then try again",
        )
    said = " ".join(str(error).split())
    return kind(f"{resource}: {operation} failed ({said}); {way_out}", code=type(error).__name__)
