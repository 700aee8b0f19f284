"""
The small documents beside an agreement, as shapes and values: signers, approvals, client bindings, reinstatements.

Reading one says nothing about its signatures; `agreements.in_force` and `agreements.entitlement` judge those.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast

from agreements.authored import read_authored
from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.errors import BadKey, InvalidDocument, Problem
from agreements.keys import CLIENT_ALGORITHMS, PublicKey, read_public_key
from agreements.shapes import (
    CLIENT,
    DATE,
    DIGEST,
    THUMBPRINT,
    Shape,
    choice,
    group,
    leaf,
    listing,
    shape_problems,
    text,
)

ROLES: Final = ("district_signer", "partner_signer")
APPROVABLE: Final = ("agreement", "client_binding")
_PARTY: Final = ("(district|partner):[a-z0-9]+(-[a-z0-9]+)*", "district:some-name or partner:some-name")


def _key(title: str) -> Shape:
    members = {name: text("rule", f"Member {name} of the key", limit=1000) for name in ("crv", "x", "y", "n", "e")}
    optional = {**members, **{name: text("rule", f"Member {name}", limit=100) for name in ("kid", "alg", "use")}}
    return group(title, {"kty": choice("rule", "The key type", "EC", "OKP", "RSA")}, optional)


SIGNER: Final = group(
    "The signer document",
    {
        "format": leaf("rule", "The format", const="pactgate-signer/1"),
        "party": text("rule", "The party", _PARTY, 80),
        "role": choice("rule", "The role", *ROLES),
        "name": text("rule", "The person's name", limit=200),
        "jwk": _key("The signer's key"),
        "valid_from": text("rule", "The first day of validity", DATE),
        "valid_to": text("rule", "The last day of validity", DATE),
    },
)
APPROVAL: Final = group(
    "The approval",
    {
        "format": leaf("rule", "The format", const="pactgate-approval/1"),
        "approves": text("rule", "The digest of what is approved", DIGEST),
        "kind": choice("rule", "The kind of document approved", *APPROVABLE),
        "approver": text("rule", "The key of the approving officer", THUMBPRINT),
        "words_only": listing(
            "The terms that only words carry", text("notice", "A pointer", limit=500), least=0, most=5000
        ),
    },
)
CLIENT_BINDING: Final = group(
    "The client binding",
    {
        "format": leaf("rule", "The format", const="pactgate-client-binding/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "client": text("rule", "The client's id", CLIENT),
        "jwks": group("The client's keys", {"keys": listing("Keys", _key("A key of the client"), most=4)}),
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
REINSTATEMENT: Final = group(
    "The reinstatement",
    {
        "format": leaf("rule", "The format", const="pactgate-reinstatement/1"),
        "subject": text(
            "rule", "What is reinstated", (f"{DIGEST[0]}|{CLIENT[0]}", "an agreement's digest or a client's id")
        ),
        "undoes": leaf("rule", "The entry of the suspension", type="integer", minimum=0),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who may sign for a party, from the first day to the last, both included (UTC)."""

    party: str
    role: str
    name: str = field(repr=False)
    key: PublicKey
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Approval:
    """An officer's approval of one document and of the list of its words-only terms."""

    approves: str
    kind: str
    approver: str
    words_only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientBinding:
    """A client's public keys, bound to one agreement, with the person who answers for the client."""

    agreement: str
    client: str
    keys: tuple[PublicKey, ...]
    responsible_name: str = field(repr=False)
    responsible_email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """The undoing of one suspension: `undoes` is the index of its entry in the log."""

    subject: str
    undoes: int
    reason: str


def signer_bytes(signer: Signer) -> bytes:
    """Return the canonical bytes of a signer document."""
    return canonical_bytes(
        {
            "format": "pactgate-signer/1",
            "party": signer.party,
            "role": signer.role,
            "name": signer.name,
            "jwk": signer.key.jwk,
            "valid_from": signer.valid_from.isoformat(),
            "valid_to": signer.valid_to.isoformat(),
        }
    )


def approval_bytes(approval: Approval) -> bytes:
    """Return the canonical bytes of an approval."""
    return canonical_bytes(
        {
            "format": "pactgate-approval/1",
            "approves": approval.approves,
            "kind": approval.kind,
            "approver": approval.approver,
            "words_only": list(approval.words_only),
        }
    )


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


def reinstatement_bytes(reinstatement: Reinstatement) -> bytes:
    """Return the canonical bytes of a reinstatement."""
    return canonical_bytes(
        {
            "format": "pactgate-reinstatement/1",
            "subject": reinstatement.subject,
            "undoes": reinstatement.undoes,
            "reason": reinstatement.reason,
        }
    )


def read_signer(raw: bytes | str) -> Signer:
    """Read a signer document. Raises `MalformedDocument`, `InvalidDocument`, `BadKey`."""
    content = _read(raw, SIGNER)
    first, last = read_date(content["valid_from"]), read_date(content["valid_to"])
    if first is None or last is None or last < first:
        _refuse(SIGNER, "/valid_to", "S2", "The signer is valid from a day of the calendar to the same or a later one.")
    if content["party"].split(":")[0] != content["role"].split("_")[0]:
        _refuse(SIGNER, "/role", "S2", "A district signer signs for a district, a partner signer for a partner.")
    key = read_public_key(content["jwk"])
    assert first is not None
    assert last is not None
    return Signer(content["party"], content["role"], content["name"], key, first, last)


def read_approval(raw: bytes | str) -> Approval:
    """Read an approval. Raises `MalformedDocument`, `InvalidDocument`."""
    content = _read(raw, APPROVAL)
    return Approval(content["approves"], content["kind"], content["approver"], tuple(content["words_only"]))


def read_binding(raw: bytes | str) -> ClientBinding:
    """Read a client binding. Raises `MalformedDocument`, `InvalidDocument`; `BadKey` for a private or weak key."""
    content = _read(raw, CLIENT_BINDING)
    keys = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in content["jwks"]["keys"])
    if len({key.thumbprint for key in keys}) != len(keys):
        raise BadKey("The client's key set lists the same key twice.")
    responsible = content["responsible"]
    return ClientBinding(content["agreement"], content["client"], keys, responsible["name"], responsible["email"])


def read_reinstatement(raw: bytes | str) -> Reinstatement:
    """Read a reinstatement. Raises `MalformedDocument`, `InvalidDocument`."""
    content = _read(raw, REINSTATEMENT)
    return Reinstatement(content["subject"], content["undoes"], content["reason"])


def _read(raw: bytes | str, shape: Shape) -> dict[str, Any]:
    content = read_authored(raw)
    if problems := shape_problems(shape, content):
        raise InvalidDocument(shape["title"], problems)
    return cast("dict[str, Any]", content)


def _refuse(shape: Shape, path: str, rule: str, sentence: str) -> None:
    raise InvalidDocument(shape["title"], [Problem(path, rule, f"project rule {rule}", sentence)])
