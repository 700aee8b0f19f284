-- Schema audit: meters. A batch adds to them under the head lock, or nothing of it is written.

-- As before, and it also spends meters. Returns the replay ids that had been spent before, or else the meters that would
-- pass their most: if there is one, the ids of the batch are spent now but nothing else was written, and the caller calls
-- again with other leaves, without ids, and without what does not fit. The four lists of meters have one place for each
-- draft that has one, in the order of the drafts; left out, there are none.
DROP FUNCTION audit.append_batch(
    bigint, bytea[], bytea[], bytea, bytea, bigint, bytea[], timestamptz[], bytea[], bytea[]
);
CREATE FUNCTION audit.append_batch(
    p_size bigint, p_leaves bytea[], p_hashes bytea[], p_range bytea, p_tree_head bytea, p_epoch bigint,
    p_once bytea[], p_expires timestamptz[], p_subjects bytea[], p_private bytea[],
    p_meters bytea[] DEFAULT '{}', p_ends timestamptz[] DEFAULT '{}',
    p_amounts bigint[] DEFAULT '{}', p_mosts bigint[] DEFAULT '{}'
) RETURNS bytea[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint := cardinality(p_leaves);
    fresh bytea[];
    full_meters bytea[];
BEGIN
    IF (added > 0 AND added = ALL (ARRAY[cardinality(p_hashes), cardinality(p_subjects), cardinality(p_private)])
        AND cardinality(p_once) = cardinality(p_expires)
        AND cardinality(p_meters) = ALL (ARRAY[cardinality(p_ends), cardinality(p_amounts), cardinality(p_mosts)])
        AND 0 < ALL (p_amounts)  -- nothing is given back
        ) IS NOT TRUE THEN
        RAISE EXCEPTION 'the parts of a batch have different lengths, or a meter does not grow' USING ERRCODE = 'array_subscript_error';
    END IF;

    IF cardinality(p_once) > 0 THEN
        WITH spent AS (
            INSERT INTO audit.once (id, expires_at)
            SELECT u.id, u.expires_at FROM unnest(p_once, p_expires) AS u (id, expires_at)
            ON CONFLICT DO NOTHING RETURNING id
        ) SELECT array_agg(s.id) INTO fresh FROM spent s;
        IF cardinality(fresh) IS DISTINCT FROM cardinality(p_once) THEN
            RETURN ARRAY(SELECT o.id FROM unnest(p_once) AS o (id) WHERE o.id <> ALL (coalesce(fresh, '{}')));
        END IF;
    END IF;

    IF cardinality(p_meters) > 0 THEN
        -- Draft by draft: several of one batch may add to one meter, and each has its own most.
        SELECT array_agg(DISTINCT a.id) INTO full_meters
        FROM (
            SELECT u.id, u.most, coalesce(m.spent, 0) + sum(u.amount) OVER (PARTITION BY u.id ORDER BY u.n) AS reached
            FROM unnest(p_meters, p_amounts, p_mosts) WITH ORDINALITY AS u (id, amount, most, n)
            LEFT JOIN audit.meter AS m ON m.id = u.id
        ) AS a
        WHERE a.reached > a.most;
        IF full_meters IS NOT NULL THEN
            RETURN full_meters;
        END IF;
        INSERT INTO audit.meter AS m (id, spent, expires_at)
        SELECT u.id, sum(u.amount), max(u.expires_at)
        FROM unnest(p_meters, p_amounts, p_ends) AS u (id, amount, expires_at) GROUP BY u.id ORDER BY u.id
        ON CONFLICT (id) 
        DO UPDATE SET spent = m.spent + excluded.spent, expires_at = greatest(m.expires_at, excluded.expires_at);
    END IF;

    -- INVARIANT: the epoch never falls: it stays, or becomes the index of an entry of this batch.
    UPDATE audit.head AS h SET size = p_size + added, range = p_range, epoch = coalesce(p_epoch, h.epoch)
    WHERE h.size = p_size AND (p_epoch IS NULL OR p_epoch BETWEEN p_size AND p_size + added - 1);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the batch does not continue the head' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO audit.entry (idx, leaf, leaf_hash)
    SELECT p_size + u.n - 1, u.leaf, u.leaf_hash
    FROM unnest(p_leaves, p_hashes) WITH ORDINALITY AS u (leaf, leaf_hash, n);
    INSERT INTO audit.checkpoint (size, tree_head) VALUES (p_size + added, p_tree_head);
    INSERT INTO audit.subject (idx, subjects)
    SELECT p_size + u.n - 1, u.subjects
    FROM unnest(p_subjects) WITH ORDINALITY AS u (subjects, n) WHERE u.subjects <> '';
    INSERT INTO audit.private (idx, opening)
    SELECT p_size + u.n - 1, u.opening
    FROM unnest(p_private) WITH ORDINALITY AS u (opening, n) WHERE u.opening <> '';
    RETURN '{}';
END $$;

-- Deletes meters that expired by the caller's clock and by the server's, as purge_once does replay ids.
CREATE FUNCTION audit.purge_meters(p_now timestamptz, p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM audit.meter m USING (
        SELECT e.id FROM audit.meter e WHERE e.expires_at < least(p_now, statement_timestamp())
        ORDER BY e.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ) AS expired WHERE m.id = expired.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON audit.meter FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.append_batch(
    bigint, bytea[], bytea[], bytea, bytea, bigint, bytea[], timestamptz[], bytea[], bytea[],
    bytea[], timestamptz[], bigint[], bigint[]
), audit.purge_meters(timestamptz, integer) FROM PUBLIC;

-- How much is spent names nobody, and the collector needs it to tell which of a batch's drafts do not fit.
GRANT SELECT ON audit.meter TO pactgate_app, pactgate_auditor;
GRANT EXECUTE ON FUNCTION audit.append_batch(
    bigint, bytea[], bytea[], bytea, bytea, bigint, bytea[], timestamptz[], bytea[], bytea[],
    bytea[], timestamptz[], bigint[], bigint[]
) TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION audit.purge_meters(timestamptz, integer) TO pactgate_app, pactgate_loader;
