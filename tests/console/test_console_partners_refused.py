"""The forms of partners, programs, people, signers, staff and obligations: what lacks something writes nothing."""

import json

import pytest
from markupsafe import escape

from agreements.keys import SigningKey
from agreements.roles import Role
from gateway.pages.languages import Language, Wording, messages
from gateway.pages.render import UTC
from tests.factories.agreements import client_jwk, key_for
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH, HARBOR

pytestmark = [pytest.mark.claim(12)]

PARTNER = "/console/partners/partner:bright-path"
OURS = [each for each in messages() if Wording(Language.SPANISH, UTC).sentence(each) != escape(each)]
"""Every sentence of the pages that reads otherwise in Spanish."""
DAYS = {"first_day": "2027-03-01", "last_day": "2027-09-01"}
JWKS = json.dumps({"keys": [client_jwk("of the pages")]})


def public(name: str) -> str:
    return json.dumps(key_for(name).public.jwk)


def private(key: SigningKey) -> str:
    return key.export_pem().decode()


def forms(console: Console) -> dict[str, dict[str, str]]:
    """Return a form for each address that lacks nothing, all of them of an officer's."""
    digest = console.gateway.digest(TUTORING)
    client, person = console.gateway.deployment.partners[BRIGHT_PATH].client, console.people[Role.AUDITOR]
    why, check = {"reason": "It was agreed."}, {"name": person.check_number}
    stop = {"name": "partner:bright-path", **why}
    bind = {"agreement": digest, "client": "new", "called": "Nightly", "responsible": "person:rae-responsible"}
    somebody = {"person": "person:tess", "called": "Tess Tutor", "email": "tess@partner.example", "role": "staff"}
    training = {"training": "Privacy", "completed_on": "2026-08-20", "valid_to": "2027-08-20"}
    return {
        f"{PARTNER}/leave": stop,
        f"{PARTNER}/debar": {**stop, "cause": "failure_to_destroy", **DAYS, "last_day": "2033-03-01"},
        f"{PARTNER}/succeed": {"successor": "partner:harbor", "kind": "merger", "day": "2027-01-01", **why},
        f"{PARTNER}/bind": {**bind, "proof": "keys", "jwks": JWKS},
        f"/console/agreements/{digest}/people": {"step": "add", **somebody, **training},
        f"/console/agreements/{digest}/people/undertaking": {"person": "person:tess", "school_year": "2026-2027"},
        f"/console/agreements/{digest}/destruction/certificate": {
            "covers": "whole",
            "what": "Every copy",
            "method": "purge",
            "how": "Drives were purged.",
            "destroyed_on": "2027-03-10",
            "who": "Tess Tutor",
            "witness": "Hal Head",
        },
        f"/console/clients/{client}/suspend": {"name": "follow_up", **why},
        f"/console/clients/{client}/end-tokens": {"name": "follow_up", **why},
        "/console/signers": {
            "party": "partner:bright-path",
            "person": "Sam Second",
            "key": public("sam"),
            "may_agreement": "yes",
            **DAYS,
        },
        "/console/signers/officer": {"person": "Otto Third", "key": public("otto"), **DAYS, **why},
        "/console/signers/revoke": {"key": console.gateway.deployment.ring.officers[1].key.thumbprint, **why},
        "/console/staff": {"party": "district:emerald-city", "hours": "72"},
        f"/console/staff/{person.id}/suspend": {**check, **why},
        f"/console/staff/{person.id}/end-sessions": check,
        f"/console/staff/{person.id}/erase": check,
        f"/console/staff/{person.id}/role": {"role": "steward", **DAYS, **why},
        "/console/holds": {"agreement": digest, "kind": "legal", "since": "2027-03-01", **why},
    }


