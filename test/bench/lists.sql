-- who_can, what_can, access_matrix and explain_access over 100,000 users and
-- 1,000,000 grants in one workspace, beside a second one of 10,000 users.
--
-- psql -d DATABASE -v users=100000 -f test/bench/lists.sql
--
-- Needs tj_perm in the database, where nothing else may be called "big" or
-- "side"; leaves them there. One row per question: rows answered and times in
-- milliseconds, the first call of a new session and the median of the next 21.
\set QUIET 1
\set ON_ERROR_STOP 1
\pset footer off
\if :{?users}
\else
	\set users 100000
\endif
SET client_min_messages = warning;

SELECT NOT EXISTS (SELECT FROM tj_perm.workspaces WHERE workspace_id = 'big') AS load \gset
\if :load
-- no history and no judgement of each row: what a bulk load as replica does
SET session_replication_role = replica;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('big'), ('side');
INSERT INTO tj_perm.groups (group_id, workspace_id, name, kind)
	SELECT 900000000 + 10 * w + k, ws, CASE k WHEN 1 THEN 'Admins' ELSE 'All Users' END, CASE k WHEN 1 THEN 'admins' ELSE 'all_users' END
	FROM (VALUES (1, 'big'), (2, 'side')) AS v (w, ws), generate_series(1, 2) AS k;
INSERT INTO tj_perm.members (workspace_id, user_id, status)
	SELECT 'big', format('user%s@big.com', n), CASE WHEN n % 50 = 7 THEN 'archived' ELSE 'active' END FROM generate_series(1, :users) AS n;
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'side', format('user%s@big.com', n) FROM generate_series(1, :users / 10) AS n;
-- 1,000 groups of 100, every tenth inside another one
INSERT INTO tj_perm.groups (group_id, workspace_id, name) SELECT 1000000 + n, 'big', 'Group ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT 1000000 + n - 1, 1000000 + n, 'big' FROM generate_series(10, 1000, 10) AS n;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT DISTINCT 1000001 + (n * 7 + k * 131) % 1000, 'big', format('user%s@big.com', n) FROM generate_series(1, :users) AS n, generate_series(0, 0) AS k;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT g.group_id, 'big', format('user%s@big.com', n) FROM tj_perm.groups AS g, generate_series(1, 3) AS n WHERE g.workspace_id = 'big' AND g.kind = 'admins';
-- 10 grants a user on 100,000 apps and folders, 2 of them by groups
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, granted_by)
	SELECT DISTINCT ON (n, r) 'big', format('user%s@big.com', n), tj_resource('big', CASE k % 2 WHEN 0 THEN 'app' ELSE 'folder' END, r), (ARRAY['viewer', 'editor', 'admin'])[1 + (n + k) % 3]::tj_level, 'user1@big.com'
	FROM generate_series(1, :users) AS n, generate_series(0, 7) AS k, LATERAL (SELECT (n::bigint * 31 + k * 7919 + n / 50) % (:users / 2) + 1) AS x (r);
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level, granted_by)
	SELECT DISTINCT ON (n, r) 'big', 1000000 + n, tj_resource('big', 'variable', r), 'viewer'::tj_level, 'user1@big.com'
	FROM generate_series(1, 1000) AS n, generate_series(1, :users / 500) AS k, LATERAL (SELECT (n::bigint * 1009 + k * 37) % :users) AS x (r);
