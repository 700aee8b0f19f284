-- Schema audit: the index by which the log is searched. It stands beside the tree, is computed here from the entries and
-- from nothing else, and may be thrown away and made again at any time. What is found by it is read from the entry itself.

-- ---------------------------------------------------------------------------------------------- functions

-- The fields of a leaf; none if it cannot be read, so that one damaged leaf does not stop the index. JSON text may hold
-- \u0000 and jsonb may not; audit/facets.py reads a leaf in the same way.
CREATE FUNCTION audit.fields_of(p_leaf bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN replace(convert_from(p_leaf, 'UTF8'), '\u0000', '\ufffd')::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN '{}'::jsonb;
END $$;

-- Indexes the next 4,096 entries if the log has them; returns whether it did. Takes no word of the caller's, so whoever may
-- call it can hide nothing. One at a time: a second caller is told that there is nothing to do.
CREATE FUNCTION audit.index_next() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB' SET max_parallel_workers_per_gather = 0 SET jit = off AS $$
DECLARE
    at integer;
    low bigint;
    high bigint;
    nowhere CONSTANT bit(4096) := repeat('0', 4096)::bit(4096);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pactgate.index', 0)) THEN
        RETURN false;
    END IF;
    SELECT coalesce(max(i.block) + 1, 0) INTO at FROM audit.indexed i;
    low := at::bigint * 4096;
    high := low + 4096;
    IF (SELECT h.size FROM audit.head h) < high THEN
        RETURN false;
    END IF;

    -- What an entry says of each facet, as 8 bytes of a hash: 2 bytes a place, or one bit each where there are many.
    WITH read AS MATERIALIZED (
        SELECT (e.idx - low)::integer AS place, audit.fields_of(e.leaf) AS fields
        FROM audit.entry e WHERE e.idx >= low AND e.idx < high
    ), said AS (
        SELECT DISTINCT r.place, k.facet || '=' || (v.value #>> '{}') AS words
        FROM read r
        CROSS JOIN (VALUES
            ('event', 'event'), ('client', 'client'), ('clients', 'client'),
            ('agreement', 'agreement'), ('agreements', 'agreement'), ('document', 'agreement'), ('approves', 'agreement'),
            ('by', 'agreement'), ('draft', 'agreement'), ('order', 'agreement'), ('line', 'line'),
            ('partner', 'partner'), ('party', 'partner'), ('predecessor', 'partner'), ('successor', 'partner'),
            ('element', 'element'), ('elements', 'element'), ('dataset', 'dataset'), ('datasets', 'dataset'),
            ('code', 'code'), ('error', 'code'), ('reason', 'code'), ('purpose', 'purpose'), ('behind', 'behind')
        ) AS k (key, facet)
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(r.fields -> k.key)
                WHEN 'array' THEN r.fields -> k.key
                WHEN 'string' THEN jsonb_build_array(r.fields -> k.key)
                ELSE '[]'::jsonb
            END
        ) AS v (value)
        WHERE jsonb_typeof(v.value) = 'string'
    ), posted AS (
        INSERT INTO audit.posting (term, block, places)
        SELECT substring(sha256(convert_to(s.words, 'UTF8')) FOR 8), at,
               CASE WHEN count(*) < 256 THEN string_agg(int2send(s.place::smallint), ''::bytea ORDER BY s.place)
                    -- bit_send puts 4 bytes of length before the bits; the last bit stands for the first entry.
                    ELSE substring(bit_send(bit_or(set_bit(nowhere, 4095 - s.place, 1))) FROM 5) END
        FROM said s GROUP BY s.words
    )
    INSERT INTO audit.indexed (block, first_time, last_time)
    SELECT at, coalesce(min(r.fields ->> 'time' COLLATE "C"), ''), coalesce(max(r.fields ->> 'time' COLLATE "C"), '')
    FROM read r WHERE jsonb_typeof(r.fields -> 'time') = 'string';

    -- Whom an entry names: bits 16 to 31 of each number with the place, 4 bytes a naming, sorted into 1,024 rows by the
    -- number's first 10 bits. OFFSET 0: otherwise the whole list of an entry is carried along with each of its numbers.
    INSERT INTO audit.named (bucket, block, places)
    SELECT u.bucket, at, string_agg(u.item, ''::bytea)
    FROM (
        SELECT ((get_byte(s.subjects, n) << 2) | (get_byte(s.subjects, n + 1) >> 6))::smallint AS bucket,
               substring(s.subjects FROM n + 3 FOR 2) || int2send((s.idx - low)::smallint) AS item
        FROM audit.subject s CROSS JOIN LATERAL generate_series(0, octet_length(s.subjects) - 16, 16) AS n
        WHERE s.idx >= low AND s.idx < high OFFSET 0
    ) AS u
    GROUP BY u.bucket;
    RETURN true;
END $$;

-- Throws the index away; searches read the entries themselves until it is there again.
CREATE FUNCTION audit.forget_index() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pactgate.index', 0));
    DELETE FROM audit.indexed;
    DELETE FROM audit.posting;
    DELETE FROM audit.named;
END $$;

-- ------------------------------------------------------------------------------------------------- storage

-- A row of 1.6 kB is read at once, beside its key; nothing here is worth compressing.
ALTER TABLE audit.posting ALTER COLUMN places SET STORAGE PLAIN;
ALTER TABLE audit.named ALTER COLUMN places SET STORAGE EXTERNAL;

-- ------------------------------------------------------------------------------------------------- rights
-- Nobody writes it: it is filled by index_next and emptied by forget_index. Who was disclosed is not for the gateway.

REVOKE ALL ON audit.indexed, audit.posting, audit.named FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.fields_of(bytea), audit.index_next(), audit.forget_index() FROM PUBLIC;
GRANT SELECT ON audit.indexed, audit.posting, audit.named TO pactgate_loader, pactgate_auditor;
GRANT EXECUTE ON FUNCTION audit.index_next() TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION audit.forget_index() TO pactgate_loader;
