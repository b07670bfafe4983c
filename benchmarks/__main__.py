"""Run the benchmarks, and write the page of their results: `python -m benchmarks [check core ...]`, as `make bench`.

The pairs of text-to-SQL come with `--pairs DATA`; without, that part is not run. Each part is a program with options of
its own: `python -m benchmarks.check --help`.
"""

import argparse
import subprocess
import sys
import time

from benchmarks.performance_page import PAGE, write_page

PARTS = ("check", "start", "core", "impact", "text_to_sql", "score_bias", "rag")
OF_PAIRS = "text_to_sql"


def list_options(given: argparse.Namespace) -> list[str]:
    """Return the words for the part that scores pairs."""
    checkouts = {"--spider": given.spider, "--bird": given.bird}
    return [given.pairs, *(word for option, place in checkouts.items() if place for word in (option, place))]


def main() -> int:
    """Run the parts one after the other; one that fails ends nothing but itself."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without, all")
    parser.add_argument("--pairs", metavar="DATA", help="the folder of pairs that text_to_sql scores")
    parser.add_argument("--spider", metavar="DIR", help="a checkout of Spider's evaluator")
    parser.add_argument("--bird", metavar="DIR", help="a checkout of BIRD's evaluator")
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"{', '.join(unknown)}: not a part; there are {', '.join(PARTS)}")
    failed = []
    for part in given.parts or PARTS:
        options = []
        if part == OF_PAIRS:
            if given.pairs is None:
                print(f"{part}: not run, since --pairs names no folder", file=sys.stderr)
                continue
            options = list_options(given)
        print(f"{part} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{part}", *options], stdout=subprocess.DEVNULL, check=False
        )
        print(f"{part}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        failed += [part] if run.returncode else []
    PAGE.write_text(write_page(), encoding="utf-8")
    print(f"the page is {PAGE}", file=sys.stderr)
    if failed:
        print(f"error: {', '.join(failed)}: not measured; the messages are above", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
