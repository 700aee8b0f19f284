"""The log of a gateway decided again, and entries changed by somebody for whom no guard holds, until the block ends."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from agreements.elements import load_catalogue
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law, read_past
from gateway.services.analysis.redeciding import Redecided
from gateway.services.analysis.rejustifying import Rejustified, rejustify
from policies.guardrails import load_guardrails
from tests.factories.gateway import Gateway

Change = Callable[[dict[str, Any]], None]
_SET = "UPDATE audit.entry SET leaf = $2, leaf_hash = sha256('\\x00'::bytea || $2) WHERE idx = $1"


async def rejustified(
    gateway: Gateway, start: int = 0, stop: int | None = None, *, law: Law | None = None
) -> Rejustified:
    """Decide the log again, altered or not, by a release of this law; what was told on the way is what was found."""
    law = law or Law(load_catalogue(), load_guardrails())
    told, steps = list[Redecided](), list[int]()
    snapshot = (await gateway.database.engine("loader")).execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        past = await read_past(connection, gateway.deployment.trust, law, alarm)
        stop = past.moment.size if stop is None else stop
        found = await rejustify(connection, past, start, stop, told=told.append, progress=steps.append)
    assert len(told) == found.unjustified
    assert sum(steps) == stop - start
    return found


@asynccontextmanager
async def altered(gateway: Gateway, changes: Mapping[int, Change]) -> AsyncIterator[None]:
    """Change entries in place, hashes and all; and back again, so that the log is whole when the test ends."""
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
    before = {index: await admin.fetchval("SELECT leaf FROM audit.entry WHERE idx = $1", index) for index in changes}
    for index, change in changes.items():
        body = json.loads(before[index])
        change(body)
        await admin.execute(_SET, index, json.dumps(body, sort_keys=True, separators=(",", ":")).encode())
    try:
        yield
    finally:
        for index, leaf in before.items():
            await admin.execute(_SET, index, leaf)
        await admin.execute("ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_is_kept")
