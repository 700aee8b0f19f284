"""
The reference client: what a partner's program does, in as few lines as it takes (RFC 7523, RFC 9449).

Nothing here knows more about the gateway than its public documents say. Every assertion and every proof is made anew,
because each is good for one request only.
"""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.errors import GatewayError
from gateway.oauth.assertion import ASSERTION_TYPE
from gateway.oauth.issuer import METADATA_PATH

_ASSERTION_SECONDS = 60
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
_MEANINGS = "What each error means, and what to do: docs/partners.md, When the answer is no."
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class PartnerRefused(GatewayError):
    """The gateway, or its address, is not what the client can work with. The message holds the gateway's own words."""

    code = "partner_refused"


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """A client's two private keys: one proves who it is, the other that a token is in the right hands."""

    client: ECKey = field(repr=False)
    proof: ECKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Make new keys (P-256)."""
        return cls(ECKey.generate_key("P-256", auto_kid=True), ECKey.generate_key("P-256", auto_kid=True))

    def jwks(self) -> dict[str, object]:
        """Return the key set to register: public, and only the key that proves who the client is."""
        return {"keys": [{**self.client.as_dict(private=False), "use": "sig", "alg": "ES256"}]}


class PartnerClient:
    """
    Talks to one gateway as one client. `issuer` is the gateway's public URL.

    `transport` is for tests; `clock` is in seconds since 1970.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        keys: PartnerKeys,
        *,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = _require_safe(issuer.rstrip("/"))
        self._client_id = client_id
        self._keys = keys
        self._clock = clock
        self._http = httpx2.Client(base_url=self._issuer, transport=transport, timeout=30, follow_redirects=False)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()

    def token(self, details: Mapping[str, object] | None = None) -> dict[str, Any]:
        """
        Return the token endpoint's answer; `details` are authorization details of type `student_data`.

        Raises `PartnerRefused` with the gateway's error.
        """
        url = self._endpoint("token_endpoint")
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        if details is not None:
            form["authorization_details"] = json.dumps([{"type": "student_data", **details}])
        answer = self._http.post(url, data=form, headers={"DPoP": self.proof("POST", url)})
        body: dict[str, Any] = _json(answer)
        if answer.status_code != httpx2.codes.OK:
            reason = body.get("error_description") or body.get("detail") or answer.reason_phrase
            raise PartnerRefused(
                f"No token: {body.get('error') or body.get('code')} ({answer.status_code}). {reason}", remedy=_MEANINGS
            )
        return body

    def revoke(self, token: str) -> None:
        """End a token of this client's before its time (RFC 7009). Raises `PartnerRefused`."""
        url = self._endpoint("revocation_endpoint")
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(), "token": token}
        answer = self._http.post(url, data=form, headers={"DPoP": self.proof("POST", url)})
        if answer.status_code != httpx2.codes.OK:
            raise PartnerRefused(
                f"Nothing was ended: {_json(answer).get('error')} ({answer.status_code}).", remedy=_MEANINGS
            )

    def get(self, url: str, token: str) -> httpx2.Response:
        """Return the answer to `url`, a path or an address of this gateway, with a proof of its own."""
        full = url if "://" in url else f"{self._issuer}{url}"
        if urlsplit(full)[:2] != urlsplit(self._issuer)[:2]:
            raise PartnerRefused("A token is sent to the gateway that issued it and to nobody else.")
        headers = {"Authorization": f"DPoP {token}", "DPoP": self.proof("GET", full, token)}
        return self._http.get(full, headers=headers)

    def post(self, path: str, token: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """Return the answer to a body sent to `path` of this gateway, with a proof of its own."""
        full = f"{self._issuer}{path}"
        proved = {"Authorization": f"DPoP {token}", "DPoP": self.proof("POST", full, token)}
        return self._http.post(full, content=body, headers={**headers, **proved})

    def assertion(self) -> str:
        """Return a new client assertion. Its audience is the issuer, not the token URL (FAPI 2.0)."""
        now = int(self._clock())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._issuer,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
        header = {"typ": "client-authentication+jwt", "alg": "ES256", "kid": self._keys.client.kid}
        return jws.serialize_compact(header, json.dumps(claims), self._keys.client, registry=_REGISTRY)

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """Return a new DPoP proof for one request."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": int(self._clock()),
        }
        if token is not None:
            claims["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        public = self._keys.proof.as_dict(private=False)
        jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        return jws.serialize_compact(header, json.dumps(claims), self._keys.proof, registry=_REGISTRY)

    def _endpoint(self, name: str) -> str:
        """Return an endpoint as the metadata name it (RFC 8414); the issuer in them must be the one we mean."""
        metadata = _json(self._http.get(METADATA_PATH))
        if metadata.get("issuer") != self._issuer:
            raise PartnerRefused(f"{self._issuer} does not say that it is this issuer; is the address its public URL?")
        return _require_safe(str(metadata[name]))


def _require_safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise PartnerRefused(f"{url} is not https.", remedy="Plain http is for a gateway on this machine only.")
    return url


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise PartnerRefused(f"The answer ({answer.status_code}) is not from a Pactgate gateway.")
    return body
