"""`pactgate accounting withhold` and the like: what a family is not shown, and whose mere name tells something."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.telling_partners import Tells, read_telling_partners, telling_partners_bytes
from agreements.documents.withholding import LAWS, Reason, Withholding, read_withholding, withholding_bytes
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.records import number_of
from gateway.cli.run import known_trust, office, run, say, settings, show
from gateway.cli.signatures import problems_said, sign_again, sign_as_officer
from gateway.keys import load_keys
from gateway.services.accounting.withholdings import WithholdingLine, Withholdings
from gateway.services.office import Office

_DAY = ["%Y-%m-%d"]
OfficerKey = Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")]


def withhold(
    *,
    line: Annotated[
        list[str],
        typer.Option(metavar="LINE", help="What it stands under: agreement:…, emergency:… or entry:N; repeatable."),
    ],
    reason: Annotated[Reason, typer.Option(help="The law's reason; docs/family-requests.md says what each means.")],
    until: Annotated[datetime, typer.Option(formats=_DAY, help="The last day; it ends by itself.")],
    officer_key: OfficerKey,
    out: Annotated[Path, typer.Option(help="The document to write.")],
    evidence: Annotated[Path | None, typer.Option(help="The order; its digest is recorded, keep the file.")] = None,
    replaces: Annotated[
        int | None, typer.Option(metavar="ENTRY", min=0, help="The withholding whose place it takes.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The student's number; asked for if left out.")
    ] = None,
) -> None:
    """Write and sign a withholding of lines of one student's accounting. A second officer signs it too."""
    papers.require_free(out)
    digest = None if evidence is None else papers.digest_of_file(evidence)
    number = number_of(student)

    async def work() -> bytes:
        async with office() as opened:
            return await _withholdings(opened).link_of(number)

    payload = withholding_bytes(Withholding(run(work()), tuple(line), reason, until.date(), replaces, digest))
    with problems_said():
        read_withholding(payload)  # judged as it will be when it is filed
    document = sign_as_officer(Kind.WITHHOLDING, payload, officer_key, out)
    say(f"A second officer signs it too: pactgate accounting sign-withholding {out} --officer-key KEY")
    show({"withholding": document.digest, "reason": reason, "until": until.date(), "file": str(out)})


def sign_withholding(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `accounting withhold` wrote.")],
    officer_key: OfficerKey,
) -> None:
    """Add the second officer's signature to a withholding."""
    judged = read_withholding(papers.read_signed(file, Kind.WITHHOLDING).payload)
    say(f"{', '.join(judged.lines)}, until {judged.until}: {judged.reason} ({LAWS[judged.reason]}).")
    sign_again(file, (Kind.WITHHOLDING,), officer_key)


def file_withholding(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `accounting withhold` wrote, signed twice.")],
) -> None:
    """File a withholding: the next accounting and the next copy are without these lines."""
    document = papers.read_signed(file, Kind.WITHHOLDING)

    async def work() -> int:
        async with office() as opened:
            with problems_said():
                return await _withholdings(opened).withhold(document)

    show({"withholding": document.digest, "entry": run(work())})


def withheld() -> None:
    """Show what is withheld from accountings, and until when. For officers alone."""

    async def work() -> tuple[WithholdingLine, ...]:
        async with office() as opened:
            return await _withholdings(opened).listed()

    show(run(work()))


def telling(
    *,
    partner: Annotated[
        str | None, typer.Argument(metavar="PARTNER", help="A partner to put on the list, partner:…; else it is shown.")
    ] = None,
    tells: Annotated[Tells | None, typer.Option(help="What its name tells.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Take it off the list.")] = False,
    officer_key: Annotated[Path | None, typer.Option("--officer-key", help="Private key of an officer.")] = None,
) -> None:
    """Show or change the list of partners whose mere name tells something about a student."""
    if partner is not None and (officer_key is None or off is (tells is not None)):
        raise typer.BadParameter("a change takes --officer-key, and either --tells or --off")

    async def work() -> tuple[dict[str, Tells], int]:
        async with office() as opened:
            withholdings = _withholdings(opened)
            now, entry = await withholdings.telling()
            listed = dict(now)
            if partner is None or officer_key is None:
                return listed, entry
            listed.pop(partner, None)
            if tells is not None:
                listed[partner] = tells
            payload = telling_partners_bytes(listed, entry)
            with problems_said():
                read_telling_partners(payload)
            officer = papers.read_key(officer_key)
            papers.hint_unless_officer(officer, known_trust())
            document = add_signature(None, Kind.TELLING_PARTNERS, payload, officer)
            return listed, await withholdings.keep_telling(document)

    listed, entry = run(work())
    show({"entry": entry, "partners": listed})


def add_to(app: typer.Typer) -> None:
    """Add these commands to those about accountings."""
    app.command("withhold")(withhold)
    app.command("sign-withholding")(sign_withholding)
    app.command("file-withholding")(file_withholding)
    app.command("withheld")(withheld)
    app.command("telling")(telling)


def _withholdings(opened: Office) -> Withholdings:
    return Withholdings(opened.desk, load_keys(settings().keys).subject)
