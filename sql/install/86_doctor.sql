-- What would let data slip past the policies, or slow them down: doctor.
-- Why a user does not see one row: why_hidden.
--
-- A table is guarded if a policy of it calls one of our checkers, directly, by
-- functions with a parsed body, or by way of another guarded table. pg_depend
-- tells that, never the text of a policy. What stands in a policy is read from
-- its stored expression (src/policy.c).
--
-- The finders _doctor_* answer rows (severity, finding, object, detail, mend) and
-- read nothing but catalogs. mend is one or more SQL commands; names come into
-- it quoted and never into a comment, since whoever owns a table chooses its name.

-- 1. Reading policies.

CREATE FUNCTION tj_perm._policy_calls(relation oid, checkers oid[])
	RETURNS TABLE (policy oid, part text, checker oid, is_whole boolean, is_required boolean, is_nested boolean,
		user_expression text, user_is_constant boolean, user_reads_row boolean, user_reads_role boolean, user_functions oid[], user_early_functions oid[],
		resource_expression text, resource_function oid, resource_is_parsed boolean, arguments text[], columns smallint[], level_expression text, probe text)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_policy_calls';
COMMENT ON FUNCTION tj_perm._policy_calls(oid, oid[]) IS 'The calls of the checkers in the policies of a relation. part: using or check; is_whole: the call is the expression; is_required: no row gets around it within the expression; is_nested: in a subquery, where expressions that have columns are not told. user_early_functions: those that a planner may evaluate beforehand if they are immutable. resource_is_parsed: something that varies is cast from text. columns: for each argument of the resource''s constructor its column, or 0. probe: an expression of the row that gives the arguments of the call as text[]; for a call in a subquery only if it decides an EXISTS.';

CREATE FUNCTION tj_perm._policy_parts(relation oid)
	RETURNS TABLE (policy oid, part text, expression text, functions oid[], has_subquery boolean, is_opaque boolean, constant boolean)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_policy_parts';
COMMENT ON FUNCTION tj_perm._policy_parts(oid) IS 'The expressions of a relation''s policies and all functions in them. is_opaque: checks of a domain are part of it; constant: the value of an expression that is a constant.';

CREATE FUNCTION tj_perm._own_functions(p_names name[]) RETURNS oid[]
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN ARRAY(
		SELECT p.oid FROM pg_extension AS e
		JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
		JOIN pg_proc AS p ON p.oid = d.objid
		WHERE e.extname = 'tj_perm' AND p.proname = ANY (p_names)
		ORDER BY p.oid);
END
$$;
COMMENT ON FUNCTION tj_perm._own_functions(name[]) IS 'The functions of this extension that have one of these names.';

CREATE FUNCTION tj_perm._guarding_policies() RETURNS TABLE (policy oid, relation oid)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_functions oid[] := tj_perm._own_functions('{tj_can,tj_is_member,tj_level_on}');
	v_policies oid[] := '{}'::oid[];
	v_more oid[] := v_functions;
BEGIN
	-- step by step, by arrays: the shape of the plan must not hang on statistics
	WHILE v_more <> '{}' LOOP
		v_more := ARRAY(
			SELECT DISTINCT d.objid FROM pg_depend AS d
			WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = ANY (v_more) AND d.classid = 'pg_proc'::regclass AND d.deptype = 'n'
			AND d.objid <> ALL (v_functions));
		v_functions := v_functions || v_more;
	END LOOP;
	v_more := ARRAY(
		SELECT DISTINCT d.objid FROM pg_depend AS d
		WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = ANY (v_functions) AND d.classid = 'pg_policy'::regclass);
	-- policies that read a guarded table, other than the one they stand on
	WHILE v_more <> '{}' LOOP
		v_policies := v_policies || v_more;
		v_more := ARRAY(
			SELECT DISTINCT d.objid FROM pg_depend AS d JOIN pg_policy AS p ON p.oid = d.objid
			WHERE d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_policy'::regclass AND p.polrelid <> d.refobjid
			AND d.refobjid = ANY (ARRAY(SELECT DISTINCT g.polrelid FROM pg_policy AS g WHERE g.oid = ANY (v_more)))
			AND d.objid <> ALL (v_policies));
	END LOOP;
	RETURN QUERY
		SELECT p.oid, p.polrelid FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
		WHERE p.oid = ANY (v_policies) AND c.relpersistence <> 't';
END
$$;
COMMENT ON FUNCTION tj_perm._guarding_policies() IS 'The policies that ask our checkers, each with its table: the guarded tables.';

CREATE FUNCTION tj_perm._bound_calls()
	RETURNS TABLE (relation oid, policy oid, policy_name name, command "char", permissive boolean, part text, checker oid, is_required boolean, is_nested boolean,
		user_expression text, user_is_constant boolean, user_reads_row boolean, user_functions oid[], user_early_functions oid[],
		resource_function oid, resource_is_parsed boolean, arguments text[], columns smallint[], level_expression text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_checkers oid[] := tj_perm._own_functions('{tj_can,tj_is_member,tj_level_on}');
BEGIN
	RETURN QUERY
	SELECT p.polrelid, p.oid, p.polname, p.polcmd, p.polpermissive, c.part, c.checker, c.is_required, c.is_nested,
		   c.user_expression, c.user_is_constant, c.user_reads_row, c.user_functions, c.user_early_functions,
		   c.resource_function, c.resource_is_parsed, c.arguments, c.columns, c.level_expression
	FROM (SELECT DISTINCT g.relation FROM tj_perm._guarding_policies() AS g) AS g
	CROSS JOIN LATERAL tj_perm._policy_calls(g.relation, v_checkers) AS c
	JOIN pg_policy AS p ON p.oid = c.policy;
END
$$;
COMMENT ON FUNCTION tj_perm._bound_calls() IS 'All calls of our checkers in policies.';

CREATE FUNCTION tj_perm._is_exempt(p_role oid, p_relation oid) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles AS r WHERE r.oid = p_role)
		OR (SELECT NOT c.relrowsecurity OR (NOT c.relforcerowsecurity AND pg_has_role(p_role, c.relowner, 'USAGE')) FROM pg_class AS c WHERE c.oid = p_relation);
END
$$;
COMMENT ON FUNCTION tj_perm._is_exempt(oid, oid) IS 'Whether the policies of the relation do not bind the role.';

CREATE FUNCTION tj_perm._role_name(p_role oid) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE p_role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p_role)) END;
END
$$;
COMMENT ON FUNCTION tj_perm._role_name(oid) IS 'A role as SQL names it; 0 is PUBLIC.';

CREATE FUNCTION tj_perm._routine_name(p_routine oid) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN p_routine::regprocedure::text;
END
$$;
COMMENT ON FUNCTION tj_perm._routine_name(oid) IS 'A function or procedure with its schema and arguments, as SQL names it.';

CREATE FUNCTION tj_perm._family()
	RETURNS TABLE (relation oid, kin text, guarded oid)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	WITH RECURSIVE base AS MATERIALIZED (
		SELECT DISTINCT g.relation FROM tj_perm._guarding_policies() AS g
	), down (relation, guarded) AS (
		SELECT i.inhrelid, b.relation FROM base AS b JOIN pg_inherits AS i ON i.inhparent = b.relation
		UNION
		SELECT i.inhrelid, d.guarded FROM down AS d JOIN pg_inherits AS i ON i.inhparent = d.relation
	), up (relation, guarded) AS (
		SELECT i.inhparent, b.relation FROM base AS b JOIN pg_inherits AS i ON i.inhrelid = b.relation
		UNION
		SELECT i.inhparent, u.guarded FROM up AS u JOIN pg_inherits AS i ON i.inhrelid = u.relation
	)
	SELECT DISTINCT ON (x.relation) x.relation, x.kin, x.guarded
	FROM (
		SELECT b.relation, 'self' AS kin, b.relation AS guarded, 1 AS preference FROM base AS b
		UNION ALL
		SELECT d.relation, 'child', d.guarded, 2 FROM down AS d
		UNION ALL
		SELECT u.relation, 'parent', u.guarded, 3 FROM up AS u
	) AS x
	ORDER BY x.relation, x.preference, x.guarded::regclass::text COLLATE "C";
END
$$;
COMMENT ON FUNCTION tj_perm._family() IS 'Guarded tables (kin self), their partitions and inheritance children (child), and the tables that they are partitions or children of (parent), as far as these are not guarded themselves.';

