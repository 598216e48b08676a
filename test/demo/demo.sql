-- The main job: TechCorp. Played by "make demo" in a throwaway cluster, and held
-- by the regression test "demo". Output fits 100 columns.

\if :{?app}
\else
\set app app_server
\endif
\if :{?tickets}
\else
\set tickets 1000000
\endif
SET client_min_messages = warning;

\echo
\echo '== 0. Install, and an application role that is no superuser and owns nothing'
\echo
\echo '   CREATE EXTENSION tj_perm;'
\echo '   CREATE ROLE' :app;
\echo '   GRANT SET ON PARAMETER tj_perm.user_id TO' :app;
\echo '   GRANT EXECUTE ON FUNCTION tj_perm.create_workspace TO' :app;
CREATE EXTENSION IF NOT EXISTS tj_perm;
CREATE ROLE :"app";
GRANT SET ON PARAMETER tj_perm.user_id TO :"app";
GRANT EXECUTE ON FUNCTION tj_perm.create_workspace TO :"app";
SET ROLE :"app";

-- every user of the story against every resource: v viewer, e editor, a admin
CREATE TEMP VIEW what_holds AS
WITH holds AS (
	SELECT u.n, u.label AS "user", t.n AS place,
		coalesce(nullif(concat_ws(' ', CASE WHEN tj_can(u.id, t.r, 'viewer') THEN 'v' END,
			CASE WHEN tj_can(u.id, t.r, 'editor') THEN 'e' END,
			CASE WHEN tj_can(u.id, t.r, 'admin') THEN 'a' END), ''), '–') AS held
	FROM (VALUES (1, 'root', 'root@techcorp.com'), (2, 'alice', 'alice@techcorp.com'),
		(3, 'bob', 'bob@techcorp.com'), (4, 'charlie', 'charlie@techcorp.com'),
		(5, 'a stranger', 'eve@elsewhere.com')) AS u (n, label, id),
		(VALUES (1, 'techcorp/app:bug-tracker'::tj_resource),
		(2, 'techcorp/folder:customer-tickets'),
		(3, 'techcorp/folder:customer-tickets/app:inbox'),
		(4, 'techcorp/variable:API_KEY'),
		(5, 'techcorp')) AS t (n, r))
SELECT "user",
	max(held) FILTER (WHERE place = 1) AS "Bug Tracker",
	max(held) FILTER (WHERE place = 2) AS "Customer Tickets",
	max(held) FILTER (WHERE place = 3) AS "an app in Customer Tickets",
	max(held) FILTER (WHERE place = 4) AS "API_KEY",
	max(held) FILTER (WHERE place = 5) AS "the workspace"
FROM holds GROUP BY n, "user" ORDER BY n;
-- what a call gets: its answer, or the error
CREATE FUNCTION pg_temp.try(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'SELECT ' || call INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN format('ERROR %s: %s', SQLSTATE, SQLERRM);
END
$$;

\echo
\echo '== 1. root@techcorp.com creates the workspace and is its first admin'
\echo
\echo 'For each transaction the application says on whose behalf it acts:'
\echo
SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false) AS "acting as";
SELECT tj_perm.create_workspace('techcorp', admin => 'root@techcorp.com', name => 'TechCorp') AS created;
\echo 'The default groups have come with it:'
\echo
SELECT group_name, kind, members FROM tj_perm.groups_of('techcorp');

\echo
\echo '== 2. Alice, Bob and Charlie are invited; each is in All Users by that alone'
\echo
SELECT tj_perm.invite_user('techcorp', 'alice@techcorp.com') AS alice_token,
	tj_perm.invite_user('techcorp', 'Bob@TechCorp.com') AS bob_token,
	tj_perm.invite_user('techcorp', 'charlie@techcorp.com') AS charlie_token \gset
SELECT user_id, status, tj_is_member(user_id, 'techcorp') AS "has access"
FROM tj_perm.members_of('techcorp');
\echo 'They accept with their tokens (returned once, stored as a hash):'
\echo
SELECT set_config('tj_perm.user_id', '', false) AS "acting as";
SELECT tj_perm.accept_invitation(:'alice_token') AS alice,
	tj_perm.accept_invitation(:'bob_token') AS bob,
	tj_perm.accept_invitation(:'charlie_token') AS charlie;

\echo
\echo '== 3. Groups for the departments; Alice joins Engineering, Bob Support, Charlie Sales'
\echo
SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false) AS "acting as";
SELECT tj_perm.create_group('techcorp', 'Engineering') AS engineering,
	tj_perm.create_group('techcorp', 'Support') AS support,
	tj_perm.create_group('techcorp', 'Sales') AS sales;
SELECT tj_perm.add_to_group('techcorp', 'Engineering', '{alice@techcorp.com}') AS alice,
	tj_perm.add_to_group('techcorp', 'Support', '{bob@techcorp.com}') AS bob,
	tj_perm.add_to_group('techcorp', 'Sales', '{charlie@techcorp.com}') AS charlie;
SELECT user_id, status, groups, is_admin FROM tj_perm.members_of('techcorp');

\echo
\echo '== 4. Grants: an app, a folder, a workspace variable'
\echo
SELECT tj_perm.grant_access('techcorp/app:bug-tracker', 'editor', to_group => 'Engineering')
	AS "Bug Tracker: Engineering editor";
SELECT tj_perm.grant_access('techcorp/folder:customer-tickets', 'viewer', to_group => 'Support')
	AS "Customer Tickets: Support viewer";
SELECT tj_perm.grant_access('techcorp/variable:API_KEY', 'viewer', to_group => 'Engineering')
	AND tj_perm.grant_access('techcorp/variable:API_KEY', 'editor', to_group => 'Admins')
	AS "API_KEY: Engineering viewer, Admins editor";

\echo
\echo '== 5. What holds now (v viewer, e editor, a admin; – nothing), asked through tj_can'
\echo
TABLE what_holds;

\echo
\echo '== 6. Alice joins Admins. Bob tries to do what she may do now'
\echo
SELECT tj_perm.add_to_group('techcorp', 'Admins', '{alice@techcorp.com}') AS "alice is admin";
SELECT set_config('tj_perm.user_id', 'alice@techcorp.com', false) AS "acting as";
SELECT tj_perm.create_group('techcorp', 'Design') AS "alice creates a group",
	tj_perm.drop_group('techcorp', 'design') AS "and drops it";
SELECT set_config('tj_perm.user_id', 'bob@techcorp.com', false) AS "acting as";
SELECT pg_temp.try($$tj_perm.grant_access('techcorp/app:bug-tracker', 'viewer', to_user => 'bob@techcorp.com')$$)
	AS "Bob grants himself Bug Tracker";
SELECT pg_temp.try($$tj_perm.create_group('techcorp', 'Friends of Bob')$$) AS "Bob creates a group";
TABLE what_holds;

\echo
\echo '== 7. Charlie leaves: removed from the workspace, nothing is left but history'
\echo
SELECT set_config('tj_perm.user_id', 'alice@techcorp.com', false) AS "acting as";
SELECT tj_perm.remove_user('techcorp', 'charlie@techcorp.com') AS removed;
SELECT user_id, status, groups FROM tj_perm.members_of('techcorp');

\echo
\echo '== 8. Review'
\echo
\echo 'Who can see API_KEY?'
\echo
SELECT user_id, highest, via, granted_on
FROM tj_perm.who_can('techcorp/variable:API_KEY', 'viewer');
\echo 'And why? (the time is left out here)'
\echo
SELECT verdict, at_level, regexp_replace(explanation, ' \d{4}-.*', '') AS explanation
FROM tj_perm.explain_access('alice@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
\echo 'What can Bob reach, and what keeps him from editing an app in his folder?'
\echo
SELECT resource, level, via FROM tj_perm.what_can('bob@techcorp.com', 'techcorp');
SELECT verdict, at_level, regexp_replace(explanation, ' \d{4}-.*', '') AS explanation
FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/folder:customer-tickets/app:inbox', 'editor');
\echo 'Which groups are empty now?'
\echo
SELECT group_name FROM tj_perm.groups_of('techcorp') WHERE members = 0;

\echo 'Who granted what?'
\echo
SELECT coalesce(to_group, to_user) AS holder, level, resource, granted_by
FROM (VALUES ('techcorp/app:bug-tracker'::tj_resource), ('techcorp/folder:customer-tickets'),
	('techcorp/variable:API_KEY')) AS t (resource), tj_perm.grants_on(resource);

\echo
\echo '== An existing app: its own tables, its own keys, a million tickets'
\echo
RESET ROLE;
CREATE TABLE folders (id bigint PRIMARY KEY, org_id text NOT NULL, title text);
CREATE TABLE apps (id uuid PRIMARY KEY, org_id text NOT NULL, folder_id bigint REFERENCES folders, title text);
CREATE TABLE tickets (id bigint PRIMARY KEY, org_id text NOT NULL, folder_id bigint, app_id uuid, title text);
CREATE TABLE variables (org_id text, name text, value text, PRIMARY KEY (org_id, name));
INSERT INTO folders VALUES (1, 'techcorp', 'Internal'), (2, 'techcorp', 'Customer Tickets');
INSERT INTO apps VALUES
	('00000000-0000-0000-0000-00000000000a', 'techcorp', 1, 'Bug Tracker'),
	('00000000-0000-0000-0000-00000000000b', 'techcorp', 2, 'Inbox'),
	('00000000-0000-0000-0000-00000000000c', 'techcorp', 1, 'Payroll');
INSERT INTO tickets
SELECT i, 'techcorp', folder_id, apps.id, title || ' ' || i
FROM generate_series(1, :tickets) AS i
JOIN apps ON apps.title = CASE i % 1000 WHEN 0 THEN 'Inbox' WHEN 1 THEN 'Bug Tracker' ELSE 'Payroll' END;
INSERT INTO variables VALUES ('techcorp', 'API_KEY', 'secret'), ('techcorp', 'DEBUG', 'off');
ANALYZE folders, apps, tickets, variables;
GRANT SELECT, INSERT, UPDATE, DELETE ON folders, apps, tickets, variables TO :"app";
SET max_parallel_workers_per_gather = 0;

-- the lines of a plan that say how rows are found, cut to the width of the page
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Scan|Index Cond|BitmapOr' THEN
			line := replace(replace(line, $q$'tj_user()'::tj_perm._planned, $q$, ''), '::tj_level', '');
			RETURN NEXT CASE WHEN length(line) > 94 THEN left(line, 93) || '…' ELSE line END;
		END IF;
	END LOOP;
END
$$;
-- what one user of the app gets from plain statements
CREATE FUNCTION pg_temp.sees(who text, OUT folders bigint, OUT apps text, OUT tickets bigint, OUT variables text, OUT changed bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('tj_perm.user_id', who, true);
	SELECT count(*) INTO folders FROM folders;
	SELECT string_agg(title, ', ' ORDER BY title) INTO apps FROM apps;
	SELECT count(*) INTO tickets FROM tickets;
	SELECT string_agg(name, ', ' ORDER BY name) INTO variables FROM variables;
	UPDATE tickets SET title = title || '!' WHERE id <= 2000;
	GET DIAGNOSTICS changed = ROW_COUNT;
END
$$;

\echo 'Before: whoever gets at the database gets at everything.'
\echo
SET ROLE :"app";
SELECT count(*) AS "tickets that any session sees" FROM tickets;
SELECT pg_temp.plan('SELECT * FROM tickets') AS "EXPLAIN SELECT * FROM tickets";
RESET ROLE;
\echo 'One call a table (protect_sql prints the SQL for a migration file instead):'
\echo
\echo '   SELECT tj_perm.protect(''tickets'', workspace => ''org_id'','
\echo '       path => ''{folder,folder_id,app,app_id,ticket,id}'');'
\echo
SELECT tj_perm.protect('folders', workspace => 'org_id', path => '{folder,id}') AS folders,
	tj_perm.protect('apps', workspace => 'org_id', path => '{folder,folder_id,app,id}') AS apps,
	tj_perm.protect('tickets', workspace => 'org_id', path => '{folder,folder_id,app,app_id,ticket,id}') AS tickets,
	tj_perm.protect('variables', workspace => 'org_id', path => '{variable,name}') AS variables;
ANALYZE tickets;
\echo 'The grants of step 4 once more, by the keys of this app. Dora is a new engineer:'
\echo
SET ROLE :"app";
SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false) AS "acting as";
SELECT tj_perm.grant_access('techcorp/app:00000000-0000-0000-0000-00000000000a', 'editor', to_group => 'Engineering')
	AS "Bug Tracker: editor",
	tj_perm.grant_access('techcorp/folder:2', 'viewer', to_group => 'Support') AS "Customer Tickets: viewer",
	tj_perm.add_user('techcorp', 'dora@techcorp.com', '{Engineering}') AS "Dora";
\echo 'After: the same statements, for one user after the other. "changed" is what an UPDATE of the'
\echo 'tickets 1 to 2000 reached (rolled back).'
\echo
BEGIN;
SELECT coalesce(nullif(u, ''), '(nobody)') AS "user", s.*
FROM unnest('{root@techcorp.com,dora@techcorp.com,bob@techcorp.com,eve@elsewhere.com,""}'::text[]) AS u, pg_temp.sees(u) AS s;
ROLLBACK;
SELECT set_config('tj_perm.user_id', 'bob@techcorp.com', false) AS "acting as";
SELECT pg_temp.plan('SELECT * FROM tickets') AS "EXPLAIN SELECT * FROM tickets";
\echo 'Bob may look into his folder, and put nothing there:'
\echo
BEGIN;
CREATE FUNCTION pg_temp.insert_ticket() RETURNS text LANGUAGE sql
AS $$INSERT INTO tickets VALUES (-1, 'techcorp', 2, NULL, 'mine') RETURNING 'done'$$;
SELECT pg_temp.try('pg_temp.insert_ticket()') AS "Bob inserts a ticket";
ROLLBACK;
RESET ROLE;
SELECT set_config('tj_perm.user_id', '', false) AS "acting as";
