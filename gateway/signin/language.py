"""The choice of the language, for the pages of all kinds."""

import re
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.pages.languages import COOKIE, Language
from gateway.signin.callers import OWN_SITE, form_of

_PATH: Final = re.compile(r"/(console|portal|sign)(/[a-z0-9:-]+)*")
"""Where the choice may lead back to: a plain path of our own pages."""
_A_YEAR: Final = 365 * 24 * 3600


def language_router() -> APIRouter:
    """Return the route by which a reader chooses a language."""
    router = APIRouter(dependencies=[OWN_SITE], include_in_schema=False)

    @router.post("/language", name="language")
    async def choose_language(request: Request) -> Response:
        """Remember the reader's language, and lead back to the page they came from."""
        form = await form_of(request)
        here = form.get("here", "")
        answer = RedirectResponse(here if _PATH.fullmatch(here) else "/console", 303)
        if form.get("language") in set(Language):
            answer.set_cookie(
                COOKIE, form["language"], max_age=_A_YEAR, path="/", secure=True, httponly=True, samesite="lax"
            )
        return answer

    return router
