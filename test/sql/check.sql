-- The decision, rule by rule (A1 to A7, A9): tj_can, tj_level_on, tj_is_member.
\set SHOW_CONTEXT never
CREATE ROLE regress_check_app;
CREATE SCHEMA regress_check;
GRANT USAGE ON SCHEMA regress_check TO PUBLIC;
-- the levels held, as letters; both functions must tell the same
CREATE FUNCTION regress_check.held(u text, r tj_resource) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN tj_can(u, r, 'viewer') IS DISTINCT FROM coalesce(tj_level_on(u, r) >= 'viewer', false)
			OR tj_can(u, r, 'editor') IS DISTINCT FROM coalesce(tj_level_on(u, r) >= 'editor', false)
			OR tj_can(u, r, 'admin') IS DISTINCT FROM coalesce(tj_level_on(u, r) >= 'admin', false)
		THEN 'DISAGREE'
		ELSE coalesce(nullif(concat_ws(' ', CASE WHEN tj_can(u, r, 'viewer') THEN 'v' END,
			CASE WHEN tj_can(u, r, 'editor') THEN 'e' END, CASE WHEN tj_can(u, r, 'admin') THEN 'a' END), ''), '-')
	END
$$;

-- 1. The table of SCENARIO.md, to the letter.
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('techcorp');
INSERT INTO tj_perm.members (workspace_id, user_id, status)
SELECT 'techcorp', name || '@techcorp.com', CASE name WHEN 'root' THEN 'active' ELSE 'invited' END
FROM unnest(ARRAY['root', 'alice', 'bob', 'charlie']) AS name;
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'techcorp', unnest(ARRAY['Engineering', 'Support', 'Sales']);
CREATE FUNCTION regress_check.g(name text, workspace text DEFAULT 'chk') RETURNS bigint LANGUAGE sql STABLE
	AS 'SELECT group_id FROM tj_perm.groups WHERE workspace_id = $2 AND name_key = tj_perm.fold_group_name($1)';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
SELECT regress_check.g(g, 'techcorp'), 'techcorp', u || '@techcorp.com'
FROM (VALUES ('Admins', 'root'), ('Engineering', 'alice'), ('Support', 'bob'), ('Sales', 'charlie')) AS t (g, u);
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
SELECT 'techcorp', regress_check.g(g, 'techcorp'), r, l
FROM (VALUES ('Engineering', tj_resource('techcorp', 'app', 'bug-tracker'), 'editor'::tj_level),
	('Support', tj_resource('techcorp', 'folder', 'customer-tickets'), 'viewer'),
	('Engineering', tj_resource('techcorp', 'variable', 'API_KEY'), 'viewer'),
	('Admins', tj_resource('techcorp', 'variable', 'API_KEY'), 'editor')) AS t (g, r, l);
CREATE VIEW regress_check.scenario AS
SELECT u.name AS who, r.title, regress_check.held(u.name || '@techcorp.com', r.resource) AS held, u.n AS row_no, r.n AS column_no
FROM (VALUES (1, 'root'), (2, 'alice'), (3, 'bob'), (4, 'charlie'), (5, 'a stranger')) AS u (n, name)
CROSS JOIN (VALUES (1, 'Bug Tracker', tj_resource('techcorp', 'app', 'bug-tracker')),
	(2, 'Customer Tickets', 'techcorp/folder:customer-tickets'),
	(3, 'an app in Customer Tickets', 'techcorp/folder:customer-tickets/app:inbox'),
	(4, 'API_KEY', 'techcorp/variable:API_KEY'),
	(5, 'the workspace', tj_workspace('techcorp'))) AS r (n, title, resource);
-- step 2: nobody has any access before they accept
SELECT count(*) FROM regress_check.scenario WHERE who <> 'root' AND held <> '-';
UPDATE tj_perm.members SET status = 'active' WHERE workspace_id = 'techcorp';
-- step 5
SELECT who, title, held, column_no FROM regress_check.scenario ORDER BY row_no, column_no \crosstabview who title held column_no
-- step 6: Alice joins Admins
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_check.g('Admins', 'techcorp'), 'techcorp', 'alice@techcorp.com');
SELECT who, title, held, column_no FROM regress_check.scenario WHERE who = 'alice' ORDER BY column_no \crosstabview who title held column_no
-- step 7: Charlie leaves, and comes back with nothing
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('techcorp', 'charlie@techcorp.com', 'techcorp/app:*', 'admin');
SELECT who, title, held, column_no FROM regress_check.scenario WHERE who = 'charlie' ORDER BY column_no \crosstabview who title held column_no
DELETE FROM tj_perm.members WHERE user_id = 'charlie@techcorp.com';
SELECT string_agg(held, ' ') FROM regress_check.scenario WHERE who = 'charlie';
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('techcorp', 'charlie@techcorp.com');
SELECT string_agg(held, ' ') FROM regress_check.scenario WHERE who = 'charlie';

-- 2. What a grant covers (A1b). One user for each target.
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('chk'), ('other'), ('chk2');
INSERT INTO tj_perm.members (workspace_id, user_id)
SELECT w, u FROM unnest(ARRAY['chk', 'other', 'chk2']) AS w,
	unnest(ARRAY['root', 'nothing', 'on workspace', 'on app:1', 'on app:*', 'on app:"*"', 'on folder:f', 'on folder:*', 'elsewhere']) AS u;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_check.g('Admins'), 'chk', 'root');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES
	('chk', 'on workspace', 'chk', 'viewer'),
	('chk', 'on app:1', 'chk/app:1', 'viewer'),
	('chk', 'on app:*', 'chk/app:*', 'viewer'),
	('chk', 'on app:"*"', 'chk/app:"*"', 'viewer'),
	('chk', 'on folder:f', 'chk/folder:f', 'viewer'),
	('chk', 'on folder:*', 'chk/folder:*', 'viewer'),
	('other', 'elsewhere', 'other', 'admin'), ('chk2', 'elsewhere', 'chk2/app:*', 'admin');