WRONG: dict[str, list[tuple[dict[str, str], int]]] = {
    "leave": [({"name": "partner:harbor"}, 400), ({"reason": ""}, 400)],
    "debar": [({"cause": "dislike"}, 400), ({"last_day": "2028-03-01"}, 409), ({"name": "x"}, 400)],
    "succeed": [({"successor": "Harbor"}, 400), ({"kind": "sale"}, 400), ({"successor": "partner:bright-path"}, 409)],
    "bind": [
        ({"agreement": "sha256:" + "0" * 64}, 400),
        ({"responsible": "person:nobody"}, 400),
        ({"proof": "word"}, 400),
        ({"jwks": "{}"}, 400),
        ({"jwks": "not json"}, 400),
        ({"proof": "address", "jwks_url": "http://keys.example.org/jwks.json"}, 400),
        ({"proof": "secret"}, 400),
        ({"networks": "0.0.0.0/0"}, 400),
        ({"security": "rae@partner.example"}, 400),
        ({"last_day": "tomorrow"}, 400),
        ({"called": ""}, 400),
    ],
    "people": [
        ({"person": "Tess"}, 400),
        ({"email": "nobody"}, 400),
        ({"role": "responsible"}, 400),
        ({"valid_to": "2026-01-01"}, 400),
        ({"step": "burn"}, 400),
        ({"step": "prepare"}, 400),
        ({"list": "{}"}, 400),
    ],
    "undertaking": [
        ({"person": "Tess"}, 400),
        ({"person": "person:nobody"}, 409),
        ({"person": "person:rae-responsible"}, 409),
        ({"school_year": "2026"}, 400),
    ],
    "certificate": [
        ({"covers": "some"}, 400),
        ({"method": "burn"}, 400),
        ({"destroyed_on": "soon"}, 400),
        ({"what": ""}, 400),
        ({"witness": "x" * 201}, 400),
        ({}, 409),
        ({"covers": "leavers"}, 409),
    ],
    "signers": [
        ({"may_agreement": ""}, 400),
        ({"party": "school:x"}, 400),
        ({"last_day": "2026-01-01"}, 409),
        ({"key": "nothing"}, 400),
        ({"school": "ECS-101"}, 409),
    ],
    "officer": [({"replaces": "short"}, 400), ({"first_day": "2027-02-30"}, 400), ({"person": ""}, 400)],
    "revoke": [({"key": "x"}, 400), ({"key": "A" * 43}, 400), ({"since": "-1"}, 400)],
    "staff": [({"party": "partner:nobody"}, 400), ({"hours": "337"}, 400), ({"hours": "soon"}, 400)],
    "suspend": [({"name": "somebody else"}, 400), ({"reason": ""}, 400)],
    "end-tokens": [({"name": "nightly"}, 400)],
    "end-sessions": [({"name": ""}, 400)],
    "erase": [({"name": "0000 0000 0000 0000"}, 400)],
    "role": [
        ({"role": "king"}, 400),
        ({"role": "officer"}, 400),
        ({"role": "partner_staff"}, 400),
        ({"last_day": "2029-01-01"}, 400),
        ({"officer_key": "x"}, 400),
    ],
    "holds": [({"agreement": "sha256:" + "0" * 64}, 404), ({"kind": "whim"}, 400), ({"since": "once"}, 400)],
}
"""For the end of each address, what is wrong with the form and what it is answered with."""


async def test_a_form_that_lacks_something_or_comes_from_elsewhere_writes_nothing(console: Console) -> None:
    officer, other = await console.as_a(Role.OFFICER), await console.as_a(Role.ADMINISTRATOR)
    token, foreign = await officer.token(), await other.token()
    start = await console.gateway.size()
    for address, good in forms(console).items():
        for changes, status in WRONG[address.rsplit("/", 1)[1]]:
            answer = await officer.post(address, {"csrf": token, **good, **changes}, accept_language="es")
            assert answer.status_code == status, (address, changes, answer.status_code, answer.text)
            assert "Tess Tutor" not in answer.text
            # Whatever it says is Spanish, or marked as English.
            assert not [each for each in OURS if f"<p>{escape(each)}</p>" in answer.text], answer.text
        assert (await officer.post(address, {"csrf": foreign, **good})).status_code == 403, address
        sent = await officer.post(address, {"csrf": token, **good}, sec_fetch_site="cross-site")
        assert sent.status_code == 403, address
    assert await console.gateway.size() == start
    assert "/papers/sha256" not in (await officer.get("/console/papers")).text


