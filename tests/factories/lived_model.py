"""
What a district's people did, on a page of plain Python: who is seen under which agreement, and with which values.

It knows days, lists and numbers. It knows nothing of entries, batches, ranges, masks, locks or what a load compares.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tests.factories.cohort import ALL, DAY, FOLLOW_UP, FOUR, MENTORING, STUDENTS, TUTORING

SCHOOLS: Final[Mapping[str, frozenset[str]]] = {
    TUTORING: frozenset(f"ECS-10{place}" for place in range(1, 7)),
    MENTORING: frozenset({"ECS-103", "ECS-105"}),
    FOLLOW_UP: frozenset({"ECS-103", "ECS-105"}),
}
"""Whose schools each agreement covers. Each asks for its roster too, and tutoring for a consent."""
FRESH: Final = dt.timedelta(days=35)
"""For so long a roster counts that a partner handed in."""
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    TUTORING: ("first_name", "last_name", "grade_level", "gpa_cumulative"),
    MENTORING: ("first_name", "last_name", "grade_level"),
    FOLLOW_UP: ("first_name", "last_name", "grade_level"),
}
LISTED_BY: Final = "Somebody's Parent"
"""Whose name stands beside each consent in a list."""
FIRST: Final = dt.date(2026, 9, 1)
"""From which day lists say that things are so."""
Row = Mapping[str, object]
Key = tuple[str, str, dt.date]
"""A consent: whose, signed in which capacity, from when."""


@dataclass(frozen=True)
class Child:
    """A student as the newest rows that could be read have it."""

    number: str
    first: str
    last: str
    born: dt.date
    grade: str
    school: str
    gpa: float | None = None
    year: str = "2026-2027"
    enters: dt.date = dt.date(2026, 9, 2)
    leaves: dt.date | None = None

    @property
    def eighteen(self) -> dt.date:
        """The day from which on the student decides alone."""
        return self.born.replace(year=self.born.year + 18)


@dataclass(frozen=True)
class Listed:
    """A student on a roster; `said` tells when it was said, and `ends` what the partner said about the end."""

    first: dt.date
    last: dt.date | None
    said: int = -1


@dataclass(frozen=True)
class Given:
    """A consent: who signed it and when, what it covers, its last day, and whether a person entered it."""

    signer: str
    signed: dt.date
    covers: str
    last: dt.date | None
    by_hand: bool = False


@dataclass(frozen=True)
class HandedIn:
    """A roster of mentoring as its partner handed it in: last days by number."""

    roster: int
    said: int
    whole: bool
    lasts: Mapping[str, dt.date | None]


def _initial_rosters() -> dict[str, dict[str, Listed]]:
    return {
        name: {each.number: Listed(FIRST, None) for each in STUDENTS.values() if name in each.rosters}
        for name in SCHOOLS
    }


def _initial_consents() -> dict[Key, Given]:
    found = {}
    for each in STUDENTS.values():
        if each.consent is not None:
            first, last = (None if day is None else dt.date.fromisoformat(day) for day in each.consent_days)
            assert first is not None
            found[each.number, "parent", first] = Given(LISTED_BY, dt.date(2026, 8, 25), each.consent, last)
    return found


def _initial_children() -> dict[str, Child]:
    return {
        each.number: Child(
            each.number,
            each.first,
            each.last,
            each.born,
            each.grade,
            each.school,
            each.gpa,
            each.year,
            *(None if day is None else dt.date.fromisoformat(day) for day in each.stay),  # type: ignore[arg-type] # each begins
        )
        for each in STUDENTS.values()
    }


@dataclass
class Model:
    """The whole of it. What was done is told in the same words as the acts of `lived_world.World`."""

    today: dt.date = DAY
    children: dict[str, Child] = field(default_factory=_initial_children)
    withheld: set[str] = field(default_factory=set)
    rosters: dict[str, dict[str, Listed]] = field(default_factory=_initial_rosters)
    consents: dict[Key, Given] = field(default_factory=_initial_consents)
    withdrawn: dict[str, dt.date] = field(default_factory=dict)
    revoked: dict[str, set[str]] = field(default_factory=dict)
    listed_noes: set[str] = field(default_factory=lambda: {STUDENTS["opted_out"].number})
    stated_noes: set[str] = field(default_factory=set)
    stands: dict[str, str] = field(default_factory=dict)
    """Numbers that turned out to be a second one, each with the one that stands."""
    stopped: dict[str, int] = field(default_factory=dict)
    """Agreements that are suspended, each by the entry that did it."""
    accepted: dict[str, tuple[int, dt.date | None]] = field(default_factory=dict)
    """Who is on mentoring's roster by one that was handed in: when it was said, and the last day that it gives."""
    newest_whole: int = -1
    clock: int = 0
    """Counts what is said of rosters."""

    # --- What is seen

    def seen(self, name: str) -> list[Row]:
        """Return the rows that an agreement shows today, without their codes."""
        if name in self.stopped:
            return []
        rows = [row for child in self.children.values() if (row := self._row(name, child)) is not None]
        return sorted(rows, key=lambda row: str(row["first_name"]))

    def _row(self, name: str, child: Child) -> Row | None:
        if not self._is_covered(name, child):
            return None
        covers = self._covers(child) if name == TUTORING else {ALL}
        if not covers:
            return None
        values = {
            "first_name": child.first,
            "last_name": child.last,
            "grade_level": child.grade,
            "gpa_cumulative": child.gpa,
        }
        shown = VALUES[name] if ALL in covers else VALUES[MENTORING]
        return {value: values[value] for value in shown}

    def _is_covered(self, name: str, child: Child) -> bool:
        listed = self.rosters[name].get(child.number)
        is_there = child.enters <= self.today <= (child.leaves or dt.date.max) and child.year == "2026-2027"
        is_barred = child.number in self.withheld or child.number in self.stands
        return (
            listed is not None
            and listed.first <= self.today <= (listed.last or dt.date.max)
            and is_there
            and child.school in SCHOOLS[name]
            and not is_barred
            and not self.ids(child.number) & (self.listed_noes | self.stated_noes)
        )

    def _covers(self, child: Child) -> set[str]:
        """Return what the consents that count today are to."""
        return {
            each.covers
            for (whose, capacity, first), each in self.consents.items()
            if whose == child.number
            and first <= self.today <= (each.last or dt.date.max)
            and (self.today < child.eighteen) == (capacity == "parent")
        }

    def child(self, number: str) -> str:
        """Return the number that stands for one that may be a second one."""
        return self.stands.get(number, number)

    def ids(self, number: str) -> set[str]:
        """Return every number of the child with this one."""
        standing = self.child(number)
        return {standing, *(second for second, other in self.stands.items() if other == standing)}

    # --- Families

    def may_stop(self, number: str, capacity: str, name: str | None) -> bool:
        """Whether this person may withdraw what the child's consents say, if there is anything."""
        whose = self.child(number)
        if not any(key[0] == whose for key in self.consents):
            return False
        child, revoked = self.children.get(whose), self.revoked_for(whose)
        if capacity == "eligible_student":
            return child is None or self.today >= child.eighteen
        return (child is None or self.today < child.eighteen) and (name not in revoked if name else not revoked)

    def withdraw(self, number: str) -> None:
        """End all consents of a child."""
        whose = self.child(number)
        self.consents = {key: each for key, each in self.consents.items() if key[0] != whose}
        self.withdrawn[whose] = self.today

    def taken_back(self, number: str) -> dt.date:
        """Return the day until which whatever was signed for this child was taken back."""
        return max((self.withdrawn.get(each, dt.date.min) for each in self.ids(number)), default=dt.date.min)

    def may_sign(self, number: str, capacity: str, first: dt.date, given: Given) -> bool:
        """Whether a consent that a person brings is taken."""
        whose = self.child(number)
        child = self.children.get(whose)
        if child is None or given.signed <= self.taken_back(whose):
            return False
        same = self.consents.get((whose, capacity, first))
        if same is not None and replace(same, by_hand=True) == given:
            return False
        if capacity == "eligible_student":
            return given.signed >= child.eighteen
        return given.signed < child.eighteen and given.signer not in self.revoked_for(whose)

    def sign(self, number: str, capacity: str, first: dt.date, given: Given) -> None:
        """Put a consent on file by hand."""
        self.consents[self.child(number), capacity, first] = given

    def revoked_for(self, number: str) -> set[str]:
        """Return the parents whose rights about this child are revoked, under whichever number."""
        return {name for each in self.ids(number) for name in self.revoked.get(each, ())}

    def revoke(self, number: str, parent: str) -> None:
        """A court takes a parent's rights."""
        self.revoked.setdefault(self.child(number), set()).add(parent)
        self._end_revoked(self.child(number))

    def _end_revoked(self, whose: str) -> None:
        names = self.revoked_for(whose)
        self.consents = {
            key: each for key, each in self.consents.items() if key[:2] != (whose, "parent") or each.signer not in names
        }

    def merge(self, second: str, standing: str) -> None:
        """Two numbers are one child's: the second one gives nothing, and every stop of either counts."""
        whose = self.child(standing)
        self.stands = {each: whose if other == second else other for each, other in self.stands.items()}
        self.stands[second] = whose
        back = self.taken_back(whose)
        ended = {key for key, each in self.consents.items() if key[0] == whose and each.signed <= back}
        if ended:
            self.consents = {key: each for key, each in self.consents.items() if key not in ended}
        self._end_revoked(whose)

    def may_merge(self, second: str, standing: str) -> bool:
        """Whether a person may say so."""
        return second not in self.stands and second != self.child(standing)

    # --- Rosters that a partner hands in

    def may_accept(self, handed: HandedIn) -> bool:
        """Whether nothing that was handed in later, and was whole, was accepted."""
        return handed.said >= self.newest_whole

    def accept(self, handed: HandedIn) -> None:
        """The district accepts a roster of mentoring."""
        rows = self.rosters[MENTORING]
        known = {
            number: last
            for number, last in handed.lasts.items()
            if number in self.children and number not in self.stands
        }
        if handed.whole:
            self.newest_whole = handed.said
            for number in [each for each in rows if each not in known]:
                if self.accepted.get(number, (rows[number].said, None))[0] < handed.said:
                    del rows[number]
                    self.accepted.pop(number, None)
        for number, last in known.items():
            self._put(number, last)
            self.accepted[number] = (handed.said, last)

    def confirm(self) -> None:
        """Who is on mentoring's roster by what was handed in stays for another while."""
        for number, (_, last) in self.accepted.items():
            if number in self.rosters[MENTORING] and number not in self.stands:
                self._put(number, last)

    def _put(self, number: str, last: dt.date | None) -> None:
        rows = self.rosters[MENTORING]
        first = rows[number].first if number in rows else self.today
        until = min(last or dt.date.max, self.today + FRESH)
        if max(first, self.today) <= until:
            rows[number] = Listed(first, until, self.clock)
        else:
            rows.pop(number, None)

    # --- Loads; `narrowed` is what a held one leaves

    def load_people(self, people: Iterable[Child], unreadable: set[str], *, narrowed: bool = False) -> None:
        """Take all students and stays. Of a row that cannot be read, what was there stays, and is withheld."""
        told = {each.number: each for each in people}
        unreadable = unreadable & told.keys()
        if not narrowed:
            keep = {number: self.children[number] for number in unreadable if number in self.children}
            stay = {number: self._stay(each, told[number]) for number, each in keep.items()}
            self.children = {number: each for number, each in told.items() if number not in unreadable} | stay
            self.withheld = set(unreadable)
            return
        for number, old in self.children.items():
            new = told.get(number)
            if (
                new is not None
                and new.school == old.school
                and (new.leaves or dt.date.max) < (old.leaves or dt.date.max)
            ):
                self.children[number] = replace(old, leaves=new.leaves)
        self.withheld |= unreadable

    @staticmethod
    def _stay(old: Child, new: Child) -> Child:
        return replace(old, school=new.school, leaves=new.leaves)

    def load_roster(self, name: str, rows: Mapping[str, dt.date | None], unreadable: set[str]) -> None:
        """Take a roster whole. A row that cannot be read ends what stood there."""
        unreadable = unreadable & rows.keys()
        read = {number: last for number, last in rows.items() if number not in unreadable}
        old = self.rosters[name]
        for number in list(old):
            if number not in read and (read or number in unreadable):
                del old[number]
        for number, last in read.items():
            before = old.get(number)
            if before is None or (before.first, before.last) != (FIRST, last):
                old[number] = Listed(FIRST, last, self.clock)

    def load_consents(self, rows: Mapping[Key, Given], unreadable: set[str]) -> None:
        """Take tutoring's consents whole; a person's are ended by no list. What is no consent keeps nothing."""
        unreadable = unreadable & {key[0] for key in rows}
        taken = {
            key: each
            for key, each in rows.items()
            if key[0] not in unreadable
            and each.signed > self._withdrawn_in_lists(key[0])
            and not (key[1] == "parent" and each.signer in self._revoked_in_lists(key[0]))
        }
        speaks = any(key[0] not in unreadable for key in rows)
        ended = {key for key, each in self.consents.items() if not each.by_hand and key not in taken}
        if not speaks:
            ended = {key for key in ended if key[0] in unreadable}
        self.consents = {key: each for key, each in self.consents.items() if key not in ended} | taken

    def _withdrawn_in_lists(self, number: str) -> dt.date:
        """Return until when a list brings nothing for a number; of a second number it brings nothing that counts."""
        return self.taken_back(number) if number not in self.stands else dt.date.min

    def _revoked_in_lists(self, number: str) -> set[str]:
        return self.revoked_for(number) if number not in self.stands else set()

    def load_noes(self, numbers: set[str], *, narrowed: bool = False) -> None:
        """Take the list of opt-outs whole; what a person entered is no matter of the list."""
        self.listed_noes = self.listed_noes | numbers if narrowed else set(numbers)


__all__ = ["ALL", "FOUR", "Child", "Given", "HandedIn", "Key", "Model"]
