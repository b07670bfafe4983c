"""Threshold files: what is read, and every way in which one can be wrong."""

import hashlib
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import CATALOGUE
from checks.decision import Consequence
from checks.limits import AtLeast, AtMost, Between, Limit, Target
from checks.threshold_file import MAX_BYTES, ThresholdFileError
from checks.threshold_schema import thresholds_schema
from checks.thresholds import Check, Mode, Origin, ThresholdFile
from tests.threshold_files import examine_thresholds, parse_thresholds

GOOD = b"""\
name: askdata-text-to-sql
applies_to:
  model_package_groups: ["askdata-*"]
checks:
  - name: execution accuracy
    why: Analysts run the SQL as it comes.
    metric: text_to_sql.execution_accuracy
    at_least: 0.80
    confidence: 0.95
    min_samples: 200
  - name: treatment equity
    why: Neither group of customers may bear the errors.
    metric: bias.post_training.TE
    facet: "*"
    between: [-0.8, 0.8]
    on_failure: review
    on_missing: warn
    on_inconclusive: reject
"""


CLOSE = "; look for a bracket or a quote that is not closed, and for lines that are not indented alike"
INFINITE = "must be a finite number, and this one is infinite, or too large to be held; write a smaller one"
WAIVERS = 'waivers: [{check: c, reason: r, approved_by: o, expires: "2027-03-31"}]\n'


def file_with(check: str, top: str = "") -> bytes:
    """Return a threshold file with one check, `check` as the lines of its mapping."""
    lines = "\n".join(f"    {line}" for line in check.strip().splitlines())
    return f"name: n\napplies_to: {{model_package_groups: [g]}}\n{top}checks:\n  -\n{lines}\n".encode()


def one_check(limit: str) -> bytes:
    return file_with(f"name: c\nwhy: w\nmetric: m\n{limit}")


def problems(content: bytes) -> list[str]:
    with pytest.raises(ThresholdFileError) as error:
        parse_thresholds(content, "t.yaml")
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def test_a_threshold_file_is_read_whole() -> None:
    assert parse_thresholds(GOOD, "thresholds/askdata.yaml") == ThresholdFile(
        name="askdata-text-to-sql",
        source="thresholds/askdata.yaml",
        sha256=hashlib.sha256(GOOD).hexdigest(),
        applies_to=("askdata-*",),
        mode=Mode.ENFORCE,
        origins=(
            Origin("thresholds/askdata.yaml", line=5, index=0),
            Origin("thresholds/askdata.yaml", line=11, index=1),
        ),
        checks=(
            Check(
                name="execution accuracy",
                why="Analysts run the SQL as it comes.",
                metric="text_to_sql.execution_accuracy",
                at_least=0.8,
                confidence=0.95,
                min_samples=200,
            ),
            Check(
                name="treatment equity",
                why="Neither group of customers may bear the errors.",
                metric="bias.post_training.TE",
                facet="*",
                between=(-0.8, 0.8),
                on_failure=Consequence.REVIEW,
                on_missing=Consequence.WARN,
                on_inconclusive=Consequence.REJECT,
            ),
        ),
    )


def test_a_file_says_whose_it_is_and_when_it_is_looked_at_again() -> None:
    top = "owners: [risk@example.com, audit@example.com]\nreview_by: 2027-03-31\n"
    file = parse_thresholds(file_with("name: c\nwhy: w\nmetric: m\nat_least: 1", top), "t.yaml")
    assert file.owners == ("risk@example.com", "audit@example.com")
    assert file.review_by == date(2027, 3, 31)


def test_what_is_left_out_fails_closed() -> None:
    (check,) = parse_thresholds(one_check("at_most: 1"), "t.yaml").checks
    assert (check.on_failure, check.on_missing, check.on_inconclusive) == ("reject", "reject", "review")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("at_least: 0.8", AtLeast(0.8)),
        ("at_most: 3", AtMost(3.0)),
        ("between: [-1, 1e-1]", Between(-1.0, 0.1)),
        ("between: [2, 2]", Between(2.0, 2.0)),
        ("target: 0.5\ntolerance: 0", Target(0.5, 0.0)),
        ("at_least: 0o17", AtLeast(15.0)),
        ("at_least: 010", AtLeast(10.0)),
        ("at_most: .5", AtMost(0.5)),
    ],
)
def test_each_limit_is_read(limit: str, expected: Limit) -> None:
    (check,) = parse_thresholds(one_check(limit), "t.yaml").checks
    assert check.limit == expected


