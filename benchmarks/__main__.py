"""Run the benchmarks, and write the page of their results: `make bench`.

    python -m benchmarks                                             all parts: most of an hour
    python -m benchmarks check core                                  two of them; make bench ONLY='check core'
    python -m benchmarks --pairs DATA --spider DIR --bird DIR        text-to-SQL too; make bench BENCH='--pairs DATA'

The pairs of text-to-SQL come with `--pairs DATA`; without, that part is not run. Each part is a program with options of
its own, such as fewer rounds: `python -m benchmarks.check --help`. An alternative that does not install here is not
run, and the page says why. Ctrl-C keeps the results of the parts that ended.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import INTERRUPTED, tell_progress
from benchmarks.performance_page import DOCS, PAGE, list_verdicts, write_documents

PARTS = ("check", "start", "core", "impact", "text_to_sql", "score_bias", "bias", "memorization", "rag")
OF_PAIRS = "text_to_sql"
_SECONDS_TO_END = 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without, all")
    for option, metavar, meaning in (
        ("--pairs", "DATA", "the folder of pairs that text_to_sql scores"),
        ("--spider", "DIR", "a checkout of Spider's evaluator"),
        ("--bird", "DIR", "a checkout of BIRD's evaluator"),
    ):
        parser.add_argument(option, type=read_folder, metavar=metavar, help=meaning)
    return parser


def read_folder(word: str) -> Path:
    """Return the folder that an option names.

    Raises:
        ArgumentTypeError: it is none.
    """
    folder = Path(word)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{word} is no folder")
    return folder


def list_options(given: argparse.Namespace) -> list[str]:
    """Return the words for the part that scores pairs."""
    checkouts = {"--spider": given.spider, "--bird": given.bird}
    found = [word for option, place in checkouts.items() if place for word in (option, str(place))]
    return [str(given.pairs), *found]


def run_part(part: str, options: list[str]) -> int:
    """Run a part and return its exit code.

    Raises:
        KeyboardInterrupt: Ctrl-C; the part has ended.
    """
    command = [sys.executable, "-m", f"benchmarks.{part}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # From a terminal the part has the signal too, and ends by itself; from elsewhere it is told.
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait()
        raise


def run_parts(parts: list[str], options: Mapping[str, list[str]], ended: dict[str, str]) -> None:
    """Run the parts one after the other, and note in `ended` how each ended; one that fails ends nothing but itself."""
    for part in parts:
        if part == OF_PAIRS and not options[part]:
            ended[part] = "not run: --pairs names no folder"
            continue
        tell_progress(f"{part} ...")
        started = time.monotonic()
        code = run_part(part, options.get(part, []))
        seconds = f"{time.monotonic() - started:.0f} s"
        ended[part] = f"not measured: the message is above ({seconds})" if code else f"measured in {seconds}"
        tell_progress(f"{part}: {ended[part]}")


def write_summary(ended: Mapping[str, str]) -> str:
    """Return how each part ended, and below one that was measured which of its targets are met."""
    lines = []
    for part, how in ended.items():
        verdicts = list_verdicts(part) if how.startswith("measured") else []
        lines += [f"{part}: {how}", *(f"  {verdict}" for verdict in verdicts)]
    return "\n".join([*lines, f"the page is {DOCS / PAGE}", ""])


def main() -> int:
    """Run the parts that were asked for, write the page, and sum up."""
    parser = make_parser()
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"{', '.join(unknown)}: not a part; there are {', '.join(PARTS)}")
    parts = given.parts or list(PARTS)
    if given.pairs is None and given.parts and OF_PAIRS in parts:
        parser.error(f"{OF_PAIRS} needs --pairs DATA, the folder of its pairs")
    options = {OF_PAIRS: list_options(given) if given.pairs else []}
    ended: dict[str, str] = {}
    interrupted = False
    try:
        run_parts(parts, options, ended)
    except KeyboardInterrupt:
        interrupted = True
        ended.update({part: "not run: interrupted" for part in parts if part not in ended})
    write_documents(DOCS)
    sys.stdout.write(write_summary(ended))
    if interrupted:
        return INTERRUPTED
    return 1 if any(how.startswith("not measured") for how in ended.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
