"""Which files of a folder are reports, by their names."""

# Of the files in a folder that are taken for reports. Other lines of JSON are items: predictions, scored answers.
_REPORT_SUFFIXES = (".json", ".eval", "_output.jsonl")
_ITEM_SUFFIXES = (".eval", ".jsonl")  # of those and of what is beside them
REPORT_PATTERNS = "*.json, *.eval and *_output.jsonl"  # the same in words
MANIFEST = "evidence.manifest.json"  # lists the reports beside it, and is none itself


def holds_items(path: str) -> bool:
    """Return whether a report holds single items, such as questions and answers, beside figures, by its name."""
    return path.lower().endswith(_ITEM_SUFFIXES)


def is_report_file(path: str) -> bool:
    """Return whether a file of a folder is taken for a report, by its name."""
    name = path.rpartition("/")[2]
    return name.lower().endswith(_REPORT_SUFFIXES) and name != MANIFEST
