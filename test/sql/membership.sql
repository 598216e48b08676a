-- Users of a workspace: invitations, acceptance, archive, removal, new ids.
\set SHOW_CONTEXT never
CREATE ROLE regress_membership_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_membership_app;
CREATE SCHEMA regress_membership;
GRANT USAGE ON SCHEMA regress_membership TO PUBLIC;
-- what a user gets from a statement: the first value, or the error
CREATE FUNCTION regress_membership.tried(as_user text, statement text) RETURNS text
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
SELECT tj_perm.create_workspace('mem', 'root@mem.com'), tj_perm.create_workspace('mem2', 'root@mem.com');
SELECT tj_perm.create_group('mem', 'Engineering'), tj_perm.create_group('mem', 'Support'), tj_perm.create_group('mem2', 'Elsewhere');
CREATE VIEW regress_membership.members AS
SELECT m.user_id, m.status, m.groups, m.is_admin, i.restores, i.expires_at - i.invited_at AS expires FROM tj_perm.members_of('mem') AS m LEFT JOIN tj_perm.invitations_of('mem') AS i USING (user_id) ORDER BY 1;
GRANT SELECT ON regress_membership.members TO PUBLIC;

SET ROLE regress_membership_app;
BEGIN;
SET LOCAL tj_perm.user_id = 'root@mem.com';
-- groups by any spelling, each once; the user by any spelling of the address
SELECT tj_perm.invite_user('mem', 'Alice@Mem.com', groups => ARRAY['engineering', ' ENGINEERING ', 'Support'], expires => '3 days') AS first_token \gset
SELECT * FROM regress_membership.members;
SELECT invitation_id AS first_id FROM tj_perm.invitations_of('mem') \gset
-- inviting again: a new token for the same invitation
SELECT tj_perm.invite_user('mem', 'alice@mem.com') AS second_token \gset
SELECT :'first_token' <> :'second_token' AS other_token;
SELECT user_id, groups, invited_by, expired, invitation_id = :'first_id' AS same_invitation FROM tj_perm.invitations_of('mem');
SELECT user_id, status, groups, expires FROM regress_membership.members;
COMMIT;
-- what the mailer gets
RESET ROLE;
SELECT workspace, name, user_id, invited_by, expires_at - invited_at AS expires FROM tj_perm.invitation(:'first_id');
SELECT count(*) FROM tj_perm.invitations WHERE token_hash = sha256(uuid_send(:'second_token'));
SET ROLE regress_membership_app;

-- one and the same refusal for all that is wrong with a token
SELECT regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_token')) AS replaced;
SELECT regress_membership.tried('alice@mem.com', 'SELECT tj_perm.accept_invitation(NULL)') = regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_token')) AS same_for_null,
	   regress_membership.tried('alice@mem.com', 'SELECT tj_perm.accept_invitation(gen_random_uuid())') = regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_token')) AS same_for_unknown,
	   regress_membership.tried('bob@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'second_token')) = regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_token')) AS same_for_another_user,
	   regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_id')) = regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'first_token')) AS same_for_the_id;
