"""The stack: what each part is given, and what each part may do."""

from collections import defaultdict

from aws_cdk import Annotations, CfnOutput, Duration, Environment, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from aws.copy_names import ACCOUNTS_FOLDER
from infra import grants
from infra.account_groups import AccountGroups, policy_for_registering
from infra.alarms import GovernanceAlarms
from infra.approval_watch import ApprovalWatch
from infra.arrived_records import ArrivedRecords
from infra.bucket_protection import AccessLogBucket, is_created, lock_objects, log_access
from infra.buckets import GovernanceBuckets
from infra.bundle import PAGES, build_bundle
from infra.data_key import data_key
from infra.decision_places import DecisionPlaces
from infra.definition_template import image_uri
from infra.deployment_duties import list_duties
from infra.deployment_settings import DeploymentSettings
from infra.forwarding_bus import ForwardingBus
from infra.governance_function import GovernanceFunction
from infra.governance_pipeline import GovernancePipeline
from infra.principals import service_principal
from infra.reconciler import ReconcilerSchedule
from infra.seal_key import SealKey
from infra.trigger import PendingModelPackages
from pipelines.definition import EvaluationCompute, LambdaCompute, ProcessingCompute
from pipelines.step_settings import (
    COPIES_FOLDER,
    DECISIONS_FOLDER,
    EVERY_GROUP,
    KEPT,
    LEFT_OUT,
    OUTCOME_SUFFIX,
    RECORD_SUFFIX,
    RESULTS_FOLDER,
    REVIEW_OUTCOME_SUFFIX,
    THRESHOLDS_FOLDER,
    AnnounceSettings,
    ApprovalSettings,
    EvaluateSettings,
    PageSettings,
    ReconcileSettings,
    SeparationOfDuties,
    Settings,
    StartPipelineSettings,
    UngovernedGroups,
    UpdateSettings,
    to_environment,
    write_places,
)

# A Lambda step may run ten minutes by AWS's word. Steps of seven were seen to hang until the ten were over, so the
# function of a step ends well before: https://github.com/aws/sagemaker-python-sdk/issues/3236
UPDATE_MINUTES = 2
PAGE_MINUTES = 2
ANNOUNCE_MINUTES = 2
LONGEST_FUNCTION_MINUTES = 15


