-- Schema gateway: what decisions rest on besides signed documents. Kept by digest, so that what decided an entry can be
-- read again when a later release brings other catalogues, guardrails and time zones.

-- INVARIANT: an input that was kept stays as it is, and so does the note of an entry.
CREATE TRIGGER input_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.input
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

CREATE TRIGGER configuration_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.configuration
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.input ENABLE ALWAYS TRIGGER input_is_only_added_to;
ALTER TABLE gateway.configuration ENABLE ALWAYS TRIGGER configuration_is_only_added_to;

-- Nothing here is believed: content is compared with its digest, and an entry must say what its row says it does.
GRANT SELECT, INSERT ON gateway.input, gateway.configuration TO pactgate_app, pactgate_loader;
GRANT SELECT ON gateway.input, gateway.configuration TO pactgate_auditor;
