-- Schema gateway: what was answered about drafts. Only who administers the gateway counts; nobody changes an answer.

-- INVARIANT: an answer that was given stays: changing it, or taking it back, would let a draft be counted anew.
CREATE TRIGGER draft_count_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.draft_count
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.draft_count ENABLE ALWAYS TRIGGER draft_count_is_only_added_to;

GRANT SELECT, INSERT ON gateway.draft_count TO pactgate_loader;
