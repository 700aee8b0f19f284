"""Assertions, proofs and tokens, good and spoiled, as the attack table asks; built without the product's code."""

import base64
import hashlib
import hmac
import json
import secrets
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import yaml
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

TABLE = Path(__file__).parents[1] / "vectors" / "oauth_attacks.yaml"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Case = Mapping[str, Any]


@cache
def table() -> dict[str, Any]:
    """Return the attack table."""
    loaded: dict[str, Any] = yaml.safe_load(TABLE.read_text())
    return loaded


def cases(group: str) -> list[tuple[str, Case]]:
    """Return the cases of a group, each with the expectation it inherits."""
    whole = table()[group]
    return [
        (name, {"line": whole["line"], "expect": whole.get("expect"), **case}) for name, case in whole["cases"].items()
    ]


@cache
def key(name: str) -> Key:
    """Return a key of this name, made once a process; the name says what kind it is."""
    match name:
        case "client_rs256" | "client_ps256":
            return key("rsa")
        case "rsa":
            return RSAKey.generate_key(2048)
        case "weak_rsa":
            with warnings.catch_warnings(action="ignore"):  # joserfc warns of what this key is made to be
                return RSAKey.generate_key(1024)
        case "client_ed25519":
            return OKPKey.generate_key("Ed25519")
        case "p384":
            return ECKey.generate_key("P-384")
        case _:
            return ECKey.generate_key("P-256")


def public(name: str, **members: object) -> dict[str, Any]:
    """Return the public JWK of a key."""
    return {**key(name).as_dict(private=False), **members}


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class World:
    """Whom the cases talk to: the issuer's public URL, the clients' ids and their agreements."""

    issuer: str
    now: Callable[[], float]
    ids: Mapping[str, str]
    agreement: Mapping[str, str]
    purpose: str
    server: ECKey

    @property
    def token_url(self) -> str:
        """The token endpoint's public URL."""
        return f"{self.issuer}/oauth/token"


