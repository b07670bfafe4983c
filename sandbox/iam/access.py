"""What IAM is asked: who wants to do what, on which resource, under which circumstances."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

# A context key, in lower case since IAM ignores its case, and its values. An absent key has no entry.
Context = Mapping[str, Sequence[str]]


class Principal(Struct, frozen=True):
    """Who asks: a role's session, a user, or a service of AWS.

    `arn` is what a policy names and `aws:PrincipalArn` says: the ARN of the role or the user, or the service as in
    `events.amazonaws.com`. `session_arn` is the ARN of a role's session. A service has no account of its own.
    `user_id` is `aws:userid`: `GetCallerIdentity` says it of a user or a session.
    """

    arn: str
    account: str | None
    session_arn: str | None = None
    user_id: str | None = None

    @property
    def is_service(self) -> bool:
        """Whether a service of AWS asks for itself."""
        return self.account is None


class AccessRequest(Struct, frozen=True):
    """One call: the action as policies name it (`s3:PutObject`), the ARN of its resource, and the context keys.

    `resource_account` owns the resource. A call without a resource of its own is on `*`.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Context = field(default_factory=dict)


class Denied(Struct, frozen=True):
    """Access is refused; `reason` says by which kind of policy, as AWS's messages do."""

    reason: str


class Allowed(Struct, frozen=True):
    """Access is given; `by` names the kind of policy that allows it."""

    by: str


Verdict = Allowed | Denied
