"""`pactgate signer`: the people who sign for a party, what they may sign, and the keys they sign with."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.signer import LIMITS, ROLES, ROSTERS, Signer, read_signer, signer_bytes
from agreements.keys import SigningKey, read_public_file
from agreements.signature import Kind
from gateway.cli import authority, papers
from gateway.cli.run import known_trust, office, run, say, show
from gateway.cli.signatures import problems_said, sign_all
from gateway.services.keyholders import SignerLine, signer_lines

app = typer.Typer(help="Signers: make a key, introduce its holder, revoke a lost key, list them.", no_args_is_help=True)
app.command("sign")(authority.sign)
app.command("revoke")(authority.revoke)
app.command("register")(authority.register)

PUBLIC_SUFFIX = ".pub.json"
_DAY = ["%Y-%m-%d"]


class Role(StrEnum):
    """For which side a person signs."""

    DISTRICT_SIGNER = "district_signer"
    PARTNER_SIGNER = "partner_signer"


class Limit(StrEnum):
    """What a person may sign for a party."""

    AGREEMENT = "agreement"
    CLIENT_BINDING = "client_binding"
    PEOPLE_ANNEX = "people_annex"
    CERTIFICATE = "certificate"
    SUCCESSION = "succession"
    ROSTER_DECISION = "roster_decision"
    CODE_CLASSIFICATION = "code_classification"
    LOAD_CONFIRMATION = "load_confirmation"


SIGNED_BY_DISTRICT = ("agreement",)
"""What a district signs as a party; everything else is signed by its officers."""


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
    may_sign: Annotated[
        list[Limit] | None, typer.Option("--may-sign", help="Kind of document; repeatable. Else all of that side.")
    ] = None,
    school: Annotated[
        str | None, typer.Option(help="The one school whose rosters the person decides on: a principal.")
    ] = None,
) -> None:
    """Vouch for a signer as an officer. Whoever approves an agreement must not have vouched for its signers alone."""
    key = read_public_file(papers.read_file(public_key))
    side = role.value if role else f"{party.partition(':')[0]}_signer"
    limits = tuple(limit.value for limit in may_sign) if may_sign else (ROSTERS,) if school else _usual(side)
    payload = signer_bytes(Signer(party, side, name, key, valid_from.date(), valid_to.date(), limits, school))
    with problems_said():
        read_signer(payload)  # judged as it will be when it is registered
    officers = [papers.read_key(file) for file in officer_key]
    document = sign_all(Kind.SIGNER, payload, officers)
    for officer in officers:
        papers.hint_unless_officer(officer, known_trust())
    papers.write_signed(out, document)
    show({"document": document.digest, "signer": key.thumbprint, "party": party, "may_sign": limits, "file": str(out)})


@app.command("list")
def list_signers() -> None:
    """List every signer: for whom, what and on which days they may sign, and what was revoked."""

    async def work() -> tuple[SignerLine, ...]:
        async with office() as opened:
            return await signer_lines(opened.desk)

    show(run(work()))


def _usual(role: str) -> tuple[str, ...]:
    return SIGNED_BY_DISTRICT if role == ROLES[0] else LIMITS
