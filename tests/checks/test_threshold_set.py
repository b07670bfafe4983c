"""Threshold files that extend others: what comes out, where each check is written, and what is refused."""

import hashlib
from collections.abc import Mapping
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.threshold_examination import examine_thresholds
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import add_extended, compile_thresholds, read_threshold_set
from checks.thresholds import Mode, Reaction, SourceDigest, ThresholdFile
from tests.fixed_times import DECIDED_AT


def check(name: str, limit: float = 0.5) -> str:
    return f"  - {{name: {name}, why: w, metric: g.{name}, at_least: {limit}}}\n"


def file(name: str, *checks: str, top: str = "", groups: str | None = None) -> bytes:
    """Return a threshold file for the group of its own name, or none with `groups=""`."""
    groups = name if groups is None else groups
    applies = f"applies_to: {{model_package_groups: [{groups}]}}\n" if groups else ""
    body = "checks:\n" + "".join(checks) if checks else ""
    return f"name: {name}\n{applies}{top}{body}".encode()


ORGANISATION = file(
    "organisation",
    check("safety", 0.9),
    check("quality", 0.7),
    top="owners: [board]\nreview_by: 2027-01-31\nmode: dry_run\non_unprotected_evidence: reject\n",
    groups="",
)


def effective(contents: Mapping[str, bytes], source: str) -> ThresholdFile:
    return next(file for file in compile_thresholds(contents) if file.source == source)


def limits(file: ThresholdFile) -> list[tuple[str, float | None, str]]:
    return [
        (one.name, one.at_least, str(origin)) for one, origin in zip(file.checks, file.origins, strict=True)
    ]


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        pytest.param(
            file("team", top="extends: organisation\n"),
            [("safety", 0.9, "org.yaml:7"), ("quality", 0.7, "org.yaml:8")],
            id="all are inherited",
        ),
        pytest.param(
            file("team", check("own"), top="extends: org.yaml\n"),
            [("safety", 0.9, "org.yaml:7"), ("quality", 0.7, "org.yaml:8"), ("own", 0.5, "team.yaml:5")],
            id="own ones come after, the path names the file",
        ),
        pytest.param(
            file("team", check("own"), check("safety", 0.95), top="extends: organisation\n"),
            [("safety", 0.95, "team.yaml:6"), ("quality", 0.7, "org.yaml:8"), ("own", 0.5, "team.yaml:5")],
            id="one of the same name replaces it in its place",
        ),
        pytest.param(
            file("team", top="extends: organisation\nremove_checks: [safety]\n"),
            [("quality", 0.7, "org.yaml:8")],
            id="one is removed",
        ),
    ],
)
def test_a_file_has_the_checks_of_the_file_that_it_extends(
    team: bytes, expected: list[tuple[str, float, str]]
) -> None:
    assert limits(effective({"org.yaml": ORGANISATION, "team.yaml": team}, "team.yaml")) == expected


def test_what_a_file_does_not_say_itself_it_has_from_there_but_not_its_name_and_groups() -> None:
    contents = {
        "org.yaml": ORGANISATION,
        "unit.yaml": file("unit", top="extends: organisation\nowners: [unit]\n", groups=""),
        "team.yaml": file("team", top="extends: unit\nmode: enforce\nreview_by: 2027-06-30\n"),
    }
    team = effective(contents, "team.yaml")
    assert (team.name, team.applies_to, team.owners) == ("team", ("team",), ("unit",))
    assert (team.mode, team.review_by) == (Mode.ENFORCE, date(2027, 6, 30))
    assert (team.on_unprotected_evidence, team.on_foreign_evidence) == (Reaction.REJECT, Reaction.REVIEW)
    unit = effective(contents, "unit.yaml")
    assert (unit.mode, unit.review_by, unit.applies_to) == (Mode.DRY_RUN, date(2027, 1, 31), ())


