"""
A client's secret as it came in: by HTTP Basic or in the form (RFC 6749 section 2.3.1), one of the two.

Read without believing it, to know whom to look up; believed only after `require_secret`.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from gateway.oauth.assertion import CLIENT_ID
from gateway.oauth.errors import BasicRefused, InvalidClient, InvalidRequest
from gateway.oauth.form import parse_form
from gateway.oauth.posted import Posted
from gateway.registration import KnownSecret, SecretClient
from gateway.services.compatibility.secrets import MOST_AT_ONCE, SALT_BYTES, is_secret

METHODS: Final = ("client_secret_basic", "client_secret_post")
_BASIC = "basic"
_MAX_SECRET: Final = 128
"""Characters; ours has 59."""
# The colon of our ids is the colon that ends a user name in HTTP Basic. RFC 6749 has it encoded; curl and most programs
# send it as it is. Both can be told apart from the secret, because an id has one form.
_PAIR: Final = re.compile(r"(client(?::|%3[Aa])[0-9a-f-]{36}):(.*)", re.DOTALL)
_NOBODY: Final = "0" * 64
"""The commitment that no secret has: compared with where there is none, so that the time tells nothing."""


@dataclass(frozen=True, slots=True)
class ClaimedSecret:
    """A secret that claims to be `client_id`'s. Nothing in it is believed."""

    client_id: str
    secret: str = field(repr=False)
    basic: bool

    def refused(self, reason: str) -> InvalidClient:
        """Return the one refusal of client authentication, with a challenge only if Basic was tried."""
        return BasicRefused(reason) if self.basic else InvalidClient(reason)


def claimed_secret(posted: Posted) -> tuple[Mapping[str, str], ClaimedSecret]:
    """Return the form and the secret in it. Raises `InvalidRequest`, `InvalidClient`."""
    # (1): a plain form, and nothing in the URL: what stands there ends up in logs.
    if posted.query:
        raise InvalidRequest("query")
    form = parse_form(posted.body, posted.content_type)
    if "grant_type" not in form:
        raise InvalidRequest("grant_type_missing")
    # (2): exactly one way of authenticating (RFC 6749 section 2.3), and no proof: it would bind nothing.
    if posted.proofs:
        raise InvalidRequest("proof_present")
    if len(posted.authorization) + ("client_secret" in form) + ("client_assertion" in form) > 1:
        raise InvalidRequest("two_methods")
    # (3): whom it claims to come from, without contradiction.
    claimed = _basic(posted.authorization[0]) if posted.authorization else _in_form(form)
    if form.get("client_id", claimed.client_id) != claimed.client_id:
        raise InvalidRequest("client_id")
    if not CLIENT_ID.fullmatch(claimed.client_id) or len(claimed.secret) > _MAX_SECRET:
        raise claimed.refused("secret_unknown_client")
    return form, claimed


def require_secret(claimed: ClaimedSecret, client: SecretClient | None) -> int:
    """Return the entry that issued the secret, if it is one of `client`'s. Raises `InvalidClient`."""
    known = () if client is None else client.secrets
    # As many comparisons whoever asks and whatever is wrong.
    nothing = KnownSecret(-1, bytes(SALT_BYTES), _NOBODY)
    compared = [*known, *[nothing] * (MOST_AT_ONCE - len(known))]
    fits = [each.entry for each in compared if is_secret(claimed.secret, claimed.client_id, each.salt, each.commitment)]
    if client is None:
        raise claimed.refused("secret_unknown_client")
    if not fits:
        raise claimed.refused("secret")
    return fits[0]


def _basic(header: str) -> ClaimedSecret:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != _BASIC:
        raise InvalidClient("method")
    try:
        pair = _PAIR.fullmatch(b64decode(encoded, validate=True).decode("ascii"))
    except ValueError as error:  # binascii.Error and UnicodeDecodeError are ValueErrors
        raise BasicRefused("basic_encoding") from error
    if pair is None:
        raise BasicRefused("secret_unknown_client")
    return ClaimedSecret(unquote(pair[1]), unquote(pair[2]), basic=True)


def _in_form(form: Mapping[str, str]) -> ClaimedSecret:
    if "client_secret" not in form or "client_id" not in form:
        raise InvalidClient("method")
    return ClaimedSecret(form["client_id"], form["client_secret"], basic=False)
