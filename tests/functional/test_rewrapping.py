"""
The key that wraps students' links is exchanged while partners go on asking; what was erased stays erased.

A link opens to the same number before and after, so entries, accountings and copies are what they were.
"""

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from gateway.errors import WrappingKeyMissing
from gateway.keys import load_keys
from gateway.records.loading.prepare import add_students
from gateway.records.subjects import SubjectKey
from gateway.services import rewrapping
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.copies import Copies
from gateway.services.alarms import alarm
from gateway.services.container import Services, open_services
from gateway.services.erasures import Erasures
from gateway.services.errors import KeyStillWraps
from gateway.services.forgetting import erase_again
from gateway.services.rewrapping import Rewrapping
from gateway.wrapping_keys import FIRST, WrappingKeys, add_wrapping_key, told
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.gateway import Gateway
from tests.functional.test_copies import LAW
from tests.functional.test_erasures import Room

pytestmark = pytest.mark.ferpa("N3")

SUBJECTS = "SELECT subjects FROM audit.subject ORDER BY idx DESC LIMIT 1"
NAMES = "SELECT DISTINCT substring(sealed FOR octet_length(sealed) - 16) FROM records.subject ORDER BY 1"
LINKS = "SELECT student_id, sealed FROM records.subject ORDER BY student_id"
CALIXTE = STUDENTS["calixte"]


@dataclass
class Exchange:
    """A gateway with a keys folder of its own, in which keys can be made."""

    gateway: Gateway
    folder: Path
    admin: asyncpg.Connection

    @property
    def keys(self) -> WrappingKeys:
        return load_keys(self.folder).subject

    async def rewrapping(self) -> Rewrapping:
        return Rewrapping((await self.gateway.office()).engine, self.keys)

    async def names(self) -> list[bytes]:
        return [bytes(row[0]) for row in await self.admin.fetch(NAMES)]

    @asynccontextmanager
    async def replica(self, keys: WrappingKeys) -> AsyncIterator[Services]:
        made = self.gateway.deployment
        held = replace(made.keys, subject=keys)
        url = self.gateway.database.url("app")
        async with open_services(url, held, made.trust, readers=2, public_url="http://127.0.0.1") as services:
            yield services


@pytest.fixture
async def exchange(gateway: Gateway, tmp_path: Path) -> Exchange:
    shutil.copytree(gateway.deployment.home / "keys", tmp_path / "keys")
    return Exchange(gateway, tmp_path / "keys", await gateway.database.connection("admin"))


class _Died(Exception):
    pass


def dying(_: int) -> None:
    raise _Died


