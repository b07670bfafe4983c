"""`governance register`: look at how the gate would decide, upload the evidence, register the version as pending."""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from aws.s3_uris import S3Uri
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.strict_json import ReportError, parse_strict_json
from cli.display.decision_text import show_record
from cli.exit_codes import ExitCode, exit_code_of
from cli.lookup.inputs import is_in_s3
from cli.options.durations import DEFAULT_TIMEOUT, parse_duration
from disk.reading import read_bounded
from pipelines.new_version import NewVersion
from pipelines.only_if import OnlyIf
from pipelines.register_version import WouldBeWorseError, register_version
from pipelines.registration_plan import RegisteredVersion

MAX_SPECIFICATION_BYTES = 1024 * 1024  # a model card in it has at most 100,000 characters


def register(
    *,
    group: str,
    evidence: str,
    registry_account: str | None,
    image: list[str] | None,
    model_data: list[str] | None,
    about: str | None,
    description: str | None,
    tag: list[str] | None,
    metadata: list[str] | None,
    task: str | None,
    domain: str | None,
    content_type: list[str] | None,
    response_type: list[str] | None,
    specification: Path | None,
    from_package: str | None,
    thresholds: str | None,
    only_if: OnlyIf | None,
    no_check: bool,
    ungoverned: bool,
    again: bool,
    wait: bool,
    timeout: str | None,
    evidence_bucket: str,
    thresholds_bucket: str | None,
    decisions_bucket: str | None,
) -> None:
    """Carry out `governance register`, whose arguments these are."""
    if wait:
        parse_duration(timeout or DEFAULT_TIMEOUT)  # refused before anything is registered
    elif timeout is not None:
        raise GovernanceError("--timeout: how long --wait may take; give --wait too, or leave it out")
    if no_check and only_if is not None:
        raise GovernanceError("--no-check and --only-if: one needs the likely decision, the other makes none")
    with _local_folder(evidence) as folder:
        version = NewVersion(
            group=group,
            evidence=folder,
            images=image or (),
            model_data=model_data or (),
            about=about,
            description=description,
            tags=_pairs("--tag", tag or ()),
            metadata=_pairs("--metadata", metadata or ()),
            task=task,
            domain=domain,
            content_types=content_type or (),
            response_types=response_type or (),
            specification={} if specification is None else _specification(specification),
            from_package=from_package,
        )
        try:
            registered = register_version(
                version,
                evidence_bucket=evidence_bucket,
                thresholds=thresholds,
                thresholds_bucket=thresholds_bucket,
                decisions_bucket=decisions_bucket,
                check=not no_check,
                only_if=only_if,
                ungoverned=ungoverned,
                again=again,
                registry_account=registry_account,
                say=_say,
                show=_show,
            )
        except WouldBeWorseError as stopped:
            _say(f"not registered: {stopped}")
            _say_notes(stopped)
            raise typer.Exit(exit_code_of(stopped.record.decision)) from None
        except KeyboardInterrupt as interrupt:
            _say_notes(interrupt)  # those of an error are shown with it
            raise
    _deliver(registered)
    if wait:
        waiting_time = timeout or DEFAULT_TIMEOUT
        raise typer.Exit(_wait(registered.arn, waiting_time, thresholds_bucket, decisions_bucket))


@contextmanager
def _local_folder(evidence: str) -> Iterator[Path]:
    """Give the folder that is named, or a copy of what is below a prefix of S3 for as long as it is needed."""
    if not is_in_s3(evidence):
        yield Path(evidence)
        return
    from aws.clients import s3_client  # noqa: PLC0415 - help and completion need no boto3
    from aws.evidence_store import download_evidence  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="governance-evidence-") as folder:
        download_evidence(s3_client(), S3Uri.parse(evidence), Path(folder))
        yield Path(folder)


def _deliver(registered: RegisteredVersion) -> None:
    if registered.is_new:
        for reference in registered.reports:
            _say(f"{reference.slot or 'under the evidence prefix'}: {reference.uri}")
    print(registered.arn, flush=True)


def _wait(arn: str, timeout: str, thresholds_bucket: str | None, decisions_bucket: str | None) -> int:
    """Do what `governance wait` does; all that it prints goes to stderr, since stdout carries the ARN alone."""
    from cli.main import run  # noqa: PLC0415 - the command line imports this module to run it

    buckets = {"--thresholds-bucket": thresholds_bucket, "--decisions-bucket": decisions_bucket}
    given: list[str] = []
    for option, bucket in buckets.items():
        if bucket is not None:
            given += [option, bucket]
    with redirect_stdout(sys.stderr):
        code = run(["wait", arn, "--timeout", timeout, *given])
    if code == ExitCode.INTERRUPTED:
        _say(f"{arn} is registered; go on with: governance wait {arn}")
    return code


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Read `KEY=VALUE` of each; the value may hold further equals signs.

    Raises:
        GovernanceError: one has no equals sign or no key, or a key is there twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise GovernanceError(f"{option}: {text!r} is not KEY=VALUE; write it like team=risk")
        if key in pairs:
            raise GovernanceError(f"{option}: {key} is given twice; leave one out")
        pairs[key] = value
    return pairs


def _specification(path: Path) -> Mapping[str, Any]:
    """Read further fields of `CreateModelPackage` from a file.

    Raises:
        GovernanceError: it cannot be read, or is no JSON object.
    """
    try:
        fields = parse_strict_json(read_bounded(path, max_bytes=MAX_SPECIFICATION_BYTES))
    except (ReportError, RecursionError) as error:
        raise GovernanceError(
            f"{path}: {error}; write a JSON object of CreateModelPackage's fields"
        ) from error
    if not isinstance(fields, Mapping):
        raise GovernanceError(f"{path}: not a JSON object; write the fields of CreateModelPackage into one")
    return fields


def _show(record: DecisionRecord) -> None:
    _say("The likely decision; the gate makes its own once the version is registered:")
    show_record(record, sys.stderr)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say_notes(error: BaseException) -> None:
    for note in getattr(error, "__notes__", ()):
        _say(note)
