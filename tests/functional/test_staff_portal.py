"""Row D3 for people: without a current undertaking of their own they see the statement, the reason, and no student."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from fastapi import APIRouter

from agreements.documents.people import NamedPerson, Training
from agreements.roles import Role
from gateway.services.standing.identity import Realm
from gateway.signin.cookies import COOKIES
from gateway.signin.routes import sign_in_for, staff_routers
from tests.factories.agreements import key_for, rae
from tests.factories.cohort import FOLLOW_UP, TUTORING
from tests.factories.gateway import NOON, Gateway
from tests.factories.staffing import StaffRoom, identity, proved

pytestmark = pytest.mark.ferpa("D3")

TUTOR = "person:tutor"
DANA = identity("subject-d", Realm.PARTNER)
OPEN = "You accepted its limits for this school year."
NOT_NAMED = "list of people for this agreement does not name you"
NOT_TRAINED = "Your training is not current."
NOT_ACCEPTED = "accept it for this school year"
STOPPED = "The district stopped this agreement"


def tutor() -> NamedPerson:
    return rae(id=TUTOR, name="Tutor", email="tutor@partner.example", role="staff", key=key_for(TUTOR).public)


async def name(gateway: Gateway, *people: NamedPerson) -> None:
    """Have the partner list its people under the tutoring agreement, and an officer approve."""
    listed = gateway.deployment.ring.people(gateway.deployment.agreements[TUTORING], *people)
    await (await gateway.office()).admissions.name_people(listed.envelope, [listed.approval])


async def portal(gateway: Gateway) -> dict[str, str]:
    """Sign a tutor of one partner in, and return what the portal says, by the title of each agreement."""
    secret = await gateway.services.sessions.open(proved(DANA))
    answer = await gateway.http.get("/portal", headers={"cookie": f"{COOKIES[Realm.PARTNER]}={secret}"})
    assert answer.status_code == 200
    parts = answer.text.partition("<h2>Where you are signed in</h2>")[0].split("<h3>")[1:]
    return {title: words for title, _, words in (part.partition("</h3>") for part in parts)}


async def test_a_person_sees_the_statement_and_the_reason_until_all_of_it_is_there(idle_gateway: Gateway) -> None:
    async def pages(url: str) -> Sequence[APIRouter]:
        return staff_routers(sign_in_for(None, idle_gateway.deployment.keys.cursor, url))

    gateway, ring = idle_gateway, idle_gateway.deployment.ring
    await gateway.serve(more=pages)
    bundle = gateway.deployment.agreements[TUTORING]
    title = bundle.agreement.title
    room, party = StaffRoom(gateway), bundle.agreement.partner.id
    # (1): known, and with no role of a partner's staff.
    dana = await room.come_in(DANA, party)
    assert await portal(gateway) == {}
    # (2): a role, and no list names the person: the reason, and no statement.
    await room.give(dana, Role.PARTNER_STAFF, named_as=TUTOR)
    seen = await portal(gateway)
    assert NOT_NAMED in seen[title]
    assert "<pre>" not in seen[title]
    shown = {each.agreement for each in await gateway.services.staff.students(DANA)}
    assert shown == {gateway.digest(TUTORING), gateway.digest(FOLLOW_UP)}, "no other partner's agreement"
    # (3): named, and accepted nothing: the statement. What another person accepted does not count.
    await name(gateway, rae(), tutor())
    said = (await portal(gateway))[title]
    assert NOT_ACCEPTED in said
    assert "I do not sell the records" in said
    # (4): accepted: open, and still no student on the page.
    await (await gateway.office()).admissions.accept_undertaking(
        ring.undertaking(bundle, person=TUTOR, key=key_for(TUTOR))
    )
    said = (await portal(gateway))[title]
    assert OPEN in said
    assert "<pre>" not in said
    # (5): the training is over, or the name is taken off the list: closed at the next request.
    over = Training("FERPA for partners", dt.date(2026, 3, 1), NOON.date() - dt.timedelta(days=1))
    await name(gateway, rae(), replace(tutor(), training=over))
    assert NOT_TRAINED in (await portal(gateway))[title]
    await name(gateway, rae(email="rae.responsible@partner.example"))
    assert NOT_NAMED in (await portal(gateway))[title]
    # (6): so is what the district stopped.
    await (await gateway.office()).suspensions.suspend_partner(party, "Looked into.")
    assert STOPPED in (await portal(gateway))[title]
