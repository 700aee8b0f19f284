"""The kill switch on one page: nothing stops without name and reason, and a stop waits for no fresh sign-in."""

import re

import pytest

from agreements.roles import Role
from gateway.services.staff.errors import StepUpRequired
from gateway.services.standing.identity import DEVELOPMENT, Identity, Realm
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.papers import papers_of, signed_file
from tests.factories.staff import Browser
from tests.factories.staffing import StaffRoom

pytestmark = [pytest.mark.claim(7), pytest.mark.claim(12)]
ORDER = {
    "id": "emergency:flood-at-cedar",
    "threat": "The river is over the levee, and the bus has not arrived.",
    "name_0": "County search and rescue",
    "kind_0": "law_enforcement",
    "why_0": "They look for the children on the bus and must know who was on it.",
    "element_000115": "on",
    "count": "48",
    "whom": "Everybody on the roster of the bus that left at noon",
    "hours": "24",
}


async def another_officer(console: Console) -> Browser:
    """Return the browser of a second person with the role of an officer."""
    room = StaffRoom(console.gateway)
    person = await room.come_in(Identity(Realm.DISTRICT, DEVELOPMENT, "second"))
    await room.give(person, Role.OFFICER, officer_key=room.officers[1].thumbprint)
    browser = Browser(console.http, console.gateway.url)
    form = {"subject": "second", "next": "/console"}
    assert (await browser.post("/console/development/sign-in", form)).status_code == 303
    return browser


async def test_nothing_stops_unless_its_name_was_typed_and_a_reason_given(console: Console) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    token, partner = await officer.token(), "partner:bright-path"
    good = {"csrf": token, "what": partner, "name": partner, "reason": "A laptop was stolen."}
    for change, status in (
        ({"csrf": "x"}, 403),
        ({"name": "partner:Bright-Path"}, 400),
        ({"name": ""}, 400),
        ({"reason": " "}, 400),
        ({"reason": "x" * 501}, 400),
        ({"what": "everything"}, 400),
        ({"what": "partner:nobody", "name": "partner:nobody"}, 404),
        ({"what": "client:nobody", "name": "client:nobody"}, 404),
        ({"what": "nothing", "name": "nothing"}, 400),
        ({"what": "sha256:" + "0" * 64, "name": "sha256:" + "0" * 64}, 404),
    ):
        assert (await officer.post("/console/stop", {**good, **change})).status_code == status, change
    assert not [each for each in await console.gateway.entries(start) if str(each["event"]).endswith("suspended")]
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 200


async def test_each_stop_is_on_record_with_who_did_it_and_refuses_the_next_request(console: Console) -> None:
    gateway = console.gateway
    officer, start = await console.as_a(Role.OFFICER), await gateway.size()
    token, digest = await officer.token(), gateway.digest(TUTORING)
    assert (await gateway.get(TUTORING, "/v1/students")).status_code == 200
    client = str((await gateway.entries(start))[-1]["client"])
    for what, name in ((client, client), (digest, gateway.line(TUTORING))):
        form = {"csrf": token, "what": what, "name": name, "reason": "A laptop was stolen."}
        assert (await officer.post("/console/stop", form)).status_code == 303, what
        assert (await gateway.get(TUTORING, "/v1/students")).status_code == 401
    origin = (await gateway.office()).trust.origin
    form = {"csrf": token, "what": "everything", "name": origin, "reason": "We do not know yet."}
    assert (await officer.post("/console/stop", form)).status_code == 303
    who = console.people[Role.OFFICER].id
    stops = [each for each in await gateway.entries(start) if str(each["event"]).endswith(".suspended")]
    assert {each["person"] for each in stops} == {who}
    partners = [each["partner"] for each in stops if each["event"] == "partner.suspended"]
    known = {str(each["partner"]) for each in await gateway.entries() if each["event"] == "agreement.activated"}
    assert sorted(partners) == sorted(known)
    page = (await officer.get("/console/stop")).text
    assert page.count("/console/log/") >= len(stops)
    # Pressed twice it is one stop: each takes a signature of its own to undo.
    size = await gateway.size()
    for what, name in (("everything", origin), (digest, gateway.line(TUTORING)), (partners[0], partners[0])):
        again = await officer.post("/console/stop", {**form, "what": what, "name": name})
        assert (again.status_code, "It is stopped already" in again.text) == (409, True), what
    assert await gateway.size() == size


