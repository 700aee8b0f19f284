-- Schema records: from the digest of one version of an agreement to its line, the id that all its versions share. Run by
-- the owner after the columns were renamed: here they are called line and still hold digests.

-- Nothing is taken from a document that is not the one it is stored as.
CREATE FUNCTION pg_temp.id_of(envelope text, digest bytea) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    DECLARE
        encoded text;
        payload bytea;
        id text;
    BEGIN
        encoded := translate(envelope::json ->> 'payload', '-_', '+/');
        payload := decode(encoded || repeat('=', (4 - length(encoded) % 4) % 4), 'base64');
        id := convert_from(payload, 'UTF8')::json ->> 'id';
        IF sha256(payload) = digest AND length(id) <= 80 AND id ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$' THEN
            RETURN id;
        END IF;
        RETURN NULL;
    EXCEPTION WHEN OTHERS THEN
        RETURN NULL;
    END
    $$;

-- Each digest, its line, and its rank in it: those that have a population first, of these the one received last. What
-- has no readable document keeps a line of its own, with an id longer than any agreement may have: nothing is lost, and
-- nothing is given to anybody else.
CREATE TEMPORARY TABLE version ON COMMIT DROP AS
    WITH named AS (
        SELECT r.line AS digest FROM records.roster AS r
        UNION SELECT c.line FROM records.consent AS c
        UNION SELECT o.line FROM records.opt_out AS o WHERE o.line IS NOT NULL
        UNION SELECT p.line FROM records.placement AS p
        UNION SELECT d.line FROM records.code AS d
        UNION SELECT s.agreement FROM records.scope AS s
        UNION SELECT p.agreement FROM records.population AS p
    ), read AS (
        SELECT n.digest,
               coalesce(pg_temp.id_of(d.envelope, d.digest), 'agreement:sha256-' || right(n.digest, 64)) AS line,
               s.agreement IS NOT NULL AS is_kept, coalesce(d.idx, -1) AS idx
        FROM named AS n
        LEFT JOIN records.scope AS s ON s.agreement = n.digest
        LEFT JOIN agreements.document AS d
            ON d.digest = decode(right(n.digest, 64), 'hex') AND d.kind = 'agreement'
    )
    SELECT r.digest, r.line,
           row_number() OVER (PARTITION BY r.line ORDER BY r.is_kept DESC, r.idx DESC, r.digest) AS rank
    FROM read AS r;

-- Until now a line could have several lists, one a version. What its best version says is the line's; otherwise the list
-- of one version would widen what another gives. A row ends as of the entry that brought the list that stays.
WITH listed AS (
    SELECT r.row_id, r.from_idx, v.line, v.rank, min(v.rank) OVER (PARTITION BY v.line) AS best
    FROM records.roster AS r JOIN version AS v ON v.digest = r.line WHERE r.to_idx IS NULL
), brought AS (SELECT l.line, max(l.from_idx) AS idx FROM listed AS l WHERE l.rank = l.best GROUP BY l.line)
UPDATE records.roster AS r SET to_idx = greatest(b.idx, l.from_idx + 1)
FROM listed AS l JOIN brought AS b ON b.line = l.line WHERE r.row_id = l.row_id AND l.rank > l.best;

WITH listed AS (
    SELECT r.row_id, r.from_idx, v.line, v.rank, min(v.rank) OVER (PARTITION BY v.line) AS best
    FROM records.placement AS r JOIN version AS v ON v.digest = r.line WHERE r.to_idx IS NULL
), brought AS (SELECT l.line, max(l.from_idx) AS idx FROM listed AS l WHERE l.rank = l.best GROUP BY l.line)
UPDATE records.placement AS r SET to_idx = greatest(b.idx, l.from_idx + 1)
FROM listed AS l JOIN brought AS b ON b.line = l.line WHERE r.row_id = l.row_id AND l.rank > l.best;

WITH listed AS (
    SELECT r.row_id, r.from_idx, v.line, v.rank, min(v.rank) OVER (PARTITION BY v.line) AS best
    FROM records.consent AS r JOIN version AS v ON v.digest = r.line WHERE r.to_idx IS NULL
), brought AS (SELECT l.line, max(l.from_idx) AS idx FROM listed AS l WHERE l.rank = l.best GROUP BY l.line)
UPDATE records.consent AS r SET to_idx = greatest(b.idx, l.from_idx + 1)
FROM listed AS l JOIN brought AS b ON b.line = l.line WHERE r.row_id = l.row_id AND l.rank > l.best;

-- A family's no to one version is a no to all of them. Of two, the one a person entered stays, or the earlier one.
WITH said AS (
    SELECT o.row_id, o.from_idx, row_number() OVER each_no AS place, first_value(o.from_idx) OVER each_no AS idx
    FROM records.opt_out AS o JOIN version AS v ON v.digest = o.line WHERE o.to_idx IS NULL
    WINDOW each_no AS (
        PARTITION BY v.line, o.student_id, o.scope ORDER BY o.stated DESC, o.from_date, o.row_id
    )
)
UPDATE records.opt_out AS o SET to_idx = greatest(s.idx, s.from_idx + 1)
FROM said AS s WHERE o.row_id = s.row_id AND s.place > 1;

