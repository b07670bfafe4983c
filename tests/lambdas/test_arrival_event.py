"""The event of a copy that arrives in the evidence bucket: which report it is of, or why nothing is looked at."""

from typing import Any

import pytest

from aws.s3_uris import S3Uri
from checks.report_files import MANIFEST
from lambdas.arrival_event import read_arrival_event
from lambdas.object_event import ObjectEventRefusedError
from pipelines.reconcile_versions import ArrivedReport
from pipelines.step_settings import ReconcileSettings, UngovernedGroups, write_places

HOME, TEAM, REGION = "123456789012", "111122223333", "eu-west-1"
COPIES = f"accounts/{TEAM}/team-artifacts/"
SETTINGS = ReconcileSettings(
    pipeline_name="model-governance",
    decisions_bucket="decisions",
    seal_key=f"arn:aws:kms:{REGION}:{HOME}:key/1",
    thresholds_bucket="thresholds",
    model_package_groups="*",
    ungoverned_groups=UngovernedGroups.IGNORE,
    max_starts_per_run="20",
    decide_within_hours="24",
    evidence_bucket="evidence",
    artifact_buckets=write_places([("444455556666", "other-artifacts"), (TEAM, "team-artifacts")]),
    evidence_deadline_hours="24",
)


def event_of(key: str, **changes: Any) -> dict[str, Any]:
    """What S3 tells EventBridge of a new object in the evidence bucket."""
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": HOME,
        "region": REGION,
        "detail": {"bucket": {"name": "evidence"}, "object": {"key": key, "version-id": "v1"}},
    } | changes


@pytest.mark.parametrize(
    ("key", "original"),
    [
        pytest.param(f"{COPIES}m/1/evaluation.json", "m/1/evaluation.json", id="report"),
        pytest.param(f"{COPIES}m/1/{MANIFEST}", f"m/1/{MANIFEST}", id="list of reports"),
        pytest.param(f"{COPIES}m/model.tar.gz", None, id="model"),
        pytest.param("accounts/999988887777/team-artifacts/a.json", None, id="unnamed account"),
        pytest.param(f"accounts/{TEAM}/other/a.json", None, id="unnamed bucket"),
        pytest.param("judged-evidence/ab.json", None, id="no copy from an account"),
    ],
)
def test_what_has_arrived(key: str, original: str | None) -> None:
    expected = None if original is None else ArrivedReport(TEAM, S3Uri("team-artifacts", original))
    assert read_arrival_event(event_of(key), SETTINGS) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"account": TEAM}, f"account is '{TEAM}', not '{HOME}'", id="other account"),
        pytest.param({"region": "eu-central-1"}, "region is 'eu-central-1'", id="other region"),
        pytest.param({"detail": {"bucket": {"name": "team-artifacts"}}}, "not 'evidence'", id="other bucket"),
    ],
)
def test_an_event_from_elsewhere_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ObjectEventRefusedError, match=message):
        read_arrival_event(event_of(f"{COPIES}a.json", **changes), SETTINGS)
