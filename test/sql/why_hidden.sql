-- Why a user sees one row, or not.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SELECT tj_user() IS NULL AS library_is_loaded;
CREATE ROLE regress_why_owner;
CREATE ROLE regress_why_app;
CREATE ROLE regress_why_stranger;
CREATE ROLE regress_why_reader BYPASSRLS;
CREATE SCHEMA regress_why AUTHORIZATION regress_why_owner;
GRANT USAGE ON SCHEMA regress_why TO PUBLIC;
SELECT tj_perm.create_workspace('5', admin => 'root') \g /dev/null
SELECT tj_perm.add_user('5', u) FROM unnest('{alice,bob,carol}'::text[]) AS u \g /dev/null
SELECT tj_perm.create_group('5', 'Support'), tj_perm.add_to_group('5', 'Support', '{bob}'), tj_perm.grant_access('5/folder:7', 'viewer', 'Support') \g /dev/null
SELECT tj_perm.grant_access('5/app:42', 'editor', to_user => 'alice'), tj_perm.archive_user('5', 'carol') \g /dev/null
UPDATE tj_perm.grants SET granted_at = '2026-01-01' WHERE workspace_id = '5';

SET ROLE regress_why_owner;
SET search_path = regress_why, public;
CREATE TABLE orgs (id bigint PRIMARY KEY);
CREATE TABLE apps (org_id bigint, folder_id bigint, id bigint PRIMARY KEY, secret boolean DEFAULT false, owner text);
CREATE POLICY member ON orgs FOR SELECT USING (tj_is_member(tj_user(), id));
CREATE POLICY see ON apps FOR SELECT USING (tj_can(tj_user(), tj_resource(org_id, 'folder', folder_id, 'app', id), 'viewer'));
CREATE POLICY change ON apps FOR UPDATE USING (tj_can(tj_user(), tj_resource(org_id, 'folder', folder_id, 'app', id), 'editor'));
ALTER TABLE orgs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
INSERT INTO apps VALUES (5, 7, 42), (5, NULL, 43), (NULL, NULL, 44);
RESET ROLE;
INSERT INTO orgs VALUES (5), (6);
CREATE FUNCTION regress_why.rows_seen(u text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_seen text;
BEGIN
	PERFORM set_config('tj_perm.user_id', u, true);
	SET LOCAL ROLE regress_why_app;
	SELECT string_agg(id::text, ' ' ORDER BY id) INTO v_seen FROM regress_why.apps;
	RESET ROLE;
	PERFORM set_config('tj_perm.user_id', '', true);
	RETURN v_seen;
END
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA regress_why TO regress_why_app, regress_why_reader;

-- not enabled
SELECT * FROM tj_perm.why_hidden('apps', '42', 'bob');
ALTER TABLE apps ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- allowed, denied, and the remedies
SELECT * FROM tj_perm.why_hidden('apps', '42', 'alice');
SELECT * FROM tj_perm.why_hidden('apps', '42', 'BOB@nowhere');
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'bob');
SELECT * FROM tj_perm.why_hidden('apps', '43', 'bob') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('apps', '43', 'carol') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('apps', '44', 'alice') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('apps', '45', 'alice');
SELECT * FROM tj_perm.why_hidden('orgs', '5', 'alice');
SELECT * FROM tj_perm.why_hidden('orgs', '5', 'stranger') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('orgs', '6', 'alice') WHERE command = 'SELECT';
-- the remedies, run, are remedies; and the verdict is what the user sees
SELECT regress_why.rows_seen('bob') AS before;
SELECT remedy AS "-- " FROM tj_perm.why_hidden('apps', '43', 'bob') WHERE command = 'SELECT' AND remedy IS NOT NULL \gexec
SELECT regress_why.rows_seen('bob') AS after;
SELECT verdict FROM tj_perm.why_hidden('apps', '43', 'bob') WHERE command = 'SELECT' LIMIT 1;
SELECT tj_user() IS NULL AS nobody_set;

-- other policies: conditions, roles, restrictive, WITH CHECK, level_on, constants
SET ROLE regress_why_owner;
CREATE FUNCTION is_mine(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT $1 = public.tj_user()';
CREATE POLICY own ON apps FOR SELECT USING (is_mine(owner));
CREATE POLICY audit ON apps FOR SELECT TO regress_why_reader USING (true);
CREATE POLICY open ON apps AS RESTRICTIVE FOR SELECT USING (NOT secret);
CREATE POLICY remove ON apps FOR DELETE USING (tj_level_on(tj_user(), tj_resource(org_id, 'app', id)) >= 'editor' AND id > 0);
CREATE POLICY keep ON apps AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (folder_id IS NOT NULL);
CREATE POLICY night ON apps AS RESTRICTIVE FOR DELETE TO regress_why_app USING (false);
RESET ROLE;
UPDATE apps SET owner = 'bob', secret = true WHERE id = 42;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'bob');
UPDATE apps SET secret = false WHERE id = 42;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'bob') WHERE command = 'SELECT';
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'alice') WHERE command <> 'SELECT';
SELECT tj_perm.grant_access('5/app:43', 'editor', to_user => 'alice') \g /dev/null
UPDATE tj_perm.grants SET granted_at = '2026-01-01' WHERE workspace_id = '5';
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '43', 'alice') WHERE command = 'UPDATE';
DROP POLICY own ON apps;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'stranger') WHERE command = 'SELECT';

