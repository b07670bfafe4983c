"""What a change of threshold files does to the versions of a history, judged by several at once.

Each worker reads the copies of its part and judges it, and gives back sums: evidence and decisions never leave it.
"""

from collections.abc import Callable, Sequence
from functools import partial

from aws.evidence_copies import EvidenceCopies
from checks.impact import ImpactSums
from checks.thresholds import ThresholdFile
from pipelines.past_versions import RecordOfVersion, read_past_versions
from pipelines.spread_work import Workers, work_on_parts


def sum_impact(
    sums: ImpactSums,
    files: tuple[Sequence[ThresholdFile], Sequence[ThresholdFile]],
    records: Sequence[RecordOfVersion],
    copies: EvidenceCopies,
    *,
    workers: Workers,
    advance: Callable[[int], None],
) -> None:
    """Add to `sums` what the change from the first of `files` to the second comes to in the versions of `records`.

    `advance` is given each number of versions that are done. The sums are the same whoever the `workers` are.

    Raises:
        AwsError: S3 could not be asked for a copy.
        AmbiguousThresholdsError: two files of a set apply to one group equally specifically.
    """
    for count, found in work_on_parts(partial(_sum_part, files, copies), records, workers):
        sums.add_all(found)
        advance(count)


def _sum_part(
    files: tuple[Sequence[ThresholdFile], Sequence[ThresholdFile]],
    copies: EvidenceCopies,
    records: Sequence[RecordOfVersion],
) -> ImpactSums:
    sums = ImpactSums(*files)
    for one in read_past_versions(records, copies):
        sums.add(one)
    return sums
