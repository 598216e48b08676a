-- The doctor: a healthy database, then each finding, its mending, and that it is gone then.
\set SHOW_CONTEXT never
SELECT tj_user() IS NULL AS library_is_loaded;
CREATE ROLE regress_doctor_owner;
CREATE ROLE regress_doctor_app LOGIN;
CREATE ROLE regress_doctor_reader;
CREATE SCHEMA regress_doctor AUTHORIZATION regress_doctor_owner;
GRANT USAGE ON SCHEMA regress_doctor TO PUBLIC;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_doctor_app;

-- a well-made application: composite keys, indexes, forced, one policy a command
SET ROLE regress_doctor_owner;
SET search_path = regress_doctor, public;
CREATE TABLE orgs (org_id bigint PRIMARY KEY);
CREATE TABLE folders (org_id bigint REFERENCES orgs, id bigint PRIMARY KEY, UNIQUE (org_id, id));
CREATE TABLE apps (org_id bigint, folder_id bigint, id bigint PRIMARY KEY, tags uuid[], public boolean DEFAULT false, UNIQUE (org_id, id),
	FOREIGN KEY (org_id, folder_id) REFERENCES folders (org_id, id));
CREATE INDEX ON apps (folder_id);
CREATE INDEX ON apps USING gin (tags);
CREATE TABLE notes (app_id bigint REFERENCES apps, body text);
CREATE TABLE log (org_id bigint, id bigint, at date) PARTITION BY RANGE (at);
CREATE INDEX ON log (org_id);
CREATE INDEX ON log (id);
CREATE POLICY see ON orgs FOR SELECT USING (tj_is_member(tj_user(), org_id));
CREATE POLICY see ON folders FOR SELECT USING (tj_can(tj_user(), tj_resource(org_id, 'folder', id), 'viewer'));
CREATE POLICY see ON apps FOR SELECT USING (tj_can(tj_user(), tj_resource(org_id, 'tag', tags, 'folder', folder_id, 'app', id), 'viewer'));
CREATE POLICY see ON notes FOR SELECT USING (EXISTS (SELECT FROM apps AS a WHERE a.id = app_id AND tj_can(tj_user(), tj_resource(a.org_id, 'app', a.id), 'viewer')));
CREATE POLICY see ON log FOR SELECT USING (tj_level_on(tj_user(), tj_resource(org_id, 'entry', id)) >= 'viewer');
SELECT format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', oid::regclass) AS "-- " FROM pg_class WHERE relnamespace = 'regress_doctor'::regnamespace AND relkind IN ('r', 'p') ORDER BY oid \gexec
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA regress_doctor TO regress_doctor_app;
CREATE VIEW app_names WITH (security_invoker) AS SELECT id FROM apps;
CREATE FUNCTION good_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
RESET ROLE;
SELECT severity, finding, object, detail, mend FROM tj_perm.doctor() WHERE severity <> 'info';
SELECT finding, object, detail, mend FROM tj_perm.doctor() ORDER BY 1, 2;

-- what is asked below: all but these, and the mending of what can be mended as it stands
CREATE VIEW pg_temp.findings AS SELECT severity, finding, object, detail, mend FROM tj_perm.doctor() WHERE finding <> 'may_act_for_users' OR object <> 'role regress_doctor_app';
CREATE VIEW pg_temp.mending AS SELECT mend AS "-- " FROM pg_temp.findings WHERE mend !~ '<[a-z]';