-- through a parent; composite keys; other ways to name the user
SET ROLE regress_why_owner;
CREATE DOMAIN slug AS varchar(20) CHECK (VALUE <> '');
CREATE TABLE notes (app_id bigint, "Lang" slug, body text, PRIMARY KEY (app_id, "Lang"));
CREATE POLICY see ON notes FOR SELECT USING (EXISTS (SELECT FROM apps AS parent1 WHERE parent1.id = app_id AND tj_can(tj_user(), tj_resource(parent1.org_id, 'folder', parent1.folder_id, 'app', parent1.id), 'viewer')));
ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
RESET ROLE;
INSERT INTO notes VALUES (42, 'de', 'x'), (99, 'it''s', 'y');
SELECT * FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'bob') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('notes', '{"app_id": "42", "Lang": "de"}', 'stranger') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('notes', '{"app_id": 99, "Lang": "it''s"}', 'bob') WHERE command = 'SELECT';
SELECT * FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "fr"}', 'bob');
CREATE POLICY any_app ON notes FOR DELETE USING (EXISTS (SELECT FROM apps AS a WHERE a.org_id = 5 AND tj_can(tj_user(), tj_resource(a.org_id, 'app', a.id), 'viewer')));
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'alice') WHERE command = 'DELETE';
DROP POLICY any_app ON notes;
-- with a foreign key the parent's own policies are asked as well
DELETE FROM notes WHERE app_id = 99;
ALTER TABLE notes ADD FOREIGN KEY (app_id) REFERENCES apps;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'bob') WHERE command = 'SELECT';
UPDATE apps SET secret = true WHERE id = 42;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'bob') WHERE command = 'SELECT';
UPDATE apps SET secret = false WHERE id = 42;
-- WITH CHECK of permissive policies is joined by OR as well
CREATE POLICY w1 ON notes FOR UPDATE USING (true) WITH CHECK (false);
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'bob') WHERE command = 'UPDATE';
CREATE POLICY w2 ON notes FOR UPDATE USING (body = 'x');
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'bob') WHERE command = 'UPDATE';
DROP POLICY w1 ON notes;
DROP POLICY w2 ON notes;
CREATE POLICY by_role ON notes FOR DELETE USING (tj_can(CURRENT_USER::text, tj_resource('5', 'app', app_id), 'viewer'));
CREATE POLICY by_role_or ON notes FOR DELETE USING (tj_can(CURRENT_USER::text, tj_resource('5', 'app', app_id), 'viewer') OR body = 'z');
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'alice') WHERE command = 'DELETE';
DROP POLICY by_role ON notes;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de"}', 'alice') WHERE command = 'DELETE';

-- code behind a table never runs as the one who asks
GRANT CREATE ON SCHEMA regress_why TO regress_why_stranger;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_why_stranger;
SET ROLE regress_why_stranger;
CREATE FUNCTION trap(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF public.tj_user() IS NULL THEN -- while rows are put in
		RETURN true;
	END IF;
	RAISE NOTICE '% runs as %, user %', what, current_user, public.tj_user();
	PERFORM set_config('search_path', 'regress_why', false), set_config('work_mem', '1MB', false);
	BEGIN
		CREATE TEMP TABLE left_behind ();
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	BEGIN
		PERFORM tj_perm.grant_access('5', 'admin', to_user => 'bob');
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	BEGIN
		PERFORM set_config('tj_perm.user_id', '', true), tj_perm.doctor();
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	BEGIN
		SET TRANSACTION READ WRITE;
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	BEGIN
		RESET ROLE;
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	RETURN true;
END
$$;
CREATE DOMAIN regress_why.trapped AS text CHECK (trap('check of a domain'));
CREATE TABLE bait (id trapped PRIMARY KEY, org_id bigint);
CREATE POLICY hook ON bait FOR SELECT USING (trap('policy') AND tj_can(tj_user(), tj_workspace(org_id), 'viewer'));
CREATE POLICY cast_ ON bait FOR DELETE USING ((org_id::text)::trapped = '5');
ALTER TABLE bait ENABLE ROW LEVEL SECURITY;
INSERT INTO bait VALUES ('1', 5);
RESET ROLE;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('bait', '1', 'root') WHERE command <> 'UPDATE';
SELECT current_setting('search_path') AS path, current_setting('work_mem') = '1MB' AS work_mem_changed, current_user = session_user AS still_me, to_regclass('pg_temp.left_behind') AS left_behind, tj_user() AS identity;
-- a superuser's table with the same policy; another's function in one's own table
ALTER TABLE bait OWNER TO CURRENT_USER;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('bait', '1', 'alice') WHERE command = 'SELECT';
ALTER TABLE bait OWNER TO regress_why_owner;
SELECT command, verdict, explanation FROM tj_perm.why_hidden('bait', '1', 'alice') WHERE command = 'SELECT';
CREATE TABLE supers (id uuid PRIMARY KEY, org_id int);
ALTER TABLE supers ENABLE ROW LEVEL SECURITY;
INSERT INTO supers VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 5);
CREATE POLICY see ON supers FOR SELECT USING (tj_can(tj_user(), tj_workspace(org_id), 'viewer') AND org_id > 0);
CREATE POLICY chance ON supers FOR UPDATE USING (random() < 2);
CREATE VIEW regress_why.looked AS SELECT 5 AS org_id;
CREATE POLICY by_view ON supers FOR DELETE USING (EXISTS (SELECT FROM regress_why.looked AS l WHERE l.org_id = supers.org_id AND tj_can(tj_user(), tj_workspace(l.org_id), 'viewer')));
SELECT command, verdict, explanation FROM tj_perm.why_hidden('supers', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'root');
-- an expression that fails
CREATE POLICY broken ON apps FOR DELETE USING (1 / (id - id) = 1 AND tj_can(tj_user(), tj_workspace(org_id), 'viewer'));
SELECT command, verdict, explanation FROM tj_perm.why_hidden('apps', '42', 'alice') WHERE command = 'DELETE';
-- all is as it was, after a success and after an error that was caught
BEGIN;
SELECT count(*) > 0 AS answers FROM tj_perm.why_hidden('apps', '42', 'alice');
SELECT tj_user() IS NULL AS nobody_set, current_user = session_user AS still_me, current_setting('transaction_read_only') AS read_only, tj_perm._is_owner_role() AS owner;
CREATE TABLE writable ();
DROP POLICY broken ON apps;
SELECT count(*) > 0 AS answers FROM tj_perm.why_hidden('apps', '42', 'alice');
CREATE TABLE writable_again ();
COMMIT;

