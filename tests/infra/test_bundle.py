import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from typing import Any

import pytest

import infra.bundle
from infra.bundle import (
    MAX_BYTES,
    MAX_UNZIPPED_BYTES,
    ROOT,
    SERVICES,
    STEPS,
    BundleError,
    BundleTarget,
    build_bundle,
    find_compiler,
)
from pages.decision_page import write_decision_page
from tests.page_records import full_record

# Flags in the header of bytecode (PEP 552): it names a hash of its source, and Python compares.
HASH_BASED, CHECKED = 1, 2
WRITING_PAGES = "lambdas.handle_report_page.handler"


def lock_some_wheels(root: Path) -> None:
    """Lock below `root` what the steps need, but for two wheels with most of the files, which are of no platform."""
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    some, left_out = re.subn(r"^(?:botocore|sqlglot)==.*\n(?:    .*\n)*", "", locked, flags=re.MULTILINE)
    assert left_out == 2
    (root / "requirements").mkdir()
    (root / "requirements" / "runtime.txt").write_text(some, encoding="utf-8")


def copy_inputs(root: Path) -> None:
    """Copy the rooms of the steps to another checkout."""
    for room in STEPS.rooms:
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    lock_some_wheels(root)


@pytest.fixture(scope="module")
def small(running_target: BundleTarget, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What another checkout builds out of identical inputs, but for two wheels."""
    root = tmp_path_factory.mktemp("checkout")
    copy_inputs(root)
    return build_bundle(running_target, root=root)


def run_isolated(unzipped: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run `program` with the bundle and the standard library on the path, and nothing else."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(unzipped)!r}); {program}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=unzipped,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "eu-west-1"},
    )


@cache
def import_isolated(unzipped: Path, module: str, function: str) -> subprocess.CompletedProcess[str]:
    """Import a handler; both computes have nearly the same."""
    return run_isolated(unzipped, f"import {module} as m; print(m.__file__, callable(m.{function}))")


@pytest.mark.parametrize("compute", ["lambda", "processing"])
def test_every_handler_of_the_template_imports_from_the_unzipped_bundle(
    template: Callable[..., dict[str, Any]], unzipped: Path, unzipped_pages: Path, compute: str
) -> None:
    resources = template(evaluation_compute=compute, region="eu-central-1")["Resources"].values()
    handlers = {r["Properties"]["Handler"] for r in resources if r["Type"] == "AWS::Lambda::Function"}
    names = ("start_pipeline", "handle_update", "handle_reconcile", "handle_approvals", "handle_announcement")
    expected = {f"lambdas.{name}.handler" for name in names}
    expected |= {WRITING_PAGES} | ({"lambdas.handle_evaluate.handler"} if compute == "lambda" else set())
    assert handlers == expected
    for handler in handlers:
        folder = unzipped_pages if handler == WRITING_PAGES else unzipped
        module, _, function = handler.rpartition(".")
        answer = import_isolated(folder, module, function)
        assert answer.stderr == ""
        assert answer.stdout.split() == [str(folder / f"{module.replace('.', '/')}.py"), "True"]


def test_only_the_function_that_writes_pages_has_the_bundle_with_their_libraries(
    template: Callable[..., dict[str, Any]],
) -> None:
    resources = template(evaluation_compute="lambda", region="eu-central-1")["Resources"].values()
    functions = [one["Properties"] for one in resources if one["Type"] == "AWS::Lambda::Function"]
    codes: dict[str, set[str]] = {}
    for one in functions:
        codes.setdefault(one["Code"]["S3Key"], set()).add(one["Handler"])
    assert len(codes) == 2
    assert {WRITING_PAGES} in codes.values()


def test_a_page_is_drawn_by_the_unzipped_bundle_as_it_is_here(unzipped_pages: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_bytes(full_record().to_bytes())
    program = (
        "from pathlib import Path; from checks.decision_record import parse_record; "
        "from pages.decision_page import write_decision_page; "
        f"record = parse_record(Path({str(record)!r}).read_bytes()); "
        "sys.stdout.buffer.write(write_decision_page(record).encode())"
    )
    answer = run_isolated(unzipped_pages, program)
    assert answer.stderr == ""
    assert answer.stdout == write_decision_page(full_record())


def test_the_entry_of_the_processing_job_imports_from_the_unzipped_bundle(unzipped: Path) -> None:
    answer = run_isolated(unzipped, "from pipelines.processing_job import main; main(['--help'])")
    assert answer.returncode == 0, answer.stderr
    assert "--model_package_arn" in answer.stdout


def test_figures_are_computed_again_by_the_unzipped_bundle_alone(unzipped: Path) -> None:
    """Bias needs pandas, which the image of the Processing job has; all else the standard library does."""
    modules = ", ".join(
        f"scorers.recomputing.{name}" for name in ("text_to_sql", "rag", "feedback", "safety", "labels")
    )
    answer = run_isolated(unzipped, f"import {modules}, pipelines.recomputed_evidence")
    assert answer.stderr == ""
    assert answer.returncode == 0


def test_predicted_sql_is_run_again_by_the_unzipped_bundle_alone(unzipped: Path, tmp_path: Path) -> None:
    """SQLite's queries; the image of the Processing job has no DuckDB."""
    sqlite3.connect(tmp_path / "shop.sqlite").close()
    program = (
        "from pathlib import Path; import scorers.recomputing.sql_again as again, sqlglot; "
        "pair = again.PairToRun(7, 'shop', 'SELECT 1', 'SELECT 2 - 1'); "
        f"((place, verdict),) = again.run_sql_again([pair], Path({str(tmp_path)!r}), {{}}); "
        "print(place, verdict.verdict, sqlglot.__file__)"
    )
    answer = run_isolated(unzipped, program)
    assert answer.stderr == ""
    assert answer.stdout.split() == ["7", "correct", str(unzipped / "sqlglot" / "__init__.py")]


def test_every_client_that_the_bundle_uses_can_be_made_of_it(unzipped: Path) -> None:
    program = (
        "from aws.clients import s3_client, sagemaker_client; import botocore; "
        "print(*(c().meta.service_model.service_name for c in (s3_client, sagemaker_client)), botocore.__file__)"
    )
    answer = run_isolated(unzipped, program)
    assert answer.stderr == ""
    assert answer.stdout.split() == ["s3", "sagemaker", str(unzipped / "botocore" / "__init__.py")]


@pytest.mark.parametrize(
    ("function", "most"),
    [
        pytest.param("start_pipeline", 350, id="starting"),
        pytest.param("handle_evaluate", 425, id="evaluating"),
    ],
)
def test_functions_load_boto3_and_what_reads_threshold_files_alone(
    unzipped: Path, function: str, most: int
) -> None:
    """Nor more modules than so many, those of the interpreter among them."""
    program = f"import lambdas.{function}; print(*sys.modules)"
    modules = run_isolated(unzipped, program).stdout.split()
    assert len(modules) <= most
    loaded = {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names)
    own = {"aws", "checks", "disk", "lambdas", "pipelines"}
    boto3_and_what_it_needs = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}
    pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
    of_the_interpreter = {name for name in loaded if name.startswith("_")} | {"cython_runtime"}
    assert own | {"msgspec", "pydantic", "yaml"} <= loaded
    assert loaded <= own | boto3_and_what_it_needs | pydantic | {"msgspec", "yaml"} | of_the_interpreter


