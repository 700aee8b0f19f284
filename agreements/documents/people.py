"""A people annex: who at the partner may see data under an agreement, in which role, trained until when."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import PERSON, key_shape, read_shaped, refuse
from agreements.keys import PublicKey, read_public_key
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

RESPONSIBLE: Final = "responsible"
ROLES: Final = (RESPONSIBLE, "staff")
_FIRST: Final = date(1900, 1, 1)
_FURTHEST: Final = date(9000, 1, 1)
"""Days beyond these overflow when they are turned into instants."""

PEOPLE_ANNEX: Final = group(
    "The people annex",
    {
        "format": leaf("rule", "The format", const="pactgate-people/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "people": listing(
            "People",
            group(
                "A person",
                {
                    "id": text("rule", "The person's id", PERSON, 80),
                    "name": text("words_only", "The person's name", limit=200),
                    "email": text("words_only", "The person's address", ("[^@ ]+@[^@ ]+", "an e-mail address"), 200),
                    "role": choice("rule", "The person's role", *ROLES),
                    "training": group(
                        "The person's training",
                        {
                            "title": text("words_only", "What the person was trained in", limit=200),
                            "completed_on": text("rule", "The day the training was completed", DATE),
                            "valid_to": text("rule", "The last day the training is valid", DATE),
                        },
                    ),
                },
                {"jwk": key_shape("The person's key")},
            ),
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Training:
    """A training, valid from the day of its completion to the last day, both included, in the agreement's zone."""

    title: str
    completed_on: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person at the partner. Who is responsible for a client has a key of their own."""

    id: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    role: str
    training: Training
    key: PublicKey | None


@dataclass(frozen=True, slots=True)
class PeopleAnnex:
    """The people at the partner who may see data under one agreement."""

    agreement: str
    people: tuple[NamedPerson, ...]


def people_bytes(annex: PeopleAnnex) -> bytes:
    """Return the canonical bytes of a people annex."""
    people: list[Json] = [_written(each) for each in annex.people]
    return canonical_bytes({"format": "pactgate-people/1", "agreement": annex.agreement, "people": people})


def read_people(raw: bytes | str) -> PeopleAnnex:
    """Read a people annex. Raises `MalformedDocument`, `InvalidDocument`, `BadKey`."""
    content = read_shaped(raw, PEOPLE_ANNEX)
    people = tuple(_person(f"/people/{index}", row) for index, row in enumerate(content["people"]))
    keys = [each.key.thumbprint for each in people if each.key is not None]
    addresses = [each.email.casefold() for each in people]
    for listed, what in (([each.id for each in people], "id"), (addresses, "address"), (keys, "key")):
        if len(set(listed)) != len(listed):
            refuse(PEOPLE_ANNEX, "/people", "D3", f"Two people have the same {what}; each person is listed once.", _LAW)
    return PeopleAnnex(content["agreement"], people)


def _person(path: str, row: dict[str, Any]) -> NamedPerson:
    days = [read_date(row["training"][name]) for name in ("completed_on", "valid_to")]
    completed_on, valid_to = days
    if completed_on is None or valid_to is None or not _FIRST <= completed_on <= valid_to < _FURTHEST:
        sentence = "A training is valid from the day it was completed to the same or a later one."
        refuse(PEOPLE_ANNEX, f"{path}/training/valid_to", "D3", sentence, _LAW)
    if row["role"] == RESPONSIBLE and "jwk" not in row:
        sentence = "Who is responsible for a client accepts the agreement's limits with a key: add 'jwk'."
        refuse(PEOPLE_ANNEX, f"{path}/jwk", "D3", sentence, _LAW)
    training = Training(row["training"]["title"], completed_on, valid_to)
    key = read_public_key(row["jwk"]) if "jwk" in row else None
    return NamedPerson(row["id"], row["name"], row["email"], row["role"], training, key)


def _written(person: NamedPerson) -> dict[str, Json]:
    row: dict[str, Json] = {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "training": {
            "title": person.training.title,
            "completed_on": person.training.completed_on.isoformat(),
            "valid_to": person.training.valid_to.isoformat(),
        },
    }
    if person.key is not None:
        row["jwk"] = person.key.jwk
    return row


_LAW: Final = "34 CFR 99.33(a)(2), (d)"
