"""
Exchanging the key that wraps the links between students and the log, while everybody goes on.

A link names its key, so old and new ones stand side by side, and each opens to the number it always opened to: entries,
proofs and accountings do not change. INVARIANT: a key goes only when no link is wrapped by it; if we die anywhere, the
same command goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.records.release import subject
from gateway.records.subjects import SubjectKey
from gateway.services.errors import KeyStillWraps
from gateway.services.standing.registry import read_moment
from gateway.services.wrapping import INTRODUCED, RETIRED
from gateway.store.tables import wrapping_key
from gateway.wrapping_keys import BLOCK_BYTES, FIRST, WrappingKey, WrappingKeys, told

AT_ONCE: Final = 1_000
"""Links in one transaction: a fraction of a second, so that an erasure of one of them does not wait."""
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.wrapping', 0))")
"""The lock that `records.refuse_link_under_key_that_does_not_stand` shares."""
_NAME: Final = func.substring(subject.c.sealed, 1, func.octet_length(subject.c.sealed) - BLOCK_BYTES)
_BYTES: Final = ARRAY(LargeBinary)
_REWRAP: Final = text(
    "UPDATE records.subject AS s SET sealed = v.fresh"
    " FROM unnest(CAST(:old AS bytea[]), CAST(:fresh AS bytea[])) AS v (old, fresh) WHERE s.sealed = v.old"
).bindparams(bindparam("old", type_=_BYTES), bindparam("fresh", type_=_BYTES))


@dataclass(frozen=True, slots=True)
class WrappingLine:
    """One key as it is listed: the entries by which it came and went, whether it is here, how many links it wraps."""

    key: str
    introduced: int | None
    retired: int | None
    held: bool
    links: int


class Rewrapping:
    """The exchange, as the loader role. `keys` are those of this machine."""

    def __init__(self, engine: AsyncEngine, keys: WrappingKeys) -> None:
        self._engine = engine
        self._keys = keys
        self._subjects = SubjectKey(keys)

    async def introduce(self) -> int:
        """
        Have the newest key here wrap whatever is new from now on; return the entry, which may be there already.

        Raises `KeyStillWraps` if it is the first, or another of the same number or a later one was introduced;
        `WrappingKeyMissing` if a key that wraps a link is not here.
        """
        key = self._keys.newest
        if key.name == FIRST:
            raise KeyStillWraps("There is no later key here.", remedy="First: pactgate keys rotate subjects")
        async with self._engine.begin() as connection:
            await connection.execute(_ALONE)
            moves = await _moves(connection)
            if (entry := moves.get((key.name, INTRODUCED))) is not None:
                return entry
            for name, move in moves:
                # A key that was made elsewhere meanwhile: two that count up to the same number are not in an order.
                if move == INTRODUCED and WrappingKey(name, b"").number >= key.number:
                    raise KeyStillWraps(
                        f"The key {told(name)} was introduced already, and {told(key.name)} does not come after it.",
                        remedy="Delete the file of the key made here, and copy that of the other to this machine.",
                    )
            for name in await connection.scalars(select(_NAME).distinct()):
                self._keys.find(name)
            return await _move(connection, Event.SUBJECT_KEY_INTRODUCED, key.name, INTRODUCED)

    async def rewrap(self, tell: Callable[[int], None] = lambda _: None) -> int:
        """
        Wrap every link by the newest key here, a thousand a transaction; return how many there were to wrap.

        `tell` hears how many are done. Raises what `introduce` raises.
        """
        await self.introduce()
        done = 0
        # A load that was under way may have added links behind us: again, until there are none.
        while passed := await self._pass(done, tell):
            done += passed
        return done

    async def retire(self, key: str) -> tuple[bytes, int]:
        """
        End a key that wraps nothing any more, by the name that people call it; return its name and the entry.

        Raises `KeyStillWraps` if it wraps links, is the one that wraps what is new, or is not known.
        """
        async with self._engine.begin() as connection:
            # (1): nobody adds a link meanwhile.
            await connection.execute(_ALONE)
            moves = await _moves(connection)
            introduced = sorted(name for name, move in moves if move == INTRODUCED)
            name = next((each for each in (FIRST, *introduced) if told(each) == key), None)
            # (2): it is one of ours, and not the one that wraps what is new.
            if name is None or name == max((FIRST, *introduced)):
                raise KeyStillWraps(f"{key} is no key that wraps links of students, or the one that wraps new ones.")
            if (entry := moves.get((name, RETIRED))) is not None:
                return name, entry
            # (3): no link is wrapped by it.
            wrapped = await connection.scalar(select(func.count(subject.c.sealed)).where(_NAME.in_([name])))
            if wrapped:
                raise KeyStillWraps(f"{key} wraps {wrapped} links.", remedy="First: pactgate keys rewrap")
            return name, await _move(connection, Event.SUBJECT_KEY_RETIRED, name, RETIRED)

    async def listed(self) -> tuple[WrappingLine, ...]:
        """List the keys that came, in their order, and those that are here and wrap nothing yet."""
        async with self._engine.connect() as connection:
            moves = await _moves(connection)
            counted = await connection.execute(select(_NAME, func.count()).group_by(_NAME))
            links = {bytes(name): int(count) for name, count in counted}
        here = {each.name for each in self._keys.all}
        return tuple(
            WrappingLine(
                key=told(name),
                introduced=moves.get((name, INTRODUCED)),
                retired=moves.get((name, RETIRED)),
                held=name in here,
                links=links.get(name, 0),
            )
            for name in sorted({FIRST, *(name for name, _ in moves), *here, *links})
        )

    async def _pass(self, before: int, tell: Callable[[int], None]) -> int:
        name, done, after = self._keys.newest.name, 0, UUID(int=0)
        while True:
            # If we die between two of these, what is done is done, and what is not is opened by the key it names.
            async with self._engine.begin() as connection:
                rows = (
                    await connection.execute(
                        select(subject.c.student_id, subject.c.sealed)
                        .where(name > _NAME, subject.c.student_id > after)
                        .order_by(subject.c.student_id)
                        .limit(AT_ONCE)
                        .with_for_update()
                    )
                ).all()
                if not rows:
                    return done
                old = [row.sealed for row in rows]
                fresh = self._subjects.rewrapped(old, name)
                await connection.execute(_REWRAP, {"old": old, "fresh": fresh})
            done, after = done + len(rows), rows[-1].student_id
            tell(before + done)


async def _moves(connection: AsyncConnection) -> dict[tuple[bytes, str], int]:
    rows = await connection.execute(select(wrapping_key.c.name, wrapping_key.c.move, wrapping_key.c.idx))
    return {(bytes(row.name), row.move): row.idx for row in rows}


async def _move(connection: AsyncConnection, event: Event, name: bytes, move: str) -> int:
    moment = await read_moment(connection)
    entry = await append_change(connection, leaf(event, moment.now, key=told(name)), moves_epoch=False)
    await connection.execute(insert(wrapping_key).values({"name": name, "move": move, "idx": entry}))
    return entry
