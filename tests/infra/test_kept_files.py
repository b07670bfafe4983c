"""What takes long to make is made once, however many want it at once, and is never there in part."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest

from infra.kept_files import keep_file

MANY = 4


def test_those_who_want_a_file_at_once_wait_for_the_one_who_makes_it(tmp_path: Path) -> None:
    """Threads open the lock each for themselves, as processes do."""
    kept = tmp_path / "build" / "bundle.zip"
    all_ask = Barrier(MANY)
    made: list[Path] = []

    def make(draft: Path) -> None:
        made.append(draft)
        sleep(0.05)  # so long as others would look for it
        draft.write_text("half")
        assert not kept.exists()
        draft.write_text("whole")

    def ask(_number: int) -> str:
        all_ask.wait()
        return keep_file(kept, make).read_text()

    with ThreadPoolExecutor(MANY) as pool:
        assert list(pool.map(ask, range(MANY))) == ["whole"] * MANY
    assert len(made) == 1
    assert list(kept.parent.iterdir()) == [kept]


def test_what_cannot_be_made_leaves_nothing_behind_and_is_tried_again(tmp_path: Path) -> None:
    kept = tmp_path / "bundle.zip"

    def fail(draft: Path) -> None:
        draft.write_text("half")
        raise ValueError("no wheel")

    with pytest.raises(ValueError, match="no wheel"):
        keep_file(kept, fail)
    assert list(tmp_path.iterdir()) == []
    assert keep_file(kept, lambda draft: draft.touch()) == kept
