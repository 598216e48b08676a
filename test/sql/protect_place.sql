-- The place rule of protected tables: each way to put a row somewhere.
\set SHOW_CONTEXT never
CREATE ROLE regress_place_owner;
CREATE ROLE regress_place_app;
CREATE ROLE regress_place_bypass BYPASSRLS;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_place_app, regress_place_owner;
CREATE SCHEMA regress_place AUTHORIZATION regress_place_owner;
GRANT USAGE ON SCHEMA regress_place TO regress_place_app, regress_place_bypass;
-- what a statement does for a user: rows, or the SQLSTATE; always undone
CREATE FUNCTION regress_place.tries(as_user text, statement text, in_words boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	detail text;
BEGIN
	PERFORM set_config('tj_perm.user_id', as_user, true);
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = n::text;
EXCEPTION WHEN SQLSTATE 'XX999' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN in_words THEN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, '')) ELSE SQLSTATE END;
END
$$;

-- tj_place: containers, then type:* for the row itself; never the row itself
SELECT tj_place('w', 'app', 1) AS nowhere, tj_place('w', 'folder', 7::bigint, 'app', 'x') AS in_folder, tj_place('w'::text, 'folder', NULL::bigint, 'app', 1) AS null_container,
	tj_place(5::bigint, 'folder', ARRAY['a', NULL, '*'], 'project', 3::smallint, 'app', gen_random_uuid()) AS in_many;
SELECT tj_place('w', 'folder', 7, 'folder', 8) AS in_parent, tj_place('w', 'folder', 8, 'folder', '8'::text) AS own_parent, tj_place('w', 'folder', ARRAY[1, 8, 3], 'folder', 8::bigint) AS own_ancestor,
	tj_place('w', 'app', 8, 'folder', 8) AS other_type, tj_place('w', 'folder', '08'::text, 'folder', 8) AS other_id, tj_place('w', 'folder', '*'::text, 'folder', '*'::text) AS star;
SELECT tj_place(NULL::text, 'folder', 7, 'app', 1) AS no_workspace, tj_place('w', 'folder', 7, NULL::text, 1) AS no_type, tj_place('w', 'folder', 7, '', 1) AS empty_type, tj_place('w', 'folder', 7, 'app', NULL::bigint) AS no_id,
	tj_place('w', 'folder', 7, repeat('t', 64), 1) AS long_type, tj_place(gen_random_uuid(), 'x', repeat('i', 256), 'app', 1) AS long_id, tj_place('w', 'f', array_fill(1, ARRAY[64]), 'app', 1) AS many;
SELECT tj_place('w'::text, 'folder', 7, 'app');
SELECT tj_place('w'::text, 'folder', 7.5, 'app', 1);
SELECT tj_place('w', 'a', VARIADIC ARRAY['b', 'c', 'd']);
SELECT tj_perm.create_workspace('place', 'root'), tj_perm.create_workspace('elsewhere', 'other');
SELECT tj_perm.add_user('place', u) FROM unnest(ARRAY['row42', 'folder1', 'folders', 'apps', 'any', 'all', 'reader', 'both']) AS u;
SELECT tj_perm.add_user('elsewhere', 'both');
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES
	('place', 'row42', 'place/app:42', 'editor'),		-- the row alone
	('place', 'folder1', 'place/folder:1', 'editor'),
	('place', 'folders', 'place/folder:1', 'editor'), ('place', 'folders', 'place/folder:2', 'editor'),
	('place', 'any', 'place/folder:*', 'editor'),
	('place', 'apps', 'place/app:*', 'editor'),
	('place', 'all', 'place', 'editor'),
	('place', 'reader', 'place/folder:1', 'editor'), ('place', 'reader', 'place/folder:2', 'viewer'), ('place', 'reader', 'place/app:42', 'admin'),
	('place', 'both', 'place', 'admin'), ('elsewhere', 'both', 'elsewhere/folder:1', 'editor');
SELECT u, tj_can(u, tj_place('place', 'folder', 1, 'app', 42), 'editor') AS folder_1, tj_can(u, tj_place('place', 'folder', 2, 'app', 42), 'editor') AS folder_2, tj_can(u, tj_place('place', 'app', 42), 'editor') AS no_folder
FROM unnest(ARRAY['row42', 'folder1', 'folders', 'any', 'apps', 'all', 'reader', 'root', 'other']) WITH ORDINALITY AS u (u, n) ORDER BY n;

