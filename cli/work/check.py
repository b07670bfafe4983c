"""`governance check`: judge local reports against a threshold file, with no AWS at all."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import typer
from msgspec.structs import replace

from checks.baseline import Baseline
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import MAX_REPORT_BYTES
from checks.selection import select_thresholds
from checks.thresholds import ThresholdFile
from checks.verification import Verification
from checks.verify_rule import RECOMPUTE
from cli.exit_codes import exit_code_of
from cli.lookup.inputs import (
    STANDARD_INPUT_NAME,
    input_at,
    is_folder,
    is_in_s3,
    read_evidence,
    refuse_twice,
)
from cli.lookup.threshold_sets import examine_named, read_threshold_files
from cli.options.decision_outputs import DecisionOutputs, write_json
from cli.options.output_format import DecisionFormat


def check(
    *,
    thresholds: str | None,
    evidence: list[str],
    further_evidence: list[str] | None,
    baseline: list[str] | None,
    group: str | None,
    in_force: bool,
    thresholds_bucket: str | None,
    output_format: DecisionFormat,
    output: list[str] | None,
    failures: bool,
    verify: bool,
) -> None:
    """Carry out `governance check`, whose arguments these are."""
    outputs = DecisionOutputs.of(output_format, output)
    places = [*evidence, *(further_evidence or [])]
    before = baseline or ()
    if in_force:
        # What is no option is then evidence, as files that a shell put in the place of a pattern.
        places += [] if thresholds is None else [thresholds]
        refuse_twice([*places, *before])
        file, found = _find_in_force(group, places, thresholds_bucket)
    elif thresholds is None:
        raise GovernanceError("name a threshold file; or give --in-force and --group for the one in force")
    else:
        refuse_twice([thresholds, *places, *before])
        file, found = _thresholds(thresholds, group), read_evidence(places)
    if verify and file is not None and file.verify is None:
        file = replace(file, verify=RECOMPUTE)
    record = _judge(file, found, before)

    def write(output_format: DecisionFormat, stream: TextIO) -> None:
        match output_format:
            case DecisionFormat.TEXT:
                from cli.display.decision_text import show_record  # noqa: PLC0415 - not for other formats

                show_record(record, stream, failures_only=failures)
            case DecisionFormat.JSON:
                write_json(record.to_bytes().decode(), stream)
            case _:
                stream.write(_tell(record, file, str(group or thresholds), output_format))

    outputs.deliver(write, result=record.headline)
    raise typer.Exit(exit_code_of(record.decision))


def check_evidence(
    thresholds: str, places: Sequence[str], *, group: str | None, before: Sequence[str] = ()
) -> DecisionRecord:
    """Return the decision on the reports at `places`, by the file that `thresholds` names or that is for `group`.

    At `before` are the reports of the baseline.

    Raises:
        GovernanceError: something cannot be read, or it cannot be told which threshold file is meant.
    """
    return _judge(_thresholds(thresholds, group), read_evidence(places), before)


def _find_in_force(
    group: str | None, places: Sequence[str], bucket: str | None
) -> tuple[ThresholdFile | None, Evidence]:
    """Return the thresholds that are in force for the group, and the evidence at `places`.

    Raises:
        GovernanceError: the group or the bucket is not named, or something cannot be read.
    """
    if group is None:
        raise GovernanceError("--in-force: say for which group, with --group")
    if bucket is None:
        raise GovernanceError("--in-force: set GOVERNANCE_THRESHOLDS_BUCKET, or give --thresholds-bucket")
    from aws.aws_errors import AwsAccessDeniedError  # noqa: PLC0415 - boto3 takes half a second
    from pipelines.threshold_sources import look_back, thresholds_in_force  # noqa: PLC0415 - likewise

    store = thresholds_in_force(bucket)
    file, evidence = store.for_group(group), read_evidence(places)
    with suppress(AwsAccessDeniedError):  # who may not see older versions is told what the newest alone says
        file = look_back(store, group, file, evidence)
    return file, evidence


def _judge(file: ThresholdFile | None, evidence: Evidence, before: Sequence[str]) -> DecisionRecord:
    baseline = Baseline(read_evidence(before)) if before else None
    if baseline is not None and file is not None and file.asks_for_items:
        from cli.lookup.item_results import with_item_results  # noqa: PLC0415 - not for other checks

        evidence = with_item_results(evidence)
        baseline = Baseline(with_item_results(baseline.evidence))
    now = datetime.now(UTC)
    verification = None if file is None or file.verify is None else _verify(file, evidence)
    decision = judge(file, evidence, baseline, decided_at=now, verification=verification)
    return DecisionRecord.of(
        decision,
        thresholds=file,
        evidence=evidence,
        baseline=baseline,
        verification=verification,
        decided_at=now,
    )


def _verify(file: ThresholdFile, evidence: Evidence) -> Verification:
    """Compute the figures again; what is drawn nobody knew when the reports were written."""
    import secrets  # noqa: PLC0415 - not for other files

    from cli.lookup.named_gold import NamedGold  # noqa: PLC0415 - not for other files
    from pipelines.recomputed_evidence import recompute_evidence  # noqa: PLC0415 - likewise

    return recompute_evidence(
        evidence,
        file,
        fetch_report=lambda report: _read_again(report.uri, report.version_id),
        fetch_items=_fetch_items,
        seed=secrets.token_hex(16),
        gold=NamedGold(),
    )


def _fetch_items(place: str) -> Document:
    if not is_in_s3(place) and not Path(place).exists():
        from aws.evidence_errors import EvidenceMissingError  # noqa: PLC0415 - not for other files

        raise EvidenceMissingError(place)
    return input_at(place).read(MAX_REPORT_BYTES)


def _read_again(place: str, version: str | None) -> bytes:
    if place == STANDARD_INPUT_NAME:
        raise GovernanceError("what came by standard input cannot be read again; name a file")
    in_s3 = is_in_s3(place) and version is not None
    return input_at(f"{place}?versionId={version}" if in_s3 else place).read(MAX_REPORT_BYTES).content


def _thresholds(place: str, group: str | None) -> ThresholdFile | None:
    of_a_folder = GovernanceError(
        f"{place}: a folder; say which group to judge for with --group, or name one file"
    )
    if group is None and is_folder(place):
        raise of_a_folder
    files = examine_named(read_threshold_files([place])).files
    if group is not None:
        return select_thresholds(files, group)
    if len(files) > 1:  # below a prefix of S3 that was named without the slash
        raise of_a_folder
    return files[0]


def _tell(
    record: DecisionRecord, file: ThresholdFile | None, place: str, output_format: DecisionFormat
) -> str:
    """Return the decision in the format of a pull request, a test report or a scan."""
    from checks.outputs import OUTPUTS  # noqa: PLC0415 - not for text and JSON
    from cli.display.told_records import tell_record  # noqa: PLC0415 - likewise
    from cli.lookup.check_origins import origins_of  # noqa: PLC0415 - likewise

    origins = {} if file is None else origins_of(file)
    told = tell_record(record, origins, subject=place if file is None else file.name)
    return OUTPUTS[output_format]([told])
