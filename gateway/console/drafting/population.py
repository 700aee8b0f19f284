"""The page of a draft that says whose records leave: conditions, to which one is added and from which one is taken."""

import uuid
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from agreements.pointer import Missing, resolve
from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting import words
from gateway.console.drafting.fields import cleaned
from gateway.console.drafting.sheet import ONWARD, Sheet, goes_to, sheet_of
from gateway.console.drafting.steps import BY_NAME, by_step
from gateway.services.drafts.editing import placed
from gateway.services.drafts.populations import WORDS, added, removed, rewritten, tree
from gateway.signin.callers import form_of


def population_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the students of a draft."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/drafts/{draft}/population", name="console_draft_population")
    async def read_population(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Show whose records the draft is about, to build it."""
        return _population(request, await sheet_of(desk, staff.session, draft))

    @router.post("/console/drafts/{draft}/population", name="console_build_population")
    async def build_population(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Save the conditions as they were typed, then add or take out the one that was asked for."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        found = resolve(sheet.draft.content, "/population")
        expression = None if isinstance(found, Missing) else rewritten(found, _said(form))
        act, _, place = form.get("do", "").partition(":")
        if act == "add":
            expression = added(expression, place, form.get(f"add.{place}", ""))
        elif act == "remove":
            expression = removed(expression, place)
        try:
            await sheet.save(form, placed(sheet.draft.content, "/population", expression))
        except REFUSALS as error:
            refused = again(request, error, form)
            return _population(request, await sheet_of(desk, staff.session, draft), refused)
        return goes_to(sheet.after(BY_NAME["population"]) if ONWARD in form else sheet.at(BY_NAME["population"]))

    return router


def _population(request: Request, sheet: Sheet, refused: Again | None = None) -> Response:
    expression = resolve(sheet.draft.content, "/population")
    return sheet.show(
        request,
        "draft_population.html",
        "population",
        refused=refused,
        whole=None if isinstance(expression, Missing) else tree(expression),
        # Conditions go by their places, and the places may be others by now: what was typed is shown beside them.
        typed=[] if refused is None else [values for _, values in _said(refused.form).values() if values],
        wrong=by_step(sheet.problems())["population"],
        words=words,
        known=WORDS,
    )


def _said(form: Mapping[str, str]) -> dict[str, tuple[str, list[str]]]:
    """Return the column and the values that a form has for each condition, by its place."""
    places = [name.removeprefix("column.") for name in form if name.startswith("column.")]
    return {place: (form[f"column.{place}"], _lines(form.get(f"values.{place}", ""))) for place in places}


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in cleaned(text).split("\n") if line.strip()))
