"""
Whose passkeys were made here: so that somebody sees how theirs stand, and nobody approves what they prepared.

It gives nothing. That a person held the key when it was kept is shown by a signature (`passkeys.new_passkey`).
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.services.office import Office
from gateway.services.papers import kept
from gateway.services.papers.judging import known_keys
from gateway.services.standing.registry import Moment, Registry, read_moment


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """A passkey that somebody made here, and whether a document that introduces it is in force."""

    kid: str
    made_at: datetime
    introduced: bool


class OwnPasskeys:
    """The passkeys that were made on the pages of one installation. `who` is a person's id, or the party invited."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def listed(self, who: str) -> tuple[OwnPasskey, ...]:
        """Return the passkeys that somebody made here, the newest first."""
        _, registry = await self._office.desk.registry()
        known = known_keys(registry)
        async with self._office.engine.connect() as connection:
            return tuple(OwnPasskey(kid, at, kid in known) for kid, at in await kept.made_by(connection, who))

    async def officers_keys(self, registry: Registry) -> dict[str, frozenset[str]]:
        """Return the officers' keys that are known to be of each person: vouched for by a role, or made here."""
        of_officers = {each.officer.key.thumbprint for each in registry.authority.tenures}
        found = {person: frozenset(keys) for person, keys in registry.staff.own_keys.items()}
        async with self._office.engine.connect() as connection:
            for kid, person in (await kept.owners(connection)).items():
                if kid in of_officers:
                    found[person] = found.get(person, frozenset()) | {kid}
        return found

    async def in_office(self, registry: Registry, moment: Moment, person: str) -> tuple[str, ...]:
        """Return this person's keys by which an officer signs now, in an order that stays."""
        own = (await self.officers_keys(registry)).get(person, frozenset())
        return tuple(sorted(own & registry.authority.officers(moment.received).keys()))

    async def keep(self, kid: str, who: str) -> None:
        """Keep that somebody made a passkey here."""
        async with self._office.engine.begin() as connection:
            await kept.keep_passkey(connection, kid, who, (await read_moment(connection)).now)