@dataclass
class Request:
    """A finished HTTP request."""

    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    content: bytes = b""
    query: str = ""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class Part:
    """A JWS to be: what a good one holds, before a case spoils it."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signer: str
    fill: Mapping[str, Any] = field(default_factory=dict)

    def spoiled(self, change: Case) -> str:
        """Return the text after `change`."""
        header = _replaced(self.header, change.get("header", {}), self.fill)
        claims = _replaced(self.claims, change.get("claims", {}), self.fill)
        first = encoded(change.get("raw_header", _json(header)).encode())
        second = encoded(change.get("raw_payload", _json(claims)).encode())
        return _spoil(first, second, change.get("sign", self.signer), change.get("then"))


def _spoil(first: str, second: str, signer: str, then: str | None) -> str:
    if then == "deep":
        second = encoded(b'{"a":' + b"[" * 1_500 + b"]" * 1_500 + b"}")
    if then == "not_utf8":
        second = encoded(b'{"iss":"\xff"}')
    signed = f"{first}.{second}"
    signature = encoded(_sign(signed.encode(), signer)) if signer != "none" else ""
    text = f"{signed}.{signature}"
    return _ENDINGS.get(then or "", str)(text)


def _altered(text: str) -> str:
    # The same bits with a stray one in the padding, or other bits: both are not the signature.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[(alphabet.index(text[-1]) + 1) % 64]


_ENDINGS: Mapping[str, Callable[[str], str]] = {
    "empty_signature": lambda text: f"{text.rpartition('.')[0]}.",
    "zero_signature": lambda text: f"{text.rpartition('.')[0]}.{encoded(bytes(64))}",
    "last_character": _altered,
    "trailing": lambda text: f"{text}AAAA",
    "junk": lambda _: "not.a.jws!",
    "five_parts": lambda text: f"{text}.a.b",
    "non_ascii": lambda text: f"{text[:-1]}\xe9",
}


def _sign(data: bytes, signer: str) -> bytes:
    if signer.startswith("hmac_"):
        owner = {"hmac_server": "server", "hmac_client": "client", "hmac_proof": "proof"}[signer]
        return hmac.new(key(owner).as_pem(private=False), data, hashlib.sha256).digest()  # type: ignore[union-attr]
    algorithm = {"client_rs256": "RS256", "client_ps256": "PS256", "weak_rsa": "PS256", "client_ed25519": "Ed25519"}
    return JWSRegistry.algorithms[algorithm.get(signer, "ES256")].sign(data, key(signer))


def _replaced(good: Mapping[str, Any], change: Mapping[str, Any], fill: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**good, **{name: _filled(value, fill) for name, value in change.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def _filled(value: Any, fill: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(each, fill) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, fill) for name, each in value.items()}
    if not isinstance(value, str) or "$" not in value:
        return value
    if value.startswith(("$now+", "$now-")):
        return int(fill["now"]) + int(value[4:])
    if value[1:] in fill:
        return fill[value[1:]]
    for name in sorted(fill, key=len, reverse=True):
        if isinstance(fill[name], str):
            value = value.replace(f"${name}", fill[name])
    return value


def _json(members: Mapping[str, Any]) -> str:
    raw: list[str] = []

    def mark(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"$raw"}:
            raw.append(value["$raw"])
            return f"@raw{len(raw) - 1}@"
        if isinstance(value, dict):
            return {name: mark(each) for name, each in value.items()}
        return value

    text = json.dumps(mark(dict(members)), separators=(",", ":"))
    for number, piece in enumerate(raw):
        text = text.replace(f'"@raw{number}@"', piece)
    return text


class Builder:
    """Builds requests of a world, each good but for what a case changes."""

    def __init__(self, world: World) -> None:
        self.world = world

    def assertion(self, change: Case | None = None, who: str = "client", **claims: Any) -> str:
        """Return a client assertion of `who`."""
        world, now = self.world, int(self.world.now())
        good = {
            "iss": world.ids[who],
            "sub": world.ids[who],
            "aud": world.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(12),
            **claims,
        }
        return Part(
            {"alg": "ES256", "kid": "k1"}, good, "other_client" if who == "other" else "client", self._fill()
        ).spoiled(change or {})

    def proof(self, method: str, url: str, change: Case | None = None, token: str | None = None, **claims: Any) -> str:
        """Return a DPoP proof for a request."""
        good = {"jti": secrets.token_hex(12), "htm": method, "htu": url, "iat": int(self.world.now()), **claims}
        if token is not None:
            good["ath"] = encoded(hashlib.sha256(token.encode()).digest())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public("proof")}
        return Part(header, good, "proof", self._fill(method, url)).spoiled(change or {})

    def token(self, change: Case | None = None, datasets: list[str] | None = None, **claims: Any) -> str:
        """Return an access token as the server would mint it, signed with the server's key."""
        world, now = self.world, int(self.world.now())
        details: dict[str, Any] = {
            "type": "student_data",
            "agreement": world.agreement["client"],
            "purpose": world.purpose,
            "actions": ["read"],
            "on_behalf_of": "automated",
        }
        if datasets is not None:
            details["datasets"] = datasets
        good = {
            "iss": world.issuer,
            "aud": world.issuer,
            "sub": world.ids["client"],
            "client_id": world.ids["client"],
            "client_key": key("client").thumbprint(),
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_hex(12),
            "cnf": {"jkt": key("proof").thumbprint()},
            "authorization_details": [details],
            **claims,
        }
        header = {"typ": "at+jwt", "alg": "ES256", "kid": world.server.thumbprint()}
        return Part(header, good, "server", self._fill()).spoiled(change or {})

    def token_request(self, case: Case | None = None, **fixed: Any) -> Request:
        """Return a token request; `fixed` may give `assertion_jti` and `proof_jti`, to be used again."""
        case = case or {}
        who = case.get("as", "client")
        claims = {"jti": fixed["assertion_jti"]} if "assertion_jti" in fixed else {}
        good: dict[str, Any] = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(case.get("assertion"), who, **claims),
            "authorization_details": self._details(case, who),
        }
        proof_claims = {"jti": fixed["proof_jti"]} if "proof_jti" in fixed else {}
        path = case.get("path", "/oauth/token")
        url = f"{self.world.issuer}{path}"
        proof = self.proof("POST", url, case.get("proof"), **proof_claims)
        fill = {**self._fill("POST", url), "proof": proof, "access_token": self.token()}
        form = _replaced(good, case.get("form", {}), fill)
        body = urlencode(form) + _filled(case.get("body_suffix", ""), fill)
        content = case.get("body", body)
        headers = {"content-type": "application/x-www-form-urlencoded", **case.get("headers", {})}
        return Request(
            method=case.get("method", "POST"),
            path=path,
            headers=_headers(headers, proof, case.get("proofs", 1)),
            content=content.encode(),
            query=case.get("query", ""),
        )

    def api_request(self, path: str, case: Case | None = None, token: str | None = None, **fixed: Any) -> Request:
        """Return a request to the API."""
        case = case or {}
        token = token or self.token(case.get("token"), case.get("token_datasets"))
        url = f"{self.world.issuer}{path}"
        claims = {"jti": fixed["proof_jti"]} if "proof_jti" in fixed else {}
        proof = self.proof("GET", url, case.get("proof"), token, **claims)
        fill = {**self._fill("GET", url), "proof": proof, "assertion": self.assertion(), "token": token}
        shown = _filled(case["token_text"], fill) if "token_text" in case else token
        scheme = case.get("scheme", "DPoP")
        sent = [] if scheme is None else [(b"authorization", f"{scheme} {shown}".encode("latin-1"))]
        return Request(
            method="GET",
            path=path,
            headers=[*sent, *_headers(case.get("headers", {}), proof, case.get("proofs", 1))],
            query=_filled(case.get("query", ""), fill),
        )

    def _details(self, case: Case, who: str) -> str | None:
        if who not in self.world.agreement:
            return None
        good = {"type": "student_data", "agreement": self.world.agreement[who], "purpose": self.world.purpose}
        asked = _replaced(good, case.get("details", {}), self._fill())
        return json.dumps([asked] * (2 if case.get("details_twice") else 1))

    def _fill(self, method: str = "POST", url: str | None = None) -> dict[str, Any]:
        world = self.world
        url = url or world.token_url
        parts = urlsplit(url)
        other_scheme = {"http": "https", "https": "http"}[parts.scheme]
        proof_private = key("proof").as_dict(private=True)
        broken = {**public("proof"), "y": encoded(bytes(31) + b"\1")}
        default_port = {"http": 80, "https": 443}[parts.scheme]
        return {
            "now": int(world.now()),
            "issuer": world.issuer,
            "token_url": world.token_url,
            "client": world.ids["client"],
            "other": world.ids["other"],
            "foreign_agreement": world.agreement["other"],
            "expired_agreement": world.agreement["expired"],
            "method_lower": method.lower(),
            "url": url,
            "url_other_scheme": urlunsplit(parts._replace(scheme=other_scheme)),
            "url_other_port": urlunsplit(parts._replace(netloc=f"{parts.hostname}:1")),
            "url_with_user": urlunsplit(parts._replace(netloc=f"u:p@{parts.netloc}")),
            "url_upper_host": urlunsplit(parts._replace(scheme=parts.scheme.upper(), netloc=parts.netloc.upper())),
            "url_default_port": url
            if parts.port
            else urlunsplit(parts._replace(netloc=f"{parts.hostname}:{default_port}")),
            "other_jwk": public("other"),
            "other_thumbprint": key("other").thumbprint(),
            "proof_thumbprint": key("proof").thumbprint(),
            "client_jwk": public("client"),
            "rsa_jwk": public("rsa"),
            "weak_rsa_jwk": public("weak_rsa"),
            "okp_jwk": public("client_ed25519"),
            "p384_jwk": public("p384"),
            "proof_private_jwk": proof_private,
            "broken_jwk": broken,
            "es384_jwk": public("proof", alg="ES384"),
            "alg_list_jwk": public("proof", alg=["ES256"]),
            "short_jwk": public("proof", x="AAAA"),
            "enc_jwk": public("proof", use="enc"),
            "long": "a" * 8_200,
            "long_jti": "a" * 257,
            "huge": "1" + "0" * 400,
            "huger": "1" + "0" * 5_000,
            "many_fields": "".join(f"&f{number}=1" for number in range(33)),
            "long_field": "&x=" + quote("a" * 16_400),
            "deep_json": "[" * 5_000,
        }


def _headers(given: Mapping[str, str], proof: str, times: int) -> list[tuple[bytes, bytes]]:
    pairs = [*given.items(), *([("dpop", proof)] * times)]
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]