async def test_what_is_another_partners_or_nobodys_is_not_reached_by_an_address(console: Console) -> None:
    officer, token = await console.as_a(Role.OFFICER), ""
    token, start = await officer.token(), await console.gateway.size()
    why, nobody = {"csrf": token, "reason": "It was agreed."}, "user:00000000-0000-4000-8000-000000000000"
    digest, strangers = console.gateway.digest(MENTORING), "client:00000000-0000-4000-8000-000000000000"
    bind = {**forms(console)[f"{PARTNER}/bind"], "csrf": token}
    harbors = console.gateway.deployment.partners[HARBOR].client
    auditors = {**why, "name": console.people[Role.AUDITOR].check_number}
    for path, form, status in (
        # An agreement and a program of another partner's cannot be chosen.
        (f"{PARTNER}/bind", {**bind, "agreement": digest}, 400),
        (f"{PARTNER}/bind", {**bind, "client": harbors}, 400),
        (f"/console/clients/{strangers}/suspend", {**why, "name": "x"}, 404),
        (f"/console/clients/{strangers}/reinstate", why, 409),
        ("/console/partners/partner:nobody/leave", {**why, "name": "partner:nobody"}, 404),
        ("/console/partners/partner:nobody/reinstate", why, 409),
        (f"{PARTNER}/reinstate", why, 409),
        (f"/console/staff/{nobody}/suspend", {**why, "name": "x"}, 404),
        (f"/console/staff/{nobody}/role", why, 404),
        (f"/console/staff/{console.people[Role.AUDITOR].id}/end-role", {**auditors, "role": digest}, 400),
        (f"/console/holds/sha256:{'0' * 64}/release", why, 404),
        # The list of people under one agreement is not taken for another's.
        (
            f"/console/agreements/{digest}/people",
            {"csrf": token, "step": "prepare", "list": await listed(console)},
            400,
        ),
    ):
        answer = await officer.post(path, form)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
    for path in ("partners/partner:nobody", f"clients/{strangers}", f"staff/{nobody}"):
        assert (await officer.get(f"/console/{path}")).status_code == 404, path
    for path in ("partners/x", "clients/client:1", "staff/me", "agreements/x/review"):
        assert (await officer.get(f"/console/{path}")).status_code == 400, path
    assert await console.gateway.size() == start


async def listed(console: Console) -> str:
    """Return the list of people under the first agreement, as it travels in the form."""
    people = console.gateway.deployment.ring.people(console.gateway.deployment.agreements[TUTORING])
    return people.envelope.payload.decode()


async def test_a_list_that_a_form_has_no_room_for_is_left_to_the_command(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    (address,) = (each for each in forms(console) if each.endswith("/people"))
    form = {**forms(console)[address], "csrf": await officer.token()}
    content = json.loads(await listed(console))
    for place in range(40):
        row = {**content["people"][0], "id": f"person:number-{place}", "email": f"{place}@partner.example"}
        content["people"].append({name: value for name, value in {**row, "role": "staff"}.items() if name != "jwk"})
        written = json.dumps(content, separators=(",", ":"), sort_keys=True)
        answer = await officer.post(address, {**form, "list": written})
        if answer.status_code != 200:
            break
    assert answer.status_code == 400
    assert "too long for a page" in answer.text
    assert place > 15, "a partner of some size has room"


async def test_a_private_key_is_refused_and_never_shown(console: Console) -> None:
    officer, secret = await console.as_a(Role.OFFICER), key_for("a key that nobody should paste")
    token = await officer.token()
    for text in (private(secret), json.dumps(secret.signer().as_dict(private=True))):
        for address, name in (("/console/signers", "key"), ("/console/signers/officer", "key")):
            form = {**forms(console)[address], "csrf": token, name: text}
            answer = await officer.post(address, form)
            assert answer.status_code == 400
            assert text[40:80] not in answer.text
    jwk = json.dumps({"keys": [key_for("a client's", "ES256").signer().as_dict(private=True)]})
    answer = await officer.post(f"{PARTNER}/bind", {**forms(console)[f"{PARTNER}/bind"], "csrf": token, "jwks": jwk})
    assert answer.status_code == 400
    assert jwk[60:100] not in answer.text
