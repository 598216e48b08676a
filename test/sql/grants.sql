-- Grants: give, set, revoke; targets, validity, and who may grant what.
\set SHOW_CONTEXT never
CREATE ROLE regress_grants_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_grants_app;
CREATE SCHEMA regress_grants;
GRANT USAGE ON SCHEMA regress_grants TO PUBLIC;
-- what a user gets from a statement: the first value, or the error
CREATE FUNCTION regress_grants.tried(as_user text, statement text) RETURNS text
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
SELECT tj_perm.create_workspace('gra', 'root@gra.com'), tj_perm.create_workspace('gra2', 'alice');
SELECT tj_perm.add_user('gra', u) FROM unnest(ARRAY['alice', 'bob@gra.com', 'carl', 'dora']) AS u;
SELECT tj_perm.create_group('gra', 'Engineering'), tj_perm.create_group('gra2', 'Elsewhere');
SELECT tj_perm.add_to_group('gra', 'Engineering', '{carl}');
SET ROLE regress_grants_app;

-- grant: one per grantee, target and level; again changes validity and note
SET tj_perm.user_id = 'root@gra.com';
SELECT tj_perm.grant_access('gra/app:1', 'viewer', to_group => ' ENGINEERING ') AS granted,
	   tj_perm.grant_access('gra/app:1', 'viewer', to_group => 'engineering') AS nothing_to_do,
	   tj_perm.grant_access('gra/app:1', 'editor', to_group => 'engineering', valid_until => 'tomorrow', note => 'three days') AS another_level;
SELECT to_group, to_user, level, active, valid_until IS NOT NULL AS limited, granted_by, note FROM tj_perm.grants_on('gra/app:1');
SELECT tj_perm.grant_access('gra/app:1', 'editor', to_group => 'engineering', valid_from => 'tomorrow') AS later,
	   tj_perm.grant_access('gra/app:1', 'editor', to_group => 'engineering', valid_from => 'tomorrow') AS nothing_to_do,
	   tj_perm.grant_access('gra/app:1', 'editor', to_group => 'engineering', valid_from => 'tomorrow', note => 'x') AS note_changed;
SELECT to_group, to_user, level, active, valid_until IS NOT NULL AS limited, note FROM tj_perm.grants_on('gra/app:1');
SELECT tj_level_on('carl', 'gra/app:1'), tj_level_on('carl', 'gra/folder:f/app:1') AS wherever, tj_level_on('carl', 'gra/app:2') AS another, tj_level_on('carl', 'gra/app:01') AS other_spelling;
SELECT tj_perm.grant_access('gra/app:1', 'editor', to_user => 'BOB@gra.com') AS granted, tj_perm.grant_access('gra/app:1', 'editor', to_user => 'bob@GRA.com') AS nothing_to_do, tj_perm.grant_access('gra/app:1', 'viewer', to_user => 'bob@gra.com', note => '') AS another_level;
SELECT tj_perm.grant_access('gra/app:*', 'viewer', to_group => 'all users'), tj_perm.grant_access('gra', 'viewer', to_group => 'admins'), tj_perm.grant_access('gra/app:"*"', 'editor', to_user => 'dora');
SELECT tj_level_on('dora', 'gra/app:77') AS every_app, tj_level_on('dora', 'gra/variable:77') AS nothing_else, tj_level_on('dora', tj_resource('gra', 'app', '*')) AS one_called_star;
-- who granted it changes with what is granted
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.grant_access('gra/app:1', 'editor', to_user => 'bob@gra.com') AS identical, tj_perm.grant_access('gra/app:1', 'viewer', to_user => 'bob@gra.com') AS note_gone;
SELECT level, granted_by, note FROM tj_perm.grants_of('gra', to_user => 'bob@gra.com');

-- set: this one level on this target, for this grantee
SET ROLE regress_grants_app;
SET tj_perm.user_id = 'root@gra.com';
SELECT tj_perm.set_access('gra/app:1', 'viewer', to_user => 'bob@gra.com') AS one_less, tj_perm.set_access('gra/app:1', 'viewer', to_user => 'bob@gra.com') AS nothing_to_do, tj_perm.set_access('gra/app:1', 'admin', to_user => 'bob@gra.com') AS replaced;
SELECT to_group, to_user, level FROM tj_perm.grants_on('gra/app:1');
SELECT tj_perm.set_access('gra/app:1', 'editor', to_group => 'Engineering', note => 'only'), tj_perm.set_access('gra/app:2', 'editor', to_group => 'Engineering', valid_until => 'infinity');
SELECT to_group, to_user, level, note FROM tj_perm.grants_on('gra/app:1');
-- revoke: one level or all, of one grantee on one target
SELECT tj_perm.grant_access('gra/app:1', 'viewer', to_user => 'bob@gra.com');
SELECT tj_perm.revoke_access('gra/app:1', 'editor', from_user => 'bob@gra.com') AS not_granted, tj_perm.revoke_access('gra/app:1', 'admin', from_user => 'BOB@gra.com') AS one, tj_perm.revoke_access('gra/app:1', from_group => 'ENGINEERING') AS all_levels, tj_perm.revoke_access('gra/app:1', from_group => 'engineering') AS again;
SELECT to_group, to_user, level FROM tj_perm.grants_on('gra/app:1');
SELECT tj_level_on('carl', 'gra/app:2') AS other_targets_stay, tj_level_on('carl', 'gra/app:1') AS by_all_users;

