"""Ending tokens before their time: all of a client, all for an agreement."""

import typer

from gateway.cli.agreement import Digest, Reason
from gateway.cli.client import Client
from gateway.cli.run import office, run, say, show
from gateway.services.token_ends import end_tokens_for_agreement, end_tokens_of_client


def end_tokens_of(*, client: Client, reason: Reason) -> None:
    """End all tokens that a client holds. It may ask for new ones; `client suspend` stops that too."""

    async def work() -> int:
        async with office() as opened, opened.engine.begin() as connection:
            return await end_tokens_of_client(connection, client, reason)

    _told("client", client, run(work()))


def end_tokens_for(*, digest: Digest, reason: Reason) -> None:
    """End all tokens for an agreement. Its clients may ask for new ones; `agreement suspend` stops that too."""

    async def work() -> int:
        async with office() as opened, opened.engine.begin() as connection:
            return await end_tokens_for_agreement(connection, digest, reason)

    _told("agreement", digest, run(work()))


def add_to(clients: typer.Typer, agreements: typer.Typer) -> None:
    """Add the two commands where they belong."""
    clients.command("end-tokens")(end_tokens_of)
    agreements.command("end-tokens")(end_tokens_for)


def _told(kind: str, subject: str, entry: int) -> None:
    say(f"Every token issued before entry {entry} is refused from the next request on.")
    show({kind: subject, "entry": entry})
