-- who_can, what_can, access_matrix: the rules of access the other way round.
\set SHOW_CONTEXT never
CREATE ROLE regress_lists_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_lists_app;
CREATE SCHEMA regress_lists;
GRANT USAGE ON SCHEMA regress_lists TO PUBLIC;
-- what a user gets from a list, a line per row; or the error
CREATE FUNCTION regress_lists.told(as_user text, list text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('tj_perm.user_id', coalesce(as_user, ''), true);
	RETURN QUERY EXECUTE format('SELECT l::text FROM tj_perm.%s AS l', list);
EXCEPTION WHEN OTHERS THEN
	RETURN NEXT SQLSTATE || ' ' || SQLERRM;
END
$$;

SELECT tj_perm.create_workspace('lists', 'root');
SELECT tj_perm.add_user('lists', u) FROM unnest('{alice,Bob,carol,dave,erin,gone,late}'::text[]) AS u;
SELECT tj_perm.invite_user('lists', 'invited') \g /dev/null
SELECT tj_perm.create_group('lists', g) FROM unnest('{Inner,Middle,Outer,Other,Empty}'::text[]) AS g;
SELECT tj_perm.nest_group('lists', 'Inner', 'Middle'), tj_perm.nest_group('lists', 'Middle', 'Outer');
SELECT tj_perm.add_to_group('lists', 'Inner', '{alice,gone,invited}'), tj_perm.add_to_group('lists', 'Middle', '{Bob}'),
	   tj_perm.add_to_group('lists', 'Outer', '{carol,alice}'), tj_perm.add_to_group('lists', 'Other', '{carol}'), tj_perm.add_to_group('lists', 'Admins', '{invited}');
SELECT tj_perm.grant_access('lists/app:1', 'editor', to_group => 'Outer'),
	   tj_perm.grant_access('lists/app:1', 'viewer', to_group => 'Middle'),
	   tj_perm.grant_access('lists/app:1', 'viewer', to_user => 'alice'),
	   tj_perm.grant_access('lists/app:1', 'editor', to_user => 'alice'),
	   tj_perm.grant_access('lists/app:1', 'admin', to_user => 'dave'),
	   tj_perm.grant_access('lists/app:1', 'viewer', to_user => 'late', valid_from => '2999-01-01'),
	   tj_perm.grant_access('lists/app:1', 'viewer', to_user => 'gone'),
	   tj_perm.grant_access('lists/app:1', 'admin', to_user => 'invited'),
	   tj_perm.grant_access('lists/app:*', 'viewer', to_group => 'Other'),
	   tj_perm.grant_access('lists/app:2', 'viewer', to_group => 'Empty'),
	   tj_perm.grant_access('lists/folder:x', 'editor', to_user => 'erin'),
	   tj_perm.grant_access('lists/folder:"*"', 'viewer', to_user => 'erin'),
	   tj_perm.grant_access('lists/folder:x', 'admin', to_group => 'Admins');
-- two levels of one group on one target, and what has expired, of every kind
SELECT tj_perm.grant_access('lists/app:1', 'viewer', to_group => 'Outer');
INSERT INTO tj_perm.grants (workspace_id, group_id, user_id, resource, level, valid_until)
	SELECT 'lists', (SELECT g.group_id FROM tj_perm.groups AS g WHERE g.workspace_id = 'lists' AND g.name = v.to_group), v.to_user, v.resource::tj_resource, 'admin', '2002-01-01'
	FROM (VALUES (NULL, 'Bob', 'lists/app:1'), ('Other', NULL, 'lists/app:1'), (NULL, 'erin', 'lists/app:*'), ('Inner', NULL, 'lists/folder:*'), (NULL, 'carol', 'lists'), ('Middle', NULL, 'lists'), ('All Users', NULL, 'lists/app:2')) AS v (to_group, to_user, resource);
SELECT tj_perm.archive_user('lists', 'gone');

-- who_can: by user id; the highest level of each, and what gives it. Not those
-- who sleep (gone, invited), whose grants have expired (Bob's own) or are to come
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer');
SELECT * FROM tj_perm.who_can('lists/app:1', 'editor');
SELECT * FROM tj_perm.who_can('lists/app:1', 'admin');
-- through containers and wildcards; only Admins; a group without members
SELECT * FROM tj_perm.who_can('lists/folder:x/app:1', 'editor');
SELECT * FROM tj_perm.who_can('lists/app:2', 'viewer');
SELECT * FROM tj_perm.who_can('lists/app:*', 'viewer');
SELECT * FROM tj_perm.who_can('lists', 'viewer');
SELECT * FROM tj_perm.who_can('lists/folder:*', 'viewer');
-- page by page: the same rows
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', max_rows => 2);
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', after_user_id => 'alice', max_rows => 2);
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', after_user_id => 'dave', max_rows => 2);
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', after_user_id => 'root', max_rows => 2);
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', max_rows => 0);
-- All Users: every active member, and the better level where there is one
SELECT tj_perm.grant_access('lists/app:1', 'viewer', to_group => 'All Users');
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer');
SELECT * FROM tj_perm.who_can('lists/app:1', 'viewer', after_user_id => 'erin', max_rows => 1);
SELECT tj_perm.revoke_access('lists/app:1', from_group => 'All Users');

-- what_can: the workspace and whatever a grant names, as far as it is reached
SELECT * FROM tj_perm.what_can('alice', 'lists');
SELECT * FROM tj_perm.what_can('carol', 'lists');
SELECT * FROM tj_perm.what_can('erin', 'lists');
SELECT * FROM tj_perm.what_can('root', 'lists');
SELECT count(*) FROM tj_perm.what_can('gone', 'lists');
SELECT count(*) FROM tj_perm.what_can('late', 'lists');
SELECT * FROM tj_perm.what_can('root', 'lists', max_rows => 2);
SELECT * FROM tj_perm.what_can('root', 'lists', after_resource => 'lists/app:*', max_rows => 2);
SELECT * FROM tj_perm.what_can('carol', 'lists', after_resource => 'lists', max_rows => 1);
-- all workspaces at once; keys that are neighbours in every order
SELECT tj_perm.create_workspace('list', 'root2'), tj_perm.create_workspace('lists2', 'root2'), tj_perm.create_workspace('lists/app:1', 'alice');
SELECT tj_perm.add_user('list', 'alice'), tj_perm.add_user('lists2', 'alice');
SELECT tj_perm.grant_access('list', 'viewer', to_user => 'alice'), tj_perm.grant_access('lists2/app:*', 'editor', to_group => 'All Users'), tj_perm.grant_access('lists2/app:1', 'viewer', to_user => 'root2');
SELECT resource, level, via FROM tj_perm.what_can('alice');
SELECT resource, level, via FROM tj_perm.what_can('alice', max_rows => 3);
SELECT resource, level, via FROM tj_perm.what_can('alice', after_resource => '"lists/app:1"', max_rows => 3);
SELECT tj_perm.archive_workspace('lists2');
SELECT resource FROM tj_perm.what_can('alice');
SELECT count(*) FROM tj_perm.what_can('nobody');
-- a wildcard reaches its own type, whatever the names around it
SELECT tj_perm.grant_access(r, 'viewer', to_group => 'Empty') FROM unnest(ARRAY['lists/ap:1', 'lists/app1:1', 'lists/"app:":1', 'lists/"app:"" 1":x', 'lists/application:1', 'lists/App:1', 'lists/app:""', 'lists/app:"a:b/c"']::tj_resource[]) AS r;
SELECT resource, via FROM tj_perm.what_can('carol', 'lists');
SELECT resource FROM tj_perm.what_can('carol', 'lists', after_resource => 'lists/app:2');

-- access_matrix: who_can and what_can at once
SELECT tj_perm.revoke_access(gr.resource, from_group => 'Empty') FROM tj_perm.grants_of('lists', to_group => 'Empty') AS gr WHERE gr.resource <> 'lists/app:2';
SELECT * FROM tj_perm.access_matrix('lists');
SELECT * FROM tj_perm.access_matrix('lists', max_rows => 3);
SELECT * FROM tj_perm.access_matrix('lists', after_user_id => 'carol', after_resource => 'lists/app:*', max_rows => 3);
SELECT * FROM tj_perm.access_matrix('lists', after_user_id => 'dave', max_rows => 1);
SELECT count(*) FROM tj_perm.access_matrix('lists', max_rows => 0);

-- all three say what tj_can says, for every user, target and level
CREATE FUNCTION regress_lists.disagreements(OUT pairs bigint, OUT held bigint, OUT who_can bigint, OUT what_can bigint, OUT access_matrix bigint)
LANGUAGE sql STABLE BEGIN ATOMIC
	WITH pair AS (
		SELECT u.user_id, r.resource, tj_level_on(u.user_id, r.resource) AS level
		FROM (SELECT m.user_id FROM tj_perm.members AS m UNION SELECT gm.user_id FROM tj_perm.group_members AS gm UNION SELECT 'stranger') AS u,
			 (SELECT gr.resource FROM tj_perm.grants AS gr WHERE gr.workspace_id = 'lists' UNION SELECT tj_workspace('lists')) AS r
	), holds AS (
		SELECT * FROM pair WHERE level IS NOT NULL
	)
	SELECT (SELECT count(*) FROM pair), (SELECT count(*) FROM holds),
		   (SELECT count(*) FROM (SELECT DISTINCT resource FROM pair) AS r
			CROSS JOIN unnest('{viewer,editor,admin}'::tj_level[]) AS l (level)
			WHERE ARRAY(SELECT (w.user_id, w.highest)::text FROM tj_perm.who_can(r.resource, l.level) AS w)
				IS DISTINCT FROM ARRAY(SELECT (h.user_id, h.level)::text FROM holds AS h WHERE h.resource = r.resource AND h.level >= l.level ORDER BY h.user_id COLLATE "C")),
		   (SELECT count(*) FROM (SELECT DISTINCT p.user_id FROM pair AS p JOIN tj_perm.members AS m ON m.workspace_id = 'lists' AND m.user_id = p.user_id) AS u
			WHERE ARRAY(SELECT (w.resource, w.level)::text FROM tj_perm.what_can(u.user_id, 'lists') AS w)
				IS DISTINCT FROM ARRAY(SELECT (h.resource, h.level)::text FROM holds AS h WHERE h.user_id = u.user_id ORDER BY h.resource)),
		   (SELECT count(*) FROM (SELECT row_number() OVER () AS n, m.user_id, m.resource, m.level FROM tj_perm.access_matrix('lists') AS m) AS m
			FULL JOIN (SELECT row_number() OVER (ORDER BY h.user_id COLLATE "C", h.resource) AS n, h.* FROM holds AS h) AS h USING (n)
			WHERE (m.user_id, m.resource, m.level)::text IS DISTINCT FROM (h.user_id, h.resource, h.level)::text);
END;
SELECT * FROM regress_lists.disagreements();
-- pages put together are the whole, whatever their size
CREATE FUNCTION regress_lists.pages(size integer, OUT who_can boolean, OUT what_can boolean, OUT access_matrix boolean)
LANGUAGE plpgsql AS $$
DECLARE
	rows text[];
	page record;
	last record;
BEGIN
	rows := '{}';
	SELECT NULL AS user_id INTO last;
	LOOP
		SELECT count(*) AS n, array_agg(w::text) AS rows, (array_agg(w.user_id))[count(*)] AS user_id INTO page FROM tj_perm.who_can('lists/app:1', 'viewer', last.user_id, size) AS w;
		EXIT WHEN page.n = 0 OR cardinality(rows) > 1000;
		rows := rows || page.rows;
		last := page;
	END LOOP;
	who_can := rows = ARRAY(SELECT w::text FROM tj_perm.who_can('lists/app:1', 'viewer') AS w);
	rows := '{}';
	SELECT NULL::tj_resource AS resource INTO last;
	LOOP
		SELECT count(*) AS n, array_agg(w::text) AS rows, (array_agg(w.resource))[count(*)] AS resource INTO page FROM tj_perm.what_can('alice', NULL, last.resource, size) AS w;
		EXIT WHEN page.n = 0 OR cardinality(rows) > 1000;
		rows := rows || page.rows;
		last := page;
	END LOOP;
	what_can := rows = ARRAY(SELECT w::text FROM tj_perm.what_can('alice') AS w);
	rows := '{}';
	SELECT NULL AS user_id, NULL::tj_resource AS resource INTO last;
	LOOP
		SELECT count(*) AS n, array_agg(w::text) AS rows, (array_agg(w.user_id))[count(*)] AS user_id, (array_agg(w.resource))[count(*)] AS resource INTO page
			FROM tj_perm.access_matrix('lists', last.user_id, last.resource, size) AS w;
		EXIT WHEN page.n = 0 OR cardinality(rows) > 1000;
		rows := rows || page.rows;
		last := page;
	END LOOP;
	access_matrix := rows = ARRAY(SELECT w::text FROM tj_perm.access_matrix('lists') AS w);
END
$$;
SELECT size, p.* FROM generate_series(1, 7) AS size, regress_lists.pages(size) AS p;

-- the statement's own snapshot, as tj_can: not what the statement itself writes
BEGIN;
WITH put AS (
	INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('lists', 'late', 'lists/app:9', 'viewer') RETURNING resource
)
SELECT tj_can('late', p.resource, 'viewer'), (SELECT count(*) FROM tj_perm.who_can(p.resource, 'viewer')) AS who_can,
	   (SELECT count(*) FROM tj_perm.what_can('late', 'lists')) AS what_can FROM put AS p;
SELECT tj_can('late', 'lists/app:9', 'viewer'), (SELECT count(*) FROM tj_perm.who_can('lists/app:9', 'viewer')) AS who_can,
	   (SELECT count(*) FROM tj_perm.what_can('late', 'lists')) AS what_can;
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM tj_perm.access_matrix('lists');
ROLLBACK;
-- one clock: the start of the client's statement, [from, until)
BEGIN;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level, valid_from, valid_until) VALUES
	('lists', 'late', 'lists/doc:a', 'viewer', '-infinity', 'infinity'), ('lists', 'late', 'lists/doc:b', 'viewer', NULL, statement_timestamp()), ('lists', 'late', 'lists/doc:c', 'viewer', statement_timestamp(), NULL);
SELECT resource FROM tj_perm.what_can('late', 'lists');
SELECT * FROM regress_lists.disagreements();
ROLLBACK;

-- what loads with triggers off may leave gives nothing here either
BEGIN;
SELECT tj_perm.create_group('list', 'Foreign');
SET LOCAL session_replication_role = replica;
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, 'lists' FROM tj_perm.groups AS o, tj_perm.groups AS i
	WHERE o.workspace_id = 'lists' AND (o.name, i.name, i.workspace_id) IN (('Inner', 'Outer', 'lists'), ('Other', 'All Users', 'lists'), ('Admins', 'Inner', 'lists'), ('Outer', 'Admins', 'lists'), ('Outer', 'All Users', 'list'));
-- ... nestings that name another workspace than their groups, or cross
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, CASE o.name WHEN 'Empty' THEN 'list' ELSE 'lists' END FROM tj_perm.groups AS o, tj_perm.groups AS i
	WHERE i.workspace_id = 'lists' AND (o.name, i.name, o.workspace_id) IN (('Empty', 'Inner', 'lists'), ('Foreign', 'Inner', 'list'), ('Inner', 'Other', 'list'));
INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
	SELECT o.group_id, i.group_id, 'lists' FROM tj_perm.groups AS o, tj_perm.groups AS i
	WHERE o.workspace_id = 'lists' AND o.name = 'Other' AND i.workspace_id = 'list' AND i.name = 'Foreign';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'lists', u FROM tj_perm.groups, unnest('{erin,late}'::text[]) AS u WHERE workspace_id = 'list' AND name = 'Foreign';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'lists', 'late' FROM tj_perm.groups WHERE workspace_id = 'lists' AND kind = 'all_users';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level)
	SELECT v.workspace_id, g.group_id, v.resource::tj_resource, 'admin'
	FROM (VALUES ('lists', 'Other', 'list', 'list/app:5'), ('lists', 'All Users', 'list', 'list/app:5'), ('lists', 'Inner', 'list', 'list/app:*'),
				 ('list', 'Foreign', 'lists', 'lists/app:4'), ('list', 'Foreign', 'lists', 'lists/app:*')) AS v (group_of, name, workspace_id, resource)
	JOIN tj_perm.groups AS g ON g.workspace_id = v.group_of AND g.name = v.name;
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
	SELECT group_id, 'lists', u FROM tj_perm.groups, unnest('{stranger,gone}'::text[]) AS u WHERE workspace_id = 'lists' AND kind <> 'custom';
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'list', 'alice' FROM tj_perm.groups WHERE workspace_id = 'lists' AND name IN ('Other', 'Admins');
INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id) SELECT group_id, 'lists', 'dave' FROM tj_perm.groups WHERE workspace_id = 'list' AND kind = 'admins';
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('lists', 'stranger', 'lists', 'admin'), ('lists', 'stranger', 'lists/app:7', 'admin');
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) SELECT 'lists', group_id, 'lists/app:8', 'admin' FROM tj_perm.groups WHERE workspace_id = 'list';
INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level) VALUES ('lists', 4000000000000000000, 'lists/app:6', 'admin');
SET LOCAL session_replication_role = origin;
SELECT * FROM regress_lists.disagreements();
SELECT user_id, via FROM tj_perm.who_can('lists/app:1', 'viewer');
SELECT resource, via FROM tj_perm.what_can('carol');
UPDATE tj_perm.members SET status = 'archived' WHERE workspace_id = 'lists' AND user_id = 'carol';
SELECT user_id FROM tj_perm.who_can('lists/app:1', 'viewer');
SELECT * FROM regress_lists.disagreements();
ROLLBACK;

