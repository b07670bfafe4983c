"""Answers one request after another on a connection, as AWS does; werkzeug closes each after its first.

A client would connect for each of its calls, and the server start a thread for it: a quarter of what a call takes.
"""

import io
import traceback

from moto.server import MotoRequestHandler
from werkzeug.exceptions import InternalServerError
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_content_length


class KeptConnections(MotoRequestHandler):
    """moto's handler of requests, for as many as come on a connection."""

    protocol_version = "HTTP/1.1"
    # What is written goes out as one: the second of two parts may wait until the first has been confirmed.
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """Tell a client at once that its body may come."""
        proceeds: bool = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def run_wsgi(self) -> None:
        """Answer one request, of which nothing is left on the connection, and which ends where its length says."""
        environ = self.make_environ()
        # Whatever reads it, or not: what is left of a body would be taken for the next request.
        length = -1 if environ.get("wsgi.input_terminated") else get_content_length(environ) or 0
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        try:
            answer, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except Exception:
            self.server.log("error", f"Error on request:\n{traceback.format_exc()}")
            answer, status, headers = run_wsgi_app(InternalServerError(), environ, buffered=True)
        content = b"" if self.command == "HEAD" else b"".join(answer)
        headers.setdefault("Content-Length", str(len(content)))
        code, _, reason = status.partition(" ")
        # Nobody reads a log of all requests.
        self.send_response_only(int(code), reason)
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