-- wide ones: a wildcard for every 50th group, one for everybody
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT 'big', 1000000 + n, 'big/report:*', 'viewer' FROM generate_series(50, 1000, 50) AS n;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('side', 900000022, 'side', 'viewer');
-- the resource that 50 users reach: 30 by a group inside another, 17 directly, 3 Admins
INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (1002000, 'big', 'Fifty outer'), (1002001, 'big', 'Fifty inner');
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id) VALUES (1002000, 1002001, 'big');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT 1002001, 'big', user_id FROM tj_perm.members WHERE workspace_id = 'big' AND status = 'active' AND user_id > 'user50' ORDER BY user_id LIMIT 30;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('big', 1002000, 'big/app:fifty', 'editor');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'big', user_id, 'big/app:fifty', 'viewer' FROM tj_perm.members WHERE workspace_id = 'big' AND status = 'active' AND user_id > 'user70' ORDER BY user_id LIMIT 17;
-- the resource that everybody reaches
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('big', 900000012, 'big/app:town-square', 'viewer');
-- the user with 100 grants: 60 direct, 40 by four groups
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('big', 'hundred');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'big', 'hundred', tj_resource('big', 'app', n * 11), 'editor' FROM generate_series(1, 60) AS n;
INSERT INTO tj_perm.groups (group_id, workspace_id, name) SELECT 1003000 + n, 'big', 'Hundred ' || n FROM generate_series(1, 4) AS n;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT 1003000 + n, 'big', 'hundred' FROM generate_series(1, 4) AS n;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT 'big', 1003001 + n % 4, tj_resource('big', 'secret', n), 'viewer' FROM generate_series(1, 40) AS n;
RESET session_replication_role;
VACUUM ANALYZE tj_perm.members;
VACUUM ANALYZE tj_perm.groups;
VACUUM ANALYZE tj_perm.group_members;
VACUUM ANALYZE tj_perm.group_nesting;
VACUUM ANALYZE tj_perm.grants;
\endif

SELECT (SELECT count(*) FROM tj_perm.members) AS members, (SELECT count(*) FROM tj_perm.groups) AS groups, (SELECT count(*) FROM tj_perm.grants) AS grants, split_part(version(), ' ', 2) AS postgresql;

DROP TABLE IF EXISTS pg_temp.question;
CREATE TEMPORARY TABLE question (n serial, question text, times integer DEFAULT 21, answered bigint, first_ms numeric, median_ms numeric);
INSERT INTO question (question) VALUES
	($$who_can('big/app:fifty', 'viewer')$$),
	($$who_can('big/folder:7/app:fifty', 'viewer')$$),
	($$who_can('big/app:fifty', 'viewer', max_rows => 10)$$),
	($$who_can('big/app:town-square', 'viewer', max_rows => 50)$$),
	($$who_can('big/app:town-square', 'viewer', after_user_id => 'user7', max_rows => 50)$$),
	($$who_can('big/app:none', 'viewer')$$),
	($$what_can('hundred', 'big')$$),
	($$what_can('hundred')$$),
	($$what_can('hundred', 'big', max_rows => 10)$$),
	($$what_can('user4711@big.com', 'big')$$),
	($$what_can('user1@big.com', 'big', max_rows => 50)$$),
	($$what_can('user1@big.com', 'big', after_resource => 'big/folder:5', max_rows => 50)$$),
	($$access_matrix('big', max_rows => 50)$$),
	($$access_matrix('big', after_user_id => 'user5', max_rows => 50)$$),
	($$explain_access('hundred', 'big/folder:7/app:11', 'editor')$$),
	($$explain_access('hundred', 'big/folder:7/app:11', 'admin')$$);
INSERT INTO question (question, times) VALUES
	($$who_can('big/app:town-square', 'viewer')$$, 3),
	($$what_can('user1@big.com', 'big')$$, 3),
	($$access_matrix('side')$$, 3),
	($$access_matrix('big', max_rows => 1000000)$$, 1);

CREATE FUNCTION pg_temp.measure(question text, times integer, OUT answered bigint, OUT first_ms numeric, OUT median_ms numeric)
LANGUAGE plpgsql AS $$
DECLARE
	took numeric[] := '{}';
	began timestamptz;
BEGIN
	FOR n IN 0 .. times LOOP
		began := clock_timestamp();
		EXECUTE 'SELECT count(*) FROM tj_perm.' || question INTO answered;
		took := took || (extract(epoch FROM clock_timestamp() - began) * 1000)::numeric;
		EXIT WHEN took[1] > 5000;
	END LOOP;
	first_ms := round(took[1], 2);
	median_ms := (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) FROM unnest(coalesce(nullif(took[2:], '{}'), took)) AS t);
END
$$;
DO $$
DECLARE
	q record;
	m record;
BEGIN
	FOR q IN SELECT * FROM question ORDER BY n LOOP
		m := pg_temp.measure(q.question, q.times);
		UPDATE question SET answered = m.answered, first_ms = m.first_ms, median_ms = m.median_ms WHERE n = q.n;
	END LOOP;
END
$$;
SELECT question, answered, first_ms, median_ms FROM question ORDER BY n;
