"""What a partner's person accepts, prepared on a page: the key of the list in force signs it, and no other."""

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from agreements.keys import read_public_key
from agreements.lifecycle import Standing
from agreements.roles import Role
from agreements.signature import Kind
from agreements.statement import statement
from gateway.oauth.client import PartnerRefused
from gateway.services.papers.errors import PaperRefused
from gateway.services.papers.invitations import Invitations
from tests.console.test_console_papers import bring
from tests.factories.acceptances import PAT, YEAR, named
from tests.factories.agreements import RESPONSIBLE_PERSON, SignedAgreement, key_for, rae
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.papers import papers_of, signed_file
from tests.factories.staff import Browser

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.claim(1),
    pytest.mark.claim(12),
    pytest.mark.ferpa("D3"),
]
BEHIND = {"person": PAT.id, "role": "staff"}
PATS = key_for(PAT.id)


def people(bundle: SignedAgreement) -> str:
    return f"/console/agreements/{bundle.digest}/people"


async def undertaken(browser: Browser, bundle: SignedAgreement, **changes: str) -> tuple[int, str]:
    """Have the undertaking of Pat prepared; return the status, and the page of the paper or what was said."""
    form = {"csrf": await browser.token(), "person": PAT.id, "school_year": YEAR, **changes}
    answer = await browser.post(f"{people(bundle)}/undertaking", form)
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_somebody_accepts_by_a_link_with_their_own_key_and_nobody_does_in_their_place(shared: Console) -> None:
    gateway, ring = shared.gateway, shared.gateway.deployment.ring
    bundle = gateway.deployment.agreements[MENTORING]
    officer, start = await shared.as_a(Role.OFFICER), await gateway.size()
    assert (await undertaken(officer, bundle))[0] == 409, "the list names no such person yet"
    await named(shared, MENTORING, PAT)
    page = (await officer.get(people(bundle))).text
    assert page.count("has not accepted for 2026-2027") == 1
    assert "They see no students, and no program may call for them." in page
    for changes in ({"school_year": "2028-2029"}, {"person": RESPONSIBLE_PERSON}):
        assert (await undertaken(officer, bundle, **changes))[0] == 409, changes

    # It is what the command writes, with the words that it says; whoever has no role for it sees neither.
    status, paper = await undertaken(officer, bundle)
    digest, payload = paper.rpartition("/")[2], ring.undertaking(bundle, person=PAT.id).payload
    assert (status, (await officer.get(f"{paper}/document")).content) == (303, payload)
    shown = html.unescape((await officer.get(paper)).text)
    assert [line for line in statement(bundle.agreement).splitlines() if line not in shown] == []
    for role in (Role.STEWARD, Role.AUDITOR):
        assert (await (await shared.as_a(role)).get(paper)).status_code == 403, role

    # Another's signature is not taken: not of somebody else on the list, of the partner's signer, or of an officer.
    signer = ring.signer(bundle.agreement.partner.id).key
    for key in (key_for(RESPONSIBLE_PERSON), signer, ring.officers[0].key, ring.key("anybody")):
        assert (await bring(officer, digest, signed_file(Kind.UNDERTAKING, payload, key)))[0] == 409
    next_year = ring.undertaking(bundle, person=PAT.id, school_year="2027-2028").payload
    assert (await bring(officer, digest, signed_file(Kind.UNDERTAKING, next_year, PATS)))[0] == 409
    wanted = {"csrf": await officer.token()}
    assert (await officer.post(f"{paper}/file", wanted)).status_code == 409

    # The link shows the words, asks for no signer's passkey, and takes the one signature once.
    invited = await officer.post(f"{paper}/invitations", {**wanted, "party": bundle.agreement.partner.id})
    assert PAT.id in invited.text
    (code,) = set(re.findall(r"/sign#([\w-]+)", invited.text))
    guest = Browser(shared.http, gateway.url)
    assert (await guest.post("/sign", {"code": code})).status_code == 303
    shown = html.unescape((await guest.get("/sign")).text)
    assert [line for line in statement(bundle.agreement).splitlines() if line not in shown] == []
    assert "Make my passkey" not in shown
    links = Invitations(shared.office)
    with pytest.raises(PaperRefused, match="list of people"):
        await links.introduce(await links.open(code), key_for("a stranger's").public, "Somebody")
    for key, status in ((key_for(RESPONSIBLE_PERSON), 409), (signer, 409), (PATS, 200)):
        sent = await guest.post("/sign/signatures", {"signature": signed_file(Kind.UNDERTAKING, payload, key)})
        assert sent.status_code == status, sent.text
    assert (await guest.post("/sign", {"code": code})).status_code == 404, "it is used up"

    # It counts once it is filed, and then at once.
    with pytest.raises(PartnerRefused):
        await gateway.token(MENTORING, on_behalf_of=BEHIND)
    assert (await officer.post(f"{paper}/file", wanted)).status_code == 303
    token = await gateway.token(MENTORING, on_behalf_of=BEHIND)
    assert (await gateway.get(MENTORING, "/v1/students", token=token)).status_code == 200
    (entry,) = await shared.entries(start, "undertaking.accepted")
    assert (entry["agreement"], entry["school_year"]) == (bundle.digest, YEAR)
    (filed,) = await shared.entries(start, "paper.filed")
    assert (filed["concerns"], filed["person"]) == (digest, shared.people[Role.OFFICER].id)
    assert "has not accepted" not in (await officer.get(people(bundle))).text
    assert "is accepted already" in (await undertaken(officer, bundle))[1]