@pytest.mark.parametrize(
    "text", ["on", "no", "2027-03-31", "12:30", "1_000", "0b1", "=", "0.8.1", "!", "yes please"]
)
def test_words_that_older_yaml_turns_into_something_else_stay_text(text: str) -> None:
    name = text if text != "!" else '"!"'
    assert (
        parse_thresholds(file_with(f"name: {name}\nwhy: w\nmetric: m\nat_most: 1"), "t").checks[0].name
        == text
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ["t.yaml:1:1: the file is empty; it needs name, applies_to and checks"]),
        (b"# nothing\n", ["t.yaml:1:1: the file is empty; it needs name, applies_to and checks"]),
        (b"- a\n", ["t.yaml:1:1: must be a mapping of keys to values, not ['a']"]),
        (b"just text", ["t.yaml:1:1: must be a mapping of keys to values, not 'just text'"]),
        ("name: gr\xfcn\n".encode("latin-1"), ["t.yaml:1:9: not UTF-8; save the file as UTF-8"]),
        (b"\xef\xbb\xbf\n\xfc: 1\n", ["t.yaml:2:1: not UTF-8; save the file as UTF-8"]),
        ("name: für ".encode() + b"\xfc\n", ["t.yaml:1:11: not UTF-8; save the file as UTF-8"]),
        ("name: n\n".encode("utf-16"), ["t.yaml:1:1: not UTF-8; save the file as UTF-8"]),
        (
            b"name: [\n",
            [f"t.yaml:2:1: not YAML: while parsing a flow node did not find expected node content{CLOSE}"],
        ),
        (
            b"name: n\n\tx: 1\n",
            [
                "t.yaml:2:1: not YAML: while scanning a plain scalar found a tab character that violates indentation; "
                "indent with spaces"
            ],
        ),
        (
            b"name: n\nwhy: a: b\n",
            [
                "t.yaml:2:7: not YAML: mapping values are not allowed in this context; put text with a colon in it in "
                "quotes, and indent keys of one mapping alike"
            ],
        ),
        (
            b"%YAML 3.0\n---\nname: n\n",
            [
                "t.yaml:1:1: not YAML: found incompatible YAML document; remove the line that begins with %YAML",
            ],
        ),
        (
            b'name: "a\\q"\n',
            [
                "t.yaml:1:9: not YAML: while parsing a quoted scalar found unknown escape character; put the text in "
                "single quotes, in which a backslash is one"
            ],
        ),
        (
            b"name: \x00\n",
            [
                't.yaml:1:1: not YAML: unacceptable character #x0000: control characters are not allowed in "<unicode '
                'string>", position 6; remove the character, or write it as an escape in double quotes'
            ],
        ),
        (b"x" * (10 * MAX_BYTES), ["t.yaml:1:1: the file has 10.0 MiB; a threshold file has at most 1 MiB"]),
        (GOOD + b"---\n" + GOOD, ["t.yaml:19:1: a second document begins here; one file holds one document"]),
        (GOOD + b"...\n---\nname: [\n", None),
        (b"[" * 100_000, [f"t.yaml:1:18: [0][0][0]: nested more than 16 levels deep{CLOSE}"]),
        (b"{a: " * 100_000, [f"t.yaml:1:66: a.a.a: nested more than 16 levels deep{CLOSE}"]),
        (b"[" + b"1," * 500_000 + b"]", ["t.yaml:1:30000: more than 15,000 values; split the file"]),
        (b"a: 1\n" * 200_000, None),
    ],
)
def test_a_file_that_is_no_threshold_file(content: bytes, expected: list[str] | None) -> None:
    found = problems(content)
    assert expected is None or found == expected
    assert all(problem.startswith("t.yaml:") for problem in found)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("at_leest: 0.8", ['t.yaml:8:5: checks[0].at_leest: unknown key; did you mean "at_least"?']),
        (
            "at_least: 1\nconfidance: 0.9",
            ['t.yaml:9:5: checks[0].confidance: unknown key; did you mean "confidence"?'],
        ),
        (
            "at_least: 1\nzzz: 0.9",
            [
                "t.yaml:9:5: checks[0].zzz: unknown key; the keys here are name, why, metric, facet, "
                "sensitive_features, at_least, at_most, between, target, tolerance, no_worse_than_baseline, better, "
                "on_first_version, confidence, family, min_samples, max_age_days, on_failure, on_missing, "
                "on_inconclusive"
            ],
        ),
        (
            "facet: a",
            [
                "t.yaml:5:5: checks[0]: a check needs a limit: exactly one of at_least, at_most, between, target with "
                "tolerance, no_worse_than_baseline"
            ],
        ),
        (
            "at_least: 1\nat_most: 2",
            [
                "t.yaml:5:5: checks[0]: at_least and at_most are two limits; a check has exactly one of at_least, "
                "at_most, between, target with tolerance, no_worse_than_baseline (write two checks)"
            ],
        ),
        ("target: 1", ["t.yaml:5:5: checks[0]: target and tolerance belong together: give both, or neither"]),
        (
            "at_most: 1\ntolerance: 1",
            ["t.yaml:5:5: checks[0]: target and tolerance belong together: give both, or neither"],
        ),
        (
            "target: 1\ntolerance: -0.1",
            ["t.yaml:9:16: checks[0].tolerance: must be greater than or equal to 0"],
        ),
        (
            "at_least: .nan",
            ["t.yaml:8:15: checks[0].at_least: must be a finite number, and .nan is not a number; write one"],
        ),
        ("at_least: .inf", [f"t.yaml:8:15: checks[0].at_least: {INFINITE}"]),
        ("at_least: -.INF", [f"t.yaml:8:15: checks[0].at_least: {INFINITE}"]),
        ("at_least: 1e999", [f"t.yaml:8:15: checks[0].at_least: {INFINITE}"]),
        (f"at_least: {'9' * 5000}", [f"t.yaml:8:15: checks[0].at_least: {INFINITE}"]),
        ("between: [0, .inf]", [f"t.yaml:8:18: checks[0].between[1]: {INFINITE}"]),
        ("between: [1, -1]", ["t.yaml:8:14: checks[0].between: the lower limit comes first: [-1.0, 1.0]"]),
        ("between: [1]", ["t.yaml:8:14: checks[0].between[1]: one number is missing; write [low, high]"]),
        ("between: [1, 2, 3]", None),
        ("between: 3", ["t.yaml:8:14: checks[0].between: must be a list, not 3"]),
        ("at_least: true", ["t.yaml:8:15: checks[0].at_least: must be a number, not True"]),
        (
            'at_least: "0.8"',
            ["t.yaml:8:15: checks[0].at_least: must be a number, not '0.8'; remove the quotes"],
        ),
        ("at_least: 80%", ["t.yaml:8:15: checks[0].at_least: must be a number, not '80%'"]),
        (
            "at_least: 1_000",
            ["t.yaml:8:15: checks[0].at_least: must be a number, not '1_000'; remove the quotes"],
        ),
        ("at_least: 0,8", ["t.yaml:8:15: checks[0].at_least: must be a number, not '0,8'"]),
        (
            "at_least:",
            ["t.yaml:8:14: checks[0].at_least: there is no value; write one, or remove this entry"],
        ),
        ("at_least: 1\nconfidence: 0.5", ["t.yaml:9:17: checks[0].confidence: must be greater than 0.5"]),
        ("at_least: 1\nconfidence: 1", ["t.yaml:9:17: checks[0].confidence: must be less than 1"]),
        (
            "at_least: 1\nconfidence: 95",
            ["t.yaml:9:17: checks[0].confidence: must be less than 1; 95 % is 0.95"],
        ),
        (
            "at_least: 1\nconfidence: .nan",
            [
                "t.yaml:9:17: checks[0].confidence: must be a finite number, and .nan is not a number; write one"
            ],
        ),
        ("at_least: 1\nconfidence: ~", None),
        ("at_least: 1\nmin_samples: 0", None),
        (
            "at_least: 1\nmin_samples: 1.5",
            ["t.yaml:9:18: checks[0].min_samples: must be a whole number, not 1.5"],
        ),
        ("at_least: 1\nmin_samples: true", None),
        ("at_least: 1\nfacet: ''", ["t.yaml:9:12: checks[0].facet: must not be empty; write some text"]),
        ("at_least: 1\nfacet: 8", ["t.yaml:9:12: checks[0].facet: must be text, not 8; put it in quotes"]),
        (
            "at_least: 1\non_failure: warm",
            ["t.yaml:9:17: checks[0].on_failure: must be 'reject', 'review' or 'warn'"],
        ),
        ("at_least: 1\nat_least: 1", ["t.yaml:9:5: checks[0].at_least: this key is there twice; keep one"]),
        (
            "no_worse_than_baseline: {max_drop: 0.02}",
            [
                "t.yaml:5:5: checks[0]: nothing says which values of this metric are better; add better: higher, or "
                "better: lower",
                "t.yaml:8:29: checks[0].no_worse_than_baseline: must be true, {absolute: a number} or "
                "{relative: a share of the baseline}",
            ],
        ),
        (
            "no_worse_than_baseline: {relative: 2}",
            [
                "t.yaml:5:5: checks[0]: nothing says which values of this metric are better; add better: higher, or "
                "better: lower",
                "t.yaml:8:29: checks[0].no_worse_than_baseline: relative must be a share below 1; 2 % is 0.02, not 2",
            ],
        ),
        (
            "no_worse_than_baseline: {absolute: -1}",
            [
                "t.yaml:5:5: checks[0]: nothing says which values of this metric are better; add better: higher, or "
                "better: lower",
                "t.yaml:8:29: checks[0].no_worse_than_baseline: absolute must be a finite number of zero or more",
            ],
        ),
        ("no_worse_than_baseline: false", None),
        (
            "no_worse_than_baseline: true",
            [
                "t.yaml:5:5: checks[0]: nothing says which values of this metric are better; add better: higher, or "
                "better: lower"
            ],
        ),
        ("no_worse_than_baseline: true\nbetter: more", None),
        (
            "at_least: 1\non_first_version: pass",
            ["t.yaml:5:5: checks[0]: on_first_version belongs to a check against the baseline; leave it out"],
        ),
        ("at_least: !!float 1", None),
        ("at_least: !python/object:os.system 1", None),
        ("1: x\nat_least: 1", None),
        ("? [a]\n: x\nat_least: 1", None),
        ("<<: {at_least: 1}", None),
    ],
)
def test_a_check_that_is_wrong(check: str, expected: list[str] | None) -> None:
    found = problems(one_check(check))
    assert expected is None or found == expected


