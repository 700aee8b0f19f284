-- Schema gateway: what became of each load. The district's office alone writes and reads it.

-- INVARIANT: what was reported is never rewritten. Old reports go.
CREATE TRIGGER load_report_is_never_rewritten
    BEFORE UPDATE OR TRUNCATE ON gateway.load_report
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.load_report ENABLE ALWAYS TRIGGER load_report_is_never_rewritten;

GRANT SELECT, INSERT, DELETE ON gateway.load_report TO pactgate_loader;
