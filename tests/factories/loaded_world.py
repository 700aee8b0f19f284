"""
A district that lives through loads, stops and crashes, beside a model that fits on a page: who is seen when.

Two agreements: TUTORING covers everybody at two schools, COUNSELING whom a parent's consent covers.
"""

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import ConfirmationRefused, LoadHeld
from gateway.records.loading.targets import TARGETS
from gateway.records.parts import FIRST, LAST, read_dated, read_loaded
from gateway.records.past import read_past
from gateway.records.population import close_population, rewrite_population
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing
from gateway.services.integrity.comparing import compare, compare_batches
from gateway.services.integrity.ledger import Ledger
from gateway.services.integrity.watch import learn
from gateway.services.loads import Loads
from gateway.services.sealing import append_sealed
from gateway.services.stops import opt_out, withdraw_consent
from policies.decision import Permit
from policies.population import Column, In
from tests.factories.confirmed import confirmation_of
from tests.factories.records import (
    AGREEMENT,
    DAY,
    LINE,
    OFFICERS,
    OTHER,
    OTHER_LINE,
    YEAR,
    SmallDistrict,
    changed,
    mapping_for,
    permit,
    promised,
    terms,
)

TUTORING: Final = promised(Scope(AGREEMENT, LINE, terms(In(Column.SCHOOL_IDENTIFIER, ("north", "south")))))
COUNSELING: Final = promised(Scope(OTHER, OTHER_LINE, terms(basis="consent", element_order=("000115",))))
SCOPES: Final = {scope.agreement: scope for scope in (TUTORING, COUNSELING)}
NUMBERS: Final = tuple(str(1001 + place) for place in range(12))
SCHOOLS: Final = ("north", "south", "west")
_WATCHED: Final = (
    *("batch", "population", "code", "frontier", "student", "enrollment", "withheld", "consent", "opt_out"),
    *("identity", "subject", "scope"),
)
"""Tables at whose statements a load may die, beside the log's."""
_CRASHES: Final = """
CREATE SEQUENCE records.ticks;
CREATE TABLE records.crashing (at bigint, kills boolean);
INSERT INTO records.crashing VALUES (0, false);
CREATE FUNCTION records.tick() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    planned record;
BEGIN
    SELECT * INTO planned FROM records.crashing;
    IF planned.at > 0 AND nextval('records.ticks') = planned.at THEN
        IF planned.kills THEN PERFORM pg_terminate_backend(pg_backend_pid()); ELSE RAISE 'crashed'; END IF;
    END IF;
    RETURN NULL;
END $$;
"""
_TRIGGER: Final = (
    "CREATE TRIGGER tick AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION records.tick();"
)


@dataclass(frozen=True)
class Person:
    """A student as the source system knows them now."""

    name: str
    school: str = "north"
    last: dt.date | None = None


def _is_earlier(last: dt.date | None, before: dt.date | None) -> bool:
    return last is not None and (before is None or last < before)


@dataclass
class Model:
    """What is on file, and whom that lets each agreement see."""

    people: dict[str, Person] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    listed_noes: frozenset[str] = frozenset()
    stated_noes: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()

    def seen(self, agreement: str, day: dt.date) -> frozenset[str]:
        """Return the names that the agreement shows on a day."""
        if agreement not in self.running:
            return frozenset()
        barred = self.withheld | self.listed_noes | self.stated_noes
        found = set()
        for number, person in self.people.items():
            asked = person.school != "west" if agreement == AGREEMENT else number in self.consents
            if asked and number not in barred and (person.last is None or day <= person.last):
                found.add(person.name)
        return frozenset(found)


Stop = Callable[[], Awaitable[None]]


