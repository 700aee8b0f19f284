"""The two pages of a draft that are no plain forms: which elements of which dataset leave, and of which students."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from agreements.elements import DATASETS
from agreements.pointer import Missing, resolve
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting import words
from gateway.console.drafting.fields import cleaned
from gateway.console.drafting.sheet import ONWARD, Sheet, goes_to, sheet_of
from gateway.console.drafting.steps import BY_NAME, basis_of, by_step
from gateway.services.drafts.choosing import offered
from gateway.services.drafts.editing import placed
from gateway.services.drafts.picking import Pick, found_in, picked, picks, with_chosen, years_of
from gateway.services.drafts.populations import WORDS, added, removed, rewritten, tree
from gateway.signin.callers import form_of

NOT_SHARED: Final = "no"
"""What a form says of an element that does not leave: an empty field would say nothing about it."""
_LONGEST: Final = 80
Dataset = Annotated[str, Path(pattern=f"^({'|'.join(DATASETS)})$")]
Search = Annotated[str, Query(max_length=_LONGEST)]


def choosing_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of data and students."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/drafts/{draft}/data", name="console_draft_data")
    async def read_data(request: Request, staff: Drafter, draft: uuid.UUID, q: Search = "") -> Response:
        """Show what was chosen of each dataset, and find elements by words."""
        sheet = await sheet_of(desk, staff.session, draft)
        content, catalogue = sheet.draft.content, sheet.catalogue
        chosen = {each: [pick for pick in picks(content, each, catalogue) if pick.chosen] for each in DATASETS}
        return sheet.show(
            request,
            "draft_data.html",
            "data",
            chosen=chosen,
            years={each: years_of(content, each) for each in DATASETS},
            q=q,
            found=found_in(q, catalogue) if q.strip() else (),
            wrong=by_step(sheet.problems())["data"],
            words=words,
        )

    @router.post("/console/drafts/{draft}/data", name="console_usual_data")
    async def take_usual(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Add the elements that are usual for the purpose, none of which is sensitive, or go on."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        content, basis = sheet.draft.content, basis_of(sheet.draft.content)
        purpose, by_number = sheet.draft.said("/purpose/code"), resolve(content, "/identifiers") == "student_number"
        if "usual" in form and basis is not None and purpose in words.PURPOSES:
            designated = resolve(content, "/basis/types")
            usual = offered(purpose, basis, sheet.catalogue, by_number=by_number)
            # A directory notice says itself which elements it is about (34 CFR 99.37(a)(1)).
            usual = tuple(each for each in usual if not isinstance(designated, list) or each.element in designated)
            await sheet.save(form, with_chosen(content, usual, (sheet.offered.school_year,), sheet.catalogue))
        return goes_to(sheet.at(BY_NAME["data"]))

    @router.get("/console/drafts/{draft}/data/{dataset}", name="console_draft_dataset")
    async def read_dataset(
        request: Request, staff: Drafter, draft: uuid.UUID, dataset: Dataset, q: Search = ""
    ) -> Response:
        """Show the elements of one dataset to pick from."""
        sheet = await sheet_of(desk, staff.session, draft)
        content = sheet.draft.content
        shown = found_in(q, sheet.catalogue)
        wrong = [each for each in by_step(sheet.problems())["data"] if _is_of(sheet, each.path, dataset)]
        return sheet.show(
            request,
            "draft_dataset.html",
            "data",
            dataset=dataset,
            years=years_of(content, dataset) or (sheet.offered.school_year,),
            picks=[each for each in picks(content, dataset, sheet.catalogue) if each.element in shown],
            q=q,
            wrong=wrong,
            words=words,
            not_shared=NOT_SHARED,
        )

    @router.post("/console/drafts/{draft}/data/{dataset}", name="console_pick")
    async def pick(request: Request, staff: Drafter, draft: uuid.UUID, dataset: Dataset) -> Response:
        """Save what was picked of one dataset."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        content = sheet.draft.content
        known = picks(content, dataset, sheet.catalogue)
        choices = {each.element.id: _choice(each, form) for each in known if f"form.{each.element.id}" in form}
        years = cleaned(form.get("years", "")).replace(",", " ").split()
        await sheet.save(form, picked(content, dataset, sheet.catalogue, years=years, choices=choices))
        return goes_to(sheet.at(BY_NAME["data"]) + ("" if ONWARD in form else f"/{dataset}"))

    @router.get("/console/drafts/{draft}/population", name="console_draft_population")
    async def read_population(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Show whose records the draft is about, to build it."""
        sheet = await sheet_of(desk, staff.session, draft)
        expression = resolve(sheet.draft.content, "/population")
        return sheet.show(
            request,
            "draft_population.html",
            "population",
            whole=None if isinstance(expression, Missing) else tree(expression),
            wrong=by_step(sheet.problems())["population"],
            words=words,
            known=WORDS,
        )

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
        await sheet.save(form, placed(sheet.draft.content, "/population", expression))
        return goes_to(sheet.after(BY_NAME["population"]) if ONWARD in form else sheet.at(BY_NAME["population"]))

    return router


def _choice(each: Pick, form: Mapping[str, str]) -> tuple[str | None, bool]:
    given = form[f"form.{each.element.id}"]
    return (None if given == NOT_SHARED else given), f"line.{each.element.id}" in form


def _said(form: Mapping[str, str]) -> dict[str, tuple[str, list[str]]]:
    """Return the column and the values that a form has for each condition, by its place."""
    places = [name.removeprefix("column.") for name in form if name.startswith("column.")]
    return {place: (form[f"column.{place}"], _lines(form.get(f"values.{place}", ""))) for place in places}


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in cleaned(text).split("\n") if line.strip()))


def _is_of(sheet: Sheet, path: str, dataset: str) -> bool:
    place = "/".join(path.split("/")[:3])
    return resolve(sheet.draft.content, f"{place}/dataset") == dataset
