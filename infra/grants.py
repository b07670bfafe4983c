"""Every permission of the stack's own roles, in one place; nothing else grants any.

Each statement names its actions in full. A resource is `*` only where AWS knows no resource for the action, and each
such action is in `UNSCOPED_ACTIONS` with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from aws.copy_names import ACCOUNTS_FOLDER, copies_prefix
from aws.registry_names import APPROVAL_STATUS_FIELD, APPROVED, REJECTED
from infra.buckets import GovernanceBuckets
from infra.decision_places import DecisionPlaces
from infra.deployment_settings import DeploymentSettings, EvidenceBucket, ExistingBucket, GovernanceAccount
from infra.governance_function import GovernanceFunction
from infra.group_patterns import match_versions
from infra.model_accounts import copying_roles
from infra.principals import account_principal, any_principal, service_principal
from infra.rule_exceptions import except_from_rules
from pipelines.step_settings import (
    CLAIMS_FOLDER,
    COPIES_FOLDER,
    DECISION_DETAIL_TYPE,
    DECISION_SOURCE,
    DECISIONS_FOLDER,
    OUTCOME_SUFFIX,
    PAGE_SUFFIX,
    RESULTS_FOLDER,
    REVIEWS_FOLDER,
    THRESHOLDS_FOLDER,
)

# The condition key of IAM for the status that a request sets.
_STATUS_KEY = f"sagemaker:{APPROVAL_STATUS_FIELD}"
_PRINCIPAL = "aws:PrincipalArn"
_NO_STATUS = {"Null": {_STATUS_KEY: "true"}}

UNSCOPED_ACTIONS = {
    "sagemaker:ListModelPackages": "one list of the pending versions of all groups names no group",
    "sagemaker:ListModelPackageGroups": "the service authorisation reference has no resource",
    "ecr:GetAuthorizationToken": "a token for all registries: the service authorisation reference has no resource",
    "cloudwatch:PutMetricData": "has no resource; the condition holds it to the namespace of Processing jobs",
    # In a VPC alone. What names a resource does so only when the interface exists, which Lambda and SageMaker create.
    "ec2:AssignPrivateIpAddresses": "Lambda asks for it on every interface before there is one",
    "ec2:CreateNetworkInterface": "the same",
    "ec2:CreateNetworkInterfacePermission": "the same, by SageMaker",
    "ec2:DeleteNetworkInterface": "the same",
    "ec2:DeleteNetworkInterfacePermission": "the same, by SageMaker",
    "ec2:UnassignPrivateIpAddresses": "the same",
    "ec2:DescribeDhcpOptions": "has no resource",
    "ec2:DescribeNetworkInterfaces": "has no resource",
    "ec2:DescribeSecurityGroups": "has no resource",
    "ec2:DescribeSubnets": "has no resource",
    "ec2:DescribeVpcs": "has no resource",
}
# What the gate writes below in buckets, also in those that exist: each has a reason of its own.
_OWN_FOLDERS = "|".join(
    (ACCOUNTS_FOLDER, CLAIMS_FOLDER, COPIES_FOLDER, DECISIONS_FOLDER, RESULTS_FOLDER, THRESHOLDS_FOLDER)
)
# Why a resource may be any of several, by a regular expression for the ARN of the resource: `<…>` is what only the
# deployment knows.
WILDCARDS = {
    r"model-package/\S*\*$": "versions are registered after the deployment, in groups that threshold files name",
    r"processing-job/\*$": "SageMaker Pipelines names the jobs of its steps",
    r"/aws/sagemaker/ProcessingJobs\*$": "SageMaker names the log groups of Processing jobs",
    rf"/({DECISIONS_FOLDER}|{CLAIMS_FOLDER}|{RESULTS_FOLDER})/\*\S*$": "each record is an object under its own name",
    rf"/{ACCOUNTS_FOLDER}/\S*\*$": "each copy is an object under its account, bucket and key",
    rf"/{COPIES_FOLDER}/\*$": "each copy of a report is an object under its digest",
    rf"/{THRESHOLDS_FOLDER}/\*$": "the governance team chooses the names of threshold files",
    r":pipeline/[^/]*/\S*\*$": "SageMaker names the executions of the pipeline",
    r"^(<[^>]*>|arn:[^/]*:s3:::[^/]*)/\*$": "teams choose the names of their reports and threshold files",
    rf"^arn:[^/]*:s3:::[^/]*/(?!({_OWN_FOLDERS})/)\S+\*$": "a model account chooses the names below its prefixes",
    r"^\*$": "the action has no resource: UNSCOPED_ACTIONS says why",
}
_TOKEN = re.compile(r"\$\{Token\[[^]]*\]\}")


def allow_logging(function: GovernanceFunction) -> None:
    """A function writes to its own log group."""
    _allow(function.role, ["logs:CreateLogStream", "logs:PutLogEvents"], [function.log_group.log_group_arn])


def allow_networking(role: iam.Role) -> None:
    """Lambda connects a function to its VPC under the function's role; the function's own code may not do that.

    The actions are those of AWS's policy AWSLambdaVPCAccessExecutionRole, and the denial is the one of
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: calls of the code have a source function.
    """
    actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ]
    _allow(role, actions, ["*"])
    any_function = Stack.of(role).format_arn(
        service="lambda",
        resource="function",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=actions,
            resources=["*"],
            conditions={"ArnLike": {"lambda:SourceFunctionArn": any_function}},
        )
    )


def allow_starting(
    role: iam.Role,
    buckets: GovernanceBuckets,
    seal_key: kms.Key,
    dead_letter_queue: sqs.Queue,
    pipeline_name: str,
    *,
    groups: Sequence[str],
    judges_all: bool,
    waits_for_copies: bool,
) -> None:
    """`start_pipeline` looks at the version and its decision, starts the pipeline, hands on what it cannot handle.

    With `judges_all` it starts the pipeline whatever the threshold files say, so that it reads none. With
    `waits_for_copies` it looks whether the reports of model accounts have arrived.
    """
    read = _allow_starting_what_is_due(
        role,
        buckets,
        seal_key,
        pipeline_name,
        groups,
        judges_all=judges_all,
        waits_for_copies=waits_for_copies,
    )
    _allow(role, ["sqs:SendMessage"], [dead_letter_queue.queue_arn])
    _allow_keys(role, reading=read, writing=[dead_letter_queue.encryption_master_key])


def allow_reconciling(
    role: iam.Role,
    buckets: GovernanceBuckets,
    seal_key: kms.Key,
    pipeline_name: str,
    *,
    groups: Sequence[str],
    judges_all: bool,
    waits_for_copies: bool,
) -> None:
    """The reconciler lists pending versions and starts what is due, tries failed executions again, and gives them up.

    When it gives one up it says so in the version's description: its request may not name a status. `judges_all` and
    `waits_for_copies` are as `allow_starting` has them.
    """
    read = _allow_starting_what_is_due(
        role,
        buckets,
        seal_key,
        pipeline_name,
        groups,
        judges_all=judges_all,
        waits_for_copies=waits_for_copies,
    )
    _allow_keys(role, reading=read)
    _allow(role, ["sagemaker:ListModelPackages"], ["*"])
    _allow(
        role,
        ["sagemaker:RetryPipelineExecution", "sagemaker:ListPipelineExecutionSteps"],
        [_executions(role, pipeline_name)],
    )
    _allow(role, ["sagemaker:UpdateModelPackage"], _model_packages(role, groups), _NO_STATUS)


def allow_watching_approvals(
    role: iam.Role, buckets: GovernanceBuckets, seal_key: kms.Key, groups: Sequence[str]
) -> None:
    """The watch lists approved versions, and reads the thresholds in force and the records of the gate."""
    _allow(role, ["s3:GetObject"], [buckets.thresholds.arn_for_objects(f"{THRESHOLDS_FOLDER}/*")])
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*")])
    _allow_listing(role, buckets.thresholds, buckets.decisions)
    _allow_keys(role, reading=[buckets.thresholds.encryption_key, buckets.decisions.encryption_key])
    _allow(role, ["kms:VerifyMac"], [seal_key.key_arn])
    # It lists each group by its name, so that the list is on the versions of that group.
    looks = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    _allow(role, looks, _model_packages(role, groups))
    _allow(role, ["sagemaker:ListModelPackageGroups"], ["*"])


def _allow_starting_what_is_due(
    role: iam.Role,
    buckets: GovernanceBuckets,
    seal_key: kms.Key,
    pipeline_name: str,
    groups: Sequence[str],
    *,
    judges_all: bool,
    waits_for_copies: bool,
) -> list[kms.IKey | None]:
    """Look at the thresholds in force, at a version, what the gate left of it and its executions, and start one.

    Where reports of model accounts are waited for, look whether their copies are there, and read lists of them.

    Returns the keys of the buckets that are read, whose use is not granted here.
    """
    read = [buckets.decisions]
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*")])
    if not judges_all:
        read.append(buckets.thresholds)
        _allow(role, ["s3:GetObject"], [buckets.thresholds.arn_for_objects(f"{THRESHOLDS_FOLDER}/*")])
    if waits_for_copies:
        read.append(buckets.evidence)
        _allow(role, ["s3:GetObject"], [buckets.evidence.arn_for_objects(f"{ACCOUNTS_FOLDER}/*")])
    _allow_listing(role, *read)
    _allow(role, ["kms:VerifyMac"], [seal_key.key_arn])
    _allow(role, ["sagemaker:DescribeModelPackage"], _model_packages(role, groups))
    _allow(
        role,
        ["sagemaker:StartPipelineExecution", "sagemaker:ListPipelineExecutions"],
        [_sagemaker(role, "pipeline", pipeline_name)],
    )
    _allow(role, ["sagemaker:DescribePipelineExecution"], [_executions(role, pipeline_name)])
    return [bucket.encryption_key for bucket in read]


def allow_evaluating(
    role: iam.Role, buckets: GovernanceBuckets, seal_key: kms.Key, groups: Sequence[str]
) -> None:
    """Evaluation reads the version, its evidence and the thresholds, writes decision records and seals them.

    It keeps a copy of what it judges, beside the evidence.

    It alone may make seals, and verifies its own when a step is repeated. Where nothing may be decided it says so in
    the version's description: its request may not name a status.
    """
    _allow(role, ["sagemaker:DescribeModelPackage"], _model_packages(role, groups))
    _allow(role, ["sagemaker:UpdateModelPackage"], _model_packages(role, groups), _NO_STATUS)
    # Reports and thresholds on trial may be named by their versions, and be anywhere in the stack's buckets.
    for bucket in (buckets.evidence, buckets.thresholds):
        _allow(role, _READ, [bucket.arn_for_objects("*")])
    own = [buckets.decisions.arn_for_objects(f"{folder}/*") for folder in (DECISIONS_FOLDER, CLAIMS_FOLDER)]
    _allow(role, ["s3:GetObject", "s3:PutObject"], own)
    _allow(role, ["s3:PutObject"], [buckets.evidence.arn_for_objects(f"{COPIES_FOLDER}/*")])
    # Below a version, the baseline is found by the records of those before it.
    _allow_listing(role, buckets.evidence, buckets.thresholds, buckets.decisions)
    # Where the bundle in force is newer than the evidence, the one of that time is looked for.
    _allow(role, ["s3:ListBucketVersions"], [buckets.thresholds.bucket_arn])
    _allow_keys(
        role,
        reading=[buckets.thresholds.encryption_key],
        writing=[buckets.evidence.encryption_key, buckets.decisions.encryption_key],
    )
    _allow(role, ["kms:GenerateMac", "kms:VerifyMac"], [seal_key.key_arn])


def allow_copying(
    role: iam.Role,
    artifacts: ExistingBucket,
    prefixes: Sequence[str],
    governance: GovernanceAccount,
    *,
    account: str,
    dead_letter_queue: sqs.Queue,
) -> None:
    """`copy_artifacts` reads its account's artifact bucket, and writes below its own prefix of the evidence bucket.

    Both buckets are those of the accounts that the settings name, whoever makes a bucket of the name later. It deletes
    nothing: what it began to upload in parts it may abort.
    """
    source, evidence = (_bucket_arn(role, name) for name in (artifacts.name, governance.evidence_bucket.name))
    own = {"StringEquals": {"s3:ResourceAccount": account}}
    central = {"StringEquals": {"s3:ResourceAccount": governance.account}}
    tags = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
    _allow(role, [*_READ, *tags], [f"{source}/{prefix}*" for prefix in prefixes or [""]], own)
    copies = f"{evidence}/{copies_prefix(account, artifacts.name)}*"
    _allow(role, _WRITE_COPIES, [copies], central)
    for bucket, actions in ((artifacts, _READ_KEY), (governance.evidence_bucket, _WRITE_KEY)):
        if bucket.kms_key_arn is not None:
            via_s3 = {"StringEquals": {"kms:ViaService": _s3_beside(bucket.kms_key_arn)}}
            _allow(role, actions, [bucket.kms_key_arn], via_s3)
    _allow(role, ["sqs:SendMessage"], [dead_letter_queue.queue_arn])


def take_copies(buckets: GovernanceBuckets, settings: DeploymentSettings) -> None:
    """Each model account's copying role writes below its account's prefix; nobody else does, and nobody deletes there.

    The statement names the account, and demands the role by a condition: a policy cannot name a role as a principal
    before it exists: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html
    """
    evidence = buckets.evidence
    roles = copying_roles(settings, Stack.of(evidence).partition)
    for entry in settings.model_accounts:
        prefix = copies_prefix(entry.account, entry.artifact_bucket.name)
        buckets.add_to_policy(
            evidence,
            iam.PolicyStatement(
                principals=[account_principal(entry.account)],
                actions=list(_WRITE_COPIES),
                resources=[evidence.arn_for_objects(f"{prefix}*")],
                conditions={"ArnEquals": {"aws:PrincipalArn": roles[entry.account]}},
            ),
        )
    others = {"ArnNotEquals": {"aws:PrincipalArn": list(roles.values())}}
    for actions, conditions in (
        (["s3:PutObject"], others),
        (["s3:DeleteObject", "s3:DeleteObjectVersion"], None),
    ):
        buckets.add_to_policy(
            evidence,
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[any_principal()],
                actions=actions,
                resources=[evidence.arn_for_objects(f"{ACCOUNTS_FOLDER}/*")],
                conditions=conditions,
            ),
        )


def allow_registries_elsewhere(
    settings: DeploymentSettings,
    *,
    looking: Sequence[iam.Role],
    reconciling: iam.Role,
    watching: iam.Role,
    evaluating: iam.Role,
    updating: iam.Role,
) -> None:
    """The gate's roles do in the groups of model accounts' own registries what they do in those of this account.

    The groups' resource policies, which the model accounts' stacks write, allow it as well.
    """
    versions = [
        Stack.of(updating).format_arn(
            service="sagemaker",
            account=entry.account,
            resource="model-package",
            resource_name=match_versions(group),
        )
        for entry in settings.model_accounts
        if entry.registry == "own"
        for group in entry.model_package_groups
    ]
    if not versions:
        return
    # The reconciler may list versions anyway: its list of all groups names no resource.
    for role in (*looking, reconciling, evaluating, updating):
        _allow(role, ["sagemaker:DescribeModelPackage"], versions)
    _allow(watching, ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], versions)
    for role, condition in (
        (reconciling, _NO_STATUS),
        (evaluating, _NO_STATUS),
        (updating, {"StringEqualsIfExists": {_STATUS_KEY: [APPROVED, REJECTED]}}),
    ):
        _allow(role, ["sagemaker:UpdateModelPackage"], versions, condition)


def allow_reading_evidence(role: iam.Role, buckets: Sequence[EvidenceBucket]) -> None:
    """Evaluation reads the buckets of teams that the settings name, as those of the accounts that they name.

    A bucket that was deleted, and that another account made again by its name, is none of these.
    """
    for bucket in buckets:
        arn = _bucket_arn(role, bucket.name)
        owner = {"StringEquals": {"s3:ResourceAccount": bucket.account or Stack.of(role).account}}
        _allow(role, _READ, [f"{arn}/*"], owner)
        _allow(role, ["s3:ListBucket"], [arn], owner)
        if bucket.kms_key_arn is not None:
            via_s3 = {"StringEquals": {"kms:ViaService": _s3_beside(bucket.kms_key_arn)}}
            _allow(role, ["kms:Decrypt"], [bucket.kms_key_arn], via_s3)


def allow_updating(
    role: iam.Role, buckets: GovernanceBuckets, seal_key: kms.Key, groups: Sequence[str]
) -> None:
    """The update reads decisions and the thresholds in force, writes the outcome of a decision, and sets a status.

    It sets only a status that a decision can have, and it cannot make the seal without which it carries out nothing.
    """
    _allow(role, ["kms:VerifyMac"], [seal_key.key_arn])
    _allow(role, ["s3:GetObject"], [buckets.thresholds.arn_for_objects(f"{THRESHOLDS_FOLDER}/*")])
    _allow(role, ["sagemaker:DescribeModelPackage"], _model_packages(role, groups))
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*")])
    _allow(
        role, ["s3:PutObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*{OUTCOME_SUFFIX}")]
    )
    _allow_listing(role, buckets.decisions, buckets.thresholds)
    _allow_keys(
        role,
        reading=[buckets.thresholds.encryption_key],
        writing=[buckets.decisions.encryption_key],
    )
    # "IfExists": a version that needs review gets a description and no status, so the request has no such key.
    decided = {"StringEqualsIfExists": {_STATUS_KEY: [APPROVED, REJECTED]}}
    _allow(role, ["sagemaker:UpdateModelPackage"], _model_packages(role, groups), decided)


def allow_writing_pages(
    role: iam.Role, buckets: GovernanceBuckets, seal_key: kms.Key, dead_letter_queue: sqs.Queue
) -> None:
    """What writes pages reads the decision log, writes pages beside the records, and hands on what it cannot handle.

    It writes no record and no outcome, and makes no seal.
    """
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*")])
    _allow(role, ["s3:PutObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*{PAGE_SUFFIX}")])
    _allow_listing(role, buckets.decisions)
    _allow(role, ["kms:VerifyMac"], [seal_key.key_arn])
    _allow(role, ["sqs:SendMessage"], [dead_letter_queue.queue_arn])
    _allow_keys(
        role, reading=[], writing=[buckets.decisions.encryption_key, dead_letter_queue.encryption_master_key]
    )


def allow_announcing(
    role: iam.Role,
    buckets: GovernanceBuckets,
    seal_key: kms.Key,
    *,
    places: DecisionPlaces,
    dead_letter_queue: sqs.Queue,
    groups: Sequence[str],
) -> None:
    """What announces decisions reads the decision log and the version, and sends to one bus and one topic.

    It writes nothing, and puts onto the bus the event of decisions alone.
    """
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{DECISIONS_FOLDER}/*")])
    _allow(role, ["kms:VerifyMac"], [seal_key.key_arn])
    _allow(role, ["sagemaker:DescribeModelPackage"], _model_packages(role, groups))
    its_own = {"events:source": DECISION_SOURCE, "events:detail-type": DECISION_DETAIL_TYPE}
    _allow(role, ["events:PutEvents"], [places.bus_arn], {"StringEquals": its_own})
    _allow(role, ["sns:Publish"], [places.topic.topic_arn])
    _allow(role, ["sqs:SendMessage"], [dead_letter_queue.queue_arn])
    _allow_keys(
        role,
        reading=[buckets.decisions.encryption_key],
        writing=[places.topic_key, dead_letter_queue.encryption_master_key],
    )


def deny_writing_decisions(
    buckets: GovernanceBuckets, writers: Sequence[iam.Role], reviewers: Sequence[str] = ()
) -> None:
    """Nobody but `writers` and the reviewers writes into the decision log, nothing twice, and nobody deletes there.

    A reviewer writes below a folder of their own id alone (`aws:userid`), and nobody else does: so that a review is
    by whom its place says. The policy of the bucket says so, since it holds for administrators too, until they change
    it. A write without `If-None-Match` could replace a record; copies and uploads in parts begin without it and are
    refused as well: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    decisions = buckets.decisions
    folders = [decisions.arn_for_objects(f"{folder}/*") for folder in (DECISIONS_FOLDER, CLAIMS_FOLDER)]
    reviews = f"{DECISIONS_FOLDER}/*/{REVIEWS_FOLDER}/"
    own_reviews = [decisions.arn_for_objects(f"{reviews}${{aws:userid}}/*")]
    steps = [role.role_arn for role in writers]

    def deny(
        actions: Sequence[str],
        conditions: Mapping[str, Any] | None = None,
        *,
        resources: Sequence[str] | None = None,
        not_resources: Sequence[str] | None = None,
    ) -> None:
        statement = iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[any_principal()],
            actions=list(actions),
            conditions=conditions,
            resources=resources,
            not_resources=not_resources,
        )
        buckets.add_to_policy(decisions, statement)

    deny(["s3:PutObject"], {"ArnNotLike": {_PRINCIPAL: [*steps, *reviewers]}}, resources=folders)
    deny(["s3:PutObject"], {"Null": {"s3:if-none-match": "true"}}, resources=folders)
    deny(["s3:DeleteObject", "s3:DeleteObjectVersion"], resources=folders)
    if not reviewers:
        deny(["s3:PutObject"], resources=[decisions.arn_for_objects(f"{reviews}*")])
        return
    others = {"ArnNotLike": {_PRINCIPAL: list(reviewers)}}
    deny(["s3:PutObject"], others, resources=[decisions.arn_for_objects(f"{reviews}*")])
    # `NotResource`: whatever else of the bucket a reviewer writes to is no review of theirs.
    deny(["s3:PutObject"], {"ArnLike": {_PRINCIPAL: list(reviewers)}}, not_resources=own_reviews)