-- tables and policies
ALTER TABLE orgs DISABLE ROW LEVEL SECURITY;
ALTER TABLE folders NO FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON apps USING (true);
CREATE POLICY listed ON apps FOR SELECT TO regress_doctor_reader USING (id IN (1, 2));
CREATE POLICY nobody ON apps FOR DELETE USING (false);
CREATE POLICY shown ON notes FOR SELECT USING (body LIKE '#%');
CREATE POLICY all_of_it ON folders USING (tj_can(tj_user(), tj_resource(org_id, 'folder', id), 'viewer'));
CREATE POLICY adding ON apps FOR INSERT WITH CHECK (tj_can(tj_user(), tj_resource(org_id, 'app', id), 'viewer') AND id > 0);
CREATE POLICY either ON apps FOR SELECT USING (public OR tj_can(tj_user(), tj_resource(org_id, 'app', id), 'viewer'));
-- these write with enough of a level, but anywhere
CREATE POLICY change ON apps FOR UPDATE USING (tj_can(tj_user(), tj_resource(org_id, 'tag', tags, 'folder', folder_id, 'app', id), 'editor'));
CREATE POLICY make ON folders FOR INSERT WITH CHECK (tj_can(tj_user(), tj_resource(org_id, 'folder', id), 'editor'));
CREATE POLICY found ON folders FOR INSERT WITH CHECK (tj_can(tj_user(), tj_workspace(org_id), 'editor'));
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
DROP POLICY change ON apps;
DROP POLICY make ON folders;
DROP POLICY adding ON apps;
DROP POLICY either ON apps;
SELECT polname, polcmd, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'folders'::regclass ORDER BY 1;
DROP POLICY all_of_it ON folders;
-- who is exempt where row-level security is not forced
ALTER TABLE folders NO FORCE ROW LEVEL SECURITY;
CREATE ROLE regress_doctor_human LOGIN IN ROLE regress_doctor_owner;
SELECT * FROM pg_temp.findings;
ALTER TABLE folders FORCE ROW LEVEL SECURITY;
DROP ROLE regress_doctor_human;
-- harmless: permissive policies behind a restrictive one of ours
CREATE POLICY base ON orgs FOR SELECT TO regress_doctor_app USING (true);
DROP POLICY see ON orgs;
CREATE POLICY see ON orgs AS RESTRICTIVE FOR SELECT USING (tj_is_member(tj_user(), org_id));
SELECT * FROM pg_temp.findings;
ALTER POLICY see ON orgs TO regress_doctor_reader;
SELECT severity, finding, object, detail FROM pg_temp.findings;
ALTER POLICY see ON orgs TO PUBLIC;
ALTER POLICY base ON orgs TO PUBLIC;
SELECT * FROM pg_temp.findings;

-- partitions, children and parents; deny by default is enough
SET ROLE regress_doctor_owner;
CREATE TABLE log_old PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE log_new PARTITION OF log FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
GRANT SELECT ON log_new TO regress_doctor_reader, PUBLIC;
CREATE TABLE things (id bigint);
CREATE TABLE secret_things (org_id bigint) INHERITS (things);
CREATE INDEX ON secret_things (org_id);
CREATE TABLE more_things () INHERITS (secret_things);
ALTER TABLE more_things ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON secret_things FOR SELECT USING (tj_can(tj_user(), tj_workspace(org_id), 'viewer'));
CREATE POLICY open ON more_things FOR SELECT USING (true);
ALTER TABLE secret_things ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT (id) ON things TO regress_doctor_app;
RESET ROLE;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
SELECT oid::regclass, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname IN ('log_old', 'log_new', 'things', 'more_things') ORDER BY relname;
DROP TABLE log_old, log_new, things CASCADE;
-- a foreign table can have no policies
CREATE FOREIGN DATA WRAPPER regress_doctor_wrapper;
CREATE SERVER regress_doctor_server FOREIGN DATA WRAPPER regress_doctor_wrapper;
CREATE FOREIGN TABLE log_far PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') SERVER regress_doctor_server;
SELECT * FROM pg_temp.findings;
GRANT SELECT ON log_far TO regress_doctor_app;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
DROP FOREIGN DATA WRAPPER regress_doctor_wrapper CASCADE;
-- a policy may ask by a function that has a parsed body
CREATE TABLE wrapped (id bigint);
CREATE FUNCTION may_see(id bigint) RETURNS boolean LANGUAGE sql STABLE RETURN tj_can(tj_user(), tj_resource('5', 'thing', id), 'viewer');
CREATE POLICY see ON wrapped FOR SELECT USING (may_see(id));
SELECT severity, finding, object FROM pg_temp.findings;
DROP TABLE wrapped;
DROP FUNCTION may_see(bigint);

-- privileges, publications, foreign keys
GRANT TRUNCATE, TRIGGER ON apps TO regress_doctor_app;
GRANT REFERENCES (id) ON apps TO regress_doctor_reader;
GRANT INSERT, UPDATE (body), SELECT ON notes TO PUBLIC;
SET client_min_messages = error;
CREATE PUBLICATION regress_doctor_some FOR TABLE orgs;
RESET client_min_messages;
ALTER TABLE notes ADD FOREIGN KEY (app_id) REFERENCES apps ON DELETE CASCADE;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
ALTER TABLE notes DROP CONSTRAINT notes_app_id_fkey1;
DROP PUBLICATION regress_doctor_some;
CREATE PUBLICATION regress_doctor_some FOR TABLES IN SCHEMA regress_doctor;
SELECT finding, object, mend FROM pg_temp.findings;
DROP PUBLICATION regress_doctor_some;
SET client_min_messages = error;
CREATE PUBLICATION regress_doctor_some FOR ALL TABLES;
RESET client_min_messages;
SELECT DISTINCT finding, mend FROM pg_temp.findings;
DROP PUBLICATION regress_doctor_some;

