-- Schema gateway: the names in rosters go when their time is over, whoever looks.

-- Forgets the names in rosters whose time is over; returns in how many. They are kept for 30 days after the district's
-- first word on a roster, which its entry dates, and for 90 days where it says none. Lines keep references and days.
-- INVARIANT: what serves calls this, and it can still not read what a roster says.
CREATE FUNCTION gateway.forget_rosters() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    UPDATE gateway.roster_submission AS r SET body = NULL
        WHERE r.body IS NOT NULL
          AND gateway.clock() > coalesce(
              (SELECT (convert_from(e.leaf, 'UTF8')::json ->> 'time')::timestamptz + interval '30 days'
               FROM audit.entry AS e
               WHERE e.idx = (SELECT min(d.idx) FROM gateway.roster_decision AS d WHERE d.submission = r.idx)),
              r.received_at + interval '90 days'
          );
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION gateway.forget_rosters() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.forget_rosters() TO pactgate_app, pactgate_loader;
