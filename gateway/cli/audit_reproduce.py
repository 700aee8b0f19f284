"""`pactgate audit reproduce`: the answer of one disclosure made again, byte for byte, and compared with its entry."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.api.cursor import ChangeCursors, Cursors
from gateway.cli import papers
from gateway.cli.policy_analysis import own_law
from gateway.cli.run import alarmed, office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.accounting.reproducing import Reproduced, Reproductions


def reproduce(
    entry: Annotated[int, typer.Argument(min=0, metavar="ENTRY", help="Index of the disclosure's entry.")],
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the answer; it names students.")] = None,
) -> None:
    """Make the answer of a disclosure again, on record, and compare it with its entry. Exit code 1 if it cannot be."""
    keys = load_keys(settings().keys)

    async def work() -> Reproduced:
        async with office() as opened:
            seals = Cursors(keys.cursor).seal, ChangeCursors(keys.cursor).seal
            return await Reproductions(opened.desk, own_law(), alarmed, keys.subject, seals).reproduce(entry)

    found = run(work())
    if out is not None:
        papers.write_new(out, found.body, private=True)
    say(f"Entry {entry}: {found.records} rows and the answer around them lead to what was committed to.")
    show({"entry": found.entry, "record": found.record, "records": found.records, "bytes": len(found.body)})
