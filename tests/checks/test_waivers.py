"""Waivers: what they let pass and what not, until when, and how a decision says so."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.decision import Consequence, Decision, Outcome, Verdict
from checks.decision_record import DecisionRecord, DecisionRecordError, WaiverUse, parse_record
from checks.evidence import Evidence, Report
from checks.judge import judge
from checks.measurements import Measured, Source
from checks.summary import summarise
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import compile_thresholds
from checks.thresholds import Check, Mode, ThresholdFile, Waiver
from tests.checks.test_law import STOPPING, evidences, threshold_files
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import examine_thresholds, parse_thresholds

OK = Measured("g.ok", 1.0, Source("r.json", "/ok"))


def check(name: str = "equity", **keys: Any) -> Check:
    said: dict[str, Any] = {"name": name, "why": "w", "metric": f"g.{name}", "at_least": 0.5, **keys}
    return Check(**said)


def waiver(**keys: Any) -> Waiver:
    return Waiver.model_validate(
        {"check": "equity", "reason": "known", "approved_by": "risk", "expires": "2026-11-22", **keys}
    )


def thresholds(check_: Check, *waivers: Waiver) -> ThresholdFile:
    ok = Check(name="ok", why="w", metric="g.ok", at_least=1)
    return ThresholdFile("t", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, (check_, ok), waivers=waivers)


def evidence(**values: float | None) -> Evidence:
    """Return a report with the metric `equity` at each facet, `whole` for none; `None` is not there."""
    found = tuple(
        Measured("g.equity", value, Source("r.json", f"/{facet}"), None if facet == "whole" else f"r={facet}")
        for facet, value in values.items()
        if value is not None
    )
    return Evidence((Report("r.json", None, "0" * 64, "f", (OK, *found)),))


def decide(
    check_: Check, waivers: list[Waiver], given_: Evidence, at: datetime = DECIDED_AT
) -> tuple[Decision, DecisionRecord]:
    file = thresholds(check_, *waivers)
    decision = judge(file, given_, decided_at=at)
    return decision, DecisionRecord.of(decision, thresholds=file, evidence=given_, decided_at=at)


EVERY = {"facet": "*"}


@pytest.mark.parametrize(
    ("keys", "waivers", "values", "verdict", "uses"),
    [
        pytest.param({}, [{}], {"whole": 0.1}, "Approved", ["used"], id="a failure"),
        pytest.param({}, [{}], {}, "Approved", ["used"], id="a gap"),
        pytest.param({}, [{}], {"whole": 0.9}, "Approved", ["not_needed"], id="nothing to waive"),
        pytest.param(
            {"on_failure": "warn"}, [{}], {"whole": 0.1}, "Approved", ["not_needed"], id="a warning"
        ),
        pytest.param({"confidence": 0.9}, [{}], {"whole": 0.9}, "Approved", ["used"], id="no proof"),
        pytest.param(
            {}, [{"expires": "2026-11-21"}], {"whole": 0.1}, "Rejected", ["expired"], id="the day after"
        ),
        pytest.param(EVERY, [{"facet": "r=a"}], {"a": 0.1, "b": 0.9}, "Approved", ["used"], id="its group"),
        pytest.param(
            EVERY, [{"facet": "r=a"}], {"a": 0.9, "b": 0.1}, "Rejected", ["not_needed"], id="another"
        ),
        pytest.param(EVERY, [{"facet": "r=a"}], {"a": 0.1, "b": 0.1}, "Rejected", ["used"], id="one of two"),
        pytest.param(
            EVERY, [{"facet": "r=a"}], {}, "Rejected", ["not_needed"], id="a group is not the gap of all"
        ),
        pytest.param(EVERY, [{"facet": "r"}], {"a": 0.1, "b": 0.1}, "Approved", ["used"], id="its column"),
        pytest.param(EVERY, [EVERY], {"a": 0.1, "b": 0.1}, "Approved", ["used"], id="every group"),
        pytest.param(
            EVERY,
            [EVERY, {"facet": "r=a"}],
            {"a": 0.1},
            "Approved",
            ["not_needed", "used"],
            id="the nearest one",
        ),
        pytest.param(
            {"facet": "r=a"}, [{"facet": "r=a"}], {"b": 0.9}, "Approved", ["used"], id="the gap of a group"
        ),
    ],
)
def test_what_a_waiver_lets_pass(
    keys: dict[str, Any],
    waivers: list[dict[str, Any]],
    values: dict[str, float],
    verdict: str,
    uses: list[str],
) -> None:
    decision, record = decide(check(**keys), [waiver(**one) for one in waivers], evidence(**values))
    assert decision.verdict == verdict
    assert [one.use for one in record.waivers] == uses
    assert bool([f for f in decision.findings if f.waiver]) is ("used" in uses)


def test_the_finding_keeps_what_it_is_and_names_the_waiver() -> None:
    decision, _ = decide(check(facet="*", on_failure="review"), [waiver(facet="r=a")], evidence(a=0.1))
    plain, _ = decide(check(facet="*", on_failure="review"), [], evidence(a=0.1))
    waived = decision.findings[0]
    assert waived.waiver is not None
    assert (waived.waiver.otherwise, waived.waiver.expires) == (Consequence.REVIEW, date(2026, 11, 22))
    assert replace(waived, waiver=None, consequence=Consequence.REVIEW) == plain.findings[0]


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [(23, Verdict.APPROVED), (24, Verdict.REJECTED)],
    ids=["its last hour", "the day after"],
)
def test_a_waiver_counts_until_its_last_day_is_over_in_utc(hours: int, verdict: Verdict) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hours)
    assert decide(check(), [waiver()], evidence(whole=0.1), at)[0].verdict is verdict


def test_a_waiver_is_no_proof() -> None:
    file = replace(thresholds(check(), waiver()), checks=(check(),))
    assert judge(file, Evidence(()), decided_at=DECIDED_AT).verdict is Verdict.NEEDS_REVIEW


def test_a_decision_by_waiver_says_so_first_and_counts_them() -> None:
    _, record = decide(check(), [waiver()], evidence(whole=0.1))
    assert record.headline == "Approved by waiver"
    assert summarise(record) == (
        'Approved by waiver, by thresholds "t": 1 of 2 findings passed, 1 waived. '
        "equity (failed, waived until 2026-11-22 by risk): 0.1 is below 0.5."
    )
    dry_run = replace(record, thresholds=record.thresholds and replace(record.thresholds, mode=Mode.DRY_RUN))
    assert dry_run.headline == "Dry run: would be Approved by waiver"
    _, rejected = decide(check(), [waiver(expires="2026-11-21")], evidence(whole=0.1))
    assert rejected.headline == "Rejected"
    assert [one.use for one in rejected.waivers] == [WaiverUse.EXPIRED]


def test_the_record_has_waivers_under_a_schema_of_its_own_and_older_ones_are_read() -> None:
    _, record = decide(check(), [waiver()], evidence(whole=0.1))
    document = json.loads(record.to_bytes())
    assert document["schema"] == "governance.decision/2"
    assert document["waivers"] == [
        {
            "check": "equity",
            "facet": None,
            "reason": "known",
            "approved_by": "risk",
            "expires": "2026-11-22",
            "use": "used",
        }
    ]
    assert document["findings"][0]["waiver"] == {
        "facet": None,
        "reason": "known",
        "approved_by": "risk",
        "expires": "2026-11-22",
        "otherwise": "reject",
    }
    assert parse_record(record.to_bytes()) == record
    _, plain = decide(check(), [], evidence(whole=0.1))
    assert json.loads(plain.to_bytes())["schema"] == "governance.decision/1"
    assert "waivers" not in json.loads(plain.to_bytes())
    older = record.to_bytes().replace(b"governance.decision/2", b"governance.decision/1")
    with pytest.raises(DecisionRecordError, match=r"is of governance\.decision/2"):
        parse_record(older)


def test_of_many_findings_by_one_waiver_those_that_are_not_listed_are_waived_too() -> None:
    many = evidence(**{f"g{i}" + "x" * 900: 0.1 for i in range(7000)})
    decision, record = decide(check(facet="*"), [waiver(facet="*")], many)
    assert decision.verdict is Verdict.APPROVED
    assert decision.findings[-2].reason.endswith("too many to be listed one by one")
    assert decision.findings[-2].waiver is not None
    assert record.is_approved_by_waiver


FILE = """\
name: churn
{top}applies_to: {{model_package_groups: [churn]}}
waivers:
  - {{check: {check}, {facet}reason: r, approved_by: {approver}, expires: {expires}}}
