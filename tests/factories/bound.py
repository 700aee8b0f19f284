"""Binding a partner's client anew, and asking as it with any key and from any address."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx2
from joserfc.jwk import ECKey

from gateway.oauth.assertion import ASSERTION_TYPE
from gateway.oauth.client import PartnerClient, PartnerKeys
from tests.factories.cohort import MENTORING
from tests.factories.gateway import HARBOR, Gateway

LONG_AGO = date(2026, 1, 1)
"""As the last day of earlier bindings: they are over at once."""


async def bind(gateway: Gateway, jwks: Any = (), **terms: Any) -> str:
    """Register another binding of the mentors' client and return the document's digest."""
    office, ring = await gateway.office(), gateway.deployment.ring
    client = gateway.deployment.partners[HARBOR].client
    bound = ring.binding(gateway.deployment.agreements[MENTORING], client, jwks, **terms)
    await office.admissions.register_client(bound.envelope, [bound.approval], "another")
    return bound.envelope.digest


def keys_with(kid: str) -> PartnerKeys:
    """Return new keys of a client that calls its own by this name."""
    made = PartnerKeys.generate()
    client = ECKey.import_key({**made.client.as_dict(private=True), "kid": kid})
    return PartnerKeys(client, made.proof)


class Asking:
    """The mentors' client with keys of its own choice, from an address that a terminator forwards, if one is given."""

    def __init__(self, gateway: Gateway, keys: PartnerKeys | None = None, *, forwarded: str | None = None) -> None:
        self._gateway = gateway
        made = gateway.deployment.partners[HARBOR]
        self._client = PartnerClient(gateway.url, made.client, keys or made.keys)
        self._headers: Mapping[str, str] = {} if forwarded is None else {"x-forwarded-for": forwarded}

    async def token(self) -> httpx2.Response:
        """Ask for a token."""
        return await self._post("/oauth/token", grant_type="client_credentials")

    async def introspect(self, token: str) -> httpx2.Response:
        """Ask whether a token is good."""
        return await self._post("/oauth/introspect", token=token)

    async def _post(self, path: str, **form: str) -> httpx2.Response:
        proved = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._client.assertion()}
        headers = {"dpop": self._client.proof("POST", f"{self._gateway.url}{path}"), **self._headers}
        return await self._gateway.http.post(path, data={**form, **proved}, headers=headers)

    async def get(self, path: str, token: str) -> httpx2.Response:
        """Use a token."""
        proof = self._client.proof("GET", f"{self._gateway.url}{path}", token)
        headers = {"authorization": f"DPoP {token}", "dpop": proof, **self._headers}
        return await self._gateway.http.get(path, headers=headers)


async def settled() -> None:
    """Let what was begun beside a request come to its end."""
    for task in asyncio.all_tasks():
        if task.get_name() == "published keys":
            await asyncio.wait([task], timeout=5)
