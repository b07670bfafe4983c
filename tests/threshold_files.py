"""One threshold file by itself, read or examined, for tests of what is in it."""

from checks.threshold_examination import Examined
from checks.threshold_examination import examine_thresholds as examine_set
from checks.threshold_set import compile_thresholds
from checks.thresholds import ThresholdFile
from tests.fixed_times import DECIDED_AT


def parse_thresholds(content: bytes, source: str) -> ThresholdFile:
    """Return the file; raises `ThresholdFileError` with all that is wrong with it."""
    (file,) = compile_thresholds({source: content})
    return file


def examine_thresholds(content: bytes, source: str, *, strict: bool = False) -> Examined:
    """Return the file with its warnings; raises as `checks.threshold_examination.examine_thresholds` does."""
    return examine_set({source: content}, today=DECIDED_AT.date(), strict=strict)
