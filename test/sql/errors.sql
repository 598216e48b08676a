-- Every error of the administration, with its SQLSTATE, text and hint.
\set SHOW_CONTEXT never
CREATE SCHEMA regress_errors;
CREATE FUNCTION regress_errors.provoked(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, 'DETAIL ' || nullif(detail, ''), 'HINT ' || nullif(hint, ''));
END
$$;
SELECT tj_perm.create_workspace('err', 'root'), tj_perm.create_workspace('err_archived', 'root');
SELECT tj_perm.archive_workspace('err_archived');
SELECT tj_perm.create_group('err', 'Sales'), tj_perm.create_group('err', 'Support'), tj_perm.nest_group('err', 'Sales', 'Support');
SELECT tj_perm.add_user('err', 'bob'), tj_perm.add_user('err', 'archie'), tj_perm.archive_user('err', 'archie');
SELECT tj_perm.add_user('err', 'brief'), tj_perm.grant_access('err', 'admin', to_user => 'brief', valid_until => '2130-01-01 00:00+00');
SELECT tj_perm.grant_access('err/app:1', 'viewer', to_group => 'Sales');

\pset format unaligned
\pset tuples_only on
\pset fieldsep '\n'
\pset recordsep '\n\n'
-- 42501 not allowed
SET tj_perm.user_id = 'bob';
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.create_group('err', 'New')$$,
	$$tj_perm.grant_access('err/app:1', 'viewer', to_group => 'Nope')$$,
	$$tj_perm.create_workspace('err', admin => 'root')$$,
	$$tj_perm.change_user_id('root', 'bob')$$,
	$$tj_perm.accept_invitation('00000000-0000-0000-0000-000000000000')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
-- 22023 a right that ends gives none that lasts
SET tj_perm.user_id = 'brief';
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.grant_access('err/app:1', 'viewer', to_group => 'Sales')$$,
	$$tj_perm.duplicate_group('err', 'Sales')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
RESET tj_perm.user_id;
-- 42704 no such thing
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.create_group('nowhere', 'New')$$,
	$$tj_perm.members_of('nowhere')$$,
	$$tj_perm.add_to_group('err', 'Nope', '{bob}')$$,
	$$tj_perm.grant_access('err', 'viewer', to_group => 'bob@example.com')$$,
	$$tj_perm.revoke_access('err', from_group => 'bob@example.com')$$,
	$$tj_perm.add_to_group('err', 'Sales', '{carl, bob, alice}')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
-- 42710 exists already
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.create_workspace('err', admin => 'root')$$,
	$$tj_perm.create_group('err', ' sales')$$,
	$$tj_perm.create_group('err', 'ADMIN')$$,
	$$tj_perm.invite_user('err', 'bob')$$,
	$$tj_perm.change_user_id('root', 'bob')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
-- 55000 wrong state
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.create_group('err_archived', 'New')$$,
	$$tj_perm.members_of('err_archived')$$,
	$$tj_perm.invite_user('err', 'archie')$$,
	$$tj_perm.restore_user('err', 'bob')$$,
	$$tj_perm.drop_group('err', 'Admins')$$,
	$$tj_perm.add_to_group('err', 'All Users', '{bob}')$$,
	$$tj_perm.remove_user('err', 'root')$$,
	$$tj_perm.nest_group('err', 'Support', into_group => 'Sales')$$,
	$$tj_perm.nest_group('err', 'Support', into_group => 'support')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
