"""Old versions of records go when their time is over: the log verifies, and older states are refused."""

import datetime as dt
from collections.abc import Mapping, Sequence

import asyncpg
import pytest

from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.signature import Kind, add_signature
from gateway.errors import SettingsError
from gateway.records.errors import LoadBusy, PastGone
from gateway.records.retention import oldest_readable, require_readable
from gateway.services.errors import RecordKept
from gateway.services.integrity.findings import Code, Finding
from gateway.services.integrity.office import check_facts
from gateway.services.obligations.owed import Obligations
from gateway.services.retention import Retention, Retired
from gateway.settings import FEWEST_DAYS, read_settings
from tests.factories.cohort import DAY, TUTORING, export
from tests.factories.gateway import NOON, Gateway, load

VERSIONS = """SELECT (SELECT count(*) FROM records.enrollment WHERE to_batch IS NOT NULL)
    + (SELECT count(*) FROM records.attendance WHERE to_batch IS NOT NULL)
    + (SELECT count(*) FROM records.student WHERE to_batch IS NOT NULL)"""
LATER = NOON + dt.timedelta(days=FEWEST_DAYS + 1)


class District:
    """A gateway whose records were changed once, and what keeps them."""

    def __init__(self, gateway: Gateway, owner: asyncpg.Connection) -> None:
        self.gateway = gateway
        self.owner = owner

    async def retention(self, days: int = FEWEST_DAYS) -> Retention:
        return Retention((await self.gateway.office()).desk, days)

    async def facts(self) -> frozenset[Finding]:
        return await check_facts(
            (await self.gateway.office()).desk, self.gateway.database.url("loader"), lambda *_: None
        )

    async def load(self, files: Mapping[str, Sequence[Sequence[object]]]) -> None:
        await load(await self.gateway.office(), self.gateway.deployment.keys, self.gateway.home, files)


@pytest.fixture
async def district(idle_gateway: Gateway) -> District:
    opened = District(idle_gateway, await idle_gateway.database.connection("owner"))
    files = export({name: bundle.agreement.id for name, bundle in idle_gateway.deployment.agreements.items()})
    await opened.load({**files, "enrollments": files["enrollments"][:-1]})
    return opened


async def test_nothing_is_deleted_before_its_time_nor_while_a_hold_stands_nor_beside_a_load(district: District) -> None:
    retention, before = await district.retention(), await district.owner.fetchval(VERSIONS)
    assert before
    # (1): not old enough: there is nothing, and no entry.
    assert (await retention.retire()).entry is None
    # (2): a hold beats all of it (34 CFR 99.10(e)).
    await district.gateway.at(LATER)
    obligations = Obligations((await district.gateway.office()).desk)
    key = district.gateway.deployment.ring.officers[0].key
    payload = hold_bytes(Hold(district.gateway.digest(TUTORING), "inspection", DAY, "a family asked"))
    hold = add_signature(None, Kind.HOLD, payload, key)
    await obligations.place_hold(hold)
    for act in (retention.look, retention.retire):
        with pytest.raises(RecordKept, match="hold"):
            await act()
    release = release_bytes(Release(hold.digest, "they have seen it"))
    await obligations.release_hold(add_signature(None, Kind.RELEASE, release, key))
    # (3): a load compares with what is there.
    other = await district.gateway.database.connection("loader")
    await other.execute("SELECT pg_advisory_lock(hashtextextended('pactgate.load', 0))")
    with pytest.raises(LoadBusy):
        await retention.retire()
    assert await district.owner.fetchval(VERSIONS) == before
    assert await oldest_readable(other) == -1


