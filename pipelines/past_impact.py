"""What a change of threshold files does to the versions of a history, judged in several processes at once.

Each process reads the copies of its part and judges it, and gives back sums: evidence and decisions never leave it.
"""

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from aws.evidence_copies import EvidenceCopies, FolderEvidenceCopies
from checks.impact import ImpactSums
from checks.thresholds import ThresholdFile
from pipelines.past_versions import RecordOfVersion, read_past_versions

_PART = 250  # versions: few enough for progress to be seen, and for every process to have something to do to the end


def sum_impact(
    sums: ImpactSums,
    files: tuple[Sequence[ThresholdFile], Sequence[ThresholdFile]],
    records: Sequence[RecordOfVersion],
    copies: EvidenceCopies,
    *,
    processes: int,
    advance: Callable[[int], None],
) -> None:
    """Add to `sums` what the change from the first of `files` to the second comes to in the versions of `records`.

    `advance` is given each number of versions that are done. The sums are the same whatever the number of `processes`;
    there is one where copies are not in a folder, where the system cannot copy a process, and for few versions.

    Raises:
        AwsError: S3 could not be asked for a copy.
        AmbiguousThresholdsError: two files of a set apply to one group equally specifically.
    """
    parts = list(_divide(records))
    sum_part = partial(_sum_part, files, copies)
    processes = min(processes, len(parts))
    if processes <= 1 or not isinstance(copies, FolderEvidenceCopies) or not _can_fork():
        for part in parts:
            sums.add_all(sum_part(part))
            advance(len(part))
        return
    # A copy of this process has all modules at once; a new one would take longer to import them than to judge a part.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        for part, found in zip(parts, pool.map(sum_part, parts), strict=True):
            sums.add_all(found)
            advance(len(part))


def _divide(records: Sequence[RecordOfVersion]) -> Iterator[Sequence[RecordOfVersion]]:
    for start in range(0, len(records), _PART):
        yield records[start : start + _PART]


def _can_fork() -> bool:
    """Whether this process can be copied: a lock that another thread holds would be held in the copy without end."""
    return sys.platform == "linux" and threading.active_count() == 1


def _sum_part(
    files: tuple[Sequence[ThresholdFile], Sequence[ThresholdFile]],
    copies: EvidenceCopies,
    records: Sequence[RecordOfVersion],
) -> ImpactSums:
    sums = ImpactSums(*files)
    for one in read_past_versions(records, copies):
        sums.add(one)
    return sums
