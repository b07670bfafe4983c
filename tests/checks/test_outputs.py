"""Decisions as comments, test reports and annotations: whole outputs, and strangers' text in each of them.

`UPDATE_GOLDEN=1 pytest tests/checks/test_outputs.py` writes the golden files anew; read what changed.
"""

import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from checks.decision import AppliedWaiver, Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, RecordedModelPackage
from checks.evidence import Evidence, Report
from checks.limits import Between
from checks.outputs import OUTPUTS
from checks.outputs.markdown import MOST_CHARACTERS, escape
from checks.outputs.told import Told, plain_line
from checks.thresholds import Check, Mode, Origin, SourceDigest, ThresholdFile
from cli.options.output_format import DecisionFormat

GOLDEN = Path(__file__).with_name("outputs")
ENDINGS = {"markdown": "md", "junit": "xml", "sarif": "sarif", "github": "txt"}
NOW = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn/7"
RECORD = "s3://decisions/governance-decisions/churn/7/20260131T120005Z.json"
CHECK = Check(name="c", why="w", metric="m", at_least=0)
HOSTILE = (
    'a,b: 100% "x" | `y` ``z`` <img src=x onerror=alert(1)> &amp; [c](http://evil.example) @governance #12 GH-12 '
    "https://evil.example www.evil.example *b* _i_ ~s~ \\ ]]> \r\n::error file=x::y\x1b[31m\u202e\ufffe\ud800 ∞"
)


def finding(
    check: str = "accuracy",
    consequence: Consequence | None = Consequence.REJECT,
    *,
    reason: str = "0.7 is not between 0.8 and 1",
    why: str = "Campaigns are paid by the head.",
    facet: str | None = None,
    waiver: AppliedWaiver | None = None,
    origin: str | None = None,
) -> Finding:
    outcome = Outcome.PASSED if consequence is None else Outcome.FAILED
    return Finding(
        Asked(check, "shop.accuracy", Between(0.8, 1), why),
        facet, outcome, consequence, 0.7, 90, None, reason, waiver, origin,
    )  # fmt: skip


def record(
    verdict: Verdict, *findings: Finding, name: str = "churn", source: str = "t.yaml"
) -> DecisionRecord:
    sources = (SourceDigest(source, "0" * 64), SourceDigest("thresholds/organisation.yaml", "1" * 64))
    file = ThresholdFile(name, source, "0" * 64, ("*",), Mode.ENFORCE, (CHECK,), sources=sources)
    return DecisionRecord.of(
        Decision(verdict, findings),
        thresholds=file,
        evidence=Evidence(
            (Report("s3://evidence/7/evaluation.json", None, "a1" * 32, "sagemaker_evaluation", ()),)
        ),
        decided_at=NOW,
        model_package=RecordedModelPackage(arn=ARN, group="churn", version=7),
    )


def told(
    judged: DecisionRecord,
    asks: Consequence | None = None,
    *notes: str,
    origins: dict[str, Origin] | None = None,
) -> Told:
    return Told(ARN, judged.headline, asks, judged, RECORD, notes=notes, origins=origins or {})


WAIVED = AppliedWaiver(
    "region=CA", "few customers there", "risk@example.com", date(2026, 3, 31), Consequence.REJECT
)
PASSED = finding("latency", None, reason="0.7 is between 0.8 and 1")
MIXED = (
    PASSED,
    finding("style", Consequence.WARN),
    finding("equity", Consequence.WARN, facet="region=CA", waiver=WAIVED),
    finding("recall", Consequence.REVIEW, origin="thresholds/organisation.yaml:14"),
    finding(),
)
NOT_DECIDED = Told(
    ARN, "Time over", Consequence.REJECT, is_error=True, notes=("nothing was decided within 30m",)
)
CASES: dict[str, list[Told]] = {
    "approved": [told(record(Verdict.APPROVED, PASSED))],
    "rejected": [
        told(
            record(Verdict.REJECTED, *MIXED),
            Consequence.REJECT,
            origins={"accuracy": Origin("thresholds/churn.yaml", 7, 0)},
        )
    ],
    "hostile": [
        Told(
            HOSTILE,
            HOSTILE,
            Consequence.REJECT,
            record(
                Verdict.REJECTED,
                finding(HOSTILE, reason=HOSTILE, why=HOSTILE, facet=HOSTILE),
                name=HOSTILE,
                source=f"{HOSTILE}.yaml",
            ),
            HOSTILE,
            notes=(HOSTILE,),
            origins={plain_line(HOSTILE): Origin(HOSTILE, 3, 0)},
        )
    ],
    "several": [
        told(record(Verdict.APPROVED, PASSED)),
        # A person let it pass: what the checks asked for no longer stops it.
        Told(ARN, "Approved", None, record(Verdict.NEEDS_REVIEW, finding("recall", Consequence.REVIEW))),
        # And here a person did not, though no check asked for anything.
        told(record(Verdict.APPROVED, PASSED), Consequence.REJECT, "status: Rejected, changed outside the gate"),
        NOT_DECIDED,
    ],
}  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("case", CASES)
def test_the_output_is_that_of_its_golden_file(case: str, output: str) -> None:
    text = OUTPUTS[output](CASES[case])
    path = GOLDEN / f"{case}.{ENDINGS[output]}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_output_is_a_format_of_the_commands() -> None:
    assert {"text", "json", *OUTPUTS} == {str(one) for one in DecisionFormat}


