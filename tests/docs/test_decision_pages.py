"""Decisions are numbered in one row, each has a title of its own, and who refers to one finds it."""

import re
import subprocess
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
# A link whose words are the number of the decision.
NUMBERED = re.compile(r"\[decision (\d+)\]\((?:decisions/)?(\d{4})-")
TITLES = {page: page.read_text(encoding="utf-8").splitlines()[0] for page in PAGES}


def test_the_numbers_have_no_gap_and_are_in_the_titles_too() -> None:
    assert [page.name[:5] for page in PAGES] == [f"{number:04d}-" for number in range(1, len(PAGES) + 1)]
    assert [title.split(". ")[0] for title in TITLES.values()] == [f"# {n}" for n in range(1, len(PAGES) + 1)]


def test_no_two_decisions_have_one_title() -> None:
    count = Counter(title.partition(". ")[2].casefold() for title in TITLES.values())
    assert {title for title, times in count.items() if times > 1 or not title} == set()


def test_who_refers_to_a_decision_finds_it() -> None:
    listed = ["git", "grep", "-IhoE", r"\b[0-9]{4}-[a-z0-9-]+\.md"]
    named = subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
    assert set(named) - {page.name for page in PAGES} == set()
    for page in (PROJECT / "docs").rglob("*.md"):
        for said, number in NUMBERED.findall(page.read_text(encoding="utf-8")):
            assert int(said) == int(number), page.name
