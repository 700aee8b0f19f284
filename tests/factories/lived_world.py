"""
A district that lives through all that its people do, beside a model that fits on a page: who is seen, and with what.

    world = await World.open(gateway, home)        # a gateway that serves a copy of the deployment
    await world.withdraw("Nr…", "parent", None)    # each act goes through the product's own service and to the model
    await world.check()                            # whoever asks is told what the model says
"""

import csv
import datetime as dt
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from httpx2 import codes
from sqlalchemy.exc import DBAPIError, InterfaceError

from agreements.documents.parental_rights import Act, Ground, ParentalRights, parental_rights_bytes
from agreements.documents.roster_decision import Answer
from agreements.elements import load_catalogue
from agreements.errors import AlreadyRegistered
from agreements.lifecycle import Standing
from agreements.signature import Kind
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.records.errors import ConfirmationRefused, LoadHeld, RecordsError
from gateway.records.parts import FIRST as EARLIEST
from gateway.records.parts import LAST as LATEST
from gateway.records.parts import read_dated, read_loaded
from gateway.records.signed import Capacity, SignerName
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.reproducing import Reproductions
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.appearing import Appearing
from gateway.services.integrity.comparing import compare, compare_batches
from gateway.services.integrity.ledger import Ledger
from gateway.services.integrity.watch import learn
from gateway.services.loads import Loads
from gateway.services.office import Office
from gateway.services.restrictions import Restrictions, Whom
from gateway.services.rights import Holder
from gateway.services.rosters.errors import RosterOutdated
from gateway.services.stewardship import Stewardship
from policies.guardrails import load_guardrails
from tests.factories.cohort import DAY, MENTORING, STUDENTS, TUTORING
from tests.factories.confirmed import confirmation_of
from tests.factories.consenting import signed
from tests.factories.crashing import Crashing
from tests.factories.gateway import NOON, Gateway
from tests.factories.lived_model import SCHOOLS, VALUES, Child, Given, HandedIn, Key, Model
from tests.factories.records import NAMES, OFFICERS, mapping_for
from tests.factories.rosters import decide, hand_in

PAGE: Final = 500
UNREADABLE: Final = "31.02.2012"
_DIED: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, InterfaceError, ConnectionError)
_CHANGES: Final = "SELECT epoch FROM audit.head"
_EVIDENCE: Final = "sha256:" + "e" * 64
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Danger:
    """What goes wrong while something is done: the statement `at` dies, or its connection; 0 is none."""

    at: int = 0
    kills: bool = False


SAFE: Final = Danger()