@pytest.mark.parametrize("key", ["name", "why", "metric"])
@pytest.mark.parametrize("value", ['""', '"  "', "3", None])
def test_a_check_says_what_it_is_about_and_why(key: str, value: str | None) -> None:
    lines = {"name": "c", "why": "w", "metric": "m", "at_least": "1"} | ({key: value} if value else {})
    if value is None:
        del lines[key]
    found = problems(file_with("\n".join(f"{name}: {text}" for name, text in lines.items())))
    assert len(found) == 1
    assert f"checks[0].{key}: " in found[0]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("mode: on\n", ["t.yaml:3:7: mode: must be 'enforce' or 'dry_run'"]),
        (
            "mlflow_suffix: true\n",
            ["t.yaml:3:1: mlflow_suffix: this is a key of applies_to; move it there"],
        ),
        ("at_least: 1\n", ["t.yaml:3:1: at_least: this is a key of checks; move it there"]),
        ("mdoe: dry_run\n", ['t.yaml:3:1: mdoe: unknown key; did you mean "mode"?']),
        ("owners: []\n", ["t.yaml:3:9: owners: must not be empty; give at least one"]),
        ("owners: risk\n", ["t.yaml:3:9: owners: must be a list, not 'risk'"]),
        ("owners: [risk, risk]\n", ['t.yaml:3:9: owners: names "risk" twice; keep one']),
        ("review_by: 2027-3-1\n", ["t.yaml:3:12: review_by: must be a day as 2027-03-31, not '2027-3-1'"]),
        ("review_by: 2027\n", ["t.yaml:3:12: review_by: must be a day as 2027-03-31, not 2027"]),
        (
            "review_by: 2027-02-29\n",
            ["t.yaml:3:12: review_by: there is no such day: day is out of range for month"],
        ),
        (
            "extends: organisation.yaml\n",
            [
                "t.yaml:3:10: extends: there is no file at this path among those that are read together; give it, "
                "too, or write the name of the file, by which published files are found"
            ],
        ),
        (
            "remove_checks: [d]\n",
            [
                "t.yaml:3:17: remove_checks[0]: the file extends no other, so nothing is inherited; remove the check "
                "itself"
            ],
        ),
        ("extend: organisation\n", ['t.yaml:3:1: extend: unknown key; did you mean "extends"?']),
        ("waivers: []\n", None),
    ],
)
def test_a_top_level_key_that_is_wrong(top: str, expected: list[str] | None) -> None:
    found = problems(file_with("name: c\nwhy: w\nmetric: m\nat_least: 1", top))
    assert len(found) == 1
    assert expected is None or found == expected
    assert "Traceback" not in found[0]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (b"checks:\n", b"checks: []\nchekcs:\n", "checks: must not be empty; give at least one"),
        (b'["askdata-*"]', b"[]", "applies_to.model_package_groups: must not be empty; give at least one"),
        (b'["askdata-*"]', b"askdata", "applies_to.model_package_groups: must be a list, not 'askdata'"),
        (
            b'["askdata-*"]',
            b'["ask data"]',
            "applies_to.model_package_groups[0]: 'ask data' cannot name a model",
        ),
        (
            b"treatment equity",
            b"execution accuracy",
            'checks[1].name: checks[0] is called "execution accuracy" too',
        ),
        (b"applies_to:", b"apply_to:", "applies_to: this key is missing"),
        (
            b'["askdata-*"]',
            b"[" + b"a," * 201 + b"]",
            "applies_to.model_package_groups: more than 200 items; use patterns, or split the file",
        ),
        (
            b'["askdata-*"]',
            b"[" + b"a" * 257 + b"]",
            f"applies_to.model_package_groups[0]: '{'a' * 59}…' is longer than 256 characters",
        ),
        (
            b'["askdata-*"]',
            b'["arn:aws:sagemaker:eu-central-1:123456789012:model-package-group/AskData-eu"]',
            "applies_to.model_package_groups[0]: 'arn:aws:sagemaker:eu-central-1:123456789012:model-package-g…' cannot "
            'name a model package group; did you mean "AskData-eu", the name of the group?',
        ),
        (
            b'["askdata-*"]',
            b'["arn:aws:sagemaker:eu-central-1:123456789012:model-package/askdata/7"]',
            "applies_to.model_package_groups[0]: 'arn:aws:sagemaker:eu-central-1:123456789012:model-package/a…' cannot "
            'name a model package group; did you mean "askdata", the name of the group?',
        ),
    ],
)
def test_a_file_that_is_wrong_around_its_checks(before: bytes, after: bytes, path: str) -> None:
    assert any(f": {path}" in problem for problem in problems(GOOD.replace(before, after)))


