"""Who may open which paper: by the acts that its kind takes, and everybody else is told that it is not theirs."""

from typing import Annotated, Final

from fastapi import Path, Request

from gateway.console.views import person_of
from gateway.services.papers.judging import PaperLine
from gateway.services.papers.kinds import KINDS
from gateway.services.papers.papers import Paper, Papers
from gateway.services.staff.errors import RoleMissing
from gateway.services.staff.roles import MAY
from gateway.services.staff.session import Session
from gateway.signin.callers import ORIGIN_STATE

_DIGEST: Final = r"^sha256:[0-9a-f]{64}$"
Digest = Annotated[str, Path(pattern=_DIGEST)]


def may_open(session: Session, line: PaperLine) -> bool:
    """Return whether this person's roles are for this kind of document."""
    return any(not MAY[role].isdisjoint(KINDS[line.kind].acts) for role in session.roles)


async def opened(papers: Papers, session: Session, digest: str) -> Paper:
    """Return a paper for whoever may open it. Raises `NoSuchPaper`, `RoleMissing`."""
    found = await papers.paper(digest, person_of(session))
    if not may_open(session, found.line):
        raise RoleMissing("none of the roles that this kind of document is for")
    return found


def origin_of(request: Request) -> str:
    """Return the origin of our pages, as passkeys and links name it: the public address."""
    origin: str = request.scope["state"][ORIGIN_STATE]
    return origin
