"""`pactgate client`: a partner's machines, each bound by its keys to one agreement."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from agreements.canonical import Json, canonical_bytes, read_canonical
from agreements.documents.binding import CLIENT_BINDING, CLIENT_SECRET, read_binding, read_keys
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.agreement import Approvals, Reason, Yes
from gateway.cli.run import known_trust, office, run, say, show
from gateway.cli.stops import register_reinstatement, reinstate_subject
from gateway.services.overview import ClientLine, client_lines

app = typer.Typer(help="Clients: bind keys to an agreement, approve, register, stop.", no_args_is_help=True)

Client = Annotated[str, typer.Argument(callback=papers.client_id, metavar="CLIENT", help="The client, client:….")]
Binding = Annotated[Path, typer.Argument(metavar="FILE", help="What `client bind` wrote.")]
_DAY = ["%Y-%m-%d"]
OfficerKey = Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")]


@app.command("bind")
def bind(
    *,
    agreement: Annotated[str, typer.Option(callback=papers.digest, help="Digest of the agreement, sha256:….")],
    jwks: Annotated[Path | None, typer.Option(help="The public key set, as `partner keygen` prints it.")] = None,
    jwks_url: Annotated[str | None, typer.Option(help="Or the https address where the keys are published.")] = None,
    responsible: Annotated[str, typer.Option(help="Who answers for the client, as the list of people names them.")],
    signer_key: Annotated[Path, typer.Option("--signer-key", help="Private key of a signer of the partner.")],
    out: Annotated[Path, typer.Option(help="The client binding to write.")],
    client: Annotated[
        str | None, typer.Option(callback=papers.client_id, help="A known client; else a new id.")
    ] = None,
    operator: Annotated[str | None, typer.Option(help="The listed subrecipient that runs the client, if any.")] = None,
    allow_address: Annotated[
        list[str], typer.Option(help="A network it asks from, such as 192.0.2.0/24; repeat it.")
    ] = [],  # noqa: B006 - typer's own form of a repeated option
    compatibility: Annotated[
        bool, typer.Option("--compatibility", help="Instead of keys: a program that knows only a secret.")
    ] = False,
    contact: Annotated[
        list[str], typer.Option(help="security:MAILBOX or technical:MAILBOX, of a function; repeat it.")
    ] = [],  # noqa: B006 - typer's own form of a repeated option
    last_day: Annotated[datetime | None, typer.Option(formats=_DAY, help="The binding's last day.")] = None,
    earlier_last_day: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="The last day of the client's earlier bindings.")
    ] = None,
) -> None:
    """Bind a client's public keys to an agreement, signed by the partner's signer. No private key is read but that."""
    chosen = client or f"client:{uuid4()}"
    content: dict[str, Json] = {
        "format": "pactgate-client-binding/1",
        "agreement": agreement,
        "client": chosen,
        "responsible": responsible,
    }
    optional: dict[str, Json] = {
        "jwks": None if jwks is None else {"keys": [key.jwk for key in read_keys(papers.read_file(jwks))]},
        "jwks_url": jwks_url,
        "compatibility": CLIENT_SECRET if compatibility else None,
        "operator": operator,
        "allowed_addresses": [*allow_address] or None,
        "contacts": [_contact(each) for each in contact] or None,
        "last_day": None if last_day is None else last_day.date().isoformat(),
        "earlier_last_day": None if earlier_last_day is None else earlier_last_day.date().isoformat(),
    }
    payload = canonical_bytes(content | {name: value for name, value in optional.items() if value is not None})
    bound = read_binding(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.CLIENT_BINDING, payload, papers.read_key(signer_key))
    papers.write_signed(out, document)
    say(f"An officer compares the keys with the partner and approves: pactgate client approve {out}")
    show(
        {
            "client": chosen,
            "document": document.digest,
            "agreement": agreement,
            "keys": [key.thumbprint for key in bound.keys],
            "file": str(out),
        }
    )


@app.command("approve")
def approve(
    *,
    file: Binding,
    officer_key: OfficerKey,
    out: Annotated[Path, typer.Option(help="The approval to write.")],
    yes: Yes = False,
) -> None:
    """Approve a client binding as an officer. Compare the keys' thumbprints with the partner first."""
    envelope = papers.read_signed(file, Kind.CLIENT_BINDING)
    bound, content = read_binding(envelope.payload), read_canonical(envelope.payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    if bound.compatibility:
        say("WITHOUT KEYS: whoever has its secret or a token of it, and asks from its addresses, is taken for it.")
    keys = bound.jwks_url or ", ".join(key.thumbprint for key in bound.keys)
    say(f"{bound.client} for {bound.agreement}, with the keys {keys}.")
    if bound.allowed_addresses:
        say(f"It asks from {', '.join(str(each) for each in bound.allowed_addresses)}.")
    if bound.last_day is not None:
        say(f"Its last day is {bound.last_day}.")
    if bound.earlier_last_day is not None:
        say(f"The last day of its earlier bindings is {bound.earlier_last_day}.")
    run_by = "the partner itself" if bound.operator is None else bound.operator
    say(f"{bound.responsible} answers for it, and {run_by} runs it.")
    approval = papers.approve(envelope, words_only(CLIENT_BINDING, content), content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("register")
def register(
    *,
    file: Binding,
    approval: Approvals,
    name: Annotated[str, typer.Option(callback=papers.filled, help="What the district calls this client.")],
) -> None:
    """Let a bound and approved client in, under an agreement in force."""
    document = papers.read_signed(file, Kind.CLIENT_BINDING)
    approvals = [papers.read_signed(each, Kind.APPROVAL) for each in approval]

    async def work() -> str:
        async with office() as opened:
            return await opened.admissions.register_client(document, approvals, name)

    registered, responsible = run(work()), read_binding(document.payload).responsible
    say(f"Send {registered} to the partner. It may ask while {responsible} is named, trained, and has accepted.")
    show({"client": registered, "document": document.digest})


@app.command("suspend")
def suspend(*, client: Client, reason: Reason) -> None:
    """Stop a client until an officer reinstates it. Its next request is refused, whatever token it holds."""

    async def work() -> int:
        async with office() as opened:
            return await opened.suspensions.suspend_client(client, reason)

    entry = run(work())
    say(f"Stopped by entry {entry}. An officer undoes it: pactgate client reinstatement {client} --undoes {entry}")
    show({"client": client, "standing": "suspended", "entry": entry})


@app.command("reinstatement")
def reinstatement(
    *,
    client: Client,
    undoes: Annotated[int, typer.Option(help="Entry of the suspension; `client show` gives it.")],
    reason: Reason,
    officer_key: OfficerKey,
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign the document that undoes one suspension of a client."""
    reinstate_subject(client, undoes, reason, officer_key, out)


@app.command("activate")
def activate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `client reinstatement` wrote.")],
) -> None:
    """Undo a suspension by the document an officer signed."""
    register_reinstatement(file)


@app.command("list", help="Show every client whose binding is in force, its keys, and how many days are left.")
@app.command("show")
def show_clients() -> None:
    """Show every client whose binding is in force, and what stops it."""

    async def work() -> tuple[ClientLine, ...]:
        async with office() as opened:
            return await client_lines(opened)

    show(run(work()))


def _contact(written: str) -> Json:
    role, _, mailbox = written.partition(":")
    return {"role": role, "mailbox": mailbox}
