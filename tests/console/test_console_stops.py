"""What an officer does on the pages: nothing without the session's own form, and on record with who did it."""

import asyncio

import pytest

from agreements.register import digest_bytes
from agreements.roles import Role
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(7)]


async def test_a_stop_takes_the_sessions_own_form_and_the_name_typed(console: Console) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    digest, line = console.gateway.digest(TUTORING), console.gateway.line(TUTORING)
    path, token = f"/console/agreements/{digest}/suspend", await officer.token()
    good = {"csrf": token, "name": line, "reason": "A laptop was stolen."}
    other = await console.as_a(Role.ADMINISTRATOR)
    for form, headers in (
        ({**good, "csrf": "x"}, {}),
        ({**good, "csrf": await other.token()}, {}),
        (good, {"sec_fetch_site": "cross-site"}),
        (good, {"sec_fetch_site": "same-site"}),
    ):
        assert (await officer.post(path, form, **headers)).status_code == 403
    refused = await officer.post(path, {**good, "name": f"{line}x"})
    assert refused.status_code == 400
    assert "Nothing was done" in refused.text
    assert not await console.entries(start, "agreement.suspended")
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 200


async def test_a_stop_is_refused_to_the_partner_on_its_next_call_and_names_who_did_it(console: Console) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    digest, line = console.gateway.digest(TUTORING), console.gateway.line(TUTORING)
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 200
    form = {"csrf": await officer.token(), "name": line, "reason": "A laptop was stolen."}
    assert (await officer.post(f"/console/agreements/{digest}/suspend", form)).status_code == 303
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 401
    (entry,) = await console.entries(start, "agreement.suspended")
    assert (entry["agreement"], entry["person"]) == (digest, console.people[Role.OFFICER].id)
    page = (await officer.get(f"/console/agreements/{digest}")).text
    assert "Stopped: nothing leaves by it" in page
    assert "Stopped now" in (await officer.get("/console/overview")).text


async def test_a_partner_is_stopped_under_all_its_agreements(console: Console) -> None:
    administrator, start = await console.as_a(Role.ADMINISTRATOR), await console.gateway.size()
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 200
    form = {"csrf": await administrator.token(), "name": "partner:bright-path", "reason": "It moved."}
    assert (await administrator.post("/console/partners/partner:bright-path/suspend", form)).status_code == 303
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 401
    (entry,) = await console.entries(start, "partner.suspended")
    assert entry["person"] == console.people[Role.ADMINISTRATOR].id
    assert "stopped" in (await administrator.get("/console/partners")).text


async def test_a_stop_that_is_pressed_twice_is_one_stop_on_whichever_page(console: Console) -> None:
    gateway, partner, steward = console.gateway, "partner:bright-path", console.people[Role.STEWARD]
    officer, start = await console.as_a(Role.OFFICER), await gateway.size()
    assert (await gateway.get(TUTORING, "/v1/students")).status_code == 200
    client = str((await gateway.entries(start))[-1]["client"])
    name = await console.office.suspensions.name_of(client)
    said = {"csrf": await officer.token(), "reason": "A laptop was stolen."}
    for path, typed, event in (
        (f"/console/clients/{client}/suspend", name, "client.suspended"),
        (f"/console/agreements/{gateway.digest(TUTORING)}/suspend", gateway.line(TUTORING), "agreement.suspended"),
        (f"/console/partners/{partner}/suspend", partner, "partner.suspended"),
        (f"/console/staff/{steward.id}/suspend", steward.check_number, "staff.suspended"),
    ):
        pressed = [officer.post(path, {**said, "name": typed}) for _ in range(2)]
        assert sorted(each.status_code for each in await asyncio.gather(*pressed)) == [303, 409], path
        assert len(await console.entries(start, event)) == 1, path


async def test_a_register_that_does_not_verify_keeps_nobody_from_stopping_everything(console: Console) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    admin = await superuser(console.gateway)
    await admin.execute("UPDATE agreements.document SET envelope = '{}' WHERE kind = 'approval'")
    origin = console.office.trust.origin
    form = {"csrf": await officer.token(), "what": "everything", "name": origin, "reason": "We do not know yet."}
    assert (await officer.post("/console/stop", form)).status_code == 303
    known = {str(each["partner"]) for each in await console.gateway.entries() if each["event"] == "agreement.activated"}
    assert {each["partner"] for each in await console.entries(start, "partner.suspended")} == known
    size = await console.gateway.size()
    assert (await officer.post("/console/stop", form)).status_code == 409
    assert await console.gateway.size() == size


async def test_what_is_stopped_by_a_list_that_is_gone_is_stopped_by_a_person_all_the_same(console: Console) -> None:
    gateway, start = console.gateway, await console.gateway.size()
    digest = gateway.digest(TUTORING)
    admin = await superuser(gateway)
    gone = "DELETE FROM agreements.document WHERE kind = 'people_annex' AND concerns = $1"
    assert await admin.execute(gone, digest_bytes(digest)) != "DELETE 0"
    officer = await console.as_a(Role.OFFICER)
    assert "Stopped: nothing leaves by it" in (await officer.get(f"/console/agreements/{digest}")).text
    said = {"csrf": await officer.token(), "what": digest, "name": gateway.line(TUTORING), "reason": "Not by chance."}
    pressed = [(await officer.post("/console/stop", said)).status_code for _ in range(2)]
    assert pressed == [303, 409]
    assert len(await console.entries(start, "agreement.suspended")) == 1
