"""Who may sign, as documents: a signer's introduction, an officer's, and the revocation of a key."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.reading import PARTY
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.signer import LIMITS, ROSTERS, STEWARDS_LIMITS, Signer, signer_bytes
from agreements.keys import PublicKey, read_public_file
from agreements.shapes import THUMBPRINT
from agreements.signature import Kind
from gateway.console.callers import Preparer, RoleGiver, Stopper
from gateway.console.desk import ConsoleDesk
from gateway.console.errors import BadForm
from gateway.console.forms import Form, day, number, shaped, words
from gateway.console.preparing import prepared
from gateway.errors import Sentence
from gateway.signin.callers import form_of

_LARGEST: Final = 2**53 - 1
_LONGEST_KEY: Final = 4000


def signer_papers_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that prepare who may sign."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/signers", name="console_introduce_signer")
    async def introduce_signer(request: Request, staff: Preparer) -> RedirectResponse:
        """Prepare the introduction of a signer, for an officer who vouches for the person."""
        form = await form_of(request)
        party, name, key = shaped(form, "party", "Signs for", PARTY), _name(form), _key(form)
        may_sign = tuple(kind for kind in (*LIMITS, ROSTERS, *STEWARDS_LIMITS) if f"may_{kind}" in form)
        if not may_sign:
            raise BadForm(Sentence("“%(field)s”: tick what the person may sign.", field="May sign"))
        signer = Signer(
            party=party,
            role=f"{party.partition(':')[0]}_signer",
            name=name,
            key=key,
            valid_from=day(form, "first_day", "First day"),
            valid_to=day(form, "last_day", "Last day"),
            may_sign=may_sign,
            school=form.get("school", "").strip() or None,
        )
        return await prepared(desk, staff, Kind.SIGNER, signer_bytes(signer), f"A signer of {party}")

    @router.post("/console/signers/officer", name="console_introduce_officer")
    async def introduce_officer(request: Request, staff: RoleGiver) -> RedirectResponse:
        """Prepare the introduction of an officer, for two voices."""
        form = await form_of(request)
        replaces = shaped(form, "replaces", "The key that it replaces", THUMBPRINT) if "replaces" in form else None
        first, reason = day(form, "first_day", "First day"), words(form, "reason", "Reason")
        payload = officer_bytes(OfficerIntroduction(_name(form), _key(form), first, replaces, reason))
        return await prepared(desk, staff, Kind.OFFICER, payload, "A privacy officer")

    @router.post("/console/signers/revoke", name="console_revoke")
    async def revoke(request: Request, staff: Stopper) -> RedirectResponse:
        """Prepare the revocation of a key."""
        form = await form_of(request)
        key, reason = shaped(form, "key", "The key", THUMBPRINT), words(form, "reason", "Reason")
        since = number(form, "since", "The first entry", least=0, most=_LARGEST) if "since" in form else None
        _, registry = await desk.read()
        if key not in registry.authority.keys:
            raise BadForm(Sentence("“%(field)s”: choose one of those that are offered.", field="The key"))
        payload = revocation_bytes(Revocation(key, since, reason))
        return await prepared(desk, staff, Kind.REVOCATION, payload, f"Revocation of {key}")

    return router


def _name(form: Form) -> str:
    return words(form, "person", "The person's full name", most=200)


def _key(form: Form) -> PublicKey:
    """Return the public key that was pasted. Raises `BadKey`, which never quotes it."""
    return read_public_file(words(form, "key", "The public key", most=_LONGEST_KEY).encode())
