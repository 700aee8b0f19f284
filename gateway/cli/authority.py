"""What `pactgate officer` and `pactgate signer` do alike with documents that say who may sign."""

from pathlib import Path
from typing import Annotated, Final

import typer

from agreements.canonical import read_canonical
from agreements.documents.officer import read_officer
from agreements.documents.revocation import Revocation, read_revocation, revocation_bytes
from agreements.documents.signer import read_signer
from agreements.keys import PublicKey
from agreements.signature import Envelope, Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import problems_said, read_one_of, sign_again, sign_all

KINDS: Final = (Kind.OFFICER, Kind.SIGNER, Kind.REVOCATION)
Document = Annotated[Path, typer.Argument(metavar="FILE", help="What `introduce` or `revoke` wrote.")]


def sign(*, file: Document, key: Annotated[Path, typer.Option("--key", help="Private key of the next voice.")]) -> None:
    """Add a voice to an introduction or a revocation, after reading what it says."""
    content = read_canonical(read_one_of(file, KINDS).payload)
    if isinstance(content, dict):
        for name, value in sorted(content.items()):
            say(f"{name}: {value}")
    sign_again(file, KINDS, key)


def revoke(
    *,
    thumbprint: Annotated[
        # An option, since a thumbprint may begin with a dash.
        str,
        typer.Option("--thumbprint", callback=papers.thumbprint, help="Thumbprint of the key that is lost."),
    ],
    reason: Reason,
    key: Annotated[
        list[Path],
        typer.Option(
            "--key",
            help="Private key of who revokes: for a signer an officer, another signer of the party, or the key itself; "
            "for an officer the key itself, or two voices. Repeatable.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The revocation to write.")],
    since: Annotated[
        int | None, typer.Option(min=0, help="Entry from which its signatures do not count; else from now on.")
    ] = None,
) -> None:
    """Write and sign the revocation of a key. It acts when it is registered."""
    payload = revocation_bytes(Revocation(thumbprint, since, reason))
    with problems_said():
        read_revocation(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.REVOCATION, payload, [papers.read_key(file) for file in key])
    papers.write_signed(out, document)
    say(f"The key still signs. Register the revocation now: pactgate signer register {out}")
    show({"document": document.digest, "revokes": thumbprint, "since": since, "file": str(out)})


def register(file: Document) -> None:
    """Register an introduction or a revocation; it counts from its entry on."""
    document = read_one_of(file, KINDS)

    async def work() -> int:
        async with office() as opened:
            admissions = opened.admissions
            match document.kind:
                case Kind.REVOCATION:
                    return await admissions.revoke(document)
                case Kind.OFFICER:
                    return await admissions.introduce_officer(document)
                case _:
                    return await admissions.introduce_signer(document)

    subject = _subject(document)
    show({"document": document.digest, "kind": document.kind, "key": subject, "entry": run(work())})


def _subject(document: Envelope) -> str:
    """Return the thumbprint of the key that a document is about."""
    key: PublicKey
    match document.kind:
        case Kind.REVOCATION:
            return read_revocation(document.payload).subject
        case Kind.OFFICER:
            key = read_officer(document.payload).key
        case _:
            key = read_signer(document.payload).key
    return key.thumbprint
