"""`pactgate records slip`, and what commands that write a slip for a family have in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import papers
from gateway.cli.records import Student, number_of
from gateway.cli.run import office, run, say, show
from gateway.services.office import Office
from gateway.services.slips.paper import slip_paper
from gateway.services.slips.slips import Slip, Slips
from gateway.services.slips.wording import Language

SlipFile = Annotated[Path | None, typer.Option("--slip", metavar="FILE", help="Also write a PDF for the family.")]
SlipLanguage = Annotated[Language, typer.Option("--language", help="The language of the slip.")]
Letterhead = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The slip's first lines; else the district's name alone.")
]


def slip(
    *,
    entry: Annotated[int, typer.Argument(min=0, metavar="ENTRY", help="The entry that the command answered.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PDF to write.")],
    student: Student = None,
    language: SlipLanguage = Language.ENGLISH,
    letterhead: Letterhead = None,
) -> None:
    """Write the slip of an earlier consent, withdrawal or opt-out again. That you looked is an entry."""
    paper, number = paper_for(out, language, letterhead), number_of(student)

    async def work() -> Slip | None:
        async with office() as opened:
            return await paper.slip(opened, number, entry)

    paper.write(run(work()))
    show({"entry": entry, "file": str(out)})


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a slip goes (None: nobody asked for one), in which language, under which letterhead."""

    file: Path | None
    language: Language
    head: tuple[str, ...]

    async def slip(self, opened: Office, number: str, entry: int) -> Slip | None:
        """Return what the slip says, if there is to be one."""
        return None if self.file is None else await Slips(opened.desk).of(entry, number, self.language, None)

    def write(self, told: Slip | None) -> None:
        """Write the slip, which holds a name: no other account can read it."""
        if self.file is not None and told is not None:
            papers.write_new(self.file, slip_paper(told, self.head), private=True)
            say(f"The slip is {self.file}.")


def paper_for(slip: Path | None, language: Language, letterhead: Path | None) -> Paper:
    """Return what is to be printed, before anything is done. Raises `FileRefused` if there is such a file."""
    if letterhead is not None and slip is None:
        raise typer.BadParameter("--letterhead goes with --slip", param_hint="--letterhead")
    if slip is not None:
        papers.require_free(slip)
    lines = [] if letterhead is None else papers.read_text(letterhead).splitlines()
    return Paper(slip, language, tuple(each for each in lines if each.strip()))