SELECT tj_can('alice@mem.com', 'mem', 'viewer'), tj_is_member('alice@mem.com', 'mem');
SELECT regress_membership.tried('ALICE@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'second_token'));
SELECT tj_is_member('alice@mem.com', 'mem');
SELECT regress_membership.tried('alice@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'second_token')) AS used;
-- expired: refused, and can be renewed
SELECT regress_membership.tried('root@mem.com', $$SELECT tj_perm.invite_user('mem', 'bob', groups => '{Admins}', expires => '1 microsecond')$$) AS token \gset
SELECT regress_membership.tried(NULL, format('SELECT tj_perm.accept_invitation(%L)', :'token')) AS expired;
SELECT regress_membership.tried('root@mem.com', $$SELECT expired FROM tj_perm.invitations_of('mem')$$) AS listed_as_expired;
SELECT regress_membership.tried('root@mem.com', $$SELECT tj_perm.invite_user('mem', 'bob', expires => '1 day')$$) AS token \gset
SELECT regress_membership.tried(NULL, format('SELECT tj_perm.accept_invitation(%L)', :'token')) AS renewed;
SELECT tj_can('bob', 'mem', 'admin');
-- withdrawn: the member is gone with all that hung on it
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'carl', groups => '{Support}')$$) AS token \gset
SELECT regress_membership.tried('bob', $$SELECT tj_perm.grant_access('mem/app:1', 'viewer', to_user => 'carl')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.withdraw_invitation('mem', 'carl')$$) AS first, regress_membership.tried('bob', $$SELECT tj_perm.withdraw_invitation('mem', 'carl')$$) AS again;
SELECT regress_membership.tried('carl', format('SELECT tj_perm.accept_invitation(%L)', :'token')) AS withdrawn;
SELECT regress_membership.tried('bob', $$SELECT count(*) FROM tj_perm.grants_on('mem/app:1')$$) AS grants;
SELECT regress_membership.tried('bob', $$SELECT tj_perm.withdraw_invitation('mem', 'root@mem.com')$$) AS nothing_open;
-- refused: active and archived members, other workspaces' groups, All Users
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'ROOT@mem.com')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'carl', groups => '{Support, Nope, Elsewhere}')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'carl', groups => '{Support, "ALL  users"}')$$);
SELECT regress_membership.tried('bob', $$SELECT count(*) FROM tj_perm.members_of('mem') WHERE user_id = 'carl'$$) AS nothing_changed;

-- add_user: active at once
SELECT regress_membership.tried('bob', $$SELECT tj_perm.add_user('mem', 'Dora@Mem.com', groups => '{support}')$$) AS added,
	   regress_membership.tried('bob', $$SELECT tj_perm.add_user('mem', 'dora@mem.com', groups => '{support}')$$) AS nothing_to_do,
	   regress_membership.tried('bob', $$SELECT tj_perm.add_user('mem', 'dora@mem.com', groups => '{engineering}')$$) AS group_added;
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'eve')$$) AS token \gset
SELECT regress_membership.tried('bob', $$SELECT tj_perm.add_user('mem', 'eve')$$) AS activated;
SELECT regress_membership.tried('eve', format('SELECT tj_perm.accept_invitation(%L)', :'token')) AS token_used_up;
RESET ROLE;
SELECT * FROM regress_membership.members;
SET ROLE regress_membership_app;

-- set_user_groups: exactly these custom groups, Admins untouched
SELECT regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'dora@mem.com', '{SUPPORT}')$$) AS one_less,
	   regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'dora@mem.com', '{" support"}')$$) AS nothing_to_do,
	   regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'bob', '{Engineering}')$$) AS one_more,
	   regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'dora@mem.com', '{}')$$) AS none;
SELECT regress_membership.tried('bob', $$SELECT string_agg(user_id || ' ' || groups::text, ', ') FROM tj_perm.members_of('mem') WHERE user_id IN ('bob', 'dora@mem.com')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'bob', '{Engineering, admins}')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'bob', '{Support, Nope}')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'nobody', '{}')$$);
SELECT regress_membership.tried('bob', $$SELECT groups FROM tj_perm.members_of('mem') WHERE user_id = 'bob'$$) AS as_before;

-- archive: everything sleeps; restore: invited again, and it wakes on acceptance
SELECT regress_membership.tried('bob', $$SELECT tj_perm.set_user_groups('mem', 'dora@mem.com', '{Support}')$$),
	   regress_membership.tried('bob', $$SELECT tj_perm.grant_access('mem/app:1', 'editor', to_user => 'dora@mem.com')$$),
	   regress_membership.tried('bob', $$SELECT tj_perm.grant_access('mem/app:2', 'viewer', to_group => 'support')$$);
