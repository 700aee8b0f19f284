"""A partner leaves, is debarred, or goes on as another one: what it has ends at once, over the wire and in the log."""

from collections.abc import Mapping

import pytest

from agreements.canonical import read_canonical
from agreements.documents.debarment import Debarment, debarment_bytes, earliest_end
from agreements.documents.emergency import emergency_order_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.succession import SUCCESSION, Succession, succession_bytes
from agreements.errors import AgreementError, NotApproved, PartnerDebarred, PartnerGone
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind
from audit.events import Event
from gateway.oauth.client import PartnerRefused
from gateway.services.errors import UnknownPartner
from gateway.services.filing import Desk
from gateway.services.parties import Parties
from tests.factories.agreements import SPS_B, Keyring, SignedAgreement
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import BRIGHT_PATH, NOON, Gateway
from tests.factories.leaves import made_up
from tests.factories.partners import ORDER

PARTNER, OTHER, NEW = "partner:bright-path", "partner:harbor-mentors", "partner:brighter-path"
"""The partner of two agreements, the partner of one, and one that has none yet."""


async def parties(gateway: Gateway) -> Parties:
    return Parties((await gateway.office()).desk)


def debarment(ring: Keyring, partner: str, *, years_ago: int = 0) -> Envelope:
    first = NOON.date().replace(year=NOON.year - years_ago)
    value = Debarment(partner, "failure_to_destroy", first, earliest_end(first), "Nothing was destroyed.")
    return ring.sign(Kind.DEBARMENT, debarment_bytes(value), *(officer.key for officer in ring.officers))


def succession(ring: Keyring, predecessor: str, successor: str) -> tuple[Envelope, list[Envelope]]:
    value = Succession(predecessor, successor, "merger", NOON.date(), "Merged by resolution.")
    keys = [ring.signer(party).key for party in value.parties]
    document = ring.sign(Kind.SUCCESSION, succession_bytes(value), *keys)
    return document, [ring.approve(document, words_only(SUCCESSION, read_canonical(document.payload)))]


def once_more(gateway: Gateway) -> SignedAgreement:
    """Return a new agreement with the partner of the tutoring agreement, signed and approved."""
    partner = gateway.deployment.agreements[TUTORING].agreement.content["partner"]
    return gateway.deployment.ring.agreement(SPS_B, changes={"/partner": partner, "/id": "agreement:once-more"})


async def introduce(gateway: Gateway, party: str) -> None:
    """Register a signer of a party that has none in the deployment."""
    office = await gateway.office()
    document = gateway.deployment.ring.signer(party).document
    assert document is not None
    await office.admissions.introduce_signer(document)


async def refused(gateway: Gateway, agreement: str, token: str) -> None:
    """Check that nothing is left for the partner: neither with the token it holds, nor for a new one."""
    answer = await gateway.get(agreement, "/v1/students", token=token)
    assert answer.status_code in {401, 403}, answer.text
    with pytest.raises(PartnerRefused):
        await gateway.token(agreement)


@pytest.mark.claim(7)
async def test_leaving_ends_agreements_clients_and_tokens_together(gateway: Gateway) -> None:
    tokens = {each: await gateway.token(each) for each in (TUTORING, FOLLOW_UP)}
    assert await gateway.rows(MENTORING)
    size = await gateway.size()
    ended = await (await parties(gateway)).leave(PARTNER, "ended by letter")
    for agreement, token in tokens.items():
        await refused(gateway, agreement, token)
    assert await gateway.rows(MENTORING), "the other partner goes on"
    assert set(ended.agreements) == {gateway.digest(TUTORING), gateway.digest(FOLLOW_UP)}
    assert ended.clients == (gateway.deployment.partners[BRIGHT_PATH].client,)
    entries = await gateway.entries(size)
    assert [each["event"] for each in entries[:4]] == [
        "agreement.terminated",
        "agreement.terminated",
        "client.suspended",
        "partner.left",
    ]
    assert entries[3]["partner"] == PARTNER
    owner = await gateway.database.connection("owner")
    left = "SELECT count(*) FROM records.population WHERE agreement = $1 AND to_idx IS NULL"
    for digest in ended.agreements:
        assert await owner.fetchval(left, digest) == 0
    with pytest.raises(UnknownPartner):
        await (await parties(gateway)).leave(NEW, "was never here")


