"""Somebody who writes to the register past all guards, and what the gateway says about it."""

import asyncpg
import pytest

from agreements.register import digest_bytes
from agreements.signature import Envelope
from gateway.problems import Problem
from tests.factories.gateway import Gateway

DENIED = {"unknown_client", "no_agreement", "suspended"}
"""How a request is refused that nothing stands behind."""
GUARDED = ("agreements.document", "agreements.status", "gateway.client", "gateway.client_status")


async def superuser(gateway: Gateway) -> asyncpg.Connection:
    """Return somebody for whom no guard of the database holds."""
    admin = await gateway.database.connection("admin")
    for table in GUARDED:
        await admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    return admin


def alarms(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the codes of the alarms that were raised since this was asked last."""
    messages = [record.getMessage().split() for record in caplog.records if record.name == "pactgate"]
    caplog.clear()
    return {words[1] for words in messages if words[0] == "alarm"}


async def refusal(gateway: Gateway, agreement: str) -> str:
    """Return how a request is refused."""
    try:
        await gateway.ask(agreement)
    except Problem as refused:
        return refused.code
    return "answered"


async def insert(admin: asyncpg.Connection, document: Envelope, concerns: str | None, index: int) -> None:
    """Put a document into the register by hand."""
    await admin.execute(
        "INSERT INTO agreements.document (digest, kind, concerns, envelope, idx) VALUES ($1, $2, $3, $4, $5)",
        digest_bytes(document.digest),
        document.kind.value,
        None if concerns is None else digest_bytes(concerns),
        document.text,
        index,
    )


async def change(admin: asyncpg.Connection, digest: str, column: str, value: object) -> None:
    """Change one column of one stored document."""
    statement = f"UPDATE agreements.document SET {column} = $1 WHERE digest = $2"  # noqa: S608 -- our own column names
    assert await admin.execute(statement, value, digest_bytes(digest)) == "UPDATE 1"


async def served_anew(gateway: Gateway) -> None:
    """Serve as after a restart: nothing is remembered."""
    await gateway.close()
    await gateway.serve()
