"""Stopping an agreement or a partner, and undoing a stop by an officer's document, of these or of a client."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.reinstatement import Reinstatement, read_reinstatement, reinstatement_bytes
from agreements.lifecycle import Standing
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Digest, Reason, Yes
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import sign_as_officer


def suspend(*, digest: Digest, reason: Reason) -> None:
    """Stop an agreement until an officer reinstates it. The next request is refused."""
    entry = _stop(digest, Standing.SUSPENDED, reason)
    say(f"An officer undoes it with: pactgate agreement reinstatement {digest} --undoes {entry}")


def terminate(*, digest: Digest, reason: Reason, yes: Yes = False) -> None:
    """End an agreement for good. The next request is refused, and nothing brings it back."""
    if not yes:
        typer.confirm(f"Terminate {digest} for good?", abort=True, err=True)
    _stop(digest, Standing.TERMINATED, reason)
    say("What the partner owes begins: pactgate obligation list, then pactgate certificate new.")


def reinstatement(
    *,
    digest: Digest,
    undoes: Annotated[int, typer.Option(help="Entry of the suspension; `agreement show` gives it.")],
    reason: Reason,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign the document that undoes one suspension of an agreement."""
    reinstate_subject(digest, undoes, reason, officer_key, out)


def reinstate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `agreement reinstatement` wrote.")],
) -> None:
    """Undo a suspension by the document an officer signed."""
    register_reinstatement(file)


def suspend_partner(
    *, partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The partner, partner:….")], reason: Reason
) -> None:
    """Stop a partner until an officer reinstates it: every agreement, every client, and what it gets meanwhile."""

    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.suspend_partner(partner, reason)

    entry = run(work())
    say(f"Stopped by entry {entry}. An officer undoes it: pactgate parties reinstatement {partner} --undoes {entry}")
    show({"partner": partner, "standing": "suspended", "entry": entry})


def partner_reinstatement(
    *,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The partner, partner:….")],
    undoes: Annotated[int, typer.Option(help="Entry of the suspension; `parties list` gives it.")],
    reason: Reason,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign the document that undoes one suspension of a partner."""
    reinstate_subject(partner, undoes, reason, officer_key, out)


def reinstate_partner(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `parties reinstatement` wrote.")],
) -> None:
    """Undo a suspension by the document an officer signed."""
    register_reinstatement(file)


def reinstate_subject(subject: str, undoes: int, reason: str, officer_key: Path, out: Path) -> None:
    """Write the document that undoes one suspension, of an agreement, a partner or a client."""
    payload = reinstatement_bytes(Reinstatement(subject, undoes, reason))
    read_reinstatement(payload)  # judged as it will be when it is registered
    document = sign_as_officer(Kind.REINSTATEMENT, payload, officer_key, out)
    say("Nothing is undone yet: it acts when it is registered.")
    show({"reinstatement": document.digest, "subject": subject, "undoes": undoes, "file": str(out)})


def register_reinstatement(file: Path) -> None:
    """Undo a suspension by the signed document in `file`."""
    document = papers.read_signed(file, Kind.REINSTATEMENT)

    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.reinstate(document)

    entry = run(work())
    say("The stop is undone, within the agreement's term.")
    show({"entry": entry})


def _stop(digest: str, standing: Standing, reason: str) -> int:
    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.stop_agreement(digest, standing, reason)

    entry = run(work())
    say(f"Stopped by entry {entry}.")
    show({"agreement": digest, "standing": standing.value, "entry": entry})
    return entry
