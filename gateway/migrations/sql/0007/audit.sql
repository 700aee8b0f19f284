-- Schema audit: openings of entries about students of whom nothing is kept any longer.

-- Deletes the openings of the entries that list no other number than one of these, and returns how many there were. An
-- entry about several students keeps its opening: it opens the rows of the others too. Leaves and proofs stay as they are.
CREATE FUNCTION audit.erase_openings(p_numbers bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM audit.private AS p USING audit.subject AS s, unnest(p_numbers) AS n (number)
    WHERE s.idx = p.idx AND substr(s.subjects, 1, 16) = n.number
      AND s.subjects = decode(repeat(encode(n.number, 'hex'), octet_length(s.subjects) / 16), 'hex');
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION audit.erase_openings(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.erase_openings(bytea[]) TO pactgate_loader;
