"""`governance iam policy`: what each who works with the gate may do, in its account or in a model account."""

from typing import Annotated

import typer

from pipelines.role_policies import Role, StackPlace, role_policy_json
from pipelines.step_settings import PIPELINE_NAME


def _output(flag: str, output: str, variable: str) -> typer.models.OptionInfo:
    """Return the option for an output of the stack."""
    option: typer.models.OptionInfo = typer.Option(
        flag, metavar="NAME", envvar=variable, help=f"The stack's output {output}."
    )
    return option


def command(
    role: Annotated[Role, typer.Argument(metavar="ROLE", help=f"Whose policy: {', '.join(Role)}.")],
    *,
    account: Annotated[
        str,
        typer.Option(
            "--account", metavar="ID", help="The stack's account; for a model account, the groups'."
        ),
    ],
    region: Annotated[
        str,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
            help="The stack's region.",
        ),
    ],
    evidence_bucket: Annotated[
        str,
        typer.Option(
            "--evidence-bucket",
            metavar="NAME",
            envvar="GOVERNANCE_EVIDENCE_BUCKET",
            help="The stack's output EvidenceBucket; for a model account, its artifact bucket.",
        ),
    ],
    thresholds_bucket: Annotated[
        str | None, _output("--thresholds-bucket", "ThresholdsBucket", "GOVERNANCE_THRESHOLDS_BUCKET")
    ] = None,
    decisions_bucket: Annotated[
        str | None, _output("--decisions-bucket", "DecisionsBucket", "GOVERNANCE_DECISIONS_BUCKET")
    ] = None,
    pipeline: Annotated[
        str, _output("--pipeline", "PipelineName", "GOVERNANCE_PIPELINE_NAME")
    ] = PIPELINE_NAME,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help="Only this group; may be repeated. Else all."),
    ] = None,
    kms_key: Annotated[
        str | None,
        typer.Option(
            "--kms-key", metavar="ARN", help="The key of KMS that encrypts the buckets, if one does."
        ),
    ] = None,
) -> None:
    """Print a policy of IAM as JSON: what a role needs for its commands, and nothing else.

    It lets nobody but a reviewer set a status, and nobody write the gate's records or its metadata. Attach the
    statements of `governance iam bypass-guard` beside it where a role has further policies. The policy for
    `model-account` is for engineers and CI of an account that registers from outside.
    """
    from aws.clients import partition_of

    place = StackPlace(
        partition=partition_of(region),
        region=region,
        account=account,
        evidence_bucket=evidence_bucket,
        thresholds_bucket=thresholds_bucket,
        decisions_bucket=decisions_bucket,
        pipeline_name=pipeline,
        groups=groups or (),
        kms_key=kms_key,
    )
    print(role_policy_json(role, place))
