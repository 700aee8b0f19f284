-- Schema records: the views that courses, assessments and discipline are read from.

CREATE VIEW records.granted_course_grades AS
    SELECT
        r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
        r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade,
        r.credits_attempted, r.credits_earned
    FROM records.granted AS g
    JOIN records.course_grade AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_course_grades IS 'Marks and credits of covered students.';

CREATE VIEW records.granted_assessments AS
    SELECT
        r.student_id, r.assessment_title, r.assessment_subject, r.assessment_start_date,
        r.assessment_score_type, r.school_identifier, r.school_year, r.assessment_end_date,
        r.assessment_score, r.performance_level_identifier, r.performance_level_label,
        r.grade_level_when_assessed
    FROM records.granted AS g
    JOIN records.assessment AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_assessments IS 'Test results of covered students.';

CREATE VIEW records.granted_discipline AS
    SELECT
        r.student_id, r.incident_identifier, r.disciplinary_action, r.school_year, r.school_identifier,
        r.incident_date, r.incident_behavior, r.disciplinary_action_reason, r.disciplinary_action_start_date,
        r.disciplinary_action_end_date, r.disciplinary_action_duration
    FROM records.granted AS g
    JOIN records.discipline AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_discipline IS 'Actions taken after incidents, of covered students.';

GRANT SELECT ON records.granted_course_grades, records.granted_assessments, records.granted_discipline TO pactgate_app;