def test_an_alias_bomb_is_refused_without_being_unrolled() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    found = problems("\n".join(lines).encode())
    assert "t.yaml:1:5: a0: anchors (&name) are not allowed; write the value out where it is used" in found
    assert "t.yaml:2:10: a1[0]: aliases (*name) are not allowed; write the value out" in found


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    content = b"""\
name: 3
aplies_to: {model_package_groups: [g]}
checks:
  - {name: a, why: "", metric: m, at_least: 1, facet: &x b}
  - {name: a, why: w, metric: *x, at_least: .nan, at_most: 2}
  - nothing
"""
    assert problems(content) == [
        "t.yaml:1:1: applies_to: this key is missing; name the groups that the file is for, or let another of the "
        "files extend it",
        "t.yaml:1:7: name: must be text, not 3; put it in quotes",
        't.yaml:2:1: aplies_to: unknown key; did you mean "applies_to"?',
        "t.yaml:4:20: checks[0].why: must not be empty; write some text",
        "t.yaml:4:55: checks[0].facet: anchors (&name) are not allowed; write the value out where it is used",
        "t.yaml:5:5: checks[1]: at_least and at_most are two limits; a check has exactly one of at_least, at_most, "
        "between, target with tolerance, no_worse_than_baseline (write two checks)",
        't.yaml:5:12: checks[1].name: checks[0] is called "a" too; give each check a name of its own',
        "t.yaml:5:31: checks[1].metric: aliases (*name) are not allowed; write the value out",
        "t.yaml:5:45: checks[1].at_least: must be a finite number, and .nan is not a number; write one",
        "t.yaml:6:5: checks[2]: must be a mapping of keys to values, not 'nothing'",
    ]


