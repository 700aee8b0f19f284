"""`pactgate records confirmation|sign-confirmation`: two people let a load through that was held."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.load_confirmation import LoadConfirmation, read_load_confirmation
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.codes import District, StewardKeys
from gateway.cli.progress import progress
from gateway.cli.records import agreements_by_name
from gateway.cli.run import office, run, say, settings, show
from gateway.cli.signatures import sign_again, sign_all
from gateway.keys import load_keys
from gateway.services.confirmations import confirmation_bytes
from gateway.services.stewardship import LoadReport, Stewardship, read_mappings


class NothingHeld(papers.FileRefused):
    """The load would not be held: there is nothing to confirm."""

    code = "nothing_held"


def confirmation(
    *,
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="The export: a folder or a zip archive.")],
    mapping: Annotated[Path, typer.Option(help="The mapping file, or shipped:NAME.")],
    agreements: Annotated[
        list[str] | None,
        typer.Option("--agreements", metavar="NAME=AGREEMENT", help="As for `records load`."),
    ] = None,
    delta: Annotated[list[Path] | None, typer.Option(help="As for `records load`.")] = None,
    party: District,
    reason: Reason,
    key: StewardKeys,
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign what lets exactly this load through, which would be held: of these files, with these counts."""
    (chosen,) = read_mappings([mapping])
    named = agreements_by_name(agreements or ())
    subject_key = load_keys(settings().keys).subject

    async def work() -> tuple[LoadReport, date]:
        async with office() as opened:
            steward = Stewardship(opened)
            with progress(f"Reading for {chosen.name}") as tell:
                tried = await steward.load(
                    chosen, folder, subject_key, deltas=delta or (), agreements=named, strict=False, dry=True, tell=tell
                )
            return tried, await steward.today()

    tried, today = run(work())
    if tried.described is None:
        raise NothingHeld("This load would not be held.", remedy="Load it: there is nothing to confirm.")
    payload = confirmation_bytes(party, today, tried.described, reason)
    document = sign_all(Kind.LOAD_CONFIRMATION, payload, [papers.read_key(each) for each in key])
    papers.write_signed(out, document)
    _say(read_load_confirmation(payload))
    if len(document.signatures) == 1:
        say(f"A second person signs it too: pactgate records sign-confirmation {out} --key KEY")
    show({"document": document.digest, "held": tried.held, "file": str(out)})


def sign_confirmation(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `records confirmation` wrote.")],
    key: Annotated[Path, typer.Option("--key", help="Private key of the second person: a steward or an officer.")],
) -> None:
    """Add a signature to the confirmation of a load, after reading what the load does."""
    _say(read_load_confirmation(papers.read_signed(file, Kind.LOAD_CONFIRMATION).payload))
    sign_again(file, (Kind.LOAD_CONFIRMATION,), key)


def _say(said: LoadConfirmation) -> None:
    for each in said.load.targets:
        say(
            f"{each.target} ({each.file}): of {each.in_force} rows in force {each.ended} end and {each.changed} change;"
            f" {each.added} begin."
        )
    say(f"{said.load.file_count} file(s). {said.reason}")
