"""One server of processes for all pools of a test run, as if each had started its own.

Starting one takes a fifth of a second, in which it imports: more than most tests score for. Its processes are forked
for each pool all the same. Tests of the server and of what its processes know start their own.
"""

from scorers.text_to_sql.running.fork_server import ForkServer


class LentForkServer(ForkServer):
    """What a pool has of the server: where the pool ends it, the processes that were started for the pool end."""

    def __init__(self, server: ForkServer) -> None:
        self._lent = server
        self._started: set[int] = set()

    def start(self, connection: int, page: int) -> int:
        number = self._lent.start(connection, page)
        self._started.add(number)
        return number

    def stop(self, number: int) -> None:
        self._started.remove(number)
        self._lent.stop(number)

    def hang_up(self) -> None:
        """The next pool needs it."""

    def close(self) -> None:
        for number in sorted(self._started):
            self.stop(number)
