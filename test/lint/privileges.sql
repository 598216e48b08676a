-- PUBLIC can call no function whose name begins with "_", and can do nothing with
-- our tables and sequences. But for functions in plans, which take a value of
-- _planned that nobody can make, and the parts of protect, if they run as the caller.
WITH mine AS (
	SELECT classid, objid
	FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'tj_perm')
)
SELECT 'PUBLIC may execute ' || p.oid::regprocedure
FROM mine JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid,
	LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) a
WHERE proname LIKE '\_%' AND a.grantee = 0 AND NOT 'tj_perm._planned'::regtype = ANY (p.proargtypes) AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
	AND NOT (proname ~ '^_protect(ion)?_' AND NOT prosecdef AND prosrc <> 'tj_perm_as_owner')
UNION ALL
SELECT 'PUBLIC has ' || a.privilege_type || ' on ' || c.oid::regclass
FROM mine JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid, LATERAL aclexplode(relacl) a
WHERE a.grantee = 0
UNION ALL
SELECT 'PUBLIC has CREATE on schema ' || nspname
FROM mine JOIN pg_namespace n ON classid = 'pg_namespace'::regclass AND objid = n.oid, LATERAL aclexplode(nspacl) a
WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'
ORDER BY 1;