def test_problems_between_keys_are_told_beside_those_of_single_keys() -> None:
    content = b"""\
name: n
applies_to: {model_package_groups: [g]}
owners: [ann]
review_by: soon
remove_checks: [z]
verify: {sample: 0, gold: {labls: g.jsonl, bias: "https://x"}, databases: db, sampel: 1}
waivers:
  - {check: b, reason: r, approved_by: bob, expires: 2027-03-31}
  - {check: d, reason: r, approved_by: ann, expires: 2027-03-31}
  - {check: a, reason: r, approved_by: bob, expires: soon}
  - {check: zz, reason: "", approved_by: 3}
  - {check: b, facet: r=x, reason: r, approved_by: ann, expires: 2027-03-31}
checks:
  - {name: a, why: 3, metric: m, better: higher, on_first_version: pass, family: holm, min_samples: 0}
  - {name: b, why: w, metric: m, at_least: 1}
  - {name: c, why: w, metric: m, sensitive_features: [sex, sex], at_least: .nan, at_most: 1}
"""
    limits = "at_least, at_most, between, target with tolerance, no_worse_than_baseline"
    assert problems(content) == [
        "t.yaml:4:12: review_by: must be a day as 2027-03-31, not 'soon'",
        "t.yaml:5:17: remove_checks[0]: the file extends no other, so nothing is inherited; remove the check itself",
        "t.yaml:6:18: verify.sample: must be how many items are drawn, 1 or more",
        't.yaml:6:35: verify.gold.labls: unknown key; did you mean "labels"?',
        "t.yaml:6:50: verify.gold.bias: must be a file or a place in S3, as s3://BUCKET/gold.jsonl",
        "t.yaml:6:75: verify.databases: the gold SQL is needed, too, as the registrant's own beside them proves "
        "nothing; add gold: {text_to_sql: PLACE}",
        't.yaml:6:87: verify.sampel: unknown key; did you mean "sample"?',
        't.yaml:8:40: waivers[0].approved_by: "bob" is none of the owners (ann); let one of them approve it',
        "t.yaml:9:13: waivers[1].check: no check has this name; remove the waiver",
        't.yaml:10:40: waivers[2].approved_by: "bob" is none of the owners (ann); let one of them approve it',
        "t.yaml:10:54: waivers[2].expires: must be a day as 2027-03-31, not 'soon'",
        "t.yaml:11:5: waivers[3].expires: this key is missing; add it",
        "t.yaml:11:13: waivers[3].check: no check has this name; remove the waiver",
        "t.yaml:11:25: waivers[3].reason: must not be empty; write some text",
        "t.yaml:11:42: waivers[3].approved_by: must be text, not 3; put it in quotes",
        "t.yaml:12:23: waivers[4].facet: the check is about the whole; leave facet out",
        f"t.yaml:14:5: checks[0]: a check needs a limit: exactly one of {limits}",
        "t.yaml:14:5: checks[0]: better belongs to a check against the baseline; leave it out",
        't.yaml:14:5: checks[0]: family belongs to a check with facet: "*" and confidence; give both, or leave it out',
        "t.yaml:14:5: checks[0]: on_first_version belongs to a check against the baseline; leave it out",
        "t.yaml:14:20: checks[0].why: must be text, not 3; put it in quotes",
        "t.yaml:14:101: checks[0].min_samples: must be greater than or equal to 1",
        f"t.yaml:16:5: checks[2]: at_least and at_most are two limits; a check has exactly one of {limits} (write two "
        "checks)",
        "t.yaml:16:5: checks[2]: sensitive_features belongs to a metric that ends in .sensitive_share: give both, or "
        "neither",
        "t.yaml:16:5: checks[2]: sensitive_features names a feature twice; keep one",
        "t.yaml:16:76: checks[2].at_least: must be a finite number, and .nan is not a number; write one",
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(one_check("at_leest: 1\non_first_version: pass"), id="a misspelt limit"),
        pytest.param(one_check("at_least:\nbetter: higher"), id="an empty limit"),
        pytest.param(
            one_check('at_least: 1\nfamily: holm\nfacet: "*"\nconfidance: 0.9'), id="a misspelt key"
        ),
        pytest.param(one_check("at_least: 1\nfamily: holm\nfacet: 3\nconfidence: 0.9"), id="a wrong facet"),
        pytest.param(one_check("<<: {confidence: 0.9}\nfamily: holm"), id="a merge key"),
        pytest.param(
            file_with("name: c\nwhy: w\nmetric: m\nat_most: 1", f"owner: [o]\n{WAIVERS}"),
            id="misspelt owners",
        ),
        pytest.param(
            file_with("name: c\nwhy: w\nmetric: m\nat_most: 1", f"owners: o\n{WAIVERS}"), id="wrong owners"
        ),
        pytest.param(
            file_with("name: 3\nwhy: w\nmetric: m\nat_most: 1", f"owners: [o]\n{WAIVERS}"), id="a wrong name"
        ),
        pytest.param(
            f"name: n\napplies_to: {{model_package_groups: [g]}}\nowners: [o]\n{WAIVERS}extends: 3\n".encode(),
            id="wrong extends",
        ),
    ],
)
def test_what_another_problem_may_be_the_reason_of_is_not_told(content: bytes) -> None:
    assert len(problems(content)) == 1


