"""`pactgate agreement`: from a file a person wrote to rules in force, and back out of force."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from agreements.document import Agreement, parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from agreements.pointer import resolve
from agreements.signature import Envelope, Kind, add_signature, read_envelope
from gateway.cli import drafting, papers, register, reviewing
from gateway.cli.run import known_trust, office, run, say, show
from gateway.services.onboarding import Activated
from gateway.services.overview import AgreementLine, AgreementPage, agreement_lines, agreement_page, element_lines

app = typer.Typer(help="Agreements: draft, review, sign, bring into force, amend, stop, publish.", no_args_is_help=True)

app.command("new")(drafting.new)
app.command("amend")(drafting.amend)
app.command("review")(reviewing.review)
app.command("diff")(reviewing.diff)
app.command("register")(register.register)

SIGNED_SUFFIX = ".signed.json"
Digest = Annotated[str, typer.Argument(callback=papers.digest, metavar="DIGEST", help="The agreement, sha256:….")]
Written = Annotated[Path, typer.Argument(metavar="FILE", help="An agreement in YAML or JSON, or a signed one.")]
Signed = Annotated[Path, typer.Argument(metavar="SIGNED", help="The signed agreement.")]
Key = Annotated[Path, typer.Option("--key", help="Private key file (PEM or JWK), closed to other accounts.")]
Approvals = Annotated[list[Path], typer.Option("--approval", help="An officer's approval; repeatable.")]
Reason = Annotated[str, typer.Option(callback=papers.filled, help="Why, for the register. Never names a student.")]
Acknowledged = Annotated[
    list[str] | None,
    typer.Option(
        "--acknowledge",
        callback=papers.digests,
        help="Digest of what speaks against it and was weighed, such as a debarment that is over; repeatable.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("check")
def check(file: Written) -> None:
    """Say everything that is wrong with an agreement at once, or what it will let leave. Needs no database."""
    try:
        agreement, _ = _read(file)
    except InvalidAgreement as error:
        say(f"{file} has {len(error.problems)} problem(s). {error.remedy}")
        show({"valid": False, "problems": error.problems})
        raise typer.Exit(1) from None
    show(
        {
            "valid": True,
            "digest": agreement.digest,
            "id": agreement.id,
            "version": agreement.version,
            "elements": element_lines(agreement, load_catalogue()),
            "words_only": [{"path": path, "words": resolve(agreement.content, path)} for path in agreement.words_only],
        }
    )


@app.command("sign")
def sign(
    *,
    file: Written,
    key: Key,
    out: Annotated[Path | None, typer.Option(help="Where to; else FILE.signed.json, or the signed FILE.")] = None,
) -> None:
    """Sign an agreement, or add a signature to a signed one. What is not a sound agreement is not signed."""
    agreement, envelope = _judged(file)
    holder = papers.read_key(key)
    signed = add_signature(envelope, Kind.AGREEMENT, agreement.canonical, holder)
    target = out or (file if envelope is not None else file.with_name(file.stem + SIGNED_SUFFIX))
    papers.write_signed(target, signed, replace=envelope is not None and target == file)
    say(f"Signed {agreement.digest} in {target}.")
    if len(signed.signatures) == 1:
        say(f"The other party signs on top of it: pactgate agreement sign {target} --key KEY")
    else:
        say(f"An officer who did not draft it approves: pactgate agreement approve {target} --key KEY --out FILE")
    show({"agreement": signed.digest, "file": str(target), "signers": [item.kid for item in signed.signatures]})


@app.command("approve")
def approve(
    *,
    signed: Signed,
    key: Key,
    out: Annotated[Path, typer.Option(help="The approval to write.")],
    acknowledge: Acknowledged = None,
    yes: Yes = False,
) -> None:
    """Approve a signed agreement as an officer, with the terms that only words carry. They are shown first."""
    envelope = papers.read_signed(signed, Kind.AGREEMENT)
    agreement, _ = _judged(signed)
    officer = papers.read_key(key)
    papers.hint_unless_officer(officer, known_trust())
    if officer.thumbprint == agreement.people.drafted_by:
        say("Careful: this officer drafted the agreement; activation will refuse the approval. A second person acts.")
    if officer.thumbprint in {item.kid for item in envelope.signatures}:
        say("Careful: this officer signed the agreement for a party; activation will refuse the approval.")
    approval = papers.approve(
        envelope,
        agreement.words_only,
        agreement.content,
        officer,
        assume_yes=yes,
        acknowledges=tuple(acknowledge or ()),
    )
    papers.write_signed(out, approval)
    say(f"It comes into force with: pactgate agreement activate {signed} --approval {out}")
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("activate")
def activate(*, signed: Signed, approval: Approvals) -> None:
    """Bring a signed and approved agreement into force. All of it is verified first; a refusal writes nothing."""
    envelope = papers.read_signed(signed, Kind.AGREEMENT)
    approvals = [papers.read_signed(file, Kind.APPROVAL) for file in approval]

    async def work() -> Activated:
        async with office() as opened:
            return await opened.onboarding.activate(envelope, approvals)

    activated = run(work())
    for sentence in _what_is_next(parse_agreement(envelope.payload, load_catalogue()), activated, signed):
        say(sentence)
    show(activated)


@app.command("acknowledge")
def acknowledge_flags(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `agreement approve --acknowledge` wrote.")],
) -> None:
    """File a further approval of an agreement in force: an officer weighed the revocation of a key that signed it."""
    approval = papers.read_signed(file, Kind.APPROVAL)

    async def work() -> int:
        async with office() as opened:
            return await opened.onboarding.acknowledge(approval)

    show({"approval": approval.digest, "entry": run(work())})


@app.command("list")
def list_agreements() -> None:
    """List every registered agreement: where it stands, its term, and how many students it covers today."""

    async def work() -> tuple[AgreementLine, ...]:
        async with office() as opened:
            return await agreement_lines(opened)

    show(run(work()))


@app.command("show")
def show_agreements(
    digest: Annotated[str | None, typer.Argument(callback=papers.digest, help="One agreement; else all.")] = None,
) -> None:
    """Show where each agreement stands and whom it covers today; with a digest, all that one lets leave."""

    async def work() -> AgreementPage | tuple[AgreementLine, ...]:
        async with office() as opened:
            return await (agreement_lines(opened) if digest is None else agreement_page(opened, digest))

    show(run(work()))


def _what_is_next(agreement: Agreement, activated: Activated, signed: Path) -> Iterator[str]:
    """Say since when it is in force, and what is still between it and the partner's first answer."""
    term = agreement.term
    yield f"Entry {activated.entry}: in force from {term.first_day} to {term.last_day} ({term.time_zone})."
    accept = f"pactgate people accept {signed}"
    if agreement.framework:
        yield "A framework grants nothing by itself: draft the agreements that narrow it, with its digest as 'master'."
        return
    if activated.replaced is not None:
        yield f"The version before it, {activated.replaced}, stays in force until then and no longer."
    if activated.replaced is not None and agreement.annexes_carried_over:
        yield f"People and clients carry over, what they accepted does not: {accept}"
    else:
        yield (
            "Nobody can ask yet. The partner names its people (pactgate people sign) and binds its client (pactgate "
            f"client bind); then whoever answers for the client accepts: {accept}"
        )
    if activated.covered == 0:
        yield "It covers no student today: load its roster and what else its population asks for."


def _judged(file: Path) -> tuple[Agreement, Envelope | None]:
    """Read an agreement, saying every problem on the way to refusing it."""
    try:
        return _read(file)
    except InvalidAgreement as error:
        for problem in error.problems:
            say(f"{problem.path or '/'}: {problem.sentence} ({problem.rule}, {problem.source})")
        raise


def _read(file: Path) -> tuple[Agreement, Envelope | None]:
    raw = papers.read_file(file)
    envelope = read_envelope(raw, Kind.AGREEMENT) if papers.is_signed(raw) else None
    return parse_agreement(raw if envelope is None else envelope.payload, load_catalogue()), envelope
