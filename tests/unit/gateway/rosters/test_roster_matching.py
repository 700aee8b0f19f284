"""Every match names the exact rule it rests on, and whatever fits several children, or contradicts itself, waits."""

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.rosters.lines import RosterLine
from gateway.services.rosters.matching import Child, Directory, Found, Rule, Waiting, match
from gateway.services.rosters.names import compared, unmarked

pytestmark = pytest.mark.ferpa("R2")

BORN = dt.date(2012, 2, 29)


def child(number: int, given: str = "José", family: str = "O\u2019Hara-Smith", **more: Any) -> Child:
    known = Child(UUID(int=number), f"n{number}", given, family, BORN, frozenset({"ECS-1"}), frozenset({"school one"}))
    return replace(known, **more)


ANA, BEN = child(1), child(2, "Ben")
SCHOOLS = {"ECS-1", "ECS-2", "school one", "school two"}


def line(given: str = "José", family: str = "O'Hara Smith", **more: Any) -> RosterLine:
    return replace(RosterLine(1, given, family, BORN), **more)


def found(asked: RosterLine, *children: Child) -> Found:
    return Directory(children, SCHOOLS).find(asked)


@pytest.mark.parametrize(
    ("asked", "children", "waits"),
    [
        (line("Jose"), (ANA,), Waiting.NOBODY),
        (line(birth_date=dt.date(2012, 2, 28)), (ANA,), Waiting.NOBODY),
        (line(), (ANA, child(3)), Waiting.SEVERAL),
        (line(school="ECS-1"), (ANA, child(3)), Waiting.SEVERAL),
        (line(school="ECS-2"), (ANA, child(3)), Waiting.SEVERAL),
        (line(school="ECS-2"), (ANA,), Waiting.SCHOOL_DIFFERS),
        (line("Nobody", school="ECS-2"), (ANA,), Waiting.NOBODY),
        (line(student_number="n2"), (ANA, BEN), Waiting.NUMBER_DIFFERS),
        (line(student_number="n9"), (ANA,), Waiting.NUMBER_DIFFERS),
        (line("Nobody", student_number="n9"), (ANA,), Waiting.NOBODY),
        (line(student_number="n1", birth_date=dt.date(2012, 3, 1)), (ANA,), Waiting.BIRTH_DATE_DIFFERS),
        (line(student_number="n1", school="ECS-2"), (ANA, BEN), Waiting.SCHOOL_DIFFERS),
        (line("Zed", "Other", student_number="n1", school="School TWO"), (ANA, BEN), Waiting.SCHOOL_DIFFERS),
        (line(), (child(1, is_questioned=True),), Waiting.NUMBER_IN_QUESTION),
        (line(student_number="n1"), (child(1, is_questioned=True),), Waiting.NUMBER_IN_QUESTION),
    ],
)
def test_what_is_not_one_child_beyond_doubt_waits(
    asked: RosterLine, children: tuple[Child, ...], waits: Waiting
) -> None:
    told = found(asked, *children)
    assert (told.student_id, told.rule, told.waits) == (None, None, waits)


@pytest.mark.parametrize(
    ("asked", "children", "rule"),
    [
        (line("Pepe", student_number="n1"), (ANA, BEN), Rule.NUMBER),
        (line(student_number="old"), (child(1, also_known_as=frozenset({"old"})), BEN), Rule.NUMBER),
        (line(student_number="n1"), (ANA, child(3)), Rule.NUMBER),
        (line("Pepe", student_number="n1", school="ECS-1"), (ANA, BEN), Rule.NUMBER),
        (line("Pepe", student_number="n1", school="A school that nobody has"), (ANA, BEN), Rule.NUMBER),
        (
            line(school="ECS-1"),
            (ANA, child(3, schools=frozenset({"ECS-2"}), names_of_schools=frozenset())),
            Rule.SCHOOL,
        ),
        (line(school="School  ONE"), (ANA, BEN), Rule.SCHOOL),
        (line(school="A school that nobody has"), (ANA, BEN), Rule.NAME),
        (line("JOSE\u0301", "OHARA\u2013SMITH"), (ANA, BEN), Rule.NAME),
    ],
)
def test_a_match_names_the_first_rule_that_finds_one_child(
    asked: RosterLine, children: tuple[Child, ...], rule: Rule
) -> None:
    told = found(asked, *children)
    assert (told.student_id, told.rule, told.waits) == (ANA.student_id, rule, None)


def test_marks_decide_nothing_and_are_shown_to_a_person() -> None:
    assert found(line("Jose"), ANA, child(2, "Ben", "Else")).suggested == (ANA.student_id,)
    assert found(line("Jo", "Q", student_number="n9"), ANA).suggested == ()
    assert found(line("Jo", "Q", student_number="n1", birth_date=dt.date(2012, 3, 1)), ANA).suggested == (
        ANA.student_id,
    )


def test_lines_of_one_child_on_other_days_all_wait() -> None:
    directory = Directory([ANA, BEN], SCHOOLS)
    first, second = line(), line(from_date=dt.date(2027, 1, 1))
    told = match([first, replace(second, number=2), replace(line("Ben"), number=3)], directory)
    assert [each.waits for each in told] == [Waiting.TWICE, Waiting.TWICE, None]
    assert told[0].suggested == (ANA.student_id,)
    told = match([first, replace(first, number=2, reference="r")], directory)
    assert [each.student_id for each in told] == [ANA.student_id, ANA.student_id]


def test_what_a_person_said_stands_until_the_child_is_gone() -> None:
    asked = line("Pepito")
    assert match([asked], Directory([ANA], SCHOOLS), {1: ANA.student_id})[0].rule is Rule.PERSON
    assert match([asked], Directory([BEN], SCHOOLS), {1: ANA.student_id})[0].waits is Waiting.MOVED
    questioned = Directory([child(1, is_questioned=True)], SCHOOLS)
    assert match([asked], questioned, {1: ANA.student_id})[0].waits is Waiting.NUMBER_IN_QUESTION


@given(st.text(max_size=20))
def test_a_name_is_compared_as_itself_however_it_is_written(name: str) -> None:
    assert compared(compared(name)) == compared(name)
    assert compared(f" {name} ") == compared(name)
    assert unmarked(name) == unmarked(compared(name))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Straße", "STRASSE", True),
        ("Ng\u00fbyen", "Ngu\u0302yen", True),
        ("D\u2019Arcy", "D'Arcy", True),
        ("Jean\u2010Luc", "Jean Luc", True),
        ("Jean-Luc", "Jeanluc", False),
        ("Nuñez", "Nunez", False),
        ("\u0623\u062d\u0645\u062f", "\u0627\u062d\u0645\u062f", False),
    ],
)
def test_the_rules_for_spellings_are_exact(one: str, other: str, same: bool) -> None:
    assert (compared(one) == compared(other)) is same


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.sampled_from("abcd"))
def test_a_name_finds_a_child_only_if_one_has_it(names: list[str], asked: str) -> None:
    children = [child(number, name, "F") for number, name in enumerate(names, start=1)]
    told = found(line(asked, "F"), *children)
    having = [each.student_id for each in children if each.given_name == asked]
    assert told.student_id == (having[0] if len(having) == 1 else None)
