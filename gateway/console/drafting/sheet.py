"""One draft as a page shows it: its steps, what is missing at each, and what its forms offer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from agreements.elements import Catalogue, load_catalogue
from agreements.errors import Problem
from gateway.console.again import Again
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.drafting.fields import Content
from gateway.console.drafting.steps import STEPS, Step, by_step, steps_of
from gateway.console.views import ROOT, person_of, view
from gateway.services.drafts.editing import problems_of
from gateway.services.drafts.errors import DraftMoved
from gateway.services.drafts.kept import Draft, Drafts
from gateway.services.drafts.offering import Offered, drafted, offered_for
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.staff.session import Session
from gateway.services.standing.registry import Registry

ONWARD = "onward"
"""The button that saves and goes on to the next page; any other one saves and stays."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft in the hands of one person, in one request. `keys` are the officers' keys known to be of each person."""

    desk: ConsoleDesk
    session: Session
    draft: Draft
    registry: Registry
    offered: Offered
    keys: Mapping[str, frozenset[str]]
    catalogue: Catalogue = field(default_factory=load_catalogue)

    @property
    def path(self) -> str:
        """The address of the draft."""
        return f"{ROOT}/drafts/{self.draft.id}"

    def problems(self, content: Content | None = None) -> tuple[Problem, ...]:
        """Return what is wrong with the draft, or with what it would be with this content."""
        return problems_of(self.draft.content if content is None else content, self.catalogue)

    def after(self, step: Step) -> str:
        """Return the address of the page after a step: the next one, or the review."""
        steps, every = steps_of(self.draft.content), [each.name for each in STEPS]
        # A step that the draft does not have, or has no longer by what was just said, is left as well.
        behind = [each for each in steps if every.index(each.name) > every.index(step.name)]
        return self.at(behind[0]) if behind else f"{self.path}/review"

    def at(self, step: Step) -> str:
        """Return the address of a step."""
        return f"{self.path}/{step.name}"

    def frame(self, content: Content | None = None) -> dict[str, object]:
        """Return what every page of a draft shows: its content, and its steps with how much is missing at each."""
        shown = self.draft.content if content is None else content
        problems = self.problems(shown)
        missing = by_step(problems)
        steps = [(step, self.at(step), len(missing[step.name])) for step in steps_of(shown)]
        return {
            "draft": self.draft,
            "content": shown,
            "path": self.path,
            "steps": steps,
            "problems": problems,
            "missing": missing,
            "plain": _plain,
        }

    def show(
        self,
        request: Request,
        template: str,
        step: str,
        *,
        content: Content | None = None,
        refused: Again | None = None,
        **values: object,
    ) -> Response:
        """Return a page of the draft; after a form that was `refused`, with the content that it would have saved."""
        shown: dict[str, Any] = {**self.frame(content), "step": step, **values}
        return view(
            request, self.session, "drafts", template, zone=zone_of(self.registry), shown_again=refused, **shown
        )

    async def save(self, form: Mapping[str, str], content: Content) -> None:
        """Save what a form made of the draft. Raises `DraftMoved`, `DraftedByAnother`, `DraftRefused`."""
        person = person_of(self.session)
        written = drafted(content, self.keys, person)
        await Drafts(self.desk.office.engine).save(self.draft.id, self.revision(form), written, person)

    def revision(self, form: Mapping[str, str]) -> int:
        """Return the revision that the form was made from. Raises `DraftMoved` unless it is the one that is kept."""
        if form.get("revision") != str(self.draft.revision):
            raise DraftMoved(f"The draft {self.draft.id} is at another revision than the form.")
        return self.draft.revision


def _plain(sentence: str) -> str:
    """Return what is wrong without the advice for whoever writes a file: a page has the field there."""
    said, advice, _ = sentence.partition(": add '")
    return f"{said}." if advice else sentence


async def sheet_of(desk: ConsoleDesk, session: Session, number: uuid.UUID) -> Sheet:
    """Return a draft for one person. Raises `UnknownDraft`."""
    draft = await Drafts(desk.office.engine).read(number)
    moment, registry = await desk.read()
    keys = await OwnPasskeys(desk.office).officers_keys(registry)
    offered = offered_for(draft, registry, moment.now, keys.get(person_of(session), ()))
    return Sheet(desk, session, draft, registry, offered, keys)


def goes_to(address: str) -> Response:
    """Return the answer to a form: where its result is seen."""
    return RedirectResponse(address, 303)
