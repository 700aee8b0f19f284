"""
What was promised and to whom: the values that everything else asks. Read by `gateway.services.standing.snapshot`.

INVARIANT: nothing is believed because it stands in a table. Each document must verify, and the entry that is said to
have brought it must name it; whatever does not hold is left out, which denies, and is reported as an alarm (claim 1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.authority import Authority, Received
from agreements.canonical import read_json
from agreements.emergencies import VerifiedEmergencyOrder, VerifiedEmergencyRelease
from agreements.in_force import VerifiedAgreement
from agreements.lifecycle import Move, Standing
from agreements.parties import VerifiedDebarment, VerifiedSuccession
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking
from agreements.register import Register
from agreements.signature import Envelope
from agreements.successors import following
from agreements.witnessing import VerifiedWitnesses
from audit.entry import Entry
from audit.events import MOVES_EPOCH
from gateway.problems import Problem
from gateway.registration import NONE_ENDED, EndedTokens
from gateway.services.standing.classified import NONE_CLASSIFIED, ClassifiedCodes
from gateway.services.standing.secrets import LoggedSecret
from gateway.services.standing.staff import StaffRoles
from policies.compile import Suspension
from policies.state import Granted

Alarm = Callable[[str, Mapping[str, str]], None]
"""Told what does not hold: a stable code, and facts without personal data."""

_MOMENT: Final = text("SELECT epoch, size, gateway.clock() AS now FROM audit.head")


@dataclass(frozen=True, slots=True)
class Moment:
    """The epoch, the size of the log and the database's clock, of one snapshot."""

    epoch: int
    now: datetime
    size: int = 0

    @property
    def received(self) -> Received:
        """What is asked for now is dated by: who is in office now, and on which day."""
        return Received(self.size, self.now)


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A registered client: its partner, its name, and whether no stop concerns it."""

    id: str
    partner: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Promised:
    """
    One agreement that was activated and verifies, whether or not anything may still leave by it.

    `activated` is the entry of its activation, `replaced_by` the digest of the version that takes over from it,
    `until` the first instant at which it no longer counts because of that version or of its master; None: its own term.
    """

    verified: VerifiedAgreement
    standing: Standing
    activated: int
    replaced_by: str | None
    until: datetime | None
    annexes: tuple[VerifiedPeopleAnnex, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The agreements that a document, not verified itself, says it replaces and narrows, as far as they verify."""

    replaced: VerifiedAgreement | None
    master: VerifiedAgreement | None

    @property
    def digests(self) -> tuple[str, str]:
        """Their digests, empty where there is none."""
        replaced, master = (each.agreement.digest if each else "" for each in (self.replaced, self.master))
        return replaced, master


def claims_of(document: Envelope) -> tuple[str | None, str | None]:
    """Return the digests that a document names: the version that it replaces, and its master."""
    content = read_json(document.payload)
    named = [content.get(name) if isinstance(content, dict) else None for name in ("replaces", "master")]
    replaced, master = (each if isinstance(each, str) else None for each in named)
    return replaced, master


def claimed(named: tuple[str | None, str | None], history: Mapping[str, Promised]) -> Claimed:
    """Find what a document claims to build on (`claims_of`); whether it may is for its verification to say."""

    def known(digest: str | None) -> VerifiedAgreement | None:
        found = None if digest is None else history.get(digest)
        return None if found is None else found.verified

    return Claimed(*map(known, named))


@dataclass(frozen=True, slots=True)
class Ordered:
    """
    One emergency order that verifies: what was released by it, and the move that ended it early, if one did.

    `released_at` are the entries of all its releases on file: one that does not verify any more still counts.
    """

    verified: VerifiedEmergencyOrder
    releases: tuple[VerifiedEmergencyRelease, ...]
    released_at: tuple[int, ...]
    ended: Move | None


@dataclass(frozen=True, slots=True)
class Named:
    """
    Who cosigns the log: `newest` is the digest of the newest naming that the log has, `current` that naming.

    Without `current` the newest naming does not hold any more: who must cosign is not known.
    """

    current: VerifiedWitnesses | None = None
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """
    What is in force, by the entries up to `version`; `granted` maps agreement digests, suspended ones included.

    `history` holds every agreement that was ever in force and verifies, over or not.
    """

    version: int
    granted: Mapping[str, Granted]
    clients: Mapping[str, KnownClient]
    suspensions: tuple[Suspension, ...]
    history: Mapping[str, Promised]
    authority: Authority
    register: Register
    debarments: tuple[VerifiedDebarment, ...] = ()
    successions: tuple[VerifiedSuccession, ...] = ()
    emergency_orders: tuple[Ordered, ...] = ()
    epoch: int = -1
    witnesses: Named = Named()
    staff: StaffRoles = field(default_factory=StaffRoles)
    undertakings: Mapping[str, tuple[VerifiedUndertaking, ...]] = field(default_factory=dict)
    """What people accepted, by the digest of the agreement; it has those in force."""
    ended_tokens: EndedTokens = NONE_ENDED
    secrets: tuple[LoggedSecret, ...] = ()
    codes: ClassifiedCodes = NONE_CLASSIFIED
    """What stewards classified of the district's own codes."""
    configurations: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """What each entry says that recorded a configuration, by its index."""

    def is_of(self, moment: Moment, version: int) -> bool:
        """Return whether nothing of it changed up to this moment, by a row or by an entry whose row is gone."""
        return (self.version, self.epoch) == (version, moment.epoch)

    def says_the_same(self, other: "Registry") -> bool:
        """Return whether every decision that rests on it would rest on `other` alike."""
        mine, others = (
            (
                *(each.version, each.epoch, each.granted, each.clients, each.suspensions, each.history, each.staff),
                each.undertakings,
                each.codes,
            )
            for each in (self, other)
        )
        return mine == others

    @property
    def bans(self) -> tuple[VerifiedDebarment, ...]:
        """Every debarment, once for each partner that it bars: what an agreement is judged by."""
        return following(self.debarments, self.successions)


@dataclass(frozen=True, slots=True)
class Read:
    """What one snapshot holds before anything of it is believed."""

    version: int
    register: Register
    clients: tuple[Mapping[Any, Any], ...]
    client_stops: tuple[Mapping[Any, Any], ...]
    partner_stops: tuple[Mapping[Any, Any], ...]
    entries: Mapping[int, Entry]
    epoch: int = -1
    staff_links: tuple[Mapping[Any, Any], ...] = ()
    staff_stops: tuple[Mapping[Any, Any], ...] = ()
    fetched: tuple[Mapping[Any, Any], ...] = ()

    @property
    def dates(self) -> list[int]:
        """The entries that brought something of it, in order."""
        found = {each.index for each in self.register.stored}
        found |= {move.index for each in self.register.agreements for move in each.moves}
        stops = (*self.client_stops, *self.partner_stops, *self.staff_stops)
        rows = (*self.clients, *stops, *self.staff_links, *self.fetched)
        return sorted(found | {row["idx"] for row in rows})

    @property
    def moves(self) -> list[int]:
        """The entries among them that moved the epoch, in order; a stop of a client or a partner always does."""
        named = {index for index, entry in self.entries.items() if entry.event in MOVES_EPOCH}
        return sorted(named | {row["idx"] for row in (*self.client_stops, *self.partner_stops)})

    def until(self, index: int) -> "Read":
        """Return what of it was there after the entry `index`: everything is dated by the entry that brought it."""
        return Read(
            version=max((date for date in self.dates if date <= index), default=-1),
            register=self.register.until(index),
            clients=tuple(row for row in self.clients if row["idx"] <= index),
            client_stops=tuple(row for row in self.client_stops if row["idx"] <= index),
            partner_stops=tuple(row for row in self.partner_stops if row["idx"] <= index),
            entries={at: entry for at, entry in self.entries.items() if at <= index},
            staff_links=tuple(row for row in self.staff_links if row["idx"] <= index),
            staff_stops=tuple(row for row in self.staff_stops if row["idx"] <= index),
            fetched=tuple(row for row in self.fetched if row["idx"] <= index),
        )


async def read_moment(connection: AsyncConnection) -> Moment:
    """Return the epoch and the database's clock. Raises `Problem` if the log was never opened."""
    head = (await connection.execute(_MOMENT)).one_or_none()
    if head is None:
        raise Problem("log_unavailable")
    return Moment(head.epoch, head.now, head.size)
