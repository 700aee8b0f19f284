"""The parts of an agreement as values. Every part that yields a rule keeps the pointer to its clause."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Party:
    """A district or a partner; `kind` is the partner's type, or `district`."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class PurposeTerms:
    """Why data are shared: the code that requests must declare, and the words that were signed."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class ElementTerm:
    """One element that may leave, as it may leave; `pointer` is its clause."""

    element: str
    transformation: str
    own_line: bool
    pointer: str


@dataclass(frozen=True, slots=True)
class DatasetTerms:
    """What may leave of one dataset. `school_years` is the data window."""

    dataset: str
    school_years: tuple[str, ...]
    elements: tuple[ElementTerm, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Term:
    """The days on which an agreement is in force, last day included, in the named zone."""

    first_day: date
    last_day: date
    time_zone: str

    @property
    def begins(self) -> datetime:
        """The first instant of the term, in UTC."""
        return self._midnight(self.first_day)

    @property
    def ends(self) -> datetime:
        """The first instant after the term, in UTC."""
        return self.after(self.last_day)

    def after(self, day: date) -> datetime:
        """Return the first instant after a day, in UTC."""
        return self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Obligations:
    """What the partner owes. `redisclosure_notice` goes out with every answer (34 CFR 99.33(d))."""

    redisclosure_permitted: str
    redisclosure_notice: str
    destroy_when: str
    destruction_period_days: int
    breach_notice_hours: int
    security: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subrecipient:
    """A party to whom the partner may pass data on, and its interest (34 CFR 99.32(b), 99.33(b))."""

    name: str
    interest: str


class PeopleBehind(StrEnum):
    """Whether calls are made for a person whom the people annex names, or by a program on its own."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    BARRED = "barred"

    def is_within(self, other: "PeopleBehind") -> bool:
        """Return whether every call that this lets through, `other` lets through too."""
        return other in {PeopleBehind.ALLOWED, self}


@dataclass(frozen=True, slots=True)
class Compatibility:
    """That programs which know only a client secret are let in, why, and until which day of the agreement's zone."""

    because: str
    last_day: date


@dataclass(frozen=True, slots=True)
class People:
    """Who is accountable. `drafted_by` is a key thumbprint (RFC 7638)."""

    drafted_by: str


@dataclass(frozen=True, slots=True)
class ExecutedPdf:
    """The paper that this document renders: its digest and title."""

    sha256: str
    title: str
