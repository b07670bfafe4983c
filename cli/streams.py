"""The process's output streams: whatever becomes of their readers, a command ends with its own exit code."""

from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Unread(FileIO):
    """A file descriptor that drops what nobody reads: behind a closed pipe, and where a full disk was told of once."""

    is_told = False

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            pass
        except OSError as error:
            if not self.is_told:
                self.is_told = True
                raise OSError(error.errno, error.strerror, "stdout") from error
        return memoryview(data).nbytes


def lasting(stream: TextIO, *, for_messages: bool = False) -> TextIO:
    """Return `stream` such that neither `| head -1` nor a name out of a file ends the command that writes to it.

    Characters that the encoding lacks are written as escapes, on a plain ASCII terminal for instance. A disk that is
    full raises OSError once, and never where the stream is `for_messages`: nobody could be told.
    """
    if not isinstance(stream, TextIOWrapper):
        return stream
    stream.flush()
    raw = _Unread(stream.fileno(), "w", closefd=False)
    raw.is_told = for_messages
    return TextIOWrapper(
        BufferedWriter(raw),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
    )