@pytest.mark.ferpa("L9")
@pytest.mark.parametrize("years_ago", [0, 4, 5])
async def test_a_debarment_ends_everything_at_once_and_new_agreements_are_refused_for_five_years(
    gateway: Gateway, years_ago: int
) -> None:
    ring, token = gateway.deployment.ring, await gateway.token(TUTORING)
    office, desk = await gateway.office(), await parties(gateway)
    (ended,) = await desk.debar(debarment(ring, PARTNER, years_ago=years_ago))
    await refused(gateway, TUTORING, token)
    assert set(ended.agreements) == {gateway.digest(TUTORING), gateway.digest(FOLLOW_UP)}
    bundle = once_more(gateway)
    size = await gateway.size()
    with pytest.raises(PartnerDebarred):
        await office.onboarding.activate(bundle.envelope, [bundle.approval])
    assert await gateway.size() == size
    (line,) = [each for each in await desk.lines() if each.id == PARTNER]
    assert line.barred_until == NOON.date().replace(year=NOON.year + 5 - years_ago)
    assert line.agreements == line.clients == ()


@pytest.mark.ferpa("L9")
async def test_after_five_years_an_officer_approves_a_new_agreement_in_view_of_the_ban(gateway: Gateway) -> None:
    ring, office, desk = gateway.deployment.ring, await gateway.office(), await parties(gateway)
    over = debarment(ring, PARTNER, years_ago=6)
    assert await desk.debar(over) == ()
    bundle = once_more(gateway)
    with pytest.raises(NotApproved, match="acknowledge"):
        await office.onboarding.activate(bundle.envelope, [bundle.approval])
    seen = ring.approve(bundle.envelope, bundle.agreement.words_only, acknowledges=[over.digest])
    assert (await office.onboarding.activate(bundle.envelope, [seen])).agreement == bundle.digest
    (line,) = [each for each in await desk.lines() if each.id == PARTNER]
    assert (line.barred_until, line.debarments_over) == (None, (over.digest,))
    assert bundle.digest in line.agreements


@pytest.mark.ferpa("L9")
@pytest.mark.attack("rows are removed from the database")
async def test_a_ban_stands_by_its_document_even_where_the_terminations_were_deleted(gateway: Gateway) -> None:
    ring, token = gateway.deployment.ring, await gateway.token(TUTORING)
    await (await parties(gateway)).debar(debarment(ring, PARTNER))
    owner = await gateway.database.connection("admin")
    await owner.execute("ALTER TABLE agreements.status DISABLE TRIGGER USER")
    await owner.execute("ALTER TABLE gateway.client_status DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM agreements.status WHERE status = 'terminated'")
    await owner.execute("DELETE FROM gateway.client_status")
    _, registry = await (await gateway.office()).desk.registry()
    assert set(registry.granted) == {gateway.digest(MENTORING)}
    await refused(gateway, TUTORING, token)


@pytest.mark.ferpa("L9")
async def test_one_officer_alone_debars_nobody_and_nothing_is_written(gateway: Gateway) -> None:
    ring = gateway.deployment.ring
    whole = debarment(ring, PARTNER)
    alone = ring.sign(Kind.DEBARMENT, whole.payload, ring.officers[0].key)
    size = await gateway.size()
    with pytest.raises(AgreementError, match="two officers"):
        await (await parties(gateway)).debar(alone)
    assert await gateway.size() == size
    assert await gateway.rows(TUTORING)


@pytest.mark.ferpa("L9")
async def test_a_merger_does_not_escape_a_ban(gateway: Gateway) -> None:
    ring, desk = gateway.deployment.ring, await parties(gateway)
    await desk.debar(debarment(ring, PARTNER))
    token = await gateway.token(MENTORING)
    ended = await desk.succeed(*succession(ring, PARTNER, OTHER))
    assert [each.partner for each in ended] == [PARTNER, OTHER]
    await refused(gateway, MENTORING, token)
    (line,) = [each for each in await desk.lines() if each.id == OTHER]
    assert line.predecessors == (PARTNER,)
    assert line.barred_by