@pytest.mark.claim(4)
async def test_replicas_go_on_while_links_are_wrapped_anew_and_one_without_the_key_says_nothing(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, admin, old = exchange.gateway, exchange.admin, exchange.keys
    with pytest.raises(KeyStillWraps, match="no later key"):
        await (await exchange.rewrapping()).introduce()
    await gateway.ask(TUTORING)
    before = await admin.fetchval(SUBJECTS)
    made = add_wrapping_key(exchange.folder)
    work, size = await exchange.rewrapping(), await gateway.size()
    monkeypatch.setattr(rewrapping, "AT_ONCE", 2)
    async with exchange.replica(WrappingKeys(old.all)) as unaware, exchange.replica(exchange.keys) as aware:
        # Whoever dies in the middle leaves links of both keys, and everybody who has both goes on.
        with pytest.raises(_Died):
            await work.rewrap(dying)
        assert await exchange.names() == [FIRST, made.name]
        await gateway.ask(TUTORING, services=aware)
        assert await admin.fetchval(SUBJECTS) == before
        with pytest.raises(KeyStillWraps, match="wraps"):
            await work.retire("first")
        whole = len(await admin.fetch(LINKS))
        assert await work.rewrap() == whole - 2
        assert await exchange.names() == [made.name]
        # A machine that lacks the key writes no entry and gives no row.
        entries = await gateway.size()
        with pytest.raises(WrappingKeyMissing):
            await gateway.ask(TUTORING, services=unaware)
        assert await gateway.size() == entries
        await gateway.ask(TUTORING, services=aware)
        assert await admin.fetchval(SUBJECTS) == before
        assert await work.rewrap() == 0
    with pytest.raises(WrappingKeyMissing):
        async with exchange.replica(WrappingKeys(old.all)):
            pass
    events = [(each["event"], each.get("key")) for each in await gateway.entries(size) if "key" in str(each["event"])]
    assert events == [("subject_key.introduced", told(made.name))]


async def test_accountings_copies_and_loads_are_what_they_were_and_the_old_key_goes(exchange: Exchange) -> None:
    gateway, admin, first = exchange.gateway, exchange.admin, exchange.keys
    await gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")
    desk = (await gateway.office()).desk

    async def told_of() -> tuple[tuple[int, ...], list[int]]:
        read = await Accountings(desk, exchange.keys).read(CALIXTE.number, "json")
        copied = await Copies(desk, LAW, alarm, exchange.keys).copy(CALIXTE.number)
        return read.entries, [each.entry for each in copied.copied]

    before = await told_of()
    assert all(before)
    made = add_wrapping_key(exchange.folder)
    work = await exchange.rewrapping()
    await work.introduce()
    for name, said in (("first", "wraps"), (told(made.name), "wraps new ones"), ("nothing", "no key")):
        with pytest.raises(KeyStillWraps, match=said):
            await work.retire(name)
    await work.rewrap()
    assert await told_of() == before
    size = await gateway.size()
    assert await work.retire("first") == (FIRST, size)
    assert await work.retire("first") == (FIRST, size)
    lines = [(each.key, each.introduced is None, each.retired, each.held) for each in await work.listed()]
    assert lines == [("first", True, size, True), (told(made.name), False, None, True)]
    assert await admin.fetchval("SELECT count(*) FROM records.subject") == (await work.listed())[1].links
    # What a load brings is wrapped by the key that was introduced last, and by none that is not here.
    clerk = await gateway.database.connection("loader")
    await clerk.execute("CREATE TEMP TABLE fresh AS SELECT gen_random_uuid() AS student_id, 'x' AS student_identifier")
    with pytest.raises(WrappingKeyMissing):
        async with clerk.transaction():
            await add_students(clerk, SubjectKey(WrappingKeys(first.all)), secrets.token_bytes)
    async with clerk.transaction():
        await add_students(clerk, SubjectKey(exchange.keys), secrets.token_bytes)
    assert await exchange.names() == [made.name]
    # A machine on which only the old key is left adds no link, whatever program it runs.
    add = "INSERT INTO records.subject (student_id, sealed) SELECT gen_random_uuid(), $1"
    unknown = b"\x00\x09" + bytes(22)
    for link in (bytes(16), unknown):
        with pytest.raises(asyncpg.RestrictViolationError, match="does not stand"):
            await clerk.execute(add, link)
    with pytest.raises(asyncpg.RestrictViolationError, match="later key alone"):
        await clerk.execute("UPDATE records.subject SET sealed = $1", bytes(16))


async def test_a_key_that_was_made_elsewhere_meanwhile_is_not_passed_over(exchange: Exchange, tmp_path: Path) -> None:
    shutil.copytree(exchange.folder, tmp_path / "other")
    add_wrapping_key(exchange.folder)
    await (await exchange.rewrapping()).introduce()
    add_wrapping_key(tmp_path / "other")
    engine = (await exchange.gateway.office()).engine
    with pytest.raises(KeyStillWraps, match="introduced already"):
        await Rewrapping(engine, load_keys(tmp_path / "other").subject).introduce()
    await (await exchange.rewrapping()).rewrap()
    # Nor does a later key take over where the one that wraps is not there.
    add_wrapping_key(tmp_path / "other")
    with pytest.raises(WrappingKeyMissing):
        await Rewrapping(engine, load_keys(tmp_path / "other").subject).introduce()


@pytest.mark.claim(12)
async def test_what_two_officers_signed_before_the_exchange_is_erased_after_it(exchange: Exchange) -> None:
    room = Room(exchange.gateway, await exchange.gateway.database.connection("owner"))
    student = await room.student()
    await room.end_records(student)
    document = room.document([student["sealed"]])
    add_wrapping_key(exchange.folder)
    await (await exchange.rewrapping()).rewrap()
    desk = (await exchange.gateway.office()).desk
    with pytest.raises(WrappingKeyMissing):
        await Erasures(desk, WrappingKeys([exchange.keys.newest]), room.list).erase(document)
    assert (await Erasures(desk, exchange.keys, room.list).erase(document)).students == 1
    assert await room.rows(student) == 0


async def test_a_copy_made_before_the_exchange_forgets_again_if_the_keys_are_there(exchange: Exchange) -> None:
    room = Room(exchange.gateway, await exchange.gateway.database.connection("owner"))
    first, second, third = [await room.student(place) for place in range(3)]
    old = exchange.keys
    made = add_wrapping_key(exchange.folder)
    both, new = exchange.keys, WrappingKeys([made])
    later = SubjectKey(both).rewrapped([each["sealed"] for each in (first, second, third)], made.name)
    # The database is a copy from before the exchange: its links are under the first key, the list's under the later.
    for held in (old, new):
        with pytest.raises(WrappingKeyMissing) as refused:
            await erase_again(room.owner, later[:1], WrappingKeys(held.all))
        assert "kept apart" in refused.value.remedy
        assert await room.rows(first)
    assert await erase_again(room.owner, later[:1], both) == 1
    assert await room.rows(first) == 0
    # In a copy from after it, what was erased under the first key cannot be: nobody needs that key any more.
    await (await exchange.rewrapping()).rewrap()
    assert await erase_again(room.owner, [first["sealed"]], new) == 0
    assert await erase_again(room.owner, [second["sealed"]], both) == 1
    assert await erase_again(room.owner, [first["sealed"], later[2]], new) == 1
    assert await room.rows(third) == 0
