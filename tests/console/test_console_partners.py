"""One partner's pages: everything of it in one place, stops that name who did it, papers that change nothing yet."""

import html
import json

import pytest

from agreements.documents.binding import read_binding
from agreements.documents.people import read_people
from agreements.roles import Role
from agreements.signature import Envelope, Kind, add_signature
from tests.console.test_console_partners_refused import PARTNER, forms, listed
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH, HARBOR
from tests.factories.papers import papers_of
from tests.factories.staff import Browser

HOSTILE = '"><script>alert(1)</script>{{7*7}}'


async def document_of(browser: Browser, address: str, form: dict[str, str]) -> bytes:
    """Send a form that prepares a document, and return the bytes that wait for signatures."""
    answer = await browser.post(address, form)
    assert answer.status_code == 303, (address, answer.text)
    assert answer.headers["location"].startswith("/console/papers/sha256:"), address
    return (await browser.get(f"{answer.headers['location']}/document")).content


@pytest.mark.claim(7)
async def test_a_partner_is_shown_whole_and_stopped_program_by_program(console: Console) -> None:
    gateway = console.gateway
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    await gateway.get(TUTORING, "/v1/students?fields=sex")
    officer, auditor = await console.as_a(Role.OFFICER), await console.as_a(Role.AUDITOR)
    client = gateway.deployment.partners[BRIGHT_PATH].client
    own = await console.raise_alarm("client_refused", client=client, reason="other_partner")
    others = gateway.deployment.partners[HARBOR].client
    not_own = await console.raise_alarm("client_refused", client=others, reason="other_partner")
    page = (await officer.get(PARTNER)).text
    assert f'href="/console/alarms/{own}"' in page
    assert f'href="/console/alarms/{not_own}"' not in page
    for said in ("Bright Path Tutoring", "person:rae-responsible", "Rae Responsible", "has accepted for 2026-2027"):
        assert said in page
    for said in ("Dana Signer of bright-path", f"/console/clients/{client}", "destruction of everything"):
        assert said in page
    assert '<th scope="row">students</th><td class="pg-number">1</td><td class="pg-number">40</td>' in page
    assert "Rae Responsible" not in (await auditor.get(PARTNER)).text, (
        "an auditor reads the log, in which nobody stands"
    )

    # Its program: every key is named, and what ends it acts on the next call and names who did it.
    shown = (await auditor.get(f"/console/clients/{client}")).text
    granted = (await gateway.services.grants.registry())[0].granted[gateway.digest(TUTORING)]
    assert granted.bindings[0].binding.keys[0].thumbprint in shown
    assert "/end-tokens" not in shown
    start, wanted = await gateway.size(), {"csrf": await officer.token()}
    form = {**wanted, **forms(console)[f"/console/clients/{client}/end-tokens"]}
    assert (await officer.post(f"/console/clients/{client}/end-tokens", form)).status_code == 303
    assert (await gateway.get(TUTORING, "/v1/students")).status_code == 401
    (entry,) = await console.entries(start, "tokens.ended")
    assert (entry["client"], entry["person"]) == (client, console.people[Role.OFFICER].id)
    assert (await officer.post(f"/console/clients/{client}/suspend", form)).status_code == 303
    (entry,) = await console.entries(start, "client.suspended")
    assert (entry["client"], entry["person"]) == (client, console.people[Role.OFFICER].id)
    assert "Stopped: it receives nothing" in (await officer.get(f"/console/clients/{client}")).text

    # A stop is undone by a document that names its entry, and by nothing that is not signed.
    raw = await document_of(officer, f"/console/clients/{client}/reinstate", {**wanted, "reason": "It was found."})
    assert json.loads(raw)["subject"] == client
    assert "Stopped: it receives nothing" in (await officer.get(f"/console/clients/{client}")).text


@pytest.mark.claim(1)
async def test_what_is_prepared_says_what_was_typed_and_counts_once_it_is_signed(console: Console) -> None:
    gateway, ring = console.gateway, console.gateway.deployment.ring
    officer = await console.as_a(Role.OFFICER)
    wanted, start = {"csrf": await officer.token()}, await gateway.size()
    known = {address: {**wanted, **form} for address, form in forms(console).items()}

    async def prepared(end: str) -> dict[str, object]:
        (address,) = (each for each in known if each.endswith(end))
        said = json.loads(await document_of(officer, address, known[address]))
        assert isinstance(said, dict)
        return said

    assert (await prepared("/debar"))["until_day"] == "2033-03-01"
    assert (await prepared("/succeed"))["predecessor"] == "partner:bright-path"
    assert (await prepared("/signers"))["may_sign"] == ["agreement"]
    assert (await prepared("/officer"))["valid_from"] == "2027-03-01"
    assert (await prepared("/revoke"))["subject"] == ring.officers[1].key.thumbprint
    assert (await prepared("/holds"))["kind"] == "legal"

    # Somebody is added to the list in the form; what is signed is the whole list.
    people = next(each for each in known if each.endswith("/people"))
    form = {**known[people], "list": await listed(console), "called": HOSTILE}
    page = (await officer.post(people, form)).text
    assert "<script>alert" not in page
    assert "person:rae-responsible" in page
    written = html.unescape(page.split('name="list" value="')[1].split('"')[0])
    out = (await officer.post(people, {**wanted, "list": written, "step": "out person:tess"})).text
    assert "person:tess" not in out.split('id="list"')[1].split("<h2")[0]
    raw = await document_of(officer, people, {**wanted, "list": written, "step": "prepare"})
    assert [each.name for each in read_people(raw).people] == ["Rae Responsible", HOSTILE]

    # A binding waits; the partner's signer and an officer who did not prepare it sign it, and the program is known.
    administrator = await console.as_a(Role.ADMINISTRATOR)
    form = {**known[f"{PARTNER}/bind"], "csrf": await administrator.token()}
    raw = await document_of(administrator, f"{PARTNER}/bind", form)
    bound = read_binding(raw)
    assert (await officer.get(f"/console/clients/{bound.client}")).status_code == 404
    assert not {each["event"] for each in await gateway.entries(start)} & {"client.registered", "people.named"}
    papers, approving = await papers_of(console), console.people[Role.OFFICER].id
    digest, key = Envelope(Kind.CLIENT_BINDING, raw, ()).digest, ring.officers[0].key
    await papers.add(
        digest, add_signature(None, Kind.CLIENT_BINDING, raw, ring.signer("partner:bright-path").key), approving
    )
    approval = await papers.approve(digest, key.thumbprint, approving)
    payload = (await papers.paper(approval)).envelope.payload
    await papers.add(approval, add_signature(None, Kind.APPROVAL, payload, key), approving)
    await papers.file(digest, approving)
    assert "Nightly" in (await officer.get(f"/console/clients/{bound.client}")).text


