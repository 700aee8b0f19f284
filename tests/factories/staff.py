"""An identity provider of the district's, and a browser: what staff sign in with in the tests."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
from joserfc.jwk import ECKey

from gateway.services.standing.identity import Realm
from gateway.signin.cookies import COOKIES

PEERS = Path(__file__).parents[1] / "peers"
_PATIENCE = 60.0


@asynccontextmanager
async def identity_provider(clients: list[dict[str, object]]) -> AsyncIterator[str]:
    """Run node-oidc-provider; yields its issuer."""
    process = await asyncio.create_subprocess_exec(
        "node", "staff.mjs", cwd=PEERS, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"clients": clients}).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            said = await process.stdout.readline()
        assert said, "the provider stopped"
        yield str(json.loads(said)["issuer"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def client_key() -> ECKey:
    """Return a key to authenticate at a provider with."""
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def registered(client: str, key: ECKey, callback: str) -> dict[str, object]:
    """Return how a provider knows us."""
    return {
        "client_id": client,
        "redirect_uris": [callback],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "RS256",
        "require_auth_time": True,
        "jwks": {"keys": [key.as_dict(private=False)]},
    }


def write_private(file: Path, content: bytes) -> None:
    """Write a file that nobody else may read."""
    file.touch(mode=0o600)
    file.write_bytes(content)


@dataclass
class Browser:
    """
    A browser of one person: it keeps cookies by host, `__Host-` ones too, and sends what browsers send with a form.

    A loopback gateway is plain http, to which no client library sends a secure cookie; browsers make that exception.
    """

    http: httpx2.AsyncClient
    url: str
    jars: dict[str, dict[str, str]] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    async def get(self, address: str) -> httpx2.Response:
        """Open an address, without following where it leads."""
        return await self._send("GET", address)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> httpx2.Response:
        """Send a form from a page of the gateway's."""
        given = {
            "sec-fetch-site": "same-origin",
            "origin": self.url,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return await self._send("POST", path, data=form, headers={k: v for k, v in given.items() if v})

    async def follow(self, address: str, *, until: str = "/callback") -> str:
        """Follow redirects until one leads to a path that ends so, and return that address."""
        for _ in range(12):
            answer = await self.get(address)
            assert answer.is_redirect, (answer.status_code, answer.text)
            address = str(
                httpx2.URL(address if "://" in address else self.url + address).join(answer.headers["location"])
            )
            if urlsplit(address).path.endswith(until):
                return address
        raise AssertionError("the redirects do not end")

    async def sign_in(self, root: str = "/console", provider: str = "staff", query: str = "") -> httpx2.Response:
        """Sign in, and return the answer to coming back."""
        return await self.get(await self.follow(f"{root}/sign-in?with={provider}{query}"))

    async def token(self, root: str = "/console") -> str:
        """Return the token of the forms on the first page."""
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.get(root)).text)
        assert found is not None
        return found[1]

    def cookie(self, realm: Realm = Realm.DISTRICT, suffix: str = "") -> str:
        """Return a cookie of the gateway's."""
        return self.jars[urlsplit(self.url).netloc].get(COOKIES[realm] + suffix, "")

    async def _send(
        self, method: str, address: str, headers: dict[str, str] | None = None, **more: object
    ) -> httpx2.Response:
        whole = address if "://" in address else self.url + address
        jar = self.jars.setdefault(urlsplit(whole).netloc, {})
        sent = dict(headers or {})
        if jar:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        answer = await self.http.request(method, whole, headers=sent, follow_redirects=False, **more)  # type: ignore[arg-type]
        for written in answer.headers.get_list("set-cookie"):
            name, _, rest = written.partition("=")
            value = rest.partition(";")[0].strip('"')
            if urlsplit(whole).netloc == urlsplit(self.url).netloc:
                self.set_cookies.append(written)
            if not value or "max-age=0" in written.lower() or "1970" in written:
                jar.pop(name, None)
            else:
                jar[name] = value
        self.http.cookies.clear()
        return answer


async def become(provider: str, account: str, acr: str = "two", amr: tuple[str, ...] = ("pwd", "otp")) -> None:
    """Say who signs in at the provider from now on."""
    who = quote(json.dumps({"account": account, "acr": acr, "amr": amr}))
    async with httpx2.AsyncClient() as client:
        await client.get(f"{provider}/as?who={who}")


def unguessable() -> str:
    """Return a value that is none of anybody's."""
    return secrets.token_urlsafe(32)
