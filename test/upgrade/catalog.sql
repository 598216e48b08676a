-- Everything a catalog says about the extension, one line a fact, without OIDs
-- and without what may differ between two databases. Run by psql -At in each
-- of two databases; equal output means equal extensions. An object counts if
-- the extension owns it or if it hangs on one that the extension owns
-- (indexes, constraints, triggers, columns, row types).
\set ON_ERROR_STOP on
SET search_path = pg_catalog;

WITH RECURSIVE mine(classid, objid) AS (
	SELECT d.classid, d.objid
	FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'tj_perm'
	UNION
	SELECT d.classid, d.objid
	FROM pg_depend d JOIN mine m ON d.refclassid = m.classid AND d.refobjid = m.objid
	WHERE d.deptype IN ('a', 'i')
), fact(kind, what, says) AS (
	SELECT 'object', pg_describe_object(classid, objid, 0), jsonb_build_object(
		'comment', obj_description(objid, classid::regclass::name),
		'own', EXISTS (SELECT FROM pg_depend d WHERE d.classid = mine.classid AND d.objid = mine.objid AND d.deptype = 'e'))
	FROM mine
	UNION ALL
	SELECT 'function', p.oid::regprocedure::text, to_jsonb(p) - '{oid,proowner,pronamespace,prosqlbody,proargtypes,proallargtypes,prorettype,provariadic,prolang,prosupport,proargdefaults,proacl}'::text[]
		|| jsonb_build_object('definition', pg_get_functiondef(p.oid), 'acl', acl.says, 'support', p.prosupport::text)
	FROM pg_proc p, LATERAL (SELECT array_agg(a::text ORDER BY a::text) AS says FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a) acl
	WHERE p.prokind IN ('f', 'p') AND ('pg_proc'::regclass::oid, p.oid) IN (TABLE mine)
	UNION ALL
	SELECT 'aggregate', p.oid::regprocedure::text, jsonb_build_object('how', a.*::text, 'acl', p.proacl::text[])
	FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid
	WHERE ('pg_proc'::regclass::oid, p.oid) IN (TABLE mine)
	UNION ALL
	SELECT 'relation', c.oid::regclass::text, jsonb_build_object('kind', c.relkind, 'persistence', c.relpersistence, 'options', c.reloptions,
		'rls', c.relrowsecurity, 'force', c.relforcerowsecurity, 'identity', c.relreplident, 'acl', acl.says,
		'index', pg_get_indexdef(c.oid), 'view', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
		'sequence', (SELECT to_jsonb(s) - '{seqrelid}'::text[] FROM pg_sequence s WHERE s.seqrelid = c.oid))
	FROM pg_class c, LATERAL (SELECT array_agg(a::text ORDER BY a::text) AS says FROM unnest(c.relacl) a) acl
	WHERE ('pg_class'::regclass::oid, c.oid) IN (TABLE mine) AND c.relkind <> 't'
		AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE i.indexrelid = c.oid AND t.relkind = 't')
	UNION ALL
	SELECT 'column', c.oid::regclass || '.' || a.attname, jsonb_build_object('number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
		'not null', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated, 'storage', a.attstorage, 'compression', a.attcompression,
		'collation', a.attcollation::regcollation::text, 'options', a.attoptions, 'acl', a.attacl::text[],
		'default', pg_get_expr(d.adbin, d.adrelid), 'comment', col_description(c.oid, a.attnum))
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attnum > 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'c') AND ('pg_class'::regclass::oid, c.oid) IN (TABLE mine)
	UNION ALL
	SELECT 'constraint', conrelid::regclass || '.' || conname, jsonb_build_object('definition', pg_get_constraintdef(oid), 'valid', convalidated)
	FROM pg_constraint WHERE ('pg_constraint'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'trigger', tgrelid::regclass || '.' || CASE WHEN tgisinternal THEN 'of ' || (SELECT conname FROM pg_constraint k WHERE k.oid = tgconstraint) || ' ' || tgfoid::regproc ELSE tgname END,
		jsonb_build_object('enabled', tgenabled, 'definition', CASE WHEN NOT tgisinternal THEN pg_get_triggerdef(oid) END)
	FROM pg_trigger WHERE tgrelid IN (SELECT objid FROM mine WHERE classid = 'pg_class'::regclass)
	UNION ALL
	SELECT 'event trigger', evtname, jsonb_build_object('event', evtevent, 'enabled', evtenabled, 'tags', evttags, 'function', evtfoid::regprocedure::text)
	FROM pg_event_trigger WHERE ('pg_event_trigger'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'type', format_type(oid, NULL), jsonb_build_object('length', typlen, 'by value', typbyval, 'kind', typtype, 'category', typcategory,
		'preferred', typispreferred, 'input', typinput::text, 'output', typoutput::text, 'receive', typreceive::text, 'send', typsend::text,
		'align', typalign, 'storage', typstorage, 'collation', typcollation::regcollation::text, 'not null', typnotnull,
		'default', typdefault, 'acl', typacl::text[], 'labels', (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
	FROM pg_type t WHERE ('pg_type'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'operator', oid::regoperator::text, jsonb_build_object('function', oprcode::regprocedure::text, 'result', oprresult::regtype::text, 'commutator', oprcom::regoperator::text,
		'negator', oprnegate::regoperator::text, 'merges', oprcanmerge, 'hashes', oprcanhash, 'restrict', oprrest::text, 'join', oprjoin::text)
	FROM pg_operator WHERE ('pg_operator'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'operator class', pg_describe_object('pg_opclass'::regclass, o.oid, 0), jsonb_build_object('default', opcdefault, 'type', opcintype::regtype::text, 'key', opckeytype::regtype::text,
		'operators', (SELECT array_agg(amopstrategy::text || ' ' || amopopr::regoperator ORDER BY amopstrategy, amopopr::regoperator::text) FROM pg_amop WHERE amopfamily = opcfamily),
		'functions', (SELECT array_agg(amprocnum::text || ' ' || amproc::regprocedure ORDER BY amprocnum, amproc::regprocedure::text) FROM pg_amproc WHERE amprocfamily = opcfamily))
	FROM pg_opclass o WHERE ('pg_opclass'::regclass::oid, o.oid) IN (TABLE mine)
	UNION ALL
	SELECT 'cast', pg_describe_object('pg_cast'::regclass, oid, 0), jsonb_build_object('context', castcontext, 'method', castmethod, 'function', castfunc::regprocedure::text)
	FROM pg_cast WHERE ('pg_cast'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'policy', polrelid::regclass || '.' || polname, to_jsonb(p) - '{oid,polrelid,polroles,polqual,polwithcheck}'::text[]
	FROM pg_policy p WHERE polrelid IN (SELECT objid FROM mine WHERE classid = 'pg_class'::regclass)
	UNION ALL
	SELECT 'schema', nspname, jsonb_build_object('acl', nspacl::text[]) FROM pg_namespace WHERE ('pg_namespace'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'default privileges', defaclnamespace::regnamespace || ' ' || defaclobjtype::text, to_jsonb(defaclacl::text[]) FROM pg_default_acl WHERE ('pg_default_acl'::regclass::oid, oid) IN (TABLE mine)
	UNION ALL
	SELECT 'dumped', t::regclass::text, to_jsonb(c) FROM pg_extension, unnest(extconfig, extcondition) AS u(t, c) WHERE extname = 'tj_perm'
	UNION ALL
	SELECT 'extension', extname, jsonb_build_object('version', extversion, 'schema', extnamespace::regnamespace::text, 'relocatable', extrelocatable) FROM pg_extension WHERE extname = 'tj_perm'
)
SELECT line
FROM fact, LATERAL (SELECT kind || ' ' || what || ': ' || says::text AS line) l
ORDER BY line COLLATE "C";
