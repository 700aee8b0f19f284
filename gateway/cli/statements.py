"""`pactgate records place-statement|end-statement`: what a family says about a contested record goes along with it."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.elements import load_catalogue
from gateway.cli import papers
from gateway.cli.records import Student, number_of
from gateway.cli.run import office, run, show
from gateway.services.statements import Ending
from gateway.services.stewardship import Stewardship

Elements = Annotated[
    list[str],
    typer.Option("--element", metavar="NAME", help="What is contested: an element's name or id; repeatable."),
]


def place(
    *,
    elements: Elements,
    statement: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="A text file with the family's words.")],
    student: Student = None,
) -> None:
    """Put a family's statement on file (34 CFR 99.21): it leaves wherever what it contests does, from now on."""
    about, words = element_ids(elements), papers.read_text(statement)
    number = number_of(student)

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).place_statement(number, about, words)

    show({"elements": about, "entry": run(work())})


def end(
    *,
    elements: Elements,
    because: Annotated[Ending, typer.Option(help="Why; a statement is kept as long as what it contests.")],
    student: Student = None,
) -> None:
    """End the statement about exactly these elements."""
    about = element_ids(elements)
    number = number_of(student)

    async def work() -> int:
        async with office() as opened:
            return await Stewardship(opened).end_statement(number, about, because)

    show({"elements": about, "entry": run(work())})


def element_ids(names: list[str]) -> list[str]:
    """Return the ids of the elements that are meant, without repetition. Raises `UnknownElement`."""
    catalogue = load_catalogue()
    found = set()
    for text in names:
        named = {element.id for element in catalogue if element.name == text}
        found |= named or {catalogue.element(text).id}
    return sorted(found)