async def test_a_key_that_only_an_older_list_has_signs_nothing_and_what_it_signed_goes(shared: Console) -> None:
    gateway, bundle = shared.gateway, shared.gateway.deployment.agreements[TUTORING]
    officer, papers = await shared.as_a(Role.OFFICER), await papers_of(shared)
    await named(shared, TUTORING, PAT)
    _, paper = await undertaken(officer, bundle)
    digest, wanted = paper.rpartition("/")[2], {"csrf": await officer.token()}
    payload = (await papers.paper(digest)).envelope.payload
    old, new = signed_file(Kind.UNDERTAKING, payload, PATS), key_for("Pat's next key")
    assert (await bring(officer, digest, old))[0] == 303
    assert PAT.id in (await officer.get(paper)).text.split("Signatures so far")[1]

    await named(shared, TUTORING, replace(PAT, key=new.public))
    refused = await officer.post(f"{paper}/file", wanted)
    assert (refused.status_code, "Not everybody who must sign has signed" in refused.text) == (409, True)
    another = gateway.deployment.ring.undertaking(bundle, person=PAT.id, school_year="2027-2028").payload
    elsewhere = await papers.prepare(Kind.UNDERTAKING, another, shared.people[Role.OFFICER].id, title="Next year's")
    assert (await bring(officer, elsewhere, signed_file(Kind.UNDERTAKING, another, PATS)))[0] == 409

    # Off the list, or on it without a key of their own, nobody signs anything: it says so, and prepares nothing new.
    jwks: Any = gateway.deployment.partners[BRIGHT_PATH].keys.jwks()["keys"]
    machine = read_public_key(jwks[0])
    for person, said in (
        (None, "on no list in force"),
        (replace(PAT, key=None), "on no list in force"),
        (replace(PAT, key=machine), ""),
    ):
        await named(shared, TUTORING, *([] if person is None else [person]))
        assert said in (await officer.get(paper)).text
        assert (await bring(officer, digest, signed_file(Kind.UNDERTAKING, payload, new)))[0] == 409
        assert (await undertaken(officer, bundle))[0] == 409
        if person is not None:
            assert "The list has " in (await officer.get(people(bundle))).text

    # By the list of now the person signs once more, and what they signed before is gone with its key.
    await named(shared, TUTORING, replace(PAT, key=new.public))
    assert (await bring(officer, digest, signed_file(Kind.UNDERTAKING, payload, new)))[0] == 303
    assert [each.signature.kid for each in (await papers.paper(digest)).added] == [new.thumbprint]
    assert (await officer.post(f"{paper}/file", wanted)).status_code == 303


async def test_who_answers_for_a_program_is_named_with_it_and_nothing_is_prepared_for_what_is_over(
    shared: Console,
) -> None:
    gateway, bundle = shared.gateway, shared.gateway.deployment.agreements[FOLLOW_UP]
    administrator = await shared.as_a(Role.ADMINISTRATOR)
    assert "Every request of" not in (await administrator.get(people(bundle))).text
    ring, renewed = gateway.deployment.ring, key_for("Rae's next key")
    papers, person = await papers_of(shared), shared.people[Role.ADMINISTRATOR].id
    wanted = {"csrf": await administrator.token()}
    # Whoever answers for the program has a new key, and has accepted with the old one alone: it is not taken twice.
    annex = ring.people(bundle, rae(key=renewed.public), PAT)
    await shared.office.admissions.name_people(annex.envelope, [annex.approval])
    page = (await administrator.get(people(bundle))).text
    assert "Every request of follow_up is refused." in page
    assert "They accepted with a key that the list had before" in page
    assert (await undertaken(administrator, bundle, person=RESPONSIBLE_PERSON))[0] == 409
    payload = ring.undertaking(bundle, key=renewed).payload
    again = await papers.prepare(Kind.UNDERTAKING, payload, person, title="Once more")
    assert (await bring(administrator, again, signed_file(Kind.UNDERTAKING, payload, renewed)))[0] == 303
    twice = await administrator.post(f"/console/papers/{again}/file", wanted)
    assert twice.status_code == 409
    assert "It is filed" not in (await administrator.get(f"/console/papers/{again}")).text
    assert (await administrator.post(f"/console/papers/{again}/withdraw", wanted)).status_code == 303
    refused = await gateway.get(FOLLOW_UP, "/v1/students")
    assert (refused.status_code, json.loads(refused.text)["code"]) == (403, "no_responsible_person")

    await shared.office.suspensions.stop_agreement(bundle.digest, Standing.TERMINATED, "The partner asked for it.")
    assert (await undertaken(administrator, bundle, person=RESPONSIBLE_PERSON))[0] == 404
    assert (await administrator.get(people(bundle))).status_code == 404
    # One that was prepared before is refused when it is filed.
    payload = ring.undertaking(bundle, person=PAT.id).payload
    digest = await papers.prepare(Kind.UNDERTAKING, payload, person, title="Too late")
    assert (await bring(administrator, digest, signed_file(Kind.UNDERTAKING, payload, PATS)))[0] == 303
    assert (await administrator.post(f"/console/papers/{digest}/file", wanted)).status_code == 404
