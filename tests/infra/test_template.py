import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import fields

from pipelines.step_settings import (
    AnnounceSettings,
    ApprovalSettings,
    EvaluateSettings,
    PageSettings,
    ReconcileSettings,
    StartPipelineSettings,
    UpdateSettings,
    from_environment,
)
from tests.infra.conftest import OTHERWISE

COMPUTES = ("lambda", "processing")


@pytest.fixture(params=COMPUTES)
def resources(
    request: pytest.FixtureRequest, template: Callable[..., dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = template(evaluation_compute=request.param, region="eu-central-1")[
        "Resources"
    ]
    return found


@pytest.fixture
def deployed(template: Callable[..., dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The resources of the default deployment."""
    found: dict[str, dict[str, Any]] = template(evaluation_compute="lambda", region="eu-central-1")[
        "Resources"
    ]
    return found


@pytest.fixture
def otherwise(template: Callable[..., dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The resources of a deployment with settings that are not their defaults."""
    found: dict[str, dict[str, Any]] = template(**OTHERWISE)["Resources"]
    return found


def of_type(resources: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def only(resources: dict[str, dict[str, Any]], kind: str) -> dict[str, Any]:
    (properties,) = of_type(resources, kind).values()
    return properties


def function(resources: dict[str, dict[str, Any]], handler: str) -> dict[str, Any]:
    found = of_type(resources, "AWS::Lambda::Function").values()
    (properties,) = [p for p in found if p["Handler"] == f"lambdas.{handler}.handler"]
    return properties


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_stack_holds_these_resources_and_no_others(deployed: dict[str, dict[str, Any]]) -> None:
    assert Counter(resource["Type"] for resource in deployed.values()) == {
        "AWS::KMS::Key": 1,
        "AWS::S3::Bucket": 4,
        "AWS::S3::BucketPolicy": 4,
        "AWS::Lambda::Function": 7,
        "AWS::Lambda::Permission": 6,
        "AWS::Lambda::EventInvokeConfig": 4,
        "AWS::Logs::LogGroup": 7,
        "AWS::IAM::Role": 8,
        "AWS::IAM::Policy": 8,
        "AWS::SageMaker::Pipeline": 1,
        "AWS::Events::Rule": 6,
        "AWS::SQS::Queue": 3,
        "AWS::SQS::QueuePolicy": 3,
        "AWS::CloudWatch::Alarm": 10,
        "AWS::SNS::Topic": 1,
        "AWS::SNS::TopicPolicy": 1,
    }


def test_there_are_no_custom_resources(resources: dict[str, dict[str, Any]]) -> None:
    assert not [
        r["Type"] for r in resources.values() if r["Type"].startswith(("Custom::", "AWS::CloudFormation"))
    ]
    assert "AWS::CDK::Metadata" not in {r["Type"] for r in resources.values()}
    handlers = {p["Handler"] for p in of_type(resources, "AWS::Lambda::Function").values()}
    assert all(handler.startswith("lambdas.") for handler in handlers)


def test_buckets_are_encrypted_versioned_closed_and_kept(resources: dict[str, dict[str, Any]]) -> None:
    buckets = {name: r for name, r in resources.items() if r["Type"] == "AWS::S3::Bucket"}
    assert len(buckets) == 4
    for bucket in buckets.values():
        properties = bucket["Properties"]
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize(
    ("kind", "field"), [("AWS::S3::BucketPolicy", "Bucket"), ("AWS::SQS::QueuePolicy", "Queues")]
)
def test_buckets_and_queue_are_reached_by_tls_only(
    resources: dict[str, dict[str, Any]], kind: str, field: str
) -> None:
    holders = {"AWS::S3::BucketPolicy": "AWS::S3::Bucket", "AWS::SQS::QueuePolicy": "AWS::SQS::Queue"}
    refused = {
        as_list(policy[field])[0]["Ref"]
        for policy in of_type(resources, kind).values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Principal"] == {"AWS": "*"}
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refused == set(of_type(resources, holders[kind]))


MATCHED = {
    "Trigger": {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelApprovalStatus": ["PendingManualApproval"]},
    },
    "ReportPages": {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "BucketsDecisions8C4B0B41"}]},
            "object": {"key": [{"wildcard": "decisions/*.json"}]},
        },
    },
    "DecisionAnnouncements": {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "BucketsDecisions8C4B0B41"}]},
            "object": {
                "key": [{"wildcard": "decisions/*.outcome.json"}, {"wildcard": "decisions/*.reviewed.json"}]
            },
        },
    },
}