@pytest.mark.claim(5)
@pytest.mark.claim(6)
async def test_what_is_deleted_leaves_what_the_log_needs_and_older_states_are_refused(district: District) -> None:
    await district.gateway.at(LATER)
    retention, before = await district.retention(), await district.owner.fetchval(VERSIONS)
    living = await district.owner.fetchval("SELECT count(*) FROM records.enrollment WHERE to_batch IS NULL")
    newest = await district.owner.fetchval("SELECT max(idx) FROM records.batch WHERE kind = 'records.loaded'")
    looked = await retention.look()
    assert (looked.entry, looked.readable_from) == (None, newest)
    assert looked.rows >= before
    assert await district.owner.fetchval(VERSIONS) == before
    done = await retention.retire()
    assert (done.rows, done.readable_from) == (looked.rows, newest)
    assert await district.owner.fetchval(VERSIONS) == 0
    assert await district.owner.fetchval("SELECT count(*) FROM records.enrollment WHERE to_batch IS NULL") == living
    # The entries that dated the rows hold: their digests stand in the rows' place, and lead to the entry.
    assert await district.facts() == frozenset()
    entry = (await district.gateway.entries())[-1]
    assert (entry["event"], entry["rows"], entry["readable_from"]) == ("records.retired", done.rows, newest)
    assert await district.owner.fetchval("SELECT count(*) FROM records.erased_row WHERE erased_batch IS NOT NULL") == 0
    # Who dies before the digests are dated by the entry leaves them with its batch: they count all the same.
    await district.owner.execute(
        "UPDATE records.erased_row SET erased_idx = NULL, erased_batch = (SELECT max(b.id) FROM records.batch AS b)"
    )
    assert await district.facts() == frozenset()
    # Older states are refused, this one is not, and there is nothing more to do.
    session = await district.gateway.database.connection("loader")
    assert await oldest_readable(session) == newest
    await require_readable(session, newest)
    with pytest.raises(PastGone):
        await require_readable(session, newest - 1)
    assert await retention.retire() == Retired(0, newest)
    # A load goes on from here, and what it ends is kept anew.
    files = export({name: bundle.agreement.id for name, bundle in district.gateway.deployment.agreements.items()})
    await district.load({**files, "attendance_events": files["attendance_events"][:-1]})
    assert await district.facts() == frozenset()


@pytest.mark.claim(1)
async def test_a_digest_taken_away_or_a_moved_mark_is_found(district: District) -> None:
    await district.gateway.at(LATER)
    done = await (await district.retention()).retire()
    await district.owner.execute("UPDATE records.readable_from SET idx = -1")
    assert {(each.code, each.table) for each in await district.facts()} == {(Code.VISIBLE_MOVED, "readable_from")}
    await district.owner.execute("UPDATE records.readable_from SET idx = $1", done.readable_from)
    await district.owner.execute(
        "DELETE FROM records.erased_row WHERE row_id = (SELECT min(row_id) FROM records.erased_row)"
    )
    assert {each.code for each in await district.facts()} == {Code.CHANGED}


async def test_a_deletion_that_dies_before_its_entry_deletes_nothing(district: District) -> None:
    await district.gateway.at(LATER)
    before = await district.owner.fetchval(VERSIONS)
    await district.owner.execute(
        "CREATE FUNCTION records.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$;"
        "CREATE TRIGGER killed BEFORE UPDATE ON records.readable_from FOR EACH ROW EXECUTE FUNCTION records.die()"
    )
    with pytest.raises(Exception, match="killed"):
        await (await district.retention()).retire()
    assert await district.owner.fetchval(VERSIONS) == before
    assert await district.owner.fetchval("SELECT count(*) FROM records.erased_row") == 0
    assert await district.facts() == frozenset()


@pytest.mark.parametrize("days", ["0", "409", "many"])
def test_a_time_too_short_for_families_is_no_setting(days: str) -> None:
    with pytest.raises(SettingsError):
        read_settings({"PACTGATE_RECORDS_DAYS": days})
    assert read_settings({"PACTGATE_RECORDS_DAYS": str(FEWEST_DAYS)}).records_days == FEWEST_DAYS
    assert read_settings({}).records_days is None
