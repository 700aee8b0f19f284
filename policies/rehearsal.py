"""
What would be decided if these documents were in force: for drafts, comparisons and policy tests, never for rows.

A rehearsal takes agreements as they are written, signed or not. INVARIANT: its state has an epoch that no database is
ever at, and the reader refuses its permits, so nothing can leave by a document that was not verified (claim 1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from agreements.accountable import Window
from agreements.document import Agreement
from agreements.elements import Catalogue
from agreements.in_force import VerifiedBinding
from policies.compile import Ruleset, Suspension, rules_of
from policies.guardrails import Guardrails
from policies.memo import Memo
from policies.state import REHEARSAL, PolicyState, Promise
from policies.zones import PINNED, Zones

ALWAYS: Final = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=0))
"""Somebody answers for the client, whenever it asks."""
_TABLES = 1024


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """
    An agreement as if it were in force for `clients`, which somebody answers for at the given instants.

    A client that `accountable` does not name is answered for always. `until` as in `policies.state.Granted`.
    """

    document: Agreement
    clients: frozenset[str]
    until: datetime | None = None
    accountable: Mapping[str, tuple[Window, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def bindings_of(self, client: str) -> tuple[VerifiedBinding, ...]:
        """Return nothing: a rehearsal asks as a client that proves its key."""
        del client
        return ()

    def compile(
        self, catalogue: Catalogue, guardrails: Guardrails, suspensions: Iterable[Suspension], zones: Zones = PINNED
    ) -> Ruleset:
        """Return its rules. Raises as `policies.compile.compile_rules`."""
        accountable = {client: self.accountable.get(client, (ALWAYS,)) for client in self.clients}
        return rules_of(
            self.document,
            self.clients,
            catalogue,
            guardrails,
            suspensions=suspensions,
            until=self.until,
            accountable=accountable,
            zones=zones,
        )


def rehearse(
    promises: Iterable[Promise],
    catalogue: Catalogue,
    guardrails: Guardrails,
    *,
    suspensions: Iterable[Suspension] = (),
    others: Iterable[str] = (),
    zones: Zones = PINNED,
) -> PolicyState:
    """
    Return the state in which exactly `promises` were in force, drafts and verified agreements side by side.

    `others` are registered clients that none of them names.
    """
    given = {each.document.digest: each for each in promises}
    return PolicyState(
        epoch=REHEARSAL,
        clients=sorted({*others, *(client for each in given.values() for client in each.clients)}),
        granted=given,
        suspensions=suspensions,
        catalogue=catalogue,
        guardrails=guardrails,
        tables=Memo(_TABLES),
        zones=zones,
    )
