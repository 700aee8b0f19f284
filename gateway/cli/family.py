"""`pactgate family`: what families ask, until when they are answered, and the answer, each signed by an officer."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from agreements.documents.family import (
    Asked,
    Capacity,
    FamilyRequest,
    FamilyStep,
    Identified,
    Step,
    family_request_bytes,
    family_step_bytes,
    read_family_request,
    read_family_step,
)
from agreements.signature import Envelope, Kind, add_signature
from gateway.cli import papers
from gateway.cli.records import number_of
from gateway.cli.run import known_trust, office, run, say, settings, show
from gateway.cli.signatures import problems_said
from gateway.cli.statements import element_ids
from gateway.keys import load_keys
from gateway.services.accounting.inspected import Inspected, Inspections
from gateway.services.emergencies.papers import Students
from gateway.services.family.requests import FamilyRequests, due
from gateway.services.family.shown import Asks, RequestLine
from gateway.services.office import Office

app = typer.Typer(
    help="What families ask: to inspect, amend, be heard, see an accounting, have a copy, stop.", no_args_is_help=True
)

_DAY = ["%Y-%m-%d"]
Entry = Annotated[int, typer.Argument(metavar="ENTRY", min=0, help="The entry that received the request.")]
OfficerKey = Annotated[Path, typer.Option("--officer-key", help="Private key of the officer who handles it.")]
Evidence = Annotated[Path | None, typer.Option(help="The letter, or another file; its digest is recorded.")]


@app.command("request")
def request(
    *,
    kind: Annotated[Asked, typer.Argument(help="What is asked for.")],
    received_on: Annotated[datetime, typer.Option(formats=_DAY, help="The day on which it was received.")],
    capacity: Annotated[Capacity, typer.Option(help="As what somebody asks.")],
    identified_by: Annotated[Identified, typer.Option(help="How you knew who asks (34 CFR 99.31(c)).")],
    officer_key: OfficerKey,
    restricted: Annotated[
        bool, typer.Option("--restricted", help="A court's order or a law restricts the rights of whoever asks.")
    ] = False,
    element: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What is contested: a name or an id; repeatable.")
    ] = None,
    follows: Annotated[int | None, typer.Option(min=0, help="For a hearing: the entry of the refused request.")] = None,
    evidence: Evidence = None,
    student: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The student's number; asked for if left out.")
    ] = None,
) -> None:
    """Take in what a family asks. From now on a request to inspect keeps every record of the student."""
    digest = None if evidence is None else papers.digest_of_file(evidence)
    contested = tuple(element_ids(element or []))
    students = Students((number_of(student),))
    received = received_on.date()

    async def work() -> tuple[int, FamilyRequest, Envelope]:
        async with office() as opened:
            requests = _requests(opened)
            asked = FamilyRequest(
                kind=kind,
                received_on=received,
                answer_by=due(kind, received, settings().family_days),
                capacity=capacity,
                identified_by=identified_by,
                restricted=restricted,
                student=students.commitment,
                elements=contested,
                follows=None if follows is None else await requests.digest_of(follows),
                evidence=digest,
            )
            payload = family_request_bytes(asked)
            with problems_said():
                read_family_request(payload)
                document = _signed(Kind.FAMILY_REQUEST, payload, officer_key)
                return await requests.receive(document, students), asked, document

    entry, asked, document = run(work())
    say(f"Answer by {asked.answer_by}. Later commands name entry {entry}.")
    show({"entry": entry, "kind": asked.kind, "answer_by": asked.answer_by, "document": document.digest})


@app.command("list")
def list_requests(
    *, everything: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False
) -> None:
    """Show what families wait for, who is due first at the top. Exit code 1 if anything is overdue."""

    async def work() -> tuple[RequestLine, ...]:
        async with office() as opened:
            return await _requests(opened).listed()

    lines = run(work())
    show([line for line in sorted(lines, key=lambda line: (line.answer_by, line.entry)) if everything or line.open])
    overdue = [line for line in lines if line.overdue]
    for line in overdue:
        say(f"Overdue since {line.answer_by}: {line.kind}, entry {line.entry}.")
    if overdue:
        raise typer.Exit(1)


@app.command("show")
def show_request(
    *,
    entry: Entry,
    student_to: Annotated[
        Path | None,
        typer.Option(
            "--student-to", metavar="FILE", help="Write the student's number to a file for your account alone."
        ),
    ] = None,
) -> None:
    """Show one request with its steps. It names no student; `--student-to` says who it is."""
    if student_to is not None:
        papers.require_free(student_to)

    async def work() -> Asks:
        async with office() as opened:
            return await _requests(opened).shown(entry)

    asks = run(work())
    if student_to is not None:
        papers.write_new(student_to, f"{asks.student}\n".encode(), private=True)
    show({each.name: getattr(asks, each.name) for each in fields(asks) if each.name != "student"})


@app.command("records")
def records(
    *,
    entry: Entry,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write, for you alone.")],
) -> None:
    """Take out everything that is kept about the student of an open request to inspect; that is on record first."""
    papers.require_free(out)
    key = load_keys(settings().keys).subject

    async def work() -> Inspected:
        async with office() as opened:
            return await Inspections(opened.desk, key).take_out(entry)

    found = run(work())
    papers.write_new(out, orjson.dumps(found.tables, option=orjson.OPT_INDENT_2), private=True)
    for column in found.look_through:
        say(f"Read {column} before you hand it out: it may name other children (34 CFR 99.12(a)).")
    say(f"When the family has seen it: pactgate family answer {entry} --outcome inspected --by {found.entry} …")
    show({"entry": found.entry, "rows": found.rows, "tables": sorted(found.tables), "file": str(out)})


@app.command("extend")
def extend(
    *,
    entry: Entry,
    until: Annotated[datetime, typer.Option(formats=_DAY, help="The new last day; never beyond what the law gives.")],
    officer_key: OfficerKey,
    evidence: Evidence = None,
) -> None:
    """Take more time, where the district's own limit is shorter than the law's."""
    _step(entry, lambda digest: FamilyStep(digest, Step.EXTENDED, answer_by=until.date()), officer_key, evidence)


@app.command("answer")
def answer(
    *,
    entry: Entry,
    outcome: Annotated[str, typer.Option(help="What it came to: docs/family-requests.md lists them by kind.")],
    officer_key: OfficerKey,
    by_entry: Annotated[
        int | None, typer.Option("--by", metavar="ENTRY", min=0, help="The entry of the act that answered it.")
    ] = None,
    evidence: Evidence = None,
) -> None:
    """Say that a request was answered. One to inspect keeps the records no longer."""

    def made(digest: str) -> FamilyStep:
        return FamilyStep(digest, Step.ANSWERED, outcome=outcome, by_entry=by_entry)

    _step(entry, made, officer_key, evidence)


@app.command("refuse")
def refuse(
    *,
    entry: Entry,
    ground: Annotated[str, typer.Option(help="Why: docs/family-requests.md lists the grounds.")],
    officer_key: OfficerKey,
    evidence: Evidence = None,
) -> None:
    """Refuse a request, and say why. An amendment is refused by offering a hearing (34 CFR 99.20(c))."""
    _step(entry, lambda digest: FamilyStep(digest, Step.REFUSED, ground=ground), officer_key, evidence)


@app.command("withdraw")
def withdraw(*, entry: Entry, officer_key: OfficerKey, evidence: Evidence = None) -> None:
    """Say that the family took its request back."""
    _step(entry, lambda digest: FamilyStep(digest, Step.WITHDRAWN), officer_key, evidence)


def _step(entry: int, made: Callable[[str], FamilyStep], officer_key: Path, evidence: Path | None) -> None:
    shown = None if evidence is None else papers.digest_of_file(evidence)

    async def work() -> tuple[int, FamilyStep]:
        async with office() as opened:
            requests = _requests(opened)
            step = made(await requests.digest_of(entry))
            payload = family_step_bytes(replace(step, evidence=shown))
            with problems_said():
                read_family_step(payload)
                return await requests.take_step(_signed(Kind.FAMILY_STEP, payload, officer_key)), step

    written, step = run(work())
    show({"entry": written, "answers": entry, "step": step.step})


def _signed(kind: Kind, payload: bytes, officer_key: Path) -> Envelope:
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    return add_signature(None, kind, payload, officer)


def _requests(opened: Office) -> FamilyRequests:
    return FamilyRequests(opened.desk, load_keys(settings().keys).subject)
