"""Which threshold file applies to a group."""

import hashlib
import itertools
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.selection import (
    AmbiguousThresholdsError,
    Clash,
    applies_to,
    find_ambiguities,
    list_unmatched,
    matches_no_group,
    select_thresholds,
)
from checks.thresholds import Check, Mode, ThresholdFile

CHECK = Check(name="c", why="w", metric="m", at_least=0)


def file(source: str, *patterns: str, mlflow_suffix: bool = False) -> ThresholdFile:
    return ThresholdFile(
        source, source, "0" * 64, patterns, Mode.ENFORCE, (CHECK,), mlflow_suffix=mlflow_suffix
    )


def suffixed(source: str, *patterns: str) -> ThresholdFile:
    return file(source, *patterns, mlflow_suffix=True)


@pytest.mark.parametrize(
    ("patterns", "group", "chosen"),
    [
        (["askdata"], "askdata", "askdata"),
        (["askdata"], "Askdata", None),
        (["askdata"], "askdata-eu", None),
        ([], "askdata", None),
        (["*", "askdata-*"], "askdata-eu", "askdata-*"),
        (["askdata-*", "askdata-eu"], "askdata-eu", "askdata-eu"),
        (["askdata*", "askdata"], "askdata", "askdata"),
        (["askdata-*", "askdata-e*"], "askdata-eu", "askdata-e*"),
        (["askdata*", "askdata*-eu"], "askdata-x-eu", "askdata*-eu"),
        (["a*longer-suffix", "as*"], "askdata-longer-suffix", "as*"),
        (["askdata-[ab]", "askdata-*"], "askdata-b", None),
        (["askdata-[ab]", "askdata-?"], "askdata-z", "askdata-?"),
    ],
)
def test_the_most_specific_file_applies(patterns: list[str], group: str, chosen: str | None) -> None:
    files = [file(pattern, pattern) for pattern in patterns]
    for order in (files, files[::-1]):
        try:
            found = select_thresholds(order, group)
        except AmbiguousThresholdsError:
            assert patterns == ["askdata-[ab]", "askdata-*"]  # one literal prefix, no literal more
        else:
            assert (found.source if found else None) == chosen


def test_the_most_specific_pattern_of_a_file_counts() -> None:
    assert select_thresholds([file("a", "*", "askdata"), file("b", "ask*")], "askdata") == file(
        "a", "*", "askdata"
    )


def test_two_files_of_equal_specificity_are_an_error_that_names_both() -> None:
    with pytest.raises(
        AmbiguousThresholdsError, match=r"^a\.yaml and b\.yaml: both apply to the group askdata-eu "
    ):
        select_thresholds(
            [file("b.yaml", "askdata-*"), file("a.yaml", "askdata-*"), file("c", "*")], "askdata-eu"
        )


@pytest.mark.parametrize(
    ("first", "second", "ambiguous"),
    [
        ("askdata", "askdata", True),
        ("askdata", "chatbot", False),
        ("askdata-*", "askdata-*", True),
        ("*", "askdata-*", False),
        ("a*b", "a*c", False),
        ("a*b", "a?b", True),
        ("a*bc", "a*cb", False),
        ("a*b*", "a*c*", True),
        ("a[xy]", "a[yz]", True),
        ("a[xy]", "a[!xy]", False),
        ("a?", "a*", True),
        ("a??", "a?", False),
    ],
)
def test_validation_finds_patterns_that_clash(first: str, second: str, ambiguous: bool) -> None:
    for files in ([file("1", first), file("2", second)], [file("2", second), file("1", first)]):
        assert bool(find_ambiguities(files)) is ambiguous


def test_a_file_does_not_clash_with_itself() -> None:
    assert find_ambiguities([file("1", "a*", "a*"), file("2", "b*")]) == []


# "MLflow registered models are synced into a SageMaker Model Package Group with the following name:
# mlflow-registered-model-name-suffix, where suffix is the first six characters of the SHA-256 hash of the last segment
# of the tracking server or MLflow App ARN":
# https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments-model-registration.html
SUFFIX = hashlib.sha256(b"team-tracking-server").hexdigest()[:6]


