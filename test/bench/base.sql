-- The database that the write measures copy: one workspace, 200 groups, 1,000
-- members, and grants to insert, half of them to groups, half to users. Beside
-- tj_perm.grants a plain table with the same columns, indexes, CHECKs and
-- foreign keys, but no triggers of ours. Variable: rows.
\set ON_ERROR_STOP on
CREATE EXTENSION tj_perm;

INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('bench');
INSERT INTO tj_perm.members (workspace_id, user_id)
	SELECT 'bench', 'user' || i FROM generate_series(1, 1000) i;
INSERT INTO tj_perm.groups (workspace_id, name)
	SELECT 'bench', 'group ' || i FROM generate_series(1, 200) i;

CREATE TABLE groups_by_number AS
	SELECT row_number() OVER (ORDER BY group_id) - 1 AS n, group_id FROM tj_perm.groups WHERE kind = 'custom';
CREATE TABLE source AS
	SELECT 'bench'::text AS workspace_id, g.group_id, CASE WHEN i % 2 = 1 THEN 'user' || 1 + i % 1000 END AS user_id,
		tj_resource('bench', 'app', i) AS resource, 'viewer'::tj_level AS level
	FROM generate_series(1, :rows) i LEFT JOIN groups_by_number g ON i % 2 = 0 AND g.n = i / 2 % 200;

CREATE TABLE plain_grants (LIKE tj_perm.grants INCLUDING ALL);
SELECT format('ALTER TABLE plain_grants ADD %s', pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = 'tj_perm.grants'::regclass AND contype = 'f' \gexec

SELECT CASE WHEN a = b THEN 'ok' ELSE 'plain_grants is not built like tj_perm.grants' END AS verdict, a = b AS same
FROM (SELECT
	(SELECT array_agg(pg_get_constraintdef(oid) ORDER BY pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = 'tj_perm.grants'::regclass)::text
		|| (SELECT count(*) FROM pg_index WHERE indrelid = 'tj_perm.grants'::regclass) AS a,
	(SELECT array_agg(pg_get_constraintdef(oid) ORDER BY pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = 'plain_grants'::regclass)::text
		|| (SELECT count(*) FROM pg_index WHERE indrelid = 'plain_grants'::regclass) AS b) s \gset
\if :same
\else
\echo :verdict
SELECT 1 / 0;
\endif
VACUUM ANALYZE;
