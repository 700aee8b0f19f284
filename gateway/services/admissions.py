"""
Letting people and machines in: officers, signers, the people of a partner and its clients; and ending a key's word.

One transaction each, through `gateway.services.filing`; everything is verified before anything is written.
"""

from collections.abc import Sequence

from sqlalchemy import insert, select

from agreements.documents.binding import read_binding
from agreements.documents.officer import read_officer
from agreements.documents.people import read_people
from agreements.documents.revocation import read_revocation
from agreements.documents.signer import read_signer
from agreements.documents.undertaking import read_undertaking
from agreements.errors import NotApproved, NotEntitled
from agreements.in_force import verify_binding
from agreements.people import verify_people_annex, verify_undertaking
from agreements.register import digest_bytes
from agreements.signature import Envelope
from audit.events import Event
from gateway.services.errors import ClientTaken, UnknownAgreement
from gateway.services.filing import Desk, Filing
from gateway.services.standing.registry import Promised
from gateway.store.tables import client


class Admissions:
    """Lets people and machines in, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def introduce_signer(self, document: Envelope) -> int:
        """Register a signer that an officer vouches for; return the entry. Raises an `AgreementError`."""
        async with self._desk.filing() as filing:
            filing.authority.admit(filing.filed(document))
            signer = read_signer(document.payload)
            officers = sorted(signature.kid for signature in document.signatures)
            return await filing.file(
                Event.SIGNER_INTRODUCED,
                document,
                concerns=None,
                party=signer.party,
                signer=signer.key.thumbprint,
                officers=officers,
            )

    async def introduce_officer(self, document: Envelope) -> int:
        """Register an officer whom two of those in office took in; return the entry. Raises an `AgreementError`."""
        async with self._desk.filing() as filing:
            admitted = filing.authority.admit(filing.filed(document)).tenures[-1].officer
            voices = sorted(signature.kid for signature in document.signatures)
            replaces = read_officer(document.payload).replaces
            return await filing.file(
                Event.OFFICER_INTRODUCED,
                document,
                concerns=None,
                officer=admitted.key.thumbprint,
                voices=voices,
                **({} if replaces is None else {"replaces": replaces}),
            )

    async def revoke(self, document: Envelope) -> int:
        """End a key's word; return the entry. What it signs after that does not count. Raises an `AgreementError`."""
        async with self._desk.filing() as filing:
            filing.authority.admit(filing.filed(document))
            revoked = read_revocation(document.payload)
            voices = sorted(signature.kid for signature in document.signatures)
            return await filing.file(
                Event.KEY_REVOKED,
                document,
                concerns=None,
                key=revoked.subject,
                voices=voices,
                **({} if revoked.since is None else {"since": revoked.since}),
            )

    async def register_client(self, document: Envelope, approvals: Sequence[Envelope], name: str) -> str:
        """
        Bind a client's keys to an agreement in force; return the client's id.

        Raises an `AgreementError`, `UnknownAgreement` if the agreement is not in force, `ClientTaken`.
        """
        async with self._desk.filing() as filing:
            agreement = _in_force(filing, read_binding(document.payload).agreement).verified
            verified = verify_binding(
                filing.filed(document),
                [filing.filed(approval) for approval in approvals],
                authority=filing.authority,
                agreement=agreement,
            )
            bound = verified.binding
            # Decisions ask for the clause again; here it is said before anybody waits for a client that gets nothing.
            if bound.compatibility and agreement.agreement.compatibility is None:
                raise NotEntitled("The agreement does not let in programs that know only a client secret.")
            partners = select(client.c.partner).where(client.c.id == bound.client)
            if set(await filing.connection.scalars(partners)) - {verified.partner}:
                raise ClientTaken(f"The client {bound.client} belongs to another partner.")
            index = await filing.file(
                Event.CLIENT_REGISTERED,
                document,
                concerns=bound.agreement,
                client=bound.client,
                agreement=bound.agreement,
                keys=[key.thumbprint for key in bound.keys],
                **({} if bound.earlier_last_day is None else {"earlier_last_day": bound.earlier_last_day.isoformat()}),
            )
            for approval in approvals:
                await filing.approve(approval, document.digest)
            row = {"id": bound.client, "partner": verified.partner, "name": name, "idx": index}
            digests = {"binding": digest_bytes(verified.digest), "agreement": digest_bytes(bound.agreement)}
            await filing.connection.execute(insert(client).values({**row, **digests}))
        return bound.client

    async def name_people(self, document: Envelope, approvals: Sequence[Envelope]) -> int:
        """
        Register whom a partner names under an agreement; return the entry. Without an approval it only takes out.

        Raises an `AgreementError`, `NotApproved` if approvals were given and none counts, `UnknownAgreement` if the
        agreement is not in force.
        """
        async with self._desk.filing() as filing:
            annex = read_people(document.payload)
            verified = verify_people_annex(
                filing.filed(document),
                [filing.filed(approval) for approval in approvals],
                authority=filing.authority,
                agreement=_in_force(filing, annex.agreement).verified,
            )
            if approvals and verified.approved is None:
                # It would count, and take everybody out whom it was meant to name.
                raise NotApproved("No approval of this list counts: another document's, or not by a second person.")
            index = await filing.file(
                Event.PEOPLE_NAMED,
                document,
                concerns=annex.agreement,
                agreement=annex.agreement,
                people=len(annex.people),
                approved=bool(approvals),
            )
            for approval in approvals:
                await filing.approve(approval, document.digest)
        return index

    async def accept_undertaking(self, document: Envelope) -> int:
        """
        Register what a named person accepted; return the entry.

        Raises an `AgreementError`, `UnknownAgreement` if the agreement is not in force.
        """
        async with self._desk.filing() as filing:
            accepted = read_undertaking(document.payload)
            promised = _in_force(filing, accepted.agreement)
            verify_undertaking(filing.filed(document), annexes=promised.annexes, agreement=promised.verified)
            return await filing.file(
                Event.UNDERTAKING_ACCEPTED,
                document,
                concerns=accepted.agreement,
                agreement=accepted.agreement,
                school_year=accepted.school_year,
            )


def _in_force(filing: Filing, digest: str) -> Promised:
    """Return the agreement in force that a document says it is for; the verification judges the rest."""
    if digest not in filing.registry.granted:
        raise UnknownAgreement(f"No agreement {digest} is in force.")
    return filing.registry.history[digest]
