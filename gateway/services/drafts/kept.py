"""
Drafts that are kept while somebody writes them: begun, saved page by page, given out to be signed, deleted.

INVARIANT: nothing counts by being kept. A draft comes into force the way a file does: signed, approved and filed.
Of two people who save at the same time the second is refused, and nothing of theirs stands in the draft: the page shows
them what they sent, beside what is saved by now, to send it again or not.
INVARIANT: no private key is kept here, and none that an earlier version kept is handed out.
"""

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.canonical import MAX_BYTES, Json
from agreements.pointer import resolve
from agreements.private_keys import require_no_private_key, without_private_keys
from agreements.register import digest_bytes
from gateway.services.drafts.errors import DraftMoved, DraftRefused, TooManyDrafts, UnknownDraft
from gateway.services.standing.registry import read_moment
from gateway.store.drafts import draft

MOST: Final = 200
"""Drafts kept at once: some ten a person in a large district's office."""
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.draft', 0))")


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as it was saved last. `content` need be neither complete nor sound; people are random ids."""

    id: uuid.UUID
    content: dict[str, Json]
    revision: int
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime

    @property
    def title(self) -> str:
        """What people call it: its title, else its id, else nothing."""
        named = (resolve(self.content, place) for place in ("/title", "/id"))
        return next((each for each in named if isinstance(each, str) and each), "")

    def said(self, path: str) -> str:
        """Return the text at a place of the content, empty if there is none."""
        found = resolve(self.content, path)
        return found if isinstance(found, str) else ""


class Drafts:
    """The drafts of one installation, as the loader role."""

    def __init__(self, engine: AsyncEngine, new_id: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self._engine = engine
        self._new_id = new_id

    async def listed(self) -> tuple[Draft, ...]:
        """Return all drafts, the one that was saved last first."""
        async with self._engine.connect() as connection:
            found = await connection.execute(select(draft).order_by(draft.c.changed_at.desc(), draft.c.id))
            return tuple(_draft(row) for row in found)

    async def read(self, number: uuid.UUID) -> Draft:
        """Return one draft. Raises `UnknownDraft`."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(draft).where(_is(number)))).one_or_none()
        if row is None:
            raise UnknownDraft(f"There is no draft {number}.")
        return _draft(row)

    async def begin(self, content: dict[str, Json], person: str) -> uuid.UUID:
        """Keep a new draft; return its number. Raises `TooManyDrafts`, `DraftRefused` if it is too long, `BadKey`."""
        written, number = _written(content), self._new_id()
        async with self._engine.begin() as connection:
            await connection.execute(_ALONE)
            if (await connection.execute(select(func.count()).select_from(draft))).scalar_one() >= MOST:
                raise TooManyDrafts(f"{MOST} drafts are kept, which is all there may be.")
            now = (await read_moment(connection)).now
            row = {"id": number, "content": written, "revision": 1, "made_by": person, "made_at": now}
            await connection.execute(insert(draft).values(row | {"changed_by": person, "changed_at": now}))
        return number

    async def save(self, number: uuid.UUID, revision: int, content: dict[str, Json], person: str) -> int:
        """
        Save over the revision that the person had before them; return the new one.

        Raises `DraftMoved` if somebody else saved in the meantime, `UnknownDraft`, `DraftRefused` if it is too long,
        `BadKey` if it holds a private key.
        """
        written = _written(content)
        async with self._engine.begin() as connection:
            now = (await read_moment(connection)).now
            # What was given out for signatures is another document from here on, and takes this draft along no more.
            values = {
                "content": written,
                "revision": revision + 1,
                "changed_by": person,
                "changed_at": now,
                "ready": None,
            }
            ours = _is(number) & (draft.c.revision == revision)
            if (await connection.execute(update(draft).where(ours).values(values))).rowcount:
                return revision + 1
        kept = await self.read(number)
        raise DraftMoved(f"The draft {number} is at revision {kept.revision}, not {revision}.")

    async def give_out(self, number: uuid.UUID, revision: int, digest: str) -> None:
        """Note which bytes of a draft are to be signed: once they are registered, the draft goes. Raises as `save`."""
        async with self._engine.begin() as connection:
            ours = _is(number) & (draft.c.revision == revision)
            if (await connection.execute(update(draft).where(ours).values(ready=digest_bytes(digest)))).rowcount:
                return
        kept = await self.read(number)
        raise DraftMoved(f"The draft {number} is at revision {kept.revision}, not {revision}.")

    async def delete(self, number: uuid.UUID) -> None:
        """Delete a draft. Raises `UnknownDraft`."""
        async with self._engine.begin() as connection:
            if not (await connection.execute(delete(draft).where(_is(number)))).rowcount:
                raise UnknownDraft(f"There is no draft {number}.")

    async def forget_registered(self, digests: Collection[str]) -> None:
        """Delete the drafts whose bytes were signed and registered since: they stand elsewhere, for good."""
        async with self._engine.begin() as connection:
            registered = [digest_bytes(each) for each in digests]
            await connection.execute(delete(draft).where(draft.c.ready.in_(registered)))


def _is(number: uuid.UUID) -> ColumnElement[bool]:
    return draft.c.id == number


def _written(content: dict[str, Json]) -> str:
    """Return the content as it is kept. Raises `DraftRefused` beyond what an agreement may be long, `BadKey`."""
    require_no_private_key(content)
    written = json.dumps(content, separators=(",", ":"))  # ASCII: a text column takes everything a person can type
    if len(written) > MAX_BYTES:
        raise DraftRefused(f"A draft of {len(written)} bytes is longer than an agreement may be.")
    return written


def _draft(row: Any) -> Draft:  # noqa: ANN401  a row of SQLAlchemy's
    content: Any = without_private_keys(json.loads(row.content))
    return Draft(row.id, content, row.revision, row.made_by, row.made_at, row.changed_by, row.changed_at)
