"""`governance workbench`: a local page on which limits are moved, and every past version answers."""

import sys
import webbrowser
from typing import Annotated

import typer

from checks.errors import GovernanceError
from cli.endings import ended_in_order

DEFAULT_THRESHOLDS = "thresholds"


def command(
    *,
    thresholds: Annotated[
        list[str] | None,
        typer.Option(
            "--thresholds",
            metavar="PLACE",
            help="A threshold file or a folder of them, several times too; what is in S3 is not written.",
            show_default=DEFAULT_THRESHOLDS,
        ),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            metavar="PLACE",
            help="The decisions bucket as s3://BUCKET, a part of it, or a folder with a copy of it.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Listen there; 0 is a port that is free.")
    ] = 0,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Show threshold files on a page of this machine, on which limits, confidences, severities and waivers are moved.

    At every move each version of the history is judged again, by the gate's own rules: which ones flip, by which
    check, and in what less is asked for. The edit is a difference of the files with their comments kept, to save, copy
    or download. Only the files named by --thresholds are written, and only by Save; one that changed meanwhile is not.

    Ctrl-C or SIGTERM ends it, with exit code 0.
    """
    from cli.lookup.past_decisions import read_history
    from cli.workbench.bench import Bench
    from cli.workbench.server import WorkbenchServer

    contents = _read_files(thresholds or [DEFAULT_THRESHOLDS])
    bench = Bench(contents, () if history is None else read_history(history))
    server = WorkbenchServer(bench, port)
    print(f"the workbench is at {server.url}", flush=True)
    print("Ctrl-C ends it", file=sys.stderr)
    with ended_in_order():
        try:
            if opens:
                webbrowser.open(server.url)
            server.run()
        except KeyboardInterrupt:
            print("ended", file=sys.stderr)


def _read_files(places: list[str]) -> dict[str, bytes]:
    from cli.lookup.threshold_sets import read_threshold_files

    try:
        return read_threshold_files(places)
    except GovernanceError as error:
        if places == [DEFAULT_THRESHOLDS]:
            error.add_note("name the threshold files with --thresholds")
        raise
