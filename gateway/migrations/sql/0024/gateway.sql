-- Schema gateway: identities that prove nothing stay in demos; keys that wrap links of students come and go.

-- INVARIANT: whoever picked who they are is somebody in a database marked as a demo alone, whatever program asks.
CREATE FUNCTION gateway.refuse_development_outside_a_demo() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.issuer = 'urn:pactgate:development'
       AND NOT coalesce((SELECT i.demo FROM gateway.installation AS i), false) THEN
        RAISE EXCEPTION 'the development sign-in is for demos alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION gateway.refuse_development_outside_a_demo() IS
    'Keeps identities of the development sign-in out of every database that is not a demo.';

CREATE TRIGGER staff_identity_of_development_is_in_a_demo
    BEFORE INSERT OR UPDATE OF issuer ON gateway.staff_identity
    FOR EACH ROW EXECUTE FUNCTION gateway.refuse_development_outside_a_demo();
CREATE TRIGGER staff_session_of_development_is_in_a_demo
    BEFORE INSERT OR UPDATE OF issuer ON gateway.staff_session
    FOR EACH ROW EXECUTE FUNCTION gateway.refuse_development_outside_a_demo();
ALTER TABLE gateway.staff_identity ENABLE ALWAYS TRIGGER staff_identity_of_development_is_in_a_demo;
ALTER TABLE gateway.staff_session ENABLE ALWAYS TRIGGER staff_session_of_development_is_in_a_demo;

-- INVARIANT: that a key came or went is never rewritten, only added to.
CREATE TRIGGER wrapping_key_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.wrapping_key
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();
ALTER TABLE gateway.wrapping_key ENABLE ALWAYS TRIGGER wrapping_key_is_only_added_to;

GRANT SELECT ON gateway.wrapping_key TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.wrapping_key TO pactgate_loader;

-- INVARIANT: why tokens were ended is never rewritten, only added to.
CREATE TRIGGER token_end_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.token_end
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();
ALTER TABLE gateway.token_end ENABLE ALWAYS TRIGGER token_end_is_only_added_to;
GRANT SELECT, INSERT ON gateway.token_end TO pactgate_loader;

-- Each replica adds the keys that it holds, and so hears of those that it lacks.
GRANT SELECT, INSERT ON gateway.token_key_held TO pactgate_app;

REVOKE ALL ON FUNCTION gateway.refuse_development_outside_a_demo() FROM PUBLIC;
