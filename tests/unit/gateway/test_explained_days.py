"""Which facts of one student count on a day, at the hard dates; and a sentence for each that says so."""

import datetime as dt
from dataclasses import replace

import pytest

from gateway.services.explaining.days import counts, known_on, lapses_on, meant, told
from gateway.services.explaining.evidence import Consent, Evidence, Kept, Span, Stay

FIRST, DAY = dt.date(2026, 9, 1), dt.date(2026, 10, 5)
LEAP = dt.date(2008, 2, 29)
GIVEN = Consent(("all",), "parent", FIRST, FIRST, None, 13, None, None)
ORDER = frozenset({"000033", "000100"})


@pytest.mark.ferpa("C5")
@pytest.mark.parametrize(
    ("born", "signer", "last", "first"),
    [
        (dt.date(2008, 3, 11), "parent", dt.date(2026, 3, 10), None),
        (LEAP, "parent", dt.date(2026, 2, 27), None),
        (dt.date(2008, 3, 11), "eligible_student", None, dt.date(2026, 3, 11)),
        (LEAP, "eligible_student", None, dt.date(2026, 3, 1)),
        (dt.date(2008, 3, 1), "eligible_student", None, dt.date(2026, 3, 1)),
    ],
)
def test_at_eighteen_the_right_passes_to_the_student(
    born: dt.date, signer: str, last: dt.date | None, first: dt.date | None
) -> None:
    consent = replace(GIVEN, signed_by=signer, first=dt.date(2025, 9, 1))
    edge = last or first
    assert edge is not None
    outside = edge + dt.timedelta(1) if last else edge - dt.timedelta(1)
    assert not counts(consent, born, outside)
    assert counts(consent, born, edge)


def test_without_a_birth_date_no_consent_counts() -> None:
    assert not counts(GIVEN, None, DAY)


def test_what_was_ended_counts_no_more() -> None:
    assert not counts(replace(GIVEN, ended_by=20), FIRST.replace(year=2012), DAY)


def test_all_never_means_what_came_with_a_later_version() -> None:
    for since, covers in ((FIRST, {"000100"}), (FIRST - dt.timedelta(1), set(ORDER))):
        assert meant(GIVEN, ORDER, (("000033", since),)) == covers
    assert meant(replace(GIVEN, covers=("000033", "000501")), ORDER, (("000033", FIRST),)) == {"000033"}


def test_a_placement_is_over_on_its_last_day_and_a_roster_is_not() -> None:
    listed = (Span(FIRST, DAY, 12),)
    known = known_on(Evidence(1, roster=listed, placements=listed), DAY, ORDER, (), needs_programs=False)
    assert (known.facts.on_roster, known.facts.is_placed) == (True, False)
    before = known_on(Evidence(1, placements=listed), DAY - dt.timedelta(1), ORDER, (), needs_programs=False)
    assert before.facts.is_placed


def test_an_unread_program_withholds_only_from_who_asks_who_is_in_none() -> None:
    for what, needs_programs, withheld in (
        ("programs", False, False),
        ("programs", True, True),
        ("students", False, True),
        ("enrollments", True, True),
    ):
        found = Evidence(1, withheld=(Span(dt.date.min, None, 12, what),))
        assert known_on(found, DAY, ORDER, (), needs_programs=needs_programs).withheld is withheld


def test_every_fact_on_file_has_its_sentence_and_the_entry_that_brought_it() -> None:
    child = dt.date(2012, 3, 4)
    found = Evidence(
        as_of=30,
        born=child,
        stays=(Stay("ECS-101", "2026-2027", None, FIRST, None, 11),),
        programs=(Span(FIRST, FIRST, 11, "tutoring"),),
        roster=(Span(FIRST, None, 12),),
        placements=(Span(FIRST, dt.date(2027, 1, 1), 12),),
        consents=(
            GIVEN,
            replace(GIVEN, ended_by=20, withdrawn_on=dt.date(2026, 10, 1)),
            replace(GIVEN, ended_by=21),
            replace(GIVEN, signed_by="eligible_student"),
            replace(GIVEN, last=FIRST),
        ),
        opt_outs=(Span(FIRST, None, 14, "directory"),),
        withheld=(Span(dt.date.min, None, 15, "enrollments"),),
    )
    from_first = "from 2026-09-01 on, by entry 13"
    assert list(told(found, DAY, ORDER, ())) == [
        "Enrolled at ECS-101 in grade unknown, from 2026-09-01 on, by entry 11.",
        "On the agreement's roster, from 2026-09-01 on, by entry 12.",
        "Placed with the agreement's agency, from 2026-09-01 to 2027-01-01, by entry 12; over on the last day.",
        "Does not count that day: In a program of type tutoring, from 2026-09-01 to 2026-09-01, by entry 11.",
        f"Consent of a parent, signed on 2026-09-01, to 2 of 2 elements, {from_first}.",
        f"{NOT}parent, signed on 2026-09-01, to 2 of 2 elements, {from_first}; withdrawn on 2026-10-01 by entry 20.",
        f"{NOT}parent, signed on 2026-09-01, to 2 of 2 elements, {from_first}; ended by entry 21.",
        f"{OWN}, signed on 2026-09-01, to 2 of 2 elements, {from_first}; the student was not 18 yet.",
        f"{NOT}parent, signed on 2026-09-01, to 2 of 2 elements, from 2026-09-01 to 2026-09-01, by entry 13.",
        "The family opted out (directory), from 2026-09-01 on, by entry 14.",
        "Withheld: a row of 'enrollments' was refused by the load of entry 15.",
    ]


NOT = "Does not count that day: Consent of a "
OWN = "Does not count that day: Consent of the student"


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (None, "without a birth date nobody can tell when it lapses."),
        (dt.date(2008, 9, 30), "it lapsed on 2026-09-30, when the student turned 18."),
    ],
)
def test_why_a_parents_word_no_longer_counts_is_said(born: dt.date | None, words: str) -> None:
    (sentence,) = told(Evidence(1, born=born, consents=(GIVEN,)), DAY, ORDER, ())
    assert sentence.endswith(words)


@pytest.mark.claim(9)
def test_nothing_on_file_is_printed() -> None:
    found = Evidence(1, born=LEAP, stays=(Stay("ECS-101", "2026-2027", "09", FIRST, None, 11),), consents=(GIVEN,))
    for personal in ("2008", "ECS-101", "parent", "09"):
        assert personal not in repr(found)
    assert "tutoring" not in repr(Span(FIRST, None, 12, "tutoring"))
    assert "mask" not in repr(Kept(3, 13))
    assert lapses_on(LEAP) == dt.date(2026, 2, 28)