SET ROLE regress_place_owner;
CREATE TABLE regress_place.apps (id bigint PRIMARY KEY, org_id text NOT NULL, folder_id bigint, title text);
INSERT INTO regress_place.apps VALUES (42, 'place', 1, 'a'), (43, 'place', 2, 'b'), (44, 'place', NULL, 'c'), (45, 'place', 1, 'd'), (50, 'elsewhere', 1, 'e');
GRANT ALL ON regress_place.apps TO regress_place_app, regress_place_bypass;
SELECT tj_perm.protect('regress_place.apps', workspace => 'org_id', path => '{folder,folder_id,app,id}');
RESET ROLE;

-- 1. Every way to move row 42 out of folder 1, and to put a new row.
CREATE TABLE regress_place.ways (n integer, way text, statement text);
INSERT INTO regress_place.ways VALUES
	(1, 'stay', 'UPDATE regress_place.apps SET title = ''x'' WHERE id = 42'),
	(2, 'set the same', 'UPDATE regress_place.apps SET folder_id = 1, id = 42, org_id = ''place'' WHERE id = 42'),
	(3, 'to folder 2', 'UPDATE regress_place.apps SET folder_id = 2 WHERE id = 42'),
	(4, 'to no folder', 'UPDATE regress_place.apps SET folder_id = NULL WHERE id = 42'),
	(5, 'other id', 'UPDATE regress_place.apps SET id = 99 WHERE id = 42'),
	(6, 'other workspace', 'UPDATE regress_place.apps SET org_id = ''elsewhere'' WHERE id = 42'),
	(7, 'no filter', 'UPDATE regress_place.apps SET folder_id = 2'),
	(8, 'from NULL to 2', 'UPDATE regress_place.apps SET folder_id = 2 WHERE id = 44'),
	(9, 'UPDATE FROM', 'UPDATE regress_place.apps AS a SET folder_id = v.f FROM (VALUES (42, 2)) AS v (id, f) WHERE a.id = v.id'),
	(10, 'UPDATE in a CTE', 'WITH u AS (UPDATE regress_place.apps SET folder_id = 2 WHERE id = 42 RETURNING id) SELECT * FROM u'),
	(11, 'UPDATE RETURNING', 'UPDATE regress_place.apps SET folder_id = 2 WHERE id = 42 RETURNING *'),
	(12, 'MERGE UPDATE', 'MERGE INTO regress_place.apps AS a USING (VALUES (42)) AS v (id) ON a.id = v.id WHEN MATCHED THEN UPDATE SET folder_id = 2'),
	(13, 'MERGE INSERT', 'MERGE INTO regress_place.apps AS a USING (VALUES (62)) AS v (id) ON a.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (62, ''place'', 2)'),
	(14, 'upsert from 1 to 2', 'INSERT INTO regress_place.apps VALUES (42, ''place'', 1) ON CONFLICT (id) DO UPDATE SET folder_id = 2'),
	(15, 'upsert excluded 2', 'INSERT INTO regress_place.apps VALUES (42, ''place'', 2) ON CONFLICT (id) DO UPDATE SET folder_id = excluded.folder_id'),
	(16, 'upsert grabs 43', 'INSERT INTO regress_place.apps VALUES (43, ''place'', 1) ON CONFLICT (id) DO UPDATE SET folder_id = excluded.folder_id'),
	(17, 'upsert grabs 50', 'INSERT INTO regress_place.apps VALUES (50, ''place'', 1) ON CONFLICT (id) DO UPDATE SET org_id = excluded.org_id'),
	(18, 'upsert nothing', 'INSERT INTO regress_place.apps VALUES (42, ''place'', 1) ON CONFLICT (id) DO NOTHING'),
	(19, 'INSERT into 1', 'INSERT INTO regress_place.apps VALUES (60, ''place'', 1)'),
	(20, 'INSERT into 2', 'INSERT INTO regress_place.apps VALUES (60, ''place'', 2)'),
	(21, 'INSERT nowhere', 'INSERT INTO regress_place.apps VALUES (60, ''place'', NULL)'),
	(22, 'INSERT as 42', 'INSERT INTO regress_place.apps VALUES (42, ''place'', 2)'),
	(23, 'INSERT elsewhere', 'INSERT INTO regress_place.apps VALUES (60, ''elsewhere'', 1)'),
	(24, 'INSERT RETURNING', 'INSERT INTO regress_place.apps VALUES (60, ''place'', 1) RETURNING *'),
	(25, 'INSERT SELECT', 'INSERT INTO regress_place.apps SELECT id + 100, org_id, 2 FROM regress_place.apps'),
	(26, 'DELETE', 'DELETE FROM regress_place.apps'),
	(27, 'DELETE USING', 'DELETE FROM regress_place.apps AS a USING regress_place.apps AS b WHERE a.folder_id = b.folder_id AND b.id = 42'),
	(28, 'SELECT FOR UPDATE', 'SELECT * FROM regress_place.apps FOR UPDATE');
