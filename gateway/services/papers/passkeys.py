"""
Passkeys on pages: what a browser is asked, what it hands over of a new one, and the signature it makes with one.

A new passkey gives nothing: it is the public key of a document that others sign. So nobody vouches for the make of an
authenticator (attestation "none"), and what is verified here is that the key is one of ours: made for this host, by
somebody who was there. With "none" a browser only says so; that whoever brings a key holds it, and does not claim the
public key of somebody else as their own, is shown by a second signature, with the new key.
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

from agreements.errors import AgreementError, BadKey, BadSignature
from agreements.keys import PublicKey, read_public_key
from agreements.passkeys import Asserted, Passkey, challenge_of, require_asserted
from agreements.signature import AnySignature, Envelope, Kind, read_signature, verify
from gateway.errors import Sentence
from gateway.services.papers.errors import PaperRefused

_NAME: Final = "Pactgate"
_UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, struct.error)
_PROOF: Final = ("held_authenticator_data", "held_client_data", "held_signature")
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


def challenge_to_prove(secret: str) -> bytes:
    """Return the challenge that a new passkey signs at once, for the same session or link, to show that it is held."""
    return hashlib.sha256(b"pactgate new passkey held 1\n" + secret.encode(errors="replace")).digest()


def encoded(data: bytes) -> str:
    """Return bytes as pages and browsers write them: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_passkey(form: Mapping[str, str], secret: str, origin: str) -> PublicKey:
    """
    Return the key that a browser made for this page, and that whoever sends it holds.

    `secret` is that of `challenge_to_make`. Raises `PaperRefused` for anything that is not exactly one.
    """
    rp_id = relying_party(origin)
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=rp_id, name=_NAME), verify_origin=lambda said: bool(said == origin)
    )
    made_for = encoded(challenge_to_make(secret))
    state = {"challenge": made_for, "user_verification": UserVerificationRequirement.REQUIRED}
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
        members: dict[str, Any] = {"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)}
        key, passkey = read_public_key(members), Passkey(rp_id, (origin,), credential)
        shown = Asserted(*(_decoded(form.get(name, "")) for name in _PROOF))
        require_asserted(shown, challenge_to_prove(secret), members, passkey)
    except (*_UNREADABLE, RecursionError, BadKey, BadSignature):
        raise PaperRefused(_REFUSED) from None
    return replace(key, passkey=passkey)


def _decoded(said: str) -> bytes:
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


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
