-- Who is asking: the setting tj_perm.user_id and the function tj_user().
\set SHOW_CONTEXT never
CREATE ROLE regress_session_app;
CREATE ROLE regress_session_server;
CREATE SCHEMA regress_session;
GRANT USAGE ON SCHEMA regress_session TO PUBLIC;

-- nobody: unset, empty, reset
SELECT tj_user() IS NULL AS unset;
SET tj_perm.user_id = '';
SELECT tj_user() IS NULL AS empty;
SET tj_perm.user_id = 'bob';
SELECT tj_user();
RESET tj_perm.user_id;
SELECT tj_user() IS NULL AS reset;
SET tj_perm.user_id TO DEFAULT;
SELECT tj_user() IS NULL AS "default";

-- normalised when set: ASCII letters of e-mail addresses, nothing else
SET tj_perm.user_id = 'Alice.B@TechCorp.COM';
SELECT tj_user(), current_setting('tj_perm.user_id') AS setting;
SET tj_perm.user_id = 'Alice';
SELECT tj_user();
SET tj_perm.user_id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
SELECT tj_user();
SET tj_perm.user_id = 42;
SELECT tj_user(), pg_typeof(tj_user());
SET tj_perm.user_id = 'two  words';
SELECT tj_user();
SELECT set_config('tj_perm.user_id', repeat('x', 255), false) = repeat('x', 255) AS longest, octet_length(tj_user());

-- values that can be no user id: refused, the setting stays
SET tj_perm.user_id = 'kept';
SET tj_perm.user_id = ' bob';
SET tj_perm.user_id = 'bob ';
SET tj_perm.user_id = E'bob\t';
SET tj_perm.user_id = ' ';
SELECT set_config('tj_perm.user_id', E'\nbob', false);
\set VERBOSITY sqlstate
SELECT set_config('tj_perm.user_id', repeat('x', 256), true);
SET tj_perm.user_id = 'bob ';
\set VERBOSITY default
SELECT tj_user();
-- NULL is the default value
SELECT coalesce(set_config('tj_perm.user_id', NULL, false), 'null') AS set_to_null, tj_user() IS NULL AS nobody;

-- set_config(..., true) ends with the transaction
BEGIN;
SELECT set_config('tj_perm.user_id', 'Alice@TechCorp.com', true);
SELECT tj_user();
COMMIT;
SELECT tj_user() IS NULL AS after_commit;
BEGIN;
SET LOCAL tj_perm.user_id = 'alice';
ROLLBACK;
SELECT tj_user() IS NULL AS after_rollback;
-- outside a transaction it ends with the statement
SELECT set_config('tj_perm.user_id', 'alice', true);
SELECT tj_user() IS NULL AS after_statement;

-- a savepoint that is rolled back takes its setting along
SET tj_perm.user_id = 'outer';
BEGIN;
SAVEPOINT s1;
SET LOCAL tj_perm.user_id = 'in_s1';
SAVEPOINT s2;
SET tj_perm.user_id = 'in_s2';
SELECT tj_user();
ROLLBACK TO s2;
SELECT tj_user();
ROLLBACK TO s1;
SELECT tj_user();
SET LOCAL tj_perm.user_id = 'in_s1_again';
RELEASE s1;
SELECT tj_user();
COMMIT;
SELECT tj_user();
-- the setting of an aborted transaction
BEGIN;
SET tj_perm.user_id = 'aborted';
SELECT 1 / 0;
COMMIT;
SELECT tj_user();
-- for the time of a function
CREATE FUNCTION regress_session.as_alice() RETURNS text LANGUAGE sql STABLE
	SET tj_perm.user_id = 'alice' AS 'SELECT tj_user()';
SELECT regress_session.as_alice(), tj_user();
RESET tj_perm.user_id;

-- it says nothing about the role, and a change of role says nothing about it
SET tj_perm.user_id = 'alice';
SET ROLE regress_session_app;
SELECT tj_user(), current_user;
RESET ROLE;
SET SESSION AUTHORIZATION regress_session_app;
SELECT tj_user(), session_user;
RESET SESSION AUTHORIZATION;
SELECT tj_user();
DISCARD ALL;
SELECT tj_user() IS NULL AS discarded;

-- an ordinary role cannot set it, in no way
SET ROLE regress_session_app;
SET tj_perm.user_id = 'mallory';
SELECT set_config('tj_perm.user_id', 'mallory', true);
\set VERBOSITY sqlstate
SELECT set_config('TJ_PERM.USER_ID', 'mallory', false);
\set VERBOSITY default
RESET tj_perm.user_id;
UPDATE pg_settings SET setting = 'mallory' WHERE name = 'tj_perm.user_id';
ALTER ROLE regress_session_app SET tj_perm.user_id = 'mallory';
DO $$BEGIN PERFORM set_config('tj_perm.user_id', 'mallory', true); END$$;
SELECT tj_user() IS NULL AS still_nobody;
-- nor anything else under the name of the extension
SET tj_perm.foo = 'x';
SELECT set_config('tj_perm.user', 'x', true);
RESET ROLE;
SET tj_perm.foo = 'x';
-- a function's SET clause is checked when it is called, by who calls
SET ROLE regress_session_app;
SELECT regress_session.as_alice();
RESET ROLE;
ALTER FUNCTION regress_session.as_alice() SECURITY DEFINER;
SET ROLE regress_session_app;
SELECT regress_session.as_alice(), tj_user() IS NULL AS nobody;
RESET ROLE;

