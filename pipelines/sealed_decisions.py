"""How a decision is written, sealed and read back.

Step one seals each record: a keyed digest over the record's SHA-256, the version and the execution, made with a key
that only its role may make seals with. Whoever can write into the bucket can forge a record, but not its seal.
"""

import hashlib
from datetime import datetime

from aws.decision_log import DecisionLocation, DecisionLog, KeptRecord
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from checks.decision_record import (
    DecisionRecord,
    RecordedContainer,
    RecordedModelPackage,
    parse_record,
)
from checks.errors import GovernanceError
from pipelines.record_keys import created_text, decision_key, execution_id, statement
from pipelines.step_settings import RECORD_SUFFIX


class DecisionMismatchError(GovernanceError):
    """A decision record that is not the one that was written for this version and execution."""


def describe_judged_package(package: ModelPackage) -> RecordedModelPackage:
    """Return `package` as a decision record names it."""
    return RecordedModelPackage(
        arn=package.arn,
        group=package.group,
        version=package.version,
        created=created_text(package),
        containers=tuple(RecordedContainer.taken_from(container) for container in package.containers),
    )


def decided_at(record: DecisionRecord) -> datetime:
    """Return the time of a decision, which is exact to the second."""
    return datetime.fromisoformat(record.decided_at)


def keep_decision(
    log: DecisionLog, seals: Seals, package: ModelPackage, record: DecisionRecord, execution_arn: str
) -> KeptRecord:
    """Write a record and its seal, or read the one that is there already: nothing says yet that step one wrote that.

    Raises:
        AwsError: it could not be sealed, written or read.
    """
    content = record.to_bytes()
    seal = seals.make(statement(hashlib.sha256(content).hexdigest(), package.arn, execution_arn))
    return log.keep(decision_key(package, execution_arn), content, seal=seal)


def read_decision(
    log: DecisionLog, seals: Seals, uri: str, *, about: str
) -> tuple[DecisionRecord, DecisionLocation]:
    """Return the record at `uri` with its digest, when step one wrote it about the model package with the ARN `about`.

    Raises:
        DecisionMismatchError: it is about another one, or step one did not write it.
        GovernanceError: there is no decision record.
    """
    return verify_decision(*log.read_sealed(uri), uri, seals, about=about)


def verify_decision(
    content: bytes, seal: str | None, uri: str, seals: Seals, *, about: str
) -> tuple[DecisionRecord, DecisionLocation]:
    """Return what `read_decision` does of the record `content` with `seal`, which was read at `uri`."""
    record, location = parse_record(content), DecisionLocation(uri, hashlib.sha256(content).hexdigest())
    if record.model_package is None or record.model_package.arn != about:
        judged = "no model package" if record.model_package is None else record.model_package.arn
        raise DecisionMismatchError(
            f"{uri}: this decision is about {judged}, not {about}; start a new execution for {about}"
        )
    sealed = statement(location.sha256, about, record.execution or "")
    if seal is None or not seals.is_genuine(sealed, seal):
        said = "has no seal" if seal is None else "has a seal that was not made for it"
        raise DecisionMismatchError(
            f"{uri}: this record {said}: the evaluation step did not write it, or it was changed since; nothing was "
            "done by it. Find out who wrote it, keep its versions for the audit, and start a new execution"
        )
    return record, location


def read_in_place(
    log: DecisionLog, seals: Seals, uri: str
) -> tuple[DecisionRecord, RecordedModelPackage, DecisionLocation]:
    """Return the record at `uri`, its version and its digest, when step one wrote it, and wrote it there.

    Raises:
        DecisionMismatchError: step one did not write it, or elsewhere, or it is about no version.
        GovernanceError: there is no decision record.
    """
    content, seal = log.read_sealed(uri)
    package = parse_record(content).model_package
    if package is None:
        raise DecisionMismatchError(f"{uri}: this record is about no version; find out who put it there")
    record, location = verify_decision(content, seal, uri, seals, about=package.arn)
    # The seal is of the bytes, wherever they are: a copy of a record has it too.
    own_place = f"/{package.group}/{package.version}/{execution_id(record.execution or '')}{RECORD_SUFFIX}"
    if not uri.endswith(own_place):
        raise DecisionMismatchError(
            f"{uri}: this record belongs at …{own_place}; find out who copied it, and keep it for the audit"
        )
    return record, package, location
