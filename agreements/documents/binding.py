"""A client binding: the public keys of a partner's machine, for one agreement, with the person who answers for it."""

from dataclasses import dataclass, field
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import key_shape, read_shaped
from agreements.errors import BadKey
from agreements.keys import CLIENT_ALGORITHMS, PublicKey, read_public_key
from agreements.shapes import CLIENT, DIGEST, group, leaf, listing, text

CLIENT_BINDING: Final = group(
    "The client binding",
    {
        "format": leaf("rule", "The format", const="pactgate-client-binding/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "client": text("rule", "The client's id", CLIENT),
        "jwks": group("The client's keys", {"keys": listing("Keys", key_shape("A key of the client"), most=4)}),
        "responsible": group(
            "The responsible person",
            {
                "name": text("words_only", "The responsible person's name", limit=200),
                "email": text(
                    "words_only", "The responsible person's address", ("[^@ ]+@[^@ ]+", "an e-mail address"), 200
                ),
            },
        ),
    },
)


@dataclass(frozen=True, slots=True)
class ClientBinding:
    """A client's public keys, bound to one agreement, with the person who answers for the client."""

    agreement: str
    client: str
    keys: tuple[PublicKey, ...]
    responsible_name: str = field(repr=False)
    responsible_email: str = field(repr=False)


def binding_bytes(binding: ClientBinding) -> bytes:
    """Return the canonical bytes of a client binding."""
    keys: list[Json] = [key.jwk for key in binding.keys]
    return canonical_bytes(
        {
            "format": "pactgate-client-binding/1",
            "agreement": binding.agreement,
            "client": binding.client,
            "jwks": {"keys": keys},
            "responsible": {"name": binding.responsible_name, "email": binding.responsible_email},
        }
    )


def read_binding(raw: bytes | str) -> ClientBinding:
    """Read a client binding. Raises `MalformedDocument`, `InvalidDocument`; `BadKey` for a private or weak key."""
    content = read_shaped(raw, CLIENT_BINDING)
    keys = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in content["jwks"]["keys"])
    if len({key.thumbprint for key in keys}) != len(keys):
        raise BadKey("The client's key set lists the same key twice.")
    responsible = content["responsible"]
    return ClientBinding(content["agreement"], content["client"], keys, responsible["name"], responsible["email"])
