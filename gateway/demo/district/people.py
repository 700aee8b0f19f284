"""The students themselves: number, name, birthdate, home and the flags a student information system keeps.

`engagement` is the one hidden quality that attendance, marks and conduct share. It is drawn without looking at a
child's origin or means, so that the demo correlates what school does and not who somebody is.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from gateway.demo.district.calendar import ADULT_AGE, SchoolCalendar
from gateway.demo.district.chance import is_chosen
from gateway.demo.district.edges import LISTED_MINORS, Cast, Edge
from gateway.demo.district.homes import home
from gateway.demo.district.names import Name, NameBook
from gateway.demo.district.rows import StudentRow
from gateway.demo.district.schools import FIRST_HIGH_GRADE, Seat

__all__ = ["Pupil", "eighteenth_birthday", "pupils"]

WITHOUT_BIRTHDATE = frozenset({Edge.NO_BIRTHDATE, Edge.LISTED_NO_BIRTHDATE})
MINORITY_LEFT = timedelta(days=70)
RACES = {
    "White": "white",
    "Black": "black",
    "Asian": "asian",
    "Pacific": "pacific_islander",
    "Native": "american_indian",
    "Hispanic": "hispanic_latino",
}
ROLLUP = {
    "White": "White",
    "Black": "Black or African American",
    "Asian": "Asian",
    "Pacific": "Native Hawaiian or Other Pacific Islander",
    "Native": "American Indian or Alaska Native",
    "Hispanic": "Hispanic/Latino of any race",
}


@dataclass(frozen=True, slots=True)
class Pupil:
    """One student while the year is made up: where they sit, what they play, how they are doing."""

    number: str
    seat: Seat
    edge: Edge | None
    engagement: float
    row: StudentRow

    @property
    def born(self) -> date | None:
        """The birthdate on file."""
        return self.row.birthdate


def pupils(
    chance: Random, seats: tuple[Seat, ...], cast: Cast, calendar: SchoolCalendar, today: date
) -> tuple[Pupil, ...]:
    """Return one student for each seat. Numbers are drawn without repetition and tell nothing about the person."""
    book = NameBook.shipped()
    numbers = chance.sample(range(100_000, 10_000_000), len(seats))
    return tuple(
        _pupil(chance, f"{number:07d}", seat, edge=cast.get(seat.index), book=book, calendar=calendar, today=today)
        for number, seat in zip(numbers, seats, strict=True)
    )


def eighteenth_birthday(born: date) -> date:
    """Return the day rights pass to the student (34 CFR 99.5); for a 29 February that is 1 March in a common year."""
    try:
        return born.replace(year=born.year + ADULT_AGE)
    except ValueError:
        return date(born.year + ADULT_AGE, 3, 1)


def _pupil(
    chance: Random,
    number: str,
    seat: Seat,
    *,
    edge: Edge | None,
    book: NameBook,
    calendar: SchoolCalendar,
    today: date,
) -> Pupil:
    sex = chance.choices(("F", "M", "X"), weights=(49, 50.2, 0.8))[0]
    name = _name(chance, book, sex, edge)
    born = _born(chance, seat.grade, edge, calendar.first_day.year, today)
    row = StudentRow(
        student_number=number,
        last_name=name.last,
        first_name=name.first,
        middle_name=name.middle,
        birthdate=None if edge in WITHOUT_BIRTHDATE else born,
        sex=sex,
        **_race(chance, name.race),
        **home(chance, number, name.language),
        cohort_graduation_year=(calendar.first_day.year + 13 - seat.grade if seat.grade >= FIRST_HIGH_GRADE else None),
    )
    return Pupil(number, seat, edge, chance.gauss(0, 1), row)


def _name(chance: Random, book: NameBook, sex: str, edge: Edge | None) -> Name:
    if edge in {Edge.MONONYM, Edge.LISTED_MONONYM}:
        return chance.choice(book.mononyms)
    if edge in {Edge.LONG_NAME, Edge.LISTED_LONG_NAME}:
        return chance.choice(book.long)
    return book.draw(chance, sex)


def _race(chance: Random, race: str) -> dict[str, str]:
    """Return race and ethnicity as reported federally: Hispanic of any race, else two or more, else the one race."""
    chosen = {race}
    if is_chosen(chance, 0.08):
        chosen.add(chance.choice([other for other in RACES if other != race]))
    ancestries = chosen - {"Hispanic"}
    if not ancestries and is_chosen(chance, 0.6):
        ancestries = {"White"}
    flags = {RACES[each]: "Y" if each in chosen | ancestries else "N" for each in RACES}
    flags["two_or_more"] = "Y" if len(ancestries) > 1 else "N"
    if "Hispanic" in chosen:
        rollup = ROLLUP["Hispanic"]
    else:
        rollup = "Two or more races" if len(ancestries) > 1 else ROLLUP[race]
    return {"race_ethnicity": rollup, **flags}


def _born(chance: Random, grade: int, edge: Edge | None, year: int, today: date) -> date:
    """Return a birthdate that fits the grade, or the one the edge asks for."""
    eighteen_today = today.replace(year=today.year - ADULT_AGE)
    if edge is Edge.TURNS_18_TODAY:
        return eighteen_today
    if edge is Edge.TURNS_18_TOMORROW:
        tomorrow = today + timedelta(days=1)
        return tomorrow.replace(year=tomorrow.year - ADULT_AGE)
    if edge is Edge.SIGNED_AT_18:
        return eighteen_today - timedelta(days=chance.randint(20, 90))
    if edge is Edge.LEAP_DAY:
        near = range(today.year - ADULT_AGE - 3, today.year - ADULT_AGE + 4)
        leap = min((y for y in near if _is_leap(y)), key=lambda y: abs(y - (today.year - ADULT_AGE)))
        return date(leap, 2, 29)
    years = chance.choices((0, 1, -1), weights=(95, 4, 1))[0]  # a year behind, a year ahead
    born = date(year - 6 - grade - years, 9, 1) + timedelta(days=chance.randrange(365))
    if edge in LISTED_MINORS:
        return max(born, eighteen_today + MINORITY_LEFT)
    return born


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
