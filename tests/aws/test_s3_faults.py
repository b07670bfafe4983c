"""What S3 answers when it does not do what was asked, spoken by a loopback server."""

import http.client
import socket
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from aws import one_time_writes
from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsThrottledError, AwsUnreachableError
from aws.decision_log import S3DecisionLog
from aws.evidence_errors import EvidenceMissingError, EvidenceTooLargeError
from aws.evidence_store import S3EvidenceStore
from aws.report_references import ReportReference
from aws.s3_uris import S3Uri
from aws.threshold_store import S3ThresholdStore
from checks.errors import GovernanceError
from tests.aws.conftest import Answer, Loopback, Request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

URI = "s3://evidence/a/x.json"


def xml(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>said by S3</Message></Error>".encode()


@pytest.fixture
def s3_at_fault(loopback: Loopback, client_of: Callable[..., Any]) -> "S3Client":
    client: S3Client = client_of("s3", loopback.url)
    return client


CALLS: dict[str, Callable[["S3Client"], Any]] = {
    "read": lambda s3: S3EvidenceStore(s3, ["evidence"]).read(ReportReference(None, URI)),
    "list": lambda s3: S3EvidenceStore(s3, ["evidence"]).list("s3://evidence/a/x.json"),
    "thresholds": lambda s3: S3ThresholdStore(s3, "s3://evidence/a/x.json/t.yaml").for_group("askdata"),
    "threshold list": lambda s3: S3ThresholdStore(s3, "s3://evidence/a/x.json").for_group("askdata"),
    "record": lambda s3: S3DecisionLog(s3, "s3://evidence/a/").read("s3://evidence/a/x.json"),
    "write": lambda s3: S3DecisionLog(s3, "s3://evidence/a/").keep("x.json", b"{}"),
}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((403, "AccessDenied"), (AwsAccessDeniedError, "give the caller permission", 1)),
        ((400, "ExpiredToken"), (AwsAccessDeniedError, "renew its credentials", 1)),
        ((503, "SlowDown"), (AwsThrottledError, "slow down", 2)),
        ((500, "InternalError"), (AwsUnreachableError, "try again later", 2)),
        ((400, "InvalidArgument"), (AwsError, "fix what the message names", 1)),
        ((404, "NoSuchBucket"), (AwsError, "check the name, the account and the region", 1)),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_each_refusal_is_one_typed_message(
    loopback: Loopback,
    s3_at_fault: "S3Client",
    call: str,
    answer: tuple[int, str],
    expected: tuple[type[GovernanceError], str, int],
) -> None:
    (status, code), (error, says, attempts) = answer, expected
    loopback.respond = lambda request: loopback.answer(status, xml(code))
    with pytest.raises(error, match=says) as raised:
        CALLS[call](s3_at_fault)
    assert "s3://evidence/a/x.json" in str(raised.value)
    assert f"failed with {code} (said by S3)" in str(raised.value)
    assert len(loopback.requests) == attempts


IN_ANOTHER_REGION = {"x-amz-bucket-region": "us-west-2"}


def test_a_report_in_another_region_is_asked_for_there(loopback: Loopback, s3_at_fault: "S3Client") -> None:
    """S3 answers a request of the wrong region with the right one, and botocore signs another for that."""
    written = {"Last-Modified": "Mon, 02 Mar 2026 12:00:00 GMT"}

    def respond(request: Request) -> Answer:
        if "/us-west-2/s3/" in request.headers["Authorization"]:
            return loopback.answer(200, b"{}", written)
        return loopback.answer(301, xml("PermanentRedirect"), IN_ANOTHER_REGION)

    loopback.respond = respond
    assert CALLS["read"](s3_at_fault).content == b"{}"


@pytest.mark.parametrize(
    ("answer", "headers", "where"),
    [
        ((301, "PermanentRedirect"), IN_ANOTHER_REGION, "us-west-2"),
        ((400, "AuthorizationHeaderMalformed"), IN_ANOTHER_REGION, "us-west-2"),
        ((400, "AuthorizationHeaderMalformed"), {}, "another region"),
        ((400, "IllegalLocationConstraintException"), {}, "another region"),
    ],
    ids=["a region that answers so, too", "a signature", "a signature, and no region", "a constraint"],
)
def test_a_bucket_in_another_region_that_cannot_be_read_from_here_says_so(
    loopback: Loopback,
    s3_at_fault: "S3Client",
    answer: tuple[int, str],
    headers: dict[str, str],
    where: str,
) -> None:
    status, code = answer
    loopback.respond = lambda request: loopback.answer(status, xml(code), headers)
    with pytest.raises(AwsError, match=f"{URI}: GetObject failed with {code} ") as raised:
        CALLS["read"](s3_at_fault)
    assert str(raised.value).endswith(
        f"the bucket is in {where}: copy what is needed into a bucket of this region"
    )


def test_a_throttle_that_passes_is_no_error(loopback: Loopback, s3_at_fault: "S3Client") -> None:
    written = {"Last-Modified": "Mon, 02 Mar 2026 12:00:00 GMT"}
    answers = [loopback.answer(503, xml("SlowDown")), loopback.answer(200, b"{}", written)]
    loopback.respond = lambda request: answers.pop(0)
    assert CALLS["read"](s3_at_fault).content == b"{}"


def test_an_absent_report_is_a_gap_and_no_failure(loopback: Loopback, s3_at_fault: "S3Client") -> None:
    nothing = loopback.answer(200, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")
    loopback.respond = lambda request: (
        nothing if "list-type" in request.path else loopback.answer(404, xml("NoSuchKey"))
    )
    with pytest.raises(EvidenceMissingError, match=f"{URI}: there is no such object"):
        CALLS["read"](s3_at_fault)


def test_a_larger_object_is_refused_before_its_body_comes(
    loopback: Loopback, s3_at_fault: "S3Client"
) -> None:
    loopback.respond = lambda request: loopback.answer(200, b"", {"Content-Length": str(10**12)})
    with pytest.raises(EvidenceTooLargeError, match="1,000,000,000,000 bytes"):
        CALLS["read"](s3_at_fault)


def test_a_connection_that_breaks_in_the_body_is_an_error(
    loopback: Loopback, s3_at_fault: "S3Client"
) -> None:
    loopback.respond = lambda request: loopback.answer(
        200, b"{", {"Content-Length": "2", "Connection": "close"}
    )
    with pytest.raises(AwsUnreachableError, match=f"{URI}: GetObject failed"):
        CALLS["read"](s3_at_fault)


@pytest.mark.parametrize(
    ("call", "way_out"),
    [("list", "try again"), ("threshold list", "check that AWS_ENDPOINT_URL leads to AWS")],
    ids=["list", "threshold list"],
)
def test_an_answer_that_does_not_come_from_aws_is_an_error(
    loopback: Loopback, s3_at_fault: "S3Client", call: str, way_out: str
) -> None:
    loopback.respond = lambda request: loopback.answer(200, b"<html><p>Log in to the airport's network")
    with pytest.raises(AwsUnreachableError, match=way_out):
        CALLS[call](s3_at_fault)


@pytest.mark.parametrize("call", CALLS)
def test_nobody_at_home_is_one_message(client_of: Callable[..., Any], call: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(AwsUnreachableError, match="check the network, the region, and AWS_ENDPOINT_URL"):
            CALLS[call](client_of("s3", url))


@pytest.fixture
def lossy(loopback: Loopback, client_of: Callable[..., Any], moto_url: str) -> "S3Client":
    """S3 behind a line that loses the answer to the first PUT: the object is written, and boto3 hears of an error."""
    lost: list[Request] = []

    def respond(request: Request) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(moto_url).netloc)
        connection.request(request.method, request.path, request.body, request.headers)
        answer = connection.getresponse()
        body = answer.read()
        headers = {
            name: value for name, value in answer.getheaders() if name.lower().startswith("x-amz-meta")
        }
        connection.close()
        if request.method == "PUT" and not lost:
            lost.append(request)
            return loopback.answer(500, xml("InternalError"))
        return loopback.answer(answer.status, body, headers)

    loopback.respond = respond
    client: S3Client = client_of("s3", loopback.url)
    return client


def test_a_record_whose_answer_is_lost_is_not_taken_for_somebody_elses(
    lossy: "S3Client", loopback: Loopback, s3: "S3Client", bucket: str
) -> None:
    location = S3DecisionLog(lossy, f"s3://{bucket}/d/").keep("x.json", b"{}")
    assert [request.method for request in loopback.requests] == ["PUT", "PUT", "HEAD"]
    assert location.uri == f"s3://{bucket}/d/x.json"
    assert s3.get_object(Bucket=bucket, Key="d/x.json")["Body"].read() == b"{}"


@pytest.mark.parametrize("name", ["results.jsonl", "evaluation.json"])
def test_evidence_whose_answer_is_lost_is_not_taken_for_somebody_elses(
    lossy: "S3Client", loopback: Loopback, bucket: str, tmp_path: Path, name: str
) -> None:
    """Each kind of file comes first once: a stream has to be sent again from its beginning."""
    (tmp_path / name).write_bytes(b'{"a": 1}')
    (tmp_path / "z.json").write_bytes(b"{}")
    S3EvidenceStore(lossy, [bucket]).upload(tmp_path, f"s3://{bucket}/a")
    assert [request.method for request in loopback.requests] == ["PUT", "PUT", "HEAD", "PUT"]
    assert lossy.get_object(Bucket=bucket, Key=f"a/{name}")["Body"].read() == b'{"a": 1}'


def conflicting(loopback: Loopback, times: int, then: Answer) -> list[bytes]:
    """Answer so many conditional writes as S3 does while another one is under way; returns the bodies that come."""
    answers = [*(loopback.answer(409, xml("ConditionalRequestConflict")) for _ in range(times)), then]
    bodies: list[bytes] = []

    def respond(request: Request) -> Answer:
        bodies.append(request.body)
        return answers.pop(0)

    loopback.respond = respond
    return bodies


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time; other threads of the process sleep as before."""
    pauses: list[float] = []
    monkeypatch.setattr(one_time_writes, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.mark.parametrize("body", [b"{}", BytesIO(b"skipped{}")], ids=["bytes", "stream"])
def test_a_write_in_conflict_with_another_is_made_again_with_its_whole_body(
    loopback: Loopback, s3_at_fault: "S3Client", unhurried: list[float], body: bytes | BytesIO
) -> None:
    if isinstance(body, BytesIO):
        body.seek(len(b"skipped"))
    bodies = conflicting(loopback, 2, loopback.answer(200))
    uri = S3Uri("evidence", "a/x.json")
    assert one_time_writes.write_object_once(s3_at_fault, uri, body, content_type="application/json")
    assert [b"{}" in sent and b"skipped" not in sent for sent in bodies] == [True] * 3
    assert len(unhurried) == 2


def test_a_write_whose_other_writer_won_is_the_others(
    loopback: Loopback, s3_at_fault: "S3Client", unhurried: list[float]
) -> None:
    answers = [
        loopback.answer(409, xml("ConditionalRequestConflict")),
        loopback.answer(412, xml("PreconditionFailed")),
        loopback.answer(200, b"", {"x-amz-meta-writer": "another"}),
    ]
    loopback.respond = lambda request: answers.pop(0)
    uri = S3Uri("evidence", "a/x.json")
    assert not one_time_writes.write_object_once(s3_at_fault, uri, b"{}", content_type="application/json")
    assert len(unhurried) == 1


def test_a_conflict_that_does_not_end_is_one_message_after_five_attempts(
    loopback: Loopback, s3_at_fault: "S3Client", unhurried: list[float]
) -> None:
    bodies = conflicting(loopback, 5, loopback.answer(200))
    with pytest.raises(AwsError, match="another request writes there at the same time: try again"):
        CALLS["write"](s3_at_fault)
    assert len(bodies) == 5
    assert all(pause <= bound for pause, bound in zip(unhurried, (0.2, 0.4, 0.8, 1.6), strict=True))
