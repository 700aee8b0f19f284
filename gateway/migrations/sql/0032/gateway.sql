-- Schema gateway: papers, which wait for signatures.

-- INVARIANT: what is signed is never rewritten. A paper is filed, once, or goes.
CREATE FUNCTION gateway.keep_paper() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.filed_idx IS NOT NULL
        OR (NEW.digest, NEW.kind, NEW.payload, NEW.concerns, NEW.prepared_by, NEW.prepared_at)
            IS DISTINCT FROM (OLD.digest, OLD.kind, OLD.payload, OLD.concerns, OLD.prepared_by, OLD.prepared_at) THEN
        RAISE EXCEPTION 'a paper is never rewritten' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER paper_is_never_rewritten
    BEFORE UPDATE ON gateway.paper
    FOR EACH ROW EXECUTE FUNCTION gateway.keep_paper();

ALTER TABLE gateway.paper ENABLE ALWAYS TRIGGER paper_is_never_rewritten;

REVOKE ALL ON FUNCTION gateway.keep_paper() FROM PUBLIC;

-- The district's office alone: what serves partners' programs has no business with it.
GRANT SELECT, INSERT, DELETE ON gateway.paper TO pactgate_loader;
GRANT UPDATE (filed_idx, filed_by) ON gateway.paper TO pactgate_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.paper_signature TO pactgate_loader;
GRANT SELECT, INSERT, DELETE ON gateway.paper_invitation TO pactgate_loader;
GRANT UPDATE (used_at) ON gateway.paper_invitation TO pactgate_loader;
GRANT SELECT, INSERT ON gateway.passkey TO pactgate_loader;
