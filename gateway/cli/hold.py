"""`pactgate hold`: records are kept although their destruction is due, as long as an officer's hold is open."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.hold import Hold, Release, hold_bytes, read_hold, read_release, release_bytes
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import sign_as_officer
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.shown import HoldLine

app = typer.Typer(help="Holds: keep records although their destruction is due.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]
OfficerKey = Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")]
Out = Annotated[Path, typer.Option(help="The document to write.")]
Reason = Annotated[str, typer.Option(callback=papers.filled, help="Why. Never names a student.")]


class Why(StrEnum):
    """What a hold is for."""

    LEGAL = "legal"
    INSPECTION = "inspection"


@app.command("sign")
def sign(
    *,
    digest: Annotated[str, typer.Argument(callback=papers.digest, metavar="DIGEST", help="The agreement, sha256:….")],
    kind: Annotated[Why, typer.Option(help="A duty to keep evidence, or a family's open request to inspect.")],
    since: Annotated[datetime, typer.Option(formats=_DAY, help="The day on which the reason arose.")],
    reason: Reason,
    officer_key: OfficerKey,
    out: Out,
) -> None:
    """Write and sign a hold on the records of an agreement, as an officer."""
    payload = hold_bytes(Hold(digest, kind.value, since.date(), reason))
    read_hold(payload)  # judged as it will be when it is placed
    document = sign_as_officer(Kind.HOLD, payload, officer_key, out)
    show({"hold": document.digest, "agreement": digest, "file": str(out)})


@app.command("place")
def place(file: Annotated[Path, typer.Argument(metavar="FILE", help="What `hold sign` wrote.")]) -> None:
    """Place a hold. From now on nothing of the agreement is due for destruction, and no certificate is taken."""
    document = papers.read_signed(file, Kind.HOLD)

    async def work() -> int:
        async with office() as opened:
            return await Obligations(opened.desk).place_hold(document)

    entry = run(work())
    say("Tell the partner to keep the records.")
    show({"hold": document.digest, "entry": entry})


@app.command("sign-release")
def sign_release(
    *,
    hold: Annotated[str, typer.Argument(callback=papers.digest, metavar="HOLD", help="The hold, sha256:….")],
    reason: Reason,
    officer_key: OfficerKey,
    out: Out,
) -> None:
    """Write and sign the release of a hold, as an officer."""
    payload = release_bytes(Release(hold, reason))
    read_release(payload)  # judged as it will be when it is filed
    document = sign_as_officer(Kind.RELEASE, payload, officer_key, out)
    show({"release": document.digest, "hold": hold, "file": str(out)})


@app.command("release")
def release(file: Annotated[Path, typer.Argument(metavar="FILE", help="What `hold sign-release` wrote.")]) -> None:
    """Release a hold. The period of destruction begins anew today if it had begun before."""
    document = papers.read_signed(file, Kind.RELEASE)

    async def work() -> int:
        async with office() as opened:
            return await Obligations(opened.desk).release_hold(document)

    show({"release": document.digest, "entry": run(work())})


@app.command("list")
def list_holds() -> None:
    """Show every hold, open or released. Reasons stay in the documents."""

    async def work() -> tuple[HoldLine, ...]:
        async with office() as opened:
            return await Obligations(opened.desk).holds()

    lines = run(work())
    for line in lines:
        if line.overdue:
            say(f"Careful: a family asked to inspect on {line.since} and had to be answered by {line.inspect_by}.")
    show(lines)
