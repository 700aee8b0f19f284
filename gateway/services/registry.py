"""
What was promised and to whom, read in one snapshot and verified back to the pinned officers.

INVARIANT: nothing is believed because it stands in a table. Each document must verify, and the entry that is said to
have brought it must name it; whatever does not hold is left out, which denies, and is reported as an alarm (claim 1).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.in_force import (
    VerifiedAgreement,
    VerifiedBinding,
    VerifiedReinstatement,
    verify_agreement,
    verify_binding,
    verify_reinstatement,
)
from agreements.register import Register, Registered, StoredDocument, load_register
from agreements.signature import Envelope
from agreements.standing import Standing, standing
from agreements.trust import Trust
from audit.entry import Entry, parse
from audit.errors import LeafRefused
from audit.events import Event
from gateway.problems import Problem
from policies.compile import Suspension
from policies.state import Granted

Alarm = Callable[[str, Mapping[str, str]], None]
"""Told what does not hold: a stable code, and facts without personal data."""
Verified = TypeVar("Verified", VerifiedAgreement, VerifiedBinding, VerifiedReinstatement)

_MOMENT: Final = text("SELECT epoch, gateway.clock() AS now FROM audit.head")
_VERSION: Final = text("""SELECT greatest(
    (SELECT max(idx) FROM agreements.document), (SELECT max(idx) FROM agreements.status),
    (SELECT max(idx) FROM gateway.client), (SELECT max(idx) FROM gateway.client_status), -1)""")
_CLIENTS: Final = text("SELECT id, name, binding, agreement, idx FROM gateway.client ORDER BY idx")
_CLIENT_STATUS: Final = text("SELECT client, idx FROM gateway.client_status WHERE status = 'suspended' ORDER BY idx")
_ENTRIES: Final = text("SELECT idx, leaf FROM audit.entry WHERE idx IN :indexes").bindparams(
    bindparam("indexes", expanding=True)
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The epoch and the database's clock, of one snapshot."""

    epoch: int
    now: datetime


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A registered client: its partner, its name, and whether no stop concerns it."""

    id: str
    partner: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Registry:
    """What is in force, by the entries up to `version`; `granted` maps agreement digests, suspended ones included."""

    version: int
    granted: Mapping[str, Granted]
    clients: Mapping[str, KnownClient]
    suspensions: tuple[Suspension, ...]
    signers: tuple[Envelope, ...]


class RegistryReader:
    """Reads registries. What was verified once is kept: a verification depends on nothing but the bytes."""

    def __init__(self, trust: Trust, catalogue: Catalogue, alarm: Alarm) -> None:
        self._trust = trust
        self._catalogue = catalogue
        self._alarm = alarm
        self._kept: dict[bytes, VerifiedAgreement | VerifiedBinding | VerifiedReinstatement] = {}

    async def read(self, connection: AsyncConnection, known: Registry | None = None) -> tuple[Moment, Registry]:
        """
        Return the moment and what is in force; `known` again, if nothing of it changed.

        The caller's transaction must be one snapshot (REPEATABLE READ), or hold the head lock.
        """
        moment, version = await self.look(connection)
        if known is not None and known.version == version:
            return moment, known
        register = await load_register(connection)
        clients = (await connection.execute(_CLIENTS)).mappings().all()
        stops = (await connection.execute(_CLIENT_STATUS)).mappings().all()
        entries = await self._entries(connection, register, clients)
        return moment, _Judging(self, register, entries).registry(version, clients, stops)

    @staticmethod
    async def look(connection: AsyncConnection) -> tuple[Moment, int]:
        """Return the moment, and the version of what is in force, without reading it. In one snapshot, as `read`."""
        moment = await read_moment(connection)
        return moment, (await connection.execute(_VERSION)).scalar_one()

    @staticmethod
    async def _entries(
        connection: AsyncConnection, register: Register, clients: Iterable[Mapping[Any, Any]]
    ) -> dict[int, Entry]:
        """Return the entries that are said to have brought something, as far as they can be read."""
        indexes = {row["idx"] for row in clients} | {each.index for each in _documents(register)}
        indexes |= {move.index for agreement in register.agreements for move in agreement.moves}
        found = {}
        for row in (await connection.execute(_ENTRIES, {"indexes": sorted(indexes)})).mappings():
            try:
                found[row["idx"]] = parse(row["leaf"])
            except LeafRefused:
                continue
        return found

    def alarm(self, code: str, **facts: str) -> None:
        """Report what does not hold."""
        self._alarm(code, facts)

    def once(self, make: Callable[[], Verified], *parts: str) -> Verified:
        """Return what `make` verifies; `parts` are all the texts it depends on."""
        hashed = hashlib.sha256()
        for part in parts:
            hashed.update(len(part).to_bytes(8, "big") + part.encode())
        key = hashed.digest()
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value] # the parts begin with what is made of them

    @property
    def trust(self) -> Trust:
        """The pinned officers."""
        return self._trust

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue agreements are judged by."""
        return self._catalogue


