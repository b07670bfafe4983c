"""The bundle: all threshold files that are in force together, as one canonical document.

It has the text and the SHA-256 of each source, and what the files come to: groups to effective checks. Whoever judges
reads the sources, so that places in messages are those of the files, and compiles them as files on disk are; what they
come to is there for people and other programs. It has no clock and no names of people: equal files give equal bytes.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from checks.effective_file import describe_effective
from checks.errors import GovernanceError
from checks.selection import find_ambiguities
from checks.strict_json import ReportError, parse_strict_json
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import compile_thresholds
from checks.thresholds import ThresholdFile

SCHEMA = "governance.threshold-bundle/1"
BUNDLE_FILE = "bundle.json"
MAX_BUNDLE_BYTES = 32 * 1024 * 1024


class ThresholdBundleError(GovernanceError):
    """Bytes that are no bundle of threshold files, or one that was changed."""


class _BundledSource(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    source: str
    sha256: str
    text: str


def write_bundle(contents: Mapping[str, bytes]) -> bytes:
    """Return the bundle of the sources `contents`, the bytes of each by its name: the same for the same sources.

    Raises:
        ThresholdFileError: with all that is wrong with the files, each by itself and together.
        ThresholdBundleError: they are too many.
    """
    if strange := [source for source in sorted(contents) if not is_plain_path(source)]:
        raise ThresholdBundleError(
            f"{strange[0]!r}: no path of a file below one folder; give one folder that has all files"
        )
    files = compile_thresholds(contents)
    problems = [*_find_shared_names(files), *(str(clash) for clash in find_ambiguities(files))]
    if problems:
        raise ThresholdFileError(problems)
    document = {
        "schema": SCHEMA,
        "files": [describe_effective(file) for file in files],
        "sources": [_describe_source(source, contents[source]) for source in sorted(contents)],
    }
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    content = f"{text}\n".encode()
    if len(content) > MAX_BUNDLE_BYTES:
        raise ThresholdBundleError(
            f"the files come to {len(content):,} bytes together, and at most {MAX_BUNDLE_BYTES:,} are published; "
            "write what many of them have in one file that they extend"
        )
    return content


def is_plain_path(source: str) -> bool:
    """Whether a source is called by its path below a folder: whoever fetches a bundle writes files of these names."""
    parts = source.split("/")
    return source.isprintable() and "\\" not in source and not {"", ".", ".."} & set(parts)


def _describe_source(source: str, content: bytes) -> dict[str, str]:
    return {"source": source, "sha256": hashlib.sha256(content).hexdigest(), "text": content.decode()}


def _find_shared_names(files: Sequence[ThresholdFile]) -> Iterator[str]:
    """Yield a line for each name that several files have: it is by its name that a file in force is spoken of."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        by_name[file.name].append(file.source)
    for name, sources in by_name.items():
        if len(sources) > 1:
            yield f'{" and ".join(sources)}: are both called "{name}"; give each file a name of its own'


def read_bundle(content: bytes, uri: str) -> dict[str, bytes]:
    """Return the sources of a bundle, the bytes of each by its name; `uri` is what messages call the bundle.

    Raises:
        ThresholdBundleError: it is none of this version, or its texts are not those of its digests.
    """
    try:
        document = parse_strict_json(content)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ThresholdBundleError(
                f"{uri}: no bundle of threshold files ({SCHEMA}); publish the files again, with this version"
            )
        listed = document.get("sources")
        sources = [_BundledSource.model_validate(one) for one in (listed if isinstance(listed, list) else [])]
    except (ReportError, ValidationError) as error:
        raise ThresholdBundleError(
            f"{uri}: this bundle of threshold files cannot be read ({error}); roll back to an earlier version"
        ) from error
    contents = {one.source: one.text.encode() for one in sources}
    for one in sources:
        if not is_plain_path(one.source):
            raise ThresholdBundleError(
                f"{uri}: {one.source!r} is no path below a folder; publish the files again"
            )
        if hashlib.sha256(contents[one.source]).hexdigest() != one.sha256:
            raise ThresholdBundleError(
                f"{uri}: the text of {one.source} is not the one of its SHA-256: somebody changed the bundle; roll "
                "back to an earlier version, and find out who wrote this one"
            )
    return contents
