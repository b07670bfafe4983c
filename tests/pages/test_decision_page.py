"""The page of one decision: what it says and in which order, and that no text out of a record is markup in it."""

import json
import re
import shlex
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from checks.decision_record import DecisionRecord, RecordedReview
from checks.review_record import ReviewAction, Reviewer, ReviewRecord
from pages.decision_page import MOST_CHECKS_CHARTED, MOST_FINDINGS_SHOWN, MOST_REASONS, write_decision_page
from pages.repeat_commands import list_repeat_commands
from tests.page_records import (
    ARN,
    HOSTILE,
    PAIRED,
    SHA,
    compared_record,
    earlier_records,
    finding,
    full_record,
    record_of,
)

HARMLESS = HOSTILE.replace("\u202e", "")


def published(**changes: object) -> DecisionRecord:
    """A record whose thresholds were published otherwise."""
    content = json.loads(compared_record().to_bytes())
    content["thresholds"]["publication"] |= changes
    return DecisionRecord.read_json(json.dumps(content).encode())


class _Outline(HTMLParser):
    """The elements of a page with their attributes, the texts of its headings, and all of its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self.text = ""
        self._open: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("h1", "h2", "h3"):
            self._open = tag
            self.headings.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = None if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open is not None:
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, f"{text} {data}".strip())


def test_the_decision_and_its_reasons_are_first_then_checks_waivers_evidence_and_commands() -> None:
    assert _Outline(write_decision_page(full_record(), earlier_records())).headings == [
        ("h1", "Rejected: churn, version 3"),
        ("h2", "Reasons"),
        ("h2", "Checks"),
        ("h3", "accuracy failed"),
        ("h3", "colours failed"),
        ("h3", f"{HARMLESS} failed"),
        ("h3", "latency missing"),
        ("h2", "Waivers"),
        ("h2", "Evidence"),
        ("h2", "How to repeat it"),
    ]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        pytest.param(record_of(finding(), decision="Approved"), "Every check passed.", id="nothing asks"),
        pytest.param(record_of(), "No check was held against the evidence.", id="no check"),
        pytest.param(record_of(thresholds=None), "No threshold file applies to this group.", id="no file"),
        pytest.param(record_of(model_package=None), "Rejected: evidence without a version", id="no version"),
        pytest.param(record_of(), "The threshold file has no waivers.", id="no waivers"),
        pytest.param(record_of(), "There was no evidence.", id="no evidence"),
        pytest.param(record_of(), "so there are no trends", id="no history"),
        pytest.param(full_record(), "Waived until 2026-06-30 by ann@example.com", id="a waiver"),
        pytest.param(full_record(), "without the waiver it rejects.", id="what a waiver prevents"),
        pytest.param(full_record(), "0.71 to 0.83 (90 %)", id="an interval"),
        pytest.param(full_record(), "as registered", id="a verified digest"),
        pytest.param(
            compared_record(),
            "Since 2026-02-01T08:00:00Z: before the evidence was written.",
            id="thresholds that were there first",
        ),
        pytest.param(
            published(predates_evidence=False),
            ": after the evidence was written.",
            id="evidence that was first",
        ),
        pytest.param(
            published(predates_evidence=None),
            ": nobody knows whether before or after the evidence was written.",
            id="an unknown order",
        ),
        pytest.param(
            published(unchanged_since="2026-01-01T00:00:00Z"),
            "Since 2026-01-01T00:00:00Z: before",
            id="thresholds that were there as they are before",
        ),
        pytest.param(
            compared_record(),
            f"s3://thresholds/thresholds/bundle.json?versionId=v7, SHA-256 {'cd' * 32}, published "
            "2026-02-01T08:00:00Z by arn:aws:iam::123456789012:user/ann",
            id="a bundle and who published it",
        ),
        pytest.param(
            compared_record(),
            f"{ARN}/2, approved by s3://decisions/decisions/churn/2/e2.json, SHA-256 {'ef' * 32}",
            id="a baseline and the record that approved it",
        ),
        pytest.param(compared_record(), "Ring: the baseline.", id="a baseline in the drawing"),
    ],
)
def test_the_page_says(record: DecisionRecord, told: str) -> None:
    assert told in _Outline(write_decision_page(record)).text


def test_a_value_is_beside_that_of_the_baseline_with_the_difference_where_a_check_has_one() -> None:
    outline = _Outline(write_decision_page(compared_record()))
    columns = re.findall(r"Facet(.*?)Found", outline.text, re.DOTALL)
    assert ["Baseline" in words for words in columns] == [True, False]
    row = re.findall(r"all\s+failed\s+(\S+)\s+(\S+)\s+(\S+)", outline.text)
    assert row == [("0.85", "0.875", "-0.025")]
    assert ["Compared" in words for words in columns] == [True, False]
    assert re.findall(r"-0\.025\s+(\S.*\S)\s+>= 0\.855", outline.text) == [PAIRED]
    drawn = [given.get("class") for tag, given in outline.elements if tag == "g"]
    assert drawn.count("series baseline") == 1
    assert "baseline 0.875, failed" in outline.text


def test_a_value_that_was_computed_again_is_beside_the_reported_one_with_the_items_it_came_from() -> None:
    items = {"uri": "s3://e/results.jsonl", "sha256": "ab" * 32, "items": 200}
    figures = {"uri": "s3://e/again.json", "version_id": None, "sha256": "cd" * 32, "format": "f"}
    came_out = {"report": "s3://e/r.json", "items": items, "figures": figures, "scored": 50, "altered": 3}
    gone = {"report": "s3://e/bias.json", "problem": "no items are beside it"}
    record = record_of(
        finding(value=0.75, reported=0.875, outcome="failed"),
        verification={"sample": 50, "seed": "s", "reports": (came_out, gone)},
    )
    text = " ".join(_Outline(write_decision_page(record)).text.split())
    assert re.search(r"Value ?Reported ?Limit", text)
    assert re.search(r"failed ?0\.75 ?0\.875", text)
    assert re.search(
        r"200 items of s3://e/results.jsonl ?, 50 of them scored again, 3 otherwise than recorded", text
    )
    assert "no items are beside it" in text


def test_no_text_of_a_record_is_markup_and_nothing_comes_from_the_network() -> None:
    page = write_decision_page(full_record(), earlier_records())
    outline = _Outline(page)
    tags = {tag for tag, _ in outline.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form"}
    assert HARMLESS in outline.text
    assert "\u202e" not in page
    attributes = [(name, value) for _, given in outline.elements for name, value in given.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    # What a browser would fetch: a link into the page itself, or an empty icon.
    fetched = {value for name, value in attributes if name in ("src", "href", "xlink:href", "action")}
    assert {value for value in fetched if value and not value.startswith("#")} == {"data:,"}
    assert not re.search(r"url\(|@import", page)


def test_every_column_and_row_of_a_table_has_its_header_and_every_drawing_a_text() -> None:
    elements = _Outline(write_decision_page(full_record(), earlier_records())).elements
    assert {given.get("scope") for tag, given in elements if tag == "th"} == {"col", "row"}
    drawings = [given for tag, given in elements if tag == "svg"]
    assert (
        len(drawings) == 5
    )  # values and trend of two checks; the third has no earlier versions, the last no value
    assert all(given["role"] == "img" for given in drawings)
    assert sum(tag == "title" for tag, _ in elements) == 1 + len(drawings)
    assert ("html", {"lang": "en"}) in elements
    assert [tag for tag, _ in elements if tag in ("header", "nav", "main", "footer")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    ids = [given["id"] for _, given in elements if "id" in given]
    assert len(ids) == len(set(ids))


def test_the_same_record_is_the_same_bytes() -> None:
    assert write_decision_page(full_record(), earlier_records()) == write_decision_page(
        full_record(), earlier_records()
    )


@pytest.mark.parametrize(
    "told",
    [
        "version 1 0.81, version 2 0.88, version 3 0.77",
        "Values of 6 of 7 facets from version to version",
        "Earlier versions are by 2 earlier decisions.",
    ],
)
def test_earlier_versions_are_a_trend_of_each_check(told: str) -> None:
    assert told in write_decision_page(full_record(), earlier_records())


def test_a_check_of_the_same_name_on_another_metric_has_no_trend() -> None:
    other = record_of(finding(metric="quality.other"), version=2)
    assert "from version to version" not in write_decision_page(record_of(finding()), [other])


def _count(page: str, tag: str) -> int:
    return sum(one == tag for one, _ in _Outline(page).elements)


def test_of_many_findings_the_heaviest_are_shown_and_the_rest_are_counted() -> None:
    checks = MOST_FINDINGS_SHOWN + 30
    many = [finding(f"check {number}", outcome="failed") for number in range(checks)]
    facets = [finding("check 0", facet=f"item={number}", value=0.5) for number in range(100)]
    page = write_decision_page(record_of(*facets, *many))
    text = _Outline(page).text
    assert "And 81 more findings" in text
    assert f"And {checks - MOST_REASONS} more, in the decision record." in text
    assert "the 20 of 101 that ask for most" in text
    assert _count(page, "svg") == MOST_CHECKS_CHARTED
    # No check is left out: each shows at least its heaviest finding.
    assert _count(page, "article") == checks


COMMANDS = [
    "mkdir -p evidence",
    f"aws s3api get-object --bucket evidence --key judged-evidence/{SHA} evidence/1-report.json",
    f"echo '{SHA}  evidence/1-report.json' | sha256sum --check",
    "aws s3api get-object --bucket reports --key 'a b/bias.json' --version-id 'v 2' evidence/2-bias.json",
    f"echo '{SHA}  evidence/2-bias.json' | sha256sum --check",
    "cp local/own.json evidence/3-own.json",
    f"echo '{SHA}  evidence/3-own.json' | sha256sum --check",
    "aws s3 cp s3://thresholds/churn.yaml thresholds.yaml",
    f"echo '{SHA}  thresholds.yaml' | sha256sum --check",
    "governance check thresholds.yaml --group churn --evidence evidence",
]


def _document(uri: str, **changes: object) -> dict[str, object]:
    return {"uri": uri, "version_id": None, "sha256": SHA, "format": "x"} | changes


def test_the_commands_fetch_the_bytes_that_were_judged_compare_and_judge_them() -> None:
    record = record_of(
        evidence=[
            _document("s3://reports/report.json", copy_uri=f"s3://evidence/judged-evidence/{SHA}"),
            _document("s3://reports/a b/bias.json", version_id="v 2"),
            _document("local/own.json"),
        ]
    )
    assert list_repeat_commands(record) == COMMANDS
    assert list_repeat_commands(record, "my decision.json") == [
        "governance replay 'my decision.json'",
        *COMMANDS,
    ]
    assert "\n".join(COMMANDS) in _Outline(write_decision_page(record)).text


@pytest.mark.parametrize("name", ["; rm -rf ~", "$(id)", "'`id`'", "a\nb"])
def test_a_name_in_a_command_is_one_word_to_a_shell(name: str) -> None:
    record = record_of(evidence=[_document(f"s3://reports/{name}")])
    assert shlex.split(list_repeat_commands(record)[1])[3:] == [
        "--bucket",
        "reports",
        "--key",
        name,
        f"evidence/1-{name}",
    ]


def test_what_reviewers_did_is_told_with_their_names_and_reasons() -> None:
    asked = {"uri": "s3://decisions/r.review.json", "sha256": SHA}
    record = replace(full_record(), review=RecordedReview(**asked))
    review = ReviewRecord(
        action=ReviewAction.APPROVE,
        model_package=ARN,
        created="2026-03-01T12:00:00.000Z",
        reason=HOSTILE,
        reviewer=Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann"),
        registered_by=None,
        status_before="PendingManualApproval",
        decision_uri=None,
        decision_digest=None,
        reviewed_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        uri="s3://decisions/a.review.json",
    )
    text = " ".join(_Outline(write_decision_page(record, reviews=[review])).text.split())
    assert f"At the request of the review s3://decisions/r.review.json, SHA-256 {SHA}" in text
    told = f"2026-03-01 12:30 UTC by {review.reviewer.arn}: {' '.join(HARMLESS.split())} ({review.uri})"
    assert f"Approved by a reviewer{told}" in text or f"Approved by a reviewer {told}" in text
