-- plpgsql_check, where this machine has it, finds nothing in our PL/pgSQL.
SELECT count(*) > 0 AS there FROM pg_available_extensions WHERE name = 'plpgsql_check' \gset
\if :there
SET client_min_messages = warning;
CREATE EXTENSION plpgsql_check;
SELECT p.oid::regprocedure || ' line ' || coalesce(c.lineno::text, '?') || ': ' || c.level || ': ' || c.message
FROM pg_proc p JOIN pg_language l ON l.oid = prolang AND lanname = 'plpgsql'
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND extname = 'tj_perm'
	CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid,
		(SELECT coalesce((SELECT tgrelid FROM pg_trigger t WHERE t.tgfoid = p.oid ORDER BY 1 LIMIT 1), 0)),
		performance_warnings => false, extra_warnings => true, security_warnings => true) c
WHERE p.prorettype <> 'trigger'::regtype OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid)
ORDER BY 1;
\endif
