"""
What is owed under every agreement, and how it is met: certificates of destruction, holds, yearly reviews.

Everything filed here is judged as it will be judged at every load (`gateway.services.obligations.courses`); a
certificate, once and besides, against the log it answers for.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.destruction import (
    open_holds,
    verify_certificate,
    verify_hold,
    verify_release,
)
from agreements.documents.destruction import Certificate, read_certificate
from agreements.documents.hold import INSPECT_WITHIN, read_hold, read_release
from agreements.documents.review import read_review
from agreements.elements import Catalogue
from agreements.errors import DestructionHeld
from agreements.lifecycle import Standing
from agreements.obligations import Duty, Obligation, destruction, leavers, require_nothing_overdue, review
from agreements.register import insert_status
from agreements.signature import Envelope
from agreements.successors import answering_for
from agreements.yearly import require_no_gap, verify_review
from audit.events import Event
from gateway.services.errors import UnknownAgreement
from gateway.services.filing import Desk, Filing
from gateway.services.keysets.reminding import endings
from gateway.services.obligations.certifying import (
    Told,
    certifiable,
    draw_up,
    figures,
    outstanding,
    require_bound_to_log,
)
from gateway.services.obligations.courses import Followed, Following, follow
from gateway.services.obligations.history import has_disclosures
from gateway.services.obligations.left import about_how_often
from gateway.services.obligations.shown import (
    CertificateLine,
    EndingClient,
    Figures,
    HoldLine,
    Listed,
    Outlook,
    Owed,
    Refused,
)
from gateway.services.standing.registry import Moment

Left = Callable[[AsyncConnection, str, int, int], Awaitable[bool]]
"""Says whether anything was disclosed under an agreement, from its activation up to a size of the log."""


class Inspections(Protocol):
    """Knows which families have asked to inspect records and were not answered yet (row X4)."""

    async def require_none_open(self, filing: Filing, certificate: Certificate, versions: Sequence[str]) -> None:
        """Check that none waits whose student this certificate is about. Raises `DestructionHeld`."""


class Obligations:
    """
    The office's work on what is owed.

    `inspections` says whether a family waits to inspect what a certificate is about: without it none is taken. `left`
    says whether anything left under an agreement; by itself the log is read for it, entry by entry.
    """

    def __init__(self, desk: Desk, inspections: Inspections | None = None, left: Left = has_disclosures) -> None:
        self._desk = desk
        self._inspections = inspections
        self._left = left

    async def listed(
        self, *, partner: str | None = None, agreement: str | None = None, within: int | None = None
    ) -> Listed:
        """
        Return every obligation, met or not, in the order of activation, and the clients whose bindings end.

        With `partner`, the obligations that this partner answers for, and those of the district about it. Those of one
        `agreement` alone, if it is given, and those that are overdue or due `within` so many days.
        """
        async with self._following() as (connection, moment, following):
            owed = [
                _line(obligation, each, leavers)
                for digest, each in following.followed.items()
                if partner in (None, each.partner) and agreement in (None, digest)
                for obligation, leavers in await _owed(
                    connection, each, moment.size, keep=partial(_is_due, each, within), left=self._left
                )
            ]
        refused = [Refused(digest, digest, code) for digest, code in following.unread]
        refused += [Refused(digest, *pair) for digest, each in following.followed.items() for pair in each.refused]
        return Listed(tuple(owed), tuple(dict.fromkeys(refused)), await self._ending())

    async def _ending(self) -> tuple[EndingClient, ...]:
        moment, registry = await self._desk.registry()
        found = endings(registry, moment.now)
        return tuple(EndingClient(each.client, each.agreement, each.last_day, each.days) for each in found)

    async def holds(self) -> tuple[HoldLine, ...]:
        """Return every hold that an officer placed, oldest first."""
        async with self._following() as (_, moment, following):
            followed = following.followed.values()
        found = {hold.digest: (hold, each) for each in followed for hold in each.holds}
        lines = []
        for digest, (hold, each) in found.items():
            is_open = bool(open_holds([hold], each.releases, moment.size))
            inspect_by = hold.hold.since + INSPECT_WITHIN if hold.hold.kind == "inspection" else None
            lines.append(
                HoldLine(
                    hold=digest,
                    agreement=hold.hold.agreement,
                    kind=hold.hold.kind,
                    since=hold.hold.since,
                    placed_by_entry=hold.received.index,
                    open=is_open,
                    inspect_by=inspect_by,
                    overdue=is_open and inspect_by is not None and each.today > inspect_by,
                )
            )
        return tuple(sorted(lines, key=lambda line: line.placed_by_entry))

    async def certificates(self, agreement: str) -> tuple[CertificateLine, ...]:
        """Return the certificates that count for an agreement. Raises `UnknownAgreement`."""
        async with self._following() as (_, _, following):
            return _certificates(_one(following, agreement))

    async def figures(self, agreement: str, covers: str) -> Figures:
        """Return what the partner has to certify now. Raises `UnknownAgreement`."""
        async with self._following() as (connection, moment, following):
            return await figures(connection, _one(following, agreement), moment.size, covers)

    async def draw_up(self, agreement: str, covers: str, told: Told) -> Certificate:
        """
        Return the certificate for the partner's signer: what the partner tells, with the figures of the log.

        Raises an `AgreementError` for what would be refused however it was signed, `UnknownAgreement`.
        """
        async with self._following() as (connection, moment, following):
            return await draw_up(connection, moment, _one(following, agreement), covers, told)

    async def outlook(self, agreement: str) -> Outlook:
        """
        Return what a page says of all that; nobody certifies it. Raises `UnknownAgreement`.

        Answers are counted by the log's index.
        """
        async with self._following() as (connection, moment, following):
            each = _one(following, agreement)
            left = await outstanding(connection, each)
            due = await _owed(connection, each, moment.size, keep=partial(_is_due, each, None), left=self._left)
        found = await about_how_often(self._desk.engine, agreement)
        return Outlook(
            owed=tuple(_line(obligation, each, leavers) for obligation, leavers in due),
            certificates=_certificates(each),
            answers=found.entries,
            last_entry=found.last,
            leavers=len(left),
            certifiable=certifiable(each, left),
        )

    async def certify(self, document: Envelope) -> int:
        """
        File a partner's certificate of destruction; return its entry. One over everything closes the agreement.

        Raises an `AgreementError` that says what is wrong with it (rows X2, X4); nothing was written then.
        """
        certificate = read_certificate(document.payload)
        async with self._desk.filing() as filing:
            each = await self._followed(filing, certificate.agreement)
            verified = verify_certificate(
                filing.filed(document),
                authority=filing.authority,
                parties=each.parties,
                agreement=each.agreement,
                ended=each.course.ended,
                holds=each.holds,
                releases=each.releases,
            )
            await require_bound_to_log(filing.connection, filing.moment, each, verified.certificate)
            if self._inspections is None:
                raise DestructionHeld("Nobody could say here whether a family waits to inspect the records.")
            await self._inspections.require_none_open(filing, verified.certificate, each.line)
            counted = verified.certificate.disclosures
            index = await filing.file(
                Event.CERTIFICATE_RECEIVED,
                document,
                concerns=certificate.agreement,
                agreement=certificate.agreement,
                covers=certificate.covers,
                disclosures=counted.count,
                last_entry=counted.last_entry,
                leavers=len(certificate.leavers),
                signers=sorted(signer.key.thumbprint for signer in verified.signers),
            )
            if verified.covers_whole and not each.certified:
                await _close(filing, each.agreement.digest, index)
        return index

    async def place_hold(self, document: Envelope) -> int:
        """File a hold that an officer signed; return its entry. Raises an `AgreementError`, `UnknownAgreement`."""
        agreement = read_hold(document.payload).agreement
        async with self._desk.filing() as filing:
            each = await self._followed(filing, agreement)
            verified = verify_hold(filing.filed(document), authority=filing.authority, agreement=each.agreement.digest)
            officers = sorted(officer.key.thumbprint for officer in verified.officers)
            return await filing.file(
                Event.HOLD_PLACED,
                document,
                concerns=agreement,
                agreement=agreement,
                kind=verified.hold.kind,
                officers=officers,
            )

    async def release_hold(self, document: Envelope) -> int:
        """File the release of a hold; return its entry. Raises an `AgreementError`, `UnknownAgreement`."""
        named = read_release(document.payload).hold
        async with self._desk.filing() as filing:
            following = await follow(filing.connection, filing.moment, filing.registry, self._desk.catalogue)
            each = next(
                (one for one in following.followed.values() if named in {hold.digest for hold in one.holds}), None
            )
            holds = () if each is None else each.holds
            verified = verify_release(filing.filed(document), authority=filing.authority, holds=holds)
            agreement = next(hold.hold.agreement for hold in holds if hold.digest == named)
            officers = sorted(officer.key.thumbprint for officer in verified.officers)
            return await filing.file(
                Event.HOLD_RELEASED, document, concerns=agreement, agreement=agreement, hold=named, officers=officers
            )

    async def file_review(self, document: Envelope) -> int:
        """File a yearly review that an officer signed; return its entry. Raises an `AgreementError`."""
        agreement = read_review(document.payload).agreement
        async with self._desk.filing() as filing:
            each = await self._followed(filing, agreement)
            verified = verify_review(filing.filed(document), authority=filing.authority, agreement=each.agreement)
            require_no_gap(verified.review, each.since, first=not each.reviewed)
            reviewed = verified.review
            officers = sorted(officer.key.thumbprint for officer in verified.officers)
            return await filing.file(
                Event.AGREEMENT_REVIEWED,
                document,
                concerns=agreement,
                agreement=agreement,
                first_day=str(reviewed.first_day),
                last_day=str(reviewed.last_day),
                pack=reviewed.pack,
                findings=len(reviewed.findings),
                conclusion=reviewed.conclusion,
                officers=officers,
            )

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[tuple[AsyncConnection, Moment, Following]]:
        """Read how everything went, on a connection that sees nothing later."""
        moment, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            yield connection, moment, await follow(connection, moment, registry, self._desk.catalogue)

    async def _followed(self, filing: Filing, agreement: str) -> Followed:
        return _one(await follow(filing.connection, filing.moment, filing.registry, self._desk.catalogue), agreement)


async def require_settled(filing: Filing, catalogue: Catalogue, partner: str) -> None:
    """
    Check that neither this partner nor the district about it owes anything that is overdue (row X3).

    For whoever activates an agreement with the partner, in that transaction. What a predecessor owed, its successor
    owes. Raises `ObligationOverdue`.
    """
    following = await follow(filing.connection, filing.moment, filing.registry, catalogue)
    owing = answering_for(partner, filing.registry.successions)[-1]
    owed = [
        obligation
        for each in following.followed.values()
        if each.partner == owing
        for obligation, _ in await _owed(filing.connection, each, filing.moment.size, keep=_is_late)
    ]
    require_nothing_overdue(owed)


async def _owed(
    connection: AsyncConnection,
    each: Followed,
    size: int,
    *,
    keep: Callable[[Obligation], bool],
    left: Left = has_disclosures,
) -> list[tuple[Obligation, int | None]]:
    """
    Return what is owed under one agreement, with the number of leavers. Where nothing left, nothing is destroyed.

    Only for what one is to `keep` is the log asked whether anything left.
    """
    about = (each.agreement, each.partner, each.course, each.today)
    found: list[tuple[Obligation, int | None]] = [(destruction(*about, certified=each.certified), None)]
    if each.course.ended is None:
        left_over = await outstanding(connection, each)
        gone = leavers(*about, left_over.values())
        found += [] if gone is None else [(gone, len(left_over))]
    yearly = review(*about, each.since) if each.replaced_by is None else None
    found += [] if yearly is None else [(yearly, None)]
    found = [(obligation, count) for obligation, count in found if keep(obligation)]
    of_partner = any(obligation.duty is not Duty.REVIEW for obligation, _ in found) and not each.certified
    if of_partner and not await left(connection, each.agreement.digest, each.activated, size):
        found = [(obligation, count) for obligation, count in found if obligation.duty is Duty.REVIEW]
    return found


def _is_late(obligation: Obligation) -> bool:
    return obligation.overdue_since is not None


def _is_due(each: Followed, within: int | None, obligation: Obligation) -> bool:
    left = obligation.days_left(each.today)
    return within is None or _is_late(obligation) or (left is not None and left <= within)


def _line(obligation: Obligation, each: Followed, leavers: int | None) -> Owed:
    return Owed(
        agreement=obligation.agreement,
        partner=obligation.partner,
        duty=obligation.duty,
        status=obligation.status,
        due=obligation.due,
        overdue_since=obligation.overdue_since,
        days_left=obligation.days_left(each.today),
        leavers=leavers,
    )


async def _close(filing: Filing, agreement: str, certified: int) -> None:
    index = await filing.append(Event.AGREEMENT_CLOSED, agreement=agreement, certified=certified)
    await insert_status(
        filing.connection, agreement, Standing.CLOSED.value, index=index, reason="the destruction was certified"
    )


def _certificates(followed: Followed) -> tuple[CertificateLine, ...]:
    return tuple(
        CertificateLine(
            certificate=each.digest,
            covers=each.certificate.covers,
            disclosures=each.certificate.disclosures.count,
            leavers=len(each.certificate.leavers),
            method=each.certificate.method,
            destroyed_on=each.certificate.destroyed_on,
            entry=each.received.index,
            flagged=each.flags,
        )
        for each in followed.certificates
    )


def _one(following: Following, agreement: str) -> Followed:
    try:
        return following.followed[agreement]
    except KeyError:
        raise UnknownAgreement(f"No agreement {agreement} was ever in force.") from None
