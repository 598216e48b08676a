-- Pages: what settings pages list, and for whom.
\set SHOW_CONTEXT never
CREATE ROLE regress_pages_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_pages_app;
CREATE SCHEMA regress_pages;
GRANT USAGE ON SCHEMA regress_pages TO PUBLIC;
-- what a user gets from a statement: the first value, or the error
CREATE FUNCTION regress_pages.tried(as_user text, statement text) RETURNS text
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
SELECT tj_perm.create_workspace('pag', 'root@pag.com', 'The Pages'), tj_perm.create_workspace('pag2', 'alice'), tj_perm.create_workspace('pag3', 'alice');
SELECT tj_perm.add_user('pag', 'alice'), tj_perm.add_user('pag', 'bob@pag.com'), tj_perm.add_user('pag', 'archie'), tj_perm.invite_user('pag', 'ivy') IS NOT NULL AS invited;
SELECT tj_perm.create_group('pag', n) FROM unnest(ARRAY['sales', 'Engineering', 'Backend']) AS n;
SELECT tj_perm.add_to_group('pag', 'Backend', '{alice, ivy, archie}'), tj_perm.add_to_group('pag', 'Engineering', '{archie}'), tj_perm.nest_group('pag', 'Backend', into_group => 'Engineering');
SELECT tj_perm.grant_access('pag', 'admin', to_user => 'archie', note => 'sleeps'), tj_perm.archive_user('pag', 'archie');
SELECT tj_perm.add_user('pag2', 'root@pag.com'), tj_perm.archive_workspace('pag2'), tj_perm.invite_user('pag3', 'root@pag.com') IS NOT NULL AS invited;
SET ROLE regress_pages_app;
SET tj_perm.user_id = 'root@pag.com';
SELECT tj_perm.grant_access('pag/app:9', l::tj_level, to_group => 'Engineering') FROM unnest(ARRAY['viewer', 'admin', 'editor']) AS l;
SELECT tj_perm.grant_access('pag/app:9', 'viewer', to_user => 'bob@pag.com', valid_from => '2020-01-01 00:00+00', valid_until => '2021-01-01 00:00+00', note => 'over'),
	   tj_perm.grant_access('pag/app:9', 'editor', to_user => 'bob@pag.com', valid_from => '2130-01-01 00:00+00', note => 'to come'),
	   tj_perm.grant_access('pag/app:9', 'viewer', to_user => 'ivy', note => 'sleeps'),
	   tj_perm.grant_access('pag/app:10', 'admin', to_user => 'bob@pag.com'),
	   tj_perm.grant_access('pag/app:*', 'viewer', to_user => 'bob@pag.com');

-- my workspaces
SELECT * FROM tj_perm.my_workspaces();
SET tj_perm.user_id = 'ALICE';
SELECT * FROM tj_perm.my_workspaces();
SET tj_perm.user_id = 'alice';
SELECT * FROM tj_perm.my_workspaces();
SET tj_perm.user_id = 'archie';
SELECT * FROM tj_perm.my_workspaces();
SET tj_perm.user_id = '';
SELECT * FROM tj_perm.my_workspaces();

-- the lists of a workspace admin
SET tj_perm.user_id = 'root@pag.com';
SELECT user_id, status, groups, is_admin, created_at <= now() AS since FROM tj_perm.members_of('pag');
SELECT * FROM tj_perm.groups_of('pag');
SELECT * FROM tj_perm.members_of_group('pag', ' engineering');
SELECT * FROM tj_perm.members_of_group('pag', 'ALL USERS');
SELECT * FROM tj_perm.members_of_group('pag', 'Sales');
SELECT to_group, to_user, level, active, valid_from, valid_until, granted_by, note FROM tj_perm.grants_on('pag/app:9');
SELECT to_group, to_user, level, active, granted_by, note FROM tj_perm.grants_on('pag');
SELECT count(*) FROM tj_perm.grants_on('pag/app:11');
SELECT resource, level, active, valid_from, valid_until, note FROM tj_perm.grants_of('pag', to_user => 'BOB@pag.com');
SELECT resource, level, active FROM tj_perm.grants_of('pag', to_group => 'engineering');
SELECT user_id, groups, restores, invited_by, expired, expires_at - invited_at AS expires FROM tj_perm.invitations_of('pag');
-- lists work where nothing can be written, and in the middle of a transaction
BEGIN READ ONLY;
SELECT count(*) FROM tj_perm.members_of('pag');
SELECT count(*) FROM tj_perm.groups_of('pag');
SELECT count(*) FROM tj_perm.grants_on('pag/app:9');
COMMIT;
-- a list shows the statement's own snapshot: not what the same statement changes
BEGIN;
SELECT tj_perm.create_group('pag', 'Late'), (SELECT count(*) FROM tj_perm.groups_of('pag') WHERE group_name = 'Late') AS not_yet;
SELECT count(*) AS now FROM tj_perm.groups_of('pag') WHERE group_name = 'Late';
ROLLBACK;
SELECT count(*) AS never FROM tj_perm.groups_of('pag') WHERE group_name = 'Late';
-- called in the select list, joined, limited and read by a cursor
SELECT (tj_perm.members_of_group('pag', 'Backend')).user_id;
SELECT g.group_name, m.user_id FROM tj_perm.groups_of('pag') AS g, tj_perm.members_of_group('pag', g.group_name) AS m WHERE g.kind = 'custom' ORDER BY 1, 2;
SELECT user_id FROM tj_perm.members_of('pag') LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT user_id FROM tj_perm.members_of('pag');
FETCH 1 FROM c;
FETCH 1 FROM c;
COMMIT;

