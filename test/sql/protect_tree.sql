-- Trees, partitions and inheritance under tj_perm.protect.
\set SHOW_CONTEXT never
CREATE ROLE regress_tree_owner;
CREATE ROLE regress_tree_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_tree_app, regress_tree_owner;
CREATE SCHEMA regress_tree AUTHORIZATION regress_tree_owner;
GRANT USAGE ON SCHEMA regress_tree TO regress_tree_app;
-- what a statement does for a user: rows, or the SQLSTATE; always undone
CREATE FUNCTION regress_tree.tries(as_user text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	PERFORM set_config('tj_perm.user_id', as_user, true);
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = n::text;
EXCEPTION WHEN SQLSTATE 'XX999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT tj_perm.create_workspace('tree', 'root'), tj_perm.create_workspace('tree2', 'other');
SELECT tj_perm.add_user('tree', u) FROM unnest(ARRAY['top', 'sub', 'leaf', 'row', 'two']) AS u;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES
	('tree', 'top', 'tree/folder:1', 'editor'), ('tree', 'sub', 'tree/folder:2', 'editor'), ('tree', 'leaf', 'tree/folder:3', 'editor'),
	('tree', 'row', 'tree/file:10', 'editor'), ('tree', 'two', 'tree/folder:2', 'editor'), ('tree', 'two', 'tree/folder:9', 'editor');

-- 1. The chain of folders as an array: folder 1 > 2 > 3, and 9 beside.
SET ROLE regress_tree_owner;
CREATE TABLE regress_tree.files (id bigint PRIMARY KEY, ws text, folders bigint[], title text);
CREATE TABLE regress_tree.files_text (id uuid PRIMARY KEY, ws text, folders text[]);
GRANT ALL ON ALL TABLES IN SCHEMA regress_tree TO regress_tree_app;
INSERT INTO regress_tree.files VALUES (10, 'tree', '{1,2,3}'), (11, 'tree', '{1,2}'), (12, 'tree', '{1}'), (13, 'tree', '{9}'), (14, 'tree', '{}'), (15, 'tree', NULL), (16, 'tree2', '{1,2,3}'), (17, 'tree', '{1,NULL,9}');
SELECT tj_perm.protect('regress_tree.files', workspace => 'ws', path => '{folder,folders,file,id}'), tj_perm.protect('regress_tree.files', workspace => 'ws', path => '{folder,folders,file,id}') AS again,
	tj_perm.protect('regress_tree.files_text', workspace => 'ws', path => '{folder,folders,file,id}');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'regress_tree' ORDER BY indexname;
SET ROLE regress_tree_app;
SELECT w.way, regress_tree.tries('root', w.statement) AS root, regress_tree.tries('top', w.statement) AS top, regress_tree.tries('sub', w.statement) AS sub, regress_tree.tries('leaf', w.statement) AS leaf,
	regress_tree.tries('row', w.statement) AS "row", regress_tree.tries('two', w.statement) AS two, regress_tree.tries('other', w.statement) AS other
FROM (VALUES (1, 'select', 'SELECT FROM regress_tree.files'),
	(2, 'title', 'UPDATE regress_tree.files SET title = ''x'' WHERE id = 10'),
	(3, 'up to {1,2}', 'UPDATE regress_tree.files SET folders = ''{1,2}'' WHERE id = 10'),
	(4, 'up to {1}', 'UPDATE regress_tree.files SET folders = ''{1}'' WHERE id = 10'),
	(5, 'to {9}', 'UPDATE regress_tree.files SET folders = ''{9}'' WHERE id = 10'),
	(6, 'to {}', 'UPDATE regress_tree.files SET folders = ''{}'' WHERE id = 10'),
	(7, 'to NULL', 'UPDATE regress_tree.files SET folders = NULL WHERE id = 10'),
	(8, 'turned round', 'UPDATE regress_tree.files SET folders = ''{3,2,1}'' WHERE id = 10'),
	(9, 'insert {1,2,3}', 'INSERT INTO regress_tree.files VALUES (20, ''tree'', ''{1,2,3}'')'),
	(10, 'insert {9}', 'INSERT INTO regress_tree.files VALUES (20, ''tree'', ''{9}'')'),
	(11, 'insert {}', 'INSERT INTO regress_tree.files VALUES (20, ''tree'', ''{}'')'),
	(12, 'insert 64', 'INSERT INTO regress_tree.files SELECT 20, ''tree'', array_agg(i) FROM generate_series(1, 64) AS i'),
	(13, 'delete', 'DELETE FROM regress_tree.files')) AS w (n, way, statement) ORDER BY n;
RESET ROLE;

-- 2. Partitions: the same policies everywhere, whichever door is taken; the key moves rows.
SET ROLE regress_tree_owner;
CREATE TABLE regress_tree.parts (id bigint, ws text, folder bigint NOT NULL, title text, PRIMARY KEY (id, folder)) PARTITION BY LIST (folder);
CREATE TABLE regress_tree.parts_1 PARTITION OF regress_tree.parts FOR VALUES IN (1, 3);
CREATE TABLE regress_tree.parts_2 PARTITION OF regress_tree.parts FOR VALUES IN (2) PARTITION BY HASH (id);
CREATE TABLE regress_tree.parts_2a PARTITION OF regress_tree.parts_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE regress_tree.parts_9 (LIKE regress_tree.parts INCLUDING INDEXES);
INSERT INTO regress_tree.parts VALUES (10, 'tree', 1), (11, 'tree', 2), (12, 'tree', 3), (13, 'tree2', 1);
INSERT INTO regress_tree.parts_9 VALUES (14, 'tree', 9);
GRANT ALL ON ALL TABLES IN SCHEMA regress_tree TO regress_tree_app;
SELECT tj_perm.protect('regress_tree.parts_1', workspace => 'ws', path => '{folder,folder,file,id}');
SELECT tj_perm.protect('regress_tree.parts', workspace => 'ws', path => '{folder,folder,file,id}') AS done;
SELECT relation, protected_with, in_step FROM tj_perm.protected_tables() WHERE relation::text LIKE '%.parts%';
SELECT tgrelid::regclass, tgname, tgparentid <> 0 AS cloned FROM pg_trigger WHERE tgname LIKE 'tj\_perm%' AND tgrelid::regclass::text LIKE '%.parts%' ORDER BY 1, 2;
SELECT c.oid::regclass, relrowsecurity, relforcerowsecurity, count(p.oid) AS policies FROM pg_class AS c LEFT JOIN pg_policy AS p ON p.polrelid = c.oid WHERE c.oid::regclass::text LIKE '%.parts%' AND relkind IN ('r', 'p') GROUP BY c.oid ORDER BY 1;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'tj\_perm\_place\_%' AND tgrelid = 'regress_tree.parts'::regclass ORDER BY tgname;
RESET ROLE;
CREATE TABLE regress_tree.ways (n integer, way text, statement text);
INSERT INTO regress_tree.ways VALUES
	(1, 'select', 'SELECT FROM regress_tree.parts'),
	(2, 'select 1', 'SELECT FROM regress_tree.parts_1'),
	(3, 'select 2a', 'SELECT FROM regress_tree.parts_2a'),
	(4, 'title', 'UPDATE regress_tree.parts SET title = ''x'' WHERE id = 10'),
	(5, 'within partition', 'UPDATE regress_tree.parts SET folder = 3 WHERE id = 10'),
	(6, 'across', 'UPDATE regress_tree.parts SET folder = 2 WHERE id = 10'),
	(7, 'direct', 'UPDATE regress_tree.parts_1 SET folder = 3 WHERE id = 10'),
	(8, 'merge across', 'MERGE INTO regress_tree.parts AS p USING (VALUES (10)) AS v (id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET folder = 2'),
	(9, 'upsert across', 'INSERT INTO regress_tree.parts VALUES (10, ''tree'', 1) ON CONFLICT (id, folder) DO UPDATE SET folder = 3'),
	(10, 'other id', 'UPDATE regress_tree.parts SET id = 99 WHERE id = 10'),
	(11, 'insert 1', 'INSERT INTO regress_tree.parts VALUES (20, ''tree'', 1)'),
	(12, 'insert 2', 'INSERT INTO regress_tree.parts VALUES (20, ''tree'', 2)'),
	(13, 'direct insert 2', 'INSERT INTO regress_tree.parts_2a VALUES (20, ''tree'', 2)'),
	(14, 'delete', 'DELETE FROM regress_tree.parts'),
	(15, 'direct delete', 'DELETE FROM regress_tree.parts_1');
GRANT SELECT ON regress_tree.ways TO PUBLIC;
SET ROLE regress_tree_app;
SELECT w.way, regress_tree.tries('root', w.statement) AS root, regress_tree.tries('top', w.statement) AS top, regress_tree.tries('sub', w.statement) AS sub, regress_tree.tries('leaf', w.statement) AS leaf,
	regress_tree.tries('row', w.statement) AS "row", regress_tree.tries('two', w.statement) AS two, regress_tree.tries('other', w.statement) AS other
FROM regress_tree.ways AS w ORDER BY w.n;
RESET ROLE;
-- a trigger of the app that moves the row across after ours has looked at it
CREATE FUNCTION regress_tree.move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.folder := 2; RETURN NEW; END $$;
CREATE TRIGGER zz_move BEFORE UPDATE OF title ON regress_tree.parts_1 FOR EACH ROW EXECUTE FUNCTION regress_tree.move();
SET ROLE regress_tree_app;
SELECT u AS "user", regress_tree.tries(u, 'UPDATE regress_tree.parts SET title = ''x'' WHERE id = 10') FROM unnest(ARRAY['root', 'top', 'row']) AS u;
RESET ROLE;
DROP TRIGGER zz_move ON regress_tree.parts_1;
-- levels that differ: a move needs that of UPDATE in the new place, as in an ordinary table
RESET ROLE;
SELECT tj_perm.grant_access('tree/folder:2', 'viewer', to_user => 'row');
SET ROLE regress_tree_owner;
SELECT tj_perm.protect('regress_tree.parts', workspace => 'ws', path => '{folder,folder,file,id}', insert_level => 'viewer') AS lower;
SET ROLE regress_tree_app;
SELECT w.way, regress_tree.tries('row', w.statement) AS "row", regress_tree.tries('two', w.statement) AS two FROM regress_tree.ways AS w WHERE n IN (6, 8, 12) ORDER BY n;
-- a partition that comes later: open to whoever goes to it directly, until protect is called again
SET ROLE regress_tree_owner;
ALTER TABLE regress_tree.parts ATTACH PARTITION regress_tree.parts_9 FOR VALUES IN (9);
SET ROLE regress_tree_app;
SELECT regress_tree.tries('sub', 'SELECT FROM regress_tree.parts') AS through_parent, regress_tree.tries('sub', 'SELECT FROM regress_tree.parts_9') AS directly;
SET ROLE regress_tree_owner;
SELECT tj_perm.protect('regress_tree.parts', workspace => 'ws', path => '{folder,folder,file,id}', insert_level => 'viewer') AS changed;
SET ROLE regress_tree_app;
SELECT regress_tree.tries('sub', 'SELECT FROM regress_tree.parts') AS through_parent, regress_tree.tries('sub', 'SELECT FROM regress_tree.parts_9') AS directly;
-- one that leaves stays protected but for the triggers that go with the tree, and can be unprotected
SET ROLE regress_tree_owner;
SELECT tj_perm.unprotect('regress_tree.parts_9');
ALTER TABLE regress_tree.parts DETACH PARTITION regress_tree.parts_9;
SELECT relation, protected_with, in_step FROM tj_perm.protected_tables('regress_tree.parts_9');
SELECT tj_perm.unprotect('regress_tree.parts_9') AS alone, tj_perm.unprotect('regress_tree.parts') AS all_others;
SELECT count(*) AS left_over FROM pg_class AS c WHERE c.oid::regclass::text LIKE '%.parts%' AND (relrowsecurity OR relforcerowsecurity OR relname LIKE '%tj_perm%'
	OR EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname LIKE 'tj_perm%'));
