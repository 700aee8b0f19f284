-- Functions, triggers and grants of schema gateway. Run by the owner, after the tables.

-- The one clock. Every "now" that decides anything comes from here and is recorded in the entry. Only a database
-- marked as a demo may shift it (a CHECK on the table says so too).
CREATE FUNCTION gateway.clock() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = pg_catalog
    AS $$
        SELECT statement_timestamp()
             + coalesce((SELECT i.clock_shift FROM gateway.installation AS i), '0'::interval)
    $$;

-- INVARIANT: what an installation is, it stays: a demo never becomes real, nor the other way round.
CREATE FUNCTION gateway.keep_installation() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION 'an installation is for good' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW."only", NEW.origin, NEW.demo, NEW.initialised_at)
           IS DISTINCT FROM (OLD."only", OLD.origin, OLD.demo, OLD.initialised_at) THEN
            RAISE EXCEPTION 'only the clock of a demo may be changed' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END
    $$;

CREATE TRIGGER installation_is_for_good
    BEFORE UPDATE OR DELETE ON gateway.installation
    FOR EACH ROW EXECUTE FUNCTION gateway.keep_installation();

CREATE TRIGGER installation_is_never_emptied
    BEFORE TRUNCATE ON gateway.installation
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.keep_installation();

-- INVARIANT: a client and what became of it are never rewritten, only added to.
CREATE FUNCTION gateway.refuse_rewriting() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    BEGIN
        RAISE EXCEPTION 'rows of %.% are only added', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END
    $$;

CREATE TRIGGER client_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.client
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

CREATE TRIGGER client_status_is_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway.client_status
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_rewriting();

-- Otherwise session_replication_role = replica would pass them by.
ALTER TABLE gateway.installation ENABLE ALWAYS TRIGGER installation_is_for_good;
ALTER TABLE gateway.installation ENABLE ALWAYS TRIGGER installation_is_never_emptied;
ALTER TABLE gateway.client ENABLE ALWAYS TRIGGER client_is_only_added_to;
ALTER TABLE gateway.client_status ENABLE ALWAYS TRIGGER client_status_is_only_added_to;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gateway FROM PUBLIC;

GRANT USAGE ON SCHEMA gateway TO pactgate_app, pactgate_loader, pactgate_auditor;
GRANT SELECT ON gateway.installation TO pactgate_app, pactgate_loader, pactgate_auditor;
GRANT INSERT ON gateway.installation TO pactgate_loader;
GRANT UPDATE (clock_shift) ON gateway.installation TO pactgate_loader;
GRANT SELECT ON gateway.client, gateway.client_status TO pactgate_app, pactgate_loader;
GRANT INSERT ON gateway.client, gateway.client_status TO pactgate_loader;
GRANT EXECUTE ON FUNCTION gateway.clock() TO pactgate_app, pactgate_loader, pactgate_auditor;
