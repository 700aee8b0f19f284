"""
Bringing agreements into force: new ones, and the next version of one that is.

One transaction: judge everything first, then lock the head, write the entries, register the documents, move the
populations. INVARIANT: a document is judged here exactly as it will be judged at every load.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from agreements.authority import Filed
from agreements.document import Agreement
from agreements.documents.approval import read_approval
from agreements.errors import LineTaken
from agreements.in_force import VerifiedAgreement, verify_agreement
from agreements.lifecycle import Act, Standing, require_allowed
from agreements.register import insert_status, load_agreement
from agreements.signature import Envelope
from agreements.successors import require_not_gone
from audit.events import Event
from gateway.records.looking_over import look_over_after
from gateway.records.population import close_population, rewrite_population
from gateway.records.release import IN_ORDER, in_force, population
from gateway.services.errors import UnknownAgreement
from gateway.services.filing import Desk, Filing
from gateway.services.obligations.owed import require_settled
from gateway.services.standing.registry import Promised, Registry, claimed, claims_of
from gateway.services.standing.scopes import scope_of


@dataclass(frozen=True, slots=True)
class Activated:
    """
    An agreement that came into force: its digest, the entry that says so, and how many students it covers.

    `replaced` is the digest of the version that it takes over from on its first day, if any.
    """

    agreement: str
    entry: int
    covered: int
    replaced: str | None


class Onboarding:
    """Brings agreements into force, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def activate(self, document: Envelope, approvals: Sequence[Envelope]) -> Activated:
        """
        Bring a signed and approved agreement into force, from the first day of its term.

        Raises an `AgreementError` naming the first thing that is wrong; nothing was written then.
        """
        async with self._desk.filing() as filing:
            verified = self._verify(filing, document, approvals)
            agreement = verified.agreement
            require_own_line(agreement, filing.registry)
            require_not_gone(agreement.partner.id, filing.registry.successions)
            await require_settled(filing, self._desk.catalogue, agreement.partner.id)
            replaced = filing.registry.history.get(agreement.replaces or "")
            if replaced is not None:
                require_allowed(replaced.standing, Act.REPLACE)
            await self._file(filing, verified, document, approvals)
            index = await filing.next_index()
            await insert_status(
                filing.connection, agreement.digest, Standing.ACTIVE.value, index=index, reason="signed and approved"
            )
            await rewrite_population(filing.connection, scope_of(verified, filing.registry.history), index)
            await filing.append_sealed(
                index,
                Event.AGREEMENT_ACTIVATED,
                agreement=agreement.digest,
                line=agreement.id,
                version=agreement.version,
                partner=agreement.partner.id,
                basis=agreement.basis,
                purpose=agreement.purpose.code,
                words_only=len(agreement.words_only),
            )
            if replaced is not None:
                await _replace(filing, replaced, agreement)
            held = population.c.agreement == agreement.digest, IN_ORDER, in_force()
            covered = (await filing.connection.execute(select(func.count()).where(*held))).scalar_one()
        await look_over_after(self._desk.engine)
        return Activated(agreement.digest, index, covered, None if replaced is None else agreement.replaces)

    async def acknowledge(self, approval: Envelope) -> int:
        """
        File a further approval of an agreement in force: an officer weighs what came up since; return its entry.

        A key that signed it and was revoked later flags an agreement until then (row S7). Raises an `AgreementError`,
        `UnknownAgreement`.
        """
        digest = read_approval(approval.payload).approves
        async with self._desk.filing() as filing:
            promised = filing.registry.history.get(digest)
            if promised is None:
                raise UnknownAgreement(f"No agreement {digest} is in force.")
            stored = (await load_agreement(filing.connection, digest)).document
            # It must be an approval by itself, whatever was approved before.
            self._verified(filing, Filed(stored.envelope, promised.verified.received), [approval])
            return await filing.approve(approval, digest)

    def _verify(self, filing: Filing, document: Envelope, approvals: Sequence[Envelope]) -> VerifiedAgreement:
        return self._verified(filing, filing.filed(document), approvals)

    def _verified(self, filing: Filing, document: Filed, approvals: Sequence[Envelope]) -> VerifiedAgreement:
        claims = claimed(claims_of(document.envelope), filing.registry.history)
        return verify_agreement(
            document,
            [filing.filed(approval) for approval in approvals],
            authority=filing.authority,
            catalogue=self._desk.catalogue,
            replaced=claims.replaced,
            master=claims.master,
            debarments=filing.registry.bans,
        )

    @staticmethod
    async def _file(
        filing: Filing, verified: VerifiedAgreement, document: Envelope, approvals: Sequence[Envelope]
    ) -> None:
        signers = sorted(signer.key.thumbprint for signer in verified.signers)
        await filing.file(Event.AGREEMENT_SIGNED, document, concerns=None, signers=signers)
        for approval in approvals:
            await filing.approve(approval, document.digest)


async def _replace(filing: Filing, replaced: Promised, by: Agreement) -> None:
    """Say that `by` takes over on its first day; nothing is left of the old version's population if that is past."""
    old = replaced.verified.agreement.digest
    index = await filing.next_index()
    reason = f"version {by.version} takes over on {by.term.first_day}"
    await insert_status(filing.connection, old, Standing.REPLACED.value, index=index, reason=reason)
    if by.term.begins <= filing.moment.now:
        await close_population(filing.connection, old, index)
    first_day = str(by.term.first_day)
    await filing.append_sealed(index, Event.AGREEMENT_REPLACED, agreement=old, by=by.digest, first_day=first_day)


def require_own_line(agreement: Agreement, registry: Registry) -> None:
    """
    Check that the agreement may bear its id, as at every load. Raises `LineTaken`.

    An id belongs to the parties that had it first, and each of its versions is one document.
    """
    parties = agreement.district.id, agreement.partner.id
    for promised in registry.history.values():
        other = promised.verified.agreement
        if other.id != agreement.id:
            continue
        if (other.district.id, other.partner.id) != parties:
            raise LineTaken(f"The id {agreement.id} belongs to an agreement between other parties.")
        if other.version == agreement.version:
            raise LineTaken(f"Version {other.version} of {agreement.id} was registered before.")
