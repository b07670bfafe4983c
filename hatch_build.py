"""Builds the wheel: all that is installed is in one import package, `model_governance`.

In a checkout the rooms (`checks`, `cli`, …) are packages at the top, as the deployed bundle and the CDK app name them.
Their names are common words: installed at the top they would overwrite or shadow packages of the projects that they
are installed beside. So the wheel holds each room below `model_governance`, and its imports of rooms say so. See
docs/decisions/0018-one-import-package-in-the-wheel.md.
"""

import ast
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "model_governance"
_FROM = re.compile(rb"from[ \t]+(?=\w)")
_CACHE = "__pycache__"


class WheelError(Exception):
    """A module cannot be moved into the package as it is; the message says where, and what to write instead."""


class OnePackage(BuildHookInterface[Any]):
    """Lays out the package in a temporary folder, which hatchling takes as it is."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Give hatchling the package, unless it makes an editable installation: that is the checkout itself."""
        if version == "editable":
            return
        rooms = self.metadata.config["tool"]["importlinter"]["root_packages"]
        self._tree = Path(tempfile.mkdtemp(prefix="model-governance-wheel-"))
        lay_out(Path(self.root), self._tree, rooms=rooms, left_out=self.config["left-out"])
        build_data["force_include"][str(self._tree)] = PACKAGE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary folder."""
        if version != "editable":
            shutil.rmtree(self._tree)


def lay_out(root: Path, tree: Path, *, rooms: Collection[str], left_out: Collection[str]) -> None:
    """Write into `tree` what the package holds: its own files, the rooms but those `left_out`.

    Raises:
        WheelError: a module imports a room in a way that cannot be moved, or has the place of another.
    """
    moved = set(rooms) - {PACKAGE}
    kept = sorted(moved - set(left_out))
    for folder, place in [(PACKAGE, "."), *((name, name) for name in kept)]:
        for path in _files(root / folder):
            target = tree / place / path.relative_to(root / folder)
            name = path.relative_to(root).as_posix()
            if target.exists():
                raise WheelError(
                    f"{name}: the package has a file of that name already; rename the room or the module"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes()
            is_code = path.suffix == ".py"
            target.write_bytes(move_imports(content, moved, name) if is_code else content)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _CACHE not in path.parts:
            yield path


def move_imports(source: bytes, rooms: Collection[str], name: str) -> bytes:
    """Return the module `source` with its imports of `rooms` as imports from the package; `name` is for messages.

    Only import statements are changed, at the places that the syntax tree gives: no text and no comment is.

    Raises:
        WheelError: `import room.module` binds the name `room`, which would become another one.
    """
    lines = source.splitlines(keepends=True)
    places = sorted(_places(ast.parse(source, name), lines, rooms, name), reverse=True)
    for line, column in places:  # from the end, so that those before keep their places
        text = lines[line - 1]
        lines[line - 1] = text[:column] + f"{PACKAGE}.".encode() + text[column:]
    return b"".join(lines)


def _places(
    tree: ast.Module, lines: list[bytes], rooms: Collection[str], name: str
) -> Iterator[tuple[int, int]]:
    """Yield line (from 1) and column (bytes, from 0) of every room that `tree` imports something from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_of(rooms, node.module or ""):
            begins = _FROM.match(lines[node.lineno - 1], node.col_offset)
            if begins is None:
                raise WheelError(
                    f"{name}:{node.lineno}: a broken line; write what is imported from beside from"
                )
            yield node.lineno, begins.end()
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if not _is_of(rooms, alias.name):
                    continue
                if alias.asname is None:
                    raise WheelError(
                        f"{name}:{node.lineno}: import {alias.name} binds the name of a room, and rooms are in "
                        f"{PACKAGE} once installed; write from … import …, or import … as …"
                    )
                yield alias.lineno, alias.col_offset


def _is_of(rooms: Collection[str], module: str) -> bool:
    return module.partition(".")[0] in rooms
