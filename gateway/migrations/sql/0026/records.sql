-- Schema records: what stood at an earlier epoch, and what has moved since, for partners that follow changes.
--
-- INVARIANT: each view finds only students whom the agreement named by this transaction's setting covered at the epoch
-- and on the day that its other two settings name; without one of them it finds nothing. The settings are
-- pactgate.agreement, pactgate.since_epoch (an index of the log) and pactgate.since_day (a day where the agreement is at
-- home). The views of the present are as they were: what is read to be shown is read through them.

CREATE VIEW records.since_batch AS
    SELECT CASE WHEN nullif(current_setting('pactgate.since_epoch', true), '') IS NOT NULL
        THEN coalesce(max(b.id), 0) END AS batch
    FROM records.batch AS b
    WHERE b.idx <= nullif(current_setting('pactgate.since_epoch', true), '')::bigint;
COMMENT ON VIEW records.since_batch IS 'The newest load that was visible at the earlier epoch of this transaction.';

-- Everybody whom the line ever covered: a code is for good, so that what went can be named.
CREATE VIEW records.coded_students AS
    SELECT c.student_id, c.code
    FROM records.code AS c
    WHERE c.line = (
        SELECT s.line FROM records.scope AS s WHERE s.agreement = current_setting('pactgate.agreement', true)
    );
COMMENT ON VIEW records.coded_students IS 'The record codes of this agreement''s line.';

-- Whom the agreement covered at the earlier epoch, and whom it covers otherwise since. A load may have prepared rows of
-- the population, which its batch dates until its entry does.
DO $$
DECLARE
    prepared boolean := EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = 'records.population'::regclass AND a.attname = 'from_batch'
    );
    since text := 'nullif(current_setting(''pactgate.since_epoch'', true), '''')::bigint';
    agreement text := 'p.agreement = current_setting(''pactgate.agreement'', true)';
    day text := 'CASE WHEN p.valid @> nullif(current_setting(''pactgate.since_day'', true), '''')::date'
        ' THEN true ELSE false END';
    began text := 'p.from_idx';
    lasted text := 'true';
    batches text := '';
BEGIN
    IF prepared THEN
        began := 'coalesce(p.from_idx, (SELECT b.idx FROM records.batch AS b WHERE b.id = p.from_batch))';
        lasted := format(
            '((SELECT b.idx FROM records.batch AS b WHERE b.id = p.to_batch) > %s) IS NOT FALSE', since
        );
        batches := format($view$
            UNION ALL
            SELECT p.student_id, p.code FROM records.population AS p
            WHERE %1$s AND p.from_batch > (SELECT b.batch FROM records.since_batch AS b)
              AND p.from_batch <= (SELECT f.batch FROM records.frontier AS f)
            UNION ALL
            SELECT p.student_id, p.code FROM records.population AS p
            WHERE %1$s AND p.to_batch > (SELECT b.batch FROM records.since_batch AS b)
              AND p.to_batch <= (SELECT f.batch FROM records.frontier AS f)
            $view$, agreement);
    END IF;
    EXECUTE format($view$
        CREATE VIEW records.held AS
        SELECT p.student_id, p.code, p.covers FROM records.population AS p
        WHERE %1$s AND p.to_idx IS NULL AND %2$s <= %3$s AND %4$s AND %5$s
        UNION ALL
        SELECT p.student_id, p.code, p.covers FROM records.population AS p
        WHERE %1$s AND p.to_idx IS NOT NULL AND p.to_idx > %3$s AND %2$s <= %3$s AND %5$s
        $view$, agreement, began, since, lasted, day);
    EXECUTE format($view$
        CREATE VIEW records.moved_population AS
        SELECT p.student_id, p.code FROM records.population AS p WHERE %1$s AND p.from_idx > %2$s
        UNION ALL
        SELECT p.student_id, p.code FROM records.population AS p WHERE %1$s AND p.to_idx > %2$s
        %3$s
        $view$, agreement, since, batches);
