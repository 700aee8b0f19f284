-- Schema agreements: the guards and the rights. Run once by the owner, after the tables of agreements/store.py.

-- ENABLE ALWAYS: otherwise session_replication_role = replica passes them by. They stop mistakes; what was stored by
-- someone who may drop them is still found, because every load verifies the signatures again.

CREATE FUNCTION agreements.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on agreements.% is refused: the register only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- INVARIANT: moves of one agreement follow the log's order, and nothing follows a termination.
CREATE FUNCTION agreements.require_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM agreements.status s
        WHERE s.agreement = NEW.agreement AND (s.idx >= NEW.idx OR s.status = 'terminated')
    ) THEN
        RAISE EXCEPTION 'this move does not follow the ones before it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER document_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON agreements.document
    FOR EACH STATEMENT EXECUTE FUNCTION agreements.refuse_change();
CREATE TRIGGER status_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON agreements.status
    FOR EACH STATEMENT EXECUTE FUNCTION agreements.refuse_change();
CREATE TRIGGER status_in_order BEFORE INSERT ON agreements.status
    FOR EACH ROW EXECUTE FUNCTION agreements.require_order();

ALTER TABLE agreements.document ENABLE ALWAYS TRIGGER document_is_kept;
ALTER TABLE agreements.status ENABLE ALWAYS TRIGGER status_is_kept;
ALTER TABLE agreements.status ENABLE ALWAYS TRIGGER status_in_order;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA agreements FROM PUBLIC;

GRANT USAGE ON SCHEMA agreements TO pactgate_app, pactgate_loader, pactgate_auditor;
GRANT SELECT ON agreements.document, agreements.status TO pactgate_app, pactgate_loader, pactgate_auditor;
GRANT INSERT ON agreements.document, agreements.status TO pactgate_loader;
