-- Schema records: what the log's entries commit to, computed again from the rows. Run by the owner, after the tables.

-- The app role reads no table of student records. Of these functions it learns digests, counts and lines, nothing of a
-- row. A row's digest is over all its columns but the numbers that PostgreSQL gives it; how dates and numbers are
-- written is fixed here, so that a session's own settings change no digest.

-- Rows that entries date: one line for each entry, each kind of row it began or ended, and each agreement it concerns
-- (its line, or the digest of a version for populations; empty means all); rows are taken in the order of their digests.
-- INVARIANT: what an entry began and ended never changes after its transaction. With `p_students` only rows about these.
CREATE FUNCTION records.dated_rows(p_first bigint, p_last bigint, p_students uuid[] DEFAULT NULL)
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
            AND (p_students IS NULL OR r.student_id = ANY (p_students));
    END
    $$;

-- The same for rows that loads date: here idx is the number of the batch, and nobody in particular is concerned.
CREATE FUNCTION records.loaded_rows(p_first bigint, p_last bigint, p_students uuid[] DEFAULT NULL)
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
            )::text, 'UTF8')) AS row_digest
        FROM records.academic_summary AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'academic_summary.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.gpa, r.gpa_cumulative, r.gpa_weighted, r.credits_attempted,
            r.credits_earned, r.credits_attempted_cumulative, r.credits_earned_cumulative, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.academic_summary AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'assessment.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.assessment_title, r.assessment_subject, r.assessment_start_date,
            r.assessment_score_type, r.school_identifier, r.school_year, r.assessment_end_date, r.assessment_score,
            r.performance_level_identifier, r.performance_level_label, r.grade_level_when_assessed, r.digest
            )::text, 'UTF8')) AS row_digest
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
            )::text, 'UTF8')) AS row_digest
        FROM records.assessment AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'attendance.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.attendance_event_date, r.school_identifier, r.period, r.school_year,
            r.attendance_status, r.attendance_category, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.attendance AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'attendance.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.attendance_event_date, r.school_identifier, r.period, r.school_year,
            r.attendance_status, r.attendance_category, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
        FROM records.attendance AS r WHERE r.to_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.from_batch AS idx, 'course_grade.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
            r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade, r.credits_attempted,
            r.credits_earned, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.course_grade AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'course_grade.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.school_year, r.session_identifier, r.section_identifier, r.school_identifier,
            r.course_identifier, r.course_title, r.grade_earned, r.final_mark, r.numeric_grade, r.credits_attempted,
            r.credits_earned, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
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
            )::text, 'UTF8')) AS row_digest
        FROM records.program AS r WHERE r.from_batch BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_batch AS idx, 'program.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.program_identifier, r.program_start_date, r.program_exit_date, r.program_name,
            r.program_type, r.program_status, r.support_service_type, r.referral_date, r.referral_reason,
            r.referral_outcome, r.school_identifier, r.school_year, r.mtss_tier, r.digest, r.from_batch
            )::text, 'UTF8')) AS row_digest
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

-- Of a student who was erased nothing stays but these digests: without them the entries that dated the student's rows
-- would commit to rows that are gone. A row's digest is over a random id that stands nowhere any more, so it tells
-- nothing. INVARIANT: a digest counts only if an erasure's entry commits to it; otherwise whoever deletes a row could
-- put its digest in its place.
CREATE FUNCTION records.dated_between(p_first bigint, p_last bigint)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT f.idx, f.part, f.concerns, count(*),
               sha256(string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest))
        FROM (
            SELECT d.idx, d.part, d.concerns, d.row_digest FROM records.dated_rows(p_first, p_last) AS d
            UNION ALL
            SELECT e.at, e.part, e.concerns, e.row_digest FROM records.erased_row AS e
            WHERE e.at BETWEEN p_first AND p_last AND NOT e.loaded AND e.erased_idx IS NOT NULL
            UNION ALL
            SELECT e.erased_idx, 'erased_row.begun', '',
                   sha256(convert_to(ROW(e.at, e.loaded, e.part, e.concerns, e.row_digest)::text, 'UTF8'))
            FROM records.erased_row AS e WHERE e.erased_idx BETWEEN p_first AND p_last
        ) AS f GROUP BY f.idx, f.part, f.concerns
    $$;

CREATE FUNCTION records.loaded_between(p_first bigint, p_last bigint)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT f.idx, f.part, f.concerns, count(*),
               sha256(string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest))
        FROM (
            SELECT d.idx, d.part, d.concerns, d.row_digest FROM records.loaded_rows(p_first, p_last) AS d
            UNION ALL
            SELECT e.at, e.part, e.concerns, e.row_digest FROM records.erased_row AS e
            WHERE e.at BETWEEN p_first AND p_last AND e.loaded AND e.erased_idx IS NOT NULL
        ) AS f GROUP BY f.idx, f.part, f.concerns
    $$;

-- As before, and it leaves the digests of what it deletes, dated by no entry yet.
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
        'academic_summary', 'assessment', 'attendance', 'code', 'consent', 'course_grade', 'discipline', 'enrollment',
        'opt_out', 'placement', 'population', 'program', 'roster', 'student', 'withheld', 'identity', 'subject'
    ] LOOP
        EXECUTE format('DELETE FROM records.%I WHERE student_id = ANY ($1)', place) USING students;
    END LOOP;
    RETURN cardinality(students);
END $$;

-- Dates the digests that no entry dates yet by the entry that is about to commit to them.
CREATE FUNCTION records.date_erased(p_idx bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    dated bigint;
BEGIN
    UPDATE records.erased_row SET erased_idx = p_idx WHERE erased_idx IS NULL;
    GET DIAGNOSTICS dated = ROW_COUNT;
    RETURN dated;
END $$;

-- The batch that the frontier shows, and every batch with the entry that it says made it visible.
CREATE FUNCTION records.batches() RETURNS TABLE (batch bigint, idx bigint, visible boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT b.id, b.idx, b.id = (SELECT f.batch FROM records.frontier AS f)
        FROM records.batch AS b WHERE b.idx IS NOT NULL
        UNION ALL
        SELECT f.batch, NULL, true FROM records.frontier AS f
        WHERE NOT EXISTS (SELECT FROM records.batch AS b WHERE b.id = f.batch AND b.idx IS NOT NULL)
    $$;

-- The versions that have a population, with what the views take from them: what their signed documents must say too.
CREATE FUNCTION records.scopes() RETURNS TABLE (agreement text, line text, time_zone text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$ SELECT c.agreement, c.line, c.time_zone FROM records.scope AS c $$;

-- How many students are known by another number than the one their own rows were loaded under.
CREATE FUNCTION records.misnamed() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT count(*) FROM records.student AS s LEFT JOIN records.identity AS i ON i.student_id = s.student_id
        WHERE i.student_identifier IS DISTINCT FROM s.student_identifier
    $$;

REVOKE ALL ON records.erased_row FROM PUBLIC;
REVOKE ALL ON FUNCTION
    records.dated_rows(bigint, bigint, uuid[]), records.loaded_rows(bigint, bigint, uuid[]), records.date_erased(bigint),
    records.dated_between(bigint, bigint), records.loaded_between(bigint, bigint), records.batches(), records.scopes(),
    records.misnamed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    records.dated_between(bigint, bigint), records.loaded_between(bigint, bigint), records.batches(), records.scopes(),
    records.misnamed() TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION records.date_erased(bigint) TO pactgate_loader;
