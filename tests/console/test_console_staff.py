"""People who sign in, on the pages: whoever invites gives no role, and every stop acts at once and names who did it."""

import json
import re

import pytest

from agreements.roles import Role
from gateway.services.standing.identity import DEVELOPMENT, Identity, Person, Realm
from tests.factories.agreements import SPS_A, client_id
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH, bring_into_force
from tests.factories.lenient import NETWORK
from tests.factories.papers import papers_of, signed_paper
from tests.factories.staff import Browser
from tests.factories.staffing import StaffRoom
from tests.factories.stoppable import CLAUSE

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("Z1")]

CODE = re.compile(r"invite-[A-Za-z0-9_-]{32}")
DAYS = {"first_day": "2027-03-01", "last_day": "2027-09-01", "reason": "The work of this year."}


async def as_subject(console: Console, subject: str) -> Browser:
    browser = Browser(console.http, console.gateway.url)
    answer = await browser.post("/console/development/sign-in", {"subject": subject, "next": "/console"})
    assert answer.status_code == 303, answer.text
    return browser


async def invited(console: Console, browser: Browser, subject: str) -> Person:
    """Invite somebody on the page, who takes the code up at once."""
    form = {"csrf": await browser.token(), "party": "district:emerald-city", "hours": "24"}
    page = (await browser.post("/console/staff", form)).text
    (code,) = set(CODE.findall(page))
    assert code not in (await browser.get("/console/staff")).text, "it is shown once"
    return await console.gateway.services.staff.redeem(code, Identity(Realm.DISTRICT, DEVELOPMENT, subject))


async def test_who_invites_somebody_does_not_prepare_their_role(console: Console) -> None:
    gateway, room = console.gateway, StaffRoom(console.gateway)
    second = await room.come_in(Identity(Realm.DISTRICT, DEVELOPMENT, "officer-b"))
    await room.give(second, Role.OFFICER, officer_key=room.officers[1].thumbprint)
    officer, other = await console.as_a(Role.OFFICER), await as_subject(console, "officer-b")
    start = await gateway.size()
    somebody = await invited(console, officer, "newcomer")
    (entry,) = await console.entries(start, "staff.linked")
    assert (entry["person"], entry["invited_by"]) == (somebody.id, console.people[Role.OFFICER].id)
    assert await room.roles(Identity(Realm.DISTRICT, DEVELOPMENT, "newcomer")) == set()

    # Neither who invited, nor the person, nor an administrator prepares the role.
    address, start = f"/console/staff/{somebody.id}", await gateway.size()
    form = {"csrf": await officer.token(), "role": "steward", **DAYS}
    assert (await officer.post(f"{address}/role", form)).status_code == 403
    assert "another officer prepares the role" in (await officer.get(address)).text
    own = f"/console/staff/{console.people[Role.OFFICER].id}/role"
    assert (await officer.post(own, form)).status_code == 403
    administrator = await console.as_a(Role.ADMINISTRATOR)
    sent = await administrator.post(f"{address}/role", {**form, "csrf": await administrator.token()})
    assert sent.status_code == 403

    # Another officer does; the two sign, and only then does it count.
    answer = await other.post(f"{address}/role", {**form, "csrf": await other.token()})
    assert answer.status_code == 303, answer.text
    digest = answer.headers["location"].rpartition("/")[2]
    said = json.loads((await other.get(f"{answer.headers['location']}/document")).content)
    assert (said["identity"], said["role"]) == (somebody.commitment, "steward")
    assert somebody.check_number in (await other.get("/console/papers")).text
    assert not await console.entries(start, "role.given")
    papers = await papers_of(console)
    await papers.add(digest, await signed_paper(console, digest, *room.officers), second.id)
    await papers.file(digest, second.id)
    assert await room.roles(Identity(Realm.DISTRICT, DEVELOPMENT, "newcomer")) == {Role.STEWARD}

    # Nobody whom nobody invited by a page is kept from being given a role: the command names no inviter.
    auditor = console.people[Role.AUDITOR]
    assert (await officer.post(f"/console/staff/{auditor.id}/role", form)).status_code == 303


