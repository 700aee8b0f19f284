-- Schema records: populations and codes that a load prepares unseen; old versions that are kept no longer.

INSERT INTO records.readable_from (batch, idx) VALUES (-1, -1);

-- As before, and what a load has prepared is not there until the frontier shows it.
CREATE OR REPLACE VIEW records.granted AS
    SELECT p.student_id, p.code, p.covers
    FROM records.population AS p
    WHERE p.agreement = current_setting('pactgate.agreement', true)
      AND p.to_idx IS NULL
      -- CASE: to the planner a condition on a multirange is almost never true, and it would sort instead of walking.
      AND CASE WHEN p.valid @> (SELECT records.today())
          AND (p.from_batch IS NULL OR p.from_batch <= (SELECT f.batch FROM records.frontier AS f))
          AND (p.to_batch IS NULL OR p.to_batch > (SELECT f.batch FROM records.frontier AS f))
          THEN true ELSE false END;

CREATE VIEW records.readable AS SELECT o.idx FROM records.readable_from AS o;
COMMENT ON VIEW records.readable IS 'The oldest entry as of which records can be read: of no student at all.';

-- What the batch begins and ends of what entries date otherwise: the digests are those that the rows have when its entry
-- dates them. INVARIANT: they are the same before the batch is visible, afterwards, and after `settle`.
CREATE FUNCTION records.prepared_rows(p_batch bigint)
    RETURNS TABLE (part text, concerns text, student uuid, row_digest bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET extra_float_digits = 1 SET bytea_output = 'hex'
    SET plan_cache_mode = force_custom_plan
    AS $$
    BEGIN
        RETURN QUERY
        SELECT 'population.begun' AS part, coalesce(r.agreement, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.agreement, r.student_id, r.code, r.covers, r.valid
            )::text, 'UTF8')) AS row_digest
        FROM records.population AS r WHERE r.from_batch = p_batch
        UNION ALL
        SELECT 'population.ended' AS part, coalesce(r.agreement, '') AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.agreement, r.student_id, r.code, r.covers, r.valid,
            coalesce(r.from_idx, (SELECT b.idx FROM records.batch AS b WHERE b.id = r.from_batch))
            )::text, 'UTF8')) AS row_digest
        FROM records.population AS r WHERE r.to_batch = p_batch AND r.to_idx IS NULL
        UNION ALL
        SELECT 'code.begun' AS part, r.line AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.line, r.student_id, r.code
            )::text, 'UTF8')) AS row_digest
        FROM records.code AS r WHERE r.from_batch = p_batch
        UNION ALL
        SELECT 'erased_row.begun', '', NULL::uuid,
            sha256(convert_to(ROW(e.at, e.loaded, e.part, e.concerns, e.row_digest)::text, 'UTF8'))
        FROM records.erased_row AS e WHERE e.erased_batch = p_batch;
    END
    $$;

-- The same as parts, for the entry that will make the batch visible.
CREATE FUNCTION records.prepared_by(p_batch bigint)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT p_batch, d.part, d.concerns, count(*), sha256(string_agg(d.row_digest, ''::bytea ORDER BY d.row_digest))
        FROM records.prepared_rows(p_batch) AS d GROUP BY d.part, d.concerns
    $$;

-- As before, and with what visible batches date. INVARIANT: a row that counts by a batch which no entry made visible is
-- dated by the first number there is, which no entry can claim.
CREATE OR REPLACE FUNCTION records.dated_between(p_first bigint, p_last bigint)
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
            UNION ALL
            SELECT b.idx, d.part, d.concerns, d.row_digest
            FROM records.batch AS b, records.prepared_rows(b.id) AS d
            WHERE b.idx BETWEEN p_first AND p_last AND (
                EXISTS (SELECT FROM records.population AS r WHERE r.from_batch = b.id)
                OR EXISTS (SELECT FROM records.population AS r WHERE r.to_batch = b.id)
                OR EXISTS (SELECT FROM records.code AS r WHERE r.from_batch = b.id)
                OR EXISTS (SELECT FROM records.erased_row AS r WHERE r.erased_batch = b.id)
            )
            UNION ALL
            SELECT p_first, u.part, u.concerns, sha256(convert_to(u.place, 'UTF8')) FROM (
                SELECT 'population.begun' AS part, r.agreement AS concerns, r.row_id::text AS place, r.from_batch AS batch
                FROM records.population AS r WHERE r.from_batch IS NOT NULL
                UNION ALL
                SELECT 'population.ended', r.agreement, r.row_id::text, r.to_batch
                FROM records.population AS r WHERE r.to_batch IS NOT NULL
                UNION ALL
                SELECT 'code.begun', r.line, r.code, r.from_batch
                FROM records.code AS r WHERE r.from_batch IS NOT NULL
            ) AS u
            WHERE p_first = -9223372036854775808 AND u.batch <= (SELECT f.batch FROM records.frontier AS f)
              AND NOT EXISTS (SELECT FROM records.batch AS b WHERE b.id = u.batch AND b.idx IS NOT NULL)
        ) AS f GROUP BY f.idx, f.part, f.concerns
    $$;