@pytest.mark.ferpa("L9")
@pytest.mark.attack("a revocation that reaches back")
async def test_a_revocation_that_reaches_back_ends_no_ban_and_frees_no_successor(gateway: Gateway) -> None:
    ring, desk = gateway.deployment.ring, await parties(gateway)
    await desk.debar(debarment(ring, PARTNER))
    await desk.succeed(*succession(ring, PARTNER, OTHER))
    office = await gateway.office()
    signer = ring.signer(PARTNER).key.thumbprint  # as if it had never signed anything
    payload = revocation_bytes(Revocation(signer, 0, "Never meant it."))
    await office.admissions.revoke(ring.sign(Kind.REVOCATION, payload, ring.officers[0].key))
    assert (await office.desk.registry())[1].authority.ended(signer) == 0
    (line,) = [each for each in await desk.lines() if each.id == OTHER]
    assert line.barred_until is not None
    assert line.predecessors == (PARTNER,)


async def test_a_merger_ends_the_predecessor_and_leaves_the_successor_as_it_is(gateway: Gateway) -> None:
    ring, desk, office = gateway.deployment.ring, await parties(gateway), await gateway.office()
    token = await gateway.token(TUTORING)
    (ended,) = await desk.succeed(*succession(ring, PARTNER, OTHER))
    await refused(gateway, TUTORING, token)
    assert ended.partner == PARTNER
    assert await gateway.rows(MENTORING)
    bundle = once_more(gateway)
    with pytest.raises(PartnerGone):
        await office.onboarding.activate(bundle.envelope, [bundle.approval])
    await introduce(gateway, NEW)
    for pair in ((PARTNER, NEW), (OTHER, PARTNER)):
        with pytest.raises(PartnerGone):
            await desk.succeed(*succession(ring, *pair))


async def test_an_agreement_that_cannot_be_read_does_not_keep_a_partner_from_leaving(gateway: Gateway) -> None:
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    digest = bytes.fromhex(gateway.digest(FOLLOW_UP).removeprefix("sha256:"))
    await admin.execute("UPDATE agreements.document SET envelope = '{}' WHERE digest = $1", digest)
    ended = await (await parties(gateway)).leave(PARTNER, "ended by letter")
    assert ended.agreements == (gateway.digest(TUTORING),)
    _, registry = await (await gateway.office()).desk.registry()
    assert set(registry.granted) == {gateway.digest(MENTORING)}


@pytest.mark.claim(1)
async def test_documents_that_were_filed_unjudged_hold_nothing_and_raise_alarms(gateway: Gateway) -> None:
    ring = gateway.deployment.ring
    said: list[tuple[str, str, str]] = []
    await (await parties(gateway)).succeed(*succession(ring, PARTNER, OTHER))
    alone = ring.sign(Kind.DEBARMENT, debarment(ring, OTHER).payload, ring.officers[0].key)
    second, approvals = succession(ring, PARTNER, NEW)
    unapproved, _ = succession(ring, OTHER, NEW)
    order = ring.sign(Kind.EMERGENCY_ORDER, emergency_order_bytes(ORDER), ring.signer(PARTNER).key)
    await introduce(gateway, NEW)
    desk = (await gateway.office()).desk
    for event, document in (
        (Event.PARTNER_DEBARRED, alone),
        (Event.PARTNER_SUCCEEDED, second),
        (Event.PARTNER_SUCCEEDED, unapproved),
        (Event.EMERGENCY_ORDERED, order),
    ):
        async with desk.filing() as filing:
            await filing.file(event, document, concerns=None, **made_up(event, without="document"))
            if document is second:
                for approval in approvals:
                    await filing.approve(approval, second.digest)

    def alarm(code: str, facts: Mapping[str, str]) -> None:
        said.append((code, facts["document"], facts["reason"]))

    _, registry = await Desk(desk.engine, desk.trust, alarm).registry()
    assert set(said) == {
        ("debarment_refused", alone.digest, "signature_missing"),
        ("succession_refused", second.digest, "partner_gone"),
        ("succession_refused", unapproved.digest, "not_approved"),
        ("emergency_refused", order.digest, "signer_not_entitled"),
    }
    assert not registry.debarments
    assert not registry.emergency_orders
    assert [each.succession.successor for each in registry.successions] == [OTHER]
    assert await gateway.rows(MENTORING)
