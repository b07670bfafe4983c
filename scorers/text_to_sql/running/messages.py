"""What the pool and its workers say to each other: JSON, a line a message, over a socket."""

import socket

from msgspec import Struct
from msgspec.json import Decoder, decode, encode

from scorers.text_to_sql.verdicts.verdict import PairVerdict

Batch = list[tuple[str, str, str]]
"""Pairs: the name of the database, the gold SQL, the predicted SQL."""


class BatchAnswer(Struct, frozen=True):
    """The verdicts on a batch, in its order; or the `error` that ends the run."""

    verdicts: tuple[PairVerdict, ...] = ()
    error: str | None = None


class Channel:
    """One end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket, self._incoming = connection, connection.makefile("rb")

    def fileno(self) -> int:
        """Return the descriptor to wait for messages by: nothing is read ahead, as each side waits for the other."""
        return self._socket.fileno()

    def send(self, message: bytes) -> None:
        """Send a message, which is a line without its end.

        Raises:
            OSError: the other end is gone.
        """
        self._socket.sendall(message + b"\n")

    def receive(self) -> bytes:
        """Wait for a message, and return it as it came.

        Raises:
            EOFError: the other end is gone, perhaps in the middle of a message.
            OSError: the same.
        """
        line = self._incoming.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def close(self) -> None:
        """Hang up."""
        self._incoming.close()
        self._socket.close()


write_message = encode
read_settings = decode
read_batch = Decoder(Batch).decode
read_answer = Decoder(BatchAnswer).decode
