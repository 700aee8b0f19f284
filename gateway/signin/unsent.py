"""
What somebody typed into a form that came too late: when their session was over, or from a page before it was renewed.

It is given back to copy, and kept nowhere.
"""

from typing import Final

from fastapi import Request

from agreements.errors import BadKey
from gateway.signin.callers import CSRF_FIELD, SAFE, form_of, require_own_site
from gateway.signin.errors import ForeignForm

_NUMBERS: Final = frozenset({"number", "numbers"})
"""Fields for students' numbers: they are given back by no page."""
_LONG: Final = 20
"""Letters from which on something is a loss to type again. What has no blank in it is a number, a key or a choice."""


async def unsent(request: Request) -> tuple[str, ...]:
    """
    Return the words of a form that nobody took, for the browser that sent them and no other.

    INVARIANT: nothing comes back of what another site had a browser send, nothing of a form with a private key, and no
    student's number.
    """
    if request.method in SAFE:
        return ()
    try:
        require_own_site(request)
        form = await form_of(request)
    except (ForeignForm, BadKey):
        return ()
    texts = (value.strip() for name, value in form.items() if name not in {CSRF_FIELD, *_NUMBERS})
    return tuple(each for each in texts if len(each) >= _LONG and " " in each)
