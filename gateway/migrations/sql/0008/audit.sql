-- Schema audit: what witnesses cosigned. What is kept here is believed by nobody: whoever reads it verifies it.

-- Keeps a witness's signature line over a committed checkpoint, and remembers it as the newest of that witness. A size
-- that is cosigned again keeps its first line in audit.signature, which is insert-only.
CREATE FUNCTION audit.keep_cosignature(p_size bigint, p_signer text, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM audit.keep_signature(p_size, p_signer, p_note);
    INSERT INTO audit.cosigned AS c (signer, size, note) VALUES (p_signer, p_size, p_note)
    ON CONFLICT (signer) DO UPDATE SET size = excluded.size, note = excluded.note WHERE c.size <= excluded.size;
END $$;

REVOKE ALL ON audit.cosigned FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.keep_cosignature(bigint, text, text) FROM PUBLIC;
GRANT SELECT ON audit.cosigned TO pactgate_app, pactgate_loader, pactgate_auditor;
GRANT EXECUTE ON FUNCTION audit.keep_cosignature(bigint, text, text) TO pactgate_app;
