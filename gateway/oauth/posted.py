"""A token request as it came in, read just far enough to know whom to load."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.oauth.assertion import ASSERTION_TYPE, ClaimedAssertion, read_assertion
from gateway.oauth.errors import BasicRefused, InvalidClient, InvalidRequest
from gateway.oauth.form import parse_form


@dataclass(frozen=True, slots=True)
class Posted:
    """
    What was posted. `authorization` and `proofs` are the values of all such headers; nothing is believed.

    `known_address` is whose request it is, None if that is not known (`gateway.addresses.known`).
    """

    body: bytes
    content_type: str
    query: bytes
    authorization: tuple[str, ...]
    proofs: tuple[str, ...]
    address: str
    known_address: str | None
    request_id: str

    def __repr__(self) -> str:
        """Show nothing of what was sent."""
        return f"Posted(request_id={self.request_id!r})"


def claimed_in(posted: Posted, needs: str = "grant_type") -> tuple[Mapping[str, str], ClaimedAssertion]:
    """Return the form, which must have the field that it `needs`, and the assertion in it. Raises `TokenRefused`."""
    # (1): a plain form, and nothing in the URL: what stands there ends up in logs.
    if posted.query:
        raise InvalidRequest("query")
    form = parse_form(posted.body, posted.content_type)
    if needs not in form:
        raise InvalidRequest(f"{needs}_missing")
    # (2): exactly one way of authenticating, and it is an assertion (RFC 6749 section 2.3).
    assertion = form.get("client_assertion")
    methods = len(posted.authorization) + ("client_secret" in form) + (assertion is not None)
    if methods > 1:
        raise InvalidRequest("two_methods")
    if assertion is None:
        raise (BasicRefused if posted.authorization else InvalidClient)("method")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient("assertion_type")
    # (3): whom it claims to come from, without contradiction (RFC 7521 section 4.2).
    claimed = read_assertion(assertion)
    if form.get("client_id", claimed.client_id) != claimed.client_id:
        raise InvalidRequest("client_id")
    return form, claimed
