"""
Searching the log, as the district's office: the newest entries are indexed first, a look at one student is on record.

INVARIANT: where a student is searched for, the entry that says so is committed before anything is found. It names
nobody: what was asked stands in it as a salted commitment, and is opened like any other request.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Final

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_bytes, pack_private
from audit.entry import leaf
from audit.events import Event
from audit.index import catch_up
from audit.query import Query
from audit.search import Found, search
from gateway.records.subjects import SubjectKey
from gateway.services.errors import CursorRefused
from gateway.services.naming import numbered
from gateway.services.obligations.history import driver_of
from gateway.services.office import Office
from gateway.services.searching.wanted import Wanted, clauses_for
from gateway.services.standing.registry import read_moment
from gateway.wrapping_keys import WrappingKeys

_DIGEST_BYTES: Final = 12
_INDEX_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """A page: entries in order, the cursor of the next one, and the entry of the look at a student."""

    found: tuple[Found, ...]
    next: str | None
    entry: int | None


class Searches:
    """Searches one installation's log, as the loader role. Holds the key of the subject numbers if it is at hand."""

    def __init__(
        self,
        office: Office,
        subject_key: WrappingKeys | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._office = office
        self._subjects = None if subject_key is None else SubjectKey(subject_key)
        self._random = random

    async def search(
        self, wanted: Wanted, *, limit: int, cursor: str | None = None, newest_first: bool = True
    ) -> Answer:
        """
        Return a page of what was asked for; `cursor` continues an earlier page of the very same question.

        Raises `UnknownAgreement`, `UnknownPartner`, `UnknownElement`, `UnknownStudent`, `LinkErased`, `CursorRefused`;
        nothing was written then. Raises `LogDamaged`.
        """
        _, registry = await self._office.desk.registry()
        clauses = clauses_for(wanted, registry, self._office.desk.catalogue)
        query = Query(clauses, wanted.since, wanted.until, newest_first=newest_first)
        entry = None
        if wanted.student is None:
            asked = _digest(wanted, query)
            after = _after(cursor, asked)
        else:
            async with self._office.engine.begin() as connection:
                query = replace(query, subject=await self._number(connection, wanted.student))
                asked = _digest(wanted, query)
                after = _after(cursor, asked)
                entry = await self._put_on_record(connection, wanted, query)
        async with self._office.engine.connect() as connection:
            session = await driver_of(connection)
            await catch_up(session)
            page = await search(session, query, limit=limit, after=after)
        return Answer(page.found, None if page.after is None else _cursor(page.after, asked), entry)

    async def _number(self, connection: AsyncConnection, student: str) -> bytes:
        assert self._subjects is not None  # whoever names a student brings the key
        # What left under a number that was merged since left about the child.
        return b"".join((await numbered(connection, student, self._subjects)).numbers)

    async def _put_on_record(self, connection: AsyncConnection, wanted: Wanted, query: Query) -> int:
        salts = Private(request_salt=self._random(SECRET_SIZE), request=_words(wanted, query))
        moment = await read_moment(connection)
        written = leaf(
            Event.LOG_SEARCHED,
            moment.now,
            searched_by=list(wanted.facets),
            request=commit_bytes(salts.request_salt, salts.request).hex(),
        )
        return await append_change(connection, written, moves_epoch=False, private=pack_private(salts))


def _words(wanted: Wanted, query: Query) -> bytes:
    """Return the question in the officer's words, the student by the random number: what a cursor is bound to."""
    subject = None if query.subject is None else query.subject.hex()
    return orjson.dumps({**asdict(wanted), "student": subject, "newest_first": query.newest_first})


def _digest(wanted: Wanted, query: Query) -> bytes:
    return sha256(_words(wanted, query)).digest()[:_DIGEST_BYTES]


def _cursor(after: int, asked: bytes) -> str:
    return base64.urlsafe_b64encode(asked + after.to_bytes(_INDEX_BYTES)).decode().rstrip("=")


def _after(cursor: str | None, asked: bytes) -> int | None:
    if cursor is None:
        return None
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise CursorRefused("This is no cursor of a search.") from None
    if len(packed) != _DIGEST_BYTES + _INDEX_BYTES or packed[:_DIGEST_BYTES] != asked:
        raise CursorRefused("This cursor is not one of this question.")
    return int.from_bytes(packed[_DIGEST_BYTES:])
