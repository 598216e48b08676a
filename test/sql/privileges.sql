-- Privileges: what an ordinary role can reach, and what nobody can hijack.
\set SHOW_CONTEXT never
CREATE ROLE regress_privileges_app;
SELECT tj_user() IS NULL AS library_is_loaded;
CREATE SCHEMA regress_privileges;

-- 1. Tables and sequences: nothing, for nobody but the owner.
SELECT c.relname, p.privilege FROM pg_class AS c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
WHERE c.relnamespace = 'tj_perm'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND (has_table_privilege('regress_privileges_app', c.oid, p.privilege)
	OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('regress_privileges_app', c.oid, p.privilege));
SELECT c.relname, p.privilege FROM pg_class AS c CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p (privilege)
WHERE c.relnamespace = 'tj_perm'::regnamespace AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege('regress_privileges_app', c.oid, p.privilege) END;
SELECT has_schema_privilege('regress_privileges_app', 'tj_perm', 'USAGE') AS usage, has_schema_privilege('regress_privileges_app', 'tj_perm', 'CREATE') AS "create";
SELECT c.relname, a.grantee::regrole, a.privilege_type FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
WHERE c.relnamespace = 'tj_perm'::regnamespace AND a.grantee <> c.relowner;
-- and by trying
CREATE FUNCTION regress_privileges.tried(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
GRANT USAGE ON SCHEMA regress_privileges TO PUBLIC;
SET ROLE regress_privileges_app;
SELECT statement, string_agg(DISTINCT regress_privileges.tried(format(statement, relname)), ' ') AS answers, count(*) >= 9 AS all_tables
FROM pg_class CROSS JOIN unnest(ARRAY['SELECT FROM tj_perm.%I', 'INSERT INTO tj_perm.%I DEFAULT VALUES', 'DELETE FROM tj_perm.%I', 'TRUNCATE tj_perm.%I', 'LOCK TABLE tj_perm.%I IN ACCESS EXCLUSIVE MODE',
	'ALTER TABLE tj_perm.%I DISABLE TRIGGER ALL', 'DROP TABLE tj_perm.%I', 'CREATE RULE r AS ON SELECT TO tj_perm.%I DO NOTHING', 'CREATE INDEX ON tj_perm.%I ((1))', 'COPY tj_perm.%I FROM STDIN']) AS statement
WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'r' GROUP BY statement ORDER BY statement COLLATE "C";
SELECT regress_privileges.tried(format('SELECT nextval(%L)', oid::regclass)) AS nextval, regress_privileges.tried(format('SELECT setval(%L, 1)', oid::regclass)) AS setval, regress_privileges.tried(format('SELECT last_value FROM %s', oid::regclass)) AS last_value, count(*) >= 3 AS all_sequences
FROM pg_class WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'S' GROUP BY 1, 2, 3;
SELECT regress_privileges.tried('CREATE TABLE tj_perm.mine ()') AS create_table, regress_privileges.tried('CREATE FUNCTION tj_perm.mine() RETURNS int LANGUAGE sql AS ''SELECT 1''') AS create_function,
	regress_privileges.tried('DROP EXTENSION tj_perm') AS drop_extension, regress_privileges.tried('ALTER EXTENSION tj_perm ADD SCHEMA regress_privileges') AS alter_extension,
	regress_privileges.tried('DROP EVENT TRIGGER tj_perm_renew_epoch') AS drop_event_trigger, regress_privileges.tried('SET session_replication_role = replica') AS replica, regress_privileges.tried('SET tj_perm.user_id = ''root''') AS identity;
-- pg_stats shows nothing of the contents either
RESET ROLE;
INSERT INTO tj_perm.workspaces (workspace_id) VALUES ('privileges');
ANALYZE tj_perm.workspaces;
SET ROLE regress_privileges_app;
SELECT count(*) FROM pg_stats WHERE schemaname = 'tj_perm';
RESET ROLE;

-- 2. Functions of the schema: which ones everybody may call, and which not.
SELECT p.proname AS public_may_call, count(*) AS variants FROM pg_proc AS p WHERE p.pronamespace = 'tj_perm'::regnamespace AND has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE') AND p.proname NOT LIKE '\_%' GROUP BY 1 ORDER BY p.proname::text COLLATE "C";
SELECT p.proname AS owner_only FROM pg_proc AS p WHERE p.pronamespace = 'tj_perm'::regnamespace AND NOT has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE') AND p.proname NOT LIKE '\_%' ORDER BY p.proname::text COLLATE "C";
SELECT count(*) > 0 AS private_functions, count(*) FILTER (WHERE has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE')) AS of_these_callable
FROM pg_proc AS p WHERE p.pronamespace = 'tj_perm'::regnamespace AND p.proname LIKE '\_%' AND NOT 'tj_perm._planned'::regtype = ANY (p.proargtypes) AND p.proname !~ '^_protect(ion)?_';
-- the parts of protect run as whoever protects a table, and never as the owner
SELECT p.proname AS part_of_protect, p.prosecdef OR p.prosrc = 'tj_perm_as_owner' AS as_owner, has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE') AS callable
FROM pg_proc AS p WHERE p.pronamespace = 'tj_perm'::regnamespace AND p.proname ~ '^_protect(ion)?_' ORDER BY p.proname::text COLLATE "C";
-- those that stand in plans take a value that nobody can make (see planner)
SELECT p.proname AS stands_in_plans FROM pg_proc AS p WHERE p.pronamespace = 'tj_perm'::regnamespace AND p.proargtypes[0] = 'tj_perm._planned'::regtype AND has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE') ORDER BY p.proname::text COLLATE "C";
SELECT p.oid::regprocedure, a.grantee::regrole FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a WHERE p.pronamespace = 'tj_perm'::regnamespace AND a.grantee NOT IN (0, p.proowner);
SET ROLE regress_privileges_app;
SELECT tj_perm._level_on('root', 'privileges', true);
SELECT tj_perm._level_until('root', 'privileges', 'viewer');
SELECT tj_perm._renew_guard('', 0);
SELECT tj_perm._caller_role();
SELECT tj_perm._transaction_is_dirty();
SELECT tj_perm._create_workspace('mine', 'me', NULL);
SELECT tj_perm._drop_workspace('privileges');
SELECT tj_perm._is_owner_role();
SELECT tj_perm.create_workspace('mine', 'me');
SELECT tj_perm.change_user_id('root', 'me');
-- trigger functions cannot be put on a table of one's own
CREATE TEMP TABLE mine (workspace_id text, user_id text, group_id bigint);
CREATE TRIGGER t AFTER INSERT ON pg_temp.mine FOR EACH ROW EXECUTE FUNCTION tj_perm._renew_stamps('member', 'workspace_id', 'user_id');
CREATE TRIGGER t AFTER INSERT ON pg_temp.mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.record_history();
CREATE TRIGGER t AFTER INSERT ON pg_temp.mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.add_default_groups();
DROP TABLE pg_temp.mine;
RESET ROLE;

-- 3. How they run: no pinned path missing, nothing owned by somebody else.
SELECT p.oid::regprocedure AS definer_without_path FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'tj_perm'
WHERE p.prosecdef AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) AND p.prosqlbody IS NULL;
SELECT p.oid::regprocedure AS body_without_path FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.pronamespace = 'tj_perm'::regnamespace AND l.lanname NOT IN ('c', 'internal') AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) AND p.prosqlbody IS NULL ORDER BY 1;
-- a public function that runs as the owner has one private function behind it, and nobody can change that
SELECT p.oid::regprocedure AS door_to_nowhere FROM pg_proc AS p WHERE p.prosrc = 'tj_perm_as_owner' AND NOT EXISTS (
	SELECT FROM pg_proc AS b WHERE b.proname = '_' || p.proname AND b.pronamespace = p.pronamespace AND b.proargtypes = p.proargtypes AND b.proowner = p.proowner AND b.prosrc <> 'tj_perm_as_owner' AND b.proretset = p.proretset AND b.prorettype = p.prorettype);
