-- Schema records: the order of pages has an index of its own, and loads renew what the planner knows.

-- The granted views as before, each with one way to its rows, so that a page takes the same one whatever the planner knows
-- of the tables: to it an agreement that is not named yet covers nobody, several indexes cost the same, and the choice
-- would hang on how large each of them is just now. Pages ask for the index of pages: the condition is true of every
-- code. A student's rows are found by the student, and never by the load that brought them: CASE, which no index has.
DO $$
DECLARE
    each record;
    words text;
BEGIN
    FOR each IN
        SELECT c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS words FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'granted\_%'
    LOOP
        words := rtrim(each.words, '; ');
        words := regexp_replace(
            words,
            '\((\w+\.from_batch) <= \( SELECT f\.batch\s+FROM records\.frontier f\)\)',
            '(CASE WHEN \1 <= (SELECT f.batch FROM records.frontier AS f) THEN true ELSE false END)'
        );
        IF each.name = 'records.granted_students' THEN
            words := words || ' AND g.code >= ''''';
        END IF;
        EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', each.name, words);
    END LOOP;
END $$;

-- What the planner knows of a table of ours, renewed. It changes no row and takes no lock that a reader or writer wants;
-- a table that somebody else is looking over is left to them. ANALYZE is for the owner, and the loader is not.
CREATE FUNCTION records.look_over(p_table text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_class AS c
        WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r' AND c.relname = p_table
    ) THEN
        RAISE EXCEPTION 'only tables of student records are looked over' USING ERRCODE = 'undefined_table';
    END IF;
    EXECUTE format('ANALYZE (SKIP_LOCKED) records.%I', p_table);
END $$;

REVOKE ALL ON FUNCTION records.look_over(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records.look_over(text) TO pactgate_loader;

-- As before, by the same index: on another day everybody whom the agreement covers is looked at.
CREATE OR REPLACE VIEW records.turned_population AS
    SELECT p.student_id, p.code FROM records.population AS p
    WHERE p.agreement = current_setting('pactgate.agreement', true)
      AND p.to_idx IS NULL
      AND p.code >= ''
      AND (p.valid @> nullif(current_setting('pactgate.since_day', true), '')::date)
          <> (p.valid @> (SELECT records.today()));

-- The frontier shows the newest load of any kind now: loads of lists prepare populations under their batches too.
UPDATE records.frontier SET batch = greatest(batch, (
    SELECT coalesce(max(b.id), 0) FROM records.batch AS b WHERE b.idx IS NOT NULL AND b.kind IN (
        'records.loaded', 'roster.loaded', 'consents.loaded', 'opt_outs.loaded', 'placements.loaded'
    )
));
