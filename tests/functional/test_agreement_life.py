"""
An agreement's life over the wire: amended, renewed, narrowed, stopped and ended, by the people who may, and no others.

The day is 10 March 2027; the agreements of the deployment run to 30 June 2027.
"""

import asyncio
import datetime as dt
import json
from typing import Any

import pytest

from agreements.errors import AgreementError, LineTaken, MoveNotAllowed, NotAnAmendment, NotNarrower
from agreements.lifecycle import Standing
from gateway.services.errors import AlreadyTerminated, NothingToUndo
from gateway.services.office import Office
from tests.factories.agreements import SPS_B, SignedAgreement, example, key_for
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import HARBOR, Gateway, bring_into_force, names

NEXT_WEEK = "2027-03-17"
FIRST_NAMES = "/v1/students?fields=first_name&limit=500"


def amendment(gateway: Gateway, agreement: str = MENTORING, **changes: Any) -> SignedAgreement:
    """The next version of an agreement of the deployment, signed and approved; `changes` by pointer without slash."""
    old = gateway.deployment.agreements[agreement].agreement
    content: dict[str, Any] = {**old.content, "version": old.version + 1, "replaces": old.digest}
    content["annexes"] = "carried_over"
    return gateway.deployment.ring.agreement(content={**content, **changes})


def beginning(gateway: Gateway, day: str, **changes: Any) -> SignedAgreement:
    """The amendment that takes over on `day`."""
    term = {**gateway.deployment.agreements[MENTORING].agreement.content["term"], "first_day": day}  # type: ignore[dict-item] # a checked document
    return amendment(gateway, term=term, **changes)


async def ask(gateway: Gateway, digest: str, path: str = FIRST_NAMES) -> tuple[int, Any]:
    """Ask as Harbor's client under the agreement with this digest; return the status with rows or the code."""
    client = gateway.client(MENTORING)
    details = {"agreement": digest, "purpose": "mentoring"}
    token = (await asyncio.to_thread(client.token, details))["access_token"]
    answer = await asyncio.to_thread(client.get, path, token)
    return answer.status_code, answer.json().get("data", answer.json().get("code"))


async def accept(office: Office, gateway: Gateway, bundle: SignedAgreement) -> None:
    await office.admissions.accept_undertaking(gateway.deployment.ring.undertaking(bundle))


@pytest.mark.ferpa("S4")
async def test_an_amendment_that_is_not_signed_leaves_the_old_version_in_force(gateway: Gateway) -> None:
    office, ring, size = await gateway.office(), gateway.deployment.ring, await gateway.size()
    new = beginning(gateway, NEXT_WEEK)
    keys = [ring.signer("district:emerald-city").key, ring.signer("partner:harbor-mentors").key]
    alone = [ring.sign(new.envelope.kind, new.agreement.canonical, key) for key in keys]
    for envelope in alone:
        with pytest.raises(AgreementError):
            await office.onboarding.activate(envelope, [ring.approve(envelope, new.agreement.words_only)])
    with pytest.raises(AgreementError):
        await office.onboarding.activate(new.envelope, [])
    assert await gateway.size() == size
    assert (await ask(gateway, gateway.digest(MENTORING)))[0] == 200


