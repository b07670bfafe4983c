"""Worker processes from one fresh interpreter, seen from its parent; what it does is in `forking`."""

import os
import signal
import socket
import sys
from contextlib import suppress
from itertools import count

from scorers.text_to_sql.running import forking
from scorers.text_to_sql.running.forking import CONTROL, DONE, REQUEST
from scorers.text_to_sql.running.harmless_environment import make_harmless_environment

# Imports make no rubbish, and looking for it takes a fifth of their time.
_PROGRAM = f"import gc; gc.disable(); from {forking.__name__} import main; main()"
_SECONDS_TO_END = 5.0


class ForkServer:
    """The interpreter that workers are forked from, seen from its parent.

    It imports while its parent goes on: who has imports of his own to wait for starts it before them. Nor is anything
    imported for that but what starts it: subprocess alone takes as long as a dozen pairs.
    """

    def __init__(self) -> None:
        self._numbers, self._has_workers, self._is_closed = count(1), False, False
        self._control, theirs = socket.socketpair()
        with theirs:
            self.process = os.posix_spawn(
                sys.executable,
                # -S: its environment says where packages are, so the interpreter need not look for them.
                [sys.executable, "-S", "-P", "-c", _PROGRAM],
                make_harmless_environment(),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL),
                    *((os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(CONTROL)),
                ],
                setsid=True,
                # It waits for its workers, also where its parent is to hear of the end of none.
                setsigdef=[signal.SIGCHLD],
            )

    def __enter__(self) -> "ForkServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, connection: int, page: int) -> int:
        """Have a worker started that serves the file descriptors, and return its number; nothing waits for it."""
        number, self._has_workers = next(self._numbers), True
        with suppress(OSError):  # the server died; reading from the worker says so
            socket.send_fds(self._control, [REQUEST.pack(number)], [connection, page])
        return number

    def stop(self, number: int) -> None:
        """End a worker, and wait until it has."""
        with suppress(OSError):
            self._control.sendall(REQUEST.pack(number))
            self._control.recv(len(DONE))

    def hang_up(self) -> None:
        """Have it end with all of its workers, for which nothing waits before it is closed."""
        with suppress(OSError):  # it has ended
            self._control.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it and all of its workers; nothing happens where it has ended."""
        if self._is_closed:
            return
        self._is_closed = True
        if not self._has_workers:
            os.kill(self.process, signal.SIGKILL)  # it may be importing still, for nobody
        self.hang_up()
        # The socket tells its end at once, where waiting for a process with a limit looks for it now and then.
        try:
            self._control.settimeout(_SECONDS_TO_END)
            self._control.recv(1)
        except TimeoutError:
            os.kill(self.process, signal.SIGKILL)
        except OSError:
            pass  # it has ended
        self._control.close()
        with suppress(ChildProcessError):  # where nobody is to hear of its end
            os.waitpid(self.process, 0)