GRANT SELECT ON regress_place.ways TO PUBLIC;
SET ROLE regress_place_app;
SELECT w.way, t.row42, t.folder1, t.folders, t.any, t.apps, t.all, t.reader, t.both, t.other, t.nobody FROM regress_place.ways AS w CROSS JOIN LATERAL (SELECT
	regress_place.tries('row42', w.statement) AS row42, regress_place.tries('folder1', w.statement) AS folder1, regress_place.tries('folders', w.statement) AS folders,
	regress_place.tries('any', w.statement) AS "any", regress_place.tries('apps', w.statement) AS apps, regress_place.tries('all', w.statement) AS "all", regress_place.tries('reader', w.statement) AS reader,
	regress_place.tries('both', w.statement) AS both, regress_place.tries('other', w.statement) AS other, regress_place.tries('', w.statement) AS nobody) AS t ORDER BY w.n;
SELECT w.way, regress_place.tries('reader', w.statement, true) FROM regress_place.ways AS w WHERE w.n IN (3, 20) ORDER BY w.n;
-- who could have written it: seen by the owner of the database alone
RESET ROLE;
SELECT * FROM regress_place.apps ORDER BY id;

-- 2. Triggers of the app that change the row after the fact.
CREATE FUNCTION regress_place.move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.folder_id := 2; RETURN NEW; END $$;
CREATE TRIGGER zz_move BEFORE INSERT OR UPDATE OF title ON regress_place.apps FOR EACH ROW EXECUTE FUNCTION regress_place.move();
SET ROLE regress_place_app;
SELECT w.way, regress_place.tries('row42', w.statement) AS row42, regress_place.tries('folder1', w.statement) AS folder1, regress_place.tries('folders', w.statement) AS folders
FROM regress_place.ways AS w WHERE w.n IN (1, 19) ORDER BY w.n;
RESET ROLE;
DROP TRIGGER zz_move ON regress_place.apps;

-- 3. Whom policies do not bind, the trigger does not hinder; where FORCE binds the owner, it does too.
\set move 'UPDATE regress_place.apps SET folder_id = 2 WHERE id = 42'
SELECT regress_place.tries('row42', :'move') AS superuser;
SET ROLE regress_place_bypass;
SELECT set_config('row_security', 'on', false), regress_place.tries('', 'UPDATE regress_place.apps SET folder_id = 2 WHERE id = 42');
RESET ROLE;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_place_bypass;
SET ROLE regress_place_bypass;
SELECT regress_place.tries('row42', :'move') AS bypass;
SET ROLE regress_place_owner;
SELECT regress_place.tries('row42', :'move') AS forced_owner, regress_place.tries('folders', :'move') AS with_the_right, regress_place.tries('', :'move') AS as_nobody;
SELECT tj_perm.protect('regress_place.apps', workspace => 'org_id', path => '{folder,folder_id,app,id}', force => false);
SELECT regress_place.tries('row42', :'move') AS owner, regress_place.tries('', :'move') AS as_nobody;
SELECT tj_perm.protect('regress_place.apps', workspace => 'org_id', path => '{folder,folder_id,app,id}');
-- pg_dump, and whoever else turns row security off, is refused rather than misled
SET row_security = off;
SELECT count(*) FROM regress_place.apps;
RESET row_security;
RESET ROLE;
-- triggers are off where rows are replicated, as for all constraints of an app
SET session_replication_role = replica;
SELECT regress_place.tries('row42', :'move') AS replica;
RESET session_replication_role;