-- a policy on a partition would be OR-ed in there
CREATE POLICY wide ON regress_tree.parts_2a USING (true);
SELECT tj_perm.protect('regress_tree.parts', workspace => 'ws', path => '{folder,folder,file,id}');
DROP POLICY wide ON regress_tree.parts_2a;
-- tables below a parent, itself partitioned
CREATE TABLE regress_tree.notes (id bigint, file_id bigint, folder bigint, FOREIGN KEY (file_id, folder) REFERENCES regress_tree.parts (id, folder) ON UPDATE CASCADE) PARTITION BY RANGE (id);
CREATE TABLE regress_tree.notes_1 PARTITION OF regress_tree.notes FOR VALUES FROM (1) TO (100);
INSERT INTO regress_tree.notes VALUES (1, 10, 1), (2, 11, 2), (3, 13, 1);
GRANT ALL ON ALL TABLES IN SCHEMA regress_tree TO regress_tree_app;
SELECT tj_perm.protect('regress_tree.parts', workspace => 'ws', path => '{folder,folder,file,id}') AS parts, tj_perm.protect('regress_tree.notes', parent => 'file_id', path => '{note,id}') AS notes;
SET ROLE regress_tree_app;
SELECT u AS "user", regress_tree.tries(u, 'SELECT FROM regress_tree.notes') AS notes, regress_tree.tries(u, 'SELECT FROM regress_tree.notes_1') AS directly,
	regress_tree.tries(u, 'UPDATE regress_tree.notes SET file_id = 11, folder = 2 WHERE id = 1') AS moves, regress_tree.tries(u, 'INSERT INTO regress_tree.notes_1 VALUES (5, 11, 2)') AS inserts,
	regress_tree.tries(u, 'UPDATE regress_tree.parts SET folder = 2 WHERE id = 10') AS cascades