CREATE OR REPLACE FUNCTION records.loaded_between(p_first bigint, p_last bigint)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT f.idx, f.part, f.concerns, count(*),
               sha256(string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest))
        FROM (
            SELECT d.idx, d.part, d.concerns, d.row_digest FROM records.loaded_rows(p_first, p_last) AS d
            UNION ALL
            SELECT e.at, e.part, e.concerns, e.row_digest FROM records.erased_row AS e
            WHERE e.at BETWEEN p_first AND p_last AND e.loaded AND (
                e.erased_idx IS NOT NULL
                OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = e.erased_batch AND b.idx IS NOT NULL)
            )
        ) AS f GROUP BY f.idx, f.part, f.concerns
    $$;

-- As before; what is deleted for its age is dated by its own batch.
CREATE OR REPLACE FUNCTION records.date_erased(p_idx bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    dated bigint;
BEGIN
    UPDATE records.erased_row SET erased_idx = p_idx WHERE erased_idx IS NULL AND erased_batch IS NULL;
    GET DIAGNOSTICS dated = ROW_COUNT;
    RETURN dated;
END $$;

-- Dates a few rows of visible batches by the batches' entries and returns how many these were. It changes what nobody
-- can tell apart, and waits for nobody: what somebody holds is dated another time.
CREATE FUNCTION records.settle(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    settled bigint;
    more bigint;
BEGIN
    WITH due AS (
        SELECT r.row_id, b.idx FROM records.population AS r JOIN records.batch AS b ON b.id = r.to_batch
        WHERE b.idx IS NOT NULL LIMIT p_limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE records.population AS r SET to_idx = coalesce(r.to_idx, due.idx), to_batch = NULL
    FROM due WHERE r.row_id = due.row_id;
    GET DIAGNOSTICS settled = ROW_COUNT;
    WITH due AS (
        SELECT r.row_id, b.idx FROM records.population AS r JOIN records.batch AS b ON b.id = r.from_batch
        WHERE b.idx IS NOT NULL LIMIT p_limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE records.population AS r SET from_idx = due.idx, from_batch = NULL FROM due WHERE r.row_id = due.row_id;
    GET DIAGNOSTICS more = ROW_COUNT;
    settled := settled + more;
    WITH due AS (
        SELECT r.line, r.student_id, b.idx FROM records.code AS r JOIN records.batch AS b ON b.id = r.from_batch
        WHERE b.idx IS NOT NULL LIMIT p_limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE records.code AS r SET from_idx = due.idx, from_batch = NULL
    FROM due WHERE r.line = due.line AND r.student_id = due.student_id;
    GET DIAGNOSTICS more = ROW_COUNT;
    settled := settled + more;
    WITH due AS (
        SELECT r.row_id, b.idx FROM records.erased_row AS r JOIN records.batch AS b ON b.id = r.erased_batch
        WHERE b.idx IS NOT NULL LIMIT p_limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE records.erased_row AS r SET erased_idx = due.idx, erased_batch = NULL FROM due WHERE r.row_id = due.row_id;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN settled + more;
END $$;

-- Takes back a few of the rows that batches have prepared which nobody sees, and returns how many: of all students, or of
-- these only. Under the load's lock only.
CREATE FUNCTION records.unprepare(p_limit integer, p_students uuid[] DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest bigint := (SELECT f.batch FROM records.frontier AS f);
    undone bigint;
    more bigint;
BEGIN
    WITH due AS (
        SELECT r.row_id FROM records.population AS r
        WHERE r.to_batch > newest AND (p_students IS NULL OR r.student_id = ANY (p_students))
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE records.population AS r SET to_batch = NULL FROM due WHERE r.row_id = due.row_id;
    GET DIAGNOSTICS undone = ROW_COUNT;
    WITH due AS (
        SELECT r.row_id FROM records.population AS r
        WHERE r.from_batch > newest AND (p_students IS NULL OR r.student_id = ANY (p_students)) LIMIT p_limit
    )
    DELETE FROM records.population AS r USING due WHERE r.row_id = due.row_id;
    GET DIAGNOSTICS more = ROW_COUNT;
    undone := undone + more;
    WITH due AS (
        SELECT r.line, r.student_id FROM records.code AS r
        WHERE r.from_batch > newest AND (p_students IS NULL OR r.student_id = ANY (p_students))
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM records.code AS r USING due WHERE r.line = due.line AND r.student_id = due.student_id;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN undone + more;
END $$;

-- How many rows batches have dated that are dated by no entry yet, or not visible: what the two functions above are for.
CREATE FUNCTION records.unsettled(p_visible boolean, p_students uuid[] DEFAULT NULL) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT (SELECT count(*) FROM records.population AS r WHERE r.to_batch IS NOT NULL
                AND (p_students IS NULL OR r.student_id = ANY (p_students))
                AND (r.to_batch <= (SELECT f.batch FROM records.frontier AS f)) = p_visible)
             + (SELECT count(*) FROM records.population AS r WHERE r.from_batch IS NOT NULL
                AND (p_students IS NULL OR r.student_id = ANY (p_students))
                AND (r.from_batch <= (SELECT f.batch FROM records.frontier AS f)) = p_visible)
             + (SELECT count(*) FROM records.code AS r WHERE r.from_batch IS NOT NULL
                AND (p_students IS NULL OR r.student_id = ANY (p_students))
                AND (r.from_batch <= (SELECT f.batch FROM records.frontier AS f)) = p_visible)
    $$;

-- Deletes every version that the load p_batch ended, or one before it, and leaves the digests, dated by p_under, a batch
-- that nobody sees yet. Returns how many rows these were. What is left behind is what the digests of all rows were, less
-- what they are afterwards: so it cannot differ from what the entries committed to, whatever tables and columns there are.
CREATE FUNCTION records.retire(p_batch bigint, p_under bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint := 0;
    more bigint;
    place text;
BEGIN
    IF (p_batch <= (SELECT f.batch FROM records.frontier AS f)) IS NOT TRUE
        OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = p_under AND b.idx IS NOT NULL) THEN
        RAISE EXCEPTION 'only what a visible load ended is deleted, under a batch that nobody sees'
            USING ERRCODE = 'check_violation';
    END IF;
    CREATE TEMPORARY TABLE retiring ON COMMIT DROP AS
        SELECT d.idx, d.part, d.row_digest FROM records.loaded_rows(-9223372036854775808, p_batch) AS d;
    FOR place IN
        SELECT c.oid::regclass::text FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r'
          AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'to_batch')
          AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'from_idx')
    LOOP
        EXECUTE format('DELETE FROM %s WHERE to_batch <= $1', place) USING p_batch;
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

-- How many rows would be deleted: nothing but the number.
CREATE FUNCTION records.retiring(p_batch bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    found bigint := 0;
    more bigint;
    place text;
BEGIN
    FOR place IN
        SELECT c.oid::regclass::text FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r'
          AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'to_batch')
          AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'from_idx')
    LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE to_batch <= $1', place) INTO more USING p_batch;
        found := found + more;
    END LOOP;
    RETURN found;
END $$;

REVOKE ALL ON records.readable_from FROM PUBLIC;
REVOKE ALL ON FUNCTION
    records.prepared_rows(bigint), records.prepared_by(bigint), records.settle(integer),
    records.unprepare(integer, uuid[]), records.unsettled(boolean, uuid[]), records.retire(bigint, bigint),
    records.retiring(bigint) FROM PUBLIC;
GRANT SELECT ON records.readable TO pactgate_app, pactgate_loader;
GRANT SELECT, UPDATE ON records.readable_from TO pactgate_loader;
GRANT UPDATE (from_idx, from_batch, to_batch) ON records.population TO pactgate_loader;
GRANT UPDATE (from_idx, from_batch) ON records.code TO pactgate_loader;
GRANT EXECUTE ON FUNCTION
    records.prepared_by(bigint), records.settle(integer), records.unprepare(integer, uuid[]),
    records.unsettled(boolean, uuid[]), records.retire(bigint, bigint), records.retiring(bigint) TO pactgate_loader;
