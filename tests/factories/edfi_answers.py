"""The small district of `edfi` as an Ed-Fi API answers for it, an object a record."""

import json
from collections.abc import Mapping
from typing import Any


def _word(kind: str, word: str) -> str:
    return f"uri://ed-fi.org/{kind}Descriptor#{word}"


_STUDENT = {"studentReference": {"studentUniqueId": "1001", "link": {"rel": "Student", "href": "/ed-fi/students/x"}}}
_SCHOOL = {"schoolReference": {"schoolId": 7}}
_YEAR = {"schoolYearTypeReference": {"schoolYear": 2026}}
_SECTION = {
    "localCourseCode": "ALG-1",
    "schoolId": 7,
    "schoolYear": 2026,
    "sectionIdentifier": "S1",
    "sessionName": "Fall",
}
ANSWERS: Mapping[str, list[dict[str, Any]]] = {
    "schools": [
        {
            "schoolId": 7,
            "nameOfInstitution": "North",
            "localEducationAgencyReference": {"localEducationAgencyId": 9},
        }
    ],
    "sessions": [{"sessionName": "Fall", "beginDate": "2025-09-01", "endDate": "2026-01-30", **_SCHOOL, **_YEAR}],
    "students": [
        {
            "studentUniqueId": "1001",
            "birthDate": "2012-06-05",
            "firstName": "Ana",
            "middleName": "B",
            "lastSurname": "Ruiz",
            "visas": [],
        }
    ],
    "studentEducationOrganizationAssociations": [
        {
            **_STUDENT,
            "educationOrganizationReference": {"educationOrganizationId": 9},
            "sexDescriptor": _word("Sex", "Female"),
            "hispanicLatinoEthnicity": True,
            "limitedEnglishProficiencyDescriptor": _word("LimitedEnglishProficiency", "Limited"),
            "addresses": [
                {
                    "addressTypeDescriptor": _word("AddressType", "Mailing"),
                    "streetNumberName": "2 Owl Way",
                    "postalCode": "98102",
                },
                {
                    "addressTypeDescriptor": _word("AddressType", "Home"),
                    "streetNumberName": "1 Fox Way",
                    "postalCode": "98101",
                },
            ],
            "electronicMails": [{"electronicMailAddress": "ana@example.org"}],
            "races": [{"raceDescriptor": _word("Race", "Asian")}, {"raceDescriptor": _word("Race", "White")}],
            "studentCharacteristics": [
                {
                    "studentCharacteristicDescriptor": _word("StudentCharacteristic", "Homeless"),
                    "periods": [{"beginDate": "2025-09-01"}],
                },
                {
                    "studentCharacteristicDescriptor": _word("StudentCharacteristic", "Economic Disadvantaged"),
                    "periods": [],
                },
            ],
            "telephones": [
                {"telephoneNumber": "555-0102", "orderOfPriority": 2},
                {"telephoneNumber": "555-0101", "orderOfPriority": 1},
            ],
        }
    ],
    "studentSchoolAssociations": [
        {
            **_STUDENT,
            **_SCHOOL,
            "entryDate": "2025-09-01",
            "entryGradeLevelDescriptor": _word("GradeLevel", "Eighth grade"),
            "exitWithdrawDate": "2026-06-20",
            "exitWithdrawTypeDescriptor": _word("ExitWithdrawType", "Transferred"),
        }
    ],
    "studentSchoolAttendanceEvents": [
        {
            **_STUDENT,
            **_SCHOOL,
            "sessionReference": {"schoolId": 7, "schoolYear": 2026, "sessionName": "Fall"},
            "eventDate": "2025-10-01",
            "attendanceEventCategoryDescriptor": _word("AttendanceEventCategory", "Excused Absence"),
        }
    ],
    "studentSectionAttendanceEvents": [
        {
            **_STUDENT,
            "sectionReference": _SECTION,
            "eventDate": "2025-10-02",
            "attendanceEventCategoryDescriptor": _word("AttendanceEventCategory", "Tardy"),
        }
    ],
    "disciplineIncidents": [
        {
            **_SCHOOL,
            "incidentIdentifier": "12",
            "incidentDate": "2025-10-21",
            "behaviors": [{"behaviorDescriptor": _word("Behavior", "Fighting")}],
        }
    ],
    "disciplineActions": [
        {
            **_STUDENT,
            "responsibilitySchoolReference": {"schoolId": 7},
            "disciplineDate": "2025-10-22",
            "disciplineActionLength": 2,
            "disciplines": [
                {"disciplineDescriptor": _word("Discipline", "Out of School Suspension")},
                {"disciplineDescriptor": _word("Discipline", "Community Service")},
            ],
            "staffs": [],
            "studentDisciplineIncidentBehaviorAssociations": [
                {
                    "studentDisciplineIncidentBehaviorAssociationReference": {
                        "incidentIdentifier": "12",
                        "schoolId": 7,
                        "studentUniqueId": "1001",
                    }
                }
            ],
        }
    ],
    "studentTitleIPartAProgramAssociations": [
        {
            **_STUDENT,
            "programReference": {
                "educationOrganizationId": 9,
                "programName": "Reading Lab",
                "programTypeDescriptor": _word("ProgramType", "Title I Part A"),
            },
            "beginDate": "2025-09-08",
            "endDate": "2026-02-01",
        }
    ],
    "assessments": [
        {
            "assessmentIdentifier": "R1",
            "assessmentTitle": "Reading I",
            "academicSubjects": [{"academicSubjectDescriptor": _word("AcademicSubject", "Reading")}],
        }
    ],
    "studentAssessments": [
        {
            **_STUDENT,
            "assessmentReference": {"assessmentIdentifier": "R1", "namespace": "uri://ed-fi.org"},
            "administrationDate": "2025-11-03T09:30:00Z",
            "administrationEndDate": "2025-11-03T10:30:00Z",
            "whenAssessedGradeLevelDescriptor": _word("GradeLevel", "Eighth grade"),
            "performanceLevels": [{"performanceLevelDescriptor": _word("PerformanceLevel", "Met Standard")}],
            "scoreResults": [
                {
                    "assessmentReportingMethodDescriptor": _word("AssessmentReportingMethod", "Percentile"),
                    "result": "89",
                },
                {
                    "assessmentReportingMethodDescriptor": _word("AssessmentReportingMethod", "Raw score"),
                    "result": "650",
                },
            ],
        },
        {
            **_STUDENT,
            "assessmentReference": {"assessmentIdentifier": "R1", "namespace": "uri://ed-fi.org"},
            "administrationDate": "2025-12-03T09:30:00Z",
            "scoreResults": [],
        },
    ],
    "grades": [
        {
            "gradeTypeDescriptor": _word("GradeType", kind),
            "studentSectionAssociationReference": {**_SECTION, "studentUniqueId": "1001", "beginDate": "2025-09-01"},
            "letterGradeEarned": letter,
            "numericGradeEarned": number,
        }
        for letter, number, kind in (("A", 95.0, "Final"), ("B", 85.0, "Grading Period"))
    ],
    "studentAcademicRecords": [
        {
            **_STUDENT,
            **_YEAR,
            "educationOrganizationReference": {"educationOrganizationId": 9},
            "termDescriptor": _word("Term", "Fall"),
            "cumulativeEarnedCredits": 12,
            "cumulativeAttemptedCredits": 14,
            "sessionEarnedCredits": 3,
            "sessionAttemptedCredits": 4,
            "gradePointAverages": [
                {"isCumulative": False, "gradePointAverageValue": 3.1},
                {"isCumulative": True, "gradePointAverageValue": 3.4},
            ],
        }
    ],
}


def as_lines(answers: Mapping[str, list[dict[str, Any]]] = ANSWERS) -> dict[str, str]:
    """Answers, one object a line."""
    return {f"{name}.ndjson": "".join(f"{json.dumps(each)}\n" for each in rows) for name, rows in answers.items()}


def as_pages(answers: Mapping[str, list[dict[str, Any]]] = ANSWERS) -> dict[str, str]:
    """Answers as an API gives them: an array a page, here of one object each, and an empty one at the end."""
    pages = {name: [*([each] for each in rows), []] for name, rows in answers.items()}
    return {
        f"{name}-{number}.json": json.dumps(page) for name, each in pages.items() for number, page in enumerate(each)
    }
