"""
Whom a partner names under an agreement, written person by person and prepared as the list that its signer signs.

The list being written travels in the form and nowhere else: names and addresses of people are in no table before the
partner has signed them, and in no address.
"""

from typing import Final
from urllib.parse import quote_plus

from fastapi import APIRouter, Request, Response

from agreements.documents.people import (
    ROLES,
    NamedPerson,
    PeopleAnnex,
    Training,
    people_bytes,
    read_people,
)
from agreements.documents.reading import PERSON
from agreements.keys import read_public_file
from agreements.people import named_by
from agreements.signature import Kind
from gateway.console import labels
from gateway.console.agreements import Digest
from gateway.console.callers import Preparer
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import BadForm
from gateway.console.forms import Form, chosen, day, shaped, words
from gateway.console.preparing import prepared
from gateway.console.views import view
from gateway.errors import Sentence
from gateway.services.acceptances import AcceptanceLine, acceptances
from gateway.services.staff.session import Session
from gateway.services.standing.registry import Registry
from gateway.signin.callers import form_of

ADD, PREPARE, OUT = "add", "prepare", "out "
"""What is done with the list in the form; after `OUT` stands whom it no longer names."""
_LONGEST_KEY: Final = 2000
_LONGEST_LIST: Final = 11_000
"""Bytes, as a form writes them: about 20 people, and room for one more. More are a file."""
_TOO_LONG: Final = Sentence("The list is too long for a page. Write it as a file: `pactgate people sign`.")


def people_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the people whom a partner names."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/agreements/{digest}/people", name="console_people")
    async def read_list(request: Request, staff: Preparer, digest: Digest) -> Response:
        """Show the list in force, as the beginning of the next one."""
        moment, registry = await desk.read()
        lines = acceptances(registry, moment, digest)
        people = tuple(named_by(registry.history[digest].annexes).values())
        return _page(request, staff.session, registry, digest, people, lines=lines)

    @router.post("/console/agreements/{digest}/people", name="console_name_people")
    async def write_list(request: Request, staff: Preparer, digest: Digest) -> Response:
        """Add somebody, take somebody out, or prepare the list for the partner's signer."""
        form = await form_of(request)
        moment, registry = await desk.read()
        lines = acceptances(registry, moment, digest)
        people, step = _listed(form, digest), form.get("step", "")
        if step == PREPARE:
            if not people:
                raise BadForm("A list names at least one person.")
            title = f"People under {registry.history[digest].verified.agreement.id}"
            return await prepared(desk, staff, Kind.PEOPLE_ANNEX, _payload(digest, people), title)
        if step == ADD:
            people = (*people, _person(form))
            read_people(_payload(digest, people))
            if not _fits(digest, people):
                raise BadForm(_TOO_LONG)
        elif step.startswith(OUT):
            people = tuple(each for each in people if each.id != step.removeprefix(OUT))
        else:
            raise BadForm("Say what is to be done with the list.")
        return _page(request, staff.session, registry, digest, people, lines=lines)

    return router


def _page(
    request: Request,
    session: Session,
    registry: Registry,
    digest: str,
    people: tuple[NamedPerson, ...],
    *,
    lines: tuple[AcceptanceLine, ...],
) -> Response:
    return view(
        request,
        session,
        "partners",
        "people.html",
        zone=zone_of(registry),
        it=registry.history[digest].verified.agreement,
        people=people,
        written=_written(digest, people),
        fits=_fits(digest, people),
        accepting=lines,
        labels=labels,
    )


def _payload(digest: str, people: tuple[NamedPerson, ...]) -> bytes:
    return people_bytes(PeopleAnnex(digest, people))


def _written(digest: str, people: tuple[NamedPerson, ...]) -> str:
    """Return the list as it travels in the form; empty while it names nobody."""
    return _payload(digest, people).decode() if people else ""


def _fits(digest: str, people: tuple[NamedPerson, ...]) -> bool:
    """Return whether a form has room for the list, as browsers encode it, beside another person."""
    return len(quote_plus(_written(digest, people))) <= _LONGEST_LIST


def _listed(form: Form, digest: str) -> tuple[NamedPerson, ...]:
    """Return the list that came with the form. Raises `BadForm`, `InvalidDocument`."""
    travelled = form.get("list", "")
    if not travelled:
        return ()
    annex = read_people(travelled)
    if annex.agreement != digest:
        raise BadForm("The list is of another agreement.")
    return annex.people


def _person(form: Form) -> NamedPerson:
    """Return who was typed in. Raises `BadForm`, `BadKey`."""
    training = Training(
        words(form, "training", "What they were trained in", most=200),
        day(form, "completed_on", "Trained on"),
        day(form, "valid_to", "Trained until"),
    )
    return NamedPerson(
        id=shaped(form, "person", "Number", PERSON),
        name=words(form, "called", "Name", most=200),
        email=words(form, "email", "E-mail", most=200),
        role=chosen(form, "role", "Role", ROLES),
        training=training,
        key=read_public_file(words(form, "key", "The public key", most=_LONGEST_KEY).encode())
        if "key" in form
        else None,
    )
