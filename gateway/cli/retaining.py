"""`pactgate records retain`: delete versions of records that are kept no longer. Counts only, never a record."""

from typing import Annotated

import typer

from gateway.cli.run import office, run, say, settings, show, subject_key_here
from gateway.errors import SettingsError
from gateway.services.retention import Retention, Retired


def retain(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
) -> None:
    """Delete versions of records that loads ended longer ago than PACTGATE_RECORDS_DAYS. What is current stays."""
    days = settings().records_days
    if days is None:
        raise SettingsError(
            "PACTGATE_RECORDS_DAYS is not set, so every version is kept.",
            remedy="Set it to how many days the district keeps versions of records that were replaced.",
        )

    async def work() -> Retired:
        async with office() as opened:
            retention = Retention(opened.desk, days, subject_key=subject_key_here())
            return await (retention.look() if dry_run else retention.retire())

    done = run(work())
    if done.entry is not None:
        say(f"Records can be read as of entry {done.readable_from} and later. Entries and proofs are as they were.")
    show(
        {
            "deleted": done.entry is not None,
            "rows": done.rows,
            "readable_from": done.readable_from,
            "days": days,
            "entry": done.entry,
        }
    )
