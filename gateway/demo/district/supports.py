"""Programs students take part in, and children placed out of home."""

from datetime import date, timedelta
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.chance import is_chosen
from gateway.demo.district.edges import Edge
from gateway.demo.district.lists import PlacementRow
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import ProgramRow
from gateway.demo.district.schools import GRADES

__all__ = ["CHILD_SERVICES", "placements", "programs"]

CHILD_SERVICES = "child-services"  # how the office's lists write the agency's agreement
PLACING_AGENCY = "Sound County Children and Families"
BY_FLAG = (
    ("idea", "SPED", "Special Education Services", "Special Education"),
    ("section_504", "S504", "Section 504 Plan", "Section 504"),
    ("english_learner", "ELD", "English Language Development", "English Learner"),
    ("homeless", "MKV", "McKinney-Vento Services", "Homeless Education"),
    ("migrant", "MIG", "Migrant Education", "Migrant Education"),
)
OFFERED = (
    ("READ", "Reading Intervention", "Academic Intervention", range(1, 9), 0.09),
    ("MATH", "Mathematics Intervention", "Academic Intervention", range(1, 12), 0.07),
    ("HICAP", "Highly Capable", "Gifted and Talented", GRADES, 0.06),
    ("CAREER", "Career Pathways", "Career and Technical Education", range(9, 13), 0.3),
    ("AFTER", "After-School Clubs", "Extended Day", range(9), 0.15),
)
INTERVENTION = "Academic Intervention"
ENDED_SHARE = 0.1
SETTLING = 8


def programs(
    chance: Random, pupils: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[ProgramRow, ...]:
    """Return programs that follow from a student's flags, and those a student chose or was sent to."""
    rows: list[ProgramRow] = []
    for pupil in pupils:
        flags = pupil.row._asdict()
        for flag, *program in BY_FLAG:
            if flags[flag] == "Y":
                rows.append(_row(chance, pupil, program, calendar, today))
        if pupil.row.meal_eligibility != "Paid":
            # Its name gives away what the meals flag hides; a gate on the flag alone would leak it.
            food = ["FOOD", "Food Service", "Nutrition"]
            rows.append(_row(chance, pupil, food, calendar, today))
        for code, name, kind, grades, share in OFFERED:
            if pupil.seat.grade in grades and is_chosen(chance, _likely(share, kind, pupil.engagement)):
                rows.append(_row(chance, pupil, [code, name, kind], calendar, today))
    return tuple(rows)


def placements(
    chance: Random, pupils: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[PlacementRow, ...]:
    """Return children in out-of-home placement, and one whose placement ended yesterday."""
    return tuple(
        PlacementRow(
            student_number=pupil.number,
            agreement=CHILD_SERVICES,
            agency=PLACING_AGENCY,
            start_date=calendar.first_day - timedelta(days=chance.randint(-3, 500)),
            end_date=today - timedelta(days=1) if pupil.edge is Edge.PLACEMENT_ENDED_YESTERDAY else None,
        )
        for pupil in pupils
        if pupil.edge in {Edge.PLACED, Edge.PLACEMENT_ENDED_YESTERDAY}
    )


def _row(chance: Random, pupil: Pupil, program: list[str], calendar: SchoolCalendar, today: date) -> ProgramRow:
    code, name, kind = program
    start = chance.choice(calendar.days[:SETTLING])
    ended = kind in {INTERVENTION, "Extended Day"} and is_chosen(chance, ENDED_SHARE)
    return ProgramRow(
        student_number=pupil.number,
        program_id=f"ECS-{code}",
        program_name=name,
        program_type=kind,
        tier=(3 if is_chosen(chance, 0.25) else 2) if kind == INTERVENTION else None,
        start_date=start,
        exit_date=today - timedelta(days=1) if ended else None,
        status="Exited" if ended else "Active",
    )


def _likely(share: float, kind: str, engagement: float) -> float:
    """Help goes to those who struggle, and the label "highly capable" to those who do not."""
    lean = {INTERVENTION: -0.6, "Gifted and Talented": 0.6}.get(kind, 0.0)
    return min(max(share * (1 + lean * engagement), 0.0), 1.0)
