"""The resources of the embedded AWS as IAM sees them: which account owns one, and what its own policy says."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policy, parse_policy

RESOURCE_DECIDES = ("kms", "sts")  # whose resources' own policies must allow every access


def owner_of(call: Call, resource: str) -> str:
    """Return the account that owns the resource; the ARN of a bucket or an object does not say it."""
    if call.service == "s3" and "Bucket" in call.members:
        return owner_of_bucket(call.members["Bucket"], call)
    parts = resource.split(":")
    return parts[4] if len(parts) > 4 and parts[4] else call.account  # noqa: PLR2004 - an ARN's fifth part


def owner_of_bucket(bucket: str, call: Call) -> str:
    """Return the account that owns a bucket; of one that nobody has, the account that is called."""
    _, account = s3_backends.bucket_accounts.get(bucket, (call.partition, call.account))
    return str(account)


def policy_of(call: Call, resource: str, owner: str) -> Policy | None:
    """Return the resource's own policy, or `None` where it has none."""
    find = _POLICIES.get(call.service)
    found = None if find is None else find(call, resource, owner)
    if not found:
        return None
    return found if isinstance(found, Mapping) else parse_policy(found)


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


def _bus_policy(call: Call, resource: str, owner: str) -> Any:
    bus = events_backends[owner][call.region].event_buses.get(resource.rpartition("/")[2])
    return None if bus is None else bus.policy


def _group_policy(call: Call, resource: str, owner: str) -> Any:
    """Return the policy of a model package group, which is that of its versions, too."""
    kind, _, name = resource.rpartition(":")[2].partition("/")
    if kind not in ("model-package-group", "model-package"):
        return None
    group = sagemaker_backends[owner][call.region].model_package_groups.get(name.partition("/")[0])
    return getattr(group, "resource_policy", None)


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
    "events": _bus_policy,
    "sagemaker": _group_policy,
    "sts": _trust_policy,
}