-- the hot functions have no SET clause and are no definers
SELECT p.proname FROM pg_proc AS p WHERE p.proname IN ('tj_can', 'tj_level_on', 'tj_is_member', 'tj_user') AND (p.proconfig IS NOT NULL OR p.prosecdef OR p.provolatile <> 's' OR p.proparallel <> 's');
SELECT DISTINCT owner = e.extowner AS owned_by_the_owner_of_the_extension FROM (
	SELECT classid, objid, refobjid, coalesce(p.proowner, c.relowner, t.typowner, o.oprowner, oc.opcowner, ofa.opfowner, n.nspowner, ev.evtowner) AS owner
	FROM pg_depend AS d LEFT JOIN pg_proc AS p ON p.oid = objid AND classid = 'pg_proc'::regclass LEFT JOIN pg_class AS c ON c.oid = objid AND classid = 'pg_class'::regclass LEFT JOIN pg_type AS t ON t.oid = objid AND classid = 'pg_type'::regclass
		LEFT JOIN pg_operator AS o ON o.oid = objid AND classid = 'pg_operator'::regclass LEFT JOIN pg_opclass AS oc ON oc.oid = objid AND classid = 'pg_opclass'::regclass LEFT JOIN pg_opfamily AS ofa ON ofa.oid = objid AND classid = 'pg_opfamily'::regclass
		LEFT JOIN pg_namespace AS n ON n.oid = objid AND classid = 'pg_namespace'::regclass LEFT JOIN pg_event_trigger AS ev ON ev.oid = objid AND classid = 'pg_event_trigger'::regclass
	WHERE deptype = 'e' AND classid <> 'pg_cast'::regclass) AS m JOIN pg_extension AS e ON e.oid = m.refobjid WHERE e.extname = 'tj_perm';

