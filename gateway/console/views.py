"""How a page of the console is shown: its frame, and the sections that whoever is signed in may open."""

from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from gateway.console.again import Again
from gateway.console.sections import ROOT, acts_of, groups_for
from gateway.pages.render import UTC, Pages
from gateway.services.staff.session import Session
from gateway.signin.callers import CSRF_FIELD, SAFE

__all__ = ["ROOT", "person_of", "view"]

_PAGES: Final = Pages("gateway.console")


def view(
    request: Request,
    session: Session,
    section: str,
    template: str,
    status: int = 200,
    *,
    zone: ZoneInfo = UTC,
    shown_again: Again | None = None,
    **values: object,
) -> HTMLResponse:
    """
    Return a page of `section`. It shows only the sections that this person may open.

    `shown_again` is a form of the page that was refused: what was sent stands in its fields.
    """
    frame = {
        "root": ROOT,
        "site": "Pactgate",
        "section": section,
        "groups": groups_for(session.roles),
        "acts": {act.value for act in acts_of(session.roles)},
        "session": session,
        "csrf_field": CSRF_FIELD,
        # It shows what is shown once, or what somebody typed: nobody loses it by the choice of another language.
        "answers_form": request.method not in SAFE,
        "shown_again": shown_again,
        "sent": {} if shown_again is None else shown_again.form,
    }
    status = status if shown_again is None else shown_again.status
    return _PAGES.page(request, template, {**frame, **values}, status, zone=zone)


def person_of(session: Session) -> str:
    """Return the id of the person who is signed in, for the entry of what they do."""
    assert session.person is not None  # who has a role is a person
    return session.person.id
