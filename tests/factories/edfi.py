"""One small district as Ed-Fi writes it in bulk XML, by standard 5.2 and by 2.0: both say the same."""

import re
from collections.abc import Mapping
from pathlib import Path

OLD, NEW = "http://ed-fi.org/0200", "http://ed-fi.org/5.2.0"


def interchange(name: str, content: str, namespace: str = NEW) -> str:
    """A whole file."""
    root = f"Interchange{name}"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{namespace}">\n{content}\n</{root}>\n'


def of(name: str, word: str) -> str:
    """A code value as later standards write it."""
    return f"<{name}>uri://ed-fi.org/{name}Descriptor#{word}</{name}>"


def reference(name: str, inner: str) -> str:
    """A reference by the values of a key."""
    return f"<{name}Reference><{name}Identity>{inner}</{name}Identity></{name}Reference>"


STUDENT, SCHOOL = (
    reference("Student", "<StudentUniqueId>1001</StudentUniqueId>"),
    reference("School", "<SchoolId>7</SchoolId>"),
)
SESSION = reference("Session", f"<SessionName>Fall</SessionName><SchoolYear>2025-2026</SchoolYear>{SCHOOL}")
OFFERING = reference("CourseOffering", f"<LocalCourseCode>ALG-1</LocalCourseCode>{SCHOOL}{SESSION}")
SECTION = reference("Section", f"<SectionIdentifier>S1</SectionIdentifier>{OFFERING}")
PROGRAM = "<ProgramName>Reading Lab</ProgramName>"
INCIDENT = reference("DisciplineIncident", f"<IncidentIdentifier>12</IncidentIdentifier>{SCHOOL}")
NAME = "<Name><FirstName>Ana</FirstName><MiddleName>B</MiddleName><LastSurname>Ruiz</LastSurname></Name>"
BORN = "<BirthData><BirthDate>2012-06-05</BirthDate></BirthData>"
ADDRESS = (
    "<Address><StreetNumberName>1 Fox Way</StreetNumberName><PostalCode>98101</PostalCode>{home}</Address>"
    "<Address><StreetNumberName>2 Owl Way</StreetNumberName><PostalCode>98102</PostalCode>{other}</Address>"
)
REACHED = (
    "<Telephone><TelephoneNumber>555-0102</TelephoneNumber><OrderOfPriority>2</OrderOfPriority></Telephone>"
    "<Telephone><TelephoneNumber>555-0101</TelephoneNumber><OrderOfPriority>1</OrderOfPriority></Telephone>"
    "<ElectronicMail><ElectronicMailAddress>ana@example.org</ElectronicMailAddress></ElectronicMail>"
    "<HispanicLatinoEthnicity>true</HispanicLatinoEthnicity>"
)
AVERAGE = (
    "<GradePointAverage><IsCumulative>{whole}</IsCumulative>"
    "<GradePointAverageValue>{value}</GradePointAverageValue></GradePointAverage>"
)
CREDITS = "".join(
    f"<{name}Credits><Credit>{value}</Credit></{name}Credits>"
    for name, value in (
        ("CumulativeEarned", 12),
        ("CumulativeAttempted", 14),
        ("SessionEarned", 3),
        ("SessionAttempted", 4),
    )
)
SCHOOLS = "<School><NameOfInstitution>North</NameOfInstitution><SchoolId>7</SchoolId>{}</School>"
DISTRICT = reference("LocalEducationAgency", "<LocalEducationAgencyId>9</LocalEducationAgencyId>")
CALENDAR = (
    "<Session><SessionName>Fall</SessionName><SchoolYear>2025-2026</SchoolYear>"
    "<BeginDate>2025-09-01</BeginDate><EndDate>2026-01-30</EndDate></Session>"
)

