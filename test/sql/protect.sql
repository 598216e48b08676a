-- protect_sql, protect, unprotect: what they make, refuse, and take back.
\set SHOW_CONTEXT never
CREATE ROLE regress_protect_owner;
CREATE ROLE regress_protect_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_protect_app;
CREATE SCHEMA regress_protect AUTHORIZATION regress_protect_owner;
GRANT USAGE ON SCHEMA regress_protect TO regress_protect_app;
CREATE FUNCTION regress_protect.tried(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT tj_perm.create_workspace('protect', 'root'), tj_perm.add_user('protect', 'alice'), tj_perm.grant_access('protect/folder:1', 'viewer', to_user => 'alice');

-- 1. The SQL, word for word.
SET ROLE regress_protect_owner;
CREATE TABLE regress_protect.bugs (id uuid PRIMARY KEY, org_id text NOT NULL, folder_id bigint, "App Id" varchar(20), title text);
INSERT INTO regress_protect.bugs VALUES (gen_random_uuid(), 'protect', 1, 'a', 'visible'), (gen_random_uuid(), 'protect', 2, 'b', 'not'), (gen_random_uuid(), 'else', 1, 'c', 'not');
GRANT ALL ON regress_protect.bugs TO regress_protect_app;
\pset format unaligned
SELECT tj_perm.protect_sql('regress_protect.bugs', workspace => 'org_id', path => '{folder,folder_id,app,App Id,bug,id}');
SELECT tj_perm.protect_sql('regress_protect.bugs', fixed_workspace => 'it''s', path => '{bug,id}', user_expression => 'CURRENT_USER::text', select_level => 'editor', insert_level => 'viewer', update_level => 'admin', delete_level => 'admin', force => false);
-- nothing has changed yet
\pset format aligned
SELECT count(*) AS policies FROM pg_policy WHERE polrelid = 'regress_protect.bugs'::regclass;
SELECT * FROM tj_perm.protected_tables('regress_protect.bugs');

-- 2. protect does what protect_sql says, once.
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{folder,folder_id,app,App Id,bug,id}') AS done, tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{folder,folder_id,app,App Id,bug,id}') AS again;
SELECT * FROM tj_perm.protected_tables('regress_protect.bugs') \gx
SET ROLE regress_protect_app;
SET tj_perm.user_id = 'alice';
SELECT title FROM regress_protect.bugs;
SET tj_perm.user_id = 'root';
SELECT title FROM regress_protect.bugs ORDER BY title;
RESET tj_perm.user_id;
SELECT title FROM regress_protect.bugs;
-- the text that was printed, run by hand, is the same
SET ROLE regress_protect_owner;
SELECT tj_perm._protection_state('regress_protect.bugs') AS by_protect \gset
SELECT tj_perm.unprotect('regress_protect.bugs');
SELECT tj_perm.protect_sql('regress_protect.bugs', workspace => 'org_id', path => '{folder,folder_id,app,App Id,bug,id}') AS printed \gset
:printed
SELECT tj_perm._protection_state('regress_protect.bugs') = :'by_protect' AS same;
-- other arguments replace, and indexes that are of no use any more go; a change by hand is put right
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{app,App Id}', delete_level => 'admin', insert_level => 'viewer') AS replaced;
SELECT polname, pg_get_expr(polqual, polrelid) AS using, pg_get_expr(polwithcheck, polrelid) AS check FROM pg_policy WHERE polrelid = 'regress_protect.bugs'::regclass ORDER BY polname;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'regress_protect' ORDER BY indexname;
ALTER POLICY tj_perm_select ON regress_protect.bugs USING (true);
SELECT relation, in_step FROM tj_perm.protected_tables('regress_protect.bugs');
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{app,App Id}', delete_level => 'admin', insert_level => 'viewer') AS mended, tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{app,App Id}', delete_level => 'admin', insert_level => 'viewer') AS again;
ALTER TABLE regress_protect.bugs DISABLE TRIGGER tj_perm_place;
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'org_id', path => '{app,App Id}', delete_level => 'admin', insert_level => 'viewer') AS mended;
-- transactional
BEGIN;
SELECT tj_perm.unprotect('regress_protect.bugs');
ROLLBACK;
SELECT count(*) AS policies FROM pg_policy WHERE polrelid = 'regress_protect.bugs'::regclass;
-- columns that change their names are followed, two that swap them too
ALTER TABLE regress_protect.bugs RENAME COLUMN org_id TO swap;
ALTER TABLE regress_protect.bugs RENAME COLUMN "App Id" TO org_id;
ALTER TABLE regress_protect.bugs RENAME COLUMN swap TO "App Id";
SELECT workspace, path, in_step FROM tj_perm.protected_tables('regress_protect.bugs');
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{app,org_id}', delete_level => 'admin', insert_level => 'viewer') AS record_only;
SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'regress_protect.bugs'::regclass AND polname = 'tj_perm_select';
-- a comment that somebody else wrote stops nobody
COMMENT ON POLICY tj_perm_select ON regress_protect.bugs IS 'tj_perm.protect {"path": ';
SELECT relation, workspace, in_step FROM tj_perm.protected_tables('regress_protect.bugs');
COMMENT ON POLICY tj_perm_select ON regress_protect.bugs IS 'tj_perm.protect {"path": [], "select_level": "owner"}';
SELECT relation, workspace, in_step FROM tj_perm.protected_tables('regress_protect.bugs');
-- it is parsed, and nothing of it runs
COMMENT ON POLICY tj_perm_select ON regress_protect.bugs IS 'tj_perm.protect {"path": ["app", "org_id"], "workspace": "App Id", "columns": ["org_id", "App Id"], "user_expression": "1)); CREATE TABLE regress_protect.ran (); SELECT ((1", "select_level": "viewer", "insert_level": "viewer", "update_level": "editor", "delete_level": "admin", "force": true}';
RESET ROLE;
SELECT relation, workspace, in_step, to_regclass('regress_protect.ran') FROM tj_perm.protected_tables('regress_protect.bugs');
SET ROLE regress_protect_owner;
COMMENT ON POLICY tj_perm_select ON regress_protect.bugs IS NULL;
SELECT relation, workspace, in_step FROM tj_perm.protected_tables('regress_protect.bugs');
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{app,org_id}', delete_level => 'admin', insert_level => 'viewer') AS mended;
SELECT tj_perm.unprotect('regress_protect.bugs') AS done, tj_perm.unprotect('regress_protect.bugs') AS again;

