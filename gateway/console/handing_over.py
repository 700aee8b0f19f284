"""
Handing over records by an emergency order: the form, which becomes a paper, and the file, once an officer signed it.

INVARIANT: a student's number never stands in an address, and none is kept between the form and the file: it is typed
again (decision 0072). That records left is an entry before the file leaves, which names who did it (claim 4).
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.documents.emergency import MOST_RECIPIENTS
from agreements.elements import DATASETS, Catalogue
from agreements.signature import Kind
from gateway.console.callers import Approver
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.emergencies import KINDS
from gateway.console.errors import BadForm
from gateway.console.forms import Form, chosen
from gateway.console.fresh import require_fresh
from gateway.console.paper_desk import Digest
from gateway.console.views import ROOT, person_of, view
from gateway.console.watch_lists import ORDER_STANDINGS
from gateway.errors import Sentence
from gateway.services.emergencies.lines import OrderLine, line_of
from gateway.services.emergencies.orders import require_ordered
from gateway.services.papers.releases import PaperReleases
from gateway.signin.callers import form_of
from policies.emergency_release import Handing

_LONGEST_NUMBER: Final = 64


def handing_over_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes by which records are handed over in an emergency."""
    router = APIRouter(include_in_schema=False)
    releases = PaperReleases(desk.office, desk.subject_key)

    @router.get("/console/emergencies/{digest}/release", name="console_release")
    async def read_release(request: Request, staff: Approver, digest: Digest, dataset: str = "") -> Response:
        """Show what leaves by an order now, and ask what shall, to whom, of which students."""
        moment, registry = await desk.read()
        order = line_of(require_ordered(registry, digest), moment.now)
        datasets = datasets_of(order, desk.office.desk.catalogue)
        shown = dataset if dataset in datasets else datasets[0]
        return view(
            request,
            staff.session,
            "emergencies",
            "release.html",
            zone=zone_of(registry),
            order=order,
            datasets=datasets,
            dataset=shown,
            elements=await releases.explain(digest, shown),
            kinds=KINDS,
            standings=ORDER_STANDINGS,
        )

    @router.post("/console/emergencies/{digest}/release", name="console_prepare_release")
    async def prepare_release(request: Request, staff: Approver, digest: Digest) -> Response:
        """Prepare a release for an officer's signature. Nothing is handed over by this."""
        form = await form_of(request)
        prepared = await releases.prepare(digest, handing_of(form), numbers_of(form), person_of(staff.session))
        return RedirectResponse(f"{ROOT}/papers/{prepared}", 303)

    @router.post("/console/emergencies/releases/{digest}", name="console_hand_over")
    async def hand_over(request: Request, staff: Approver, digest: Digest) -> Response:
        """Hand over the records of a signed release, once: the file is the answer."""
        numbers = numbers_of(await form_of(request))
        # A number that was typed wrong uses up no fresh sign-in.
        students = await releases.students_of(digest, numbers)
        await require_fresh(request, staff.session, Kind.EMERGENCY_RELEASE, digest)
        released = await releases.hand_over(digest, students, person_of(staff.session))
        named = {"content-disposition": f'attachment; filename="emergency-{released.entry}.json"'}
        return Response(released.body, media_type="application/json", headers=named)

    return router


def datasets_of(order: OrderLine, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the datasets that have an element of an order; every element is in one."""
    found = {dataset for each in order.elements for dataset in catalogue.element(each).datasets}
    return tuple(each for each in DATASETS if each in found)


def handing_of(form: Form) -> Handing:
    """Return what is ticked on a form: to whom, and which elements of its dataset. Raises `BadForm`."""
    recipients = tuple(place for place in range(MOST_RECIPIENTS) if f"recipient_{place}" in form)
    elements = tuple(sorted(name.removeprefix("element_") for name in form if name.startswith("element_")))
    if not recipients:
        raise BadForm(Sentence("“%(field)s”: tick at least one.", field="Who receives"))
    if not elements:
        raise BadForm(Sentence("“%(field)s”: tick at least one.", field="What is handed over"))
    return Handing(recipients, chosen(form, "dataset", "Dataset", DATASETS), elements)


def numbers_of(form: Form) -> tuple[str, ...]:
    """Return the student numbers that were typed, one a line. Raises `BadForm`, which quotes none."""
    numbers = tuple(each.strip() for each in form.get("numbers", "").splitlines() if each.strip())
    if not numbers or any(not each.isprintable() or len(each) > _LONGEST_NUMBER for each in numbers):
        raise BadForm(Sentence("“%(field)s” takes one number a line.", field="Students' numbers"))
    return numbers
