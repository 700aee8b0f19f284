"""
What decisions rest on, at one epoch: who is a client, which agreements are in force and for whom, what is stopped.

The gateway builds one state an epoch from what it read in one snapshot, and swaps the reference. Slices are compiled
when first asked for. INVARIANT: a state never changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from agreements.accountable import Window
from agreements.document import Agreement
from agreements.elements import DATASETS, Catalogue
from agreements.in_force import VerifiedAgreement, VerifiedBinding
from policies import reasons
from policies.bearer import bearer_until
from policies.compile import Ruleset, Suspension, compile_rules
from policies.decision import Denied
from policies.errors import PolicyError, UnsignedPromise
from policies.guardrails import Guardrails
from policies.memo import Memo
from policies.recheck import Recheck
from policies.request import Bearer
from policies.slice import Slice
from policies.table import Table, build_table
from policies.zones import PINNED, Zones

TableKey = tuple[int, str, str, str, str, int]
"""Epoch, client, agreement, dataset, purpose, time segment: all that Casbin's answers depend on."""
Tables = Memo[TableKey, Table]

REHEARSAL: Final = -1
"""The epoch of a rehearsal: no database is ever at it, so no row can be read under its decisions."""
SLICES = 4096
"""Slices kept; each holds a few kilobytes of rules, and its engines."""


@dataclass(frozen=True, slots=True)
class Granted:
    """
    One agreement in force with the clients bound to it. An agreement that was terminated is simply not given.

    `until` is the first instant at which it no longer counts, if before the end of its term (a later version, a
    master). `accountable` gives the instants at which somebody answers for each client.
    """

    agreement: VerifiedAgreement
    bindings: tuple[VerifiedBinding, ...]
    until: datetime | None
    accountable: Mapping[str, Sequence[Window]]

    @property
    def document(self) -> Agreement:
        """The agreement itself."""
        return self.agreement.agreement

    @property
    def clients(self) -> frozenset[str]:
        """The clients bound to it."""
        return frozenset(each.binding.client for each in self.bindings)

    def bindings_of(self, client: str) -> tuple[VerifiedBinding, ...]:
        """Return the bindings of one client."""
        return tuple(each for each in self.bindings if each.binding.client == client)

    def compile(
        self, catalogue: Catalogue, guardrails: Guardrails, suspensions: Iterable[Suspension], zones: Zones = PINNED
    ) -> Ruleset:
        """Return its rules. Raises as `compile_rules`."""
        return compile_rules(
            self.agreement,
            self.bindings,
            catalogue,
            guardrails,
            suspensions=suspensions,
            until=self.until,
            accountable=self.accountable,
            zones=zones,
        )


class Promise(Protocol):
    """An agreement and its clients, as a state holds them: `Granted`, or `policies.rehearsal.Rehearsed`."""

    @property
    def document(self) -> Agreement: ...  # noqa: D102 -- said by `Granted`
    @property
    def clients(self) -> frozenset[str]: ...  # noqa: D102 -- said by `Granted`
    def bindings_of(self, client: str) -> tuple[VerifiedBinding, ...]: ...  # noqa: D102 -- said by `Granted`
    def compile(  # noqa: D102 -- said by `Granted`
        self, catalogue: Catalogue, guardrails: Guardrails, suspensions: Iterable[Suspension], zones: Zones = PINNED
    ) -> Ruleset: ...


