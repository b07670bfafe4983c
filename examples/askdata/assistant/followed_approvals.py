"""The service that follows the gate: what is approved is served, seconds later, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from assistant.approved_versions import ApprovedVersion
from assistant.assistant import Assistant
from assistant.configuration import Configuration
from assistant.service import ServedVersion, ServiceState
from checks.errors import GovernanceError

POLL_SECONDS = 3.0


class Approvals(Protocol):
    """Where approvals are read; `assistant.approved_versions.ApprovedVersions` is one."""

    def newest_first(self) -> Iterator[ApprovedVersion]:
        """Yield the approved versions."""
        ...

    def fetch(self, version: ApprovedVersion) -> Configuration:
        """Return what was approved."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class FollowedApprovals:
    """Serves the newest approved version that can be read and verified, and looks again while it is open.

    `build` makes an assistant of its configuration. A newer version that cannot be read, verified or built is told as
    the problem, and the present one goes on answering for as long as it is approved.
    """

    def __init__(
        self,
        versions: Approvals,
        build: Callable[[Configuration], Assistant],
        *,
        seconds: float = POLL_SECONDS,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._versions = versions
        self._build = build
        self._seconds = seconds
        self._clock = clock
        self._state = ServiceState(None)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Look once, and then again and again in the background."""
        self.refresh()
        self._thread = threading.Thread(target=self._follow, name="followed approvals", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def state(self) -> ServiceState:
        """See `assistant.service.Service.state`."""
        return self._state

    def refresh(self) -> ServiceState:
        """Look at the approvals now, and return what answers from here on."""
        self._state = self._find_state()
        return self._state

    def _follow(self) -> None:
        while not self._ended.wait(self._seconds):
            self.refresh()

    def _find_state(self) -> ServiceState:
        present, problem = self._state.served, ""
        try:
            for version in self._versions.newest_first():
                if present is not None and present.arn == version.arn:
                    return ServiceState(present, problem)
                try:
                    return ServiceState(self._take_up(version), problem)
                except GovernanceError as error:
                    # The first is of the newest; an older one is served meanwhile, if there is one.
                    problem = (
                        problem
                        or f"version {version.arn.rpartition('/')[2]} is approved and not served: {error}"
                    )
        except GovernanceError as error:
            # Nobody knows what is approved now: what was approved when that was last known goes on.
            return ServiceState(present, f"the approvals cannot be read: {error}")
        return ServiceState(None, problem)

    def _take_up(self, version: ApprovedVersion) -> ServedVersion:
        assistant = self._build(self._versions.fetch(version))
        return ServedVersion(assistant, version.arn, self._clock(), version.approved_by)