async def test_an_emergency_order_lacks_nothing_and_takes_a_fresh_sign_in_for_exactly_its_bytes(
    console: Console,
) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    token = await officer.token()
    for change in (
        {"name_0": "", "why_0": ""},
        {"kind_0": "press"},
        {"count": "many"},
        {"hours": "0"},
        {"hours": "73"},
        {"threat": "danger"},
        {"name_0": "everybody"},
        {"id": "flood"},
    ):
        answer = await officer.post("/console/emergencies", {"csrf": token, **ORDER, **change})
        assert answer.status_code in {400, 409}, (change, answer.text)
    nothing = {name: value for name, value in ORDER.items() if not name.startswith("element_")}
    assert (await officer.post("/console/emergencies", {"csrf": token, **nothing})).status_code == 400
    assert await console.gateway.size() == start
    prepared = await officer.post("/console/emergencies", {"csrf": token, **ORDER})
    assert prepared.status_code == 303
    digest = prepared.headers["location"].rpartition("/")[2]
    papers = await papers_of(console)
    envelope = (await papers.paper(digest)).envelope
    key = console.gateway.deployment.ring.officers[0].key
    signed = signed_file(envelope.kind, envelope.payload, key)
    path = f"/console/papers/{digest}"
    assert (await officer.post(f"{path}/signatures", {"csrf": token, "signature": signed})).status_code == 303
    # Complete, and it takes effect only for whoever signed in again for exactly this document.
    refused = await officer.post(f"{path}/file", {"csrf": token})
    assert refused.status_code == 403
    assert StepUpRequired.public_detail in refused.text
    other = {"csrf": token, "action": "emergency", "concerns": "sha256:" + "0" * 64}
    assert (await officer.post("/console/development/sign-in-again", other)).status_code == 200
    token = await officer.token()
    assert (await officer.post(f"{path}/file", {"csrf": token})).status_code == 403
    assert not await console.entries(start, "emergency.ordered")
    fresh = {"csrf": token, "action": "emergency", "concerns": digest}
    assert (await officer.post("/console/development/sign-in-again", fresh)).status_code == 200
    token = await officer.token()
    assert (await officer.post(f"{path}/file", {"csrf": token})).status_code == 303
    assert len(await console.entries(start, "emergency.ordered")) == 1
    again = await officer.post(f"{path}/file", {"csrf": token})
    assert (again.status_code, "This document was filed" in again.text) == (409, True), "pressed twice"
    named = await officer.post("/console/emergencies", {"csrf": token, **ORDER})
    assert (named.status_code, "Give this one another name" in named.text) == (400, True), "before anybody signs it"
    assert ORDER["why_0"] in named.text
    page = (await officer.get("/console/emergencies")).text
    assert "County search and rescue" in page
    assert re.findall("<option>(.+?)</option>", page) == [key.thumbprint], "the one key that is theirs"
    # Its review is a paper as well; its end waits for nothing.
    review = {"csrf": token, "key": console.gateway.deployment.ring.officers[1].key.thumbprint}
    assert (await officer.post(f"/console/emergencies/{digest}/review", review)).status_code == 409
    second = await another_officer(console)
    review["csrf"] = await second.token()
    assert (await second.post(f"/console/emergencies/{digest}/review", review)).status_code == 303
    ending = {"csrf": token, "name": "emergency:other", "reason": "Everybody was found."}
    assert (await officer.post(f"/console/emergencies/{digest}/end", ending)).status_code == 400
    ending["name"] = ORDER["id"]
    assert (await officer.post(f"/console/emergencies/{digest}/end", ending)).status_code == 303
    (ended,) = await console.entries(start, "emergency.ended")
    assert ended["person"] == console.people[Role.OFFICER].id
    assert (await officer.post(f"/console/emergencies/{digest}/end", ending)).status_code == 409


async def test_where_there_are_hundreds_of_agreements_no_page_lists_them_all_to_choose_from(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, option = await console.as_a(Role.OFFICER), f'<option value="{console.gateway.digest(TUTORING)}">'
    for path, module in (("/console/stop", "stops"), ("/console/obligations", "obligations")):
        assert option in (await officer.get(path)).text
        monkeypatch.setattr(f"gateway.console.{module}.MOST_CHOICES", 1)
        assert option not in (await officer.get(path)).text
    found = await officer.get("/console/agreements?words=agreement")
    assert f"/console/agreements/{console.gateway.digest(TUTORING)}" in found.text
    hold = {"kind": "inspection", "since": "2027-03-01", "reason": "A family asked."}
    typed = {"csrf": await officer.token(), "agreement": console.gateway.digest(TUTORING), **hold}
    assert (await officer.post("/console/holds", typed)).headers["location"].startswith("/console/papers/")