-- 4. COPY: PostgreSQL refuses it for whom policies bind, and writes what one may see.
SET ROLE regress_place_app;
SET tj_perm.user_id = 'folder1';
\copy regress_place.apps FROM '/dev/null'
COPY (SELECT * FROM regress_place.apps ORDER BY id) TO STDOUT;
COPY regress_place.apps (id) TO STDOUT;
RESET tj_perm.user_id;
RESET ROLE;

-- 5. A moved parent row takes its children along by ON UPDATE CASCADE.
SET ROLE regress_place_owner;
CREATE TABLE regress_place.folders (org_id text, id bigint, title text, PRIMARY KEY (org_id, id));
INSERT INTO regress_place.folders VALUES ('place', 1), ('place', 2), ('elsewhere', 1);
ALTER TABLE regress_place.apps NO FORCE ROW LEVEL SECURITY;
ALTER TABLE regress_place.apps ADD FOREIGN KEY (org_id, folder_id) REFERENCES regress_place.folders ON UPDATE CASCADE;
ALTER TABLE regress_place.apps FORCE ROW LEVEL SECURITY;
GRANT ALL ON regress_place.folders TO regress_place_app;
SELECT tj_perm.protect('regress_place.folders', workspace => 'org_id', path => '{folder,id}');
SET ROLE regress_place_app;
SELECT w.way, regress_place.tries('folder1', w.statement) AS folder1, regress_place.tries('any', w.statement) AS "any", regress_place.tries('all', w.statement) AS "all"
FROM (VALUES (1, 'rename', 'UPDATE regress_place.folders SET title = ''x'' WHERE id = 1'),
	(2, 'key 1 to 9', 'UPDATE regress_place.folders SET id = 9 WHERE id = 1'),
	(3, 'new folder', 'INSERT INTO regress_place.folders VALUES (''place'', 3)'),
	(4, 'foreign key', 'UPDATE regress_place.apps SET folder_id = 99 WHERE id = 42')) AS w (n, way, statement) ORDER BY n;
BEGIN;
SELECT set_config('tj_perm.user_id', 'any', true);
UPDATE regress_place.folders SET id = 9 WHERE org_id = 'place' AND id = 1;
SELECT id, folder_id FROM regress_place.apps ORDER BY id;
ROLLBACK;
RESET ROLE;

-- 6. Columns that are renamed: policies and triggers follow.
ALTER TABLE regress_place.apps RENAME COLUMN folder_id TO dir;
ALTER TABLE regress_place.apps RENAME TO programs;
SET ROLE regress_place_app;
SELECT regress_place.tries(u, 'UPDATE regress_place.programs SET dir = 2 WHERE id = 42') FROM unnest(ARRAY['row42', 'folder1', 'folders']) AS u;
RESET ROLE;
SELECT relation, path, in_step FROM tj_perm.protected_tables('regress_place.programs');

-- 7. A generated container, spellings that a collation calls equal, a user by a subquery, a fixed workspace.
CREATE COLLATION regress_place.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SET ROLE regress_place_owner;
CREATE TABLE regress_place.boxes (id integer PRIMARY KEY, code text, folder text COLLATE regress_place.ci GENERATED ALWAYS AS (split_part(code, '-', 1)) STORED);
INSERT INTO regress_place.boxes VALUES (42, '1-x'), (43, 'k-x');
GRANT ALL ON regress_place.boxes TO regress_place_app;
SELECT tj_perm.protect('regress_place.boxes', fixed_workspace => 'place', path => '{folder,folder,app,id}', user_expression => '(SELECT public.tj_user())');
RESET ROLE;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('place', 'folder1', 'place/folder:k', 'editor'), ('place', 'row42', 'place/app:43', 'editor');
SET ROLE regress_place_app;
SELECT w.way, regress_place.tries('row42', w.statement) AS row42, regress_place.tries('folder1', w.statement) AS folder1, regress_place.tries('any', w.statement) AS "any"
FROM (VALUES (1, 'within 1', 'UPDATE regress_place.boxes SET code = ''1-y'' WHERE id = 42'),
	(2, 'to 2', 'UPDATE regress_place.boxes SET code = ''2-x'' WHERE id = 42'),
	(3, 'k to K', 'UPDATE regress_place.boxes SET code = ''K-x'' WHERE id = 43'),
	(4, 'insert 1', 'INSERT INTO regress_place.boxes VALUES (60, ''1-z'')'),
	(5, 'insert K', 'INSERT INTO regress_place.boxes VALUES (60, ''K-z'')')) AS w (n, way, statement) ORDER BY n;