async def test_an_amendment_takes_over_on_its_first_day_with_the_clients_and_codes_of_the_old_one(
    gateway: Gateway,
) -> None:
    office, old = await gateway.office(), gateway.digest(MENTORING)
    before = (await gateway.get(MENTORING, "/v1/students?fields=first_name&limit=500")).json()["data"]
    new = beginning(gateway, NEXT_WEEK)
    activated = await office.onboarding.activate(new.envelope, [new.approval])
    assert (activated.agreement, activated.replaced) == (new.digest, old)
    await accept(office, gateway, new)
    assert (await ask(gateway, old))[0] == 200
    with pytest.raises(Exception, match="invalid_authorization_details"):
        await ask(gateway, new.digest)
    # A token lives for five minutes.
    await gateway.at(dt.datetime(2027, 3, 17, 6, 58, tzinfo=dt.UTC))
    old_token = await gateway.token(MENTORING)
    # At midnight in the agreement's zone the one ends and the other begins.
    await gateway.at(dt.datetime(2027, 3, 17, 7, 0, tzinfo=dt.UTC))
    ended = await gateway.get(MENTORING, FIRST_NAMES, token=old_token)
    assert (ended.status_code, ended.json()["code"]) == (403, "agreement_expired")
    status, rows = await ask(gateway, new.digest)
    assert status == 200
    assert {row["record_code"]: row["first_name"] for row in rows} == {
        row["record_code"]: row["first_name"] for row in before
    }
    # A client that never had to say which agreement it means goes on under the version in force.
    plain = (await asyncio.to_thread(gateway.client(MENTORING).token))["access_token"]
    assert (await asyncio.to_thread(gateway.client(MENTORING).get, FIRST_NAMES, plain)).status_code == 200
    moved = [entry for entry in await gateway.entries() if entry["event"] == "agreement.replaced"]
    assert [(entry["agreement"], entry["by"]) for entry in moved] == [(old, new.digest)]


@pytest.mark.ferpa("D3")
async def test_who_has_not_accepted_the_new_version_sees_nothing_of_it(gateway: Gateway) -> None:
    office = await gateway.office()
    new = beginning(gateway, "2027-03-01")
    await office.onboarding.activate(new.envelope, [new.approval])
    assert await ask(gateway, new.digest) == (403, "no_responsible_person")
    await accept(office, gateway, new)
    assert (await ask(gateway, new.digest))[0] == 200


async def test_without_carried_over_annexes_a_client_is_bound_anew(gateway: Gateway) -> None:
    office, partner = await gateway.office(), gateway.deployment.partners[HARBOR]
    content = dict(beginning(gateway, "2027-03-01").agreement.content)
    del content["annexes"]
    new = gateway.deployment.ring.agreement(content=content)
    await office.onboarding.activate(new.envelope, [new.approval])
    with pytest.raises(Exception, match="invalid_authorization_details"):
        await ask(gateway, new.digest)
    ring = gateway.deployment.ring
    people = ring.people(new)
    await office.admissions.name_people(people.envelope, [people.approval])
    jwks: Any = partner.keys.jwks()["keys"]
    bound = ring.binding(new, partner.client, jwks)
    await office.admissions.register_client(bound.envelope, [bound.approval], "nightly")
    await accept(office, gateway, new)
    assert (await ask(gateway, new.digest))[0] == 200


async def test_an_amendment_keeps_the_parties_the_basis_and_the_purpose(idle_gateway: Gateway) -> None:
    office, size = await idle_gateway.office(), await idle_gateway.size()
    changed = amendment(idle_gateway, purpose={"code": "tutoring", "words": "Something else."})
    with pytest.raises(NotAnAmendment):
        await office.onboarding.activate(changed.envelope, [changed.approval])
    skipped = amendment(idle_gateway, version=3)
    with pytest.raises(NotAnAmendment):
        await office.onboarding.activate(skipped.envelope, [skipped.approval])
    assert await idle_gateway.size() == size


async def test_a_version_is_replaced_once(gateway: Gateway) -> None:
    office = await gateway.office()
    first, second = beginning(gateway, NEXT_WEEK), beginning(gateway, "2027-04-01")
    await office.onboarding.activate(first.envelope, [first.approval])
    with pytest.raises(LineTaken):
        await office.onboarding.activate(second.envelope, [second.approval])


async def test_a_stop_is_not_walked_around_by_an_amendment(gateway: Gateway) -> None:
    office = await gateway.office()
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, "test")
    new = beginning(gateway, "2027-03-01")
    with pytest.raises(MoveNotAllowed):
        await office.onboarding.activate(new.envelope, [new.approval])


