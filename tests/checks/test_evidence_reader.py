"""The reports of one version, bounded together as each is bounded alone."""

import json
from functools import partial

import pytest

import checks.reports
from checks.decision import Verdict
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import UNREADABLE, EvidenceReader
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT


def document(name: str, figures: int) -> Document:
    return Document(name, json.dumps({"x_metrics": {name: [0] * figures}}).encode())


def problems(*documents: Document) -> list[str | None]:
    reader = EvidenceReader()
    return [reader.read(one.uri, partial(Document, one.uri, one.content)).problem for one in documents]


SMALL = [document(f"r{i}", 3) for i in range(4)]
# Of the list, which is no figure itself, and of its parts.
NAMES = len("x.r0/x_metrics/r0") + 3 * len("x.r0.0/x_metrics/r0/0")


@pytest.mark.parametrize(
    ("limit", "most", "what"),
    [
        ("MAX_EVIDENCE_BYTES", 2 * len(SMALL[0].content), "bytes"),
        ("MAX_EVIDENCE_VALUES", 10, "values"),
        ("MAX_EVIDENCE_MEASUREMENTS", 8, "figures"),
        ("MAX_EVIDENCE_NAME_CHARACTERS", 2 * NAMES, "characters of names"),
    ],
    ids=["bytes", "values", "figures", "names"],
)
def test_a_sum_beyond_the_limit_is_the_problem_of_that_report_and_all_after_it(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, what: str
) -> None:
    assert problems(*SMALL) == [None] * 4
    monkeypatch.setattr(checks.reports, limit, most)
    reason = (
        f"not read: up to this report the evidence holds more than {most:,} {what} in all; "
        "attach fewer reports, and figures instead of the data behind them"
    )
    assert problems(*SMALL) == [None, None, reason, reason]


def test_what_is_refused_holds_no_figure_and_keeps_the_digest_of_its_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks.reports, "MAX_EVIDENCE_MEASUREMENTS", 2)
    reader = EvidenceReader()
    first, second = (reader.read(one.uri, partial(Document, one.uri, one.content)) for one in SMALL[:2])
    assert (first.format, first.measurements, first.sha256) == (UNREADABLE, (), SMALL[0].sha256)
    assert (second.format, second.measurements, second.sha256) == (UNREADABLE, (), Document("", b"").sha256)


def test_thirty_reports_of_99_000_figures_are_not_all_fetched_and_not_approved() -> None:
    content = json.dumps({"x_metrics": {"m": [0] * 99_000, "n": 1}}).encode()
    reader = EvidenceReader()
    fetched: list[str] = []

    def fetch() -> Document:
        fetched.append("r.json")
        return Document("r.json", content)

    evidence = Evidence(tuple(reader.read("r.json", fetch) for _ in range(30)))
    assert len(fetched) == 2
    assert len(evidence.measurements) == 99_002
    check = Check(name="c", why="w", metric="x.n", at_least=1)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    assert judge(thresholds, evidence, decided_at=DECIDED_AT).verdict is Verdict.NEEDS_REVIEW
