-- Tables that name only their parent: protected through the parent's row, at any depth.
\set SHOW_CONTEXT never
CREATE ROLE regress_parent_owner;
CREATE ROLE regress_parent_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_parent_app, regress_parent_owner;
CREATE SCHEMA regress_parent AUTHORIZATION regress_parent_owner;
GRANT USAGE ON SCHEMA regress_parent TO regress_parent_app;
-- what a statement does for a user: rows, or the SQLSTATE; always undone
CREATE FUNCTION regress_parent.tries(as_user text, statement text, in_words boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	detail text;
	hint text;
BEGIN
	PERFORM set_config('tj_perm.user_id', as_user, true);
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = n::text;
EXCEPTION WHEN SQLSTATE 'XX999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE WHEN in_words THEN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, '')) ELSE SQLSTATE END;
END
$$;
SELECT tj_perm.create_workspace('7', 'root'), tj_perm.create_workspace('8', 'other');
SELECT tj_perm.add_user('7', u) FROM unnest(ARRAY['folder1', 'project10', 'doc100', 'docs', 'reads', 'both']) AS u;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES
	('7', 'folder1', '7/folder:1', 'editor'),
	('7', 'project10', '7/project:10', 'editor'),
	('7', 'doc100', '7/document:100', 'editor'), ('7', 'doc100', '7/project:10', 'viewer'),	-- the row, and its project to look at
	('7', 'docs', '7/document:*', 'editor'),							-- documents, but no project to see them in
	('7', 'reads', '7', 'viewer'),
	('7', 'both', '7/project:10', 'editor'), ('7', 'both', '7/project:11', 'editor');

SET ROLE regress_parent_owner;
CREATE TABLE regress_parent.projects (org_id integer NOT NULL, id bigint PRIMARY KEY, folder_id integer, title text);
CREATE TABLE regress_parent.documents (id bigint PRIMARY KEY, project_id bigint REFERENCES regress_parent.projects ON UPDATE CASCADE, title text);
CREATE TABLE regress_parent.lines (id bigint PRIMARY KEY, doc bigint NOT NULL REFERENCES regress_parent.documents ON DELETE CASCADE ON UPDATE CASCADE, title text);
CREATE TABLE regress_parent.parent1 (id bigint PRIMARY KEY, line bigint REFERENCES regress_parent.lines ON DELETE CASCADE);
GRANT ALL ON ALL TABLES IN SCHEMA regress_parent TO regress_parent_app;
INSERT INTO regress_parent.projects VALUES (7, 10, 1), (7, 11, 2), (7, 12, NULL), (8, 20, 1);
INSERT INTO regress_parent.documents VALUES (100, 10), (101, 10), (110, 11), (120, 12), (200, 20), (999, NULL);
INSERT INTO regress_parent.lines SELECT 10 * id + n, id FROM regress_parent.documents, generate_series(1, 2) AS n;
INSERT INTO regress_parent.parent1 SELECT id, id FROM regress_parent.lines;

-- 1. First the parent.
SELECT regress_parent.tries('', $$SELECT tj_perm.protect('regress_parent.lines', parent => 'doc')$$, true);
SELECT tj_perm.protect('regress_parent.projects', workspace => 'org_id', path => '{folder,folder_id,project,id}');
SELECT tj_perm.protect('regress_parent.documents', parent => 'project_id', path => '{document,id}');
SELECT tj_perm.protect('regress_parent.documents', parent => 'project_id', path => '{document,id}') AS again;
SELECT tj_perm.protect('regress_parent.lines', parent => 'doc');
SELECT tj_perm.protect('regress_parent.parent1', parent => 'line', path => '{mark,id}');
\pset format unaligned
SELECT tj_perm.protect_sql('regress_parent.documents', parent => 'project_id', path => '{document,id}');
\pset format aligned
SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'regress_parent.parent1'::regclass AND polname = 'tj_perm_select';
SELECT relation, path, parent, in_step FROM tj_perm.protected_tables() WHERE relation::text LIKE 'regress_parent.%';

-- 2. Who sees what: the levels of the parent's path, and what is hidden above hides what is below.
SET ROLE regress_parent_app;
SELECT u AS "user", regress_parent.tries(u, 'SELECT FROM regress_parent.projects') AS projects, regress_parent.tries(u, 'SELECT FROM regress_parent.documents') AS documents,
	regress_parent.tries(u, 'SELECT FROM regress_parent.lines') AS lines, regress_parent.tries(u, 'SELECT FROM regress_parent.parent1') AS marks
FROM unnest(ARRAY['root', 'folder1', 'project10', 'doc100', 'docs', 'reads', 'both', 'other', 'stranger', '']) WITH ORDINALITY AS u (u, n) ORDER BY n;

-- 3. Who writes what, where.
RESET ROLE;
CREATE TABLE regress_parent.ways (n integer, way text, statement text);
INSERT INTO regress_parent.ways VALUES
	(1, 'title of 100', 'UPDATE regress_parent.documents SET title = ''x'' WHERE id = 100'),
	(2, 'the same again', 'UPDATE regress_parent.documents SET project_id = 10, id = 100 WHERE id = 100'),
	(3, '100 to project 11', 'UPDATE regress_parent.documents SET project_id = 11 WHERE id = 100'),
	(4, '100 to project 20', 'UPDATE regress_parent.documents SET project_id = 20 WHERE id = 100'),
	(5, '100 to nowhere', 'UPDATE regress_parent.documents SET project_id = NULL WHERE id = 100'),
	(6, '100 called 1', 'UPDATE regress_parent.documents SET id = 1 WHERE id = 100'),
	(7, 'insert into 10', 'INSERT INTO regress_parent.documents VALUES (102, 10)'),
	(8, 'insert into 11', 'INSERT INTO regress_parent.documents VALUES (102, 11)'),
	(9, 'insert into 20', 'INSERT INTO regress_parent.documents VALUES (102, 20)'),
	(10, 'insert nowhere', 'INSERT INTO regress_parent.documents VALUES (102, NULL)'),
	(11, 'upsert to 11', 'INSERT INTO regress_parent.documents VALUES (100, 10) ON CONFLICT (id) DO UPDATE SET project_id = 11'),
	(12, 'upsert grabs 110', 'INSERT INTO regress_parent.documents VALUES (110, 10) ON CONFLICT (id) DO UPDATE SET project_id = 10'),
	(13, 'merge to 11', 'MERGE INTO regress_parent.documents AS d USING (VALUES (100)) AS v (id) ON d.id = v.id WHEN MATCHED THEN UPDATE SET project_id = 11'),
	(14, 'delete', 'DELETE FROM regress_parent.documents WHERE id = 100'),
	(15, 'line of 100', 'UPDATE regress_parent.lines SET title = ''x'' WHERE doc = 100'),
	(16, 'line to 101', 'UPDATE regress_parent.lines SET doc = 101 WHERE id = 1001'),
	(17, 'line to 110', 'UPDATE regress_parent.lines SET doc = 110 WHERE id = 1001'),
	(18, 'new line in 100', 'INSERT INTO regress_parent.lines VALUES (1, 100) RETURNING *'),
	(19, 'new line in 110', 'INSERT INTO regress_parent.lines VALUES (1, 110)'),
	(20, 'move project 10', 'UPDATE regress_parent.projects SET folder_id = 2 WHERE id = 10'),
	(21, 'new mark', 'INSERT INTO regress_parent.parent1 VALUES (1, 1001)'),
	(22, 'mark to 1101', 'UPDATE regress_parent.parent1 SET line = 1101 WHERE id = 1001');
GRANT SELECT ON regress_parent.ways TO PUBLIC;
SET ROLE regress_parent_app;
SELECT w.way, regress_parent.tries('root', w.statement) AS root, regress_parent.tries('folder1', w.statement) AS folder1, regress_parent.tries('project10', w.statement) AS project10,
	regress_parent.tries('doc100', w.statement) AS doc100, regress_parent.tries('docs', w.statement) AS docs, regress_parent.tries('reads', w.statement) AS reads,
	regress_parent.tries('both', w.statement) AS both, regress_parent.tries('other', w.statement) AS other, regress_parent.tries('', w.statement) AS nobody
FROM regress_parent.ways AS w ORDER BY w.n;
SELECT regress_parent.tries('doc100', w.statement, true) FROM regress_parent.ways AS w WHERE n = 6;
-- lacking SELECT on the parent is an error, not a way around
RESET ROLE;
REVOKE SELECT ON regress_parent.projects FROM regress_parent_app;
SET ROLE regress_parent_app;
SELECT regress_parent.tries('root', 'SELECT FROM regress_parent.documents', true);
RESET ROLE;
GRANT SELECT ON regress_parent.projects TO regress_parent_app;

-- 4. The parent's path is in the policies below: it cannot change, nor go, while they stand; its levels may.
SET ROLE regress_parent_owner;
SELECT tj_perm.protect('regress_parent.projects', workspace => 'org_id', path => '{project,id}');
SELECT tj_perm.protect('regress_parent.documents', parent => 'project_id', path => '{doc,id}');
SELECT tj_perm.unprotect('regress_parent.projects');
SELECT tj_perm.unprotect('regress_parent.documents');
SELECT tj_perm.protect('regress_parent.projects', workspace => 'org_id', path => '{folder,folder_id,project,id}', select_level => 'editor') AS another_level;
SET ROLE regress_parent_app;
SELECT regress_parent.tries('reads', 'SELECT FROM regress_parent.documents') AS reads, regress_parent.tries('project10', 'SELECT FROM regress_parent.documents') AS project10;
SET ROLE regress_parent_owner;
SELECT tj_perm.protect('regress_parent.projects', workspace => 'org_id', path => '{folder,folder_id,project,id}') AS as_before;
-- a stranger cannot hold a table fast
REVOKE REFERENCES ON regress_parent.parent1 FROM regress_parent_app;
SET ROLE regress_parent_app;
CREATE TEMP TABLE regress_parent_stranger (id bigint);
CREATE POLICY tj_perm_select ON regress_parent_stranger USING (EXISTS (SELECT FROM regress_parent.parent1));
SET ROLE regress_parent_owner;
SELECT tj_perm.unprotect('regress_parent.parent1');
SELECT tj_perm.protect('regress_parent.parent1', parent => 'line', path => '{mark,id}');
RESET ROLE;
DROP TABLE regress_parent_stranger;
SET ROLE regress_parent_owner;
-- names that change above are followed, and the query of the trigger fails closed until protect is called again
ALTER TABLE regress_parent.projects RENAME COLUMN folder_id TO dir;
ALTER TABLE regress_parent.documents RENAME COLUMN project_id TO project;
SET ROLE regress_parent_app;
SELECT regress_parent.tries('folder1', 'SELECT FROM regress_parent.lines') AS sees, regress_parent.tries('root', 'UPDATE regress_parent.documents SET project = 11 WHERE id = 100') AS moves;
SET ROLE regress_parent_owner;
SELECT path, parent, in_step FROM tj_perm.protected_tables('regress_parent.documents');
SELECT tj_perm.protect('regress_parent.documents', parent => 'project', path => '{document,id}') AS again;
SELECT in_step FROM tj_perm.protected_tables('regress_parent.documents');
SET ROLE regress_parent_app;
SELECT regress_parent.tries('root', 'UPDATE regress_parent.documents SET project = 11 WHERE id = 100') AS moves, regress_parent.tries('project10', 'UPDATE regress_parent.documents SET project = 11 WHERE id = 100') AS stays;
-- a parent whose policies were changed by hand is no base to build on
SET ROLE regress_parent_owner;
SELECT tj_perm.unprotect('regress_parent.parent1');
ALTER POLICY tj_perm_select ON regress_parent.lines USING (true);
SELECT tj_perm.protect('regress_parent.parent1', parent => 'line', path => '{mark,id}');
SELECT tj_perm.protect('regress_parent.lines', parent => 'doc') AS mended, tj_perm.protect('regress_parent.parent1', parent => 'line', path => '{mark,id}') AS on_top;

-- 5. Refused: parents that are the table itself, several parents, no grants to drop.
CREATE TABLE regress_parent.tree (id bigint PRIMARY KEY, up bigint REFERENCES regress_parent.tree);
CREATE TABLE regress_parent.a (id bigint PRIMARY KEY, b bigint);
CREATE TABLE regress_parent.b (id bigint PRIMARY KEY REFERENCES regress_parent.a, project bigint REFERENCES regress_parent.projects REFERENCES regress_parent.documents);
ALTER TABLE regress_parent.a ADD FOREIGN KEY (b) REFERENCES regress_parent.b;
SELECT c.call, regress_parent.tries('', 'SELECT tj_perm.protect(' || c.call || ')', true) FROM (VALUES
	(1, $$'regress_parent.tree', parent => 'up'$$),
	(2, $$'regress_parent.b', parent => 'project'$$),
	(3, $$'regress_parent.a', parent => 'b'$$),
	(4, $$'regress_parent.documents', parent => 'project', path => '{document,id}', drop_grants => true$$),
	(5, $$'regress_parent.documents', parent => 'project', fixed_workspace => 'w', path => '{document,id}'$$)) AS c (n, call) ORDER BY c.n;
SELECT tj_perm.protect('regress_parent.b', workspace => 'id'), tj_perm.protect('regress_parent.a', parent => 'b');
SELECT regress_parent.tries('', $$SELECT tj_perm.protect('regress_parent.b', parent => 'id')$$, true);

-- 6. Composite keys, a parent of one fixed workspace, rows whose parents are workspaces.
CREATE TABLE regress_parent.orgs (key integer PRIMARY KEY);
CREATE TABLE regress_parent.settings (org integer REFERENCES regress_parent.orgs, name text, PRIMARY KEY (org, name));
CREATE TABLE regress_parent.teams (no smallint, kind text, PRIMARY KEY (kind, no));
CREATE TABLE regress_parent.games (id bigint PRIMARY KEY, team_kind text, team_no integer, FOREIGN KEY (team_kind, team_no) REFERENCES regress_parent.teams (kind, no));
INSERT INTO regress_parent.orgs VALUES (7), (8);
INSERT INTO regress_parent.settings VALUES (7, 'a'), (8, 'b');
INSERT INTO regress_parent.teams VALUES (10, 'x'), (11, 'x');
INSERT INTO regress_parent.games VALUES (1, 'x', 10), (2, 'x', 11), (3, NULL, 10);
GRANT ALL ON ALL TABLES IN SCHEMA regress_parent TO regress_parent_app;
SELECT tj_perm.protect('regress_parent.orgs', workspace => 'key'), tj_perm.protect('regress_parent.settings', parent => 'org'),
	tj_perm.protect('regress_parent.teams', fixed_workspace => '7', path => '{project,no}'), tj_perm.protect('regress_parent.games', parent => 'team_no', path => '{game,id}');
SELECT line FROM regexp_split_to_table(tj_perm.protect_sql('regress_parent.games', parent => 'team_no', path => '{game,id}'), '\n') WITH ORDINALITY AS l (line, n) WHERE line ~ '^--' ORDER BY n;
-- no migration leads from what lies in a workspace to what is one
SELECT line FROM regexp_split_to_table(tj_perm.protect_sql('regress_parent.settings', parent => 'org'), '\n') WITH ORDINALITY AS l (line, n) WHERE line ~ '^--' ORDER BY n;
SELECT polrelid::regclass, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid IN ('regress_parent.settings'::regclass, 'regress_parent.games'::regclass) AND polname = 'tj_perm_select' ORDER BY 1;
SET ROLE regress_parent_app;
-- members see their workspace, and what lies in it by the level on the whole of it
SELECT u AS "user", regress_parent.tries(u, 'SELECT FROM regress_parent.orgs') AS orgs, regress_parent.tries(u, 'SELECT FROM regress_parent.settings') AS settings, regress_parent.tries(u, 'UPDATE regress_parent.settings SET name = ''c''') AS change,
	regress_parent.tries(u, 'SELECT FROM regress_parent.games') AS games, regress_parent.tries(u, 'UPDATE regress_parent.games SET team_no = 11 WHERE id = 1') AS moves
FROM unnest(ARRAY['root', 'reads', 'docs', 'project10', 'both', 'other']) WITH ORDINALITY AS u (u, n) ORDER BY n;

-- 7. The migration that protect_sql prints: containers in the table itself.
SET ROLE regress_parent_owner;
SELECT tj_perm.unprotect('regress_parent.games'), tj_perm.unprotect('regress_parent.parent1'), tj_perm.unprotect('regress_parent.lines'), tj_perm.unprotect('regress_parent.documents');
SELECT tj_perm.unprotect('regress_parent.projects');
DELETE FROM regress_parent.documents WHERE project IS NULL;
UPDATE regress_parent.projects SET dir = 3 WHERE dir IS NULL;
ALTER TABLE regress_parent.projects ALTER dir SET NOT NULL;
SELECT tj_perm.protect('regress_parent.projects', workspace => 'org_id', path => '{folder,dir,project,id}', force => false);
SELECT regexp_replace(line, '^-- *', '') AS migration FROM regexp_split_to_table(tj_perm.protect_sql('regress_parent.documents', parent => 'project', path => '{document,id}'), '\n') WITH ORDINALITY AS l (line, n)
	WHERE line ~ '^--  ' ORDER BY n \gexec
\d regress_parent.documents
SET ROLE regress_parent_app;
SELECT u AS "user", regress_parent.tries(u, 'SELECT FROM regress_parent.documents') AS sees, regress_parent.tries(u, 'UPDATE regress_parent.documents SET project = 11, dir = 2 WHERE id = 100') AS moves,
	regress_parent.tries(u, 'UPDATE regress_parent.documents SET project = 11 WHERE id = 100') AS lies
FROM unnest(ARRAY['root', 'folder1', 'project10', 'doc100', 'docs', 'both', 'other']) WITH ORDINALITY AS u (u, n) ORDER BY n;
BEGIN;
SELECT set_config('tj_perm.user_id', 'root', true);
UPDATE regress_parent.projects SET dir = 2 WHERE id = 10;
SELECT id, dir FROM regress_parent.documents ORDER BY id;
ROLLBACK;
RESET ROLE;

SELECT tj_perm.drop_workspace('7'), tj_perm.drop_workspace('8');
SET client_min_messages = warning;
DROP SCHEMA regress_parent CASCADE;
DROP OWNED BY regress_parent_owner, regress_parent_app;
DROP ROLE regress_parent_owner, regress_parent_app;

-- 8. A row of an inheritance child is not the row that the foreign key leads to.
CREATE ROLE regress_heir_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_heir_app;
CREATE SCHEMA regress_heir;
GRANT USAGE ON SCHEMA regress_heir TO regress_heir_app;
CREATE TABLE regress_heir.projects (id bigint PRIMARY KEY, org text, folder bigint);
CREATE TABLE regress_heir.projects_old () INHERITS (regress_heir.projects);
CREATE TABLE regress_heir.docs (id bigint PRIMARY KEY, project_id bigint REFERENCES regress_heir.projects, body text);
INSERT INTO regress_heir.projects VALUES (5, 'heir', 2);
INSERT INTO regress_heir.docs VALUES (1, 5, 'secret');
GRANT ALL ON ALL TABLES IN SCHEMA regress_heir TO regress_heir_app;
SELECT tj_perm.create_workspace('heir', 'root'), tj_perm.add_user('heir', 'eve'), tj_perm.grant_access('heir/folder:1', 'editor', to_user => 'eve');
SELECT tj_perm.protect('regress_heir.projects', workspace => 'org', path => '{folder,folder,project,id}');
SELECT tj_perm.protect('regress_heir.docs', parent => 'project_id', path => '{doc,id}');
SET ROLE regress_heir_app;
SELECT set_config('tj_perm.user_id', 'eve', false);
INSERT INTO regress_heir.projects_old VALUES (5, 'heir', 1);
SELECT id, folder FROM regress_heir.projects;
SELECT count(*) AS forged FROM regress_heir.docs;
RESET ROLE;
SELECT set_config('tj_perm.user_id', '', false);
-- nor does the key of a table with heirs make a name unique, nor one that is checked later
SELECT tj_perm.protect('regress_heir.projects', workspace => 'org', path => '{folder,folder,project,id}', drop_grants => true);
CREATE TABLE regress_heir.later (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED, org text);
SELECT tj_perm.protect('regress_heir.later', workspace => 'org', path => '{later,id}', drop_grants => true);
SELECT tj_perm.drop_workspace('heir');
SET client_min_messages = warning;
DROP SCHEMA regress_heir CASCADE;
RESET client_min_messages;
REVOKE ALL ON PARAMETER tj_perm.user_id FROM regress_heir_app;
DROP ROLE regress_heir_app;
