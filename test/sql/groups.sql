-- Groups: names, members, duplicates, groups inside groups.
\set SHOW_CONTEXT never
CREATE ROLE regress_groups_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_groups_app;
CREATE SCHEMA regress_groups;
GRANT USAGE ON SCHEMA regress_groups TO PUBLIC;
-- what a user gets from a statement: the first value, or the error
CREATE FUNCTION regress_groups.tried(as_user text, statement text) RETURNS text
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
SELECT tj_perm.create_workspace('grp', 'root@grp.com'), tj_perm.create_workspace('grp2', 'root@grp.com');
SELECT tj_perm.add_user('grp', u) FROM unnest(ARRAY['alice@grp.com', 'bob@grp.com', 'carl']) AS u;
SELECT tj_perm.invite_user('grp', 'ivy@grp.com') AS token \gset
SELECT tj_perm.add_user('grp', 'archie'), tj_perm.archive_user('grp', 'archie');
SELECT tj_perm.add_user('grp2', 'elsewhere'), tj_perm.create_group('grp2', 'Elsewhere');
SET ROLE regress_groups_app;
SET tj_perm.user_id = 'root@grp.com';

-- names: stored tidy, compared without case and extra blanks, unique in a workspace
SELECT tj_perm.create_group('grp', E' \t Customer   Success\n');
SELECT tj_perm.create_group('grp', 'customer success');
SELECT tj_perm.create_group('grp2', 'customer success');
SELECT tj_perm.create_group('grp', 'Élan'), tj_perm.create_group('grp', 'élan');
SELECT group_name, kind FROM tj_perm.groups_of('grp');
SELECT n.name, regress_groups.tried('root@grp.com', format('SELECT tj_perm.create_group(''grp'', %L)', n.name))
FROM unnest(ARRAY['Admins', ' ADMIN', 'all  users', 'All_Users', '', E' \t ']) AS n (name);
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.create_group('grp', repeat('x', 256))$$),
	   regress_groups.tried('root@grp.com', $$SELECT tj_perm.create_group('grp', NULL)$$);
SELECT tj_perm.create_group('grp', '  ' || repeat('x', 255) || '  ');
SELECT tj_perm.drop_group('grp', repeat('X', 255));
-- rename: another spelling is a change, the same is none
SELECT tj_perm.rename_group('grp', 'CUSTOMER SUCCESS', 'Customer success'), tj_perm.rename_group('grp', 'Customer Success', ' Customer  success ');
SELECT tj_perm.create_group('grp', 'Sales');
SELECT n.old, n.new, regress_groups.tried('root@grp.com', format('SELECT tj_perm.rename_group(''grp'', %L, %L)', n.old, n.new))
FROM (VALUES (1, 'sales', 'CUSTOMER success'), (2, 'Sales', 'admin'), (3, 'Sales', ' '), (4, 'Admins', 'Bosses'), (5, 'all users', 'Everybody'), (6, 'Nope', 'Sales'), (7, 'Elsewhere', 'Here'), (8, 'Sales', NULL), (9, 'Sales', 'Sales force')) AS n (n, old, new) ORDER BY n.n;

-- members: all or nothing, each once, whatever the spelling
SELECT tj_perm.add_to_group('grp', 'sales force', ARRAY['ALICE@grp.com', 'alice@GRP.com', 'carl']) AS added,
	   tj_perm.add_to_group('grp', 'sales force', ARRAY['carl', 'alice@grp.com']) AS nothing_to_do,
	   tj_perm.add_to_group('grp', 'sales force', ARRAY['carl', 'ivy@grp.com']) AS invited_too,
	   tj_perm.add_to_group('grp', 'sales force', '{}') AS nobody;
SELECT * FROM tj_perm.members_of_group('grp', 'Sales Force');
SELECT c.users, regress_groups.tried('root@grp.com', format('SELECT tj_perm.add_to_group(''grp'', ''Sales force'', %L)', c.users)) AS added,
	   regress_groups.tried('root@grp.com', format('SELECT tj_perm.remove_from_group(''grp'', ''Sales force'', %L)', c.users)) AS removed