NEW_XML: Mapping[str, str] = {
    "EducationOrganization.xml": interchange("EducationOrganization", SCHOOLS.format(DISTRICT)),
    "EducationOrgCalendar.xml": interchange("EducationOrgCalendar", CALENDAR),
    "Student.xml": interchange(
        "Student", f'<Student id="S_1001"><StudentUniqueId>1001</StudentUniqueId>{NAME}{BORN}</Student>'
    ),
    "StudentEnrollment.xml": interchange(
        "StudentEnrollment",
        f"<StudentEducationOrganizationAssociation>{STUDENT}{of('Sex', 'Female')}"
        f"{ADDRESS.format(home=of('AddressType', 'Home'), other=of('AddressType', 'Mailing'))}"
        f"{REACHED}{of('Race', 'Asian')}{of('Race', 'White')}"
        "<StudentCharacteristic>"
        f"{of('StudentCharacteristic', 'Homeless')}"
        "<Period><BeginDate>2025-09-01</BeginDate></Period></StudentCharacteristic>"
        "<StudentCharacteristic>"
        f"{of('StudentCharacteristic', 'Economic Disadvantaged')}"
        "</StudentCharacteristic>"
        f"{of('LimitedEnglishProficiency', 'Limited')}"
        "</StudentEducationOrganizationAssociation>"
        f"<StudentSchoolAssociation>{STUDENT}{SCHOOL}<EntryDate>2025-09-01</EntryDate>"
        f"{of('EntryGradeLevel', 'Eighth grade')}<ExitWithdrawDate>2026-06-20</ExitWithdrawDate>"
        f"{of('ExitWithdrawType', 'Transferred')}</StudentSchoolAssociation>",
    ),
    "StudentSchoolAttendance.xml": interchange(
        "StudentAttendance",
        "<StudentSchoolAttendanceEvent><AttendanceEvent><EventDate>2025-10-01</EventDate>"
        f"{of('AttendanceEventCategory', 'Excused Absence')}</AttendanceEvent>"
        f"{STUDENT}{SCHOOL}{SESSION}</StudentSchoolAttendanceEvent>",
    ),
    "StudentSectionAttendance-Tardy.xml": interchange(
        "StudentAttendance",
        "<StudentSectionAttendanceEvent><AttendanceEvent><EventDate>2025-10-02</EventDate>"
        f"{of('AttendanceEventCategory', 'Tardy')}</AttendanceEvent>"
        f"{STUDENT}{SECTION}</StudentSectionAttendanceEvent>",
    ),
    "StudentDiscipline.xml": interchange(
        "StudentDiscipline",
        "<DisciplineIncident><IncidentIdentifier>12</IncidentIdentifier><IncidentDate>2025-10-21</IncidentDate>"
        f"<Behavior>{of('Behavior', 'Fighting')}</Behavior>{SCHOOL}</DisciplineIncident>"
        f"<DisciplineAction>{of('Discipline', 'Out of School Suspension')}"
        f"{of('Discipline', 'Community Service')}<DisciplineDate>2025-10-22</DisciplineDate>"
        f"<DisciplineActionLength>2</DisciplineActionLength>{STUDENT}"
        f"{reference('School', '<SchoolId>7</SchoolId>').replace('SchoolReference', 'ResponsibilitySchoolReference')}"
        f"{reference('StudentDisciplineIncidentBehaviorAssociation', STUDENT + INCIDENT)}</DisciplineAction>",
    ),
    "StudentProgram.xml": interchange(
        "StudentProgram",
        f"<StudentTitleIPartAProgramAssociation>{STUDENT}"
        f"{reference('Program', PROGRAM + of('ProgramType', 'Title I Part A'))}"
        "<BeginDate>2025-09-08</BeginDate><EndDate>2026-02-01</EndDate></StudentTitleIPartAProgramAssociation>",
    ),
    "AssessmentMetadata-Reading.xml": interchange(
        "AssessmentMetadata",
        "<Assessment><AssessmentIdentifier>R1</AssessmentIdentifier><AssessmentTitle>Reading I</AssessmentTitle>"
        f"{of('AcademicSubject', 'Reading')}</Assessment>",
    ),
    "StudentAssessment-Reading.xml": interchange(
        "StudentAssessment",
        "<StudentAssessment><AdministrationDate>2025-11-03T09:30:00</AdministrationDate>"
        "<AdministrationEndDate>2025-11-03T10:30:00</AdministrationEndDate>"
        f"<ScoreResult><Result>89</Result>{of('AssessmentReportingMethod', 'Percentile')}</ScoreResult>"
        f"<ScoreResult><Result>650</Result>{of('AssessmentReportingMethod', 'Raw score')}</ScoreResult>"
        f"{of('WhenAssessedGradeLevel', 'Eighth grade')}"
        f"<PerformanceLevel>{of('PerformanceLevel', 'Met Standard')}</PerformanceLevel>{STUDENT}"
        f"{reference('Assessment', '<AssessmentIdentifier>R1</AssessmentIdentifier>')}</StudentAssessment>"
        f"<StudentAssessment><AdministrationDate>2025-12-03T09:30:00</AdministrationDate>{STUDENT}"
        f"{reference('Assessment', '<AssessmentIdentifier>R1</AssessmentIdentifier>')}</StudentAssessment>",
    ),
    "StudentGrade-Fall.xml": interchange(
        "StudentGrade",
        "".join(
            f"<Grade><LetterGradeEarned>{letter}</LetterGradeEarned><NumericGradeEarned>{number}</NumericGradeEarned>"
            f"{of('GradeType', kind)}{reference('StudentSectionAssociation', STUDENT + SECTION)}</Grade>"
            for letter, number, kind in (("A", 95, "Final"), ("B", 85, "Grading Period"))
        ),
    ),
    "StudentTranscript.xml": interchange(
        "StudentTranscript",
        f"<StudentAcademicRecord>{CREDITS}"
        f"{AVERAGE.format(whole='false', value='3.1')}{AVERAGE.format(whole='true', value='3.4')}"
        f"{STUDENT}<SchoolYear>2025-2026</SchoolYear>{of('Term', 'Fall')}</StudentAcademicRecord>",
    ),
}


