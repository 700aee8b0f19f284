-- Schema gateway: disclosures that were made outside the gateway and recorded by hand.

-- INVARIANT: a record is never rewritten; it is corrected by a later one.
CREATE TRIGGER outside_disclosure_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.outside_disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.outside_disclosure ENABLE ALWAYS TRIGGER outside_disclosure_is_only_added_to;

-- The district's office alone: what serves partners has no business with it.
GRANT SELECT, INSERT ON gateway.outside_disclosure TO pactgate_loader;
