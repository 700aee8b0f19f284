-- Schema gateway: what opens the log's commitments to clients' secrets. Whose a secret is, and until when, the log says.

-- INVARIANT: a salt is never rewritten. A secret ends by an entry, and no row can bring it back.
CREATE TRIGGER client_secret_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.client_secret
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.client_secret ENABLE ALWAYS TRIGGER client_secret_is_only_added_to;

GRANT SELECT ON gateway.client_secret TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.client_secret TO pactgate_loader;
