-- Schema records: a link from a student to the log names the key that wraps it, and is wrapped anew by a later one.

-- INVARIANT: no link is added under a key that nobody introduced, or that was retired: a machine that still has it adds
-- none. Whoever retires a key waits for whoever adds links, and then looks at all of them.
CREATE FUNCTION records.refuse_link_under_key_that_does_not_stand() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('pactgate.wrapping', 0));
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT substring(a.sealed FOR octet_length(a.sealed) - 16) AS name FROM added AS a) AS n
        WHERE EXISTS (SELECT FROM gateway.wrapping_key AS k WHERE k.name = n.name AND k.move = 'retired')
           OR n.name <> '' AND NOT EXISTS (
               SELECT FROM gateway.wrapping_key AS k WHERE k.name = n.name AND k.move = 'introduced')
    ) THEN
        RAISE EXCEPTION 'the key that wraps this link does not stand' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION records.refuse_link_under_key_that_does_not_stand() IS
    'Keeps links of students from being wrapped by a key that was retired or never introduced.';

CREATE TRIGGER subject_added_under_key_that_stands
    AFTER INSERT ON records.subject REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION records.refuse_link_under_key_that_does_not_stand();
CREATE TRIGGER subject_rewrapped_under_key_that_stands
    AFTER UPDATE ON records.subject REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION records.refuse_link_under_key_that_does_not_stand();

-- INVARIANT: a link stays its student's, and is wrapped anew by a later key alone.
CREATE FUNCTION records.refuse_link_under_earlier_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.student_id <> OLD.student_id
       OR substring(NEW.sealed FOR octet_length(NEW.sealed) - 16)
          <= substring(OLD.sealed FOR octet_length(OLD.sealed) - 16) THEN
        RAISE EXCEPTION 'a link is wrapped anew by a later key alone' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION records.refuse_link_under_earlier_key() IS
    'Lets a link of a student be wrapped anew by a later key, and changed in no other way.';

CREATE TRIGGER subject_is_only_wrapped_anew
    BEFORE UPDATE ON records.subject
    FOR EACH ROW EXECUTE FUNCTION records.refuse_link_under_earlier_key();

GRANT UPDATE (sealed) ON records.subject TO pactgate_loader;
REVOKE ALL ON FUNCTION records.refuse_link_under_key_that_does_not_stand(), records.refuse_link_under_earlier_key()
    FROM PUBLIC;
