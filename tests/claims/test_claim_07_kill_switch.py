"""
Claim 7. The kill switch: an agreement, a client or a whole partner, by one person, on the next request.

A stop reaches what it is meant for and no more: every agreement and token of a partner, those that come later too.
"""

import pytest

from agreements.errors import AgreementError
from gateway.oauth.client import PartnerRefused
from gateway.problems import Problem
from gateway.services.container import open_services
from gateway.services.errors import NothingToUndo, UnknownPartner
from policies.decision import Denied
from tests.factories.agreements import SPS_B, SignedAgreement
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import BRIGHT_PATH, Gateway, bring_into_force

pytestmark = pytest.mark.claim(7)

PARTNER, STRANGER = "partner:bright-path", "partner:never-here"
PATHS = ("/v1/students", "/v1/attendance", "/v1/grant")


async def refused(gateway: Gateway, agreement: str, token: str) -> None:
    """Check that nothing is left: neither with the token that is held, nor by asking for one."""
    for path in PATHS:
        answer = await gateway.get(agreement, path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "suspended")
    with pytest.raises(PartnerRefused):
        await gateway.token(agreement)


def another(gateway: Gateway) -> SignedAgreement:
    """Return one more agreement with the partner, signed and approved and not in force yet."""
    partner = gateway.deployment.agreements[TUTORING].agreement.content["partner"]
    changes = {"/partner": partner, "/id": "agreement:one-more", "/population": {"roster": True}}
    return gateway.deployment.ring.agreement(SPS_B, changes=changes)


async def bring(gateway: Gateway, bundle: SignedAgreement) -> None:
    """Bring one more agreement into force, with the partner's one client."""
    partner = gateway.deployment.partners[BRIGHT_PATH]
    await bring_into_force(await gateway.office(), gateway.deployment.ring, bundle, partner)


async def denied(gateway: Gateway, bundle: SignedAgreement) -> str:
    """Return why the partner's client gets nothing under an agreement that the deployment does not know."""
    state, moment = await gateway.services.grants.current()
    client = gateway.deployment.partners[BRIGHT_PATH].client
    table = state.table_for(client, bundle.digest, "students", bundle.agreement.purpose.code, moment.now)
    refusal = table if isinstance(table, Denied) else table.refusal
    return "" if refusal is None else refusal.code


async def test_a_row_dated_ahead_of_the_log_hides_no_stop(gateway: Gateway) -> None:
    office, token = await gateway.office(), await gateway.token(TUTORING)
    loader = await gateway.database.connection("loader")
    for ahead in (2**40, 2**62):
        await loader.execute("INSERT INTO gateway.partner_status VALUES ($1, 'active', $2, '')", STRANGER, ahead)
    assert (await gateway.get(TUTORING, "/v1/students", token=token)).status_code == 200
    await office.suspensions.suspend_partner(PARTNER, "incident")
    await refused(gateway, TUTORING, token)


async def test_a_stopped_partner_gets_nothing_under_any_agreement_on_any_replica(gateway: Gateway) -> None:
    office, made = await gateway.office(), gateway.deployment
    tokens = {each: await gateway.token(each) for each in (TUTORING, FOLLOW_UP)}
    url = gateway.database.url("app")
    async with open_services(url, made.keys, made.trust, readers=2, public_url="http://127.0.0.1") as second:
        for agreement in tokens:
            await gateway.ask(agreement, services=second)
        entry = await office.suspensions.suspend_partner(PARTNER, "incident")
        for agreement, token in tokens.items():
            await refused(gateway, agreement, token)
            with pytest.raises(Problem) as stopped:
                await gateway.ask(agreement, services=second)
            assert stopped.value.code == "suspended"
    assert await gateway.rows(MENTORING), "the other partner goes on"
    written = (await gateway.entries(entry))[0]
    assert (written["event"], written["partner"]) == ("partner.suspended", PARTNER)
    assert "reason" not in written
    # An officer's document brings back what there was.
    undone = await office.suspensions.reinstate(made.ring.reinstatement(PARTNER, undoes=entry))
    assert (await gateway.entries(undone))[0]["event"] == "partner.activated"
    for agreement, token in tokens.items():
        assert (await gateway.get(agreement, "/v1/students", token=token)).status_code == 200


async def test_an_agreement_that_comes_after_the_stop_is_stopped_as_well(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    entry = await office.suspensions.suspend_partner(PARTNER, "incident")
    bundle = another(gateway)
    await bring(gateway, bundle)
    assert await denied(gateway, bundle) == "suspended"
    await office.suspensions.reinstate(ring.reinstatement(PARTNER, undoes=entry))
    assert await denied(gateway, bundle) == ""


async def test_a_stopped_client_is_stopped_under_every_agreement_and_the_next_one(gateway: Gateway) -> None:
    office, client = await gateway.office(), gateway.deployment.partners[BRIGHT_PATH].client
    tokens = {each: await gateway.token(each) for each in (TUTORING, FOLLOW_UP)}
    entry = await office.suspensions.suspend_client(client, "key lost")
    for agreement, token in tokens.items():
        await refused(gateway, agreement, token)
    bundle = another(gateway)
    await bring(gateway, bundle)
    assert await denied(gateway, bundle) == "suspended"
    # Binding it once more lets nobody in: only the undoing of the stop does.
    await office.suspensions.reinstate(gateway.deployment.ring.reinstatement(client, undoes=entry))
    assert await denied(gateway, bundle) == ""


async def test_each_stop_of_a_partner_waits_for_its_own_undoing_by_an_officer(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    entries = [await office.suspensions.suspend_partner(PARTNER, why) for why in ("one", "two")]
    token_refused = await gateway.get(MENTORING, "/v1/students")
    assert token_refused.status_code == 200
    # Not under another's name, not of an entry that is no stop, not by a signer.
    for subject, undoes in (("partner:harbor-mentors", entries[0]), (PARTNER, 0), (STRANGER, entries[0])):
        with pytest.raises(NothingToUndo):
            await office.suspensions.reinstate(ring.reinstatement(subject, undoes=undoes))
    forged = ring.reinstatement(PARTNER, undoes=entries[1])
    signer = ring.signer(PARTNER).key
    with pytest.raises(AgreementError):
        await office.suspensions.reinstate(ring.sign(forged.kind, forged.payload, signer))
    for entry in reversed(entries):
        registry, _ = await gateway.services.grants.registry()
        assert [(stop.concerns, stop.entry) for stop in registry.suspensions] == [(PARTNER, entry)]
        await office.suspensions.reinstate(ring.reinstatement(PARTNER, undoes=entry))
    assert (await gateway.get(TUTORING, "/v1/students")).status_code == 200


async def test_a_stop_asks_for_nothing_that_could_fail_and_a_misspelt_partner_is_no_stop(gateway: Gateway) -> None:
    office, size = await gateway.office(), await gateway.size()
    with pytest.raises(UnknownPartner):
        await office.suspensions.suspend_partner(STRANGER, "incident")
    assert await gateway.size() == size
    # Nothing in the register verifies any more, and no client is left: what is named is stopped all the same.
    owner = await gateway.database.connection("owner")
    for table in ("gateway.client", "agreements.document"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM gateway.client")
    await owner.execute("DELETE FROM agreements.document WHERE kind <> 'agreement'")
    entry = await office.suspensions.suspend_partner(PARTNER, "incident")
    assert (await gateway.entries(entry))[0]["event"] == "partner.suspended"