-- for whom: bob is admin of one app, and may ask about himself
SELECT u.user_id, c.call, regress_pages.tried(u.user_id, 'SELECT * FROM tj_perm.' || c.call)
FROM (VALUES (1, 'bob@pag.com'), (2, 'ivy'), (3, 'archie'), (4, 'alice'), (5, 'stranger'), (6, NULL)) AS u (n, user_id), (VALUES
	(1, $$members_of('pag')$$), (2, $$groups_of('pag')$$), (3, $$members_of_group('pag', 'Sales')$$), (4, $$grants_on('pag')$$), (5, $$grants_on('pag/app:9')$$), (6, $$grants_on('pag/app:10')$$), (7, $$grants_on('pag/app:*')$$),
	(8, $$grants_of('pag', to_group => 'engineering')$$), (9, $$grants_of('pag', to_user => 'bob@pag.com')$$), (10, $$grants_of('pag', to_user => 'ivy')$$), (11, $$grants_of('pag', to_user => 'archie')$$), (12, $$invitations_of('pag')$$), (13, $$members_of('nowhere')$$)) AS c (n, call)
WHERE u.n = 1 OR c.n IN (2, 5, 10, 11) ORDER BY u.n, c.n;
-- bad arguments
SELECT c.call, regress_pages.tried('root@pag.com', 'SELECT * FROM tj_perm.' || c.call)
FROM (VALUES (1, $$members_of(NULL)$$), (2, $$groups_of(NULL)$$), (3, $$members_of_group('pag', NULL)$$), (4, $$members_of_group(NULL, 'Sales')$$), (5, $$members_of_group('pag', 'Nope')$$), (6, $$grants_on(NULL)$$), (7, $$grants_on('pag/folder:1/app:9')$$),
	(8, $$grants_of('pag')$$), (9, $$grants_of('pag', 'sales', 'alice')$$), (10, $$grants_of('pag', 'nobody@pag.com')$$), (11, $$grants_of('pag', to_user => 'nobody')$$), (12, $$grants_of(NULL, to_user => 'alice')$$), (13, $$invitations_of(NULL)$$), (14, $$members_of('pag2')$$)) AS c (n, call) ORDER BY c.n;
RESET ROLE;
RESET tj_perm.user_id;
-- a mailer is granted one function and sees one invitation
GRANT EXECUTE ON FUNCTION tj_perm.invitation(uuid) TO regress_pages_app;
SELECT invitation_id AS ivy_id FROM tj_perm.invitations_of('pag') \gset
SET ROLE regress_pages_app;
SELECT workspace, name, user_id, invited_by, expires_at - invited_at AS expires FROM tj_perm.invitation(:'ivy_id');
SELECT count(*) FROM tj_perm.invitation(NULL);
SELECT count(*) FROM tj_perm.invitation(gen_random_uuid());
SELECT count(*) FROM tj_perm.invitations_of('pag');
RESET ROLE;
SELECT tj_perm.drop_workspace('pag'), tj_perm.drop_workspace('pag2'), tj_perm.drop_workspace('pag3');
SET client_min_messages = warning;
DROP SCHEMA regress_pages CASCADE;
DROP OWNED BY regress_pages_app;
DROP ROLE regress_pages_app;
