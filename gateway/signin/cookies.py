"""
The cookies of people who sign in, by realm: one rule, whichever way somebody came in.

INVARIANT: there is no second, weaker cookie for plain http. A loopback gateway sets the same one: browsers that take
loopback for trustworthy (Secure Contexts section 3.1) keep it, and in any other nobody stays signed in.
"""

from typing import Final

from fastapi import Request, Response

from gateway.services.staff.errors import SessionOver
from gateway.services.standing.identity import Realm

ROOTS: Final = {Realm.DISTRICT: "/console", Realm.PARTNER: "/portal"}
COOKIES: Final = {Realm.DISTRICT: "__Host-pactgate-console", Realm.PARTNER: "__Host-pactgate-portal"}
"""The prefix makes browsers take it from this host alone, over TLS (RFC 6265bis section 4.1.3.2)."""
UNDER_WAY: Final = "-login"
"""What is added to the name for a sign-in that is under way."""


def require_cookie(request: Request, name: str) -> str:
    """
    Return the one cookie of this name. Raises `SessionOver` if there is none, or if there are two.

    Two are never ours: somebody planted one, and which of them counts would be a guess.
    """
    found = [
        value.strip()
        for header in request.headers.getlist("cookie")
        for key, _, value in (pair.partition("=") for pair in header.split(";"))
        if key.strip() == name
    ]
    if len(found) != 1 or not found[0]:
        raise SessionOver("There is no such cookie, or more than one.")
    return found[0]


def set_cookie(answer: Response, realm: Realm, value: str, suffix: str = "", seconds: int | None = None) -> None:
    """Give the browser a cookie; without `seconds` it keeps it until it is closed."""
    # Lax: with Strict the browser would not bring it along when the provider sends the person back.
    answer.set_cookie(
        COOKIES[realm] + suffix, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )


def drop_cookie(answer: Response, realm: Realm, suffix: str = "") -> None:
    """Have the browser forget a cookie."""
    answer.delete_cookie(COOKIES[realm] + suffix, path="/", secure=True, httponly=True, samesite="lax")