async def test_an_id_belongs_to_the_parties_that_had_it_first(idle_gateway: Gateway) -> None:
    office, size = await idle_gateway.office(), await idle_gateway.size()
    partner = idle_gateway.deployment.agreements[TUTORING].agreement.content["partner"]
    for changes in ({"/partner": partner}, {"/title": "The same version again"}):
        taken = idle_gateway.deployment.ring.agreement(SPS_B, changes=changes)
        with pytest.raises(LineTaken):
            await office.onboarding.activate(taken.envelope, [taken.approval])
    assert await idle_gateway.size() == size


def framework(gateway: Gateway) -> SignedAgreement:
    changes = {"/framework": True, "/term/last_day": "2027-06-01", "/id": "agreement:framework", "/title": "Framework"}
    return gateway.deployment.ring.agreement(SPS_B, changes=changes)


def child(gateway: Gateway, master: SignedAgreement, **changes: Any) -> SignedAgreement:
    content = example(SPS_B)
    content |= {"id": "agreement:child", "title": "Project authorization", "master": master.digest, **changes}
    return gateway.deployment.ring.agreement(content=content)


@pytest.mark.ferpa("A8")
async def test_a_child_narrows_and_lasts_no_longer_than_its_master(gateway: Gateway) -> None:
    office, ring, partner = await gateway.office(), gateway.deployment.ring, gateway.deployment.partners[HARBOR]
    master = framework(gateway)
    narrow = child(gateway, master, term=master.agreement.content["term"])
    with pytest.raises(AgreementError):  # its master is not there yet
        await office.onboarding.activate(narrow.envelope, [narrow.approval])
    await office.onboarding.activate(master.envelope, [master.approval])
    wider = child(gateway, master)
    with pytest.raises(NotNarrower):
        await office.onboarding.activate(wider.envelope, [wider.approval])
    jwks: Any = partner.keys.jwks()["keys"]
    bound = ring.binding(master, partner.client, jwks)
    with pytest.raises(AgreementError, match="framework"):
        await office.admissions.register_client(bound.envelope, [bound.approval], "nightly")
    await bring_into_force(office, ring, narrow, partner)
    assert await ask(gateway, narrow.digest) == (200, [])
    stopped = await office.suspensions.stop_agreement(master.digest, Standing.SUSPENDED, "test")
    with pytest.raises(Exception, match="invalid_authorization_details"):
        await ask(gateway, narrow.digest)
    await office.suspensions.reinstate(ring.reinstatement(master.digest, undoes=stopped))
    assert await ask(gateway, narrow.digest) == (200, [])
    await office.suspensions.stop_agreement(master.digest, Standing.TERMINATED, "test")
    with pytest.raises(Exception, match="invalid_authorization_details"):
        await ask(gateway, narrow.digest)


async def test_what_was_terminated_stays_so(gateway: Gateway) -> None:
    office, digest = await gateway.office(), gateway.digest(FOLLOW_UP)
    stopped = await office.suspensions.stop_agreement(digest, Standing.SUSPENDED, "test")
    await office.suspensions.stop_agreement(digest, Standing.TERMINATED, "test")
    with pytest.raises(NothingToUndo):
        await office.suspensions.reinstate(gateway.deployment.ring.reinstatement(digest, undoes=stopped))
    with pytest.raises(AlreadyTerminated):
        await office.suspensions.stop_agreement(digest, Standing.SUSPENDED, "test")


