"""`governance status`, `list` and `history`: from decision records alone, and with the model registry."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, RecordedModelPackage
from checks.evidence import Evidence
from checks.limits import AtLeast, AtMost, Limit
from cli.main import run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType
    from mypy_boto3_sagemaker.type_defs import InferenceSpecificationTypeDef

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn"
APPROVED, REJECTED, REVIEW = Verdict.APPROVED, Verdict.REJECTED, Verdict.NEEDS_REVIEW


def _finding(
    metric: str, value: float | None, limit: Limit, outcome: Outcome, facet: str | None = None
) -> Finding:
    asks = {Outcome.FAILED: Consequence.REJECT, Outcome.MISSING: Consequence.REVIEW}.get(outcome)
    reason = f"{value} is out" if outcome is Outcome.FAILED else "not in the evidence"
    asked = Asked(metric.rpartition(".")[2], metric, limit, "Because.")
    return Finding(asked, facet, outcome, asks, value, None, None, reason)


def _record(version: int, verdict: Verdict, accuracy: float | None, latency: float, day: int) -> bytes:
    passed = accuracy is not None and accuracy >= 0.8
    outcome = Outcome.MISSING if accuracy is None else Outcome.PASSED if passed else Outcome.FAILED
    findings = (
        _finding("latency.p95_seconds", latency, AtMost(2.0), Outcome.PASSED),
        _finding("text_to_sql.execution_accuracy", accuracy, AtLeast(0.8), outcome),
        _finding("text_to_sql.execution_accuracy", 0.9, AtLeast(0.7), Outcome.PASSED, "region=CA"),
    )
    return DecisionRecord.of(
        Decision(verdict, findings),
        thresholds=None,
        evidence=Evidence(()),
        decided_at=datetime(2026, 3, day, 12, tzinfo=UTC),
        model_package=RecordedModelPackage(arn=f"{ARN}/{version}", group="Churn", version=version),
    ).to_bytes()


def _outcome(version: int, status: str, day: int, record: bytes) -> bytes:
    return json.dumps(
        {
            "schema": "governance.outcome/2",
            "outcome": "updated",
            "approval_status": status,
            "status_given_by": None,
            "decision": "-",
            "decision_uri": f"s3://reports/decisions/Churn/{version}/e{version}.json",
            "decision_digest": hashlib.sha256(record).hexdigest(),
            "model_package": f"{ARN}/{version}",
            "recorded_at": datetime(2026, 3, day, 12, 1, tzinfo=UTC).isoformat(),
        }
    ).encode()


@pytest.fixture
def decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The records of three versions in `decisions`: the second was judged twice, the last is not carried out."""
    monkeypatch.chdir(tmp_path)
    first, second = _record(1, REJECTED, 0.71, 1.5, 1), _record(2, APPROVED, 0.84, 1.4, 2)
    files = {
        "Churn/1/e1.json": first,
        "Churn/1/e1.outcome.json": _outcome(1, "Rejected", 1, first),
        "Churn/2/e2.json": second,
        "Churn/2/e2.outcome.json": _outcome(2, "Approved", 2, second),
        "Churn/2/e0.json": _record(2, REVIEW, None, 1.4, 1),
        "Churn/10/e3.json": _record(10, REJECTED, 0.6512345, 1.9, 9),
        ".seals/Churn/1/e1.json": b"seal",
    }
    for name, content in files.items():
        path = tmp_path / "decisions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return files