def test_the_bundle_holds_what_runs_and_nothing_else(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    assert "pipelines/definition.py" not in names
    assert not [name for name in names if name.endswith(("/RECORD", ".pyi"))]
    assert {
        name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2
    } == SERVICES
    own = {name.split("/")[0] for name in names}
    assert {"aws", "checks", "lambdas", "pipelines", "scorers"} <= own
    assert not own & {
        "thresholds",
        "sandbox",
        "cli",
        "infra",
        "sagemaker",
        "aws_cdk",
        "moto",
        "pandas",
    }


def test_each_module_of_the_bundle_has_bytecode_that_names_the_hash_of_its_source(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        assert names - sources >= {cache_from_source(name) for name in sources}
        assert len({name for name in names if "__pycache__" in name}) == len(sources)
        for source in sources:
            bytecode = archive.read(cache_from_source(source))
            header = bytecode[:16]
            assert header[:4] == MAGIC_NUMBER
            assert int.from_bytes(header[4:8], "little") == HASH_BASED | CHECKED
            assert header[8:] == source_hash(archive.read(source))


def test_what_a_function_loads_is_loaded_from_bytecode_and_none_is_written(unzipped: Path) -> None:
    """A module that were compiled again would be of a source whose hash is another."""
    program = (
        "import importlib._bootstrap_external as loading; compiled = []; "
        "loading.SourceLoader.source_to_code = lambda self, data, path, **_: compiled.append(path); "
        "import lambdas.handle_evaluate, lambdas.start_pipeline; "
        "print(compiled, lambdas.handle_evaluate.handler.__code__.co_filename)"
    )
    answer = run_isolated(unzipped, program)
    assert answer.stderr == ""
    assert answer.stdout.split() == ["[]", str(unzipped / "lambdas" / "handle_evaluate.py")]


def test_without_an_interpreter_of_the_version_there_is_no_bytecode_and_that_is_said(
    running_target: BundleTarget,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(infra.bundle, "_look_for_python", lambda _: None)
    find_compiler.cache_clear()
    assert find_compiler("3.99") is None
    assert capfd.readouterr().err == (
        "warning: no Python 3.99 was found here, so the bundle has no bytecode, and its functions take about twice as "
        "long to start; install it, or name another -c python_version "
        f"(here runs {running_target.python_version})\n"
    )
    monkeypatch.setattr(infra.bundle, "find_compiler", lambda _: None)
    without = build_bundle(running_target, root=small.parents[1], build=tmp_path)
    assert without.name != small.name
    with zipfile.ZipFile(without) as archive, zipfile.ZipFile(small) as compiled:
        names = [name for name in compiled.namelist() if "__pycache__" not in name]
        assert archive.namelist() == names


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("exit 127", id="a program of pyenv without its version"),
        pytest.param("echo 3.99.0", id="another version"),
        pytest.param("echo 3.980.1", id="a version that begins alike"),
    ],
)
def test_what_answers_otherwise_than_the_version_compiles_nothing(
    answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "python3.98"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setattr(infra.bundle, "_look_for_python", lambda _: str(program))
    find_compiler.cache_clear()
    assert find_compiler("3.98") is None
    assert capfd.readouterr().err.startswith("warning: no Python 3.98 was found here")


def test_what_no_python_can_compile_is_one_message_and_leaves_nothing_behind(
    running_target: BundleTarget, tmp_path: Path
) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").touch()
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "broken.py").write_text("def\n")
    with pytest.raises(
        BundleError, match=r"(?s)cannot compile the bundle; name another -c python_version.*broken\.py"
    ):
        build_bundle(running_target, root=tmp_path)
    assert list((tmp_path / "build").iterdir()) == []


def test_the_bundles_are_below_what_lambda_takes(bundle: Path, page_bundle: Path) -> None:
    assert 1_000_000 < bundle.stat().st_size < page_bundle.stat().st_size < MAX_BYTES < 50_000_000
    assert MAX_UNZIPPED_BYTES < 250_000_000


def test_a_bundle_that_has_grown_too_large_is_refused(
    running_target: BundleTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").touch()
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "long.py").write_text("#" * 2_000)
    monkeypatch.setattr(infra.bundle, "MAX_UNZIPPED_BYTES", 2_000)
    with pytest.raises(BundleError, match=r"^the bundle has \d+ bytes unzipped, more than 2000: "):
        build_bundle(running_target, root=tmp_path)
    assert list((tmp_path / "build").iterdir()) == []


def test_what_draws_pages_is_in_their_bundle_alone(bundle: Path, page_bundle: Path) -> None:
    drawing = {"pages", "jinja2", "pygal"}
    for file, expected in ((bundle, set()), (page_bundle, drawing)):
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
        assert {name.split("/")[0] for name in names} & drawing == expected
        has_writer = {"lambdas/handle_report_page.py", "pipelines/report_pages.py"} <= set(names)
        assert has_writer == bool(expected)


def test_identical_inputs_in_another_checkout_give_identical_bytes(
    running_target: BundleTarget, bundle: Path, small: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(bundle) as archive, zipfile.ZipFile(small) as again:
        kept = {entry.filename: entry for entry in archive.infolist()}
        assert {"checks", "lambdas", "pydantic", "yaml"} <= {
            name.partition("/")[0] for name in again.namelist()
        }
        for entry in again.infolist():
            assert again.read(entry) == archive.read(entry.filename)
            assert entry.compress_size == kept[entry.filename].compress_size
    # Nothing is built: what would be has that name already.
    copy_inputs(tmp_path)
    assert build_bundle(running_target, root=tmp_path, build=small.parent) == small


def test_a_changed_file_gives_another_bundle(running_target: BundleTarget, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").touch()
    (tmp_path / "checks").mkdir()
    built = []
    for text in ("VERSION = '0'\n", "VERSION = '1'\n"):
        (tmp_path / "checks" / "version.py").write_text(text)
        built.append(build_bundle(running_target, root=tmp_path))
    assert len({bundle.name for bundle in built}) == len({bundle.read_bytes() for bundle in built}) == 2


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", ["x86_64-manylinux2014", "aarch64-manylinux2014"])
def test_wheels_are_those_of_the_target_whatever_machine_builds(
    version: str, platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.bundle, "find_compiler", lambda _: None)  # bytecode is of no platform
    monkeypatch.setattr(infra.bundle, "COMPRESSION", 0)  # takes longest, and says nothing of the wheels
    lock_some_wheels(tmp_path)
    with zipfile.ZipFile(build_bundle(BundleTarget(version, platform), root=tmp_path)) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
    tag = f"cpython-{version.replace('.', '')}-{platform.partition('-')[0]}-linux-gnu.so"
    assert {name.partition("/")[0] for name in compiled} == {"msgspec", "pydantic_core", "yaml"}
    assert all(name.endswith(tag) for name in compiled)


def test_a_target_without_wheels_is_one_message_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(
        BundleError, match=r"cannot install requirements/runtime\.txt for Python 3\.12 on atari"
    ):
        build_bundle(BundleTarget("3.12", "atari"), build=tmp_path)
    assert list(tmp_path.iterdir()) == []