CREATE FUNCTION tj_perm._table_privileges(p_relation oid) RETURNS TABLE (grantee oid, privilege text, by_column boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT a.grantee, a.privilege_type, false
	FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
	WHERE c.oid = p_relation AND a.grantee <> c.relowner
	UNION
	SELECT a.grantee, a.privilege_type, true
	FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND NOT t.attisdropped CROSS JOIN LATERAL aclexplode(t.attacl) AS a
	WHERE c.oid = p_relation AND a.grantee <> c.relowner;
END
$$;
COMMENT ON FUNCTION tj_perm._table_privileges(oid) IS 'What roles other than the owner were granted on a relation or its columns.';

-- 2. Finders.

CREATE FUNCTION tj_perm._doctor_tables() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_constructors oid[] := tj_perm._own_functions('{tj_resource}');
BEGIN
	-- row-level security off, or not forced
	RETURN QUERY
	SELECT 'critical', 'rls_off', format('table %s', c.oid::regclass), 'It has policies, but row-level security is not enabled: nobody is bound by them.'::text,
		   format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY;', c.oid::regclass)
	FROM tj_perm._family() AS f JOIN pg_class AS c ON c.oid = f.relation
	WHERE f.kin = 'self' AND NOT c.relrowsecurity
	UNION ALL
	SELECT CASE WHEN x.logins IS NULL THEN 'low' ELSE 'medium' END, 'rls_not_forced', format('table %s', c.oid::regclass),
		   CASE WHEN o.rolsuper THEN 'Not forced; the owner is a superuser, whom no policy binds in any case.'
				WHEN x.logins IS NULL THEN format('Its owner %s is not bound by the policies. Roles that can log in with its rights: none.', tj_perm._role_name(c.relowner))
				ELSE format('Its owner is not bound by the policies. Roles that can log in with the owner''s rights: %s.', x.logins) END,
		   format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', c.oid::regclass)
	FROM tj_perm._family() AS f JOIN pg_class AS c ON c.oid = f.relation JOIN pg_roles AS o ON o.oid = c.relowner
	CROSS JOIN LATERAL (
		SELECT string_agg(tj_perm._role_name(r.oid), ', ' ORDER BY r.rolname::text COLLATE "C") AS logins
		FROM pg_roles AS r
		WHERE r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolbypassrls AND pg_has_role(r.oid, c.relowner, 'MEMBER')
	) AS x
	WHERE f.kin = 'self' AND NOT c.relforcerowsecurity;

	-- relations that show the same rows without our policies
	RETURN QUERY
	SELECT CASE WHEN x.others IS NULL THEN 'low' ELSE 'high' END,
		   CASE f.kin WHEN 'parent' THEN 'unprotected_parent' ELSE 'unprotected_partition' END, format('table %s', c.oid::regclass),
		   concat(CASE f.kin WHEN 'parent' THEN format('Asked directly it shows the rows of %s, whose policies do not bind there.', f.guarded::regclass)
							 ELSE format('A part of %s without policies of its own: asked directly it shows all of its rows.', f.guarded::regclass) END,
				  CASE WHEN x.others IS NULL THEN ' Only its owner may do so.' ELSE format(' Roles that may do so: %s.', x.others) END),
		   CASE WHEN c.relkind = 'f' THEN format('REVOKE ALL ON %s FROM %s;', c.oid::regclass, x.others)
				ELSE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY%s;', c.oid::regclass, CASE WHEN g.relforcerowsecurity THEN ', FORCE ROW LEVEL SECURITY' END) END
	FROM tj_perm._family() AS f JOIN pg_class AS c ON c.oid = f.relation JOIN pg_class AS g ON g.oid = f.guarded
	CROSS JOIN LATERAL (
		SELECT string_agg(p.name, ', ' ORDER BY p.name COLLATE "C") AS others FROM (
			SELECT DISTINCT tj_perm._role_name(t.grantee) AS name FROM tj_perm._table_privileges(c.oid) AS t
			WHERE t.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) AS p
	) AS x
	WHERE f.kin <> 'self' AND NOT c.relrowsecurity AND NOT (c.relkind = 'f' AND x.others IS NULL);

	-- permissive policies that do not ask: PostgreSQL joins permissive policies by OR
	RETURN QUERY
	WITH guarding AS MATERIALIZED (
		SELECT g.policy, p.polrelid, p.polcmd, p.polpermissive, p.polroles FROM tj_perm._guarding_policies() AS g JOIN pg_policy AS p ON p.oid = g.policy
	)
	SELECT CASE WHEN 0 <> ALL (p.polroles) THEN 'medium' WHEN x.open THEN 'critical' ELSE 'high' END, 'open_policy',
		   format('policy %I on %s', p.polname, p.polrelid::regclass),
		   format('Permissive and asks no checker: whatever it lets pass (%s) is open to %s, whatever the other policies say.', x.expressions,
				  (SELECT string_agg(r.name, ', ' ORDER BY r.name COLLATE "C") FROM (SELECT tj_perm._role_name(u.oid) AS name FROM unnest(p.polroles) AS u (oid)) AS r)),
		   format('DROP POLICY %I ON %s;', p.polname, p.polrelid::regclass)
	FROM tj_perm._family() AS f
	JOIN pg_policy AS p ON p.polrelid = f.relation AND p.polpermissive
	CROSS JOIN LATERAL (
		SELECT bool_or(t.constant IS TRUE) AS open, bool_and(t.constant IS FALSE) AS closed, string_agg(DISTINCT t.expression, ', ' ORDER BY t.expression) AS expressions
		FROM tj_perm._policy_parts(p.polrelid) AS t WHERE t.policy = p.oid
	) AS x
	WHERE NOT EXISTS (SELECT FROM guarding AS g WHERE g.policy = p.oid)
	AND x.closed IS NOT TRUE
	-- harmless where a restrictive policy of ours stands before each of its commands
	AND EXISTS (
		SELECT FROM unnest(CASE p.polcmd WHEN '*' THEN '{r,a,w,d}' ELSE ARRAY[p.polcmd] END::"char"[]) AS c (command)
		WHERE NOT EXISTS (
			SELECT FROM guarding AS g
			WHERE g.polrelid = p.polrelid AND NOT g.polpermissive AND g.polcmd IN ('*', c.command)
			AND (g.polroles = '{0}' OR g.polroles @> p.polroles)));

	-- policies of ours with another way in, and writing for viewers
	RETURN QUERY
	WITH call AS MATERIALIZED (
		SELECT * FROM tj_perm._bound_calls()
	)
	SELECT 'info', 'other_condition', format('policy %I on %s', c.policy_name, c.relation::regclass),
		   format('Rows also pass by a condition that asks no checker: %s', t.expression), NULL::text
	FROM (SELECT DISTINCT b.relation, b.policy, b.policy_name, b.part FROM call AS b WHERE b.permissive AND NOT b.is_nested) AS c
	CROSS JOIN LATERAL tj_perm._policy_parts(c.relation) AS t
	WHERE t.policy = c.policy AND t.part = c.part
	AND NOT EXISTS (SELECT FROM call AS b WHERE b.policy = c.policy AND b.part = c.part AND b.is_required)
	UNION ALL
	SELECT 'high', 'viewers_may_write', format('policy %I on %s', v.policy_name, v.relation::regclass),
		   format('It lets %s, but asks for no more than viewer.', CASE v.command WHEN '*' THEN 'insert, update and delete' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' ELSE 'delete' END),
		   CASE WHEN v.command = '*' AND v.parts = 1 THEN
			   format('DROP POLICY %1$I ON %2$s; CREATE POLICY %1$I ON %2$s FOR SELECT TO %3$s USING (%4$s);', v.policy_name, v.relation::regclass, v.roles, v.expression)
		   ELSE format('ALTER POLICY %I ON %s <with a higher level>;', v.policy_name, v.relation::regclass) END
	FROM (
		SELECT b.relation, b.policy, b.policy_name, b.command, t.parts, t.expression,
			   (SELECT string_agg(tj_perm._role_name(u.oid), ', ') FROM pg_policy AS p CROSS JOIN LATERAL unnest(p.polroles) AS u (oid) WHERE p.oid = b.policy) AS roles
		FROM (SELECT DISTINCT c.relation, c.policy, c.policy_name, c.command, c.part FROM call AS c
			  WHERE c.permissive AND c.is_required AND c.command IN ('*', 'a', 'w', 'd') AND c.level_expression ~ '^''viewer''::'
			  AND NOT EXISTS (SELECT FROM call AS o WHERE o.policy = c.policy AND o.part = c.part AND o.is_required AND NOT o.level_expression ~ '^''viewer''::')
			  AND NOT EXISTS (SELECT FROM call AS o WHERE o.relation = c.relation AND NOT o.permissive AND o.is_required AND o.command IN ('*', c.command) AND NOT o.level_expression ~ '^''viewer''::')
		) AS b
		CROSS JOIN LATERAL (SELECT count(*) AS parts, min(t.expression) AS expression FROM tj_perm._policy_parts(b.relation) AS t WHERE t.policy = b.policy) AS t
		GROUP BY b.relation, b.policy, b.policy_name, b.command, t.parts, t.expression
	) AS v;

	-- the place of a row: "any element of its path" includes the row itself
	RETURN QUERY
	SELECT 'medium', 'place_not_checked', format('policy %I on %s', b.policy_name, b.relation::regclass),
		   CASE b.command WHEN 'a' THEN 'A new row passes by a grant on its own id, wherever it claims to lie.'
			   ELSE 'Who may change a row may move it to where they may not write: no trigger of tj_perm.protect watches its place.' END,
		   CASE b.command WHEN 'a' THEN format('ALTER POLICY %I ON %s WITH CHECK (<with tj_place(workspace, container, id, ..., type)>);', b.policy_name, b.relation::regclass)
			   ELSE format('SELECT tj_perm.protect(%L, <workspace and path>);', b.relation::regclass) END
	FROM (SELECT DISTINCT c.relation, c.policy, c.policy_name, c.command, c.part, c.permissive FROM tj_perm._bound_calls() AS c
		  WHERE c.permissive AND NOT c.is_nested AND c.resource_function = ANY (v_constructors) AND cardinality(c.columns) > 1
		  AND (c.part, c.command) IN (('check', 'a'), ('using', 'w'), ('using', '*'))) AS b
	WHERE b.command = 'a' OR NOT EXISTS (
		SELECT FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
		WHERE t.tgrelid = b.relation AND t.tgenabled IN ('O', 'A') AND p.proname = 'refuse_place' AND p.pronamespace = 'tj_perm'::regnamespace);

	-- privileges that policies do not filter
	RETURN QUERY
	SELECT CASE WHEN x.privileges && '{TRUNCATE,TRIGGER}' THEN 'high' ELSE 'medium' END, 'privileges_past_policies', format('table %s', f.relation::regclass),
		   format('%s has %s.%s', tj_perm._role_name(x.grantee), array_to_string(x.privileges, ', '),
				  concat(CASE WHEN 'TRUNCATE' = ANY (x.privileges) THEN ' TRUNCATE empties the table past all policies.' END,
						 CASE WHEN 'TRIGGER' = ANY (x.privileges) THEN ' A trigger runs with the rows and the rights of whoever writes.' END,
						 CASE WHEN 'REFERENCES' = ANY (x.privileges) THEN ' A foreign key tells which keys exist.' END,
						 CASE WHEN x.privileges && '{INSERT,UPDATE,DELETE}' THEN ' Every role that can connect may write as far as the policies let it.' END)),
		   format('REVOKE %s ON %s FROM %s;', array_to_string(x.privileges, ', '), f.relation::regclass, tj_perm._role_name(x.grantee))
	FROM tj_perm._family() AS f
	CROSS JOIN LATERAL (
		SELECT t.grantee, array_agg(DISTINCT t.privilege ORDER BY t.privilege) AS privileges
		FROM tj_perm._table_privileges(f.relation) AS t LEFT JOIN pg_roles AS r ON r.oid = t.grantee
		WHERE (t.privilege IN ('TRUNCATE', 'TRIGGER', 'REFERENCES') OR (t.grantee = 0 AND t.privilege IN ('INSERT', 'UPDATE', 'DELETE')))
		AND r.rolsuper IS NOT TRUE
		GROUP BY t.grantee
	) AS x;

	-- where rows go unfiltered
	RETURN QUERY
	SELECT 'low', 'published', format('table %s', c.oid::regclass), format('Publication %I sends all rows to its subscribers.', t.pubname),
		   CASE WHEN EXISTS (SELECT FROM pg_publication_rel AS r WHERE r.prpubid = p.oid AND r.prrelid = c.oid) THEN format('ALTER PUBLICATION %I DROP TABLE %s;', t.pubname, c.oid::regclass) END
	FROM pg_publication_tables AS t
	JOIN pg_publication AS p ON p.pubname = t.pubname
	JOIN pg_namespace AS n ON n.nspname = t.schemaname
	JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.tablename
	JOIN tj_perm._family() AS f ON f.relation = c.oid AND f.kin <> 'parent'
	UNION ALL
	SELECT 'info', 'cascade', format('table %s', k.conrelid::regclass),
		   format('Whoever may delete from %s %s rows here by foreign key %I, past the policies.', k.confrelid::regclass, CASE k.confdeltype WHEN 'c' THEN 'deletes' ELSE 'changes' END, k.conname), NULL
	FROM tj_perm._family() AS f JOIN pg_constraint AS k ON k.conrelid = f.relation AND k.contype = 'f' AND k.conparentid = 0
	WHERE f.kin = 'self' AND k.confdeltype IN ('c', 'n', 'd');

	-- what protect made is not what it made; the arguments are not repeated, since the
	-- record is text of the table's owner
	RETURN QUERY
	SELECT 'medium', 'protection_changed', format('table %s', t.relation), 'Of the policies, triggers and flags that tj_perm.protect made, some are gone, off or changed.'::text,
		   format('SELECT tj_perm.protect(%L, <workspace and path>);', coalesce(t.protected_with, t.relation))
	FROM tj_perm.protected_tables() AS t WHERE NOT t.in_step;
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_tables() IS 'Part of doctor: guarded tables, their partitions and parents, their policies and privileges.';

CREATE FUNCTION tj_perm._doctor_paths() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_constructors oid[] := tj_perm._own_functions('{tj_resource,tj_workspace}');
	v_member oid[] := tj_perm._own_functions('{tj_is_member}');
BEGIN
	RETURN QUERY
	WITH path AS MATERIALIZED (
		-- what names the rows that a policy lets see or touch
		SELECT DISTINCT b.relation, b.columns, b.arguments, cardinality(b.columns) AS length
		FROM tj_perm._bound_calls() AS b
		WHERE b.part = 'using' AND NOT b.is_nested
		AND (b.resource_function = ANY (v_constructors) OR b.checker = ANY (v_member))
	), pair AS MATERIALIZED (
		-- position 0 is the workspace, then the elements outermost first
		SELECT p.relation, 0 AS position, p.length = 1 AS is_last, NULL::text AS type, p.columns[1] AS attnum,
			   p.columns[1] AS workspace, p.arguments[1] AS workspace_argument
		FROM path AS p
		UNION
		SELECT p.relation, i.n / 2, i.n + 1 = p.length, regexp_replace(p.arguments[i.n], '::[^'']*$', ''), p.columns[i.n + 1], p.columns[1], p.arguments[1]
		FROM path AS p CROSS JOIN LATERAL generate_series(2, p.length - 1, 2) AS i (n)
	), named AS MATERIALIZED (
		SELECT DISTINCT p.relation, p.attnum, a.attname, t.typcategory = 'A' AS is_array
		FROM pair AS p
		JOIN pg_attribute AS a ON a.attrelid = p.relation AND a.attnum = p.attnum
		JOIN pg_type AS t ON t.oid = a.atttypid
		WHERE p.attnum > 0
	), kept AS MATERIALIZED (
		SELECT i.indrelid, i.indkey, i.indnkeyatts, i.indisunique, i.indimmediate, m.amname, i.indexprs IS NULL AND i.indpred IS NULL AS is_plain, i.indpred IS NULL AS is_full
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
		WHERE i.indisvalid
	)
	SELECT 'medium', 'missing_index', format('column %I of %s', n.attname, n.relation::regclass),
		   format('A policy looks for rows by it, and no %s it: such queries read the whole table.', CASE WHEN n.is_array THEN 'GIN index holds' ELSE 'btree index begins with' END),
		   format('CREATE INDEX ON %s %s(%I);', n.relation::regclass, CASE WHEN n.is_array THEN 'USING gin ' END, n.attname)
	FROM named AS n JOIN pg_class AS c ON c.oid = n.relation
	WHERE c.relkind IN ('r', 'p')
	AND NOT EXISTS (
		SELECT FROM kept AS i
		WHERE i.indrelid = n.relation AND i.is_full
		AND CASE WHEN n.is_array THEN i.amname = 'gin' AND n.attnum = ANY (i.indkey) ELSE i.amname = 'btree' AND i.indkey[0] = n.attnum END)
	UNION ALL
	SELECT 'low', 'missing_composite_key', format('column %I of %s', ca.attname, k.relation::regclass),
		   CASE WHEN EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conrelid = k.relation AND f.confrelid = o.relation AND k.attnum = ANY (f.conkey))
				THEN format('Its foreign key to %s does not include the workspace: a row may name a container of another workspace.', o.relation::regclass)
				ELSE format('It names rows of %s, but no foreign key says that they exist.', o.relation::regclass) END,
		   concat(CASE WHEN NOT EXISTS (
						SELECT FROM kept AS i WHERE i.indrelid = o.relation AND i.indisunique AND i.is_plain AND i.indnkeyatts = cardinality(x.keys)
						AND x.keys <@ i.indkey::smallint[]) THEN format('ALTER TABLE %s ADD UNIQUE (%s); ', o.relation::regclass, x.key_names) END,
				  format('ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s) ON UPDATE CASCADE;', k.relation::regclass, x.column_names, o.relation::regclass, x.key_names))
	FROM pair AS k
	JOIN pair AS o ON o.is_last AND o.position > 0 AND o.type = k.type AND o.relation <> k.relation AND o.attnum > 0
	JOIN pg_class AS kc ON kc.oid = k.relation AND NOT kc.relispartition
	JOIN pg_class AS oc ON oc.oid = o.relation AND NOT oc.relispartition
	JOIN pg_attribute AS ca ON ca.attrelid = k.relation AND ca.attnum = k.attnum
	JOIN pg_attribute AS oa ON oa.attrelid = o.relation AND oa.attnum = o.attnum
	LEFT JOIN pg_attribute AS cw ON cw.attrelid = k.relation AND cw.attnum = k.workspace AND k.workspace > 0
	LEFT JOIN pg_attribute AS ow ON ow.attrelid = o.relation AND ow.attnum = o.workspace AND o.workspace > 0
	CROSS JOIN LATERAL (
		SELECT CASE WHEN cw.attnum IS NULL THEN ARRAY[k.attnum] ELSE ARRAY[cw.attnum, k.attnum] END AS columns,
			   CASE WHEN cw.attnum IS NULL THEN ARRAY[o.attnum] ELSE ARRAY[ow.attnum, o.attnum] END AS keys,
			   concat_ws(', ', quote_ident(cw.attname), quote_ident(ca.attname)) AS column_names,
			   concat_ws(', ', quote_ident(ow.attname), quote_ident(oa.attname)) AS key_names
	) AS x
	WHERE k.position > 0 AND NOT k.is_last AND k.attnum > 0
	AND ca.atttypid = oa.atttypid
	AND (cw.atttypid = ow.atttypid OR (cw.attnum IS NULL AND ow.attnum IS NULL AND k.workspace_argument = o.workspace_argument))
	AND NOT EXISTS (
		SELECT FROM pg_constraint AS f
		WHERE f.contype = 'f' AND f.conrelid = k.relation AND f.confrelid = o.relation
		AND NOT EXISTS (
			SELECT FROM unnest(x.columns, x.keys) AS w (col, key)
			WHERE NOT EXISTS (SELECT FROM unnest(f.conkey, f.confkey) AS h (col, key) WHERE h.col = w.col AND h.key = w.key)))
	UNION ALL
	SELECT 'high', 'grants_of_other_rows', format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
		   'Deleting a row drops the grants that name it, but its workspace and id are no unique key: the same grants may stand for other rows.'::text,
		   format('ALTER TABLE %s ADD UNIQUE (%s);', t.tgrelid::regclass,
				  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(k.keys, a.attnum)) FROM pg_attribute AS a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (k.keys)))
	FROM pg_trigger AS t
	JOIN (SELECT DISTINCT p.relation, CASE WHEN p.workspace > 0 AND p.workspace <> p.attnum THEN ARRAY[p.workspace, p.attnum] ELSE ARRAY[p.attnum] END AS keys
		  FROM pair AS p WHERE p.is_last AND p.attnum > 0) AS k ON k.relation = t.tgrelid
	WHERE t.tgname = 'tj_perm_drop_grants' AND NOT t.tgisinternal
	AND NOT EXISTS (
		SELECT FROM kept AS i
		WHERE i.indrelid = t.tgrelid AND i.indisunique AND i.indimmediate AND i.is_plain
		AND NOT EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) AS g (n) WHERE i.indkey[g.n] <> ALL (k.keys)));
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_paths() IS 'Part of doctor: the columns that paths are made of, their indexes and keys.';