-- columns of paths: indexes and keys
DROP INDEX apps_folder_id_idx, apps_tags_idx;
ALTER TABLE apps DROP CONSTRAINT apps_org_id_id_key, DROP CONSTRAINT apps_org_id_folder_id_fkey;
ALTER TABLE folders DROP CONSTRAINT folders_org_id_id_key;
CREATE INDEX partial ON apps (folder_id) WHERE folder_id > 0;
CREATE INDEX second_place ON apps (id, org_id);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER tj_perm_drop_grants AFTER DELETE ON folders FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE folders DROP CONSTRAINT folders_pkey, ADD CONSTRAINT folders_pkey PRIMARY KEY (id, org_id) INCLUDE (id);
SELECT * FROM pg_temp.findings;
ALTER TABLE folders DROP CONSTRAINT folders_pkey;
CREATE UNIQUE INDEX not_everywhere ON folders (org_id, id) WHERE id > 5;
ALTER TABLE apps ADD CONSTRAINT one_column FOREIGN KEY (org_id) REFERENCES orgs;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
-- a foreign key that leaves the workspace out
ALTER TABLE apps DROP CONSTRAINT apps_org_id_folder_id_fkey;
ALTER TABLE folders DROP CONSTRAINT folders_org_id_id_key;
ALTER TABLE folders ADD UNIQUE (id);
ALTER TABLE apps ADD FOREIGN KEY (folder_id) REFERENCES folders (id);
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
DROP TRIGGER tj_perm_drop_grants ON folders;
-- a fixed workspace: the id alone is the key
CREATE TABLE single (id text PRIMARY KEY, parent_id text);
CREATE TABLE single_parent (id text);
CREATE INDEX ON single_parent (id);
CREATE POLICY see ON single FOR SELECT USING (tj_can(tj_user(), tj_resource('techcorp', 'box', parent_id, 'item', id), 'viewer'));
CREATE POLICY see ON single_parent FOR SELECT USING (tj_can(tj_user(), tj_resource('techcorp', 'box', id), 'viewer'));
ALTER TABLE single ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE single_parent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER tj_perm_drop_grants AFTER DELETE ON single_parent FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
-- a key that is checked later lets two rows bear the name for a while
ALTER TABLE single DROP CONSTRAINT single_parent_id_fkey;
ALTER TABLE single_parent DROP CONSTRAINT single_parent_id_key, DROP CONSTRAINT single_parent_id_key1, ADD UNIQUE (id) DEFERRABLE;
SELECT * FROM pg_temp.findings;
DROP TABLE single, single_parent;

