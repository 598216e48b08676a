-- Every public object has a COMMENT: \df+, \dT+, \d+ read like documentation.
-- Private are functions that begin with "_", C support functions of our types
-- and operators (they are reached through those), and triggers' functions.
WITH mine AS (
	SELECT classid, objid
	FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'tj_perm')
)
SELECT pg_describe_object(classid, objid, 0) || ' has no comment'
FROM mine
WHERE obj_description(objid, classid::regclass::name) IS NULL
	AND classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_namespace'::regclass)
	AND NOT (classid = 'pg_proc'::regclass AND EXISTS (
		SELECT FROM pg_proc p
		WHERE p.oid = objid AND (p.proname LIKE '\_%' OR p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)
			OR EXISTS (SELECT FROM pg_type WHERE p.oid IN (typinput, typoutput, typreceive, typsend))
			OR EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid)
			OR EXISTS (SELECT FROM pg_amproc WHERE amproc = p.oid)
			OR EXISTS (SELECT FROM pg_aggregate WHERE p.oid IN (aggtransfn, aggcombinefn, aggfinalfn)))))
	AND NOT (classid = 'pg_class'::regclass AND (SELECT relkind FROM pg_class WHERE oid = objid) IN ('S', 'i'))
	AND NOT (classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t WHERE t.oid = objid AND (t.typrelid <> 0 OR t.typelem <> 0)))
ORDER BY 1;
