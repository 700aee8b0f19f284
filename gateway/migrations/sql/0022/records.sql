-- Schema records: homes of the elements that had none, and what persons say about student numbers.

-- As before, with the new columns at the end, where processes of the release before do not look.
CREATE OR REPLACE VIEW records.granted_academic_summaries AS
    SELECT
        a.student_id, a.school_year, a.gpa, a.gpa_cumulative, a.gpa_weighted, a.credits_attempted, a.credits_earned,
        a.credits_attempted_cumulative, a.credits_earned_cumulative, a.session_identifier, a.on_track_to_graduate
    FROM records.granted AS g
    JOIN records.academic_summary AS a ON a.student_id = g.student_id
    WHERE a.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (a.to_batch IS NULL OR a.to_batch > (SELECT f.batch FROM records.frontier AS f));

-- `event_id` is for processes of the release before; this one orders events by a hash that tells nothing.
CREATE OR REPLACE VIEW records.granted_attendance_events AS
    SELECT
        v.student_id, v.attendance_event_date, v.school_identifier, v.period, v.school_year, v.attendance_status,
        v.attendance_category,
        v.row_id AS event_id,
        v.section_identifier
    FROM records.granted AS g
    JOIN records.attendance AS v ON v.student_id = g.student_id
    WHERE v.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (v.to_batch IS NULL OR v.to_batch > (SELECT f.batch FROM records.frontier AS f));

CREATE OR REPLACE VIEW records.granted_programs AS
    SELECT
        r.student_id, r.program_identifier, r.program_start_date, r.program_exit_date, r.program_name, r.program_type,
        r.program_status, r.support_service_type, r.referral_date, r.referral_reason, r.referral_outcome,
        r.school_identifier, r.school_year, r.mtss_tier, r.intervention, r.support_minutes_per_week
    FROM records.granted AS g
    JOIN records.program AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));

CREATE OR REPLACE VIEW records.granted_course_grades AS
    SELECT
        r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
        r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade,
        r.credits_attempted, r.credits_earned, r.grade_level_when_course_taken
    FROM records.granted AS g
    JOIN records.course_grade AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));

CREATE OR REPLACE VIEW records.granted_assessments AS
    SELECT
        r.student_id, r.assessment_title, r.assessment_subject, r.assessment_start_date,
        r.assessment_score_type, r.school_identifier, r.school_year, r.assessment_end_date,
        r.assessment_score, r.performance_level_identifier, r.performance_level_label,
        r.grade_level_when_assessed, r.assessment_percentile
    FROM records.granted AS g
    JOIN records.assessment AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));

CREATE OR REPLACE VIEW records.visible_schools AS
    SELECT o.school_identifier, o.lea_identifier, o.school_name
    FROM records.school AS o
    WHERE o.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (o.to_batch IS NULL OR o.to_batch > (SELECT f.batch FROM records.frontier AS f));

