"""What students achieved and went through: courses, assessments, discipline, programs. Dated by load, as `facts`."""

from sqlalchemy import CheckConstraint, Date, Double, Integer

from gateway.records.columns import SCHOOL_YEAR_FORM, held, later, needed, student, versioned

course_grade = versioned(
    "course_grade",
    ("student_id", "school_year", "session_identifier", "section_identifier"),
    student(),
    needed("school_year", element="000243"),
    needed("session_identifier", element="001270"),
    needed("section_identifier", element="000978"),
    held("school_identifier", element="001069"),
    held("course_identifier", element="000055"),
    held("course_title", element="000067"),
    held("grade_earned", element="000124"),
    held("final_mark", element="001142"),
    held("numeric_grade", Double(), element="x-numeric-grade"),
    held("credits_attempted", Double(), element="000199"),
    held("credits_earned", Double(), element="000200"),
    later("grade_level_when_course_taken", element="000125"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="course_grade_school_year_has_its_form"),
)

assessment = versioned(
    "assessment",
    ("student_id", "assessment_title", "assessment_subject", "assessment_start_date", "assessment_score_type"),
    student(),
    needed("assessment_title", element="000028"),
    needed("assessment_subject", element="000021"),
    needed("assessment_start_date", Date(), element="000962"),
    needed("assessment_score_type", element="001547"),
    held("school_identifier", element="001069"),
    needed("school_year", element="000243"),
    held("assessment_end_date", Date(), element="000964"),
    held("assessment_score", element="000245"),
    held("performance_level_identifier", element="000717"),
    held("performance_level_label", element="000718"),
    held("grade_level_when_assessed", element="000126"),
    later("assessment_percentile", Double(), element="x-assessment-percentile"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="assessment_school_year_has_its_form"),
)

discipline = versioned(
    "discipline",
    ("student_id", "incident_identifier", "disciplinary_action"),
    student(),
    needed("incident_identifier", element="000501"),
    needed("disciplinary_action", element="000488"),
    needed("school_year", element="000243"),
    held("school_identifier", element="001069"),
    needed("incident_date", Date(), element="000502"),
    held("incident_behavior", element="000509"),
    held("disciplinary_action_reason", element="000545"),
    held("disciplinary_action_start_date", Date(), element="000083"),
    held("disciplinary_action_end_date", Date(), element="000082"),
    held("disciplinary_action_duration", Double(), element="000511"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="discipline_school_year_has_its_form"),
)
"""One action taken after an incident. Descriptions in free words (000508) are never stored."""

program = versioned(
    "program",
    ("student_id", "program_identifier", "program_start_date"),
    student(),
    needed("program_identifier", element="000625"),
    needed("program_start_date", Date(), element="000590"),
    held("program_exit_date", Date(), element="000591"),
    held("program_name", element="000626"),
    needed("program_type", element="000225"),
    held("program_status", element="001243"),
    held("support_service_type", element="000273"),
    held("referral_date", Date(), element="001481"),
    held("referral_reason", element="001483"),
    held("referral_outcome", element="001482"),
    held("school_identifier", element="001069"),
    held("school_year", element="000243"),
    held("mtss_tier", Integer(), element="x-mtss-tier"),
    later("intervention", element="x-intervention"),
    later("support_minutes_per_week", Integer(), element="x-support-minutes"),
)
"""Participation in a program. Both dates are days in it."""

withheld = versioned("withheld", ("student_id", "target"), student(), needed("target"))
"""
Students whose own row was refused by the last load of `target`: they are shown to nobody until it is mended.

Leaving them as they were might show what is no longer true; deleting them would tell partners that they left.
"""
