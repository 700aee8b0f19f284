-- Schema gateway: decisions on rosters that wait for a second person. The district's office alone comes here.

-- INVARIANT: what was asked is never rewritten, and is answered once.
CREATE FUNCTION gateway.keep_held() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.answer IS NOT NULL
        OR (NEW.number, NEW.submission, NEW.document, NEW.removed, NEW.before, NEW.asked_by, NEW.asked_at)
            IS DISTINCT FROM
            (OLD.number, OLD.submission, OLD.document, OLD.removed, OLD.before, OLD.asked_by, OLD.asked_at) THEN
        RAISE EXCEPTION 'what waits for a second person is answered once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER roster_held_is_answered_once
    BEFORE UPDATE ON gateway.roster_held
    FOR EACH ROW EXECUTE FUNCTION gateway.keep_held();

ALTER TABLE gateway.roster_held ENABLE ALWAYS TRIGGER roster_held_is_answered_once;

REVOKE ALL ON FUNCTION gateway.keep_held() FROM PUBLIC;

GRANT SELECT, INSERT ON gateway.roster_held TO pactgate_loader;
GRANT UPDATE (answer, answered_by, answered_at, reason) ON gateway.roster_held TO pactgate_loader;