CREATE FUNCTION pg_temp.dora() RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', tj_level_on('dora@mem.com', 'mem/app:1'), tj_level_on('dora@mem.com', 'mem/app:2')) $$;
SELECT pg_temp.dora();
SELECT regress_membership.tried('bob', $$SELECT tj_perm.archive_user('mem', 'dora@mem.com')$$) AS archived, regress_membership.tried('bob', $$SELECT tj_perm.archive_user('mem', 'dora@mem.com')$$) AS again;
SELECT pg_temp.dora(), tj_is_member('dora@mem.com', 'mem');
SELECT regress_membership.tried('bob', c.call) FROM (VALUES
	(1, $$SELECT tj_perm.invite_user('mem', 'dora@mem.com')$$),
	(2, $$SELECT tj_perm.add_user('mem', 'dora@mem.com')$$),
	(3, $$SELECT tj_perm.set_user_groups('mem', 'dora@mem.com', '{}')$$),
	(4, $$SELECT tj_perm.add_to_group('mem', 'Engineering', '{bob, dora@mem.com}')$$),
	(5, $$SELECT tj_perm.grant_access('mem/app:3', 'editor', to_user => 'dora@mem.com')$$),
	(6, $$SELECT tj_perm.set_access('mem/app:3', 'editor', to_user => 'dora@mem.com')$$)) AS c (n, call) ORDER BY c.n;
SELECT regress_membership.tried('bob', $$SELECT tj_perm.restore_user('mem', 'dora@mem.com')$$) AS token \gset
SELECT pg_temp.dora();
SELECT regress_membership.tried('bob', $$SELECT tj_perm.restore_user('mem', 'dora@mem.com')$$);
-- withdrawn: archived again, nothing lost
SELECT regress_membership.tried('bob', $$SELECT tj_perm.withdraw_invitation('mem', 'dora@mem.com')$$);
SELECT regress_membership.tried('dora@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'token'));
SELECT regress_membership.tried('bob', $$SELECT status || groups::text FROM tj_perm.members_of('mem') WHERE user_id = 'dora@mem.com'$$);
-- renewed by invite_user it still restores
SELECT regress_membership.tried('bob', $$SELECT tj_perm.restore_user('mem', 'dora@mem.com')$$) AS token \gset
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'dora@mem.com')$$) AS token \gset
SELECT regress_membership.tried('bob', $$SELECT restores FROM tj_perm.invitations_of('mem') WHERE user_id = 'dora@mem.com'$$) AS restores;
SELECT regress_membership.tried('dora@mem.com', format('SELECT tj_perm.accept_invitation(%L)', :'token'));
SELECT pg_temp.dora();
-- archiving an invited member withdraws the invitation
SELECT regress_membership.tried('bob', $$SELECT tj_perm.invite_user('mem', 'fred')$$) AS token \gset
SELECT regress_membership.tried('bob', $$SELECT tj_perm.archive_user('mem', 'fred')$$);
SELECT regress_membership.tried('bob', $$SELECT count(*) FROM tj_perm.invitations_of('mem')$$) AS open_invitations;
SELECT regress_membership.tried('fred', format('SELECT tj_perm.accept_invitation(%L)', :'token'));
-- removing: nothing is left, inviting again starts from nothing
SELECT regress_membership.tried('bob', $$SELECT tj_perm.remove_user('mem', 'DORA@mem.com')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.remove_user('mem', 'dora@mem.com')$$);
SELECT regress_membership.tried('bob', $$SELECT tj_perm.add_user('mem', 'dora@mem.com')$$), pg_temp.dora();
-- oneself
SELECT regress_membership.tried('dora@mem.com', $$SELECT tj_perm.remove_user('mem', 'eve')$$) AS another,
	   regress_membership.tried('dora@mem.com', $$SELECT tj_perm.remove_user('mem2', 'dora@mem.com')$$) AS no_member,
	   regress_membership.tried('dora@mem.com', $$SELECT tj_perm.remove_user('mem3', 'dora@mem.com')$$) AS no_workspace;
