"""
What families sign, entered by hand: a consent with all that the law asks of it, a statement, and the slip to take home.

The student's number comes in a form and stands in no address. What widens names who entered it, as what narrows does.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from fastapi import APIRouter, Request, Response

from agreements.dates import read_date
from agreements.elements import Catalogue
from agreements.purpose import PURPOSES
from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import WishRecorder
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.errors import BadWish
from gateway.console.forms import YEARS, bounded
from gateway.console.views import person_of, view
from gateway.errors import Sentence
from gateway.services.consents import Approval, Authentication, Capacity, Form, GivenConsent, SignerName
from gateway.services.slips.paper import slip_paper
from gateway.services.slips.slips import Slips
from gateway.services.slips.wording import Language
from gateway.services.staff.session import Session
from gateway.services.statements import Ending
from gateway.services.stewardship import Stewardship
from gateway.signin.callers import form_of

_LONGEST: Final = 4_000
_EVERYTHING: Final = "everything"
_DIGITS: Final = 15
Choice = TypeVar("Choice", bound=StrEnum)
_UNKNOWN: Final = Sentence("Say how the signer was known and approved.")


def consents_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of consents, statements and slips."""
    router = APIRouter(include_in_schema=False)
    steward = Stewardship(desk.office)

    @router.get("/console/consents", name="console_consents")
    async def read_consents(request: Request, staff: WishRecorder) -> Response:
        """Show the forms, and how many consents are in force under each agreement."""
        return await _page(request, staff.session, None, "")

    @router.post("/console/consents", name="console_consent")
    async def enter_consent(request: Request, staff: WishRecorder) -> Response:
        """Put a consent on file that a family signed (34 CFR 99.30)."""
        form = await _form(request)
        number, person = form.get("number", ""), person_of(staff.session)
        try:
            given = consent_of(form, desk.office.desk.catalogue)
            entry = await steward.give_consent(form.get("agreement", ""), number, given, person=person)
        except REFUSALS as error:
            return await _page(request, staff.session, None, "", again(request, error, form))
        return await _page(request, staff.session, entry, number)

    @router.post("/console/consents/statement", name="console_statement")
    async def enter_statement(request: Request, staff: WishRecorder) -> Response:
        """Put a family's statement about a contested record on file, or end it (34 CFR 99.21)."""
        form = await _form(request)
        number, person = form.get("number", ""), person_of(staff.session)
        try:
            about = elements_of(form.get("elements", ""), desk.office.desk.catalogue)
            if (ending := _ending(form)) is None:
                entry = await steward.place_statement(number, about, form.get("words", ""), person=person)
            else:
                entry = await steward.end_statement(number, about, ending, person=person)
        except REFUSALS as error:
            return await _page(request, staff.session, None, "", again(request, error, form), is_statement=True)
        return await _page(request, staff.session, entry, "")

    @router.post("/console/consents/slip", name="console_slip")
    async def print_slip(request: Request, staff: WishRecorder) -> Response:
        """Write the slip of a consent, a withdrawal or an opt-out, for the family to take home; on record first."""
        person = person_of(staff.session)
        form = await _form(request)
        entry = form.get("entry", "")
        if not (entry.isascii() and entry.isdigit()) or len(entry) > _DIGITS:
            raise BadWish("Give the number of the entry.")
        language = _choice(Language, form, "language", Sentence("Say in which language the slip is."))
        slip = await Slips(desk.office.desk).of(int(entry), form.get("number", ""), language, person)
        name = {"content-disposition": f'attachment; filename="slip-{slip.entry}.pdf"'}
        return Response(slip_paper(slip), media_type="application/pdf", headers=name)

    async def _page(
        request: Request,
        session: Session,
        entry: int | None,
        number: str,
        refused: Again | None = None,
        *,
        is_statement: bool = False,
    ) -> Response:
        _, registry = await desk.read()
        lines = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        return view(
            request,
            session,
            "wishes",
            "consents.html",
            zone=zone_of(registry),
            shown_again=refused,
            is_statement=is_statement,
            lines=lines,
            partners=partners_of(registry),
            purposes=PURPOSES,
            elements=sorted({each.name for each in desk.office.desk.catalogue}),
            on_file=await steward.consents_on_file(),
            entry=entry,
            number=number,
        )

    return router


def consent_of(form: Mapping[str, str], catalogue: Catalogue) -> GivenConsent:
    """Return the consent that a form says. Raises `BadWish`; what the law asks besides, the service says."""
    named = form.get("elements", "")
    if bool(named) == (_EVERYTHING in form):
        raise BadWish("Name the elements on the form, or tick that it names all that the agreement does.")
    signed_on = _day(form, "signed_on")
    if signed_on is None:
        raise BadWish("Give the day of the signature.")
    how = _choice(Form, form, "form", Sentence("Say how it was signed."))
    return GivenConsent(
        covers=("all",) if not named else tuple(elements_of(named, catalogue)),
        signed_by=_choice(Capacity, form, "signed_by", Sentence("Say who signed.")),
        signer=SignerName(form.get("signer", "")),
        signed_on=signed_on,
        from_date=_day(form, "first") or signed_on,
        to_date=_day(form, "last"),
        purpose=form.get("purpose", ""),
        party=form.get("party", ""),
        what_will_be_done=form.get("what_will_be_done", ""),
        form=how,
        evidence=form.get("evidence", ""),
        notice=form.get("notice", ""),
        notice_language=form.get("notice_language", ""),
        authenticated_by=_choice(Authentication, form, "authenticated_by", _UNKNOWN)
        if form.get("authenticated_by")
        else None,
        approved_by=_choice(Approval, form, "approved_by", _UNKNOWN) if form.get("approved_by") else None,
    )


def elements_of(text: str, catalogue: Catalogue) -> list[str]:
    """Return the ids of elements that are named by ids or names, a line or a comma each. Raises `BadWish`."""
    words = {word.strip() for word in text.replace(",", "\n").splitlines() if word.strip()}
    found = {word: each.id for each in catalogue for word in words if word in {each.id, each.name}}
    if not words or words != set(found):
        raise BadWish("Name each element by its name or number, as the glossary of elements has it.")
    return sorted(set(found.values()))


def _ending(form: Mapping[str, str]) -> Ending | None:
    """Return why a statement ends; None where one is made. Raises `BadWish` where a form says both."""
    if not form.get("ending"):
        return None
    if form.get("words"):
        raise BadWish("Give the family's words, or say why the statement ends: not both.")
    return _choice(Ending, form, "ending", Sentence("Say why the statement ends."))


async def _form(request: Request) -> dict[str, str]:
    return bounded(await form_of(request), most=_LONGEST)


def _choice(kind: type[Choice], form: Mapping[str, str], name: str, asked: Sentence) -> Choice:
    value = form.get(name, "")
    if value not in set(kind):
        raise BadWish(asked)
    return kind(value)


def _day(form: Mapping[str, str], name: str) -> dt.date | None:
    text = form.get(name, "")
    day = read_date(text) if text else None
    if text and (day is None or day.year not in YEARS):
        raise BadWish("A day is written as 2026-11-02.")
    return day
