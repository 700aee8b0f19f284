-- Schema records: loads of any size.

-- A load is worked out in temporary tables of its own session. A database made by this release has the grant already.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO pactgate_loader', current_database());
END $$;

-- What an entry commits to of the rows that a load dates, in bounded memory. Up to p_limit rows a part's digest is what it
-- always was: over the sorted digests of its rows. Larger parts are hashed in up to 256 sections, by the first byte of the
-- rows' digests, and their digest is over the sections' digests in order. The number of rows, which the opening holds,
-- says which of the two it is. One string of all digests would be more than PostgreSQL holds at 33 million rows.
DROP FUNCTION records.loaded_between(bigint, bigint);
CREATE FUNCTION records.loaded_between(p_first bigint, p_last bigint, p_limit bigint DEFAULT 4194304)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT w.idx, w.part, w.concerns, sum(w.rows)::bigint,
               sha256(string_agg(CASE WHEN w.whole <= p_limit THEN w.packed ELSE sha256(w.packed) END,
                                 ''::bytea ORDER BY w.section))
        FROM (
            SELECT s.idx, s.part, s.concerns, s.section, s.rows, s.packed,
                   sum(s.rows) OVER (PARTITION BY s.idx, s.part, s.concerns) AS whole
            FROM (
                SELECT f.idx, f.part, f.concerns, get_byte(f.row_digest, 0) AS section, count(*) AS rows,
                       string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest) AS packed
                FROM (
                    SELECT d.idx, d.part, d.concerns, d.row_digest FROM records.loaded_rows(p_first, p_last) AS d
                    UNION ALL
                    SELECT e.at, e.part, e.concerns, e.row_digest FROM records.erased_row AS e
                    WHERE e.at BETWEEN p_first AND p_last AND e.loaded AND (
                        e.erased_idx IS NOT NULL
                        OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = e.erased_batch AND b.idx IS NOT NULL)
                    )
                ) AS f GROUP BY f.idx, f.part, f.concerns, get_byte(f.row_digest, 0)
            ) AS s
        ) AS w GROUP BY w.idx, w.part, w.concerns
    $$;
REVOKE ALL ON FUNCTION records.loaded_between(bigint, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records.loaded_between(bigint, bigint, bigint) TO pactgate_app, pactgate_loader;
