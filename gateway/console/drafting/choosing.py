"""The page of a draft that says which elements of which dataset leave."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from agreements.elements import DATASETS
from agreements.pointer import resolve
from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting import words
from gateway.console.drafting.fields import Content, cleaned
from gateway.console.drafting.sheet import ONWARD, Sheet, goes_to, sheet_of
from gateway.console.drafting.steps import BY_NAME, basis_of, by_step
from gateway.services.drafts.choosing import offered
from gateway.services.drafts.picking import Pick, found_in, picked, picks, with_chosen, years_of
from gateway.signin.callers import form_of

NOT_SHARED: Final = "no"
"""What a form says of an element that does not leave: an empty field would say nothing about it."""
_LONGEST: Final = 80
Dataset = Annotated[str, Path(pattern=f"^({'|'.join(DATASETS)})$")]
Search = Annotated[str, Query(max_length=_LONGEST)]


def choosing_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of data."""
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
        return _dataset(request, sheet, dataset, sheet.draft.content, q=q)

    @router.post("/console/drafts/{draft}/data/{dataset}", name="console_pick")
    async def pick(request: Request, staff: Drafter, draft: uuid.UUID, dataset: Dataset) -> Response:
        """Save what was picked of one dataset."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        try:
            await sheet.save(form, _picked(sheet, dataset, form))
        except REFUSALS as error:
            refused = again(request, error, form)
            sheet = await sheet_of(desk, staff.session, draft)
            return _dataset(request, sheet, dataset, _picked(sheet, dataset, form), refused=refused)
        return goes_to(sheet.at(BY_NAME["data"]) + ("" if ONWARD in form else f"/{dataset}"))

    return router


def _dataset(
    request: Request, sheet: Sheet, dataset: str, content: Content, *, q: str = "", refused: Again | None = None
) -> Response:
    shown = found_in(q, sheet.catalogue)
    wrong = [each for each in by_step(sheet.problems(content))["data"] if _is_of(content, each.path, dataset)]
    return sheet.show(
        request,
        "draft_dataset.html",
        "data",
        content=content,
        refused=refused,
        dataset=dataset,
        years=years_of(content, dataset) or (sheet.offered.school_year,),
        picks=[each for each in picks(content, dataset, sheet.catalogue) if each.element in shown],
        kept={each.element.id: each.chosen for each in picks(sheet.draft.content, dataset, sheet.catalogue)},
        q=q,
        wrong=wrong,
        words=words,
        not_shared=NOT_SHARED,
    )


def _picked(sheet: Sheet, dataset: str, form: Mapping[str, str]) -> Content:
    content = sheet.draft.content
    known = picks(content, dataset, sheet.catalogue)
    choices = {each.element.id: _choice(each, form) for each in known if f"form.{each.element.id}" in form}
    years = cleaned(form.get("years", "")).replace(",", " ").split()
    return picked(content, dataset, sheet.catalogue, years=years, choices=choices)


def _choice(each: Pick, form: Mapping[str, str]) -> tuple[str | None, bool]:
    given = form[f"form.{each.element.id}"]
    return (None if given == NOT_SHARED else given), f"line.{each.element.id}" in form


def _is_of(content: Content, path: str, dataset: str) -> bool:
    place = "/".join(path.split("/")[:3])
    return resolve(content, f"{place}/dataset") == dataset