def test_problems_without_end_are_counted() -> None:
    unknown = "\n".join(f"x{i}: 1" for i in range(300))
    found = problems(file_with(f"name: c\nwhy: w\nmetric: m\nat_least: 1\n{unknown}"))
    assert len(found) == 201
    assert found[-1] == "t.yaml:209:5: and 100 more problems from here on"


def test_columns_count_characters_and_a_byte_order_mark_is_no_character() -> None:
    content = "\ufeffname: grün\nappliesto: 1\n".encode()
    assert 't.yaml:2:1: appliesto: unknown key; did you mean "applies_to"?' in problems(content)
    check = "- {name: ü, why: ä, metric: ö, at_most: 1, at_mos: 1}"
    content = f"name: n\napplies_to: {{model_package_groups: [g]}}\nchecks:\n{check}\n".encode()
    column = check.index("at_mos:") + 1
    assert problems(content) == [f't.yaml:4:{column}: checks[0].at_mos: unknown key; did you mean "at_most"?']


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(list(Check.model_fields)), inner)
    ),
    max_leaves=12,
)


@given(
    st.one_of(st.binary(), st.text().map(str.encode), PLAIN.map(lambda data: yaml.safe_dump(data).encode()))
)
def test_reading_is_total(content: bytes) -> None:
    """Whatever the bytes are, the result is a threshold file or a `ThresholdFileError` with located problems."""
    try:
        parse_thresholds(content, "t.yaml")
    except ThresholdFileError as error:
        assert error.problems
        assert all(problem.startswith("t.yaml:") for problem in error.problems)