class GovernanceStack(Stack):
    """Everything that governs the model registry of one account and region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, construct_id, env=env, description="Model gate for SageMaker Model Registry.")
        self._settings = settings
        self._removal_policy = RemovalPolicy[settings.removal_policy.upper()]
        self._bundle = str(build_bundle(settings.bundle_target))
        self._key = data_key(self, settings, self._removal_policy)
        self._buckets = GovernanceBuckets(
            self, "Buckets", settings=settings, key=self._key, removal_policy=self._removal_policy
        )
        self._buckets.send_events(self._buckets.decisions)
        self._seal_key = SealKey(self, "SealKey", removal_policy=self._removal_policy).key

        # The functions come before the pipeline, whose steps call them.
        start = self._start_function()
        reconcile = self._reconcile_function()
        approvals = self._approvals_function()
        update = self._update_function()
        evaluation, steps = self._evaluation()
        pipeline = GovernancePipeline(
            self,
            "Pipeline",
            pipeline_name=settings.pipeline_name,
            evaluation=evaluation,
            update_function_arn=update.function.function_arn,
            thresholds_uri=self._buckets.thresholds.s3_url_for_object(f"{THRESHOLDS_FOLDER}/"),
            decisions_uri=self._buckets.decisions.s3_url_for_object(f"{DECISIONS_FOLDER}/"),
        )
        trigger = PendingModelPackages(
            self,
            "Trigger",
            function=start.function,
            max_event_age=Duration.hours(settings.max_event_age_hours),
            key=self._key,
            groups=settings.group_patterns,
        )
        reconciler = ReconcilerSchedule(
            self,
            "Reconciler",
            function=reconcile.function,
            interval=Duration.minutes(settings.reconcile_minutes),
        )
        watch = ApprovalWatch(
            self,
            "ApprovalWatch",
            function=approvals.function,
            interval=Duration.minutes(settings.reconcile_minutes),
            groups=settings.group_patterns,
        )
        writers = [self._evaluation_role, update.role]
        pages = None
        if settings.report_pages:
            page_writer, pages = self._report_pages()
            writers.append(page_writer.role)
        announcer, announcements = self._announcements()
        GovernanceAlarms(
            self,
            "Alarms",
            dead_letter_queue=trigger.dead_letter_queue,
            unwritten_pages=pages.dead_letter_queue if pages else None,
            unannounced=announcements.dead_letter_queue,
            reconciler=reconcile.function,
            approvals=approvals.function,
            steps={"UpdateModelStatus": update.function, **steps},
            settings=settings,
            key=self._key,
        )
        # Last, when all that takes part is there: who may do what to what, in one place.
        grants.allow_starting(
            start.role,
            self._buckets,
            self._seal_key,
            trigger.dead_letter_queue,
            settings.pipeline_name,
            groups=settings.group_patterns,
            judges_all=settings.ungoverned_groups == "review",
            waits_for_copies=bool(settings.model_accounts),
        )
        grants.allow_reconciling(
            reconcile.role,
            self._buckets,
            self._seal_key,
            settings.pipeline_name,
            groups=settings.group_patterns,
            judges_all=settings.ungoverned_groups == "review",
            waits_for_copies=bool(settings.model_accounts),
        )
        grants.allow_watching_approvals(
            approvals.role, self._buckets, self._seal_key, settings.group_patterns
        )
        grants.allow_reading_evidence(self._evaluation_role, settings.evidence_buckets)
        grants.deny_writing_copies(self._buckets, self._evaluation_role)
        self._end_copies(settings.keep_evidence_days)
        grants.deny_writing_decisions(self._buckets, writers, settings.reviewer_role_arns)
        self._protect_buckets()
        grants.allow_updating(update.role, self._buckets, self._seal_key, settings.group_patterns)
        grants.allow_running_steps(pipeline.role, [*steps.values(), update.function])
        if isinstance(evaluation, ProcessingCompute):
            grants.allow_running_job(pipeline.role, self._evaluation_role, self._buckets, self._key)
        if settings.model_accounts:
            self._take_in_model_accounts(trigger, watch)
            self._buckets.send_events(self._buckets.evidence)
            reconciler.add_arrivals(self._buckets.evidence, folder=ACCOUNTS_FOLDER)
            self._end_begun_copies()
            grants.take_copies(self._buckets, settings)
            grants.allow_registries_elsewhere(
                settings,
                looking=[start.role, announcer.role],
                reconciling=reconcile.role,
                watching=approvals.role,
                evaluating=self._evaluation_role,
                updating=update.role,
            )
        self._outputs()
        CfnOutput(self, "UpdatingRole", value=update.role.role_arn)
        writing = [self._evaluation_role.role_arn, reconcile.role.role_arn]
        CfnOutput(self, "GateRoles", value=Fn.join(" ", writing))
        self._apply_to_all()

    def _take_in_model_accounts(self, trigger: PendingModelPackages, watch: ApprovalWatch) -> None:
        """The groups that model accounts register in, and the bus for events of their own registries."""
        entries = self._settings.model_accounts
        for create in (True, False):
            registering = defaultdict(list)
            for entry in entries:
                if entry.registry == "governance" and entry.create_groups is create:
                    for group in entry.model_package_groups:
                        registering[group].append(entry.account)
            policies = {
                group: policy_for_registering(self, group, accounts)
                for group, accounts in registering.items()
            }
            AccountGroups(self, "Groups" if create else "ExistingGroups", policies=policies, create=create)
        forwarding = [entry.account for entry in entries if entry.registry == "own"]
        if forwarding:
            bus = ForwardingBus(self, "Bus", name=self._settings.stack_name, accounts=forwarding).bus
            trigger.add_bus(bus)
            watch.add_bus(bus)

    def _apply_to_all(self) -> None:
        """What every resource gets, and what the organisation must see to itself."""
        for name, value in self._settings.tags.items():
            Tags.of(self).add(name, value)
        if (boundary := self._settings.permissions_boundary_arn) is not None:
            policy = iam.ManagedPolicy.from_managed_policy_arn(self, "PermissionsBoundary", boundary)
            iam.PermissionsBoundary.of(self).apply(policy)
        for name, message in list_duties(self._settings).items():
            Annotations.of(self).add_warning_v2(":".join(("governance", name)), message)

    def _end_copies(self, days: int | None) -> None:
        """Let S3 delete the copies of what was judged after so many days."""
        bucket = self._buckets.evidence
        if days is not None and isinstance(bucket, s3.Bucket):
            bucket.add_lifecycle_rule(
                id="copies-of-judged-evidence",
                prefix=f"{COPIES_FOLDER}/",
                expiration=Duration.days(days),
                noncurrent_version_expiration=Duration.days(1),
            )

    def _end_begun_copies(self) -> None:
        """Let S3 throw away the parts of copies that a function began and was ended in."""
        bucket = self._buckets.evidence
        if isinstance(bucket, s3.Bucket):
            bucket.add_lifecycle_rule(
                id="copies-that-were-begun",
                prefix=f"{ACCOUNTS_FOLDER}/",
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )

    def _protect_buckets(self) -> None:
        """Lock the decision records where the settings say so, and log each access to a bucket."""
        if self._settings.object_lock is not None:
            lock_objects(self._buckets.decisions, self._settings.object_lock)
        buckets = (self._buckets.evidence, self._buckets.thresholds, self._buckets.decisions)
        logged = [bucket for bucket in buckets if is_created(bucket)]
        if not logged:
            return
        if self._settings.access_log_bucket is not None:
            log_access(logged, self._settings.access_log_bucket)
            return
        logs = AccessLogBucket(
            self,
            "AccessLogs",
            keep_days=self._settings.log_retention_days,
            removal_policy=self._removal_policy,
        ).bucket
        grants.allow_access_logs(logs, logged)
        log_access(logged, logs.bucket_name)

    @property
    def _groups_text(self) -> str:
        """The groups that the deployment is held to, as the settings of functions write them."""
        return ",".join(self._settings.group_patterns) or EVERY_GROUP

    @property
    def _groups_elsewhere(self) -> str:
        """The groups of model accounts' own registries, as the settings of functions write them."""
        return write_places(
            (entry.account, group)
            for entry in self._settings.model_accounts
            if entry.registry == "own"
            for group in entry.model_package_groups
        )

    @property
    def _artifact_buckets(self) -> str:
        """The artifact buckets of model accounts, likewise."""
        return write_places(
            (entry.account, entry.artifact_bucket.name) for entry in self._settings.model_accounts
        )

    def _start_function(self) -> GovernanceFunction:
        """The function behind the rule."""
        environment = StartPipelineSettings(
            pipeline_name=self._settings.pipeline_name,
            account=self.account,
            region=self.region,
            thresholds_bucket=self._buckets.thresholds.bucket_name,
            decisions_bucket=self._buckets.decisions.bucket_name,
            seal_key=self._seal_key.key_arn,
            model_package_groups=self._groups_text,
            ungoverned_groups=UngovernedGroups(self._settings.ungoverned_groups),
            evidence_bucket=self._buckets.evidence.bucket_name,
            groups_elsewhere=self._groups_elsewhere,
            artifact_buckets=self._artifact_buckets,
            evidence_deadline_hours=str(self._settings.evidence_deadline_hours),
        )
        return self._function(
            "StartPipeline",
            "Starts the governance pipeline for a model version that waits for approval.",
            environment,
            handler="lambdas.start_pipeline.handler",
            timeout=Duration.minutes(1),
        )

    def _reconcile_function(self) -> GovernanceFunction:
        """The function that the schedule invokes."""
        return self._function(
            "Reconcile",
            "Starts what is due for pending model versions whose events did not.",
            ReconcileSettings(
                pipeline_name=self._settings.pipeline_name,
                decisions_bucket=self._buckets.decisions.bucket_name,
                seal_key=self._seal_key.key_arn,
                thresholds_bucket=self._buckets.thresholds.bucket_name,
                model_package_groups=self._groups_text,
                ungoverned_groups=UngovernedGroups(self._settings.ungoverned_groups),
                max_starts_per_run=str(self._settings.max_starts_per_run),
                decide_within_hours=str(self._settings.decide_within_hours),
                evidence_bucket=self._buckets.evidence.bucket_name,
                groups_elsewhere=self._groups_elsewhere,
                artifact_buckets=self._artifact_buckets,
                evidence_deadline_hours=str(self._settings.evidence_deadline_hours),
            ),
            handler="lambdas.handle_reconcile.handler",
            # One run ends before the next begins.
            timeout=Duration.minutes(min(self._settings.reconcile_minutes, LONGEST_FUNCTION_MINUTES)),
        )

    def _approvals_function(self) -> GovernanceFunction:
        """The function that looks for approvals that nobody recorded."""
        return self._function(
            "WatchApprovals",
            "Looks for approved model versions that neither the gate nor a reviewer approved.",
            ApprovalSettings(
                pipeline_name=self._settings.pipeline_name,
                account=self.account,
                region=self.region,
                thresholds_bucket=self._buckets.thresholds.bucket_name,
                decisions_bucket=self._buckets.decisions.bucket_name,
                seal_key=self._seal_key.key_arn,
                model_package_groups=self._groups_text,
                separation_of_duties=SeparationOfDuties(self._settings.separation_of_duties),
                groups_elsewhere=self._groups_elsewhere,
            ),
            handler="lambdas.handle_approvals.handler",
            timeout=Duration.minutes(2),
        )

    def _update_function(self) -> GovernanceFunction:
        """The function of step two."""
        return self._function(
            "UpdateModelStatus",
            "Sets a model version's approval status to what its decision record says.",
            UpdateSettings(
                decisions_bucket=self._buckets.decisions.bucket_name,
                thresholds_bucket=self._buckets.thresholds.bucket_name,
                seal_key=self._seal_key.key_arn,
            ),
            handler="lambdas.handle_update.handler",
            timeout=Duration.minutes(UPDATE_MINUTES),
        )

    def _report_pages(self) -> tuple[GovernanceFunction, ArrivedRecords]:
        """The function that writes a page beside each decision record, and the rule that hands it the records."""
        function = self._function(
            "WriteReportPage",
            "Writes a page for people beside each decision record.",
            PageSettings(
                account=self.account,
                region=self.region,
                decisions_bucket=self._buckets.decisions.bucket_name,
                seal_key=self._seal_key.key_arn,
            ),
            handler="lambdas.handle_report_page.handler",
            timeout=Duration.minutes(PAGE_MINUTES),
            memory_mb=1024,
            bundle=str(build_bundle(self._settings.bundle_target, PAGES)),
        )
        pages = ArrivedRecords(
            self,
            "ReportPages",
            function=function.function,
            description="Decision records get a page for people beside them.",
            decisions=self._buckets.decisions,
            suffixes=[RECORD_SUFFIX],
            max_event_age=Duration.hours(self._settings.max_event_age_hours),
            key=self._key,
        )
        grants.allow_writing_pages(function.role, self._buckets, self._seal_key, pages.dead_letter_queue)
        return function, pages

    def _announcements(self) -> tuple[GovernanceFunction, ArrivedRecords]:
        """The function that announces decisions, and the rule that hands it the outcomes."""
        places = DecisionPlaces(self, "DecisionPlaces", settings=self._settings, key=self._key)
        function = self._function(
            "AnnounceDecision",
            "Announces each decision that was carried out, by an event and a message.",
            AnnounceSettings(
                account=self.account,
                region=self.region,
                decisions_bucket=self._buckets.decisions.bucket_name,
                seal_key=self._seal_key.key_arn,
                separation_of_duties=SeparationOfDuties(self._settings.separation_of_duties),
                decision_bus=places.bus_arn,
                decisions_topic=places.topic.topic_arn,
                notify_on=",".join(self._settings.notify_on),
                report_pages=KEPT if self._settings.report_pages else LEFT_OUT,
            ),
            handler="lambdas.handle_announcement.handler",
            timeout=Duration.minutes(ANNOUNCE_MINUTES),
        )
        announcements = ArrivedRecords(
            self,
            "DecisionAnnouncements",
            function=function.function,
            description="Decisions that were carried out are announced.",
            decisions=self._buckets.decisions,
            suffixes=[OUTCOME_SUFFIX, REVIEW_OUTCOME_SUFFIX],
            max_event_age=Duration.hours(self._settings.max_event_age_hours),
            key=self._key,
        )
        grants.allow_announcing(
            function.role,
            self._buckets,
            self._seal_key,
            places=places,
            dead_letter_queue=announcements.dead_letter_queue,
            groups=self._settings.group_patterns,
        )
        CfnOutput(self, "DecisionsTopic", value=places.topic.topic_arn)
        return function, announcements

    def _evaluation(self) -> tuple[EvaluationCompute, dict[str, lambda_.Function]]:
        """Where step one runs, and by its name the function that the pipeline invokes for it, if any."""
        own = self._buckets.evidence.bucket_name
        settings = EvaluateSettings(
            evidence_bucket=own,
            readable_buckets=",".join([own, *(bucket.name for bucket in self._settings.evidence_buckets)]),
            item_results=KEPT if self._settings.keep_item_results else LEFT_OUT,
            thresholds_bucket=self._buckets.thresholds.bucket_name,
            decisions_bucket=self._buckets.decisions.bucket_name,
            seal_key=self._seal_key.key_arn,
            artifact_buckets=self._artifact_buckets,
        )
        if self._settings.evaluation_compute == "processing":
            return self._evaluation_job(settings), {}
        evaluate = self._function(
            "EvaluateModelPackage",
            "Judges a model version on its own evidence and writes the decision record.",
            settings,
            handler="lambdas.handle_evaluate.handler",
            timeout=Duration.minutes(self._settings.evaluation_limit_minutes),
            memory_mb=1024,
        )
        grants.allow_evaluating(evaluate.role, self._buckets, self._seal_key, self._settings.group_patterns)
        self._evaluation_role = evaluate.role
        return LambdaCompute(evaluate.function.function_arn), {"EvaluateModelPackage": evaluate.function}

    def _evaluation_job(self, settings: EvaluateSettings) -> ProcessingCompute:
        """Step one as a Processing job, under a role of its own."""
        bundle = s3_assets.Asset(self, "Bundle", path=self._bundle)
        network = self._settings.vpc
        image = self._settings.image_uri or image_uri(self.region)
        self._evaluation_role = iam.Role(
            self, "EvaluationJobRole", assumed_by=service_principal("sagemaker.amazonaws.com")
        )
        grants.allow_evaluating(
            self._evaluation_role, self._buckets, self._seal_key, self._settings.group_patterns
        )
        grants.allow_being_a_job(
            self._evaluation_role,
            self._buckets,
            bundle_bucket=bundle.bucket,
            bundle_key=bundle.s3_object_key,
            image_uri=image,
            volume_key=self._key,
            in_vpc=network is not None,
        )
        return ProcessingCompute(
            image_uri=image,
            role_arn=self._evaluation_role.role_arn,
            bundle_uri=bundle.s3_object_url,
            results_uri=self._buckets.decisions.s3_url_for_object(RESULTS_FOLDER),
            # A Processing job is not told its region the way in which boto3 reads it.
            environment={**to_environment(settings), "AWS_DEFAULT_REGION": self.region},
            instance_type=self._settings.instance_type,
            max_runtime_seconds=self._settings.evaluation_limit_minutes * 60,
            volume_key=self._key.key_arn if self._key else None,
            subnet_ids=tuple(network.subnet_ids) if network else (),
            security_group_ids=tuple(network.security_group_ids) if network else (),
        )

    def _function(
        self,
        construct_id: str,
        description: str,
        settings: Settings,
        *,
        handler: str,
        timeout: Duration,
        memory_mb: int = 512,
        bundle: str | None = None,
    ) -> GovernanceFunction:
        """One function of a bundle, by default that of the steps, whose environment says `settings`."""
        function = GovernanceFunction(
            self,
            construct_id,
            description=description,
            handler=handler,
            code=lambda_.Code.from_asset(bundle or self._bundle),
            environment=to_environment(settings),
            timeout=timeout,
            memory_mb=memory_mb,
            settings=self._settings,
            key=self._key,
            removal_policy=self._removal_policy,
        )
        grants.allow_logging(function)
        if self._settings.vpc is not None:
            grants.allow_networking(function.role)
        return function

    def _outputs(self) -> None:
        """What the users of the stack need to know."""
        CfnOutput(self, "PipelineName", value=self._settings.pipeline_name)
        if self._key is not None:
            CfnOutput(self, "DataKeyArn", value=self._key.key_arn)
        CfnOutput(self, "EvidenceBucket", value=self._buckets.evidence.bucket_name)
        CfnOutput(self, "ThresholdsBucket", value=self._buckets.thresholds.bucket_name)
        CfnOutput(self, "DecisionsBucket", value=self._buckets.decisions.bucket_name)
        CfnOutput(self, "EvaluationCompute", value=self._settings.evaluation_compute)
        CfnOutput(self, "SeparationOfDuties", value=self._settings.separation_of_duties)
        CfnOutput(self, "UngovernedGroups", value=self._settings.ungoverned_groups)
        CfnOutput(self, "ModelPackageGroups", value=self._groups_text)
        for name, bucket in (("Evidence", self._buckets.evidence), ("Decisions", self._buckets.decisions)):
            if unwritten := self._buckets.unwritten.get(bucket.bucket_name):
                statements = [statement.to_statement_json() for statement in unwritten]
                CfnOutput(self, f"{name}BucketPolicy", value=self.to_json_string(statements))
