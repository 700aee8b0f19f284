"""
A signature as a file: what `pactgate paper sign` writes on the signer's own machine and a page takes.

It holds the digest of the document and signatures, not the document: what is signed is the bytes that stand here. A
whole signed document, as other commands write it, is taken as well. INVARIANT: a private key is refused as one.
"""

from typing import Any, Final

from agreements.canonical import Json, canonical_bytes, read_json
from agreements.errors import BadEnvelope, MalformedDocument
from agreements.signature import MAX_SIGNATURES, Envelope, Kind, read_envelope, read_signature
from gateway.services.papers.errors import PaperRefused

_MEMBERS: Final = {"document", "kind", "signatures"}
_A_PRIVATE_KEY: Final = ("PRIVATE KEY", '"d"')


def signature_file(envelope: Envelope) -> bytes:
    """Return the signatures of a document as a file."""
    signatures: list[Json] = [each.members for each in envelope.signatures]
    return canonical_bytes({"document": envelope.digest, "kind": envelope.kind.value, "signatures": signatures})


def read_signature_file(text: str, kind: Kind, payload: bytes) -> Envelope:
    """
    Read signatures over `payload`, unverified: from a signature file, or from the whole signed document.

    An approval comes as a signed document of its own kind. Raises `PaperRefused`.
    """
    if any(each in text for each in _A_PRIVATE_KEY):
        raise PaperRefused(
            "This is a private key. Never hand it to anybody: make a new one, and have this one revoked."
        )
    try:
        content: Any = read_json(text)
        if isinstance(content, dict) and set(content) == _MEMBERS:
            return _detached(content, kind, payload)
        for each in dict.fromkeys((kind, Kind.APPROVAL)):
            try:
                return read_envelope(text, each)
            except BadEnvelope:
                continue
    except (MalformedDocument, BadEnvelope):
        pass
    raise PaperRefused("This is no signature file of this document. `pactgate paper sign` writes one.")


def _detached(content: dict[str, Any], kind: Kind, payload: bytes) -> Envelope:
    own, listed = Envelope(kind, payload, ()), content["signatures"]
    if (content["document"], content["kind"]) != (own.digest, kind.value):
        raise PaperRefused("This file signs another document.")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SIGNATURES:
        raise BadEnvelope(f"A signature file holds 1 to {MAX_SIGNATURES} signatures.")
    return Envelope(kind, payload, tuple(read_signature(each, kind) for each in listed))
