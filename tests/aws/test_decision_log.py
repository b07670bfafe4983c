"""One suite for both decision logs: S3 over HTTP, and a folder."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws.decision_log import (
    DecisionLocation,
    FolderDecisionLog,
    KeptRecord,
    S3DecisionLog,
)
from checks.errors import GovernanceError
from checks.record_bounds import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RECORD = b'{"decision": "Rejected"}\n'
KEY = "askdata/7/execution-1.json"


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[S3DecisionLog | FolderDecisionLog, str]:
    """A log, and the place that its URIs begin with."""
    if request.param == "folder":
        return FolderDecisionLog(tmp_path / "log"), str(tmp_path / "log")
    prefix = f"s3://{request.getfixturevalue('bucket')}/log"
    return S3DecisionLog(request.getfixturevalue("s3"), prefix), prefix


def test_a_record_is_written_and_read_again(place: tuple[S3DecisionLog | FolderDecisionLog, str]) -> None:
    log, root = place
    kept = log.keep(KEY, RECORD)
    assert kept == KeptRecord(f"{root}/{KEY}", RECORD, None, is_new=True)
    assert kept.location == DecisionLocation(kept.uri, hashlib.sha256(RECORD).hexdigest())
    assert log.read(kept.uri) == RECORD


@pytest.mark.parametrize("second", [RECORD, b'{"decision": "Approved"}\n'], ids=["equal", "other"])
@pytest.mark.parametrize("seal", [None, "c2VhbA=="], ids=["unsealed", "sealed"])
def test_a_second_record_changes_nothing_and_gives_the_first_one_back(
    place: tuple[S3DecisionLog | FolderDecisionLog, str], second: bytes, seal: str | None
) -> None:
    log, _ = place
    first = log.keep(KEY, RECORD, seal=seal)
    assert log.keep(KEY, second, seal="b3RoZXI=") == KeptRecord(first.uri, RECORD, seal, is_new=False)
    assert log.read_sealed(first.uri) == (RECORD, seal)


def test_of_many_writers_one_wins(place: tuple[S3DecisionLog | FolderDecisionLog, str]) -> None:
    log, _ = place
    contents = [f"{{{number}}}".encode() for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda content: log.keep(KEY, content), contents))
    (written,) = [one for one in kept if one.is_new]
    assert log.read(written.uri) == written.content


@pytest.mark.parametrize(
    "key", ["", "/a.json", "../a.json", "a/../b.json", "a//b.json", "a/", "a?b", "a b", "ä.json"]
)
def test_a_key_that_is_no_path_of_the_log_is_refused(
    place: tuple[S3DecisionLog | FolderDecisionLog, str], key: str
) -> None:
    log, _ = place
    with pytest.raises(GovernanceError, match="cannot name a decision record"):
        log.keep(key, RECORD)


def test_a_record_that_nobody_would_read_is_not_written(
    place: tuple[S3DecisionLog | FolderDecisionLog, str],
) -> None:
    log, root = place
    with pytest.raises(GovernanceError, match="at most 16,777,216 are read: its findings are too many"):
        log.keep(KEY, b"x" * (MAX_RECORD_BYTES + 1))
    with pytest.raises(GovernanceError, match="there is no such"):
        log.read(f"{root}/{KEY}")


@pytest.mark.parametrize("path", ["{root}-other/x.json", "{root}/../x.json"])
def test_only_records_of_the_log_are_read(
    place: tuple[S3DecisionLog | FolderDecisionLog, str], path: str
) -> None:
    log, root = place
    log.keep(KEY, RECORD)
    with pytest.raises(GovernanceError, match=r"not a record of the decision log|there is no such"):
        log.read(path.format(root=root))


def test_an_absent_record_is_said_to_be(place: tuple[S3DecisionLog | FolderDecisionLog, str]) -> None:
    log, root = place
    with pytest.raises(GovernanceError, match=r"absent.json: there is no such"):
        log.read(f"{root}/absent.json")


def test_a_version_or_another_bucket_is_not_read(s3: "S3Client", bucket: str) -> None:
    log = S3DecisionLog(s3, f"s3://{bucket}/log")
    location = log.keep(KEY, RECORD)
    for uri in (f"{location.uri}?versionId=1", location.uri.replace(bucket, f"{bucket[:40]}-x")):
        with pytest.raises(GovernanceError, match="not a record of the decision log"):
            log.read(uri)


def test_the_decisions_need_a_prefix(s3: "S3Client", bucket: str) -> None:
    with pytest.raises(GovernanceError, match="not a prefix"):
        S3DecisionLog(s3, f"s3://{bucket}")


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    with pytest.raises(GovernanceError, match="cannot write the decision record there"):
        FolderDecisionLog(tmp_path / "log").keep(KEY, RECORD)
    assert Path(tmp_path / "log").read_text() == "a file where the folder should be"


def test_a_seal_is_kept_with_its_record(place: tuple[S3DecisionLog | FolderDecisionLog, str]) -> None:
    log, _ = place
    assert log.read_sealed(log.keep(KEY, RECORD, seal="c2VhbA==").uri) == (RECORD, "c2VhbA==")
    assert log.read_sealed(log.keep("askdata/7/other.json", RECORD).uri) == (RECORD, None)


def test_what_was_written_after_a_moment_is_told_by_the_logs_own_clock(
    place: tuple[S3DecisionLog | FolderDecisionLog, str],
) -> None:
    log, root = place
    log.keep("askdata/7/a.json", RECORD, seal="c2VhbA==")
    log.keep("askdata/7/deep/b.json", RECORD)
    log.keep("askdata/71/c.json", RECORD)
    now = datetime.now(UTC)
    assert log.written_after("askdata/7", now - timedelta(hours=1)) == (f"{root}/askdata/7/a.json",)
    assert log.written_after("askdata/7", now + timedelta(hours=1)) == ()
    assert log.written_after("askdata/8", now - timedelta(hours=1)) == ()
    with pytest.raises(GovernanceError, match="cannot name"):
        log.written_after("../askdata", now)


def test_folders_are_those_that_records_lie_below(
    place: tuple[S3DecisionLog | FolderDecisionLog, str],
) -> None:
    log, _ = place
    assert log.folders() == log.folders("askdata") == ()
    for key in ("askdata/7/e1.json", "askdata/10/e2.json", "shop/1/e3.json"):
        log.keep(key, RECORD, seal="seal")
    assert log.folders() == ("askdata", "shop")
    assert log.folders("askdata") == ("10", "7")
    assert log.folders("askdata/7") == ()
    with pytest.raises(GovernanceError, match="cannot name a decision record"):
        log.folders("../x")
