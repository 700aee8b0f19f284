-- Schema gateway: who is signed in, and what somebody signed in again for.

-- INVARIANT: whose session it is, by which sign-in and until when never changes; only its secret does, and when it was
-- last used. So an update of the application's can never give one person's session to another.
CREATE FUNCTION gateway.keep_session() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    BEGIN
        IF (to_jsonb(NEW) - 'id' - 'seen_at') IS DISTINCT FROM (to_jsonb(OLD) - 'id' - 'seen_at') THEN
            RAISE EXCEPTION 'a session keeps whose it is' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END
    $$;

CREATE TRIGGER staff_session_is_kept
    BEFORE UPDATE ON gateway.staff_session
    FOR EACH ROW EXECUTE FUNCTION gateway.keep_session();

ALTER TABLE gateway.staff_session ENABLE ALWAYS TRIGGER staff_session_is_kept;

REVOKE ALL ON FUNCTION gateway.keep_session() FROM PUBLIC;

-- The gateway opens and ends sessions; the office ends them too. The auditor reads the log, in which nobody stands.
GRANT SELECT, INSERT, DELETE ON gateway.staff_session, gateway.staff_step_up TO pactgate_app;
GRANT UPDATE (id, seen_at) ON gateway.staff_session TO pactgate_app;
GRANT UPDATE (spent) ON gateway.staff_step_up TO pactgate_app;
GRANT SELECT, DELETE ON gateway.staff_session TO pactgate_loader;
