"""
The long question: a partner's program that asks 10,000 times learns nothing, and notices each guard that is taken away.

    learned(questions=10_000, seed=1)             -> Learned; raises `ToldApart` if two worlds answer differently
    unnoticed(DISCLOSERS, processes=2)            -> names of the mistakes that no question found

A mistake is made while the gateway is imported, in a process of its own with a server of its own; it counts as noticed
only if the answers of two worlds differ (`tests.factories.twins`), not if the gateway breaks.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.prove.disclosers import DISCLOSERS
from tests.prove.mutants import Mutant
from tests.prove.mutating import Mutating, require_applicable

_ROOT: Final = Path(__file__).parents[2]
_LEAST: Final = 1_250
"""Questions that look for one mistake."""
_A_DAY: Final = 250
_SOUND: Final = "no mistake at all"
_LIVED, _NOTICED = 0, 3


@dataclass(frozen=True)
class Learned:
    """How much was asked, over how many simulated days, and how it was answered, without anything learned."""

    questions: int
    days: int
    statuses: dict[int, int]
    seconds: float


def learned(questions: int, seed: int) -> Learned:
    """Ask. Raises `ToldApart`."""
    # Here: whoever makes a mistake in the gateway does so before it is imported.
    from tests.factories.asking import ask_twins  # noqa: PLC0415

    began = time.monotonic()
    with TemporaryDirectory() as home:
        days, statuses = asyncio.run(ask_twins(Path(home), questions, seed, _A_DAY))
    return Learned(sum(statuses.values()), days, statuses, time.monotonic() - began)


def unnoticed(mutants: Sequence[Mutant], processes: int) -> list[str]:
    """
    Return the mutants that nobody noticed, and `no mistake at all` if two worlds are told apart without any.

    Raises `EditMisplaced` if one of them cannot be made any more.
    """
    for mutant in mutants:
        require_applicable(mutant)
    with ThreadPoolExecutor(processes) as pool:
        ended = list(pool.map(_ended, [_SOUND, *(mutant.name for mutant in mutants)]))
    lived = [mutant.name for mutant, end in zip(mutants, ended[1:], strict=True) if end != _NOTICED]
    return lived if ended[0] == _LIVED else [_SOUND, *lived]


def _ended(name: str) -> int:
    # Not measured: it runs a gateway that is wrong.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "tests.prove.learned", name]
    return subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, check=False).returncode


def main(name: str) -> int:
    """Play with one mistake made. Exit 3 if it was noticed."""
    for mutant in DISCLOSERS:
        if mutant.name == name:
            sys.meta_path.insert(0, Mutating(mutant.edits))
    from tests.factories.twins import ToldApart  # noqa: PLC0415

    try:
        found = learned(_LEAST, seed=1)
    except ToldApart as difference:
        sys.stdout.write(f"{name}: {difference}\n")
        return _NOTICED
    sys.stdout.write(f"{name}: {found}\n")
    return _LIVED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
