-- explain_access: why, why not, and what would change it.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE ROLE regress_explain_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_explain_app;
CREATE SCHEMA regress_explain;
GRANT USAGE ON SCHEMA regress_explain TO PUBLIC;
-- what a user is told, a line per row; or the error
CREATE FUNCTION regress_explain.told(as_user text, user_id text, resource tj_resource, level tj_level) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('tj_perm.user_id', coalesce(as_user, ''), true);
	RETURN QUERY SELECT concat_ws(' ', e.verdict, e.at_level, e.explanation) FROM tj_perm.explain_access($2, $3, $4) AS e;
EXCEPTION WHEN OTHERS THEN
	RETURN NEXT SQLSTATE || ' ' || SQLERRM;
END
$$;

SELECT set_config('tj_perm.user_id', 'root@techcorp.com', false) \g /dev/null
SELECT tj_perm.create_workspace('techcorp', 'root@techcorp.com');
SELECT tj_perm.add_user('techcorp', u) FROM unnest('{alice@techcorp.com,bob@techcorp.com,charlie@techcorp.com,dan}'::text[]) AS u;
SELECT tj_perm.create_group('techcorp', g) FROM unnest('{Backend,Core,Engineering,Support,Temps}'::text[]) AS g;
-- Core lies in Backend, Backend in Engineering
SELECT tj_perm.nest_group('techcorp', 'Core', 'Backend'), tj_perm.nest_group('techcorp', 'Backend', 'Engineering');
SELECT tj_perm.add_to_group('techcorp', 'Core', '{alice@techcorp.com}'), tj_perm.add_to_group('techcorp', 'Support', '{bob@techcorp.com}'),
	   tj_perm.add_to_group('techcorp', 'Temps', '{dan}');
SELECT tj_perm.grant_access('techcorp/app:bug-tracker', 'editor', to_group => 'Engineering'),
	   tj_perm.grant_access('techcorp/folder:customer-tickets', 'viewer', to_group => 'Support'),
	   tj_perm.grant_access('techcorp/app:*', 'viewer', to_group => 'All Users'),
	   tj_perm.grant_access('techcorp/app:bug-tracker', 'admin', to_user => 'charlie@techcorp.com', valid_until => '2999-12-31 12:00'),
	   tj_perm.grant_access('techcorp/app:bug-tracker', 'editor', to_group => 'Temps', valid_until => '2999-12-31 12:00'),
	   tj_perm.grant_access('techcorp/variable:API_KEY', 'viewer', to_group => 'Temps', valid_from => '2999-01-01'),
	   tj_perm.grant_access('techcorp/variable:API_KEY', 'editor', to_group => 'Admins'),
	   tj_perm.grant_access('techcorp', 'viewer', to_user => 'dan', note => 'secret note');
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null
UPDATE tj_perm.grants SET granted_at = '2026-03-01 09:30+00' WHERE workspace_id = 'techcorp';
UPDATE tj_perm.grants SET valid_from = '2001-01-01', valid_until = '2002-02-02 02:02' FROM tj_perm.groups AS g
	WHERE g.group_id = grants.group_id AND g.name = 'Temps' AND resource = 'techcorp/app:bug-tracker';

-- allowed: every reason, the narrowest target first
SELECT * FROM tj_perm.explain_access('alice@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM tj_perm.explain_access('Alice@TechCorp.com', 'techcorp/app:bug-tracker', 'editor');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/folder:customer-tickets/app:inbox', 'viewer');
SELECT * FROM tj_perm.explain_access('charlie@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM tj_perm.explain_access('dan', 'techcorp/folder:customer-tickets/app:inbox', 'viewer');
-- several levels of one grantee on one target: the highest first
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, granted_at)
	SELECT 'techcorp', 'dan', 'techcorp/doc:1', l, '2026-03-01 09:30+00' FROM unnest('{viewer,admin,editor}'::tj_level[]) AS l;
