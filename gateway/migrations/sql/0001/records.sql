-- Views and grants of schema records. Run by the owner, after the tables.

-- Nothing is visible before the first load.
INSERT INTO records.frontier (batch) VALUES (0);

-- Today, where the agreement set for this transaction is at home; NULL without one, and NULL covers nobody.
CREATE FUNCTION records.today() RETURNS date
    LANGUAGE plpgsql STABLE
    SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    BEGIN
        RETURN (
            SELECT (gateway.clock() AT TIME ZONE c.time_zone)::date
            FROM records.scope AS c
            WHERE c.agreement = current_setting('pactgate.agreement', true)
        );
    END
    $$;
REVOKE ALL ON FUNCTION records.today() FROM PUBLIC;

-- INVARIANT: what partners are read from. Each view finds only students whom the agreement named by this transaction's
-- setting covers today; without the setting, or with a wrong one, it finds nothing. The reader's statement cannot
-- leave this out (claim 3). No security_barrier: it forces a sequential scan, and the app role writes no functions.
-- The scalar subqueries are evaluated once a statement; as joins they would be evaluated once a row.
CREATE VIEW records.granted AS
    SELECT p.student_id, p.code, p.covers
    FROM records.population AS p
    WHERE p.agreement = current_setting('pactgate.agreement', true)
      AND p.to_idx IS NULL
      -- CASE: to the planner a condition on a multirange is almost never true, and it would sort instead of walking.
      AND CASE WHEN p.valid @> (SELECT records.today()) THEN true ELSE false END;
COMMENT ON VIEW records.granted IS 'Students covered today by the agreement set for this transaction.';

CREATE VIEW records.granted_students AS
    SELECT
        s.student_id, s.student_identifier, s.student_identification_system, s.first_name, s.middle_name, s.last_name,
        s.birthdate, s.sex, s.telephone, s.email, s.street_address, s.postal_code, s.hispanic_or_latino,
        s.american_indian_or_alaska_native, s.asian, s.black_or_african_american, s.native_hawaiian_or_pacific_islander,
        s.white, s.two_or_more_races, s.race, s.english_learner_status, s.idea_indicator, s.iep_status,
        s.disability_status, s.section_504, s.homeless_status, s.homeless_unaccompanied_youth, s.homeless_served,
        s.school_food_eligibility, s.economic_disadvantage_status, s.awaiting_foster_care, s.migrant_status,
        s.military_connected, s.diploma_type, s.diploma_award_date, s.cohort_graduation_year,
        s.projected_graduation_year, s.ninth_grade_on_track, s.truant_status,
        g.code, g.covers, u.sealed
    FROM records.granted AS g
    JOIN records.student AS s ON s.student_id = g.student_id
    JOIN records.subject AS u ON u.student_id = g.student_id
    WHERE s.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (s.to_batch IS NULL OR s.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_students IS 'Covered students, as the newest visible load has them.';

CREATE VIEW records.granted_enrollments AS
    SELECT
        e.student_id, e.school_identifier, e.school_year, e.entry_date, e.exit_date, e.grade_level, e.enrollment_status,
        e.exit_type
    FROM records.granted AS g
    JOIN records.enrollment AS e ON e.student_id = g.student_id
    WHERE e.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (e.to_batch IS NULL OR e.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_enrollments IS 'Stays at schools of covered students.';

CREATE VIEW records.granted_academic_summaries AS
    SELECT
        a.student_id, a.school_year, a.gpa, a.gpa_cumulative, a.gpa_weighted, a.credits_attempted, a.credits_earned,
        a.credits_attempted_cumulative, a.credits_earned_cumulative
    FROM records.granted AS g
    JOIN records.academic_summary AS a ON a.student_id = g.student_id
    WHERE a.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (a.to_batch IS NULL OR a.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_academic_summaries IS 'Grade points and credits of covered students.';

CREATE VIEW records.granted_attendance_events AS
    SELECT
        v.student_id, v.attendance_event_date, v.school_identifier, v.period, v.school_year, v.attendance_status,
        v.attendance_category,
        v.row_id AS event_id
    FROM records.granted AS g
    JOIN records.attendance AS v ON v.student_id = g.student_id
    WHERE v.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (v.to_batch IS NULL OR v.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_attendance_events IS 'Attendance events of covered students.';

CREATE VIEW records.granted_programs AS
    SELECT
        r.student_id, r.program_identifier, r.program_start_date, r.program_exit_date, r.program_name, r.program_type,
        r.program_status, r.support_service_type, r.referral_date, r.referral_reason, r.referral_outcome,
        r.school_identifier, r.school_year, r.mtss_tier
    FROM records.granted AS g
    JOIN records.program AS r ON r.student_id = g.student_id
    WHERE r.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (r.to_batch IS NULL OR r.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.granted_programs IS 'Programs of covered students.';

CREATE VIEW records.visible_schools AS
    SELECT o.school_identifier, o.lea_identifier
    FROM records.school AS o
    WHERE o.from_batch <= (SELECT f.batch FROM records.frontier AS f)
      AND (o.to_batch IS NULL OR o.to_batch > (SELECT f.batch FROM records.frontier AS f));
COMMENT ON VIEW records.visible_schools IS 'Schools and their district: no student data.';

CREATE VIEW records.granted_rosters AS
    SELECT r.student_id, r.from_date, r.to_date
    FROM records.granted AS g
    JOIN records.roster AS r ON r.student_id = g.student_id
    WHERE r.agreement = current_setting('pactgate.agreement', true) AND r.to_idx IS NULL;
COMMENT ON VIEW records.granted_rosters IS 'Roster entries under this agreement, of covered students.';

CREATE VIEW records.granted_placements AS
    SELECT r.student_id, r.from_date, r.to_date
    FROM records.granted AS g
    JOIN records.placement AS r ON r.student_id = g.student_id
    WHERE r.agreement = current_setting('pactgate.agreement', true) AND r.to_idx IS NULL;
COMMENT ON VIEW records.granted_placements IS 'Placements under this agreement, of covered students.';

-- The app role reads the views and no table. The auditor has no right here at all: the log holds no student data.
GRANT USAGE ON SCHEMA records TO pactgate_app, pactgate_loader;
GRANT SELECT ON
    records.granted, records.granted_students, records.granted_enrollments, records.granted_academic_summaries,
    records.granted_attendance_events, records.granted_programs, records.granted_rosters, records.granted_placements,
    records.visible_schools
    TO pactgate_app;
GRANT EXECUTE ON FUNCTION records.today() TO pactgate_app;

-- The loader ends rows and never rewrites them; it deletes only what a failed load left unseen, and subject links.
GRANT SELECT ON ALL TABLES IN SCHEMA records TO pactgate_loader;
GRANT INSERT, DELETE, UPDATE (to_batch) ON
    records.academic_summary, records.assessment, records.attendance, records.course_grade, records.discipline,
    records.enrollment, records.program, records.school, records.session, records.student, records.withheld
    TO pactgate_loader;
GRANT INSERT, UPDATE (to_idx) ON
    records.consent, records.opt_out, records.placement, records.population, records.roster
    TO pactgate_loader;
GRANT UPDATE (withdrawn_on) ON records.consent TO pactgate_loader;
GRANT INSERT, UPDATE (idx), DELETE ON records.batch TO pactgate_loader;
GRANT UPDATE (batch) ON records.frontier TO pactgate_loader;
GRANT INSERT ON records.identity, records.code TO pactgate_loader;
GRANT INSERT, DELETE ON records.subject TO pactgate_loader;
GRANT INSERT, UPDATE (time_zone), DELETE ON records.scope TO pactgate_loader;
