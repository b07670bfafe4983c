"""The local server of the workbench: one page, for whoever has its URL, on this machine alone.

Of the guards each is against something else. It listens on 127.0.0.1, so that no other machine reaches it. The path
begins with a token, so that no other user of this machine and no page on another port finds it. The `Host` header must
be that of the URL, so that a name that somebody points at 127.0.0.1 leads nowhere, and what changes something must come
from the page itself (`Origin`). The page may run and show only what this server sends (`Content-Security-Policy`).
"""

import secrets
import socket
from collections.abc import Callable, Mapping

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from checks.errors import GovernanceError
from checks.threshold_moves import ThresholdMoves
from cli.workbench.bench import Bench, ChangedMeanwhileError
from pages.workbench_page import (
    write_parts,
    write_workbench_page,
    write_workbench_script,
    write_workbench_style,
)

HOST = "127.0.0.1"
MAX_BODY_BYTES = 1_000_000
TOKEN_BYTES = 24
SECONDS_TO_END = 2  # for an answer that is under way
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class WorkbenchServer:
    """A server that listens from the start, and answers while `run` runs."""

    def __init__(self, bench: Bench, port: int = 0) -> None:
        """Listen on `port` of this machine; 0 is one that is free.

        Raises:
            GovernanceError: the port is taken, or may not be used.
        """
        try:
            self._socket = socket.create_server((HOST, port))
        except OSError as error:
            raise GovernanceError(
                f"--port {port}: it cannot be listened on ({error.strerror}); name another, or leave it out"
            ) from error
        self._origin = f"http://{HOST}:{self._socket.getsockname()[1]}"
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.url = f"{self._origin}/{token}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                _make_app(bench, token, self._origin),
                http="h11",
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                headers=list(HEADERS.items()),
                timeout_graceful_shutdown=SECONDS_TO_END,
            )
        )

    def run(self) -> None:
        """Answer until the process gets SIGINT or SIGTERM, which then do what they do, or until `stop`."""
        with self._socket:
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Let `run` return; it may be called by another thread."""
        self._server.should_exit = True


def _make_app(bench: Bench, token: str, origin: str) -> Starlette:
    def page(_: Request) -> Response:
        return HTMLResponse(write_workbench_page(bench.list_files(), bench.answer([])))

    def script(_: Request) -> Response:
        return Response(write_workbench_script(), media_type="text/javascript")

    def style(_: Request) -> Response:
        return Response(write_workbench_style(), media_type="text/css")

    def answer(moves: ThresholdMoves) -> Mapping[str, object]:
        try:
            answered = bench.answer(moves.moves)
        except GovernanceError as error:  # of moves that are half typed, an answer as any other
            return _list_problems(error)
        files = bench.list_files()
        moved = {move.source for move in moves.moves}
        return {
            "parts": write_parts(files, answered),
            "difference": answered.difference,
            "can_be_saved": all(file.is_saved for file in files if file.source in moved),
            "problems": [],
        }

    def save(moves: ThresholdMoves) -> Mapping[str, object]:
        return {"saved": bench.save(moves.moves), "problems": []}

    routes = [
        Route("/", page),
        Route("/workbench.js", script),
        Route("/workbench.css", style),
        Route("/answer", _from_the_page(answer, origin), methods=["POST"]),
        Route("/save", _from_the_page(save, origin), methods=["POST"]),
    ]
    return Starlette(
        routes=[Mount(f"/{token}", routes=routes)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST], www_redirect=False)],
    )


def _from_the_page(
    do: Callable[[ThresholdMoves], Mapping[str, object]], origin: str
) -> Callable[..., object]:
    """Return what answers a request with moves; one that another page may have sent is refused, and nothing is done."""

    async def respond(request: Request) -> Response:
        if request.headers.get("origin") != origin:
            return PlainTextResponse("this is not asked by the page of the workbench", status_code=403)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return PlainTextResponse("moves are JSON", status_code=415)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return PlainTextResponse("more moves than a person makes", status_code=413)
        return await run_in_threadpool(_respond, do, body)

    return respond


def _respond(do: Callable[[ThresholdMoves], Mapping[str, object]], body: bytes) -> Response:
    try:
        moves = ThresholdMoves.model_validate_json(body)
    except ValidationError:
        return _refuse("these are no moves of this page; reload it", status=400)
    try:
        return JSONResponse(do(moves))
    except ChangedMeanwhileError as error:
        return _refuse(str(error), status=409)
    except GovernanceError as error:
        return _refuse(str(error), status=422)


def _refuse(problem: str, *, status: int) -> Response:
    return JSONResponse(_list_problems(problem), status_code=status)


def _list_problems(problem: object) -> Mapping[str, object]:
    return {"problems": str(problem).splitlines(), "parts": {}, "difference": "", "can_be_saved": False}
