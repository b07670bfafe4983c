"""What the settings of model accounts must be like, and the names by which the stacks of two accounts find each other.

The stack of one account cannot refer to a resource of another account's stack, so these names are known beforehand.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.deployment_settings import DeploymentSettings, ModelAccount

# Each group is a resource in several statements of the gate's roles, and a word in the environment of its functions.
MOST_GROUPS_ELSEWHERE = 30
# Each is a statement of the evidence bucket's policy, which has 20 KB in all.
MOST_ACCOUNTS = 20
# A role's name has 64 characters: those of the stack, "-copies-" and a region.
LONGEST_STACK_NAME = 40


def model_account_stack_name(stack_name: str, account: str) -> str:
    """Return the name of the stack in a model account."""
    return f"{stack_name}-{account}"


def copy_role_name(stack_name: str, region: str) -> str:
    """Return the name of the role that copies, which the policies of the governance account name before it exists."""
    return f"{stack_name}-copies-{region}"


def copying_roles(settings: "DeploymentSettings", partition: str) -> dict[str, str]:
    """Return the ARNs of the roles that copy, by their accounts; `settings` name the region where there are any."""
    name = copy_role_name(settings.stack_name, str(settings.region))
    accounts = (entry.account for entry in settings.model_accounts)
    return {account: f"arn:{partition}:iam::{account}:role/{name}" for account in accounts}


def check_model_accounts(settings: "DeploymentSettings") -> None:
    """Refuse settings of model accounts that cannot work together.

    Raises:
        ValueError: naming each problem and the way out.
    """
    if settings.model_accounts:
        problems = [
            *_find_problems_of_places(settings),
            *_find_problems_of_groups(settings),
            *_find_problems_of_governance(settings),
        ]
        if problems:
            raise ValueError("; ".join(problems))


def _find_problems_of_places(settings: "DeploymentSettings") -> Iterator[str]:
    """Accounts, regions and buckets."""
    accounts = settings.model_accounts
    for account in _list_repeated([entry.account for entry in accounts]):
        yield f"model_accounts: {account} is there twice; leave one out, an account has one artifact bucket"
    if settings.region is None:
        yield (
            "model_accounts: copies stay in one region, so it must be known at the synthesis; set region, or "
            "AWS_REGION"
        )
    for entry in accounts:
        key = entry.artifact_bucket.kms_key_arn
        for what, region in (
            (entry.account, entry.region),
            (f"the key of {entry.artifact_bucket.name}", key and key.split(":")[3]),
        ):
            if None not in (region, settings.region) and region != settings.region:
                yield (
                    f"model_accounts: {what} is in {region}, and the stack in {settings.region}: copies stay in one "
                    f"region; replicate the bucket to {settings.region}, or deploy a governance stack in {region}"
                )
    buckets = [entry.artifact_bucket.name for entry in accounts]
    others = [bucket.name for bucket in settings.evidence_buckets]
    own = [settings.evidence_bucket, settings.thresholds_bucket, settings.decisions_bucket]
    others += [bucket.name for bucket in own if bucket is not None]
    for bucket in _list_repeated([*buckets, *(set(others) & set(buckets))]):
        yield f"model_accounts: the bucket {bucket} has two meanings in the settings; leave one out"
    if len(accounts) > MOST_ACCOUNTS:
        yield (
            f"model_accounts: there are {len(accounts)}, and a deployment takes {MOST_ACCOUNTS}; deploy a second stack "
            "for some of them"
        )
    if len(settings.stack_name) > LONGEST_STACK_NAME:
        yield (
            f"stack_name: with model_accounts it has at most {LONGEST_STACK_NAME} characters, since roles are named "
            "after it; take a shorter one"
        )


def _find_problems_of_groups(settings: "DeploymentSettings") -> Iterator[str]:
    for entry in settings.model_accounts:
        names = [group.lower() for group in entry.model_package_groups]
        for group in _list_repeated(names):
            yield f'model_accounts: {entry.account} names the group "{group}" twice; leave one out'
        patterns = [pattern.lower() for pattern in settings.group_patterns]
        for group in names:
            if patterns and not any(fnmatchcase(group, pattern) for pattern in patterns):
                yield (
                    f'model_accounts: the group "{group}" of {entry.account} is not among model_package_groups, which '
                    "the deployment is held to; add it there"
                )
    elsewhere = sum(
        len(entry.model_package_groups) for entry in settings.model_accounts if entry.registry == "own"
    )
    if elsewhere > MOST_GROUPS_ELSEWHERE:
        yield (
            f"model_accounts: {elsewhere} groups are in registries of model accounts, and a deployment takes "
            f"{MOST_GROUPS_ELSEWHERE}; deploy a second stack for some of the accounts"
        )
    for group in _list_disagreements(settings.model_accounts):
        yield (
            f'model_accounts: the group "{group}" is to be created for one account and exists for another; give both '
            "the same create_groups"
        )


def _find_problems_of_governance(settings: "DeploymentSettings") -> Iterator[str]:
    """The account that governs, as the model accounts are told it."""
    governance = settings.governance_account
    if governance is None:
        return
    if governance.account in [entry.account for entry in settings.model_accounts]:
        yield (
            f"model_accounts: {governance.account} is the governance account itself; leave it out, its teams register "
            "without copies"
        )
    key = governance.evidence_bucket.kms_key_arn
    existing = settings.evidence_bucket
    expected_key = settings.kms_key_arn if existing is None else existing.kms_key_arn
    if existing is not None and existing.name != governance.evidence_bucket.name:
        yield (
            f"governance_account: evidence_bucket is {governance.evidence_bucket.name}, and the setting "
            f"evidence_bucket {existing.name}; name the same one"
        )
    if existing is None and settings.create_kms_key and key is None:
        yield (
            "governance_account: create_kms_key encrypts the evidence bucket; give evidence_bucket.kms_key_arn too, as "
            "the output DataKeyArn says it"
        )
    if not settings.create_kms_key and key != expected_key:
        yield (
            f"governance_account: the key of the evidence bucket is {key}, and by the other settings {expected_key}; "
            "name the same one"
        )


def _list_disagreements(accounts: Sequence["ModelAccount"]) -> list[str]:
    """The groups of the governance account that accounts share, and disagree about who creates them."""
    creates: dict[str, set[bool]] = {}
    for entry in accounts:
        for group in entry.model_package_groups if entry.registry == "governance" else ():
            creates.setdefault(group.lower(), set()).add(entry.create_groups)
    return sorted(group for group, answers in creates.items() if len(answers) > 1)


def _list_repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