-- who may, and what is refused
\set VERBOSITY terse
CREATE TABLE keyless (id bigint);
CREATE VIEW viewed AS SELECT 1 AS id;
SELECT tj_perm.why_hidden('keyless', '1', 'bob');
SELECT tj_perm.why_hidden('viewed', '1', 'bob');
SELECT tj_perm.why_hidden('nothing_of_this_name', '1', 'bob');
SELECT tj_perm.why_hidden(NULL, '1', 'bob');
SELECT tj_perm.why_hidden('apps', NULL, 'bob');
SELECT tj_perm.why_hidden('apps', '1', NULL);
SELECT tj_perm.why_hidden('apps', '1', ' bob');
SELECT tj_perm.why_hidden('apps', 'x', 'bob');
SELECT tj_perm.why_hidden('apps', '1'' OR true OR ''', 'bob');
SELECT tj_perm.why_hidden('notes', '42', 'bob');
SELECT tj_perm.why_hidden('notes', 'de', 'bob');
SELECT tj_perm.why_hidden('notes', '{"app_id": 42}', 'bob');
SELECT tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": null}', 'bob');
SELECT tj_perm.why_hidden('notes', '{"app_id": 42, "Lang": "de", "x": 1}', 'bob');
\set VERBOSITY default
SELECT tj_perm.why_hidden('notes', '{"app_id": 42}', 'bob');
SELECT tj_perm.why_hidden('keyless', '1', 'bob');
\set VERBOSITY terse
SET ROLE regress_why_owner;
SELECT tj_perm.why_hidden('apps', '42', 'bob');
SELECT tj_perm.why_hidden('apps', '4711', 'bob');
SELECT tj_perm.why_hidden(1::oid::regclass, '4711', 'bob');
SET ROLE regress_why_reader;
SELECT tj_perm.why_hidden('apps', '42', 'bob');
RESET ROLE;
SELECT set_config('tj_perm.user_id', 'root', false) \g /dev/null
SELECT tj_perm.why_hidden('apps', '42', 'bob');
RESET tj_perm.user_id;
SELECT tj_perm.why_hidden(1::oid::regclass, '4711', 'bob');

-- the rights of the extension's owner are not enough: the table's policies must not bind
SELECT format('GRANT %I TO regress_why_reader, regress_why_app', session_user) AS grants, format('REVOKE %I FROM regress_why_reader, regress_why_app', session_user) AS revokes \gset
:grants;
SET ROLE regress_why_app;
SELECT tj_perm.why_hidden('apps', '42', 'bob');
SET ROLE regress_why_reader;
SELECT count(*) > 0 AS answers FROM tj_perm.why_hidden('apps', '42', 'bob');
SELECT tj_perm.why_hidden('keyless', '1', 'bob');
RESET ROLE;
:revokes;

SET client_min_messages = error;
DROP SCHEMA regress_why CASCADE;
RESET client_min_messages;
SELECT tj_perm.drop_workspace('5') \g /dev/null
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_why_stranger;
DROP ROLE regress_why_owner, regress_why_app, regress_why_stranger, regress_why_reader;