class PolicyState:
    """Everything decisions rest on at `epoch`. `tables` may be shared by the states that follow one another."""

    def __init__(
        self,
        *,
        epoch: int,
        clients: Iterable[str],
        granted: Mapping[str, Promise],
        suspensions: Iterable[Suspension],
        catalogue: Catalogue,
        guardrails: Guardrails,
        tables: Tables,
        recheck: Recheck | None = None,
        zones: Zones = PINNED,
    ) -> None:
        """
        `clients` are all registered clients, `granted` maps agreement digests to what is in force.

        With a `recheck`, some of the answers that are remembered are worked out anew each time.

        Raises `UnsignedPromise` if something in it was not verified and the epoch is not that of a rehearsal.
        """
        if epoch != REHEARSAL and not all(isinstance(each, Granted) for each in granted.values()):
            raise UnsignedPromise("A state of a real epoch holds verified agreements only.")
        self.epoch = epoch
        self.catalogue = catalogue
        self.names = {dataset: frozenset(e.name for e in catalogue.in_dataset(dataset)) for dataset in DATASETS}
        self._clients = frozenset(clients)
        self._granted = granted
        self._suspensions = tuple(suspensions)
        self._guardrails = guardrails
        self._zones = zones
        self._tables = tables
        self.recheck = recheck
        self._slices: Memo[tuple[str, str], Slice | Denied] = Memo(SLICES)

    @property
    def promises(self) -> Mapping[str, Promise]:
        """What is in force, by the digest of the agreement: all that an analysis has to go through."""
        return self._granted

    def slice_for(self, client: str, agreement: str) -> Slice | Denied:
        """Return the slice of `client` under `agreement`, or why there is none."""
        key = (client, agreement)
        # `get` first: most requests find it, and a closure is not free.
        found = self._slices.get(key)
        return self._slices.get_or_make(key, lambda: self._slice(client, agreement)) if found is None else found

    def table_for(self, client: str, agreement: str, dataset: str, purpose: str, now: datetime) -> Table | Denied:
        """Return Casbin's answers for the whole dataset at `now`, remembered while they cannot differ."""
        held = self.slice_for(client, agreement)
        if isinstance(held, Denied):
            return held
        key = (self.epoch, client, agreement, dataset, purpose, held.segment(now))
        table = self._tables.get(key)
        if table is not None:
            return table
        try:
            return self._tables.get_or_make(key, lambda: build_table(held, dataset, purpose, now))
        except PolicyError as error:
            return reasons.alarmed(error.code)

    def bearer_until(self, client: str, agreement: str, bearer: Bearer, now: datetime) -> datetime | Denied:
        """Return until when a token bound to no key opens what `agreement`, which is in force, gives; or why not."""
        promise = self._granted[agreement]
        return bearer_until(promise, client, bearer, now, guardrails=self._guardrails, zones=self._zones)

    def table_anew(self, table: Table, now: datetime) -> Table | Denied:
        """Return what `table` must be: compiled from the agreement again, asked of new engines, nothing remembered."""
        held = self._slice(table.held.client, table.held.agreement.digest)
        if isinstance(held, Denied):
            return held
        try:
            return build_table(held, table.dataset, table.purpose, now)
        except PolicyError as error:
            return reasons.alarmed(error.code)

    def distrust(self, table: Table) -> Denied:
        """Deny, raise the alarm, and forget every table and slice: what else is wrong there, nobody knows."""
        assert self.recheck is not None  # it was this answer's turn
        self._tables.clear()
        self._slices.clear()
        held = table.held
        self.recheck.alarm("memory_differs", client=held.client, agreement=held.agreement.digest, dataset=table.dataset)
        return reasons.alarmed(reasons.MEMORY_DIFFERS)

    def _slice(self, client: str, agreement: str) -> Slice | Denied:
        # Memo does not take a Denied for 'nothing kept': it is falsy, not None.
        if client not in self._clients:
            return reasons.UNKNOWN_CLIENT
        stop = next((stop for stop in self._suspensions if stop.concerns == client), None)
        granted = self._granted.get(agreement)
        if granted is None or client not in granted.clients:
            return reasons.NO_AGREEMENT if stop is None else reasons.suspended(stop.clause)
        try:
            ruleset = granted.compile(self.catalogue, self._guardrails, self._suspensions, self._zones)
            return Slice(
                client,
                granted.document,
                ruleset,
                epoch=self.epoch,
                catalogue=self.catalogue,
                guardrails=self._guardrails,
            )
        except PolicyError as error:
            return reasons.alarmed(error.code)
