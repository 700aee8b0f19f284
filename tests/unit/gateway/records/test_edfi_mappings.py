"""The mappings that ship for Ed-Fi: every standard and every form of a district says the same rows."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.records.loading.targets import TARGETS
from tests.factories.edfi import NEW_XML, STUDENT, old_xml, write
from tests.factories.edfi_answers import as_lines, as_pages
from tests.factories.exports import shipped
from tests.factories.staging import stage

WRITTEN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "XML 5.2": ("edfi_xml", NEW_XML),
    "XML 2.0": ("edfi_xml", old_xml()),
    "lines": ("edfi_api", as_lines()),
    "pages": ("edfi_api", as_pages()),
}


day = dt.date.fromisoformat


def rows(mapping: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for load in shipped(mapping).load:
        staged = stage(shipped(mapping), load, folder)
        assert staged.refused == [], load.target
        found[load.target] = [
            {name: value for name, value in row.values.items() if value is not None} for row in staged.rows
        ]
    return found


@pytest.mark.parametrize("how", WRITTEN)
def test_a_district_is_the_same_in_every_standard_and_form(tmp_path: Path, how: str) -> None:
    mapping, files = WRITTEN[how]
    found = rows(mapping, write(tmp_path, files))
    assert found.keys() == TARGETS.keys() - {"rosters", "consents", "opt_outs", "placements"}
    student = {"student_identifier": "1001"}
    year = {"school_year": "2025-2026"}
    assert found == {
        "schools": [{"school_identifier": "7", "school_name": "North", "lea_identifier": "9"}],
        "sessions": [
            {
                **year,
                "session_identifier": "Fall",
                "session_name": "Fall",
                "begin_date": day("2025-09-01"),
                "end_date": day("2026-01-30"),
            }
        ],
        "students": [
            {
                **student,
                "first_name": "Ana",
                "middle_name": "B",
                "last_name": "Ruiz",
                "birthdate": day("2012-06-05"),
                "sex": "Female",
                "telephone": "555-0101",
                "email": "ana@example.org",
                "street_address": "1 Fox Way",
                "postal_code": "98101",
                "hispanic_or_latino": True,
                "asian": True,
                "white": True,
                "english_learner_status": True,
                "economic_disadvantage_status": True,
                "homeless_status": True,
            }
        ],
        "enrollments": [
            {
                **student,
                **year,
                "school_identifier": "7",
                "entry_date": day("2025-09-01"),
                "exit_date": day("2026-06-20"),
                "grade_level": "08",
                "exit_type": "Transferred",
            }
        ],
        "academic_summaries": [
            {
                **student,
                **year,
                "session_identifier": "Fall",
                "gpa": 3.1,
                "gpa_cumulative": 3.4,
                "credits_attempted": 4.0,
                "credits_earned": 3.0,
                "credits_attempted_cumulative": 14.0,
                "credits_earned_cumulative": 12.0,
            }
        ],
        "attendance_events": [
            {
                **student,
                **year,
                "attendance_event_date": day("2025-10-01"),
                "school_identifier": "7",
                "attendance_status": "ExcusedAbsence",
                "attendance_category": "DailyAttendance",
            },
            {
                **student,
                **year,
                "attendance_event_date": day("2025-10-02"),
                "school_identifier": "7",
                "period": "S1",
                "section_identifier": "S1",
                "attendance_status": "Tardy",
                "attendance_category": "ClassSectionAttendance",
            },
        ],
        "course_grades": [
            {
                **student,
                **year,
                "session_identifier": "Fall",
                "section_identifier": "S1",
                "school_identifier": "7",
                "course_identifier": "ALG-1",
                "grade_earned": "A",
                "numeric_grade": 95.0,
            }
        ],
        "assessments": [
            {
                **student,
                **year,
                "assessment_title": "Reading I",
                "assessment_subject": "Reading",
                "assessment_start_date": day("2025-11-03"),
                "assessment_end_date": day("2025-11-03"),
                "assessment_score_type": kind,
                "assessment_score": score,
                "performance_level_label": "Met Standard",
                "grade_level_when_assessed": "08",
            }
            for kind, score in (("Percentile", "89"), ("Raw score", "650"))
        ],
        "discipline": [
            {
                **student,
                **year,
                "incident_identifier": "12",
                "disciplinary_action": action,
                "school_identifier": "7",
                "incident_date": day("2025-10-21"),
                "incident_behavior": "Fighting",
                "disciplinary_action_start_date": day("2025-10-22"),
                "disciplinary_action_duration": 2.0,
            }
            for action in ("Out of School Suspension", "Community Service")
        ],
        "programs": [
            {
                **student,
                "program_identifier": "Reading Lab",
                "program_name": "Reading Lab",
                "program_type": "Title I Part A",
                "program_start_date": day("2025-09-08"),
                "program_exit_date": day("2026-02-01"),
            }
        ],
    }


def test_a_row_that_names_its_student_by_ref_alone_is_refused_and_never_taken_silently_for_nothing(
    tmp_path: Path,
) -> None:
    stay = NEW_XML["StudentEnrollment.xml"].replace(STUDENT, '<StudentReference ref="S_1001"/>')
    folder = write(tmp_path, {**NEW_XML, "StudentEnrollment.xml": stay})
    (load,) = [each for each in shipped("edfi_xml").load if each.target == "enrollments"]
    staged = stage(shipped("edfi_xml"), load, folder)
    assert staged.rows == []
    assert [each.reason for each in staged.refused] == ["student_identifier is not known"]
