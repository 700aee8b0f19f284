"""
The public register made: which agreements are listed, where each stands, and in which months it was used.

INVARIANT: made from verified agreements only. A draft, and a document that does not verify, is never in it; what was in
force once stays, however it ended (row A10).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agreements.basis import Basis
from agreements.elements import Catalogue
from agreements.in_force import VerifiedAgreement
from agreements.terms import DatasetTerms, Party, PurposeTerms, Subrecipient
from gateway.services.publishing.public_register import (
    Duties,
    PublicAgreement,
    PublicDataset,
    PublicElement,
    PublicMonth,
    PublicRegister,
    PublicStanding,
)
from gateway.services.publishing.signed_words import shown
from gateway.services.publishing.usage import band_of, month_of

WAIT: Final = timedelta(days=10)
"""A month is shown when it has been over for this long: entries of a day are not to be guessed from the page."""


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One agreement that verifies, and where it stands: what a register is made of.

    `standing` is the word of its last move (active, suspended, replaced, terminated, closed); `entry` the entry of the
    log that brought it into force and `since` the instant from which it can have been used. `until` is the first
    instant at which it no longer counts because of the version `replaced_by`, or of its master; None: its own term.
    """

    verified: VerifiedAgreement
    standing: str
    since: datetime
    entry: int | None = None
    replaced_by: str | None = None
    until: datetime | None = None


def public_register(
    listed: Sequence[Listed],
    now: datetime,
    *,
    catalogue: Catalogue,
    months: Mapping[str, Mapping[date, int]] | None,
    duties: Mapping[str, Duties],
) -> PublicRegister:
    """
    Return the register as of `now`, the database's clock.

    `months` are the disclosures counted for each digest, None while the log is still being counted; `duties` what is
    owed under each, nothing where none is given.
    """
    children: dict[str, list[str]] = {}
    for each in listed:
        agreement = each.verified.agreement
        if agreement.master is not None:
            children.setdefault(agreement.master, []).append(agreement.digest)

    def published(each: Listed) -> PublicAgreement:
        digest = each.verified.agreement.digest
        return _published(
            each,
            now,
            catalogue,
            counts=None if months is None else months.get(digest, {}),
            duties=duties.get(digest, Duties()),
            children=sorted(children.get(digest, [])),
        )

    known = [published(each) for each in listed]
    order = list(PublicStanding)
    known.sort(key=lambda each: (order.index(each.standing), each.title.casefold(), each.line, -each.version))
    zone = _usual_zone(known)
    return PublicRegister(now.astimezone(ZoneInfo(zone)).date(), zone, tuple(known))


def opt_outs_of(basis: str) -> tuple[str, ...]:
    """
    Return which opt-outs keep a student out of disclosures under `basis`.

    `sharing`, a family's no to sharing, does under every basis; `directory` (34 CFR 99.37) concerns directory
    information alone. A test compares this with the statement that reads the students.
    """
    return ("sharing", "directory") if basis == Basis.DIRECTORY_INFORMATION else ("sharing",)


def _published(
    each: Listed,
    now: datetime,
    catalogue: Catalogue,
    *,
    counts: Mapping[date, int] | None,
    duties: Duties,
    children: Sequence[str],
) -> PublicAgreement:
    agreement = each.verified.agreement
    return PublicAgreement(
        digest=agreement.digest,
        line=agreement.id,
        version=agreement.version,
        framework=agreement.framework,
        title=shown(agreement.title),
        district=_party(agreement.district),
        partner=_party(agreement.partner),
        basis=agreement.basis,
        purpose=PurposeTerms(agreement.purpose.code, shown(agreement.purpose.words)),
        datasets=tuple(_dataset(terms, catalogue) for terms in agreement.datasets),
        subrecipients=tuple(Subrecipient(shown(row.name), shown(row.interest)) for row in agreement.subrecipients),
        opt_outs=opt_outs_of(agreement.basis),
        term=agreement.term,
        standing=_standing(each, now),
        entry=each.entry,
        months=None if counts is None else tuple(_months(each, now, counts)),
        duties=duties,
        replaces=agreement.replaces,
        replaced_by=each.replaced_by,
        master=agreement.master,
        children=tuple(children),
        bearer_until=None if agreement.compatibility is None else agreement.compatibility.last_day,
        people_behind=agreement.people_behind,
    )


def _party(party: Party) -> Party:
    return Party(party.id, shown(party.name), party.kind)


def _dataset(terms: DatasetTerms, catalogue: Catalogue) -> PublicDataset:
    elements = tuple(
        PublicElement(line.element, catalogue.element(line.element).title, line.transformation)
        for line in terms.elements
    )
    return PublicDataset(terms.dataset, terms.school_years, elements)


def _standing(each: Listed, now: datetime) -> PublicStanding:
    """Return where it stands. INVARIANT: a word that is not known never reads as in force."""
    term = each.verified.agreement.term
    if each.standing in {PublicStanding.TERMINATED, PublicStanding.CLOSED}:
        return PublicStanding(each.standing)
    if now >= term.ends:
        return PublicStanding.OVER
    if each.until is not None and now >= each.until:
        return PublicStanding.OVER if each.replaced_by is None else PublicStanding.REPLACED
    if each.standing == "replaced" and each.until is None:
        return PublicStanding.REPLACED
    if each.standing not in {"active", "replaced"}:
        return PublicStanding.SUSPENDED
    return PublicStanding.NOT_YET if now < term.begins else PublicStanding.IN_FORCE


def _months(each: Listed, now: datetime, counts: Mapping[date, int]) -> Iterator[PublicMonth]:
    """
    Yield the months in which it can have been used and that have been over for `WAIT`, the newest first.

    INVARIANT: no use is hidden. An end that lies before the beginning says that nothing may leave any more, not since
    when; and a version that takes over from a day that has passed does not undo what was disclosed until then.
    """
    term = each.verified.agreement.term
    zone = ZoneInfo(term.time_zone)
    first = max(term.first_day, each.since.astimezone(zone).date())
    until = term.ends if each.until is None or each.until <= each.since else each.until
    ends = min(term.ends, until, now)
    month = max([month_of((ends - timedelta(microseconds=1)).astimezone(zone).date()), *counts])
    while month >= month_of(first):
        over = datetime.combine(_next(month) + WAIT, time(), zone)
        if now >= over:
            yield PublicMonth(month, band_of(counts.get(month, 0)))
        month = month_of(month - timedelta(days=1))


def _next(month: date) -> date:
    return month_of(month + timedelta(days=31))


def _usual_zone(known: Iterable[PublicAgreement]) -> str:
    named = Counter(each.term.time_zone for each in known)
    return min(named, key=lambda zone: (-named[zone], zone), default="UTC")
