"""Run the benchmarks, and write the page of their results: `python -m benchmarks [check core ...]`, as `make bench`.

Each part is a program with options of its own: `python -m benchmarks.check --help`.
"""

import argparse
import subprocess
import sys
import time

from benchmarks.performance_page import PAGE, write_page

PARTS = ("check", "start", "core", "impact", "score_bias", "rag")


def main() -> int:
    """Run the parts one after the other; one that fails ends nothing but itself."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without, all")
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"{', '.join(unknown)}: not a part; there are {', '.join(PARTS)}")
    failed = []
    for part in given.parts or PARTS:
        print(f"{part} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{part}"], stdout=subprocess.DEVNULL, check=False
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
