"""What AWS refuses, as errors that say which operation, on what, and the way out."""

from collections.abc import Iterator
from contextlib import contextmanager

from checks.errors import GovernanceError


class AwsError(GovernanceError):
    """AWS did not do what was asked; the message says which operation, on what, and the way out.

    `code` is the error code of AWS, or the name of botocore's exception where no answer came.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class AwsAccessDeniedError(AwsError):
    """The caller may not do this, or AWS does not know the caller."""


class AwsNotFoundError(AwsError):
    """What the operation names does not exist."""


class AwsThrottledError(AwsError):
    """AWS still asked to slow down after the attempts that the client makes: back off and try again."""


class AwsUnreachableError(AwsError):
    """No answer came from AWS: no route, a time limit, or a broken connection."""


@contextmanager
def explain_errors(operation: str, resource: str) -> Iterator[None]:
    """Turn what botocore raises within the block into an `AwsError` about `operation` on `resource`.

    The answer's members are to be taken within the block too: one that is missing did not come from AWS.
    """
    try:
        yield
    except GovernanceError:
        raise
    except Exception as error:
        # Only now: botocore takes half a second to load, and who asks for help alone has none of it.
        from aws.botocore_errors import explain_refusal  # noqa: PLC0415

        refusal = explain_refusal(error, operation, resource)
        if refusal is None:
            raise
        raise refusal from error