SELECT regress_membership.tried('dora@mem.com', $$SELECT tj_perm.remove_user('mem', 'Dora@Mem.com')$$),
	   regress_membership.tried('fred', $$SELECT tj_perm.remove_user('mem', 'fred')$$) AS archived_member;
-- the last active member of Admins stays
SELECT regress_membership.tried('bob', $$SELECT tj_perm.remove_user('mem', 'bob')$$);
SELECT regress_membership.tried('root@mem.com', c.call) FROM (VALUES
	(1, $$SELECT tj_perm.remove_user('mem', 'root@mem.com')$$),
	(2, $$SELECT tj_perm.archive_user('mem', 'root@mem.com')$$),
	(3, $$SELECT tj_perm.remove_from_group('mem', 'Admins', '{root@mem.com}')$$)) AS c (n, call) ORDER BY c.n;
RESET ROLE;
SELECT * FROM regress_membership.members;

-- a new id: everywhere at once, with everything; history keeps the old one
SELECT tj_perm.add_user('mem2', 'Alice@mem.com', groups => '{Elsewhere}');
SELECT tj_perm.grant_access('mem/app:9', 'editor', to_user => 'alice@mem.com');
SELECT tj_perm.invite_user('mem2', 'gina') AS token \gset
SELECT tj_perm.archive_workspace('mem2');
SELECT tj_perm.change_user_id('ALICE@mem.com', 'Alice@New.com'), tj_perm.change_user_id('alice@mem.com', 'other'), tj_perm.change_user_id('eve', 'eve'), tj_perm.change_user_id('gina', 'Gina@Mem.com');
SELECT workspace_id, user_id, status FROM tj_perm.members WHERE workspace_id LIKE 'mem%' ORDER BY 1, 2;
SELECT gm.workspace_id, g.name FROM tj_perm.group_members AS gm JOIN tj_perm.groups AS g USING (group_id) WHERE user_id = 'alice@new.com' ORDER BY 1, 2;
SELECT tj_level_on('alice@new.com', 'mem/app:9') AS new, tj_level_on('alice@mem.com', 'mem/app:9') AS old;
SELECT tj_perm.change_user_id('root@mem.com', 'boss');
SELECT tj_level_on('boss', 'mem'), tj_level_on('root@mem.com', 'mem');
-- what is no e-mail address compares exactly
SELECT tj_perm.change_user_id('boss', 'EVE');
SELECT tj_perm.change_user_id('EVE', 'eve');
SELECT DISTINCT old_row ->> 'user_id' AS old, new_row ->> 'user_id' AS new FROM tj_perm.history WHERE table_name = 'members' AND operation = 'UPDATE' AND old_row ->> 'user_id' <> new_row ->> 'user_id' AND workspace_id LIKE 'mem%' ORDER BY 1;
SELECT tj_perm.accept_invitation(:'token');
SELECT tj_perm.restore_workspace('mem2');
SELECT tj_perm.accept_invitation(:'token');
SELECT tj_is_member('gina@mem.com', 'mem2');
-- only the owner, and not for a user
GRANT EXECUTE ON FUNCTION tj_perm.change_user_id(text, text) TO regress_membership_app;
SELECT regress_membership.tried('EVE', $$SELECT tj_perm.change_user_id('eve', 'boss2')$$);
SET ROLE regress_membership_app;
SELECT regress_membership.tried(NULL, $$SELECT tj_perm.change_user_id('eve', 'boss2')$$);
RESET ROLE;

SELECT tj_perm.drop_workspace('mem'), tj_perm.drop_workspace('mem2');
SET client_min_messages = warning;
DROP SCHEMA regress_membership CASCADE;
DROP OWNED BY regress_membership_app;
DROP ROLE regress_membership_app;