CREATE FUNCTION tj_perm._doctor_identity() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_checkers oid[] := tj_perm._own_functions('{tj_can,tj_level_on}');
BEGIN
	RETURN QUERY
	WITH call AS MATERIALIZED (
		SELECT b.*, format('policy %I on %s', b.policy_name, b.relation::regclass) AS object,
			   CASE b.part WHEN 'check' THEN 'WITH CHECK' ELSE 'USING' END AS clause
		FROM tj_perm._bound_calls() AS b
	), rewritten AS MATERIALIZED (
		-- the policy with tj_user() for the user, where the text of the call is found in it
		SELECT c.relation, c.policy, c.part, c.checker, c.user_expression,
			   format('ALTER POLICY %I ON %s %s (%s);', c.policy_name, c.relation::regclass, c.clause,
					  CASE WHEN t.expression IS DISTINCT FROM x.expression THEN x.expression ELSE '<ask tj_user()>' END) AS mend
		FROM (SELECT DISTINCT b.relation, b.policy, b.policy_name, b.part, b.clause, b.checker, b.user_expression FROM call AS b WHERE NOT b.is_nested) AS c
		JOIN LATERAL tj_perm._policy_parts(c.relation) AS t ON t.policy = c.policy AND t.part = c.part
		JOIN pg_proc AS p ON p.oid = c.checker
		JOIN pg_namespace AS n ON n.oid = p.pronamespace
		CROSS JOIN LATERAL (
			SELECT replace(t.expression, format('%I.%I(%s, ', n.nspname, p.proname, c.user_expression), format('%I.%I(%I.tj_user(), ', n.nspname, p.proname, n.nspname)) AS expression
		) AS x
	), used AS MATERIALIZED (
		SELECT DISTINCT c.object, f.oid, p.provolatile, p.pronamespace = 'pg_catalog'::regnamespace AS is_builtin,
			   f.oid = ANY (c.user_early_functions) AND l.lanname NOT IN ('internal', 'c') AS is_early
		FROM call AS c CROSS JOIN LATERAL unnest(c.user_functions) AS f (oid)
		JOIN pg_proc AS p ON p.oid = f.oid JOIN pg_language AS l ON l.oid = p.prolang
	)
	SELECT DISTINCT 'critical', 'immutable_identity', u.object,
		   format('The user is %s, which is declared IMMUTABLE: a plan that is kept answers the next user with the rows of the one before.', tj_perm._routine_name(u.oid)),
		   format('ALTER FUNCTION %s STABLE;', tj_perm._routine_name(u.oid))
	FROM used AS u WHERE u.provolatile = 'i' AND u.is_early
	UNION ALL
	SELECT DISTINCT 'medium', 'volatile_identity', u.object,
		   format('The user is %s, which is VOLATILE: it is called for each row, and no index can serve the policy.', tj_perm._routine_name(u.oid)),
		   CASE WHEN u.is_builtin THEN NULL ELSE format('ALTER FUNCTION %s STABLE;', tj_perm._routine_name(u.oid)) END
	FROM used AS u WHERE u.provolatile = 'v'
	UNION ALL
	SELECT DISTINCT 'high', 'fixed_identity', c.object, format('The user is always the same: %s.', c.user_expression), r.mend
	FROM call AS c JOIN rewritten AS r ON (r.policy, r.part, r.checker, r.user_expression) = (c.policy, c.part, c.checker, c.user_expression)
	WHERE c.user_is_constant AND c.user_expression !~ '^NULL::'
	UNION ALL
	SELECT DISTINCT 'medium', 'identity_of_row', c.object, format('The user is taken from the row (%s): it tells what that user may, not who is asking.', c.user_expression), r.mend
	FROM call AS c JOIN rewritten AS r ON (r.policy, r.part, r.checker, r.user_expression) = (c.policy, c.part, c.checker, c.user_expression)
	WHERE c.user_reads_row AND NOT c.is_nested
	UNION ALL
	SELECT DISTINCT CASE WHEN strpos(coalesce(c.user_expression, ''), '''tj_perm.user_id''') > 0 THEN 'medium' ELSE 'high' END, 'setting_identity', c.object,
		   CASE WHEN strpos(coalesce(c.user_expression, ''), '''tj_perm.user_id''') > 0 THEN 'It reads tj_perm.user_id by current_setting, once for each row; tj_user() is faster, normalises, and trusts no value that was set before the library was loaded.'
				ELSE format('The user is a setting (%s): every role that may send SQL can set it to anybody, unless it is reserved. Let the application set tj_perm.user_id.', coalesce(c.user_expression, 'in a subquery')) END,
		   coalesce(r.mend, format('ALTER POLICY %I ON %s %s (<ask tj_user()>);', c.policy_name, c.relation::regclass, c.clause))
	FROM call AS c LEFT JOIN rewritten AS r ON (r.policy, r.part, r.checker, r.user_expression) = (c.policy, c.part, c.checker, c.user_expression)
	WHERE c.user_functions && '{current_setting(text),current_setting(text\,boolean)}'::regprocedure[]::oid[]
	UNION ALL
	SELECT DISTINCT 'high', 'parsed_path', c.object,
		   'It casts text to tj_resource: whoever writes that text chooses workspace, containers and thing. Make the path of columns by tj_resource(workspace, type, id, ...).'::text,
		   format('ALTER POLICY %I ON %s %s (<with tj_resource(workspace, type, id, ...)>);', c.policy_name, c.relation::regclass, c.clause)
	FROM call AS c WHERE c.checker = ANY (v_checkers) AND c.resource_is_parsed;
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_identity() IS 'Part of doctor: who is asked about, and of what, in policies.';

