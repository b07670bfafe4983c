"""What the wheel holds: one package, with imports that lead into it, made from an sdist as from the checkout."""

import ast
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatch_build import WheelError, lay_out, move_imports
from tests.wheel.conftest import CHECKOUT, LEFT_OUT, PACKAGE, ROOMS, build

INSTALLED = [room for room in ROOMS if room not in LEFT_OUT]
# Texts that name modules by the names that they have in the deployed bundle, which is built from a checkout.
OF_THE_BUNDLE = "pipelines/definition.py"


def test_one_package_is_all_that_is_installed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        commands = archive.read(next(n for n in archive.namelist() if n.endswith("entry_points.txt")))
    assert {top for top in tops if not top.endswith(".dist-info")} == {PACKAGE}
    assert commands.decode() == (
        f"[console_scripts]\ngovernance = {PACKAGE}.__main__:main\n\n"
        f"[pytest11]\n{PACKAGE}.pytest_plugin = {PACKAGE}.pytest_plugin\n"
    )


def test_the_package_holds_each_room_but_those_that_need_a_checkout(
    wheel: Path,
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name.removeprefix(f"{PACKAGE}/") for name in archive.namelist() if name.startswith(PACKAGE)}
    files = {
        path.relative_to(CHECKOUT).as_posix()
        for room in INSTALLED
        for path in (CHECKOUT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {path.relative_to(CHECKOUT / PACKAGE).as_posix() for path in (CHECKOUT / PACKAGE).glob("*.py")}
    assert held == files | own | {"py.typed"}
    assert "pages/templates/decision.html" in held


def test_an_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", CHECKOUT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    again = build("wheel", source, tmp_path / "again")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _modules_named_in(text: str) -> Iterator[str]:
    for name in re.findall(rf"\b(?:{'|'.join(ROOMS)})(?:\.\w+)+", text):
        path = CHECKOUT.joinpath(*name.split("."))
        # The last part may be something in a module.
        places = [path, path.with_suffix(".py"), path.parent.with_suffix(".py")]
        if any(place.exists() for place in places):
            yield name


def test_no_text_names_a_module_by_the_name_that_it_has_in_a_checkout() -> None:
    named = {
        path.relative_to(CHECKOUT).as_posix(): found
        for room in (*INSTALLED, PACKAGE)
        for path in (CHECKOUT / room).rglob("*.py")
        for text in _texts(ast.parse(path.read_bytes()))
        if (found := list(_modules_named_in(text)))
    }
    assert named == {OF_THE_BUNDLE: ["pipelines.processing_job"]}, "write them relative to __package__"


@pytest.mark.parametrize(
    ("source", "moved"),
    [
        pytest.param("from cli import main", "from model_governance.cli import main", id="from a room"),
        pytest.param("from cli.a import b", "from model_governance.cli.a import b", id="from a module"),
        pytest.param("import cli.a as a", "import model_governance.cli.a as a", id="import as"),
        pytest.param(
            "import os, cli.a as a, aws as b",
            "import os, model_governance.cli.a as a, model_governance.aws as b",
            id="several in a line",
        ),
        pytest.param(
            "from cli.a import (\n    b,\n    c,\n)",
            "from model_governance.cli.a import (\n    b,\n    c,\n)",
            id="several lines",
        ),
        pytest.param(
            "def f():\n    é = 'é'; from aws import b",
            "def f():\n    é = 'é'; from model_governance.aws import b",
            id="in a function, behind letters of several bytes",
        ),
        pytest.param(
            "from  aws import b\r\nfrom cli import a\r\n",
            "from  model_governance.aws import b\r\nfrom model_governance.cli import a\r\n",
            id="other line ends",
        ),
        pytest.param("from client import a", "from client import a", id="a name that only begins so"),
        pytest.param(
            "from . import cli\nfrom .aws import b", "from . import cli\nfrom .aws import b", id="relative"
        ),
        pytest.param("from os import cli", "from os import cli", id="a name of another module"),
        pytest.param(
            "x = 'from cli import a'  # from cli import a\n'''\nfrom cli import a\n'''",
            "x = 'from cli import a'  # from cli import a\n'''\nfrom cli import a\n'''",
            id="texts and comments",
        ),
    ],
)
def test_imports_of_rooms_lead_into_the_package(source: str, moved: str) -> None:
    assert move_imports(source.encode(), {"cli", "aws"}, "x.py").decode() == moved


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "import os\nimport cli.a",
            "x.py:2: import cli.a binds the name of a room, and rooms are in model_governance once installed; "
            "write from … import …, or import … as …",
            id="a name that would be another",
        ),
        pytest.param(
            "from \\\n    cli import a",
            "x.py:1: a broken line; write what is imported from beside from",
            id="a broken line",
        ),
    ],
)
def test_what_cannot_be_moved_stops_the_build(source: str, message: str) -> None:
    with pytest.raises(WheelError) as raised:
        move_imports(source.encode(), {"cli"}, "x.py")
    assert str(raised.value) == message


def test_a_room_named_as_a_module_of_the_package_stops_the_build(tmp_path: Path) -> None:
    for file in (f"{PACKAGE}/rag/__init__.py", "rag/__init__.py"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    with pytest.raises(WheelError, match=r"^rag/__init__.py: the package has a file of that name already"):
        lay_out(tmp_path, tmp_path / "tree", rooms=["rag"], left_out=[])
