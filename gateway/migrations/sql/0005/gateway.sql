-- Schema gateway: partners that were stopped as a whole.

-- INVARIANT: what became of a partner is never rewritten, only added to.
CREATE TRIGGER partner_status_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.partner_status
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.partner_status ENABLE ALWAYS TRIGGER partner_status_is_only_added_to;

GRANT SELECT ON gateway.partner_status TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.partner_status TO pactgate_loader;
