-- Schema gateway: rosters that partners submit.

-- INVARIANT: a decision is never rewritten; a later one may come after it.
CREATE TRIGGER roster_decision_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.roster_decision
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.roster_decision ENABLE ALWAYS TRIGGER roster_decision_is_only_added_to;

-- What serves partners puts a roster in and says how it stands. INVARIANT: it cannot read whom one names.
GRANT SELECT (idx, line, client, covers, format, lines, digest, once, received_at), INSERT
    ON gateway.roster_submission TO pactgate_app;
GRANT SELECT (idx, submission, decision, fresh_until) ON gateway.roster_decision TO pactgate_app;

-- The district's office. Of a submission only the names can go.
GRANT SELECT, UPDATE (body) ON gateway.roster_submission TO pactgate_loader;
GRANT SELECT, INSERT, DELETE, UPDATE (student_id, found_by, waits_for, state)
    ON gateway.roster_line TO pactgate_loader;
GRANT SELECT, INSERT ON gateway.roster_decision TO pactgate_loader;
