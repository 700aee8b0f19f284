"""
The long proof about what a district's people do: the suite's walks through loads, stops and crashes, many more of them.

    python -m tests.prove.loads --walks 100           # ends in one line; what goes wrong is shown with its steps
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestServer
from tests.factories.gateway import deploy
from tests.properties.test_lived_district import take_walks

STEPS_A_WALK = 25


def main() -> None:
    """Read the command line and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=100)
    walks = parser.parse_args().walks
    with throw_away_postgres(in_memory=True) as embedded, TemporaryDirectory() as home:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        asyncio.run(server.prepare())
        deployment = asyncio.run(deploy(server, "pactgate_deployed", Path(home)))
        outcomes = take_walks(deployment, Path(home), number=walks, steps=STEPS_A_WALK, again=20)
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    print(f"a district that lives: {walks} walks, each agreement showed what the model says ({told})")  # noqa: T201 - its report


if __name__ == "__main__":
    main()