HISTORY = """\
                                                                          execution_accuracy
Version  Decision  Status    Decided     execution_accuracy  p95_seconds  [region=CA]
1        Rejected  Rejected  2026-03-01  0.71 failed         1.5          0.9
2        Approved  Approved  2026-03-02  0.84                1.4          0.9
10       Rejected  -         2026-03-09  0.6512 failed       1.9          0.9
                             limit       >= 0.8              <= 2         >= 0.7
"""
HISTORY_80 = """\
Version  Decision  Status    Decided     execution_accuracy  p95_seconds
1        Rejected  Rejected  2026-03-01  0.71 failed         1.5
2        Approved  Approved  2026-03-02  0.84                1.4
10       Rejected  -         2026-03-09  0.6512 failed       1.9
                             limit       >= 0.8              <= 2

checked too: text_to_sql.execution_accuracy [region=CA]; --metric shows one
"""
CHART = """\
                    text_to_sql.execution_accuracy, limit >= 0.8
     ┌─────────────────────────────────────────────────────────────────────────┐
0.840┤                                  ⢀⠤●⠢⡀                                  │
     │                               ⣀⠔⠊⠁   ⠈⠢⡀                                │
0.809┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⡠⠔⠉┄┄┄┄┄┄┄┄┄⠈⠒⢄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄│
0.777┤                        ⢀⡠⠒⠉               ⠑⢄                            │
     │                     ⣀⠤⠊⠁                    ⠑⠤⡀                         │
0.746┤                  ⣀⠔⠊                          ⠈⠢⡀                       │
     │              ⢀⡠⠔⠉                               ⠈⠢⢄                     │
0.714┤            ●⠒⠁                                     ⠑⢄                   │
0.683┤                                                      ⠑⢄⡀                │
     │                                                        ⠈⠢⡀              │
0.651┤                                                          ⠈⠢●            │
     └────────────┬───────────────────────┬───────────────────────┬────────────┘
                  1                       2                      10
"""
CHART_IN_ASCII = """\
                    text_to_sql.execution_accuracy, limit >= 0.8
0.840                                     o
                                       ... ..
0.809                               ...      ..
     ----------------------------...-----------..-------------------------------
0.777                         ...                ..
                           ...                     ..
0.746                   ...                          ..
                     ...                               ..
0.714            o...                                    ..
                                                           ..
0.683                                                        ..
                                                               ..
0.651                                                            ..o
                 1                        2                       10
"""
STATUS = """\
Churn 10: Rejected, not carried out yet
version     arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/10
status      by the decision records alone, without the registry
decision    Rejected at 2026-03-09T12:00:00Z, no threshold file applied
record      FOLDER/decisions/Churn/10/e3.json
            rejects: execution_accuracy: 0.6512345 is out

Churn 2: Approved
version     arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/2
status      by the decision records alone, without the registry
decision    Approved at 2026-03-02T12:00:00Z, no threshold file applied
record      FOLDER/decisions/Churn/2/e2.json
"""
LIST = """\
Group  Version  Status           Decided
Churn  10       not carried out  2026-03-09T12:00:00Z
       2        Approved         2026-03-02T12:00:00Z
       1        Rejected         2026-03-01T12:00:00Z
"""
OFFLINE = ["--decisions", "decisions"]


def test_history_in_a_pipe_is_whole_and_has_no_chart(
    decisions: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "Churn", "--decisions", "decisions"]) == 0
    assert capsys.readouterr() == (HISTORY, "")


