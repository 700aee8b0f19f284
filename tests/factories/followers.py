"""Partners that do nothing but follow changes, as a program of theirs would: by row, page after page."""

from collections import Counter
from dataclasses import dataclass, field

import asyncpg
import msgspec

from gateway.records.encoding import encode
from gateway.records.following import Follower
from gateway.records.reader import Reader
from gateway.records.telling import encode_changes, form_of
from gateway.services.changes import Following, unpack_following
from policies.decision import Permit

_LINE = "agreement:followed"


@dataclass(slots=True)
class Follows:
    """What one partner holds of one dataset, and the cursor it has; both are all that it keeps."""

    leave: Permit
    limit: int
    held: dict[str, bytes] = field(default_factory=dict)
    cursor: bytes = b""
    more: bool = True
    told: int = 0
    """Changes that it was told, in all."""

    async def page(self, pool: asyncpg.Pool, *, lost: bool = False) -> list[str]:
        """Ask for a page, of any replica, and apply it; return what it says. A `lost` answer never arrives."""
        come = unpack_following(self.cursor) if self.cursor else Following()
        come.require(self.leave, _LINE)
        changes = await Follower(pool).read_changes(self.leave, come.stretches, limit=self.limit)
        assert len(changes.lines) <= self.limit
        said = [
            msgspec.json.decode(each, type=dict[str, msgspec.Raw]) for each in encode_changes(changes, self.leave).all
        ]
        if lost:
            return []
        kinds = []
        for each in said:
            row, kind = msgspec.json.decode(each["row"], type=str), msgspec.json.decode(each["change"], type=str)
            # Never a row it holds as a new one, nor one it does not hold as another or one that went.
            assert (row in self.held) is (kind != "created"), kind
            if kind == "deleted":
                assert set(each) == {"change", "row"}
                del self.held[row]
            else:
                assert self.held.get(row) != bytes(each["data"]), "told what it held"
                self.held[row] = bytes(each["data"])
            kinds.append(kind)
        self.more, self.told = changes.more, self.told + len(said)
        self.cursor = Following(_LINE, form_of(self.leave), changes.stretches).pack()
        return kinds

    async def catch_up(self, pool: asyncpg.Pool) -> list[str]:
        """Ask until there is no more; return what was said."""
        kinds = await self.page(pool)
        while self.more:
            kinds += await self.page(pool)
        return kinds

    async def require_whole(self, pool: asyncpg.Pool) -> None:
        """Check that what is held is what a full read gives: the same rows, the same values."""
        page = await Reader(pool).read_page(self.leave, limit=1_000)
        assert not page.more
        assert Counter(self.held.values()) == Counter(encode(page, self.leave))
