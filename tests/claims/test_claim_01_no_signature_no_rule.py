"""
Claim 1. No signature, no rule; no logged act, no row.

A superuser writes past the guards of the database; what then stands there is not believed. A gateway that starts on it,
or that meets it while it runs, refuses and raises an alarm. The log itself is whole after each of these.
"""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from agreements.lifecycle import Standing
from agreements.register import digest_bytes
from agreements.signature import Kind
from gateway.oauth.client import PartnerKeys
from tests.factories.agreements import Person, client_id, key_for
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.gateway import HARBOR, Gateway
from tests.factories.superuser import DENIED, alarms, insert, refusal, served_anew, superuser

pytestmark = pytest.mark.claim(1)


async def test_an_envelope_that_was_widened_gives_no_rule(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    await gateway.ask(MENTORING)
    admin, digest = await superuser(gateway), digest_bytes(gateway.digest(MENTORING))
    envelope = json.loads(await admin.fetchval("SELECT envelope FROM agreements.document WHERE digest = $1", digest))
    content = json.loads(gateway.deployment.agreements[MENTORING].agreement.canonical)
    content["datasets"][0]["elements"].append({"element": "000128", "transformation": "exact"})
    payload = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
    envelope["payload"] = urlsafe_b64encode(payload).rstrip(b"=").decode()
    change = "UPDATE agreements.document SET envelope = $1 WHERE digest = $2"
    await admin.execute(change, json.dumps(envelope), digest)
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, MENTORING) in DENIED
    assert "document_unreadable" in alarms(caplog)
    # Nobody else is concerned.
    await gateway.ask(TUTORING)


@pytest.mark.parametrize("officer", [None, 1], ids=["gone", "the drafter's"])
async def test_an_agreement_without_a_valid_approval_gives_no_rule(
    gateway: Gateway, officer: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    admin, bundle = await superuser(gateway), gateway.deployment.agreements[MENTORING]
    concerns = digest_bytes(bundle.digest)
    index = await admin.fetchval(
        "DELETE FROM agreements.document WHERE kind = 'approval' AND concerns = $1 RETURNING idx", concerns
    )
    if officer is not None:
        made = gateway.deployment.ring.approve(bundle.envelope, bundle.agreement.words_only, officer=officer)
        await insert(admin, made, bundle.digest, index)
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, MENTORING) in DENIED
    assert alarms(caplog) & {"agreement_refused", "document_not_in_log"}


async def test_a_document_that_no_entry_brought_gives_no_rule(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(gateway)
    change = "UPDATE agreements.document SET idx = 0 WHERE digest = $1"
    await admin.execute(change, digest_bytes(gateway.digest(MENTORING)))
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, MENTORING) in DENIED
    assert "document_not_in_log" in alarms(caplog)


async def test_an_agreement_made_active_by_hand_stays_suspended(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, admin = await gateway.office(), await superuser(gateway)
    stopped = await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, "test")
    assert await refusal(gateway, MENTORING) == "suspended"
    assert alarms(caplog) == set()
    # At an entry of another kind, and beyond the end of the log.
    for index in (stopped + 1, 10_000):
        await admin.execute(
            "INSERT INTO agreements.status (agreement, status, idx, reason) VALUES ($1, 'active', $2, 'by hand')",
            digest_bytes(gateway.digest(MENTORING)),
            index,
        )
        assert await refusal(gateway, MENTORING) == "suspended"
        assert alarms(caplog) == {"move_not_in_log"}


