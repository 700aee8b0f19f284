"""What families signed, took back and refused."""

import hashlib
from datetime import date, timedelta
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.chance import is_chosen
from gateway.demo.district.edges import Edge
from gateway.demo.district.lists import ConsentRow, OptOutRow
from gateway.demo.district.partners import BRIGHT_PATH, HARBOR
from gateway.demo.district.people import Pupil, eighteenth_birthday

__all__ = ["ALL_ELEMENTS", "ASKED_ELEMENTS", "COVERED_IN_PART", "consents", "is_plainly_consented", "opt_outs"]

ALL_ELEMENTS = "all"
ASKED_ELEMENTS = ("000115", "000172", "000100", "000128", "000201", "001957")
"""What Bright Path's form asks for: first and last name, grade level, cumulative GPA, days absent, days tardy."""
COVERED_IN_PART = ("000115", "000172", "000100", "000201")
"""What a cautious family signs: no GPA, no tardies."""
WHAT = "Names, grade level, school, attendance counts, cumulative grade point average and credits"
WHAT_IN_PART = "First and last name, grade level and days absent; nothing else"
WHO = "Tutors and program coordinators of Bright Path Tutoring"
WHY = "Tutoring by Bright Path Tutoring and following the student's progress"
WHAT_WILL_BE_DONE = "Tutors plan sessions and check once a week whether attendance and credits improve"
ELECTRONIC_OF = 3
LANGUAGES = ("en", "en", "en", "es", "en", "vi", "so")
GIVEN_NAMES = ("Alex", "Casey", "Drew", "Jordan", "Morgan", "Robin", "Sam", "Toni")
"""Of parents who sign."""
SHARING_OPT_OUTS, DIRECTORY_OPT_OUTS = 0.012, 0.02
HARBOR_ONLY = 0.3
PLAIN_FOR = timedelta(days=60)
ONE_DAY = timedelta(days=1)
PARENT, STUDENT = "parent", "eligible_student"
PARENT_SIGNED = frozenset({Edge.TURNS_18_TODAY, Edge.TURNS_18_TOMORROW, Edge.LEAP_DAY, Edge.LISTED_NO_BIRTHDATE})


def consents(
    chance: Random, listed: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[ConsentRow, ...]:
    """Return one consent for everybody listed, except those whose part is to have none."""
    return tuple(_consent(chance, pupil, calendar, today) for pupil in listed if pupil.edge is not Edge.WITHOUT_CONSENT)


def is_plainly_consented(pupil: Pupil, today: date) -> bool:
    """Whether a listed student is the plain case: no part to play, and a minor for two months yet."""
    return pupil.edge is None and pupil.born is not None and eighteenth_birthday(pupil.born) > today + PLAIN_FOR


def opt_outs(
    chance: Random, pupils: tuple[Pupil, ...], listed: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[OptOutRow, ...]:
    """Return who refuses sharing (with all partners or with Harbor), and who refuses directory information."""
    consenting = {pupil.number for pupil in listed}
    rows: list[OptOutRow] = []
    for pupil in pupils:
        day = calendar.first_day + timedelta(days=chance.randint(0, (today - calendar.first_day).days - 1))
        signer = _signer(pupil, day)
        if pupil.edge is Edge.OPTED_OUT:
            rows.append(OptOutRow(pupil.number, "sharing", None, day, signer))
        elif pupil.number not in consenting and is_chosen(chance, SHARING_OPT_OUTS):
            agreement = HARBOR if is_chosen(chance, HARBOR_ONLY) else None
            rows.append(OptOutRow(pupil.number, "sharing", agreement, day, signer))
        if is_chosen(chance, DIRECTORY_OPT_OUTS):
            rows.append(OptOutRow(pupil.number, "directory", None, day, signer))
    return tuple(rows)


def _consent(chance: Random, pupil: Pupil, calendar: SchoolCalendar, today: date) -> ConsentRow:
    signed = calendar.first_day + timedelta(days=chance.randint(-20, 10))
    starts, ends, withdrawn = signed, calendar.closes_on, None
    if pupil.edge is Edge.CONSENT_EXPIRED:
        signed = starts = signed - timedelta(days=365)
        ends = calendar.closes_on.replace(year=calendar.closes_on.year - 1)
    elif pupil.edge is Edge.CONSENT_TOMORROW:
        signed, starts = today, today + ONE_DAY
    elif pupil.edge is Edge.WITHDRAWN:
        withdrawn = starts + timedelta(days=chance.randint(2, (today - starts).days))
        ends = withdrawn - ONE_DAY  # the day of a withdrawal is no longer covered
    if pupil.edge not in PARENT_SIGNED and pupil.born is not None:
        # A parent's signature would be worth nothing from the 18th birthday on, so these sign again for themselves.
        eighteen = eighteenth_birthday(pupil.born)
        if signed < eighteen <= today:
            signed = starts = eighteen
    signer = PARENT if pupil.edge in PARENT_SIGNED else _signer(pupil, signed)
    place = int(pupil.number)  # no chance from here on, so that nothing else is made otherwise
    is_electronic = place % ELECTRONIC_OF == 0
    language = LANGUAGES[place % len(LANGUAGES)]
    given = (pupil.row.first_name or "") if signer == STUDENT else GIVEN_NAMES[place % len(GIVEN_NAMES)]
    return ConsentRow(
        student_number=pupil.number,
        agreement=BRIGHT_PATH,
        signer_relation=signer,
        elements=";".join(COVERED_IN_PART) if pupil.edge is Edge.PARTIAL else ALL_ELEMENTS,
        signed_on=signed,
        valid_from=starts,
        valid_to=ends,
        withdrawn_on=withdrawn,
        what=WHAT_IN_PART if pupil.edge is Edge.PARTIAL else WHAT,
        who=WHO,
        why=WHY,
        what_will_be_done=WHAT_WILL_BE_DONE,
        signer=f"{given} {pupil.row.last_name}".strip(),
        form="electronic" if is_electronic else "paper",
        evidence=_digest(f"consent of {pupil.number}"),
        authenticated_by="district_account" if is_electronic else None,
        approved_by="typed_name" if is_electronic else None,
        notice=_digest(f"{WHAT} {WHO} {WHY} {WHAT_WILL_BE_DONE} ({language})"),
        notice_language=language,
    )


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _signer(pupil: Pupil, day: date) -> str:
    return STUDENT if pupil.born is not None and eighteenth_birthday(pupil.born) <= day else PARENT