CREATE VIEW regress_check.coverage AS
SELECT u.user_id, r.resource, u.n AS row_no, r.n AS column_no
FROM (VALUES (1, 'root'), (2, 'on workspace'), (3, 'on app:1'), (4, 'on app:*'), (5, 'on app:"*"'), (6, 'on folder:f'), (7, 'on folder:*'), (8, 'nothing'), (9, 'elsewhere'), (10, 'stranger')) AS u (n, user_id)
CROSS JOIN (VALUES (1, 'chk'::tj_resource), (2, 'chk/app:1'), (3, 'chk/app:2'), (4, 'chk/app:*'), (5, 'chk/app:"*"'), (6, 'chk/folder:f'), (7, 'chk/folder:f/app:1'), (8, 'chk/folder:f/app:2'),
	(9, 'chk/folder:g/app:2'), (10, 'chk/folder:f/app:*'), (11, 'chk/app:2/folder:f'), (12, 'chk/variable:1'), (13, 'chk/App:1'), (14, 'chk/folder:app/variable:1')) AS r (n, resource);
SELECT user_id, resource, regress_check.held(user_id, resource) AS held, column_no FROM regress_check.coverage ORDER BY row_no, column_no \crosstabview user_id resource held column_no
-- each level on each kind of target: what is asked is at most what is granted
BEGIN;
UPDATE tj_perm.grants SET level = 'editor' WHERE workspace_id = 'chk';
SELECT user_id, resource, regress_check.held(user_id, resource) AS held, column_no FROM regress_check.coverage WHERE row_no BETWEEN 2 AND 7 AND column_no IN (1, 2, 3, 6, 7) ORDER BY row_no, column_no \crosstabview user_id resource held column_no
UPDATE tj_perm.grants SET level = 'admin' WHERE workspace_id = 'chk';
SELECT user_id, resource, regress_check.held(user_id, resource) AS held, column_no FROM regress_check.coverage WHERE row_no BETWEEN 2 AND 7 AND column_no IN (1, 2, 3, 6, 7) ORDER BY row_no, column_no \crosstabview user_id resource held column_no
ROLLBACK;
-- an admin of one app, or of all, is none of the workspace
SELECT tj_can('elsewhere', 'chk2/app:1', 'admin') AS app, tj_can('elsewhere', 'chk2', 'viewer') AS workspace;

-- 3. By which way a grant is held: oneself, a group, a group inside it, All Users.
INSERT INTO tj_perm.groups (workspace_id, name) SELECT 'chk', name FROM unnest(ARRAY['outer', 'middle', 'inner', 'beside']) AS name;
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES
	('chk', regress_check.g('outer'), regress_check.g('middle')), ('chk', regress_check.g('middle'), regress_check.g('inner')), ('chk', regress_check.g('outer'), regress_check.g('beside'));
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT 'chk', 'in ' || name FROM unnest(ARRAY['outer', 'middle', 'inner', 'beside']) AS name;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT regress_check.g(name), 'chk', 'in ' || name FROM unnest(ARRAY['outer', 'middle', 'inner', 'beside']) AS name;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
SELECT 'chk', regress_check.g(name), tj_resource('chk', 'way', name), 'editor' FROM unnest(ARRAY['outer', 'middle', 'inner', 'beside', 'All Users', 'Admins']) AS name;
SELECT u.u AS "user", 'way:' || r.r AS way, regress_check.held(u.u, tj_resource('chk', 'way', r.r)) AS held, r.n
FROM unnest(ARRAY['in outer', 'in middle', 'in inner', 'in beside', 'nothing', 'root', 'stranger']) WITH ORDINALITY AS u (u, n),
	unnest(ARRAY['outer', 'middle', 'inner', 'beside', 'All Users', 'Admins']) WITH ORDINALITY AS r (r, n)
ORDER BY u.n, r.n \crosstabview user way held n
-- All Users follows the status of the member
SELECT status, tj_can('sleeper', 'chk/way:"All Users"', 'viewer') FROM (VALUES ('no member')) AS t (status);
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('chk', 'sleeper', 'invited');
SELECT status, tj_can('sleeper', 'chk/way:"All Users"', 'viewer') FROM tj_perm.members WHERE user_id = 'sleeper';
UPDATE tj_perm.members SET status = 'active' WHERE user_id = 'sleeper';
SELECT status, tj_can('sleeper', 'chk/way:"All Users"', 'viewer') FROM tj_perm.members WHERE user_id = 'sleeper';

-- 4. A2: the most permissive wins, whatever is added or taken away.
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_check.g('inner'), 'chk', 'sleeper'), (regress_check.g('beside'), 'chk', 'sleeper');
INSERT INTO tj_perm.grants (workspace_id, user_id, group_id, resource, level) VALUES
	('chk', 'sleeper', NULL, 'chk/app:5', 'viewer'), ('chk', 'sleeper', NULL, 'chk/app:5', 'editor'), ('chk', 'sleeper', NULL, 'chk/app:*', 'viewer'),
	('chk', NULL, regress_check.g('inner'), 'chk/folder:x', 'viewer'), ('chk', NULL, regress_check.g('beside'), 'chk/folder:x', 'admin'), ('chk', NULL, regress_check.g('outer'), 'chk', 'viewer');