def test_the_digest_is_of_all_that_the_file_is_made_of() -> None:
    team = file("team", top="extends: unit\n")
    unit = file("unit", top="extends: organisation\n", groups="")
    contents = {"org.yaml": ORGANISATION, "unit.yaml": unit, "team.yaml": team}
    found = effective(contents, "team.yaml")
    digests = {source: hashlib.sha256(content).hexdigest() for source, content in contents.items()}
    chain = ("team.yaml", "unit.yaml", "org.yaml")
    assert found.sources == tuple(SourceDigest(source, digests[source]) for source in chain)
    lines = "".join(f"{digests[source]}\n" for source in chain)
    assert found.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    changed = effective({**contents, "org.yaml": ORGANISATION + b"# \n"}, "team.yaml")
    assert changed.sha256 != found.sha256
    assert effective(contents, "org.yaml").sha256 == digests["org.yaml"]


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        pytest.param(
            file("team", top="extends: organization\n"),
            'team.yaml:3:10: extends: no file is called "organization" among those that are read together; did you '
            'mean "organisation"?',
            id="no such name",
        ),
        pytest.param(
            file("team", top="extends: nobody\n"),
            'team.yaml:3:10: extends: no file is called "nobody" among those that are read together; give that file, '
            "too",
            id="no name that is near",
        ),
        pytest.param(
            file("team", top="extends: ../org.yaml\n"),
            "team.yaml:3:10: extends: there is no file at this path among those that are read together; give it, too, "
            "or write the name of the file, by which published files are found",
            id="no such path",
        ),
        pytest.param(
            file("team", top="extends: twin\n"),
            'team.yaml:3:10: extends: a.yaml and b.yaml are both called "twin"; write the path of one',
            id="a name of two files",
        ),
        pytest.param(
            file("team", top="extends: team\n"),
            "team.yaml:3:10: extends: a cycle: team.yaml extends team.yaml; remove one of these lines",
            id="itself",
        ),
        pytest.param(
            file("team", top="extends: organisation\nremove_checks: [safty]\n"),
            'team.yaml:4:17: remove_checks[0]: org.yaml has no check of this name; did you mean "safety"?',
            id="removing what is not there",
        ),
        pytest.param(
            file("team", check("safety"), top="extends: organisation\nremove_checks: [safety]\n"),
            "team.yaml:4:17: remove_checks[0]: checks[0] has this name, and replaces the inherited check; remove this "
            "line",
            id="removing what is replaced",
        ),
        pytest.param(
            file("team", top="extends: organisation\nremove_checks: [safety, quality]\n"),
            "team.yaml:4:16: remove_checks: no check is left; keep one, or write one",
            id="removing all",
        ),
        pytest.param(
            file("team", groups=""),
            "team.yaml:1:1: checks: this key is missing; add it",
            id="neither checks nor a base",
        ),
    ],
)
def test_what_cannot_be_extended_is_refused_at_its_place(team: bytes, expected: str) -> None:
    twins = {f"{name}.yaml": file("twin", check("c"), groups=name) for name in "ab"}
    found = read_threshold_set({"org.yaml": ORGANISATION, "team.yaml": team, **twins})
    assert list(found.problems) == ["team.yaml"]
    with pytest.raises(ThresholdFileError) as error:
        compile_thresholds({"org.yaml": ORGANISATION, "team.yaml": team, **twins})
    assert expected in error.value.problems


def test_a_cycle_is_told_once_and_what_leads_into_it_is_not_there() -> None:
    contents = {
        "c.yaml": file("c", check("c"), top="extends: a\n"),
        "b.yaml": file("b", check("b"), top="extends: c\n"),
        "a.yaml": file("a", check("a"), top="extends: b\n"),
        "outside.yaml": file("outside", check("o"), top="extends: b\n"),
        "sound.yaml": file("sound", check("s")),
    }
    with pytest.raises(ThresholdFileError) as error:
        compile_thresholds(contents)
    assert error.value.problems == [
        "a.yaml:3:10: extends: a cycle: a.yaml extends b.yaml extends c.yaml extends a.yaml; remove one of these lines"
    ]
    assert list(read_threshold_set(contents).files) == ["sound.yaml"]


def test_hundreds_of_levels_are_read() -> None:
    contents = {"0.yaml": file("f0", check("c0"))} | {
        f"{level}.yaml": file(f"f{level}", check(f"c{level}"), top=f"extends: f{level - 1}\n")
        for level in range(1, 300)
    }
    assert len(effective(contents, "299.yaml").checks) == 300


def test_all_problems_of_all_files_are_told_at_once_in_the_order_of_names_and_places() -> None:
    contents = {
        "b.yaml": b"nam: b\nchecks: [{name: c, why: w, metric: text_to_sql.unsafe_sql_rate, at_most: 1}]\n",
        "a.yaml": file("a", check("c"), top="extends: nobody\n", groups="churn"),
        "d.yaml": file("d", "  - {name: c, why: w, metric: rag.faithfulness, at_least: 2}\n", groups="churn"),
        "e.yaml": file("e", check("c"), groups=""),
    }
    expected = [
        'a.yaml:3:10: extends: no file is called "nobody" among those that are read together; give that file, too',
        "b.yaml:1:1: name: this key is missing; add it",
        "b.yaml:1:1: applies_to: this key is missing; name the groups that the file is for, or let another of the "
        "files extend it",
        'b.yaml:1:1: nam: unknown key; did you mean "name"?',
        "b.yaml:2:74: checks[0].at_most: no value of text_to_sql.unsafe_sql_rate can miss this, for it is in [0, 1]; "
        "did you mean 0.01, which is 1 %?",
        'd.yaml:2:37: applies_to.model_package_groups[0]: "churn" matches the same groups as "churn" of a.yaml, '
        "equally specifically; make one of them more specific",
        "d.yaml:4:59: checks[0].at_least: no value of rag.faithfulness can meet this, for it is in [0, 1]; did you "
        "mean 0.02, which is 2 %?",
        "e.yaml:1:1: applies_to: this key is missing; name the groups that the file is for, or let another of the "
        "files extend it",
    ]
    for order in (list(contents), list(reversed(contents))):
        given_ = {source: contents[source] for source in order}
        with pytest.raises(ThresholdFileError) as error:
            examine_thresholds(given_, today=DECIDED_AT.date(), together=True)
        assert error.value.problems == expected


