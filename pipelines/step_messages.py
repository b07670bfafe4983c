"""What the steps of the pipeline are given and what they answer, as models that the definition shares with them.

The pipeline definition names a step's inputs and outputs by the fields of these models, and the step programs read
and write them by the same models. All values are text, as in a pipeline.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from checks.errors import GovernanceError


class StepRequestError(GovernanceError):
    """A step was called with inputs that are not its own."""


class EvaluateRequest(Struct, frozen=True):
    """The version to judge, where the thresholds and the decision log are, and the ARN of the execution."""

    model_package_arn: str
    thresholds_uri: str
    decisions_uri: str
    execution_arn: str


class EvaluateResponse(Struct, frozen=True):
    """Where the decision record is, the SHA-256 of its bytes (lower-case hexadecimal), and its verdict."""

    decision_uri: str
    decision_digest: str
    decision: str


class UpdateRequest(Struct, frozen=True):
    """What evaluation answered, with the version it is about and the ARN of the execution."""

    model_package_arn: str
    decisions_uri: str
    execution_arn: str
    decision_uri: str
    decision_digest: str
    decision: str


class UpdateResponse(Struct, frozen=True):
    """The status that the version has now, and where that is recorded.

    `outcome` is `updated`, `left_pending` (the verdict asks for review), `dry_run` (the threshold file changes no
    status) or `not_carried_out` (the version had a status already, or was set
    back since: nothing was changed).
    """

    outcome: str
    approval_status: str
    outcome_uri: str


_RequestT = TypeVar("_RequestT", EvaluateRequest, UpdateRequest)


def field_names(
    model: type[EvaluateRequest | EvaluateResponse | UpdateRequest | UpdateResponse],
) -> tuple[str, ...]:
    """The names of a message's fields, in their order."""
    return model.__struct_fields__


def read_request(model: type[_RequestT], event: Mapping[str, object]) -> _RequestT:
    """Read `model` out of what a step was called with.

    Raises:
        StepRequestError: naming every input that is missing or is not text.
    """
    names = field_names(model)
    wrong = [name for name in names if not isinstance(event.get(name), str) or not event[name]]
    if wrong:
        raise StepRequestError(
            f"the step lacks its input {', '.join(wrong)}: it is called by the pipeline's definition; "
            "deploy the stack again if that is what called it"
        )
    return model(**{name: str(event[name]) for name in names})
