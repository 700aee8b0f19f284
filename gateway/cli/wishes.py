"""`pactgate records consent|withdraw|opt-out`: what families sign, take back and refuse, with a slip to take home."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import papers
from gateway.cli.records import Student, number_of
from gateway.cli.run import office, run, say, show
from gateway.cli.slips import Letterhead, SlipFile, SlipLanguage, paper_for
from gateway.cli.statements import element_ids
from gateway.services.consents import Approval, Authentication, Capacity, Form, GivenConsent, SignerName
from gateway.services.rights import Holder, SignerUnknown
from gateway.services.slips.slips import Slip
from gateway.services.slips.wording import Language
from gateway.services.stewardship import Stewardship

_DAY = ["%Y-%m-%d"]
Agreement = Annotated[
    str,
    typer.Option(
        callback=papers.agreement,
        metavar="AGREEMENT",
        help="The agreement: its id, or the digest of any of its versions.",
    ),
]
By = Annotated[Capacity, typer.Option(help="Who speaks: a parent or guardian, or the student from 18 on.")]


def consent(
    *,
    agreement: Agreement,
    signed_on: Annotated[datetime, typer.Option(formats=_DAY, help="The day of the signature.")],
    purpose: Annotated[str, typer.Option(metavar="CODE", help="The purpose on the form: the agreement's code for it.")],
    party: Annotated[str, typer.Option(metavar="PARTNER", help="The party on the form, partner:….")],
    what_will_be_done: Annotated[str, typer.Option(metavar="WORDS", help="As the form says it.")],
    form: Annotated[Form, typer.Option(help="How it was signed.")],
    evidence: Annotated[Path, typer.Option(help="The scan, or the record of the electronic act; its digest is kept.")],
    notice: Annotated[Path, typer.Option(help="The text that was shown before; its digest is kept.")],
    notice_language: Annotated[str, typer.Option(metavar="TAG", help="The language of that text: en, es, ….")],
    signed_by: By = Capacity.PARENT,
    elements: Annotated[
        list[str] | None,
        typer.Option("--element", metavar="NAME", help="What the form names: an element's name or id; repeatable."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="The form names all that the agreement does.")
    ] = False,
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="Else the day of signature.")] = None,
    last: Annotated[datetime | None, typer.Option("--until", formats=_DAY, help="The last day, if it has one.")] = None,
    authenticated_by: Annotated[
        Authentication | None, typer.Option(help="Of an electronic form: how the signer was known.")
    ] = None,
    approved_by: Annotated[Approval | None, typer.Option(help="Of an electronic form: the act of approval.")] = None,
    student: Student = None,
    slip: SlipFile = None,
    language: SlipLanguage = Language.ENGLISH,
    letterhead: Letterhead = None,
) -> None:
    """
    Put a consent that a family signed on file (34 CFR 99.30). In effect on the next request.

    Asks for the student's number and for the name of whoever signed. The name is compared and printed nowhere.
    """
    if bool(elements) == everything:
        raise typer.BadParameter("give --element, or --everything and no --element", param_hint="--element")
    paper = paper_for(slip, language, letterhead)
    covers = ("all",) if everything else tuple(element_ids(elements or []))
    proof, shown = papers.digest_of_file(evidence), papers.digest_of_file(notice)
    number = number_of(student)
    given = GivenConsent(
        covers=covers,
        signed_by=signed_by,
        signer=SignerName(str(typer.prompt("Name of whoever signed", err=True))),
        signed_on=signed_on.date(),
        from_date=(first or signed_on).date(),
        to_date=None if last is None else last.date(),
        purpose=purpose,
        party=party,
        what_will_be_done=what_will_be_done,
        form=form,
        evidence=proof,
        notice=shown,
        notice_language=notice_language,
        authenticated_by=authenticated_by,
        approved_by=approved_by,
    )

    async def work() -> tuple[int, Slip | None]:
        async with office() as opened:
            entry = await Stewardship(opened).give_consent(agreement, number, given)
            return entry, await paper.slip(opened, number, entry)

    entry, told = run(work())
    show({"agreement": agreement, "entry": entry})
    paper.write(told)


def withdraw(
    *,
    agreement: Agreement,
    by: By = Capacity.PARENT,
    student: Student = None,
    slip: SlipFile = None,
    language: SlipLanguage = Language.ENGLISH,
    letterhead: Letterhead = None,
) -> None:
    """
    Withdraw every consent of a student under an agreement, in all its versions. In effect on the next request.

    Any parent or guardian may, and from 18 on the student alone. Where a parent's rights are revoked it asks who it is.
    """
    paper, number = paper_for(slip, language, letterhead), number_of(student)

    async def work(holder: Holder) -> tuple[int, Slip | None]:
        async with office() as opened:
            entry = await Stewardship(opened).withdraw(agreement, number, holder)
            return entry, await paper.slip(opened, number, entry)

    try:
        entry, told = run(work(Holder(by)))
    except SignerUnknown as error:
        say(str(error))
        name = SignerName(str(typer.prompt("Name of whoever withdraws", err=True)))
        entry, told = run(work(Holder(by, name)))
    show({"agreement": agreement, "entry": entry})
    paper.write(told)


def opt_out(
    *,
    student: Student = None,
    agreement: Annotated[
        str | None,
        typer.Option(
            callback=papers.agreement,
            metavar="AGREEMENT",
            help="The agreement: its id, or the digest of any of its versions.",
        ),
    ] = None,
    directory: Annotated[bool, typer.Option("--directory", help="Directory information only (34 CFR 99.37).")] = False,
    slip: SlipFile = None,
    language: SlipLanguage = Language.ENGLISH,
    letterhead: Letterhead = None,
) -> None:
    """Put a family's no on file, for one agreement or for all. In effect on the next request."""
    paper, number = paper_for(slip, language, letterhead), number_of(student)

    async def work() -> tuple[int, Slip | None]:
        async with office() as opened:
            entry = await Stewardship(opened).opt_out(number, agreement, directory_only=directory)
            return entry, await paper.slip(opened, number, entry)

    entry, told = run(work())
    show({"agreement": agreement, "scope": "directory" if directory else "sharing", "entry": entry})
    paper.write(told)