-- 22023 bad value
SELECT call, regress_errors.provoked('SELECT ' || call) FROM unnest(ARRAY[
	$$tj_perm.create_workspace('', admin => 'root')$$,
	$$tj_perm.create_workspace(repeat('x', 256), admin => 'root')$$,
	$$tj_perm.create_workspace('new', admin => ' root')$$,
	$$tj_perm.create_workspace('new', admin => 'root', name => ' ')$$,
	$$tj_perm.create_workspace('new', admin => NULL)$$,
	$$tj_perm.create_workspace(NULL, admin => 'root')$$,
	$$tj_perm.rename_workspace('err', '')$$,
	$$tj_perm.invite_user('err', '')$$,
	$$tj_perm.invite_user('err', repeat('x', 256))$$,
	$$tj_perm.invite_user('err', 'new', groups => '{NULL}')$$,
	$$tj_perm.invite_user('err', 'new', groups => NULL)$$,
	$$tj_perm.invite_user('err', 'new', expires => '0')$$,
	$$tj_perm.invite_user('err', 'new', expires => '-1 day')$$,
	$$tj_perm.invite_user('err', 'new', expires => '300000 years')$$,
	$$tj_perm.invite_user('err', 'new', expires => NULL)$$,
	$$tj_perm.set_user_groups('err', 'bob', '{Admins}')$$,
	$$tj_perm.create_group('err', ' ')$$,
	$$tj_perm.create_group('err', repeat('x', 256))$$,
	$$tj_perm.add_to_group('err', 'Sales', '{bob, NULL}')$$,
	$$tj_perm.grant_access('err', 'viewer')$$,
	$$tj_perm.revoke_access('err', from_group => 'Sales', from_user => 'bob')$$,
	$$tj_perm.grant_access('err/folder:f/app:1', 'viewer', to_group => 'Sales')$$,
	$$tj_perm.grant_access('err', 'viewer', to_group => 'Sales', valid_from => 'today', valid_until => 'today')$$]) WITH ORDINALITY AS c (call, n) ORDER BY n;
-- a NULL for whatever must not be one is 22023, in every function
WITH call (function, arguments) AS (VALUES
	('create_workspace', ARRAY['''w''', '''u''']), ('rename_workspace', ARRAY['''err''']), ('archive_workspace', ARRAY['''err''']), ('restore_workspace', ARRAY['''err''']), ('drop_workspace', ARRAY['''err''']),
	('invite_user', ARRAY['''err''', '''u''', '''{}''', '''1 day''']), ('withdraw_invitation', ARRAY['''err''', '''u''']), ('add_user', ARRAY['''err''', '''u''', '''{}''']), ('set_user_groups', ARRAY['''err''', '''u''', '''{}''']),
	('archive_user', ARRAY['''err''', '''u''']), ('restore_user', ARRAY['''err''', '''u''']), ('remove_user', ARRAY['''err''', '''u''']), ('change_user_id', ARRAY['''u''', '''v''']),
	('create_group', ARRAY['''err''', '''g''']), ('rename_group', ARRAY['''err''', '''g''', '''h''']), ('drop_group', ARRAY['''err''', '''g''']), ('add_to_group', ARRAY['''err''', '''g''', '''{}''']), ('remove_from_group', ARRAY['''err''', '''g''', '''{}''']),
	('nest_group', ARRAY['''err''', '''g''', '''h''']), ('detach_group', ARRAY['''err''', '''g''', '''h''']),
	('grant_access', ARRAY['''err''', '''viewer''', '''g''']), ('set_access', ARRAY['''err''', '''viewer''', '''g''']),
	('members_of', ARRAY['''err''']), ('groups_of', ARRAY['''err''']), ('members_of_group', ARRAY['''err''', '''g''']), ('grants_on', ARRAY['''err''']), ('grants_of', ARRAY['''err''', '''g''']), ('invitations_of', ARRAY['''err''']))
SELECT count(*) || ' calls', count(*) FILTER (WHERE left(p.error, 5) = '22023') || ' refused', string_agg(p.statement || ': ' || p.error, E'\n') FILTER (WHERE left(p.error, 5) <> '22023')
FROM call AS c, generate_subscripts(c.arguments, 1) AS i,
	 LATERAL (SELECT format('SELECT tj_perm.%I(%s)', c.function,
							(SELECT string_agg(CASE j.n WHEN i THEN 'NULL' ELSE j.argument END, ', ' ORDER BY j.n) FROM unnest(c.arguments || CASE c.function WHEN 'rename_workspace' THEN ARRAY['''new name'''] ELSE '{}'::text[] END) WITH ORDINALITY AS j (argument, n))) AS statement) AS s,
	 LATERAL (SELECT s.statement, regress_errors.provoked(s.statement) AS error) AS p;
\pset recordsep '\n'
\pset tuples_only off
\pset format aligned
SELECT tj_perm.drop_workspace('err'), tj_perm.drop_workspace('err_archived');
SET client_min_messages = warning;
DROP SCHEMA regress_errors CASCADE;
