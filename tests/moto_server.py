"""moto's real HTTP server in a thread of the test run, as quick as the sandbox's.

Servers of one process share what they hold: a test begins with a request to `/moto-api/reset`, or has names of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from sandbox.conditional_writes import serialise_conditional_writes
from sandbox.kept_connections import KeptConnections
from sandbox.quick_dispatch import dispatch_quickly


@contextmanager
def serving_moto() -> Iterator[str]:
    """Yield the endpoint of a server on loopback that is there as long as the block runs."""
    dispatch_quickly()
    serialise_conditional_writes()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=KeptConnections)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
