"""
Stops whose rows were deleted past the log: the entry stops all the same, and the missing row alarms.

Claim 1 and claim 7: a stop counts by its entry, also after a restart, and for a gateway that never saw its row.
"""

import pytest

from agreements.lifecycle import Standing
from agreements.register import digest_bytes
from gateway.services.office import Office
from tests.factories.agreements import key_for, rae
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import Gateway
from tests.factories.superuser import alarms, change, refusal, served_anew, superuser

pytestmark = pytest.mark.claim(1)

PARTNER = "partner:harbor-mentors"


async def stop(gateway: Gateway, office: Office, what: str) -> str:
    """Stop the mentoring agreement, its client or its partner; return the statement that deletes the row again."""
    match what:
        case "a suspension" | "a termination":
            reached = Standing.SUSPENDED if what == "a suspension" else Standing.TERMINATED
            await office.suspensions.stop_agreement(gateway.digest(MENTORING), reached, "test")
            return f"DELETE FROM agreements.status WHERE status = '{reached.value}'"  # noqa: S608 - our own words
        case "a client's stop":
            client = gateway.deployment.partners[gateway.deployment.partner_of(MENTORING)].client
            await office.suspensions.suspend_client(client, "test")
            return "DELETE FROM gateway.client_status"
    await office.suspensions.suspend_partner(PARTNER, "test")
    return "DELETE FROM gateway.partner_status"


@pytest.mark.claim(7)
@pytest.mark.attack("a stop's row deleted")
@pytest.mark.parametrize("what", ["a suspension", "a termination", "a client's stop", "a partner's stop"])
async def test_a_stop_holds_although_its_row_is_deleted(
    gateway: Gateway, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    office, admin = await gateway.office(), await superuser(gateway)
    await admin.execute("ALTER TABLE gateway.partner_status DISABLE TRIGGER ALL")
    assert await refusal(gateway, MENTORING) == "answered"
    # (1): before this gateway has seen the stop's row, it is gone.
    deleted = await admin.execute(await stop(gateway, office, what))
    assert deleted == "DELETE 1"
    assert await refusal(gateway, MENTORING) != "answered"
    assert "stop_missing" in alarms(caplog)
    # (2): after a restart, and after another change.
    await served_anew(gateway)
    assert "stop_missing" in alarms(caplog)
    assert await refusal(gateway, MENTORING) != "answered"
    await office.suspensions.stop_agreement(gateway.digest(FOLLOW_UP), Standing.SUSPENDED, "another change")
    assert await refusal(gateway, MENTORING) != "answered"
    assert await refusal(gateway, TUTORING) == "answered"


@pytest.mark.attack("a stop's row deleted")
async def test_a_row_deleted_while_nothing_else_changes_is_found_by_the_watch(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, admin = await gateway.office(), await superuser(gateway)
    deletion = await stop(gateway, office, "a suspension")
    await office.suspensions.stop_agreement(gateway.digest(FOLLOW_UP), Standing.TERMINATED, "a later one")
    assert await refusal(gateway, MENTORING) == "suspended"
    await admin.execute(deletion)
    assert (await refusal(gateway, MENTORING), alarms(caplog)) == ("suspended", set())
    await gateway.services.facts.check()
    assert alarms(caplog) == {"stop_missing"}
    assert await refusal(gateway, MENTORING) == "suspended"


@pytest.mark.attack("a stop written past the log")
async def test_a_stop_that_no_entry_tells_of_counts_and_alarms(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(gateway)
    assert await refusal(gateway, MENTORING) == "answered"
    await admin.execute(
        "INSERT INTO agreements.status (agreement, status, idx, reason)"
        " SELECT $1, 'suspended', max(idx) + 1, 'by hand' FROM agreements.status",
        digest_bytes(gateway.digest(MENTORING)),
    )
    await gateway.services.facts.step()
    # Although the epoch is what it was, and the answers of the rules are kept by it.
    assert await refusal(gateway, MENTORING) == "suspended"
    assert "stop_not_in_log" in alarms(caplog)


@pytest.mark.ferpa("S7")
@pytest.mark.attack("a revocation deleted")
async def test_a_revoked_key_stays_revoked_when_its_revocation_is_deleted(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    revocation = ring.revocation(ring.signer(PARTNER).key.thumbprint, since=1).envelope
    await office.admissions.revoke(revocation)
    del ring.papers[-1]
    admin = await superuser(gateway)
    await admin.execute("DELETE FROM agreements.document WHERE digest = $1", digest_bytes(revocation.digest))
    await served_anew(gateway)
    assert "document_missing" in alarms(caplog)
    assert await refusal(gateway, MENTORING) != "answered"
    assert await refusal(gateway, TUTORING) == "answered"


@pytest.mark.attack("a list of people deleted")
@pytest.mark.parametrize("how", ["deleted", "moved", "damaged"])
async def test_an_earlier_list_of_people_does_not_count_in_the_place_of_one_that_is_gone(
    gateway: Gateway, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    office, ring, bundle = await gateway.office(), gateway.deployment.ring, gateway.deployment.agreements[MENTORING]
    # The partner takes out who answered for its client.
    other = rae(id="person:nina-newly", name="Nina Newly", email="nina@partner.example", key=key_for("nina").public)
    annex = ring.people(bundle, other)
    await office.admissions.name_people(annex.envelope, [annex.approval])
    assert await refusal(gateway, MENTORING) == "no_responsible_person"
    digest, admin = annex.envelope.digest, await superuser(gateway)
    match how:
        case "deleted":
            await admin.execute("DELETE FROM agreements.document WHERE digest = $1", digest_bytes(digest))
        case "moved":
            await change(admin, digest, "concerns", digest_bytes(gateway.digest(FOLLOW_UP)))
        case "damaged":
            await change(admin, digest, "envelope", annex.envelope.text[:-1])
    await served_anew(gateway)
    assert alarms(caplog) & {"document_missing", "document_unreadable"}
    assert await refusal(gateway, MENTORING) == "suspended"
    assert await refusal(gateway, TUTORING) == "answered"
