-- Schema records: a student of whom nothing is kept any longer.

-- Deletes everything about the students with these sealed links, the link to the log included, and returns how many
-- there were. Whether they may go is for the caller to judge: a restore replays what two officers ordered before.
-- INVARIANT: every table of this schema that names a student stands here.
CREATE FUNCTION records.erase(p_links bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    students uuid[];
    place text;
BEGIN
    SELECT coalesce(array_agg(s.student_id), '{}') INTO students
    FROM records.subject AS s WHERE s.sealed = ANY (p_links);
    FOREACH place IN ARRAY ARRAY[
        'academic_summary', 'assessment', 'attendance', 'code', 'consent', 'course_grade', 'discipline', 'enrollment',
        'opt_out', 'placement', 'population', 'program', 'roster', 'student', 'withheld', 'identity', 'subject'
    ] LOOP
        EXECUTE format('DELETE FROM records.%I WHERE student_id = ANY ($1)', place) USING students;
    END LOOP;
    RETURN cardinality(students);
END $$;

REVOKE ALL ON FUNCTION records.erase(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records.erase(bytea[]) TO pactgate_loader;
