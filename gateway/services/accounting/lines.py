"""What an accounting says: who received what, when and why, folded into lines that open to entries of the log."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.services.naming import Checked


class Channel(StrEnum):
    """How records left the district."""

    GATEWAY = "gateway"
    EMERGENCY = "emergency"
    BY_HAND = "recorded_by_hand"


class Warn(StrEnum):
    """The kinds of cautions; the value stands in the entry."""

    RIGHTS_RESTRICTED = "rights_restricted"
    ACTS_FOR_ANOTHER = "acts_for_another"
    RIGHTS_MOVED = "rights_moved"
    PARTNER_TELLS = "partner_tells"
    TELLS_HOMELESSNESS = "tells_homelessness"
    TELLS_FOSTER_CARE = "tells_foster_care"
    TELLS_DISCIPLINE = "tells_discipline"
    TELLS_JUSTICE = "tells_justice"
    TELLS_THREAT = "tells_threat"


@dataclass(frozen=True, slots=True)
class Caution:
    """One caution: its code, what it means, and the entries that it is about, the first of each line."""

    code: Warn
    sentence: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An element as the catalogue names it; `how` it left (a transformation), or None where nobody noted it."""

    element: str
    title: str
    how: str | None


@dataclass(frozen=True, slots=True)
class Under:
    """The agreement, or the emergency order, that records left under."""

    id: str
    digest: str
    title: str


@dataclass(frozen=True, slots=True)
class Further:
    """Who may receive the records in turn, and that party's interest (34 CFR 99.32(b)(1))."""

    name: str
    interest: str


@dataclass(frozen=True, slots=True)
class About:
    """
    All that disclosures of one line have in common.

    `partner` is the id of the partner whom the agreement is with, empty where there is none.
    `threat` is that of an emergency (34 CFR 99.32(a)(5)); `behind` the id of the person behind the requests or
    `automated`, empty where there was no request; `how` and `recorded_by` belong to what was recorded by hand.
    """

    channel: Channel
    recipients: tuple[str, ...]
    under: Under | None
    basis: str
    purpose: str
    interest: str
    elements: tuple[Shown, ...]
    further: tuple[Further, ...]
    ferpa_9932_required: bool
    dataset: str = ""
    partner: str = ""
    behind: str = ""
    threat: str | None = None
    how: str | None = None
    recorded_by: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """
    One disclosure: its entry, its day where the agreement is at home, and how many rows were about the student.

    `corrected_by` is the entry of a later record that takes its place, `corrects` the entry whose place it takes.
    """

    entry: int
    at: datetime
    day: date
    rows: int
    students_list: Checked
    corrected_by: int | None = None
    corrects: int | None = None
    why_corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Disclosures of the same records to the same party for the same purpose, in the order of the log."""

    about: About
    occurrences: tuple[Occurrence, ...]
    rhythm: str

    @property
    def first(self) -> date:
        """The first day."""
        return min(each.day for each in self.occurrences)

    @property
    def last(self) -> date:
        """The last day."""
        return max(each.day for each in self.occurrences)

    @property
    def times(self) -> int:
        """How many disclosures."""
        return len(self.occurrences)


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests refused under an agreement that once covered the student; whom they were about is not known."""

    partner: str
    agreement: str
    requests: int


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that lists the student and cannot be shown as a disclosure, and why."""

    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class Accounting:
    """
    The accounting of one student, as of the log's `size` at `now`; `since` is the time of the log's first entry.

    `entry` is the entry that says that it was read. `looks` counts the district's own questions about the student by
    event: they are no disclosures. `altered` are entries whose list is not the one they commit to, `not_opened` counts
    those whose commitment cannot be opened any more, `not_committed` those that an earlier release wrote without one.
    Its number and name are the student's: not printed.
    """

    entry: int
    size: int
    since: datetime
    now: datetime
    district: str
    number: str = field(repr=False)
    name: str | None = field(repr=False)
    lines: tuple[Line, ...]
    refused: tuple[Refused, ...]
    looks: tuple[tuple[str, int], ...]
    altered: tuple[int, ...]
    not_opened: int
    unread: tuple[Unread, ...]
    not_committed: int = 0
    corrected: tuple[Line, ...] = ()
    """What was recorded by hand and corrected later: it stays on record, and counts no more."""
    cautions: tuple[Caution, ...] = ()
    """What it may betray to whoever asks, acknowledged or not: for the officer, and on no paper."""
    withheld: bool = False
    """Whether something is not shown of which the family may know that it is not (decision 0055)."""

    @property
    def entries(self) -> tuple[int, ...]:
        """Every entry that a line opens to, in the order of the log."""
        return tuple(sorted(each.entry for line in (*self.lines, *self.corrected) for each in line.occurrences))
