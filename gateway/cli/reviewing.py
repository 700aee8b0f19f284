"""`pactgate agreement review` and `diff`: what a draft would let leave, and what it changes, before anybody signs."""

import re
from pathlib import Path
from typing import Annotated

import typer

from agreements.difference import difference
from agreements.document import Agreement, parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from agreements.shapes import DIGEST
from agreements.signature import Kind, read_envelope
from agreements.wording import sentences
from gateway.cli import papers
from gateway.cli.run import office, run, say, show
from gateway.services.drafts.registered import registered_agreement
from gateway.services.drafts.review import DraftReview, review_draft

Written = Annotated[Path, typer.Argument(metavar="FILE", help="An agreement in YAML or JSON, or a signed one.")]
_SIDE = "A file, or the digest of a registered agreement."


def review(file: Written) -> None:
    """Say what a draft would let leave, about how many students, and what it changes of the version in force."""
    raw = _content(file)
    try:
        parse_agreement(raw, load_catalogue())
    except InvalidAgreement as error:
        say(f"{file} has {len(error.problems)} problem(s), so nothing was counted. {error.remedy}")
        show({"valid": False, "problems": error.problems})
        raise typer.Exit(1) from None

    async def work() -> DraftReview:
        async with office() as opened:
            return await review_draft(opened.desk, raw)

    reviewed = run(work())
    for sentence in reviewed.compared.sentences:
        say(sentence)
    students = reviewed.students
    say(f"Students: {students.words}{'' if students.change is None else f' ({students.change})'}.")
    for note in students.notes:
        say(note)
    for dataset in reviewed.datasets:
        for each in dataset.elements:
            if not each.usual:
                say(f"Not usual for {reviewed.purpose}: {dataset.dataset}, {each.title} ({each.element}, {each.tier}).")
    show({"valid": True, "review": reviewed})


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_SIDE)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=_SIDE)],
) -> None:
    """Say what one version changes of another: elements, students, days, terms and words. Counts nothing."""
    catalogue = load_catalogue()
    found = difference(_side(old), _side(new))
    said = sentences(found, catalogue)
    for sentence in said:
        say(sentence)
    show({"difference": found, "sentences": said})


def _side(text: str) -> Agreement:
    """Return the agreement in a file, or the one registered under a digest."""
    if not re.fullmatch(DIGEST[0], text):
        return parse_agreement(_content(Path(text)), load_catalogue())

    async def work() -> Agreement:
        async with office() as opened:
            return await registered_agreement(opened, text)

    return run(work())


def _content(file: Path) -> bytes:
    raw = papers.read_file(file)
    return read_envelope(raw, Kind.AGREEMENT).payload if papers.is_signed(raw) else raw