@pytest.mark.parametrize(
    ("construct", "handler"),
    [
        ("Trigger", "start_pipeline"),
        ("ReportPages", "handle_report_page"),
        ("DecisionAnnouncements", "handle_announcement"),
    ],
    ids=["versions that wait", "records without a page", "outcomes that are not announced"],
)
def test_a_rule_hands_over_what_it_matches_and_loses_none(
    deployed: dict[str, dict[str, Any]], construct: str, handler: str
) -> None:
    (rule,) = [
        rule for name, rule in of_type(deployed, "AWS::Events::Rule").items() if name.startswith(construct)
    ]
    (queue,) = [name for name in of_type(deployed, "AWS::SQS::Queue") if name.startswith(construct)]
    assert rule["EventPattern"] == MATCHED[construct]
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 6 * 3600, "MaximumRetryAttempts": 24}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    function_name = target["Arn"]["Fn::GetAtt"][0]
    assert deployed[function_name]["Properties"]["Handler"] == f"lambdas.{handler}.handler"

    (again,) = [
        config
        for config in of_type(deployed, "AWS::Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": function_name}
    ]
    assert again["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [queue, "Arn"]}}}
    assert (again["MaximumRetryAttempts"], again["MaximumEventAgeInSeconds"]) == (2, 6 * 3600)
    assert deployed[queue]["Properties"] == {
        "MessageRetentionPeriod": 14 * 86400,
        "SqsManagedSseEnabled": True,
    }


def test_functions_read_the_settings_that_the_stack_gives_them(deployed: dict[str, dict[str, Any]]) -> None:
    models: dict[str, Any] = {
        "start_pipeline": StartPipelineSettings,
        "handle_reconcile": ReconcileSettings,
        "handle_approvals": ApprovalSettings,
        "handle_evaluate": EvaluateSettings,
        "handle_update": UpdateSettings,
        "handle_report_page": PageSettings,
        "handle_announcement": AnnounceSettings,
    }
    for handler, model in models.items():
        variables = function(deployed, handler)["Environment"]["Variables"]
        texts = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in variables.items()
        }
        settings = from_environment(model, texts)
        assert len(variables) == len(fields(model))
        assert settings is not None


def test_a_schedule_runs_the_reconciler_and_repeats_no_run(otherwise: dict[str, dict[str, Any]]) -> None:
    (rule,) = [
        rule
        for name, rule in of_type(otherwise, "AWS::Events::Rule").items()
        if "ScheduleExpression" in rule and not name.startswith("ApprovalWatch")
    ]
    (target,) = rule["Targets"]
    name = target["Arn"]["Fn::GetAtt"][0]
    reconciler = otherwise[name]["Properties"]
    assert rule["ScheduleExpression"] == "rate(10 minutes)"
    assert reconciler["Handler"] == "lambdas.handle_reconcile.handler"
    assert reconciler["Timeout"] == 600
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    (once,) = [
        config
        for config in of_type(otherwise, "AWS::Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": name}
    ]
    assert once["MaximumRetryAttempts"] == 0


