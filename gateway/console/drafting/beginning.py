"""Beginning a draft: on a legal basis, from a file that somebody wrote, or as the next version of an agreement."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from agreements.authored import read_authored
from agreements.basis import Basis
from agreements.elements import load_catalogue
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting import words
from gateway.console.drafting.sheet import goes_to
from gateway.console.views import ROOT, person_of
from gateway.errors import Sentence
from gateway.services.drafts.amending import next_version
from gateway.services.drafts.drafting import Answers
from gateway.services.drafts.drafting import drafted as drafted_from
from gateway.services.drafts.errors import DraftRefused
from gateway.services.drafts.kept import Drafts
from gateway.services.drafts.offering import district_of, district_zone, drafted
from gateway.services.drafts.registered import registered_agreement
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.signin.callers import form_of

Digest = Annotated[str, Path(pattern=r"^sha256:[0-9a-f]{64}$")]


def beginning_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that make a draft."""
    router = APIRouter(include_in_schema=False)
    passkeys = OwnPasskeys(desk.office)

    @router.post("/console/drafts", name="console_begin_draft")
    async def begin_draft(request: Request, staff: Drafter) -> Response:
        """Begin a draft on a legal basis."""
        basis = (await form_of(request)).get("basis", "")
        if basis not in words.BASES:
            raise DraftRefused(
                "No legal basis was chosen.", remedy=Sentence("Choose the legal basis; it decides what is asked.")
            )
        _, registry = await desk.read()
        zone = district_zone(registry) or None
        answers = Answers(basis=Basis(basis), district=district_of(registry), time_zone=zone)
        person = person_of(staff.session)
        keys = await passkeys.officers_keys(registry)
        content = drafted(drafted_from(answers, load_catalogue()), keys, person)
        del content["population"]  # whose records is a question of its own, and has no answer that goes by itself
        number = await Drafts(desk.office.engine).begin(content, person)
        return goes_to(f"{ROOT}/drafts/{number}/purpose")

    @router.post("/console/drafts/import", name="console_import_draft")
    async def import_draft(request: Request, staff: Drafter) -> Response:
        """Take in a draft that was written as a file. It may be incomplete, and is not signed."""
        content = read_authored((await form_of(request)).get("file", ""))
        if not isinstance(content, dict):
            raise DraftRefused("The file is no agreement.", remedy=Sentence("Paste the whole file, YAML or JSON."))
        _, registry = await desk.read()
        person = person_of(staff.session)
        keys = await passkeys.officers_keys(registry)
        number = await Drafts(desk.office.engine).begin(drafted(content, keys, person), person)
        return goes_to(f"{ROOT}/drafts/{number}")

    @router.post("/console/agreements/{digest}/amend", name="console_amend")
    async def amend_agreement(request: Request, staff: Drafter, digest: Digest) -> Response:
        """Begin the next version of a registered agreement."""
        renew = "renew" in await form_of(request)
        old = await registered_agreement(desk.office, digest)
        _, registry = await desk.read()
        catalogue, person = load_catalogue(), person_of(staff.session)
        content = next_version(old, catalogue, drafted_by=None, executed=(None, None), renew=renew)
        keys = await passkeys.officers_keys(registry)
        number = await Drafts(desk.office.engine).begin(drafted(content, keys, person), person)
        return goes_to(f"{ROOT}/drafts/{number}")

    return router
