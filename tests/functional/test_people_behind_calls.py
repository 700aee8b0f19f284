"""For whom a client may call, over HTTP: asked for the token, and again of every request that it is used for."""

import asyncio
import datetime as dt
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from agreements.documents.people import NamedPerson, Training
from audit.events import Event
from gateway.oauth.client import PartnerRefused
from tests.factories.agreements import RESPONSIBLE_PERSON, SPS_B, SignedAgreement, key_for, rae
from tests.factories.bound import Asking
from tests.factories.cohort import MENTORING
from tests.factories.gateway import HARBOR, Gateway, bring_into_force

TRAINED = Training("FERPA", dt.date(2026, 7, 15), dt.date(2029, 6, 30))
PAT = NamedPerson("person:pat", "Pat", "pat@partner.example", "staff", TRAINED, key_for("person:pat").public)
BEHIND = {"person": PAT.id, "role": "staff"}
RESPONSIBLE = {"person": RESPONSIBLE_PERSON, "role": "responsible"}
_parts = count(1)
PATHS = ("/v1/students", "/v1/grant", "/v1/receipts/1")


async def name(gateway: Gateway, agreement: SignedAgreement, *others: NamedPerson, approved: bool = True) -> None:
    """Name the responsible person and others, in an annex that was never filed before."""
    office = await gateway.office()
    training = Training(f"FERPA, part {next(_parts)}", dt.date(2026, 7, 15), dt.date(2027, 7, 14))
    annex = gateway.deployment.ring.people(agreement, rae(training=training), *others)
    await office.admissions.name_people(annex.envelope, [annex.approval] if approved else [])


async def accept(gateway: Gateway, agreement: SignedAgreement, person: str = PAT.id) -> None:
    office = await gateway.office()
    await office.admissions.accept_undertaking(gateway.deployment.ring.undertaking(agreement, person=person))


async def attended(gateway: Gateway) -> str:
    """Let Pat see students under the mentors' agreement, and return a token for a call on Pat's behalf."""
    agreement = gateway.deployment.agreements[MENTORING]
    await name(gateway, agreement, PAT)
    await accept(gateway, agreement)
    return await gateway.token(MENTORING, on_behalf_of=BEHIND)


async def require_over(gateway: Gateway, token: str) -> None:
    """Check that the token opens nothing, is told as a forged one is, and that the log says why."""
    start = await gateway.size()
    forged = (await gateway.get(MENTORING, "/v1/grant", token=token + "x")).json()
    for path in PATHS:
        answer = await gateway.get(MENTORING, path, token=token)
        assert (answer.status_code, answer.json()) == (401, forged), path
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert [each["code"] for each in await gateway.entries(start)] == ["person_over"] * len(PATHS)
    assert (await Asking(gateway).introspect(token)).json() == {"active": False}
    # What the client's programs do on their own goes on.
    assert (await gateway.get(MENTORING, "/v1/students")).status_code == 200


@pytest.mark.attack("a person who may not see students")
@pytest.mark.ferpa("D3")
async def test_no_token_for_somebody_who_is_not_named_trained_and_bound(gateway: Gateway) -> None:
    agreement, start = gateway.deployment.agreements[MENTORING], await gateway.size()

    async def require_none(behind: dict[str, str]) -> None:
        with pytest.raises(PartnerRefused, match="invalid_authorization_details"):
            await gateway.token(MENTORING, on_behalf_of=behind)

    await require_none(BEHIND)
    await name(gateway, agreement, PAT, approved=False)
    await require_none(BEHIND)
    await name(gateway, agreement, PAT)
    await require_none(BEHIND)
    await accept(gateway, agreement)
    await require_none({**BEHIND, "role": "responsible"})
    refused = [each for each in await gateway.entries(start) if each["event"] == Event.TOKEN_REFUSED]
    assert [each["reason"] for each in refused] == ["details_person_not_attending"] * 3 + ["details_person_role"]
    token = await gateway.token(MENTORING, on_behalf_of=BEHIND)
    assert (await gateway.get(MENTORING, "/v1/students", token=token)).status_code == 200
    assert (await gateway.entries(await gateway.size() - 1))[0]["behind"] == PAT.id


