-- Schema gateway: the salts of releases that wait for a signature, and papers that nobody filed in time.

-- The district's office alone: with the salt, whoever guesses the numbers of a release could see whether they are right.
GRANT SELECT, INSERT, DELETE ON gateway.paper_salt TO pactgate_loader;

-- Takes away the papers that nobody filed within 30 days, with all that stands beside them; returns how many there were.
-- INVARIANT: what serves calls this, and it can still not read a paper.
CREATE FUNCTION gateway.forget_papers() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM gateway.paper AS p
        WHERE p.filed_idx IS NULL AND p.prepared_at < gateway.clock() - interval '30 days';
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION gateway.forget_papers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.forget_papers() TO pactgate_app, pactgate_loader;
