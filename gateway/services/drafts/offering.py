"""
What a draft's form offers: the district as its agreements name it, known partners, ids and days that follow.

Offered means shown for a person to take or to change. Nothing of it stands in a draft before somebody saves it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agreements.canonical import Json
from agreements.dates import school_year_of
from agreements.document import Agreement
from agreements.pointer import resolve
from agreements.purpose import PURPOSES
from gateway.services.drafts.errors import DraftedByAnother
from gateway.services.drafts.kept import Draft
from gateway.services.standing.registry import Registry

_DRAFTER: Final = "/people/drafted_by"
_NOT_OF_AN_ID: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Offered:
    """What the forms offer. `partners` and `masters` are values with what they are called."""

    partners: tuple[tuple[str, str], ...] = ()
    masters: tuple[tuple[str, str], ...] = ()
    partner_id: str = ""
    id: str = ""
    title: str = ""
    first_day: str = ""
    last_day: str = ""
    time_zone: str = ""
    school_year: str = ""
    drafter: str = ""


def offered_for(draft: Draft, registry: Registry, now: datetime, own: Collection[str]) -> Offered:
    """Return what the forms of a draft offer to whoever holds these officers' keys, if any."""
    partner, purpose = draft.said("/partner/name"), draft.said("/purpose/code")
    slug = _NOT_OF_AN_ID.sub("-", partner.casefold()).strip("-")
    known = {each.partner.name: each.partner.id for each in _agreements(registry)}
    zone = district_zone(registry)
    began = school_year_of(now.astimezone(ZoneInfo(zone or "UTC")).date())
    named = PURPOSES[purpose].title if purpose in PURPOSES else ""
    return Offered(
        partners=tuple(sorted((number, name) for name, number in known.items())),
        masters=tuple((each.digest, each.title) for each in _agreements(registry) if each.framework),
        partner_id=known.get(partner, f"partner:{slug}" if slug else ""),
        id=f"agreement:{slug}-{purpose.replace('_', '-')}" if slug and named else "",
        title=f"{named}: data sharing agreement with {partner}" if partner and named else "",
        first_day=f"{began}-07-01",
        last_day=f"{began + 1}-06-30",
        time_zone=zone,
        school_year=f"{began}-{began + 1}",
        drafter=min(own, default=""),
    )


def district_of(registry: Registry) -> tuple[str | None, str | None]:
    """Return the district's id and name as its newest agreement says them."""
    newest = next(_agreements(registry), None)
    return (None, None) if newest is None else (newest.district.id, newest.district.name)


def district_zone(registry: Registry) -> str:
    """Return the time zone of the newest agreement, empty before there is one."""
    newest = next(_agreements(registry), None)
    return "" if newest is None else newest.term.time_zone


def drafted(content: dict[str, Json], keys: Mapping[str, Collection[str]], person: str) -> dict[str, Json]:
    """
    Return the content with the key of the officer who writes it, if it is one: that officer will not approve it (S3).

    `keys` are the officers' keys that are known to be of each person. INVARIANT: whoever holds an officer's key and
    saves a draft is the one it names. Raises `DraftedByAnother` where it names another officer already: the format
    names one, and a second one could then approve what they wrote.
    """
    own = keys.get(person, ())
    if not own:
        return content
    named = resolve(content, _DRAFTER)
    if named in own:
        return content
    if any(named in theirs for theirs in keys.values()):
        raise DraftedByAnother("The draft names another officer's key as the one that drafts.")
    return {**content, "people": {"drafted_by": min(own)}}


def _agreements(registry: Registry) -> Iterator[Agreement]:
    history = sorted(registry.history.values(), key=lambda each: each.activated, reverse=True)
    return (each.verified.agreement for each in history)
