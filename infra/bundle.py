"""The runtime bundles: our rooms and the locked wheels, each in one reproducible zip.

The same bytes run as Lambda functions and in the Processing job; what writes pages has a bundle of its own, so that
the steps do without the libraries of charts. uv installs the wheels for the machine that they
will run on, whatever machine this is, so neither Docker nor a matching interpreter is needed. Identical inputs give
identical bytes: files are sorted, and times, modes and everything that uv notes about the installation are left out.

Beside its source a bundle carries bytecode, since a function may not write where its code is, and would compile all
that it imports at every cold start. Bytecode is of one minor version of Python: where this machine has no such
interpreter the bundle is built without, and that is said.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct
from uv import find_uv_bin

from infra.kept_files import keep_file

ROOT = Path(__file__).resolve().parents[1]
# The pipeline's definition is built while synthesising, with an SDK that the bundle does not have.
NOT_AT_RUN_TIME = frozenset({"pipelines/definition.py"})
# boto3's models of all services weigh some 25 MB; these are what `aws/` calls from the deployed functions.
SERVICES = frozenset({"events", "kms", "s3", "sagemaker", "sns", "sts"})
# Lambda takes 50 MB of zip that is uploaded directly, and 250 MB unzipped; the bundles have 13 and 40 MB.
MAX_BYTES = 20_000_000
MAX_UNZIPPED_BYTES = 100_000_000
COMPRESSION = 6  # zlib's level
_NOTES_OF_THE_INSTALLER = frozenset(
    {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"}
)
_KINDS = frozenset({".py", ".html", ".css"})
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_MODE = 0o644 << 16


class BundleContents(Struct, frozen=True):
    """What goes into a bundle: rooms, without some of their files, and the wheels that a file of requirements locks.

    `name` is the beginning of the zip's name.
    """

    name: str
    rooms: tuple[str, ...]
    requirements: Path
    left_out: frozenset[str] = NOT_AT_RUN_TIME


# The scorers without their libraries: out of item results figures are counted again by the standard library.
_ROOMS_OF_STEPS = ("checks", "disk", "aws", "scorers", "pipelines", "lambdas")
_WRITING_PAGES = frozenset({"pipelines/report_pages.py", "lambdas/handle_report_page.py"})
STEPS = BundleContents(
    "bundle", _ROOMS_OF_STEPS, Path("requirements", "runtime.txt"), NOT_AT_RUN_TIME | _WRITING_PAGES
)
PAGES = BundleContents("pages", (*_ROOMS_OF_STEPS, "pages"), Path("requirements", "pages.txt"))


class BundleError(Exception):
    """The bundle cannot be built; the message says why, and the way out."""


class BundleTarget(Struct, frozen=True):
    """What the bundle is built for: a Python version such as `3.12`, and a platform as uv names it."""

    python_version: str
    platform: str


class Compiler(Struct, frozen=True):
    """A Python that compiles for the functions: its path, and its exact version, which decides what comes out."""

    path: str
    version: str


def build_bundle(
    target: BundleTarget, contents: BundleContents = STEPS, *, root: Path = ROOT, build: Path | None = None
) -> Path:
    """Return the path of the zip of `contents` for `target`, building it unless it is under `build` already.

    Its name is a digest of everything that goes into it, so a changed file gives another bundle; so does another
    release of Python that compiles it.

    Raises:
        BundleError: uv cannot install the locked wheels for the target, what it installs cannot be compiled, or the
            zip is larger than 20 MB, or 100 MB unzipped.
    """
    build = build or root / "build"
    compiler = find_compiler(target.python_version)
    bundle = build / f"{contents.name}-{_digest_of_inputs(target, compiler, contents, root)}.zip"

    def make(draft: Path) -> None:
        tree = draft.parent / "tree"
        _install_wheels(target, contents.requirements, root, tree)
        for file in _own_files(contents, root):
            destination = tree / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / file, destination)
        needed = _needed_files(tree)
        if compiler is not None:
            needed += _compile(compiler, tree, needed)
        _write_zip(tree, sorted(needed), draft)
        _refuse_too_large(draft)

    return keep_file(bundle, make)


@cache
def find_compiler(python_version: str) -> Compiler | None:
    """Return a CPython of the minor version `python_version` on this machine; where there is none, say so on stderr."""
    running = "{}.{}".format(*sys.version_info)
    path = sys.executable if running == python_version else _look_for_python(python_version)
    compiler = None if path is None else _try_python(path)
    if compiler is None or not compiler.version.startswith(f"{python_version}."):
        print(
            f"warning: no Python {python_version} was found here, so the bundle has no bytecode, and its functions "
            f"take about twice as long to start; install it, or name another -c python_version (here runs {running})",
            file=sys.stderr,
        )
        return None
    return compiler


def _look_for_python(version: str) -> str | None:
    command = [find_uv_bin(), "python", "find", "--system", "--no-python-downloads", f"cpython@{version}"]
    # The programs that pyenv puts in the path run only where a version is chosen.
    environment = {**os.environ, "PYENV_VERSION": version}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    return answer.stdout.strip() if answer.returncode == 0 else None


def _try_python(path: str) -> Compiler | None:
    program = "import platform; print(platform.python_version())"
    try:
        answer = subprocess.run(  # noqa: S603 - an interpreter of this machine, asked for its version
            [path, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return Compiler(path, answer.stdout.strip())


def _compile(compiler: Compiler, tree: Path, files: list[str]) -> list[str]:
    """Compile those of the `files` below `tree` that are Python, and return the files that came of it.

    Each names the hash of its source, by which Python tells whether it is of that source; times would differ between
    two builds. Paths are relative to the tree, whatever the machine calls it; Python puts in those that it loads from.
    """
    sources = [file for file in files if file.endswith(".py")]
    command = [
        compiler.path,
        "-s",
        "-S",
        "-P",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "checked-hash",
    ]
    answer = subprocess.run(  # noqa: S603 - an interpreter of this machine, and files of the bundle
        [*command, "-i", "-"],
        input="".join(f"{source}\n" for source in sources),
        capture_output=True,
        text=True,
        check=False,
        cwd=tree,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONHASHSEED": "0"},  # sets come in one order
    )
    if answer.returncode != 0:
        raise BundleError(
            f"Python {compiler.version} cannot compile the bundle; name another -c python_version. It says:\n"
            f"{(answer.stdout + answer.stderr).strip()}"
        )
    return sorted(path.relative_to(tree).as_posix() for path in tree.rglob("__pycache__/*.pyc"))


def _refuse_too_large(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())
    for size, limit, of in (
        (zipped.stat().st_size, MAX_BYTES, ""),
        (unzipped, MAX_UNZIPPED_BYTES, " unzipped"),
    ):
        if size > limit:
            raise BundleError(f"the bundle has {size} bytes{of}, more than {limit}: a dependency has grown")


def _own_files(contents: BundleContents, root: Path) -> Iterator[Path]:
    """Yield our own files of the bundle, relative to `root`."""
    for room in contents.rooms:
        found = [path for path in (root / room).rglob("*") if path.suffix in _KINDS]
        for path in sorted(found):
            file = path.relative_to(root)
            if file.as_posix() not in contents.left_out:
                yield file


def _digest_of_inputs(
    target: BundleTarget, compiler: Compiler | None, contents: BundleContents, root: Path
) -> str:
    compiled_by = "nothing" if compiler is None else compiler.version
    digest = hashlib.sha256(f"{target} {compiled_by}".encode())
    # This file too: it says what is left out.
    for file in (contents.requirements, Path(__file__), *_own_files(contents, root)):
        content = (root / file).read_bytes()
        name = file.name if file.is_absolute() else file.as_posix()
        digest.update(f"\n{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _install_wheels(target: BundleTarget, requirements: Path, root: Path, tree: Path) -> None:
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps"]
    command += ["--target", str(tree), "--python-version", target.python_version]
    command += ["--python-platform", target.platform, "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(root / requirements)]
    environment = {**os.environ, "UV_COMPILE_BYTECODE": "0"}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if answer.returncode != 0:
        raise BundleError(
            f"uv cannot install {requirements} for Python {target.python_version} on {target.platform}; "
            f"check the network, or name another -c python_version or -c platform. uv says:\n{answer.stderr.strip()}"
        )


def _needed_files(tree: Path) -> list[str]:
    files = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    return [file for file in files if _is_needed(file)]


def _write_zip(tree: Path, files: list[str], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        for name in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _MODE
            entry.create_system = 3  # Unix, whatever machine builds
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (tree / name).read_bytes(), compresslevel=COMPRESSION)


def _is_needed(name: str) -> bool:
    """Whether the file `name` of the installed tree is needed when the bundle runs."""
    parts = name.split("/")
    match parts:
        case ["bin", *_] | [".lock"]:
            return False
        case ["botocore", "data", service, *rest] if rest:
            return service in SERVICES and not rest[-1].startswith("examples-")
        case ["boto3", ("data" | "examples"), *_]:
            return False  # resources, which nobody uses, and documentation
    return (
        "__pycache__" not in parts
        and not name.endswith((".pyi", ".pyx", ".pxd"))
        and not (parts[0].endswith(".dist-info") and parts[-1] in _NOTES_OF_THE_INSTALLER)
    )