SELECT regress_check.held('sleeper', 'chk/folder:x/app:5') AS all_of_them;
-- without each one in turn, and then with that one only: never more without than with
CREATE FUNCTION regress_check.without(grant_ids bigint[], u text, r tj_resource) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	DELETE FROM tj_perm.grants WHERE grant_id = ANY (grant_ids);
	answer := regress_check.held(u, r);
	RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'RG001' THEN
	RETURN answer;
END
$$;
WITH g AS (
	SELECT g.grant_id, coalesce(g.user_id, (SELECT name FROM tj_perm.groups WHERE group_id = g.group_id)) AS grantee, g.resource, g.level
	FROM tj_perm.grants AS g WHERE g.user_id = 'sleeper' OR g.resource IN ('chk/folder:x', 'chk'))
SELECT grantee, resource, level, regress_check.without(ARRAY[grant_id], 'sleeper', 'chk/folder:x/app:5') AS without,
	regress_check.without(ARRAY(SELECT o.grant_id FROM g AS o WHERE o.grant_id <> g.grant_id), 'sleeper', 'chk/folder:x/app:5') AS alone
FROM g WHERE grantee <> 'on workspace' ORDER BY grantee, resource::text COLLATE "C", level;
DELETE FROM tj_perm.members WHERE user_id = 'sleeper';

-- 5. A5: unknown, NULL, not an id: false, and tj_level_on NULL.
SELECT tj_can(NULL::text, 'chk', 'viewer') AS no_user, tj_can('root', NULL, 'viewer') AS no_resource, tj_can('root', 'chk', NULL) AS no_level,
	tj_can(NULL::text, NULL, NULL) AS nothing, tj_can(NULL::bigint, 'chk', 'viewer') AS no_bigint, tj_can(NULL::uuid, 'chk', 'viewer') AS no_uuid;
SELECT tj_can('', 'chk', 'viewer') AS empty, tj_can(' root', 'chk', 'viewer') AS blank_before, tj_can('root ', 'chk', 'viewer') AS blank_after,
	tj_can(repeat('x', 256), 'chk', 'viewer') AS too_long, tj_can(repeat('x', 1000000), 'chk', 'viewer') AS far_too_long, tj_can('Root', 'chk', 'viewer') AS other_case;
SELECT tj_can('root', 'nowhere', 'viewer') AS workspace, tj_can('root', 'nowhere/app:1', 'viewer') AS app, tj_can('root', 'CHK', 'viewer') AS other_case, tj_can('root', 'chk/whatever:never-seen', 'admin') AS admins_reach_all;
SELECT tj_level_on('stranger', 'chk') IS NULL AS stranger, tj_level_on(NULL::text, 'chk') IS NULL AS no_user, tj_level_on('root', NULL) IS NULL AS no_resource, tj_level_on('root', 'nowhere') IS NULL AS nowhere;
SELECT tj_is_member('root', 'chk') AS root, tj_is_member('stranger', 'chk') AS stranger, tj_is_member('root', 'nowhere') AS nowhere, tj_is_member(NULL::text, 'chk') AS no_user,
	tj_is_member('root', NULL::text) AS no_workspace, tj_is_member('root ', 'chk') AS no_id, tj_is_member('root', '') AS empty, tj_is_member('root', repeat('x', 1000)) AS too_long;
-- a resource that the constructor makes NULL
SELECT tj_can('root', tj_resource('chk', 'app', NULL::text), 'viewer') AS no_id, tj_can('root', tj_resource(NULL::text, 'app', '1'), 'viewer') AS no_workspace,
	tj_can('root', tj_resource('chk', 'folder', NULL::text, 'app', '1'), 'viewer') AS no_container;
-- only text that is no resource is an error
SELECT tj_can('root', 'chk/', 'viewer');
SELECT tj_can('root', 'chk', 'owner');

