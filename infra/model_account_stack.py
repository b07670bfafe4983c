"""The stack of a model account: what copies its evidence to the governance account, and what forwards its events."""

from typing import cast

from aws_cdk import Annotations, Duration, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from aws.registry_names import EVENT_DETAIL_TYPE, EVENT_SOURCE, GROUP_FIELD
from infra import grants
from infra.account_groups import AccountGroups, policy_for_judging
from infra.alarms import CopyAlarms
from infra.bundle import build_bundle
from infra.deployment_settings import DeploymentSettings, GovernanceAccount, ModelAccount
from infra.governance_function import GovernanceFunction
from infra.group_patterns import match_events
from infra.kept_events import KeptEvents, make_dead_letter_queue
from infra.model_accounts import copy_role_name
from infra.principals import service_principal
from pipelines.step_settings import CopySettings, to_environment

_COPY_MINUTES = 15  # the most that a function has; a model of some 100 GB is read in it


class ModelAccountStack(Stack):
    """Everything of the gate that is in one model account."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        governance: GovernanceAccount,
        entry: ModelAccount,
        env: Environment,
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="Model gate: what a model account adds to it."
        )
        # The network, the key and the reserved concurrency are those of the governance account.
        self._settings = settings.model_copy(update={"vpc": None, "reserved_concurrency": None})
        self._governance = governance
        self._entry = entry
        copying = self._copy_function()
        events_of_bucket = KeptEvents(
            self,
            "Artifacts",
            function=copying.function,
            description="Reports and model artifacts are copied into the governance account.",
            pattern=self._match_artifacts(),
            max_event_age=Duration.hours(settings.max_event_age_hours),
            key=None,
        )
        grants.allow_copying(
            copying.role,
            entry.artifact_bucket,
            entry.artifact_prefixes,
            governance,
            account=entry.account,
            dead_letter_queue=events_of_bucket.dead_letter_queue,
        )
        forwarded = (
            ForwardedEvents(
                self, "Registry", governance=governance, settings=settings, groups=entry.model_package_groups
            )
            if entry.registry == "own"
            else None
        )
        if entry.registry == "own":
            policies = {
                group: policy_for_judging(self, group, governance.account)
                for group in entry.model_package_groups
            }
            AccountGroups(self, "Groups", policies=policies, create=entry.create_groups)
        CopyAlarms(
            self,
            "Alarms",
            copying=copying.function,
            uncopied=events_of_bucket.dead_letter_queue,
            unforwarded=forwarded.dead_letter_queue if forwarded else None,
            settings=settings,
        )
        self._apply_to_all()

    def _match_artifacts(self) -> events.EventPattern:
        """What S3 tells EventBridge of the artifact bucket; the function looks at the names."""
        prefixes = [{"prefix": prefix} for prefix in self._entry.artifact_prefixes]
        return events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={"bucket": {"name": [self._entry.artifact_bucket.name]}}
            | ({"object": {"key": prefixes}} if prefixes else {}),
        )

    def _copy_function(self) -> GovernanceFunction:
        settings = CopySettings(
            account=self._entry.account,
            region=self.region,
            artifact_bucket=self._entry.artifact_bucket.name,
            evidence_bucket=self._governance.evidence_bucket.name,
        )
        function = GovernanceFunction(
            self,
            "CopyArtifacts",
            description="Copies reports and model artifacts into the evidence bucket of the governance account.",
            handler="lambdas.copy_artifacts.handler",
            code=lambda_.Code.from_asset(str(build_bundle(self._settings.bundle_target))),
            environment=to_environment(settings),
            timeout=Duration.minutes(_COPY_MINUTES),
            memory_mb=1024,
            settings=self._settings,
            key=None,
            removal_policy=RemovalPolicy[self._settings.removal_policy.upper()],
            role_name=copy_role_name(self._settings.stack_name, self.region),
        )
        grants.allow_logging(function)
        return function

    def _apply_to_all(self) -> None:
        """What every resource gets, and what the account must see to itself."""
        for name, value in self._settings.tags.items():
            Tags.of(self).add(name, value)
        if (boundary := self._entry.permissions_boundary_arn) is not None:
            policy = iam.ManagedPolicy.from_managed_policy_arn(self, "PermissionsBoundary", boundary)
            iam.PermissionsBoundary.of(self).apply(policy)
        Annotations.of(self).add_warning_v2(
            "governance:artifact-bucket",
            f"{self._entry.artifact_bucket.name}: must send its events to EventBridge, and should keep versions; "
            "docs/deploying.md has the commands",
        )


class ForwardedEvents(Construct):
    """The rule that sends the registry's events about `groups` to the bus of the governance account.

    What cannot be sent ends in `dead_letter_queue`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        governance: GovernanceAccount,
        settings: DeploymentSettings,
        groups: list[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queue = make_dead_letter_queue(self, "DeadLetters", None)
        # A role of its own: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
        self.role = iam.Role(self, "Role", assumed_by=service_principal("events.amazonaws.com"))
        arn = Stack.of(self).format_arn(
            service="events",
            account=governance.account,
            resource="event-bus",
            resource_name=settings.stack_name,
        )
        bus = targets.EventBus(
            events.EventBus.from_event_bus_arn(self, "Bus", arn),
            role=cast("iam.IRole", self.role),
            dead_letter_queue=self.dead_letter_queue,
        )
        self.rule = events.Rule(
            self,
            "Rule",
            description="Changes of model versions go to the account that governs them.",
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[EVENT_DETAIL_TYPE],
                detail={GROUP_FIELD: match_events(groups)},
            ),
            targets=[cast("events.IRuleTarget", bus)],
        )
