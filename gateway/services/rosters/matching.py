"""
Whom a line of a roster means: exact rules in a fixed order, and no rule that guesses.

1. the district's number and the birth date, at the school if one is named,
2. given name, family name, birth date and school,
3. given name, family name and birth date.

INVARIANT: a line is matched only if nothing that it says speaks against the child: not its number, not its school, and
not another child whom its name and birth date fit. Whatever fits several children, or none, waits for a person.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from gateway.services.rosters.lines import RosterLine
from gateway.services.rosters.names import compared, unmarked


class Rule(StrEnum):
    """The rule by which a line was found to mean a child."""

    NUMBER = "number_and_birth_date"
    SCHOOL = "name_birth_date_and_school"
    NAME = "name_and_birth_date"
    PERSON = "person"
    """A person of the district said whom it means."""


class Waiting(StrEnum):
    """Why a line waits for a person."""

    NOBODY = "nobody"
    SEVERAL = "several"
    NUMBER_DIFFERS = "number_differs"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    SCHOOL_DIFFERS = "school_differs"
    NUMBER_IN_QUESTION = "number_in_question"
    TWICE = "twice"
    """Another line means the same child, on other days."""
    MOVED = "moved"
    """A person said whom it means, and that child's number is merged or somebody else's by now."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child whom the district knows, by what a line may say of it. `schools` are those it goes to now."""

    student_id: UUID
    number: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    schools: frozenset[str] = frozenset()
    names_of_schools: frozenset[str] = frozenset()
    also_known_as: frozenset[str] = field(default=frozenset(), repr=False)
    """Further numbers of the same child, which were merged into this one."""
    is_questioned: bool = False
    """Whether nobody has said yet whose its number is."""

    @property
    def name(self) -> tuple[str, str]:
        """Both names, as they are compared."""
        return compared(self.given_name), compared(self.family_name)

    def is_at(self, school: str) -> bool:
        """Whether the child goes to the school of this identifier or name."""
        return school in self.schools or compared(school) in self.names_of_schools


@dataclass(frozen=True, slots=True)
class Found:
    """What a line means: `student_id` by `rule`, or why it `waits`. `suggested` are for a person of the district."""

    number: int
    student_id: UUID | None = None
    rule: Rule | None = None
    waits: Waiting | None = None
    suggested: tuple[UUID, ...] = ()


class Directory:
    """The children whom any line of one roster may mean."""

    def __init__(self, children: Iterable[Child], schools: Collection[str]) -> None:
        self.children: Mapping[UUID, Child] = {each.student_id: each for each in children}
        self._schools = frozenset(schools)
        self._born: dict[dt.date, list[Child]] = {}
        self._numbers: dict[str, Child] = {}
        for each in self.children.values():
            self._born.setdefault(each.birth_date, []).append(each)
            for number in (each.number, *each.also_known_as):
                self._numbers[number] = each

    def find(self, line: RosterLine) -> Found:
        """Return whom one line means, by the rules alone."""
        born = self._born.get(line.birth_date, [])
        name = compared(line.given_name), compared(line.family_name)
        named = [each for each in born if each.name == name]
        numbered = None if line.student_number is None else self._numbers.get(line.student_number)
        found = self._judged(line, named, numbered)
        if found.waits is None and self.children[_known(found)].is_questioned:
            found = Found(line.number, waits=Waiting.NUMBER_IN_QUESTION)
        if found.waits is None:
            return found
        return replace(found, suggested=_suggested(line, born, numbered))

    def _judged(self, line: RosterLine, named: Sequence[Child], numbered: Child | None) -> Found:
        # A school that the district does not have says nothing.
        school = line.school if line.school is not None and self._knows(line.school) else None
        # (1): a number that is given decides, with the birth date, unless the name or the school is another child's.
        if line.student_number is not None:
            return _by_number(line, named, numbered, school)
        if school is None:
            # (3): without a school that the district has, the name must be one child's.
            return _one_of(line, named, Rule.NAME, Waiting.NOBODY)
        # (2): the school tells apart those of one name and birth date. Who goes to another one is not guessed to move.
        there = [each for each in named if each.is_at(school)]
        if not there and len(named) > 1:
            return Found(line.number, waits=Waiting.SEVERAL)
        return _one_of(line, there, Rule.SCHOOL, Waiting.SCHOOL_DIFFERS if named else Waiting.NOBODY)

    def _knows(self, school: str) -> bool:
        return school in self._schools or compared(school) in self._schools


def match(
    lines: Sequence[RosterLine], directory: Directory, by_hand: Mapping[int, UUID] | None = None
) -> tuple[Found, ...]:
    """
    Return whom each line means. `by_hand` says what a person decided of some, by the number of the line.

    Lines that mean one child on different days all wait: which of them holds, a person says.
    """
    said = by_hand or {}
    found = [_said(line, said, directory) if line.number in said else directory.find(line) for line in lines]
    days: dict[UUID, set[tuple[dt.date | None, dt.date | None]]] = {}
    for line, each in zip(lines, found, strict=True):
        if each.student_id is not None:
            days.setdefault(each.student_id, set()).add((line.from_date, line.to_date))
    return tuple(
        Found(each.number, waits=Waiting.TWICE, suggested=(each.student_id,))
        if each.student_id is not None and len(days[each.student_id]) > 1
        else each
        for each in found
    )


def _by_number(line: RosterLine, named: Sequence[Child], numbered: Child | None, school: str | None) -> Found:
    if numbered is None:
        return Found(line.number, waits=Waiting.NUMBER_DIFFERS if named else Waiting.NOBODY)
    if numbered.birth_date != line.birth_date:
        return Found(line.number, waits=Waiting.BIRTH_DATE_DIFFERS)
    if named and numbered not in named:
        return Found(line.number, waits=Waiting.NUMBER_DIFFERS)
    if school is not None and not numbered.is_at(school):
        return Found(line.number, waits=Waiting.SCHOOL_DIFFERS)
    return Found(line.number, numbered.student_id, Rule.NUMBER)


def _one_of(line: RosterLine, found: Sequence[Child], rule: Rule, otherwise: Waiting) -> Found:
    if len(found) == 1:
        return Found(line.number, found[0].student_id, rule)
    return Found(line.number, waits=Waiting.SEVERAL if found else otherwise)


def _said(line: RosterLine, said: Mapping[int, UUID], directory: Directory) -> Found:
    child = directory.children.get(said[line.number])
    if child is None:
        return Found(line.number, waits=Waiting.MOVED)
    if child.is_questioned:
        return Found(line.number, waits=Waiting.NUMBER_IN_QUESTION, suggested=(child.student_id,))
    return Found(line.number, child.student_id, Rule.PERSON)


def _known(found: Found) -> UUID:
    assert found.student_id is not None  # a line that does not wait means somebody
    return found.student_id


def _suggested(line: RosterLine, born: Iterable[Child], numbered: Child | None) -> tuple[UUID, ...]:
    """Return who may be meant: whoever has the number, or the birth date and one of the names, marks aside."""
    given, family = unmarked(line.given_name), unmarked(line.family_name)
    alike = [each for each in born if unmarked(each.given_name) == given or unmarked(each.family_name) == family]
    both = [each for each in (numbered, *alike) if each is not None]
    return tuple(dict.fromkeys(each.student_id for each in both))
