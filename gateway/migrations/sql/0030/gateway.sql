-- Schema gateway: what officers signed about families' requests and about accountings.

-- INVARIANT: a document is never rewritten; a later one takes its place.
CREATE TRIGGER family_document_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.family_document
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.family_document ENABLE ALWAYS TRIGGER family_document_is_only_added_to;

-- The district's office alone: what serves partners has no business with it.
GRANT SELECT, INSERT ON gateway.family_document TO pactgate_loader;
