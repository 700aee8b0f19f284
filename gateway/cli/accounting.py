"""`pactgate accounting`: what was shared about one student, a copy of it, and what left by other ways."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.authored import read_authored
from agreements.canonical import canonical_bytes
from agreements.documents.outside_disclosure import read_outside_disclosure
from agreements.elements import load_catalogue
from agreements.signature import Kind, add_signature
from audit.copy import CopiedEntry, copy_text
from gateway.cli import papers
from gateway.cli.audit import sign_if_possible
from gateway.cli.handing_over import student_numbers
from gateway.cli.run import alarmed, known_trust, office, run, say, settings, show
from gateway.cli.signatures import problems_said
from gateway.keys import load_keys
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.by_hand import OutsideDisclosures
from gateway.services.accounting.cautions import Warn
from gateway.services.accounting.copies import Copied, Copies
from gateway.services.accounting.lines import Accounting
from gateway.services.accounting.paper import paper
from gateway.services.accounting.plain import plain
from gateway.services.accounting.proofs import Proof, prove_entries
from gateway.services.accounting.table import table
from gateway.services.analysis.past import Law
from gateway.services.emergencies.papers import Students
from gateway.services.errors import NotRebuilt
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.history import driver_of
from gateway.services.office import Office
from policies.guardrails import load_guardrails

app = typer.Typer(
    help="The accounting of disclosures for one student (34 CFR 99.32), and a copy of the records disclosed.",
    no_args_is_help=True,
)
Student = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="The student's number; asked for if left out, to keep it out of the history."),
]


@app.command("show")
def show_accounting(
    *,
    student: Student = None,
    csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet, in the place of JSON.")] = False,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a PDF for the family.")] = None,
    letterhead: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The PDF's first lines; else the district's name alone.")
    ] = None,
    proofs: Annotated[bool, typer.Option("--proofs", help="With the receipt of every entry.")] = False,
    request: Annotated[
        int | None, typer.Option(metavar="ENTRY", min=0, help="The entry of the family's request that it answers.")
    ] = None,
    acknowledge: Annotated[
        list[Warn] | None,
        typer.Option(metavar="CODE", help="A caution that you saw and take upon yourself; repeatable, on record."),
    ] = None,
    every_list: Annotated[
        bool, typer.Option("--every-list", help="Compare the lists of all entries, as long as the log is.")
    ] = False,
) -> None:
    """
    Show who received what about a student, when and why. That it was shown is on record first.

    What it may betray to whoever asks is said first, and has to be acknowledged.
    """
    if letterhead is not None and pdf is None:
        raise typer.BadParameter("--letterhead goes with --pdf", param_hint="--letterhead")
    if csv and proofs:
        raise typer.BadParameter("a table has no room for proofs: leave --csv out", param_hint="--proofs")
    if pdf is not None:
        papers.require_free(pdf)
    head = [] if letterhead is None else [each for each in papers.read_text(letterhead).splitlines() if each.strip()]
    number, subject_key = _number(student), load_keys(settings().keys).subject
    form = "pdf" if pdf is not None else "csv" if csv else "json"

    async def work() -> tuple[Accounting, tuple[Proof, ...]]:
        async with office() as opened:
            found = await Accountings(opened.desk, subject_key).read(
                number, form, every_list=every_list, request=request, acknowledged=acknowledge or ()
            )
            return found, await _proven(opened, found.entries) if proofs else ()

    found, proven = run(work())
    for entry in found.altered:
        say(f"Careful: the list of students beside entry {entry} is not the one that it commits to.")
    if pdf is not None:
        papers.write_new(pdf, paper(found, head), private=True)
    if csv:
        typer.echo(table(found), nl=False)
    else:
        show(plain(found, proven))


@app.command("copy")
def copy(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The copy to write, with the proof of every row.")],
    student: Student = None,
    entry: Annotated[list[int] | None, typer.Option(min=0, help="Only this entry; repeatable.")] = None,
) -> None:
    """
    Copy the records that were disclosed about a student (34 CFR 99.30(c)), byte for byte, and nobody else's.

    `python -m audit copy` checks the file anywhere.
    """
    papers.require_free(out)
    number, subject_key = _number(student), load_keys(settings().keys).subject

    async def work() -> tuple[Copied, tuple[Proof, ...]]:
        async with office() as opened:
            law = Law(load_catalogue(), load_guardrails())
            copied = await Copies(opened.desk, law, alarmed, subject_key).copy(number, entry or None)
            return copied, await _proven(opened, [each.entry for each in copied.copied])

    copied, proven = run(work())
    for missed in copied.missed:
        say(f"Entry {missed.entry}: {missed.reason}")
    if not copied.copied:
        raise NotRebuilt(f"No record of this student could be copied (entry {copied.entry} says that it was tried).")
    receipts = {each.entry: each.receipt for each in proven}
    written = copy_text(CopiedEntry(each.leaf, receipts[each.entry], each.rows) for each in copied.copied)
    papers.write_new(out, written.encode(), private=True)
    rows = sum(len(each.rows) for each in copied.copied)
    show(
        {"entry": copied.entry, "entries": len(copied.copied), "rows": rows, "missed": copied.missed, "file": str(out)}
    )


@app.command("record")
def record(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What was disclosed, in YAML or JSON; names no student.")
    ],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of the officer who records it.")],
    student: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="A student's number; repeatable; asked for if left out.")
    ] = None,
    students_file: Annotated[Path | None, typer.Option(help="A file with one student number a line.")] = None,
    evidence: Annotated[Path | None, typer.Option(help="A file that shows it; its digest is recorded.")] = None,
) -> None:
    """Record by hand that records left outside the gateway, or correct such a record by a later one."""
    students = Students(student_numbers(student or [], students_file))
    content: Any = read_authored(papers.read_file(file))
    if isinstance(content, dict):  # what nobody should have to look up
        content.setdefault("format", "pactgate-outside-disclosure/1")
        content["students"] = {"count": len(students.each), "commitment": students.commitment}
        if evidence is not None:
            content["evidence"] = papers.digest_of_file(evidence)
    payload = canonical_bytes(content)
    with problems_said():
        read_outside_disclosure(payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    document = add_signature(None, Kind.OUTSIDE_DISCLOSURE, payload, officer)
    subject_key = load_keys(settings().keys).subject

    async def work() -> int:
        async with office() as opened:
            with problems_said():
                return await OutsideDisclosures(opened.desk, subject_key).record(document, students)

    show({"entry": run(work()), "document": document.digest, "students": len(students.each)})


async def _proven(opened: Office, entries: Sequence[int]) -> tuple[Proof, ...]:
    await sign_if_possible()
    async with opened.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        session = await driver_of(connection)
        return await prove_entries(session, (await log_keys_in(session, opened.trust)).verifier, entries)


def _number(student: str | None) -> str:
    return student if student is not None else str(typer.prompt("Student number", err=True)).strip()
