"""
Signatures over documents: JWS general JSON serialization (RFC 7515 section 7.2.1), narrowed until nothing is optional.

One payload in canonical form, one or more signatures, each with a protected header of exactly `alg`, `kid`, `typ`.
Nothing is unprotected, nothing is critical, no key travels along. A document with one bad signature is refused whole.
A passkey's signature is of a second form, which no other key's may have: `agreements.passkeys`.

Of an ES256 signature (r, s) the pair (r, n - s) verifies as well, and both are taken: RFC 7518 section 3.4 and
FIPS 186-5 prefer neither, and keys in files, devices and authenticators make either, each about as often. Nothing rests
on it: a document is named by its payload's digest, never by a signature, and a key counts once.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from agreements.canonical import Json, canonical_bytes, digest_of, read_canonical, read_json
from agreements.errors import BadEnvelope, BadSignature, MalformedDocument, NotEntitled
from agreements.keys import SIGNING_ALGORITHMS, PublicKey, SigningKey
from agreements.passkeys import Asserted, Assertion, challenge_of, require_asserted

MAX_SIGNATURES: Final = 16
"""Both parties, their deputies and witnesses; more is not a document but an attack on our time."""
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")
_ASSERTED: Final = frozenset({"authenticator_data", "client_data", "kid", "signature"})


class Kind(StrEnum):
    """Kinds of signed documents. The kind is in the signed header, so one kind never passes for another."""

    AGREEMENT = "agreement"
    APPROVAL = "approval"
    SIGNER = "signer"
    CLIENT_BINDING = "client_binding"
    REINSTATEMENT = "reinstatement"
    OFFICER = "officer"
    REVOCATION = "revocation"
    PEOPLE_ANNEX = "people_annex"
    UNDERTAKING = "undertaking"
    EMERGENCY_ORDER = "emergency_order"
    CERTIFICATE = "certificate"
    HOLD = "hold"
    RELEASE = "release"
    DEBARMENT = "debarment"
    SUCCESSION = "succession"
    REVIEW = "review"
    EMERGENCY_RELEASE = "emergency_release"
    ERASURE = "erasure"
    RECOVERY = "recovery"
    LOG_KEY = "log_key"
    OUTSIDE_DISCLOSURE = "outside_disclosure"
    WITNESSES = "witnesses"
    STAFF_ROLE = "staff_role"
    ROSTER_DECISION = "roster_decision"
    PARENTAL_RIGHTS = "parental_rights"
    FAMILY_REQUEST = "family_request"
    FAMILY_STEP = "family_step"
    WITHHOLDING = "withholding"
    TELLING_PARTNERS = "telling_partners"
    CODE_CLASSIFICATION = "code_classification"
    LOAD_CONFIRMATION = "load_confirmation"

    @property
    def typ(self) -> str:
        """The `typ` of the protected header."""
        return f"pactgate-{self.value}+jws"


class _Registry(jws.JWSRegistry):
    """The only algorithms and sizes we know; an unknown header member is refused."""

    max_payload_length = 1_400_000  # base64url of `canonical.MAX_BYTES`

    def __init__(self) -> None:
        super().__init__(algorithms=list(SIGNING_ALGORITHMS), strict_check_header=True)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as it stands in the envelope: the signer's thumbprint and the two segments."""

    kid: str
    protected: str
    signature: str

    @property
    def members(self) -> dict[str, Json]:
        """The signature as it stands in the envelope."""
        return {"protected": self.protected, "signature": self.signature}


AnySignature = Signature | Assertion
"""By a key in a file or a device that signs bytes, or by a passkey."""


