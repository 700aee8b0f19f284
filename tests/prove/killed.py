"""Ending a PostgreSQL server of our own as a crash does, and starting it again on what it left on its disk."""

import asyncio
import os
import signal
from pathlib import Path

from gateway.store.embedded import EmbeddedPostgres
from gateway.store.session import connect

_BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = $1 AND usename <> 'postgres'"
)
_GONE_SECONDS = 30


async def kill_a_backend(server: EmbeddedPostgres, database: str) -> None:
    """Kill one session's backend: shared memory is suspect then, so the server ends them all and recovers (its WAL)."""
    async with connect(server.admin_url()) as admin:
        pids = [row["pid"] for row in await admin.fetch(_BACKENDS, database)]
    for pid in pids[:1]:
        os.kill(pid, signal.SIGKILL)


async def kill_everything(server: EmbeddedPostgres) -> None:
    """Kill every process of the server at once, and start it again."""
    postmaster = server.pid
    family = [postmaster, *_children(postmaster)]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(_GONE_SECONDS):
        # Until their parent has collected them too: a number that still exists is a running server to pg_ctl.
        while any(_stat(pid) for pid in family):  # noqa: ASYNC110 - they are not our children
            await asyncio.sleep(0.01)
    await asyncio.to_thread(EmbeddedPostgres(server.base).start)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields is not None and int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on (proc(5)): 1 is the parent; None if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