def test_functions_have_a_log_group_with_retention_of_their_own(
    otherwise: dict[str, dict[str, Any]],
) -> None:
    groups = of_type(otherwise, "AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups.values()} == {30}
    used = {
        p["LoggingConfig"]["LogGroup"]["Ref"] for p in of_type(otherwise, "AWS::Lambda::Function").values()
    }
    assert used == set(groups)


def test_the_functions_of_steps_end_before_long_lambda_steps_hang(
    deployed: dict[str, dict[str, Any]],
) -> None:
    assert function(deployed, "handle_evaluate")["Timeout"] == 300
    assert function(deployed, "handle_update")["Timeout"] == 120


def definition(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    body = only(resources, "AWS::SageMaker::Pipeline")["PipelineDefinition"]["PipelineDefinitionBody"]
    separator, parts = body["Fn::Join"]
    text = separator.join(part if isinstance(part, str) else _named(part) for part in parts)
    return dict(json.loads(text))


def _named(reference: dict[str, Any]) -> str:
    ((_, target),) = reference.items()
    return f"<{target if isinstance(target, str) else target[0]}>"


def test_tokens_resolve_inside_the_definition(deployed: dict[str, dict[str, Any]]) -> None:
    made = definition(deployed)
    buckets = list(of_type(deployed, "AWS::S3::Bucket"))
    assert "Token[" not in json.dumps(made)
    assert [parameter.get("DefaultValue") for parameter in made["Parameters"]] == [
        None,
        f"s3://<{next(name for name in buckets if 'Thresholds' in name)}>/thresholds/",
        f"s3://<{next(name for name in buckets if 'Decisions' in name)}>/decisions/",
    ]
    assert [deployed[s["FunctionArn"].strip("<>")]["Properties"]["Handler"] for s in made["Steps"]] == [
        "lambdas.handle_evaluate.handler",
        "lambdas.handle_update.handler",
    ]


def test_processing_runs_the_bundle_of_the_functions_with_the_same_settings(
    template: Callable[..., dict[str, Any]],
) -> None:
    resources = template(evaluation_compute="processing", region="eu-central-1")["Resources"]
    job = definition(resources)["Steps"][0]["Arguments"]
    (bundle,) = job["ProcessingInputs"][0]["S3Input"]["S3Uri"]["Std:Join"]["Values"]
    functions = of_type(resources, "AWS::Lambda::Function").values()
    keys = {p["Code"]["S3Key"] for p in functions if p["Handler"] != "lambdas.handle_report_page.handler"}
    assert keys == {bundle.rpartition("/")[2].rstrip(">")}
    assert job["Environment"].pop("AWS_DEFAULT_REGION") == "eu-central-1"
    assert from_environment(EvaluateSettings, job["Environment"])
    assert job["AppSpecification"]["ImageUri"].startswith("492215442770.dkr.ecr.eu-central-1.amazonaws.com/")
    role = job["RoleArn"]["Std:Join"]["Values"][0].strip("<>")
    assert resources[role]["Type"] == "AWS::IAM::Role"


def own_statements(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Every statement of every role's policies."""
    policies = of_type(resources, "AWS::IAM::Policy").values()
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def test_every_statement_names_its_actions_and_resources(resources: dict[str, dict[str, Any]]) -> None:
    from infra.grants import UNSCOPED_ACTIONS  # noqa: PLC0415 - takes seconds, and every worker collects this file

    statements = own_statements(resources)
    assert len(statements) > 15
    for statement in statements:
        actions = as_list(statement["Action"])
        assert statement["Effect"] == "Allow"
        assert not [action for action in actions if "*" in action], statement
        if "*" in as_list(statement["Resource"]):
            assert set(actions) <= set(UNSCOPED_ACTIONS), statement


def test_no_role_has_a_managed_or_inline_policy_and_each_is_for_one_service(
    resources: dict[str, dict[str, Any]],
) -> None:
    roles = of_type(resources, "AWS::IAM::Role")
    for role in roles.values():
        assert set(role) == {"AssumeRolePolicyDocument"}
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"]["Service"] in {"lambda.amazonaws.com", "sagemaker.amazonaws.com"}
    used = [p["Role"]["Fn::GetAtt"][0] for p in of_type(resources, "AWS::Lambda::Function").values()]
    assert len(set(used)) == len(used)


def allowed(resources: dict[str, dict[str, Any]], role: str) -> set[str]:
    """The actions of the role whose logical id begins with `role`."""
    return {
        action
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        if policy["Roles"][0]["Ref"].startswith(role)
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }


LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ = {"s3:GetObject", "s3:ListBucket"}
# Evidence and thresholds on trial may be named by their versions.
READ_VERSIONS = READ | {"s3:GetObjectVersion"}
EVALUATE = {
    "sagemaker:DescribeModelPackage",
    "sagemaker:UpdateModelPackage",
    "s3:PutObject",
    "s3:ListBucketVersions",  # since when the thresholds are in force
    "kms:GenerateMac",
    "kms:VerifyMac",
} | READ_VERSIONS


START = {
    "sagemaker:DescribeModelPackage",
    "sagemaker:DescribePipelineExecution",
    "sagemaker:ListPipelineExecutions",
    "sagemaker:StartPipelineExecution",
}


def test_what_each_role_may_do(deployed: dict[str, dict[str, Any]]) -> None:
    assert {
        role: allowed(deployed, role)
        for role in ("Start", "Reconcile", "Watch", "Evaluate", "Update", "Pipeline")
    } == {
        "Watch": LOGS
        | READ
        | {"kms:VerifyMac"}
        | {
            "sagemaker:DescribeModelPackage",
            "sagemaker:ListModelPackageGroups",
            "sagemaker:ListModelPackages",
        },
        "Start": LOGS | READ | {"kms:VerifyMac"} | START | {"sqs:SendMessage"},
        "Reconcile": LOGS
        | READ
        | {"kms:VerifyMac"}
        | START
        | {
            "sagemaker:ListModelPackages",
            "sagemaker:ListPipelineExecutionSteps",
            "sagemaker:RetryPipelineExecution",
            "sagemaker:UpdateModelPackage",
        },
        "Evaluate": LOGS | EVALUATE,
        "Update": LOGS
        | READ
        | {"kms:VerifyMac"}
        | {"sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage", "s3:PutObject"},
        "Pipeline": {"lambda:InvokeFunction"},
    }


def test_only_the_update_may_set_a_status_and_only_one_that_a_decision_can_have(
    resources: dict[str, dict[str, Any]],
) -> None:
    """The evaluation may change a description, in a request that names no status."""
    conditions = {
        policy["Roles"][0]["Ref"][:6]: statement["Condition"]
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "sagemaker:UpdateModelPackage" in as_list(statement["Action"])
    }
    assert conditions == {
        "Update": {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]}},
        "Evalua": {"Null": {"sagemaker:ModelApprovalStatus": "true"}},
        "Reconc": {"Null": {"sagemaker:ModelApprovalStatus": "true"}},
    }


def test_only_the_evaluation_may_make_the_seal_of_a_decision(resources: dict[str, dict[str, Any]]) -> None:
    """With it a forged record would be carried out; the key's own policy names the account alone."""
    (key,) = of_type(resources, "AWS::KMS::Key")
    assert (resources[key]["Properties"]["KeySpec"], resources[key]["Properties"]["KeyUsage"]) == (
        "HMAC_256",
        "GENERATE_VERIFY_MAC",
    )
    makers = [
        policy["Roles"][0]["Ref"]
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:GenerateMac" in as_list(statement["Action"])
        and statement["Resource"] == {"Fn::GetAtt": [key, "Arn"]}
    ]
    assert len(makers) == 1
    assert makers[0].startswith("Evaluat")


def test_those_who_may_write_records_are_those_whom_the_bucket_lets(
    resources: dict[str, dict[str, Any]],
) -> None:
    """What else the bucket's policy refuses, test_bucket_protection.py evaluates."""
    exempt = [
        statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
        for policy in of_type(resources, "AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "ArnNotLike" in statement.get("Condition", {})
    ]
    writers = {
        policy["Roles"][0]["Ref"]
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:PutObject" in as_list(statement["Action"])
    }
    assert [{role["Fn::GetAtt"][0] for role in roles} for roles in exempt] == [writers]


def test_nobody_may_delete_or_write_evidence_and_thresholds(resources: dict[str, dict[str, Any]]) -> None:
    statements = own_statements(resources)
    assert not [s for s in statements for action in as_list(s["Action"]) if "Delete" in action]
    written = [s["Resource"] for s in statements if "s3:PutObject" in as_list(s["Action"])]
    assert written
    places = [json.dumps(resource) for resource in written]
    (copies,) = [place for place in places if "BucketsDecisions" not in place]
    assert "BucketsEvidence" in copies
    assert copies.endswith('"/judged-evidence/*"]]}')


def test_evidence_buckets_are_read_by_the_evaluation_alone_as_those_of_their_accounts(
    template: Callable[..., dict[str, Any]], otherwise: dict[str, dict[str, Any]]
) -> None:
    buckets = OTHERWISE["evidence_buckets"]
    account, key = buckets[1]["account"], buckets[1]["kms_key_arn"]
    by_jobs = template(evidence_buckets=buckets, evaluation_compute="processing", region="eu-central-1")
    for resources in (otherwise, by_jobs["Resources"]):
        policies = of_type(resources, "AWS::IAM::Policy").values()
        granted = {
            (policy["Roles"][0]["Ref"][:6], bucket, action): statement["Condition"]
            for policy in policies
            for statement in policy["PolicyDocument"]["Statement"]
            for action in as_list(statement["Action"])
            for bucket in ("team-a", "team-b", key)
            if bucket in json.dumps(statement["Resource"])
        }
        own = {"StringEquals": {"s3:ResourceAccount": {"Ref": "AWS::AccountId"}}}
        other = {"StringEquals": {"s3:ResourceAccount": account}}
        via_s3 = {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}
        assert granted == {
            **{("Evalua", "team-a", action): own for action in READ_VERSIONS},
            **{("Evalua", "team-b", action): other for action in READ_VERSIONS},
            ("Evalua", key, "kms:Decrypt"): via_s3,
        }


def test_only_the_evaluation_writes_copies_of_evidence_and_nobody_deletes_them(
    resources: dict[str, dict[str, Any]],
) -> None:
    denied = {
        action: statement
        for policy in of_type(resources, "AWS::S3::BucketPolicy").values()
        if "BucketsEvidence" in policy["Bucket"]["Ref"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "judged-evidence" in json.dumps(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert set(denied) == {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert {statement["Effect"] for statement in denied.values()} == {"Deny"}
    exempt = denied["s3:PutObject"]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert [role["Fn::GetAtt"][0][:6] for role in exempt] == ["Evalua"]
    assert not [action for action in denied if "Delete" in action and "Condition" in denied[action]]


def test_copies_of_evidence_are_kept_as_long_as_the_setting_says(
    otherwise: dict[str, dict[str, Any]],
) -> None:
    (rule,) = [
        rule
        for name, bucket in of_type(otherwise, "AWS::S3::Bucket").items()
        if not name.startswith("AccessLogs")
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    ]
    assert (rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) == ("judged-evidence/", 400, "Enabled")
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_item_results_are_kept_or_left_out(
    deployed: dict[str, dict[str, Any]], otherwise: dict[str, dict[str, Any]]
) -> None:
    for made, said in ((deployed, "kept"), (otherwise, "left-out")):
        variables = function(made, "handle_evaluate")["Environment"]["Variables"]
        assert variables["GOVERNANCE_ITEM_RESULTS"] == said


def test_pages_are_switched_off_without_a_trace(
    template: Callable[..., dict[str, Any]], deployed: dict[str, dict[str, Any]]
) -> None:
    without = template(report_pages=False, evaluation_compute="lambda", region="eu-central-1")["Resources"]
    gone = {name for name in deployed if name not in without}
    assert {name for name in gone if "ReportPage" not in name} == set()
    assert without.keys() <= deployed.keys()


def test_the_decisions_bucket_alone_tells_of_its_objects(deployed: dict[str, dict[str, Any]]) -> None:
    telling = {
        name: one["NotificationConfiguration"]
        for name, one in of_type(deployed, "AWS::S3::Bucket").items()
        if "NotificationConfiguration" in one
    }
    (decisions,) = telling
    assert decisions.startswith("BucketsDecisions")
    assert telling[decisions] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_a_role_is_passed_to_sagemaker_alone(template: Callable[..., dict[str, Any]]) -> None:
    resources = template(evaluation_compute="processing", region="eu-central-1")["Resources"]
    (statement,) = [s for s in own_statements(resources) if as_list(s["Action"]) == ["iam:PassRole"]]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert "EvaluationJobRole" in json.dumps(statement["Resource"])


def test_alarms_are_raised_for_failed_executions_undelivered_events_and_steps_that_refuse(
    otherwise: dict[str, dict[str, Any]],
) -> None:
    topic = OTHERWISE["alarm_topic_arn"]
    alarms = of_type(otherwise, "AWS::CloudWatch::Alarm").values()
    assert {(a["Namespace"], a["MetricName"], a["Threshold"], *a["AlarmActions"]) for a in alarms} == {
        ("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionFailed", 1, topic),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, topic),
        ("AWS/Lambda", "Errors", 1, topic),
        ("ModelGovernance", "UndecidedVersions", 1, topic),
        ("ModelGovernance", "UnrecordedApprovals", 1, topic),
    }
    functions = of_type(otherwise, "AWS::Lambda::Function")
    watched = {a["Dimensions"][0]["Value"]["Ref"] for a in alarms if a["Namespace"] == "AWS/Lambda"}
    assert {functions[name]["Handler"] for name in watched} == {
        "lambdas.handle_evaluate.handler",
        "lambdas.handle_update.handler",
        "lambdas.handle_reconcile.handler",
        "lambdas.handle_approvals.handler",
    }


@pytest.mark.parametrize(
    ("settings", "names"),
    [({}, []), ({"model_package_groups": ["churn"], "reconcile_minutes": 60}, ["AbsentGroups"])],
    ids=["every group", "some groups"],
)
def test_groups_that_the_settings_name_are_looked_for(
    template: Callable[..., dict[str, Any]], settings: dict[str, Any], names: list[str]
) -> None:
    resources = template(evaluation_compute="lambda", region="eu-central-1", **settings)["Resources"]
    alarms = [
        alarm
        for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items()
        if name.startswith("AlarmsGroupAbsent")
    ]
    assert [(alarm["MetricName"], alarm["Period"]) for alarm in alarms] == [(name, 3600) for name in names]


def test_approvals_are_looked_at_by_event_and_by_schedule(deployed: dict[str, dict[str, Any]]) -> None:
    rules = {
        name: rule
        for name, rule in of_type(deployed, "AWS::Events::Rule").items()
        if name.startswith("ApprovalWatch")
    }
    handlers = {
        deployed[target["Arn"]["Fn::GetAtt"][0]]["Properties"]["Handler"]
        for rule in rules.values()
        for target in rule["Targets"]
    }
    assert handlers == {"lambdas.handle_approvals.handler"}
    patterns = [rule["EventPattern"]["detail"] for rule in rules.values() if "EventPattern" in rule]
    assert patterns == [{"ModelApprovalStatus": ["Approved"]}]
    schedules = [rule["ScheduleExpression"] for rule in rules.values() if "ScheduleExpression" in rule]
    assert schedules == ["rate(5 minutes)"]


def test_destroy_leaves_nothing_behind(otherwise: dict[str, dict[str, Any]]) -> None:
    assert {r.get("DeletionPolicy") for r in otherwise.values()} == {None, "Delete"}
