"""`pactgate audit replay`: every logged decision is made again, from what it cites, as of its epoch."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.errors import EntryMissing
from gateway.cli.policy_analysis import own_law
from gateway.cli.run import alarmed, office, run, say, show
from gateway.services.analysis.past import Past, read_past
from gateway.services.analysis.redeciding import Redecided
from gateway.services.analysis.rejustifying import Rejustified, rejustify
from gateway.services.analysis.requests import first_since

_ENTRY = re.compile(r"[0-9]{1,18}")


def replay(
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE|ENTRY", help="From this entry, or this day (UTC), on; else from the start."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE|ENTRY", help="Up to this entry, or this day (UTC), included.")
    ] = None,
) -> None:
    """Make every logged decision again. Exit code 1 if one comes out otherwise, or cannot be made again."""
    first, last = _bound(since, "--since"), _bound(until, "--until")

    async def work() -> Rejustified:
        async with _past() as (past, connection):
            size = past.moment.size
            start = min(first, size) if isinstance(first, int) else await _at(connection, size, first, 0)
            after = None if last is None else last + 1 if isinstance(last, int) else last + timedelta(days=1)
            stop = min(after, size) if isinstance(after, int) else await _at(connection, size, after, size)
            if start >= stop:
                raise EntryMissing("there is no entry between --since and --until")
            with typer.progressbar(length=stop - start, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
                return await rejustify(connection, past, start, stop, told=_tell, progress=bar.update)

    found = run(work())
    _sum_up(found)
    show(
        {
            "holds": found.holds,
            "first": found.first,
            "last": found.last,
            "decided_again": found.decided_again,
            "no_decision": found.no_decision,
            "earlier": found.earlier,
            "missing": found.missing,
            "missing_entries": found.missing_entries,
            "unjustified": found.unjustified,
            "entries": found.shown,
        }
    )
    if not found.holds:
        raise typer.Exit(1)


@asynccontextmanager
async def _past() -> AsyncIterator[tuple[Past, AsyncConnection]]:
    async with office() as opened:
        snapshot = opened.engine.execution_options(isolation_level="REPEATABLE READ")
        async with snapshot.connect() as connection:
            yield await read_past(connection, opened.trust, own_law(), alarmed), connection


async def _at(connection: AsyncConnection, size: int, moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else await first_since(connection, size, moment)


def _bound(text: str | None, option: str) -> int | datetime | None:
    """Return the entry, or the start of the day, that is meant."""
    if text is None:
        return None
    if _ENTRY.fullmatch(text):
        return int(text)
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise typer.BadParameter(f"{option} takes an entry such as 1200, or a day such as 2026-11-02") from None


def _tell(again: Redecided) -> None:
    what = "; ".join(
        f"{name}: the log says {again.logged.get(name)}, it comes out as {again.came_out.get(name)}"
        for name in again.logged
    )
    say(
        f"Entry {again.entry} ({again.event}) is not re-justified. {what or 'It does not say what such an entry says.'}"
    )


def _sum_up(found: Rejustified) -> None:
    say(f"{found.decided_again.total()} decisions of the entries {found.first} to {found.last} were made again.")
    for code, count in sorted(found.no_decision.items()):
        say(f"{count} refusal(s) '{code}' were no decisions of the policies.")
    if found.earlier:
        say(
            f"{found.earlier.total()} are of an earlier release, which did not record what it decided by, and were not"
            " decided again."
        )
    for what, count in sorted(found.missing.items()):
        say(
            f"{count} cannot be made again: the {what} they cite is not there. The first is {found.missing_entries[0]}."
        )
    say(
        "Each came out as it was written."
        if not found.unjustified
        else f"{found.unjustified} did not come out as they were written."
    )
