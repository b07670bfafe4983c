"""A set of threshold files read together: each with what it has from the file that it extends.

A file extends one other file of the set, by that one's name or by its path. It has all checks of it; a check of the
same name replaces the inherited one whole, and `remove_checks` leaves inherited ones out. The other keys that it does
not say itself it has from there too, except `name`, `description` and `applies_to`. Sources go in, effective files come
out, each check with the place where it is written, and each file with the digests of all that it is made of.
"""

import difflib
import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from checks.effective_file import find_misfits, make_file
from checks.threshold_file import SourceFile, ThresholdFileError, read_source, write_problems
from checks.thresholds import ThresholdFile
from checks.yaml_source import Problem

_SUFFIXES = (".yaml", ".yml")
_KEY = b"extends"
_VERSION = "?versionId="  # which a URI of S3 may end with
NO_GROUPS = "this key is missing; name the groups that the file is for, or let another of the files extend it"


class ThresholdSet(Struct, frozen=True):
    """What a set of sources comes to.

    `sources` are all files, `files` those that are whole, with what they extend, and `problems` what is wrong, all by
    source and in the order of their names. `extended` are the sources that others extend.
    """

    sources: Mapping[str, SourceFile]
    files: Mapping[str, ThresholdFile]
    problems: Mapping[str, Sequence[Problem]]
    extended: frozenset[str]

    @property
    def without_groups(self) -> Mapping[str, Problem]:
        """By source, what is wrong with files that are about no group, and that no other extends either."""
        return {
            source: file.problem_at(("applies_to",), NO_GROUPS)
            for source, file in self.sources.items()
            if isinstance(file.places.data, dict)
            and "applies_to" not in file.places.data
            and source not in self.extended
        }


def compile_thresholds(contents: Mapping[str, bytes]) -> tuple[ThresholdFile, ...]:
    """Return the effective file of each source, in the order of their names; `contents` is the bytes of each.

    Raises:
        ThresholdFileError: with all problems of all files at once.
    """
    found = read_threshold_set(contents)
    problems = {**found.problems}
    for source, problem in found.without_groups.items():
        problems[source] = [*problems.get(source, ()), problem]
    if problems:
        raise ThresholdFileError(write_all_problems(problems))
    return tuple(found.files.values())


def write_all_problems(problems: Mapping[str, Sequence[Problem]]) -> list[str]:
    """Return a line for each problem, as `file:line:column: path: what; the way out`, by source and place."""
    return [line for source in sorted(problems) for line in write_problems(source, problems[source])]


def read_threshold_set(contents: Mapping[str, bytes], wanted: Collection[str] | None = None) -> ThresholdSet:
    """Read a set of sources, and never raise.

    `wanted` are the sources that are asked for, by default all: the others count only as far as these extend them.
    """
    sources = {source: read_source(contents[source], source) for source in sorted(contents)}
    compiler = _Compiler(sources)
    for source in sources if wanted is None else sorted(wanted):
        compiler.compile(source)
    looked_at = compiler.looked_at
    problems = {
        source: [*file.problems, *compiler.problems[source]]
        for source, file in sources.items()
        if source in looked_at
    }
    extended = (compiler.find_extended(file) for file in sources.values())
    return ThresholdSet(
        sources={source: file for source, file in sources.items() if source in looked_at},
        files={source: compiler.files[source] for source in sources if source in compiler.files},
        problems={source: found for source, found in problems.items() if found},
        extended=frozenset(source for source in extended if source is not None),
    )


def add_extended(
    contents: Mapping[str, bytes], look_for: Callable[[str, str], Mapping[str, bytes]]
) -> dict[str, bytes]:
    """Return `contents` and what they extend, as far as that is found.

    `look_for` is given a source and what it says under `extends`, and returns the files that may be meant.
    """
    found, looked_for = dict(contents), set[tuple[str, str]]()
    while missing := _find_missing(found) - looked_for:
        looked_for |= missing
        for source, extends in sorted(missing):
            found = {**look_for(source, extends), **found}
    return found