@pytest.mark.ferpa("S7")
async def test_a_revocation_that_reaches_back_ends_what_the_key_signed(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    assert names(await gateway.rows(MENTORING))
    signer = ring.signer("partner:harbor-mentors")
    # Signed before the revocation: it stands and is flagged.
    await office.admissions.revoke(ring.revocation(signer.key.thumbprint).envelope)
    assert (await gateway.get(MENTORING, FIRST_NAMES)).status_code == 200
    _, registry = await office.desk.registry()
    assert registry.history[gateway.digest(MENTORING)].verified.flags == (signer.key.thumbprint,)
    # Until an officer has weighed it, and files an approval that says so.
    bundle = gateway.deployment.agreements[MENTORING]
    revocation = ring.papers[-1].envelope.digest
    blind = ring.approve(bundle.envelope, bundle.agreement.words_only[1:], acknowledges=[revocation])
    with pytest.raises(AgreementError):
        await office.onboarding.acknowledge(blind)
    weighed = ring.approve(bundle.envelope, bundle.agreement.words_only, acknowledges=[revocation])
    await office.onboarding.acknowledge(weighed)
    _, registry = await office.desk.registry()
    assert registry.history[bundle.digest].verified.flags == ()
    new = beginning(gateway, NEXT_WEEK)
    with pytest.raises(AgreementError, match="revoked"):
        await office.onboarding.activate(new.envelope, [new.approval])
    # The key was stolen before it signed: nothing it signed counts.
    await office.admissions.revoke(ring.revocation(signer.key.thumbprint, since=1).envelope)
    refused = await gateway.get(MENTORING, FIRST_NAMES)
    assert refused.status_code in {401, 403}
    assert (await gateway.get(TUTORING, FIRST_NAMES)).status_code == 200


@pytest.mark.claim(12)
async def test_an_officers_lost_key_is_replaced_by_those_who_remain_and_by_nobody_alone(gateway: Gateway) -> None:
    office, ring, size = await gateway.office(), gateway.deployment.ring, await gateway.size()
    new = key_for("olivia again")
    lost = ring.officers[0].key
    for by in ([ring.officers[1].key], [key_for("administrator")], [ring.officers[1].key, key_for("administrator")]):
        alone = ring.officer_document("Olivia Okafor", new, by=by, replaces=lost.thumbprint)
        with pytest.raises(AgreementError):
            await office.admissions.introduce_officer(alone.envelope)
    assert await gateway.size() == size
    both = ring.officer_document("Quinn Third", new, by=[officer.key for officer in ring.officers])
    await office.admissions.introduce_officer(both.envelope)
    await office.admissions.revoke(ring.revocation(lost.thumbprint, by=[ring.officers[1].key, new]).envelope)
    # The lost key approves nothing any more, the new one does; what it approved before stands.
    amended = beginning(gateway, "2027-03-01")
    with pytest.raises(AgreementError):
        await office.onboarding.activate(amended.envelope, [amended.approval])
    assert (await gateway.get(MENTORING, FIRST_NAMES)).status_code == 200


@pytest.mark.ferpa("C7")
async def test_a_consent_to_everything_does_not_cover_what_an_amendment_adds(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    old = gateway.deployment.agreements[TUTORING].agreement
    content: dict[str, Any] = json.loads(json.dumps(old.content))
    content |= {"version": 2, "replaces": old.digest, "annexes": "carried_over"}
    content["term"]["first_day"] = "2027-03-01"
    students = next(terms for terms in content["datasets"] if terms["dataset"] == "students")
    added = {"element": "000255", "transformation": "exact"}
    students["elements"].append(added)
    new = ring.agreement(content=content)
    before = {row["first_name"] for row in await gateway.rows(TUTORING, fields="first_name")}
    await office.onboarding.activate(new.envelope, [new.approval])
    await accept(office, gateway, new)
    client = gateway.client(TUTORING)
    details = {"agreement": new.digest, "purpose": "tutoring"}
    token = (await asyncio.to_thread(client.token, details))["access_token"]
    answer = await asyncio.to_thread(client.get, "/v1/students?fields=first_name,sex&limit=500", token)
    rows = answer.json()["data"]
    # Everybody is there as before; of nobody the new element, because every consent was signed before it was added.
    assert {row["first_name"] for row in rows} == before
    assert {row.get("sex") for row in rows} == {None}
