"""Which threshold file applies to a group."""

import itertools
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.selection import (
    AmbiguousThresholdsError,
    find_ambiguities,
    matches_no_group,
    select_thresholds,
)
from checks.thresholds import Check, Mode, ThresholdFile

CHECK = Check(name="c", why="w", metric="m", at_least=0)


def file(source: str, *patterns: str) -> ThresholdFile:
    return ThresholdFile(source, source, "0" * 64, patterns, Mode.ENFORCE, (CHECK,))


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


PATTERN = st.text("ab*?", min_size=1, max_size=5) | st.sampled_from(["[ab]*", "a[!a]", "[a-b]b"])


@given(st.lists(PATTERN, min_size=1, max_size=4, unique=True), st.text("ab", min_size=1, max_size=5))
def test_selection_is_ambiguous_only_where_validation_says_so(patterns: list[str], group: str) -> None:
    files = [file(str(index), pattern) for index, pattern in enumerate(patterns)]
    try:
        found = select_thresholds(files, group)
    except AmbiguousThresholdsError:
        assert find_ambiguities(files)
    else:
        matching = [f for f in files if any(fnmatchcase(group, pattern) for pattern in f.applies_to)]
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