@pytest.mark.claim(7)
async def test_stops_of_a_person_act_on_the_next_request_and_name_who_did_it(console: Console) -> None:
    steward, auditor = await console.as_a(Role.STEWARD), await console.as_a(Role.AUDITOR)
    administrator, start = await console.as_a(Role.ADMINISTRATOR), await console.gateway.size()
    by, token = console.people[Role.ADMINISTRATOR].id, {"csrf": await administrator.token()}
    lost, watching = console.people[Role.STEWARD], console.people[Role.AUDITOR]
    address = f"/console/staff/{lost.id}"
    form = {**token, "name": lost.check_number, "reason": "A laptop was lost."}

    assert (await administrator.post(f"{address}/end-sessions", form)).status_code == 303
    assert (await steward.get("/console/loads")).status_code == 401
    assert {each["by"] for each in await console.entries(start, "staff.session_revoked")} == {by}
    steward = await console.as_a(Role.STEWARD)
    assert (await administrator.post(f"{address}/suspend", form)).status_code == 303
    assert (await steward.get("/console/loads")).status_code in {401, 403}
    (entry,) = await console.entries(start, "staff.suspended")
    assert (entry["person"], entry["by"]) == (lost.id, by)
    assert "Stopped in every role" in (await administrator.get(address)).text
    undo = await administrator.post(f"{address}/reinstate", {**token, "reason": "It was found."})
    assert undo.headers["location"].startswith("/console/papers/sha256:")

    page = (await administrator.get(f"/console/staff/{watching.id}")).text
    (role,) = set(re.findall(r'<option value="(sha256:[0-9a-f]{64})">', page))
    ending = {**token, "role": role, "reason": "Moved to another office."}
    others = {**ending, "name": lost.check_number}
    assert (await administrator.post(f"{address}/end-role", others)).status_code == 400, "it is another person's"
    for typed in ({}, {"name": lost.check_number}):
        answer = await administrator.post(f"/console/staff/{watching.id}/end-role", {**ending, **typed})
        assert answer.status_code == 400, "whose role ends is typed"
    assert not await console.entries(start, "role.ended")
    ending["name"] = watching.check_number
    assert (await administrator.post(f"/console/staff/{watching.id}/end-role", ending)).status_code == 303
    assert (await auditor.get("/console/log")).status_code == 403
    (entry,) = await console.entries(start, "role.ended")
    assert (entry["given"], entry["person"]) == (role, by)

    assert (await administrator.post(f"{address}/erase", form)).status_code == 303
    (entry,) = await console.entries(start, "staff.erased")
    assert (entry["person"], entry["by"]) == (lost.id, by)
    assert (await administrator.get(address)).status_code == 404


@pytest.mark.claim(9)
async def test_a_secret_is_made_for_a_program_that_knows_nothing_better_and_shown_once(console: Console) -> None:
    gateway, ring = console.gateway, console.gateway.deployment.ring
    known = gateway.deployment.partners[BRIGHT_PATH]
    administrator = await console.as_a(Role.ADMINISTRATOR)
    token, start = {"csrf": await administrator.token()}, await gateway.size()
    refused = await administrator.post(f"/console/clients/{known.client}/secret", {**token, "days": "30"})
    assert refused.status_code == 409, "it has keys"
    office = await gateway.office()
    bundle = ring.agreement(SPS_A, changes={"/id": "agreement:gradebook", "/compatibility": CLAUSE})
    await bring_into_force(office, ring, bundle, known, "with keys")
    program = client_id("a gradebook on the pages")
    bound = ring.binding(bundle, program, [], compatibility=True, allowed_addresses=(NETWORK,))
    await office.admissions.register_client(bound.envelope, [bound.approval], "Gradebook")
    address = f"/console/clients/{program}"
    assert (await administrator.post(f"{address}/secret", {**token, "days": "366"})).status_code == 400
    page = (await administrator.post(f"{address}/secret", {**token, "days": "30"})).text
    (secret,) = set(re.findall(r"pactgate_secret_[A-Za-z0-9_-]{43}", page))
    assert secret not in (await administrator.get(address)).text
    (entry,) = await console.entries(start, "client.secret_issued")
    assert entry["person"] == console.people[Role.ADMINISTRATOR].id
    assert secret not in json.dumps([*gateway.lines, *await gateway.entries(start)], default=str)
    (issued,) = set(re.findall(r'name="entry" value="([0-9]+)"', page))
    named = {**token, "name": "Gradebook"}
    assert (await administrator.post(f"{address}/end-secret", {**named, "entry": "0"})).status_code == 409
    assert (await administrator.post(f"{address}/end-secret", {**token, "entry": issued})).status_code == 400
    assert not await console.entries(start, "client.secret_ended"), "its name was not typed"
    assert (await administrator.post(f"{address}/end-secret", {**named, "entry": issued})).status_code == 303
    (entry,) = await console.entries(start, "client.secret_ended")
    assert entry["person"] == console.people[Role.ADMINISTRATOR].id
    assert "It has none: it cannot ask." in (await administrator.get(address)).text
    # Where its binding is over too: what narrows is never held.
    page = (await administrator.post(f"{address}/secret", {**token, "days": "30"})).text
    (issued,) = set(re.findall(r'name="entry" value="([0-9]+)"', page))
    over = {**token, "name": bundle.agreement.id, "reason": "It is over."}
    assert (await administrator.post(f"/console/agreements/{bundle.digest}/end", over)).status_code == 303
    assert (await administrator.get(address)).status_code == 404
    ended = await administrator.post(f"{address}/end-secret", {**named, "entry": issued})
    assert (ended.status_code, ended.headers.get("location")) == (303, "/console/clients"), ended.text
    assert len(await console.entries(start, "client.secret_ended")) == 2
