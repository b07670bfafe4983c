"""Many registrations at once on a bad day of AWS: each is decided once, as a quiet day decides it.

    python -m tests.sandbox.many_registrations --versions 1000 --quota 20 --throttled 0.05 \\
        --lost-every 10 --doubled-every 10 --seed 1

Deploys the stack into a sandbox, registers each case once on a quiet day, and then all versions at once: with a quota
on executions that is far too small for them, throttled calls, conflicts of writes, and events that are lost or come
twice. Then only the gate's own schedule runs, as it does every few minutes in an account, until everything is decided.
It prints its figures and ends with 1 when a version is undecided, decided twice, or decided otherwise than on the quiet
day.
"""

import argparse
import hashlib
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from aws.s3_uris import S3Uri
from aws.threshold_bundles import S3ThresholdBundles
from checks.threshold_bundle import write_bundle
from pipelines.step_settings import THRESHOLDS_FOLDER
from sandbox.faults import Faults
from sandbox.server import Sandbox

GROUPS = 4
CALLERS = 8  # who register at the same time
# Runs of the schedule beyond those that the quota alone asks for, for what is refused and fails meanwhile.
SPARE_RUNS = 15
QUIET_SECONDS = 3_600.0
RECONCILER_RULE = "-ReconcilerRule"
OUTCOME_SUFFIX = ".outcome.json"
THRESHOLDS = """
name: many-registrations
applies_to:
  model_package_groups: ["many-*"]
checks:
  - name: accuracy
    why: The answers are used as they come.
    metric: binary_classification.accuracy
    at_least: 0.8
  - name: latency
    why: People wait at most a few seconds.
    metric: latency.p95_seconds
    at_most: 2.5
    on_failure: review
  - name: treatment equity
    why: No group may bear the errors.
    metric: bias.post_training.TE
    facet: "*"
    between: [-0.8, 0.8]
"""
# No check against an earlier version: which one is earlier depends on which was decided first.
THRESHOLDS_FILE = "many-registrations.yaml"
STATUS_AFTER = {"Approved": "Approved", "Rejected": "Rejected", "NeedsReview": "PendingManualApproval"}
# What of a record must be the same whenever the same figures are judged; the rest names a version and its files.
COMPARED = ("decision", "thresholds", "findings", "engine")


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence with a known right decision; `equity` is `None` where the bias report is missing."""

    name: str
    decision: str
    accuracy: float = 0.9
    latency: float = 1.5
    equity: float | None = 0.1

    def reports(self, number: int) -> dict[str, bytes]:
        """Return the reports of one version by where a model package has them.

        Bytes that were judged for one version do not speak for another, so each has a number of blank lines of its own,
        and one at least: the same stack may have judged the same figures before.
        """
        own = b" \n" * (1 + number)
        quality = {
            "binary_classification_metrics": {
                "accuracy": {"value": self.accuracy, "standard_deviation": 0.01}
            },
            "latency_metrics": {"p95_seconds": {"value": self.latency}},
        }
        reports = {"ModelQuality/Statistics": json.dumps(quality).encode() + own}
        if self.equity is not None:
            metric = {"name": "TE", "description": "Treatment Equity (TE)", "value": self.equity}
            facets = {"sex": [{"value_or_threshold": "0", "metrics": [metric]}]}
            metrics = {"label": "y", "facets": facets}
            bias = {"version": "1.0", "post_training_bias_metrics": metrics}
            reports["Bias/Report"] = json.dumps(bias).encode() + own
        return reports


CASES = (
    Case("good", "Approved"),
    Case("better", "Approved", accuracy=0.97, latency=0.5),
    Case("inaccurate", "Rejected", accuracy=0.7),
    Case("unfair", "Rejected", equity=-1.3),
    Case("slow", "NeedsReview", latency=3.0),
    Case("without a bias report", "Rejected", equity=None),
)


@dataclass(slots=True)
class Figures:
    """What a run came to."""

    seed: int
    versions: int
    cases: int
    seconds_of_registering: float = 0.0
    seconds_in_all: float = 0.0
    decided_by_events_alone: int = 0
    runs_of_the_schedule: int = 0
    executions: int = 0
    executions_that_failed: int = 0
    decisions: dict[str, int] = field(default_factory=dict)
    mishaps: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


class Account:
    """The account with the deployed stack, as somebody who may do anything in it sees it."""

    def __init__(self, sandbox: Sandbox, outputs: Mapping[str, str]) -> None:
        self.sandbox = sandbox
        self._outputs = outputs
        make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
        settings: dict[str, Any] = {
            "endpoint_url": sandbox.endpoint,
            "region_name": sandbox.region,
            "aws_access_key_id": "engineer",
            "aws_secret_access_key": "engineer",
            "config": Config(
                retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=CALLERS
            ),
        }
        self._sagemaker, self._s3 = make("sagemaker", **settings), make("s3", **settings)
        self._registered = 0

    def publish_thresholds(self) -> None:
        """Put the thresholds in force as the command does, as a bundle: each step reads one object of S3 for them."""
        folder = S3Uri.parse(f"s3://{self._outputs['ThresholdsBucket']}/{THRESHOLDS_FOLDER}/")
        bundle = write_bundle({THRESHOLDS_FILE: THRESHOLDS.encode()})
        S3ThresholdBundles(self._s3, folder).publish(bundle, publisher="engineer", replaces=None)

    def _upload(self, reports: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
        """Upload the reports; return the metrics of a model package that name them."""
        bucket = self._outputs["EvidenceBucket"]
        metrics: dict[str, dict[str, Any]] = {}
        for place, content in reports.items():
            key = f"evidence/many-registrations/{uuid.uuid4().hex}.json"
            self._s3.put_object(Bucket=bucket, Key=key, Body=content)
            kind, name = place.split("/")
            source = {
                "ContentType": "application/json",
                "S3Uri": f"s3://{bucket}/{key}",
                "ContentDigest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            }
            metrics[kind] = {name: source}
        return metrics

    def make_groups(self) -> list[str]:
        names = [f"many-{uuid.uuid4().hex[:8]}" for _ in range(GROUPS)]
        for name in names:
            self._sagemaker.create_model_package_group(ModelPackageGroupName=name)
        return names

    def register(self, cases: Sequence[Case]) -> dict[str, Case]:
        """Register a version for each of `cases`, several at a time, in groups of their own; return them by ARN."""
        groups = self.make_groups()
        first, self._registered = self._registered, self._registered + len(cases)

        def register_one(numbered: tuple[int, Case]) -> str:
            number, case = numbered
            answer = self._sagemaker.create_model_package(
                ModelPackageGroupName=groups[number % GROUPS],
                ModelApprovalStatus="PendingManualApproval",
                ModelMetrics=self._upload(case.reports(first + number)),
            )
            return str(answer["ModelPackageArn"])

        with ThreadPoolExecutor(CALLERS) as callers:
            return dict(zip(callers.map(register_one, enumerate(cases)), cases, strict=True))

    def describe(self, arns: Sequence[str]) -> dict[str, dict[str, Any]]:
        def describe_one(arn: str) -> dict[str, Any]:
            return dict(self._sagemaker.describe_model_package(ModelPackageName=arn))

        with ThreadPoolExecutor(CALLERS) as callers:
            return dict(zip(arns, callers.map(describe_one, arns), strict=True))

    def undecided(self, arns: Sequence[str]) -> list[str]:
        """Return those of the versions about whose decision nothing is recorded as done."""
        groups = {arn.split("/")[1] for arn in arns}
        recorded: set[tuple[str, ...]] = set()
        for group in groups:
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._outputs["DecisionsBucket"], Prefix=f"decisions/{group}/"
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            recorded |= {tuple(key.split("/")[1:3]) for key in keys if key.endswith(OUTCOME_SUFFIX)}
        return [arn for arn in arns if tuple(arn.split("/")[1:]) not in recorded]

    def executions(self, arns: Collection[str]) -> list[dict[str, Any]]:
        """Return every execution of the gate's pipeline for one of the versions."""
        pages = self._sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self._outputs["PipelineName"], MaxResults=100
        )
        listed = [execution for page in pages for execution in page["PipelineExecutionSummaries"]]
        return [execution for execution in listed if execution.get("PipelineExecutionDescription") in arns]

    def decisions(self, arn: str) -> list[dict[str, Any]]:
        """Return every decision record about the version, by what of it is compared."""
        bucket, (group, version) = self._outputs["DecisionsBucket"], arn.split("/")[1:]
        folder = f"decisions/{group}/{version}/"
        listed = self._s3.list_objects_v2(Bucket=bucket, Prefix=folder)
        names = [entry["Key"].rpartition("/")[2] for entry in listed.get("Contents", [])]
        records = [
            json.loads(self._s3.get_object(Bucket=bucket, Key=f"{folder}{name}")["Body"].read())
            for name in names
            if name.endswith(".json")
            and name.count(".") == 1  # the other records of an execution have a further dot
        ]
        return [{name: record[name] for name in COMPARED} for record in records]