@given(st.dictionaries(st.sampled_from([*Check.model_fields, "x"]), PLAIN | st.floats() | st.just("reject")))
def test_reading_any_check_is_total(check: dict[str, object]) -> None:
    data = {"name": "n", "applies_to": {"model_package_groups": ["g"]}, "checks": [check]}
    try:
        parse_thresholds(yaml.safe_dump(data).encode(), "t.yaml")
    except ThresholdFileError as error:
        assert error.problems


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """A validator by the schema, which takes longer to make than to use."""
    return jsonschema.Draft202012Validator(thresholds_schema())


@pytest.mark.parametrize(
    ("content", "valid"),
    [
        (GOOD, True),
        (one_check("target: 1\ntolerance: 0"), True),
        (one_check("target: 1"), False),
        (one_check("at_most: 1\nmax_age_days: 7"), True),
        (one_check("at_most: 1\nmax_age_days: 0"), False),
        (file_with("name: c\nwhy: w\nmetric: m\nat_most: 1", 'owners: [o]\nreview_by: "2027-03-31"\n'), True),
        (file_with("name: c\nwhy: w\nmetric: m\nat_most: 1", f"owners: [o]\n{WAIVERS}"), True),
        (
            file_with(
                "name: c\nwhy: w\nmetric: m\nat_most: 1", f"owners: [o]\n{WAIVERS}".replace("reason: r, ", "")
            ),
            False,
        ),
        (b"name: n\napplies_to: {model_package_groups: [g]}\n", False),
        (one_check("at_least: 1\nat_most: 2"), False),
        (one_check("facet: a"), False),
        (one_check("at_least: 1\nconfidence: 1"), False),
        (one_check("at_least: 1\nfacet:"), False),
        (one_check("at_leest: 1"), False),
    ],
)
def test_the_schema_and_the_reader_agree(
    validator: jsonschema.Draft202012Validator, content: bytes, valid: bool
) -> None:
    assert validator.is_valid(yaml.safe_load(content)) is valid
    if valid:
        parse_thresholds(content, "t.yaml")
    else:
        assert problems(content)


PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(
    [*(PROJECT / "thresholds").glob("*.yaml"), *(PROJECT / "examples").glob("*/thresholds.yaml")]
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_the_shipped_files_are_of_the_schema_and_without_doubts(
    validator: jsonschema.Draft202012Validator, path: Path
) -> None:
    content = path.read_bytes()
    assert [error.message for error in validator.iter_errors(yaml.safe_load(content))] == []
    assert examine_thresholds(content, path.name, strict=True).warnings == ()


@pytest.mark.parametrize("path", sorted((PROJECT / "thresholds").glob("*.yaml")), ids=lambda path: path.name)
def test_the_templates_name_the_schema_to_editors(path: Path) -> None:
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == PROJECT / "docs" / "threshold-file.schema.json"


def test_the_schema_offers_every_metric_that_the_catalogue_knows_by_name_and_any_other() -> None:
    metric = thresholds_schema()["$defs"]["Check"]["properties"]["metric"]
    *known, other = metric["anyOf"]
    assert [one["const"] for one in known] == [one.address for one in CATALOGUE if not one.is_pattern]
    described = {one["const"]: one["description"] for one in known}
    assert described["bias.post_training.RD"] == (
        "Recall difference: recall of a less that of d. difference of shares, [-1, 1], best at 0. "
        "Source: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html"
    )
    assert other["type"] == "string"
    assert "lm_eval.<task>.acc" in other["examples"]
    validator = jsonschema.Draft202012Validator(metric)
    assert validator.is_valid("rag.faithfulness")
    assert validator.is_valid("churn.recall")
    assert not validator.is_valid("")
    assert not validator.is_valid(3)


def test_every_key_of_the_schema_is_described() -> None:
    schema = thresholds_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    models = [schema, schema["$defs"]["Check"], schema["$defs"]["AppliesTo"]]
    assert [
        key for model in models for key, field in model["properties"].items() if not field.get("description")
    ] == []
