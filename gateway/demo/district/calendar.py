"""The school calendar: which days of a year are school days, by rule, so that any school year can be played.

School starts on the first Wednesday of September and lasts 180 days (RCW 28A.150.220 asks for 180).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from gateway.errors import GatewayError

__all__ = [
    "ADULT_AGE",
    "SCHOOL_DAYS",
    "SchoolCalendar",
    "SchoolYearError",
    "calendar_for",
    "require_playable",
    "stage_for",
]

SCHOOL_DAYS = 180
QUARTER_DAYS = SCHOOL_DAYS // 4
SETTLING_DAYS = 10  # before that nobody can have moved, been listed or withdrawn anything
ADULT_AGE = 18
MONDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = 0, 2, 3, 4, 5


class SchoolYearError(GatewayError):
    """A school year that is not two years in a row, or a day the district cannot be played on."""

    code = "school_year"
    public_detail = "The fictional district cannot be made for this school year and day."
    remedy = "Choose a day between mid-September and mid-June of a school year written like 2026-2027."


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """The school days of one year, in order."""

    school_year: str
    days: tuple[date, ...]

    @property
    def first_day(self) -> date:
        """The first day of school."""
        return self.days[0]

    @property
    def last_day(self) -> date:
        """The last day of school."""
        return self.days[-1]

    @property
    def closes_on(self) -> date:
        """The last calendar day that belongs to this school year: 31 August."""
        return date(self.first_day.year + 1, 8, 31)

    def until(self, day: date) -> tuple[date, ...]:
        """Return the school days up to and including `day`."""
        return tuple(held for held in self.days if held <= day)

    def quarters(self) -> tuple[tuple[str, date, date], ...]:
        """Return the four marking periods: name, first and last school day."""
        starts = range(0, SCHOOL_DAYS, QUARTER_DAYS)
        return tuple(
            (f"Q{number}", self.days[start], self.days[start + QUARTER_DAYS - 1])
            for number, start in enumerate(starts, start=1)
        )


def calendar_for(school_year: str) -> SchoolCalendar:
    """Return the calendar of a school year written like `2026-2027`.

    Raises `SchoolYearError` if it is not written so.
    """
    first, _, second = school_year.partition("-")
    if not (len(school_year) == len("2026-2027") and first.isdigit() and second.isdigit()):
        raise SchoolYearError(f"a school year is written like 2026-2027, not {school_year!r}")
    year = int(first)
    if int(second) != year + 1:
        raise SchoolYearError(f"a school year spans two years in a row, {school_year!r} does not")
    return SchoolCalendar(school_year, tuple(islice(_school_days(year), SCHOOL_DAYS)))


def require_playable(calendar: SchoolCalendar, today: date) -> None:
    """
    Check that the district can be made as of `today`.

    Raises `SchoolYearError` outside of the school year, in its first ten days, and around a 29 February, when nobody
    turns 18.
    """
    if not calendar.days[SETTLING_DAYS] <= today <= calendar.last_day:
        raise SchoolYearError(
            f"{today} is not between {calendar.days[SETTLING_DAYS]} and {calendar.last_day}, "
            f"the days of {calendar.school_year} the district can be played on"
        )
    if any((day.month, day.day) == (2, 29) for day in (today, today + timedelta(days=1))):
        raise SchoolYearError(f"nobody turns {ADULT_AGE} on a 29 February; {today} cannot show it")


def stage_for(today: date) -> tuple[str, date]:
    """Return the school year and day to play when the real day is `today`: itself, or the newest day that works."""
    day = today
    while True:
        start = day.year if day.month >= 9 else day.year - 1  # noqa: PLR2004 - school years start in September
        school_year = f"{start}-{start + 1}"
        try:
            require_playable(calendar_for(school_year), day)
        except SchoolYearError:
            day -= timedelta(days=1)
        else:
            return school_year, day


def _school_days(year: int) -> Iterator[date]:
    closed = _closures(year)
    day = _nth(year, 9, WEDNESDAY, 1)
    while True:
        if day.weekday() < SATURDAY and day not in closed:
            yield day
        day += timedelta(days=1)


def _closures(year: int) -> frozenset[date]:
    """Federal holidays, breaks and one teachers' day; weekends are left out elsewhere."""
    spring = year + 1
    thanksgiving = _nth(year, 11, THURSDAY, 4)
    christmas = date(year, 12, 25)
    presidents = _nth(spring, 2, MONDAY, 3)
    memorial = max(_nth(spring, 5, MONDAY, week) for week in (4, 5))
    closed = {
        _nth(year, 9, MONDAY, 1),  # Labor Day
        _nth(year, 10, FRIDAY, 2),  # the teachers' day
        _observed(date(year, 11, 11)),  # Veterans Day
        thanksgiving,
        thanksgiving + timedelta(days=1),
        _nth(spring, 1, MONDAY, 3),  # Martin Luther King Jr. Day
        memorial,
        _observed(date(spring, 6, 19)),  # Juneteenth
    }
    closed |= _run(christmas - timedelta(days=christmas.weekday()), 14)
    closed |= _run(presidents, 5)
    closed |= _run(_nth(spring, 4, MONDAY, 2), 5)
    return frozenset(closed)


def _run(first: date, length: int) -> set[date]:
    return {first + timedelta(days=offset) for offset in range(length)}


def _observed(holiday: date) -> date:
    """Return when a holiday is kept: one on a weekend moves to the nearest weekday (5 U.S.C. 6103(b))."""
    shift = {SATURDAY: -1, SATURDAY + 1: 1}.get(holiday.weekday(), 0)
    return holiday + timedelta(days=shift)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """Return the `number`th such weekday of a month; a fifth that does not exist is the fourth."""
    first = date(year, month, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    return day if day.month == month else day - timedelta(days=7)