@pytest.mark.parametrize("signed_by", ["nobody we know", "the signer"])
async def test_a_client_row_without_its_entry_opens_nothing(
    gateway: Gateway, signed_by: str, caplog: pytest.LogCaptureFixture
) -> None:
    admin, ring, bundle = await superuser(gateway), gateway.deployment.ring, gateway.deployment.agreements[MENTORING]
    intruder, keys = client_id("intruder"), PartnerKeys.generate()
    jwks: Any = keys.jwks()["keys"]
    bound = ring.binding(bundle, intruder, jwks)
    envelope, index = bound.envelope, await gateway.size() - 1
    if signed_by == "nobody we know":
        envelope = ring.sign(Kind.CLIENT_BINDING, bound.envelope.payload, key_for("intruder", "ES256"))
    await insert(admin, envelope, bundle.digest, index)
    await insert(admin, bound.approval, envelope.digest, index)
    await admin.execute(
        "INSERT INTO gateway.client (id, partner, name, binding, agreement, idx) VALUES ($1, $2, 'x', $3, $4, $5)",
        intruder,
        bundle.agreement.partner.id,
        digest_bytes(envelope.digest),
        digest_bytes(bundle.digest),
        index,
    )
    assert await gateway.services.clients.load(intruder) is None
    assert "document_not_in_log" in alarms(caplog)
    await gateway.ask(MENTORING)


async def test_a_client_row_without_a_document_opens_nothing(gateway: Gateway) -> None:
    admin, intruder = await superuser(gateway), client_id("intruder")
    await admin.execute(
        "INSERT INTO gateway.client (id, partner, name, binding, agreement, idx) VALUES ($1, $2, 'x', $3, $4, 1)",
        intruder,
        "partner:harbor-mentors",
        bytes(32),
        digest_bytes(gateway.digest(MENTORING)),
    )
    assert await gateway.services.clients.load(intruder) is None


async def test_a_suspension_is_not_undone_by_a_document_that_no_entry_received(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, admin = await gateway.office(), await superuser(gateway)
    client, ring = gateway.deployment.partners[HARBOR].client, gateway.deployment.ring
    stopped = await office.suspensions.suspend_client(client, "test")
    ring.officers.append(Person("Intruder", key_for("intruder")))
    try:
        forged = ring.reinstatement(client, undoes=stopped, officer=2)
    finally:
        ring.officers.pop()
    await insert(admin, forged, None, stopped)
    assert await refusal(gateway, MENTORING) == "suspended"
    # Nor by one that an officer did sign, as long as no entry received it.
    real = ring.reinstatement(client, undoes=stopped)
    await admin.execute("UPDATE agreements.document SET envelope = $1 WHERE idx = $2", real.text, stopped)
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, MENTORING) == "suspended"
    assert "document_not_in_log" in alarms(caplog)


@pytest.mark.ferpa("S1")
@pytest.mark.attack("one byte")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.AGREEMENT, {"document_unreadable", "agreement_refused"}),
        (Kind.APPROVAL, {"document_unreadable", "agreement_refused", "client_refused"}),
        (Kind.SIGNER, {"document_unreadable", "authority_refused"}),
        (Kind.CLIENT_BINDING, {"document_unreadable", "client_refused"}),
        (Kind.PEOPLE_ANNEX, {"document_unreadable", "people_refused"}),
        (Kind.UNDERTAKING, {"document_unreadable", "undertaking_refused"}),
    ],
    ids=lambda each: each.value if isinstance(each, Kind) else "",
)
async def test_one_byte_of_what_a_rule_rests_on_is_flipped_and_there_is_no_rule(
    gateway: Gateway, kind: Kind, said: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(gateway)
    stored = "SELECT digest, envelope FROM agreements.document WHERE kind = $1"
    rows = [(row["digest"], row["envelope"]) for row in await admin.fetch(stored, kind.value)]
    write = "UPDATE agreements.document SET envelope = $1 WHERE digest = $2"
    for part in (0.2, 0.5, 0.97):  # in the payload, in it or in a header, in a signature
        for digest, envelope in rows:
            at = int(len(envelope) * part)
            flipped = "A" if envelope[at] != "A" else "B"
            await admin.execute(write, envelope[:at] + flipped + envelope[at + 1 :], digest)
        await served_anew(gateway)
        for agreement in (MENTORING, TUTORING):
            assert await refusal(gateway, agreement) in {*DENIED, "no_responsible_person"}
        assert alarms(caplog) & said
        await admin.executemany(write, [(envelope, digest) for digest, envelope in rows])
    await served_anew(gateway)
    await gateway.ask(MENTORING)
    assert alarms(caplog) == set()