-- whatever is changed of what protect made, in_step tells; what changes nothing of it does not
RESET ROLE;
CREATE TABLE regress_protect.trees (org text, kind text, id int, PRIMARY KEY (org, id, kind)) PARTITION BY LIST (kind);
CREATE TABLE regress_protect.oaks PARTITION OF regress_protect.trees FOR VALUES IN ('oak');
CREATE TABLE regress_protect.leaves (id int PRIMARY KEY, org text, tree int, kind text, FOREIGN KEY (org, tree, kind) REFERENCES regress_protect.trees);
CREATE FUNCTION regress_protect.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{bug,id}', drop_grants => true) AS bugs, tj_perm.protect('regress_protect.trees', workspace => 'org', path => '{kind,kind,tree,id}') AS trees,
	tj_perm.protect('regress_protect.leaves', parent => 'tree', path => '{leaf,id}', user_expression => 'lower(CURRENT_USER)') AS leaves;
SELECT relation, in_step FROM tj_perm.protected_tables();
-- what is out of step after the statement, which is then undone
CREATE FUNCTION regress_protect.out_of_step(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement;
	answer := (SELECT string_agg(relation || CASE WHEN in_step IS NULL THEN ' unknown' ELSE '' END, ', ') FROM tj_perm.protected_tables() WHERE in_step IS NOT TRUE);
	RAISE SQLSTATE 'TJT00';
EXCEPTION WHEN SQLSTATE 'TJT00' THEN
	RETURN answer;
END
$$;
SELECT s.statement, regress_protect.out_of_step(s.statement) FROM unnest(ARRAY[
	'ALTER POLICY tj_perm_select ON regress_protect.bugs USING (true)',
	'ALTER POLICY tj_perm_select ON regress_protect.bugs USING (tj_can(tj_user(), tj_resource("App Id", ''bug'', id), ''editor''))',
	'ALTER POLICY tj_perm_insert ON regress_protect.bugs WITH CHECK (tj_can(tj_user(), tj_resource("App Id", ''bug'', id), ''editor''))',
	'ALTER POLICY tj_perm_update ON regress_protect.bugs USING (true)',
	'ALTER POLICY tj_perm_update ON regress_protect.bugs WITH CHECK (true)',
	'ALTER POLICY tj_perm_delete ON regress_protect.bugs TO regress_protect_app',
	'ALTER POLICY tj_perm_delete ON regress_protect.leaves USING (EXISTS (SELECT FROM regress_protect.trees))',
	'DROP POLICY tj_perm_insert ON regress_protect.bugs',
	'DROP POLICY tj_perm_update ON regress_protect.oaks',
	'DROP POLICY tj_perm_delete ON regress_protect.leaves',
	'DROP POLICY tj_perm_delete ON regress_protect.bugs; CREATE POLICY tj_perm_delete ON regress_protect.bugs AS RESTRICTIVE FOR DELETE USING (tj_can(tj_user(), tj_resource("App Id", ''bug'', id), ''editor''))',
	'DROP POLICY tj_perm_delete ON regress_protect.bugs; CREATE POLICY tj_perm_delete ON regress_protect.bugs USING (tj_can(tj_user(), tj_resource("App Id", ''bug'', id), ''editor''))',
	'ALTER TABLE regress_protect.bugs DISABLE ROW LEVEL SECURITY',
	'ALTER TABLE regress_protect.bugs NO FORCE ROW LEVEL SECURITY',
	'ALTER TABLE regress_protect.oaks NO FORCE ROW LEVEL SECURITY',
	'DROP TRIGGER tj_perm_place ON regress_protect.bugs',
	'DROP TRIGGER tj_perm_drop_grants ON regress_protect.bugs',
	'DROP TRIGGER tj_perm_place_insert ON regress_protect.trees',
	'DROP TRIGGER tj_perm_place ON regress_protect.leaves',
	'ALTER TABLE regress_protect.bugs DISABLE TRIGGER tj_perm_place',
	'ALTER TABLE regress_protect.bugs ENABLE REPLICA TRIGGER tj_perm_drop_grants',
	'ALTER TABLE regress_protect.oaks DISABLE TRIGGER tj_perm_place_before',
	'DROP TRIGGER tj_perm_place ON regress_protect.bugs; CREATE TRIGGER tj_perm_place AFTER UPDATE ON regress_protect.bugs FOR EACH ROW WHEN (false) EXECUTE FUNCTION tj_perm.refuse_place()',
	'CREATE OR REPLACE TRIGGER tj_perm_place AFTER UPDATE ON regress_protect.leaves FOR EACH ROW EXECUTE FUNCTION tj_perm.refuse_place(''SELECT true'')',
	'CREATE OR REPLACE TRIGGER tj_perm_drop_grants AFTER DELETE ON regress_protect.bugs FOR EACH ROW EXECUTE FUNCTION regress_protect.nothing(''bug'', ''column'', ''App Id'', ''id'')',
	'CREATE OR REPLACE TRIGGER tj_perm_drop_grants AFTER DELETE ON regress_protect.bugs FOR EACH ROW EXECUTE FUNCTION tj_perm.drop_grants(''other'', ''column'', ''App Id'', ''id'')',
	'CREATE TRIGGER tj_perm_drop_grants AFTER DELETE ON regress_protect.leaves FOR EACH ROW EXECUTE FUNCTION tj_perm.drop_grants(''leaf'', ''key'', ''techcorp'', ''id'')',
	-- a trigger that was told a name does not follow it
	'ALTER TABLE regress_protect.bugs RENAME COLUMN id TO number',
	'ALTER TABLE regress_protect.leaves RENAME COLUMN tree TO stem',
	'ALTER TABLE regress_protect.trees RENAME COLUMN org TO workspace',
	-- harmless
	'ALTER TABLE regress_protect.bugs ADD COLUMN more int',
	'ALTER TABLE regress_protect.trees ADD COLUMN more int',
	'ALTER TABLE regress_protect.bugs RENAME TO defects',
	'ALTER TABLE regress_protect.oaks RENAME TO beeches',
	'ALTER TABLE regress_protect.bugs SET SCHEMA public',
	'ALTER TABLE regress_protect.bugs ENABLE ALWAYS TRIGGER tj_perm_place',
	'CREATE POLICY more ON regress_protect.bugs AS RESTRICTIVE USING (title > '''')']) WITH ORDINALITY AS s (statement, n) ORDER BY s.n;
-- any role can tell, but for those who may not use a schema that policies name
SELECT regress_protect.out_of_step('SET LOCAL ROLE regress_protect_app');
REVOKE USAGE ON SCHEMA regress_protect FROM PUBLIC, regress_protect_app;
SET ROLE regress_protect_app;
SELECT relation::oid::regclass IS NOT NULL AS told, in_step FROM tj_perm.protected_tables();
RESET ROLE;
GRANT USAGE ON SCHEMA regress_protect TO PUBLIC;
SELECT tj_perm.unprotect('regress_protect.leaves') AS leaves, tj_perm.unprotect('regress_protect.trees') AS trees, tj_perm.unprotect('regress_protect.bugs') AS bugs;
DROP TABLE regress_protect.leaves, regress_protect.trees;
SET ROLE regress_protect_owner;

-- 3. unprotect leaves what was there before.
ALTER TABLE regress_protect.bugs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY narrow ON regress_protect.bugs AS RESTRICTIVE USING (title <> 'not');
CREATE INDEX mine ON regress_protect.bugs (folder_id);
SELECT tj_perm._protection_state('regress_protect.bugs') AS before \gset
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{folder,folder_id,bug,id}', force => false) AS done;
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = 'regress_protect.bugs'::regclass;
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{bug,id}') AS replaced;
SELECT tj_perm.unprotect('regress_protect.bugs') AS undone;
SELECT tj_perm._protection_state('regress_protect.bugs') = :'before' AS as_before;
ALTER TABLE regress_protect.bugs DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
-- other permissive policies
CREATE POLICY wide ON regress_protect.bugs USING (true);
CREATE POLICY "Also wide" ON regress_protect.bugs FOR SELECT USING (true);
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{bug,id}');
SELECT tj_perm.protect('regress_protect.bugs', workspace => 'App Id', path => '{bug,id}', keep_policies => true);
SELECT polname, polpermissive FROM pg_policy WHERE polrelid = 'regress_protect.bugs'::regclass ORDER BY polname::text COLLATE "C";
SELECT tj_perm.unprotect('regress_protect.bugs');
DROP POLICY wide ON regress_protect.bugs;
DROP POLICY "Also wide" ON regress_protect.bugs;

-- 4. Refused.
CREATE VIEW regress_protect.view AS SELECT * FROM regress_protect.bugs;
CREATE MATERIALIZED VIEW regress_protect.matview AS SELECT 1 AS id, 'w' AS org_id;
CREATE TEMP TABLE regress_protect_temp (id bigint PRIMARY KEY, org_id text);
CREATE TYPE regress_protect.kind AS ENUM ('a');
CREATE DOMAIN regress_protect.key AS varchar(30);
CREATE DOMAIN regress_protect.money AS numeric;
CREATE DOMAIN regress_protect.keys AS regress_protect.key[];
CREATE TABLE regress_protect.types (id bigint PRIMARY KEY, "Org" text, c char(3), n numeric, j jsonb, e regress_protect.kind, d date, k regress_protect.key, m regress_protect.money, ks regress_protect.keys, ns numeric[], i2 smallint, name name);
RESET ROLE;
CREATE TABLE regress_protect.nobody (id bigint PRIMARY KEY, org_id text);
CREATE FOREIGN DATA WRAPPER regress_protect_fdw;
CREATE SERVER regress_protect_server FOREIGN DATA WRAPPER regress_protect_fdw;
CREATE FOREIGN TABLE regress_protect.foreigner (id bigint, org_id text) SERVER regress_protect_server;
SET ROLE regress_protect_owner;
SELECT c.call, regress_protect.tried('SELECT tj_perm.protect(' || c.call || ')') FROM (VALUES
	(1, $$'regress_protect.types', workspace => 'org', path => '{app,id}'$$),
	(2, $$'regress_protect.types', workspace => '"Org"', path => '{app,id}'$$),
	(3, $$'regress_protect.types', workspace => 'tenant', path => '{app,id}'$$),
	(4, $$'regress_protect.types', workspace => 'Org', path => '{app,ctid}'$$),
	(5, $$'regress_protect.types', workspace => 'c', path => '{app,id}'$$),
	(6, $$'regress_protect.types', workspace => 'Org', path => '{app,n}'$$),
	(7, $$'regress_protect.types', workspace => 'Org', path => '{app,j,x,id}'$$),
	(8, $$'regress_protect.types', workspace => 'Org', path => '{app,e,x,id}'$$),
	(9, $$'regress_protect.types', workspace => 'Org', path => '{app,d}'$$),
	(10, $$'regress_protect.types', workspace => 'Org', path => '{app,m}'$$),
	(11, $$'regress_protect.types', workspace => 'Org', path => '{app,ks}'$$),
	(12, $$'regress_protect.types', workspace => 'Org', path => '{folder,ns,app,id}'$$),
	(13, $$'regress_protect.types', workspace => 'ks', path => '{app,id}'$$),
	(14, $$'regress_protect.types', workspace => 'Org', path => '{app,id,folder}'$$),
	(15, $$'regress_protect.types', workspace => 'Org', path => '{{app,id}}'$$),
	(16, $$'regress_protect.types', workspace => 'Org', path => '{app,NULL}'$$),
	(17, $$'regress_protect.types', workspace => 'Org', path => '{"",id}'$$),
	(18, $$'regress_protect.types', workspace => 'Org', path => ARRAY[repeat('t', 64), 'id']$$),
	(19, $$'regress_protect.types', workspace => 'Org', path => NULL$$),
	(20, $$'regress_protect.types', workspace => 'Org', path => array_fill('id'::text, ARRAY[34])$$),
	(21, $$'regress_protect.types', workspace => 'Org', path => ARRAY['app', repeat('c', 64)]$$),
	(22, $$'regress_protect.types', path => '{app,id}'$$),
	(23, $$'regress_protect.types', workspace => 'Org', fixed_workspace => 'w', path => '{app,id}'$$),
	(24, $$'regress_protect.types', fixed_workspace => 'w'$$),
	(25, $$'regress_protect.types', fixed_workspace => '', path => '{app,id}'$$),
	(26, $$'regress_protect.types', workspace => 'Org'$$),
	(27, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', select_level => NULL$$),
	(28, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', keep_policies => NULL$$),
	(29, $$NULL, workspace => 'Org', path => '{app,id}'$$),
	(30, $$4294967295::oid::regclass, workspace => 'Org', path => '{app,id}'$$),
	(31, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', user_expression => 'id'$$),
	(32, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', user_expression => 'nosuch()'$$),
	(33, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', user_expression => '1.5'$$),
	(34, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', user_expression => 'true) OR (true'$$),
	(35, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', user_expression => ''$$),
	(36, $$'regress_protect.types', workspace => 'Org', path => '{app,id}', drop_grants => true$$),
	(37, $$'regress_protect.types', workspace => 'Org', path => '{app,name}', drop_grants => true$$),
	(38, $$'regress_protect.types', parent => 'nosuch'$$),
	(39, $$'regress_protect.types', parent => 'id'$$),
	(40, $$'regress_protect.view', workspace => 'org_id', path => '{app,id}'$$),
	(41, $$'regress_protect.matview', workspace => 'org_id', path => '{app,id}'$$),
	(42, $$'regress_protect.foreigner', workspace => 'org_id', path => '{app,id}'$$),
	(43, $$'regress_protect_temp', workspace => 'org_id', path => '{app,id}'$$),
	(44, $$'regress_protect.types_pkey', workspace => 'org_id', path => '{app,id}'$$),
	(45, $$'pg_class', workspace => 'relname', path => '{app,oid}'$$),
	(46, $$'tj_perm.workspaces', workspace => 'workspace_id'$$),
	(47, $$'regress_protect.nobody', workspace => 'org_id', path => '{app,id}'$$)) AS c (n, call) ORDER BY c.n;
SELECT regress_protect.tried($$SELECT tj_perm.unprotect(NULL)$$), tj_perm.unprotect('regress_protect.nobody') AS not_protected;
-- the last one is refused by PostgreSQL; the text may be had
SELECT tj_perm.protect_sql('regress_protect.nobody', workspace => 'org_id', path => '{app,id}') LIKE '%CREATE POLICY%' AS text;
RESET ROLE;
SELECT tj_perm.protect('regress_protect.nobody', workspace => 'org_id', path => '{app,id}');
SET ROLE regress_protect_owner;
SELECT tj_perm.unprotect('regress_protect.nobody');
-- good types
SELECT tj_perm.protect('regress_protect.types', workspace => 'k', path => '{a,ks,b,i2,c,name,app,id}');
SELECT indexdef FROM pg_indexes WHERE tablename = 'types' ORDER BY indexname;
-- users of every type
SELECT u, tj_perm.protect('regress_protect.types', workspace => 'k', path => '{a,ks,b,i2,c,name,app,id}', user_expression => u)
FROM unnest(ARRAY['current_user', 'session_user', '''x''::varchar', '7', '7::smallint', '7::bigint', 'gen_random_uuid()', '(SELECT public.tj_user())', 'TJ_User()']) WITH ORDINALITY AS u (u, n) ORDER BY n;
SELECT user_expression, pg_get_expr(polqual, polrelid) FROM pg_policy, tj_perm.protected_tables('regress_protect.types') WHERE polrelid = relation AND polname = 'tj_perm_delete';

-- 5. Other roles can find out and do no more than what is theirs.
SET ROLE regress_protect_app;
SELECT count(*) AS listed FROM tj_perm.protected_tables() WHERE relation::text LIKE 'regress_protect.%';
SELECT tj_perm.protect('regress_protect.types', workspace => 'k', path => '{app,id}');
SELECT tj_perm.unprotect('regress_protect.types');
CREATE TEMP TABLE regress_protect_mine (org_id text, id bigint);
CREATE TRIGGER mine AFTER DELETE ON regress_protect_mine FOR EACH ROW EXECUTE FUNCTION tj_perm.drop_grants('app', 'column', 'org_id', 'id');
SELECT tj_perm.delete_grants('protect/folder:1');
SELECT tj_perm._delete_grants('protect/folder:1');
RESET ROLE;

-- 6. Names that are long or taken.
CREATE TABLE regress_protect.a_table_with_a_name_that_is_as_long_as_it_can_be_in_postgresql (id bigint PRIMARY KEY, a_column_with_a_name_that_is_as_long_as_it_can_be_in_postgresql text, b bigint, regress_protect text);
CREATE TABLE regress_protect."a 'quoted' ""name""" (id bigint PRIMARY KEY, "a ""col"" 'umn'" text, "b%s" bigint);
CREATE TABLE regress_protect."a 'quoted' ""name""_b%s_tj_perm_idx" ();
SELECT tj_perm.protect('regress_protect.a_table_with_a_name_that_is_as_long_as_it_can_be_in_postgresql', workspace => 'a_column_with_a_name_that_is_as_long_as_it_can_be_in_postgresql', path => '{folder,b,app,id}');
SELECT tj_perm.protect('regress_protect."a ''quoted'' ""name"""', workspace => 'a "col" ''umn''', path => '{"fold''er %",b%s,app,id}', drop_grants => false);
SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'regress_protect."a ''quoted'' ""name"""'::regclass AND polname = 'tj_perm_select';
SELECT c.relname LIKE 'tj\_perm\_%' AS hashed_name, obj_description(c.oid) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
	WHERE i.indrelid IN ('regress_protect."a ''quoted'' ""name"""'::regclass, 'regress_protect.a_table_with_a_name_that_is_as_long_as_it_can_be_in_postgresql'::regclass) ORDER BY 2, 1;
SELECT tj_perm.unprotect('regress_protect.a_table_with_a_name_that_is_as_long_as_it_can_be_in_postgresql'), tj_perm.unprotect('regress_protect."a ''quoted'' ""name"""');

-- names that try to be SQL: whoever protects another's table runs nothing of theirs
CREATE TABLE regress_protect."x
SELECT 1/0; --" ("org
SELECT 1/0; --" text, "id
'); SELECT 1/0; --" bigint PRIMARY KEY, up bigint REFERENCES regress_protect."a 'quoted' ""name""");
SELECT tj_perm.protect('regress_protect."a ''quoted'' ""name"""', workspace => 'a "col" ''umn''', path => '{"fold''er %",b%s,app,id}', drop_grants => false);
SELECT tj_perm.protect(attrelid, parent => 'up', path => ARRAY[E'a\n''); SELECT 1/0; --', attname]) FROM pg_attribute WHERE attname LIKE E'id\n%' AND attrelid::regclass::text LIKE 'regress\_protect.%' AND attnum = 2;
SELECT tj_perm.unprotect(polrelid) FROM pg_policy WHERE polname = 'tj_perm_select' AND polrelid::regclass::text LIKE E'%\n%';
SELECT tj_perm.protect(attrelid, workspace => (SELECT o.attname FROM pg_attribute AS o WHERE o.attrelid = a.attrelid AND o.attnum = 1), path => ARRAY[E'a\n''); SELECT 1/0; --', attname]) FROM pg_attribute AS a
	WHERE attname LIKE E'id\n%' AND attrelid::regclass::text LIKE 'regress\_protect.%' AND attnum = 2;
\pset format unaligned
SELECT tj_perm.protect_sql(polrelid, fixed_workspace => E'w\n''); SELECT 1/0; --', path => ARRAY['a', 'up']) FROM pg_policy WHERE polname = 'tj_perm_select' AND polrelid::regclass::text LIKE E'%\n%';
\pset format aligned

SELECT tj_perm.drop_workspace('protect');
SET client_min_messages = warning;
DROP SERVER regress_protect_server CASCADE;
DROP FOREIGN DATA WRAPPER regress_protect_fdw;
DROP SCHEMA regress_protect CASCADE;
DROP OWNED BY regress_protect_owner, regress_protect_app;
DROP ROLE regress_protect_owner, regress_protect_app;