END $$;
COMMENT ON VIEW records.held IS 'Students whom the agreement of this transaction covered at its earlier epoch and day.';
COMMENT ON VIEW records.moved_population IS 'Whom the agreement began or ceased to cover, or otherwise covers, since.';

-- Each view of the present gets two twins: the same columns of the same table as they stood, and whose rows have moved.
-- They are made from the view itself, so that they cannot have other columns.
CREATE FUNCTION pg_temp.twin(present text, base text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    DECLARE
        held text := replace(present, 'granted_', 'held_');
        moved text := replace(present, 'granted_', 'moved_');
        dated_by_load boolean;
        of_a_line boolean;
        columns text;
        stood text;
        began_or_ended text;
    BEGIN
        SELECT bool_or(a.attname = 'from_batch'), bool_or(a.attname = 'line') INTO dated_by_load, of_a_line
        FROM pg_attribute AS a WHERE a.attrelid = format('records.%I', base)::regclass AND a.attnum > 0;
        SELECT string_agg(CASE a.attname
                WHEN 'code' THEN 'g.code' WHEN 'covers' THEN 'g.covers' WHEN 'sealed' THEN 'u.sealed'
                WHEN 'event_id' THEN 'r.row_id AS event_id' ELSE format('r.%I', a.attname) END, ', ' ORDER BY a.attnum)
        INTO columns
        FROM pg_attribute AS a WHERE a.attrelid = format('records.%I', present)::regclass AND a.attnum > 0;
        IF dated_by_load THEN
            stood := 'r.from_batch <= (SELECT b.batch FROM records.since_batch AS b)'
                ' AND (r.to_batch IS NULL OR r.to_batch > (SELECT b.batch FROM records.since_batch AS b))';
            began_or_ended := 'r.%1$s_batch > (SELECT b.batch FROM records.since_batch AS b)'
                ' AND r.%1$s_batch <= (SELECT f.batch FROM records.frontier AS f)';
        ELSE
            stood := 'r.from_idx <= nullif(current_setting(''pactgate.since_epoch'', true), '''')::bigint AND (r.to_idx'
                ' IS NULL OR r.to_idx > nullif(current_setting(''pactgate.since_epoch'', true), '''')::bigint)';
            began_or_ended := 'r.%1$s_idx > nullif(current_setting(''pactgate.since_epoch'', true), '''')::bigint';
        END IF;
        IF of_a_line THEN
            stood := stood || ' AND r.line = (SELECT c.line FROM records.scope AS c'
                ' WHERE c.agreement = current_setting(''pactgate.agreement'', true))';
        END IF;
        EXECUTE format(
            'CREATE VIEW records.%I AS SELECT %s FROM records.held AS g'
            ' JOIN records.%I AS r ON r.student_id = g.student_id%s WHERE %s',
            held, columns, base,
            CASE WHEN present = 'granted_students'
                THEN ' JOIN records.subject AS u ON u.student_id = g.student_id' ELSE '' END,
            stood
        );
        EXECUTE format('COMMENT ON VIEW records.%I IS %L', held, 'As ' || present || ', at the earlier epoch and day.');
        EXECUTE format(
            'CREATE VIEW records.%I AS SELECT k.student_id, k.code FROM records.%I AS r'
            ' JOIN records.coded_students AS k ON k.student_id = r.student_id WHERE %s'
            ' UNION ALL SELECT k.student_id, k.code FROM records.%I AS r'
            ' JOIN records.coded_students AS k ON k.student_id = r.student_id WHERE %s',
            moved, base, format(began_or_ended, 'from'), base, format(began_or_ended, 'to')
        );
        EXECUTE format(
            'COMMENT ON VIEW records.%I IS %L',
            moved, 'Whose rows of ' || base || ' began or ended since the earlier epoch: who, and nothing else.'
        );
        EXECUTE format('GRANT SELECT ON records.%I, records.%I TO pactgate_app', held, moved);
    END
    $$;

SELECT pg_temp.twin(each.present, each.base)
FROM (VALUES
    ('granted_students', 'student'),
    ('granted_enrollments', 'enrollment'),
    ('granted_academic_summaries', 'academic_summary'),
    ('granted_attendance_events', 'attendance'),
    ('granted_course_grades', 'course_grade'),
    ('granted_assessments', 'assessment'),
    ('granted_discipline', 'discipline'),
    ('granted_programs', 'program'),
    ('granted_rosters', 'roster'),
    ('granted_placements', 'placement'),
    ('granted_statements', 'contested')
) AS each (present, base);

-- The same of what is of no student: schools, and terms of school years.
DO $$
DECLARE
    each record;
    columns text;
    held text;
    moved text;
BEGIN
    FOR each IN SELECT * FROM (VALUES ('visible_schools', 'school'), ('visible_sessions', 'session')) AS v (present, base)
        WHERE to_regclass('records.' || v.present) IS NOT NULL
    LOOP
        SELECT string_agg(format('o.%I', a.attname), ', ' ORDER BY a.attnum) INTO columns
        FROM pg_attribute AS a WHERE a.attrelid = format('records.%I', each.present)::regclass AND a.attnum > 0;
        held := replace(each.present, 'visible_', 'held_');
        moved := replace(each.present, 'visible_', 'moved_');
        EXECUTE format($view$
            CREATE VIEW records.%I AS SELECT %s FROM records.%I AS o
            WHERE o.from_batch <= (SELECT b.batch FROM records.since_batch AS b)
              AND (o.to_batch IS NULL OR o.to_batch > (SELECT b.batch FROM records.since_batch AS b))
            $view$, held, columns, each.base);
        EXECUTE format('COMMENT ON VIEW records.%I IS %L', held, 'As ' || each.present || ', at the earlier epoch.');
        EXECUTE format($view$
            CREATE VIEW records.%1$I AS SELECT o.row_id FROM records.%2$I AS o
            WHERE o.from_batch > (SELECT b.batch FROM records.since_batch AS b)
              AND o.from_batch <= (SELECT f.batch FROM records.frontier AS f)
            UNION ALL SELECT o.row_id FROM records.%2$I AS o
            WHERE o.to_batch > (SELECT b.batch FROM records.since_batch AS b)
              AND o.to_batch <= (SELECT f.batch FROM records.frontier AS f)
            $view$, moved, each.base);
        EXECUTE format(
            'COMMENT ON VIEW records.%I IS %L',
            moved, 'Rows of ' || each.base || ' that began or ended since the earlier epoch: no student data.'
        );
        EXECUTE format('GRANT SELECT ON records.%I, records.%I TO pactgate_app', held, moved);
    END LOOP;
END $$;

CREATE VIEW records.turned_population AS
    SELECT p.student_id, p.code FROM records.population AS p
    WHERE p.agreement = current_setting('pactgate.agreement', true)
      AND p.to_idx IS NULL
      AND (p.valid @> nullif(current_setting('pactgate.since_day', true), '')::date)
          <> (p.valid @> (SELECT records.today()));
COMMENT ON VIEW records.turned_population IS 'Whom the agreement covers on only one of the two days.';

-- Rows that were erased, or old versions that are kept no longer, are gone: nobody can tell that they went.
CREATE VIEW records.lost_since AS
    SELECT (SELECT k.idx FROM records.readable AS k) > nullif(current_setting('pactgate.since_epoch', true), '')::bigint
        OR coalesce(
            sum(CASE r.part WHEN 'population.begun' THEN 1 WHEN 'population.ended' THEN -1 ELSE 0 END) > 0, false
        ) AS found
    FROM records.erased_row AS r
    WHERE r.concerns = current_setting('pactgate.agreement', true)
      AND NOT r.loaded
      AND r.erased_idx > nullif(current_setting('pactgate.since_epoch', true), '')::bigint
      AND r.at <= nullif(current_setting('pactgate.since_epoch', true), '')::bigint;
COMMENT ON VIEW records.lost_since IS 'Whether what was shown at the earlier epoch cannot be told any more.';

GRANT SELECT ON
    records.held, records.moved_population, records.turned_population, records.coded_students, records.lost_since
    TO pactgate_app;