CREATE FUNCTION tj_perm._doctor_bypaths() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_owners oid[] := ARRAY(
		SELECT c.relowner FROM tj_perm._family() AS f JOIN pg_class AS c ON c.oid = f.relation
		UNION
		SELECT e.extowner FROM pg_extension AS e WHERE e.extname = 'tj_perm');
BEGIN
	-- what reads guarded tables with its owner's rights, at any number of removes
	RETURN QUERY
	WITH RECURSIVE edge AS MATERIALIZED (
		SELECT DISTINCT d.refobjid AS source, r.ev_class AS reader, r.ev_type, r.rulename, c.relkind, c.relowner,
			   c.relkind = 'v' AND coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'security_invoker'), false) AS is_invoker
		FROM pg_rewrite AS r
		JOIN pg_class AS c ON c.oid = r.ev_class
		JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
	), reach (guarded, source, reader, ev_type, rulename, relkind, relowner, is_invoker) AS (
		SELECT f.relation, e.* FROM tj_perm._family() AS f JOIN edge AS e ON e.source = f.relation WHERE f.kin <> 'parent'
		UNION
		-- beyond a view whose owner is bound, the policies have done their work
		SELECT r.guarded, e.* FROM reach AS r JOIN edge AS e ON e.source = r.reader
		WHERE (r.is_invoker OR r.relkind = 'm' OR tj_perm._is_exempt(r.relowner, r.guarded)) AND r.ev_type = '1'
	), reader AS MATERIALIZED (
		SELECT r.reader, r.ev_type, r.rulename, r.relkind, r.relowner, r.is_invoker,
			   string_agg(DISTINCT r.guarded::regclass::text, ', ' ORDER BY r.guarded::regclass::text) FILTER (WHERE tj_perm._is_exempt(r.relowner, r.guarded)) AS past,
			   string_agg(DISTINCT r.guarded::regclass::text, ', ' ORDER BY r.guarded::regclass::text) AS tables
		FROM reach AS r
		GROUP BY r.reader, r.ev_type, r.rulename, r.relkind, r.relowner, r.is_invoker
	)
	SELECT CASE WHEN x.past IS NULL THEN 'low' WHEN o.others IS NULL THEN 'low' ELSE 'high' END, 'view_past_policies', format('view %s', x.reader::regclass),
		   CASE WHEN x.past IS NULL THEN format('It reads %s with the rights of its owner, whom the policies bind for now.', x.tables)
				ELSE format('It reads %s with the rights of its owner, whom the policies do not bind. Roles that may read it: %s.', x.past, coalesce(o.others, 'only the owner')) END,
		   format('ALTER VIEW %s SET (security_invoker = true);', x.reader::regclass)
	FROM reader AS x
	CROSS JOIN LATERAL (
		SELECT string_agg(p.name, ', ' ORDER BY p.name COLLATE "C") AS others FROM (SELECT DISTINCT tj_perm._role_name(t.grantee) AS name FROM tj_perm._table_privileges(x.reader) AS t) AS p
	) AS o
	WHERE x.relkind = 'v' AND x.ev_type = '1' AND NOT x.is_invoker
	UNION ALL
	SELECT 'high', 'materialized_view', format('materialized view %s', x.reader::regclass),
		   format('It holds rows of %s as its owner saw them, and no policy can stand on it. Roles that may read it: %s.', x.tables, o.others),
		   format('REVOKE ALL ON %s FROM %s;', x.reader::regclass, o.others)
	FROM reader AS x
	CROSS JOIN LATERAL (
		SELECT string_agg(p.name, ', ' ORDER BY p.name COLLATE "C") AS others FROM (SELECT DISTINCT tj_perm._role_name(t.grantee) AS name FROM tj_perm._table_privileges(x.reader) AS t) AS p
	) AS o
	WHERE x.relkind = 'm' AND o.others IS NOT NULL
	UNION ALL
	SELECT CASE WHEN x.past IS NULL THEN 'low' ELSE 'medium' END, 'rule_past_policies', format('rule %I on %s', x.rulename, x.reader::regclass),
		   format('Its actions reach %s with the rights of the owner of %s%s.', coalesce(x.past, x.tables), x.reader::regclass, CASE WHEN x.past IS NULL THEN ', whom the policies bind for now' ELSE ', whom the policies do not bind' END),
		   format('DROP RULE %I ON %s;', x.rulename, x.reader::regclass)
	FROM reader AS x WHERE x.ev_type <> '1';

	-- SECURITY DEFINER: the caller's search_path must not choose what they run
	RETURN QUERY
	SELECT CASE WHEN x.is_open AND x.is_strong THEN 'high' WHEN x.is_open THEN 'medium' ELSE 'low' END, 'definer_search_path', format('function %s', tj_perm._routine_name(p.oid)),
		   concat(CASE WHEN s.path IS NULL THEN 'SECURITY DEFINER without a search_path of its own'
					   WHEN x.is_open THEN format('SECURITY DEFINER with a search_path (%s) where others may create objects', s.path)
					   ELSE format('SECURITY DEFINER with a search_path (%s) that does not end with pg_temp, where everybody may create tables', s.path) END,
				  ': a caller can put objects in the way that it then uses with the rights of ', tj_perm._role_name(p.proowner), '.'),
		   format('ALTER ROUTINE %s SET search_path = pg_catalog, %spg_temp;', tj_perm._routine_name(p.oid),
				  CASE WHEN n.nspname <> 'pg_catalog' AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (n.nspowner, p.proowner)) THEN quote_ident(n.nspname) || ', ' END)
	FROM pg_proc AS p
	JOIN pg_namespace AS n ON n.oid = p.pronamespace
	JOIN pg_language AS l ON l.oid = p.prolang
	CROSS JOIN LATERAL (SELECT (SELECT substr(c.setting, length('search_path=') + 1) FROM unnest(p.proconfig) AS c (setting) WHERE starts_with(c.setting, 'search_path=')) AS path) AS s
	CROSS JOIN LATERAL (SELECT ARRAY(SELECT replace(trim(BOTH '"' FROM e.schema), '""', '"') FROM regexp_split_to_table(s.path, '\s*,\s*') WITH ORDINALITY AS e (schema, i) ORDER BY e.i) AS schemas) AS e
	CROSS JOIN LATERAL (
		SELECT s.path IS NULL OR EXISTS (
				SELECT FROM pg_namespace AS w CROSS JOIN LATERAL aclexplode(w.nspacl) AS a
				WHERE w.nspname = ANY (e.schemas) AND a.privilege_type = 'CREATE' AND a.grantee NOT IN (w.nspowner, p.proowner)
				AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = a.grantee) IS NOT TRUE) AS is_open,
			   (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles AS r WHERE r.oid = p.proowner)
			   OR EXISTS (SELECT FROM unnest(v_owners) AS o (oid) WHERE pg_has_role(p.proowner, o.oid, 'USAGE')) AS is_strong
	) AS x
	WHERE p.prosecdef AND p.prosqlbody IS NULL AND l.lanname <> 'internal'
	AND n.nspname NOT IN ('pg_catalog', 'information_schema')
	AND (x.is_open OR e.schemas[cardinality(e.schemas)] IS DISTINCT FROM 'pg_temp')
	AND (p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)
		 OR EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner))
	UNION ALL
	SELECT 'info', 'leakproof_function', format('function %s', tj_perm._routine_name(p.oid)),
		   format('LEAKPROOF, and its owner %s is no superuser: it may see rows before the policies do.', tj_perm._role_name(p.proowner)),
		   format('ALTER FUNCTION %s NOT LEAKPROOF;', tj_perm._routine_name(p.oid))
	FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
	WHERE p.proleakproof AND NOT r.rolsuper
	-- our own comparisons are, as index conditions need it
	AND NOT EXISTS (
		SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
		WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'tj_perm');
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_bypaths() IS 'Part of doctor: views, materialized views, rules and functions that reach guarded tables, or code, with the rights of others.';

CREATE FUNCTION tj_perm._doctor_roles() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_extension_owner oid := (SELECT e.extowner FROM pg_extension AS e WHERE e.extname = 'tj_perm');
	v_user oid[] := tj_perm._own_functions('{tj_user}');
	v_to_all boolean := EXISTS (
		SELECT FROM pg_parameter_acl AS p CROSS JOIN LATERAL aclexplode(p.paracl) AS a WHERE p.parname = 'tj_perm.user_id' AND a.grantee = 0);
