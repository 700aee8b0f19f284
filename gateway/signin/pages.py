"""The pages as HTML: every value escaped, no script, one stylesheet of ours."""

from importlib.resources import files
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.http import line_of
from gateway.services.standing.identity import Realm
from gateway.signin.callers import CSRF_FIELD
from gateway.signin.cookies import ROOTS

STYLESHEET: Final = files("gateway.signin").joinpath("templates", "staff.css").read_bytes()
_TITLES: Final = {Realm.DISTRICT: "Pactgate console", Realm.PARTNER: "Pactgate portal for partners"}
_PAGES: Final = Environment(
    loader=PackageLoader("gateway.signin"),
    autoescape=True,  # everywhere: there is no template here that is not a page
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# What nothing here needs and what would turn a value into markup.
for _filter in ("safe", "xmlattr", "tojson"):
    del _PAGES.filters[_filter]


def realm_at(path: str) -> Realm | None:
    """Return whose pages lie at a path; None if it is no page."""
    return next((realm for realm, root in ROOTS.items() if path == root or path.startswith(f"{root}/")), None)


def page(request: Request, realm: Realm, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page. It may use its own stylesheet and send its forms here, and nothing else."""
    line_of(request.scope).is_page = True
    names = {"root": ROOTS[realm], "site": _TITLES[realm], "csrf_field": CSRF_FIELD}
    return HTMLResponse(_PAGES.get_template(template).render(**names, **values), status)


def refusal_page(request: Request, realm: Realm, status: int, *, title: str, detail: str, remedy: str) -> HTMLResponse:
    """Return the page of a refusal: what it is, what to do, and the number under which the log line has it."""
    number = line_of(request.scope).request_id
    return page(request, realm, "refused.html", status, title=title, detail=detail, remedy=remedy, number=number)


def done_page(
    request: Request,
    realm: Realm,
    *,
    title: str,
    detail: str,
    away: str | None = None,
    onward: str = "",
    words: str = "Back to your account",
) -> HTMLResponse:
    """Return the page that says what was done; `onward` is a path below the realm's own, `away` one elsewhere."""
    leads = f"{ROOTS[realm]}/{onward}" if onward else ROOTS[realm]
    return page(request, realm, "done.html", title=title, detail=detail, away=away, onward=leads, onward_words=words)
