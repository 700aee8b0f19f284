"""`pactgate records watch`: a drop folder whose exports are loaded by the same mappings every night."""

import asyncio
import datetime as dt
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.each_mapping import load_by_each
from gateway.cli.records import agreements_by_name
from gateway.cli.refusals import refused_rows
from gateway.cli.run import database_in_our_words, office, run, say, sentence_for, settings, show
from gateway.keys import load_keys
from gateway.services.errors import LoadPostponed
from gateway.services.letting_through import load_or_let_through
from gateway.services.stewardship import (
    LoadBusy,
    LoadHeld,
    LoadReport,
    MappingFile,
    RecordsError,
    RowsRefused,
    read_mappings,
    unread_in,
)
from gateway.services.watching.folder import DropFolder
from gateway.services.watching.watch import Outcome, Rhythm, Watch
from gateway.store.errors import DatabaseUnavailable


def watch(
    *,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder exports are laid down in.")],
    mapping: Annotated[list[Path], typer.Option(help="A mapping file, or shipped:NAME; repeatable, in this order.")],
    agreements: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=AGREEMENT", help="An agreement (id or digest) by its name in the files."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Load nothing if a single row is refused.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Load what is at rest now, and leave.")] = False,
    rest: Annotated[float, typer.Option(help="So many seconds nothing of an export has changed.", min=0)] = 60,
    every: Annotated[float, typer.Option(help="So many seconds between two looks.", min=0.01)] = 30,
    marker: Annotated[
        str | None, typer.Option(metavar="ENDING", help="Take NAME only when NAME and this ending is a file beside it.")
    ] = None,
) -> None:
    """Load each export that is laid down in a folder, and move it to done/ or refused/ with its report."""
    named = agreements_by_name(agreements or ())
    mappings = read_mappings(mapping)
    subject_key = load_keys(settings().keys).subject

    async def load(export: Path, rows: Path) -> Outcome:
        done: list[dict[str, object]] = []
        try:
            with database_in_our_words(), refused_rows(rows) as keep:
                unread = unread_in(mappings, (export,))
                async with office() as opened:

                    async def by(each: MappingFile) -> LoadReport:
                        return await load_or_let_through(
                            opened,
                            each,
                            export,
                            subject_key,
                            agreements=named,
                            strict=strict,
                            refused=keep,
                            unread=unread,
                        )

                    await load_by_each(mappings, by, done, unread=unread, dry=False)
        except (LoadBusy, DatabaseUnavailable) as error:
            say(f"{export.name}: {sentence_for(error)} It is tried again.")
            raise LoadPostponed(str(error)) from None
        except RecordsError as error:
            return Outcome(is_loaded=False, report={**_refusal(error), "loads": done})
        return Outcome(is_loaded=True, report={"outcome": "loaded", "loads": done})

    async def work() -> bool:
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        watcher = Watch(
            DropFolder(folder, marker),
            load,
            rhythm=Rhythm(look=every, rest=rest),
            said=_tell,
            now=lambda: dt.datetime.now(dt.UTC),
            elapsed=time.monotonic,
        )
        return await watcher.run(stop, once=once)

    if not run(work()) and once:
        sys.exit(1)


def _refusal(error: RecordsError) -> dict[str, Any]:
    report: dict[str, Any] = {
        "outcome": "held" if isinstance(error, LoadHeld) else "refused",
        "code": error.code,
        "reason": sentence_for(error),
    }
    if isinstance(error, RowsRefused):
        report["refused"] = error.rows
    return report


def _tell(place: Path, report: Mapping[str, object]) -> None:
    say(f"{report['export']}: {report['outcome']}; {place.parent.name}/{place.name}")
    show(report)