class _Judging:
    """One pass over the register."""

    def __init__(self, reader: RegistryReader, register: Register, entries: Mapping[int, Entry]) -> None:
        self._reader = reader
        self._register = register
        self._entries = entries
        self._signers = self._envelopes(register.signers)

    def registry(
        self, version: int, clients: Sequence[Mapping[Any, Any]], stops: Sequence[Mapping[Any, Any]]
    ) -> Registry:
        promised: dict[str, VerifiedAgreement] = {}
        bound: list[tuple[int, VerifiedBinding]] = []
        suspensions: list[Suspension] = []
        for each in self._register.agreements:
            stands = self._standing(each)
            verified = self._agreement(each) if stands in {Standing.ACTIVE, Standing.SUSPENDED} else None
            if verified is None:
                continue
            promised[each.document.digest] = verified
            bound += self._bindings(each, verified, clients)
            if stands is Standing.SUSPENDED:
                suspensions.append(Suspension(each.document.digest, self._stop(each)))
        undone = {
            (item.reinstatement.subject, item.reinstatement.undoes)
            for item in self._reinstatements(self._register.client_reinstatements)
        }
        stopped = {row["client"]: row["idx"] for row in stops if (row["client"], row["idx"]) not in undone}
        suspensions += [Suspension(client, index) for client, index in stopped.items()]
        bindings = self._of_one_partner(bound)
        names = {row["id"]: row["name"] for row in clients}
        known = {
            each.binding.client: KnownClient(
                each.binding.client, each.partner, names[each.binding.client], each.binding.client not in stopped
            )
            for each in bindings
        }
        granted = {
            digest: Granted(verified, tuple(each for each in bindings if each.binding.agreement == digest))
            for digest, verified in promised.items()
        }
        return Registry(version, granted, known, tuple(suspensions), tuple(self._signers))

    def _of_one_partner(self, bound: Iterable[tuple[int, VerifiedBinding]]) -> list[VerifiedBinding]:
        """
        Return the bindings, in the log's order, without those that bind a client of another partner.

        INVARIANT: a client belongs to the partner that bound it first; otherwise one partner could add a key of its own
        to another's client, and act as it.
        """
        owners: dict[str, str] = {}
        kept = []
        for _, each in sorted(bound, key=lambda pair: pair[0]):
            if owners.setdefault(each.binding.client, each.partner) == each.partner:
                kept.append(each)
            else:
                self._reader.alarm("client_refused", client=each.binding.client, reason="other_partner")
        return kept

    def _standing(self, each: Registered) -> Standing:
        """Return where the agreement stands. A move to `active` counts only if its entry says so."""
        digest, moves = each.document.digest, []
        for move in each.moves:
            if move.status != Standing.ACTIVE or self._named(move.index, Event.AGREEMENT_ACTIVATED, agreement=digest):
                moves.append(move)
            else:
                self._reader.alarm("move_not_in_log", agreement=digest, entry=str(move.index))
        return standing(each.document.digest, moves, self._reinstatements(each.reinstatements))

    def _stop(self, each: Registered) -> int:
        """Return the entry of the newest stop that nobody has undone; older ones wait for their own undoing."""
        own = [item.reinstatement for item in self._reinstatements(each.reinstatements)]
        undone = {item.undoes for item in own if item.subject == each.document.digest}
        return max(move.index for move in each.moves if move.status != Standing.ACTIVE and move.index not in undone)

    def _agreement(self, each: Registered) -> VerifiedAgreement | None:
        approvals = self._envelopes(each.approvals)
        envelope = next(iter(self._envelopes([each.document])), None)
        if envelope is None:
            return None
        received = self._entries[each.document.index].time
        try:
            return self._reader.once(
                partial(
                    verify_agreement,
                    envelope,
                    approvals,
                    self._signers,
                    trust=self._reader.trust,
                    catalogue=self._reader.catalogue,
                    received_at=datetime.fromisoformat(received),
                ),
                "agreement",
                received,
                *_texts(envelope, *approvals, *self._signers),
            )
        except AgreementError as error:
            self._reader.alarm("agreement_refused", agreement=each.document.digest, reason=error.code)
            return None

    def _bindings(
        self, each: Registered, agreement: VerifiedAgreement, clients: Sequence[Mapping[Any, Any]]
    ) -> Iterable[tuple[int, VerifiedBinding]]:
        """Yield the bindings that hold, each with the entry that brought it."""
        approvals = self._envelopes(each.binding_approvals)
        registered = {_digest(row["binding"]): row for row in clients}
        for stored in each.bindings:
            row = registered.get(stored.digest)
            envelope = next(iter(self._envelopes([stored])), None)
            if envelope is None or row is None:
                continue
            received = self._entries[stored.index].time
            try:
                verified = self._reader.once(
                    partial(
                        verify_binding,
                        envelope,
                        approvals,
                        self._signers,
                        agreement=agreement,
                        trust=self._reader.trust,
                        received_at=datetime.fromisoformat(received),
                    ),
                    "binding",
                    received,
                    each.document.digest,
                    *_texts(envelope, *approvals, *self._signers),
                )
            except AgreementError as error:
                self._reader.alarm("client_refused", client=row["id"], reason=error.code)
                continue
            if verified.binding.client == row["id"]:
                yield stored.index, verified
            else:
                self._reader.alarm("client_refused", client=row["id"], reason="other_client")

    def _reinstatements(self, stored: Iterable[StoredDocument]) -> list[VerifiedReinstatement]:
        verified = []
        for envelope in self._envelopes(stored):
            try:
                verified.append(
                    self._reader.once(
                        partial(verify_reinstatement, envelope, trust=self._reader.trust),
                        "reinstatement",
                        envelope.text,
                    )
                )
            except AgreementError as error:
                self._reader.alarm("reinstatement_refused", document=envelope.digest, reason=error.code)
        return verified

    def _envelopes(self, stored: Iterable[StoredDocument]) -> list[Envelope]:
        """Return the documents that can be read and that their entry names."""
        found = []
        for each in stored:
            try:
                envelope = each.envelope
            except AgreementError as error:
                self._reader.alarm("document_unreadable", document=each.digest, reason=error.code)
                continue
            if self._named(each.index, None, document=each.digest):
                found.append(envelope)
            else:
                self._reader.alarm("document_not_in_log", document=each.digest, entry=str(each.index))
        return found

    def _named(self, index: int, event: Event | None, **names: str) -> bool:
        """Return whether the entry at `index` is there, of this event, and names this."""
        entry = self._entries.get(index)
        if entry is None or (event is not None and entry.event != event):
            return False
        return all(entry.body.get(name) == value for name, value in names.items())


async def read_moment(connection: AsyncConnection) -> Moment:
    """Return the epoch and the database's clock. Raises `Problem` if the log was never opened."""
    head = (await connection.execute(_MOMENT)).one_or_none()
    if head is None:
        raise Problem("log_unavailable")
    return Moment(head.epoch, head.now)


def _documents(register: Register) -> Iterable[StoredDocument]:
    yield from register.signers
    yield from register.client_reinstatements
    for each in register.agreements:
        yield each.document
        yield from (*each.approvals, *each.bindings, *each.binding_approvals, *each.reinstatements)


def _texts(*envelopes: Envelope) -> list[str]:
    return [each.text for each in envelopes]


def _digest(digest: bytes) -> str:
    return f"sha256:{digest.hex()}"
