"""
Claim 12. One person cannot do it alone, from the first day.

At the services, on a real register: what the room of agreements refuses as a document is refused as an act too, and
nothing is written.
"""

from pathlib import Path

import pytest

from agreements.errors import AgreementError, SamePerson
from agreements.trust import Officer
from gateway.keys import create_keys
from gateway.problems import Problem
from gateway.services.errors import ClientTaken, NothingToUndo
from gateway.services.installation import install
from tests.factories.agreements import SPS_B, Keyring, Person, client_id, key_for
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import HARBOR, Gateway

pytestmark = pytest.mark.claim(12)

NEW = {"/id": "agreement:another", "/title": "Another agreement"}


async def test_one_officer_named_twice_is_not_two(empty_database: TestDatabase, tmp_path: Path) -> None:
    keys, key = create_keys(tmp_path / "keys"), key_for("officer").public
    urls = empty_database.url("owner"), empty_database.url("loader")
    for officers in (
        (Officer("Olivia Okafor", key), Officer("Piotr Nowak", key)),
        (Officer("Olivia Okafor", key), Officer("Olivia Okafor", key_for("other").public)),
        (Officer("Olivia Okafor", key),),
    ):
        with pytest.raises(AgreementError):
            await install(*urls, tmp_path / "trust.json", keys, officers, origin="district.example/log", demo=True)
    assert not (tmp_path / "trust.json").exists()


async def test_who_drafted_an_agreement_does_not_approve_it(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    # Officer 0 vouched for nobody and signed nothing: that the draft is theirs is all that stands against them.
    drafted = {**NEW, "/people/drafted_by": ring.officers[0].key.thumbprint}
    own = ring.agreement(SPS_B, changes=drafted)
    for approvals in ([own.approval], [own.approval, own.approval]):
        with pytest.raises(SamePerson, match="drafted"):
            await office.onboarding.activate(own.envelope, approvals)
    with pytest.raises(AgreementError):
        await office.onboarding.activate(own.envelope, [])
    assert await idle_gateway.size() == size


async def test_who_vouched_for_all_signers_does_not_approve_what_they_signed(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    other = ring.agreement(SPS_B, changes={**NEW, "/people/drafted_by": ring.officers[0].key.thumbprint})
    alone = ring.approve(other.envelope, other.agreement.words_only, officer=1)
    with pytest.raises(SamePerson, match="introduced"):
        await office.onboarding.activate(other.envelope, [alone])
    assert await idle_gateway.size() == size
    bundle = ring.agreement(SPS_B, changes=NEW)
    await office.onboarding.activate(bundle.envelope, [bundle.approval])


async def test_who_is_no_officer_does_not_approve(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    bundle = ring.agreement(SPS_B, changes=NEW)
    outsider = Keyring(officers=[Person("Olivia Okafor", key_for("outsider")), *ring.officers[1:]])
    forged = outsider.approve(bundle.envelope, bundle.agreement.words_only)
    other = ring.approve(idle_gateway.deployment.agreements[MENTORING].envelope, bundle.agreement.words_only)
    for approval in (forged, other):
        with pytest.raises(AgreementError):
            await office.onboarding.activate(bundle.envelope, [approval])
    assert await idle_gateway.size() == size


async def test_an_approval_that_does_not_list_the_terms_of_words_only_is_none(idle_gateway: Gateway) -> None:
    office, ring = await idle_gateway.office(), idle_gateway.deployment.ring
    bundle = ring.agreement(SPS_B, changes=NEW)
    short = ring.approve(bundle.envelope, bundle.agreement.words_only[1:])
    with pytest.raises(AgreementError):
        await office.onboarding.activate(bundle.envelope, [short])


async def test_a_partner_does_not_bind_a_client_without_an_officer(idle_gateway: Gateway) -> None:
    deployment, office = idle_gateway.deployment, await idle_gateway.office()
    bundle, size = deployment.agreements[MENTORING], await idle_gateway.size()
    jwk = key_for("new", "ES256").public.jwk
    new = deployment.ring.binding(bundle, client_id("new"), [jwk])
    for approvals in ([], [bundle.approval]):
        with pytest.raises(AgreementError):
            await office.admissions.register_client(new.envelope, approvals, "new")
    assert await idle_gateway.size() == size


async def test_one_partner_does_not_take_the_client_of_another(gateway: Gateway) -> None:
    deployment, office = gateway.deployment, await gateway.office()
    jwk = key_for("thief", "ES256").public.jwk
    taken = deployment.ring.binding(deployment.agreements[FOLLOW_UP], deployment.partners[HARBOR].client, [jwk])
    with pytest.raises(ClientTaken):
        await office.admissions.register_client(taken.envelope, [taken.approval], "taken")
    await gateway.ask(MENTORING)


async def test_a_stop_is_undone_by_an_officer_and_by_nobody_else(gateway: Gateway) -> None:
    deployment, office = gateway.deployment, await gateway.office()
    client, ring = deployment.partners[HARBOR].client, deployment.ring
    stopped = await office.suspensions.suspend_client(client, "test")
    outsider = Keyring(officers=[Person("Olivia Okafor", key_for("outsider"))])
    with pytest.raises(AgreementError):
        await office.suspensions.reinstate(outsider.reinstatement(client, undoes=stopped))
    # Nor by an officer's word about another stop, or about another client.
    for subject, undoes in ((client, stopped - 1), (deployment.partners["bright-path"].client, stopped)):
        with pytest.raises(NothingToUndo):
            await office.suspensions.reinstate(ring.reinstatement(subject, undoes=undoes))
    with pytest.raises(Problem, match="suspended"):
        await gateway.ask(MENTORING)
    await gateway.ask(TUTORING)
    await office.suspensions.reinstate(ring.reinstatement(client, undoes=stopped))
    await gateway.ask(MENTORING)


async def test_a_signer_is_introduced_by_an_officer_and_by_nobody_else(idle_gateway: Gateway) -> None:
    office, ring = await idle_gateway.office(), idle_gateway.deployment.ring
    for introduced_by in (key_for("outsider"), ring.signer("partner:harbor-mentors").key):
        person = ring.introduce("partner:harbor-mentors", "Somebody Else", by=[introduced_by])
        assert person.document is not None
        with pytest.raises(AgreementError):
            await office.admissions.introduce_signer(person.document)