-- INVARIANT: a withdrawal holds for the line. A consent signed by then and loaded again under another version ends.
CREATE TEMPORARY TABLE stopped ON COMMIT DROP AS
    SELECT v.line, c.student_id, max(c.withdrawn_on) AS withdrawn_on, max(c.to_idx) AS idx
    FROM records.consent AS c JOIN version AS v ON v.digest = c.line
    WHERE c.withdrawn_on IS NOT NULL GROUP BY v.line, c.student_id;
UPDATE records.consent AS c SET to_idx = greatest(s.idx, c.from_idx + 1)
FROM version AS v, stopped AS s
WHERE v.digest = c.line AND s.line = v.line AND s.student_id = c.student_id
  AND c.to_idx IS NULL AND c.signed_on <= s.withdrawn_on;

-- Populations were kept without regard to the other versions' withdrawals and opt-outs: whom these concern is covered by
-- no other version until the next load computes it anew.
UPDATE records.population AS p SET to_idx = greatest(s.idx, p.from_idx + 1)
FROM version AS v, (
    SELECT c.line AS digest, c.student_id, max(c.to_idx) AS idx FROM records.consent AS c
    WHERE c.withdrawn_on IS NOT NULL GROUP BY c.line, c.student_id
    UNION ALL
    SELECT o.line, o.student_id, max(o.from_idx) FROM records.opt_out AS o
    WHERE o.line IS NOT NULL GROUP BY o.line, o.student_id
) AS s JOIN version AS w ON w.digest = s.digest
WHERE v.digest = p.agreement AND w.line = v.line AND w.digest <> v.digest
  AND p.student_id = s.student_id AND p.to_idx IS NULL;

-- Of two codes the best version's stays: its partner goes on with what it knows.
DELETE FROM records.code AS c USING version AS v
WHERE v.digest = c.line AND EXISTS (
    SELECT FROM records.code AS other JOIN version AS w ON w.digest = other.line
    WHERE other.student_id = c.student_id AND w.line = v.line AND w.rank < v.rank
);

UPDATE records.roster AS r SET line = v.line FROM version AS v WHERE v.digest = r.line;
UPDATE records.placement AS r SET line = v.line FROM version AS v WHERE v.digest = r.line;
UPDATE records.consent AS r SET line = v.line FROM version AS v WHERE v.digest = r.line;
UPDATE records.opt_out AS r SET line = v.line FROM version AS v WHERE v.digest = r.line;
UPDATE records.code AS r SET line = v.line FROM version AS v WHERE v.digest = r.line;
UPDATE records.scope AS s SET line = v.line FROM version AS v WHERE v.digest = s.agreement;

-- By a row's digest a load tells what changed. Were they left, the next list would change every row and be held.
UPDATE records.roster AS r SET digest = substr(sha256(convert_to(format('[%s,%s,%s,%s]',
    to_json(r.line), to_json(r.student_id), to_json(r.from_date), coalesce(to_json(r.to_date)::text, 'null')
    ), 'UTF8')), 1, 16) WHERE r.to_idx IS NULL;
UPDATE records.placement AS r SET digest = substr(sha256(convert_to(format('[%s,%s,%s,%s]',
    to_json(r.line), to_json(r.student_id), to_json(r.from_date), coalesce(to_json(r.to_date)::text, 'null')
    ), 'UTF8')), 1, 16) WHERE r.to_idx IS NULL;
UPDATE records.consent AS r SET digest = substr(sha256(convert_to(format('[%s,%s,%s,%s,%s,%s,%s]',
    to_json(r.line), to_json(r.student_id), array_to_json(r.covers), to_json(r.signed_by), to_json(r.signed_on),
    to_json(r.from_date), coalesce(to_json(r.to_date)::text, 'null')
    ), 'UTF8')), 1, 16) WHERE r.to_idx IS NULL;
UPDATE records.opt_out AS r SET digest = substr(sha256(convert_to(format('[%s,%s,%s,%s]',
    to_json(r.student_id), to_json(r.line), to_json(r.scope), to_json(r.from_date)
    ), 'UTF8')), 1, 16) WHERE r.to_idx IS NULL AND r.line IS NOT NULL AND NOT r.stated;

DROP FUNCTION pg_temp.id_of(text, bytea);

-- Facts of the line, for the version that this transaction's setting names; without the setting they find nothing.
CREATE OR REPLACE VIEW records.granted_rosters AS
    SELECT r.student_id, r.from_date, r.to_date
    FROM records.granted AS g
    JOIN records.roster AS r ON r.student_id = g.student_id
    WHERE r.to_idx IS NULL AND r.line = (
        SELECT c.line FROM records.scope AS c WHERE c.agreement = current_setting('pactgate.agreement', true)
    );
COMMENT ON VIEW records.granted_rosters IS 'Roster entries under this agreement, of covered students.';

CREATE OR REPLACE VIEW records.granted_placements AS
    SELECT r.student_id, r.from_date, r.to_date
    FROM records.granted AS g
    JOIN records.placement AS r ON r.student_id = g.student_id
    WHERE r.to_idx IS NULL AND r.line = (
        SELECT c.line FROM records.scope AS c WHERE c.agreement = current_setting('pactgate.agreement', true)
    );
COMMENT ON VIEW records.granted_placements IS 'Placements under this agreement, of covered students.';

-- A scope's line is rewritten with its zone, by what the signed document says.
GRANT UPDATE (line) ON records.scope TO pactgate_loader;
