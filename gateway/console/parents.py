"""
The rights of a student's parents: what a court, a statute or a document decided, signed by an officer and put on file.

INVARIANT: the student's number, the parent's name and the salt under which the document commits to both stand in the
officer's browser alone until it is filed, in forms and in no address. So it is no paper that waits for somebody.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from agreements.documents.parental_rights import (
    Act,
    Ground,
    ParentalRights,
    parental_rights_bytes,
    read_parental_rights,
)
from agreements.keys import PublicKey
from agreements.shapes import DIGEST
from agreements.signature import Envelope, Kind
from gateway.console.callers import Approver
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.forms import Form, chosen, day, shaped, words
from gateway.console.paper_desk import origin_of
from gateway.console.views import person_of, view
from gateway.pages.languages import message
from gateway.services.papers.errors import PaperRefused
from gateway.services.papers.judging import in_our_words, known_keys
from gateway.services.papers.kinds import KINDS
from gateway.services.papers.passkeys import challenge_to_sign, relying_party, signable, signed_by_passkey
from gateway.services.papers.signature_file import read_signature_file
from gateway.services.papers.telling import terms_of
from gateway.services.restrictions import Restrictions, SignerName, Whom
from gateway.services.standing.registry import Moment, Registry
from gateway.signin.callers import form_of

_KIND: Final = Kind.PARENTAL_RIGHTS
_LONGEST_NAME: Final = 200
_LONGEST_NUMBER: Final = 64
_SALT: Final = ("[0-9a-f]{64}", "what the page before put there")
_CARRIED: Final = ("number", "parent", "act", "ground", "ordered_on", "evidence")
"""What a page hands on to the next one, beside the salt."""
GROUNDS: Final[Mapping[Ground, str]] = {
    Ground.COURT_ORDER: message("a court's order"),
    Ground.STATE_STATUTE: message("a state statute"),
    Ground.BINDING_DOCUMENT: message("a legally binding document"),
}


def parents_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes by which the rights of a parent are revoked and restored."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/students/rights", name="console_rights")
    async def prepare(request: Request, staff: Approver) -> Response:
        """Show what an officer is about to sign. Nothing is kept, and whether there is such a student is not told."""
        form = await form_of(request)
        whom = Whom(_number(form), _parent(form))
        document = _document(form, whom)
        moment, registry = await desk.read()
        origin = origin_of(request)
        shape = KINDS[_KIND].shape(desk.office.desk.catalogue)
        return view(
            request,
            staff.session,
            "students",
            "rights.html",
            zone=zone_of(registry),
            carried={**{name: form.get(name, "").strip() for name in _CARRIED}, "salt": whom.salt.hex()},
            digest=document.digest,
            terms_found=terms_of(document.payload, shape, desk.office.desk.catalogue),
            credentials=list(_passkeys(moment, registry, origin)),
            rp=relying_party(origin),
            challenge=challenge_to_sign(_KIND, document.digest),
            entry=None,
        )

    @router.post("/console/students/rights/document", name="console_rights_document")
    async def download(request: Request, staff: Approver) -> Response:
        """Hand out exactly the bytes that are signed: they name nobody."""
        del staff  # who may is asked; nothing is decided by it
        form = await form_of(request)
        document = _document(form, _whom(form))
        named = f'attachment; filename="{_KIND.value}-{document.digest[7:15]}.json"'
        return Response(document.payload, media_type="application/json", headers={"content-disposition": named})

    @router.post("/console/students/rights/file", name="console_file_rights")
    async def file_rights(request: Request, staff: Approver) -> Response:
        """Take the signature, and put it on file. Raises `PaperRefused`, `RestrictionRefused`, `UnknownStudent`."""
        form = await form_of(request)
        whom = _whom(form)
        document = _document(form, whom)
        moment, registry = await desk.read()
        signed = _signed(form, document, _passkeys(moment, registry, origin_of(request)))
        with in_our_words():
            entry = await Restrictions(desk.office.desk.of(person_of(staff.session))).file(signed, whom)
        carried = {"number": whom.number, "act": form.get("act", "")}
        return view(
            request, staff.session, "students", "rights.html", zone=zone_of(registry), carried=carried, entry=entry
        )

    return router


def _number(form: Form) -> str:
    return words(form, "number", "The district's student number", most=_LONGEST_NUMBER)


def _parent(form: Form) -> SignerName:
    return SignerName(words(form, "parent", "Name of the parent", most=_LONGEST_NAME))


def _whom(form: Form) -> Whom:
    """Return whom a document is about that a page before showed. Raises `BadForm`."""
    return Whom(_number(form), _parent(form), bytes.fromhex(shaped(form, "salt", "The form", _SALT)))


def _document(form: Form, whom: Whom) -> Envelope:
    """Return what is signed, judged as it will be when it is filed. Raises `BadForm`, `PaperRefused`."""
    said = ParentalRights(
        act=Act(chosen(form, "act", "What happened to the rights", tuple(Act))),
        ground=Ground(chosen(form, "ground", "What decided it", tuple(Ground))),
        ordered_on=day(form, "ordered_on", "The day of the order, statute or document"),
        evidence=shaped(form, "evidence", "The digest of the paper that shows it", DIGEST),
        whom=whom.commitment,
    )
    payload = parental_rights_bytes(said)
    with in_our_words():
        read_parental_rights(payload)
    return Envelope(_KIND, payload, ())


def _passkeys(moment: Moment, registry: Registry, origin: str) -> dict[str, tuple[PublicKey, ...]]:
    """Return the passkeys of officers in office that can sign on this page, by credential."""
    officers = registry.authority.officers(moment.received)
    return signable((key for kid, key in known_keys(registry).items() if kid in officers), origin)


def _signed(form: Form, document: Envelope, passkeys: Mapping[str, Sequence[PublicKey]]) -> Envelope:
    """Return the document with the signature that came, unverified. Raises `PaperRefused`."""
    if form.get("credential"):
        return signed_by_passkey(form, passkeys, _KIND, document.payload)
    signed = read_signature_file(form.get("signature", "").strip(), _KIND, document.payload)
    if signed.digest != document.digest:
        raise PaperRefused("The file signs another document than this one.")
    return signed
