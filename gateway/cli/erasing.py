"""`pactgate records erasure|sign-erasure|erase`: two officers end what links a student to the log."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.erasure import Erasure, erasure_bytes, read_erasure
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason, Yes
from gateway.cli.run import office, run, say, settings, show
from gateway.cli.signatures import sign_again, sign_as_officer
from gateway.erased import ErasedLinks
from gateway.keys import load_keys
from gateway.services.erasures import Erased, Erasures
from gateway.services.office import Office


def erasure(
    *,
    students: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with one student number a line; else asked for."),
    ] = None,
    reason: Reason,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign an erasure of students of whom no record is kept any longer. The document names nobody."""
    numbers = _numbers(students)

    async def work() -> tuple[bytes, ...]:
        async with office() as opened:
            return await _erasures(opened).links_of(numbers)

    payload = erasure_bytes(Erasure(run(work()), reason))
    read_erasure(payload)  # judged as it will be when it is registered
    document = sign_as_officer(Kind.ERASURE, payload, officer_key, out)
    say(f"A second officer signs it too: pactgate records sign-erasure {out} --officer-key KEY")
    show({"erasure": document.digest, "students": len(numbers), "file": str(out)})


def sign_erasure(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `records erasure` wrote.")],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of the second officer.")],
) -> None:
    """Add the second officer's signature to an erasure."""
    judged = read_erasure(papers.read_signed(file, Kind.ERASURE).payload)
    say(f"{len(judged.links)} student(s). {judged.reason}")
    sign_again(file, (Kind.ERASURE,), officer_key)


def erase(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `records erasure` wrote, signed twice.")],
    yes: Yes = False,
) -> None:
    """Erase: rows, record codes and the link to the log go, for good. Entries and proofs stay as they are."""
    document = papers.read_signed(file, Kind.ERASURE)
    count = len(read_erasure(document.payload).links)
    if not yes:
        typer.confirm(f"Erase {count} student(s) for good? No accounting is possible then.", abort=True, err=True)

    async def work() -> Erased:
        async with office() as opened:
            return await _erasures(opened).erase(document)

    done = run(work())
    say(f"Keep a copy of {settings().erasures} where backups are kept: a restore needs it.")
    show({"erasure": document.digest, "entry": done.entry, "students": done.students, "openings": done.openings})


def _erasures(opened: Office) -> Erasures:
    chosen = settings()
    return Erasures(opened.desk, load_keys(chosen.keys).subject, ErasedLinks(chosen.erasures))


def _numbers(file: Path | None) -> list[str]:
    if file is None:
        return [str(typer.prompt("Student number", err=True)).strip()]
    numbers = [line.strip() for line in papers.read_file(file).decode("utf-8", "replace").splitlines() if line.strip()]
    if not numbers:
        raise papers.FileRefused(f"{file} names no student.", remedy="Write one student number a line.")
    return numbers