-- who may
SET ROLE regress_lists_app;
-- a workspace admin asks anything; an admin of one element about that one, and
-- is not told through whom wider grants come
SELECT * FROM regress_lists.told('root', $$who_can('lists/app:1', 'viewer')$$);
SELECT * FROM regress_lists.told('dave', $$who_can('lists/app:1', 'viewer')$$);
SELECT * FROM regress_lists.told('root', $$grant_access('lists', 'viewer', to_group => 'Other')$$);
SELECT * FROM regress_lists.told('dave', $$who_can('lists/app:1', 'viewer')$$);
SELECT * FROM regress_lists.told('root', $$revoke_access('lists', from_group => 'Other')$$);
SELECT * FROM regress_lists.told('root', $$grant_access('lists/app:2', 'admin', to_user => 'dave')$$);
SELECT * FROM regress_lists.told('dave', $$who_can('lists/app:2', 'viewer')$$);
-- ... a longer path is only a claim, other targets are not theirs
SELECT r AS resource, t FROM unnest('{lists/folder:x/app:1,lists/app:1/app:2,lists/app:*,lists/folder:x,lists}'::text[]) AS r, regress_lists.told('dave', format('who_can(%L, ''viewer'')', r)) AS t;
SELECT * FROM regress_lists.told('dave', $$what_can('alice', 'lists')$$);
SELECT * FROM regress_lists.told('dave', $$access_matrix('lists')$$);
-- a user about themself
SELECT * FROM regress_lists.told('carol', $$what_can('carol')$$);
SELECT * FROM regress_lists.told('carol', $$what_can('carol', 'lists')$$);
SELECT * FROM regress_lists.told('invited', $$what_can('invited')$$);
-- ... only where they are an active member of an active workspace; the same
-- words for a workspace that is not there
SELECT u AS user_id, w AS workspace, t FROM unnest('{carol,gone,invited,alice}'::text[]) AS u, unnest('{list,lists,lists2,nowhere}'::text[]) AS w, regress_lists.told(u, format('what_can(%L, %L)', u, w)) AS t
WHERE NOT tj_is_member(u, w) ORDER BY 1, 2;
-- everybody else: the same words for what exists and for what does not
SELECT DISTINCT q AS question, t
FROM unnest('{carol,stranger,NULL}'::text[]) AS u,
	 unnest(ARRAY[$$who_can('lists/app:1', 'viewer')$$, $$who_can('lists/app:none', 'viewer')$$, $$who_can('nowhere', 'viewer')$$, $$what_can('alice', 'lists')$$, $$what_can('nobody', 'lists')$$, $$what_can('alice', 'nowhere')$$,
				  $$what_can('alice')$$, $$what_can('nobody')$$, $$access_matrix('lists')$$, $$access_matrix('nowhere')$$]) AS q,
	 regress_lists.told(u, q) AS t
