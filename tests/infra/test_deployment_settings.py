import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import ROOT, BundleTarget
from infra.deployment_settings import DeploymentSettings
from infra.settings_sources import DeploymentSettingsError, read_settings


def test_without_context_the_defaults_deploy_to_lambda() -> None:
    settings = read_settings({"aws:cdk:enable-path-metadata": True})
    assert settings == DeploymentSettings()
    assert settings.bundle_target == BundleTarget("3.12", "x86_64-manylinux2014")
    assert (settings.evaluation_compute, settings.removal_policy) == ("lambda", "retain")


def test_the_command_line_gives_text_and_cdk_json_gives_numbers() -> None:
    given = {"architecture": "arm64", "python_version": "3.13", "removal_policy": "destroy"}
    typed = read_settings({**given, "log_retention_days": "30", "max_event_age_hours": "24"})
    assert typed == read_settings({**given, "log_retention_days": 30, "max_event_age_hours": 24})
    assert typed.bundle_target == BundleTarget("3.13", "aarch64-manylinux2014")


def test_the_platform_of_the_wheels_can_be_named() -> None:
    target = read_settings({"platform": "aarch64-apple-darwin"}).bundle_target
    assert target == BundleTarget("3.12", "aarch64-apple-darwin")


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"python_version": "3.9"}, "python_version: String should match pattern"),
        ({"python_version": "python3.12"}, "python_version: String should match pattern"),
        ({"architecture": "armv7"}, "architecture: Input should be 'x86_64' or 'arm64'"),
        ({"evaluation_compute": "ec2"}, "evaluation_compute: Input should be 'lambda' or 'processing'"),
        ({"removal_policy": "keep"}, "removal_policy: Input should be 'retain' or 'destroy'"),
        ({"log_retention_days": "8"}, "log_retention_days: Input should be 1, 3, 5, 7"),
        ({"max_event_age_hours": "48"}, "max_event_age_hours: Input should be less than or equal to 24"),
        ({"alarm_topic_arn": "ops"}, "alarm_topic_arn: String should match pattern"),
        ({"evaluation_compute": "processing"}, "set AWS_REGION, or pass -c region=eu-central-1"),
        (
            {"evaluation_compute": "processing", "architecture": "arm64", "region": "eu-central-1"},
            "leave out -c architecture=arm64",
        ),
    ],
)
def test_a_value_that_cannot_be_deployed_is_one_message(context: dict[str, str], message: str) -> None:
    with pytest.raises(DeploymentSettingsError) as raised:
        read_settings(context)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"evidence_buckets": "churn"}, "evidence_buckets: Input should be a valid tuple"),
        ({"evidence_buckets": '[{"name": "Churn"}]'}, "evidence_buckets[0].name: String should match pattern"),
        ({"evidence_buckets": [{"nam": "churn"}]}, 'evidence_buckets[0].nam: unknown setting; did you mean "name"?'),
        ({"evidence_buckets": [{"name": "churn", "account": 123456789012}]}, "write text in quotes"),
        (
            {"evidence_buckets": [{"name": "churn"}, {"name": "churn"}]},
            "evidence_buckets: churn is there twice; leave one out",
        ),
        (
            {"region": "eu-central-1", "evidence_buckets": [{"name": "churn", "kms_key_arn": KEY}]},
            "evidence_buckets: the key of churn is in eu-west-1, and the stack in eu-central-1",
        ),
        ({"keep_evidence_days": 0}, "keep_evidence_days: Input should be greater than or equal to 1"),
        ({"keep_item_results": "perhaps"}, "keep_item_results: Input should be a valid boolean"),
        ({"report_pages": "perhaps"}, "report_pages: Input should be a valid boolean"),
        ({"notify_on": []}, "notify_on: List should have at least 1 item"),
        ({"decisions_topic": "arn:aws:sns:eu-west-1:123456789012:x.fifo"}, "decisions_topic.arn: String should match"),
        (
            {"region": "eu-central-1", "decisions_topic": "arn:aws:sns:eu-west-1:123456789012:x"},
            "decisions_topic: is of eu-west-1, and region of eu-central-1",
        ),
        (
            {
                "region": "eu-central-1",
                "decision_bus": "arn:aws:events:eu-west-1:123456789012:event-bus/x",
            },
            "decision_bus: is of eu-west-1, and region of eu-central-1",
        ),
    ],
)  # fmt: skip
def test_settings_of_evidence_that_cannot_be_deployed_are_named(
    context: dict[str, object], message: str
) -> None:
    assert message in refusal(context)


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(DeploymentSettingsError, match=r"python_version: .*; architecture: "):
        read_settings({"python_version": "2", "architecture": "m68k"})


