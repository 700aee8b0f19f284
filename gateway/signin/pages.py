"""The pages of the sign-in, as HTML."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from gateway.http import line_of
from gateway.pages.languages import message
from gateway.pages.render import Pages
from gateway.pages.roles import ROLES
from gateway.problems import Answer
from gateway.services.standing.identity import Realm
from gateway.signin.callers import CSRF_FIELD, SAFE
from gateway.signin.cookies import ROOTS

_TITLES: Final = {Realm.DISTRICT: "Pactgate console", Realm.PARTNER: "Pactgate portal for partners"}
_PAGES: Final = Pages("gateway.signin")
_ON_THE_WAY: Final = ("/sign-in", "/callback")


def realm_at(path: str) -> Realm | None:
    """Return whose pages lie at a path; None if it is no page."""
    return next((realm for realm, root in ROOTS.items() if path == root or path.startswith(f"{root}/")), None)


def page(request: Request, realm: Realm, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page. It may use our own files and send its forms here, and nothing else."""
    names = {"root": ROOTS[realm], "site": _TITLES[realm], "csrf_field": CSRF_FIELD, "called": ROLES}
    return _PAGES.page(request, template, {**names, **values}, status)


def refusal_page(
    request: Request,
    realm: Realm,
    answer: Answer,
    *,
    remedy: str,
    problems: Sequence[str] = (),
    typed: Sequence[str] = (),
) -> HTMLResponse:
    """
    Return the page of a refusal: what it is, what to do, and the number under which the log line has it.

    `problems` are found in what was sent, each a sentence in English; `typed` is what somebody wrote for nothing. It
    leads to the first page, and to the sign-in only whoever is on the way there: a session is not given up for it.
    """
    signs_in = answer.status == HTTPStatus.UNAUTHORIZED or request.url.path.endswith(_ON_THE_WAY)
    # Whoever asked for a page comes to it once they are signed in; what a form said is not sent again by itself.
    wanted = request.url.path if request.method in SAFE and not request.url.path.endswith(_ON_THE_WAY) else ""
    said = {"title": answer.title, "detail": answer.detail, "problems": problems, "remedy": remedy, "typed": typed}
    number = line_of(request.scope).request_id
    return page(
        request, realm, "refused.html", answer.status, **said, number=number, onward=not signs_in, wanted=wanted
    )


def done_page(
    request: Request,
    realm: Realm,
    *,
    title: str,
    detail: str,
    away: str | None = None,
    onward: str = "",
    words: str = message("Back to your account"),
) -> HTMLResponse:
    """Return the page that says what was done; `onward` is a path below the realm's own, `away` one elsewhere."""
    leads = f"{ROOTS[realm]}/{onward}" if onward else ROOTS[realm]
    return page(request, realm, "done.html", title=title, detail=detail, away=away, onward=leads, onward_words=words)
