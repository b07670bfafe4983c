"""A server on loopback that answers JSON with JSON, by functions of this process."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = Callable[[Any], Any]


class JsonServer:
    """Answers each POST by the function of its path, from when it is made until it is closed.

    A function is called with the request's JSON, in a thread of the request, and returns what is answered as JSON. Its
    `ValueError` is the answer 400 with the message, another error 500: as OpenAI's API has it, in `error.message`.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(answers))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Answer nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = answers.get(self.path)
            if answer is None:
                self._send(404, _said(f"{self.path}: there are {', '.join(answers)}"))
                return
            try:
                self._send(200, answer(json.loads(body)))
            except ValueError as error:  # also what is no JSON
                self._send(400, _said(str(error)))
            except Exception as error:  # whoever asks gets an answer, whatever goes wrong
                self._send(500, _said(f"{type(error).__name__}: {error}"))

        def _send(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing of requests."""

    return Handler


def _said(message: str) -> dict[str, Any]:
    return {"error": {"message": message}}