-- 4. A hostile schema first in the path: no function, operator, table or type of it is used.
CREATE SCHEMA regress_hostile;
CREATE TABLE regress_hostile.caught (n serial, who name DEFAULT current_user, what text);
GRANT USAGE ON SCHEMA regress_hostile TO PUBLIC;
GRANT INSERT, SELECT ON regress_hostile.caught TO PUBLIC;
GRANT USAGE ON SEQUENCE regress_hostile.caught_n_seq TO PUBLIC;
DO $hostile$
DECLARE
	f record;
	argument text;
	op text;
BEGIN
	-- every function and operator name that a body could mean, for the types that bodies use
	FOREACH argument IN ARRAY ARRAY['text', 'bigint', 'integer', 'boolean', 'uuid', 'timestamptz', 'tj_resource', 'tj_level', 'jsonb', 'oid', 'name', 'bytea', 'text[]'] LOOP
		FOREACH op IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>=', '||', '-', '+', '~', '@>', '&&'] LOOP
			EXECUTE format($f$CREATE FUNCTION regress_hostile.op_%s(a %s, b %s) RETURNS %s LANGUAGE plpgsql AS $b$BEGIN INSERT INTO regress_hostile.caught (what) VALUES (%L); RETURN NULL; END$b$ $f$,
				md5(op || argument), argument, argument, CASE WHEN op IN ('||', '-', '+') THEN argument ELSE 'boolean' END, op || argument);
			EXECUTE format('CREATE OPERATOR regress_hostile.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = regress_hostile.op_%s)', op, argument, argument, md5(op || argument));
		END LOOP;
	END LOOP;
	FOR f IN SELECT DISTINCT ON (p.proname, p.proargtypes) p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, p.prorettype::regtype AS result
		FROM pg_proc AS p
		WHERE (p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN ('now', 'lower', 'upper', 'btrim', 'format', 'octet_length', 'length', 'sha256', 'gen_random_uuid', 'uuid_send', 'to_jsonb', 'clock_timestamp', 'statement_timestamp',
				'pg_notify', 'pg_has_role', 'pg_get_userbyid', 'num_nonnulls', 'array_agg', 'string_agg', 'unnest', 'cardinality', 'quote_ident', 'set_config', 'current_setting', 'substring', 'replace', 'array_remove', 'array_length', 'generate_series', 'pg_current_xact_id')
			OR p.pronamespace = 'tj_perm'::regnamespace OR p.proname IN ('tj_can', 'tj_level_on', 'tj_is_member', 'tj_user', 'tj_resource', 'tj_workspace'))
			AND p.prokind = 'f' AND NOT p.proretset AND p.prorettype::regtype::text NOT IN ('void', 'trigger', 'event_trigger', 'internal', 'cstring', 'anyelement', 'anyarray', 'record')
			AND pg_get_function_identity_arguments(p.oid) !~ '"any"|any|internal|cstring|VARIADIC'
	LOOP
		EXECUTE format($f$CREATE FUNCTION regress_hostile.%I(%s) RETURNS %s LANGUAGE plpgsql AS $b$BEGIN INSERT INTO regress_hostile.caught (what) VALUES (%L); RETURN NULL; END$b$ $f$, f.proname, f.arguments, f.result, f.proname);
	END LOOP;
