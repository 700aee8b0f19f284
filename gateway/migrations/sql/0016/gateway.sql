-- Schema gateway: the keys that clients publish, as they were fetched, and who was reminded of a client's end.

-- INVARIANT: what was fetched stays as it was, and so does the note that somebody was reminded.
CREATE TRIGGER fetched_keys_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.fetched_keys
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

CREATE TRIGGER client_reminder_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.client_reminder
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.fetched_keys ENABLE ALWAYS TRIGGER fetched_keys_is_only_added_to;
ALTER TABLE gateway.client_reminder ENABLE ALWAYS TRIGGER client_reminder_is_only_added_to;

-- Nothing here is believed: a set counts only if its entry has its digest, and a reminder gives nobody anything.
GRANT SELECT, INSERT ON gateway.fetched_keys, gateway.client_reminder TO pactgate_app, pactgate_loader;
