"""`pactgate people`: whom a partner names under an agreement, and what each of them accepted."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.authored import read_authored
from agreements.canonical import canonical_bytes, digest_of, read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.people import (
    PEOPLE_ANNEX,
    RESPONSIBLE,
    NamedPerson,
    PeopleAnnex,
    Training,
    people_bytes,
    read_people,
)
from agreements.documents.undertaking import Undertaking, read_undertaking, undertaking_bytes
from agreements.elements import load_catalogue
from agreements.keys import read_public_file
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from agreements.statement import statement
from gateway.cli import papers
from gateway.cli.agreement import Key, Signed, Yes
from gateway.cli.run import known_trust, office, run, say, show

app = typer.Typer(help="People: name them, approve the list, accept the limits.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]
Annex = Annotated[Path, typer.Argument(metavar="FILE", help="A list of people in YAML or JSON.")]
SignedAnnex = Annotated[Path, typer.Argument(metavar="SIGNED", help="What `people sign` wrote.")]


@app.command("name")
def name_person(
    *,
    agreement: Annotated[str, typer.Option(callback=papers.digest, help="Digest of the agreement, sha256:….")],
    person: Annotated[str, typer.Option(help="What the person is called in documents: person:some-short-name.")],
    name: Annotated[str, typer.Option(help="The person's full name.")],
    email: Annotated[str, typer.Option(help="The person's address.")],
    training: Annotated[str, typer.Option(help="What the person was trained in.")],
    trained_on: Annotated[datetime, typer.Option(formats=_DAY, help="Day on which the training was completed.")],
    valid_to: Annotated[datetime, typer.Option(formats=_DAY, help="Last day on which it is valid, included.")],
    out: Annotated[Path, typer.Option(help="The list to write.")],
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="The person's public key: makes them answer for clients.")
    ] = None,
    add_to: Annotated[Path | None, typer.Option(help="A list to add the person to; else a new one.")] = None,
) -> None:
    """Write a list of people with one person more. Whoever has a key in it can answer for a client."""
    named: tuple[NamedPerson, ...] = ()
    if add_to is not None:
        named = read_people(papers.read_file(add_to)).people
    key = None if public_key is None else read_public_file(papers.read_file(public_key))
    trained = Training(training, trained_on.date(), valid_to.date())
    new = NamedPerson(person, name, email, "staff" if key is None else RESPONSIBLE, trained, key)
    payload = people_bytes(PeopleAnnex(agreement, (*named, new)))
    annex = read_people(payload)  # judged as it will be when it is signed
    papers.write_new(out, json.dumps(json.loads(payload), indent=2, ensure_ascii=False).encode() + b"\n")
    show({"agreement": agreement, "people": [each.id for each in annex.people], "file": str(out)})


@app.command("sign")
def sign(
    *,
    file: Annex,
    key: Key,
    out: Annotated[Path, typer.Option(help="The signed list to write.")],
) -> None:
    """Sign the list of people as a signer of the partner. A later list of the same agreement takes its place."""
    payload = canonical_bytes(read_authored(papers.read_file(file)))
    annex = read_people(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.PEOPLE_ANNEX, payload, papers.read_key(key))
    papers.write_signed(out, document)
    people = [person.id for person in annex.people]
    show({"document": document.digest, "agreement": annex.agreement, "people": people, "file": str(out)})


@app.command("approve")
def approve(
    *,
    file: SignedAnnex,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The approval to write.")],
    yes: Yes = False,
) -> None:
    """Approve a list of people as an officer. Without an approval a list only takes people out."""
    envelope = papers.read_signed(file, Kind.PEOPLE_ANNEX)
    content = read_canonical(envelope.payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    approval = papers.approve(envelope, words_only(PEOPLE_ANNEX, content), content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("register")
def register(
    *,
    file: SignedAnnex,
    approval: Annotated[
        list[Path] | None, typer.Option("--approval", help="An officer's approval; repeatable.")
    ] = None,
) -> None:
    """Register a signed list. Who is not in it is out with the next request; who is new comes in by an approval."""
    document = papers.read_signed(file, Kind.PEOPLE_ANNEX)
    approvals = [papers.read_signed(each, Kind.APPROVAL) for each in approval or ()]

    async def work() -> int:
        async with office() as opened:
            return await opened.admissions.name_people(document, approvals)

    show({"document": document.digest, "entry": run(work())})


@app.command("accept")
def accept(
    *,
    agreement: Signed,
    person: Annotated[str, typer.Option(help="Who accepts, as the list names them: person:….")],
    school_year: Annotated[str, typer.Option(help="The school year, such as 2026-2027.")],
    key: Key,
    out: Annotated[Path, typer.Option(help="The undertaking to write.")],
    yes: Yes = False,
) -> None:
    """Read what the agreement asks of you, and accept it for one school year with your own key."""
    promised = _agreement(agreement)
    words = statement(promised)
    say(words)
    if not yes:
        typer.confirm("Do you accept this?", abort=True, err=True)
    undertaking = Undertaking(promised.digest, person, school_year, digest_of(words.encode()))
    payload = undertaking_bytes(undertaking)
    read_undertaking(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.UNDERTAKING, payload, papers.read_key(key))
    papers.write_signed(out, document)
    show({"document": document.digest, "person": person, "school_year": school_year, "file": str(out)})


@app.command("accepted")
def accepted(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `people accept` wrote.")],
) -> None:
    """Register what a person accepted. A client may ask while its responsible person has."""
    document = papers.read_signed(file, Kind.UNDERTAKING)

    async def work() -> int:
        async with office() as opened:
            return await opened.admissions.accept_undertaking(document)

    show({"document": document.digest, "entry": run(work())})


def _agreement(file: Path) -> Agreement:
    return parse_agreement(papers.read_signed(file, Kind.AGREEMENT).payload, load_catalogue())
