"""Calls of boto3 as IAM is asked about them: noted while something runs, and held against the statements of a role."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, evaluate

# Members that S3 takes as headers or as parts of the query, as IAM's condition keys know them.
_HEADERS = {"IfNoneMatch": "if-none-match", "IfMatch": "if-match"}
_QUERY = {"Prefix": "prefix", "VersionId": "versionId"}
Statement = Mapping[str, Any]


@dataclass
class NotedCalls:
    """The calls that each of several callers made; `session` is a session of boto3 whose clients are listened to."""

    session: Any
    account: str
    region: str
    by_caller: dict[str, list[AccessRequest]] = field(default_factory=dict)
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
            call = _call_of(model.service_model, model.name, params, self.account, self.region)
            noted = self.by_caller.setdefault(self._caller, [])
            noted += [asked_of(one) for one in (*call.parts(), *_further_calls(call))]


def _call_of(service: Any, operation: str, params: Mapping[str, Any], account: str, region: str) -> Call:
    headers = {header: params[name] for name, header in _HEADERS.items() if name in params}
    members = {_QUERY.get(name, name): value for name, value in params.items()}
    return Call(service.signing_name, operation, members, account, region, headers=headers)


def _further_calls(call: Call) -> Iterator[Call]:
    """Yield what S3 asks for beside the call itself: to read what is copied, and to write tags."""
    source = call.members.get("CopySource")
    if source:
        members = {_QUERY.get(name, name): value for name, value in source.items()}
        yield replace(call, operation="GetObject", members=members)
    if call.service == "s3" and call.members.get("Tagging"):
        yield replace(call, operation="PutObjectTagging")


def asked_of(call: Call) -> AccessRequest:
    """Return what IAM is asked when a role makes a call."""
    return asked(call.action, call.resource, call.account, **dict(call.context()))


def asked(action: str, resource: str, account: str, **context: Sequence[str]) -> AccessRequest:
    """Return what IAM is asked about a role; `context` are condition keys in lower case."""
    role = Principal(
        f"arn:aws:iam::{account}:role/role", account, f"arn:aws:sts::{account}:assumed-role/role/one"
    )
    return AccessRequest(role, action, resource, account, context)


def is_allowed(request: AccessRequest, statements: Sequence[Statement]) -> bool:
    """Whether statements of the role allow what is asked."""
    return isinstance(evaluate(request, Policies(identity=[{"Statement": list(statements)}])), Allowed)


def find_needless(statements: Sequence[Statement], requests: Sequence[AccessRequest]) -> set[tuple[str, str]]:
    """Return each action and resource that is allowed and that nothing needs: without it all requests are allowed."""
    parts = [
        {**statement, "Action": action, "Resource": resource}
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    needed = set()
    for request in requests:
        allowing = [number for number, part in enumerate(parts) if is_allowed(request, [part])]
        if len(allowing) == 1:
            needed.add(allowing[0])
    return {(part["Action"], part["Resource"]) for number, part in enumerate(parts) if number not in needed}


def listed(value: Any) -> list[Any]:
    """Return what a policy has as a list, whether or not it wrote one."""
    return value if isinstance(value, list) else [value]