@pytest.mark.claim(7)
async def test_a_partner_that_leaves_ends_whole_and_its_obligations_stay(console: Console) -> None:
    gateway = console.gateway
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    administrator = await console.as_a(Role.ADMINISTRATOR)
    leaving = (await administrator.get(f"{PARTNER}/leave")).text
    assert "the program follow_up, with every token it holds" in leaving
    start = await gateway.size()
    form = {"csrf": await administrator.token(), "name": "partner:bright-path", "reason": "It moved away."}
    assert (await administrator.post(f"{PARTNER}/leave", form)).status_code == 303
    assert (await gateway.get(TUTORING, "/v1/students")).status_code == 401
    person = console.people[Role.ADMINISTRATOR].id
    events = ("partner.left", "agreement.terminated", "client.suspended")
    assert {each["person"] for name in events for each in await console.entries(start, name)} == {person}
    # Pressed twice it is one stop of each program, and the page says what is so.
    size = await gateway.size()
    again = await administrator.post(f"{PARTNER}/leave", form)
    assert (again.status_code, "has ended already" in again.text) == (409, True)
    assert await gateway.size() == size
    # What is over can be chosen for no program any more, though the page of the partner still shows it.
    assert "No agreement with this partner is in force" in (await administrator.get(f"{PARTNER}/bind")).text
    bind = {**forms(console)[f"{PARTNER}/bind"], "csrf": form["csrf"]}
    refused = await administrator.post(f"{PARTNER}/bind", bind)
    assert (refused.status_code, "“Agreement”: choose one" in refused.text) == (400, True)
    assert "destruction of everything" in (await administrator.get("/console/obligations")).text
    digest = gateway.digest(TUTORING)
    page = (await administrator.get(f"/console/agreements/{digest}/destruction")).text
    assert "<dt>Answers in the log</dt><dd>about 1, the last one is entry" in page
    figures = await administrator.get(f"/console/agreements/{digest}/destruction/figures")
    assert figures.json()["disclosures"]["count"] == 1
    wrong = {"csrf": form["csrf"], "certificate": '{"payload": "x"}'}
    assert (await administrator.post(f"/console/agreements/{digest}/destruction", wrong)).status_code == 409
    told = {
        "what": "Every copy",
        "how": {"method": "purge", "words": "Drives were purged."},
        "who": "Rae Responsible",
        "destroyed_on": "2027-03-10",
        "witness": "Hal Head",
    }
    payload = json.dumps({**figures.json(), **told}, sort_keys=True, separators=(",", ":")).encode()
    signer = gateway.deployment.ring.signer("partner:bright-path").key
    certificate = add_signature(None, Kind.CERTIFICATE, payload, signer).text
    other = gateway.digest("follow_up")
    form = {"csrf": form["csrf"], "certificate": certificate}
    assert (await administrator.post(f"/console/agreements/{other}/destruction", form)).status_code == 400
    assert (await administrator.post(f"/console/agreements/{digest}/destruction", form)).status_code == 303
    assert "for everything, purged" in (await administrator.get(f"/console/agreements/{digest}/destruction")).text


async def test_a_review_names_the_very_pack_that_was_shown(console: Console) -> None:
    officer, digest = await console.as_a(Role.OFFICER), console.gateway.digest(TUTORING)
    address = f"/console/agreements/{digest}/review"
    await console.gateway.signed()
    page = (await officer.get(address)).text
    size, pack = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("size", "pack"))
    form = {"csrf": await officer.token(), "size": size, "pack": pack, "conclusion": "continue"}
    for wrong in (
        {"pack": "sha256:" + "0" * 64},
        {"size": str(int(size) - 1)},
        {"conclusion": "sleep"},
        {"what1": "x"},
    ):
        assert (await officer.post(address, {**form, **wrong})).status_code in {400, 409}, wrong
    # The log goes on, and the pack that was shown is still the one that is signed for.
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    archive = await officer.get(f"{address}/pack?size={size}&pack={pack}")
    assert archive.headers["content-type"] == "application/zip"
    assert archive.content == (await officer.get(f"{address}/pack?size={size}&pack={pack}")).content
    finding = {"what1": "Two elements were never asked for.", "action1": "Leave them out of the renewal."}
    said = json.loads(await document_of(officer, address, {**form, **finding}))
    assert (said["pack"], said["findings"]) == (
        pack,
        [{"what": finding["what1"], "action": finding["action1"]}],
    )
