"""What an officer does on the pages: nothing without the session's own form, and on record with who did it."""

import pytest

from agreements.roles import Role
from tests.factories.cohort import TUTORING
from tests.factories.console import Console

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
