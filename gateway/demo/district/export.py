"""Writes the district as CSV files: UTF-8, a header line, RFC 4180 quoting, empty cells for what is unknown."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.demo.district import lists, rows
from gateway.demo.district.district import District

__all__ = ["HEADERS", "write_csv"]

HEADERS: Mapping[str, tuple[str, ...]] = {
    "schools": rows.SchoolRow._fields,
    "terms": rows.TermRow._fields,
    "students": rows.StudentRow._fields,
    "enrollments": rows.EnrollmentRow._fields,
    "attendance": rows.AttendanceRow._fields,
    "courses": rows.CourseRow._fields,
    "course_grades": rows.CourseGradeRow._fields,
    "academic_summary": rows.AcademicSummaryRow._fields,
    "assessments": rows.AssessmentRow._fields,
    "discipline": rows.DisciplineRow._fields,
    "programs": rows.ProgramRow._fields,
    "roster_bright-path": lists.RosterRow._fields,
    "roster_harbor": lists.RosterRow._fields,
    "consents": lists.ConsentRow._fields,
    "opt_outs": lists.OptOutRow._fields,
    "placements": lists.PlacementRow._fields,
}
"""The files, by name without `.csv`, with their columns, in the order they can be loaded."""


def write_csv(district: District, folder: Path) -> dict[str, Path]:
    """Write every file into `folder`, which must exist, and return their paths by name; same district, same bytes."""
    contents: Mapping[str, Sequence[tuple[Any, ...]]] = {
        "roster_bright-path": district.bright_path,
        "roster_harbor": district.harbor,
    } | {name: getattr(district, name) for name in HEADERS if not name.startswith("roster_")}
    paths: dict[str, Path] = {}
    for name, header in HEADERS.items():
        paths[name] = folder / f"{name}.csv"
        with paths[name].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(contents[name])
    return paths
