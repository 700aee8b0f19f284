"""`pactgate records load`: student records in. Counts and reasons are shown, never a record."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import papers
from gateway.cli.progress import progress
from gateway.cli.refusals import refused_rows
from gateway.cli.run import office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.stewardship import LoadReport, RowsRefused, Stewardship, read_mappings

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
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="The export: a folder or a zip archive.")],
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
    confirm: Annotated[bool, typer.Option("--confirm", help="Let a load through that changes or ends much.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    refused: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every refused row to this new file, as CSV, masked.")
    ] = None,
) -> None:
    """Load an export by mapping files. Each mapping becomes visible whole, with its entry, or not at all."""
    named = dict(_named(text) for text in agreements or ())
    mappings = read_mappings(mapping)
    subject_key = load_keys(settings().keys).subject
    done: list[dict[str, object]] = []

    async def work() -> None:
        with refused_rows(refused) as keep:
            async with office() as opened:
                steward = Stewardship(opened)
                for each in mappings:
                    with progress(f"Reading for {each.name}") as tell:
                        report = await steward.load(
                            each,
                            folder,
                            subject_key,
                            deltas=delta or (),
                            agreements=named,
                            strict=strict,
                            confirm=confirm,
                            dry=dry_run,
                            refused=keep,
                            tell=tell,
                        )
                    done.append(_account(each.name, report, dry=dry_run))

    try:
        run(work())
    except RowsRefused as error:
        done.append({"mapping": mappings[len(done)].name, "loaded": False, "refused": error.rows})
        raise
    finally:
        # What was loaded before a refusal is loaded: it is accounted for even when the command fails.
        if done:
            show(done)


def _account(name: str, report: LoadReport, *, dry: bool) -> dict[str, object]:
    """Return the counts of one load; a refused row is named by file and line, with a reason that quotes no cell."""
    if report.refused_rows:
        say(f"{name}: {report.refused_rows} row(s) were refused; what they are about is withheld until it is mended.")
    for reason in report.held:
        say(f"{name}: this load would be held: {reason}.")
    counted = ("added", "changed", "ended", "unchanged", "withheld")
    return {
        "mapping": name,
        "loaded": not dry,
        "entries": report.entries,
        "targets": {each.target: {count: getattr(each, count) for count in counted} for each in report.targets},
        "refused": [str(row) for row in report.refused],
        "refused_rows": report.refused_rows,
        "reasons": {each.target: dict(each.reasons) for each in report.targets if each.reasons},
        "held": report.held,
    }


def _named(text: str) -> tuple[str, str]:
    name, equals, agreement = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not NAME=AGREEMENT", param_hint="--agreements")
    return name.strip(), str(papers.agreement(agreement))


def number_of(student: str | None) -> str:
    """Return the student's number, asked for if it was not given."""
    return student if student is not None else str(typer.prompt("Student number", err=True)).strip()
