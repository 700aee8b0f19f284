"""`pactgate partner roster`: hand in the students you serve, and see how that stands."""

import uuid
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from gateway.cli import papers
from gateway.cli.partner import (
    Agreement,
    Client,
    Folder,
    Purpose,
    Url,
    client_of,
    details_of,
    fetched,
    problem_said,
    reached,
    unreached,
)
from gateway.cli.run import say
from gateway.http import ROSTERS_PATH
from gateway.services.rosters.lines import RosterUnreadable
from gateway.services.rosters.workbooks import SUFFIXES, roster_of_workbook

app = typer.Typer(help="Rosters: hand in the students you serve, see how that stands.", no_args_is_help=True)
_TYPES = {".csv": "text/csv", ".json": "application/json"}


@app.command("submit")
def submit(  # noqa: PLR0917  Typer's options, named by whoever calls
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The roster, as .csv (UTF-8), .xlsx or .json.")],
    url: Url,
    client: Client,
    folder: Folder,
    agreement: Agreement = None,
    purpose: Purpose = None,
    *,
    whole: Annotated[
        bool, typer.Option("--whole/--additions", help="Nobody else is served any more; or these come to the others.")
    ],
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same for each try to send one roster; else a new one.")
    ] = None,
) -> None:
    """Hand in a roster. The answer is a receipt, and says of no child whether the district knows it."""
    kind, body = _body(file)
    path = f"{ROSTERS_PATH}?covers={'whole' if whole else 'additions'}"
    headers = {"Content-Type": kind, "Idempotency-Key": key or uuid.uuid4().hex}
    with client_of(url, client, folder) as partner:
        granted = reached(partner, details_of(agreement, purpose, None, None, None))
        try:
            answer = partner.post(path, str(granted["access_token"]), body, headers)
        except httpx2.TransportError as error:
            raise unreached(error) from None
    _told(answer)


def _body(file: Path) -> tuple[str, bytes]:
    """Return a roster's bytes and what they are; a workbook is sent as JSON. Raises `FileRefused`, `BadSource`."""
    suffix = file.suffix.lower()
    if suffix in SUFFIXES:
        try:
            return _TYPES[".json"], roster_of_workbook(file)
        except RosterUnreadable as error:
            raise papers.FileRefused(str(error), remedy="Mend it in the workbook, and send that again.") from None
    if suffix not in _TYPES:
        raise typer.BadParameter("the name of a roster ends in .csv, .xlsx or .json", param_hint="FILE")
    return _TYPES[suffix], papers.read_file(file)


@app.command("status")
def status(  # noqa: PLR0917  Typer's options, named by whoever calls
    roster: Annotated[int, typer.Argument(metavar="ROSTER", help="The number in its receipt.", min=0)],
    url: Url,
    client: Client,
    folder: Folder,
    agreement: Agreement = None,
    purpose: Purpose = None,
) -> None:
    """See how a roster of yours stands, and the record codes of those of its lines whom the agreement covers."""
    with client_of(url, client, folder) as partner:
        granted = reached(partner, details_of(agreement, purpose, None, None, None))
        answer = fetched(partner, f"{ROSTERS_PATH}/{roster}", str(granted["access_token"]))
    _told(answer)


def _told(answer: httpx2.Response) -> None:
    typer.echo(answer.text)
    for sentence in problem_said(answer):
        say(sentence)
    if answer.is_error:
        raise typer.Exit(1)
