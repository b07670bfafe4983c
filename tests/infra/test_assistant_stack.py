"""The stack of the assistant AskData: what is its own, beside the rules that every stack is held to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation_table import EXPIRY, describe_table
from assistant.settings import AssistantSettings
from deploy.image import COPIED, DOCKERFILE, ROOT
from deploy.settings import AskDataSettings
from infra.settings_sources import DeploymentSettingsError, read_settings_of
from tests.infra.synthesised import ASSISTANTS, KEY, REGION, Synthesised, synthesise_assistant

pytestmark = pytest.mark.xdist_group("synthesised")

PLAIN, SIGNED_IN, IN_A_NETWORK = ASSISTANTS
PAGE = ROOT / "examples" / "askdata" / "deploy" / "README.md"


def the_one(stack: Synthesised, kind: str) -> dict[str, Any]:
    """The properties of the one resource of a type."""
    (properties,) = stack.of_type(kind).values()
    return properties


def container(stack: Synthesised) -> dict[str, Any]:
    (found,) = the_one(stack, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(found)


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_assistant_understands_its_environment(choice: str) -> None:
    environment = {
        entry["Name"]: entry["Value"] for entry in container(synthesise_assistant(choice))["Environment"]
    }
    settings = AssistantSettings.from_environment(environment)
    assert settings.group == ASSISTANTS[choice].get("model_package_group", "askdata")
    assert settings.decisions_bucket == "governance-decisions"
    assert "sslmode=verify-full" in settings.database_url


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_table_is_the_one_that_conversations_are_written_for(choice: str) -> None:
    table = the_one(synthesise_assistant(choice), "AWS::DynamoDB::Table")
    asked = describe_table("any")
    assert {name: table[name] for name in ("KeySchema", "AttributeDefinitions", "BillingMode")} == {
        name: asked[name] for name in ("KeySchema", "AttributeDefinitions", "BillingMode")
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": EXPIRY, "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_password_is_a_secret_and_the_database_is_reached_from_the_service_alone(choice: str) -> None:
    stack = synthesise_assistant(choice)
    secrets = {entry["Name"] for entry in container(stack)["Secrets"]}
    assert secrets == {"PGUSER", "PGPASSWORD"}
    assert "password" not in json.dumps(container(stack)["Environment"]).lower()
    cluster, instance = the_one(stack, "AWS::RDS::DBCluster"), the_one(stack, "AWS::RDS::DBInstance")
    assert (cluster["StorageEncrypted"], instance["PubliclyAccessible"]) == (True, False)
    assert the_one(stack, "AWS::RDS::DBClusterParameterGroup")["Parameters"] == {"rds.force_ssl": "1"}
    opened = [
        rule["Description"]
        for rule in stack.of_type("AWS::EC2::SecurityGroupIngress").values()
        if "database" in str(rule["GroupId"]).lower()
    ]
    assert opened == ["the screen"]


@pytest.mark.parametrize(
    ("choice", "scheme", "sources", "actions"),
    [
        pytest.param(PLAIN, "internal", {"10.0.0.0/16"}, ["forward"], id="internal"),
        pytest.param(
            SIGNED_IN, "internal", {"10.0.0.0/16"}, ["authenticate-oidc", "forward"], id="internal, signed in"
        ),
        pytest.param(
            IN_A_NETWORK, "internet-facing", {"0.0.0.0/0"}, ["authenticate-oidc", "forward"], id="internet"
        ),
    ],
)
def test_who_reaches_the_screen(choice: str, scheme: str, sources: set[str], actions: list[str]) -> None:
    stack = synthesise_assistant(choice)
    balancer, listener = (
        the_one(stack, f"AWS::ElasticLoadBalancingV2::{kind}") for kind in ("LoadBalancer", "Listener")
    )
    assert balancer["Scheme"] == scheme
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert [
        action["Type"] for action in sorted(listener["DefaultActions"], key=lambda one: one.get("Order", 0))
    ] == actions
    opened = {
        rule["CidrIp"]
        for group in stack.of_type("AWS::EC2::SecurityGroup").values()
        for rule in group.get("SecurityGroupIngress", [])
    }
    assert opened == sources
    group = the_one(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert group["HealthCheckPath"] == "/_stcore/health"
    kept = {entry["Key"]: entry["Value"] for entry in group["TargetGroupAttributes"]}
    assert kept["stickiness.enabled"] == "true"


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_container_writes_nothing_but_its_scratch_folder_and_is_not_the_superuser(choice: str) -> None:
    found = container(synthesise_assistant(choice))
    assert (found["ReadonlyRootFilesystem"], found["User"]) == (True, "1000:1000")
    assert found["MountPoints"] == [{"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "scratch"}]


def test_the_image_is_built_from_what_its_dockerfile_copies() -> None:
    lines = (ROOT / DOCKERFILE).read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sorted(copied) == sorted(COPIED)
    assert all((ROOT / name).exists() for name in COPIED)
    assert any(line.startswith("USER 1000") for line in lines)


NEEDED = ASSISTANTS[PLAIN]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"internet_facing": True}, "set sign_in, or leave it internal", id="open to everybody"),
        pytest.param({"models": []}, "models: List should have at least 1 item", id="no model"),
        pytest.param({"models": ["Nova Pro"]}, "for example", id="no id of a model"),
        pytest.param({"certificate_arn": "none"}, "certificate_arn: ", id="no certificate"),
        pytest.param({"task": 3}, 'task: unknown setting; did you mean "tasks"?', id="unknown"),
        pytest.param(
            {"decisions_bucket": {"name": "b", "key": KEY}},
            "decisions_bucket.key: unknown setting",
            id="of a part",
        ),
        pytest.param(
            {
                "network": {
                    **ASSISTANTS[IN_A_NETWORK]["network"],
                    "availability_zones": [f"{REGION}a", f"{REGION}b", f"{REGION}c"],
                }
            },
            "2 subnets for 3 availability zones",
            id="zones without subnets",
        ),
    ],
)
def test_bad_settings_get_one_message(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DeploymentSettingsError) as caught:
        read_settings_of(AskDataSettings, {**NEEDED, **changed}, region=REGION, page="README.md")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_setting_is_in_a_stack_and_on_the_page() -> None:
    given = {name for settings in ASSISTANTS.values() for name in settings} | {"region"}
    assert given == set(AskDataSettings.model_fields)
    rows = {
        line.split("`")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    }
    assert rows == given


def test_the_app_refuses_settings_with_exit_code_2_and_one_line() -> None:
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({"tasks": 0}), "CDK_DEFAULT_REGION": REGION}
    run = subprocess.run(
        [sys.executable, Path("examples/askdata/deploy/app.py")],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "")
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert "decisions_bucket" in line and "tasks" in line