BEGIN
	-- who may act for end users; 10 is the bootstrap superuser, whom every such list names
	RETURN QUERY
	SELECT CASE WHEN s.grantee = 0 THEN 'critical' WHEN r.rolsuper THEN 'high' ELSE 'info' END,
		   CASE WHEN s.grantee = 0 THEN 'anybody_may_be_anybody' WHEN r.rolsuper THEN 'superuser_for_users' ELSE 'may_act_for_users' END,
		   'role ' || tj_perm._role_name(s.grantee),
		   CASE WHEN s.grantee = 0 THEN 'Every role may set tj_perm.user_id, and so act as anybody.'
				WHEN r.rolsuper THEN 'A superuser was given the right to set tj_perm.user_id, as an application is: no policy binds it.'
				ELSE 'May set tj_perm.user_id, and so act as anybody: meant for the login role of an application.' END,
		   format('REVOKE %s ON PARAMETER tj_perm.user_id FROM %s;', s.privileges, tj_perm._role_name(s.grantee))
	FROM (
		SELECT a.grantee, string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges
		FROM pg_parameter_acl AS p CROSS JOIN LATERAL aclexplode(p.paracl) AS a
		WHERE p.parname = 'tj_perm.user_id' AND a.grantee <> 10 GROUP BY a.grantee
	) AS s LEFT JOIN pg_roles AS r ON r.oid = s.grantee;
	IF NOT v_to_all AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE NOT r.rolsuper AND has_parameter_privilege(r.oid, 'tj_perm.user_id', 'SET')) THEN
		severity := CASE WHEN EXISTS (SELECT FROM tj_perm._bound_calls() AS b WHERE b.user_functions && v_user) THEN 'medium' ELSE 'info' END;
		finding := 'nobody_may_act_for_users';
		object := 'setting tj_perm.user_id';
		detail := 'No role but superusers may set it. The grant lives outside the database: a restore loses it unless pg_dumpall -g is restored as well.';
		mend := 'GRANT SET ON PARAMETER tj_perm.user_id TO <login role of the application>;';
		RETURN NEXT;
	END IF;

	-- logins of applications that policies do not hold, or that could free themselves
	RETURN QUERY
	WITH login AS MATERIALIZED (
		SELECT r.oid, r.rolname, r.rolbypassrls, r.rolcreaterole FROM pg_roles AS r
		WHERE r.rolcanlogin AND NOT r.rolsuper AND has_parameter_privilege(r.oid, 'tj_perm.user_id', 'SET')
		AND has_database_privilege(r.oid, current_database(), 'CONNECT')
		-- if everybody may set it, that is the finding
		AND NOT v_to_all
	), guarded AS MATERIALIZED (
		SELECT c.relowner, string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text COLLATE "C") AS tables,
			   bool_or(NOT c.relforcerowsecurity OR NOT c.relrowsecurity) AS is_exempt,
			   string_agg(format('ALTER TABLE %s OWNER TO <another role>;', c.oid::regclass), ' ' ORDER BY c.oid::regclass::text COLLATE "C") AS handing
		FROM tj_perm._family() AS f JOIN pg_class AS c ON c.oid = f.relation WHERE f.kin <> 'parent' GROUP BY c.relowner
	), power (login, through, severity, finding, detail, handing) AS (
		SELECT l.oid, s.oid, 'critical', 'application_may_bypass',
			   format('An application''s login that may become %s, %s.', tj_perm._role_name(s.oid),
					  CASE WHEN s.rolsuper THEN 'a superuser' WHEN s.rolbypassrls THEN 'whom no policy binds' ELSE 'who can reach the server''s files' END), NULL
		FROM login AS l JOIN pg_roles AS s ON s.oid <> l.oid AND pg_has_role(l.oid, s.oid, 'MEMBER')
			AND (s.rolsuper OR s.rolbypassrls OR s.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))
		UNION ALL
		SELECT l.oid, g.relowner, CASE WHEN g.is_exempt THEN 'critical' ELSE 'high' END, 'application_owns_tables',
			   format('An application''s login with the rights of %s of %s: %s.', CASE WHEN l.oid = g.relowner THEN 'the owner' ELSE format('%s, the owner', tj_perm._role_name(g.relowner)) END, g.tables,
					  CASE WHEN g.is_exempt THEN 'the policies do not bind it' ELSE 'it can switch the policies off' END), g.handing
		FROM login AS l JOIN guarded AS g ON pg_has_role(l.oid, g.relowner, 'MEMBER')
		WHERE NOT (SELECT o.rolsuper FROM pg_roles AS o WHERE o.oid = g.relowner)
		UNION ALL
		SELECT l.oid, v_extension_owner, 'critical', 'application_owns_extension',
			   'An application''s login with the rights of the extension''s owner: without an end user set it may do everything.', NULL
		FROM login AS l WHERE pg_has_role(l.oid, v_extension_owner, 'MEMBER') AND NOT (SELECT o.rolsuper FROM pg_roles AS o WHERE o.oid = v_extension_owner)
	)
	SELECT p.severity, p.finding, 'role ' || tj_perm._role_name(p.login), p.detail,
		   CASE WHEN p.login = p.through THEN p.handing ELSE (
			   SELECT string_agg(format('REVOKE %s FROM %s;', tj_perm._role_name(m.roleid), tj_perm._role_name(p.login)), ' ' ORDER BY tj_perm._role_name(m.roleid) COLLATE "C")
			   FROM (SELECT DISTINCT a.roleid FROM pg_auth_members AS a JOIN pg_roles AS r ON r.oid = a.roleid
					 WHERE a.member = p.login AND pg_has_role(a.roleid, p.through, 'MEMBER') AND (a.roleid = p.through OR NOT r.rolsuper)) AS m) END
	FROM power AS p
	UNION ALL
	SELECT 'critical', 'application_bypasses', 'role ' || tj_perm._role_name(l.oid), 'An application''s login with BYPASSRLS: no policy binds it.', format('ALTER ROLE %s NOBYPASSRLS;', tj_perm._role_name(l.oid))
	FROM login AS l WHERE l.rolbypassrls
	UNION ALL
	SELECT 'high', 'application_creates_roles', 'role ' || tj_perm._role_name(l.oid), 'An application''s login with CREATEROLE: it may give itself membership of other roles.', format('ALTER ROLE %s NOCREATEROLE;', tj_perm._role_name(l.oid))
	FROM login AS l WHERE l.rolcreaterole
	UNION ALL
	SELECT 'low', 'bypassrls_login', 'role ' || tj_perm._role_name(r.oid), 'Can log in, and no policy binds it: right for backups and backfills only.', format('ALTER ROLE %s NOBYPASSRLS;', tj_perm._role_name(r.oid))
	FROM pg_roles AS r
	WHERE r.rolbypassrls AND r.rolcanlogin AND NOT r.rolsuper AND has_database_privilege(r.oid, current_database(), 'CONNECT')
	AND NOT EXISTS (SELECT FROM login AS l WHERE l.oid = r.oid);

	-- settings of roles and databases
	RETURN QUERY
	SELECT k.severity, k.finding, CASE WHEN s.setrole = 0 THEN 'database ' || quote_ident(current_database()) ELSE 'role ' || tj_perm._role_name(s.setrole) END,
		   format(k.detail, s.value),
		   CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I RESET %s;', current_database(), s.name)
				ELSE format('ALTER ROLE %s%s RESET %s;', tj_perm._role_name(s.setrole), CASE WHEN s.setdatabase <> 0 THEN format(' IN DATABASE %I', current_database()) END, s.name) END
	FROM (
		SELECT d.setrole, d.setdatabase, split_part(c.setting, '=', 1) AS name, substr(c.setting, strpos(c.setting, '=') + 1) AS value
		FROM pg_db_role_setting AS d CROSS JOIN LATERAL unnest(d.setconfig) AS c (setting)
		WHERE d.setdatabase IN (0, (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database()))
	) AS s
	JOIN (VALUES
		('tj_perm.user_id', NULL, 'high', 'standing_identity', 'Every session begins as user %s: a request that forgets to set its user acts as that one.'),
		('session_replication_role', '^(replica|local)$', 'high', 'triggers_bypassed', 'Every session begins with session_replication_role = %s: what keeps the invariants and the history does not run.'),
		('event_triggers', '^(off|false|no|0)$', 'medium', 'event_triggers_off', 'Every session begins with event_triggers = %s: DDL on the tables of tj_perm goes unnoticed.'),
		('row_security', '^(off|false|no|0)$', 'low', 'row_security_off', 'Every session begins with row_security = %s: queries that policies would filter fail.')
	) AS k (name, bad, severity, finding, detail) ON k.name = s.name AND (k.bad IS NULL AND s.value <> '' OR s.value ~ k.bad);
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_roles() IS 'Part of doctor: roles that may act for end users or are not bound by policies, and settings of roles and databases.';

CREATE FUNCTION tj_perm._own_triggers() RETURNS TABLE (relation text, trigger name, function name)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT t.relation, split_part(x.entry, '=', 1)::name, split_part(x.entry, '=', 2)::name
	FROM (VALUES
		('grants', 'a_dirty=_mark_dirty a_stamp=_renew_stamps a_stamp_group=_renew_stamps c_workspace=_refuse_change'),
		('group_members', 'a_dirty=_mark_dirty a_stamp=_renew_stamps c_all_users_insert=refuse_listing_all_users c_all_users_update=refuse_listing_all_users c_keep_admin_delete=keep_admin_of_memberships c_keep_admin_update=keep_admin_of_memberships c_workspace=_refuse_change'),
		('group_nesting', 'a_dirty=_mark_dirty a_stamp=_renew_stamps c_nesting_insert=check_nesting c_nesting_update=check_nesting c_workspace=_refuse_change'),
		('groups', 'a_dirty=_mark_dirty a_stamp=_renew_stamps a_stamp_workspace=_renew_stamps c_id=_refuse_change c_keep_default=keep_default_groups c_kind=_refuse_change c_replace_default=replace_default_group c_workspace=_refuse_change'),
		('history', 'a_owner=_keep_history'),
		('invitations', 'c_workspace=_refuse_change'),
		('members', 'a_dirty=_mark_dirty a_stamp=_renew_stamps c_keep_admin=keep_admin_of_members c_workspace=_refuse_change'),
		('reviews', 'c_workspace=_refuse_change'),
		('stamps', 'a_keep=_keep_stamps'),
		('workspaces', 'a_dirty=_mark_dirty a_stamp=_renew_stamps c_default_groups=add_default_groups c_key=_refuse_change')
	) AS t (relation, entries)
	CROSS JOIN LATERAL regexp_split_to_table(concat(t.entries, ' a_truncate=_refuse_truncate',
		CASE WHEN t.relation NOT IN ('history', 'stamps') THEN ' b_history_insert=record_history b_history_update=record_history b_history_delete=record_history' END), ' ') AS x (entry);
END
$$;
COMMENT ON FUNCTION tj_perm._own_triggers() IS 'The triggers that the tables of the schema tj_perm have, as installed; those that begin with a_ are ENABLE ALWAYS.';

CREATE FUNCTION tj_perm._doctor_extension() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_own oid[] := ARRAY(
		SELECT d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
		WHERE e.extname = 'tj_perm' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass);
	v_names name[] := ARRAY(SELECT DISTINCT p.proname FROM pg_proc AS p JOIN pg_extension AS e ON e.extname = 'tj_perm' AND e.extnamespace = p.pronamespace WHERE p.oid = ANY (v_own));
