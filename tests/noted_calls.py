"""Calls of boto3 as IAM is asked about them: noted while something runs, and held against the statements of a role."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, evaluate

# Members that S3 takes as headers or as parts of the query, as IAM's condition keys know them.
_HEADERS = {"IfNoneMatch": "if-none-match", "IfMatch": "if-match"}
_QUERY = {"Prefix": "prefix"}
Statement = Mapping[str, Any]


@dataclass
class NotedCalls:
    """The calls that each of several callers made; `session` is a session of boto3 whose clients are listened to."""

    session: Any
    account: str
    region: str
    by_caller: dict[str, list[Call]] = field(default_factory=dict)
    _caller: str | None = None

    def __post_init__(self) -> None:
        self.session.events.register("provide-client-params.*.*", self._note)

    @contextmanager
    def of(self, caller: str) -> Iterator[None]:
        """Note the calls within the block as those of `caller`."""
        self._caller = caller
        try:
            yield
        finally:
            self._caller = None

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if self._caller is not None:
            call = call_of(model.service_model, model.name, params, account=self.account, region=self.region)
            self.by_caller.setdefault(self._caller, []).append(call)


def call_of(service: Any, operation: str, params: Mapping[str, Any], *, account: str, region: str) -> Call:
    """Return a call of boto3 as IAM is asked about it."""
    if service.service_name == "s3" and operation == "GetObject" and "VersionId" in params:
        operation = "GetObjectVersion"
    headers = {header: params[name] for name, header in _HEADERS.items() if name in params}
    members = {_QUERY.get(name, name): value for name, value in params.items()}
    return Call(service.signing_name, operation, members, account, region, headers=headers)


def is_allowed(call: Call, statements: Sequence[Statement], **context: Sequence[str]) -> bool:
    """Whether statements of a role allow a call; `context` are further condition keys."""
    role = Principal(
        f"arn:aws:iam::{call.account}:role/role",
        call.account,
        f"arn:aws:sts::{call.account}:assumed-role/role/one",
    )
    keys = {**dict(call.context()), **context}
    asked = AccessRequest(role, call.action, call.resource, call.account, keys)
    return isinstance(evaluate(asked, Policies(identity=[{"Statement": list(statements)}])), Allowed)


def find_needless(statements: Sequence[Statement], calls: Sequence[Call]) -> set[tuple[str, str]]:
    """Return each action and resource that statements allow and that no call needs: without it all are allowed."""
    parts = [
        {**statement, "Action": action, "Resource": resource}
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    needed = set()
    for call in calls:
        allowing = [number for number, part in enumerate(parts) if is_allowed(call, [part])]
        if len(allowing) == 1:
            needed.add(allowing[0])
    return {(part["Action"], part["Resource"]) for number, part in enumerate(parts) if number not in needed}


def listed(value: Any) -> list[Any]:
    """Return what a policy has as a list, whether or not it wrote one."""
    return value if isinstance(value, list) else [value]
