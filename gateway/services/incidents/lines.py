"""What the office is shown of incidents: values, as commands and pages print them."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.services.incidents.clocks import Duty


@dataclass(frozen=True, slots=True)
class Concerns:
    """Whom an incident concerns, at least one of them, and the disclosures of which time."""

    since: datetime
    until: datetime
    partner: str | None = None
    agreement: str | None = None
    client: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """What of it is said, by the name that entries have for it."""
        said = {"partner": self.partner, "agreement": self.agreement, "client": self.client}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class IncidentNote:
    """What was done about an incident, by its entry."""

    entry: int
    at: datetime
    by: str | None
    act: str
    task: str | None
    students: int | None
    words: str | None


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident as it stands: `entry` opened it and is its number; `students` is the newest count."""

    entry: int
    at: datetime
    by: str | None
    what: str
    discovered_at: datetime
    concerns: Concerns
    students: int | None
    duties: tuple[Duty, ...]
    overdue: bool
    closed: IncidentNote | None

    @property
    def undone(self) -> tuple[Duty, ...]:
        """What nobody has done or said not to apply, the earliest clock first: as long as there is any, it is open."""
        return tuple(each for each in self.duties if each.done_at is None)

    @property
    def next(self) -> Duty | None:
        """What is to be done first of what nobody has done."""
        return next(iter(self.undone), None)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident with everything that was done about it, the oldest first."""

    line: IncidentLine
    notes: tuple[IncidentNote, ...]


@dataclass(frozen=True, slots=True)
class Student:
    """A student whose records left: the number and the name are for the letter. Not printed."""

    number: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Affected:
    """
    Whose records an incident may concern, by `disclosures` entries of the log; the look is entry `entry`.

    `unlinked` are students of whom nothing is kept that leads to one; `altered` are entries whose lists are not those
    that they commit to: whoever was taken out of one is missing here.
    """

    entry: int
    disclosures: int
    students: tuple[Student, ...] = field(repr=False)
    unlinked: int
    altered: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many students there are, those to whom nothing leads counted too."""
        return len(self.students) + self.unlinked
