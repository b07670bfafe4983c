"""Threshold files that are to hold together: read by a command, examined, and their warnings shown."""

import sys
from collections.abc import Iterable

from checks.evidence import Document
from checks.selection import find_ambiguities
from checks.threshold_file import ThresholdFileError
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import examined_documents


def examine_together(documents: Iterable[Document], *, strict: bool) -> list[ThresholdFile]:
    """Examine files that are to hold together, and print their warnings on stderr.

    Raises:
        ThresholdFileError: there are problems, or two files would apply to one group.
    """
    examined = examined_documents(documents, strict=strict)
    files = [one.file for one in examined]
    if problems := find_ambiguities(files):
        raise ThresholdFileError(problems)
    for warning in (warning for one in examined for warning in one.warnings):
        print(warning, file=sys.stderr)
    return files
