-- Schema records: what families state about contested records (34 CFR 99.21).

CREATE VIEW records.granted_statements AS
    SELECT r.student_id, r.elements, r.statement, r.stated_on
    FROM records.granted AS g
    JOIN records.contested AS r ON r.student_id = g.student_id
    WHERE r.to_idx IS NULL;
COMMENT ON VIEW records.granted_statements IS 'Families'' statements about records of covered students.';

CREATE VIEW records.any_contested AS
    SELECT EXISTS (SELECT FROM records.contested AS r WHERE r.to_idx IS NULL) AS found;
COMMENT ON VIEW records.any_contested IS 'Whether there is any such statement: of no student in particular.';

GRANT SELECT ON records.granted_statements, records.any_contested TO pactgate_app;
GRANT SELECT, INSERT, UPDATE (to_idx) ON records.contested TO pactgate_loader;

-- As before, with the statements.
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
            AND (p_students IS NULL OR r.student_id = ANY (p_students));
    END
    $$;

-- As before, and the statements go too.
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
        'enrollment', 'opt_out', 'placement', 'population', 'program', 'roster', 'student', 'withheld', 'identity',
        'subject'
    ] LOOP
        EXECUTE format('DELETE FROM records.%I WHERE student_id = ANY ($1)', place) USING students;
    END LOOP;
    RETURN cardinality(students);
END $$;
