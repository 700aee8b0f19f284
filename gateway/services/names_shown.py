"""
The entry that students' names were shown to somebody of the district: of a roster, or on the slip of a family.

INVARIANT: it is committed before anything is shown (claim 4), also where nothing was found: that nobody has a number is
told too. It names neither a student nor what was typed.
"""

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.standing.identity import by
from gateway.services.standing.registry import read_moment


async def enter_names_shown(
    engine: AsyncEngine, person: str | None, *, submission: int | None = None, entry: int | None = None
) -> int:
    """
    Commit that `person` is shown names, and return the entry.

    `submission` is the entry of the roster that they stand in, `entry` that which a slip is about.
    """
    about = {"submission": submission, "entry": entry}
    body = {name: value for name, value in about.items() if value is not None}
    async with engine.begin() as connection:
        written = leaf(Event.NAMES_SHOWN, (await read_moment(connection)).now, **body, **by(person))
        return await append_change(connection, written, moves_epoch=False)
