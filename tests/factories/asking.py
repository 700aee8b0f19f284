"""The twins and the spy on a server of their own, for whoever asks longer than the suite can."""

from collections import Counter
from pathlib import Path

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestServer
from tests.factories.gateway import deploy
from tests.factories.spy import Spy
from tests.factories.twins import deploy_twins, twins


async def ask_twins(home: Path, questions: int, seed: int, a_day: int) -> tuple[int, dict[int, int]]:
    """
    Ask so many questions, `a_day` on each simulated day; return the days and how often each status came.

    Raises `ToldApart`.
    """
    with throw_away_postgres(in_memory=True) as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        made = await deploy_twins(await deploy(server, "pactgate_asked", home), home)
        async with twins(made, home) as pair:
            spy, day = Spy(pair.ask, pair.paths, pair.changes, seed), 0
            while pair.asked < questions:
                await pair.to(day)
                await spy.spend(min(a_day, questions - pair.asked), lambda: pair.asked)
                day += 1
        return day, dict(Counter(spy.statuses))