FROM unnest(ARRAY['root', 'top', 'sub', 'row', 'other']) WITH ORDINALITY AS u (u, n) ORDER BY n;
RESET ROLE;

-- 3. Inheritance: children have their own policies, triggers and indexes.
SET ROLE regress_tree_owner;
CREATE TABLE regress_tree.things (id bigint PRIMARY KEY, ws text, folder bigint);
CREATE TABLE regress_tree.cars (wheels integer) INHERITS (regress_tree.things);
INSERT INTO regress_tree.things VALUES (10, 'tree', 1);
INSERT INTO regress_tree.cars VALUES (11, 'tree', 2, 4), (12, 'tree2', 1, 4);
GRANT ALL ON ALL TABLES IN SCHEMA regress_tree TO regress_tree_app;
SELECT tj_perm.protect('regress_tree.things', workspace => 'ws', path => '{folder,folder,file,id}') AS done, tj_perm.protect('regress_tree.things', workspace => 'ws', path => '{folder,folder,file,id}') AS again;
SELECT relation, protected_with, in_step FROM tj_perm.protected_tables() WHERE relation IN ('regress_tree.things'::regclass, 'regress_tree.cars'::regclass);
SELECT indexdef FROM pg_indexes WHERE tablename = 'cars' ORDER BY indexname;
SET ROLE regress_tree_app;
SELECT u AS "user", regress_tree.tries(u, 'SELECT FROM regress_tree.things') AS things, regress_tree.tries(u, 'SELECT FROM regress_tree.cars') AS cars, regress_tree.tries(u, 'UPDATE regress_tree.things SET folder = 9') AS moves,
	regress_tree.tries(u, 'UPDATE regress_tree.cars SET folder = 1') AS cars_move, regress_tree.tries(u, 'INSERT INTO regress_tree.cars VALUES (20, ''tree'', 2)') AS inserts
FROM unnest(ARRAY['root', 'top', 'sub', 'two', 'other']) WITH ORDINALITY AS u (u, n) ORDER BY n;
SET ROLE regress_tree_owner;
SELECT tj_perm.unprotect('regress_tree.cars');
SELECT tj_perm.unprotect('regress_tree.things');
SELECT count(*) AS left_over FROM pg_policy WHERE polrelid IN ('regress_tree.things'::regclass, 'regress_tree.cars'::regclass);
RESET ROLE;

SELECT tj_perm.drop_workspace('tree'), tj_perm.drop_workspace('tree2');
SET client_min_messages = warning;
DROP SCHEMA regress_tree CASCADE;
DROP OWNED BY regress_tree_owner, regress_tree_app;
DROP ROLE regress_tree_owner, regress_tree_app;
