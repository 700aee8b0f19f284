"""`pactgate agreement`: from a file a person wrote to rules in force, and back out of force."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.document import Agreement, parse_agreement
from agreements.documents.reinstatement import Reinstatement, read_reinstatement, reinstatement_bytes
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from agreements.lifecycle import Standing
from agreements.pointer import resolve
from agreements.signature import Envelope, Kind, add_signature, read_envelope
from gateway.cli import drafting, papers, register, reviewing
from gateway.cli.run import known_trust, office, run, say, show
from gateway.services.onboarding import Activated
from gateway.services.overview import AgreementLine, AgreementPage, agreement_lines, agreement_page, element_lines

app = typer.Typer(help="Agreements: check, sign, approve, bring into force, stop.", no_args_is_help=True)

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
    show({"agreement": signed.digest, "file": str(target), "signers": [item.kid for item in signed.signatures]})


@app.command("approve")
def approve(
    *,
    signed: Signed,
    key: Key,
    out: Annotated[Path, typer.Option(help="The approval to write.")],
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
    approval = papers.approve(envelope, agreement.words_only, agreement.content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
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
    say(f"In force since entry {activated.entry}, within its term.")
    show(activated)


@app.command("suspend")
def suspend(*, digest: Digest, reason: Reason) -> None:
    """Stop an agreement until an officer reinstates it. The next request is refused."""
    _stop(digest, Standing.SUSPENDED, reason)


@app.command("terminate")
def terminate(*, digest: Digest, reason: Reason, yes: Yes = False) -> None:
    """End an agreement for good. The next request is refused, and nothing brings it back."""
    if not yes:
        typer.confirm(f"Terminate {digest} for good?", abort=True, err=True)
    _stop(digest, Standing.TERMINATED, reason)


@app.command("reinstatement")
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


@app.command("reinstate")
def reinstate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `agreement reinstatement` wrote.")],
) -> None:
    """Undo a suspension by the document an officer signed."""
    register_reinstatement(file)


@app.command("show")
def show_agreements(
    digest: Annotated[str | None, typer.Argument(callback=papers.digest, help="One agreement; else all.")] = None,
) -> None:
    """Show where each agreement stands and whom it covers today; with a digest, all that one lets leave."""

    async def work() -> AgreementPage | tuple[AgreementLine, ...]:
        async with office() as opened:
            return await (agreement_lines(opened) if digest is None else agreement_page(opened, digest))

    show(run(work()))


def reinstate_subject(subject: str, undoes: int, reason: str, officer_key: Path, out: Path) -> None:
    """Write the document that undoes one suspension, of an agreement or of a client."""
    payload = reinstatement_bytes(Reinstatement(subject, undoes, reason))
    read_reinstatement(payload)  # judged as it will be when it is registered
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    document = add_signature(None, Kind.REINSTATEMENT, payload, officer)
    papers.write_signed(out, document)
    show({"reinstatement": document.digest, "subject": subject, "undoes": undoes, "file": str(out)})


def register_reinstatement(file: Path) -> None:
    """Undo a suspension by the signed document in `file`."""
    document = papers.read_signed(file, Kind.REINSTATEMENT)

    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.reinstate(document)

    show({"entry": run(work())})


def _stop(digest: str, standing: Standing, reason: str) -> None:
    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.stop_agreement(digest, standing, reason)

    entry = run(work())
    say(f"Stopped by entry {entry}.")
    show({"agreement": digest, "standing": standing.value, "entry": entry})


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