def refusal(context: Mapping[str, object]) -> str:
    with pytest.raises(DeploymentSettingsError) as raised:
        read_settings(context)
    assert "\n" not in str(raised.value)
    return str(raised.value).removeprefix("the settings cannot be deployed: ")


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("removal_polcy", 'did you mean "removal_policy"?'),
        ("pipelineName", 'did you mean "pipeline_name"?'),
        ("setings", 'did you mean "settings"?'),
        ("zzz", "there are access_log_bucket, "),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one_on_the_command_line_and_in_the_file(
    name: str, way_out: str, tmp_path: Path
) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text(f"{name}: x\n")
    said = f"the settings cannot be deployed: {name}: unknown setting; {way_out}"
    assert refusal({name: "x"}).startswith(said.removeprefix("the settings cannot be deployed: "))
    assert refusal({"settings": str(file)}).startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    "name", ["aws:cdk:enable-path-metadata", "@aws-cdk/core:x", "vpc-provider:account=1"]
)
def test_the_context_keys_of_the_cdk_pass(name: str) -> None:
    assert read_settings({name: "x"}) == DeploymentSettings()


@pytest.mark.parametrize("write", [json.dumps, lambda settings: "stack_name: Gate\nlog_retention_days: 30\n"])
def test_a_file_holds_settings_and_the_context_goes_before_it(write: Any, tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text(write({"stack_name": "Gate", "log_retention_days": 30}))
    assert read_settings({"settings": str(file)}) == read_settings(
        {"stack_name": "Gate", "log_retention_days": "30"}
    )
    assert read_settings({"settings": str(file), "stack_name": "Other"}).stack_name == "Other"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"stack_name: [", "not YAML or JSON: "),
        (b"- stack_name", "holds no settings; write one `name: value` a line"),
        (b"", "holds no settings"),
        (b"1: 2", "holds no settings"),
        (b"stack_name: A\nstack_name: B", "stack_name: is there twice; leave one out"),
        (b"\xff", "cannot be read as a settings file"),
        (None, "cannot be read as a settings file: [Errno 2] No such file"),
        (
            b"log_retention_days: " + b"9" * 5_000,
            "a value in it cannot be read (Exceeds the limit (4300 digits)",
        ),
        (b"stack_name: 0x" + b"f" * 5_000, "a value in it cannot be read (Exceeds the limit (4300 digits)"),
        (b"log_retention_days: 2026-13-45", "a value in it cannot be read (month must be in 1..12)"),
        (b"vpc: &a [*a]", "a value in it cannot be read (Circular reference"),
        (b"vpc: {2026-01-01: 1}", "a value in it cannot be read (keys must be"),
        (b"[" * 1_000, "a value in it cannot be read (maximum recursion depth"),
    ],
    ids=[
        *("syntax", "list", "empty", "number", "twice", "bytes", "absent"),
        *("huge", "huge in base 16", "no day", "cycle", "day as a key", "deep"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    if content is not None:
        file.write_bytes(content)
    refused = refusal({"settings": str(file)})
    assert refused.startswith(f"{file}: ")
    assert message in refused


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"python_version": 3.12},
            "python_version: Input should be a valid string, not 3.12; write text in quotes; for example",
        ),
        ({"log_retention_days": "a year"}, "log_retention_days: Input should be 1, 3"),
        (
            {"max_event_age_hours": [6]},
            "max_event_age_hours: Input should be a valid integer, not [6]; for example 6",
        ),
        (
            {"stack_name": {"a": 1}},
            'stack_name: Input should be a valid string, not {"a": 1}; write text in quotes',
        ),
        ({"stack_name": "my stack"}, "stack_name: String should match pattern"),
    ],
    ids=["float", "words", "list", "mapping", "spaces"],
)
def test_a_value_of_a_wrong_type_is_named_with_an_example(context: dict[str, object], message: str) -> None:
    assert refusal(context).startswith(message)


KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:ops"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"region": "eu-west-1", "alarm_topic_arn": TOPIC},
            "alarm_topic_arn: is of eu-central-1, and region of",
        ),
        (
            {"region": "eu-west-1", "kms_key_arn": KEY},
            "eu-central-1, and region of eu-west-1; name one of the region",
        ),
        (
            {"alarm_topic_arn": TOPIC.replace("central", "west"), "kms_key_arn": KEY},
            "kms_key_arn: is of eu-central-1, and alarm_topic_arn of eu-west-1",
        ),
        (
            {"region": "eu-west-1", "image_uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/python:3.12"},
            "image_uri: is of us-east-1, and region of eu-west-1",
        ),
        (
            {"region": "eu-west-1", "evidence_bucket": {"name": "team-evidence", "kms_key_arn": KEY}},
            "evidence_bucket.kms_key_arn: is of eu-central-1",
        ),
        ({"kms_key_arn": KEY.replace("key/", "alias/")}, "kms_key_arn: String should match pattern"),
        (
            {"kms_key_arn": KEY, "create_kms_key": True},
            "kms_key_arn: is given beside create_kms_key; leave",
        ),
        (
            {"alarm_topic_arn": TOPIC, "alarm_email": "a@example.com"},
            "alarm_topic_arn: is given beside alarm_email",
        ),
        ({"alarm_email": "operations"}, "alarm_email: String should match pattern"),
        ({"vpc": {"subnet_ids": ["subnet-0a1b2c3d"]}}, "vpc.security_group_ids: not given"),
        (
            {"vpc": {"subnet_ids": [], "security_group_ids": ["sg-0a1b2c3d"]}},
            "vpc.subnet_ids: List should have at least",
        ),
        (
            {"vpc": {"subnet_ids": ["vpc-1"], "security_group_ids": ["sg-0a1b2c3d"]}},
            "vpc.subnet_ids[0]: String should match",
        ),
        (
            {"vpc": {"subnets": ["subnet-0a1b2c3d"]}},
            'vpc.subnets: unknown setting; did you mean "subnet_ids"?',
        ),
        ({"vpc": "vpc-123"}, 'vpc: Input should be a valid dictionary or instance of Network, not "vpc-123"'),
        ({"evidence_bucket": "Team_Evidence"}, "evidence_bucket.name: String should match pattern"),
        ({"evidence_bucket": {"bucket": "team"}}, "evidence_bucket.bucket: unknown setting; "),
        ({"tags": {"aws:team": "x"}}, "tags: aws:team: names with aws: are AWS's own; take another"),
        ({"tags": '{"team": 1}'}, "tags.team: Input should be a valid string, not 1; write text in quotes"),
        ({"tags": "team=risk"}, 'tags: Input should be a valid dictionary, not "team=risk"; for example {'),
        ({"create_kms_key": "perhaps"}, "create_kms_key: Input should be a valid boolean"),
        ({"reserved_concurrency": 0}, "reserved_concurrency: Input should be greater than or equal to 1"),
        ({"instance_type": "t3.medium"}, "instance_type: String should match pattern"),
        (
            {"evaluation_minutes": 9},
            "evaluation_minutes: a function that a pipeline waits for may take 5",
        ),
        ({"permissions_boundary_arn": "boundary"}, "permissions_boundary_arn: String should match pattern"),
        ({"pipeline_name": "a--"}, "pipeline_name: String should match pattern"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.partition(":")[0],
)
def test_what_cannot_work_together_or_anywhere_is_refused_by_name(
    context: dict[str, Any], message: str
) -> None:
    assert message in refusal(context)


def test_the_region_of_the_cdk_command_is_used_where_the_context_names_none() -> None:
    context = {"evaluation_compute": "processing"}
    assert read_settings(context, region="eu-west-1").region == "eu-west-1"
    assert read_settings({**context, "region": "us-east-1"}, region="eu-west-1").region == "us-east-1"


@pytest.mark.parametrize(("version", "warned"), [("3.12", False), ("3.11", True)])
def test_a_bundle_that_the_managed_image_cannot_run_is_warned_of(version: str, warned: bool) -> None:
    settings = read_settings(
        {"evaluation_compute": "processing", "region": "eu-west-1", "python_version": version}
    )
    assert (settings.processing_warning is not None) == warned
    assert read_settings({"python_version": version}).processing_warning is None


def test_the_settings_file_that_the_page_shows_can_be_deployed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    shown, with_accounts = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "deployment.yaml"
    file.write_text(with_accounts)
    assert [entry.registry for entry in read_settings({"settings": str(file)}).model_accounts] == [
        "governance",
        "own",
    ]
    file.write_text(textwrap.dedent(shown))
    settings = read_settings({"settings": str(file)})
    assert (settings.region, settings.create_kms_key) == ("eu-central-1", True)
    assert settings.tags["cost-centre"] == "42"


MODEL_ACCOUNT: dict[str, Any] = {
    "account": "111122223333",
    "artifact_bucket": "team-artifacts",
    "model_package_groups": ["churn"],
}
GOVERNANCE_ACCOUNT: dict[str, Any] = {"account": "999988887777", "evidence_bucket": "governance-evidence"}


