"""
A superuser rearranges the register: documents that are genuine, in places where they do not belong.

Each document here was once signed by whom it says; what is false is the row around it, or that another one is gone.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from agreements.errors import LineTaken
from agreements.lifecycle import Standing
from agreements.register import digest_bytes, insert_status
from agreements.signature import Kind
from audit.events import Event
from gateway.oauth.client import PartnerRefused
from gateway.services.parties import Parties
from tests.factories.agreements import RESPONSIBLE_PERSON, SPS_B, SignedAgreement, key_for, rae
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import Gateway
from tests.factories.partners import PartnerPapers
from tests.factories.superuser import DENIED, alarms, change, insert, refusal, served_anew, superuser

pytestmark = pytest.mark.claim(1)

PARTNER = "partner:harbor-mentors"
FIRST_DAY, BEFORE, AFTER = (
    "2027-03-17",
    dt.datetime(2027, 3, 17, 6, 58, tzinfo=dt.UTC),
    dt.datetime(2027, 3, 17, 7, 0, tzinfo=dt.UTC),
)
"""The first day of the next version; instants just before its midnight in the agreement's zone, and at it."""
NEXT_STATUS = "SELECT max(idx) + 1 FROM agreements.status"


async def amended(gateway: Gateway, **changes: Any) -> SignedAgreement:
    """Bring the next version of the mentoring agreement into force."""
    old, office = gateway.deployment.agreements[MENTORING].agreement, await gateway.office()
    content: dict[str, Any] = {**old.content, "version": 2, "replaces": old.digest, "annexes": "carried_over"}
    term: Any = old.content["term"]
    new = gateway.deployment.ring.agreement(content={**content, "term": {**term, "first_day": FIRST_DAY}, **changes})
    await office.onboarding.activate(new.envelope, [new.approval])
    await office.admissions.accept_undertaking(gateway.deployment.ring.undertaking(new))
    return new


async def answers(gateway: Gateway, agreement: str) -> str:
    """How a request at this moment ends, after a restart."""
    await served_anew(gateway)
    return await refusal(gateway, agreement)