checks:
  - {{name: equity, why: w, metric: g.equity, facet: region, at_least: 0.5}}
  - {{name: quality, why: w, metric: g.quality, at_least: 0.5}}
"""


def file(**parts: str) -> bytes:
    given_ = {
        "top": "owners: [risk]\n",
        "check": "equity",
        "facet": "facet: region=CA, ",
        "approver": "risk",
        "expires": "2027-01-01",
        **parts,
    }
    return FILE.format(**given_).encode()


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        pytest.param(
            {"check": "equty"},
            't.yaml:5:13: waivers[0].check: no check has this name; did you mean "equity"?',
            id="no such check",
        ),
        pytest.param(
            {"facet": "facet: sex=f, "},
            't.yaml:5:28: waivers[0].facet: the check is about "region" and finds nothing there; write a facet of that',
            id="no such facet",
        ),
        pytest.param(
            {"facet": ""},
            "t.yaml:5:13: waivers[0].check: the check is about facets; write the one that is waived, or facet: "
            '"region" for all of it',
            id="no facet",
        ),
        pytest.param(
            {"check": "quality"},
            "t.yaml:5:29: waivers[0].facet: the check is about the whole; leave facet out",
            id="a facet of the whole",
        ),
        pytest.param(
            {"approver": "boss"},
            't.yaml:5:63: waivers[0].approved_by: "boss" is none of the owners (risk); let one of them approve it',
            id="not an owner",
        ),
        pytest.param(
            {"top": ""},
            "t.yaml:4:63: waivers[0].approved_by: the file names no owners, and only one of them can approve a waiver; "
            "write owners",
            id="no owners",
        ),
        pytest.param(
            {"expires": "soon"},
            "t.yaml:5:78: waivers[0].expires: must be a day as 2027-03-31, not 'soon'",
            id="no day",
        ),
        pytest.param(
            {"expires": "2027-01-01, until: 1"},
            "t.yaml:5:90: waivers[0].until: unknown key; the keys here are check, facet, reason, approved_by, expires",
            id="unknown key",
        ),
    ],
)
def test_a_waiver_of_nothing_or_by_nobody_is_refused(parts: dict[str, str], problem: str) -> None:
    with pytest.raises(ThresholdFileError) as error:
        compile_thresholds({"t.yaml": file(**parts)})
    assert error.value.problems == [problem]


def test_two_waivers_of_the_same_are_refused_and_an_expired_one_warns() -> None:
    twice = file().replace(b"checks:\n", file().splitlines(keepends=True)[4] + b"checks:\n")
    with pytest.raises(ThresholdFileError, match=r"waivers\[0\] is for the same check and facet; keep one"):
        compile_thresholds({"t.yaml": twice})
    assert examine_thresholds(file(expires="2026-11-22"), "t.yaml").warnings == ()
    assert examine_thresholds(file(expires="2026-11-21"), "t.yaml").warnings == (
        "t.yaml:5:78: warning: waivers[0].expires: the waiver counts no more since 2026-11-21 is over; remove it, or "
        "have it approved anew",
    )


@pytest.mark.parametrize(
    ("team", "waived"),
    [
        pytest.param("", [("equity", "region=CA", "risk")], id="with the check as it was"),
        pytest.param("remove_checks: [equity]\n", [], id="not where the check is removed"),
        pytest.param(
            "checks: [{name: equity, why: w, metric: g.equity, facet: region, at_least: 0.9}]\n",
            [],
            id="not where the check is another",
        ),
        pytest.param(
            "owners: [team]\nwaivers: [{check: equity, facet: region=CA, reason: r, approved_by: team, expires: "
            "2027-01-01}]\n",
            [("equity", "region=CA", "team")],
            id="the own one goes first",
        ),
    ],
)
def test_waivers_are_inherited_with_the_check_that_they_are_for(
    team: str, waived: list[tuple[str, str, str]]
) -> None:
    content = f"name: team\nextends: churn\napplies_to: {{model_package_groups: [team]}}\n{team}"
    (found,) = (
        one
        for one in compile_thresholds({"churn.yaml": file(), "team.yaml": content.encode()})
        if one.source == "team.yaml"
    )
    assert [(one.check, one.facet, one.approved_by) for one in found.waivers] == waived


@st.composite
def waivers_of(draw: st.DrawFn, file_: ThresholdFile) -> tuple[Waiver, ...]:
    """Draw waivers as a file may have them: each for a check and what that is about, at most one of a kind."""
    found = {}
    for one in file_.checks:
        if draw(st.booleans()):
            asked: dict[str | None, list[str | None]] = {
                None: [None],
                "*": ["*", "r", "r=1"],
                "r": ["r", "r=1"],
            }
            facets = asked.get(one.facet, [one.facet])
            facet = draw(st.sampled_from(facets))
            day = draw(st.sampled_from(["2026-11-21", "2026-11-22", "2027-01-01"]))
            found[one.name] = waiver(check=one.name, facet=facet, expires=day)
    return tuple(found.values())


@given(threshold_files(), evidences(), st.data())
def test_a_waiver_never_closes_another_checks_gap(
    file_: ThresholdFile, given_: Evidence, data: st.DataObject
) -> None:
    """What is waived is what the waiver names; all else is as without, and what is left of it decides as ever."""
    waivers = data.draw(waivers_of(file_))
    with_, without = (
        judge(replace(file_, waivers=some), given_, decided_at=DECIDED_AT) for some in (waivers, ())
    )
    plain = [f for f in without.findings if f.check != "approval on proof"]
    mine = [f for f in with_.findings if f.check != "approval on proof"]
    assert [
        f if f.waiver is None else replace(f, waiver=None, consequence=f.waiver.otherwise) for f in mine
    ] == plain
    in_force = {(one.check, one.facet) for one in waivers if one.is_in_force(DECIDED_AT.date())}
    assert {(f.check, f.waiver.facet) for f in mine if f.waiver} <= in_force
    stopping = [f for f in plain if f.consequence in STOPPING]
    if with_.verdict is Verdict.APPROVED:
        assert {f.check for f in stopping} <= {check for check, _ in in_force}
        assert any(f.outcome is Outcome.PASSED for f in mine)


@settings(max_examples=40)
@given(threshold_files(), evidences(), st.data(), st.randoms())
def test_the_order_of_checks_and_waivers_is_nothing(
    file_: ThresholdFile, given_: Evidence, data: st.DataObject, random: Any
) -> None:
    waivers = data.draw(waivers_of(file_))
    shuffled = replace(
        file_,
        checks=tuple(random.sample(file_.checks, len(file_.checks))),
        waivers=tuple(random.sample(waivers, len(waivers))),
    )
    first, second = (
        judge(one, given_, decided_at=DECIDED_AT) for one in (replace(file_, waivers=waivers), shuffled)
    )
    assert first.verdict == second.verdict
    assert sorted(map(repr, first.findings)) == sorted(map(repr, second.findings))


@pytest.mark.parametrize(
    ("asked", "waived", "fits"),
    [
        pytest.param(None, None, True, id="the whole"),
        pytest.param("*", "*", True, id="all of all"),
        pytest.param("*", "region", True, id="a column of all"),
        pytest.param("*", "region=CA", True, id="a group of all"),
        pytest.param("region", "region", True, id="the column"),
        pytest.param("region", "region=CA", True, id="a group of the column"),
        pytest.param("age", "age>60", True, id="a group above a number"),
        pytest.param("age>60", "age>60", True, id="the same above a number"),
        pytest.param("region=CA", "region=CA", True, id="the group"),
        pytest.param("region=CA", "region=NY", False, id="another group"),
        pytest.param("region=CA", "region", False, id="more than the group"),
        pytest.param("region", "*", False, id="more than the column"),
    ],
)
def test_which_facets_of_a_check_can_be_waived(asked: str | None, waived: str | None, fits: bool) -> None:
    """A facet that fits is one at which the check can find something."""
    facets = {"facet": asked} if asked else {}
    document = {
        "name": "churn",
        "owners": ["risk"],
        "applies_to": {"model_package_groups": ["churn"]},
        "checks": [{"name": "equity", "why": "w", "metric": "g.equity", "at_least": 0.5, **facets}],
        "waivers": [waiver(facet=waived).model_dump(mode="json", exclude_none=True)],
    }
    content = json.dumps(document).encode()  # which is YAML, too
    if fits:
        assert parse_thresholds(content, "t.yaml").waivers == (waiver(facet=waived),)
    else:
        with pytest.raises(ThresholdFileError, match=r"waivers\[0\].facet: the check is about"):
            parse_thresholds(content, "t.yaml")
