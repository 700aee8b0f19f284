"""
The long proof about loads and the past: the suite's walks through loads, stops and crashes, many more of them.

    python -m tests.prove.loads --walks 100           # ends in one line; what goes wrong is shown with its steps
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestServer
from tests.properties.test_loads_and_stops import BOUNDED, Loads

STEPS_A_WALK = 15


def main() -> None:
    """Read the command line and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=100)
    walks = parser.parse_args().walks
    with throw_away_postgres(in_memory=True) as embedded, TemporaryDirectory() as home:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        asyncio.run(server.prepare())
        machine = type("Bound", (Loads,), {"postgres": server, "folder": Path(home)})
        longer = settings(
            BOUNDED,
            max_examples=walks,
            stateful_step_count=STEPS_A_WALK,
            derandomize=True,
            database=None,
            deadline=None,
        )
        run_state_machine_as_test(machine, settings=longer)
    print(f"loads and the past: {walks} walks, every epoch shows what the model says")  # noqa: T201 - its report


if __name__ == "__main__":
    main()
