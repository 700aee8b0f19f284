-- Schema records: what a partner is told about the lines of a roster of its own.

-- INVARIANT: only whom the agreement set for this transaction covers today, so that it tells of nobody whom the datasets
-- do not tell of: an accepted child without consent is not there, as one that nobody knows is not.
CREATE VIEW records.granted_roster_lines AS
    SELECT g.student_id, l.submission, l.number, l.reference, g.code, s.sealed
    FROM records.granted AS g
    JOIN gateway.roster_line AS l ON l.student_id = g.student_id AND l.state = 'accepted'
    JOIN gateway.roster_submission AS r ON r.idx = l.submission
    JOIN records.subject AS s ON s.student_id = g.student_id
    WHERE r.line = (
        SELECT c.line FROM records.scope AS c WHERE c.agreement = current_setting('pactgate.agreement', true)
    );
COMMENT ON VIEW records.granted_roster_lines IS 'Accepted lines of rosters of this agreement''s line, of whom it covers today.';

GRANT SELECT ON records.granted_roster_lines TO pactgate_app;

-- As before, and what rosters say about them goes too. A whole submission goes if a line of it is about one of them and
-- has not been forgotten: what it says of the others is in the rows that it became.
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
    UPDATE gateway.roster_submission AS r SET body = NULL
        WHERE r.body IS NOT NULL
          AND EXISTS (SELECT FROM gateway.roster_line AS l WHERE l.submission = r.idx AND l.student_id = ANY (students));
    DELETE FROM gateway.roster_line AS l WHERE l.student_id = ANY (students);
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
