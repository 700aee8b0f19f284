"""
Which of a partner's people accepted the statement of an agreement, what rests on it, and what somebody would sign.

All by the list that is in force. It gives nothing: who may see students, and which programs may ask, is decided by
`agreements.attending` and `agreements.accountable`.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from agreements.dates import school_year_of
from agreements.documents.people import RESPONSIBLE, NamedPerson
from agreements.documents.undertaking import undertaking_bytes
from agreements.people import named_by
from agreements.statement import undertaking_of
from gateway.services.errors import UnknownAgreement
from gateway.services.papers.errors import PaperRefused
from gateway.services.standing.registry import Moment, Registry


class Unable(StrEnum):
    """Why somebody whom a list names cannot accept anything."""

    NO_KEY = "no_key"
    PROGRAMS_KEY = "programs_key"
    """The list has the key of a program, which is no person."""
    OTHER_KEY = "other_key"
    """They accepted for this school year with a key that the list had before; the register takes no document twice."""


@dataclass(frozen=True, slots=True)
class AcceptanceLine:
    """
    Whether somebody whom the list names has accepted for `school_year`, with the key that the list has of them now.

    `unable` is why they cannot accept for it; `open_years` are the school years for which they can still accept, and
    `programs` the names of those that they answer for.
    """

    person: str
    name: str = field(repr=False)
    role: str
    school_year: str
    has_accepted: bool
    unable: Unable | None
    open_years: tuple[str, ...]
    programs: tuple[str, ...]


def acceptances(registry: Registry, moment: Moment, digest: str) -> tuple[AcceptanceLine, ...]:
    """Return whom the list in force under an agreement names, by id. Raises `UnknownAgreement` for one that is not."""
    if digest not in registry.granted:
        raise UnknownAgreement(f"No agreement {digest} is in force.")
    term = registry.history[digest].verified.agreement.term
    today = moment.now.astimezone(ZoneInfo(term.time_zone)).date()
    machines = {key.thumbprint for each in registry.granted[digest].bindings for key in each.binding.keys}
    undertakings, lines = registry.undertakings.get(digest, ()), []
    for person, named in sorted(named_by(registry.history[digest].annexes).items()):
        years, has_accepted = _years(today, term.last_day), False
        taken = {each.undertaking.school_year: each.key for each in undertakings if each.undertaking.person == person}
        if named.key is not None:
            has_accepted = taken.get(years[0]) == named.key.thumbprint
        lines.append(
            AcceptanceLine(
                person=person,
                name=named.name,
                role=named.role,
                school_year=years[0],
                has_accepted=has_accepted,
                unable=_unable(named, machines, is_taken=years[0] in taken and not has_accepted),
                open_years=tuple(year for year in years if year not in taken),
                programs=_programs(registry, digest, person) if named.role == RESPONSIBLE else (),
            )
        )
    return tuple(lines)


def undertaking_by(registry: Registry, moment: Moment, digest: str, person: str, school_year: str) -> bytes:
    """
    Return the bytes that a person signs who accepts an agreement's statement for a school year.

    Raises `UnknownAgreement`, `PaperRefused` where their signature would not count.
    """
    line = next((each for each in acceptances(registry, moment, digest) if each.person == person), None)
    # (1): the list in force names the person, with a key that is their own.
    if line is None:
        raise PaperRefused("The list in force names no such person.")
    if line.unable is Unable.NO_KEY:
        raise PaperRefused("The list in force has no key of this person. Without a key nobody accepts anything.")
    if line.unable is Unable.PROGRAMS_KEY:
        raise PaperRefused("The list in force has a program's key for this person. A program accepts nothing.")
    # (2): they have not accepted for this year, with whatever key, and it is this one or the next.
    if school_year not in line.open_years:
        raise PaperRefused("This school year is accepted already, or is neither the current one nor the next.")
    return undertaking_bytes(undertaking_of(registry.history[digest].verified.agreement, person, school_year))


def _years(today: date, last_day: date) -> tuple[str, ...]:
    """Return the current school year and, if the agreement lasts so long, the next."""
    began = school_year_of(today)
    years = (began, began + 1) if school_year_of(last_day) > began else (began,)
    return tuple(f"{year}-{year + 1}" for year in years)


def _unable(named: NamedPerson, machines: set[str], *, is_taken: bool) -> Unable | None:
    if named.key is None:
        return Unable.NO_KEY
    if named.key.thumbprint in machines:
        return Unable.PROGRAMS_KEY
    return Unable.OTHER_KEY if is_taken else None


def _programs(registry: Registry, digest: str, person: str) -> tuple[str, ...]:
    """Return the programs whose newest binding says that this person answers for them, by name."""
    bound = sorted(registry.granted[digest].bindings, key=lambda each: each.received.index)
    newest = {each.binding.client: each.binding.responsible for each in bound}
    return tuple(sorted(registry.clients[client].name for client, who in newest.items() if who == person))
