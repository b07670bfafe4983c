"""What takes longest is built before the stack asks for it: only what the stack of these settings needs."""

import subprocess
from pathlib import Path

import pytest

from infra import parts
from infra.bundle import BundleContents, BundleError, BundleTarget
from infra.deployment_settings import DeploymentSettings
from infra.parts import build_parts
from infra.settings_sources import read_settings


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is built, by builders that build nothing."""
    names: list[str] = []

    def build_bundle(_target: BundleTarget, contents: BundleContents) -> Path:
        names.append(contents.name)
        return Path()

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        names.append(command[-1])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(parts, "build_bundle", build_bundle)
    monkeypatch.setattr(parts, "find_compiler", lambda _version: None)
    monkeypatch.setattr(parts, "is_template_built", lambda _evaluation: False)
    monkeypatch.setattr(subprocess, "run", run)
    return names


def settings_of(**context: str) -> DeploymentSettings:
    return read_settings(context, region="eu-west-1")


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        pytest.param({}, ["bundle", "infra.definition_template", "pages"], id="all"),
        pytest.param({"report_pages": "false"}, ["bundle", "infra.definition_template"], id="no-pages"),
        pytest.param({"evaluation_compute": "processing"}, ["bundle", "pages"], id="job"),
    ],
)
def test_what_the_stack_needs_is_built(
    context: dict[str, str], expected: list[str], built: list[str]
) -> None:
    build_parts(settings_of(**context))
    assert sorted(built) == expected


def test_a_template_that_is_there_starts_no_process(
    built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "is_template_built", lambda _evaluation: True)
    build_parts(settings_of())
    assert sorted(built) == ["bundle", "pages"]


@pytest.mark.usefixtures("built")
def test_a_bundle_that_cannot_be_built_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object) -> Path:
        raise BundleError("no wheel")

    monkeypatch.setattr(parts, "build_bundle", fail)
    with pytest.raises(BundleError, match="no wheel"):
        build_parts(settings_of())
