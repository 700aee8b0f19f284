"""Papers: what waits for whose signature, and one document with what it says, who signed it, and what can be done."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from agreements.documents.approval import APPROVABLE
from agreements.signature import Kind
from gateway.console.callers import PaperReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.emergencies import KINDS
from gateway.console.fresh import FRESH
from gateway.console.lists import list_view, listed, words_of
from gateway.console.paper_desk import Digest, may_open, opened, origin_of
from gateway.console.paper_lists import papers_listing
from gateway.console.views import person_of, view
from gateway.services.papers.held_decisions import HeldDecisions
from gateway.services.papers.invitations import Invitations
from gateway.services.papers.judging import PaperLine
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.papers.papers import Papers
from gateway.services.papers.passkeys import challenge_to_sign, relying_party, signable
from gateway.services.papers.releases import told_of
from gateway.signing.words import TITLES, WHO

SHOWN: Final = ("mine", "others", "complete")
"""What the list can be narrowed to: what waits for whoever looks, for others, for nobody any more."""
_WORDS: Final[dict[str, Any]] = {"titles": TITLES, "who": WHO}


def papers_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of papers."""
    router = APIRouter(include_in_schema=False)
    papers, decisions = Papers(desk.office), HeldDecisions(desk.office)

    @router.get("/console/papers", name="console_papers")
    async def read_papers(request: Request, staff: PaperReader, show: str = "") -> Response:
        """List what waits for signatures, for whoever may open it."""
        _, registry = await desk.read()
        every = [
            each
            for each in await papers.listed(person_of(staff.session))
            if may_open(staff.session, each) and _is_own(each)
        ]
        lines = [each for each in every if show not in SHOWN or _state_of(each) == show]
        opens = {each.digest for each in every}
        counts = {state: sum(_state_of(each) == state for each in every) for state in SHOWN}
        partners = partners_of(registry)
        return list_view(
            request,
            staff.session,
            "papers",
            "papers.html",
            listed(request, papers_listing(partners, words_of(request)), lines),
            zone=zone_of(registry),
            counts=counts,
            show=show,
            partners=partners,
            waiting=[each for each in await decisions.waiting() if each.document in opens],
            **_WORDS,
        )

    @router.get("/console/papers/{digest}", name="console_paper")
    async def read_paper(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Show one document: what it says, who signs it, who did."""
        moment, registry = await desk.read()
        found = await opened(papers, staff.session, digest)
        officers = registry.authority.officers(moment.received)
        # Whose signature does not count any more has to sign first.
        waits = next(iter(await decisions.waiting(digest)), None) if found.line.is_complete else None
        return view(
            request,
            staff.session,
            "papers",
            "paper.html",
            zone=zone_of(registry),
            found=found,
            credentials=list(signable(found.passkeys, origin_of(request))),
            rp=relying_party(origin_of(request)),
            challenge=challenge_to_sign(found.line.kind, digest),
            links=await Invitations(desk.office).listed(digest),
            invitable=sorted(
                str(each.need.party)
                for each in found.line.needs
                if not each.is_met and str(each.need.party).startswith("partner:")
            ),
            fresh=FRESH,
            handing=told_of(found.envelope, moment, registry),
            elements={each.id: each.title for each in desk.office.desk.catalogue},
            kinds=KINDS,
            waits=waits,
            answers=waits is not None and await decisions.is_for(waits, person_of(staff.session)),
            approvable=found.line.kind.value in APPROVABLE and found.line.kind is not Kind.EMERGENCY_ORDER,
            officers={kid: officer.name for kid, officer in officers.items()},
            own_keys=await OwnPasskeys(desk.office).in_office(registry, moment, person_of(staff.session)),
            names={
                kid: sorted(registry.authority.written_names_of(kid)) or _listed(found.line, kid)
                for each in found.added
                for kid in [each.signature.kid]
            },
            partners=partners_of(registry),
            person=person_of(staff.session),
            people={link.person.id: link.person.check_number for link in registry.staff.links.values()},
            **_WORDS,
        )

    @router.get("/console/papers/{digest}/document", name="console_paper_document")
    async def download_document(staff: PaperReader, digest: Digest) -> Response:
        """Hand out exactly the bytes that are signed."""
        found = await opened(papers, staff.session, digest)
        return _file(found.envelope.payload, f"{found.line.kind.value}-{digest[7:15]}.json")

    @router.get("/console/papers/{digest}/signed", name="console_paper_signed")
    async def download_signed(staff: PaperReader, digest: Digest) -> Response:
        """Hand out the document with the signatures it has."""
        found = await opened(papers, staff.session, digest)
        return _file(found.envelope.text.encode(), f"{found.line.kind.value}-{digest[7:15]}.signed.json")

    return router


def _is_own(line: PaperLine) -> bool:
    """Return whether a paper stands in the list by itself: a complete approval stands on the page of its document."""
    return line.goes_with is None or not line.is_complete


def _listed(line: PaperLine, kid: str) -> list[str]:
    """Return the id of the person whom a partner's list names with this key."""
    return [str(each.need.person) for each in line.needs if each.need.person is not None and kid in each.keys]


def _state_of(line: PaperLine) -> str:
    if line.is_complete:
        return "complete"
    return "mine" if line.for_me else "others"


def _file(content: bytes, name: str) -> Response:
    return Response(
        content, media_type="application/json", headers={"content-disposition": f'attachment; filename="{name}"'}
    )
