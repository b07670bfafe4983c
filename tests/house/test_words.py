"""Words that the project does not use: its readers are engineers in a hurry, most of whom learned English at school."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = subprocess.run(
    ["git", "ls-files", "*.py", "*.md", "*.toml", "*.yaml", "Makefile"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip

# Each with what is written instead, and why.
WORDS = {
    r"stands?": '"is"; whoever searches a message for what is wrong need not know in what way something stands',
    r"lies?|lying": '"is"; an interval, a folder and a person can each lie, and a reader has to guess which is meant',
    r"mend(s|ed|ing)?": '"fix"; it is the word of compilers, linters and trackers, and people search for it',
    r"for ever|forever": '"without end", or the number of times; in a message the bound is what the reader needs',
    r"ditto": "the thing again; in a table read by a screen reader or a search, the line above is not there",
    r"became of": '"the outcome"; it is the name that records and commands have for it',
    r"hitherto": '"until now"; it is in no log and no manual that the readers know',
    r"otherwise as": '"else like"; nobody reads it once only',
    r"of (its|their) own accord": '"by itself"; it is twice as long and says no more',
}
# Not these words themselves, not what a scorer's tests compare with other text, not what was said of older releases.
LEFT_OUT = re.compile(r"tests/house/test_words\.py|tests/scorers/rag/.*|CHANGELOG\.md")


@pytest.fixture(scope="module")
def text_by_name() -> dict[str, str]:
    names = [name for name in TEXTS if LEFT_OUT.fullmatch(name) is None and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_text("utf-8") for name in names}


@pytest.mark.parametrize(("word", "instead"), WORDS.items(), ids=WORDS)
def test_the_project_uses_plain_words(word: str, instead: str, text_by_name: dict[str, str]) -> None:
    pattern = re.compile(rf"\b({word})\b", re.IGNORECASE)
    found = [
        f"{name}: …{text[max(0, match.start() - 40) : match.end() + 40]}…"
        for name, text in text_by_name.items()
        for match in pattern.finditer(text)
    ]
    assert found == [], f"write {instead}"
