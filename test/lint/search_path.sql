-- SECURITY DEFINER functions, and all PL/pgSQL, pin a search_path that ends
-- with pg_temp and holds no schema that others may write to; SQL functions are
-- BEGIN ATOMIC or pinned too.
WITH f AS (
	SELECT p.oid, prosecdef, lanname, prosqlbody IS NOT NULL AS atomic, proname,
		(SELECT substr(c, 13) FROM unnest(proconfig) c WHERE c LIKE 'search\_path=%') AS path
	FROM pg_proc p JOIN pg_language l ON l.oid = prolang
		JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND extname = 'tj_perm'
)
SELECT oid::regprocedure || ': search_path is ' || coalesce('"' || path || '"', 'not pinned')
FROM f
WHERE CASE
	WHEN lanname = 'sql' THEN NOT atomic AND path IS DISTINCT FROM 'pg_catalog, pg_temp'
	WHEN lanname = 'plpgsql' OR prosecdef THEN path IS DISTINCT FROM 'pg_catalog, pg_temp'
	ELSE false END
ORDER BY 1;
