"""
The long proof: a million decisions, each read four ways, and every seeded mutant noticed.

    make prove                                        # or:
    .venv/bin/python -m tests.prove --decisions 50000 --seed 7 --processes 2

Exit 1 if readings differ, with the smallest case that shows it, or if a mutant lives. The same seed makes the same
decisions, however many processes work.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count, islice
from multiprocessing import get_context
from os import cpu_count

from tests.prove.chunks import Outcome, chunk
from tests.prove.disclosers import DISCLOSERS
from tests.prove.guards import GUARDS
from tests.prove.killing import survivors
from tests.prove.learned import learned, unnoticed
from tests.prove.mutants import MUTANTS
from tests.prove.readings import Tally

_CHUNKS_A_PROCESS = 8
"""Then a fresh process takes over, so that nothing piles up."""


def main() -> int:
    """Run it and report."""
    parser = argparse.ArgumentParser(prog="make prove", description="Four readings of drawn agreements, compared.")
    parser.add_argument("--decisions", type=int, default=1_000_000, help="at least so many (1000000)")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn (1)")
    parser.add_argument("--processes", type=int, default=cpu_count() or 1, help="one a processor")
    parser.add_argument("--questions", type=int, default=10_000, help="of a partner's program (10000)")
    options = parser.parse_args()
    began = time.monotonic()
    tally, differing = Tally(), None
    for outcome in _outcomes(options.seed, options.processes):
        tally.add(outcome.tally)
        differing = outcome.differing
        if differing is not None or tally.decisions >= options.decisions:
            break
    _report(tally, options.seed, options.processes, time.monotonic() - began)
    if differing is not None:
        sys.stdout.write(f"differences: at least 1; the smallest case that shows it:\n{differing}")
        return 1
    sys.stdout.write("differences: 0\n")
    living = {"mutants": survivors(MUTANTS), "guards taken away": survivors(GUARDS)}
    for kind, made in (("mutants", MUTANTS), ("guards taken away", GUARDS)):
        sys.stdout.write(f"{kind} noticed: {len(made) - len(living[kind])} of {len(made)}\n")
        sys.stdout.writelines(f"  not noticed: {name}\n" for name in living[kind])
    return 1 if any(living.values()) or not _nothing_learned(options) else 0


def _nothing_learned(options: argparse.Namespace) -> bool:
    """Let a partner's program ask, then with each guard taken away; report."""
    try:
        found = learned(options.questions, options.seed)
    except AssertionError as difference:
        sys.stdout.write(f"a partner's program learned something that no agreement gives it:\n{difference}\n")
        return False
    told = ", ".join(f"{number:,} times {status}" for status, number in sorted(found.statuses.items()))
    sys.stdout.write(
        f"{found.questions:,} questions of a partner's program over {found.days} days, each put to two worlds, in "
        f"{found.seconds:,.0f} s: {told}\nanswers that tell the worlds apart: 0\n"
    )
    lived = unnoticed(DISCLOSERS, options.processes)
    sys.stdout.write(f"guards of disclosure noticed: {len(DISCLOSERS) - len(lived)} of {len(DISCLOSERS)}\n")
    sys.stdout.writelines(f"  not noticed: {name}\n" for name in lived)
    return not lived


def _outcomes(seed: int, processes: int) -> Iterator[Outcome]:
    """Yield the outcomes of one chunk after the other, in the order of their numbers, while others are worked on."""
    numbers = (seed * 1_000_000 + number for number in count())
    # Spawned, not forked: each process starts clean, and can be replaced.
    with ProcessPoolExecutor(processes, get_context("spawn"), max_tasks_per_child=_CHUNKS_A_PROCESS) as pool:
        under_way: deque[Future[Outcome]] = deque(pool.submit(chunk, each) for each in islice(numbers, 2 * processes))
        try:
            while True:
                yield under_way.popleft().result()
                under_way.append(pool.submit(chunk, next(numbers)))
        finally:
            pool.shutdown(cancel_futures=True)


def _report(tally: Tally, seed: int, processes: int, seconds: float) -> None:
    sys.stdout.write(
        f"{tally.decisions:,} decisions, each read four ways, in {tally.scenes:,} scenes; seed {seed}, "
        f"{processes} processes, {seconds:,.0f} s\n"
    )
    for reason, number in tally.reasons.most_common():
        sys.stdout.write(f"  {reason:<24}{number:>10,}  {number / tally.decisions:6.1%}\n")


if __name__ == "__main__":
    sys.exit(main())
