"""`pactgate client secret` and `end-secret`: what a program without keys proves itself with, and its end."""

from typing import Annotated

import typer

from gateway.cli.client import Client
from gateway.cli.run import office, run, say, show
from gateway.services.compatibility.secrets import MOST_DAYS, Issued


def secret(
    *,
    client: Client,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How long it is good for.")] = MOST_DAYS,
) -> None:
    """Make a secret for a client of the compatibility mode, and show it this once."""

    async def work() -> Issued:
        async with office() as opened:
            return await opened.secrets.issue(client, days)

    issued = run(work())
    say("This is shown once and kept nowhere. Hand it over by a way that only the partner's engineer can read.")
    say(f"End it: pactgate client end-secret {client} --entry {issued.entry}")
    show({"client": client, "entry": issued.entry, "ends": issued.ends, "secret": issued.text})


def end_secret(
    *,
    client: Client,
    entry: Annotated[int, typer.Option(help="The entry that issued it; `client show` lists them.")],
) -> None:
    """End a client's secret. Its next use is refused, and that of every token it was given for."""

    async def work() -> int:
        async with office() as opened:
            return await opened.secrets.end(client, entry)

    ended = run(work())
    say(f"Ended by entry {ended}, with every token that was given for it.")
    show({"client": client, "ended": entry, "entry": ended})
