"""
DPoP proofs (RFC 9449 section 4.3), checked in the order of that section; only the replay check is left to the log.

A proof is spent by the log entry that records the answer (`Once`), in the same transaction: so nothing leaves for a
proof that was used before, on whichever replica.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from gateway.oauth.compact import json_object, read_header, require_signature, split
from gateway.oauth.errors import Malformed, ProofMissing, ProofRefused
from gateway.oauth.issuer import is_same_target
from gateway.oauth.publickeys import VerifyingKey, verifying_key

MAX_PROOF = 4_096
"""Characters. A proof with an RSA-4096 key and its signature needs about 1,700."""
MAX_AGE = 60
MAX_AHEAD = 10
"""Seconds an `iat` may lie behind or ahead of our clock (FAPI 2.0 section 5.3.2.1 item 13)."""
_JTI_LENGTH = range(8, 256 + 1)
_REMEMBERED_HEADERS = 1_024


@dataclass(frozen=True, slots=True)
class Proof:
    """
    A proof that fits this request. INVARIANT: made by `require_proof` only; not yet known to be unused.

    `digest` (`sha256:<hex>`) names the proof in the log. `replay_id` must be spent before anything leaves, and be
    remembered until `replay_expires_at`, when the proof would be too old anyway.
    """

    thumbprint: str
    digest: str
    replay_id: bytes
    replay_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a proof must speak of; `token` is None at the token endpoint."""

    method: str
    url: str
    now: float
    token: str | None = None
    thumbprint: str | None = None


def require_proof(headers: Sequence[str], expected: Expected) -> Proof:
    """
    Check the values of all DPoP headers of a request against what is `expected`.

    Raises `ProofMissing` without any, `ProofRefused` for everything else; the reason is for the log only.
    """
    # (1): exactly one header, of bounded size, three parts, strict JSON.
    if not headers:
        raise ProofMissing("proof_missing")
    if len(headers) > 1:
        raise ProofRefused("proof_repeated")
    try:
        segments = split(headers[0], limit=MAX_PROOF)
        # (2) and (3): typ, alg and the public key. The same key sends the same header again and again.
        algorithm, key = _header(segments[0])
        # (4): the signature.
        require_signature(segments, algorithm, key)
        claims = json_object(segments[1])
    except Malformed as error:
        raise ProofRefused(f"proof_{error}") from error
    jti, issued = _require_claims(claims, expected)
    # (8): this token, and the key it is bound to.
    if expected.token is not None:
        if claims.get("ath") != token_hash(expected.token):
            raise ProofRefused("proof_ath")
        if key.thumbprint != expected.thumbprint:
            raise ProofRefused("proof_other_key")
    # (9), the replay check, is the log's.
    return Proof(
        thumbprint=key.thumbprint,
        digest=f"sha256:{hashlib.sha256(headers[0].encode()).hexdigest()}",
        replay_id=replay_id("dpop", key.thumbprint, jti),
        # The last instant of acceptance, by a clock that may be as far off as we allow clients to be.
        replay_expires_at=datetime.fromtimestamp(issued + MAX_AGE + MAX_AHEAD, UTC),
    )


def _require_claims(claims: Mapping[str, object], expected: Expected) -> tuple[str, int]:
    # (5): an identifier to spend.
    jti = claims.get("jti")
    if not isinstance(jti, str) or len(jti) not in _JTI_LENGTH:
        raise ProofRefused("proof_jti")
    # (6): this method and this URL.
    if claims.get("htm") != expected.method:
        raise ProofRefused("proof_htm")
    target = claims.get("htu")
    if not isinstance(target, str) or not is_same_target(target, expected.url):
        raise ProofRefused("proof_htu")
    # (7): now.
    issued = claims.get("iat")
    if type(issued) is not int or not expected.now - MAX_AGE <= issued <= expected.now + MAX_AHEAD:
        raise ProofRefused("proof_iat")
    # A proof may bring bounds of its own, and then they hold (RFC 7519 sections 4.1.4 and 4.1.5).
    expires, begins = claims.get("exp"), claims.get("nbf")
    if "exp" in claims and (type(expires) is not int or expires <= expected.now):
        raise ProofRefused("proof_exp")
    if "nbf" in claims and (type(begins) is not int or begins > expected.now + MAX_AHEAD):
        raise ProofRefused("proof_nbf")
    # A nonce is one that the server gave (RFC 9449 section 8). This one gives none, so it was meant for somebody else.
    if "nonce" in claims:
        raise ProofRefused("proof_nonce")
    return jti, issued


def replay_id(kind: str, owner: str, jti: str) -> bytes:
    """Return the 32 bytes under which a use of `jti` is remembered; `kind` is `assertion` or `dpop`."""
    # A jti may hold any text JSON can write, lone surrogates included.
    return hashlib.sha256(f"{kind}|{owner}|{jti}".encode("utf-8", "surrogatepass")).digest()


def token_hash(token: str) -> str:
    """Return the `ath` of a token (RFC 9449 section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=_REMEMBERED_HEADERS)
def _header(segment: str) -> tuple[str, VerifyingKey]:
    """
    Read a proof's header: typ, alg, key. Raises `Malformed`.

    A pure function of the text, remembered for the text exactly; failures are not remembered. It does not say that
    anything was signed.
    """
    header = read_header(segment)
    if header.get("typ") != "dpop+jwt":
        raise Malformed("typ")
    key = verifying_key(header.get("jwk"))
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in key.algorithms:
        raise Malformed("algorithm")
    return algorithm, key