def register_many(account: Account, versions: int, faults: Faults, *, say: Callable[[str], None]) -> Figures:
    """Register so many versions at once while AWS does what `faults` say, and return what they came to."""
    started = time.monotonic()
    cases = CASES[: max(1, min(len(CASES), versions))]
    figures = Figures(faults.seed, versions, len(cases))
    account.publish_thresholds()

    # First a quiet day, for the decisions that are right.
    quiet = account.register(cases)
    account.sandbox.wait_idle(QUIET_SECONDS)
    expected = {case: account.decisions(arn) for arn, case in quiet.items()}
    figures.differences += [
        f"the quiet day's {case.name} is {[record['decision'] for record in records]}, not {case.decision}"
        for case, records in expected.items()
        if [record["decision"] for record in records] != [case.decision]
    ]
    say("the quiet day is over")

    # Then all at once. What the events bring about is seen first, then what the schedule adds.
    with account.sandbox.faults(faults):
        beginning = time.monotonic()
        registered = account.register([cases[number % len(cases)] for number in range(versions)])
        figures.seconds_of_registering = time.monotonic() - beginning
        say(f"{versions} versions are registered")
        account.sandbox.wait_idle(QUIET_SECONDS)
        waiting = account.undecided(list(registered))
        figures.decided_by_events_alone = versions - len(waiting)
        most = versions // faults.concurrent_executions + SPARE_RUNS
        while waiting and figures.runs_of_the_schedule < most:
            say(f"{len(waiting)} wait after {figures.runs_of_the_schedule} runs of the schedule")
            account.sandbox.run_schedules(RECONCILER_RULE)
            account.sandbox.wait_idle(QUIET_SECONDS)
            figures.runs_of_the_schedule += 1
            waiting = account.undecided(waiting)
        figures.mishaps = account.sandbox.mishaps()

    executions = account.executions(registered)
    figures.executions = len(executions)
    figures.executions_that_failed = sum(one["PipelineExecutionStatus"] != "Succeeded" for one in executions)
    figures.differences += _differences(account, registered, expected, figures)
    figures.seconds_in_all = time.monotonic() - started
    return figures


