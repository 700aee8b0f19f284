-- Schema records: retention that keeps what a family has asked to inspect (34 CFR 99.10(e)).

-- As before, but for the students whose records are kept. The two forms of before call this one, as a release before
-- this one does: it knows of nobody to keep.
CREATE FUNCTION records.retire(p_batch bigint, p_under bigint, p_kept uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint := 0;
    more bigint;
    place text;
    whose boolean;
BEGIN
    IF (p_batch <= (SELECT f.batch FROM records.frontier AS f)) IS NOT TRUE
        OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = p_under AND b.idx IS NOT NULL) THEN
        RAISE EXCEPTION 'only what a visible load ended is deleted, under a batch that nobody sees'
            USING ERRCODE = 'check_violation';
    END IF;
    IF p_kept IS NULL OR array_position(p_kept, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'who is kept is said' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    CREATE TEMPORARY TABLE retiring ON COMMIT DROP AS
        SELECT d.idx, d.part, d.row_digest FROM records.loaded_rows(-9223372036854775808, p_batch) AS d;
    FOR place, whose IN
        SELECT c.oid::regclass::text,
            EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'student_id')
        FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r'
          AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'to_batch')
          AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'from_idx')
    LOOP
        EXECUTE format('DELETE FROM %s WHERE to_batch <= $1', place)
            || CASE WHEN whose THEN ' AND student_id <> ALL ($2)' ELSE '' END
            USING p_batch, p_kept;
        GET DIAGNOSTICS more = ROW_COUNT;
        gone := gone + more;
    END LOOP;
    INSERT INTO records.erased_row (at, loaded, part, concerns, row_digest, erased_batch)
        SELECT d.idx, true, d.part, '', d.row_digest, p_under FROM (
            SELECT r.idx, r.part, r.row_digest FROM retiring AS r
            EXCEPT ALL
            SELECT l.idx, l.part, l.row_digest FROM records.loaded_rows(-9223372036854775808, p_batch) AS l
        ) AS d;
    DROP TABLE retiring;
    RETURN gone;
END $$;

CREATE OR REPLACE FUNCTION records.retire(p_batch bigint, p_under bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT records.retire(p_batch, p_under, '{}'::uuid[]) $$;

CREATE FUNCTION records.retiring(p_batch bigint, p_kept uuid[]) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found bigint := 0;
    more bigint;
    place text;
    whose boolean;
BEGIN
    FOR place, whose IN
        SELECT c.oid::regclass::text,
            EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'student_id')
        FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r'
          AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'to_batch')
          AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'from_idx')
    LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE to_batch <= $1', place)
            || CASE WHEN whose THEN ' AND student_id <> ALL ($2)' ELSE '' END
            INTO more USING p_batch, p_kept;
        found := found + more;
    END LOOP;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION records.retiring(p_batch bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT records.retiring(p_batch, '{}'::uuid[]) $$;

REVOKE ALL ON FUNCTION records.retire(bigint, bigint, uuid[]), records.retiring(bigint, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records.retire(bigint, bigint, uuid[]), records.retiring(bigint, uuid[]) TO pactgate_loader;
