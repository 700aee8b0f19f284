"""Consents entered by hand, withdrawals by whoever may, parents whose rights a court revoked: in a small district."""

import datetime as dt
from typing import Any

from agreements.documents.parental_rights import Act, Ground, ParentalRights
from audit.change import next_index
from audit.events import Event
from gateway.records.signed import Capacity, Form, SignerName
from gateway.services.consents import GivenConsent, give_consent
from gateway.services.restrictions import change_rights
from gateway.services.rights import A_PARENT, Holder
from gateway.services.sealing import append_sealed
from gateway.services.stops import move, student_known_as, withdraw_consent
from tests.factories.records import LINE, PARTY, PURPOSE, SAID, SmallDistrict

MOTHER, FATHER = SignerName("Ana Ruiz"), SignerName("Raúl Ruiz")
OWN = Holder(Capacity.ELIGIBLE_STUDENT)
DIGEST = SAID["evidence"]


def signed(day: dt.date, **changes: Any) -> GivenConsent:
    """Return a consent to everything that the mother signed on this day, on paper, with `changes`."""
    said: dict[str, Any] = {
        "covers": ("all",),
        "signed_by": Capacity.PARENT,
        "signer": MOTHER,
        "signed_on": day,
        "from_date": day,
        "to_date": None,
        "purpose": PURPOSE,
        "party": PARTY,
        "what_will_be_done": SAID["what_will_be_done"],
        "form": Form.PAPER,
        "evidence": DIGEST,
        "notice": SAID["notice"],
        "notice_language": "en",
    }
    return GivenConsent(**(said | changes))


async def give(district: SmallDistrict, number: str, given: GivenConsent, line: str = LINE) -> int:
    """Enter it."""
    async with district.engine.begin() as connection:
        return await give_consent(connection, line, number, given, scopes=district.in_force)


async def withdraw(district: SmallDistrict, number: str, by: Holder = A_PARENT, line: str = LINE) -> int:
    """Withdraw what was consented to."""
    async with district.engine.begin() as connection:
        return await withdraw_consent(connection, line, number, scopes=district.in_force, by=by)


async def rights(district: SmallDistrict, number: str, parent: SignerName, act: Act = Act.REVOKED) -> int:
    """Put on file what a court decided about a parent, as `Restrictions` does once the document is verified."""
    said = ParentalRights(act, Ground.COURT_ORDER, dt.date(2026, 1, 5), DIGEST, "0" * 64)
    event = Event.RIGHTS_RESTRICTED if act is Act.REVOKED else Event.RIGHTS_RESTORED
    async with district.engine.begin() as connection:
        student = await student_known_as(connection, number)
        idx = await next_index(connection)
        await change_rights(connection, student, parent, said, idx)
        await move(connection, student, idx, district.in_force, _zeros, only=None)
        now = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
        return await append_sealed(connection, idx, event, now, {"document": DIGEST, "officers": []})


def _zeros(size: int) -> bytes:
    return bytes(size)
