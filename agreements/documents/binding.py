"""A client binding: the public keys of a partner's machine, for one agreement, and who answers for it and runs it."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import PERSON, key_shape, read_shaped
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
        "responsible": text("rule", "The id of the responsible person, as the people annex names it", PERSON, 80),
    },
    {"operator": text("rule", "The listed subrecipient that runs the client", limit=200)},
)


@dataclass(frozen=True, slots=True)
class ClientBinding:
    """
    A client's public keys, bound to one agreement.

    `responsible` is the id, in the agreement's people annex, of the person who answers for the client; `operator` the
    name of the subrecipient that runs it, None if the partner itself does.
    """

    agreement: str
    client: str
    keys: tuple[PublicKey, ...]
    responsible: str
    operator: str | None = None


def binding_bytes(binding: ClientBinding) -> bytes:
    """Return the canonical bytes of a client binding."""
    keys: list[Json] = [key.jwk for key in binding.keys]
    content: dict[str, Json] = {
        "format": "pactgate-client-binding/1",
        "agreement": binding.agreement,
        "client": binding.client,
        "jwks": {"keys": keys},
        "responsible": binding.responsible,
    }
    if binding.operator is not None:
        content["operator"] = binding.operator
    return canonical_bytes(content)


def read_binding(raw: bytes | str) -> ClientBinding:
    """Read a client binding. Raises `MalformedDocument`, `InvalidDocument`; `BadKey` for a private or weak key."""
    content = read_shaped(raw, CLIENT_BINDING)
    keys = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in content["jwks"]["keys"])
    if len({key.thumbprint for key in keys}) != len(keys):
        raise BadKey("The client's key set lists the same key twice.")
    return ClientBinding(content["agreement"], content["client"], keys, content["responsible"], content.get("operator"))
