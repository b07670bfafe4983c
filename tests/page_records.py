"""Decision records that pages are made of: one that has everything, with hostile names, and those before it."""

import json

from checks.decision_record import DecisionRecord
from checks.pairing_text import add_beside, add_paired

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>\u202egnp.exe"""
SHA = "ab" * 32
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn"
COLOURS = [f"colour={name}" for name in ("red", "green", "blue", "grey", "black", "white", "pink")]


def finding(
    check: str = "accuracy", *, outcome: str = "passed", value: float | None = 0.9, **changes: object
) -> dict[str, object]:
    """A finding as the JSON of a record has it."""
    asks = {"passed": None, "failed": "reject", "missing": "review", "inconclusive": "review"}[outcome]
    return {
        "check": check,
        "metric": f"quality.{check}" if check.isalnum() else "quality.x",
        "facet": None,
        "outcome": outcome,
        "consequence": asks,
        "value": value,
        "samples": 200,
        "interval": None,
        "limit": {"at_least": 0.8},
        "why": "Because people rely on it.",
        "reason": f"{value} is {outcome}",
    } | changes


def record_of(
    *findings: dict[str, object], version: int = 3, decision: str = "Rejected", **changes: object
) -> DecisionRecord:
    """The record of one decision about a version of the group churn."""
    content = {
        "schema": "governance.decision/2",
        "decision": decision,
        "model_package": {"arn": f"{ARN}/{version}", "group": "churn", "version": version, "containers": ()},
        "thresholds": {
            "name": "churn",
            "sha256": SHA,
            "source": "s3://thresholds/churn.yaml",
            "mode": "enforce",
        },
        "evidence": (),
        "findings": findings,
        "engine": {"name": "sagemaker-model-governance", "version": "0.1.0"},
        "decided_at": "2026-03-01T12:00:00Z",
    }
    return DecisionRecord.read_json(json.dumps(content | changes).encode())


def full_record() -> DecisionRecord:
    """A record with all that a page shows, and texts that try to be markup."""
    interval = {"low": 0.71, "high": 0.83, "confidence": 0.9, "one_sided": 0.95}
    waiver = {"facet": None, "reason": HOSTILE, "approved_by": "ann@example.com", "expires": "2026-06-30"}
    colours = [
        finding("colours", outcome="failed" if place == 0 else "passed", value=0.7 + place / 50, facet=facet)
        for place, facet in enumerate(COLOURS)
    ]
    return record_of(
        finding(outcome="failed", value=0.77, interval=interval),
        *colours,
        finding(
            HOSTILE,
            outcome="failed",
            consequence="warn",
            facet=HOSTILE,
            why=HOSTILE,
            reason=HOSTILE,
            waiver={**waiver, "otherwise": "reject"},
        ),
        finding("latency", outcome="missing", value=None, limit={"at_most": 2.0}, samples=None),
        waivers=[{**waiver, "check": HOSTILE, "use": "used"}],
        evidence=[
            {
                "uri": f"s3://reports/churn/3/{HOSTILE}.json",
                "version_id": "v1",
                "sha256": SHA,
                "format": "sagemaker_evaluation",
                "digest": "verified",
                "copy_uri": f"s3://evidence/judged-evidence/{SHA}",
            },
            {"uri": "s3://reports/churn/3/bias.json", "version_id": "v 2", "sha256": SHA, "format": "x"},
        ],
    )


PAIRED = "paired on the same 400 items by Student's t of their differences, as items have scores"
BESIDE = ("version 2 has 0.875", "no worse than the baseline by 0.02")


def compared_record() -> DecisionRecord:
    """A record of thresholds that were published, which is held against a baseline."""
    limit = {"at_least": 0.855}  # what 0.02 below the baseline is
    return record_of(
        finding(
            value=0.85,
            limit=limit,
            baseline={"value": 0.875, "samples": 400},
            outcome="failed",
            reason=add_beside(add_paired("0.85 is below 0.855", PAIRED), *BESIDE),
        ),
        finding("latency", limit={"at_most": 2.0}, value=1.5),
        thresholds={
            "name": "churn",
            "sha256": SHA,
            "source": "s3://thresholds/churn.yaml",
            "mode": "enforce",
            "publication": {
                "bundle": {
                    "uri": "s3://thresholds/thresholds/bundle.json?versionId=v7",
                    "sha256": "cd" * 32,
                    "published_by": "arn:aws:iam::123456789012:user/ann",
                },
                "published_at": "2026-02-01T08:00:00Z",
                "predates_evidence": True,
            },
        },
        baseline={
            "model_package_arn": f"{ARN}/2",
            "record_uri": "s3://decisions/decisions/churn/2/e2.json",
            "record_sha256": "ef" * 32,
            "evidence": (),
        },
    )


def earlier_records() -> list[DecisionRecord]:
    """The decisions about the two versions before."""
    return [
        record_of(
            finding(value=value),
            *(finding("colours", facet=facet, value=value) for facet in COLOURS),
            version=version,
        )
        for version, value in ((1, 0.81), (2, 0.88))
    ]
