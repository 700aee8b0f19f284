"""The register only grows, and what comes out of it is believed by its signatures alone."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agreements.authority import Filed, Received, build_authority
from agreements.elements import load_catalogue
from agreements.errors import AlreadyRegistered, BadEnvelope, NotRegistered
from agreements.in_force import verify_agreement, verify_reinstatement
from agreements.lifecycle import Standing, standing
from agreements.register import (
    StoredDocument,
    insert_document,
    insert_status,
    load_agreement,
    load_register,
)
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED, Keyring, SignedAgreement, client_id, client_jwk
from tests.factories.database import TestDatabase

GUARDED = ("document", "status")


async def _register(database: TestDatabase, ring: Keyring) -> SignedAgreement:
    bundle = ring.agreement()
    binding = ring.binding(bundle, client_id("one"), [client_jwk("one")])
    engine = await database.engine("loader")
    async with engine.begin() as connection:
        for index, signer in enumerate(ring.signer_documents):
            await insert_document(connection, signer, concerns=None, index=index)
        await insert_document(connection, bundle.envelope, concerns=None, index=2)
        await insert_document(connection, bundle.approval, concerns=bundle.digest, index=3)
        await insert_document(connection, binding.envelope, concerns=bundle.digest, index=4)
        await insert_document(connection, binding.approval, concerns=binding.envelope.digest, index=5)
        await insert_status(connection, bundle.digest, "active", index=6, reason="begins")
        lifted = ring.reinstatement(client_id("one"), undoes=1)
        await insert_document(connection, lifted, concerns=None, index=7)
    return bundle


def filed(stored: StoredDocument) -> Filed:
    return Filed(stored.envelope, Received(stored.index, RECEIVED))


async def test_an_unregistered_agreement_cannot_be_loaded_or_moved(database: TestDatabase) -> None:
    engine = await database.engine("loader")
    async with engine.begin() as connection:
        with pytest.raises(NotRegistered):
            await load_agreement(connection, "sha256:" + "0" * 64)
        with pytest.raises(NotRegistered):
            await insert_status(connection, "sha256:" + "0" * 64, "active", index=1, reason="begins")


async def test_a_document_is_registered_once(database: TestDatabase) -> None:
    bundle = await _register(database, Keyring())
    engine = await database.engine("loader")
    async with engine.begin() as connection:
        with pytest.raises(AlreadyRegistered):
            await insert_document(connection, bundle.envelope, concerns=None, index=9)


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize(
    "change", ["UPDATE agreements.{} SET idx = 99", "DELETE FROM agreements.{}", "TRUNCATE agreements.{} CASCADE"]
)
async def test_not_even_the_owner_changes_or_deletes_a_row(database: TestDatabase, table: str, change: str) -> None:
    await _register(database, Keyring())
    owner = await database.connection("owner")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only grows"):
        await owner.execute(change.format(table))


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.parametrize("table", GUARDED)
async def test_those_who_serve_or_audit_only_read(database: TestDatabase, role: str, table: str) -> None:
    bundle = await _register(database, Keyring())
    reader = await database.connection(role)
    assert await reader.fetchval(f"SELECT count(*) FROM agreements.{table}") > 0  # noqa: S608 -- our own table names
    digest = bytes.fromhex(bundle.digest[7:])
    row = {"document": "($1, 'approval', NULL, 'x', 9)", "status": "($1, 'suspended', 9, 'x')"}[table]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.execute(f"INSERT INTO agreements.{table} VALUES {row}", digest)  # noqa: S608 -- as above


@pytest.mark.parametrize("table", GUARDED)
async def test_the_loader_may_not_delete(database: TestDatabase, table: str) -> None:
    loader = await database.connection("loader")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await loader.execute(f"DELETE FROM agreements.{table}")  # noqa: S608 -- as above


async def test_moves_follow_the_order_of_the_log_and_nothing_follows_a_termination(database: TestDatabase) -> None:
    bundle = await _register(database, Keyring())
    engine = await database.engine("loader")
    with pytest.raises(IntegrityError, match="does not follow"):
        async with engine.begin() as connection:
            await insert_status(connection, bundle.digest, "suspended", index=6, reason="late")
    async with engine.begin() as connection:
        await insert_status(connection, bundle.digest, "terminated", index=8, reason="ended")
    with pytest.raises(IntegrityError, match="does not follow"):
        async with engine.begin() as connection:
            await insert_status(connection, bundle.digest, "active", index=9, reason="again")


@pytest.mark.claim(1)
@pytest.mark.ferpa("S1")
async def test_what_is_registered_verifies_when_it_is_loaded(database: TestDatabase) -> None:
    ring = Keyring()
    bundle = await _register(database, ring)
    engine = await database.engine("app")
    async with engine.begin() as connection:
        register = await load_register(connection)
        one = await load_agreement(connection, bundle.digest)
    assert register.agreements == (one,)
    approvals, bindings = (register.about(bundle.digest, kind) for kind in (Kind.APPROVAL, Kind.CLIENT_BINDING))
    assert [len(found) for found in (approvals, bindings, register.of(Kind.REINSTATEMENT))] == [1, 1, 1]
    assert len(register.about(bindings[0].digest, Kind.APPROVAL)) == 1
    verified = verify_agreement(
        filed(one.document),
        [filed(item) for item in approvals],
        authority=build_authority(ring.trust, [filed(item) for item in register.of(Kind.SIGNER)]),
        catalogue=load_catalogue(),
    )
    assert verified.agreement.digest == bundle.digest
    assert standing(bundle.digest, one.moves, []) is Standing.ACTIVE


@pytest.mark.claim(1)
async def test_a_suspension_lasts_until_a_signed_reinstatement_names_its_entry(database: TestDatabase) -> None:
    ring = Keyring()
    bundle = await _register(database, ring)
    engine = await database.engine("loader")
    async with engine.begin() as connection:
        await insert_status(connection, bundle.digest, "suspended", index=8, reason="complaint")
        await insert_status(connection, bundle.digest, "active", index=9, reason="slipped in without a signature")
        one = await load_agreement(connection, bundle.digest)
        assert standing(bundle.digest, one.moves, []) is Standing.SUSPENDED
        lifted = ring.reinstatement(bundle.digest, undoes=8)
        await insert_document(connection, lifted, concerns=bundle.digest, index=10)
        one, register = await load_agreement(connection, bundle.digest), await load_register(connection)
    lifting = register.about(bundle.digest, Kind.REINSTATEMENT)
    verified = [verify_reinstatement(filed(item), authority=ring.authority) for item in lifting]
    assert standing(bundle.digest, one.moves, verified) is Standing.ACTIVE


async def test_a_document_stored_under_another_digest_is_refused() -> None:
    bundle = Keyring().agreement()
    stored = StoredDocument("sha256:" + "0" * 64, Kind.AGREEMENT, None, bundle.envelope.text, 1)
    with pytest.raises(BadEnvelope, match="another content"):
        _ = stored.envelope


async def test_the_tables_hold_only_known_kinds(database: TestDatabase) -> None:
    engine = await database.engine("loader")
    with pytest.raises(IntegrityError, match="document_kind_is_known"):
        async with engine.begin() as connection:
            await connection.execute(
                text("INSERT INTO agreements.document VALUES (decode(repeat('00', 32), 'hex'), 'memo', NULL, 'x', 1)")
            )