@pytest.mark.attack("an approval moved to another agreement")
async def test_an_approval_moved_to_another_agreement_approves_neither(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin, moved = await superuser(gateway), gateway.deployment.agreements[MENTORING].approval
    await change(admin, moved.digest, "concerns", digest_bytes(gateway.digest(FOLLOW_UP)))
    assert await answers(gateway, MENTORING) != "answered"
    assert "agreement_refused" in alarms(caplog)
    assert await refusal(gateway, FOLLOW_UP) == "answered", "its own approval is still there"
    own = gateway.deployment.agreements[FOLLOW_UP].approval
    await admin.execute("DELETE FROM agreements.document WHERE digest = $1", digest_bytes(own.digest))
    assert await answers(gateway, FOLLOW_UP) != "answered"


@pytest.mark.attack("an undertaking of another version")
async def test_an_undertaking_moved_to_another_version_binds_nobody_to_it(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    new = await amended(gateway, title="The second version")
    admin, ring = await superuser(gateway), gateway.deployment.ring
    await gateway.at(AFTER)
    await admin.execute(
        "DELETE FROM agreements.document WHERE kind = 'undertaking' AND concerns = $1", digest_bytes(new.digest)
    )
    old = ring.undertaking(gateway.deployment.agreements[MENTORING])
    await change(admin, old.digest, "concerns", digest_bytes(new.digest))
    await served_anew(gateway)
    registry = (await (await gateway.office()).desk.registry())[1]
    assert not any(registry.granted[new.digest].accountable.values())
    assert "undertaking_refused" in alarms(caplog)


@pytest.mark.attack("an annex moved to another agreement")
async def test_a_people_annex_moved_to_another_agreement_lets_nobody_in_there(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    # Somebody whom an officer approved under one agreement, and not under the other.
    person = rae(id="person:nina-newly", name="Nina Newly", email="nina@partner.example", key=key_for("nina").public)
    bundle = gateway.deployment.agreements[TUTORING]
    annex = ring.people(bundle, rae(), person)
    await office.admissions.name_people(annex.envelope, [annex.approval])
    admin = await superuser(gateway)
    await change(admin, annex.envelope.digest, "concerns", digest_bytes(gateway.digest(FOLLOW_UP)))
    registry = (await office.desk.registry())[1]
    for name in (TUTORING, FOLLOW_UP):
        named = {each.id for held in registry.history[gateway.digest(name)].annexes for each in held.annex.people}
        assert named == {RESPONSIBLE_PERSON}
    assert "people_refused" in alarms(caplog)


@pytest.mark.claim(12)
@pytest.mark.attack("an officer's document in the place of another")
async def test_an_officer_document_whose_entry_names_another_puts_nobody_in_office(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    real = ring.officer_document("Quinn Third", key_for("quinn"))
    index = await office.admissions.introduce_officer(real.envelope)
    other = ring.officer_document("Iris Intruder", key_for("intruder"), by=[key_for("intruder")])
    genuine = ring.officer_document("Oskar Fourth", key_for("oskar"))
    del ring.papers[-3:]
    admin = await superuser(gateway)
    for document in (other, genuine):  # at the entry of a real one; the second is even signed by two officers
        await insert(admin, document.envelope, None, index)
    registry = (await office.desk.registry())[1]
    assert [tenure.officer.name for tenure in registry.authority.tenures][2:] == ["Quinn Third"]
    assert "document_not_in_log" in alarms(caplog)
    # In the very row of the real one, nothing is left of either.
    await change(admin, real.envelope.digest, "envelope", genuine.envelope.text)
    registry = (await (await gateway.office()).desk.registry())[1]
    assert len(registry.authority.tenures) == len(ring.officers)
    assert "document_unreadable" in alarms(caplog)


@pytest.mark.ferpa("S4")
@pytest.mark.attack("an old version once more")
@pytest.mark.parametrize("gone", ["nothing", "its signature", "its approval", "all its rows"])
async def test_a_replaced_version_does_not_come_back_when_its_successor_is_damaged(
    gateway: Gateway, gone: str, caplog: pytest.LogCaptureFixture
) -> None:
    new, admin = await amended(gateway, title="The second version"), await superuser(gateway)
    name = digest_bytes(new.digest)
    match gone:
        case "its signature":
            document = await admin.fetchval("SELECT envelope FROM agreements.document WHERE digest = $1", name)
            await change(admin, new.digest, "envelope", document.replace('"signature":"', '"signature":"A', 1))
        case "its approval":
            await admin.execute("DELETE FROM agreements.document WHERE kind = 'approval' AND concerns = $1", name)
        case "all its rows":
            await admin.execute("DELETE FROM agreements.status WHERE agreement = $1", name)
            await admin.execute("DELETE FROM agreements.document WHERE digest = $1 OR concerns = $1", name)
    await gateway.at(BEFORE)
    assert await answers(gateway, MENTORING) == "answered", "until the day on which the other takes over"
    assert ("successor_missing" in alarms(caplog)) == (gone != "nothing")
    await gateway.at(AFTER)
    assert await answers(gateway, MENTORING) == "agreement_expired"


@pytest.mark.ferpa("S4")
@pytest.mark.ferpa("S7")
async def test_a_replaced_version_does_not_come_back_when_its_successors_signer_is_revoked(gateway: Gateway) -> None:
    office, ring, size = await gateway.office(), gateway.deployment.ring, await gateway.size()
    await amended(gateway, title="The second version")
    signer = ring.signer(PARTNER).key.thumbprint
    await office.admissions.revoke(ring.revocation(signer, since=size).envelope)
    del ring.papers[-1]
    await gateway.at(BEFORE)
    assert await answers(gateway, MENTORING) == "answered"
    await gateway.at(AFTER)
    assert await answers(gateway, MENTORING) == "agreement_expired"


@pytest.mark.attack("an old version once more")
async def test_a_replacement_that_no_entry_tells_of_ends_the_old_version_at_once(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(gateway)
    await admin.execute(
        f"INSERT INTO agreements.status (agreement, status, idx, reason) VALUES ($1, 'replaced', ({NEXT_STATUS}), 'x')",  # noqa: S608 -- our own query
        digest_bytes(gateway.digest(MENTORING)),
    )
    assert await answers(gateway, MENTORING) in DENIED
    assert "move_not_in_log" in alarms(caplog)


@pytest.mark.attack("an old version once more")
async def test_an_old_version_ends_although_every_trace_of_its_successor_was_deleted(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    new, admin, old = await amended(gateway), await superuser(gateway), gateway.digest(MENTORING)
    await admin.execute("DELETE FROM agreements.status WHERE agreement = $1", digest_bytes(new.digest))
    await admin.execute("DELETE FROM agreements.status WHERE agreement = $1 AND status = 'replaced'", digest_bytes(old))
    await admin.execute("DELETE FROM agreements.document WHERE digest = $1 OR concerns = $1", digest_bytes(new.digest))
    await gateway.at(AFTER)
    assert await answers(gateway, MENTORING) == "agreement_expired"
    assert {"stop_missing", "document_missing", "successor_missing"} <= alarms(caplog)


@pytest.mark.attack("two documents of one version")
async def test_a_second_document_of_one_version_is_no_agreement_though_the_log_received_it(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    second = ring.agreement(SPS_B, changes={"/title": "The first version, in other words"})
    with pytest.raises(LineTaken):
        await office.onboarding.activate(second.envelope, [second.approval])
    # By somebody with the loader's password, who writes entries and rows as the office does, and skips its checks.
    async with office.desk.filing() as filing:
        await filing.file(Event.AGREEMENT_SIGNED, second.envelope, concerns=None, signers=[])
        await filing.approve(second.approval, second.digest)
        index = await filing.append(Event.AGREEMENT_ACTIVATED, agreement=second.digest)
        await insert_status(filing.connection, second.digest, "active", index=index, reason="past the checks")
    registry = (await office.desk.registry())[1]
    assert second.digest not in registry.history
    assert "agreement_refused" in alarms(caplog)
    await gateway.ask(MENTORING)


@pytest.mark.attack("an old version once more")
async def test_what_was_terminated_is_not_activated_again_though_the_log_received_it(gateway: Gateway) -> None:
    office, digest, admin = await gateway.office(), gateway.digest(MENTORING), await superuser(gateway)
    await office.suspensions.stop_agreement(digest, Standing.TERMINATED, "test")
    async with office.desk.filing() as filing:
        index = await filing.append(Event.AGREEMENT_ACTIVATED, agreement=digest)
    await admin.execute(
        "INSERT INTO agreements.status (agreement, status, idx, reason) VALUES ($1, 'active', $2, 'again')",
        digest_bytes(digest),
        index,
    )
    assert await answers(gateway, MENTORING) != "answered"


@pytest.mark.ferpa("S7")
@pytest.mark.attack("a revocation is damaged")
@pytest.mark.parametrize("how", ["unreadable", "another's", "not signed"])
async def test_a_revoked_key_stays_revoked_when_its_revocation_is_damaged(
    gateway: Gateway, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    signer, stranger = ring.signer(PARTNER).key.thumbprint, key_for("stranger")
    real = ring.revocation(signer, since=1).envelope
    await office.admissions.revoke(real)
    assert await refusal(gateway, MENTORING) != "answered"
    other = ring.revocation(ring.signer("partner:bright-path").key.thumbprint).envelope
    forged = ring.sign(Kind.REVOCATION, real.payload, stranger)
    del ring.papers[-2:]
    admin = await superuser(gateway)
    text = {"unreadable": real.text[:-1], "another's": other.text, "not signed": forged.text}[how]
    await change(admin, real.digest, "envelope", text)
    assert await answers(gateway, MENTORING) != "answered"
    assert alarms(caplog) & {"document_unreadable", "authority_refused"}
    assert await refusal(gateway, TUTORING) == "answered"


@pytest.mark.claim(12)
@pytest.mark.attack("a revocation is damaged")
async def test_a_replaced_officers_key_stays_replaced_when_the_document_is_damaged(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    lost, third = ring.officers[0].key, key_for("quinn")
    await office.admissions.introduce_officer(ring.officer_document("Quinn Third", third).envelope)
    voices = [ring.officers[1].key, third]
    new = ring.officer_document("Olivia Okafor", key_for("olivia again"), by=voices, replaces=lost.thumbprint)
    index = await office.admissions.introduce_officer(new.envelope)
    del ring.papers[-2:]
    await change(await superuser(gateway), new.envelope.digest, "envelope", new.envelope.text[:-1])
    registry = (await office.desk.registry())[1]
    assert registry.authority.ended(lost.thumbprint) == index + 1


@pytest.mark.ferpa("L9")
@pytest.mark.attack("a debarment is damaged")
@pytest.mark.parametrize("kind", ["debarment", "succession"])
async def test_a_partner_gets_nothing_while_what_stopped_it_is_damaged(
    gateway: Gateway, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    papers = PartnerPapers(replace(ring, signers=dict(ring.signers)))
    desk, now = Parties(office.desk), (await office.desk.registry())[0].now
    if kind == "debarment":
        document = papers.debarment(PARTNER, first=now.date()).envelope
        await desk.debar(document)
    else:
        introduced = papers.ring.signer("partner:harbor-and-more").document
        assert introduced is not None
        await office.admissions.introduce_signer(introduced)
        filed, approvals = papers.succession(PARTNER, "partner:harbor-and-more", at=now)
        document = filed.envelope
        await desk.succeed(document, [each.envelope for each in approvals])
    admin = await superuser(gateway)
    await change(admin, document.digest, "envelope", document.text[:-1])
    # Whoever deletes the ends of its agreements too, and the stops of its clients, gives it nothing back.
    await admin.execute("DELETE FROM agreements.status WHERE status = 'terminated'")
    await admin.execute("DELETE FROM gateway.client_status")
    assert await answers(gateway, MENTORING) != "answered"
    assert "document_unreadable" in alarms(caplog)
    with pytest.raises(PartnerRefused):
        await gateway.token(MENTORING)
    assert await refusal(gateway, TUTORING) == "answered"
