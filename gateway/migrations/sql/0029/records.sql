-- Schema records: consents say what the law asks of them, and parents whose rights a court has revoked are on file.

-- What an entry commits to covers the new columns, and a row that says nothing in them has the digest it always had. The
-- function is taken as it stands, so that whatever else it learned in between stays.
DO $$
DECLARE
    was text := $sql$)::text, 'UTF8')) AS row_digest
        FROM records.consent AS r WHERE$sql$;
    more text := $sql$)::text
            || CASE WHEN num_nonnulls(
                r.signer, r.purpose, r.party, r.what_will_be_done, r.form, r.evidence, r.authenticated_by, r.approved_by,
                r.notice, r.notice_language
            ) = 0 AND NOT r.by_hand THEN ''
                ELSE ROW(
                    r.signer, r.purpose, r.party, r.what_will_be_done, r.form, r.evidence, r.authenticated_by,
                    r.approved_by, r.notice, r.notice_language, r.by_hand
                )::text END, 'UTF8')) AS row_digest
        FROM records.consent AS r WHERE$sql$;
    place text := $sql$        SELECT r.from_idx AS idx, 'opt_out.begun' AS part,$sql$;
    restrictions text := $sql$        SELECT r.from_idx AS idx, 'restriction.begun' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.parent, r.ordered_on, r.evidence, r.digest
            )::text, 'UTF8')) AS row_digest
        FROM records.restriction AS r WHERE r.from_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
        SELECT r.to_idx AS idx, 'restriction.ended' AS part, '' AS concerns,
            r.student_id AS student,
            sha256(convert_to(ROW(
            r.student_id, r.parent, r.ordered_on, r.evidence, r.digest, r.from_idx
            )::text, 'UTF8')) AS row_digest
        FROM records.restriction AS r WHERE r.to_idx BETWEEN p_first AND p_last
            AND (p_students IS NULL OR r.student_id = ANY (p_students))
        UNION ALL
$sql$;
    stood text := pg_get_functiondef('records.dated_rows(bigint, bigint, uuid[])'::regprocedure);
BEGIN
    ASSERT (length(stood) - length(replace(stood, was, ''))) / length(was) = 2, 'consents begin and end in one place each';
    ASSERT position(place IN stood) > 0, 'opt-outs come after consents';
    EXECUTE replace(replace(stood, was, more), place, restrictions || place);
END $$;

-- As before, and what is on file about the parents of an erased student goes too.
DO $$
DECLARE
    was text := '''renumbered'',';
    stood text := pg_get_functiondef('records.erase(bytea[])'::regprocedure);
BEGIN
    ASSERT (length(stood) - length(replace(stood, was, ''))) / length(was) = 1, 'tables are named once';
    EXECUTE replace(stood, was, was || ' ''restriction'',');
END $$;

GRANT SELECT, INSERT, UPDATE (to_idx) ON records.restriction TO pactgate_loader;
