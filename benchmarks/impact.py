"""How long `governance thresholds impact` takes over the history of a gate, as a whole process, and how much memory.

    python -m benchmarks.impact                                      as in the page
    python -m benchmarks.impact --versions 100 --rounds 1            a shorter history

The history is written into a temporary folder, or into FOLDER, from where a later run takes it again. Memory is that of
the largest of its processes.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import (
    describe_runs,
    make_parser,
    read_count,
    run_process,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)
from benchmarks.past_gate import PastGate, make_past_gate

MOST_SECONDS, MOST_MB = 5, 500  # what 10,000 versions with 20 checks each are to take on two cores


def measure(gate: PastGate, rounds: int) -> dict[str, object]:
    """Return what the command takes in each of so many rounds."""
    words = ["thresholds", "impact", str(gate.old), str(gate.new), "--history", str(gate.history)]
    governance = str(Path(sys.executable).with_name("governance"))
    spent = [run_process([governance, *words, "--format", "json"]) for _ in take_rounds(rounds)]
    return {
        **describe_runs(spent),
        "target": {"seconds": MOST_SECONDS, "largest_mb": MOST_MB},
    }


def main() -> None:
    """Make the history where it is not there yet, and measure."""
    parser = make_parser("impact", __doc__, rounds=3)
    parser.add_argument("--versions", type=read_count, default=10_000, metavar="COUNT")
    parser.add_argument("--checks", type=read_count, default=20, metavar="COUNT")
    parser.add_argument("--reports", type=read_count, default=1, metavar="COUNT", help="of each version")
    parser.add_argument("--folder", type=Path, help="where the history is kept for later runs")
    given = parser.parse_args()
    asked = {"versions": given.versions, "checks": given.checks, "reports": given.reports}
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder /= "-".join(map(str, asked.values()))
        gate = PastGate.below(folder)
        if not gate.history.exists():
            tell_progress("  writing the history")
            make_past_gate(folder, **asked)
        figures = {**asked, "rounds": given.rounds, **measure(gate, given.rounds)}
    write_result("impact", "python -m benchmarks.impact", figures)


if __name__ == "__main__":
    run_program(main)