-- 6. A6: status of the member and of the workspace; both sleep, nothing is lost.
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('chk', 'second admin');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES (regress_check.g('Admins'), 'chk', 'second admin');
CREATE FUNCTION regress_check.with_status(workspace_status text, member_status text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	UPDATE tj_perm.members SET status = member_status WHERE workspace_id = 'chk' AND user_id IN ('second admin', 'on app:1');
	UPDATE tj_perm.workspaces SET status = workspace_status WHERE workspace_id = 'chk';
	SELECT format('admin: %s, grantee: %s, member: %s, other workspace: %s', regress_check.held('second admin', 'chk'), regress_check.held('on app:1', 'chk/app:1'),
		tj_is_member('on app:1', 'chk'), tj_is_member('on app:1', 'chk2')) INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'RG001', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'RG001' THEN
	RETURN answer;
END
$$;
SELECT workspace, member, regress_check.with_status(workspace, member)
FROM unnest(ARRAY['active', 'archived']) AS workspace, unnest(ARRAY['active', 'invited', 'archived']) AS member ORDER BY workspace, member;
SELECT regress_check.held('second admin', 'chk') AS admin, regress_check.held('on app:1', 'chk/app:1') AS grantee;

-- 7. A9: valid in [valid_from, valid_until), by one clock for a client statement.
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('chk', 'timed');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'timed', 'chk/app:t', 'viewer');
CREATE FUNCTION regress_check.timed(valid_from timestamptz, valid_until timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tj_perm.grants AS g SET valid_from = timed.valid_from, valid_until = timed.valid_until WHERE g.user_id = 'timed';
	RETURN tj_can('timed', 'chk/app:t', 'viewer');
END
$$;
SELECT regress_check.timed(NULL, NULL) AS always,
	regress_check.timed('-infinity', 'infinity') AS infinities,
	regress_check.timed(statement_timestamp(), NULL) AS at_from,
	regress_check.timed(statement_timestamp() + '1 microsecond', NULL) AS before_from,
	regress_check.timed(NULL, statement_timestamp()) AS at_until,
	regress_check.timed(NULL, statement_timestamp() + '1 microsecond') AS before_until,
	regress_check.timed(statement_timestamp(), statement_timestamp() + '1 microsecond') AS one_microsecond,
	regress_check.timed('infinity', NULL) AS never, regress_check.timed(NULL, '-infinity') AS never_either,
	regress_check.timed('2000-01-01Z', '2001-01-01Z') AS past, regress_check.timed('2900-01-01Z', '2901-01-01Z') AS future;
-- an expired grant takes nothing away from another one, and gives nothing to it
SELECT regress_check.timed('2000-01-01Z', '2001-01-01Z');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'timed', 'chk/app:*', 'viewer');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_until) VALUES ('chk', 'timed', 'chk/app:t', 'admin', '2001-01-01Z');
SELECT regress_check.held('timed', 'chk/app:t');
DELETE FROM tj_perm.grants WHERE user_id = 'timed' AND (resource = 'chk/app:*' OR level = 'admin');
-- the clock stands still in a statement, goes on with the next, in one transaction too
BEGIN;
UPDATE tj_perm.grants SET valid_from = NULL, valid_until = clock_timestamp() + '1.5 seconds' WHERE user_id = 'timed';
DECLARE c CURSOR FOR SELECT n, tj_can('timed', 'chk/app:t', 'viewer') FROM generate_series(1, 3) AS n;
FETCH 1 FROM c;
SELECT tj_can('timed', 'chk/app:t', 'viewer') AS before, pg_sleep(1.6)::text AS slept, tj_can('timed', 'chk/app:t', 'viewer') AS after;
FETCH 1 FROM c;
SELECT tj_can('timed', 'chk/app:t', 'viewer') AS next_statement;
COMMIT;

