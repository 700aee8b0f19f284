"""`pactgate certificate`: a partner's word that what it received was destroyed, bound to what the log says of it."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import canonical_bytes, read_json
from agreements.documents.destruction import read_certificate
from agreements.errors import MalformedDocument
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.run import office, run, say, show, subject_key_here
from gateway.services.family.inspections import OpenInspections
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.shown import CertificateLine, Figures

app = typer.Typer(help="Certificates of destruction: prepare, sign, register.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]
Digest = Annotated[str, typer.Argument(callback=papers.digest, metavar="DIGEST", help="The agreement, sha256:….")]


class Covers(StrEnum):
    """What is certified."""

    WHOLE = "whole"
    LEAVERS = "leavers"


class Method(StrEnum):
    """How records are destroyed (NIST SP 800-88)."""

    CLEAR = "clear"
    PURGE = "purge"
    DESTROY = "destroy"
    CRYPTOGRAPHIC_ERASURE = "cryptographic_erasure"


@app.command("new")
def new(
    *,
    digest: Digest,
    covers: Annotated[Covers, typer.Option(help="Everything, or the students who left.")] = Covers.WHOLE,
    out: Annotated[Path, typer.Option(help="The file for the partner; it may hold record codes.")],
) -> None:
    """Write what the partner has to certify: disclosures as the log has them, for leavers their record codes too."""

    async def work() -> Figures:
        async with office() as opened:
            return await Obligations(opened.desk).figures(digest, covers.value)

    found = run(work())
    papers.write_new(out, json.dumps(found.content, indent=2).encode() + b"\n", private=True)
    say(f"Send {out} to the partner, who signs it with `pactgate certificate sign`.")
    show({"agreement": digest, "disclosures": found.disclosures, "leavers": len(found.leavers), "file": str(out)})


@app.command("sign")
def sign(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `certificate new` wrote.")],
    what: Annotated[str, typer.Option(callback=papers.filled, help="What was destroyed: which copies, where.")],
    method: Annotated[Method, typer.Option(help="The method (NIST SP 800-88).")],
    how: Annotated[str, typer.Option(callback=papers.filled, help="How it was done.")],
    destroyed_on: Annotated[datetime, typer.Option("--on", formats=_DAY, help="The day of the destruction.")],
    who: Annotated[str, typer.Option(callback=papers.filled, help="Full name of who destroyed it.")],
    witness: Annotated[str, typer.Option(callback=papers.filled, help="Full name of another person who saw it.")],
    key: Annotated[Path, typer.Option("--key", help="Private key of a signer of the partner.")],
    out: Annotated[Path, typer.Option(help="The certificate to write.")],
) -> None:
    """Certify as the partner that the records were destroyed. A partner can compare the figures with its receipts."""
    content = read_json(papers.read_file(file))
    if not isinstance(content, dict):
        raise MalformedDocument(f"{file} is not what `certificate new` wrote.")
    payload = canonical_bytes(
        {
            **content,
            "what": what,
            "how": {"method": method.value, "words": how},
            "destroyed_on": destroyed_on.date().isoformat(),
            "who": who,
            "witness": witness,
        }
    )
    certificate = read_certificate(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.CERTIFICATE, payload, papers.read_key(key))
    papers.write_signed(out, document)
    show({"certificate": document.digest, "agreement": certificate.agreement, "file": str(out)})


@app.command("register")
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `certificate sign` wrote.")],
) -> None:
    """Register a partner's certificate. It is compared with the log first; one over everything closes the agreement."""
    document = papers.read_signed(file, Kind.CERTIFICATE)

    async def work() -> int:
        async with office() as opened:
            inspections = OpenInspections(opened.desk.catalogue, subject_key_here())
            return await Obligations(opened.desk, inspections).certify(document)

    show({"certificate": document.digest, "entry": run(work())})


@app.command("show")
def show_certificates(digest: Digest) -> None:
    """Show the certificates that count for an agreement. Names and record codes stay in the documents."""

    async def work() -> tuple[CertificateLine, ...]:
        async with office() as opened:
            return await Obligations(opened.desk).certificates(digest)

    show(run(work()))