def test_model_accounts_are_read_from_one_file(tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    shown = {"region": "eu-central-1", "governance_account": GOVERNANCE_ACCOUNT}
    file.write_text(json.dumps(shown | {"model_accounts": [MODEL_ACCOUNT]}))
    (entry,) = read_settings({"settings": str(file)}).model_accounts
    assert (entry.account, entry.artifact_bucket.name, entry.registry) == (
        "111122223333",
        "team-artifacts",
        "governance",
    )
    assert entry.create_groups


def test_a_group_with_the_suffix_of_mlflow_is_among_those_that_are_named() -> None:
    entry = MODEL_ACCOUNT | {"model_package_groups": ["churn-0a1b2c"]}
    given = {"region": "eu-central-1", "model_accounts": [entry], "model_package_groups": ["churn"]}
    assert read_settings(given | {"mlflow_suffix": True}).model_accounts
    assert "is not among model_package_groups" in refusal(given)


def accounts(*changes: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Settings with one model account for each of the changes to the one above."""
    return {"model_accounts": [MODEL_ACCOUNT | change for change in changes or ({},)], **others}


ANOTHER = {"account": "444455556666", "artifact_bucket": "other-artifacts"}
OTHER_KEY_BUCKET = {"name": "team-artifacts", "kms_key_arn": KEY.replace("central", "west")}
MANY = [f"group-{number}" for number in range(31)]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        pytest.param(accounts({"account": "1"}), "model_accounts[0].account: String should", id="account"),
        pytest.param(
            accounts({"acount": "1"}), 'acount: unknown setting; did you mean "account"?', id="name"
        ),
        pytest.param(
            accounts({"model_package_groups": ["churn-*"]}), "groups[0]: String should match", id="pattern"
        ),
        pytest.param(accounts({"model_package_groups": []}), "List should have at least 1", id="no group"),
        pytest.param(accounts({}, {}), "111122223333 is there twice; leave one out", id="twice"),
        pytest.param(accounts(region=None), "set region, or AWS_REGION", id="no region"),
        pytest.param(
            accounts({"region": "us-east-1"}),
            "111122223333 is in us-east-1, and the stack in eu-central-1: copies stay in one region; replicate the "
            "bucket to eu-central-1, or deploy a governance stack in us-east-1",
            id="region",
        ),
        pytest.param(
            accounts({"artifact_bucket": OTHER_KEY_BUCKET}),
            "the key of team-artifacts is in eu-west-1",
            id="region of the key",
        ),
        pytest.param(
            accounts({}, ANOTHER | {"artifact_bucket": "team-artifacts"}),
            "the bucket team-artifacts has two meanings",
            id="bucket of two",
        ),
        pytest.param(
            accounts(evidence_buckets=[{"name": "team-artifacts"}]),
            "the bucket team-artifacts has two meanings",
            id="bucket of evidence",
        ),
        pytest.param(
            accounts(*({"account": f"{n:012}", "artifact_bucket": f"team-{n}"} for n in range(21))),
            "there are 21, and a deployment takes 20; deploy a second stack",
            id="many accounts",
        ),
        pytest.param(accounts(stack_name="A" * 41), "stack_name: with model_accounts it has", id="long name"),
        pytest.param(
            accounts({"model_package_groups": ["churn", "Churn"]}),
            '111122223333 names the group "churn" twice',
            id="group twice",
        ),
        pytest.param(
            accounts(model_package_groups=["rag-*"]),
            'the group "churn" of 111122223333 is not among model_package_groups',
            id="group outside",
        ),
        pytest.param(
            accounts({"registry": "own", "model_package_groups": MANY}),
            "31 groups are in registries of model accounts, and a deployment takes 30",
            id="many groups",
        ),
        pytest.param(
            accounts({}, ANOTHER | {"create_groups": False}),
            'the group "churn" is to be created for one account and exists',
            id="created and there",
        ),
        pytest.param(
            accounts(governance_account=GOVERNANCE_ACCOUNT | {"account": "111122223333"}),
            "111122223333 is the governance account itself; leave it out",
            id="itself",
        ),
        pytest.param(
            accounts(governance_account=GOVERNANCE_ACCOUNT, evidence_bucket="team-evidence"),
            "evidence_bucket is governance-evidence, and the setting evidence_bucket team-evidence",
            id="other evidence bucket",
        ),
        pytest.param(
            accounts(governance_account=GOVERNANCE_ACCOUNT, create_kms_key=True),
            "give evidence_bucket.kms_key_arn too, as the output DataKeyArn says it",
            id="created key",
        ),
        pytest.param(
            accounts(governance_account=GOVERNANCE_ACCOUNT, kms_key_arn=KEY),
            f"the key of the evidence bucket is None, and by the other settings {KEY}",
            id="own key",
        ),
    ],
)
def test_model_accounts_that_cannot_work_are_refused_by_name(context: dict[str, Any], message: str) -> None:
    assert message in refusal({"region": "eu-central-1"} | context)
