"""mypy passes over most of the CDK, which is huge, but over nothing of it that is used."""

import ast
import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _modules_of_the_cdk(path: Path) -> Iterator[str]:
    """Yield the modules of the CDK that a file imports from: `aws_cdk`, `aws_cdk.aws_iam`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "aws_cdk":
            yield str(node.module)
            yield from (name for alias in node.names if _is_module(name := f"{node.module}.{alias.name}"))


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def test_the_types_of_each_module_of_the_cdk_that_is_used_are_read() -> None:
    files = [*(ROOT / "infra").glob("*.py"), *(ROOT / "tests" / "infra").glob("*.py")]
    used = {module for path in files for module in _modules_of_the_cdk(path)}
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["overrides"]
    read = {
        module
        for override in overrides
        if override.get("follow_imports") == "normal"
        for module in override["module"]
    }
    assert read == used
