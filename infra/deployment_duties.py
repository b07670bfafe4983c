"""What the settings leave to the organisation: each is a warning of the synthesis."""

from infra.deployment_settings import DeploymentSettings
from infra.network import list_endpoints


def list_duties(settings: DeploymentSettings) -> dict[str, str]:
    """Return what must be seen to outside of the stack, by a short name."""
    duties = {}
    if warning := settings.processing_warning:
        duties["processing-python"] = warning
    if settings.alarm_topic_arn is None and settings.alarm_email is None:
        duties["alarms-reach-nobody"] = (
            "alarms reach nobody: pass -c alarm_email=operations@example.com, or -c alarm_topic_arn= with the ARN of "
            "an SNS topic"
        )
    if settings.kms_key_arn is not None:
        duties["key-policy"] = (
            "the policy of kms_key_arn must let CloudWatch Logs, EventBridge and CloudWatch's alarms use the key, or "
            "log groups cannot be created and events that fail are lost; docs/deploying.md has the statements"
        )
    if settings.vpc is not None:
        endpoints = list_endpoints(settings.region or "REGION")
        duties["vpc-endpoints"] = (
            f"the subnets of vpc must reach these endpoints, or the internet: {endpoints}; and the security groups "
            "must let HTTPS out to them"
        )
    if settings.model_accounts:
        duties |= _list_duties_of_accounts(settings)
    return duties | _list_duties_of_buckets(settings)


def _list_duties_of_buckets(settings: DeploymentSettings) -> dict[str, str]:
    """Return what the stack does not do to buckets that it does not create."""
    duties = {}
    if settings.decisions_bucket is not None:
        duties["decisions-bucket"] = (
            "the stack does not write the policy of decisions_bucket: add the statements that the output "
            "DecisionsBucketPolicy shows, or others than the gate can write decisions"
        )
        duties["events-of-decisions"] = (
            "decisions_bucket must send its events to EventBridge, or no decision is announced, and no pages are "
            "written beside the records; docs/deploying.md has the command"
        )
    if settings.evidence_bucket is not None:
        duties["evidence-bucket"] = (
            "the stack does not write the policy of evidence_bucket: add the statements that the output "
            "EvidenceBucketPolicy shows, or others than the gate can write copies of what was judged"
        )
    buckets = (settings.evidence_bucket, settings.thresholds_bucket, settings.decisions_bucket)
    if existing := [bucket.name for bucket in buckets if bucket is not None]:
        duties["existing-buckets"] = (
            f"{', '.join(existing)}: must be versioned, closed to the public and reached by TLS alone; a decision "
            "names the very object versions that it was made on"
        )
    return duties


def _list_duties_of_accounts(settings: DeploymentSettings) -> dict[str, str]:
    """Return what must be seen to where there are model accounts."""
    duties = {}
    if settings.governance_account is None:
        duties["model-accounts"] = (
            "the stacks of model_accounts are left out: deploy this one, then write its account and its output "
            "EvidenceBucket into governance_account"
        )
    if settings.evidence_bucket is not None:
        duties["events-of-evidence"] = (
            f"{settings.evidence_bucket.name}: must send its events to EventBridge, or a version is judged up to "
            f"{settings.reconcile_minutes} minutes after its last report arrived; docs/deploying.md has the command"
        )
    if settings.kms_key_arn is not None:
        duties["key-policy-of-copies"] = (
            "the policy of kms_key_arn must let the copying roles of model_accounts use the key; docs/deploying.md has "
            "the statement"
        )
    return duties
