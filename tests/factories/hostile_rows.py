"""
The hostile rows: students each of whom breaks a careless filter, on and around one Wednesday.

`Person.why` says what is wrong with each. `write_into` loads them as an export would bring them, deleted and returned,
unreadable and all.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.factories.plain_reading import Consent, No, Person, Span, Stay
from tests.factories.records import DAY, LINE, OTHER_LINE, YEAR, SmallDistrict

LAST_YEAR: Final = "2024-2025"
FIRST: Final = dt.date(2025, 9, 3)
YESTERDAY, TOMORROW = DAY - dt.timedelta(1), DAY + dt.timedelta(1)
FOUR: Final = ("000115", "000172", "000100", "001069")
"""First name, last name, grade level and school, of six elements."""
CHILD: Final = dt.date(2012, 6, 5)
SIGNERS: Final = ("parent", "eligible_student")
_WINTER: Final = dt.date(2026, 1, 15)


def ordinary(why: str, **changes: Any) -> Person:
    """Return somebody whom almost every agreement covers, except for `changes`."""
    facts: dict[str, Any] = {
        "born": CHILD,
        "gpa": 3.5,
        "stays": [Stay("north", "09", YEAR, FIRST)],
        "programs": [("tutoring", FIRST, None)],
        "rosters": [Span(LINE, FIRST)],
        "placements": [Span(LINE, FIRST)],
        "consents": [Consent(LINE, ("all",), "parent", FIRST)],
    }
    return Person("", why, **facts | changes)


def corpus() -> Sequence[Person]:
    """Return everybody, numbered."""
    people = [*_ordinary(), *_stays(), *_programs(), *_lists(), *_consents(), *_birthdays(), *_noes(), *_unread()]
    for number, person in enumerate(people):
        person.number = f"H{number:03}"
    return people


def _ordinary() -> Iterator[Person]:
    yield ordinary("nothing is wrong")
    yield ordinary("nothing is wrong, another grade", stays=[Stay("south", "10", YEAR, FIRST)], gpa=1.25)
    yield Person("", "nothing at all is known")
    yield Person("", "nothing but a stay is known", stays=[Stay("north", None, YEAR, FIRST)])
    yield ordinary("everything that may be unknown is", born=None, gpa=None, stays=[Stay("north", None, YEAR, FIRST)])


def _stays() -> Iterator[Person]:
    north, south = Stay("north", "09", YEAR, FIRST), Stay("south", "10", YEAR, FIRST)
    yield ordinary("no stay", stays=[])
    yield ordinary("two schools", stays=[north, south])
    yield ordinary("two schools, a grade in one", stays=[Stay("north", None, YEAR, FIRST), south])
    yield ordinary(
        "moved in winter",
        stays=[Stay("north", "09", YEAR, FIRST, _WINTER), Stay("south", "09", YEAR, _WINTER + dt.timedelta(1))],
    )
    yield ordinary("moves today", stays=[Stay("north", "09", YEAR, FIRST, YESTERDAY), Stay("south", "10", YEAR, DAY)])
    yield ordinary("moves tomorrow", stays=[Stay("north", "09", YEAR, FIRST, DAY), Stay("south", "10", YEAR, TOMORROW)])
    yield ordinary("exits today", stays=[Stay("north", "09", YEAR, FIRST, DAY)])
    yield ordinary("exited yesterday", stays=[Stay("north", "09", YEAR, FIRST, YESTERDAY)])
    yield ordinary("begins tomorrow", stays=[Stay("north", "09", YEAR, TOMORROW)])
    yield ordinary(
        "back at the same school", stays=[Stay("north", "09", YEAR, FIRST, _WINTER), Stay("north", "10", YEAR, DAY)]
    )
    yield ordinary("north last year only", stays=[Stay("north", "08", LAST_YEAR, dt.date(2024, 9, 4))])
    yield ordinary(
        "north last year, never closed, south now", stays=[south, Stay("north", "08", LAST_YEAR, dt.date(2024, 9, 4))]
    )
    yield ordinary(
        "last year never closed, exited this winter",
        stays=[Stay("north", "09", YEAR, FIRST, _WINTER), Stay("north", "08", LAST_YEAR, dt.date(2024, 9, 4))],
    )
    yield ordinary("an unknown grade", stays=[Stay("south", None, YEAR, FIRST)])


def _programs() -> Iterator[Person]:
    yield ordinary("no program", programs=[])
    yield ordinary("a special program", programs=[("special", FIRST, None)])
    yield ordinary("a special program besides", programs=[("tutoring", FIRST, None), ("special", FIRST, None)])
    yield ordinary("special until today", programs=[("tutoring", FIRST, None), ("special", FIRST, DAY)])
    yield ordinary("special until yesterday", programs=[("tutoring", FIRST, None), ("special", FIRST, YESTERDAY)])
    yield ordinary("special from tomorrow", programs=[("tutoring", FIRST, None), ("special", TOMORROW, None)])


def _lists() -> Iterator[Person]:
    for what in ("rosters", "placements"):
        yield ordinary(f"{what}: none", **{what: []})
        yield ordinary(f"{what}: another agreement's", **{what: [Span(OTHER_LINE, FIRST)]})
        yield ordinary(f"{what}: until yesterday", **{what: [Span(LINE, FIRST, YESTERDAY)]})
        yield ordinary(f"{what}: until today", **{what: [Span(LINE, FIRST, DAY)]})
        yield ordinary(f"{what}: from today", **{what: [Span(LINE, DAY)]})
        yield ordinary(f"{what}: from tomorrow", **{what: [Span(LINE, TOMORROW)]})
        yield ordinary(f"{what}: twice", **{what: [Span(LINE, FIRST, _WINTER), Span(LINE, YESTERDAY, TOMORROW)]})


def _consents() -> Iterator[Person]:
    four = Consent(LINE, FOUR, "parent", FIRST)
    yield ordinary("no consent", consents=[])
    yield ordinary("a consent to four of six", consents=[four], gpa=0.11)
    yield ordinary("another consent to four of six", consents=[four], gpa=3.5)
    yield ordinary("to four, and later to the fifth", consents=[four, Consent(LINE, ("000128",), "parent", DAY)])
    yield ordinary(
        "to all until yesterday, to four", consents=[four, Consent(LINE, ("all",), "parent", _WINTER, YESTERDAY)]
    )
    yield ordinary("to what was not asked", consents=[Consent(LINE, ("000255",), "parent", FIRST)])
    yield ordinary("to another partner", consents=[Consent(OTHER_LINE, ("all",), "parent", FIRST)])
    yield ordinary("without a birth date", born=None)
    yield ordinary(
        "of one's own, without a birth date", born=None, consents=[Consent(LINE, ("all",), SIGNERS[1], FIRST)]
    )
    yield ordinary("by the child", consents=[Consent(LINE, ("all",), SIGNERS[1], FIRST)])


def _birthdays() -> Iterator[Person]:
    days = {"yesterday": YESTERDAY, "today": DAY, "tomorrow": TOMORROW}
    born = {name: day.replace(year=day.year - 18) for name, day in days.items()} | {"29 February": dt.date(2008, 2, 29)}
    for name, day in born.items():
        for by in SIGNERS:
            yield ordinary(f"18 {name}, by {by}", born=day, consents=[Consent(LINE, ("all",), by, FIRST)])
        both = [Consent(LINE, FOUR, SIGNERS[0], FIRST), Consent(LINE, ("000128",), SIGNERS[1], FIRST)]
        yield ordinary(f"18 {name}, by both", born=day, consents=both)


def _noes() -> Iterator[Person]:
    yield ordinary("a no before the consent", noes=[No(None, "sharing", dt.date(2025, 8, 20))])
    yield ordinary("a no after the consent", noes=[No(None, "sharing", _WINTER)])
    yield ordinary("a no to this agreement today", noes=[No(LINE, "sharing", DAY)])
    yield ordinary("a no from tomorrow", noes=[No(LINE, "sharing", TOMORROW)])
    yield ordinary("a no to another agreement", noes=[No(OTHER_LINE, "sharing", FIRST)])
    yield ordinary("a no to the directory", noes=[No(None, "directory", FIRST)])


def _unread() -> Iterator[Person]:
    yield ordinary("its own row is unreadable", unread=frozenset({"students"}))
    yield ordinary("a stay is unreadable", unread=frozenset({"enrollments"}))
    yield ordinary("a program is unreadable", unread=frozenset({"programs"}))
    yield ordinary("deleted and returned")


async def write_into(district: SmallDistrict, people: Sequence[Person]) -> None:
    """Load everybody readable, lose who is 'deleted and returned', then load the export as it is."""
    await district.load(_files(people, broken=False))
    await district.load(_files([each for each in people if "deleted" not in each.why], broken=False), confirm=True)
    report = await district.load(_files(people, broken=True), confirm=True)
    assert len(report.refused) == sum(len(each.unread) for each in people)


def _files(people: Sequence[Person], *, broken: bool) -> Mapping[str, Sequence[Sequence[object]]]:
    def of(target: str) -> list[Person]:
        return [each for each in people if broken and target in each.unread]

    return {
        "students": [
            (
                p.number,
                p.number,
                p.why,
                "soon" if p in of("students") else p.born and f"{p.born:%d.%m.%Y}",
                "F",
                None,
                None,
            )
            for p in people
        ],
        "enrollments": [
            *((p.number, s.school, s.year, s.grade, s.first, s.last) for p in people for s in p.stays),
            *((p.number, "", YEAR, "09", FIRST, None) for p in of("enrollments")),
        ],
        "academic_summaries": [(p.number, YEAR, p.gpa, 1) for p in people if p.gpa is not None],
        "programs": [
            *((p.number, kind, kind, *days) for p in people for kind, *days in p.programs),
            *((p.number, "other", "", FIRST, None) for p in of("programs")),
        ],
        "rosters": [(each.of, p.number, each.first, each.last) for p in people for each in p.rosters],
        "placements": [(each.of, p.number, each.first, each.last) for p in people for each in p.placements],
        "consents": [
            (each.of, p.number, ";".join(each.elements), each.by, each.first, each.first, each.last)
            for p in people
            for each in p.consents
        ],
        "opt_outs": [(p.number, no.of, no.scope, no.first) for p in people for no in p.noes],
    }