ORDER BY 1;
-- for those who may: not there, archived
SELECT q AS question, t FROM unnest(ARRAY[$$who_can('lists2', 'viewer')$$, $$what_can('alice', 'lists2')$$, $$what_can('root2', 'lists2')$$, $$access_matrix('lists2')$$]) AS q, regress_lists.told('root2', q) AS t;
RESET ROLE;
SELECT q AS question, t FROM unnest(ARRAY[$$who_can('nowhere', 'viewer')$$, $$what_can('alice', 'nowhere')$$, $$what_can('nobody', 'lists')$$, $$access_matrix('nowhere')$$]) AS q, regress_lists.told(NULL, q) AS t;

-- bad arguments
SELECT q AS question, t
FROM unnest(ARRAY[$$who_can(NULL, 'viewer')$$, $$who_can('lists', NULL)$$, $$who_can('lists', 'viewer', after_user_id => '')$$, $$who_can('lists', 'viewer', max_rows => -1)$$,
				  $$what_can(NULL)$$, $$what_can(' alice')$$, $$what_can('alice', max_rows => -1)$$, $$access_matrix(NULL)$$, $$access_matrix('lists', max_rows => -1)$$, $$access_matrix('lists', after_resource => 'lists')$$]) AS q,
	 regress_lists.told(NULL, q) AS t;
-- e-mail addresses by any case, as everywhere
SELECT tj_perm.add_user('lists', 'Mail@Example.com');
SELECT count(*) FROM tj_perm.what_can('MAIL@example.com', 'lists');
SELECT user_id FROM tj_perm.who_can('lists/app:1', 'viewer', after_user_id => 'MAIL@EXAMPLE.COM');

SET client_min_messages = warning;
SELECT tj_perm.drop_workspace(w) FROM unnest('{list,lists,lists2,lists/app:1}'::text[]) AS w;
DROP SCHEMA regress_lists CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_lists_app;
DROP ROLE regress_lists_app;