-- nor before the library is loaded: the placeholder is worth nothing then
\c -
\set SHOW_CONTEXT never
SET SESSION AUTHORIZATION regress_session_app;
ALTER ROLE regress_session_app SET tj_perm.user_id = 'mallory';
SET tj_perm.user_id = 'mallory';
SELECT tj_user() IS NULL AS nobody;
SELECT current_setting('tj_perm.user_id') = '' AS empty;
\c -
\set SHOW_CONTEXT never
SET SESSION AUTHORIZATION regress_session_app;
BEGIN;
SET LOCAL tj_perm.user_id = 'mallory';
SAVEPOINT s;
SELECT set_config('tj_perm.user_id', 'trudy', false);
SET tj_perm.foo = 'x';
SELECT tj_user() IS NULL AS nobody;
ROLLBACK TO s;
SELECT tj_user() IS NULL AS nobody;
COMMIT;
SELECT tj_user() IS NULL AS nobody;
-- not even when whoever loads it is a superuser
\c -
\set SHOW_CONTEXT never
SET ROLE regress_session_app;
SET tj_perm.user_id = 'mallory';
RESET ROLE;
SELECT tj_user() IS NULL AS nobody;
-- a superuser's early setting counts, and is normalised
\c -
\set SHOW_CONTEXT never
SET tj_perm.user_id = 'Root@TechCorp.com';
SELECT tj_user();
\c -
\set SHOW_CONTEXT never
SET tj_perm.user_id = ' root';
SELECT tj_user() IS NULL AS nobody;

-- who was granted it may, also before the library is loaded
GRANT SET ON PARAMETER tj_perm.user_id TO regress_session_server;
\c -
\set SHOW_CONTEXT never
SET SESSION AUTHORIZATION regress_session_server;
SET tj_perm.user_id = 'Alice@TechCorp.com';
SELECT tj_user();
BEGIN;
SELECT set_config('tj_perm.user_id', 'bob', true);
SELECT tj_user();
COMMIT;
SELECT tj_user();
SET tj_perm.foo = 'x';
RESET SESSION AUTHORIZATION;
-- membership of such a role is enough
GRANT regress_session_server TO regress_session_app;
SET SESSION AUTHORIZATION regress_session_app;
SET tj_perm.user_id = 'carol';
SELECT tj_user();
RESET SESSION AUTHORIZATION;
REVOKE regress_session_server FROM regress_session_app;
SET SESSION AUTHORIZATION regress_session_app;
SET tj_perm.user_id = 'mallory';
RESET SESSION AUTHORIZATION;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_session_server;
SET SESSION AUTHORIZATION regress_session_server;
SET tj_perm.user_id = 'mallory';
RESET SESSION AUTHORIZATION;

-- as a default of the login role, and what the connection asks for
SELECT current_user AS login \gset
ALTER ROLE :"login" IN DATABASE :"DBNAME" SET tj_perm.user_id = 'Default@TechCorp.com';
\c -
\set SHOW_CONTEXT never
SELECT tj_user();
SET tj_perm.user_id = 'alice';
RESET tj_perm.user_id;
SELECT tj_user();
ALTER ROLE :"login" IN DATABASE :"DBNAME" RESET tj_perm.user_id;
\c -reuse-previous=on "options='-c tj_perm.user_id=Option@TechCorp.com'"
\set SHOW_CONTEXT never
SELECT tj_user();
\c -reuse-previous=on "options=''"
\set SHOW_CONTEXT never
SELECT tj_user() IS NULL AS nobody;

-- parallel workers know it, also when the role was granted the setting
CREATE TABLE regress_session.rows AS SELECT n FROM generate_series(1, 2000) AS n;
ANALYZE regress_session.rows;
GRANT SELECT ON regress_session.rows TO PUBLIC;
CREATE FUNCTION regress_session.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line LIKE '%Gather%' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_session_server;
SET SESSION AUTHORIZATION regress_session_server;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
BEGIN;
SET LOCAL tj_perm.user_id = 'Alice@TechCorp.com';
SELECT regress_session.is_parallel('SELECT count(*), min(tj_user()) FROM regress_session.rows WHERE tj_user() || n::text <> ''''');
SELECT count(*), min(tj_user()), max(tj_user()) FROM regress_session.rows WHERE tj_user() || n::text <> '';
COMMIT;
SELECT count(*), count(tj_user()) FROM regress_session.rows WHERE coalesce(tj_user(), 'nobody') || n::text LIKE 'nobody%';
RESET SESSION AUTHORIZATION;

-- STABLE: a generic plan made for one user is right for the next
SET plan_cache_mode = force_generic_plan;
PREPARE who AS SELECT tj_user();
SET tj_perm.user_id = 'alice';
EXECUTE who;
SET tj_perm.user_id = 'bob';
EXECUTE who;
RESET tj_perm.user_id;
EXECUTE who;
DEALLOCATE who;
RESET plan_cache_mode;

-- how it is described
SELECT name, context, vartype, boot_val, short_desc, extra_desc FROM pg_settings WHERE name LIKE 'tj\_perm.%' ORDER BY name COLLATE "C";

-- set before the library is there, and refused when it comes: then not even a superuser has
-- the rights of the owner's role, which were not meant, until it is set or reset
\c -
SET client_min_messages = error;
SELECT set_config('tj_perm.user_id', ' root@x', false);
SELECT tj_user();
SELECT tj_perm.create_workspace('refused', 'root@x');
SELECT tj_can(tj_user(), 'refused', 'viewer');
SET tj_perm.user_id = 'alice';
SELECT tj_user();
RESET tj_perm.user_id;
SELECT tj_perm.create_workspace('refused', 'root@x'), tj_perm.drop_workspace('refused');
RESET client_min_messages;

\c -
SET client_min_messages = warning;
DROP SCHEMA regress_session CASCADE;
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_session_server;
DROP ROLE regress_session_app;
DROP ROLE regress_session_server;
