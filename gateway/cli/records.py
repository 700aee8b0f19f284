"""`pactgate records`: student records in, and a family's no at once. Counts and reasons are shown, never a record."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.progress import progress
from gateway.cli.refusals import refused_rows
from gateway.cli.run import office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.stewardship import (
    ConfirmationRefused,
    LoadHeld,
    LoadReport,
    RowsRefused,
    Stewardship,
    read_mappings,
)

app = typer.Typer(
    help="Student records: load exports, enter what families say, erase, let old versions go.", no_args_is_help=True
)

Student = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="The student's number; asked for if left out, to keep it out of the history."),
]
_AGREEMENT = typer.Option(
    callback=papers.agreement, metavar="AGREEMENT", help="The agreement: its id, or the digest of any of its versions."
)


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
    confirmed: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What two people signed to let a held load through; one a mapping."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    refused: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every refused row to this new file, as CSV, masked.")
    ] = None,
) -> None:
    """Load an export by mapping files. Each mapping becomes visible whole, with its entry, or not at all."""
    named = dict(named_agreement(text) for text in agreements or ())
    mappings = read_mappings(mapping)
    confirmations = [papers.read_signed(each, Kind.LOAD_CONFIRMATION) for each in confirmed or ()]
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
                            confirmed=confirmations,
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
    except LoadHeld as error:
        name = mappings[len(done)].name
        say(f"{name}: this load is held. What narrows in it counts from now on.")
        if confirmations and not isinstance(error, ConfirmationRefused):
            say(f"{name}: none of the confirmations is of this mapping with these agreements.")
        held = {"mapping": name, "loaded": False, "held": error.held, "entries": error.entries}
        done.append(held)
        raise
    finally:
        # What was loaded before a refusal is loaded: it is accounted for even when the command fails.
        if done:
            show(done)


@app.command("withdraw")
def withdraw(*, agreement: Annotated[str, _AGREEMENT], student: Student = None) -> None:
    """Withdraw every consent of a student under an agreement, in all its versions. In effect on the next request."""
    number = number_of(student)

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).withdraw(agreement, number)

    show({"agreement": agreement, "entry": run(work())})


@app.command("opt-out")
def opt_out(
    *,
    student: Student = None,
    agreement: Annotated[str | None, _AGREEMENT] = None,
    directory: Annotated[bool, typer.Option("--directory", help="Directory information only (34 CFR 99.37).")] = False,
) -> None:
    """Put a family's no on file, for one agreement or for all. In effect on the next request."""
    number = number_of(student)

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).opt_out(number, agreement, directory_only=directory)

    show({"agreement": agreement, "scope": "directory" if directory else "sharing", "entry": run(work())})


def _account(name: str, report: LoadReport, *, dry: bool) -> dict[str, object]:
    """Return the counts of one load; a refused row is named by file and line, with a reason that quotes no cell."""
    if report.refused_rows:
        say(f"{name}: {report.refused_rows} row(s) were refused; what they are about is withheld until it is mended.")
    for reason in report.held:
        say(f"{name}: this load would be held: {reason}.")
    unclassified = report.unclassified
    if count := len(unclassified.codes) + sum(unclassified.others.values()):
        say(f"{name}: {count} value(s) that nobody has classified reach no partner; see `pactgate codes unclassified`.")
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
        "unclassified": {"codes": unclassified.codes, "others": unclassified.others},
    }


def named_agreement(text: str) -> tuple[str, str]:
    """Read an agreement by its name in the files, given as an argument."""
    name, equals, agreement = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not NAME=AGREEMENT", param_hint="--agreements")
    return name.strip(), str(papers.agreement(agreement))


def number_of(student: str | None) -> str:
    """Return the student's number, asked for if it was not given."""
    return student if student is not None else str(typer.prompt("Student number", err=True)).strip()
