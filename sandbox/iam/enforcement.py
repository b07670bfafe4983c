"""IAM in the embedded AWS: whoever calls as a role or a user may do what their policies allow, and nothing else.

Calls with other credentials, such as those that the sandbox hands out, are an administrator's: within their account
they are not held to any policy, and what another account owns needs that account's leave. moto has hooks for its own
enforcement, which knows neither conditions nor resource policies; they are replaced here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.iam.models import iam_backends
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import FakeBucket
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from msgspec import Struct

from sandbox.accounts import account_of, administrator_arn
from sandbox.iam.access import AccessRequest, Denied, Principal
from sandbox.iam.calls import Call, service_of
from sandbox.iam.evaluation import Policies, Policy, evaluate, parse_policy
from sandbox.iam.further_calls import further_calls
from sandbox.iam.resource_policies import RESOURCE_DECIDES, owner_of, policy_of
from sandbox.service_requests import has_opaque_body

# Which everybody may call, whatever a policy says:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE = ("sts:GetCallerIdentity",)
_ANYTHING: Policy = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


class AccessRefusedError(Exception):
    """IAM refuses the call of `caller`; `what` is the action on its resource, and by which kind of policy."""

    def __init__(self, caller: str, what: str) -> None:
        super().__init__(f"User: {caller} is not authorized to perform: {what}")
        self.caller = caller
        self.what = what


class _Identity(Struct, frozen=True):
    """A caller with their policies; `boundary` is `None` where they have none.

    Who `administers` their account is held to no policy within it.
    """

    principal: Principal
    policies: Sequence[Policy]
    boundary: Sequence[Policy] | None
    administers: bool = False


class _S3RefusalError(S3AccessDeniedError):
    """The refusal as S3 words it."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class _ForbiddenError(JsonRESTError):
    """The refusal as the services say it whose operations have URLs of their own."""

    code = HTTPStatus.FORBIDDEN


def install() -> None:
    """Hold every call over HTTP to IAM, in this process."""

    def authorize(self: Any, resource: str = "*") -> None:
        del resource
        try:
            authorize_request(self)
        except AccessRefusedError as error:
            raise _answer(self, error) from error

    def authorize_s3(self: Any, bucket_name: str | None = None, key_name: str | None = None) -> None:
        try:
            authorize_request(self, Bucket=bucket_name, Key=key_name)
        except AccessRefusedError as error:
            raise _S3RefusalError(str(error)) from error

    def leave_it_to_iam(_bucket: Any, _action: str, _resource: str) -> PermissionResult:
        # moto's own look at a bucket's policy knows no conditions.
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = leave_it_to_iam
    ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = authorize
    ActionAuthenticatorMixin._authenticate_and_authorize_s3_action = authorize_s3


def authorize_request(request: Any, **names: str | None) -> None:
    """Hold moto's `request` to the policies of whoever sends it; `names` are members that its URL gives.

    Raises:
        AccessRefusedError: they do not allow it.
    """
    access_key, partition = request.get_access_key(), get_partition(request.region)
    identity = _identity_of(access_key, request.current_account, request.region)
    if identity is None:
        identity = _administrator(access_key, partition)
    operation = _operation_of(request, names)
    call = Call(
        service=service_of(str(request.boto3_service_name)),
        operation=operation,
        members={
            **_members_of(request, operation),
            **{name: text for name, text in names.items() if text is not None},
        },
        account=request.current_account,
        region=request.region,
        partition=partition,
        headers={name.lower(): value for name, value in request.headers.items()},
    )
    for part in call.parts():
        _authorize(part, identity)
    for further in further_calls(call):
        _authorize(further, identity)


def authorize_role(role_arn: str, call: Call, context: Mapping[str, Sequence[str]] | None = None) -> None:
    """Hold a call that a service of AWS makes under a role, such as a pipeline's, to that role's policies.

    `context` are condition keys, in lower case, that the service adds to those of the call.

    Raises:
        AccessRefusedError: they do not allow it.
    """
    identity = _role(role_arn, f"{role_arn.rpartition('/')[2]}-session", call.region)
    if identity is None:
        raise AccessRefusedError(role_arn, f"{call.action}: there is no such role")
    _authorize(call, identity, context)
    for further in further_calls(call):
        _authorize(further, identity)


def authorize_service(service: str, call: Call, *, source_arn: str, source_account: str) -> None:
    """Hold a call that a service makes for itself (`events.amazonaws.com`) to the policy of its resource.

    `source_arn` and `source_account` are the resource that the service acts for, as a rule, and its account.

    Raises:
        AccessRefusedError: it does not allow it.
    """
    identity = _Identity(Principal(service, None), (), None)
    source = {"aws:sourcearn": [source_arn], "aws:sourceaccount": [source_account]}
    for part in (call, *further_calls(call)):
        _authorize(part, identity, {**source, "aws:principalisawsservice": ["true"]})


def authorize_account(account: str, call: Call) -> None:
    """Hold a call that a service makes in the name of a whole account to the policy of its resource.

    Raises:
        AccessRefusedError: it does not allow it.
    """
    root = f"arn:{call.partition}:iam::{account}:root"
    _authorize(call, _Identity(Principal(root, account), [_ANYTHING], None, administers=True))


