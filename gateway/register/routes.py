"""The routes of the public register: no caller, no query, no work that strangers could ask for twice in a minute."""

from fastapi import APIRouter, Request, Response

from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.oauth.journal import SERVICES_STATE
from gateway.problems import Problem
from gateway.register.edition import CSV, STYLE_FORM, Edition, Form
from gateway.services.container import Services
from gateway.services.publishing.public_register import PublicRegister
from gateway.services.publishing.publication import LASTS_SECONDS, Issue

_METHODS = ["GET", "HEAD"]


class Shelf:
    """Keeps the newest edition: as long as the register is the same, its forms are made once."""

    def __init__(self) -> None:
        self._register: PublicRegister | None = None
        self._edition: Edition | None = None

    def edition(self, issue: Issue) -> Edition:
        """Return the edition of an issue."""
        if self._edition is None or issue.register is not self._register:
            self._register, self._edition = issue.register, Edition(issue.register)
        return self._edition


def register_router() -> APIRouter:
    """Return the routes. Whatever stands in a query is neither read nor logged."""
    router = APIRouter(dependencies=[PUBLIC], include_in_schema=False)
    shelf = Shelf()

    async def current(request: Request) -> tuple[Edition, int]:
        services: Services = request.scope["state"][SERVICES_STATE]
        issue = await services.publication.read()
        return shelf.edition(issue), issue.seconds

    @router.api_route("/register", methods=_METHODS, name="register")
    async def read_register(request: Request) -> Response:
        """Read the list of agreements, as a page."""
        edition, seconds = await current(request)
        return _answer(request, edition.index, seconds)

    @router.api_route("/register.json", methods=_METHODS, name="register_json")
    async def read_json(request: Request) -> Response:
        """Read the register as JSON."""
        edition, seconds = await current(request)
        return _answer(request, edition.json, seconds)

    @router.api_route("/register.csv", methods=_METHODS, name="register_csv")
    async def read_csv(request: Request) -> Response:
        """Read the register as CSV."""
        edition, seconds = await current(request)
        answer = _answer(request, edition.csv, seconds)
        answer.headers["content-disposition"] = f'attachment; filename="{CSV}"'
        return answer

    @router.api_route("/register.css", methods=_METHODS, name="register_style")
    async def read_style(request: Request) -> Response:
        """Read the pages' stylesheet."""
        return _answer(request, STYLE_FORM, int(LASTS_SECONDS))

    @router.api_route("/register/{digest}", methods=_METHODS, name="register_agreement")
    async def read_agreement(request: Request, digest: str) -> Response:
        """Read the page of one agreement; not in the register and not there at all are the same answer."""
        edition, seconds = await current(request)
        page = edition.page(digest)
        if page is None:
            raise Problem("not_found")
        return _answer(request, page, seconds)

    return router


def _answer(request: Request, found: Form, seconds: int) -> Response:
    """Answer with a form, or with 304 if it is the one that the reader holds (RFC 9110 section 13.1.2)."""
    line_of(request.scope).public_seconds = seconds
    held = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if found.tag in held or "*" in held:
        return Response(status_code=304, headers={"etag": found.tag})
    return Response(found.body, headers={"content-type": found.media_type, "etag": found.tag})