END
$hostile$;
CREATE TABLE regress_hostile.grants AS TABLE tj_perm.grants;
CREATE TABLE regress_hostile.members AS TABLE tj_perm.members;
CREATE TABLE regress_hostile.workspaces AS TABLE tj_perm.workspaces;
CREATE DOMAIN regress_hostile.text AS integer;
CREATE DOMAIN regress_hostile.bigint AS boolean;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_privileges_app;
-- it does work against those who do not take care
CREATE FUNCTION regress_privileges.careless() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN 'a'::pg_catalog.text = 'a'; END$$;
SET search_path = regress_hostile, pg_catalog, public, pg_temp;
SELECT regress_privileges.careless();
DELETE FROM regress_hostile.caught RETURNING what;
-- administration by the owner, then by a user's role, from first to last; direct DML
SELECT tj_perm.create_workspace('hostile', 'Root@Host.com', name => 'Hostile');
SELECT tj_perm.add_user('hostile', 'alice'), tj_perm.create_group('hostile', 'Eng'), tj_perm.create_group('hostile', 'Ops');
INSERT INTO tj_perm.members (workspace_id, user_id) VALUES ('hostile', 'direct');
UPDATE tj_perm.members SET status = 'archived' WHERE user_id OPERATOR(pg_catalog.=) 'direct';
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('hostile', 'direct', 'hostile/app:1', 'viewer');
DELETE FROM tj_perm.members WHERE user_id OPERATOR(pg_catalog.=) 'direct';
SET ROLE regress_privileges_app;
SET tj_perm.user_id = 'root@host.com';
CREATE TEMP TABLE members (workspace_id pg_catalog.text, user_id pg_catalog.text, status pg_catalog.text);
CREATE TEMP TABLE old_rows (workspace_id pg_catalog.text);
CREATE TEMP TABLE new_rows (workspace_id pg_catalog.text);
SELECT tj_perm.add_to_group('hostile', 'Eng', ARRAY['alice']::pg_catalog.text[]), tj_perm.nest_group('hostile', 'Eng', 'Ops'), tj_perm.grant_access('hostile/app:1', 'editor', to_group => 'Ops');
SELECT tj_perm.set_access('hostile/app:2', 'viewer', to_user => 'alice', valid_until => 'infinity'), tj_perm.revoke_access('hostile/app:2', from_user => 'alice');
SELECT tj_perm.invite_user('hostile', 'bob', ARRAY['Eng']::pg_catalog.text[]) IS NOT NULL AS invited, tj_perm.withdraw_invitation('hostile', 'bob') AS withdrawn;
SELECT tj_perm.duplicate_group('hostile', 'Eng'), tj_perm.rename_group('hostile', 'Eng_copy', 'Third'), tj_perm.rename_workspace('hostile', 'H');
SELECT tj_perm.set_user_groups('hostile', 'alice', ARRAY['Eng', 'Third']::pg_catalog.text[]), tj_perm.detach_group('hostile', 'Eng', 'Ops'), tj_perm.remove_from_group('hostile', 'Third', ARRAY['alice']::pg_catalog.text[]), tj_perm.drop_group('hostile', 'Third');
SELECT pg_catalog.count(*) FROM tj_perm.members_of('hostile');
SELECT pg_catalog.count(*) FROM tj_perm.groups_of('hostile');
SELECT pg_catalog.count(*) FROM tj_perm.members_of_group('hostile', 'Eng');
SELECT pg_catalog.count(*) FROM tj_perm.grants_on('hostile/app:1');
SELECT pg_catalog.count(*) FROM tj_perm.grants_of('hostile', to_group => 'Ops');
SELECT pg_catalog.count(*) FROM tj_perm.invitations_of('hostile');
SELECT pg_catalog.count(*) FROM tj_perm.my_workspaces();
SELECT EXISTS (SELECT FROM tj_perm.explain_access('alice', 'hostile/app:1', 'editor')) AS explained, EXISTS (SELECT FROM tj_perm.who_can('hostile/app:1', 'admin')) AS who, EXISTS (SELECT FROM tj_perm.what_can('root@host.com', 'hostile')) AS what,
	EXISTS (SELECT FROM tj_perm.access_matrix('hostile')) AS matrix, EXISTS (SELECT FROM tj_perm.review('hostile')) AS findings, EXISTS (SELECT FROM tj_perm.changes_since('hostile', '-infinity')) AS changes,
	tj_perm.access_at('root@host.com', 'hostile/app:1', 'admin', pg_catalog.now()) IS NOT NULL AS access_at, tj_perm.access_graph('hostile') IS NOT NULL AS graph;
