"""A plugin of pytest: `--model-thresholds` and `--model-evidence` add a test for each check of a threshold file.

pytest loads it wherever the package is installed: all that it costs there is to be imported, and it imports nothing
until its options are given.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from checks.outputs.told import ToldPoint

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("model gate", "a test for each check of a threshold file")
    group.addoption(
        "--model-thresholds", metavar="PATH", help="threshold file, or with --model-group a folder"
    )
    group.addoption(
        "--model-evidence",
        metavar="PATH",
        action="append",
        default=[],
        help="report or folder of reports; may be repeated",
    )
    group.addoption("--model-group", metavar="NAME", help="the model package group, whose file is taken")


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among these tests too
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks to the tests, where the options name thresholds and evidence.

    Raises:
        pytest.UsageError: an option is missing, or nothing could be judged: no failure may look like a bad model.
    """
    thresholds, evidence = config.getoption("--model-thresholds"), config.getoption("--model-evidence")
    group = config.getoption("--model-group")
    if thresholds is None and not evidence and group is None:
        return
    if thresholds is None or not evidence:
        raise pytest.UsageError("--model-thresholds and --model-evidence: give both, or neither")
    collector = _ThresholdFile.from_parent(session, name=thresholds, nodeid=Path(thresholds).as_posix())
    items += collector.judge(thresholds, evidence, group)


class _ThresholdFile(pytest.Collector):
    """The threshold file, of which the checks are tests."""

    def collect(self) -> list[pytest.Item]:
        """Return nothing: the checks are known once they are judged."""
        return []

    def judge(self, thresholds: str, evidence: list[str], group: str | None) -> Iterator[pytest.Item]:
        """Yield a test for each check and facet; and one for the result, where no check explains it."""
        # Nobody pays for these who does not give the options.
        from checks.errors import GovernanceError  # noqa: PLC0415
        from cli.display.told_records import tell_record  # noqa: PLC0415
        from model_governance.judgement import check  # noqa: PLC0415

        try:
            record = check(thresholds, evidence, group=group)
        except GovernanceError as error:
            raise pytest.UsageError(str(error)) from error
        for point in tell_record(record, {}, subject=str(group or thresholds)).list_points():
            name = point.name.replace("::", ":")  # pytest tells file and test apart by it
            yield _Check.from_parent(self, name=name, point=point)


class _CheckFailedError(Exception):
    """What a check found; pytest shows it without the lines of this file."""


class _Check(pytest.Item):
    """What one check came to."""

    def __init__(self, *, point: "ToldPoint", **node: Any) -> None:
        super().__init__(**node)
        self._point = point

    def runtest(self) -> None:
        """Fail where the check rejects or asks for review; what it only warns of is a warning of the run."""
        from checks.decision import Consequence  # noqa: PLC0415 - as above
        from checks.finding_text import ASKS  # noqa: PLC0415

        consequence = self._point.consequence
        if consequence is None:
            return
        found = f"{ASKS[consequence]}: {self._point.name}: {self._point.message}"
        if consequence is Consequence.WARN:
            self.warn(pytest.PytestWarning(found))
        else:
            raise _CheckFailedError(f"{found}\n{self._point.why}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what was found, and why the check is there; a defect is shown as any is."""
        if isinstance(excinfo.value, _CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """Return the file, a line, without which pytest takes no warning, and what the heading of a failure says."""
        return self.nodeid.partition("::")[0], 0, f"model check: {self.name}"
