-- Schema agreements: what may follow what, now that an agreement can be closed.

-- INVARIANT: moves of one agreement follow the log's order; only its closing follows a termination, and nothing that.
CREATE OR REPLACE FUNCTION agreements.require_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM agreements.status s
        WHERE s.agreement = NEW.agreement
          AND (s.idx >= NEW.idx OR s.status = 'closed' OR (s.status = 'terminated' AND NEW.status <> 'closed'))
    ) THEN
        RAISE EXCEPTION 'this move does not follow the ones before it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