SELECT * FROM tj_perm.explain_access('dan', 'techcorp/doc:1', 'viewer');
-- grants to Admins say nothing that the membership does not
SELECT * FROM tj_perm.explain_access('root@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
SELECT * FROM tj_perm.explain_access('root@techcorp.com', 'techcorp/app:bug-tracker', 'admin');

-- denied: level too low, expired, not valid yet, nothing granted
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/folder:customer-tickets/app:inbox', 'editor');
SELECT * FROM tj_perm.explain_access('dan', 'techcorp/app:bug-tracker', 'editor');
SELECT * FROM tj_perm.explain_access('dan', 'techcorp/variable:API_KEY', 'viewer');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp', 'viewer');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/folder:*', 'viewer');
-- not a member; invited; invitation expired; archived
SELECT * FROM tj_perm.explain_access('eve', 'techcorp/app:bug-tracker', 'viewer');
SELECT tj_perm.invite_user('techcorp', 'fay') \g /dev/null
SELECT * FROM tj_perm.explain_access('fay', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM tj_perm.explain_access('fay', 'techcorp/app:bug-tracker', 'admin');
UPDATE tj_perm.invitations SET expires_at = '2026-01-01' WHERE user_id = 'fay';
SELECT * FROM tj_perm.explain_access('fay', 'techcorp/app:bug-tracker', 'viewer');
SELECT tj_perm.archive_user('techcorp', 'charlie@techcorp.com');
SELECT * FROM tj_perm.explain_access('charlie@techcorp.com', 'techcorp/app:bug-tracker', 'admin');
SELECT * FROM tj_perm.explain_access('charlie@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
-- archived workspace: told, not refused
SELECT tj_perm.archive_workspace('techcorp');
SELECT * FROM tj_perm.explain_access('root@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM tj_perm.explain_access('alice@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
SELECT * FROM tj_perm.explain_access('charlie@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT regress_explain.told(u, u, 'techcorp/app:bug-tracker', 'viewer') FROM unnest('{alice@techcorp.com,charlie@techcorp.com}'::text[]) AS u;
SELECT tj_perm.restore_workspace('techcorp');
-- no such workspace
SELECT * FROM tj_perm.explain_access('eve', 'nowhere/folder:1/app:1', 'viewer');

-- the verdict is tj_can's, for all users, resources and levels
CREATE VIEW regress_explain.asked AS
SELECT u.user_id, r.resource, l.level
FROM unnest('{root@techcorp.com,alice@techcorp.com,bob@techcorp.com,charlie@techcorp.com,dan,eve,fay}'::text[]) AS u (user_id),
	 unnest('{techcorp,techcorp/app:*,techcorp/app:bug-tracker,techcorp/folder:customer-tickets/app:inbox,techcorp/variable:API_KEY,techcorp/folder:x/folder:customer-tickets/doc:1,nowhere}'::tj_resource[]) AS r (resource),
	 unnest('{viewer,editor,admin}'::tj_level[]) AS l (level);
SELECT count(*) AS asked, count(*) FILTER (WHERE tj_can(user_id, resource, level)) AS allowed,
	   count(*) FILTER (WHERE tj_can(user_id, resource, level) <> (e.verdicts = '{allowed}')) AS disagreements,
	   count(*) FILTER (WHERE e.held IS DISTINCT FROM CASE WHEN tj_can(user_id, resource, level) THEN tj_level_on(user_id, resource) END) AS other_levels
FROM regress_explain.asked
CROSS JOIN LATERAL (SELECT array_agg(DISTINCT verdict) AS verdicts, max(at_level) FILTER (WHERE verdict = 'allowed') AS held
					FROM tj_perm.explain_access(user_id, resource, level)) AS e;

-- the remedies help: all about workspace and user, and the one grant; there is no second
CREATE FUNCTION regress_explain.helped(p_user_id text, p_resource tj_resource, p_level tj_level, p_choice integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	s record;
	n integer := 0;
	token text;
	answer boolean;
BEGIN
	BEGIN
		FOR s IN SELECT explanation AS statement FROM tj_perm.explain_access(p_user_id, p_resource, p_level) WHERE verdict = 'remedy' LOOP
			IF s.statement ~ 'grant_access' THEN
				n := n + 1;
				CONTINUE WHEN n <> p_choice;
			END IF;
			EXECUTE s.statement INTO token;
		END LOOP;
		-- the user's own part
		UPDATE tj_perm.members AS m SET status = 'active' WHERE m.user_id = p_user_id AND m.status = 'invited';
		answer := CASE WHEN n >= p_choice OR (n = 0 AND p_choice = 1) THEN tj_can(p_user_id, p_resource, p_level) END;
		RAISE EXCEPTION USING ERRCODE = 'XR000';
	EXCEPTION WHEN SQLSTATE 'XR000' THEN
		RETURN answer;
	END;
END
$$;
SELECT choice, count(h.helped) AS tried, count(*) FILTER (WHERE NOT h.helped) AS in_vain
FROM generate_series(1, 3) AS choice, regress_explain.asked
CROSS JOIN LATERAL (SELECT regress_explain.helped(user_id, resource, level, choice)) AS h (helped)
WHERE resource <> 'nowhere' AND NOT tj_can(user_id, resource, level)
GROUP BY choice ORDER BY choice;
BEGIN;
SELECT tj_perm.archive_workspace('techcorp');
SELECT choice, count(h.helped) AS tried, count(*) FILTER (WHERE NOT h.helped) AS in_vain
FROM generate_series(1, 3) AS choice, regress_explain.asked
CROSS JOIN LATERAL (SELECT regress_explain.helped(user_id, resource, level, choice)) AS h (helped)
WHERE resource <> 'nowhere'
GROUP BY choice ORDER BY choice;
ROLLBACK;

-- who may: the owner above; a workspace admin everything
SET ROLE regress_explain_app;
SELECT * FROM regress_explain.told('root@techcorp.com', 'bob@techcorp.com', 'techcorp/folder:customer-tickets/app:inbox', 'viewer');
-- a user about themself: their groups and grants, not who granted what to a group
SELECT * FROM regress_explain.told('bob@techcorp.com', 'BOB@techcorp.com', 'techcorp/folder:customer-tickets/app:inbox', 'viewer');
SELECT * FROM regress_explain.told('alice@techcorp.com', 'alice@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('dan', 'dan', 'techcorp/app:bug-tracker', 'editor');
SELECT * FROM regress_explain.told('dan', 'dan', 'techcorp', 'viewer');
SELECT * FROM regress_explain.told('fay', 'fay', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('charlie@techcorp.com', 'charlie@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
-- ... and the same of a workspace that is not there and of one that is none of theirs
SELECT * FROM regress_explain.told('eve', 'eve', 'nowhere/app:1', 'viewer');
SELECT a.line AS here FROM regress_explain.told('eve', 'eve', 'techcorp/app:bug-tracker', 'viewer') AS a (line);
SELECT count(*) AS lines, bool_and(replace(replace(a.line, 'nowhere/app:1', 'techcorp/app:bug-tracker'), 'nowhere', 'techcorp') = b.line) AS same
FROM regress_explain.told('eve', 'eve', 'nowhere/app:1', 'viewer') WITH ORDINALITY AS a (line, n)
FULL JOIN regress_explain.told('eve', 'eve', 'techcorp/app:bug-tracker', 'viewer') WITH ORDINALITY AS b (line, n) USING (n);
-- an admin of the one element: of wider grants, only that there is one
RESET ROLE;
SELECT tj_perm.grant_access('techcorp/app:bug-tracker', 'admin', to_user => 'bob@techcorp.com');
UPDATE tj_perm.grants SET granted_at = '2026-03-01 09:30+00' WHERE user_id = 'bob@techcorp.com';
SET ROLE regress_explain_app;
SELECT * FROM regress_explain.told('bob@techcorp.com', 'alice@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'dan', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'dan', 'techcorp/app:bug-tracker', 'editor');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'fay', 'techcorp/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'bob@techcorp.com', 'techcorp/app:bug-tracker', 'viewer');
-- ... a longer path that ends in it is only a claim, and proves nothing
SELECT * FROM regress_explain.told('bob@techcorp.com', 'alice@techcorp.com', 'techcorp/folder:customer-tickets/app:bug-tracker', 'viewer');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'alice@techcorp.com', 'techcorp/app:*', 'viewer');
SELECT * FROM regress_explain.told('bob@techcorp.com', 'alice@techcorp.com', 'techcorp', 'viewer');
-- everybody else: the same words for what exists and for what does not
SELECT u.user_id, r.resource, t.line
FROM unnest('{alice@techcorp.com,eve,NULL}'::text[]) AS u (user_id), unnest('{techcorp/app:bug-tracker,techcorp/app:none,nowhere}'::tj_resource[]) AS r (resource),
	 regress_explain.told(u.user_id, 'bob@techcorp.com', r.resource, 'viewer') AS t (line)
ORDER BY 1, 2;
SELECT * FROM regress_explain.told('alice@techcorp.com', 'nobody', 'techcorp/app:bug-tracker', 'viewer');
RESET ROLE;

-- bad arguments
SELECT * FROM regress_explain.told(NULL, NULL, 'techcorp', 'viewer');
SELECT * FROM regress_explain.told(NULL, 'bob', NULL, 'viewer');
SELECT * FROM regress_explain.told(NULL, 'bob', 'techcorp', NULL);
SELECT * FROM regress_explain.told(NULL, ' bob', 'techcorp', 'viewer');

-- the remedy is the smallest grant, whatever wider or higher ones have ended or not begun
BEGIN;
SELECT tj_perm.create_workspace('small', 'boss'), tj_perm.add_user('small', 'u'), tj_perm.add_user('small', 'v') \g /dev/null
SELECT tj_perm.create_group('small', 'G'), tj_perm.add_to_group('small', 'G', '{u}') \g /dev/null
SELECT tj_perm.grant_access('small', 'admin', to_group => 'All Users', valid_until => '2999-12-31'),
	   tj_perm.grant_access('small', 'admin', to_group => 'G', valid_until => '2999-12-31'),
	   tj_perm.grant_access('small/app:1', 'viewer', to_group => 'G', valid_from => '2999-01-01', note => 'later'),
	   tj_perm.grant_access('small/app:*', 'viewer', to_user => 'u', valid_from => '2999-01-01', note => 'later'),
	   tj_perm.grant_access('small/app:1', 'editor', to_user => 'u', valid_until => '2999-12-31', note => 'u''s') \g /dev/null
UPDATE tj_perm.grants SET granted_at = '2026-03-01 09:30+00' WHERE workspace_id = 'small';
UPDATE tj_perm.grants SET valid_from = '2001-01-01', valid_until = '2002-02-02 02:02' WHERE workspace_id = 'small' AND valid_until IS NOT NULL;
SELECT * FROM tj_perm.explain_access('u', 'small/app:1', 'viewer');
SELECT regress_explain.helped('u', 'small/app:1', 'viewer', 1);
-- ... of what the user holds already, the note and an end to come stay
SELECT explanation FROM tj_perm.explain_access('u', 'small/folder:1/app:1', 'editor') WHERE verdict = 'remedy';
SELECT regress_explain.helped('u', 'small/folder:1/app:1', 'editor', 1);
SELECT tj_perm.grant_access('small/doc:1', 'viewer', to_user => 'u', valid_from => '2999-01-01', valid_until => '2999-06-01', note => 'project'),
	   tj_perm.grant_access('small/doc:2', 'viewer', to_user => 'u', valid_from => '2999-01-01') \g /dev/null
SELECT explanation FROM unnest('{small/doc:1,small/doc:2}'::tj_resource[]) AS r, tj_perm.explain_access('u', r, 'viewer') WHERE verdict = 'remedy';
SELECT regress_explain.helped('u', r, 'viewer', 1) FROM unnest('{small/doc:1,small/doc:2}'::tj_resource[]) AS r;
SELECT explanation FROM tj_perm.explain_access('u', 'small/doc:1', 'editor') WHERE verdict = 'remedy';
-- no member yet: if All Users gives it, joining is enough
SELECT tj_perm.grant_access('small/page:1', 'editor', to_group => 'All Users') \g /dev/null
UPDATE tj_perm.grants SET granted_at = '2026-03-01 09:30+00' WHERE workspace_id = 'small';
SELECT * FROM tj_perm.explain_access('new', 'small/page:1', 'viewer');
SELECT * FROM tj_perm.explain_access('new', 'small/page:1', 'admin');
SELECT * FROM tj_perm.explain_access('new', 'small/page:2', 'viewer');
SELECT regress_explain.helped('new', ('small/page:' || n)::tj_resource, l, 1) FROM (VALUES (1, 'viewer'::tj_level), (1, 'admin'), (2, 'viewer')) AS v (n, l);
-- invited, without an invitation: as a bulk load may leave it
INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES ('small', 'loaded', 'invited');
SELECT * FROM tj_perm.explain_access('loaded', 'small/page:1', 'viewer');
SELECT * FROM regress_explain.told('new', 'new', 'small/page:1', 'viewer');
ROLLBACK;

-- names that need quoting come out ready to run
SELECT tj_perm.create_workspace('Tick ''n'' "Tack"', 'o''neil');
SELECT tj_perm.create_group('Tick ''n'' "Tack"', 'R\D ''s'), tj_perm.add_user('Tick ''n'' "Tack"', 'd''arcy', '{"R\\D ''s"}');
SELECT tj_perm.grant_access('"Tick ''n'' ""Tack"""/app:"a/b"', 'viewer', to_group => 'R\D ''s', valid_from => '2999-01-01');
UPDATE tj_perm.grants SET granted_at = '-infinity' WHERE workspace_id LIKE 'Tick%';
SELECT * FROM tj_perm.explain_access('d''arcy', '"Tick ''n'' ""Tack"""/app:"a/b"', 'viewer');
SELECT regress_explain.helped('d''arcy', '"Tick ''n'' ""Tack"""/app:"a/b"', 'viewer', choice) FROM generate_series(1, 3) AS choice;

-- what loads with triggers off may leave: a cycle of groups, a default group
-- in a nesting, nestings and grants that cross workspaces, rows whose workspace,
-- group or member is gone
BEGIN;
SELECT tj_perm.create_workspace('foreign', 'root@techcorp.com'), tj_perm.create_group('foreign', 'Foreign');
SET LOCAL session_replication_role = replica;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT i.group_id, o.group_id, 'techcorp' FROM tj_perm.groups AS i, tj_perm.groups AS o
	WHERE i.workspace_id = 'techcorp' AND o.workspace_id = 'techcorp' AND (i.name, o.name) IN (('Core', 'Engineering'), ('Temps', 'All Users'), ('Admins', 'Core'));
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, v.workspace_id
	FROM (VALUES ('techcorp', 'Temps', 'Support', 'foreign'), ('foreign', 'Foreign', 'Support', 'techcorp')) AS v (outer_workspace_id, outer_name, inner_name, workspace_id)
	JOIN tj_perm.groups AS o ON o.workspace_id = v.outer_workspace_id AND o.name = v.outer_name
	JOIN tj_perm.groups AS i ON i.workspace_id = 'techcorp' AND i.name = v.inner_name;
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT v.workspace_id, g.group_id, v.resource::tj_resource, 'admin'
	FROM (VALUES ('foreign', 'Foreign', 'techcorp', 'techcorp'), ('techcorp', 'Support', 'foreign', 'foreign'), ('techcorp', 'Temps', 'techcorp', 'techcorp/doc:2')) AS v (group_of, name, workspace_id, resource)
	JOIN tj_perm.groups AS g ON g.workspace_id = v.group_of AND g.name = v.name;
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('foreign', 'bob@techcorp.com');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'techcorp', 'eve' FROM tj_perm.groups WHERE workspace_id = 'techcorp';
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('techcorp', 'eve', 'techcorp', 'admin'), ('nowhere', 'eve', 'nowhere', 'admin');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('nowhere', 'eve');
SET LOCAL session_replication_role = origin;
SELECT * FROM tj_perm.explain_access('alice@techcorp.com', 'techcorp/app:bug-tracker', 'editor');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/variable:API_KEY', 'viewer');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'techcorp/doc:2', 'viewer');
SELECT * FROM tj_perm.explain_access('bob@techcorp.com', 'foreign', 'viewer');
SELECT * FROM tj_perm.explain_access('eve', 'techcorp/app:bug-tracker', 'viewer');
SELECT regress_explain.helped('eve', 'techcorp/app:bug-tracker', 'viewer', 1);
SELECT * FROM tj_perm.explain_access('eve', 'nowhere', 'viewer');
SELECT count(*) FILTER (WHERE tj_can(user_id, resource, level)) AS allowed,
	   count(*) FILTER (WHERE tj_can(user_id, resource, level) <> (e.verdicts = '{allowed}')) AS disagreements
FROM regress_explain.asked
CROSS JOIN LATERAL (SELECT array_agg(DISTINCT verdict) AS verdicts FROM tj_perm.explain_access(user_id, resource, level)) AS e;
ROLLBACK;

SET client_min_messages = warning;
SELECT tj_perm.drop_workspace(workspace_id) FROM tj_perm.workspaces WHERE workspace_id = 'techcorp' OR workspace_id LIKE 'Tick%';
DROP SCHEMA regress_explain CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_explain_app;
DROP ROLE regress_explain_app;
