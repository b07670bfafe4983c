"""IAM in the embedded AWS: whoever calls as a role or a user may do what their policies allow, and nothing else.

Calls with other credentials, such as those that the sandbox hands out, are an administrator's: they are not held to
any policy. moto has hooks for its own enforcement, which knows neither conditions nor resource policies; they are
replaced here.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import FakeBucket, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from sandbox.iam.access import AccessRequest, Denied, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, Policy, evaluate

# Which everybody may call, whatever a policy says:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE = ("sts:GetCallerIdentity",)


class AccessRefusedError(Exception):
    """IAM refuses the call of `caller`; `what` is the action on its resource, and by which kind of policy."""

    def __init__(self, caller: str, what: str) -> None:
        super().__init__(f"User: {caller} is not authorized to perform: {what}")
        self.caller = caller
        self.what = what


@dataclass(frozen=True, slots=True)
class _Identity:
    """A caller with their policies; `boundary` is `None` where they have none."""

    principal: Principal
    policies: Sequence[Policy]
    boundary: Sequence[Policy] | None


class _S3RefusalError(S3AccessDeniedError):  # type: ignore[misc]  # moto is not type-checked here
    """The refusal as S3 words it."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


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
    identity = _identity_of(request.get_access_key(), request.current_account, request.region)
    if identity is None:
        return
    call = Call(
        service=str(request.boto3_service_name),
        operation=request._get_action(),
        members={**_members_of(request), **{name: text for name, text in names.items() if text is not None}},
        account=request.current_account,
        region=request.region,
        partition=get_partition(request.region),
        headers={name.lower(): value for name, value in request.headers.items()},
    )
    _authorize(call, identity)
    for further in _further_calls(call):
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


def authorize_service(service: str, call: Call, *, source_arn: str) -> None:
    """Hold a call that a service makes for itself (`events.amazonaws.com`) to the policy of its resource.

    Raises:
        AccessRefusedError: it does not allow it.
    """
    source = {"aws:sourcearn": [source_arn], "aws:sourceaccount": [call.account]}
    _authorize(
        call, _Identity(Principal(service, None), (), None), {**source, "aws:principalisawsservice": ["true"]}
    )


def _authorize(call: Call, identity: _Identity, further: Mapping[str, Sequence[str]] | None = None) -> None:
    if call.action in _FREE:
        return
    principal, resource = identity.principal, call.resource
    owner = _owner_of(call, resource)
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
            _policy_of(call, resource, owner),
            identity.boundary,
            resource_decides=call.service in _RESOURCE_DECIDES,
        ),
    )
    if isinstance(verdict, Denied):
        what = f"{call.action} on resource: {resource} because {verdict.reason}"
        raise AccessRefusedError(principal.session_arn or principal.arn, what)


def _further_calls(call: Call) -> Iterator[Call]:
    """Yield what AWS does for the caller within a call, under the caller's own rights.

    An object that a KMS key encrypts is read with `kms:Decrypt` and written with `kms:GenerateDataKey`:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    """
    actions = {"s3:GetObject": "Decrypt", "s3:GetObjectVersion": "Decrypt", "s3:PutObject": "GenerateDataKey"}
    if call.action not in actions:
        return
    bucket, key = call.members["Bucket"], call.members.get("Key")
    key_id = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id") or _key_of(bucket, key, call)
    if key_id is not None:
        # A key is in its bucket's region and account where its ARN does not say otherwise.
        yield Call("kms", actions[call.action], {"KeyId": key_id}, call.account, call.region, call.partition)


def _key_of(bucket: str, key: str | None, call: Call) -> str | None:
    """Return the KMS key that encrypts an object, or a new one in that bucket, or `None` where S3's own does."""
    backend = s3_backends[_owner_of_bucket(bucket, call)][call.partition]
    if call.action != "s3:PutObject":
        found = backend.get_object(bucket, key)
        return None if found is None else found.kms_key_id
    encryption = backend.get_bucket(bucket).encryption or {}
    rule = encryption.get("Rule", {})
    default = (rule[0] if isinstance(rule, list) else rule).get("ApplyServerSideEncryptionByDefault", {})
    found_key: str | None = default.get("KMSMasterKeyID")
    return found_key


def _identity_of(access_key: str, account: str, region: str) -> _Identity | None:
    """Return who has the access key, or `None` where it is nobody's that IAM knows."""
    partition = get_partition(region)
    for assumed in sts_backends[account][partition].assumed_roles:
        if assumed.access_key_id == access_key:
            return _role(assumed.role_arn, assumed.session_name, region)
    for user in iam_backends[account][partition].users.values():
        if any(key.access_key_id == access_key for key in user.access_keys):
            inline = [json.loads(text) for text in user.policies.values()]
            managed = [_document(policy) for policy in user.managed_policies.values()]
            return _Identity(Principal(user.arn, account), [*inline, *managed], None)
    return None