-- 8. Users and workspaces known by bigint and uuid.
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('4242'), ('0c2c8a1e-0000-4000-8000-00000000beef');
INSERT INTO tj_perm.members (workspace_id, user_id) SELECT w, u FROM unnest(ARRAY['4242', '0c2c8a1e-0000-4000-8000-00000000beef']) AS w, unnest(ARRAY['77', '-5', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a@b.com']) AS u;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT workspace_id, user_id, tj_workspace(workspace_id), 'editor' FROM tj_perm.members WHERE workspace_id IN ('4242', '0c2c8a1e-0000-4000-8000-00000000beef');
SELECT tj_can(77::bigint, tj_workspace(4242), 'editor') AS "bigint", tj_can('77', tj_workspace(4242), 'editor') AS text, tj_can(77, tj_workspace(4242), 'editor') AS "integer",
	tj_can((-5)::bigint, tj_workspace(4242), 'editor') AS negative, tj_can('077', tj_workspace(4242), 'editor') AS other_spelling, tj_can(78::bigint, tj_workspace(4242), 'editor') AS other_number,
	tj_can('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid, tj_workspace(4242), 'editor') AS uuid, tj_can('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', tj_workspace(4242), 'editor') AS uuid_text,
	tj_can('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', tj_workspace(4242), 'editor') AS uuid_upper_text, tj_can('A@B.com', tj_workspace(4242), 'editor') AS mail;
SELECT tj_can('77', tj_workspace('0C2C8A1E-0000-4000-8000-00000000BEEF'::uuid), 'editor') AS uuid_key, tj_can('77', '0c2c8a1e-0000-4000-8000-00000000beef/app:1', 'editor') AS uuid_key_text;
SELECT tj_level_on(77::bigint, '4242/app:1') AS "bigint", tj_level_on('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '4242/app:1') AS uuid, tj_level_on('A@b.COM'::text, '4242/app:1') AS text;
SELECT 'text' AS "user", 'text' AS workspace, tj_is_member('77'::text, '4242'::text) AS is_member
UNION ALL SELECT 'text', 'bigint', tj_is_member('77'::text, 4242::bigint)
UNION ALL SELECT 'text', 'uuid', tj_is_member('77'::text, '0c2c8a1e-0000-4000-8000-00000000beef'::uuid)
UNION ALL SELECT 'bigint', 'text', tj_is_member(77::bigint, '4242'::text)
UNION ALL SELECT 'bigint', 'bigint', tj_is_member(77::bigint, 4242::bigint)
UNION ALL SELECT 'bigint', 'uuid', tj_is_member(77::bigint, '0c2c8a1e-0000-4000-8000-00000000beef'::uuid)
UNION ALL SELECT 'uuid', 'text', tj_is_member('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '4242'::text)
UNION ALL SELECT 'uuid', 'bigint', tj_is_member('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 4242::bigint)
UNION ALL SELECT 'uuid', 'uuid', tj_is_member('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '0c2c8a1e-0000-4000-8000-00000000beef'::uuid)
UNION ALL SELECT 'bigint', 'bigint, no member', tj_is_member(78::bigint, 4242::bigint);
-- other types that turn into text by themselves
SELECT tj_can('77'::varchar, '4242', 'editor') AS "varchar", tj_can('77'::name, '4242', 'editor') AS name;

-- 9. Long paths, and containers as arrays.
SELECT tj_can('on folder:f', 'chk/a:1/b:2/folder:f/c:3/d:4/e:5/f:6/g:7', 'viewer') AS in_the_middle, tj_can('on app:*', 'chk/a:1/b:2/c:3/d:4/e:5/f:6/g:7/app:8', 'viewer') AS at_the_end,
	tj_can('on app:1', 'chk/a:1/b:1/c:1/d:1/e:1/f:1/g:1/h:1', 'viewer') AS same_id_other_type;
SELECT tj_can('on folder:f', tj_resource('chk', 'folder', ARRAY['top', 'f', 'below'], 'app', 'x'), 'viewer') AS among, tj_can('on folder:f', tj_resource('chk', 'folder', ARRAY['top', 'g'], 'app', 'x'), 'viewer') AS not_among,
	tj_can('on folder:f', tj_resource('chk', 'folder', ARRAY['top', NULL, 'f'], 'app', 'x'), 'viewer') AS beside_null, tj_can('on folder:*', tj_resource('chk', 'folder', ARRAY[]::text[], 'app', 'x'), 'viewer') AS in_none,
	tj_can('on folder:*', tj_resource('chk', 'folder', NULL::text[], 'app', 'x'), 'viewer') AS in_null, tj_can('on folder:*', tj_resource('chk', 'folder', ARRAY['g'], 'app', 'x'), 'viewer') AS in_any;

-- 10. Exactly the calling statement's own snapshot.
CREATE FUNCTION regress_check.by_stable() RETURNS boolean LANGUAGE plpgsql STABLE AS $$BEGIN RETURN tj_can('nothing', 'chk/new:1', 'viewer'); END$$;
CREATE FUNCTION regress_check.by_volatile() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$BEGIN RETURN tj_can('nothing', 'chk/new:1', 'viewer'); END$$;
BEGIN;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS before;
SAVEPOINT s;
-- a statement does not see what it does itself, nor does the query on the table; a VOLATILE function does
WITH ins AS (INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'nothing', 'chk/new:1', 'viewer') RETURNING 1)
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS direct, regress_check.by_stable() AS stable, (SELECT count(*) FROM tj_perm.grants WHERE resource = 'chk/new:1') AS rows, regress_check.by_volatile() AS volatile FROM ins;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS own_uncommitted;
DECLARE with_it CURSOR FOR SELECT n, tj_can('nothing', 'chk/new:1', 'viewer') FROM generate_series(1, 9) AS n;
FETCH 1 FROM with_it;
SAVEPOINT s2;
DELETE FROM tj_perm.grants WHERE resource = 'chk/new:1';
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS deleted;
FETCH 1 FROM with_it;
ROLLBACK TO s2;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS back;
DECLARE also_with_it CURSOR WITH HOLD FOR SELECT n, tj_can('nothing', 'chk/new:1', 'viewer') FROM generate_series(1, 9) AS n;
ROLLBACK TO s;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS rolled_back;
DECLARE without_it CURSOR WITH HOLD FOR SELECT n, tj_can('nothing', 'chk/new:1', 'viewer') FROM generate_series(1, 9) AS n;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'nothing', 'chk/new:1', 'viewer');
FETCH 1 FROM without_it;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS again;
COMMIT;
FETCH 1 FROM without_it;
CLOSE without_it;
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS committed;
-- row by row within a command: INSERT ... SELECT, UPDATE ... RETURNING, triggers
BEGIN;
CREATE FUNCTION regress_check.note_access() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	r tj_resource := CASE WHEN TG_OP = 'DELETE' THEN OLD.resource ELSE NEW.resource END;
BEGIN
	RAISE NOTICE '% % of %: %', TG_WHEN, TG_OP, r, tj_can('nothing', r, 'viewer');
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER note_before BEFORE INSERT OR DELETE ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION regress_check.note_access();
CREATE TRIGGER note_after AFTER INSERT OR DELETE ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION regress_check.note_access();
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'nothing', 'chk/new:2', 'viewer'), ('chk', 'nothing', 'chk/new:3', 'viewer');
DELETE FROM tj_perm.grants WHERE resource = 'chk/new:2' RETURNING tj_can('nothing', resource, 'viewer') AS as_the_statement_began;
UPDATE tj_perm.grants SET resource = 'chk/new:4' WHERE resource = 'chk/new:3' RETURNING tj_can('nothing', 'chk/new:3', 'viewer') AS old_place, tj_can('nothing', 'chk/new:4', 'viewer') AS new_place;
SELECT tj_can('nothing', 'chk/new:3', 'viewer') AS old_place, tj_can('nothing', 'chk/new:4', 'viewer') AS new_place;
ROLLBACK;
-- a transaction that reads only; one that serialises
BEGIN READ ONLY;
SELECT tj_can('nothing', 'chk/new:1', 'viewer'), tj_level_on('nothing', 'chk/new:1'), tj_is_member('nothing', 'chk');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT tj_can('nothing', 'chk/new:1', 'viewer'), tj_level_on('nothing', 'chk/new:1'), tj_is_member('nothing', 'chk');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT tj_can('nothing', 'chk/new:1', 'viewer');
DELETE FROM tj_perm.grants WHERE resource = 'chk/new:1';
SELECT tj_can('nothing', 'chk/new:1', 'viewer') AS own_change_is_seen;
ROLLBACK;
-- procedures that commit
DO $$
BEGIN
	DELETE FROM tj_perm.grants WHERE resource = 'chk/new:1';
	RAISE NOTICE 'deleted: %', tj_can('nothing', 'chk/new:1', 'viewer');
	ROLLBACK;
	RAISE NOTICE 'rolled back: %', tj_can('nothing', 'chk/new:1', 'viewer');
	DELETE FROM tj_perm.grants WHERE resource = 'chk/new:1';
	COMMIT;
	RAISE NOTICE 'committed: %', tj_can('nothing', 'chk/new:1', 'viewer');
END
$$;
-- prepared statements, custom and generic plans, other users, other rights
PREPARE can(text, tj_resource, tj_level) AS SELECT tj_can($1, $2, $3);
SET plan_cache_mode = force_generic_plan;
EXECUTE can('on app:1', 'chk/app:1', 'viewer');
EXECUTE can('nothing', 'chk/app:1', 'viewer');
EXECUTE can('on app:1', 'chk/app:2', 'viewer');
EXECUTE can('on app:1', 'chk/app:1', 'editor');
EXECUTE can(NULL, 'chk/app:1', 'viewer');
BEGIN;
DELETE FROM tj_perm.grants WHERE user_id = 'on app:1';
EXECUTE can('on app:1', 'chk/app:1', 'viewer');
ROLLBACK;
EXECUTE can('on app:1', 'chk/app:1', 'viewer');
SET plan_cache_mode = force_custom_plan;
EXECUTE can('nothing', 'chk/app:1', 'viewer');
EXECUTE can('on app:1', 'chk/app:1', 'viewer');
RESET plan_cache_mode;
DEALLOCATE can;

-- 11. In a policy, for a role that can read nothing of ours; alone and in parallel.
CREATE TABLE regress_check.bugs (bug_id bigint PRIMARY KEY, org text NOT NULL, folder text, app bigint NOT NULL);
INSERT INTO regress_check.bugs SELECT n, CASE WHEN n % 10 = 0 THEN 'other' ELSE 'chk' END, CASE n % 3 WHEN 0 THEN 'f' WHEN 1 THEN 'g' END, n % 4 FROM generate_series(1, 2400) AS n;
ANALYZE regress_check.bugs;
ALTER TABLE regress_check.bugs ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON regress_check.bugs USING (tj_can(tj_user(), tj_resource(org, 'folder', folder, 'app', app), 'viewer'));
GRANT SELECT, UPDATE ON regress_check.bugs TO regress_check_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_check_app;
CREATE VIEW regress_check.expected AS
SELECT u, count(*) FILTER (WHERE u IN ('root', 'on workspace') OR u = 'on app:1' AND app = 1 OR u = 'on app:*' OR u = 'on folder:f' AND folder = 'f' OR u = 'on folder:*' AND folder IS NOT NULL) AS bugs
FROM regress_check.bugs, unnest(ARRAY['root', 'on workspace', 'on app:1', 'on app:*', 'on folder:f', 'on folder:*', 'nothing', 'stranger', '']) AS u WHERE org = 'chk' GROUP BY u;
GRANT SELECT ON regress_check.expected TO regress_check_app;
CREATE FUNCTION regress_check.seen_by(u text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	PERFORM set_config('tj_perm.user_id', u, true);
	SELECT count(*) INTO n FROM regress_check.bugs;
	RETURN n;
END
$$;
SET ROLE regress_check_app;
SELECT u, bugs, regress_check.seen_by(u) = bugs AS as_expected FROM regress_check.expected ORDER BY bugs DESC, u;
BEGIN;
SELECT set_config('tj_perm.user_id', 'on folder:f', true);
UPDATE regress_check.bugs SET folder = folder WHERE bug_id <= 12 RETURNING bug_id, org, folder;
ROLLBACK;
RESET ROLE;
CREATE FUNCTION regress_check.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line LIKE '%Gather%' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SELECT regress_check.is_parallel($$SELECT count(*) FROM regress_check.bugs WHERE tj_can('on folder:f', tj_resource(org, 'folder', folder, 'app', app), 'viewer')$$);
SELECT count(*) FROM regress_check.bugs WHERE tj_can('on folder:f', tj_resource(org, 'folder', folder, 'app', app), 'viewer');
SET ROLE regress_check_app;
BEGIN;
SET LOCAL tj_perm.user_id = 'on folder:f';
SELECT regress_check.is_parallel('SELECT count(*) FROM regress_check.bugs');
SELECT count(*) FROM regress_check.bugs;
COMMIT;
RESET ROLE;
-- workers see what the leader's transaction did
BEGIN;
DELETE FROM tj_perm.grants WHERE user_id = 'on folder:f';
SELECT count(*) FROM regress_check.bugs WHERE tj_can('on folder:f', tj_resource(org, 'folder', folder, 'app', app), 'viewer');
SAVEPOINT s;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'on folder:f', 'chk', 'viewer');
SELECT count(*) FROM regress_check.bugs WHERE tj_can('on folder:f', tj_resource(org, 'folder', folder, 'app', app), 'viewer');
ROLLBACK TO s;
SELECT count(*) FROM regress_check.bugs WHERE tj_can('on folder:f', tj_resource(org, 'folder', folder, 'app', app), 'viewer');
ROLLBACK;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET parallel_leader_participation;

-- 12. Rows that only a replica can hold: orphans and crossings give nothing (A8), cycles end.
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('chk', 'victim'), ('gone', 'victim');
INSERT INTO tj_perm.groups (group_id, workspace_id, name) VALUES (910001, 'chk', 'o1'), (910002, 'chk', 'o2'), (910003, 'chk', 'o3'), (910004, 'gone', 'g'), (910005, 'chk', 'nest');
INSERT INTO tj_perm.grants (workspace_id, user_id, group_id, resource, level) VALUES
	('chk', 'ghost', NULL, 'chk/orphan:1', 'admin'),				-- no member
	('gone', 'victim', NULL, 'gone/orphan:2', 'admin'),				-- no workspace
	('chk', NULL, 919999, 'chk/orphan:3', 'admin'),					-- no group
	('other', NULL, 910001, 'other/orphan:4', 'admin'),				-- group of another workspace
	('chk', NULL, regress_check.g('All Users', 'other'), 'chk/orphan:5', 'admin'),	-- other's All Users
	('chk', NULL, 910002, 'chk/orphan:6', 'admin');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) VALUES
	(910001, 'chk', 'ghost'), (regress_check.g('Admins'), 'chk', 'ghost'),	-- no member
	(919999, 'chk', 'victim'),							-- no group
	(910001, 'other', 'nothing'), (regress_check.g('Admins', 'other'), 'chk', 'nothing'), (regress_check.g('Admins'), 'other', 'nothing'), -- crossings
	(regress_check.g('Admins', 'chk2'), 'other', 'nothing'),
	(910005, 'chk', 'victim'), (regress_check.g('All Users'), 'chk', 'victim');
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES
	('chk', regress_check.g('Admins'), 910005),					-- into Admins
	('other', 910002, 910005),							-- the row is another workspace's
	('chk', regress_check.g('Admins', 'other'), 910005),				-- into another workspace
	('chk', 910004, 910005), ('chk', 919999, 910005),				-- into what is gone
	('chk', 910002, regress_check.g('All Users'));					-- a default group inside
SELECT u, string_agg(r::text, ', ' ORDER BY r::text) FILTER (WHERE tj_level_on(u, r) IS NOT NULL) AS reached
FROM unnest(ARRAY['ghost', 'victim', 'nothing']) AS u,
	unnest('{chk,other,gone,chk/orphan:1,gone/orphan:2,chk/orphan:3,other/orphan:4,chk/orphan:5,chk/orphan:6}'::tj_resource[]) AS r GROUP BY u ORDER BY u;
-- a cycle: found, and ended
INSERT INTO tj_perm.group_nesting (workspace_id, group_id, inner_group_id) VALUES ('chk', 910001, 910002), ('chk', 910002, 910003), ('chk', 910003, 910001), ('chk', 910001, 910005);
SELECT regress_check.held('victim', 'chk/orphan:6') AS through_the_cycle, regress_check.held('victim', 'chk/orphan:7') AS not_there, regress_check.held('victim', 'chk') AS workspace;
ROLLBACK;
-- the same change as usual and on a replica gives the same answers
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM tj_perm.grants WHERE user_id = 'on app:1';
SELECT tj_can('on app:1', 'chk/app:1', 'viewer') AS revoked;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'on app:1', 'chk/app:1', 'editor');
SELECT tj_can('on app:1', 'chk/app:1', 'editor') AS granted;
DELETE FROM tj_perm.workspaces WHERE workspace_id = 'chk';
SELECT tj_can('on app:1', 'chk/app:1', 'viewer') AS without_workspace, tj_can('root', 'chk', 'viewer') AS admin_without_workspace, tj_is_member('root', 'chk') AS member_without_workspace;
ROLLBACK;

-- 13. However the tables are read: planner settings, indexes, rewrites. All answers stay.
CREATE TABLE regress_check.answers AS
SELECT user_id, resource, regress_check.held(user_id, resource) AS held FROM regress_check.coverage
UNION ALL SELECT u, tj_resource('chk', 'way', r), regress_check.held(u, tj_resource('chk', 'way', r))
FROM unnest(ARRAY['in outer', 'in middle', 'in inner', 'in beside', 'nothing', 'root']) AS u, unnest(ARRAY['outer', 'middle', 'inner', 'beside', 'All Users', 'Admins']) AS r;
-- read anew, remembered, and read again after DDL, which nothing remembered survives
CREATE FUNCTION regress_check.compare() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := '';
BEGIN
	FOR i IN 1 .. 3 LOOP
		IF i = 3 THEN
			ALTER TABLE tj_perm.grants ALTER COLUMN note SET STATISTICS -1;
		END IF;
		answer := answer || (SELECT format('asked %s, yes %s, different %s; ', count(*), count(*) FILTER (WHERE held <> '-'), count(*) FILTER (WHERE held <> regress_check.held(user_id, resource))) FROM regress_check.answers);
	END LOOP;
	RETURN answer;
END
$$;
SELECT regress_check.compare();
SET tj_perm.cache_size = 64;
SELECT regress_check.compare();
RESET tj_perm.cache_size;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
SELECT regress_check.compare();
RESET enable_indexscan;
RESET enable_indexonlyscan;
RESET enable_bitmapscan;
REINDEX TABLE tj_perm.grants;
REINDEX SCHEMA tj_perm;
SELECT regress_check.compare();
REINDEX TABLE CONCURRENTLY tj_perm.grants;
REINDEX TABLE CONCURRENTLY tj_perm.group_members;
SELECT regress_check.compare();
VACUUM FULL tj_perm.grants;
CLUSTER tj_perm.group_members USING group_members_pkey;
SELECT regress_check.compare();
BEGIN;
ALTER TABLE tj_perm.grants ADD COLUMN extra int DEFAULT 7;
ALTER TABLE tj_perm.groups ADD COLUMN extra text;
SELECT regress_check.compare();
ALTER TABLE tj_perm.grants ALTER COLUMN note TYPE varchar(2000);
SELECT regress_check.compare();
-- no index at all: the tables are scanned
CREATE FUNCTION regress_check.drop_indexes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	i record;
	n bigint := 0;
BEGIN
	FOR i IN
		SELECT x.indexrelid::regclass AS index, x.indrelid::regclass AS relation, c.conname
		FROM pg_index AS x JOIN pg_class AS t ON t.oid = x.indrelid LEFT JOIN pg_constraint AS c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u')
		WHERE t.relnamespace = 'tj_perm'::regnamespace AND t.relname IN ('workspaces', 'members', 'groups', 'group_members', 'group_nesting', 'grants') AND x.indexrelid::regclass::text NOT LIKE 'tj_perm.regress%'
	LOOP
		IF i.conname IS NULL THEN
			EXECUTE format('DROP INDEX %s', i.index);
		ELSE
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', i.relation, i.conname);
		END IF;
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;
SAVEPOINT s;
SET LOCAL client_min_messages = warning;
SELECT regress_check.drop_indexes() >= 12 AS dropped;
SELECT regress_check.compare();
ROLLBACK TO s;
SELECT regress_check.compare();
-- only indexes that mislead: partial, hashed, on expressions, of other order
SET LOCAL client_min_messages = warning;
CREATE INDEX regress_1 ON tj_perm.grants (group_id, resource) WHERE level > 'viewer';
CREATE INDEX regress_2 ON tj_perm.grants (group_id, resource) WHERE workspace_id = 'other';
CREATE INDEX regress_3 ON tj_perm.grants (workspace_id, user_id, resource) WHERE group_id IS NOT NULL;
CREATE INDEX regress_4 ON tj_perm.grants (workspace_id, user_id, resource) WHERE note IS NOT NULL;
CREATE INDEX regress_5 ON tj_perm.grants (workspace_id, user_id, resource) WHERE valid_until IS NULL AND user_id IS NULL;
CREATE INDEX regress_6 ON tj_perm.group_members (lower(workspace_id), user_id);
CREATE INDEX regress_7 ON tj_perm.group_members (workspace_id) INCLUDE (user_id);
CREATE INDEX regress_8 ON tj_perm.members USING hash (workspace_id);
CREATE INDEX regress_9 ON tj_perm.members (workspace_id COLLATE "POSIX", user_id);
CREATE INDEX regress_10 ON tj_perm.groups USING brin (group_id);
SELECT regress_check.drop_indexes() >= 12 AS dropped;
SELECT regress_check.compare();
-- the same under the names of those that were made for the searches
CREATE INDEX grants_group_key ON tj_perm.grants (group_id, resource) WHERE level > 'viewer';
CREATE INDEX grants_member_key ON tj_perm.grants (workspace_id, user_id, resource) WHERE note IS NOT NULL;
CREATE INDEX grants_resource_idx ON tj_perm.grants (resource) WHERE user_id IS NULL;
CREATE INDEX group_members_pkey ON tj_perm.group_members (lower(workspace_id), user_id);
CREATE INDEX members_pkey ON tj_perm.members (workspace_id COLLATE "POSIX", user_id);
CREATE INDEX members_user_id_idx ON tj_perm.members (user_id) WHERE status = 'archived';
CREATE INDEX groups_pkey ON tj_perm.groups USING hash (group_id);
CREATE INDEX groups_workspace_id_name_key_key ON tj_perm.groups (workspace_id, name);
CREATE INDEX group_nesting_pkey ON tj_perm.group_nesting (group_id);
CREATE INDEX workspaces_pkey ON tj_perm.workspaces (status);
SELECT regress_check.compare();
-- and others that serve
CREATE INDEX regress_11 ON tj_perm.grants (resource DESC NULLS FIRST, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX regress_12 ON tj_perm.grants (user_id, resource, workspace_id DESC, level) WHERE user_id IS NOT NULL;
CREATE INDEX regress_13 ON tj_perm.group_members (user_id text_pattern_ops, workspace_id) INCLUDE (group_id);
CREATE INDEX regress_14 ON tj_perm.members (workspace_id, user_id, status);
SELECT regress_check.compare();
ROLLBACK;
SELECT regress_check.compare();
-- tables that are away mean no, and a planted one is not believed
BEGIN;
ALTER TABLE tj_perm.grants SET SCHEMA regress_check;
SELECT regress_check.held('on app:1', 'chk/app:1') AS granted;
CREATE TABLE tj_perm.grants AS TABLE regress_check.grants;
SELECT regress_check.held('on app:1', 'chk/app:1') AS granted;
ROLLBACK;
SELECT regress_check.compare();

-- 14. The extension dropped and made again in this session: no memory of the old one.
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION tj_perm CASCADE;
SELECT count(*) FROM pg_proc WHERE proname = 'tj_can';
CREATE EXTENSION tj_perm;
SELECT tj_can('root', 'chk', 'viewer') AS forgotten;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('chk');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('chk', 'nothing');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('chk', 'nothing', 'chk', 'editor');
SELECT tj_level_on('nothing', 'chk/app:1') AS new;
ROLLBACK;
SELECT regress_check.compare();

SET client_min_messages = warning;
DELETE FROM tj_perm.workspaces WHERE workspace_id IN ('techcorp', 'chk', 'chk2', 'other', '4242', '0c2c8a1e-0000-4000-8000-00000000beef');
DROP SCHEMA regress_check CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_check_app;
DROP ROLE regress_check_app;
