"""Judge adversarial evidence by the million.

    python -m tests.adversarial.judge_hostile_evidence --cases 1000000 --seed 1

Prints the cases a second and, for each format, how many cases there were and how many were flawless; then every case
in which the gate approved without proof, or did not approve what is proven, by its seed. Exits with 1 if there is one.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.adversarial.hostile_evidence import cases, certainty

BATCH = 500
CERTAINTY = 10  # every tenth case is about certainty


@dataclass
class Tally:
    """How some cases were judged."""

    formats: Counter[str] = field(default_factory=Counter)
    flawless: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        self.formats += other.formats
        self.flawless += other.flawless
        self.faults += other.faults
        self.problems += other.problems


def case_of(seed: int) -> cases.Case:
    """Return the case of a seed."""
    return certainty.case_of(seed) if seed % CERTAINTY == 0 else cases.case_of(seed)


def judged(seeds: range) -> Tally:
    """Judge the cases of `seeds`."""
    tally = Tally()
    for seed in seeds:
        case = case_of(seed)
        tally.formats[case.format] += 1
        tally.flawless[case.format] += not case.faults
        tally.faults.update(case.faults)
        try:
            problem = case.problem()
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is not None:
            tally.problems.append(
                f"seed {seed}: {case.format}: {', '.join(case.faults) or 'flawless'}: {problem}"
            )
    return tally


def main() -> int:
    """Judge the cases and print how they were judged."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, help="the first case's seed (default: 1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    arguments = parser.parse_args()
    # Batches are large enough that handing them over costs nothing beside judging them.
    seeds = range(arguments.seed, arguments.seed + arguments.cases)
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    total = Tally()
    begun = time.monotonic()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for done, tally in enumerate(pool.map(judged, batches), start=1):
            total.add(tally)
            if done % 20 == 0:
                print(f"{done * BATCH:,} of {len(seeds):,} cases", file=sys.stderr)
    seconds = time.monotonic() - begun
    print(
        f"{len(seeds):,} cases from seed {arguments.seed} in {seconds:.0f} s: {len(seeds) / seconds:,.0f} a second"
    )
    for name, count in sorted(total.formats.items()):
        print(f"{name:28} {count:>9,} cases, {total.flawless[name]:>8,} flawless")
    # At last what is wrong, by seed, so that each case can be made again.
    print(f"{len(total.faults):,} kinds of fault; {len(total.problems):,} wrong answers")
    for problem in total.problems[:50]:
        print(problem)
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())