@pytest.mark.parametrize(
    ("pattern", "group", "applies"),
    [
        pytest.param("churn", "churn", True, id="the name itself"),
        pytest.param("churn", f"churn-{SUFFIX}", True, id="as AWS makes it"),
        pytest.param("churn", "churn-0a1B2c", True, id="digits of either case"),
        pytest.param("churn", "churn-0a1b2", False, id="five digits"),
        pytest.param("churn", "churn-0a1b2c3", False, id="seven digits"),
        pytest.param("churn", "churn-europe", False, id="six letters that are no digits"),
        pytest.param("churn", "churn0a1b2c", False, id="without the hyphen"),
        pytest.param("churn", f"churn-eu-{SUFFIX}", False, id="another name"),
        pytest.param("*-churn", f"eu-churn-{SUFFIX}", True, id="a pattern"),
        pytest.param("churn-*", f"churn-{SUFFIX}", True, id="a pattern that matches by itself"),
    ],
)
def test_the_suffix_of_mlflow_belongs_to_a_pattern_where_the_file_says_so(
    pattern: str, group: str, applies: bool
) -> None:
    assert applies_to(suffixed("f", pattern), group) is applies
    assert (select_thresholds([suffixed("f", pattern)], group) is not None) is applies
    assert applies_to(file("f", pattern), group) is fnmatchcase(group, pattern)


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        pytest.param([file("other", f"churn-{SUFFIX}")], "other", id="the whole name is more specific"),
        pytest.param([file("other", "churn-*")], "churn", id="a pattern is less"),
        pytest.param(
            [file("other", f"churn-{SUFFIX[:2]}*")], "churn", id="a pattern with a longer beginning too"
        ),
        pytest.param([file("other", "churn")], "churn", id="the name without its suffix is another group"),
        pytest.param([suffixed("other", "*")], "churn", id="every group"),
    ],
)
def test_a_name_with_its_suffix_goes_after_a_plain_name_and_before_a_pattern(
    others: list[ThresholdFile], chosen: str
) -> None:
    for files in ([suffixed("churn", "churn"), *others], [*others, suffixed("churn", "churn")]):
        found = select_thresholds(files, f"churn-{SUFFIX}")
        assert found is not None
        assert found.source == chosen


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        pytest.param(suffixed("1", "churn"), file("2", "churn-*"), None, id="of another kind"),
        pytest.param(suffixed("1", "churn"), file("2", "churn"), ('"churn"', '"churn"'), id="the names"),
        pytest.param(
            suffixed("1", "churn"), suffixed("2", "churn"), ('"churn"', '"churn"'), id="both, told once"
        ),
        pytest.param(
            suffixed("1", "*-rag"),
            file("2", "*-rag-*"),
            ('"*-rag-*"', '"*-rag" with the suffix of MLflow'),
            id="patterns",
        ),
    ],
)
def test_validation_finds_names_with_a_suffix_that_clash(
    first: ThresholdFile, second: ThresholdFile, names: tuple[str, str] | None
) -> None:
    expected = []
    if names is not None:
        message = (
            f"{names[0]} matches the same groups as {names[1]} of 1, equally specifically; make one of them more "
            "specific"
        )
        expected = [Clash("2", ("applies_to", "model_package_groups", 0), message)]
    assert find_ambiguities([first, second]) == expected
    assert find_ambiguities([second, first]) == expected


PATTERN = st.text("ab*?", min_size=1, max_size=5) | st.sampled_from(["[ab]*", "a[!a]", "[a-b]b"])


GROUP = st.text("ab", min_size=1, max_size=5) | st.text("ab", max_size=2).map("{}-aaaaaa".format)


@given(st.lists(PATTERN, min_size=1, max_size=4, unique=True), st.booleans(), GROUP)
def test_selection_is_ambiguous_only_where_validation_says_so(
    patterns: list[str], mlflow_suffix: bool, group: str
) -> None:
    files = [
        file(str(index), pattern, mlflow_suffix=mlflow_suffix and index % 2 == 0)
        for index, pattern in enumerate(patterns)
    ]
    try:
        found = select_thresholds(files, group)
    except AmbiguousThresholdsError:
        assert find_ambiguities(files)
    else:
        matching = [one for one in files if applies_to(one, group)]
        assert (found in matching) if matching else (found is None)


NAMES_OF_UP_TO_FIVE = [
    name
    for length in range(1, 6)
    for characters in itertools.product("abc-", repeat=length)
    if not (name := "".join(characters)).startswith("-") and not name.endswith("-")
]


@given(st.text("ab*?-[]!", min_size=1, max_size=4))
def test_a_pattern_matches_no_group_when_no_name_at_all_matches_it(pattern: str) -> None:
    """Four characters ask for at most four places, and one more for a letter at an end that * must supply."""
    matched = any(fnmatchcase(name, pattern) for name in NAMES_OF_UP_TO_FIVE)
    assert matches_no_group(pattern) is not matched


@pytest.mark.parametrize(
    ("thresholds", "groups", "unmatched"),
    [
        pytest.param(file("1", "churn", "rag-*"), ["churn", "rag-eu"], [], id="all there"),
        pytest.param(file("1", "churm", "rag-*"), ["churn"], ["churm", "rag-*"], id="none there"),
        pytest.param(file("1", "Churn"), ["churn"], ["Churn"], id="other case"),
        pytest.param(file("1", "churn"), ["churn-0a1b2c"], ["churn"], id="suffix not meant"),
        pytest.param(suffixed("1", "churn"), ["churn-0a1b2c"], [], id="suffix"),
        pytest.param(suffixed("1", "churn"), [], ["churn"], id="once"),
    ],
)
def test_names_that_match_no_group_are_listed(
    thresholds: ThresholdFile, groups: list[str], unmatched: list[str]
) -> None:
    assert list_unmatched(thresholds, groups) == unmatched
