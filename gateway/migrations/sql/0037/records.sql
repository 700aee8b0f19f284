-- Schema records: what an entry commits to, sorted in less time. What comes out is what always came out.
--
-- Rows are sorted by what they are grouped by, and only then by their digests. The first two bytes of the digest lead
-- here, so that most comparisons end with a number: a third of the time, for each of millions of rows. What begins alike
-- is then put together in the order of its beginning, which is the order of the digests.

CREATE OR REPLACE FUNCTION records.loaded_between(p_first bigint, p_last bigint, p_limit bigint DEFAULT 4194304)
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
                SELECT t.idx, t.part, t.concerns, get_byte(t.begins, 0) AS section, sum(t.rows) AS rows,
                       string_agg(t.packed, ''::bytea ORDER BY t.begins) AS packed
                FROM (
                    SELECT substr(f.row_digest, 1, 2) AS begins, f.idx, f.part, f.concerns, count(*) AS rows,
                           string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest) AS packed
                    FROM (
                        SELECT d.idx, d.part, d.concerns, d.row_digest FROM records.loaded_rows(p_first, p_last) AS d
                        UNION ALL
                        SELECT e.at, e.part, e.concerns, e.row_digest FROM records.erased_row AS e
                        WHERE e.at BETWEEN p_first AND p_last AND e.loaded AND (
                            e.erased_idx IS NOT NULL
                            OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = e.erased_batch AND b.idx IS NOT NULL)
                        )
                    ) AS f GROUP BY substr(f.row_digest, 1, 2), f.idx, f.part, f.concerns
                ) AS t GROUP BY t.idx, t.part, t.concerns, get_byte(t.begins, 0)
            ) AS s
        ) AS w GROUP BY w.idx, w.part, w.concerns
    $$;

-- Of the rows of a list it is computed under the lock of the log's head.
CREATE OR REPLACE FUNCTION records.dated_between(p_first bigint, p_last bigint)
    RETURNS TABLE (idx bigint, part text, concerns text, rows bigint, digest bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT w.idx, w.part, w.concerns, sum(w.rows)::bigint, sha256(string_agg(w.packed, ''::bytea ORDER BY w.begins))
        FROM (
            SELECT substr(f.row_digest, 1, 2) AS begins, f.idx, f.part, f.concerns, count(*) AS rows,
                   string_agg(f.row_digest, ''::bytea ORDER BY f.row_digest) AS packed
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
                    SELECT 'population.begun' AS part, r.agreement AS concerns, r.row_id::text AS place,
                           r.from_batch AS batch
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
            ) AS f GROUP BY substr(f.row_digest, 1, 2), f.idx, f.part, f.concerns
        ) AS w GROUP BY w.idx, w.part, w.concerns
    $$;
