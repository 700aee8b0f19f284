"""An export of a system nobody here knows: semicolons, an old encoding, days as 31.12.2026, headers of its own."""

import datetime as dt
from pathlib import Path

PUPILS = 40
SCHOOLS = (("ECS-101", "Nordschule"), ("ECS-102", "Südschule"))
FIRST_DAY = dt.date(2026, 9, 1)
GRADES = {"Year 6": "06", "Year 7": "07"}


FIRST_NAMES = ("Zoë", "Chloé", "Jürgen", "Amélie", "Bjørn")


def write_unusual_export(folder: Path) -> None:
    """Write the export: pupils, where they go to school, buildings and absences, and a file that is no table."""
    folder.mkdir(parents=True)
    pupils = ["Pupil No;Forename;Surname;Born;Gender;EL;GPA;Locker;Web password"]
    stays = ["Pupil No;Building;Entered;Left;Year group"]
    absences = ["Pupil No;Building;Day;Code"]
    for each in range(PUPILS):
        number, school = f"{700 + each:05d}", SCHOOLS[each % 2][0]
        born = dt.date(2013, 1, 1) + dt.timedelta(days=13 * each)
        gpa, speaks = f"{2 + each % 20 / 10:.1f}".replace(".", ","), ("ja", "nein")[each % 2]
        said = (number, FIRST_NAMES[each % 5], f"Müller-{chr(65 + each % 26)}", f"{born:%d.%m.%Y}", "fm"[each % 2])
        pupils.append(";".join((*said, speaks, gpa, f"L{each}", f"x{each}")))
        stays.append(f"{number};{school};{FIRST_DAY:%d.%m.%Y};;{list(GRADES)[each % 2]}")
        absences.append(f"{number};{school};{FIRST_DAY + dt.timedelta(days=14 + each % 4):%d.%m.%Y};{'EUT'[each % 3]}")
    tables = {"Pupils.csv": pupils, "Stays.txt": stays, "Absences.csv": absences}
    for name, lines in tables.items():
        (folder / name).write_text("\r\n".join(lines) + "\r\n", encoding="cp1252", newline="")
    buildings = ["District report", "", "Building;Building Name", *(f"{code};{name}" for code, name in SCHOOLS)]
    (folder / "Buildings.csv").write_text("\n".join(buildings) + "\n", encoding="cp1252")
    (folder / "readme.md").write_text("Written every night.\n")
