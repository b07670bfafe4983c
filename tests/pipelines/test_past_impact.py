"""The impact of an edit on a history: the same in one process and in several, and nothing is read twice."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from aws.evidence_copies import FolderEvidenceCopies
from benchmarks.past_gate import PastGate, make_past_gate
from checks.impact import Impact, ImpactSums, LeftOut, PastVersion
from checks.threshold_set import compile_thresholds
from checks.thresholds import ThresholdFile
from pipelines import past_impact, spread_work
from pipelines.past_impact import sum_impact
from pipelines.past_versions import RecordOfVersion, read_newest_records, read_past_versions
from pipelines.spread_work import ALONE, Workers, work_on_parts
from pipelines.step_settings import COPIES_FOLDER
from tests.counted_work import count_calls

VERSIONS, CHECKS, CHANGED = 23, 6, 2


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> PastGate:
    """A history of which one copy is gone."""
    made = make_past_gate(tmp_path_factory.mktemp("gate"), versions=VERSIONS, checks=CHECKS, reports=1)
    min((made.history / COPIES_FOLDER).iterdir()).unlink()
    return made


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts of so few versions, in processes even where the tests have threads."""
    monkeypatch.setattr(spread_work, "_PART_OF_PROCESS", 4)
    monkeypatch.setattr(spread_work, "_PART_OF_THREAD", 4)
    monkeypatch.setattr(spread_work, "_can_fork", lambda: True)


def files_of(gate: PastGate) -> tuple[list[ThresholdFile], list[ThresholdFile]]:
    old, new = ([*compile_thresholds({one.name: one.read_bytes()})] for one in (gate.old, gate.new))
    return old, new


def read_file(name: str) -> bytes:
    return Path(name).read_bytes()


def records_of(
    gate: PastGate, workers: Workers = ALONE, advance: Callable[[int], object] | None = None
) -> list[RecordOfVersion]:
    names = [str(file) for file in sorted(gate.history.rglob("e*.json"))]
    records, unusable = read_newest_records(names, read_file, workers=workers, advance=advance)
    assert unusable == []
    return records


def measure(gate: PastGate, workers: Workers, done: list[int]) -> Impact:
    files = files_of(gate)
    sums = ImpactSums(*files)
    sums.add(LeftOut("first.json", "no record"))
    copies = FolderEvidenceCopies(gate.history / COPIES_FOLDER)
    sum_impact(sums, files, records_of(gate), copies, workers=workers, advance=done.append)
    return sums.close()


@pytest.mark.usefixtures("parts")
def test_processes_have_the_work_and_the_things_without_pickling() -> None:
    things = [threading.Lock() for _ in range(10)]  # nothing can pickle a lock
    places = {id(thing): place for place, thing in enumerate(things)}
    found = work_on_parts(lambda part: [places[id(one)] for one in part], things, Workers(processes=2))
    assert list(found) == [(4, [0, 1, 2, 3]), (4, [4, 5, 6, 7]), (2, [8, 9])]


@pytest.mark.usefixtures("parts")
def test_the_impact_is_the_same_whoever_works_on_it(gate: PastGate, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    alone = measure(gate, ALONE, done)
    assert (sum(done), len(done), alone.versions, len(alone.left_out)) == (VERSIONS, 6, VERSIONS - 1, 2)
    assert alone.flips
    here = os.getpid(), threading.get_ident()

    def work_elsewhere(
        records: Iterable[RecordOfVersion], copies: FolderEvidenceCopies
    ) -> Iterator[PastVersion | LeftOut]:
        assert (os.getpid(), threading.get_ident()) != here
        return read_past_versions(records, copies)

    monkeypatch.setattr(past_impact, "read_past_versions", work_elsewhere)
    assert measure(gate, Workers(processes=2), done) == alone
    assert measure(gate, Workers(threads=3), done) == alone
    assert sum(done) == 3 * VERSIONS


@pytest.mark.usefixtures("parts")
def test_records_are_read_by_processes_and_threads_as_by_one(gate: PastGate) -> None:
    done: list[int] = []
    alone = records_of(gate, ALONE, done.append)
    assert done == [4, 4, 4, 4, 4, 3]
    assert len(alone) == VERSIONS
    for workers in (Workers(processes=2), Workers(threads=3)):
        assert records_of(gate, workers) == alone
    here = count_calls(lambda: records_of(gate, Workers(processes=2)))
    assert here["parse_inputs"] == 0


def test_records_and_copies_are_read_once_and_what_both_files_have_is_judged_once(gate: PastGate) -> None:
    calls = count_calls(lambda: measure(gate, ALONE, []))
    judged = VERSIONS - 1
    assert calls["parse_inputs"] == calls["FolderEvidenceCopies.read"] == VERSIONS
    assert (calls["parse_record"], calls["read_report"]) == (0, judged)
    by_bounds = calls["OneSided.zone"]  # each holds both ends of an interval against the limit
    assert calls["AtLeast.passes"] - by_bounds == judged * (CHECKS + CHANGED)
    assert calls["Ruler.measure"] == judged * (CHECKS + CHANGED)
    assert calls["_add_to"] == 0  # nothing is waived, and no check is inherited
    assert calls["Ruler.of"] == calls["_make_sums"] * CHECKS  # of a group, and not of each version


def test_few_versions_are_judged_here(gate: PastGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(spread_work, "ProcessPoolExecutor")
    assert measure(gate, Workers(processes=8), []).versions == VERSIONS - 1


def test_the_history_is_made_of_its_seed(tmp_path: Path) -> None:
    first, again = (make_past_gate(tmp_path / name, versions=3, checks=4, reports=2) for name in "ab")
    bytes_of = [
        {
            file.relative_to(one.history): file.read_bytes()
            for file in one.history.rglob("*")
            if file.is_file()
        }
        for one in (first, again)
    ]
    assert bytes_of[0] == bytes_of[1]
    assert len(bytes_of[0]) == 3 + 3 * 2
