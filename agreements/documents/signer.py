"""A signer: who may sign for a party, with which key, on which days, and which kinds of documents."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import PARTY, key_shape, read_shaped, refuse
from agreements.keys import PublicKey, read_introduced_key
from agreements.passkeys import PASSKEY
from agreements.shapes import DATE, choice, group, leaf, listing, text

ROLES: Final = ("district_signer", "partner_signer")
LIMITS: Final = ("agreement", "client_binding", "people_annex", "certificate", "succession")
"""The kinds of documents that are signed for a party."""
ROSTERS: Final = "roster_decision"
"""Deciding on rosters: for those signers of a district who are named for it, among them principals."""
STEWARDS_LIMITS: Final = ("code_classification", "load_confirmation")
"""What stewards sign for the district: no partner does, and nobody who was not introduced for just that."""

SIGNER: Final = group(
    "The signer document",
    {
        "format": leaf("rule", "The format", const="pactgate-signer/1"),
        "party": text("rule", "The party", PARTY, 80),
        "role": choice("rule", "The role", *ROLES),
        "name": text("rule", "The person's name", limit=200),
        "jwk": key_shape("The signer's key"),
        "valid_from": text("rule", "The first day of validity", DATE),
        "valid_to": text("rule", "The last day of validity", DATE),
        "may_sign": listing(
            "What the signer may sign", choice("rule", "A kind of document", *LIMITS, ROSTERS, *STEWARDS_LIMITS)
        ),
    },
    {"school": text("rule", "The one school whose rosters the signer decides on", limit=80), "passkey": PASSKEY},
)


@dataclass(frozen=True, slots=True)
class Signer:
    """
    A person who may sign for a party, from the first day to the last, both included (UTC).

    `may_sign` are the signer's limits: the kinds of documents that the person's signature binds the party to. `school`
    limits whoever decides on rosters to the students of one school, by its identifier: a principal.
    """

    party: str
    role: str
    name: str = field(repr=False)
    key: PublicKey
    valid_from: date
    valid_to: date
    may_sign: tuple[str, ...]
    school: str | None = None


def signer_bytes(signer: Signer) -> bytes:
    """Return the canonical bytes of a signer document."""
    content: dict[str, Json] = {
        "format": "pactgate-signer/1",
        "party": signer.party,
        "role": signer.role,
        "name": signer.name,
        "jwk": signer.key.jwk,
        "valid_from": signer.valid_from.isoformat(),
        "valid_to": signer.valid_to.isoformat(),
        "may_sign": list(signer.may_sign),
    }
    if signer.school is not None:
        content["school"] = signer.school
    if signer.key.passkey is not None:
        content["passkey"] = signer.key.passkey.members
    return canonical_bytes(content)


def read_signer(raw: bytes | str) -> Signer:
    """Read a signer document. Raises `MalformedDocument`, `InvalidDocument`, `BadKey`."""
    content = read_shaped(raw, SIGNER)
    first, last = read_date(content["valid_from"]), read_date(content["valid_to"])
    if first is None or last is None or last < first:
        refuse(SIGNER, "/valid_to", "S2", "The signer is valid from a day of the calendar to the same or a later one.")
    if content["party"].split(":")[0] != content["role"].split("_")[0]:
        refuse(SIGNER, "/role", "S2", "A district signer signs for a district, a partner signer for a partner.")
    may_sign, school = tuple(content["may_sign"]), content.get("school")
    if ROSTERS in may_sign and content["role"] != ROLES[0]:
        refuse(SIGNER, "/may_sign", "R2", "The district decides on rosters, never a partner.")
    if school is not None and may_sign != (ROSTERS,):
        refuse(SIGNER, "/school", "R2", "Who is limited to one school decides on rosters and signs nothing else.")
    if content["role"] != ROLES[0] and not set(STEWARDS_LIMITS).isdisjoint(content["may_sign"]):
        refuse(SIGNER, "/may_sign", "S2", "Stewards are people of the district.")
    key = read_introduced_key(content["jwk"], content.get("passkey"))
    return Signer(content["party"], content["role"], content["name"], key, first, last, may_sign, school)