WAIVED = (
    "waivers:\n"
    "  - {check: safety, reason: r, approved_by: ann, expires: 2027-03-31}\n"
    "  - {check: saftey, reason: r, approved_by: board, expires: 2027-03-31}\n"
)


@pytest.mark.parametrize(
    ("base", "owners", "told"),
    [
        pytest.param(
            ORGANISATION,
            "",
            [
                "team.yaml:4:7: mode: must be 'enforce' or 'dry_run'",
                'team.yaml:6:45: waivers[0].approved_by: "ann" is none of the owners (board); let one of them approve '
                "it",
                'team.yaml:7:13: waivers[1].check: no check has this name; did you mean "safety"?',
                "team.yaml:8:17: remove_checks[0]: org.yaml has no check of this name; remove this line",
            ],
            id="all that is held against the base",
        ),
        pytest.param(
            ORGANISATION.replace(b"0.9", b"high"),
            "",
            ["team.yaml:4:7: mode: must be 'enforce' or 'dry_run'"],
            id="nothing that a base that cannot be read may be the reason of",
        ),
        pytest.param(
            ORGANISATION.replace(b"0.9", b"high"),
            "owners: [board]\n",
            [
                "team.yaml:4:7: mode: must be 'enforce' or 'dry_run'",
                'team.yaml:6:45: waivers[0].approved_by: "ann" is none of the owners (board); let one of them approve '
                "it",
            ],
            id="what the file says itself, whatever its base is",
        ),
    ],
)
def test_what_does_not_fit_to_the_base_is_told_beside_other_problems(
    base: bytes, owners: str, told: list[str]
) -> None:
    top = f"extends: organisation\nmode: on\n{WAIVED}remove_checks: [zzz]\n{owners}"
    with pytest.raises(ThresholdFileError) as error:
        compile_thresholds({"org.yaml": base, "team.yaml": file("team", top=top)})
    assert [problem for problem in error.value.problems if problem.startswith("team")] == told


def test_inherited_checks_are_doubted_where_they_are_written_and_count_beside_the_own_ones() -> None:
    """Two checks limit a signed metric on one side each: beside the inherited one the own one is no doubt."""
    side = '  - {{name: {0}, why: w, metric: bias.post_training.RD, facet: "*", {1}}}\n'
    base = file("base", side.format("low", "at_least: -0.1"), groups="")
    team = file("team", side.format("high", "at_most: 0.1"), top="extends: base\n")
    same = file("same", side.format("again", "at_least: -0.1"), top="extends: base\n")
    examined = examine_thresholds(
        {"base.yaml": base, "team.yaml": team, "same.yaml": same}, today=DECIDED_AT.date()
    )
    one_side = (
        "this limits bias.post_training.RD on one side only: every value above 0 passes; did you mean between: "
        "[-0.1, 0.1]?"
    )
    assert examined.warnings == (
        f"base.yaml:3:78: warning: checks[0].at_least: {one_side}",
        'same.yaml:5:5: warning: checks[0]: the limit of "low" (base.yaml:3) is as strict or stricter, so this check '
        "decides nothing; remove it, or make its limit stricter",
        f"same.yaml:5:80: warning: checks[0].at_least: {one_side}",
    )


def test_what_others_extend_is_found_beside_only_where_it_is_asked_for() -> None:
    asked: list[tuple[str, str]] = []

    def look_for(source: str, extends: str) -> Mapping[str, bytes]:
        asked.append((source, extends))
        return {"there/org.yaml": file("organisation", check("c"), top="extends: missing\n", groups="")}

    found = add_extended({"team.yaml": file("team", top="extends: organisation\n")}, look_for)
    assert list(found) == ["there/org.yaml", "team.yaml"]
    assert asked == [("team.yaml", "organisation"), ("there/org.yaml", "missing")]
    asked.clear()
    assert add_extended({"a.yaml": file("a", check("c"))}, look_for) == {"a.yaml": file("a", check("c"))}
    assert asked == []


def test_problems_of_files_that_nobody_asked_for_and_nobody_extends_are_not_told() -> None:
    contents = {
        "org.yaml": ORGANISATION,
        "wrong.yaml": b"nam: x",
        "team.yaml": file("team", top="extends: organisation\n"),
    }
    found = read_threshold_set(contents, ["team.yaml"])
    assert (list(found.files), found.problems) == (["org.yaml", "team.yaml"], {})


@st.composite
def trees(draw: st.DrawFn) -> Mapping[str, bytes]:
    """Draw up to five files of which each may extend any earlier one."""
    contents = {}
    for index in range(draw(st.integers(1, 5))):
        names = draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1))
        above = draw(st.none() | st.integers(0, index - 1)) if index else None
        top = "" if above is None else f"extends: f{above}\n"
        contents[f"{index}.yaml"] = file(f"f{index}", *(check(name, index / 10) for name in names), top=top)
    return contents


@settings(max_examples=40)
@given(trees(), st.randoms())
def test_the_order_of_files_is_nothing(contents: Mapping[str, bytes], random: Random) -> None:
    order = list(contents)
    random.shuffle(order)
    assert compile_thresholds({source: contents[source] for source in order}) == compile_thresholds(contents)