CREATE VIEW records.visible_sessions AS
    SELECT o.school_year, o.session_identifier, o.session_name, o.begin_date, o.end_date
    FROM records.session AS o
    WHERE o.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (o.to_batch IS NULL OR o.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.visible_sessions IS 'Terms of school years: no student data.';

GRANT SELECT ON records.visible_sessions TO pactgate_app;
GRANT SELECT, INSERT, UPDATE (to_idx) ON records.renumbered TO pactgate_loader;
GRANT UPDATE (student_identifier) ON records.identity TO pactgate_loader;

-- As before, with what is said about numbers.
CREATE OR REPLACE FUNCTION records.dated_rows(p_first bigint, p_last bigint, p_students uuid[] DEFAULT NULL)
    RETURNS TABLE (idx bigint, part text, concerns text, student uuid, row_digest bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET extra_float_digits = 1 SET bytea_output = 'hex'
    SET plan_cache_mode = force_custom_plan
    AS $$
    BEGIN
        RETURN QUERY
        SELECT r.from_idx AS idx, 'consent.begun' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.covers, r.signed_by, r.signed_on, r.from_date, r.to_date, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.consent AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'consent.ended' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.covers, r.signed_by, r.signed_on, r.from_date, r.to_date, r.withdrawn_on,
            r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.consent AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'opt_out.begun' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.line, r.scope, r.from_date, r.stated, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.opt_out AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'opt_out.ended' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.line, r.scope, r.from_date, r.stated, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.opt_out AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'placement.begun' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.from_date, r.to_date, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.placement AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'placement.ended' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.from_date, r.to_date, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.placement AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'population.begun' AS part, coalesce(r.agreement, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.agreement, r.student_id, r.code, r.covers, r.valid
            )::text, 'UTF8')) AS row_digest
        FROM records.population AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'population.ended' AS part, coalesce(r.agreement, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.agreement, r.student_id, r.code, r.covers, r.valid, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.population AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'roster.begun' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.from_date, r.to_date, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.roster AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'roster.ended' AS part, coalesce(r.line, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.from_date, r.to_date, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.roster AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'code.begun' AS part, r.line AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.code
            )::text, 'UTF8')) AS row_digest
        FROM records.code AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'contested.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.elements, r.statement, r.stated_on, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.contested AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'contested.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.elements, r.statement, r.stated_on, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.contested AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_idx AS idx, 'renumbered.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.kind, r.other_id, r.student_identifier, r.said_on, r.stood, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.renumbered AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'renumbered.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.kind, r.other_id, r.student_identifier, r.said_on, r.stood, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.renumbered AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students));
    END
    $$;