FROM (VALUES (1, '{zoe, nobody, bob@grp.com}'), (2, '{bob@grp.com, archie}'), (3, '{bob@grp.com, CARL}'), (4, '{bob@grp.com, elsewhere}'), (5, '{bob@grp.com, NULL}'), (6, '{" bob"}'), (7, '{""}'), (8, NULL), (9, '{}'), (10, '{bob@grp.com}'), (11, '{{bob@grp.com},{carl}}')) AS c (n, users) ORDER BY c.n;
SELECT user_id FROM tj_perm.members_of_group('grp', 'sales force');
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.add_to_group('grp', 'All Users', '{carl}')$$),
	   regress_groups.tried('root@grp.com', $$SELECT tj_perm.remove_from_group('grp', 'all users', '{carl}')$$),
	   regress_groups.tried('root@grp.com', $$SELECT tj_perm.add_to_group('grp', 'all_users', '{carl}')$$);
-- Admins
SELECT tj_perm.add_to_group('grp', 'ADMINS', '{ivy@grp.com}') AS invited_admin;
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.remove_from_group('grp', 'admins', '{root@grp.com}')$$) AS the_only_active;
SELECT tj_perm.add_to_group('grp', 'admins', '{bob@grp.com}');
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.remove_from_group('grp', 'admins', '{root@grp.com, bob@grp.com}')$$) AS both;
SELECT tj_perm.remove_from_group('grp', 'admins', '{bob@grp.com, ivy@grp.com}');
SELECT * FROM tj_perm.members_of_group('grp', 'admins');

-- groups inside groups: who is in the inner one counts in the outer one
SELECT tj_perm.create_group('grp', n) FROM unnest(ARRAY['Engineering', 'Backend', 'Database']) AS n;
SELECT tj_perm.nest_group('grp', 'backend', into_group => 'ENGINEERING') AS nested, tj_perm.nest_group('grp', 'Backend', into_group => 'Engineering') AS nothing_to_do, tj_perm.nest_group('grp', 'Database', 'Backend') AS deeper;
SELECT tj_perm.add_to_group('grp', 'Database', '{bob@grp.com}'), tj_perm.add_to_group('grp', 'Engineering', '{carl, bob@grp.com}');
SELECT tj_perm.grant_access('grp/app:db', 'editor', to_group => 'Engineering');
SELECT group_name, members, listed, holds, lies_in, grants FROM tj_perm.groups_of('grp') WHERE kind = 'custom';
SELECT * FROM tj_perm.members_of_group('grp', 'Engineering');
SELECT tj_perm.remove_from_group('grp', 'Engineering', '{bob@grp.com}');
SELECT tj_level_on('bob@grp.com', 'grp/app:db') AS through_database;
SELECT tj_perm.detach_group('grp', 'Database', from_group => 'backend') AS detached, tj_perm.detach_group('grp', 'Database', from_group => 'backend') AS again;
SELECT tj_level_on('bob@grp.com', 'grp/app:db') AS no_more;
SELECT tj_perm.nest_group('grp', 'Database', into_group => 'Backend');
SELECT c.call, regress_groups.tried('root@grp.com', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$nest_group('grp', 'Engineering', 'database')$$), (2, $$nest_group('grp', 'Engineering', 'ENGINEERING')$$), (3, $$nest_group('grp', 'Admins', 'Engineering')$$), (4, $$nest_group('grp', 'Engineering', 'all users')$$),
	  (5, $$nest_group('grp', 'Elsewhere', 'Engineering')$$), (6, $$nest_group('grp', 'Engineering', 'Elsewhere')$$), (7, $$nest_group('grp', NULL, 'Engineering')$$), (8, $$detach_group('grp', 'Engineering', 'Admins')$$), (9, $$detach_group('grp', 'Engineering', NULL)$$)) AS c (n, call) ORDER BY c.n;