-- refused
SELECT c.call, regress_grants.tried('root@gra.com', 'SELECT tj_perm.' || c.call)
FROM (VALUES
	(1, $$grant_access('gra/app:1', 'viewer')$$),
	(2, $$grant_access('gra/app:1', 'viewer', to_group => 'engineering', to_user => 'bob@gra.com')$$),
	(3, $$grant_access('gra/app:1', 'viewer', 'bob@gra.com')$$),
	(4, $$set_access('gra/app:1', 'viewer', 'bob@gra.com')$$),
	(5, $$revoke_access('gra/app:1', 'viewer', 'bob@gra.com')$$),
	(6, $$revoke_access('gra/app:1', 'viewer')$$),
	(7, $$grant_access('gra/app:1', 'viewer', to_group => 'Elsewhere')$$),
	(8, $$grant_access('gra/app:1', 'viewer', to_group => '')$$),
	(9, $$grant_access('gra/app:1', 'viewer', to_user => 'stranger')$$),
	(10, $$grant_access('gra/app:1', 'viewer', to_user => ' bob')$$),
	(11, $$grant_access('gra/app:1', 'viewer', to_user => 'engineering')$$),
	(12, $$grant_access(NULL, 'viewer', to_user => 'bob@gra.com')$$),
	(13, $$grant_access('gra/app:1', NULL, to_user => 'bob@gra.com')$$),
	(14, $$revoke_access(NULL, from_user => 'bob@gra.com')$$),
	(15, $$grant_access('gra/folder:f/app:1', 'viewer', to_user => 'bob@gra.com')$$),
	(16, $$set_access('gra/folder:f/app:*', 'viewer', to_user => 'bob@gra.com')$$),
	(17, $$revoke_access('gra/folder:f/app:1', from_user => 'bob@gra.com')$$),
	(18, $$grant_access('gra/app:1', 'viewer', to_user => 'bob@gra.com', valid_from => '2026-01-02', valid_until => '2026-01-02')$$),
	(19, $$set_access('gra/app:1', 'viewer', to_user => 'bob@gra.com', valid_from => '2026-01-03', valid_until => '2026-01-02')$$),
	(20, $$grant_access('gra/app:1', 'owner', to_user => 'bob@gra.com')$$),
	(21, $$grant_access('gra//', 'viewer', to_user => 'bob@gra.com')$$)) AS c (n, call) ORDER BY c.n;
SELECT to_group, to_user, level FROM tj_perm.grants_on('gra/app:1');

-- an admin of the target, and of nothing else, grants on it: dora of one app,
-- alice of every app; a path proves nothing
SELECT tj_perm.grant_access('gra/app:5', 'admin', to_user => 'dora'), tj_perm.grant_access('gra/app:*', 'admin', to_user => 'alice'), tj_perm.grant_access('gra/folder:f', 'admin', to_user => 'carl');
SELECT t.target, u.user_id,
	   regress_grants.tried(u.user_id, format('SELECT tj_perm.grant_access(%L, ''viewer'', to_user => ''bob@gra.com'')', t.target)) AS granted,
	   regress_grants.tried(u.user_id, format('SELECT count(*) > 0 FROM tj_perm.grants_on(%L)', t.target)) AS listed,
	   regress_grants.tried(u.user_id, format('SELECT tj_perm.revoke_access(%L, from_user => ''bob@gra.com'')', t.target)) AS revoked
