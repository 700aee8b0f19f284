"""
The long proof about rows and time: walks through everything that moves what may leave, until enough steps were taken.

    python -m tests.prove.rows --steps 500            # ends in one line; anything that goes wrong says its seed
"""

import argparse
import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestServer
from tests.factories.long_lived_walk import walk
from tests.factories.small_district import deploy_small

STEPS_A_WALK = 25
FIRST_SEED = 1_000
"""Other walks than those of the suite."""


async def prove(server: TestServer, home: Path, *, steps: int) -> Counter[str]:
    """Walk `steps` steps; return how often each act was done and each answer given. Raises what goes wrong first."""
    await server.prepare()
    made = await deploy_small(server, "small_district", home)
    seen: Counter[str] = Counter()
    for number in range(-(-steps // STEPS_A_WALK)):
        length = min(STEPS_A_WALK, steps - number * STEPS_A_WALK)
        seen += await walk(made, home, seed=FIRST_SEED + number, steps=length)
    return seen


def main() -> None:
    """Read the command line and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    steps = parser.parse_args().steps
    with throw_away_postgres(in_memory=True) as embedded, TemporaryDirectory() as home:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        seen = asyncio.run(prove(server, Path(home), steps=steps))
    counted = ", ".join(f"{name} {number}" for name, number in sorted(seen.items()))
    print(f"rows and time: {steps} steps, long-lived = fresh = model in all: {counted}")  # noqa: T201 - its report


if __name__ == "__main__":
    main()
