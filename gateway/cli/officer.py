"""`pactgate officer`: the privacy officers, beyond those pinned at the start; nobody is made one by a single person."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.officer import OfficerIntroduction, officer_bytes, read_officer
from agreements.keys import read_public_file
from agreements.signature import Kind
from gateway.cli import authority, papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import problems_said, sign_all
from gateway.services.keyholders import OfficerLine, officer_lines

app = typer.Typer(help="Officers: introduce another one, revoke a lost key, list them.", no_args_is_help=True)
app.command("sign")(authority.sign)
app.command("revoke")(authority.revoke)
app.command("register")(authority.register)

_DAY = ["%Y-%m-%d"]


@app.command("introduce")
def introduce(
    *,
    name: Annotated[str, typer.Option(help="The person's full name.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="The person's public key (PEM or JWK).")],
    valid_from: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day in office (UTC).")],
    reason: Reason,
    key: Annotated[
        list[Path],
        typer.Option(
            "--key", help="Private key of an officer, or of the district's signer as second voice. Repeatable."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The officer document to write.")],
    replaces: Annotated[
        str | None, typer.Option(callback=papers.thumbprint, help="Thumbprint of the key that the person lost.")
    ] = None,
) -> None:
    """Introduce an officer, or an officer's new key. It takes two voices, the second on another machine if need be."""
    held = read_public_file(papers.read_file(public_key))
    payload = officer_bytes(OfficerIntroduction(name, held, valid_from.date(), replaces, reason))
    with problems_said():
        read_officer(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.OFFICER, payload, [papers.read_key(file) for file in key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second voice signs it too: pactgate officer sign {out} --key KEY")
    show({"document": document.digest, "officer": held.thumbprint, "replaces": replaces, "file": str(out)})


@app.command("list")
def list_officers() -> None:
    """List every officer's key: who holds it, by which entry it came, and from which entry on it does not count."""

    async def work() -> tuple[OfficerLine, ...]:
        async with office() as opened:
            return await officer_lines(opened.desk)

    show(run(work()))