@dataclass(frozen=True)  # without slots: what follows from the bytes is worked out once
class Envelope:
    """
    A signed document as read: strictly formed, canonical payload, **not verified**.

    `digest` is that of the payload: the name of the document, whoever signed it.
    """

    kind: Kind
    payload: bytes = field(repr=False)
    signatures: tuple[AnySignature, ...]

    @cached_property
    def digest(self) -> str:
        """The digest of the payload, `sha256:<hex>`."""
        return digest_of(self.payload)

    @cached_property
    def text(self) -> str:
        """The envelope as it is stored and sent."""
        signatures: list[Json] = [item.members for item in self.signatures]
        return canonical_bytes({"payload": _encode(self.payload), "signatures": signatures}).decode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A payload all of whose signatures verified. INVARIANT: made by `verify` only."""

    kind: Kind
    payload: bytes = field(repr=False)
    signed_by: frozenset[str]
    """Thumbprints, as many as there are signatures."""


def add_signature(envelope: Envelope | None, kind: Kind, payload: bytes, key: SigningKey) -> Envelope:
    """
    Return the envelope with a signature of `key` added; None starts one. A key that signed already signs anew.

    Raises `MalformedDocument` if the payload is not canonical, `BadEnvelope` if it is not the envelope's.
    """
    if envelope is not None and (envelope.kind, envelope.payload) != (kind, payload):
        raise BadEnvelope("The signatures collected so far are over another document.")
    read_canonical(payload)
    header = {"alg": key.public.algorithm, "kid": key.thumbprint, "typ": kind.typ}
    made = jws.serialize_json(
        [{"protected": header}], payload, key.signer(), algorithms=SIGNING_ALGORITHMS, registry=_Registry()
    )["signatures"][0]
    others = () if envelope is None else tuple(item for item in envelope.signatures if item.kid != key.thumbprint)
    signature = Signature(key.thumbprint, made["protected"], made["signature"])
    return Envelope(kind, payload, tuple(sorted((*others, signature), key=lambda item: item.kid)))


def read_envelope(text: str | bytes, kind: Kind) -> Envelope:
    """Read a signed document of this kind. Raises `BadEnvelope` on anything that is not exactly the strict form."""
    try:
        content = read_json(text)
        if not isinstance(content, dict) or set(content) != {"payload", "signatures"}:
            raise BadEnvelope("A signed document has exactly the members 'payload' and 'signatures'.")
        listed = content["signatures"]
        if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SIGNATURES:
            raise BadEnvelope(f"A signed document has 1 to {MAX_SIGNATURES} signatures.")
        payload = _decode(content["payload"])
        read_canonical(payload)
        return Envelope(kind, payload, tuple(read_signature(item, kind) for item in listed))
    except MalformedDocument as error:
        raise BadEnvelope(f"The signed document cannot be read: {error}") from None


def verify(envelope: Envelope, keys: Mapping[str, PublicKey]) -> Signed:
    """
    Verify every signature of the envelope with the key that its `kid` names among `keys` (by thumbprint).

    Raises `NotEntitled` if a key is not among them, `BadSignature` if a single signature does not verify, or a key has
    signed more than once: a document has one form for everybody who signed it.
    """
    if len({signature.kid for signature in envelope.signatures}) < len(envelope.signatures):
        raise BadSignature("A key has signed the document more than once.")
    plain = []
    for signature in envelope.signatures:
        # (1): every signer is known; a signature we cannot judge is not ignored.
        if signature.kid not in keys:
            raise NotEntitled(f"The document carries a signature by an unknown key ({signature.kid}).")
        # (2): the key is the one the thumbprint names, and a passkey's signature is that of a passkey, and only that.
        key = keys[signature.kid]
        if key.thumbprint != signature.kid:
            raise BadSignature(f"The signature by {signature.kid} names another key than its own.")
        if isinstance(signature, Assertion):
            _verify_assertion(envelope, signature, key)
        else:
            plain.append(_require_own_header(signature, key))
    # (3): all signatures verify over exactly the payload.
    if plain:
        _verify_plain(envelope, plain, keys)
    return Signed(envelope.kind, envelope.payload, frozenset(item.kid for item in envelope.signatures))


def _require_own_header(signature: Signature, key: PublicKey) -> Signature:
    if key.passkey is not None:
        raise BadSignature(f"The key {signature.kid} is a passkey, and this is no passkey's signature.")
    if _header(signature.protected)["alg"] != key.algorithm:
        raise BadSignature(f"The signature by {signature.kid} names another algorithm than its key's.")
    return signature


def _verify_plain(envelope: Envelope, signatures: Sequence[Signature], keys: Mapping[str, PublicKey]) -> None:
    value: Any = {"payload": _encode(envelope.payload), "signatures": [item.members for item in signatures]}
    try:
        jws.deserialize_json(
            value,
            lambda member: keys[member.headers()["kid"]].verifier(),
            algorithms=SIGNING_ALGORITHMS,
            registry=_Registry(),
        )
    except (JoseError, ValueError) as error:
        raise BadSignature(f"A signature on the {envelope.kind} does not verify ({type(error).__name__}).") from None


def _verify_assertion(envelope: Envelope, signature: Assertion, key: PublicKey) -> None:
    if key.passkey is None:
        raise BadSignature(f"The key {signature.kid} is no passkey, and this is a passkey's signature.")
    asserted = Asserted(*map(_decode, (signature.authenticator_data, signature.client_data, signature.signature)))
    challenge = challenge_of(envelope.kind.value, envelope.digest)
    require_asserted(asserted, challenge, dict(key.members), key.passkey)


def read_signature(item: Json, kind: Kind) -> AnySignature:
    """Read one signature as it stands in an envelope of this kind. Raises `BadEnvelope`, `MalformedDocument`."""
    if isinstance(item, dict) and set(item) == _ASSERTED:
        return _assertion(item)
    if not isinstance(item, dict) or set(item) != {"protected", "signature"}:
        raise BadEnvelope("A signature has exactly the members 'protected' and 'signature'.")
    protected, signature = item["protected"], item["signature"]
    _decode(signature)
    header = _header(protected)
    kid = header["kid"]
    if header["typ"] != kind.typ:
        raise BadEnvelope(f"This document was not signed as a {kind.value}.")
    if header["alg"] not in SIGNING_ALGORITHMS:
        raise BadEnvelope(f"Documents are signed with {' or '.join(SIGNING_ALGORITHMS)} only.")
    if not isinstance(kid, str) or not _THUMBPRINT.fullmatch(kid):
        raise BadEnvelope("The 'kid' of a signature must be the thumbprint of its key.")
    return Signature(kid, str(protected), str(signature))


def _assertion(item: dict[str, Json]) -> Assertion:
    kid = item["kid"]
    if not isinstance(kid, str) or not _THUMBPRINT.fullmatch(kid):
        raise BadEnvelope("The 'kid' of a signature must be the thumbprint of its key.")
    parts = [str(item[name]) for name in ("authenticator_data", "client_data", "signature") if _decode(item[name])]
    return Assertion(kid, *parts)


def _header(protected: Json) -> dict[str, Json]:
    header = read_json(_decode(protected))
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise BadEnvelope("The header of a signature has exactly the members 'alg', 'kid' and 'typ'.")
    return header


def _decode(segment: Json) -> bytes:
    """Decode base64url (RFC 7515 section 2); exactly one text stands for one sequence of bytes."""
    if not isinstance(segment, str) or not _SEGMENT.fullmatch(segment):
        raise BadEnvelope("A segment of the signed document is not base64url.")
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise BadEnvelope("A segment of the signed document is not base64url.") from None
    if _encode(data) != segment:
        raise BadEnvelope("A segment of the signed document is not canonical base64url.")
    return data


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