-- As before; a row that says nothing in a new column keeps the digest that entries have committed to.
CREATE OR REPLACE FUNCTION records.loaded_rows(p_first bigint, p_last bigint, p_students uuid[] DEFAULT NULL)
    RETURNS TABLE (idx bigint, part text, concerns text, student uuid, row_digest bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET extra_float_digits = 1 SET bytea_output = 'hex'
    SET plan_cache_mode = force_custom_plan
    AS $$
    BEGIN
        RETURN QUERY
        SELECT r.from_batch AS idx, 'academic_summary.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.gpa, r.gpa_cumulative, r.gpa_weighted, r.credits_attempted,
            r.credits_earned, r.credits_attempted_cumulative, r.credits_earned_cumulative, r.digest
            )::text
            || CASE WHEN r.session_identifier = '' AND r.on_track_to_graduate IS NULL THEN ''
                ELSE ROW(r.session_identifier, r.on_track_to_graduate)::text END, 'UTF8')) AS row_digest
        FROM records.academic_summary AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'academic_summary.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.gpa, r.gpa_cumulative, r.gpa_weighted, r.credits_attempted,
            r.credits_earned, r.credits_attempted_cumulative, r.credits_earned_cumulative, r.digest, r.from_batch
            )::text
            || CASE WHEN r.session_identifier = '' AND r.on_track_to_graduate IS NULL THEN ''
                ELSE ROW(r.session_identifier, r.on_track_to_graduate)::text END, 'UTF8')) AS row_digest
        FROM records.academic_summary AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'assessment.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.assessment_title, r.assessment_subject, r.assessment_start_date,
            r.assessment_score_type, r.school_identifier, r.school_year, r.assessment_end_date, r.assessment_score,
            r.performance_level_identifier, r.performance_level_label, r.grade_level_when_assessed, r.digest
            )::text
            || CASE WHEN r.assessment_percentile IS NULL THEN ''
                ELSE ROW(r.assessment_percentile)::text END, 'UTF8')) AS row_digest
        FROM records.assessment AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'assessment.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.assessment_title, r.assessment_subject, r.assessment_start_date,
            r.assessment_score_type, r.school_identifier, r.school_year, r.assessment_end_date, r.assessment_score,
            r.performance_level_identifier, r.performance_level_label, r.grade_level_when_assessed, r.digest,
            r.from_batch
            )::text
            || CASE WHEN r.assessment_percentile IS NULL THEN ''
                ELSE ROW(r.assessment_percentile)::text END, 'UTF8')) AS row_digest
        FROM records.assessment AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'attendance.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.attendance_event_date, r.school_identifier, r.period, r.school_year,
            r.attendance_status, r.attendance_category, r.digest
            )::text
            || CASE WHEN r.section_identifier IS NULL THEN ''
                ELSE ROW(r.section_identifier)::text END, 'UTF8')) AS row_digest
        FROM records.attendance AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'attendance.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.attendance_event_date, r.school_identifier, r.period, r.school_year,
            r.attendance_status, r.attendance_category, r.digest, r.from_batch
            )::text
            || CASE WHEN r.section_identifier IS NULL THEN ''
                ELSE ROW(r.section_identifier)::text END, 'UTF8')) AS row_digest
        FROM records.attendance AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'course_grade.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
            r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade, r.credits_attempted,
            r.credits_earned, r.digest
            )::text
            || CASE WHEN r.grade_level_when_course_taken IS NULL THEN ''
                ELSE ROW(r.grade_level_when_course_taken)::text END, 'UTF8')) AS row_digest
        FROM records.course_grade AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'course_grade.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
            r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade, r.credits_attempted,
            r.credits_earned, r.digest, r.from_batch
            )::text
            || CASE WHEN r.grade_level_when_course_taken IS NULL THEN ''
                ELSE ROW(r.grade_level_when_course_taken)::text END, 'UTF8')) AS row_digest
        FROM records.course_grade AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'discipline.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.incident_identifier, r.disciplinary_action, r.school_year, r.school_identifier,
            r.incident_date, r.incident_behavior, r.disciplinary_action_reason, r.disciplinary_action_start_date,
            r.disciplinary_action_end_date, r.disciplinary_action_duration, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.discipline AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'discipline.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.incident_identifier, r.disciplinary_action, r.school_year, r.school_identifier,
            r.incident_date, r.incident_behavior, r.disciplinary_action_reason, r.disciplinary_action_start_date,
            r.disciplinary_action_end_date, r.disciplinary_action_duration, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.discipline AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'enrollment.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_identifier, r.school_year, r.entry_date, r.exit_date, r.grade_level,
            r.enrollment_status, r.exit_type, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.enrollment AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'enrollment.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_identifier, r.school_year, r.entry_date, r.exit_date, r.grade_level,
            r.enrollment_status, r.exit_type, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.enrollment AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'program.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.program_identifier, r.program_start_date, r.program_exit_date, r.program_name,
            r.program_type, r.program_status, r.support_service_type, r.referral_date, r.referral_reason,
            r.referral_outcome, r.school_identifier, r.school_year, r.mtss_tier, r.digest
            )::text
            || CASE WHEN r.intervention IS NULL AND r.support_minutes_per_week IS NULL THEN ''
                ELSE ROW(r.intervention, r.support_minutes_per_week)::text END, 'UTF8')) AS row_digest
        FROM records.program AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'program.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.program_identifier, r.program_start_date, r.program_exit_date, r.program_name,
            r.program_type, r.program_status, r.support_service_type, r.referral_date, r.referral_reason,
            r.referral_outcome, r.school_identifier, r.school_year, r.mtss_tier, r.digest, r.from_batch
            )::text
            || CASE WHEN r.intervention IS NULL AND r.support_minutes_per_week IS NULL THEN ''
                ELSE ROW(r.intervention, r.support_minutes_per_week)::text END, 'UTF8')) AS row_digest
        FROM records.program AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'school.begun' AS part, '' AS concerns,
            NULL::uuid AS student,
            sha256(convert_to(ROW(
            r.school_identifier, r.school_name, r.lea_identifier, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.school AS r WHERE r.from_batch BETWEEN p_first AND p_last AND p_students IS NULL
        UNION ALL
        SELECT r.to_batch AS idx, 'school.ended' AS part, '' AS concerns,
            NULL::uuid AS student,
            sha256(convert_to(ROW(
            r.school_identifier, r.school_name, r.lea_identifier, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.school AS r WHERE r.to_batch BETWEEN p_first AND p_last AND p_students IS NULL
        UNION ALL
        SELECT r.from_batch AS idx, 'session.begun' AS part, '' AS concerns,
            NULL::uuid AS student,
            sha256(convert_to(ROW(
            r.school_year, r.session_identifier, r.session_name, r.begin_date, r.end_date, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.session AS r WHERE r.from_batch BETWEEN p_first AND p_last AND p_students IS NULL
        UNION ALL
        SELECT r.to_batch AS idx, 'session.ended' AS part, '' AS concerns,
            NULL::uuid AS student,
            sha256(convert_to(ROW(
            r.school_year, r.session_identifier, r.session_name, r.begin_date, r.end_date, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.session AS r WHERE r.to_batch BETWEEN p_first AND p_last AND p_students IS NULL
        UNION ALL
        SELECT r.from_batch AS idx, 'student.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.student_identifier, r.student_identification_system, r.first_name, r.middle_name,
            r.last_name, r.birthdate, r.sex, r.telephone, r.email, r.street_address, r.postal_code,
            r.hispanic_or_latino, r.american_indian_or_alaska_native, r.asian, r.black_or_african_american,
            r.native_hawaiian_or_pacific_islander, r.white, r.two_or_more_races, r.race, r.english_learner_status,
            r.idea_indicator, r.iep_status, r.disability_status, r.section_504, r.homeless_status,
            r.homeless_unaccompanied_youth, r.homeless_served, r.school_food_eligibility,
            r.economic_disadvantage_status, r.awaiting_foster_care, r.migrant_status, r.military_connected,
            r.diploma_type, r.diploma_award_date, r.cohort_graduation_year, r.projected_graduation_year,
            r.ninth_grade_on_track, r.truant_status, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.student AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'student.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.student_identifier, r.student_identification_system, r.first_name, r.middle_name,
            r.last_name, r.birthdate, r.sex, r.telephone, r.email, r.street_address, r.postal_code,
            r.hispanic_or_latino, r.american_indian_or_alaska_native, r.asian, r.black_or_african_american,
            r.native_hawaiian_or_pacific_islander, r.white, r.two_or_more_races, r.race, r.english_learner_status,
            r.idea_indicator, r.iep_status, r.disability_status, r.section_504, r.homeless_status,
            r.homeless_unaccompanied_youth, r.homeless_served, r.school_food_eligibility,
            r.economic_disadvantage_status, r.awaiting_foster_care, r.migrant_status, r.military_connected,
            r.diploma_type, r.diploma_award_date, r.cohort_graduation_year, r.projected_graduation_year,
            r.ninth_grade_on_track, r.truant_status, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.student AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'withheld.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.target, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.withheld AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'withheld.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.target, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.withheld AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students));
    END
    $$;

-- As before, and what was said about their numbers goes too.
CREATE OR REPLACE FUNCTION records.erase(p_links bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    students uuid[];
    place text;
BEGIN
    SELECT coalesce(array_agg(s.student_id), '{}') INTO students
    FROM records.subject AS s WHERE s.sealed = ANY (p_links);
    INSERT INTO records.erased_row (at, loaded, part, concerns, row_digest)
        SELECT d.idx, false, d.part, d.concerns, d.row_digest
        FROM records.dated_rows(-9223372036854775808, 9223372036854775807, students) AS d
        UNION ALL
        SELECT d.idx, true, d.part, d.concerns, d.row_digest
        FROM records.loaded_rows(-9223372036854775808, 9223372036854775807, students) AS d;
    FOREACH place IN ARRAY ARRAY[
        'academic_summary', 'assessment', 'attendance', 'code', 'consent', 'contested', 'course_grade', 'discipline',
        'enrollment', 'opt_out', 'placement', 'population', 'program', 'renumbered', 'roster', 'student', 'withheld',
        'identity', 'subject'
    ] LOOP
        EXECUTE format('DELETE FROM records.%I WHERE student_id = ANY ($1)', place) USING students;
    END LOOP;
    -- A child that was merged into an erased one stays covered by nothing: its own row says so until it is erased too.
    RETURN cardinality(students);
END $$;
