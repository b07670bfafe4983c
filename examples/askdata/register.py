"""Register a configuration as a version of the group, with its evidence, and leave the decision to the gate.

    python examples/askdata/register.py --configuration FILE --evidence DIR

The configuration is uploaded as the version's model artifact, under its digest, and the evidence has to be about
exactly it: `predict.py` prints the name that `governance score --about` takes. The buckets are the outputs of the
deployed gate.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from assistant.artifact import key_of, pack  # noqa: E402  # beside this script
from assistant.configuration import Configuration  # noqa: E402
from aws.aws_errors import explain_errors  # noqa: E402
from aws.clients import s3_client  # noqa: E402
from checks.errors import GovernanceError  # noqa: E402
from checks.reports import MAX_REPORT_BYTES  # noqa: E402
from checks.strict_json import ReportError, parse_report_json  # noqa: E402
from checks.subject import read_subject  # noqa: E402
from disk.reading import read_bounded  # noqa: E402
from ingest import read_configuration  # noqa: E402
from model_governance import NewVersion, RegisteredVersion, register  # noqa: E402
from refusing import refusing  # noqa: E402

GROUP = "askdata"
# The program that runs configurations; in an account, the image that deploy/ builds.
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/askdata:1"


def register_configuration(
    configuration: Configuration,
    evidence: Path,
    *,
    evidence_bucket: str,
    artifact_bucket: str,
    group: str = GROUP,
    image: str = IMAGE,
    thresholds_bucket: str | None = None,
    decisions_bucket: str | None = None,
) -> RegisteredVersion:
    """Upload the artifact, and register it with the reports in `evidence`; all else is as `model_governance.register`.

    Raises:
        GovernanceError: the evidence is about something else, or cannot be registered.
        AwsError: AWS refused something or could not be asked.
    """
    require_evidence_about(configuration, evidence)
    key = key_of(configuration, group)
    with explain_errors("PutObject", f"s3://{artifact_bucket}/{key}"):
        s3_client().put_object(Bucket=artifact_bucket, Key=key, Body=pack(configuration))
    version = NewVersion(
        group=group,
        evidence=evidence,
        images=[image],
        model_data=[f"s3://{artifact_bucket}/{key}"],
        about=configuration.name,
        content_types=["text/plain"],
        response_types=["text/plain"],
    )
    return register(
        version,
        evidence_bucket=evidence_bucket,
        thresholds_bucket=thresholds_bucket,
        decisions_bucket=decisions_bucket,
        say=lambda line: print(line, file=sys.stderr),
    )


def require_evidence_about(configuration: Configuration, evidence: Path) -> None:
    """Refuse a folder whose evaluation does not say that it is about this configuration.

    Raises:
        GovernanceError: it is about another one, or does not say.
    """
    path = evidence / "evaluation.json"
    try:
        subject = read_subject(parse_report_json(read_bounded(path, max_bytes=MAX_REPORT_BYTES)))
    except ReportError as error:
        raise GovernanceError(
            f"{path}: cannot be read ({error}); name the folder that scoring wrote"
        ) from error
    name = None if subject is None else subject.name
    if name != configuration.name:
        raise GovernanceError(
            f"{path}: about {name or 'nothing that it names'}, not about this configuration; score its predictions "
            f"with --about {configuration.name}"
        )


def main() -> None:
    """Read the command line, register, and print the ARN."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configuration", type=Path, required=True)
    parser.add_argument("--evidence", type=Path, required=True, help="the folder that scoring wrote")
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--image", default=IMAGE, help="the image that runs configurations")
    for output in ("evidence", "thresholds", "decisions"):
        name = f"GOVERNANCE_{output.upper()}_BUCKET"
        parser.add_argument(
            f"--{output}-bucket", default=os.environ.get(name), help=f"by default that of {name}"
        )
    parser.add_argument("--artifact-bucket", help="where the artifact goes; by default the evidence bucket")
    arguments = parser.parse_args()
    if not arguments.evidence_bucket:
        parser.error("--evidence-bucket: name the gate's output EvidenceBucket")
    with refusing():
        registered = register_configuration(
            read_configuration(arguments.configuration),
            arguments.evidence,
            evidence_bucket=arguments.evidence_bucket,
            artifact_bucket=arguments.artifact_bucket or arguments.evidence_bucket,
            group=arguments.group,
            image=arguments.image,
            thresholds_bucket=arguments.thresholds_bucket,
            decisions_bucket=arguments.decisions_bucket,
        )
    print(registered.arn)


if __name__ == "__main__":
    main()