def _find_missing(contents: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return each source that extends what is not there, with what it says under `extends`."""
    if not any(_KEY in content for content in contents.values()):
        return set()
    sources = {source: read_source(content, source) for source, content in contents.items()}
    compiler = _Compiler(sources)
    return {
        (source, file.extends)
        for source, file in sources.items()
        if file.extends is not None and compiler.find_extended(file) is None
    }


def is_path(extends: str) -> bool:
    """Whether what a file says under `extends` is the path of a file, and not a name."""
    return extends.lower().endswith(_SUFFIXES)


def path_beside(source: str, extends: str) -> str:
    """Return the source that the path `extends` leads to from the folder of `source`, which may be a URI."""
    scheme, mark, rest = source.rpartition("://")
    return scheme + mark + posixpath.normpath(posixpath.join(posixpath.dirname(rest), extends))


def _tidy(source: str) -> str:
    """Return a source without a version, its path as short as can be."""
    unversioned = source.partition(_VERSION)[0]
    return path_beside(unversioned, posixpath.basename(unversioned))


class _Compiler:
    """Compiles sources one by one, each after the one that it extends."""

    def __init__(self, sources: Mapping[str, SourceFile]) -> None:
        self._sources = sources
        self._by_path = {_tidy(source): source for source in sources}
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for source, file in sources.items():
            if file.name is not None:
                self._by_name[file.name].append(source)
        self.files: dict[str, ThresholdFile] = {}
        self.problems: defaultdict[str, list[Problem]] = defaultdict(list)
        self.looked_at: set[str] = set()
        self._cyclic: set[str] = set()

    def compile(self, source: str) -> None:
        """Compile `source` and all that it extends."""
        chain = self._find_chain(source)
        for extended, one in zip([None, *reversed(chain)], reversed(chain), strict=False):
            if one not in self.looked_at:
                self.looked_at.add(one)
                self._compile_one(self._sources[one], extended)

    def _find_chain(self, source: str) -> list[str]:
        """Return `source`, what it extends, what that extends, and so on, each once."""
        chain: dict[str, None] = {}
        following: str | None = source
        while following is not None and following not in chain:
            chain[following] = None
            following = self.find_extended(self._sources[following])
        ordered = list(chain)
        if following is not None:
            self._refuse_cycle(ordered[ordered.index(following) :])
        return ordered

    def find_extended(self, file: SourceFile) -> str | None:
        """Return the source that `file` extends; `None` where it extends none, or it cannot be told which."""
        extends = file.extends
        if extends is None:
            return None
        if is_path(extends) and (found := self._by_path.get(path_beside(file.source, extends))):
            return found
        named = self._by_name.get(extends, [])
        return named[0] if len(named) == 1 else None

    def _refuse_cycle(self, members: Sequence[str]) -> None:
        """Note a cycle once, at the first of its members."""
        first = min(range(len(members)), key=lambda place: members[place])
        around = [*members[first:], *members[:first]]
        if self._cyclic.issuperset(members):
            return  # noted from another file already
        self._cyclic.update(members)
        way = " extends ".join((*around, around[0]))
        message = f"a cycle: {way}; remove one of these lines"
        self.problems[around[0]].append(self._sources[around[0]].problem_at(("extends",), message))

    def _compile_one(self, file: SourceFile, extended: str | None) -> None:
        base = None if extended is None else self.files.get(extended)
        if file.extends is not None and extended is None:
            self._explain_unfound(file, file.extends)
        problems = self.problems[file.source]
        problems += find_misfits(file, base)
        is_whole = base is not None or not file.says_extends
        if is_whole and not problems and not file.problems:
            self.files[file.source] = make_file(file, base)

    def _explain_unfound(self, file: SourceFile, extends: str) -> None:
        if file.source in self._cyclic:
            return
        named = self._by_name.get(extends, [])
        if len(named) > 1:
            message = f'{" and ".join(named)} are both called "{extends}"; write the path of one'
        else:
            message = self._explain_nothing_found(extends)
        self.problems[file.source].append(file.problem_at(("extends",), message))

    def _explain_nothing_found(self, extends: str) -> str:
        if is_path(extends):
            return (
                "there is no file at this path among those that are read together; give it, too, or write the name "
                "of the file, by which published files are found"
            )
        near = difflib.get_close_matches(extends, [*self._by_name], n=1)
        way_out = f'did you mean "{near[0]}"?' if near else "give that file, too"
        return f'no file is called "{extends}" among those that are read together; {way_out}'
