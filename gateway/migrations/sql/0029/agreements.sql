-- Schema agreements: what an officer signs about the rights of a parent is a kind of document. The list is taken as it
-- stands, so that whatever kind came in between stays.
DO $$
DECLARE
    was text := '''staff_role''::text';
    stood text := (
        SELECT pg_get_constraintdef(c.oid) FROM pg_constraint AS c
        WHERE c.conrelid = 'agreements.document'::regclass AND c.conname = 'document_kind_is_known'
    );
BEGIN
    ASSERT position(was IN stood) > 0, 'the list of kinds is where it was';
    ALTER TABLE agreements.document DROP CONSTRAINT document_kind_is_known;
    EXECUTE 'ALTER TABLE agreements.document ADD CONSTRAINT document_kind_is_known '
        || replace(stood, was, was || ', ''parental_rights''::text');
END $$;