SELECT tj_perm.record_review('hostile', 'looked at');
SELECT reviewer, note FROM tj_perm.reviews_of('hostile');
ALTER TABLE pg_temp.members ADD COLUMN more pg_catalog.text;
SELECT public.tj_can('root@host.com', 'hostile/app:1', 'admin') AS root, public.tj_can('alice', 'hostile/app:1', 'editor') AS alice, public.tj_level_on('root@host.com'::pg_catalog.text, 'hostile') AS level, public.tj_is_member('alice'::pg_catalog.text, 'hostile'::pg_catalog.text) AS is_member, public.tj_user();
SELECT tj_perm.archive_user('hostile', 'alice'), tj_perm.restore_user('hostile', 'alice') IS NOT NULL AS restored, tj_perm.remove_user('hostile', 'alice'), tj_perm.archive_workspace('hostile'), tj_perm.restore_workspace('hostile'), tj_perm.drop_workspace('hostile');
RESET ROLE;
SELECT who::pg_catalog.text, what, pg_catalog.count(*) FROM regress_hostile.caught GROUP BY 1, 2;
RESET search_path;
RESET tj_perm.user_id;
DISCARD TEMP;
-- settings that change how text is read or written change nothing inside
SET ROLE regress_privileges_app;
SET tj_perm.user_id = 'root@host.com';
RESET ROLE;
SELECT tj_perm.create_workspace('hostile', 'Root@Host.com');
SET ROLE regress_privileges_app;
SET transform_null_equals = on;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET array_nulls = off;
SET bytea_output = escape;
SET quote_all_identifiers = on;
SELECT tj_perm.create_group('hostile', 'Eng'), tj_perm.grant_access('hostile/app:1', 'viewer', to_group => 'ENG'), tj_perm.invite_user('hostile', 'bob', '{eng}') IS NOT NULL AS invited, tj_perm.drop_workspace('hostile');
RESET ROLE;
RESET transform_null_equals;
RESET DateStyle;
RESET IntervalStyle;
RESET array_nulls;
RESET bytea_output;
RESET quote_all_identifiers;
RESET tj_perm.user_id;