BEGIN
	-- triggers, those of foreign keys included
	RETURN QUERY
	SELECT CASE WHEN x.off THEN 'high' ELSE 'medium' END, CASE WHEN x.off THEN 'triggers_off' ELSE 'triggers_not_always' END, format('table %s', c.oid::regclass),
		   CASE WHEN x.off THEN 'Some of its triggers or foreign keys are switched off: its invariants, or its history, are not kept.'
				ELSE 'Its triggers a_* are not ENABLE ALWAYS, as pg_restore --disable-triggers leaves them: answers stay exact, but nothing is remembered from one statement to the next.' END,
		   format('ALTER TABLE %s ENABLE TRIGGER ALL%s;', c.oid::regclass, x.always)
	FROM pg_class AS c
	CROSS JOIN LATERAL (
		SELECT bool_or(t.tgenabled <> CASE WHEN o.trigger ~ '^a_' THEN 'A' ELSE 'O' END) AS differs,
			   bool_or(t.tgenabled IN ('D', 'R')) AS off,
			   string_agg(format(', ENABLE ALWAYS TRIGGER %I', t.tgname), '' ORDER BY t.tgname::text COLLATE "C") FILTER (WHERE o.trigger ~ '^a_') AS always
		FROM pg_trigger AS t
		LEFT JOIN tj_perm._own_triggers() AS o ON o.relation = c.relname AND o.trigger = t.tgname
		WHERE t.tgrelid = c.oid AND (t.tgisinternal OR o.trigger IS NOT NULL)
	) AS x
	WHERE c.relnamespace = 'tj_perm'::regnamespace AND x.differs
	UNION ALL
	SELECT 'high', 'trigger_missing', format('table tj_perm.%I', o.relation), format('Its trigger %I is missing, or calls another function than tj_perm.%I.', o.trigger, o.function),
		   format('CREATE TRIGGER %I <as in the extension''s script> ON tj_perm.%I EXECUTE FUNCTION tj_perm.%I(<arguments>);', o.trigger, o.relation, o.function)
	FROM tj_perm._own_triggers() AS o
	WHERE NOT EXISTS (
		SELECT FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
		WHERE c.relnamespace = 'tj_perm'::regnamespace AND c.relname = o.relation AND t.tgname = o.trigger
		AND p.pronamespace = 'tj_perm'::regnamespace AND p.proname = o.function)
	UNION ALL
	SELECT 'high', 'foreign_trigger', format('trigger %I on %s', t.tgname, t.tgrelid::regclass), format('Not of the extension: %s runs whenever permissions change.', tj_perm._routine_name(t.tgfoid)),
		   format('DROP TRIGGER %I ON %s;', t.tgname, t.tgrelid::regclass)
	FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'tj_perm'::regnamespace AND NOT t.tgisinternal
	AND NOT EXISTS (SELECT FROM tj_perm._own_triggers() AS o WHERE o.relation = c.relname AND o.trigger = t.tgname)
	UNION ALL
	SELECT 'medium', 'event_trigger_off', format('event trigger %I', n.name),
		   'It is not ENABLE ALWAYS: DDL on the tables of tj_perm may go unnoticed by what backends remember.'::text,
		   format('ALTER EVENT TRIGGER %I ENABLE ALWAYS;', n.name)
	FROM unnest('{tj_perm_renew_epoch,tj_perm_renew_epoch_after_drop}'::name[]) AS n (name)
	LEFT JOIN pg_event_trigger AS e ON e.evtname = n.name
	WHERE e.evtenabled IS DISTINCT FROM 'A';

	-- privileges on what is the owner's alone
	RETURN QUERY
	SELECT CASE WHEN x.grantee = 0 AND x.writes THEN 'critical' ELSE 'high' END, CASE WHEN x.writes THEN 'permissions_writable' ELSE 'permissions_public' END,
		   format('%s %s', CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid::regclass),
		   format('%s has %s on what says who may what.', tj_perm._role_name(x.grantee), x.privileges),
		   format('REVOKE %s ON %s%s FROM %s;', x.privileges, CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' END, c.oid::regclass, tj_perm._role_name(x.grantee))
	FROM pg_class AS c
	CROSS JOIN LATERAL (
		SELECT t.grantee, bool_or(t.privilege <> 'SELECT') AS writes, string_agg(DISTINCT t.privilege, ', ' ORDER BY t.privilege) AS privileges
		FROM tj_perm._table_privileges(c.oid) AS t LEFT JOIN pg_roles AS r ON r.oid = t.grantee
		WHERE r.rolsuper IS NOT TRUE AND (t.privilege <> 'SELECT' OR t.grantee = 0)
		GROUP BY t.grantee
	) AS x
	WHERE c.relnamespace = 'tj_perm'::regnamespace
	UNION ALL
	SELECT 'high', 'schema_writable', 'schema tj_perm', format('%s may create objects in it.', tj_perm._role_name(a.grantee)), format('REVOKE CREATE ON SCHEMA tj_perm FROM %s;', tj_perm._role_name(a.grantee))
	FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
	WHERE n.nspname = 'tj_perm' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
	UNION ALL
	-- where policies find tj_can and tj_resource by name, when they are written
	SELECT 'high', 'extension_schema_writable', format('schema %I', n.nspname),
		   format('%s may create objects in it, next to tj_can and tj_resource: what fits the arguments better is what new policies call.', tj_perm._role_name(a.grantee)),
		   format('REVOKE CREATE ON SCHEMA %I FROM %s;', n.nspname, tj_perm._role_name(a.grantee))
	FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace CROSS JOIN LATERAL aclexplode(n.nspacl) AS a LEFT JOIN pg_roles AS r ON r.oid = a.grantee
	WHERE e.extname = 'tj_perm' AND a.privilege_type = 'CREATE' AND a.grantee NOT IN (n.nspowner, e.extowner) AND r.rolsuper IS NOT TRUE
	UNION ALL
	SELECT 'low', 'extension_schema_owner', format('schema %I', n.nspname),
		   format('Its owner %s may create objects in it, next to tj_can and tj_resource: what fits the arguments better is what new policies call.', tj_perm._role_name(r.oid)),
		   format('ALTER SCHEMA %I OWNER TO %s;', n.nspname, tj_perm._role_name(e.extowner))
	FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace JOIN pg_database AS d ON d.datname = current_database()
	JOIN pg_roles AS r ON r.oid = CASE n.nspowner WHEN 'pg_database_owner'::regrole THEN d.datdba ELSE n.nspowner END
	WHERE e.extname = 'tj_perm' AND NOT r.rolsuper AND NOT pg_has_role(r.oid, e.extowner, 'MEMBER')
	UNION ALL
	SELECT 'high', 'foreign_overload', format('function %s', tj_perm._routine_name(p.oid)),
		   format('Of %s, not of the extension, and of the same name as a function of it in the same schema: a policy may call it in place of that.', tj_perm._role_name(p.proowner)),
		   format('DROP ROUTINE %s;', tj_perm._routine_name(p.oid))
	FROM pg_extension AS e JOIN pg_proc AS p ON p.pronamespace = e.extnamespace JOIN pg_roles AS r ON r.oid = p.proowner
	WHERE e.extname = 'tj_perm' AND NOT r.rolsuper AND p.proowner <> e.extowner AND p.oid <> ALL (v_own) AND p.proname = ANY (v_names)
	UNION ALL
	SELECT 'high', 'private_function_open', format('function %s', tj_perm._routine_name(p.oid)), format('%s may execute it; it asks for no permission.', tj_perm._role_name(a.grantee)),
		   format('REVOKE EXECUTE ON FUNCTION %s FROM %s;', tj_perm._routine_name(p.oid), tj_perm._role_name(a.grantee))
	FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
	WHERE p.pronamespace = 'tj_perm'::regnamespace AND a.grantee <> p.proowner
	AND (starts_with(p.proname, '_') OR p.proname IN ('delete_grants', 'drop_grants'))
	-- the parts of protect run as whoever calls it
	AND (p.prosecdef OR p.proname !~ '^_protect(ion)?_')
	-- what plans call must be open to all; SQL can make no value of its first argument
	AND p.proargtypes[0] IS DISTINCT FROM to_regtype('tj_perm._planned')::oid;
END
$$;
COMMENT ON FUNCTION tj_perm._doctor_extension() IS 'Part of doctor: whether the extension''s own triggers and privileges are as installed.';

-- 3. The doctor.

CREATE FUNCTION tj_perm.doctor() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.doctor() IS
'What in this database would let rows slip past the policies that ask tj_can, tj_is_member or tj_level_on, or slow them down; the gravest first: severity (critical, high, medium, low, info), a code, what it is about, the facts, and the SQL that mends it, if you agree (NULL: nothing to run; <words> are for you to fill in; ask again afterwards). A well-made installation has nothing above low. Tables: rls_off, rls_not_forced, open_policy (permissive, asks no checker), other_condition, viewers_may_write, place_not_checked, unprotected_partition, unprotected_parent, privileges_past_policies, protection_changed, published, cascade. Who and what is asked: immutable_identity, fixed_identity, setting_identity, volatile_identity, identity_of_row, parsed_path. Columns of paths: missing_index, missing_composite_key, grants_of_other_rows. Ways around: view_past_policies, materialized_view, rule_past_policies, definer_search_path, leakproof_function. Roles: anybody_may_be_anybody, superuser_for_users, application_may_bypass, application_bypasses, application_owns_tables, application_owns_extension, application_creates_roles, bypassrls_login, may_act_for_users, nobody_may_act_for_users; their settings: standing_identity, triggers_bypassed, event_triggers_off, row_security_off. The extension itself: triggers_off, triggers_not_always, trigger_missing, foreign_trigger, event_trigger_off, permissions_writable, permissions_public, schema_writable, extension_schema_writable, extension_schema_owner, foreign_overload, private_function_open. It reads catalogs only, so what a function with a body in text does is not seen. Errors: 42501. Who may: roles with the rights of the extension''s owner, without an end user.';

CREATE FUNCTION tj_perm._doctor() RETURNS TABLE (severity text, finding text, object text, detail text, mend text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
	SET jit = off
AS $$
BEGIN
	IF NOT tj_perm._is_owner_role() THEN
		RAISE EXCEPTION 'permission denied to examine the database'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN QUERY
	SELECT x.*
	FROM (
		SELECT * FROM tj_perm._doctor_tables()
		UNION ALL SELECT * FROM tj_perm._doctor_paths()
		UNION ALL SELECT * FROM tj_perm._doctor_identity()
		UNION ALL SELECT * FROM tj_perm._doctor_bypaths()
		UNION ALL SELECT * FROM tj_perm._doctor_roles()
		UNION ALL SELECT * FROM tj_perm._doctor_extension()
	) AS x (severity, finding, object, detail, mend)
	ORDER BY array_position('{critical,high,medium,low,info}'::text[], x.severity), x.object COLLATE "C", x.finding COLLATE "C", x.detail COLLATE "C";
END
$$;
COMMENT ON FUNCTION tj_perm._doctor() IS 'The body of doctor.';

-- 4. Why is this row hidden?
--
-- Whatever belongs to the owner of the table (functions in its policies, checks of
-- domains, expressions of its indexes) runs as that owner in a security-restricted
-- operation, as REINDEX and ANALYZE do it, and read-only, since tj_perm.user_id is the
-- user meanwhile; never as the administrator who asks.
-- Where the owner is a superuser, or a policy calls functions of third parties,
-- that would not be enough, and the policy is told but not evaluated.

CREATE FUNCTION tj_perm._query_as_table_owner(relation oid, user_id text, query text) RETURNS text[]
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_query_as_table_owner';
COMMENT ON FUNCTION tj_perm._query_as_table_owner(oid, text, text) IS 'The first row of a query of text columns, run as the owner of the relation in a security-restricted operation that can change nothing, without FORCE ROW LEVEL SECURITY and with tj_perm.user_id set to the user; NULL if it gives no row.';

CREATE FUNCTION tj_perm._key_condition(p_relation oid, p_key text, OUT condition text, OUT key_in_words text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_names text[];
	v_values jsonb;
BEGIN
	SELECT array_agg(a.attname::text ORDER BY k.n) INTO v_names
		FROM pg_index AS i CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k (n)
		JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
		WHERE i.indrelid = p_relation AND i.indisprimary;
	IF v_names IS NULL THEN
		RAISE EXCEPTION 'table "%" has no primary key', p_relation::regclass
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'The row is named by its primary key: add one.';
	END IF;
	IF cardinality(v_names) = 1 THEN
		v_values := jsonb_build_object(v_names[1], p_key);
	ELSE
		BEGIN
			v_values := p_key::jsonb;
		EXCEPTION WHEN invalid_text_representation THEN
			v_values := NULL;
		END;
		IF v_values IS NULL OR jsonb_typeof(v_values) <> 'object'
			OR EXISTS (SELECT FROM jsonb_each(v_values) AS e WHERE e.key <> ALL (v_names) OR jsonb_typeof(e.value) NOT IN ('string', 'number', 'boolean'))
			OR NOT v_values ?& v_names THEN
			RAISE EXCEPTION 'key "%" does not name a row of table "%"', p_key, p_relation::regclass
				USING ERRCODE = 'invalid_parameter_value',
					  HINT = format('The primary key has several columns: write a JSON object such as {%s}.', (SELECT string_agg(to_jsonb(n.name)::text || ': ...', ', ' ORDER BY n.n) FROM unnest(v_names) WITH ORDINALITY AS n (name, n)));
		END IF;
	END IF;

	-- the operator of the key's own index, and a type without checks: a domain's are code
	WITH RECURSIVE part AS (
		SELECT k.n, a.attname, o.opcfamily, o.opcintype, a.atttypid AS type
		FROM pg_index AS i CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k (n)
		JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
		JOIN pg_opclass AS o ON o.oid = i.indclass[k.n]
		WHERE i.indrelid = p_relation AND i.indisprimary
		UNION ALL
		SELECT p.n, p.attname, p.opcfamily, p.opcintype, t.typbasetype FROM part AS p JOIN pg_type AS t ON t.oid = p.type AND t.typtype = 'd'
	)
	SELECT string_agg(format('%I OPERATOR(%I.%s) %L::%s', p.attname, n.nspname, op.oprname, v_values ->> p.attname, format_type(CASE c.typtype WHEN 'p' THEN p.type ELSE p.opcintype END, NULL)), ' AND ' ORDER BY p.n),
		   string_agg(format('%I = %s', p.attname, v_values ->> p.attname), ', ' ORDER BY p.n)
		INTO condition, key_in_words
		FROM part AS p
		JOIN pg_type AS t ON t.oid = p.type AND t.typtype <> 'd'
		JOIN pg_type AS c ON c.oid = p.opcintype
		JOIN pg_amop AS m ON m.amopfamily = p.opcfamily AND m.amoplefttype = p.opcintype AND m.amoprighttype = p.opcintype AND m.amopstrategy = 3 AND m.amoppurpose = 's'
		JOIN pg_operator AS op ON op.oid = m.amopopr
		JOIN pg_namespace AS n ON n.oid = op.oprnamespace;
END
$$;
COMMENT ON FUNCTION tj_perm._key_condition(oid, text) IS 'The SQL condition that finds the row of this primary key (text of the value, or a JSON object), and the key in words. Errors: 55000 no primary key, 22023 not all of its columns.';

CREATE FUNCTION tj_perm._why_not_evaluated(p_relation oid, p_policy oid, p_functions oid[], p_is_opaque boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_owner oid := (SELECT c.relowner FROM pg_class AS c WHERE c.oid = p_relation);
	v_is_super boolean := (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = v_owner);
	v_function oid;
	v_other oid;
BEGIN
	SELECT f.oid INTO v_function
		FROM unnest(p_functions) AS f (oid) JOIN pg_proc AS p ON p.oid = f.oid
		WHERE NOT EXISTS (
			SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'tj_perm'
			WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')
		-- 16384: the first that initdb has not made
		AND CASE WHEN f.oid < 16384 THEN v_is_super AND p.provolatile = 'v'
				 ELSE v_is_super OR (p.proowner <> v_owner AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = p.proowner)) END
		ORDER BY tj_perm._routine_name(f.oid) COLLATE "C" LIMIT 1;
	IF v_function IS NOT NULL THEN
		RETURN format(CASE WHEN v_function < 16384 THEN 'not evaluated: %s is volatile, and the table a superuser''s'
						   ELSE 'not evaluated: %s is not the code of the owner of the table' END, tj_perm._routine_name(v_function));
	END IF;
	IF p_is_opaque THEN
		RETURN 'not evaluated: it casts to a domain';
	END IF;
	SELECT d.refobjid INTO v_other
		FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.refobjid
		WHERE d.classid = 'pg_policy'::regclass AND d.objid = p_policy AND d.refclassid = 'pg_class'::regclass AND c.relkind NOT IN ('r', 'p')
		ORDER BY d.refobjid::regclass::text COLLATE "C" LIMIT 1;
	IF v_other IS NOT NULL THEN
		RETURN format('not evaluated: it reads %s', v_other::regclass);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tj_perm._why_not_evaluated(oid, oid, oid[], boolean) IS 'Why a policy must not be evaluated, even as the owner of its table; NULL if it may.';

CREATE FUNCTION tj_perm._parent_visible(p_relation oid, p_condition text, p_policy oid, p_user_id text, OUT visible boolean, OUT explanation text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_read oid[];
	v_key record;
	v_values text[];
	v_answer record;
BEGIN
	-- the tables of the subquery whose own policies bind there
	v_read := ARRAY(
		SELECT DISTINCT d.refobjid FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.refobjid AND c.relrowsecurity
		WHERE d.classid = 'pg_policy'::regclass AND d.objid = p_policy AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> p_relation);
	visible := v_read = '{}';
	IF visible THEN
		RETURN;
	END IF;
	visible := NULL;
	explanation := format('it hangs on the policies of %s', (SELECT string_agg(r.oid::regclass::text, ', ' ORDER BY r.oid::regclass::text COLLATE "C") FROM unnest(v_read) AS r (oid)));

	-- the one that a foreign key leads to by its primary key; it sees to those above it
	SELECT count(*) OVER () AS keys, k.confrelid, array_agg(ca.attname::text ORDER BY x.n) AS columns, array_agg(pa.attname::text ORDER BY x.n) AS names INTO v_key
		FROM pg_constraint AS k
		CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS x (col, key, n)
		JOIN pg_attribute AS ca ON ca.attrelid = k.conrelid AND ca.attnum = x.col
		JOIN pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = x.key
		JOIN pg_index AS i ON i.indrelid = k.confrelid AND i.indisprimary
		WHERE k.conrelid = p_relation AND k.contype = 'f' AND k.confrelid = ANY (v_read)
		AND k.confkey @> i.indkey::smallint[]
		AND NOT EXISTS (SELECT FROM unnest(v_read) AS o (oid) WHERE o.oid <> k.confrelid AND NOT EXISTS (
			SELECT FROM pg_policy AS p JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = o.oid
			WHERE p.polrelid = k.confrelid))
		GROUP BY k.oid, k.confrelid;
	IF NOT FOUND OR v_key.keys > 1 THEN
		RETURN;
	END IF;
	v_values := tj_perm._query_as_table_owner(p_relation, p_user_id, format('SELECT %s FROM %s WHERE %s',
		(SELECT string_agg(format('%I::text', c.name), ', ' ORDER BY c.n) FROM unnest(v_key.columns) WITH ORDINALITY AS c (name, n)), p_relation::regclass, p_condition));
	SELECT w.verdict, w.explanation INTO v_answer
		FROM tj_perm._why_hidden(v_key.confrelid::regclass,
			(SELECT CASE WHEN i.indnkeyatts = 1 THEN min(v.value) ELSE jsonb_object_agg(v.name, v.value)::text END
			 FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			 JOIN unnest(v_key.names, v_values) AS v (name, value) ON v.name = a.attname
			 WHERE i.indrelid = v_key.confrelid AND i.indisprimary GROUP BY i.indnkeyatts),
			p_user_id) AS w
		WHERE w.command = 'SELECT' LIMIT 1;
	visible := CASE v_answer.verdict WHEN 'allowed' THEN true WHEN 'denied' THEN false END;
	explanation := CASE WHEN visible IS NULL THEN explanation ELSE format('SELECT of its row of %s: %s, %s', v_key.confrelid::regclass, v_answer.verdict, v_answer.explanation) END;
END
$$;
COMMENT ON FUNCTION tj_perm._parent_visible(oid, text, oid, text) IS 'Whether the user sees, under its own policies, the row that a policy''s subquery leads to by a foreign key; NULL if that cannot be told.';

CREATE FUNCTION tj_perm._policy_on_row(p_relation oid, p_condition text, p_policy oid, p_part text, p_user_id text)
	RETURNS TABLE (passes boolean, explanation text, checker name, user_id text, target text, level text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_row constant text := format(' FROM %s AS %I WHERE %s', p_relation::regclass, (SELECT c.relname FROM pg_class AS c WHERE c.oid = p_relation), p_condition);
	v_user oid[] := tj_perm._own_functions('{tj_user}');
	v_part record;
	v_call record;
	v_refusal text;
	v_arguments text[];
	v_whole boolean;
	v_result boolean;
	v_parent record;
	v_foreign boolean := false;
BEGIN
	SELECT t.* INTO v_part FROM tj_perm._policy_parts(p_relation) AS t WHERE t.policy = p_policy AND t.part = p_part;
	v_refusal := tj_perm._why_not_evaluated(p_relation, p_policy, v_part.functions, v_part.is_opaque);
	passes := CASE WHEN v_refusal IS NULL THEN v_part.constant END;
	explanation := coalesce(v_refusal, v_part.expression);
	IF v_refusal IS NULL AND v_part.constant IS NULL THEN
		BEGIN
			FOR v_call IN
				SELECT c.*, p.proname FROM tj_perm._policy_calls(p_relation, tj_perm._own_functions('{tj_can,tj_is_member,tj_level_on}')) AS c JOIN pg_proc AS p ON p.oid = c.checker
				WHERE c.policy = p_policy AND c.part = p_part AND c.probe IS NOT NULL
			LOOP
				v_arguments := tj_perm._query_as_table_owner(p_relation, p_user_id, format('SELECT (x.p)[1], (x.p)[2], (x.p)[3] FROM (SELECT %s AS p%s) AS x', v_call.probe, v_row));
				checker := v_call.proname;
				-- an identity that is neither tj_user() nor a value is taken to be the user
				IF v_call.user_functions && v_user OR v_call.user_is_constant OR v_call.user_reads_row THEN
					user_id := v_arguments[1];
				ELSE
					user_id := p_user_id;
					v_foreign := true;
				END IF;
				target := v_arguments[2];
				level := v_arguments[3];
				v_result := CASE checker
					WHEN 'tj_can' THEN @extschema@.tj_can(user_id, target::@extschema@.tj_resource, level::@extschema@.tj_level)
					WHEN 'tj_is_member' THEN @extschema@.tj_is_member(user_id, target)
					ELSE @extschema@.tj_level_on(user_id, target::@extschema@.tj_resource) IS NOT NULL END;
				IF v_call.is_whole AND checker <> 'tj_level_on' THEN
					v_whole := coalesce(v_whole, true) AND v_result;
				END IF;
				RETURN QUERY SELECT v_result, v_call.is_nested::text, checker, user_id, target, level;
			END LOOP;
			checker := NULL; user_id := NULL; target := NULL; level := NULL;
			IF v_whole IS NOT NULL AND NOT v_part.has_subquery THEN
				passes := v_whole;
				explanation := NULL; -- the call says it all
			ELSIF v_whole IS NOT NULL THEN
				passes := v_whole;
				explanation := format('by rows of %s', (
					SELECT string_agg(r.name, ', ' ORDER BY r.name COLLATE "C") FROM (
						SELECT DISTINCT d.refobjid::regclass::text AS name FROM pg_depend AS d
						WHERE d.classid = 'pg_policy'::regclass AND d.objid = p_policy AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> p_relation) AS r));
				IF v_whole THEN
					v_parent := tj_perm._parent_visible(p_relation, p_condition, p_policy, p_user_id);
					passes := v_parent.visible;
					explanation := concat_ws('; ', explanation, v_parent.explanation);
				END IF;
			ELSIF v_part.has_subquery THEN
				explanation := format('not evaluated: it has a subquery: %s', v_part.expression);
			ELSIF v_foreign THEN
				explanation := format('not evaluated: it takes the user from elsewhere: %s', v_part.expression);
			ELSE
				v_arguments := tj_perm._query_as_table_owner(p_relation, p_user_id, format('SELECT (%s)::text%s', v_part.expression, v_row));
				passes := coalesce(v_arguments[1]::boolean, false);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			passes := NULL;
			explanation := format('not evaluated: %s', SQLERRM);
			checker := NULL; user_id := NULL; target := NULL; level := NULL;
		END;
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION tj_perm._policy_on_row(oid, text, oid, text, text) IS 'What one part of a policy says about one row: a row for each call of a checker (explanation: whether it is in a subquery), then one without checker for the whole; passes is NULL where it was not evaluated.';

CREATE FUNCTION tj_perm.why_hidden(relation regclass, key text, user_id text) RETURNS TABLE (command text, verdict text, explanation text, remedy text)
	LANGUAGE c STABLE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.why_hidden(regclass, text, text) IS
'Why a user sees, or may update or delete, one row of a table, or not. key: the value of the primary key as text (''42''), or of several columns a JSON object (''{"org_id": 5, "id": 42}''). For each of SELECT, UPDATE and DELETE first the verdict (allowed, denied, or unknown if it hangs on what was not evaluated or on the role), then each policy for the command with its own verdict on this very row (passes, fails, unknown), and below it what tj_perm.explain_access says of the resource that the policy makes of the row: what stands in the way (denied) and the statements that would change it (remedy). UPDATE is asked about the row as it is; triggers, foreign keys and table privileges are not looked at. Policies run as the owner of the table, with tj_perm.user_id set to the user; such as call code of others (where the owner is a superuser: anything but built-in functions) are told but not evaluated. An identity that is not tj_user() is taken to be the user. Errors: 42501, 22023 NULL, bad user id or not the columns of the key, 22P02 bad value of a key, 42809 no table, 55000 no primary key. Who may: roles with the rights of the extension''s owner, without an end user, that may read the table and are not bound by its policies.';

CREATE FUNCTION tj_perm._why_hidden(p_relation regclass, p_key text, p_user_id text) RETURNS TABLE (command text, verdict text, explanation text, remedy text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_key record;
	v_found boolean;
	v_class record;
	v_command record;
	v_policy record;
	v_answer record;
	v_rows jsonb[];
	v_line text;
	v_letter "char";
	v_visible boolean;
	v_open boolean;
	v_check boolean;
	v_restrict boolean;
	v_result boolean;
	v_open_by text[];
	v_shut_by text[];
	v_doubt text[];
	v_sum boolean;
	v_count integer;
BEGIN
	PERFORM tj_perm._require_value(p_relation::text, 'relation');
	PERFORM tj_perm._require_value(p_key, 'key');
	-- what may be learnt here must be the caller's to read without it
	IF NOT tj_perm._is_owner_role()
		OR NOT coalesce(has_table_privilege(tj_perm._caller_role(), p_relation::oid, 'SELECT'), false)
		OR NOT coalesce(tj_perm._is_exempt(tj_perm._caller_role(), p_relation::oid), false) THEN
		RAISE EXCEPTION 'permission denied to explain the policies of table "%"', p_relation
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT c.relkind, c.relrowsecurity INTO v_class FROM pg_class AS c WHERE c.oid = p_relation;
	IF v_class.relkind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION '"%" is not a table', p_relation
			USING ERRCODE = 'wrong_object_type';
	END IF;
	v_key := tj_perm._key_condition(p_relation, p_key);
	BEGIN
		v_found := tj_perm._query_as_table_owner(p_relation, v_user_id, format('SELECT ''here'' FROM %s WHERE %s', p_relation, v_key.condition)) IS NOT NULL;
	EXCEPTION WHEN data_exception THEN
		-- without the position in a query that nobody wrote
		RAISE EXCEPTION '%', SQLERRM
			USING ERRCODE = SQLSTATE;
	END;
	IF NOT v_found THEN
		verdict := 'no such row';
		explanation := format('table %s has no row with %s', p_relation, v_key.key_in_words);
		RETURN NEXT;
		RETURN;
	END IF;
	IF NOT v_class.relrowsecurity THEN
		verdict := 'allowed';
		explanation := format('row-level security is not enabled on %s: privileges alone decide', p_relation);
		remedy := format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY;', p_relation);
		RETURN NEXT;
		RETURN;
	END IF;

	FOR v_command IN
		SELECT * FROM (VALUES (1, 'SELECT', 'r'::"char"), (2, 'UPDATE', 'w'), (3, 'DELETE', 'd')) AS c (n, name, letter) ORDER BY c.n
	LOOP
		v_rows := '{}'::jsonb[];
		v_open_by := '{}'::text[];
		v_shut_by := '{}'::text[];
		v_doubt := '{}'::text[];
		v_count := 0;
		v_open := false;
		v_check := false;
		v_restrict := true;
		v_letter := v_command.letter;
		FOR v_policy IN
			-- WITH CHECK is asked of the row as it is, in an UPDATE that changes nothing
			SELECT p.oid, p.polname, p.polpermissive, x.part, x.needs_check, p.polwithcheck IS NOT NULL AS has_check,
				   CASE WHEN p.polroles = '{0}' THEN NULL ELSE (SELECT string_agg(tj_perm._role_name(u.oid), ', ' ORDER BY tj_perm._role_name(u.oid) COLLATE "C") FROM unnest(p.polroles) AS u (oid)) END AS roles
			FROM pg_policy AS p
			CROSS JOIN LATERAL (VALUES ('using', false), ('check', true)) AS x (part, needs_check)
			WHERE p.polrelid = p_relation AND p.polcmd IN ('*', v_letter)
			AND CASE x.part WHEN 'using' THEN p.polqual IS NOT NULL ELSE v_letter = 'w' AND p.polwithcheck IS NOT NULL END
			ORDER BY NOT p.polpermissive, p.polname::text COLLATE "C", x.needs_check
		LOOP
			v_line := format('%spolicy %I%s%s', CASE WHEN v_policy.polpermissive THEN '' ELSE 'restrictive ' END, v_policy.polname,
							 CASE WHEN v_policy.needs_check THEN ', WITH CHECK' END, ' to ' || v_policy.roles);
			IF NOT v_policy.needs_check AND v_policy.polpermissive THEN
				v_count := v_count + 1;
			END IF;
			FOR v_answer IN
				SELECT a.*, a.checker IS NULL AS is_whole FROM tj_perm._policy_on_row(p_relation, v_key.condition, v_policy.oid, v_policy.part, v_user_id) WITH ORDINALITY AS a
				ORDER BY a.checker IS NOT NULL, a.ordinality
			LOOP
				IF v_answer.is_whole THEN
					v_rows := v_rows || jsonb_build_object('verdict', CASE v_answer.passes WHEN true THEN 'passes' WHEN false THEN 'fails' ELSE 'unknown' END,
						'explanation', concat_ws(': ', v_line, v_answer.explanation));
					-- three-valued: NULL is what cannot be told, a policy for certain roles included
					v_result := CASE WHEN v_policy.roles IS NULL OR v_answer.passes <> v_policy.polpermissive THEN v_answer.passes END;
					IF NOT v_policy.polpermissive THEN
						v_restrict := v_restrict AND v_result;
					ELSE
						IF NOT v_policy.needs_check THEN
							v_open := v_open OR v_result;
						END IF;
						IF v_policy.needs_check OR NOT v_policy.has_check THEN
							v_check := v_check OR v_result;
						END IF;
					END IF;
					IF v_result IS NULL THEN
						v_doubt := v_doubt || v_line;
					ELSIF NOT v_result AND NOT v_policy.polpermissive THEN
						v_shut_by := v_shut_by || v_line;
					ELSIF v_result AND v_policy.polpermissive AND NOT v_policy.needs_check THEN
						v_open_by := v_open_by || v_line;
					END IF;
					CONTINUE;
				END IF;
				IF v_answer.target IS NULL OR v_answer.user_id IS NULL THEN
					v_rows := v_rows || jsonb_build_object('verdict', 'denied', 'explanation', CASE
						WHEN v_answer.user_id IS NULL AND v_answer.target IS NOT NULL THEN 'the policy asks about no user'
						WHEN v_answer.explanation = 'true' THEN 'the subquery finds no row'
						ELSE 'the row makes no resource: its workspace or its id is null' END);
				ELSIF v_answer.checker = 'tj_level_on' THEN
					v_rows := v_rows || jsonb_build_object('verdict', CASE WHEN v_answer.passes THEN 'allowed' ELSE 'denied' END, 'explanation',
						format('level of "%s" on %s: %s', v_answer.user_id, v_answer.target, coalesce(@extschema@.tj_level_on(v_answer.user_id, v_answer.target::@extschema@.tj_resource)::text, 'none')));
				ELSE
					v_rows := v_rows || jsonb_build_object('verdict', CASE WHEN v_answer.passes THEN 'allowed' ELSE 'denied' END, 'explanation',
						CASE v_answer.checker WHEN 'tj_can' THEN format('"%s" as %s on %s', v_answer.user_id, v_answer.level, v_answer.target)
											  ELSE format('"%s" as a member of %s', v_answer.user_id, v_answer.target) END);
					v_rows := v_rows || ARRAY(
						SELECT jsonb_build_object('verdict', e.verdict) || CASE e.verdict WHEN 'remedy' THEN jsonb_build_object('remedy', e.explanation)
																				ELSE jsonb_build_object('explanation', concat('- ', e.at_level || ' ', e.explanation)) END
						FROM tj_perm._explain_access(v_answer.user_id,
							CASE v_answer.checker WHEN 'tj_can' THEN v_answer.target::@extschema@.tj_resource ELSE @extschema@.tj_workspace(v_answer.target) END,
							coalesce(v_answer.level, 'viewer')::@extschema@.tj_level) WITH ORDINALITY AS e
						WHERE v_answer.checker = 'tj_can' OR (NOT v_answer.passes AND e.at_level IS NULL AND e.explanation <> 'no grant covers it at this level')
						ORDER BY e.ordinality);
				END IF;
			END LOOP;
		END LOOP;

		command := v_command.name;
		remedy := NULL;
		v_sum := v_open AND (v_letter <> 'w' OR v_check) AND v_restrict;
		explanation := CASE
			WHEN v_count = 0 THEN 'no permissive policy is for this command'
			WHEN v_sum IS NULL THEN 'hangs on ' || array_to_string(v_doubt, ' and ')
			WHEN v_sum THEN 'let pass by ' || array_to_string(v_open_by, ' and ')
			WHEN NOT v_restrict THEN 'refused by ' || array_to_string(v_shut_by, ' and ')
			WHEN NOT v_open THEN 'no permissive policy lets it pass'
			ELSE 'no permissive policy takes the row as it is, WITH CHECK' END;
		IF v_command.n = 1 THEN
			v_visible := v_sum;
		ELSIF v_sum IS NOT FALSE AND v_visible IS NOT TRUE THEN
			explanation := CASE WHEN v_visible IS NULL THEN 'hangs on SELECT; ' ELSE 'not seen by SELECT, so no WHERE finds it; ' END || explanation;
			v_sum := v_sum AND v_visible;
		END IF;
		verdict := CASE v_sum WHEN true THEN 'allowed' WHEN false THEN 'denied' ELSE 'unknown' END;
		RETURN NEXT;
		RETURN QUERY SELECT v_command.name, r.r ->> 'verdict', '  ' || (r.r ->> 'explanation'), r.r ->> 'remedy' FROM unnest(v_rows) WITH ORDINALITY AS r (r, n) ORDER BY r.n;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._why_hidden(regclass, text, text) IS 'The body of why_hidden.';