class World:
    """The district and its model. Every act goes to both; `check` compares them."""

    office: Office
    loader: asyncpg.Connection

    def __init__(self, gateway: Gateway, home: Path) -> None:
        self.gateway, self.home = gateway, home
        self.model = Model()
        self.handed: list[HandedIn] = []
        self.accepted: list[HandedIn] = []
        self.first_children = dict(self.model.children)
        self.outcomes = Counter[str]()
        """How often something was done, refused, held, overtaken, or died."""
        self.told: list[int] = []
        """The entries of what was disclosed."""
        self._ledger = Ledger()
        self._meanwhile: Work | None = None
        self._crashing: Crashing

    @classmethod
    async def open(cls, gateway: Gateway, home: Path) -> "World":
        """Begin with the cohort as it was loaded."""
        world = cls(gateway, home)
        world._crashing = await Crashing.prepare(gateway.database)
        world.office = await gateway.office()
        world.loader = await gateway.database.connection("loader")
        return world

    @property
    def steward(self) -> Stewardship:
        """Who enters what families say."""
        return Stewardship(self.office)

    # --- Days

    async def move_clock(self, days: int) -> None:
        """Let days go by."""
        self.model.today += dt.timedelta(days=days)
        await self.gateway.at(NOON + (self.model.today - DAY))

    # --- What families, officers and courts do

    async def withdraw(self, number: str, capacity: str, name: str | None, danger: Danger = SAFE) -> None:
        """Withdraw a child's consents, if this person may."""
        holder = Holder(Capacity(capacity), None if name is None else SignerName(name))
        line, may = self.gateway.line(TUTORING), self.model.may_stop(number, capacity, name)
        work = lambda: self.steward.withdraw(line, number, holder)  # noqa: E731 - work to be done
        await self._done(work, lambda: self.model.withdraw(number), danger, may=may)

    async def say_no(self, number: str, danger: Danger = SAFE) -> None:
        """Opt a child out of everything."""
        child = self.model.child(number)
        work = lambda: self.steward.opt_out(number, None, directory_only=False)  # noqa: E731 - work to be done
        may = child not in self.model.stated_noes
        await self._done(work, lambda: self.model.stated_noes.add(child), danger, may=may)

    async def sign(self, number: str, capacity: str, first: dt.date, given: Given, danger: Danger = SAFE) -> None:
        """Enter a consent by hand, if it is one."""
        consent = signed(
            given.signed,
            covers=tuple(given.covers.split(";")),
            signed_by=Capacity(capacity),
            signer=SignerName(given.signer),
            from_date=first,
            to_date=given.last,
        )
        line, may = self.gateway.line(TUTORING), self.model.may_sign(number, capacity, first, given)
        work = lambda: self.steward.give_consent(line, number, consent)  # noqa: E731 - work to be done
        await self._done(work, lambda: self.model.sign(number, capacity, first, given), danger, may=may)

    async def judge(self, number: str, parent: str, danger: Danger = SAFE) -> None:
        """Let a court take a parent's rights, or give them back where they are taken."""
        whose = self.model.child(number)
        is_revoked = parent in self.model.revoked.get(whose, ())
        whom = Whom(number, SignerName(parent))
        act = Act.RESTORED if is_revoked else Act.REVOKED
        said = ParentalRights(act, Ground.COURT_ORDER, dt.date(2027, 3, 1), _EVIDENCE, whom.commitment)
        ring = self.gateway.deployment.ring
        document = ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(said), ring.officers[0].key)

        def taken() -> None:
            if is_revoked:
                self.model.revoked[whose].discard(parent)
            else:
                self.model.revoke(number, parent)

        await self._done(lambda: Restrictions(self.office.desk).file(document, whom), taken, danger)

    async def merge(self, second: str, standing: str, danger: Danger = SAFE) -> None:
        """Say that two numbers are one child's."""
        may = self.model.may_merge(second, standing)
        work = lambda: self.steward.merge_students(second, standing)  # noqa: E731 - work to be done
        await self._done(work, lambda: self.model.merge(second, standing), danger, may=may)

    async def stop(self, name: str) -> None:
        """Suspend an agreement, or let an officer undo that."""
        digest, undoes = self.gateway.digest(name), self.model.stopped.pop(name, None)
        if undoes is None:
            stop = self.office.suspensions.stop_agreement(digest, Standing.SUSPENDED, "test")
            self.model.stopped[name] = await stop
        else:
            undone = self.gateway.deployment.ring.reinstatement(digest, undoes=undoes)
            await self.office.suspensions.reinstate(undone)

    # --- Rosters that a partner hands in

    async def hand_in(self, lasts: Mapping[str, dt.date | None], *, whole: bool) -> None:
        """Hand a roster of mentoring in; the district says nothing to it yet."""
        if MENTORING in self.model.stopped:
            return
        lines = [_line(number, last) for number, last in lasts.items()]
        self.model.clock += 1
        roster = await hand_in(self.gateway, MENTORING, *lines, covers="whole" if whole else "additions")
        self.handed.append(HandedIn(roster, self.model.clock, whole, lasts))

    async def accept(self, handed: HandedIn, danger: Danger = SAFE) -> None:
        """Let the district accept it; what an accepted one made outdated is refused."""
        self.model.clock += 1
        if not self.model.may_accept(handed):
            try:
                await decide(self.gateway, handed.roster)
            except RosterOutdated:
                self.outcomes["refused"] += 1
                return
            raise AssertionError("an older roster was accepted after a newer one")

        def taken() -> None:
            self.model.accept(handed)
            self.accepted.append(handed)

        await self._done(lambda: decide(self.gateway, handed.roster), taken, danger)

    async def confirm(self, handed: HandedIn, danger: Danger = SAFE) -> None:
        """Let the district say that nothing has changed."""
        self.model.clock += 1
        work = lambda: decide(self.gateway, handed.roster, Answer.CONFIRM)  # noqa: E731 - work to be done
        await self._done(work, self.model.confirm, danger)

    async def _done(self, work: Work, taken: Callable[[], object], danger: Danger, *, may: bool = True) -> None:
        """Do something that is one transaction; it is refused if it may not be, and dies whole or not at all."""
        epoch = await self._epoch()
        await self._crashing.arm(danger.at, kills=danger.kills)
        try:
            await work()
        except AlreadyRegistered:
            # The same word on the same day: it says nothing new.
            self.outcomes["refused"] += 1
            return
        except RecordsError:
            assert not may, "what may be was refused"
            self.outcomes["refused"] += 1
            return
        except _DIED:
            assert danger.at, "something died that was to live"
            await self.office.engine.dispose()
            if self._died(whole=await self._epoch() != epoch):
                return
        finally:
            await self._crashing.disarm()
        assert may, "what may not be was done"
        self.outcomes["done"] += 1
        taken()

    def _died(self, *, whole: bool) -> bool:
        """Note how something died; return whether nothing of it is there."""
        self.outcomes["died whole" if whole else "died without a trace"] += 1
        return not whole

    # --- What stewards load

    async def load_people(self, people: Sequence[Child], unreadable: set[str], **how: Any) -> None:
        """Load all students and stays."""
        files: dict[str, Sequence[Sequence[object]]] = {
            "students": [
                (each.number, each.first, each.last, _born(each, unreadable), "F", "98101", None) for each in people
            ],
            "enrollments": [
                (each.number, each.school, each.year, each.grade, each.enters, each.leaves) for each in people
            ],
        }
        await self._load(
            files,
            lambda: self.model.load_people(people, unreadable),
            lambda: self.model.load_people(people, unreadable, narrowed=True),
            **how,
        )

    async def load_roster(
        self, name: str, rows: Mapping[str, dt.date | None], unreadable: set[str], **how: Any
    ) -> None:
        """Load the roster of one agreement, whole."""
        self.model.clock += 1
        line = self.gateway.line(name)
        written = [
            (line, number, "2026-09-01", UNREADABLE if number in unreadable else last) for number, last in rows.items()
        ]
        taken = lambda: self.model.load_roster(name, rows, unreadable)  # noqa: E731 - to be told the model
        await self._load({"rosters": written}, taken, taken, **how)

    async def load_consents(self, rows: Mapping[Key, Given], unreadable: set[str], **how: Any) -> None:
        """Load tutoring's consents, whole."""
        line = self.gateway.line(TUTORING)
        written = [
            (line, number, each.covers, capacity, each.signed, first, UNREADABLE if number in unreadable else each.last)
            for (number, capacity, first), each in rows.items()
        ]
        taken = lambda: self.model.load_consents(rows, unreadable)  # noqa: E731 - to be told the model
        await self._load({"consents": written}, taken, taken, **how)

    async def load_noes(self, numbers: set[str], **how: Any) -> None:
        """Load the list of opt-outs, whole."""
        written = [(number, None, "sharing", "2026-09-01") for number in sorted(numbers)]
        await self._load(
            {"opt_outs": written},
            lambda: self.model.load_noes(numbers),
            lambda: self.model.load_noes(numbers, narrowed=True),
            **how,
        )

    async def _load(
        self,
        files: Mapping[str, Sequence[Sequence[object]]],
        taken: Callable[[], None],
        narrowed: Callable[[], None],
        *,
        meanwhile: Work | None = None,
        danger: Danger = SAFE,
        confirm: bool = True,
    ) -> None:
        """Load; `meanwhile` something else is done, when all is prepared and nobody sees it."""
        for target, rows in files.items():
            with (self.home / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(NAMES[target].split(","))
                writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
        loads, mapping, desk = self._loads, mapping_for(*files), self.office.desk
        confirmation = await confirmation_of(loads, desk, OFFICERS, mapping, self.home) if confirm else None
        size, self._meanwhile = await self._size(), meanwhile
        await self._crashing.arm(danger.at, kills=danger.kills)
        try:
            await loads.load(mapping, self.home, confirmation=confirmation)
        except (ConfirmationRefused, LoadHeld):
            assert meanwhile is not None or not confirm, "a load became another one by itself"
            self.outcomes["held"] += 1
            narrowed()
            return
        except _DIED:
            assert danger.at, "a load died that was to live"
            await self.office.engine.dispose()
            # All or nothing: its entries are there, or nothing of it is.
            if self._died(whole=await self._was_loaded(size)):
                return
        finally:
            await self._crashing.disarm()
        self.outcomes["loaded" if meanwhile is None else "overtaken"] += 1
        taken()

    @property
    def _loads(self) -> Loads:
        world = self

        class Interrupted(Appearing):
            async def publish(self, *arguments: Any, **more: Any) -> tuple[int, ...]:
                await world.between()
                return await super().publish(*arguments, **more)

        key, scopes = SubjectKey(self.gateway.deployment.keys.subject), self.office.desk.scopes
        loads = Loads(self.office.engine, key, scopes)
        loads.appearing = Interrupted(self.office.engine, scopes, secrets.token_bytes)
        return loads

    async def between(self) -> None:
        """Let something come in between."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            async with self._crashing.safe():
                await self.check()
                await meanwhile()

    # --- What must hold

    async def check(self) -> None:
        """Ask under each agreement as its partner does, and compare with the model; and the tables with the log."""
        for name in SCHOOLS:
            await self._ask(name)
        await self._check_facts()

    async def _ask(self, name: str) -> None:
        answer = await self.gateway.get(name, f"/v1/students?fields={','.join(VALUES[name])}&limit={PAGE}")
        if name in self.model.stopped:
            assert answer.json()["code"] == "suspended", answer.text
            return
        assert answer.status_code == codes.OK, answer.text
        self.told.append(int(answer.headers["pactgate-receipt"]))
        rows = [{key: value for key, value in row.items() if key != "record_code"} for row in answer.json()["data"]]
        found, expected = sorted(rows, key=lambda row: str(row["first_name"])), self.model.seen(name)
        assert found == expected, f"{name}: {_difference(found, expected)}"

    async def _check_facts(self) -> None:
        """Every row is what its entry commits to, and nothing else is there, a load in the making included."""
        await learn(self.loader, self._ledger)
        newest = max(self._ledger.batches, default=0)
        dated = await read_dated(self.loader, EARLIEST, LATEST)
        assert compare(self._ledger.dated, dated, EARLIEST, LATEST) == frozenset()
        loaded = [part for part in await read_loaded(self.loader, EARLIEST, LATEST) if part.at <= newest]
        assert compare(self._ledger.loaded, loaded, EARLIEST, LATEST) == frozenset()
        batches = await self.loader.fetch("SELECT batch, idx, visible FROM records.batches()")
        assert compare_batches(self._ledger, [tuple(row) for row in batches]) == frozenset()

    async def check_past(self, few: int) -> None:
        """Make so many answers again, byte for byte: each showed what the model said when it was given."""
        keys = self.gateway.deployment.keys
        seals = Cursors(keys.cursor).seal, ChangeCursors(keys.cursor).seal
        law = Law(load_catalogue(), load_guardrails())
        again = Reproductions(self.office.desk, law, alarm, keys.subject, seals)
        for entry in self.told[:: max(1, len(self.told) // few)]:
            await again.reproduce(entry)

    async def _epoch(self) -> int:
        return int(await self.loader.fetchval(_CHANGES))

    async def _size(self) -> int:
        return int(await self.loader.fetchval("SELECT size FROM audit.head"))

    async def _was_loaded(self, size: int) -> bool:
        batches = await self.loader.fetchval("SELECT count(*) FROM records.batch WHERE idx >= $1", size)
        return bool(batches)


def _born(child: Child, unreadable: set[str]) -> str:
    return UNREADABLE if child.number in unreadable else child.born.strftime("%d.%m.%Y")


def _line(number: str, last: dt.date | None) -> dict[str, str]:
    child = next(each for each in STUDENTS.values() if each.number == number)
    ends = {} if last is None else {"to_date": last.isoformat()}
    known = {"given_name": child.first, "family_name": child.last, "birth_date": child.born.isoformat()}
    return {**known, "student_number": number, "reference": f"r-{len(number)}-{child.role.replace('_', '-')}", **ends}


def _difference(found: Sequence[Mapping[str, object]], expected: Sequence[Mapping[str, object]]) -> str:
    return (
        f"shown {[row for row in found if row not in expected]}, meant {[row for row in expected if row not in found]}"
    )
