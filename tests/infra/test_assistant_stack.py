"""The stack of the assistant AskData: what is its own, beside the rules that every stack is held to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from assistant.approved_versions import ApprovedVersions
from assistant.conversation_table import EXPIRY, create_table, describe_table
from assistant.conversations import Conversations
from assistant.kept_answers import KeptTurn, Served
from assistant.screen_settings import ScreenSettings
from aws import clients
from aws.bedrock import BedrockChat
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from aws.s3_objects import ObjectMissingError, read_object
from aws.s3_uris import S3Uri
from deploy.image import COPIED, DOCKERFILE, ROOT
from deploy.settings import AskDataSettings
from infra.settings_sources import DeploymentSettingsError, read_settings_of
from pipelines.step_settings import DECISIONS_FOLDER
from tests.infra.synthesised import ACCOUNT, ASSISTANTS, KEY, REGION, Synthesised, synthesise_assistant
from tests.mocked_aws import mocked_aws
from tests.noted_calls import NotedCalls, asked, find_needless, is_allowed

CLIENTS: Any = (
    clients.s3_client,
    clients.sagemaker_client,
    clients.dynamodb_client,
    clients.bedrock_runtime_client,
)
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
def test_the_screen_understands_its_environment(choice: str) -> None:
    stack = synthesise_assistant(choice)
    screen = ScreenSettings.from_environment(
        {entry["Name"]: entry["Value"] for entry in container(stack)["Environment"]}
    )
    (table,) = stack.of_type("AWS::DynamoDB::Table")
    lakes = [word for word in (ROOT / DOCKERFILE).read_text(encoding="utf-8").split() if ".duckdb" in word]
    assert (screen.table, [str(screen.lake)]) == (table.lower(), lakes)
    settings = screen.assistant
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
    # deploy/database.py says which pgvector this version has.
    assert cluster["Engine"] == instance["Engine"] == "aurora-postgresql"
    assert tuple(map(int, cluster["EngineVersion"].split("."))) >= (16, 8)
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


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotedCalls]:
    """The calls of clients of AWS, which moto answers."""
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mocked_aws():
        session = boto3.Session(region_name=REGION)
        monkeypatch.setattr(clients, "_session", lambda _region=None: session)
        made = NotedCalls(session, ACCOUNT, REGION)
        for client in CLIENTS:  # a client takes the session's hooks when it is made
            client.cache_clear()
        yield made
        for client in CLIENTS:
            client.cache_clear()


def go_through_everything(settings: AskDataSettings, noted: NotedCalls) -> None:
    """Let the assistant make each call that it makes: look for approvals, fetch, ask, remember and be rated."""
    group, bucket, table = settings.model_package_group, settings.decisions_bucket.name, "conversations"
    s3: Any = clients.s3_client()
    sagemaker = clients.sagemaker_client()
    for name in (bucket, settings.configurations_bucket.name):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    sagemaker.create_model_package(ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    create_table(clients.dynamodb_client(), table)
    log = S3DecisionLog(s3, f"s3://{bucket}/{DECISIONS_FOLDER}")
    decision = f"s3://{bucket}/{DECISIONS_FOLDER}/{group}/1/one.json"
    archive = f"s3://{settings.configurations_bucket.name}/{group}/configurations/{'0' * 64}/model.tar.gz"
    versions = ApprovedVersions(group, SageMakerModelRegistry(sagemaker), log, s3)
    conversations = Conversations(clients.dynamodb_client(), table)
    turn = KeptTurn(1, "?", "SELECT 1", "", (), Served("arn", "0" * 64), datetime.now(UTC))
    with noted.of("screen"):
        list(versions.newest_first())
        with pytest.raises(ObjectMissingError):
            log.read(decision)
        with pytest.raises(ObjectMissingError):
            read_object(s3, S3Uri.parse(archive), max_bytes=1)
        conversation = conversations.begin()
        kept = conversations.add(
            conversation, turn.question, sql=turn.sql, problem="", tables=(), served=turn.served
        )
        conversations.rate(conversation, kept.number, 5)
        list(conversations.ratings(turn.served.configuration))
        for model in settings.models:
            with pytest.raises(NotImplementedError):  # of moto, which has no Converse: the call was made
                BedrockChat(clients.bedrock_runtime_client(), model, max_tokens=1).converse("?")


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_role_may_do_what_the_assistant_does_and_nothing_else(choice: str, noted: NotedCalls) -> None:
    stack = synthesise_assistant(choice)
    settings = read_settings_of(AskDataSettings, ASSISTANTS[choice], region=REGION, page="README.md")
    go_through_everything(settings, noted)
    (table,) = stack.of_type("AWS::DynamoDB::Table")
    text = json.dumps(
        [statement for name, statement in stack.statements() if name.startswith("ScreenPolicy")]
    )
    statements = json.loads(text.replace(f"table/{table.lower()}", "table/conversations"))
    requests = noted.by_caller["screen"]
    assert [one for one in requests if not is_allowed(one, statements)] == []
    of_keys = [
        asked("kms:Decrypt", bucket.kms_key_arn, ACCOUNT)
        for bucket in (settings.decisions_bucket, settings.configurations_bucket)
        if bucket.kms_key_arn
    ]
    # What a profile sends a request to is AWS's to choose.
    of_profiles = [
        asked(
            "bedrock:InvokeModel",
            f"arn:aws:bedrock:eu-west-1::foundation-model/{model.partition('.')[2]}",
            ACCOUNT,
        )
        for model in settings.models
        if model.startswith("eu.")
    ]
    assert find_needless(statements, [*requests, *of_keys, *of_profiles]) == set()


@pytest.mark.parametrize("choice", ASSISTANTS)
def test_the_container_writes_nothing_but_its_scratch_folder_and_is_not_the_superuser(choice: str) -> None:
    found = container(synthesise_assistant(choice))
    assert (found["ReadonlyRootFilesystem"], found["User"]) == (True, "1000:1000")
    assert found["MountPoints"] == [{"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "scratch"}]
    # By this line it is writable to others than the superuser.
    assert 'VOLUME ["/tmp"]' in (ROOT / DOCKERFILE).read_text(encoding="utf-8").splitlines()


def test_the_image_is_built_from_what_its_dockerfile_copies() -> None:
    lines = (ROOT / DOCKERFILE).read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sorted(copied) == sorted(COPIED)
    assert all((ROOT / name).exists() for name in COPIED)
    assert any(line.startswith("USER 1000") for line in lines)


def build_context() -> Path:
    """The folder that Docker builds the image from."""
    template = synthesise_assistant(PLAIN).template_file
    assets = json.loads(template.with_name(template.name.replace(".template.", ".assets.")).read_text())
    (image,) = assets["dockerImages"].values()
    return template.parent / str(image["source"]["directory"])


def test_the_image_gets_what_its_dockerfile_copies_and_nothing_else() -> None:
    folder = build_context()
    got = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in got if not name.startswith(COPIED)} == set()
    assert {name for name in COPIED if not any(one.startswith(name) for one in got)} == set()
    assert ".streamlit/config.toml" in {name.removeprefix("examples/askdata/") for name in got}


def test_the_screen_starts_from_what_the_image_gets() -> None:
    program = (
        "import sys; import assistant.opening, assistant.result_frame; "
        "files = [getattr(module, '__file__', None) for module in [*sys.modules.values()]]; "
        "print(*filter(None, files), sep='\\n')"
    )
    folder = build_context()
    path = os.pathsep.join(map(str, (folder, folder / "examples" / "askdata")))
    run = subprocess.run(
        [sys.executable, "-P", "-B", "-c", program],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    # An editable installation brings what the image lacks.
    known = (str(folder), sys.prefix, sys.base_prefix)
    assert [file for file in run.stdout.splitlines() if not file.startswith(known)] == []


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
