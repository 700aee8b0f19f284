"""
One rule: a line of the Casbin policy, checked strictly before it can be held and again before it is loaded.

Casbin skips, truncates or misreads what it does not understand (`requirements/policy.md` section 2), mostly in the
direction of allowing. So nothing it could misread gets this far.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from policies.errors import ClockWithoutZone, MalformedRule

ANY: Final = "*"
"""The wildcard. Only denials may hold it: a grant names each element, so a new column is never granted by old paper."""
EARLIEST: Final = "0001-01-01T00:00:00Z"
LATEST: Final = "9999-12-31T23:59:59Z"


class Effect(StrEnum):
    """What a matching rule does. Casbin takes any other word as 'neither' (hazard 2)."""

    ALLOW = "allow"
    DENY = "deny"


_NAME = "[a-z0-9_-]{1,80}"
_UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CLIENT = f"client:{_UUID4}"
_DIGEST = "[0-9a-f]{64}"
_RECIPIENT = f"recipient:{_DIGEST}:[0-9]{{1,2}}"
"""A place in the list of recipients of the emergency order with this digest."""
_SUBJECT = re.compile(f"{_CLIENT}|{_RECIPIENT}|role:(agr|emg):{_DIGEST}|role:nobody")
_LINK = re.compile(f"{_CLIENT} role:agr:{_DIGEST}|recipient:({_DIGEST}):[0-9]{{1,2}} role:emg:\\1")
"""Who may hold which role: a client that of an agreement, a recipient that of its own order and of no other."""
_AGREEMENT = re.compile("sha256:[0-9a-f]{64}")
_DATASET = re.compile(_NAME)
_ELEMENT = re.compile(_NAME)
_ACT = re.compile(f"read:{_NAME}")
_CLAUSE = re.compile("[a-z0-9:_./-]{1,200}")
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

_FORMS: Final = (
    ("sub", _SUBJECT, False),
    ("agr", _AGREEMENT, True),
    ("obj", _DATASET, True),
    ("fld", _ELEMENT, True),
    ("act", _ACT, True),
    ("nbf", _TIME, False),
    ("exp", _TIME, False),
    ("eft", re.compile("|".join(Effect)), False),
    ("clause", _CLAUSE, False),
)
"""Each field in the order of the model, its form, and whether a denial may hold the wildcard there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule, in the words of `model.conf`; making one that breaks the form raises `MalformedRule`.

    In force from `nbf` until just before `exp` (UTC). `clause` is a JSON pointer into the document `agr` names, or
    `guardrails:/…` or `log:/…` for the denials that come from there.
    """

    sub: str
    agr: str
    obj: str
    fld: str
    act: str
    nbf: str
    exp: str
    eft: str
    clause: str

    def __post_init__(self) -> None:
        require_sound(self.line)

    @property
    def line(self) -> tuple[str, ...]:
        """The rule as Casbin holds it."""
        return (self.sub, self.agr, self.obj, self.fld, self.act, self.nbf, self.exp, self.eft, self.clause)

    @property
    def order(self) -> tuple[str, ...]:
        """What rules are sorted by, so that the order of documents and clients never shows in a digest."""
        return (self.obj, self.fld, self.act, self.eft, self.agr, self.clause, self.sub, self.nbf, self.exp)

    def holds_at(self, now: str) -> bool:
        """Whether the rule is in force at `now` (`instant` form)."""
        return self.nbf <= now < self.exp


def require_sound(line: tuple[str, ...], elements: AbstractSet[str] | None = None) -> None:
    """
    Check one policy line.

    `elements` are the ids of the catalogue; give them wherever they are at hand. Raises `MalformedRule`.
    """
    # (1): exactly the fields of the model, each in its form; nothing empty, nothing Casbin could take for syntax.
    if len(line) != len(_FORMS):
        raise MalformedRule(f"A rule has {len(line)} fields, not {len(_FORMS)}.")
    values = dict(zip((name for name, _, _ in _FORMS), line, strict=True))
    denies = values["eft"] == Effect.DENY
    for name, form, may_be_any in _FORMS:
        value = values[name]
        if not isinstance(value, str):
            raise MalformedRule(f"The field {name} of a rule is not a text.")
        # (2): wildcards only in denials.
        if value == ANY and may_be_any and denies:
            continue
        if not form.fullmatch(value):
            raise MalformedRule(f"The field {name} of a rule does not have its form.")
    # (3): times that exist, in order; they are compared as texts, so their form is fixed.
    if _parse(values["nbf"]) >= _parse(values["exp"]):
        raise MalformedRule("A rule ends before it begins.")
    # (4): only elements of the catalogue.
    if elements is not None and values["fld"] != ANY and values["fld"] not in elements:
        raise MalformedRule("A rule names an element that the catalogue does not have.")


def require_link(link: tuple[str, ...]) -> None:
    """Check that a line links a client to an agreement's role, or a recipient to its order's: else `MalformedRule`."""
    if len(link) != 2 or not _LINK.fullmatch(" ".join(link)):  # noqa: PLR2004 -- who, and which role
        raise MalformedRule(
            "A link is not from a client to the role of an agreement, nor from a recipient to its order."
        )


def instant(moment: datetime) -> str:
    """
    Write `moment` as rules hold time: UTC, whole seconds, fixed width.

    Rounding down changes no comparison, since all bounds are whole seconds. Raises `ClockWithoutZone`.
    """
    if moment.tzinfo is None:
        raise ClockWithoutZone("A time without a zone was given to the policies.")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moment_of(text: str) -> datetime:
    """Read back what `instant` wrote."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> datetime:
    try:
        return moment_of(text)
    except ValueError:
        raise MalformedRule("A rule holds a time that does not exist.") from None