-- 5. CREATE EXTENSION adopts nothing that was planted, and gives nothing away.
CREATE FUNCTION regress_privileges.install(VARIADIC planted text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	statement text;
BEGIN
	SET LOCAL client_min_messages = warning;
	DROP EXTENSION tj_perm CASCADE;
	FOREACH statement IN ARRAY planted LOOP
		EXECUTE statement;
	END LOOP;
	CREATE EXTENSION tj_perm SCHEMA public;
	RAISE EXCEPTION 'installed';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT regress_privileges.install() AS nothing_planted;
SELECT regress_privileges.install('CREATE SCHEMA tj_perm') AS schema;
SELECT regress_privileges.install('CREATE SCHEMA tj_perm AUTHORIZATION regress_privileges_app') AS schema_of_another;
SELECT regress_privileges.install('CREATE FUNCTION public.tj_user() RETURNS text LANGUAGE sql AS ''SELECT NULL::text''') AS function;
SELECT regress_privileges.install('CREATE TYPE public.tj_level') AS shell_type;
SELECT regress_privileges.install('CREATE TYPE public.tj_resource AS (a int)') AS type;
SELECT regress_privileges.install('CREATE TABLE public.tj_level (n int)') AS table;
SELECT regress_privileges.install('CREATE FUNCTION public.tj_level_in(cstring) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS ''int4in''') AS input_function;
SELECT regress_privileges.install('CREATE FUNCTION public.octet_length(text) RETURNS int LANGUAGE sql AS ''SELECT 1/0''', 'CREATE FUNCTION public.no(text, text) RETURNS boolean LANGUAGE sql AS ''SELECT (1/0)::boolean''', 'CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.no)') AS shadows_are_not_used;
SELECT count(*) AS still_there FROM tj_perm.workspaces WHERE workspace_id = 'privileges';
-- default privileges of the role that installs
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION tj_perm CASCADE;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, regress_privileges_app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC, regress_privileges_app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_privileges_app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC, regress_privileges_app;
CREATE EXTENSION tj_perm SCHEMA public;
SELECT (SELECT count(*) FROM pg_class AS c WHERE relnamespace = 'tj_perm'::regnamespace AND relkind = 'r' AND has_table_privilege('regress_privileges_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) AS tables,
	(SELECT count(*) FROM pg_class AS c WHERE relnamespace = 'tj_perm'::regnamespace AND CASE WHEN relkind = 'S' THEN has_sequence_privilege('regress_privileges_app', c.oid, 'USAGE, SELECT, UPDATE') END) AS sequences,
	(SELECT count(*) FROM pg_proc AS p WHERE pronamespace = 'tj_perm'::regnamespace AND (proname LIKE '\_%' OR proname IN ('create_workspace', 'change_user_id')) AND proname !~ '^_protect(ion)?_' AND NOT 'tj_perm._planned'::regtype = ANY (p.proargtypes) AND has_function_privilege('regress_privileges_app', p.oid, 'EXECUTE')) AS functions,
	has_schema_privilege('regress_privileges_app', 'tj_perm', 'CREATE') AS "create";
ROLLBACK;
-- not for ordinary roles
GRANT CREATE ON SCHEMA regress_privileges TO regress_privileges_app;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION tj_perm CASCADE;
SET LOCAL ROLE regress_privileges_app;
CREATE EXTENSION tj_perm SCHEMA regress_privileges;
ROLLBACK;
-- in a schema of its own, outside everybody's path: all works
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION tj_perm CASCADE;
CREATE SCHEMA regress_elsewhere;
CREATE EXTENSION tj_perm SCHEMA regress_elsewhere;
GRANT USAGE ON SCHEMA regress_elsewhere TO regress_privileges_app;
SELECT tj_perm.create_workspace('elsewhere', 'root');
SET LOCAL ROLE regress_privileges_app;
SET LOCAL tj_perm.user_id = 'root';
SELECT tj_perm.create_group('elsewhere', 'Eng'), tj_perm.add_user('elsewhere', 'alice', '{Eng}'), tj_perm.grant_access('elsewhere/app:1', 'editor', to_group => 'Eng');
SELECT regress_elsewhere.tj_can('alice', 'elsewhere/app:1', 'editor'), regress_elsewhere.tj_level_on('alice', regress_elsewhere.tj_resource('elsewhere', 'app', 1)), regress_elsewhere.tj_user();
SELECT tj_perm.drop_workspace('elsewhere');
ROLLBACK;

-- a trigger function of ours serves no other table, even for those who may execute it
CREATE TABLE regress_privileges.grants (workspace_id text, user_id text, level text);
CREATE TRIGGER t AFTER INSERT ON regress_privileges.grants
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tj_perm.record_history();
INSERT INTO regress_privileges.grants VALUES ('privileges', 'mallory', 'forged');

SET client_min_messages = warning;
DELETE FROM tj_perm.workspaces WHERE workspace_id = 'privileges';
DROP SCHEMA regress_privileges, regress_hostile CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_privileges_app;
DROP ROLE regress_privileges_app;