def deny_writing_copies(buckets: GovernanceBuckets, writer: iam.Role) -> None:
    """Nobody but evaluation writes among the copies of what was judged, and nobody deletes them before their time."""
    copies = [buckets.evidence.arn_for_objects(f"{COPIES_FOLDER}/*")]
    others = {"ArnNotEquals": {"aws:PrincipalArn": [writer.role_arn]}}
    for actions, conditions in (
        (["s3:PutObject"], others),
        (["s3:DeleteObject", "s3:DeleteObjectVersion"], None),
    ):
        buckets.add_to_policy(
            buckets.evidence,
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[any_principal()],
                actions=actions,
                resources=copies,
                conditions=conditions,
            ),
        )


def allow_access_logs(log_bucket: s3.Bucket, logged: Sequence[s3.IBucket]) -> None:
    """S3 writes the access logs of these buckets, and of no others.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    log_bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[service_principal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[log_bucket.arn_for_objects("*")],
            conditions={
                "ArnLike": {"aws:SourceArn": [bucket.bucket_arn for bucket in logged]},
                "StringEquals": {"aws:SourceAccount": Stack.of(log_bucket).account},
            },
        )
    )


def allow_running_steps(role: iam.Role, functions: Sequence[lambda_.Function]) -> None:
    """The pipeline invokes the functions of its steps."""
    _allow(role, ["lambda:InvokeFunction"], [function.function_arn for function in functions])


def allow_running_job(
    role: iam.Role, job_role: iam.Role, buckets: GovernanceBuckets, volume_key: kms.IKey | None
) -> None:
    """The pipeline runs the Processing job under `job_role`, and reads what the job answers."""
    _allow_volumes(role, volume_key)
    _allow_keys(role, reading=[buckets.decisions.encryption_key])
    jobs = _sagemaker(role, "processing-job", "*")
    _allow(
        role,
        [
            "sagemaker:AddTags",
            "sagemaker:CreateProcessingJob",
            "sagemaker:DescribeProcessingJob",
            "sagemaker:StopProcessingJob",
        ],
        [jobs],
    )
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    _allow(role, ["iam:PassRole"], [job_role.role_arn], to_sagemaker)
    _allow(role, ["s3:GetObject"], [buckets.decisions.arn_for_objects(f"{RESULTS_FOLDER}/*")])
    _allow_listing(role, buckets.decisions)


def allow_being_a_job(
    role: iam.Role,
    buckets: GovernanceBuckets,
    *,
    bundle_bucket: s3.IBucket,
    bundle_key: str,
    image_uri: str,
    volume_key: kms.IKey | None,
    in_vpc: bool,
) -> None:
    """The Processing job fetches the bundle and its image, leaves its answer, and logs."""
    _allow_volumes(role, volume_key)
    if in_vpc:
        _allow(role, _JOB_IN_VPC, ["*"])
    _allow(role, ["s3:GetObject"], [bundle_bucket.arn_for_objects(bundle_key)])
    _allow(
        role, ["s3:ListBucket"], [bundle_bucket.bucket_arn], {"StringLike": {"s3:prefix": f"{bundle_key}*"}}
    )
    _allow(role, ["s3:PutObject"], [buckets.decisions.arn_for_objects(f"{RESULTS_FOLDER}/*")])
    _allow(role, ["ecr:GetAuthorizationToken"], ["*"])
    _allow(
        role,
        ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        [_repository(role, image_uri)],
    )
    logs = Stack.of(role).format_arn(
        service="logs",
        resource="log-group",
        resource_name="/aws/sagemaker/ProcessingJobs*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    _allow(
        role,
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        [logs],
    )
    namespace = {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs*"}}
    _allow(role, ["cloudwatch:PutMetricData"], ["*"], namespace)


_READ = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE_COPIES = ("s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:GetObject")
_READ_KEY = ("kms:Decrypt",)
_WRITE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, "CreateProcessingJob API"
_JOB_IN_VPC = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def _allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    role.add_to_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    )
    policy = role.node.find_child("DefaultPolicy")
    for pattern, reason in WILDCARDS.items():
        if any("*" in resource and re.search(pattern, _TOKEN.sub("<>", resource)) for resource in resources):
            finding = f"^Resource::{pattern.removeprefix('^') if pattern.startswith('^') else '.*' + pattern}"
            except_from_rules(policy, ["AwsSolutions-IAM5"], reason, finding=finding)


def _allow_keys(
    role: iam.Role, *, reading: Sequence[kms.IKey | None], writing: Sequence[kms.IKey | None] = ()
) -> None:
    """What is encrypted with a key of KMS needs the key, too; AWS's own keys need nothing, and have no entry.

    Who writes with a key may read with it.
    """
    written = {key.key_arn: None for key in writing if key is not None}
    read = {key.key_arn: None for key in reading if key is not None and key.key_arn not in written}
    for actions, arns in ((_READ_KEY, read), (_WRITE_KEY, written)):
        if arns:
            _allow(role, actions, list(arns))


def _allow_volumes(role: iam.Role, key: kms.IKey | None) -> None:
    """SageMaker mounts a volume that `key` encrypts by a grant, which it asks for as the caller and as the job."""
    if key is not None:
        _allow(role, ["kms:DescribeKey"], [key.key_arn])
        to_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        _allow(role, ["kms:CreateGrant"], [key.key_arn], to_services)


def _allow_listing(role: iam.Role, *buckets: s3.IBucket) -> None:
    """Without it S3 answers 403 for an object that does not exist, and a missing report looks like a denied one."""
    _allow(role, ["s3:ListBucket"], [bucket.bucket_arn for bucket in buckets])


def _bucket_arn(role: iam.Role, name: str) -> str:
    """The ARN of a bucket that the stack does not create."""
    return Stack.of(role).format_arn(
        service="s3", region="", account="", resource=name, arn_format=ArnFormat.NO_RESOURCE_NAME
    )


def _s3_beside(key_arn: str) -> str:
    """How IAM calls S3 in the region of a key, as the service through which the key is used."""
    _, partition, _, region, *_ = key_arn.split(":")
    return f"s3.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def _sagemaker(role: iam.Role, resource: str, name: str) -> str:
    return Stack.of(role).format_arn(service="sagemaker", resource=resource, resource_name=name)


def _executions(role: iam.Role, pipeline_name: str) -> str:
    return _sagemaker(role, "pipeline", f"{pipeline_name}/execution/*")


def _model_packages(role: iam.Role, groups: Sequence[str]) -> list[str]:
    """The versions of the groups that a deployment is held to; without any, every version."""
    return [_sagemaker(role, "model-package", match_versions(group)) for group in groups or ["*"]]


def _repository(role: iam.Role, image_uri: str) -> str:
    """The ARN of the repository that `<account>.dkr.ecr.<region>.<domain>/<repository>:<tag>` or `@<digest>` names."""
    registry, _, image = image_uri.partition("/")
    account, _, _, region, *_ = registry.split(".")
    return Stack.of(role).format_arn(
        service="ecr",
        account=account,
        region=region,
        resource="repository",
        resource_name=re.split("[:@]", image)[0],
    )
