"""
How every agreement that was ever activated went: its versions, its end, its holds, and what was certified or reviewed.

INVARIANT: an obligation hangs on nothing but the document that the log received and the clock. An agreement whose
signatures do not verify any more lets nothing leave, and what left by it is owed all the same; and no row says that an
obligation was met, only a signed document that verifies.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.destruction import (
    VerifiedCertificate,
    VerifiedHold,
    VerifiedRelease,
    open_holds,
    verify_certificate,
    verify_hold,
    verify_release,
)
from agreements.document import Agreement, parse_agreement
from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.filed import Filed, Received
from agreements.obligations import Course, day_of, end_of
from agreements.register import Register, Registered
from agreements.signature import Kind
from agreements.successors import answering_for
from agreements.yearly import VerifiedReview, verify_review
from audit.entry import Entry
from audit.events import Event
from gateway.services.obligations.history import entries_at, time_of
from gateway.services.standing.registry import Moment, Registry

Verified = TypeVar("Verified", VerifiedCertificate, VerifiedHold, VerifiedRelease, VerifiedReview)

_TERMINATED: Final = "terminated"
_ABOUT_OBLIGATIONS: Final = (Kind.CERTIFICATE, Kind.HOLD, Kind.RELEASE, Kind.REVIEW)


@dataclass(frozen=True, slots=True)
class Followed:
    """
    One agreement with how it went; `course` and `today` are in its own zone.

    `versions` are the digests of itself and of all it replaced, oldest first, `line` those of the later ones too;
    `replaced_by` is the version that took over.
    `activated` is the entry of its activation, `since` the day from which the next yearly review counts, which is the
    day of an activation as long as nothing was `reviewed`. `parties` answer for what the partner owes.
    """

    agreement: Agreement
    activated: int
    versions: tuple[str, ...]
    line: tuple[str, ...]
    replaced_by: str | None
    parties: tuple[str, ...]
    course: Course
    today: date
    since: date
    reviewed: bool
    holds: tuple[VerifiedHold, ...]
    releases: tuple[VerifiedRelease, ...]
    certificates: tuple[VerifiedCertificate, ...]
    reviews: tuple[VerifiedReview, ...]
    refused: tuple[tuple[str, str], ...]
    """Documents that do not hold, each with the code of the reason."""

    @property
    def partner(self) -> str:
        """Who answers now for what the partner owes."""
        return self.parties[-1]

    @property
    def certified(self) -> bool:
        """Whether everything was certified as destroyed."""
        return any(each.covers_whole for each in self.certificates)

    def outstanding(self, left: Mapping[str, date]) -> dict[str, date]:
        """Return those of the leavers, by record code, for whom nothing was certified."""
        if self.certified:
            return {}
        return {
            code: day
            for code, day in left.items()
            if not any(each.covers_leaver(code, day) for each in self.certificates)
        }


async def follow(connection: AsyncConnection, moment: Moment, registry: Registry, catalogue: Catalogue) -> "Following":
    """Return how every agreement that was activated went."""
    indexes = {move.index for each in registry.register.agreements for move in each.moves}
    indexes |= {each.index for each in registry.register.stored if each.kind in _ABOUT_OBLIGATIONS}
    return Following(moment, registry, catalogue, await entries_at(connection, indexes))


@dataclass(slots=True)
class _Known:
    agreement: Agreement
    activated: int
    activated_on: date
    stops: tuple[tuple[int, date], ...]
    replaced_by: str | None = None
    replaces: str | None = None


class Following:
    """
    One pass over the register: `followed` by digest, in the order of the log.

    `unread` are agreements that were activated and cannot be read by this release, each with the code of the reason.
    """

    def __init__(self, moment: Moment, registry: Registry, catalogue: Catalogue, entries: Mapping[int, Entry]) -> None:
        self._moment = moment
        self._registry = registry
        self._entries = entries
        self.unread: list[tuple[str, str]] = []
        found = (self._known(each, catalogue) for each in registry.register.agreements)
        self._of = {
            known.agreement.digest: known
            for known in sorted((each for each in found if each is not None), key=lambda each: each.activated)
        }
        for digest, known in self._of.items():
            old = self._of.get(known.agreement.replaces or "")
            if old is not None and old.replaced_by is None:
                old.replaced_by, known.replaces = digest, old.agreement.digest
        self.followed = {digest: self._follow(known) for digest, known in self._of.items()}

    def _known(self, each: Registered, catalogue: Catalogue) -> _Known | None:
        activated = next((index for index in self._moved(each, Event.AGREEMENT_ACTIVATED)), None)
        if activated is None:
            return None
        promised = self._registry.history.get(each.document.digest)
        try:
            # What verifies was read already; the public register follows every agreement each minute.
            agreement = (
                promised.verified.agreement
                if promised is not None
                else parse_agreement(each.document.envelope.payload, catalogue)
            )
        except AgreementError as error:
            self.unread.append((each.document.digest, error.code))
            return None
        ends = [move.index for move in each.moves if move.status == _TERMINATED and move.index in self._entries]
        stops = tuple((index, self._day(agreement, index)) for index in ends)
        return _Known(agreement, activated, self._day(agreement, activated), stops)

    def _moved(self, each: Registered, event: Event) -> Iterator[int]:
        """Yield the entries of this event that say so of this agreement; a row alone brings nothing about."""
        for move in each.moves:
            entry = self._entries.get(move.index)
            if entry is not None and entry.event == event and entry.body.get("agreement") == each.document.digest:
                yield move.index

    def _follow(self, known: _Known) -> Followed:
        agreement, now = known.agreement, Received(self._moment.size, self._moment.now)
        documents = _Documents(self._registry.register, self._entries)
        holds, releases = self._holds(known, documents)
        parties = answering_for(agreement.partner.id, self._registry.successions)
        certificates = documents.verified(
            agreement.digest,
            Kind.CERTIFICATE,
            lambda filed: verify_certificate(
                filed,
                authority=self._registry.authority,
                parties=parties,
                agreement=agreement,
                ended=self._ended(known, filed.received),
                holds=holds,
                releases=releases,
            ),
        )
        versions = self._versions(known)
        reviews = [
            review
            for digest in versions
            for review in documents.verified(digest, Kind.REVIEW, partial(self._review, self._of[digest].agreement))
        ]
        released = [day_of(agreement.term, each.received.at) for each in releases]
        first = self._of[versions[0]].activated_on
        return Followed(
            agreement=agreement,
            activated=known.activated,
            versions=versions,
            line=self._versions(self._newest(known)),
            replaced_by=known.replaced_by,
            parties=parties,
            course=Course(
                ended=self._ended(known, now),
                held=bool(open_holds(holds, releases, now.index)),
                released=max(released, default=None),
            ),
            today=day_of(agreement.term, now.at),
            since=max((each.review.last_day for each in reviews), default=first),
            reviewed=bool(reviews),
            holds=tuple(holds),
            releases=tuple(releases),
            certificates=tuple(certificates),
            reviews=tuple(reviews),
            refused=tuple(documents.refused),
        )

    def _holds(self, known: _Known, documents: "_Documents") -> tuple[list[VerifiedHold], list[VerifiedRelease]]:
        """Return what is held under any version: the records of a line are not kept apart by version."""
        authority, line = self._registry.authority, self._versions(self._newest(known))
        holds = [
            hold
            for digest in line
            for hold in documents.verified(
                digest, Kind.HOLD, partial(verify_hold, authority=authority, agreement=digest)
            )
        ]
        releases = [
            release
            for digest in line
            for release in documents.verified(
                digest, Kind.RELEASE, partial(verify_release, authority=authority, holds=holds)
            )
        ]
        return holds, releases

    def _review(self, agreement: Agreement, filed: Filed) -> VerifiedReview:
        return verify_review(filed, authority=self._registry.authority, agreement=agreement)

    def _newest(self, known: _Known, before: int | None = None) -> _Known:
        """Return the newest version, or the newest that was activated before an entry."""
        while known.replaced_by is not None:
            later = self._of[known.replaced_by]
            if before is not None and later.activated >= before:
                break
            known = later
        return known

    def _ended(self, known: _Known, at: Received) -> date | None:
        """
        Return the last day in force of what was over at that entry; None if it was not.

        A version that was replaced lasts as long as the newest one; what narrows a master, no longer than the master.
        """
        newest = self._newest(known, at.index)
        master = self._of.get(newest.agreement.master or "")
        stops = [day for each in (newest, master) if each is not None for day in self._stops(each, at)]
        limits = []
        if master is not None:
            limits.append(master.agreement.term.last_day)
            after = self._of.get(master.replaced_by or "")
            if after is not None and after.activated < at.index:
                limits.append(after.agreement.term.first_day - timedelta(days=1))
        today = day_of(newest.agreement.term, at.at)
        term = newest.agreement.term
        return end_of(term, today, stopped=min(stops, default=None), limit=min(limits, default=None))

    @staticmethod
    def _stops(known: _Known, at: Received) -> list[date]:
        return [day for index, day in known.stops if index < at.index]

    def _versions(self, known: _Known) -> tuple[str, ...]:
        found = [known.agreement.digest]
        while known.replaces is not None:
            known = self._of[known.replaces]
            found.append(known.agreement.digest)
        return tuple(reversed(found))

    def _day(self, agreement: Agreement, index: int) -> date:
        return day_of(agreement.term, time_of(self._entries[index]))


class _Documents:
    """The documents about agreements that hold. What does not is as if it had never been filed, and is listed."""

    def __init__(self, register: Register, entries: Mapping[int, Entry]) -> None:
        self._register = register
        self._entries = entries
        self.refused: list[tuple[str, str]] = []

    def verified(self, digest: str, kind: Kind, verify: Callable[[Filed], Verified]) -> list[Verified]:
        found = []
        for stored in self._register.about(digest, kind):
            entry = self._entries.get(stored.index)
            if entry is None or entry.body.get("document") != stored.digest:
                self.refused.append((stored.digest, "document_not_in_log"))
                continue
            try:
                found.append(verify(Filed(stored.envelope, Received(stored.index, time_of(entry)))))
            except AgreementError as error:
                self.refused.append((stored.digest, error.code))
        return found
