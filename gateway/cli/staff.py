"""
`pactgate staff`: the people who sign in, and their roles.

Nobody is named here: a person is a random id, and an identity a commitment, whose check number the person reads out.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import read_canonical
from agreements.documents.reading import PARTY, PERSON
from agreements.documents.staff_role import StaffRole, read_staff_role, staff_role_bytes
from agreements.roles import Role
from agreements.shapes import USER
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import problems_said, sign_again, sign_all
from gateway.cli.stops import reinstate_subject
from gateway.services.staff.invitations import MOST_HOURS, USUAL_HOURS, Invitation, redeem
from gateway.services.staff.office import StaffLine, StaffOffice
from gateway.services.standing.identity import Identity, Person, Realm

app = typer.Typer(help="Staff: invite who signs in, give and end roles, suspend, list.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]


def _user(text: str | None) -> str | None:
    return papers.shaped(text, USER)


def _party(text: str) -> str | None:
    return papers.shaped(text, PARTY)


def _named(text: str | None) -> str | None:
    return papers.shaped(text, PERSON)


Who = Annotated[str, typer.Argument(metavar="PERSON", callback=_user, help="Who, by the id that `list` shows: user:….")]
Given = Annotated[Path, typer.Argument(metavar="FILE", help="What `staff role` wrote.")]


@app.command("invite")
def invite(
    *,
    party: Annotated[str, typer.Option(callback=_party, help="Whose staff: district:… or partner:….")],
    hours: Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="Hours in which it can be used.")] = USUAL_HOURS,
    person: Annotated[
        str | None, typer.Option(callback=_user, help="Somebody known, who signs in by another identity from now on.")
    ] = None,
) -> None:
    """Make a code that somebody uses once, at the first sign-in. It gives no role."""

    async def work() -> Invitation:
        async with office() as opened:
            return await StaffOffice(opened.desk).invite(party, hours, person)

    made = run(work())
    say("Give the code to this one person, by hand or in a letter of its own. It is shown once.")
    say("Before two officers sign a role, the person reads out the check number that the page shows after the sign-in.")
    show({"person": made.person, "party": made.party, "expires_at": made.expires_at, "code": made.code})


@app.command("link")
def link(
    *,
    realm: Annotated[Realm, typer.Option(help="By which registration the person signs in.")],
    issuer: Annotated[str, typer.Option(help="The identity provider's issuer, as its metadata say.")],
) -> None:
    """Take up an invitation for somebody, whose code and subject are asked for. Without a role it opens nothing."""
    code = typer.prompt("Code", hide_input=True, err=True)
    subject = typer.prompt("Subject", hide_input=True, err=True)

    async def work() -> Person:
        async with office() as opened, opened.engine.begin() as connection:
            return await redeem(connection, code, Identity(realm, issuer, subject))

    person = run(work())
    show({"person": person.id, "party": person.party, "identity": person.commitment, "check": person.check_number})


@app.command("role")
def role(
    *,
    person: Annotated[str, typer.Option(callback=_user, help="Who gains the role, user:….")],
    identity: Annotated[str, typer.Option(callback=papers.digest, help="The commitment that `list` shows, sha256:….")],
    role: Annotated[Role, typer.Option(help="Which role.")],
    party: Annotated[str, typer.Option(callback=_party, help="Whose staff it is: district:… or partner:….")],
    first_day: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day (UTC).")],
    last_day: Annotated[datetime, typer.Option("--to", formats=_DAY, help="Last day (UTC), 400 days on at most.")],
    officer_key: Annotated[
        list[Path], typer.Option("--officer-key", help="Private key of an officer who is not the person; repeatable.")
    ],
    own_key: Annotated[
        str | None,
        typer.Option(callback=papers.thumbprint, help="Of an officer: the thumbprint of the officer's own key."),
    ] = None,
    named_as: Annotated[
        str | None, typer.Option(callback=_named, help="Of partner staff: the id in the partner's lists, person:….")
    ] = None,
    reason: Reason,
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign a role. It takes two officers, and neither is the person who gains it."""
    given = StaffRole(person, identity, role, party, first_day.date(), last_day.date(), reason, own_key, named_as)
    payload = staff_role_bytes(given)
    with problems_said():
        read_staff_role(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.STAFF_ROLE, payload, [papers.read_key(each) for each in officer_key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second officer signs it too: pactgate staff sign {out} --key KEY")
    show({"document": document.digest, "person": person, "role": role.value, "file": str(out)})


@app.command("sign")
def sign(
    *, file: Given, key: Annotated[Path, typer.Option("--key", help="Private key of the second officer.")]
) -> None:
    """Add a signature to a role, after reading what it says and hearing the check number from the person."""
    content = read_canonical(papers.read_signed(file, Kind.STAFF_ROLE).payload)
    said = content if isinstance(content, dict) else {}
    for part, value in sorted(said.items()):
        say(f"{part}: {value}")
    say(f"check number: {Person('', '', str(said.get('identity'))).check_number}")
    sign_again(file, (Kind.STAFF_ROLE,), key)


@app.command("register")
def register(file: Given) -> None:
    """Bring a role into force."""
    document = papers.read_signed(file, Kind.STAFF_ROLE)

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).give(document)

    show({"document": document.digest, "entry": run(work())})


@app.command("end")
def end(
    *,
    document: Annotated[str, typer.Argument(metavar="DIGEST", callback=papers.digest, help="Digest of the role.")],
    reason: Reason,
) -> None:
    """End a role before its last day. It takes one person, acts on the next request, and is for good."""

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).end(document, reason)

    show({"document": document, "entry": run(work())})


@app.command("suspend")
def suspend(*, person: Who, reason: Reason) -> None:
    """Stop somebody in every role until an officer reinstates them. The next request is refused."""

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).suspend(person, reason)

    entry = run(work())
    say(f"Stopped by entry {entry}. An officer undoes it: pactgate staff reinstatement {person} --undoes {entry}")
    show({"person": person, "standing": "suspended", "entry": entry})


@app.command("end-sessions")
def end_sessions(*, person: Who) -> None:
    """End every session of somebody: a lost laptop, a browser left open. Roles stay, and signing in again works."""

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).end_sessions(person)

    show({"person": person, "ended": run(work())})


@app.command("reinstatement")
def reinstatement(
    *,
    person: Who,
    undoes: Annotated[int, typer.Option(help="Entry of the suspension; `list` gives it.")],
    reason: Reason,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign the document that undoes one suspension; nobody undoes their own."""
    reinstate_subject(person, undoes, reason, officer_key, out)


@app.command("reinstate")
def reinstate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `staff reinstatement` wrote.")],
) -> None:
    """Undo a suspension by the document an officer signed. Roles that did not end meanwhile count again."""
    document = papers.read_signed(file, Kind.REINSTATEMENT)

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).reinstate(document)

    show({"entry": run(work())})


@app.command("erase")
def erase(
    *,
    person: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase the identity of somebody who left, and with it every role. The log keeps an id that leads nowhere."""
    if not yes:
        typer.confirm(f"Erase who {person} is, for good?", abort=True, err=True)

    async def work() -> int:
        async with office() as opened:
            return await StaffOffice(opened.desk).erase(person)

    show({"person": person, "entry": run(work())})


@app.command("list")
def list_staff() -> None:
    """List everybody who may sign in: the check number, whether suspended, and the roles with their days."""

    async def work() -> tuple[StaffLine, ...]:
        async with office() as opened:
            return await StaffOffice(opened.desk).people()

    show(run(work()))
