"""`pactgate signer`: the people whose signatures count, and the keys they sign with."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.signer import LIMITS, Signer, read_signer, signer_bytes
from agreements.keys import SigningKey, read_public_file
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.run import known_trust, office, run, say, show

app = typer.Typer(help="Signers: make a key, introduce its holder, register the introduction.", no_args_is_help=True)

PUBLIC_SUFFIX = ".pub.json"
_DAY = ["%Y-%m-%d"]


class Role(StrEnum):
    """For which side a person signs."""

    DISTRICT_SIGNER = "district_signer"
    PARTNER_SIGNER = "partner_signer"


class Algorithm(StrEnum):
    """What documents are signed with."""

    ED25519 = "Ed25519"
    ES256 = "ES256"


@app.command("keygen")
def keygen(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The private key to write, such as dana.pem.")],
    algorithm: Annotated[Algorithm, typer.Option(help="Kind of key.")] = Algorithm.ED25519,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for a passphrase to lock the key with.")
    ] = False,
) -> None:
    """Make a key to sign documents with, for a signer or an officer, and beside it its public half (.pub.json)."""
    locked = None
    if passphrase:
        locked = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    key = SigningKey.generate(algorithm.value)
    public = file.with_name(file.stem + PUBLIC_SUFFIX)
    papers.write_new(file, key.export_pem(locked), private=True)
    papers.write_new(public, json.dumps(key.public.jwk, indent=2).encode() + b"\n")
    say(f"{file} never leaves its owner; give {public} to the district.")
    show({"thumbprint": key.thumbprint, "algorithm": key.public.algorithm, "public_key": str(public)})


@app.command("introduce")
def introduce(
    *,
    party: Annotated[str, typer.Option(help="Who is signed for: district:… or partner:….")],
    name: Annotated[str, typer.Option(help="The person's full name.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="The person's public key (PEM or JWK).")],
    valid_from: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day (UTC).")],
    valid_to: Annotated[datetime, typer.Option("--to", formats=_DAY, help="Last day (UTC), included.")],
    officer_key: Annotated[list[Path], typer.Option("--officer-key", help="Private key of an officer; repeatable.")],
    out: Annotated[Path, typer.Option(help="The signer document to write.")],
    role: Annotated[Role | None, typer.Option(help="Follows from the party if left out.")] = None,
) -> None:
    """Vouch for a signer as an officer. Whoever approves an agreement must not have vouched for its signers alone."""
    key = read_public_file(papers.read_file(public_key))
    side = role.value if role else f"{party.partition(':')[0]}_signer"
    payload = signer_bytes(Signer(party, side, name, key, valid_from.date(), valid_to.date(), LIMITS))
    read_signer(payload)  # judged as it will be when it is registered
    first, *others = [papers.read_key(file) for file in officer_key]
    document = add_signature(None, Kind.SIGNER, payload, first)
    for officer in others:
        document = add_signature(document, Kind.SIGNER, payload, officer)
    for officer in (first, *others):
        papers.hint_unless_officer(officer, known_trust())
    papers.write_signed(out, document)
    show({"document": document.digest, "signer": key.thumbprint, "party": party, "file": str(out)})


@app.command("register")
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `signer introduce` wrote.")],
) -> None:
    """Register a signer whom an officer vouched for."""
    document = papers.read_signed(file, Kind.SIGNER)

    async def work() -> int:
        async with office() as opened:
            return await opened.admissions.introduce_signer(document)

    show({"document": document.digest, "signer": read_signer(document.payload).key.thumbprint, "entry": run(work())})
