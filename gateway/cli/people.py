"""`pactgate people`: whom a partner names under an agreement, and what each of them accepted."""

from pathlib import Path
from typing import Annotated, Final

import typer

from agreements.authored import read_authored
from agreements.canonical import Json, canonical_bytes, read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.people import PEOPLE_ANNEX, read_people
from agreements.documents.undertaking import read_undertaking, undertaking_bytes
from agreements.elements import load_catalogue
from agreements.keys import read_public_file
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from agreements.statement import statement, undertaking_of
from gateway.cli import papers
from gateway.cli.agreement import Approvals, Key, Signed, Yes
from gateway.cli.run import known_trust, office, run, say, show
from gateway.cli.signatures import problems_said

app = typer.Typer(help="People: name them, approve the list, accept the limits.", no_args_is_help=True)

FORMAT: Final = "pactgate-people/1"
Annex = Annotated[Path, typer.Argument(metavar="FILE", help="A list of people in YAML or JSON.")]
SignedAnnex = Annotated[Path, typer.Argument(metavar="SIGNED", help="What `people sign` wrote.")]


@app.command("sign")
def sign(
    *,
    file: Annex,
    agreement: Annotated[str, typer.Option(callback=papers.digest, help="Digest of the agreement, sha256:….")],
    key: Key,
    out: Annotated[Path, typer.Option(help="The signed list to write.")],
) -> None:
    """Sign the list of people as a signer of the partner. A later list of the same agreement takes its place."""
    payload = canonical_bytes(_completed(read_authored(papers.read_file(file)), agreement, file.parent))
    with problems_said():
        annex = read_people(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.PEOPLE_ANNEX, payload, papers.read_key(key))
    papers.write_signed(out, document)
    people = [person.id for person in annex.people]
    say(f"An officer approves who is new in it: pactgate people approve {out}")
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
    content, annex = read_canonical(envelope.payload), read_people(envelope.payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    for person in annex.people:
        key = "" if person.key is None else f", key {person.key.thumbprint}"
        say(f"{person.id} for {annex.agreement}: {person.role}, trained until {person.training.valid_to}{key}.")
    approval = papers.approve(envelope, words_only(PEOPLE_ANNEX, content), content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("register")
def register(*, file: SignedAnnex, approval: Approvals = []) -> None:  # noqa: B006 -- typer reads the default
    """Register a signed list. Who is not in it is out with the next request; who is new comes in by an approval."""
    document = papers.read_signed(file, Kind.PEOPLE_ANNEX)
    approvals = [papers.read_signed(each, Kind.APPROVAL) for each in approval]

    async def work() -> int:
        async with office() as opened:
            return await opened.admissions.name_people(document, approvals)

    entry = run(work())
    if approvals:
        say("Whoever answers for a client accepts next, each school year anew: pactgate people accept")
    else:
        say("Without an approval it only took people out: nobody came in.")
    show({"document": document.digest, "entry": entry})


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
    say(statement(promised))
    if not yes:
        typer.confirm("Do you accept this?", abort=True, err=True)
    payload = undertaking_bytes(undertaking_of(promised, person, school_year))
    read_undertaking(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.UNDERTAKING, payload, papers.read_key(key))
    papers.write_signed(out, document)
    say(f"Send {out} to the district; it counts once it is registered: pactgate people accepted {out}")
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

    entry, accepted_by = run(work()), read_undertaking(document.payload)
    say(f"The clients that {accepted_by.person} answers for may ask until the end of {accepted_by.school_year}.")
    show({"document": document.digest, "entry": entry})


def _completed(content: Json, agreement: str, folder: Path) -> Json:
    """Fill in what nobody should have to copy: the format, the agreement, and the keys that `jwk` names as files."""
    if not isinstance(content, dict):
        return content
    filled: dict[str, Json] = {"format": FORMAT, "agreement": agreement, **content}
    if filled["agreement"] != agreement:
        raise typer.BadParameter(f"the list is for another agreement, {filled['agreement']}")
    people = filled.get("people")
    for each in people if isinstance(people, list) else ():
        if isinstance(each, dict) and isinstance(name := each.get("jwk"), str):
            each["jwk"] = read_public_file(papers.read_file(folder / name)).jwk
    return filled


def _agreement(file: Path) -> Agreement:
    return parse_agreement(papers.read_signed(file, Kind.AGREEMENT).payload, load_catalogue())
