"""Run AskData on this machine: the gate in an embedded AWS, the assistant, its database, its models and its screen.

    python examples/askdata/run_askdata.py

The first version is scored, registered and approved, and the screen serves it. Ctrl-C ends everything; what was asked
and rated is gone then, and the files below build/askdata stay.
"""

import argparse
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from assistant.conversation_table import create_table  # noqa: E402  # beside this script
from assistant.screen_settings import ScreenSettings  # noqa: E402
from assistant.settings import AssistantSettings  # noqa: E402
from aws.clients import dynamodb_client  # noqa: E402
from checks.errors import GovernanceError  # noqa: E402
from cli.endings import ended_in_order  # noqa: E402
from cli.main import run  # noqa: E402
from cli.work.sandbox import stack_environment  # noqa: E402
from disk.writing import write_whole  # noqa: E402
from ingest import ingest_lookml, read_configuration  # noqa: E402
from local_postgresql import running_postgresql  # noqa: E402
from local_services import serving_models  # noqa: E402
from make_database import make_database  # noqa: E402
from refusing import refusing  # noqa: E402
from register import GROUP  # noqa: E402
from sandbox.server import Sandbox  # noqa: E402
from screen_process import require_free, running_screen  # noqa: E402
from submit import FOLDER, submit  # noqa: E402

FIRST = HERE / "configurations" / "configuration-1.yaml"
BAD = HERE / "configurations" / "configuration-bad.yaml"
THRESHOLDS = HERE / "thresholds.yaml"
TABLE = "askdata-conversations"
PORT = 8501
VARIABLES = "askdata.env"
READY = """
AskData is at {url}

Ask it, for example: How many customers are there in Texas?
Then change it. In another terminal, from this folder:

  source .venv/bin/activate; source {variables}
  cp {first} mine.yaml              # and change its prompt
  python {submit} mine.yaml         # scored, registered, judged

An approved version answers within seconds, on pages that are open too; a rejected one never does. A bad one to try is
{bad}. Ctrl-C here ends everything.
"""

Say = Callable[[str], None]


@contextmanager
def running_assistant(
    sandbox: Sandbox,
    environment: Mapping[str, str],
    folder: Path,
    *,
    say: Say,
    group: str = GROUP,
) -> Iterator[ScreenSettings]:
    """Yield the settings of an assistant whose database, models and table are up beside a deployed gate.

    `environment` leads this process to the sandbox already, and names the gate's outputs.

    Raises:
        GovernanceError: something could not be started.
    """
    lake = folder / "databases" / "askdata.duckdb"
    if not lake.exists():
        say("making the data lake")
        make_database(lake)
    with ExitStack() as opened:
        say("starting PostgreSQL")
        database = opened.enter_context(running_postgresql())
        say("starting the models")
        opened.enter_context(serving_models(sandbox))
        say("embedding the LookML")
        ingest_lookml(read_configuration(FIRST), database)
        create_table(dynamodb_client(), TABLE)
        assistant = AssistantSettings(group, environment["GOVERNANCE_DECISIONS_BUCKET"], database)
        settings = ScreenSettings(assistant, TABLE, lake.resolve())
        yield settings


def run_askdata(folder: Path, port: int, say: Say) -> None:
    """Run everything until Ctrl-C.

    Raises:
        GovernanceError: something could not be started, or the first version was not approved.
    """
    require_free(port)  # now: all else takes a minute
    os.environ.pop("AWS_PROFILE", None)  # a profile of the user's own would lead elsewhere
    with ended_in_order(), ExitStack() as opened:
        sandbox = opened.enter_context(Sandbox(schedule_speed=1.0, progress=say))
        environment = sandbox.environment() | stack_environment(sandbox.deploy())
        os.environ.update(environment)
        settings = opened.enter_context(running_assistant(sandbox, environment, folder, say=say))
        os.environ.update(settings.to_environment())
        variables = folder / VARIABLES
        _write_variables(variables, environment | settings.to_environment())
        opened.callback(variables.unlink, missing_ok=True)
        say("publishing the thresholds")
        if run(["thresholds", "publish", str(THRESHOLDS), "--yes"]):
            raise GovernanceError(f"{THRESHOLDS}: could not be published; the message is above")
        say("starting the screen")
        url = opened.enter_context(
            running_screen(environment | settings.to_environment(), folder / "screen.log", port=port)
        )
        if submit(read_configuration(FIRST), folder, say):
            raise GovernanceError(f"{FIRST}: was not approved; the decision is above")
        places = {"first": FIRST, "bad": BAD, "submit": HERE / "submit.py", "variables": variables}
        shown = {name: os.path.relpath(place) for name, place in places.items()}
        print(READY.format(url=url, **shown), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("ended")


def _write_variables(file: Path, variables: Mapping[str, str]) -> None:
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_whole(file, "".join(["unset AWS_PROFILE\n", *lines]).encode())


def _say(line: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=PORT, help="of the screen, on loopback")
    arguments = parser.parse_args()
    with refusing():
        run_askdata(FOLDER, arguments.port, _say)


if __name__ == "__main__":
    main()