class _Terminal(StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _on_terminal(monkeypatch: pytest.MonkeyPatch, arguments: list[str], *, columns: int = 80) -> str:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    assert run(arguments) == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    return "\n".join(line.rstrip() for line in plain.splitlines()) + "\n"


def test_on_a_terminal_history_fits_and_ends_with_a_chart(
    decisions: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _on_terminal(monkeypatch, ["history", "Churn", *OFFLINE]) == f"{HISTORY_80}\n{CHART}"
    wide = _on_terminal(monkeypatch, ["history", "Churn", *OFFLINE], columns=160)
    assert wide.startswith(HISTORY)
    assert max(map(len, wide.splitlines())) == 100
    assert _on_terminal(monkeypatch, ["history", "Churn", *OFFLINE, "--no-chart"]) == HISTORY_80


@pytest.mark.parametrize(
    ("encoding", "drawn"), [("utf-8", CHART), ("ascii", CHART_IN_ASCII), ("iso-8859-1", CHART_IN_ASCII)]
)
def test_a_chart_that_is_asked_for_is_drawn_in_what_the_locale_has(
    decisions: dict[str, bytes], encoding: str, drawn: str
) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": encoding}
    program = [sys.executable, "-m", "model_governance", "history", "Churn", *OFFLINE, "--chart"]
    result = subprocess.run(program, env=environment, check=False, capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode(encoding) == f"{HISTORY}\n{drawn}"


def test_a_reader_that_closes_the_pipe_early_changes_nothing(decisions: dict[str, bytes]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    program = [sys.executable, "-m", "model_governance", "status", "Churn", *OFFLINE, "--chart"]
    result = subprocess.run(program, env=environment, check=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")


def test_status_and_list_from_records_alone(
    decisions: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "Churn", "--versions", "2", *OFFLINE]) == 0
    assert capsys.readouterr() == (STATUS.replace("FOLDER", str(tmp_path)), "")
    assert run(["status", f"{ARN}/2", *OFFLINE]) == 0
    assert capsys.readouterr().out == STATUS.replace("FOLDER", str(tmp_path)).partition("\n\n")[2]
    assert run(["list", *OFFLINE]) == 0
    assert capsys.readouterr() == (LIST, "")
    assert run(["list", "--group", "Churn", "--versions", "1", *OFFLINE]) == 0
    assert capsys.readouterr().out == "".join(LIST.splitlines(keepends=True)[:2])


def test_status_draws_the_chart_of_the_versions_that_it_shows(
    decisions: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _on_terminal(monkeypatch, ["status", "Churn", *OFFLINE])
    assert shown.endswith(f"\n\n{CHART}")


def test_status_folds_what_is_long_beside_its_word(
    decisions: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = _on_terminal(
        monkeypatch, ["status", "Churn", "--versions", "2", *OFFLINE, "--no-chart"], columns=40
    )
    assert max(map(len, shown.splitlines())) <= 40
    folded = re.sub(r"(?<=\S)\n {12}(?=\S)", "", shown)  # as it was before it was folded, but for blanks
    whole = STATUS.replace("FOLDER", str(tmp_path))
    assert folded.replace(" ", "").replace("\n", "") == whole.replace(" ", "").replace("\n", "")
    assert shown.splitlines()[1:3] == [
        "version     arn:aws:sagemaker:eu-west-1:",
        "            123456789012:model-package/c",
    ]


def test_programs_read_json(
    decisions: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "Churn", *OFFLINE, "--metric", "p95_seconds", "--format", "json"]) == 0
    history = json.loads(capsys.readouterr().out)
    value = {"check": "p95_seconds", "metric": "latency.p95_seconds", "facet": None, "outcome": "passed"}
    assert history["versions"][2] == {
        "version": 10,
        "arn": f"{ARN}/10",
        "status": None,
        "decision": "Rejected",
        "decided_at": "2026-03-09T12:00:00Z",
        "record": f"{tmp_path}/decisions/Churn/10/e3.json",
        "values": [{**value, "value": 1.9, "limit": {"at_most": 2.0}}],
    }
    page = tmp_path / "decisions" / "Churn" / "10" / "e3.html"
    page.touch()
    assert run(["status", "Churn", *OFFLINE, "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)["versions"][0]
    assert (status["record"], status["page"]) == (str(page.with_suffix(".json")), str(page))
    assert (status["status"], status["decision"]["decision"]) == (None, "Rejected")
    assert [finding["check"] for finding in status["decision"]["asking"]] == ["execution_accuracy"]
    assert run(["list", *OFFLINE, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"][2] == {
        "group": "Churn",
        "version": 1,
        "arn": f"{ARN}/1",
        "status": "Rejected",
        "at": "2026-03-01T12:00:00Z",
        "left_alone": None,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["history", "churm", *OFFLINE],
            "churm: decisions has no version of this group (any more); there are Churn; check the name, and where it "
            "is looked for",
        ),
        (
            ["history", "Churn", "--metric", "x", *OFFLINE],
            "x: no decision checked such a metric; checked were text_to_sql.execution_accuracy, latency.p95_seconds, "
            "text_to_sql.execution_accuracy [region=CA]",
        ),
        (
            ["list", "--decisions", "nowhere"],
            "nowhere: there is no such folder; name the one that holds GROUP/VERSION/ with the decision records",
        ),
        (["status", f"{ARN}/3", *OFFLINE], f"{ARN}/3: decisions has no decision about this version"),
    ],
)
def test_what_is_not_there_is_one_message(
    decisions: dict[str, bytes], capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_a_record_that_is_none_is_named(
    decisions: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "decisions/Churn/2/e2.json").write_text("{}")
    assert run(["history", "Churn", *OFFLINE]) == 2
    assert "decisions/Churn/2/e2.json: not a decision record" in capsys.readouterr().err


def test_names_out_of_records_cannot_steer_the_terminal(
    decisions: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = decisions["Churn/10/e3.json"].replace(b"region=CA", b"region=\\u001b[2J\\u0007")
    (tmp_path / "decisions/Churn/10/e3.json").write_bytes(content)
    for command in ("history", "status"):
        assert run([command, "Churn", *OFFLINE, "--chart"]) == 0
        assert "\x1b" not in capsys.readouterr().out


@pytest.fixture
def registered(
    moto_aws: boto3.Session,
    bucket: str,
    s3: "S3Client",
    decisions: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> "SageMakerClient":
    """Three versions in the registry, of which two were judged, with their records in the stack's bucket."""
    sagemaker: SageMakerClient = moto_aws.client("sagemaker")
    for group in ("Churn", "Fraud"):
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    container: InferenceSpecificationTypeDef = {"Containers": [{"Image": "repo/image:1"}]}
    statuses: tuple[ModelApprovalStatusType, ...] = ("Approved", "Rejected", "PendingManualApproval")
    for status in statuses:
        sagemaker.create_model_package(
            ModelPackageGroupName="Churn", ModelApprovalStatus=status, InferenceSpecification=container
        )
    for name, content in decisions.items():
        s3.put_object(Bucket=bucket, Key=f"decisions/{name}", Body=content)
    monkeypatch.setenv("GOVERNANCE_DECISIONS_BUCKET", bucket)
    return sagemaker


def test_with_the_registry_history_has_its_statuses(
    registered: "SageMakerClient", capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "Churn"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:5]]
    assert [row[:4] for row in rows] == [
        ["1", "Rejected", "Approved", "2026-03-01"],
        ["2", "Approved", "Rejected", "2026-03-02"],
        ["3", "-", "Pending", "-"],
    ]


def test_status_of_a_version_says_what_gave_it_and_the_record(
    registered: "SageMakerClient", bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", f"{ARN}/2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Churn 2: Rejected", f"version     {ARN}/2"]
    assert lines[2].startswith("status      Rejected, registered so at ")
    assert lines[-2:] == [
        "decision    Approved at 2026-03-02T12:00:00Z, no threshold file applied",
        f"record      s3://{bucket}/decisions/Churn/2/e2.json",
    ]


def test_list_shows_groups_with_their_newest_versions(
    registered: "SageMakerClient", capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["list", "--versions", "2"]) == 0
    rows = [line.split()[:-1] for line in capsys.readouterr().out.splitlines()]
    assert rows == [["Group", "Version", "Status"], ["Churn", "3", "Pending"], ["2", "Rejected"]]


OTHERS = b"""name: t
applies_to: {model_package_groups: [others]}
checks: [{name: a, why: b, metric: c.d, at_least: 1}]
"""
LEFT_ALONE = (
    "no published threshold file applies to the group Churn, so the gate leaves it alone; have a threshold file that "
    "names it published, or let a person decide"
)


@pytest.fixture
def publish(
    registered: "SageMakerClient", s3: "S3Client", bucket: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes], None]:
    """Makes its argument the only threshold file in force."""
    monkeypatch.setenv("GOVERNANCE_THRESHOLDS_BUCKET", bucket)

    def put(content: bytes) -> None:
        s3.put_object(Bucket=bucket, Key="thresholds/t.yaml", Body=content)

    return put


def test_a_pending_version_that_the_gate_leaves_alone_says_so(
    publish: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(OTHERS)
    assert run(["list", "--versions", "2"]) == 0
    rows = [line.split()[:-1] for line in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [["Churn", "3", "Pending,", "not", "governed"], ["2", "Rejected"]]
    assert run(["list", "--versions", "1", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"][0]["left_alone"] == LEFT_ALONE
    assert run(["status", "Churn", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)["versions"]
    assert [version["left_alone"] for version in shown] == [LEFT_ALONE, None, None]
    for command, code in ("status", 0), ("explain", 3):
        assert run([command, f"{ARN}/3"]) == code
        words = " ".join(capsys.readouterr().out.split())
        assert f"left alone {LEFT_ALONE}" in words


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        pytest.param(OTHERS.replace(b"others", b"Churn"), [], "", id="governed"),
        pytest.param(OTHERS, ["--ungoverned-groups", "review"], "", id="asked about"),
        pytest.param(
            b"name: t\n", [], "whether Churn is governed is not known: ", id="a file that cannot be read"
        ),
    ],
)
def test_of_no_other_version_it_is_said(
    publish: Callable[[bytes], None],
    capsys: pytest.CaptureFixture[str],
    *,
    content: bytes,
    options: list[str],
    told: str,
) -> None:
    publish(content)
    for command in (["list"], ["status", "Churn"], ["explain", f"{ARN}/3"]):
        assert run([*command, *options]) == (3 if command[0] == "explain" else 0)
        out, err = capsys.readouterr()
        assert not re.search("not governed|left alone", out)
        assert err.startswith(told)
        assert err.count("governed") == bool(told)


@pytest.mark.parametrize(
    ("patterns", "is_told"),
    [("churn,rag-*", False), ("CH*", False), ("*", False), ("fraud,rag-*", True)],
    ids=["named", "by a pattern", "every group", "others"],
)
def test_a_version_that_the_deployment_does_not_reach_says_so(
    registered: "SageMakerClient",
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    patterns: str,
    is_told: bool,
) -> None:
    """Without the thresholds bucket, too: what the files say makes no difference there."""
    monkeypatch.setenv("GOVERNANCE_MODEL_PACKAGE_GROUPS", patterns)
    reason = (
        "the group Churn is not among model_package_groups of the deployment, so the gate leaves it alone; have it "
        "named in the settings of the deployment, or let a person decide"
    )
    for command in (["list", "--versions", "1"], ["status", "Churn", "--versions", "1"]):
        assert run([*command, "--format", "json"]) == 0
        (version,) = json.loads(capsys.readouterr().out)["versions"]
        assert version["left_alone"] == (reason if is_told else None)
    assert run(["explain", f"{ARN}/3"]) == 3
    assert (f"left alone {reason}" in " ".join(capsys.readouterr().out.split())) == is_told


def test_without_a_place_to_look_the_registry_is_shown_and_that_is_said(
    registered: "SageMakerClient", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GOVERNANCE_DECISIONS_BUCKET")
    assert run(["history", "Churn"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith(
        "no values: no decisions bucket was named to look in: give --decisions-bucket"
    )
    assert captured.out.splitlines()[-2].split() == ["3", "-", "Pending", "-"]
    assert run(["status", "Churn", "--versions", "1"]) == 0
    assert "decision    none is known; or no decisions bucket was named" in capsys.readouterr().out


def test_a_group_that_is_gone_is_shown_by_its_records_and_one_that_never_was_is_a_message(
    registered: "SageMakerClient",
    s3: "S3Client",
    bucket: str,
    decisions: dict[str, bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, content in decisions.items():
        s3.put_object(Bucket=bucket, Key=f"decisions/{name.replace('Churn', 'Gone')}", Body=content)
    assert run(["history", "Gone"]) == 0
    captured = capsys.readouterr()
    assert captured.out == HISTORY
    assert captured.err == (
        "Gone: the registry has no version of it (any more); what follows is from the decision records\n"
    )
    for command in (["history", "shop"], ["status", "shop"], ["list", "--group", "shop"]):
        assert run(command) == 2
        assert capsys.readouterr().err.startswith(
            "error: shop: the model registry has no version of this group (any more); there are Churn, Fraud;"
        )


@pytest.mark.parametrize("command", ["status", "explain"])
@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (
            ARN.replace("123456789012", "210987654321") + "/1",
            "it is of account 210987654321 (aws, eu-west-1), and the credentials are of account 123456789012 (aws)",
        ),
        (
            ARN.replace("arn:aws:", "arn:aws-cn:") + "/1",
            "the region eu-west-1 is of the partition aws, and the ARN says aws-cn",
        ),
        (ARN.replace("eu-west-1", "us-east-1") + "/1", "there is no such model package (any more)"),
        (ARN.replace("eu-west-1", "xx-nowhere-9") + "/1", "Unknown region: 'xx-nowhere-9'"),
        (f"{ARN}/99", "there is no such model package (any more)"),
        (
            ARN.replace("model-package", "model-package-group"),
            "is not a model package ARN but that of the group churn; governance history shows its versions",
        ),
        (
            "arn:aws:s3:::bucket/a.json",
            "is not a model package ARN, and what is in S3 is named s3://bucket/key",
        ),
        (f"{PIPELINE}/abc", "is not a model package ARN but one of sagemaker (pipeline): it looks like"),
        ("arn:aws:iam::123456789012:role/x", "is not a model package ARN but one of iam (role)"),
        ("arn:", "is not a model package ARN: it looks like"),
    ],
)
def test_an_arn_of_something_else_is_one_message(
    registered: "SageMakerClient", capsys: pytest.CaptureFixture[str], command: str, arn: str, message: str
) -> None:
    assert run([command, arn]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
