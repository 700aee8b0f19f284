-- Schema gateway: alarms as cases, and incidents. Notes for people: nothing is decided by them.

-- Folds an alarm into its case, or opens one. p_newest is the last entry that a finding of the log rests on: the same
-- finding again says nothing new. A case that was resolved and is raised anew is open again, and so is one
-- that somebody looked at and that comes again after an hour without it.
-- INVARIANT: whoever may call it can add and count, and neither read, close nor silence: findings, of which one that
-- rests on no later entry says nothing new, are the office's own; a count never overflows; the facts that name a case
-- stay what they were, and those that tell how it stands are the newest ones (`gateway.services.inbox.pending`).
CREATE FUNCTION gateway.note_alarm(p_code text, p_identity bytea, p_facts jsonb, p_times bigint, p_newest bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now CONSTANT timestamptz := gateway.clock();
    most CONSTANT bigint := 1000000000;
    added CONSTANT bigint := least(greatest(p_times, 1), 1000000);
    moving CONSTANT text[] := ARRAY['answer_by', 'count', 'days', 'first_entry', 'last_entry', 'reason', 'since',
        'stands', 'times', 'unwitnessed', 'until'];
    known gateway.alarm_case;
    comes_again boolean;
BEGIN
    IF p_newest IS NOT NULL AND NOT pg_has_role(session_user, 'pactgate_loader', 'MEMBER') THEN
        RAISE insufficient_privilege USING MESSAGE = 'findings of the log are put on file by the office';
    END IF;
    SELECT * INTO known FROM gateway.alarm_case AS c WHERE c.identity = p_identity FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO gateway.alarm_case AS c (code, identity, facts, times, newest, first_seen, last_seen, state)
            VALUES (p_code, p_identity, p_facts, added, p_newest, now, now, 'open')
            ON CONFLICT (identity) DO UPDATE SET
                times = least(c.times + added, most), last_seen = greatest(c.last_seen, now);
        RETURN;
    END IF;
    IF p_newest <= known.newest THEN
        RETURN;
    END IF;
    comes_again := known.state = 'resolved'
        OR (known.state = 'looked_at' AND known.last_seen < now - interval '1 hour');
    UPDATE gateway.alarm_case AS c SET
        facts = c.facts || (SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}')
            FROM jsonb_each(p_facts) AS f WHERE f.key = ANY(moving)),
        times = least(c.times + added, most), newest = greatest(p_newest, c.newest),
        last_seen = greatest(c.last_seen, now),
        state = CASE WHEN comes_again THEN 'open' ELSE c.state END,
        resolution = CASE WHEN comes_again THEN NULL ELSE c.resolution END
        WHERE c.number = known.number;
    IF comes_again THEN
        INSERT INTO gateway.alarm_note (number, at, act) VALUES (known.number, now, 'reopened');
    END IF;
END $$;

-- INVARIANT: what somebody noted is never rewritten.
CREATE TRIGGER alarm_note_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.alarm_note
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();
CREATE TRIGGER incident_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.incident
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();
CREATE TRIGGER incident_note_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.incident_note
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

ALTER TABLE gateway.alarm_note ENABLE ALWAYS TRIGGER alarm_note_is_only_added_to;
ALTER TABLE gateway.incident ENABLE ALWAYS TRIGGER incident_is_only_added_to;
ALTER TABLE gateway.incident_note ENABLE ALWAYS TRIGGER incident_note_is_only_added_to;

REVOKE ALL ON FUNCTION gateway.note_alarm(text, bytea, jsonb, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.note_alarm(text, bytea, jsonb, bigint, bigint) TO pactgate_app, pactgate_loader;
-- The district's office alone reads and handles them: what serves partners may only raise an alarm.
GRANT SELECT, UPDATE (state, assigned_to, resolution) ON gateway.alarm_case TO pactgate_loader;
GRANT SELECT, INSERT ON gateway.alarm_note, gateway.incident, gateway.incident_note TO pactgate_loader;