FROM unnest(ARRAY['gra', 'gra/app:*', 'gra/app:5', 'gra/app:6', 'gra/folder:f', 'gra/folder:*', 'gra/variable:5']) WITH ORDINALITY AS t (target, n), unnest(ARRAY['root@gra.com', 'alice', 'dora', 'carl']) WITH ORDINALITY AS u (user_id, n)
ORDER BY t.n, u.n;
SELECT regress_grants.tried('carl', $$SELECT tj_perm.grant_access('gra/folder:f/app:5', 'viewer', to_user => 'bob@gra.com')$$) AS in_the_folder;
-- that is all they may
SELECT u.user_id, regress_grants.tried(u.user_id, $$SELECT tj_perm.create_group('gra', 'New')$$), regress_grants.tried(u.user_id, $$SELECT tj_perm.invite_user('gra', 'new')$$), regress_grants.tried(u.user_id, $$SELECT count(*) FROM tj_perm.members_of('gra')$$)
FROM unnest(ARRAY['alice', 'dora']) AS u (user_id);
-- other people's grants included, the one who made them admin too
SELECT regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:5', 'admin', to_user => 'bob@gra.com')$$), regress_grants.tried('bob@gra.com', $$SELECT tj_perm.revoke_access('gra/app:5', from_user => 'dora')$$), regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:5', 'viewer', to_user => 'carl')$$);
-- an admin grant on the workspace makes a workspace admin
SELECT tj_perm.grant_access('gra', 'admin', to_group => 'Engineering');
SELECT regress_grants.tried('carl', $$SELECT tj_perm.create_group('gra', 'By Carl')$$), regress_grants.tried('carl', $$SELECT tj_perm.drop_group('gra', 'By Carl')$$);
SELECT tj_perm.revoke_access('gra', from_group => 'Engineering');
SELECT regress_grants.tried('carl', $$SELECT tj_perm.create_group('gra', 'By Carl')$$);
-- an editor grants nothing, an archived admin neither
SELECT tj_perm.set_access('gra/app:5', 'editor', to_user => 'bob@gra.com');
SELECT regress_grants.tried('bob@gra.com', $$SELECT tj_perm.grant_access('gra/app:5', 'viewer', to_user => 'carl')$$);
SELECT tj_perm.archive_user('gra', 'alice');
SELECT regress_grants.tried('alice', $$SELECT tj_perm.grant_access('gra/app:5', 'viewer', to_user => 'carl')$$);

-- a right that ends cannot give one that does not
SELECT tj_perm.set_access('gra/app:8', 'admin', to_user => 'dora', valid_until => '2130-01-01 00:00+00');
SELECT c.n, regress_grants.tried('dora', 'SELECT tj_perm.' || c.call)
FROM (VALUES
	(1, $$grant_access('gra/app:8', 'viewer', to_user => 'carl')$$),
	(2, $$grant_access('gra/app:8', 'viewer', to_user => 'carl', valid_until => '2130-01-01 00:00:01+00')$$),
	(3, $$set_access('gra/app:8', 'viewer', to_user => 'carl', valid_until => 'infinity')$$),
	(4, $$set_access('gra/app:8', 'admin', to_user => 'dora')$$),
	(5, $$grant_access('gra/app:8', 'viewer', to_user => 'carl', valid_until => '2130-01-01 00:00+00')$$),
	(6, $$grant_access('gra/app:8', 'viewer', to_user => 'carl', valid_from => '2129-11-01 00:00+00', valid_until => '2129-12-01 00:00+00')$$)) AS c (n, call) ORDER BY c.n;
-- what counts is the longest right there is now
SELECT tj_perm.grant_access('gra/app:*', 'admin', to_group => 'Engineering', valid_until => '2131-01-01 00:00+00'), tj_perm.add_to_group('gra', 'Engineering', '{dora}'), tj_perm.grant_access('gra/app:8', 'editor', to_group => 'all users');
SELECT regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:8', 'viewer', to_user => 'carl', valid_until => '2130-12-31 00:00+00')$$), regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:8', 'viewer', to_user => 'carl', valid_until => '2131-01-02 00:00+00')$$);
SELECT tj_perm.grant_access('gra/app:*', 'admin', to_user => 'dora', valid_from => '2129-01-01 00:00+00');
SELECT regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:8', 'viewer', to_user => 'carl')$$) AS not_yet;
SELECT tj_perm.grant_access('gra/app:*', 'admin', to_user => 'dora');
SELECT regress_grants.tried('dora', $$SELECT tj_perm.grant_access('gra/app:8', 'viewer', to_user => 'carl')$$) AS now;
-- a copy of a group grants too
SELECT tj_perm.grant_access('gra', 'admin', to_user => 'carl', valid_until => '2130-01-01 00:00+00'), tj_perm.create_group('gra', 'Standing'), tj_perm.grant_access('gra/app:1', 'viewer', to_group => 'Standing');
SELECT regress_grants.tried('carl', $$SELECT tj_perm.duplicate_group('gra', 'Standing')$$), regress_grants.tried('carl', $$SELECT tj_perm.duplicate_group('gra', 'Standing', with_grants => false)$$);
-- over: no right, whatever was granted
SELECT tj_perm.set_access('gra/app:9', 'admin', to_user => 'bob@gra.com', valid_until => '2020-01-01');
SELECT regress_grants.tried('bob@gra.com', $$SELECT tj_perm.grant_access('gra/app:9', 'viewer', to_user => 'bob@gra.com', valid_until => '2019-01-01')$$);
RESET ROLE;
RESET tj_perm.user_id;
SELECT tj_perm.drop_workspace('gra'), tj_perm.drop_workspace('gra2');
SET client_min_messages = warning;
DROP SCHEMA regress_grants CASCADE;
DROP OWNED BY regress_grants_app;
DROP ROLE regress_grants_app;
