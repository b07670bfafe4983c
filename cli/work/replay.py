"""`governance replay`: make a recorded decision again out of its inputs, and hold it against its record."""

import sys
from collections.abc import Iterator, Mapping

import typer
from rich.console import Console

from checks.version import NAME, VERSION
from cli.display.decision_screen import print_facts
from cli.display.decision_text import Fact
from cli.display.terminal import clean_text, console_for
from cli.exit_codes import ExitCode
from cli.lookup.inputs import input_at
from cli.lookup.named_records import find_record
from cli.options.output_format import Format, print_json
from pipelines.replayed_decisions import Replay, replay_decision

SCHEMA = "governance.replay/1"


def replay(
    *,
    decision: str,
    decisions_bucket: str | None,
    output_format: Format,
) -> None:
    """Carry out `governance replay`, whose arguments these are."""
    found = find_record(decision, decisions_bucket)
    replay = replay_decision(found.content, lambda place, most: input_at(place).read(most).content)
    if output_format is Format.JSON:
        print_json(_document_of(replay, found.name))
    else:
        with console_for(sys.stdout) as console:
            _print(console, replay, found.name)
    raise typer.Exit(_exit_code_of(replay))


def _exit_code_of(replay: Replay) -> ExitCode:
    if replay.again is None:
        return ExitCode.NEEDS_REVIEW
    return ExitCode.APPROVED if replay.is_same else ExitCode.REJECTED


def _headline(replay: Replay) -> str:
    recorded, again = replay.record, replay.again
    if again is None:
        return f"Not replayed: {len(replay.problems)} of {len(replay.inputs)} inputs differ or are gone"
    if replay.is_same:
        return f"The same decision: {recorded.headline}"
    if again.decision is recorded.decision:
        return f"{recorded.headline} as then, and not in the same words: {_explain(replay)}"
    return f"Another decision: {again.headline}, and not {recorded.headline}: {_explain(replay)}"


def _explain(replay: Replay) -> str:
    """Return which engine differs from which; of one and the same, that something else must have changed."""
    then = replay.record.engine
    if (then.name, then.version) == (NAME, VERSION):
        return f"it was made by {then.version}, too: the record or the engine was changed"
    return f"engine {VERSION} decides otherwise than {then.version} did"


def _print(console: Console, replay: Replay, name: str) -> None:
    console.print(clean_text(_headline(replay)))
    for line in (*replay.problems, *replay.differences):
        console.print(clean_text(line))
    console.print()
    print_facts(console, _list_facts(replay, name))


def _list_facts(replay: Replay, name: str) -> Iterator[Fact]:
    yield "record", name
    for one in replay.inputs:
        if one.read_from is not None:
            place = "" if one.read_from.startswith(one.uri) else f", from its copy {one.read_from}"
            yield one.what, f"{one.uri}: as recorded{place}"
        elif one.problem is None:
            yield one.what, f"{one.uri}: could not be read then either, as recorded"
    then = replay.record.engine
    yield "decided", f"{replay.record.decided_at} by {then.name} {then.version}"
    yield "replayed", f"as of then by {NAME} {VERSION}"


def _document_of(replay: Replay, name: str) -> Mapping[str, object]:
    result = "same" if replay.is_same else "differs"
    return {
        "schema": SCHEMA,
        "result": "inputs" if replay.again is None else result,
        "record": name,
        "decision": replay.record.decision,
        "decided_at": replay.record.decided_at,
        "engine": replay.record.engine.version,
        "replayed_decision": None if replay.again is None else replay.again.decision,
        "replayed_by": VERSION,
        "inputs": [
            {
                "what": one.what,
                "uri": one.uri,
                "sha256": one.sha256,
                "read_from": one.read_from,
                "problem": one.problem,
            }
            for one in replay.inputs
        ],
        "differences": list(replay.differences),
    }
