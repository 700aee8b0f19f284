"""How a page of the console is shown: its frame, and the sections that whoever is signed in may open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from agreements.roles import Role
from gateway.pages.languages import message
from gateway.pages.render import UTC, Pages
from gateway.services.papers.kinds import ANY
from gateway.services.staff.roles import MAY, Act
from gateway.services.staff.session import Session
from gateway.signin.callers import CSRF_FIELD

ROOT: Final = "/console"
_PAGES: Final = Pages("gateway.console")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the console: its address, its name (a message of the catalogue), and one act of which it takes."""

    name: str
    path: str
    title: str
    acts: frozenset[Act]


SECTIONS: Final = (
    Section("overview", f"{ROOT}/overview", message("Overview"), frozenset({Act.READ_LOG})),
    Section("log", f"{ROOT}/log", message("Log"), frozenset({Act.READ_LOG})),
    Section("students", f"{ROOT}/students", message("Students"), frozenset({Act.SEARCH_STUDENTS})),
    Section("agreements", f"{ROOT}/agreements", message("Agreements"), frozenset({Act.READ_LOG})),
    Section("partners", f"{ROOT}/partners", message("Partners"), frozenset({Act.READ_LOG})),
    Section("clients", f"{ROOT}/clients", message("Programs"), frozenset({Act.READ_LOG})),
    Section("obligations", f"{ROOT}/obligations", message("Obligations"), frozenset({Act.READ_LOG})),
    Section("signers", f"{ROOT}/signers", message("Who signs"), frozenset({Act.READ_LOG})),
    Section("staff", f"{ROOT}/staff", message("Staff and roles"), frozenset({Act.INVITE})),
    Section("alarms", f"{ROOT}/alarms", message("Alarms"), frozenset({Act.READ_LOG})),
    Section("incidents", f"{ROOT}/incidents", message("Incidents"), frozenset({Act.HANDLE_INCIDENTS})),
    Section("stop", f"{ROOT}/stop", message("Stop"), frozenset({Act.STOP})),
    Section("emergencies", f"{ROOT}/emergencies", message("Emergencies"), frozenset({Act.APPROVE})),
    Section("loads", f"{ROOT}/loads", message("Loads"), frozenset({Act.LOAD_RECORDS})),
    Section("rosters", f"{ROOT}/rosters", message("Rosters"), frozenset({Act.MANAGE_ROSTERS})),
    Section("codes", f"{ROOT}/codes", message("Codes"), frozenset({Act.CLASSIFY_CODES})),
    Section("wishes", f"{ROOT}/wishes", message("What families say"), frozenset({Act.RECORD_CONSENTS})),
    Section("papers", f"{ROOT}/papers", message("To sign"), ANY),
)


def first_page(roles: Iterable[Role]) -> str | None:
    """Return the first page of the console that somebody with these roles may open."""
    return next((each.path for each in sections_for(roles)), None)


def sections_for(roles: Iterable[Role]) -> list[Section]:
    """Return the sections that somebody with these roles may open."""
    acts = frozenset[Act]().union(*(MAY[role] for role in roles))
    return [each for each in SECTIONS if not each.acts.isdisjoint(acts)]


def view(
    request: Request,
    session: Session,
    section: str,
    template: str,
    status: int = 200,
    *,
    zone: ZoneInfo = UTC,
    **values: object,
) -> HTMLResponse:
    """Return a page of `section`. It shows only the sections that this person may open."""
    acts = frozenset[Act]().union(*(MAY[role] for role in session.roles))
    frame = {
        "root": ROOT,
        "site": "Pactgate",
        "section": section,
        "sections": sections_for(session.roles),
        "acts": {act.value for act in acts},
        "session": session,
        "csrf_field": CSRF_FIELD,
    }
    return _PAGES.page(request, template, {**frame, **values}, status, zone=zone)


def person_of(session: Session) -> str:
    """Return the id of the person who is signed in, for the entry of what they do."""
    assert session.person is not None  # who has a role is a person
    return session.person.id