_PLAIN = ("Sex", "Race", "AddressType", "ProgramType", "GradeType", "AssessmentReportingMethod", "Term")
"""Code values that were no descriptors in standard 2.0."""


def _as_old(text: str) -> str:
    """The same file with the namespace and code values of standard 2.0."""

    def old(found: re.Match[str]) -> str:
        name, word = found[1], found[2]
        return f"<{name}>{word if name in _PLAIN else f'<CodeValue>{word}</CodeValue>'}</{name}>"

    return re.sub(r"<(\w+)>uri://[^<#]*#([^<]*)</\1>", old, text.replace(NEW, OLD))


def old_xml() -> dict[str, str]:
    """The district in standard 2.0: demographics stand in Student, averages by name, a test by title and subject."""
    written = {name: _as_old(text) for name, text in NEW_XML.items() if not name.startswith("AssessmentMetadata")}
    enrollment = written["StudentEnrollment.xml"]
    begin, end = "<StudentEducationOrganizationAssociation>", "</StudentEducationOrganizationAssociation>"
    about = enrollment[enrollment.index(begin) + len(begin) : enrollment.index(end)].removeprefix(STUDENT)
    written["StudentEnrollment.xml"] = enrollment.replace(f"{begin}{STUDENT}{about}{end}", "")
    about = about.replace("<Period>", "").replace("</Period>", "")
    about = about.replace(
        "<StudentCharacteristic><StudentCharacteristic><CodeValue>Economic Disadvantaged</CodeValue>"
        "</StudentCharacteristic></StudentCharacteristic>",
        "<EconomicDisadvantaged>true</EconomicDisadvantaged>",
    )
    written["Student.xml"] = written["Student.xml"].replace("</Student>\n", f"{about}</Student>\n")
    written["StudentAttendance.xml"] = written.pop("StudentSchoolAttendance.xml")
    written["StudentAssessment-Reading.xml"] = (
        written["StudentAssessment-Reading.xml"]
        .replace(
            "<AssessmentIdentifier>R1</AssessmentIdentifier>",
            "<AssessmentTitle>Reading I</AssessmentTitle>"
            "<AcademicSubject><CodeValue>Reading</CodeValue></AcademicSubject>",
        )
        .replace("T09:30:00", "")
        .replace("T10:30:00", "")
    )
    written["StudentDiscipline.xml"] = written["StudentDiscipline.xml"].replace(
        reference("StudentDisciplineIncidentBehaviorAssociation", STUDENT + INCIDENT), INCIDENT
    )
    written["StudentGrade-Fall.xml"] = written["StudentGrade-Fall.xml"].replace(
        "SectionIdentifier>", "UniqueSectionCode>"
    )
    written["StudentTranscript.xml"] = (
        written["StudentTranscript.xml"]
        .replace(AVERAGE.format(whole="false", value="3.1"), "<SessionGradePointAverage>3.1</SessionGradePointAverage>")
        .replace(
            AVERAGE.format(whole="true", value="3.4"), "<CumulativeGradePointAverage>3.4</CumulativeGradePointAverage>"
        )
    )
    return written


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write an export of files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder
