-- The story of TechCorp through the administration API, and who may call what.
\set SHOW_CONTEXT never
CREATE ROLE regress_admin_app;
CREATE ROLE regress_admin_noinherit NOINHERIT;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_admin_app;
GRANT EXECUTE ON FUNCTION tj_perm.create_workspace(text, text, text) TO regress_admin_app;
CREATE SCHEMA regress_admin;
GRANT USAGE ON SCHEMA regress_admin TO PUBLIC;
-- what a user gets from a statement: the first value, or the error
CREATE FUNCTION regress_admin.tried(as_user text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	hint text;
BEGIN
	PERFORM set_config('tj_perm.user_id', coalesce(as_user, ''), true);
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || coalesce(' / ' || nullif(hint, ''), '');
END
$$;
-- the levels held: v viewer, e editor, a admin
CREATE VIEW regress_admin.held AS
SELECT u.user_id, r.resource,
	   concat_ws(' ', CASE WHEN tj_can(u.user_id, r.resource, 'viewer') THEN 'v' END,
					  CASE WHEN tj_can(u.user_id, r.resource, 'editor') THEN 'e' END,
					  CASE WHEN tj_can(u.user_id, r.resource, 'admin') THEN 'a' END) AS levels
FROM (VALUES (1, 'root@techcorp.com'), (2, 'alice@techcorp.com'), (3, 'bob@techcorp.com'), (4, 'charlie@techcorp.com'), (5, 'stranger@example.com')) AS u (n, user_id),
	 (VALUES (1, 'techcorp/app:bug-tracker'::tj_resource), (2, 'techcorp/folder:customer-tickets'), (3, 'techcorp/folder:customer-tickets/app:inbox'), (4, 'techcorp/variable:API_KEY'), (5, 'techcorp')) AS r (n, resource)
ORDER BY u.n, r.n;
CREATE VIEW regress_admin.story AS
SELECT user_id, max(levels) FILTER (WHERE resource = 'techcorp/app:bug-tracker') AS bug_tracker,
	   max(levels) FILTER (WHERE resource = 'techcorp/folder:customer-tickets') AS customer_tickets,
	   max(levels) FILTER (WHERE resource = 'techcorp/folder:customer-tickets/app:inbox') AS inbox,
	   max(levels) FILTER (WHERE resource = 'techcorp/variable:API_KEY') AS api_key,
	   max(levels) FILTER (WHERE resource = 'techcorp') AS workspace
FROM regress_admin.held GROUP BY user_id
ORDER BY array_position(ARRAY['root@techcorp.com', 'alice@techcorp.com', 'bob@techcorp.com', 'charlie@techcorp.com'], user_id);
GRANT SELECT ON regress_admin.held, regress_admin.story TO PUBLIC;

SET ROLE regress_admin_app;
SELECT set_config('tj_perm.user_id', 'Root@TechCorp.com', false);

-- 1. the workspace comes with its default groups
SELECT tj_perm.create_workspace('techcorp', admin => 'root@techcorp.com', name => 'TechCorp');
SELECT group_name, kind, members FROM tj_perm.groups_of('techcorp');
-- 2. three invitations: no access before they are accepted
SELECT tj_perm.invite_user('techcorp', 'alice@techcorp.com') AS alice_token \gset
SELECT tj_perm.invite_user('techcorp', 'Bob@TechCorp.com') AS bob_token \gset
SELECT tj_perm.invite_user('techcorp', 'charlie@techcorp.com') AS charlie_token \gset
SELECT user_id, status FROM tj_perm.members_of('techcorp');
SELECT user_id FROM tj_perm.members_of_group('techcorp', 'All Users');
SELECT * FROM regress_admin.story;
SELECT set_config('tj_perm.user_id', 'alice@techcorp.com', false);
SELECT tj_perm.accept_invitation(:'alice_token');
SELECT set_config('tj_perm.user_id', '', false);
SELECT tj_perm.accept_invitation(:'bob_token');
SELECT tj_perm.accept_invitation(:'charlie_token');
SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false);
-- 3. groups
SELECT tj_perm.create_group('techcorp', 'Engineering'), tj_perm.create_group('techcorp', 'Support'), tj_perm.create_group('techcorp', 'Sales');
SELECT tj_perm.add_to_group('techcorp', 'Engineering', ARRAY['alice@techcorp.com']),
	   tj_perm.add_to_group('techcorp', 'Support', ARRAY['bob@techcorp.com']),
	   tj_perm.add_to_group('techcorp', 'Sales', ARRAY['charlie@techcorp.com']);
-- 4. grants
SELECT tj_perm.grant_access('techcorp/app:bug-tracker', 'editor', to_group => 'Engineering');
SELECT tj_perm.grant_access('techcorp/folder:customer-tickets', 'viewer', to_group => 'Support');
SELECT tj_perm.grant_access('techcorp/variable:API_KEY', 'viewer', to_group => 'Engineering');
SELECT tj_perm.grant_access('techcorp/variable:API_KEY', 'editor', to_group => 'Admins');
-- 5. what holds now
SELECT * FROM regress_admin.story;
-- 6. Alice joins Admins; Bob trying the same is refused, and nothing changes
SELECT set_config('tj_perm.user_id', 'bob@techcorp.com', false);
SELECT tj_perm.add_to_group('techcorp', 'Admins', ARRAY['bob@techcorp.com']);
SELECT * FROM regress_admin.story WHERE user_id = 'bob@techcorp.com';
SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false);
SELECT tj_perm.add_to_group('techcorp', 'Admins', ARRAY['alice@techcorp.com']);
SELECT * FROM regress_admin.story WHERE user_id = 'alice@techcorp.com';
SELECT set_config('tj_perm.user_id', 'alice@techcorp.com', false);
SELECT tj_perm.invite_user('techcorp', 'dora@techcorp.com') IS NOT NULL AS invited,
	   tj_perm.create_group('techcorp', 'Marketing'),
	   tj_perm.grant_access('techcorp/app:newsletter', 'editor', to_group => 'Marketing');
SELECT tj_perm.withdraw_invitation('techcorp', 'dora@techcorp.com'), tj_perm.drop_group('techcorp', 'Marketing');
-- 7. Charlie leaves
SELECT tj_perm.remove_user('techcorp', 'charlie@techcorp.com');
SELECT * FROM regress_admin.story WHERE user_id = 'charlie@techcorp.com';
SELECT group_name, members FROM tj_perm.groups_of('techcorp');
SELECT tj_perm.invite_user('techcorp', 'charlie@techcorp.com') AS charlie_token \gset
SELECT user_id, status, groups FROM tj_perm.members_of('techcorp') WHERE user_id = 'charlie@techcorp.com';
SELECT tj_perm.withdraw_invitation('techcorp', 'charlie@techcorp.com');
-- 8. review (more of it comes with the review functions)
SELECT to_group, level FROM tj_perm.grants_on('techcorp/variable:API_KEY');
SELECT resource, level, granted_by FROM tj_perm.grants_of('techcorp', to_group => 'Support');
SELECT group_name FROM tj_perm.groups_of('techcorp') WHERE members = 0;
RESET ROLE;
SELECT actor, role, table_name, operation, coalesce(new_row, old_row) ->> 'user_id' AS user_id, old_row ->> 'status' AS was, new_row ->> 'status' AS is
FROM tj_perm.history WHERE workspace_id = 'techcorp' AND role = 'regress_admin_app' AND table_name IN ('members', 'group_members') ORDER BY history_id;
SELECT count(*) FROM tj_perm.history AS h WHERE h.workspace_id = 'techcorp' AND h::text LIKE '%token%';

-- workspaces: rename, archive, restore; what an archived one refuses
SET ROLE regress_admin_app;
SELECT tj_perm.rename_workspace('techcorp', 'Tech Corp.'), tj_perm.rename_workspace('techcorp', 'Tech Corp.');
SELECT workspace, name, status, my_status, my_level, is_admin FROM tj_perm.my_workspaces();
SELECT tj_perm.rename_workspace('techcorp', NULL);
SELECT name FROM tj_perm.my_workspaces();
SELECT tj_perm.archive_workspace('techcorp'), tj_perm.archive_workspace('techcorp');
SELECT * FROM regress_admin.story;
SELECT workspace, name, status, my_status, my_level, is_admin FROM tj_perm.my_workspaces();
CREATE TEMPORARY TABLE calls (n serial, call text);
-- every function that works on a workspace, %s stands for it
INSERT INTO calls (call) VALUES
	($$tj_perm.rename_workspace(%L, 'x')$$),
	($$tj_perm.invite_user(%L, 'eve')$$),
	($$tj_perm.withdraw_invitation(%L, 'bob@techcorp.com')$$),
	($$tj_perm.add_user(%L, 'eve')$$),
	($$tj_perm.set_user_groups(%L, 'bob@techcorp.com', '{}')$$),
	($$tj_perm.archive_user(%L, 'bob@techcorp.com')$$),
	($$tj_perm.restore_user(%L, 'bob@techcorp.com')$$),
	($$tj_perm.remove_user(%L, 'alice@techcorp.com')$$),
	($$tj_perm.create_group(%L, 'New')$$),
	($$tj_perm.rename_group(%L, 'Sales', 'New')$$),
	($$tj_perm.duplicate_group(%L, 'Sales')$$),
	($$tj_perm.drop_group(%L, 'Sales')$$),
	($$tj_perm.add_to_group(%L, 'Sales', '{bob@techcorp.com}')$$),
	($$tj_perm.remove_from_group(%L, 'Support', '{bob@techcorp.com}')$$),
	($$tj_perm.nest_group(%L, 'Sales', 'Support')$$),
	($$tj_perm.detach_group(%L, 'Sales', 'Support')$$),
	($$tj_perm.grant_access(tj_workspace(%L), 'viewer', to_group => 'Sales')$$),
	($$tj_perm.set_access(tj_workspace(%L), 'viewer', to_user => 'bob@techcorp.com')$$),
	($$tj_perm.revoke_access(tj_workspace(%L), from_group => 'Sales')$$),
	($$tj_perm.members_of(%L)$$),
	($$tj_perm.groups_of(%L)$$),
	($$tj_perm.members_of_group(%L, 'Sales')$$),
	($$tj_perm.grants_on(tj_workspace(%L))$$),
	($$tj_perm.grants_of(%L, to_group => 'Sales')$$),
	($$tj_perm.invitations_of(%L)$$);
SELECT split_part(call, '(', 1) AS function, regress_admin.tried('alice@techcorp.com', format('SELECT ' || call, 'techcorp')) FROM calls ORDER BY n;
-- Bob may not even be told so, except about himself
SELECT DISTINCT regress_admin.tried('bob@techcorp.com', format('SELECT ' || call, 'techcorp')) FROM calls WHERE call NOT LIKE '%tj_workspace(%' ORDER BY 1;
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.remove_user('techcorp', 'bob@techcorp.com')$$);
SELECT tj_perm.restore_workspace('techcorp'), tj_perm.restore_workspace('techcorp');
SELECT * FROM regress_admin.story;

-- who may: Bob, a stranger and a role without end user get the same words for
-- what exists and for what does not
INSERT INTO calls (call) VALUES ($$tj_perm.archive_workspace(%L)$$), ($$tj_perm.restore_workspace(%L)$$), ($$tj_perm.drop_workspace(%L)$$);
SELECT u.user_id, count(*) AS calls,
	   count(*) FILTER (WHERE t.here LIKE '42501 permission denied for %"techcorp"') AS refused,
	   count(*) FILTER (WHERE replace(t.here, 'techcorp', 'nowhere') = t.nowhere) AS refused_alike
FROM calls AS c, (VALUES (1, 'bob@techcorp.com'), (2, 'stranger@example.com'), (3, NULL)) AS u (n, user_id),
	 LATERAL (SELECT regress_admin.tried(u.user_id, format('SELECT ' || c.call, 'techcorp')) AS here,
					 regress_admin.tried(u.user_id, format('SELECT ' || replace(c.call, 'techcorp.com', 'nowhere.com'), 'nowhere')) AS nowhere) AS t
GROUP BY u.n, u.user_id ORDER BY u.n;
-- nor do names of groups and users matter
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.add_to_group('techcorp', 'No Such Group', '{nobody}')$$) =
	   regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.add_to_group('techcorp', 'Sales', '{alice@techcorp.com}')$$) AS same;
-- the owner and superusers, without an end user, are told what exists
RESET ROLE;
SELECT split_part(call, '(', 1) AS function, regress_admin.tried(NULL, format('SELECT ' || call, 'nowhere')) FROM calls ORDER BY n;
-- with an end user even a superuser has that user's rights only
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.create_group('techcorp', 'New')$$);
SELECT regress_admin.tried(NULL, $$SELECT tj_perm.create_group('techcorp', 'New')$$);
SELECT regress_admin.tried(NULL, $$SELECT tj_perm.drop_group('techcorp', 'New')$$);
-- a member of the owner has the owner's rights if it inherits them; if not, it
-- may become the owner
CREATE ROLE regress_admin_member;
DO $$ BEGIN EXECUTE format('GRANT %I TO regress_admin_member, regress_admin_noinherit', (SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'tj_perm')); END $$;
SET tj_perm.user_id = '';
SET ROLE regress_admin_member;
SELECT tj_perm.rename_workspace('techcorp', 'TechCorp');
SET ROLE regress_admin_noinherit;
SELECT tj_perm.rename_workspace('techcorp', 'TechCorp Inc.');
SET ROLE regress_admin_app;
SELECT tj_perm.rename_workspace('techcorp', 'TechCorp Inc.');
RESET ROLE;
-- who calls us out of a SECURITY DEFINER function is its owner
CREATE FUNCTION regress_admin.definer() RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT tj_perm.create_group('techcorp', 'By Definer') $$;
SET ROLE regress_admin_app;
SELECT regress_admin.tried(NULL, $$SELECT regress_admin.definer()$$);
RESET ROLE;
SELECT DISTINCT role = current_user AS own_role FROM tj_perm.history WHERE new_row ->> 'name' = 'By Definer';

-- create_workspace: EXECUTE and, with an end user, only for oneself
SET ROLE regress_admin_app;
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.create_workspace('other', 'alice@techcorp.com')$$);
SELECT regress_admin.tried(NULL, $$SELECT tj_perm.create_workspace('other', 'alice@techcorp.com')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.create_workspace('techcorp', 'BOB@techcorp.com')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.create_workspace('other', 'BOB@techcorp.com')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT workspace || ' ' || name || ' ' || my_level FROM tj_perm.my_workspaces() WHERE is_admin$$);
-- nothing crosses: Bob administers "other", and that says nothing about techcorp
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.grant_access('techcorp', 'admin', to_user => 'bob@techcorp.com')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.grant_access('other', 'viewer', to_group => 'Sales')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.add_to_group('other', 'Admins', '{alice@techcorp.com}')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.drop_workspace('other')$$);
SELECT regress_admin.tried('bob@techcorp.com', $$SELECT tj_perm.drop_workspace('other')$$);
-- without an end user the owner's rights are needed, EXECUTE alone is not enough
SET ROLE regress_admin_app;
SELECT tj_perm.create_workspace('other', 'bob@techcorp.com');
SET ROLE regress_admin_member;
SELECT tj_perm.create_workspace('other', 'bob@techcorp.com');
SELECT tj_perm.drop_workspace('other');
RESET ROLE;

-- the tables, the private functions and the mailer's are closed to everybody else
SET ROLE regress_admin_app;
SELECT count(*) FROM tj_perm.members;
SELECT tj_perm._add_user('techcorp', 'eve', '{}');
SELECT * FROM tj_perm.invitation(gen_random_uuid());
RESET ROLE;
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'tj_perm'::regnamespace AND p.proname LIKE '\_%' AND NOT 'tj_perm._planned'::regtype = ANY (p.proargtypes) AND p.proname !~ '^_protect(ion)?_' AND has_function_privilege('regress_admin_app', p.oid, 'EXECUTE');

DROP TABLE calls;
SELECT tj_perm.drop_workspace('techcorp');
SET client_min_messages = warning;
DROP SCHEMA regress_admin CASCADE;
DROP OWNED BY regress_admin_app;
DROP ROLE regress_admin_app, regress_admin_member, regress_admin_noinherit;
