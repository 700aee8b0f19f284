"""
Claim 12. One person cannot do it alone, from the first day.

At the services, on a real register: what the room of agreements refuses as a document is refused as an act too, and
nothing is written.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from agreements.errors import AgreementError, SamePerson
from agreements.signature import Kind
from agreements.trust import Officer
from gateway.keys import create_keys
from gateway.problems import Problem
from gateway.services.emergencies.orders import Emergencies
from gateway.services.errors import ClientTaken, NothingToUndo
from gateway.services.installation import install
from gateway.services.parties import Parties
from tests.factories.agreements import SPS_B, Keyring, Person, client_id, key_for, rae
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import HARBOR, Gateway
from tests.factories.partners import PartnerPapers

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


async def test_one_officer_does_not_take_in_another(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    dana = ring.signer("district:emerald-city").key  # Piotr alone brought her: she may be a second key of his
    olivia, piotr = (officer.key for officer in ring.officers)
    outsider = key_for("outsider")
    for by in ([olivia], [piotr], [olivia, olivia], [piotr, dana], [dana], [olivia, outsider], [key_for("quinn")]):
        alone = ring.officer_document("Quinn Third", key_for("quinn"), by=by)
        del ring.papers[-1]
        with pytest.raises(AgreementError):
            await office.admissions.introduce_officer(alone.envelope)
    # Nor under another name for oneself, with whomever.
    for name in ("Piotr Nowak", " PIOTR  nowak"):
        again = ring.officer_document(name, key_for("piotr again"))
        del ring.papers[-1]
        with pytest.raises(SamePerson):
            await office.admissions.introduce_officer(again.envelope)
    assert await idle_gateway.size() == size


async def test_an_administrator_alone_replaces_no_lost_key_and_ends_none(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    lost, other, administrator = ring.officers[0].key, ring.officers[1].key, key_for("administrator")
    for by in ([administrator], [other, administrator], [other], [key_for("new olivia")]):
        for name in ("Olivia Okafor", "Ada Administrator"):
            made = ring.officer_document(name, key_for("new olivia"), by=by, replaces=lost.thumbprint)
            ended = ring.revocation(lost.thumbprint, by=by)
            del ring.papers[-2:]
            with pytest.raises(AgreementError):
                await office.admissions.introduce_officer(made.envelope)
            with pytest.raises(AgreementError):
                await office.admissions.revoke(ended.envelope)
    ended = ring.revocation(ring.signer("partner:harbor-mentors").key.thumbprint, by=[administrator])
    del ring.papers[-1]
    with pytest.raises(AgreementError):
        await office.admissions.revoke(ended.envelope)
    assert await idle_gateway.size() == size


async def test_one_officer_does_not_debar_a_partner(gateway: Gateway) -> None:
    office, papers, size = await gateway.office(), papers_of(gateway), await gateway.size()
    olivia, piotr = (officer.key for officer in papers.ring.officers)
    dana = papers.signer("district:emerald-city")
    for keys in ([olivia], [piotr], [olivia, olivia], [olivia, dana], [olivia, key_for("outsider")]):
        with pytest.raises(AgreementError):
            await Parties(office.desk).debar(papers.debarment("partner:harbor-mentors", keys=keys).envelope)
    assert await gateway.size() == size
    await gateway.ask(MENTORING)


async def test_nobody_reviews_their_own_emergency_order(idle_gateway: Gateway) -> None:
    office, papers = await idle_gateway.office(), papers_of(idle_gateway)
    desk, now = Emergencies(office.desk), (await office.desk.registry())[0].now
    order = papers.order(begins=now)
    await desk.order(order.envelope)
    size = await idle_gateway.size()
    with pytest.raises(SamePerson):
        await desk.review(papers.review(order, officer=1).envelope)
    papers.ring.officers.append(Person("Olivia Okafor", key_for("outsider")))
    with pytest.raises(AgreementError):
        await desk.review(papers.review(order, officer=2).envelope)
    both = [officer.key for officer in papers.ring.officers[:2]]
    with pytest.raises(SamePerson):  # ordered and reviewed in one
        await desk.order(papers.order(begins=now, id="emergency:two", keys=both).envelope)
    assert await idle_gateway.size() == size
    assert (await desk.review(papers.review(order).envelope)).reviewed_by is not None


@pytest.mark.ferpa("S3")
@pytest.mark.parametrize(
    "spelled",
    ["Dana Signer of emerald-city", "DANA  signer OF emerald-city ", "Ｄana Signer of emerald-city"],  # noqa: RUF001 -- a letter of another width is the test
)
async def test_one_person_does_not_sign_for_both_parties_under_two_spellings_of_a_name(
    idle_gateway: Gateway, spelled: str
) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    document = ring.introduce("partner:harbor-mentors", spelled, key_for("second key")).document
    assert document is not None
    with pytest.raises(SamePerson):
        await office.admissions.introduce_signer(document)
    for name in ("Olivia Okafor", "olivia OKAFOR"):  # nor is an officer a signer
        document = ring.introduce("partner:harbor-mentors", name, key_for("second key")).document
        assert document is not None
        with pytest.raises(SamePerson):
            await office.admissions.introduce_signer(document)
    assert await idle_gateway.size() == size


@pytest.mark.ferpa("S3")
async def test_one_key_introduced_for_both_parties_signs_for_neither(idle_gateway: Gateway) -> None:
    office, ring = await idle_gateway.office(), idle_gateway.deployment.ring
    dana, harbor = ring.signer("district:emerald-city"), ring.signer("partner:harbor-mentors")
    bundle = ring.agreement(SPS_B, changes=NEW)
    document = ring.introduce("partner:harbor-mentors", dana.name, dana.key).document
    assert document is not None
    await office.admissions.introduce_signer(document)
    size = await idle_gateway.size()
    for keys in ([dana.key], [dana.key, harbor.key]):
        envelope = ring.sign(Kind.AGREEMENT, bundle.agreement.canonical, *keys)
        with pytest.raises(SamePerson, match="both parties"):
            await office.onboarding.activate(envelope, [bundle.approval])
    assert await idle_gateway.size() == size


@pytest.mark.ferpa("D3")
async def test_a_partner_alone_lets_nobody_in(gateway: Gateway) -> None:
    office, ring, client = await gateway.office(), gateway.deployment.ring, client_id("new")
    bundle, nina = gateway.deployment.agreements[MENTORING], key_for("nina")
    newly = rae(id="person:nina-newly", name="Nina Newly", email="nina@partner.example", key=nina.public)
    annex = ring.people(bundle, rae(), newly)
    await office.admissions.name_people(annex.envelope, [])
    size = await gateway.size()
    with pytest.raises(AgreementError, match="nina"):
        await office.admissions.accept_undertaking(ring.undertaking(bundle, person="person:nina-newly", key=nina))
    assert await gateway.size() == size
    # A client of hers may be bound with an officer's approval: it sees nothing while nobody answers for it.
    bound = ring.binding(bundle, client, [key_for("machine", "ES256").public.jwk], responsible="person:nina-newly")
    await office.admissions.register_client(bound.envelope, [bound.approval], "hers")
    registry = (await office.desk.registry())[1]
    assert registry.granted[bundle.digest].accountable[client] == ()
    await gateway.ask(MENTORING)
    await office.admissions.name_people(ring.people(bundle, newly).envelope, [])
    with pytest.raises(Problem, match="no_responsible_person"):  # it takes out at once: Rae is not in it
        await gateway.ask(MENTORING)


@pytest.mark.ferpa("D3")
async def test_an_officer_answers_for_no_client(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    bundle, officer = idle_gateway.deployment.agreements[MENTORING], ring.officers[0]
    for changes in (
        {"key": officer.key.public},
        {"name": officer.name},
        {"name": officer.name.upper()},
        {"key": ring.signer("district:emerald-city").key.public},
    ):
        annex = ring.people(bundle, rae(**changes))
        with pytest.raises(SamePerson):
            await office.admissions.name_people(annex.envelope, [annex.approval])
    # Nor does an officer's key sit in the machine.
    bound = ring.binding(bundle, client_id("new"), [officer.key.public.jwk])
    with pytest.raises(AgreementError):
        await office.admissions.register_client(bound.envelope, [bound.approval], "new")
    assert await idle_gateway.size() == size


@pytest.mark.ferpa("S4")
async def test_who_drafted_an_amendment_does_not_approve_it(idle_gateway: Gateway) -> None:
    office, ring, size = await idle_gateway.office(), idle_gateway.deployment.ring, await idle_gateway.size()
    old = idle_gateway.deployment.agreements[MENTORING].agreement
    content = {**old.content, "version": 2, "replaces": old.digest}
    new = ring.agreement(content=content, changes={"/people/drafted_by": ring.officers[0].key.thumbprint})
    by_voucher = ring.approve(new.envelope, new.agreement.words_only, officer=1)
    for approval, why in ((new.approval, "drafted"), (by_voucher, "introduced")):
        with pytest.raises(SamePerson, match=why):
            await office.onboarding.activate(new.envelope, [approval])
    # The approval of the version before is none of this one.
    with pytest.raises(AgreementError):
        await office.onboarding.activate(new.envelope, [idle_gateway.deployment.agreements[MENTORING].approval])
    assert await idle_gateway.size() == size


def papers_of(gateway: Gateway) -> PartnerPapers:
    """Documents about partners by the officers and signers of the deployment, on a keyring of the test's own."""
    ring = gateway.deployment.ring
    return PartnerPapers(replace(ring, officers=list(ring.officers), signers=dict(ring.signers)))
