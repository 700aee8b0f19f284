-- Schema audit: the one row that orders everything, the functions through which it moves, the guards, the rights.
-- Run once by the owner, after the tables of audit/store.py.

-- Before entry 0 nothing may leave: the epoch is -1 and equals no entry.
INSERT INTO audit.head ("only", size, range, epoch) VALUES (true, 0, '', -1);

-- ---------------------------------------------------------------------------------------------- functions

-- SELECT ... FOR UPDATE needs the right to update, so the lock is a function. It ends with the transaction.
CREATE FUNCTION audit.lock_head(OUT size bigint, OUT range bytea, OUT epoch bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Under REPEATABLE READ the later statements of the caller would not see what was committed before the lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the head is locked under READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- An entry that is acknowledged must survive a crash; a stronger setting stays as it is.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    -- Whoever holds the head stops every disclosure: a holder that has gone silent is disconnected.
    PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
    SELECT h.size, h.range, h.epoch INTO STRICT size, range, epoch FROM audit.head h FOR UPDATE;
END $$;

-- Appends a batch under the head lock. Returns the replay ids that had been spent before: if there is one, the ids of
-- the batch are spent now but nothing else was written, and the caller calls again with other leaves and no ids.
-- p_epoch is null, or the index of the entry of this batch that changes what may leave.
CREATE FUNCTION audit.append_batch(
    p_size bigint, p_leaves bytea[], p_hashes bytea[], p_range bytea, p_tree_head bytea, p_epoch bigint,
    p_once bytea[], p_expires timestamptz[], p_subjects bytea[], p_private bytea[]
) RETURNS bytea[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint := cardinality(p_leaves);
    fresh bytea[];
BEGIN
    IF (added > 0 AND added = ALL (ARRAY[cardinality(p_hashes), cardinality(p_subjects), cardinality(p_private)])
        AND cardinality(p_once) = cardinality(p_expires)) IS NOT TRUE THEN
        RAISE EXCEPTION 'the parts of a batch have different lengths' USING ERRCODE = 'array_subscript_error';
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

-- Keeps a signature line over a committed checkpoint; a second one by the same signer changes nothing.
CREATE FUNCTION audit.keep_signature(p_size bigint, p_signer text, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit.checkpoint c WHERE c.size = p_size) THEN
        RAISE EXCEPTION 'there is no checkpoint of this size' USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO audit.signature (size, signer, note) VALUES (p_size, p_signer, p_note) ON CONFLICT DO NOTHING;
END $$;

-- Deletes replay ids that expired by the caller's clock and by the server's: a demo's clock may run behind, and no caller
-- can make a spent id usable again by running ahead.
CREATE FUNCTION audit.purge_once(p_now timestamptz, p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM audit.once o USING (
        SELECT e.id FROM audit.once e WHERE e.expires_at < least(p_now, statement_timestamp())
        ORDER BY e.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ) AS expired WHERE o.id = expired.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- ------------------------------------------------------------------------------------------------- guards
-- ENABLE ALWAYS: otherwise session_replication_role = replica passes them by. They stop mistakes, the owner's
-- included; who may drop them is found out by a checkpoint that is held elsewhere.

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on audit.% is refused: the log only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit.require_growth() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.size <= OLD.size OR NEW.epoch < OLD.epoch THEN
        RAISE EXCEPTION 'the head only grows' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER entry_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER checkpoint_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER signature_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.signature
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER subject_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.subject
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER head_is_kept BEFORE INSERT OR DELETE OR TRUNCATE ON audit.head
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER head_grows BEFORE UPDATE ON audit.head
    FOR EACH ROW EXECUTE FUNCTION audit.require_growth();

ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_is_kept;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_kept;
ALTER TABLE audit.signature ENABLE ALWAYS TRIGGER signature_is_kept;
ALTER TABLE audit.subject ENABLE ALWAYS TRIGGER subject_is_kept;
ALTER TABLE audit.head ENABLE ALWAYS TRIGGER head_is_kept;
ALTER TABLE audit.head ENABLE ALWAYS TRIGGER head_grows;

-- ------------------------------------------------------------------------------------------------- rights
-- Nobody writes a table: reading is granted table by table, writing is the functions above.

REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO pactgate_app, pactgate_loader, pactgate_auditor;

-- The gateway needs the tree and the openings for receipts; who was disclosed, and replay ids, it need not read.
GRANT SELECT ON audit.entry, audit.head, audit.checkpoint, audit.signature, audit.private TO pactgate_app;
GRANT SELECT ON audit.entry, audit.head, audit.checkpoint, audit.signature, audit.private, audit.subject
    TO pactgate_loader;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO pactgate_auditor;

GRANT EXECUTE ON FUNCTION audit.lock_head() TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION audit.append_batch(
    bigint, bytea[], bytea[], bytea, bytea, bigint, bytea[], timestamptz[], bytea[], bytea[]
) TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION audit.keep_signature(bigint, text, text) TO pactgate_app, pactgate_loader;
GRANT EXECUTE ON FUNCTION audit.purge_once(timestamptz, integer) TO pactgate_app, pactgate_loader;
