"""`pactgate records merge-students|number-reused|number-kept`: what a steward says about student numbers."""

import datetime as dt
from typing import Annotated

import typer

from gateway.cli.records import Student, number_of
from gateway.cli.run import office, run, say, show
from gateway.services.stewardship import Stewardship

Into = Annotated[
    str | None,
    typer.Option("--into", metavar="NUMBER", help="The child's number from now on; asked for if left out."),
]


def merge(*, student: Student = None, into: Into = None) -> None:
    """
    Say that a student's number is a second number of the child with the number --into.

    The second number is covered by nothing from the next request on; every stop of either counts.
    """
    second = number_of(student)
    standing = into if into is not None else str(typer.prompt("The child's number from now on", err=True)).strip()

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).merge_students(second, standing)

    show({"entry": run(work())})
    say("Rosters, consents and placements of the second number do not pass on: enter them again where they are meant.")


def reused(*, student: Student = None) -> None:
    """Say that a student's number is another child's from today on; its former holder is covered by nothing."""
    number = number_of(student)

    async def work() -> tuple[int, dt.date]:
        async with office() as opened:
            return await Stewardship(opened).reuse_number(number)

    entry, day = run(work())
    show({"entry": entry, "until": day.isoformat()})
    say(f"In accountings and erasures the child who had it is the number, followed by ' (until {day.isoformat()})'.")


def kept(*, student: Student = None) -> None:
    """Say that a number in question is the same child's, whose name and birth date changed; the next load takes it."""
    number = number_of(student)

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).keep_number(number)

    show({"entry": run(work())})
