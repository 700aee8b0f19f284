"""
What should leave, kept in plain Python beside the database: who is covered, by which elements, and who is refused.

It knows what was done and nothing of how the gateway keeps it: no epochs, no entries, no rules, no ranges of days.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agreements.document import Agreement
from agreements.elements import load_catalogue
from policies.term import pinned_zone
from tests.factories.agreements import SignedAgreement

ZONE = pinned_zone("America/Los_Angeles")
Names = Mapping[str, str]
_NAMES: Mapping[str, Names] = {
    dataset: {element.id: element.name for element in load_catalogue().in_dataset(dataset)}
    for dataset in ("students", "attendance")
}


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student of the small district, told apart by the first name."""

    number: str
    first: str
    school: str
    grade: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what a partner names, and in which dataset. `grade` filters, which also needs the element."""

    dataset: str = "students"
    elements: tuple[str, ...] | None = None
    grade: str | None = None
    sort: str | None = None

    @property
    def names(self) -> set[str]:
        """Every name in it."""
        used = {*(self.elements or ()), *([self.sort] if self.sort else [])}
        return used | ({"grade_level"} if self.grade else set())


@dataclass(slots=True)
class Version:
    """One version of an agreement, in force or stopped."""

    signed: SignedAgreement
    received: dt.date
    clients: set[str]
    accepted: bool = True
    """Whether the person who answers for its clients has accepted this version."""
    stopped: int | None = None
    """The entry of the suspension in force."""
    terminated: bool = False

    @property
    def agreement(self) -> Agreement:
        """The document."""
        return self.signed.agreement

    def granted(self, dataset: str) -> Names:
        """Return the elements of a dataset by id, with their wire names."""
        listed = {
            line.element for terms in self.agreement.datasets if terms.dataset == dataset for line in terms.elements
        }
        return {element: name for element, name in _NAMES[dataset].items() if element in listed}


@dataclass(frozen=True, slots=True)
class Consent:
    """A parent's consent, to elements by id or to all."""

    elements: tuple[str, ...]
    signed: dt.date
    first: dt.date
    last: dt.date | None


@dataclass(slots=True)
class Line:
    """An agreement with all its versions, and the lists that belong to it."""

    name: str
    partner: str
    schools: frozenset[str]
    versions: list[Version]
    roster: dict[str, tuple[dt.date, dt.date | None]] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    withdrawn: dict[str, dt.date] = field(default_factory=dict)

    @property
    def newest(self) -> Version:
        """The version that came last."""
        return self.versions[-1]

    @property
    def id(self) -> str:
        """What lists name it by."""
        return self.newest.agreement.id


@dataclass(slots=True)
class Model:
    """The whole of it."""

    pupils: Sequence[Pupil]
    lines: Mapping[str, Line]
    suspended: dict[str, int] = field(default_factory=dict)
    """Clients that are stopped, each by the entry that did it."""
    noes: set[tuple[str, str | None]] = field(default_factory=set)
    """Students who opted out, of one line or of all."""
    exits: dict[str, dt.date] = field(default_factory=dict)

    def expected(
        self, client: str, line: Line, version: Version, asked: Asked, now: dt.datetime
    ) -> list[tuple[str, ...]] | None:
        """Return what a request gives, one tuple of sorted names a row, led by the first name; None is a refusal."""
        granted = version.granted(asked.dataset)
        if not self._may_ask(client, line, version, now) or not asked.names <= set(granted.values()):
            return None
        chosen = {
            element: name
            for element, name in granted.items()
            if asked.elements in (None, ()) or name in (asked.elements or ())
        }
        rows = []
        for pupil in self.pupils:
            covered = self._covered(pupil, line, version, now.astimezone(ZONE).date())
            if not covered or (asked.grade and ("000100" not in covered or pupil.grade != asked.grade)):
                continue
            shown = sorted(name for element, name in chosen.items() if element in covered)
            rows.append((pupil.first if "first_name" in shown else "", *shown))
        return sorted(rows)

    def _may_ask(self, client: str, line: Line, version: Version, now: dt.datetime) -> bool:
        place = line.versions.index(version)
        later = line.versions[place + 1].agreement.term.begins if version is not line.newest else None
        term = version.agreement.term
        is_current = term.begins <= now < term.ends and (later is None or now < later)
        is_stopped = version.terminated or version.stopped is not None or client in self.suspended
        return is_current and version.accepted and client in version.clients and not is_stopped

    def _covered(self, pupil: Pupil, line: Line, version: Version, day: dt.date) -> set[str]:
        first, last = line.roster.get(pupil.number, (dt.date.max, None))
        is_listed = first <= day and (last is None or day <= last)
        is_enrolled = pupil.school in line.schools and day <= self.exits.get(pupil.number, dt.date.max)
        if not is_listed or not is_enrolled or {(pupil.number, None), (pupil.number, line.name)} & self.noes:
            return set()
        everything = set(version.agreement.element_ids)
        if version.agreement.basis != "consent":
            return everything
        given = line.consents.get(pupil.number)
        if given is None or day < given.first or (given.last is not None and day > given.last):
            return set()
        if given.elements != ("all",):
            return everything & set(given.elements)
        return {element for element in everything if self._was_named(element, line, version, given.signed)}

    @staticmethod
    def _was_named(element: str, line: Line, version: Version, signed: dt.date) -> bool:
        """Nobody agreed to what the agreement did not name on the day of the signature."""
        until = line.versions[: line.versions.index(version) + 1]
        lacking = [place for place, each in enumerate(until) if element not in each.agreement.element_ids]
        return not lacking or signed > until[lacking[-1] + 1].received
