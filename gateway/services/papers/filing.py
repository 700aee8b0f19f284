"""
How a complete paper is brought into force: by the very service that the command line calls, kind by kind.

A paper's approvals go with it. What is refused here was refused by `agreements`, and wrote nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from agreements.documents.approval import read_approval
from agreements.documents.reinstatement import read_reinstatement
from agreements.signature import Envelope, Kind
from gateway.services.admissions import Admissions
from gateway.services.classifications import Classifications
from gateway.services.emergencies.orders import Emergencies
from gateway.services.filing import Desk
from gateway.services.obligations.owed import Inspections, Obligations
from gateway.services.onboarding import Onboarding
from gateway.services.papers.errors import PaperRefused
from gateway.services.parties import Parties
from gateway.services.rosters.deciding import RosterDecisions
from gateway.services.staff.office import StaffOffice
from gateway.services.suspensions import Suspensions
from gateway.services.witnessing.naming import Namings


@dataclass(frozen=True, slots=True)
class Beside:
    """What is filed beside a document: the paper's title, and who knows which families wait to inspect records."""

    title: str
    inspections: Inspections | None = None


Files = Callable[[Desk, Envelope, Sequence[Envelope], Beside], Awaitable[object]]
"""Given the desk, the document, its approvals and what is beside it."""


async def _approval(desk: Desk, document: Envelope, _: Sequence[Envelope], __: Beside) -> object:
    """File an approval of what is registered already; one of a paper is filed with the paper."""
    if read_approval(document.payload).kind == Kind.EMERGENCY_ORDER.value:
        return await Emergencies(desk).review(document)
    return await Onboarding(desk).acknowledge(document)


async def _reinstatement(desk: Desk, document: Envelope, _: Sequence[Envelope], __: Beside) -> object:
    if read_reinstatement(document.payload).subject.startswith("user:"):
        return await StaffOffice(desk).reinstate(document)
    return await Suspensions(desk).reinstate(document)


_FILES: Final[Mapping[Kind, Files]] = MappingProxyType(
    {
        Kind.AGREEMENT: lambda desk, document, approvals, _: Onboarding(desk).activate(document, approvals),
        Kind.APPROVAL: _approval,
        Kind.SIGNER: lambda desk, document, _, __: Admissions(desk).introduce_signer(document),
        Kind.OFFICER: lambda desk, document, _, __: Admissions(desk).introduce_officer(document),
        Kind.REVOCATION: lambda desk, document, _, __: Admissions(desk).revoke(document),
        Kind.CLIENT_BINDING: lambda desk, document, approvals, beside: Admissions(desk).register_client(
            document, approvals, beside.title
        ),
        Kind.PEOPLE_ANNEX: lambda desk, document, approvals, _: Admissions(desk).name_people(document, approvals),
        Kind.UNDERTAKING: lambda desk, document, _, __: Admissions(desk).accept_undertaking(document),
        Kind.CERTIFICATE: lambda desk, document, _, beside: Obligations(desk, beside.inspections).certify(document),
        Kind.REINSTATEMENT: _reinstatement,
        Kind.STAFF_ROLE: lambda desk, document, _, __: StaffOffice(desk).give(document),
        Kind.EMERGENCY_ORDER: lambda desk, document, _, __: Emergencies(desk).order(document),
        Kind.HOLD: lambda desk, document, _, __: Obligations(desk).place_hold(document),
        Kind.RELEASE: lambda desk, document, _, __: Obligations(desk).release_hold(document),
        Kind.DEBARMENT: lambda desk, document, _, __: Parties(desk).debar(document),
        Kind.SUCCESSION: lambda desk, document, approvals, _: Parties(desk).succeed(document, approvals),
        Kind.REVIEW: lambda desk, document, _, __: Obligations(desk).file_review(document),
        Kind.WITNESSES: lambda desk, document, _, __: Namings(desk).register(document),
        Kind.CODE_CLASSIFICATION: lambda desk, document, _, __: Classifications(desk).register(document),
        Kind.ROSTER_DECISION: lambda desk, document, _, __: RosterDecisions(desk).decide(document),
    }
)


def is_filed_here(kind: Kind) -> bool:
    """Return whether a page brings this kind into force; a load takes its confirmation itself."""
    return kind in _FILES


async def file_document(
    desk: Desk,
    document: Envelope,
    approvals: Sequence[Envelope],
    beside: Beside,
    asked_at: datetime | None = None,
) -> None:
    """
    Bring a signed document into force.

    `asked_at`: a decision on a roster that was asked for then, and that a second person has confirmed. Raises the
    errors of the service that does.
    """
    if asked_at is not None and document.kind is Kind.ROSTER_DECISION:
        await RosterDecisions(desk).decide(document, confirm=True, asked_at=asked_at)
        return
    files = _FILES.get(document.kind)
    if files is None:
        raise PaperRefused(
            "This is not filed on a page: download it, signed, and hand it to the command that takes it."
        )
    await files(desk, document, approvals, beside)
