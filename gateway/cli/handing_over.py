"""Handing over records by an emergency order, explaining what leaves by it, and ending it before its hours are over."""

import re
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.emergency_release import emergency_release_bytes
from agreements.elements import DATASETS
from agreements.keys import SigningKey
from agreements.shapes import DIGEST
from agreements.signature import Envelope, Kind, add_signature
from gateway.cli import papers
from gateway.cli.agreement import Reason, Yes
from gateway.cli.run import known_trust, office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.emergencies.orders import Emergencies
from gateway.services.emergencies.papers import Students
from gateway.services.emergencies.releases import EmergencyReleases, Released
from gateway.services.office import Office
from policies.emergency_release import Handing
from policies.explain.elements import Explanation


def _known(dataset: str) -> str:
    if dataset not in DATASETS:
        raise typer.BadParameter(f"there is no dataset '{dataset}'; they are: {', '.join(DATASETS)}")
    return dataset


Order = Annotated[str, typer.Argument(metavar="ORDER", help="The order: its id, or its digest.")]
Dataset = Annotated[
    str,
    typer.Option(metavar="NAME", callback=_known, help=f"What is handed over, one a release: {', '.join(DATASETS)}."),
]


def release(
    *,
    order: Order,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of the officer who hands it over.")],
    out: Annotated[Path, typer.Option(help="The file to write, for the recipients and readable by this account only.")],
    student: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="A student's number; repeatable. Stays in the history.")
    ] = None,
    students_file: Annotated[
        Path | None, typer.Option("--students-file", help="Student numbers, one a line. Else they are asked for.")
    ] = None,
    recipient: Annotated[
        list[int] | None,
        typer.Option(metavar="PLACE", help="A recipient, by its place in the order, from 0; else all."),
    ] = None,
    dataset: Dataset = "students",
    element: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="An element of the order; repeatable. Else all of the dataset."),
    ] = None,
    yes: Yes = False,
) -> None:
    """
    Hand over records of named students by an emergency order, as an officer.

    The entry is in the log before the file is there. Without it there is no file.
    """
    papers.require_free(out)
    students = Students(student_numbers(student or [], students_file))
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    subject_key = load_keys(settings().keys).subject

    async def work() -> Released:
        async with office() as opened:
            releases = EmergencyReleases(opened.desk, subject_key)
            places = tuple(recipient) if recipient else await _everybody(opened, order)
            handing = Handing(places, dataset, tuple(element or ()))
            document = await _signed(releases, order, handing, students, officer, assume_yes=yes)
            return await releases.release(document, students)

    released = run(work())
    try:
        papers.write_new(out, released.body, private=True)
    except papers.FileRefused:
        say(f"Entry {released.entry} says that records left, and no file was written. Release them again.")
        raise
    say("Hand it to the recipients named in it, and to nobody else. A second officer sees it with the order.")
    show({"entry": released.entry, "file": str(out), "records": released.records, "students": released.students})


def explain(
    *,
    order: Order,
    recipient: Annotated[int, typer.Option(metavar="PLACE", help="The recipient's place in the order, from 0.")] = 0,
    dataset: Dataset = "students",
) -> None:
    """Say, element by element, what leaves by an order now and by which clause, or what stands against it."""
    subject_key = load_keys(settings().keys).subject

    async def work() -> tuple[Explanation, ...]:
        async with office() as opened:
            return await EmergencyReleases(opened.desk, subject_key).explain(order, recipient, dataset)

    show(run(work()))


def end(*, order: Order, reason: Reason) -> None:
    """End an emergency order now. Nothing is released by it any more, and nothing brings it back."""

    async def work() -> int:
        async with office() as opened:
            emergencies = Emergencies(opened.desk)
            # A stop asks nothing that could fail: a digest is taken as it is, also if the order does not verify.
            named = order if re.fullmatch(DIGEST[0], order) else await emergencies.digest_of(order)
            return await emergencies.end(named, reason)

    show({"order": order, "entry": run(work())})


async def _signed(
    releases: EmergencyReleases,
    order: str,
    handing: Handing,
    students: Students,
    officer: SigningKey,
    *,
    assume_yes: bool,
) -> Envelope:
    """Return the release, signed, once the officer has seen what threatens whom, who receives, and how much."""
    planned, ordered = await releases.plan(order, handing, students)
    written = ordered.verified.order
    say(f"{written.id}: {written.threat}")
    for place in planned.recipients:
        recipient = written.recipients[place]
        say(f"  {place}: {recipient.name} ({recipient.kind}). {recipient.why_needed}")
    say(f"{len(planned.elements)} elements of {planned.count} students, exactly as they are.")
    if not assume_yes:
        typer.confirm("Hand them over?", abort=True, err=True)
    return add_signature(None, Kind.EMERGENCY_RELEASE, emergency_release_bytes(planned), officer)


async def _everybody(opened: Office, order: str) -> tuple[int, ...]:
    return tuple(range(await Emergencies(opened.desk).recipients_of(order)))


def student_numbers(given: list[str], file: Path | None) -> tuple[str, ...]:
    """Return the numbers, from wherever they were given. A message about them never quotes one."""
    if file is not None:
        try:
            given = [*given, *papers.read_file(file).decode().splitlines()]
        except UnicodeDecodeError:
            raise papers.FileRefused(f"{file} is not a text in UTF-8.", remedy="Write one number a line.") from None
    if not given:
        given = str(typer.prompt("Student numbers, separated by spaces", err=True)).split()
    numbers = [number.strip() for number in given if number.strip()]
    if not numbers or not all(number.isprintable() for number in numbers):
        raise typer.BadParameter("expected at least one student number, in printable characters")
    return tuple(numbers)