-- not deeper than the limit, whichever end grows
SELECT count(tj_perm.create_group('grp', 'd' || d)) AS created FROM generate_series(0, 18) AS d;
SELECT d, regress_groups.tried('root@grp.com', format('SELECT tj_perm.nest_group(''grp'', ''d%s'', ''d%s'')', d, d - 1)) FROM generate_series(1, 17) AS d WHERE d <> 9 ORDER BY d;
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.nest_group('grp', 'd9', 'd8')$$) AS too_deep;
SELECT tj_perm.detach_group('grp', 'd17', 'd16');
SELECT tj_perm.nest_group('grp', 'd9', 'd8') AS just_deep_enough;
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.nest_group('grp', 'd0', 'd18')$$) AS too_high;
SELECT count(tj_perm.drop_group('grp', 'd' || d)) AS dropped FROM generate_series(0, 18) AS d;

-- Admins: whose own right on the workspace ends some day gives nobody a membership that does not
SELECT tj_perm.grant_access('grp', 'admin', to_user => 'carl', valid_until => '2130-01-01 00:00+00');
SELECT c.call, regress_groups.tried('carl', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$add_to_group('grp', 'Admins', '{carl}')$$), (2, $$add_user('grp', 'dan', '{Admins}')$$), (3, $$invite_user('grp', 'dan', '{admins}')$$), (4, $$add_to_group('grp', 'Backend', '{carl}')$$), (5, $$remove_from_group('grp', 'Backend', '{carl}')$$)) AS c (n, call) ORDER BY c.n;
-- nor one of a group that administers for longer, itself or by a group around it
SELECT tj_perm.create_group('grp', 'Ops'), tj_perm.create_group('grp', 'Ops night shift'), tj_perm.nest_group('grp', 'Ops night shift', 'Ops'), tj_perm.grant_access('grp/app:*', 'admin', to_group => 'Ops');
SELECT c.call, regress_groups.tried('carl', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$add_to_group('grp', 'Ops', '{carl}')$$), (2, $$add_to_group('grp', 'Ops night shift', '{carl}')$$), (3, $$set_user_groups('grp', 'carl', '{Ops}')$$), (4, $$nest_group('grp', 'Backend', 'Ops night shift')$$)) AS c (n, call) ORDER BY c.n;
SELECT tj_perm.grant_access('grp/app:*', 'admin', to_group => 'Ops', valid_until => '2120-01-01 00:00+00');
SELECT regress_groups.tried('carl', $$SELECT tj_perm.add_to_group('grp', 'Ops', '{carl}')$$) AS ends_before;
-- others may be added where something below admin is held for longer, but not the caller
SELECT tj_perm.create_group('grp', 'Plain'), tj_perm.create_group('grp', 'Mine'), tj_perm.add_to_group('grp', 'Mine', '{carl}'), tj_perm.grant_access('grp/app:*', 'editor', to_group => 'Plain');
SELECT c.call, regress_groups.tried('carl', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$add_to_group('grp', 'Plain', '{alice@grp.com}')$$), (2, $$add_to_group('grp', 'Plain', '{bob@grp.com,carl}')$$), (3, $$set_user_groups('grp', 'carl', '{Mine,Plain}')$$), (4, $$nest_group('grp', 'Mine', 'Plain')$$), (5, $$nest_group('grp', 'Backend', 'Plain')$$)) AS c (n, call) ORDER BY c.n;
SELECT tj_perm.drop_group('grp', 'Plain'), tj_perm.drop_group('grp', 'Mine');
SELECT tj_perm.drop_group('grp', 'Ops'), tj_perm.drop_group('grp', 'Ops night shift');
SELECT tj_perm.grant_access('grp', 'admin', to_user => 'carl');
SELECT c.call, regress_groups.tried('carl', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$add_to_group('grp', 'Admins', '{carl}')$$), (2, $$remove_from_group('grp', 'Admins', '{carl}')$$)) AS c (n, call) ORDER BY c.n;
SELECT tj_perm.revoke_access('grp', from_user => 'carl');

