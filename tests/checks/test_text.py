"""Text of strangers on one line."""

import pytest

from checks.text import one_line, shortened, without_format_marks


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n b\tc\x00d", "a b c d"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("\u202eabc\u2066d\u200be", "abcde"),
        ("é 漢字 🦜", "é 漢字 🦜"),
        ("half \ud800 of a pair", "half of a pair"),
    ],
    ids=["controls", "separators", "format marks", "letters", "surrogates"],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_what_is_left_out_and_what_is_shortened() -> None:
    assert without_format_marks("a\u202e\nb") == "a\nb"
    assert (shortened("abcd", 4), shortened("abcde", 4)) == ("abcd", "abc…")