@pytest.mark.parametrize("case", CASES)
def test_a_test_report_is_one_that_readers_of_junit_take(case: str) -> None:
    schema = etree.XMLSchema(etree.parse(str(GOLDEN / "junit.xsd")))
    schema.assertValid(etree.fromstring(OUTPUTS["junit"](CASES[case]).encode()))


@pytest.mark.parametrize("case", CASES)
def test_a_log_is_sarif(case: str) -> None:
    """By the parts of the standard that are used, and no others; a rule's place is that of its name."""
    schema = json.loads((GOLDEN / "sarif.schema.json").read_text())
    document = json.loads(OUTPUTS["sarif"](CASES[case]))
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]


def test_where_nothing_is_to_be_decided_there_is_no_suite() -> None:
    assert 'tests="0"' in OUTPUTS["junit"]([])


def test_a_comment_is_never_longer_than_github_takes() -> None:
    many = [finding(f"check {number} {HOSTILE}", reason=HOSTILE, why=HOSTILE) for number in range(300)]
    text = OUTPUTS["markdown"]([told(record(Verdict.REJECTED, *many), Consequence.REJECT)])
    assert MOST_CHARACTERS // 2 < len(text) <= MOST_CHARACTERS
    assert re.search(r"^and 2\d\d more, in the decision record$", text, re.MULTILINE)
    assert text.rstrip().endswith(f"- record: `{RECORD}`")


def test_of_very_many_annotations_the_heaviest_are_written() -> None:
    many = [finding(f"w{number}", Consequence.WARN) for number in range(60)] + [finding("the one")]
    lines = OUTPUTS["github"]([told(record(Verdict.REJECTED, *many), Consequence.REJECT)]).splitlines()
    assert lines[0].startswith("::error title=the one%3A Rejected,")
    assert (len(lines), lines[-1].rpartition("::")[2]) == (51, "and 11 more, in the decision record")


TEXT = st.text(max_size=80) | st.text("`*_[]()<>|~&$#@!:/\\\r\n aw.h-12%,\u2060\u200b", max_size=80)


@given(TEXT)
def test_in_a_comment_any_text_is_shown_as_it_is_and_links_nowhere(text: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(f"| a |\n|---|\n| x{escape(text)}x |\n")
    cells = ElementTree.fromstring(f"<html>{html}</html>").findall(".//td")
    assert [(list(cell), (cell.text or "").replace("\u2060", "")) for cell in cells] == [
        ([], f"x{plain_line(text)}x")
    ]
    assert not re.search(r"@\w|#\w|://|www\.|gh-\d", cells[0].text or "", re.IGNORECASE)


@given(TEXT, TEXT)
def test_an_annotation_is_one_command_that_says_what_was_found(name: str, reason: str) -> None:
    judged = record(Verdict.REJECTED, finding(f"c{name}c", reason=f"r{reason}r"))
    (line,) = OUTPUTS["github"]([told(judged, Consequence.REJECT)]).splitlines()
    command = re.fullmatch(r"::error title=([^:,]*),file=t\.yaml::(.*)", line)
    assert command is not None
    check = plain_line(judged.findings[0].check)
    assert _unescape(command[1]) == f"{check}: Rejected"
    assert _unescape(command[2]) == f"{ARN}: {check}: {plain_line(judged.findings[0].reason)}"


def _unescape(text: str) -> str:
    """What the runner of GitHub makes of it."""
    for escaped, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, character)
    return text


@given(TEXT, TEXT)
def test_a_test_report_says_any_text(name: str, reason: str) -> None:
    judged = record(Verdict.REJECTED, finding(f"c{name}c", reason=f"r{reason}r"))
    (case,) = ElementTree.fromstring(OUTPUTS["junit"]([told(judged, Consequence.REJECT)])).iter("testcase")
    (failure,) = case
    assert case.get("name") == plain_line(judged.findings[0].check)
    assert failure.get("message") == plain_line(judged.findings[0].reason)
