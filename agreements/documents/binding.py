"""
A client binding: the public keys of a partner's machine, for one agreement, who answers for it and who runs it.

A binding is a permission of its own: these keys, from these networks, until this day. Several add up; a later one may
say on which day the earlier ones of the same client end, and that counts by its entry whatever becomes of it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from agreements.canonical import Json, canonical_bytes, read_json
from agreements.compatibility import secret_problems
from agreements.dates import read_date
from agreements.documents.client_terms import TERMS, Contact, Network, port_problems, read_networks
from agreements.documents.reading import PERSON, key_shape, read_shaped, refuse
from agreements.errors import BadKey, InvalidDocument
from agreements.keys import CLIENT_ALGORITHMS, PublicKey, read_public_key
from agreements.shapes import CLIENT, DIGEST, choice, group, leaf, listing, text

CLIENT_SECRET: Final = "client_secret"  # noqa: S105  the name of a method
"""The one way in which a client without keys authenticates."""

CLIENT_BINDING: Final = group(
    "The client binding",
    {
        "format": leaf("rule", "The format", const="pactgate-client-binding/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "client": text("rule", "The client's id", CLIENT),
        "responsible": text("rule", "The id of the responsible person, as the people annex names it", PERSON, 80),
    },
    {
        "jwks": group("The client's keys", {"keys": listing("Keys", key_shape("A key of the client"), most=4)}),
        "compatibility": choice("rule", "What a client without keys authenticates with", CLIENT_SECRET),
        "operator": text("rule", "The listed subrecipient that runs the client", limit=200),
        **TERMS,
    },
)
_FIRST: Final = date(1900, 1, 1)
_FURTHEST: Final = date(9000, 1, 1)
"""Days beyond these overflow when they are turned into instants."""


@dataclass(frozen=True, slots=True)
class ClientBinding:
    """
    A client's public keys, bound to one agreement.

    `responsible` is the id, in the agreement's people annex, of the person who answers for the client; `operator` the
    name of the subrecipient that runs it, None if the partner itself does. Either there are `keys`, or `jwks_url` is
    where they are published. No `allowed_addresses` means from anywhere. `last_day` is the binding's own last day,
    `earlier_last_day` that of this client's earlier bindings to the agreement; days are those of the agreement's zone.
    """

    agreement: str
    client: str
    keys: tuple[PublicKey, ...]
    responsible: str
    operator: str | None = None
    jwks_url: str | None = None
    allowed_addresses: tuple[Network, ...] = ()
    contacts: tuple[Contact, ...] = ()
    last_day: date | None = None
    earlier_last_day: date | None = None
    compatibility: bool = False
    """It has no keys and authenticates with a secret, from its addresses alone, under an agreement that says so."""


def binding_bytes(binding: ClientBinding) -> bytes:
    """Return the canonical bytes of a client binding."""
    keys: list[Json] = [key.jwk for key in binding.keys]
    contacts: list[Json] = [{"role": each.role, "mailbox": each.mailbox} for each in binding.contacts]
    content: dict[str, Json] = {
        "format": "pactgate-client-binding/1",
        "agreement": binding.agreement,
        "client": binding.client,
        "responsible": binding.responsible,
    }
    optional: dict[str, Json] = {
        "jwks": {"keys": keys} if keys else None,
        "operator": binding.operator,
        "jwks_url": binding.jwks_url,
        "compatibility": CLIENT_SECRET if binding.compatibility else None,
        "allowed_addresses": [str(each) for each in binding.allowed_addresses] or None,
        "contacts": contacts or None,
        "last_day": None if binding.last_day is None else binding.last_day.isoformat(),
        "earlier_last_day": None if binding.earlier_last_day is None else binding.earlier_last_day.isoformat(),
    }
    return canonical_bytes(content | {name: value for name, value in optional.items() if value is not None})


def read_keys(raw: bytes) -> tuple[PublicKey, ...]:
    """Read the public key set (RFC 7517 section 5) that a partner hands over. Raises `MalformedDocument`, `BadKey`."""
    content = read_json(raw)
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BadKey("This is not a JSON Web Key Set with at least one key.")
    return tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in listed)


def read_binding(raw: bytes | str) -> ClientBinding:
    """Read a client binding. Raises `MalformedDocument`, `InvalidDocument`; `BadKey` for a private or weak key."""
    content = read_shaped(raw, CLIENT_BINDING)
    # (1): one source of keys, so that nobody need ask which of the two counts.
    compatibility = "compatibility" in content
    if ("jwks" in content) + ("jwks_url" in content) + compatibility != 1:
        sentence = (
            "Give the client's keys in 'jwks', or in 'jwks_url' where they are published, or say in 'compatibility' "
            "that it has none: one of the three."
        )
        refuse(CLIENT_BINDING, "/jwks", "one_source", sentence)
    # (2): each key is strong, and there once.
    keys = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in content.get("jwks", {"keys": []})["keys"])
    if len({key.thumbprint for key in keys}) != len(keys):
        raise BadKey("The client's key set lists the same key twice.")
    # (3): what a pattern cannot say.
    networks, problems = read_networks(content.get("allowed_addresses", ()))
    problems += port_problems(content.get("jwks_url", ""))
    # (4): what a stolen secret opens, it opens from few places only.
    problems += secret_problems(networks) if compatibility else []
    if problems:
        raise InvalidDocument(CLIENT_BINDING["title"], problems)
    return ClientBinding(
        agreement=content["agreement"],
        client=content["client"],
        keys=keys,
        responsible=content["responsible"],
        operator=content.get("operator"),
        jwks_url=content.get("jwks_url"),
        compatibility=compatibility,
        allowed_addresses=networks,
        contacts=tuple(Contact(each["role"], each["mailbox"]) for each in content.get("contacts", ())),
        last_day=_day(content, "last_day"),
        earlier_last_day=_day(content, "earlier_last_day"),
    )


def _day(content: dict[str, Any], name: str) -> date | None:
    if name not in content:
        return None
    day = read_date(content[name])
    if day is None or not _FIRST <= day <= _FURTHEST:
        refuse(CLIENT_BINDING, f"/{name}", "dates", f"The day in '{name}' does not exist, or is too far away.")
    return day
