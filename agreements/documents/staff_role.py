"""
A staff role: who of the district or of a partner may do what, from when to when.

INVARIANT: it names nobody. `person` is a random id, `identity` a salted commitment to who signs in; the one row that
opens it stands beside the log and can be erased, this document cannot.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import PARTY, PERSON, read_shaped, refuse
from agreements.roles import Role
from agreements.shapes import DATE, DIGEST, THUMBPRINT, USER, choice, group, leaf, text

LONGEST: Final = timedelta(days=400)
"""A school year and the summer after it: nobody keeps a role that officers do not look at each year (NIST AC-2)."""

STAFF_ROLE: Final = group(
    "The staff role",
    {
        "format": leaf("rule", "The format", const="pactgate-staff-role/1"),
        "person": text("rule", "The person", USER),
        "identity": text("rule", "The commitment to who signs in", DIGEST),
        "role": choice("rule", "The role", *Role),
        "party": text("rule", "Whose staff it is", PARTY, 80),
        "first_day": text("rule", "The first day", DATE),
        "last_day": text("rule", "The last day", DATE),
        "reason": text("words_only", "The reason"),
    },
    {
        "officer_key": text("rule", "The officer's own key", THUMBPRINT),
        "named_as": text("rule", "The person's id in the partner's lists of people", PERSON, 80),
    },
)


@dataclass(frozen=True, slots=True)
class StaffRole:
    """
    A role that one person has from the first day to the last, both included (UTC).

    `officer_key` is the thumbprint of the key that an officer signs with, `named_as` the id by which the partner's
    people annexes name its staff; each stands in its own role alone.
    """

    person: str
    identity: str
    role: Role
    party: str
    first_day: date
    last_day: date
    reason: str = field(repr=False)
    officer_key: str | None = None
    named_as: str | None = None

    def counts_on(self, day: date) -> bool:
        """Return whether this day (UTC) lies between the first and the last."""
        return self.first_day <= day <= self.last_day


def staff_role_bytes(given: StaffRole) -> bytes:
    """Return the canonical bytes of a staff role."""
    content: dict[str, Json] = {
        "format": "pactgate-staff-role/1",
        "person": given.person,
        "identity": given.identity,
        "role": given.role.value,
        "party": given.party,
        "first_day": given.first_day.isoformat(),
        "last_day": given.last_day.isoformat(),
        "reason": given.reason,
    }
    if given.officer_key is not None:
        content["officer_key"] = given.officer_key
    if given.named_as is not None:
        content["named_as"] = given.named_as
    return canonical_bytes(content)


def read_staff_role(raw: bytes | str) -> StaffRole:
    """Read a staff role. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, STAFF_ROLE)
    role = Role(content["role"])
    first, last = (read_date(content[name]) for name in ("first_day", "last_day"))
    if first is None or last is None or first > last or last - first > LONGEST:
        sentence = (
            f"A role lasts from its first day to a later one, {LONGEST.days} days at most: then it is given anew."
        )
        refuse(STAFF_ROLE, "/last_day", "Z1", sentence)
    if content["party"].startswith("partner:") != role.is_partners:
        sentence = "A partner's people are its managers and its staff; every other role is of the district's own."
        refuse(STAFF_ROLE, "/role", "Z1", sentence)
    if ("officer_key" in content) != (role is Role.OFFICER):
        sentence = "An officer, and nobody else, is named together with the key that the officer signs with."
        refuse(STAFF_ROLE, "/officer_key", "Z1", sentence)
    if ("named_as" in content) != (role is Role.PARTNER_STAFF):
        sentence = "A partner's staff, and nobody else, is named as in the partner's lists of people."
        refuse(STAFF_ROLE, "/named_as", "D3", sentence)
    return StaffRole(
        person=content["person"],
        identity=content["identity"],
        role=role,
        party=content["party"],
        first_day=first,
        last_day=last,
        reason=content["reason"],
        officer_key=content.get("officer_key"),
        named_as=content.get("named_as"),
    )
