"""What cannot work is said at the synthesis where it can be known there: by name, with the way out, in full."""

from typing import Any

import pytest

from infra.deployment_duties import list_duties
from infra.settings_sources import DeploymentSettingsError, read_settings

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:operations"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "overlapping patterns": (
        {"model_package_groups": ["churn-*", "*-eu", "askdata"]},
        'model_package_groups: "churn-*" and "*-eu" match the same groups; leave the narrower one out, '
        'not ["churn-*", "*-eu", "askdata"]; for example ["churn", "askdata-*"]',
    ),
    "an evidence bucket whose key is in another region": (
        {"region": "eu-central-1", "evidence_buckets": [{"name": "team-reports", "kms_key_arn": KEY}]},
        "evidence_buckets: the key of team-reports is in eu-west-1, and the stack in eu-central-1: evidence is read in "
        "the stack's region; replicate the bucket there, or deploy a stack there",
    ),
    "a topic of another region": (
        {"region": "eu-central-1", "alarm_topic_arn": TOPIC},
        "alarm_topic_arn: is of eu-west-1, and region of eu-central-1; name one of the region that is deployed to",
    ),
    "a key of another region": (
        {"region": "eu-central-1", "kms_key_arn": KEY},
        "kms_key_arn: is of eu-west-1, and region of eu-central-1; name one of the region that is deployed to",
    ),
    "a list where a mapping belongs": (
        {"vpc": ["subnet-0a1b2c3d"]},
        'vpc: Input should be a valid dictionary or instance of Network, not ["subnet-0a1b2c3d"]',
    ),
    "text where a number belongs": (
        {"reconcile_minutes": "often"},
        "reconcile_minutes: Input should be a valid integer, unable to parse string as an integer, "
        'not "often"; for example 5',
    ),
    "a number where text belongs": (
        {"stack_name": 7},
        "stack_name: Input should be a valid string, not 7; write text in quotes; for example "
        '"ModelGovernance"',
    ),
}
LEFT_TO_THE_ORGANISATION: dict[str, tuple[dict[str, Any], str, str]] = {
    "the policy of a key": (
        {"kms_key_arn": KEY},
        "key-policy",
        "the policy of kms_key_arn must let CloudWatch Logs, EventBridge and CloudWatch's alarms use the key, or log "
        "groups cannot be created and events that fail are lost; docs/deploying.md has the statements",
    ),
    "the endpoints of a VPC": (
        {
            "region": "eu-west-1",
            "vpc": {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]},
        },
        "vpc-endpoints",
        "the subnets of vpc must reach these endpoints, or the internet: com.amazonaws.eu-west-1.s3 (gateway or "
        "interface); com.amazonaws.eu-west-1.sagemaker.api (interface, with private DNS); "
        "com.amazonaws.eu-west-1.events (interface, with private DNS); com.amazonaws.eu-west-1.sns (interface, with "
        "private DNS); com.amazonaws.eu-west-1.kms (interface, with private DNS); and the security groups must let "
        "HTTPS out to them",
    ),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DeploymentSettingsError) as refused:
        read_settings(settings)
    assert str(refused.value) == f"the settings cannot be deployed: {message}"


@pytest.mark.parametrize(
    ("settings", "name", "message"), LEFT_TO_THE_ORGANISATION.values(), ids=LEFT_TO_THE_ORGANISATION
)
def test_what_only_the_organisation_can_see_to_is_warned_of(
    settings: dict[str, Any], name: str, message: str
) -> None:
    assert list_duties(read_settings(settings))[name] == message
