"""`pactgate obligation`, and the yearly review of an agreement: what is owed, what to look at, what was found."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.review import Finding, Review, read_review, review_bytes
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.audit import sign_if_possible
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import sign_as_officer
from gateway.services.family.waiting import Waiting, waiting
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.pack_files import read_pack, write_pack
from gateway.services.obligations.review_pack import ReviewPack, gather
from gateway.services.obligations.shown import Listed

app = typer.Typer(help="Obligations: what is owed, until when, and what is overdue.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]


class Conclusion(StrEnum):
    """What follows from a review."""

    CONTINUE = "continue"
    AMEND = "amend"
    END = "end"


@app.command("list")
def list_obligations() -> None:
    """
    Show every obligation, each client that ends, and what families wait for. Exit code 1 if anything is overdue.

    A partner whose obligation is overdue is not renewed.
    """

    async def work() -> tuple[Listed, Waiting]:
        async with office() as opened:
            return await Obligations(opened.desk).listed(), await waiting(opened.desk)

    found, asked = run(work())
    show(
        {
            "obligations": found.obligations,
            "refused": found.refused,
            "ending_clients": found.ending_clients,
            "families": asked.families,
        }
    )
    for each in found.refused:
        say(f"The document {each.document} about {each.agreement} does not hold: {each.code}.")
    for ending in found.ending_clients:
        ends = "ended" if ending.days_left < 0 else "ends"
        say(f"{ending.client} {ends} with {ending.last_day} under {ending.agreement}: bind it anew, or let it go.")
    overdue = [each for each in found.obligations if each.overdue_since is not None]
    for owed in overdue:
        say(f"Overdue since {owed.overdue_since}: {owed.duty.words} of {owed.agreement}, with {owed.partner}.")
    for doubt in asked.doubtful:
        say(f"What entry {doubt.entry} says of a family does not hold: {doubt.code}.")
    late = [waits for waits in asked.families if waits.days_left < 0]
    for waits in late:
        say(f"Overdue since {waits.answer_by}: the answer to a family's request ({waits.kind}, entry {waits.entry}).")
    if overdue or late:
        raise typer.Exit(1)


def review_pack(
    digest: Annotated[str, typer.Argument(callback=papers.digest, metavar="DIGEST", help="The agreement, sha256:….")],
    *,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="Else where the last review ended.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Else yesterday.")] = None,
) -> None:
    """Gather what an officer looks at once a year, with a sample of disclosures for the partner to justify."""

    async def work() -> ReviewPack:
        await sign_if_possible()
        async with office() as opened:
            return await gather(
                opened.desk,
                digest,
                first=None if first is None else first.date(),
                last=None if last is None else last.date(),
            )

    pack = run(work())
    write_pack(pack, out)
    say(f"Look at {out}, send the sample to the partner, and sign with `pactgate agreement sign-review`.")
    show(
        {
            "agreement": pack.agreement,
            "from": pack.first_day,
            "to": pack.last_day,
            "pack": pack.digest,
            "folder": str(out),
        }
    )


def sign_review(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="What `agreement review-pack` wrote.")],
    *,
    conclusion: Annotated[Conclusion, typer.Option(help="What follows.")],
    finding: Annotated[
        list[str] | None, typer.Option(help="What was found, and after '=>' what is done about it; repeatable.")
    ] = None,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The review to write.")],
) -> None:
    """Write and sign the yearly review of an agreement, as an officer who has looked at the pack."""
    looked_at = read_pack(pack)
    payload = review_bytes(
        Review(
            agreement=looked_at.agreement,
            first_day=looked_at.first_day,
            last_day=looked_at.last_day,
            pack=looked_at.digest,
            findings=tuple(_finding(each) for each in finding or ()),
            conclusion=conclusion.value,
        )
    )
    read_review(payload)  # judged as it will be when it is registered
    document = sign_as_officer(Kind.REVIEW, payload, officer_key, out)
    show({"review": document.digest, "agreement": looked_at.agreement, "pack": looked_at.digest, "file": str(out)})


def reviewed(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `agreement sign-review` wrote.")],
) -> None:
    """Register the yearly review of an agreement. The next one is due a year after its last day."""
    document = papers.read_signed(file, Kind.REVIEW)

    async def work() -> int:
        async with office() as opened:
            return await Obligations(opened.desk).file_review(document)

    show({"review": document.digest, "entry": run(work())})


def _finding(words: str) -> Finding:
    what, arrow, action = words.partition("=>")
    if not (arrow and what.strip() and action.strip()):
        raise typer.BadParameter("expected 'what was found => what is done about it'")
    return Finding(what.strip(), action.strip())