RESET ROLE;

-- 8. Rows that are workspaces.
SET ROLE regress_place_owner;
CREATE TABLE regress_place.orgs (key text PRIMARY KEY, title text);
INSERT INTO regress_place.orgs VALUES ('place'), ('elsewhere'), ('unknown');
GRANT ALL ON regress_place.orgs TO regress_place_app;
SELECT tj_perm.protect('regress_place.orgs', workspace => 'key', delete_level => 'admin');
SET ROLE regress_place_app;
SELECT w.way, regress_place.tries('row42', w.statement) AS row42, regress_place.tries('all', w.statement) AS "all", regress_place.tries('both', w.statement) AS both, regress_place.tries('root', w.statement) AS root,
	regress_place.tries('other', w.statement) AS other, regress_place.tries('stranger', w.statement) AS stranger
FROM (VALUES (1, 'SELECT', 'SELECT * FROM regress_place.orgs'),
	(2, 'UPDATE', 'UPDATE regress_place.orgs SET title = ''x'''),
	(3, 'DELETE', 'DELETE FROM regress_place.orgs WHERE key = ''place'''),
	(4, 'other key', 'UPDATE regress_place.orgs SET key = ''mine'' WHERE key = ''place'''),
	(5, 'INSERT', 'INSERT INTO regress_place.orgs VALUES (''mine'')')) AS w (n, way, statement) ORDER BY n;
RESET ROLE;

-- 9. A row that names itself as its container: a grant on the row is no right to put it there.
SET ROLE regress_place_owner;
CREATE TABLE regress_place.tree (id bigint PRIMARY KEY, org text, parent_id bigint, ancestors bigint[]);
INSERT INTO regress_place.tree VALUES (1, 'place', NULL, '{}'), (42, 'place', 1, '{1}'), (43, 'place', 42, '{1,42}');
GRANT ALL ON regress_place.tree TO regress_place_app;
SELECT tj_perm.protect('regress_place.tree', workspace => 'org', path => '{folder,parent_id,folder,ancestors,folder,id}');
RESET ROLE;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('place', 'row42', 'place/folder:42', 'editor');
SET ROLE regress_place_app;
SELECT w.way, regress_place.tries('row42', w.statement) AS row42, regress_place.tries('folder1', w.statement) AS folder1, regress_place.tries('any', w.statement) AS "any"
FROM (VALUES (1, 'sees', 'SELECT FROM regress_place.tree'),
	(2, 'own parent', 'UPDATE regress_place.tree SET parent_id = 42 WHERE id = 42'),
	(3, 'own ancestor', 'UPDATE regress_place.tree SET parent_id = NULL, ancestors = ''{42}'' WHERE id = 42'),
	(4, 'own child''s child', 'UPDATE regress_place.tree SET parent_id = 43, ancestors = ''{43,42}'' WHERE id = 42'),
	(5, 'child of 42 to 1', 'UPDATE regress_place.tree SET parent_id = 1, ancestors = ''{1}'' WHERE id = 43'),
	(6, 'child of 42 stays', 'UPDATE regress_place.tree SET ancestors = ''{42}'' WHERE id = 43'),
	(7, 'new child of 42', 'INSERT INTO regress_place.tree VALUES (44, ''place'', 42, ''{1,42}'')'),
	(8, 'new, by itself', 'INSERT INTO regress_place.tree VALUES (44, ''place'', 44, ''{44}'')')) AS w (n, way, statement) ORDER BY n;
RESET ROLE;

SELECT tj_perm.drop_workspace('place'), tj_perm.drop_workspace('elsewhere');
SET client_min_messages = warning;
DROP SCHEMA regress_place CASCADE;
DROP OWNED BY regress_place_owner, regress_place_app, regress_place_bypass;
DROP ROLE regress_place_owner, regress_place_app, regress_place_bypass;