def _authorize(call: Call, identity: _Identity, further: Mapping[str, Sequence[str]] | None = None) -> None:
    if call.action in _FREE:
        return
    principal, resource = identity.principal, call.resource
    owner = owner_of(call, resource)
    if identity.administers and owner == principal.account:
        return
    asked = AccessRequest(
        principal,
        call.action,
        resource,
        owner,
        {**dict(_global_context(call, principal, owner)), **dict(call.context()), **(further or {})},
    )
    verdict = evaluate(
        asked,
        Policies(
            identity.policies,
            policy_of(call, resource, owner),
            identity.boundary,
            resource_decides=call.service in RESOURCE_DECIDES,
        ),
    )
    if isinstance(verdict, Denied):
        what = f"{call.action} on resource: {resource} because {verdict.reason}"
        raise AccessRefusedError(principal.session_arn or principal.arn, what)


def _identity_of(access_key: str, account: str, region: str) -> _Identity | None:
    """Return who has the access key, or `None` where it is nobody's that IAM knows."""
    partition = get_partition(region)
    for assumed in sts_backends[account][partition].assumed_roles:
        if assumed.access_key_id == access_key:
            return _role(assumed.role_arn, assumed.session_name, region)
    for user in iam_backends[account][partition].users.values():
        if any(key.access_key_id == access_key for key in user.access_keys):
            inline = [parse_policy(text) for text in user.policies.values()]
            managed = [_document(policy) for policy in user.managed_policies.values()]
            return _Identity(Principal(user.arn, account, user_id=user.id), [*inline, *managed], None)
    return None


def _administrator(access_key: str, partition: str) -> _Identity:
    """Return who makes up credentials: an administrator of one account, and of no other."""
    user = Principal(administrator_arn(access_key, partition), account_of(access_key))
    return _Identity(user, [_ANYTHING], None, administers=True)


def _role(role_arn: str, session: str, region: str) -> _Identity | None:
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    backend = iam_backends[account][get_partition(region)]
    role = next((one for one in backend.roles.values() if one.arn == role_arn), None)
    if role is None:
        return None
    inline = [parse_policy(text) if isinstance(text, str) else text for text in role.policies.values()]
    managed = [_document(policy) for policy in role.managed_policies.values()]
    boundary = role.permissions_boundary_arn
    limit = None if not boundary else [_document(backend.managed_policies[boundary])]
    session_arn = f"arn:{get_partition(region)}:sts::{account}:assumed-role/{name}/{session}"
    principal = Principal(role_arn, account, session_arn, user_id=f"{role.id}:{session}")
    return _Identity(principal, [*inline, *managed], limit)


def _document(policy: Any) -> Policy:
    newest = next(version for version in policy.versions if version.is_default)
    return parse_policy(newest.document)


def _global_context(call: Call, principal: Principal, owner: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the keys that every call has; every client of AWS speaks TLS, though not to a server on loopback."""
    yield "aws:principalarn", [principal.arn]
    if principal.account is not None:
        yield "aws:principalaccount", [principal.account]
        yield "aws:principalisawsservice", ["false"]
    if principal.user_id is not None:
        yield "aws:userid", [principal.user_id]
    yield "aws:securetransport", ["true"]
    yield "aws:requestedregion", [call.region]
    yield "aws:resourceaccount", [owner]
    yield "aws:currenttime", [datetime.now(UTC).isoformat()]
    if call.service == "s3":
        yield "s3:tlsversion", ["1.3"]
        yield "s3:resourceaccount", [owner]


def _operation_of(request: Any, names: Mapping[str, str | None]) -> str:
    """Return the operation of the request.

    moto takes each call that writes an object for `PutObject`; its routing tells a copy from an upload.
    """
    operation = None
    if names.get("Key") is not None:
        operation = request._get_action_from_method_and_request_uri(request.normalized_request)
    return str(operation or request._get_action())


def _members_of(request: Any, operation: str) -> dict[str, Any]:
    """Return the members of the request, from wherever its protocol puts them.

    The body of S3's is an object, and that of a call of a function, a model or an endpoint is what that gets.
    Neither names a resource.
    """
    members: dict[str, Any] = {
        name: values[0] for name, values in (request.querystring or {}).items() if values
    }
    has_members = request.body and request.boto3_service_name != "s3"
    try:
        body: Any = json.loads(request.body) if has_members and not _is_payload(request, operation) else {}
    except (ValueError, TypeError):
        body = None
    if isinstance(body, Mapping):
        members.update(body)
    members.update(request.uri_match or {})
    return members


def _is_payload(request: Any, operation: str) -> bool:
    model = get_service_model(request.boto3_service_name)
    return operation in model.operation_names and has_opaque_body(model.operation_model(operation))


def _answer(request: Any, error: AccessRefusedError) -> Exception:
    """Return the error as the service words it: in JSON, or in XML where its protocol is an older one."""
    protocol = get_service_model(request.boto3_service_name).metadata["protocol"]
    if "json" not in protocol:
        answer: Exception = AccessDeniedError(user_arn=error.caller, action=error.what)
    elif protocol == "rest-json":
        answer = _ForbiddenError("AccessDeniedException", str(error))
    else:
        answer = JsonRESTError("AccessDeniedException", str(error))
    return answer