def _differences(
    account: Account,
    registered: Mapping[str, Case],
    expected: Mapping[Case, list[dict[str, Any]]],
    figures: Figures,
) -> Iterator[str]:
    """Yield what is otherwise than on the quiet day, and count the decisions."""
    counted: Counter[str] = Counter()
    for arn, version in account.describe(list(registered)).items():
        case, records = registered[arn], account.decisions(arn)
        counted.update(str(record["decision"]) for record in records)
        if len(records) != 1:
            yield f"{arn} ({case.name}): {len(records)} decisions"
        elif records != expected[case]:
            yield f"{arn} ({case.name}): {records[0]}, and on the quiet day {expected[case]}"
        elif version["ModelApprovalStatus"] != STATUS_AFTER[case.decision]:
            yield f"{arn} ({case.name}): {version['ModelApprovalStatus']} after {case.decision}"
    figures.decisions = dict(sorted(counted.items()))


def main() -> int:
    """Run it once and print the figures; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--quota", type=int, default=20, help="pipeline executions at once")
    parser.add_argument("--throttled", type=float, default=0.05, help="share of calls")
    parser.add_argument("--conflicts", type=float, default=0.05, help="share of conditional writes")
    parser.add_argument("--lost-every", type=int, default=10, help="one event in so many")
    parser.add_argument("--doubled-every", type=int, default=10, help="one event in so many")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    faults = Faults(
        seed=arguments.seed,
        concurrent_executions=arguments.quota,
        throttled=arguments.throttled,
        conflicts=arguments.conflicts,
        lost_every=arguments.lost_every,
        doubled_every=arguments.doubled_every,
    )

    def say(line: str) -> None:
        print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)

    with Sandbox(retry_interval=0.1, progress=say) as sandbox:
        (deployment,) = sandbox.deploy()
        figures = register_many(Account(sandbox, deployment.outputs), arguments.versions, faults, say=say)
    print(json.dumps(asdict(figures), indent=2))
    return 1 if figures.differences else 0


if __name__ == "__main__":
    sys.exit(main())