-- who is asked about, and of what
CREATE FUNCTION always_alice() RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT current_setting('app.user_id', true)$$;
CREATE FUNCTION each_row() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT public.tj_user()';
CREATE FUNCTION normal(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE paths (org_id text, path text, owner text, kept tj_resource);
CREATE INDEX ON paths (org_id);
ALTER TABLE paths ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p1 ON paths FOR SELECT USING (tj_can(always_alice(), tj_workspace(org_id), 'viewer'));
CREATE POLICY p2 ON paths FOR SELECT USING (tj_can(each_row(), tj_workspace(org_id), 'viewer'));
CREATE POLICY p3 ON paths FOR SELECT USING (org_id <> '' AND tj_can(current_setting('tj_perm.user_id'), tj_workspace(org_id), 'viewer'));
CREATE POLICY p4 ON paths FOR INSERT WITH CHECK (tj_can(current_setting('app.user_id', true)::uuid, tj_workspace(org_id), 'editor'));
CREATE POLICY p5 ON paths FOR SELECT USING (tj_can('alice', tj_workspace(org_id), 'viewer'));
CREATE POLICY p6 ON paths FOR SELECT USING (tj_can(owner, tj_workspace(org_id), 'viewer') AND owner = tj_user());
CREATE POLICY p7 ON paths FOR SELECT USING (tj_can(tj_user(), tj_resource(path), 'viewer'));
CREATE POLICY p8 ON paths FOR SELECT USING (tj_can(tj_user(), (org_id || '/app:' || path)::tj_resource, 'viewer'));
CREATE POLICY p9 ON paths FOR SELECT USING (EXISTS (SELECT FROM orgs AS o WHERE tj_is_member(current_setting('app.user_id', true), o.org_id)));
-- nothing wrong with these
CREATE POLICY q1 ON paths FOR SELECT USING (tj_can(normal(tj_user()), kept, 'viewer'));
CREATE POLICY q2 ON paths FOR SELECT USING (tj_can(lower(CURRENT_USER), 'techcorp/app:1', 'viewer'));
CREATE POLICY q3 ON paths FOR SELECT USING (tj_can(NULL::text, tj_workspace(org_id), 'viewer'));
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
SELECT polname, coalesce(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE polrelid = 'paths'::regclass AND polname < 'p7' ORDER BY 1;
DROP TABLE paths;
DROP FUNCTION always_alice(), each_row(), normal(text);

-- views, materialized views and rules, at several removes; the owner of a view counts
CREATE VIEW over_apps AS SELECT id FROM apps;
CREATE VIEW over_invoker AS SELECT id FROM app_names;
CREATE VIEW over_view AS SELECT id FROM over_apps;
CREATE VIEW "Own ""view""" AS SELECT id FROM notes JOIN apps ON app_id = id;
CREATE MATERIALIZED VIEW copied AS SELECT id FROM over_view;
CREATE TABLE plain (id bigint);
CREATE RULE also AS ON INSERT TO plain DO ALSO DELETE FROM apps WHERE id = NEW.id;
CREATE VIEW over_plain AS SELECT id FROM plain;
GRANT SELECT ON over_apps, copied, over_plain, over_invoker TO regress_doctor_app, PUBLIC;
SET ROLE regress_doctor_owner;
CREATE VIEW of_the_bound AS SELECT id FROM apps;
RESET ROLE;
CREATE VIEW over_the_bound AS SELECT id FROM of_the_bound;
GRANT SELECT ON of_the_bound, over_the_bound TO PUBLIC;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
-- what only read a view of the bound reads past the policies, now that it does so itself
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
SET client_min_messages = error;
DROP VIEW over_apps, over_invoker, "Own ""view""", of_the_bound CASCADE;
DROP TABLE plain CASCADE;
RESET client_min_messages;

-- SECURITY DEFINER functions: what chooses the objects that they run on
CREATE FUNCTION d_none(integer) RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION d_open() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = regress_doctor, "regress_doctor_open" AS 'SELECT 1';
CREATE SCHEMA regress_doctor_open;
GRANT CREATE ON SCHEMA regress_doctor_open TO PUBLIC;
CREATE FUNCTION regress_doctor_open.d_here() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE PROCEDURE d_temp() LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1';
CREATE FUNCTION d_trigger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION d_private() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION d_atomic() RETURNS integer LANGUAGE sql SECURITY DEFINER RETURN 1;
CREATE FUNCTION d_weak() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION leaky(text) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT true';
REVOKE EXECUTE ON FUNCTION d_private(), d_trigger() FROM PUBLIC;
ALTER FUNCTION d_weak() OWNER TO regress_doctor_reader;
ALTER FUNCTION leaky(text) OWNER TO regress_doctor_reader;
SELECT severity, finding, object, regexp_replace(detail, ' of [^ ]*\.$', ' of ...') AS detail, mend FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
SELECT proname, proconfig FROM pg_proc WHERE proname ~ '^d_' AND pronamespace::regnamespace::text ~ '^regress_doctor' ORDER BY 1;
DROP SCHEMA regress_doctor_open CASCADE;
DROP FUNCTION leaky(text), d_none(integer), d_open(), d_trigger(), d_private(), d_atomic(), d_weak();
DROP PROCEDURE d_temp();

-- logins of applications
CREATE ROLE regress_doctor_strong SUPERUSER;
CREATE ROLE regress_doctor_backup LOGIN BYPASSRLS;
CREATE ROLE regress_doctor_middle;
GRANT regress_doctor_owner TO regress_doctor_middle;
GRANT regress_doctor_middle, regress_doctor_strong TO regress_doctor_app;
ALTER ROLE regress_doctor_app BYPASSRLS CREATEROLE;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_doctor_strong;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending WHERE "-- " !~ '^ALTER ROLE regress_doctor_app' \gexec
SELECT * FROM pg_temp.findings;
ALTER ROLE regress_doctor_app NOBYPASSRLS NOCREATEROLE;
SELECT * FROM pg_temp.findings;
GRANT pg_read_server_files TO regress_doctor_app;
SELECT severity, finding, object, detail, mend FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
ALTER TABLE notes OWNER TO regress_doctor_app;
SELECT * FROM pg_temp.findings;
ALTER TABLE notes NO FORCE ROW LEVEL SECURITY;
SELECT * FROM pg_temp.findings;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
ALTER TABLE notes OWNER TO regress_doctor_owner;
GRANT SET ON PARAMETER tj_perm.user_id TO PUBLIC;
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
-- lost in a restore
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_doctor_app;
SELECT * FROM pg_temp.findings;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_doctor_app;

-- settings of roles and databases
ALTER ROLE regress_doctor_app SET tj_perm.user_id = 'a=b';
ALTER ROLE regress_doctor_reader SET session_replication_role = replica;
SELECT format('ALTER ROLE regress_doctor_reader IN DATABASE %I SET row_security = off', current_database()) AS "-- ", format('ALTER DATABASE %I SET session_replication_role = local', current_database()) \gexec
SELECT severity, finding, replace(object, current_database(), '...') AS object, detail, replace(mend, current_database(), '...') AS mend FROM pg_temp.findings ORDER BY severity, object, finding;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
-- the setting event_triggers came with PostgreSQL 17: before, nothing else can write it there
ALTER ROLE regress_doctor_reader SET row_security = off;
UPDATE pg_db_role_setting SET setconfig = '{event_triggers=off}' WHERE setrole = 'regress_doctor_reader'::regrole;
SELECT * FROM pg_temp.findings;
UPDATE pg_db_role_setting SET setconfig = '{event_triggers=on}' WHERE setrole = 'regress_doctor_reader'::regrole;
SELECT * FROM pg_temp.findings;
ALTER ROLE regress_doctor_reader RESET ALL;

-- the extension itself
SELECT relation, trigger, function FROM tj_perm._own_triggers()
EXCEPT
SELECT c.relname, t.tgname, p.proname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE c.relnamespace = 'tj_perm'::regnamespace AND NOT t.tgisinternal;
ALTER TABLE tj_perm.members DISABLE TRIGGER ALL;
ALTER TABLE tj_perm.members ENABLE TRIGGER ALL;
ALTER TABLE tj_perm.groups DISABLE TRIGGER ALL;
ALTER TABLE tj_perm.workspaces DISABLE TRIGGER c_default_groups;
ALTER TABLE tj_perm.history ENABLE TRIGGER a_owner;
ALTER EVENT TRIGGER tj_perm_renew_epoch ENABLE;
CREATE TRIGGER spy AFTER INSERT ON tj_perm.grants FOR EACH ROW EXECUTE FUNCTION nothing();
GRANT INSERT, SELECT ON tj_perm.grants TO regress_doctor_reader;
GRANT UPDATE (status) ON tj_perm.members TO PUBLIC;
GRANT SELECT ON tj_perm.workspaces TO PUBLIC, regress_doctor_reader; -- a monitor may
GRANT USAGE ON SEQUENCE tj_perm.grants_grant_id_seq TO regress_doctor_reader;
GRANT CREATE ON SCHEMA tj_perm TO regress_doctor_owner;
GRANT CREATE ON SCHEMA public TO regress_doctor_owner, PUBLIC, regress_doctor_strong; -- a superuser needs no grant
-- the path of a policy would be made by this one: int is what the column is
SET ROLE regress_doctor_reader;
CREATE FUNCTION public.tj_resource(workspace text, type text, id int) RETURNS tj_resource LANGUAGE sql IMMUTABLE RETURN 'mine'::tj_resource;
CREATE FUNCTION public.of_no_name_of_ours(workspace text) RETURNS tj_resource LANGUAGE sql IMMUTABLE RETURN 'mine'::tj_resource;
RESET ROLE;
SELECT public.tj_resource('theirs'::text, 'app'::text, 1);
GRANT EXECUTE ON FUNCTION tj_perm._level_on(text, tj_resource, boolean) TO regress_doctor_app, PUBLIC;
GRANT EXECUTE ON FUNCTION tj_perm.prune_history(timestamptz) TO regress_doctor_reader; -- asks for itself
SELECT * FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;
SELECT count(*) FILTER (WHERE tgenabled = 'A') AS always, count(*) FILTER (WHERE tgenabled NOT IN ('A', 'O')) AS off FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'tj_perm'::regnamespace;
BEGIN;
DROP TRIGGER a_stamp ON tj_perm.members;
DROP TRIGGER c_kind ON tj_perm.groups;
CREATE TRIGGER c_kind BEFORE INSERT ON tj_perm.groups FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT * FROM pg_temp.findings;
ROLLBACK;

DROP FUNCTION public.of_no_name_of_ours(text);
-- what protect made, changed by hand
CREATE TABLE kept (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE kept_part PARTITION OF kept FOR VALUES FROM (0) TO (9);
SELECT tj_perm.protect('kept', fixed_workspace => 'techcorp', path => '{app,id}');
SELECT * FROM pg_temp.findings;
ALTER POLICY tj_perm_delete ON kept USING (tj_can(tj_user(), tj_resource('techcorp', 'app', id), 'viewer'));
ALTER TABLE kept_part DISABLE TRIGGER tj_perm_place;
SELECT * FROM pg_temp.findings;
SELECT tj_perm.protect('kept', fixed_workspace => 'techcorp', path => '{app,id}');
SELECT * FROM pg_temp.findings;
DROP TABLE kept;

-- names that would break out of the mending SQL
CREATE TABLE "a; DROP TABLE x; --
'b" (org_id bigint PRIMARY KEY);
CREATE POLICY "p; SELECT 1; --
q" ON "a; DROP TABLE x; --
'b" FOR ALL USING (tj_can(tj_user(), tj_workspace(org_id), 'viewer'));
SELECT mend FROM pg_temp.findings;
SELECT * FROM pg_temp.mending \gexec
SELECT * FROM pg_temp.findings;

-- who may
\set VERBOSITY terse
SELECT set_config('tj_perm.user_id', 'root', false) \g /dev/null
SELECT tj_perm.doctor();
RESET tj_perm.user_id;
SET ROLE regress_doctor_owner;
SELECT tj_perm.doctor();
SELECT tj_perm._doctor();
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA regress_doctor CASCADE;
RESET client_min_messages;
SELECT * FROM pg_temp.findings;

-- A database whose owner is no superuser, and an extension whose owner was one.
\set home :DBNAME
CREATE ROLE regress_doctor_installer SUPERUSER;
CREATE DATABASE regress_tj_perm_doctor TEMPLATE template0 OWNER regress_doctor_owner;
\c regress_tj_perm_doctor
SET ROLE regress_doctor_installer;
CREATE EXTENSION tj_perm;
RESET ROLE;
CREATE VIEW pg_temp.findings AS SELECT severity, finding, object, detail, mend FROM tj_perm.doctor() WHERE finding <> 'may_act_for_users' OR object <> 'role regress_doctor_app';
SELECT * FROM pg_temp.findings;
ALTER ROLE regress_doctor_installer NOSUPERUSER;
SELECT * FROM pg_temp.findings;
GRANT regress_doctor_installer TO regress_doctor_middle;
GRANT regress_doctor_middle TO regress_doctor_app;
SELECT * FROM pg_temp.findings;
SELECT mend AS "-- " FROM pg_temp.findings \gexec
SELECT * FROM pg_temp.findings;
-- itself, there is nothing to revoke
ALTER ROLE regress_doctor_installer LOGIN;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_doctor_installer;
SELECT severity, finding, object, detail, mend FROM tj_perm.doctor() WHERE severity <> 'info';
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_doctor_installer;
\c :home
DROP DATABASE regress_tj_perm_doctor;
DROP ROLE regress_doctor_installer;
REVOKE CREATE ON SCHEMA public FROM regress_doctor_strong;
REVOKE SELECT ON tj_perm.grants, tj_perm.workspaces FROM regress_doctor_reader;
REVOKE EXECUTE ON FUNCTION tj_perm.prune_history(timestamptz) FROM regress_doctor_reader;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_doctor_app;
DROP ROLE regress_doctor_app, regress_doctor_owner, regress_doctor_reader, regress_doctor_strong, regress_doctor_backup, regress_doctor_middle;