@pytest.mark.claim(7)
@pytest.mark.claim(8)
@pytest.mark.attack("a person who may not see students")
async def test_who_is_taken_out_of_the_list_is_out_on_the_next_request(gateway: Gateway) -> None:
    token = await attended(gateway)
    assert (await gateway.get(MENTORING, "/v1/students", token=token)).status_code == 200
    assert (await Asking(gateway).introspect(token)).json()["active"] is True
    await name(gateway, gateway.deployment.agreements[MENTORING], approved=False)
    await require_over(gateway, token)


@pytest.mark.claim(7)
async def test_who_has_another_role_now_is_out_on_the_next_request(gateway: Gateway) -> None:
    agreement = gateway.deployment.agreements[MENTORING]
    await gateway.token(MENTORING, on_behalf_of=RESPONSIBLE)
    token = await attended(gateway)
    await name(gateway, agreement, NamedPerson(PAT.id, PAT.name, PAT.email, "responsible", TRAINED, PAT.key))
    await require_over(gateway, token)


@pytest.mark.claim(7)
async def test_whose_training_ends_is_out_at_midnight_and_again_in_with_a_new_one(gateway: Gateway) -> None:
    await attended(gateway)
    agreement = gateway.deployment.agreements[MENTORING]
    today = Training("FERPA", dt.date(2026, 7, 15), dt.date(2027, 3, 10))
    await name(gateway, agreement, NamedPerson(PAT.id, PAT.name, PAT.email, PAT.role, today, PAT.key))
    token = await gateway.token(MENTORING, on_behalf_of=BEHIND)
    seattle_midnight = dt.datetime(2027, 3, 11, 8, tzinfo=dt.UTC)
    await gateway.at(seattle_midnight - dt.timedelta(minutes=1))
    assert (await gateway.get(MENTORING, "/v1/students", token=token)).status_code == 200
    await gateway.at(seattle_midnight)
    await require_over(gateway, token)
    await name(gateway, agreement, PAT)
    assert (await gateway.get(MENTORING, "/v1/students", token=token)).status_code == 200


@pytest.mark.ferpa("D3")
@pytest.mark.parametrize(
    ("clause", "refused", "reason", "granted"),
    [
        ("required", {}, "details_person_required", {"on_behalf_of": RESPONSIBLE}),
        ("barred", {"on_behalf_of": RESPONSIBLE}, "details_person_barred", {}),
    ],
)
async def test_the_agreement_says_whether_a_person_is_behind_each_call(
    gateway: Gateway, clause: str, refused: dict[str, object], reason: str, granted: dict[str, object]
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    made = ring.agreement(SPS_B, changes={"/id": f"agreement:sps-b-{clause}", "/people_behind": clause})
    await bring_into_force(office, ring, made, gateway.deployment.partners[HARBOR], clause)
    details = {"agreement": made.digest, "purpose": made.agreement.purpose.code}
    start = await gateway.size()
    with pytest.raises(PartnerRefused, match="invalid_authorization_details"):
        await asyncio.to_thread(gateway.client(MENTORING).token, details | refused)
    assert [each["reason"] for each in await gateway.entries(start)] == [reason]
    token = (await asyncio.to_thread(gateway.client(MENTORING).token, details | granted))["access_token"]
    assert (await gateway.get(MENTORING, "/v1/grant", token=token)).status_code == 200


async def test_a_registry_without_what_somebody_accepted_does_not_say_the_same(gateway: Gateway) -> None:
    found, _ = await gateway.services.grants.registry()
    assert found.undertakings
    assert found.says_the_same(replace(found))
    others: list[dict[str, Any]] = [{"undertakings": {}}, {"staff": None}, {"granted": {}}, {"suspensions": ("one",)}]
    for changes in others:
        assert not found.says_the_same(replace(found, **changes)), changes