def _role(role_arn: str, session: str, region: str) -> _Identity | None:
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    backend = iam_backends[account][get_partition(region)]
    role = next((one for one in backend.roles.values() if one.arn == role_arn), None)
    if role is None:
        return None
    inline = [json.loads(text) if isinstance(text, str) else text for text in role.policies.values()]
    managed = [_document(policy) for policy in role.managed_policies.values()]
    boundary = role.permissions_boundary_arn
    limit = None if not boundary else [_document(backend.managed_policies[boundary])]
    session_arn = f"arn:{get_partition(region)}:sts::{account}:assumed-role/{name}/{session}"
    return _Identity(Principal(role_arn, account, session_arn), [*inline, *managed], limit)


def _document(policy: Any) -> Policy:
    newest = next(version for version in policy.versions if version.is_default)
    parsed: Policy = json.loads(newest.document)
    return parsed


def _global_context(call: Call, principal: Principal, owner: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the keys that every call has; every client of AWS speaks TLS, though not to a server on loopback."""
    yield "aws:principalarn", [principal.arn]
    if principal.account is not None:
        yield "aws:principalaccount", [principal.account]
        yield "aws:principalisawsservice", ["false"]
    yield "aws:securetransport", ["true"]
    yield "aws:requestedregion", [call.region]
    yield "aws:resourceaccount", [owner]
    yield "aws:currenttime", [datetime.now(UTC).isoformat()]
    if call.service == "s3":
        yield "s3:tlsversion", ["1.3"]
        yield "s3:resourceaccount", [owner]


def _owner_of(call: Call, resource: str) -> str:
    """Return the account that owns the resource; the ARN of a bucket or an object does not say it."""
    if call.service == "s3" and "Bucket" in call.members:
        return _owner_of_bucket(call.members["Bucket"], call)
    parts = resource.split(":")
    return parts[4] if len(parts) > 4 and parts[4] else call.account  # noqa: PLR2004 - an ARN's fifth part


def _owner_of_bucket(bucket: str, call: Call) -> str:
    for account, backends in s3_backends.items():
        if bucket in backends[call.partition].buckets:
            return str(account)
    return call.account


def _policy_of(call: Call, resource: str, owner: str) -> Policy | None:
    """Return the resource's own policy, or `None` where it has none."""
    find = _POLICIES.get(call.service)
    found = None if find is None else find(call, resource, owner)
    if not found:
        return None
    document: Policy = found if isinstance(found, Mapping) else json.loads(found)
    return document


def _bucket_policy(call: Call, _resource: str, owner: str) -> Any:
    bucket = s3_backends[owner][call.partition].buckets.get(call.members.get("Bucket"))
    return None if bucket is None else bucket.policy


def _key_policy(call: Call, resource: str, owner: str) -> Any:
    key = kms_backends[owner][call.region].keys.get(resource.rpartition("/")[2])
    return None if key is None else key.policy


def _queue_policy(call: Call, resource: str, owner: str) -> Any:
    queue = sqs_backends[owner][call.region].queues.get(resource.rpartition(":")[2])
    return None if queue is None else queue.policy


def _topic_policy(call: Call, resource: str, owner: str) -> Any:
    topic = sns_backends[owner][call.region].topics.get(resource)
    return None if topic is None else topic.policy


def _function_policy(call: Call, resource: str, owner: str) -> Any:
    functions = lambda_backends[owner][call.region].list_functions()
    function = next((one for one in functions if one.function_arn == resource), None)
    if function is None or not function.policy.statements:
        return None
    return function.policy.get_policy()["Policy"]


def _trust_policy(call: Call, resource: str, owner: str) -> Any:
    roles = iam_backends[owner][call.partition].roles.values()
    role = next((one for one in roles if one.arn == resource), None)
    return None if role is None else role.assume_role_policy_document


_POLICIES: Mapping[str, Callable[[Call, str, str], Any]] = {
    "s3": _bucket_policy,
    "kms": _key_policy,
    "sqs": _queue_policy,
    "sns": _topic_policy,
    "lambda": _function_policy,
    "sts": _trust_policy,
}
_RESOURCE_DECIDES = ("kms", "sts")  # whose resources' own policies must allow every access


def _members_of(request: Any) -> dict[str, Any]:
    """Return the members of the request, from wherever its protocol puts them."""
    members: dict[str, Any] = {
        name: values[0] for name, values in (request.querystring or {}).items() if values
    }
    try:
        body = json.loads(request.body) if request.body else {}
    except (ValueError, TypeError):
        body = {}
    if isinstance(body, Mapping):
        members.update(body)
    members.update(request.uri_match or {})
    return members


def _answer(request: Any, error: AccessRefusedError) -> Exception:
    """Return the error as the service words it: in JSON, or in XML where its protocol is an older one."""
    is_json = "json" in get_service_model(request.boto3_service_name).metadata["protocol"]
    answer: Exception = (
        JsonRESTError("AccessDeniedException", str(error))
        if is_json
        else AccessDeniedError(user_arn=error.caller, action=error.what)
    )
    return answer
