"""The first steps after `pactgate init`: what is there, what is missing, and where each is done."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import AnyStaff
from gateway.console.desk import ConsoleDesk
from gateway.console.sections import ROOT, groups_for
from gateway.console.views import view
from gateway.pages.languages import message
from gateway.services.first_steps import FirstStep, first_steps


@dataclass(frozen=True, slots=True)
class Guide:
    """What a step is called and for, the page that shows it, and the commands and the guide that lead through it."""

    title: str
    why: str
    page: str | None
    commands: tuple[str, ...]
    guide: str


GUIDES: Final = {
    FirstStep.KEYS: Guide(
        message("The keys are made, and two officers are pinned"),
        message("Every later key, signer and role leads back to these two people by signatures."),
        None,
        ("pactgate keys init", "pactgate init"),
        "docs/administrators.md",
    ),
    FirstStep.PROVIDER: Guide(
        message("Staff sign in with the district's own identity provider"),
        message("The development sign-in is for one machine and made-up records alone."),
        None,
        (),
        "docs/sign-in.md",
    ),
    FirstStep.OFFICERS: Guide(
        message("Two privacy officers sign in"),
        message("Who drafts does not approve: one officer alone can bring nothing into force."),
        None,
        ("pactgate staff invite", "pactgate staff role"),
        "docs/administrators.md",
    ),
    FirstStep.ROLES: Guide(
        message("An administrator and a steward sign in"),
        message("One brings agreements from draft to live, the other loads records and enters what families say."),
        None,
        ("pactgate staff invite", "pactgate staff role"),
        "docs/administrators.md",
    ),
    FirstStep.WITNESSES: Guide(
        message("Witnesses are named"),
        message("Until somebody else has seen a checkpoint, whoever holds the gateway's keys could rewrite the log."),
        f"{ROOT}/overview",
        ("pactgate witness name",),
        "docs/witnesses.md",
    ),
    FirstStep.LOAD: Guide(
        message("Records are loaded"),
        message("An export of the student information system, taken in by a mapping."),
        f"{ROOT}/loads",
        ("pactgate records map", "pactgate records load"),
        "docs/stewards.md",
    ),
    FirstStep.CODES: Guide(
        message("The district's own codes are classified"),
        message("A code that nobody has judged may tell what a law guards: it leaves to nobody until then."),
        f"{ROOT}/codes",
        ("pactgate codes unclassified", "pactgate codes classify"),
        "docs/guardrails.md",
    ),
    FirstStep.AGREEMENT: Guide(
        message("An agreement is in force"),
        message("Drafted, signed by both parties, and approved by an officer who did not draft it."),
        f"{ROOT}/agreements",
        ("pactgate agreement new", "pactgate agreement activate"),
        "docs/drafting.md",
    ),
    FirstStep.CLIENT: Guide(
        message("A partner's program is registered"),
        message("It asks with keys of its own, which the partner's signer bound to the agreement."),
        f"{ROOT}/partners",
        ("pactgate client bind", "pactgate client register"),
        "docs/partners.md",
    ),
}
"""Every step has one; a test compares."""


def start_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of the first steps."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/start", name="console_start")
    async def read_start(request: Request, staff: AnyStaff) -> Response:
        """Show what an installation lacks until a partner is served."""
        steps = [(taken, GUIDES[taken.step]) for taken in await first_steps(desk.office)]
        return view(
            request,
            staff.session,
            "start",
            "start.html",
            steps=steps,
            reachable={each.path for group in groups_for(staff.session.roles) for each in group.sections},
            done=sum(taken.is_done for taken, _ in steps),
            following=next((taken.step for taken, _ in steps if not taken.is_done), None),
        )

    return router
