"""
Forgetting again: a restored copy of the database may still know whom two officers erased since.

What was erased is known by its links, each under the key that wrapped it then. A copy may hold the same student under
that key or an earlier one, never under a later: the row was gone before a later key could wrap it.
"""

from collections.abc import Iterable
from typing import Final

import asyncpg

from gateway.errors import WrappingKeyMissing
from gateway.records.subjects import NUMBER_BYTES, SubjectKey
from gateway.wrapping_keys import WrappingKeys, name_in, told

_NAMES: Final = "SELECT DISTINCT substring(s.sealed FOR octet_length(s.sealed) - 16) FROM records.subject AS s"
_REMEDY: Final = "Put the copy of the key's file that was kept apart into the keys folder, and restore again."


async def erase_again(session: asyncpg.Connection, links: Iterable[bytes], subject_key: WrappingKeys) -> int:
    """
    Forget in a restored database whom it must not know; return how many students it still knew.

    Raises `WrappingKeyMissing` if a key is not here that wraps a link in the copy, or one that was erased and that the
    copy may hold under an earlier key.
    """
    here = {each.name for each in subject_key.all}
    wrapped = {bytes(row[0]) for row in await session.fetch(_NAMES)}
    # (1): what the copy holds can be opened.
    for name in sorted(wrapped - here):
        raise _missing(name)
    named = sorted(links)
    known = [link for link in named if name_in(link) in here]
    # (2): what was erased under a key that is not here is in no copy whose links are all wrapped by later ones.
    for link in named:
        if name_in(link) not in here and any(name <= name_in(link) for name in wrapped):
            raise _missing(name_in(link))
    if not known:
        return 0
    key = SubjectKey(subject_key)
    packed = key.numbers(known)
    numbers = [packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES)]
    await session.fetchval("SELECT audit.erase_openings($1)", numbers)
    return int(await session.fetchval("SELECT records.erase($1)", key.every_form(known)))


def _missing(name: bytes) -> WrappingKeyMissing:
    return WrappingKeyMissing(
        f"The backup needs the key {told(name)} that wrapped links of students, which is not here.", remedy=_REMEDY
    )
