-- Everything that stands in a database besides rows, one line a fact; read by gateway/store/catalogue.py, which empties
-- the search path first so that every name is written in full. Bodies and definitions appear as digests.
WITH
schemas AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace AS n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
),
relations AS (
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c JOIN schemas AS n ON n.oid = c.relnamespace
    WHERE c.relkind NOT IN ('i', 'I', 't', 'c')
),
columns AS (
    SELECT t.*, c.relowner, c.relkind, format('%s.%I', c.name, t.attname) AS name
    FROM relations AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped
),
functions AS (
    SELECT p.*, p.oid::regprocedure::text AS name
    FROM pg_proc AS p JOIN schemas AS n ON n.oid = p.pronamespace
),
-- A missing list of grants means the defaults, and the default of a function is EXECUTE for PUBLIC: never skip them.
grants AS (
    SELECT 'schema' AS kind, quote_ident(s.nspname) AS name, s.nspowner AS owner,
           coalesce(s.nspacl, acldefault('n', s.nspowner)) AS acl FROM schemas AS s
    UNION ALL
    SELECT 'sequence', c.name, c.relowner, coalesce(c.relacl, acldefault('s', c.relowner))
    FROM relations AS c WHERE c.relkind = 'S'
    UNION ALL
    SELECT 'relation', c.name, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
    FROM relations AS c WHERE c.relkind <> 'S'
    UNION ALL
    SELECT 'column', t.name, t.relowner, t.attacl FROM columns AS t WHERE t.attacl IS NOT NULL
    UNION ALL
    SELECT 'function', p.name, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) FROM functions AS p
    UNION ALL
    -- The name is left out: a scratch database has another.
    SELECT 'database', '', d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
    FROM pg_database AS d WHERE d.datname = current_database()
)

SELECT format('schema %I owner %I', s.nspname, pg_get_userbyid(s.nspowner)) AS fact FROM schemas AS s

UNION ALL
SELECT format('grant %s on %s %s to %s%s', a.privilege_type, g.kind, g.name,
              CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
              CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END)
FROM grants AS g, aclexplode(g.acl) AS a WHERE a.grantee <> g.owner

UNION ALL
SELECT format('%s %s owner %I row security %s forced %s options %s definition %s',
              CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence'
                             ELSE 'relation ' || c.relkind::text END,
              c.name, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
              coalesce(c.reloptions::text, '{}'),
              CASE WHEN c.relkind IN ('v', 'm')
                   THEN encode(sha256(convert_to(pg_get_viewdef(c.oid), 'UTF8')), 'hex') ELSE '-' END)
FROM relations AS c

UNION ALL
SELECT format('column %s %s%s generated %s identity %s default %s', t.name, format_type(t.atttypid, t.atttypmod),
              CASE WHEN t.attnotnull THEN ' not null' ELSE '' END, t.attgenerated, t.attidentity,
              coalesce(pg_get_expr(d.adbin, d.adrelid), '-'))
FROM columns AS t LEFT JOIN pg_attrdef AS d ON d.adrelid = t.attrelid AND d.adnum = t.attnum
WHERE t.relkind <> 'S'

UNION ALL
-- Not-null constraints stand with their column; PostgreSQL 18 lists them here too, older versions do not.
SELECT format('constraint %s.%I %s', c.name, k.conname, pg_get_constraintdef(k.oid))
FROM relations AS c JOIN pg_constraint AS k ON k.conrelid = c.oid WHERE k.contype <> 'n'

UNION ALL
SELECT format('index %s', pg_get_indexdef(i.indexrelid))
FROM relations AS c JOIN pg_index AS i ON i.indrelid = c.oid

UNION ALL
SELECT format('trigger %s.%I enabled %s %s', c.name, g.tgname, g.tgenabled, pg_get_triggerdef(g.oid))
FROM relations AS c JOIN pg_trigger AS g ON g.tgrelid = c.oid WHERE NOT g.tgisinternal

UNION ALL
SELECT format('rule %s.%I enabled %s %s', c.name, w.rulename, w.ev_enabled, pg_get_ruledef(w.oid))
FROM relations AS c JOIN pg_rewrite AS w ON w.ev_class = c.oid WHERE w.rulename <> '_RETURN'

UNION ALL
SELECT format('row policy %I.%I.%I %s %s to %s using %s check %s', y.schemaname, y.tablename, y.policyname,
              y.permissive, y.cmd, y.roles, coalesce(y.qual, '-'), coalesce(y.with_check, '-'))
FROM pg_policies AS y

UNION ALL
SELECT format('function %s owner %I %s %s %s settings %s returns %s body %s', p.name, pg_get_userbyid(p.proowner),
              l.lanname, CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END, p.provolatile,
              coalesce(p.proconfig::text, '{}'), coalesce(pg_get_function_result(p.oid), '-'),
              encode(sha256(convert_to(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'UTF8')), 'hex'))
FROM functions AS p JOIN pg_language AS l ON l.oid = p.prolang

UNION ALL
SELECT format('type %I.%I %s', n.nspname, y.typname, y.typtype)
FROM pg_type AS y JOIN schemas AS n ON n.oid = y.typnamespace WHERE y.typtype NOT IN ('c', 'b')

UNION ALL
SELECT format('default grants of %I in %s on %s: %s', pg_get_userbyid(f.defaclrole),
              coalesce(f.defaclnamespace::regnamespace::text, 'every schema'), f.defaclobjtype, f.defaclacl)
FROM pg_default_acl AS f

UNION ALL
SELECT format('extension %I', e.extname) FROM pg_extension AS e

UNION ALL
SELECT format('event trigger %I %s %s', e.evtname, e.evtevent, e.evtenabled) FROM pg_event_trigger AS e