class LoadedWorld:
    """The district and its model. Every act goes to both; `check` compares them."""

    def __init__(self, district: SmallDistrict) -> None:
        self.district = district
        self.model = Model()
        self.day = DAY
        self.history: dict[int, tuple[dt.datetime, dict[str, frozenset[str]]]] = {}
        """By epoch: a moment at which it was the newest, and whom each agreement showed then."""
        self._ledger = Ledger()
        self._meanwhile: Stop | None = None
        self.loader: asyncpg.Connection
        self._admin: asyncpg.Connection

    @classmethod
    async def open(cls, district: SmallDistrict) -> "LoadedWorld":
        """Prepare the database so that a load can be made to die at any of its statements."""
        admin: asyncpg.Connection = await district.database.connection("admin")
        await admin.execute(_CRASHES)
        for table in [f"records.{each}" for each in _WATCHED] + ["audit.entry", "audit.head"]:
            await admin.execute(_TRIGGER.format(table))
        world = cls(district)
        world._admin = admin
        world.loader = await district.database.connection("loader")
        return world

    # --- What families and officers do

    async def withdraw(self, number: str) -> None:
        """Withdraw a consent, if there is one."""
        if number not in self.model.consents:
            return
        async with self.district.engine.begin() as connection:
            await withdraw_consent(connection, OTHER_LINE, number, scopes=self.district.in_force)
        self.model.consents -= {number}
        self.model.withdrawn |= {number}

    async def say_no(self, number: str) -> None:
        """Opt a student out of everything, once."""
        known = await self.district.owner.fetchval(
            "SELECT count(*) FROM records.identity WHERE student_identifier = $1", number
        )
        if not known or number in self.model.stated_noes:
            return
        async with self.district.engine.begin() as connection:
            await opt_out(connection, number, scopes=self.district.in_force)
        self.model.stated_noes |= {number}

    async def start(self, agreement: str) -> None:
        """Let an agreement cover whom it covers, as its activation does."""
        if agreement in self.model.running:
            return
        scope = SCOPES[agreement]

        async def begin(connection: AsyncConnection, index: int) -> None:
            await rewrite_population(connection, scope, index)

        await self._rebuild(agreement, begin)
        self.district.scopes.append(scope)
        self.model.running |= {agreement}

    async def stop(self, agreement: str) -> None:
        """End an agreement."""
        if agreement not in self.model.running:
            return

        async def end(connection: AsyncConnection, index: int) -> None:
            await close_population(connection, agreement, index)

        self.district.scopes.remove(SCOPES[agreement])
        await self._rebuild(agreement, end)
        self.model.running -= {agreement}

    async def _rebuild(self, agreement: str, act: Callable[[AsyncConnection, int], Awaitable[None]]) -> None:
        async with self.district.engine.begin() as connection:
            index = await next_index(connection)
            await act(connection, index)
            now = await connection.scalar(select(func.gateway.clock()))
            assert now is not None
            await append_sealed(connection, index, Event.POPULATION_REBUILT, now, {"agreement": agreement})

    async def move_clock(self, days: int) -> None:
        """Let days go by."""
        self.day += dt.timedelta(days=days)
        await self.district.at(self.day)

    # --- What stewards do

    async def load_records(self, people: dict[str, Person], unreadable: frozenset[str], **how: Any) -> None:
        """Load all students and stays. A row in `unreadable` is refused: what was there stays, and is withheld."""
        unreadable &= self.model.people.keys() & people.keys()
        students = [
            (number, each.name, "L", "31.02.2012" if number in unreadable else "01.02.2012", "F", "98101", None)
            for number, each in people.items()
        ]
        stays = [
            (number, person.school, YEAR, "07", "2025-09-03", person.last)
            for number, each in people.items()
            for person in [each]
        ]
        known = self.model.people

        def taken(model: Model) -> None:
            model.people = {
                number: Person(known[number].name, each.school, each.last) if number in unreadable else each
                for number, each in people.items()
            }
            model.withheld = unreadable

        def narrowed(model: Model) -> None:
            # Of a load that is held: stays that are over earlier, and whose rows cannot be read.
            for number, each in people.items():
                old = known.get(number)
                if old is not None and old.school == each.school and _is_earlier(each.last, old.last):
                    model.people = {**model.people, number: replace(old, last=each.last)}
            model.withheld |= unreadable

        await self._load({"students": students, "enrollments": stays}, taken, narrowed, **how)

    async def load_consents(self, numbers: frozenset[str], **how: Any) -> None:
        """Load the list of consents: whole."""
        rows = [
            (OTHER_LINE, each, "all", "parent", "2025-08-20", "2025-09-01", None)
            for each in sorted(numbers & self.model.people.keys())
        ]

        def taken(model: Model) -> None:
            if rows:  # a file without rows speaks of no agreement
                model.consents = frozenset(str(row[1]) for row in rows) - model.withdrawn

        await self._load({"consents": rows}, taken, taken, **how)

    async def load_noes(self, numbers: frozenset[str], **how: Any) -> None:
        """Load the list of opt-outs: whole. What a person entered is no matter of the list."""
        listed = numbers & self.model.people.keys()
        rows = [(each, None, "sharing", "2025-09-01") for each in sorted(listed)]

        def taken(model: Model) -> None:
            model.listed_noes = listed - model.stated_noes

        def narrowed(model: Model) -> None:
            model.listed_noes |= listed - model.stated_noes

        await self._load({"opt_outs": rows}, taken, narrowed, **how)

    async def _load(
        self,
        files: dict[str, Sequence[Sequence[object]]],
        taken: Callable[[Model], None],
        narrowed: Callable[[Model], None],
        *,
        meanwhile: Stop | None = None,
        crash: int = 0,
        kills: bool = False,
    ) -> None:
        """Load; `meanwhile` comes while it is prepared; at statement `crash` it dies, or its connection does."""
        for target, rows in files.items():
            self.district.write(target, *rows)
        size = await self._size()
        loads, mapping, folder = self._loads, mapping_for(*files), self.district.folder
        if not crash and meanwhile is None:
            try:
                await loads.load(mapping, folder)
                taken(self.model)
            except LoadHeld:
                narrowed(self.model)
            return
        confirmation = await confirmation_of(loads, self.district.desk, OFFICERS, mapping, folder)
        self._meanwhile = meanwhile
        await self._admin.execute("SELECT setval('records.ticks', 1, false)")
        await self._admin.execute("UPDATE records.crashing SET at = $1, kills = $2", crash, kills)
        try:
            await loads.load(mapping, folder, confirmation=confirmation)
        except ConfirmationRefused:
            assert meanwhile is not None, "a load became another one by itself"
            return
        except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, InterfaceError):
            assert crash, "a load died that was to live"
            await self.district.engine.dispose()
            # All or nothing: its entries are there, or nothing of it is.
            if not await self._is_there(size, files):
                return
        finally:
            await self._admin.execute("UPDATE records.crashing SET at = 0")
        taken(self.model)

    @property
    def _loads(self) -> Loads:
        world = self

        class Interrupted(Appearing):
            async def publish(self, *arguments: Any, **more: Any) -> tuple[int, ...]:
                await world.between()
                return await super().publish(*arguments, **more)

        loads = Loads(self.district.engine, SubjectKey(bytes(32)), self.district.in_force)
        loads.appearing = Interrupted(self.district.engine, self.district.in_force, secrets.token_bytes)
        return loads

    async def between(self) -> None:
        """Let something come in between: everything is prepared, nobody may see it, and nothing is visible yet."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await self.check()
            await meanwhile()

    # --- What must hold

    async def check(self) -> None:
        """Compare what is served now with the model, and the tables with the log."""
        found = {}
        for agreement in SCOPES:
            page = await self.district.page(_leave(agreement))
            rows = [msgspec.json.decode(row)["first_name"] for row in encode(page, _leave(agreement))]
            assert len(rows) == len(set(rows))
            found[agreement] = frozenset(rows)
            epoch, now = page.epoch, page.now
        expected = {agreement: self.model.seen(agreement, self.day) for agreement in SCOPES}
        assert found == expected
        self.history.setdefault(epoch, (now, deepcopy(expected)))
        await self.check_facts()

    async def check_facts(self) -> None:
        """Every row is what its entry commits to, and nothing else is there, a load in the making included."""
        await learn(self.loader, self._ledger)
        newest = max(self._ledger.batches, default=0)
        assert compare(self._ledger.dated, await read_dated(self.loader, FIRST, LAST), FIRST, LAST) == frozenset()
        loaded = [part for part in await read_loaded(self.loader, FIRST, LAST) if part.at <= newest]
        assert compare(self._ledger.loaded, loaded, FIRST, LAST) == frozenset()
        batches = await self.loader.fetch("SELECT batch, idx, visible FROM records.batches()")
        assert compare_batches(self._ledger, [tuple(row) for row in batches]) == frozenset()

    async def check_past(self, *, newest: int | None = None) -> None:
        """Read as of the epochs there were: each shows what was seen when it was the newest."""
        for epoch in sorted(self.history)[-newest if newest else 0 :]:
            now, expected = self.history[epoch]
            for agreement, names in expected.items():
                leave = changed(_leave(agreement), epoch=epoch)
                codes = [row[0] for row in await self.district.owner.fetch("SELECT code FROM records.code")]
                page = await read_past(self.loader, leave, now, codes)
                rows = {msgspec.json.decode(row)["first_name"] for row in encode(page, leave)}
                assert rows == names, f"epoch {epoch} changed"

    async def _is_there(self, size: int, files: dict[str, Sequence[Sequence[object]]]) -> bool:
        event = next(TARGETS[target].event for target in files)
        found = await self.district.owner.fetchval(
            "SELECT count(*) FROM audit.entry WHERE idx >= $1 AND convert_from(leaf, 'UTF8')::json ->> 'event' = $2",
            size,
            event.value,
        )
        return bool(found)

    async def _size(self) -> int:
        return int(await self.district.owner.fetchval("SELECT size FROM audit.head"))


def _leave(agreement: str) -> Permit:
    return permit("first_name", agreement=agreement, rows=SCOPES[agreement].terms)