-- duplicate: who is in it and what it may, as asked
SELECT tj_perm.grant_access('grp', 'viewer', to_group => 'Engineering', valid_from => '2020-01-01 00:00+00', valid_until => '2130-01-01 00:00+00', note => 'audit');
SELECT tj_perm.duplicate_group('grp', 'engineering'), tj_perm.duplicate_group('grp', 'Engineering', with_members => false), tj_perm.duplicate_group('grp', 'Engineering', with_grants => false), tj_perm.duplicate_group('grp', 'Engineering', '  Twin  group ', false, false);
SELECT group_name, members, listed, holds, lies_in, grants FROM tj_perm.groups_of('grp') WHERE group_name ~ '^(Eng|Twin)';
SELECT resource, level, valid_from = '2020-01-01 00:00+00' AND valid_until = '2130-01-01 00:00+00' AS same_validity, note, granted_by FROM tj_perm.grants_of('grp', to_group => 'Engineering_copy');
SELECT tj_perm.drop_group('grp', 'Engineering');
SELECT tj_level_on('bob@grp.com', 'grp/app:db') AS by_the_copy;
SELECT tj_perm.duplicate_group('grp', 'Engineering_copy_2'), tj_perm.duplicate_group('grp', 'Engineering_copy');
-- a long name is shortened by whole letters
SELECT tj_perm.create_group('grp', 'x' || repeat('é', 127));
SELECT octet_length(n), n ~ '^xé+_copy(_2)?$' AS whole_letters, right(n, 7) FROM (SELECT tj_perm.duplicate_group('grp', 'x' || repeat('é', 127)) AS n FROM generate_series(1, 2)) AS d ORDER BY n COLLATE "C";
SELECT c.call, regress_groups.tried('root@grp.com', 'SELECT tj_perm.' || c.call)
FROM (VALUES (1, $$duplicate_group('grp', 'Admins')$$), (2, $$duplicate_group('grp', 'All users')$$), (3, $$duplicate_group('grp', 'Backend', 'DATABASE')$$), (4, $$duplicate_group('grp', 'Backend', 'admin')$$), (5, $$duplicate_group('grp', 'Backend', '')$$), (6, $$duplicate_group('grp', 'Nope')$$), (7, $$duplicate_group('grp', 'Backend', with_grants => NULL)$$)) AS c (n, call) ORDER BY c.n;

-- drop: memberships, nestings and grants go at once
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.drop_group('grp', 'Admins')$$), regress_groups.tried('root@grp.com', $$SELECT tj_perm.drop_group('grp', 'ALL USERS')$$), regress_groups.tried('root@grp.com', $$SELECT tj_perm.drop_group('grp', 'Elsewhere')$$);
RESET ROLE;
CREATE TEMPORARY TABLE copy AS SELECT group_id FROM tj_perm.groups WHERE workspace_id = 'grp' AND name = 'Engineering_copy';
CREATE TEMPORARY VIEW rows_of_copy AS
SELECT (SELECT count(*) FROM tj_perm.grants JOIN copy USING (group_id)) AS grants,
	   (SELECT count(*) FROM tj_perm.group_members JOIN copy USING (group_id)) AS members,
	   (SELECT count(*) FROM tj_perm.group_nesting JOIN copy USING (group_id)) AS nested;
SELECT * FROM rows_of_copy;
SELECT tj_perm.drop_group('grp', 'Engineering_copy_3'), tj_perm.drop_group('grp', 'Engineering_copy_copy'), tj_perm.drop_group('grp', 'engineering_COPY');
SELECT * FROM rows_of_copy;
SELECT tj_level_on('bob@grp.com', 'grp/app:db') AS nothing_left;
SELECT regress_groups.tried('root@grp.com', $$SELECT tj_perm.drop_group('grp', 'engineering_COPY')$$) AS again;
DROP VIEW rows_of_copy;
DROP TABLE copy;
RESET tj_perm.user_id;
SELECT tj_perm.drop_workspace('grp'), tj_perm.drop_workspace('grp2');
SELECT count(*) FROM tj_perm.groups WHERE workspace_id LIKE 'grp%';
SET client_min_messages = warning;
DROP SCHEMA regress_groups CASCADE;
DROP OWNED BY regress_groups_app;
DROP ROLE regress_groups_app;
