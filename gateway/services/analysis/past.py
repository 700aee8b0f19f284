"""
What stood after any entry of the log: everything registered is read once, and judged as it stood then.

What is dated after an entry was not there, so the authority of that moment verifies, not today's. The law of this
release is applied throughout: its catalogue and its guardrails, unless others are supposed.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from agreements.trust import Trust
from gateway.services.standing.registry import Alarm, Moment, Read, Registry
from gateway.services.standing.snapshot import RegistryReader
from policies.guardrails import Guardrails, classified_guardrails
from policies.memo import Memo
from policies.rehearsal import rehearse
from policies.state import PolicyState
from policies.zones import PINNED, Zones

_KEPT: Final = 8
"""Registries kept: whoever goes through the log comes back to the newest ones only."""


@dataclass(frozen=True, slots=True)
class Law:
    """What holds whatever was signed."""

    catalogue: Catalogue
    guardrails: Guardrails
    zones: Zones = PINNED

    @property
    def key(self) -> tuple[object, ...]:
        """Return what all decisions by this law depend on."""
        return self.catalogue.digest, self.catalogue.earlier, self.guardrails.digest, self.zones.digest

    def at(self, registry: Registry) -> Guardrails:
        """
        Return the guardrails with what stewards had classified by this registry.

        Also of those that an entry recorded: so whoever cites what no steward signed for is found by the digest.
        """
        return classified_guardrails(self.guardrails, registry.codes.standing, self.catalogue)

    def state(self, registry: Registry) -> PolicyState:
        """Return what decides by this law under a registry; nothing can be read by its permits."""
        return rehearse(
            registry.granted.values(),
            self.catalogue,
            self.at(registry),
            suspensions=registry.suspensions,
            others=registry.clients,
            zones=self.zones,
        )


class Past:
    """
    Everything that was ever registered, as one snapshot at `moment` holds it.

    `reader` verifies; one that a page brings knows what was verified before.
    """

    def __init__(
        self, moment: Moment, read: Read, trust: Trust, law: Law, alarm: Alarm, *, reader: RegistryReader | None = None
    ) -> None:
        self.moment = moment
        self.law = law
        self._read = read
        self._dates = read.dates
        self._moves = read.moves
        self._trust = trust
        self._alarm = alarm
        self._reader = reader or RegistryReader(trust, law.catalogue, alarm)
        self._registries: Memo[int, Registry] = Memo(_KEPT)

    @property
    def now(self) -> Registry:
        """What is in force."""
        return self.after(self.moment.size)

    def after(self, entry: int) -> Registry:
        """Return what was in force after this entry. What does not hold is an alarm, and not in force."""
        return self._registries.get_or_make(
            self.version_after(entry), lambda: self._reader.judge(self._read.until(entry))
        )

    def version_after(self, entry: int) -> int:
        """Return the last entry up to this one that brought anything: between two of them nothing differs."""
        place = bisect_right(self._dates, entry)
        return self._dates[place - 1] if place else -1

    def stood_before(self, entry: int, epoch: int | None) -> int:
        """
        Return the last entry that can have been there when the decision of `entry` was made at `epoch`.

        What came with the entry itself, or after it, did not decide it; nor did a change that moved the epoch on.
        """
        if epoch is None:
            return entry - 1
        place = bisect_right(self._moves, epoch)
        return min([entry, *self._moves[place : place + 1]]) - 1

    def under(self, law: Law) -> "Past":
        """Return the same past as another law would have judged it."""
        return Past(self.moment, self._read, self._trust, law, self._alarm)


async def read_past(
    connection: AsyncConnection, trust: Trust, law: Law, alarm: Alarm, *, known: RegistryReader | None = None
) -> Past:
    """
    Read everything; the caller's transaction must be one snapshot (REPEATABLE READ).

    `known` verifies by the law's own catalogue, and need not do again what it did. Without it all is done anew: for
    whoever checks what a running gateway says.
    """
    reader = known or RegistryReader(trust, law.catalogue, alarm)
    moment, version = await reader.look(connection)
    return Past(moment, await reader.everything(connection, version), trust, law, alarm, reader=known)
