"""`pactgate records load`: student records in. Counts and reasons are shown, never a record."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agreements.signature import Envelope, Kind
from gateway.cli import papers
from gateway.cli.each_mapping import load_by_each
from gateway.cli.load_reports import reported, tell_unread
from gateway.cli.progress import progress
from gateway.cli.refusals import refused_rows
from gateway.cli.run import office, run, say, settings
from gateway.keys import load_keys
from gateway.services.stewardship import (
    ConfirmationRefused,
    LoadHeld,
    LoadReport,
    MappingFile,
    Stewardship,
    read_mappings,
    unread_in,
)

app = typer.Typer(
    help="Student records: load exports, enter what families say, erase, let old versions go.", no_args_is_help=True
)

Student = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="The student's number; asked for if left out, to keep it out of the history."),
]


@app.command("load")
def load(
    *,
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="The export: a folder, a zip archive or one table.")],
    mapping: Annotated[list[Path], typer.Option(help="A mapping file, or shipped:NAME; repeatable, in this order.")],
    agreements: Annotated[
        list[str] | None,
        typer.Option(
            "--agreements", metavar="NAME=AGREEMENT", help="An agreement (id or digest) by its name in the files."
        ),
    ] = None,
    delta: Annotated[
        list[Path] | None,
        typer.Option(help="What changed in the export since, as a folder or zip archive; repeatable, in this order."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Load nothing if a single row is refused.")] = False,
    confirmed: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What two people signed to let a held load through; one a mapping."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    refused: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every refused row to this new file, as CSV, masked.")
    ] = None,
    report_to: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the answer to this new file too.")
    ] = None,
) -> None:
    """Load an export by mapping files. Each mapping becomes visible whole, with its entry, or not at all, by itself."""
    named = agreements_by_name(agreements or ())
    mappings = read_mappings(mapping)
    confirmations = [papers.read_signed(each, Kind.LOAD_CONFIRMATION) for each in confirmed or ()]
    subject_key = load_keys(settings().keys).subject

    async def work(done: list[dict[str, object]]) -> None:
        with refused_rows(refused) as keep:
            async with office() as opened:
                steward = Stewardship(opened)
                unread = unread_in(mappings, (folder, *(delta or ())))
                tell_unread(unread)

                async def by(each: MappingFile) -> LoadReport:
                    with progress(f"Reading for {each.name}") as come, _about_confirmations(each.name, confirmations):
                        return await steward.load(
                            each,
                            folder,
                            subject_key,
                            deltas=delta or (),
                            agreements=named,
                            strict=strict,
                            confirmed=confirmations,
                            dry=dry_run,
                            refused=keep,
                            tell=come,
                            unread=unread,
                        )

                await load_by_each(mappings, by, done, unread=unread, dry=dry_run)

    with reported(report_to) as done:
        run(work(done))


@contextmanager
def _about_confirmations(name: str, given: Sequence[Envelope]) -> Iterator[None]:
    """Say of a load that is held that none of the confirmations is of it."""
    try:
        yield
    except LoadHeld as error:
        if given and not isinstance(error, ConfirmationRefused):
            say(f"{name}: none of the confirmations is of this mapping with these agreements.")
        raise


def agreements_by_name(given: Iterable[str]) -> dict[str, str]:
    """Return which agreement each name in the files stands for, from `NAME=AGREEMENT`."""
    return dict(_named(text) for text in given)


def _named(text: str) -> tuple[str, str]:
    name, equals, agreement = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not NAME=AGREEMENT", param_hint="--agreements")
    return name.strip(), str(papers.agreement(agreement))


def number_of(student: str | None) -> str:
    """Return the student's number, asked for if it was not given."""
    return student if student is not None else str(typer.prompt("Student number", err=True)).strip()
