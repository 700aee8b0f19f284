-- Schema gateway: the people who sign in, by which identity, and who of them was stopped.

-- INVARIANT: an identity is added or erased, never changed: its entry commits to it as it was taken up.
CREATE TRIGGER staff_identity_is_never_changed
    BEFORE UPDATE OR TRUNCATE ON gateway.staff_identity
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

-- INVARIANT: whom an invitation is for, and until when, is never changed; it goes when it is used.
CREATE TRIGGER staff_invitation_is_never_changed
    BEFORE UPDATE OR TRUNCATE ON gateway.staff_invitation
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

-- INVARIANT: a stop is never rewritten, only added to.
CREATE TRIGGER staff_stop_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.staff_stop
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.staff_identity ENABLE ALWAYS TRIGGER staff_identity_is_never_changed;
ALTER TABLE gateway.staff_invitation ENABLE ALWAYS TRIGGER staff_invitation_is_never_changed;
ALTER TABLE gateway.staff_stop ENABLE ALWAYS TRIGGER staff_stop_is_only_added_to;

-- Taking up an invitation is what the gateway itself does, when somebody signs in; inviting, erasing and stopping are
-- acts of the office. The auditor reads the log, in which nobody stands.
GRANT SELECT, INSERT ON gateway.staff_identity TO pactgate_app, pactgate_loader;
GRANT DELETE ON gateway.staff_identity TO pactgate_loader;
GRANT SELECT, DELETE ON gateway.staff_invitation TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.staff_invitation TO pactgate_loader;
GRANT SELECT ON gateway.staff_stop TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.staff_stop TO pactgate_loader;
