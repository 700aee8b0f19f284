"""
Passkeys on pages: what a browser is asked, what it hands over of a new one, and the signature it makes with one.

A new passkey gives nothing: it is the public key of a document that others sign. So nobody vouches for the make of an
authenticator (attestation "none"), and what is verified here is that the key is one of ours: made for this host, by
somebody who was there.
"""

import base64
import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, UserVerificationRequirement

from agreements.errors import AgreementError, BadKey
from agreements.keys import PublicKey, read_public_key
from agreements.passkeys import Passkey, challenge_of
from agreements.signature import AnySignature, Envelope, Kind, read_signature, verify
from gateway.errors import Sentence
from gateway.services.papers.errors import PaperRefused

_NAME: Final = "Pactgate"
_UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, struct.error)
_REFUSED: Final = Sentence(
    "This is no new passkey of this page. Make it again; if it fails again, use another authenticator."
)


def relying_party(origin: str) -> str:
    """Return the relying party of our pages: their host (Web Authentication Level 2 section 5.1.3)."""
    return urlsplit(origin).hostname or ""


def challenge_to_make(secret: str) -> bytes:
    """
    Return the challenge of a new passkey. `secret` is what this session's, or this link's, forms carry.

    It ties what comes back to the page that asked; that a key is anybody's is said by those who sign its introduction.
    """
    return hashlib.sha256(b"pactgate new passkey 1\n" + secret.encode(errors="replace")).digest()


def encoded(data: bytes) -> str:
    """Return bytes as pages and browsers write them: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_passkey(form: Mapping[str, str], challenge: bytes, origin: str) -> PublicKey:
    """Return the key that a browser made for this page. Raises `PaperRefused` for anything that is not exactly one."""
    rp_id = relying_party(origin)
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=rp_id, name=_NAME), verify_origin=lambda said: bool(said == origin)
    )
    state = {"challenge": encoded(challenge), "user_verification": UserVerificationRequirement.REQUIRED}
    credential = form.get("credential", "")
    answer = {
        "rawId": credential,
        "id": credential,
        "response": {
            "clientDataJSON": form.get("client_data", ""),
            "attestationObject": form.get("attestation", ""),
        },
    }
    try:
        made: Any = server.register_complete(state, answer).credential_data
        x, y = made.public_key[-2], made.public_key[-3]
        if encoded(made.credential_id) != credential:
            raise PaperRefused(_REFUSED)
        key = read_public_key({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
    except (*_UNREADABLE, RecursionError, BadKey):
        raise PaperRefused(_REFUSED) from None
    return replace(key, passkey=Passkey(rp_id, (origin,), credential))


def signable(keys: Iterable[PublicKey], origin: str) -> dict[str, tuple[PublicKey, ...]]:
    """
    Return, of these keys, the passkeys that can sign on this page, by credential.

    A credential's id is what its browser says it is: two keys may come with one.
    """
    found: dict[str, tuple[PublicKey, ...]] = {}
    for key in keys:
        if key.passkey is not None and origin in key.passkey.origins:
            found[key.passkey.credential] = (*found.get(key.passkey.credential, ()), key)
    return found


def challenge_to_sign(kind: Kind, digest: str) -> str:
    """Return what a browser is asked to have signed, as a page writes it."""
    return encoded(challenge_of(kind.value, digest))


def signed_by_passkey(
    form: Mapping[str, str], known: Mapping[str, Sequence[PublicKey]], kind: Kind, payload: bytes
) -> Envelope:
    """
    Return what a browser hands over as a document signed by the one of `known`, by credential, that verifies it.

    Where none does it is returned as the last one's, and whoever takes it says why it does not. Raises `PaperRefused`.
    """
    keys = known.get(form.get("credential", ""), ())
    if not keys:
        raise PaperRefused("This passkey is none of those that sign this document on this page.")
    members = {name: form.get(name, "") for name in ("authenticator_data", "client_data", "signature")}
    for key in keys:
        try:
            signature: AnySignature = read_signature({"kid": key.thumbprint, **members}, kind)
        except AgreementError:
            raise PaperRefused("The browser handed over no signature. Try again.") from None
        signed = Envelope(kind, payload, (signature,))
        with suppress(AgreementError):
            verify(signed, {key.thumbprint: key})
            break
    return signed
