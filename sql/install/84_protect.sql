-- Row-level security for existing tables: protect_sql, protect, unprotect.
--
-- What protect leaves behind, and where it is written down. There is no table of
-- protected tables: everything is in what protect made, which pg_dump carries and
-- which goes when the table goes, so that nothing can get out of step.
--
--   policies   tj_perm_select, tj_perm_insert, tj_perm_update, tj_perm_delete, of the
--              plain form tj_can(user, tj_resource(...), level); through a parent,
--              EXISTS over the parent's row (under the parent's own policies)
--   triggers   tj_perm_place (AFTER UPDATE), on partitioned tables also
--              tj_perm_place_before and tj_perm_place_insert: the place rule;
--              tj_perm_drop_grants (AFTER DELETE; on each partition by itself)
--   indexes    those with the comment 'made by tj_perm.protect'
--   flags      ENABLE and FORCE ROW LEVEL SECURITY
--   record     the comment of the policy tj_perm_select: 'tj_perm.protect ' and the
--              arguments of the call as JSON, with what unprotect restores
--
-- Policies and conditions of triggers follow when a column is renamed; the record,
-- being text, does not. It lists the table's own columns that the policy uses in the order of
-- their numbers. A rename changes no number and a restore no order, so the columns
-- that the policy depends on now, in that order, are the recorded ones by their
-- names of today. tj_perm.protected_tables() reads records in that way.
--
-- All of this runs as the caller, never as the owner of the extension: what it does
-- to a table, only the owner of the table may do. Hence the helpers _protect_* are
-- open to PUBLIC, unlike other private functions; they tell and do nothing that the
-- caller could not without them.

-- 1. Reading what protect left behind.

CREATE FUNCTION tj_perm._protect_records(only_relation regclass DEFAULT NULL)
	RETURNS TABLE (relation regclass, workspace name, fixed_workspace text, path text[], parent name, user_expression text,
		select_level @extschema@.tj_level, insert_level @extschema@.tj_level, update_level @extschema@.tj_level, delete_level @extschema@.tj_level,
		force boolean, drop_grants boolean, keep_policies boolean, protected_with regclass, was_enabled boolean, was_forced boolean, fits boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_policy record;
	v_record jsonb;
	v_then name[];
	v_now name[];
BEGIN
	FOR v_policy IN
		SELECT p.oid, p.polrelid, d.description
		FROM pg_policy AS p
		LEFT JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid AND d.objsubid = 0
		WHERE p.polname = 'tj_perm_select' AND (only_relation IS NULL OR p.polrelid = only_relation)
		ORDER BY p.polrelid::regclass::text COLLATE "C"
	LOOP
		relation := v_policy.polrelid;
		workspace := NULL; fixed_workspace := NULL; path := NULL; parent := NULL; user_expression := NULL;
		select_level := NULL; insert_level := NULL; update_level := NULL; delete_level := NULL;
		force := NULL; drop_grants := NULL; keep_policies := NULL; protected_with := NULL; was_enabled := NULL; was_forced := NULL;
		-- a comment is whatever the table's owner wrote: a bad one must not stop the list
		BEGIN
			v_record := substr(v_policy.description, length('tj_perm.protect ') + 1)::jsonb;
			fits := starts_with(v_policy.description, 'tj_perm.protect {');
			fixed_workspace := v_record ->> 'fixed_workspace';
			user_expression := v_record ->> 'user_expression';
			select_level := (v_record ->> 'select_level')::@extschema@.tj_level;
			insert_level := (v_record ->> 'insert_level')::@extschema@.tj_level;
			update_level := (v_record ->> 'update_level')::@extschema@.tj_level;
			delete_level := (v_record ->> 'delete_level')::@extschema@.tj_level;
			force := (v_record ->> 'force')::boolean;
			drop_grants := (v_record ->> 'drop_grants')::boolean;
			keep_policies := (v_record ->> 'keep_policies')::boolean;
			was_enabled := (v_record ->> 'was_enabled')::boolean;
			was_forced := (v_record ->> 'was_forced')::boolean;
			IF (v_record ->> 'with_root')::boolean THEN
				protected_with := (
					WITH RECURSIVE above AS (
						SELECT i.inhparent, 1 AS height FROM pg_inherits AS i WHERE i.inhrelid = v_policy.polrelid
						UNION ALL
						SELECT i.inhparent, a.height + 1 FROM above AS a JOIN pg_inherits AS i ON i.inhrelid = a.inhparent
					)
					SELECT a.inhparent FROM above AS a
					WHERE EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = a.inhparent AND p.polname = 'tj_perm_select')
					ORDER BY a.height DESC LIMIT 1);
			END IF;

			-- recorded names are what today's columns were called then
			SELECT array_agg(c.name ORDER BY c.n) INTO v_then
				FROM jsonb_array_elements_text(v_record -> 'columns') WITH ORDINALITY AS c (name, n);
			SELECT array_agg(a.attname ORDER BY a.attnum) INTO v_now
				FROM (SELECT DISTINCT d.refobjsubid FROM pg_depend AS d
					WHERE d.classid = 'pg_policy'::regclass AND d.objid = v_policy.oid
					AND d.refclassid = 'pg_class'::regclass AND d.refobjid = v_policy.polrelid AND d.refobjsubid > 0) AS u
				JOIN pg_attribute AS a ON a.attrelid = v_policy.polrelid AND a.attnum = u.refobjsubid;
			fits := coalesce(fits AND select_level IS NOT NULL AND v_record ? 'path'
				AND coalesce(cardinality(v_then), 0) = coalesce(cardinality(v_now), 0), false);
			workspace := coalesce(v_now[array_position(v_then, (v_record ->> 'workspace')::name)], v_record ->> 'workspace');
			parent := coalesce(v_now[array_position(v_then, (v_record ->> 'parent')::name)], v_record ->> 'parent');
			SELECT coalesce(array_agg(CASE WHEN e.n % 2 = 0 THEN coalesce(v_now[array_position(v_then, e.element::name)], e.element) ELSE e.element END ORDER BY e.n), '{}')
				INTO path
				FROM jsonb_array_elements_text(v_record -> 'path') WITH ORDINALITY AS e (element, n);
		EXCEPTION WHEN data_exception OR invalid_text_representation THEN
			fits := false;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_records(regclass) IS 'Part of protected_tables: the records alone. fits is false where the policy tj_perm_select has no record, or one of other columns.';

-- 2. What triggers of protected tables call.

CREATE FUNCTION tj_perm.refuse_place() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_allowed boolean := false;
BEGIN
	-- what WHEN cannot ask (it may hold no subquery) is asked here, as the one who writes
	IF TG_NARGS > 0 THEN
		EXECUTE TG_ARGV[0] INTO v_allowed USING NEW;
	END IF;
	IF v_allowed IS NOT TRUE THEN
		RAISE EXCEPTION 'new place of a row violates the place rule of table "%"', TG_TABLE_NAME
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'To put a row somewhere needs the level on the workspace, on a container of the new row or on type:*; a grant on the row itself moves it nowhere.',
				SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION tj_perm.refuse_place() IS 'Trigger of protected tables (tj_perm.protect makes it): refuses a row in a place where the user may not write. The condition stands in WHEN; where that needs a subquery, it is the argument, a query that answers true or false for the new row, $1.';

CREATE FUNCTION tj_perm.drop_grants() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'tj_perm_drop_grants';
COMMENT ON FUNCTION tj_perm.drop_grants() IS 'Trigger of protected tables (tj_perm.protect makes it): removes the grants that named a deleted row. Only roles with the rights of the extension''s owner can make such a trigger: they entrust all grants on that type to the owner of the table.';

CREATE FUNCTION tj_perm.delete_grants(resource text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.delete_grants(text) IS 'Removes all grants on exactly this target, whoever holds them: what the trigger drop_grants does for a deleted row. Errors: 22P02 no resource. Who may: the owner only; it asks for no rights in the workspace.';

CREATE FUNCTION tj_perm._delete_grants(p_resource text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- most rows have none, and DELETE fires the triggers of a statement even so
	IF EXISTS (SELECT FROM tj_perm.grants AS gr WHERE gr.resource OPERATOR(@extschema@.=) p_resource::@extschema@.tj_resource) THEN
		DELETE FROM tj_perm.grants AS gr WHERE gr.resource OPERATOR(@extschema@.=) p_resource::@extschema@.tj_resource;
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._delete_grants(text) IS 'The body of delete_grants.';

-- 3. Parts of protect_sql.

CREATE FUNCTION tj_perm._protect_name(relation regclass) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
	FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	WHERE c.oid OPERATOR(pg_catalog.=) relation;
END;
COMMENT ON FUNCTION tj_perm._protect_name(regclass) IS 'Part of protect_sql: the name of a table with its schema, quoted.';

CREATE FUNCTION tj_perm._protect_tree(relation regclass) RETURNS TABLE (member regclass, is_root boolean, is_partition boolean)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE tree AS (
		SELECT relation::pg_catalog.oid AS oid
		UNION
		SELECT i.inhrelid FROM tree AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) t.oid
	)
	SELECT t.oid::pg_catalog.regclass, t.oid OPERATOR(pg_catalog.=) relation::pg_catalog.oid, c.relispartition
	FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.oid
	ORDER BY t.oid OPERATOR(pg_catalog.<>) relation::pg_catalog.oid, tj_perm._protect_name(t.oid) COLLATE pg_catalog."C";
END;
COMMENT ON FUNCTION tj_perm._protect_tree(regclass) IS 'Part of protect_sql: the table itself, then its partitions and inheritance children at any depth.';

CREATE FUNCTION tj_perm._protect_comment(words text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	-- a name that holds the end of a line must not end the comment
	SELECT pg_catalog.concat('-- ', pg_catalog.translate(words, E'\n\r', '  '), E'\n');
END;
COMMENT ON FUNCTION tj_perm._protect_comment(text) IS 'Part of protect_sql: a line of SQL comment.';

CREATE FUNCTION tj_perm._protect_dependents(relation regclass) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('"%s"', c.oid::pg_catalog.regclass) COLLATE pg_catalog."C", ', ')
	FROM pg_catalog.pg_policy AS p
	JOIN pg_catalog.pg_depend AS d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) p.oid
	JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) p.polrelid
	WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) relation
		AND p.polname::text OPERATOR(pg_catalog.=) ANY (ARRAY['tj_perm_select', 'tj_perm_insert', 'tj_perm_update', 'tj_perm_delete'])
		-- a stranger's table cannot hold this one fast
		AND pg_catalog.has_table_privilege(c.relowner, relation, 'REFERENCES')
		AND NOT EXISTS (SELECT FROM tj_perm._protect_tree(relation) AS t WHERE t.member::pg_catalog.oid OPERATOR(pg_catalog.=) c.oid);
END;
COMMENT ON FUNCTION tj_perm._protect_dependents(regclass) IS 'Part of protect and unprotect: the tables that are protected through this one, whose policies contain its path; NULL if there are none.';

CREATE FUNCTION tj_perm._protect_column(relation regclass, column_name name, argument text, may_be_array boolean) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_declared oid;
	v_type oid;
	v_array boolean := false;
BEGIN
	SELECT a.atttypid INTO v_declared FROM pg_attribute AS a
		WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of table "%" does not exist', column_name, relation
			USING ERRCODE = 'undefined_column',
				HINT = coalesce(
					(SELECT format('The argument %s names a column exactly as it is stored: perhaps %s.', argument, a.attname) FROM pg_attribute AS a
						WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND lower(a.attname) = lower(btrim(column_name, ' "'))
						ORDER BY a.attnum LIMIT 1),
					(SELECT format('The argument %s names one of the columns: %s.', argument, string_agg(a.attname, ', ' ORDER BY a.attnum))
						FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped));
	END IF;
	v_type := v_declared;
	LOOP
		EXIT WHEN v_type IN ('text'::regtype, 'varchar'::regtype, 'name'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'uuid'::regtype);
		SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typcategory = 'A' AND may_be_array AND NOT v_array THEN t.typelem ELSE 0 END,
				v_array OR t.typcategory = 'A' AND t.typtype <> 'd'
			INTO v_type, v_array FROM pg_type AS t WHERE t.oid = v_type;
		IF v_type = 0 THEN
			RAISE EXCEPTION 'column "%" of table "%" has type %, which cannot be part of a resource', column_name, relation, format_type(v_declared, NULL)
				USING ERRCODE = 'datatype_mismatch',
					DETAIL = CASE WHEN may_be_array THEN 'Accepted are text, varchar, name, smallint, integer, bigint and uuid, domains over them, and for a container also arrays of them.'
						ELSE 'Accepted are text, varchar, name, smallint, integer, bigint and uuid, and domains over them.' END,
					HINT = 'Change the type of the column: equal values of other types may have several spellings.';
		END IF;
	END LOOP;
	RETURN v_array;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_column(regclass, name, text, boolean) IS 'Part of protect_sql: whether the column is an array. Errors: 42703 no such column, 42804 a type that can be no part of a resource.';

CREATE FUNCTION tj_perm._protect_link(relation regclass, parent name,
	OUT parent_relation regclass, OUT columns name[], OUT keys name[], OUT key_operators text[], OUT column_operators text[])
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_keys oid[];
BEGIN
	-- foreign keys of which the column is a part, those of one column first
	SELECT array_agg(f.oid) INTO v_keys FROM (
		SELECT c.oid, rank() OVER (ORDER BY cardinality(c.conkey) > 1) AS best FROM pg_constraint AS c
		JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
		WHERE c.conrelid = relation AND c.contype = 'f' AND a.attname = _protect_link.parent
			-- those to the partitions of a referenced table only repeat the one to the table
			AND NOT EXISTS (SELECT FROM pg_constraint AS p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)) AS f
		WHERE f.best = 1;
	IF v_keys IS NULL THEN
		IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = _protect_link.parent AND a.attnum > 0 AND NOT a.attisdropped) THEN
			PERFORM tj_perm._protect_column(relation, _protect_link.parent, 'parent', false); -- which says so
		END IF;
		RAISE EXCEPTION 'column "%" of table "%" has no foreign key', _protect_link.parent, relation
			USING ERRCODE = 'undefined_object',
				HINT = 'The foreign key on this column tells which table the parent is: add it.';
	ELSIF cardinality(v_keys) > 1 THEN
		RAISE EXCEPTION 'column "%" of table "%" has several foreign keys', _protect_link.parent, relation
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = (SELECT format('They are %s.', string_agg(c.conname, ', ' ORDER BY c.conname)) FROM pg_constraint AS c WHERE c.oid = ANY (v_keys)),
				HINT = 'The parent must be one table: use another column, or drop a foreign key.';
	END IF;
	SELECT c.confrelid, array_agg(ca.attname ORDER BY k.n), array_agg(pa.attname ORDER BY k.n),
			array_agg(format('OPERATOR(%I.%s)', pn.nspname, po.oprname) ORDER BY k.n), array_agg(format('OPERATOR(%I.%s)', fn.nspname, fo.oprname) ORDER BY k.n)
		INTO parent_relation, columns, keys, key_operators, column_operators
		FROM pg_constraint AS c
		CROSS JOIN LATERAL ROWS FROM (unnest(c.conkey), unnest(c.confkey), unnest(c.conpfeqop), unnest(c.conffeqop)) WITH ORDINALITY AS k (conkey, confkey, pf, ff, n)
		JOIN pg_attribute AS ca ON ca.attrelid = c.conrelid AND ca.attnum = k.conkey
		JOIN pg_attribute AS pa ON pa.attrelid = c.confrelid AND pa.attnum = k.confkey
		JOIN pg_operator AS po ON po.oid = k.pf JOIN pg_namespace AS pn ON pn.oid = po.oprnamespace
		JOIN pg_operator AS fo ON fo.oid = k.ff JOIN pg_namespace AS fn ON fn.oid = fo.oprnamespace
		WHERE c.oid = v_keys[1]
		GROUP BY c.confrelid;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_link(regclass, name) IS 'Part of protect_sql: the table that the foreign key on the column refers to, the columns of the key on both sides, and its operators (key = column, column = column). Errors: 42703 no such column, 42704 no foreign key, 22023 several.';

CREATE FUNCTION tj_perm._protect_parts(relation regclass, reference text, workspace name, path text[], fixed_workspace text, parent name,
	OUT from_list text, OUT condition text, OUT key text, OUT containers text, OUT own text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_relation regclass := relation;
	v_reference text := reference;
	v_workspace name := workspace;
	v_path text[] := path;
	v_fixed text := fixed_workspace;
	v_parent name := parent;
	-- never the name of the table itself, which stands for its row
	v_prefix text := CASE WHEN (SELECT c.relname FROM pg_class AS c WHERE c.oid = relation) ~ '^parent' THEN 'p' ELSE 'parent' END;
	v_height integer := 0;
	v_seen regclass[] := ARRAY[relation];
	v_pairs text;
	v_link record;
	v_above record;
	v_alias text;
BEGIN
	containers := '';
	own := '';
	LOOP
		-- the last pair of the table's own path is the row itself, all others contain it
		SELECT coalesce(string_agg(p.pair, '' ORDER BY p.i) FILTER (WHERE NOT p.is_own), ''), coalesce(string_agg(p.pair, '') FILTER (WHERE p.is_own), own)
			INTO v_pairs, own
			FROM (SELECT i, format(', %L, %s%I', v_path[i], v_reference, v_path[i + 1]) AS pair, v_height = 0 AND i = cardinality(v_path) - 1 AS is_own
				FROM generate_series(1, cardinality(v_path), 2) AS i) AS p;
		containers := v_pairs || containers;
		EXIT WHEN v_parent IS NULL;

		v_link := tj_perm._protect_link(v_relation, v_parent);
		v_height := v_height + 1;
		v_alias := v_prefix || v_height;
		IF v_link.parent_relation = ANY (v_seen) THEN
			RAISE EXCEPTION 'table "%" cannot be protected through itself', relation
				USING ERRCODE = 'feature_not_supported',
					HINT = 'For trees, let an array column with the chain of containers be the id of a container in path.';
		END IF;
		SELECT * INTO v_above FROM tj_perm._protect_records(v_link.parent_relation);
		IF NOT FOUND OR NOT v_above.fits THEN
			RAISE EXCEPTION 'parent table "%" is not protected', v_link.parent_relation
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = CASE WHEN v_above.relation IS NULL THEN 'It has no policy of tj_perm.' ELSE 'Its policies were not made by tj_perm.protect, or were changed since.' END,
					HINT = 'Call tj_perm.protect for the parent table first.';
		END IF;
		v_seen := v_seen || v_link.parent_relation;
		-- rows of inheritance children are no rows that a foreign key leads to
		from_list := concat_ws(', ', from_list, format('%s%s AS %I',
			CASE (SELECT c.relkind FROM pg_class AS c WHERE c.oid = v_link.parent_relation) WHEN 'r' THEN 'ONLY ' ELSE '' END,
			tj_perm._protect_name(v_link.parent_relation), v_alias));
		condition := concat_ws(' AND ', condition, (SELECT string_agg(format('%I.%I %s %s%I', v_alias, k.key, k.op, v_reference, k.col), ' AND ')
			FROM unnest(v_link.keys, v_link.key_operators, v_link.columns) AS k (key, op, col)));
		v_relation := v_link.parent_relation;
		v_reference := v_alias || '.';
		v_workspace := v_above.workspace;
		v_path := v_above.path;
		v_fixed := v_above.fixed_workspace;
		v_parent := v_above.parent;
	END LOOP;
	key := coalesce(quote_literal(v_fixed), format('%s%I', v_reference, v_workspace));
END
$$;
COMMENT ON FUNCTION tj_perm._protect_parts(regclass, text, name, text[], text, name) IS 'Part of protect_sql: what policies are made of. The FROM list and join condition that lead through parents (NULL without one), and the arguments of tj_resource: the workspace, the containers and the row itself; columns of the row are written with the given reference. Errors: 55000 a parent that is not protected, 0A000 a table that is its own parent, and those of _protect_link.';

CREATE FUNCTION tj_perm._protect_condition(relation regclass, reference text, workspace name, path text[], fixed_workspace text, parent name,
	user_expression text, level @extschema@.tj_level, part text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_schema text := (SELECT quote_ident(n.nspname) FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = pg_typeof(level));
	v_part record := tj_perm._protect_parts(relation, reference, workspace, path, fixed_workspace, parent);
	v_resource text;
	v_can text;
BEGIN
	v_resource := CASE
		WHEN part = 'place' AND v_part.own <> '' THEN format('%s.tj_place(%s%s%s)', v_schema, v_part.key, v_part.containers, v_part.own)
		WHEN v_part.containers || v_part.own = '' THEN format('%s.tj_workspace(%s)', v_schema, v_part.key)
		ELSE format('%s.tj_resource(%s%s%s)', v_schema, v_part.key, v_part.containers, v_part.own) END;
	v_can := CASE
		-- rows that are workspaces, not those that belong to one
		WHEN part = 'select' AND level::text = 'viewer' AND v_part.containers || v_part.own = '' AND v_part.from_list IS NULL THEN
			format('%s.tj_is_member(%s, %s)', v_schema, user_expression, v_part.key)
		ELSE format('%s.tj_can(%s, %s, %L)', v_schema, user_expression, v_resource, level) END;
	IF v_part.from_list IS NULL THEN
		RETURN v_can;
	END IF;
	RETURN format('EXISTS (SELECT FROM %s WHERE %s AND %s)', v_part.from_list, v_part.condition, v_can);
END
$$;
COMMENT ON FUNCTION tj_perm._protect_condition(regclass, text, name, text[], text, name, text, @extschema@.tj_level, text) IS 'Part of protect_sql: the SQL condition that the user holds the level on the row (part ''write''), may see it (''select'': members see rows that are workspaces), or may put it where it lies (''place''). Errors: those of _protect_parts.';

CREATE FUNCTION tj_perm._protect_moved(relation regclass, workspace name, path text[], fixed_workspace text, parent name) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_schema text := (SELECT quote_ident(n.nspname) FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
		WHERE t.oid = pg_typeof(NULL::@extschema@.tj_level));
	v_link record;
	v_same text;
BEGIN
	-- by the spelling of the ids: a collation may call different ids equal
	SELECT format('%s OPERATOR(%s.=) %s', v.resources[1], v_schema, v.resources[2]) INTO v_same FROM (
		SELECT array_agg(format('%s.tj_resource(%s%s)', v_schema,
			CASE WHEN workspace IS NULL THEN quote_literal(coalesce(fixed_workspace, '')) ELSE format('%s.%I', r.name, workspace) END,
			(SELECT string_agg(format(', %L, %s.%I', path[i], r.name, path[i + 1]), '' ORDER BY i) FROM generate_series(1, cardinality(path), 2) AS i)) ORDER BY r.n) AS resources
		FROM unnest(ARRAY['OLD', 'NEW']) WITH ORDINALITY AS r (name, n)) AS v;
	IF parent IS NOT NULL THEN
		v_link := tj_perm._protect_link(relation, _protect_moved.parent);
		SELECT v_same || string_agg(format(' AND OLD.%I %s NEW.%1$I', k.col, k.op), '') INTO v_same
			FROM unnest(v_link.columns, v_link.column_operators) AS k (col, op);
	END IF;
	RETURN format('NOT coalesce(%s, false)', v_same);
END
$$;
COMMENT ON FUNCTION tj_perm._protect_moved(regclass, name, text[], text, name) IS 'Part of protect_sql: the SQL condition that an UPDATE changes where the row lies or what it is called.';

CREATE FUNCTION tj_perm._protect_has_key(relation regclass, columns name[]) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM pg_catalog.pg_index AS i
		WHERE i.indrelid OPERATOR(pg_catalog.=) relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
			AND NOT EXISTS (
				SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts OPERATOR(pg_catalog.-) 1) AS k (n)
				JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) i.indkey[k.n]
				WHERE NOT a.attname OPERATOR(pg_catalog.=) ANY (columns)));
END;
COMMENT ON FUNCTION tj_perm._protect_has_key(regclass, name[]) IS 'Part of protect_sql: whether the columns together are a primary or unique key of the table, checked at once.';

CREATE FUNCTION tj_perm._protect_may_drop_grants() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.pg_has_role(e.extowner, 'USAGE') FROM pg_catalog.pg_extension AS e WHERE e.extname OPERATOR(pg_catalog.=) 'tj_perm';
END;
COMMENT ON FUNCTION tj_perm._protect_may_drop_grants() IS 'Part of protect_sql: whether the current role has the rights of the extension''s owner, without which it cannot make the trigger drop_grants.';

CREATE FUNCTION tj_perm._protect_user(user_expression text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
-- runs the caller's own text, with the caller's rights
-- @plpgsql_check_options: security_warnings = off
DECLARE
	v_text text := tj_perm._protect_user_text(user_expression);
	v_type regtype;
BEGIN
	-- one expression that is parsed, never evaluated
	BEGIN
		EXECUTE format('SELECT pg_typeof(CASE WHEN false THEN (%s) END)', v_text) INTO v_type;
	EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
		RAISE EXCEPTION 'user_expression is not valid: %', SQLERRM
			USING ERRCODE = SQLSTATE,
				HINT = 'It is an SQL expression that tells who the user is; write functions with their schema. It cannot refer to columns of the table.';
	END;
	IF v_type NOT IN ('text'::regtype, 'varchar'::regtype, 'name'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'uuid'::regtype) THEN
		RAISE EXCEPTION 'user_expression has type %', v_type
			USING ERRCODE = 'datatype_mismatch',
				DETAIL = 'A user is a text, a bigint or a uuid.',
				HINT = 'Cast it to text.';
	END IF;
	RETURN v_text;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_user(text) IS 'Part of protect_sql: the user expression as policies contain it. Errors: 42601, 42703, 42883 and their like if it is no expression without columns, 42804 a type that names no user.';

CREATE FUNCTION tj_perm._protect_check(relation regclass, workspace name, path text[], fixed_workspace text, parent name, drop_grants boolean, keep_policies boolean) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_class pg_class;
	v_member record;
	v_names text;
	v_pairs integer := cardinality(path) / 2;
	v_may_drop text;
BEGIN
	SELECT * INTO v_class FROM pg_class AS c WHERE c.oid = relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'relation with OID % does not exist', relation::oid
			USING ERRCODE = 'undefined_table';
	END IF;
	FOR v_member IN
		SELECT c.*, t.is_root FROM tj_perm._protect_tree(relation) AS t JOIN pg_class AS c ON c.oid = t.member
	LOOP
		IF v_member.relkind NOT IN ('r', 'p') OR v_member.relpersistence = 't' THEN
			RAISE EXCEPTION 'cannot protect "%"', v_member.oid::regclass
				USING ERRCODE = 'wrong_object_type',
					DETAIL = CASE WHEN v_member.relkind IN ('r', 'p') THEN 'It is a temporary table.' ELSE 'It is not a table.' END
						|| CASE WHEN v_member.is_root THEN '' ELSE format(' It is a partition or child of "%s".', relation) END,
					HINT = CASE v_member.relkind
						WHEN 'v' THEN 'Protect the tables below it, and make the view one WITH (security_invoker = true).'
						WHEN 'm' THEN 'A materialized view shows everybody the same rows: protect the tables below it and make it a view WITH (security_invoker = true).'
						WHEN 'f' THEN 'Protect the table on the foreign server.'
						ELSE 'Only ordinary and partitioned tables that stay can have policies.' END;
		END IF;
	END LOOP;
	IF v_class.relnamespace IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace, 'tj_perm'::regnamespace) THEN
		RAISE EXCEPTION 'cannot protect "%"', relation
			USING ERRCODE = 'wrong_object_type',
				DETAIL = 'It belongs to PostgreSQL or to tj_perm.';
	ELSIF v_class.relispartition THEN
		RAISE EXCEPTION 'cannot protect partition "%" alone', relation
			USING ERRCODE = 'wrong_object_type',
				HINT = 'Protect the partitioned table: its partitions come with it.';
	END IF;

	-- which workspace, which path
	IF num_nonnulls(workspace, fixed_workspace, parent) <> 1 THEN
		RAISE EXCEPTION 'exactly one of workspace, fixed_workspace and parent must be given'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Use workspace => the column with the key of the workspace, fixed_workspace => the key where all rows lie in one workspace, or parent => the column that refers to a protected table.';
	ELSIF path IS NULL OR keep_policies IS NULL THEN
		RAISE EXCEPTION '% must not be NULL', CASE WHEN path IS NULL THEN 'path' ELSE 'keep_policies' END
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF cardinality(path) % 2 <> 0 OR coalesce(array_ndims(path), 1) <> 1 THEN
		RAISE EXCEPTION 'path must consist of pairs of a type and a column'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It has %s elements.', cardinality(path)),
				HINT = 'Use for example path => ''{folder,folder_id,app,id}'', outermost first, the row itself last.';
	ELSIF v_pairs > 16 THEN
		RAISE EXCEPTION 'path is too long'
			USING ERRCODE = 'program_limit_exceeded',
				DETAIL = format('It has %s pairs, at most 16 are allowed.', v_pairs);
	ELSIF EXISTS (SELECT FROM unnest(path) WITH ORDINALITY AS e (element, n) WHERE e.element IS NULL OR e.element = '' OR e.n % 2 = 1 AND octet_length(e.element) > 63) THEN
		RAISE EXCEPTION 'path holds an empty element, or a type longer than 63 bytes'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF octet_length(fixed_workspace) NOT BETWEEN 1 AND 255 THEN
		RAISE EXCEPTION 'fixed_workspace must be 1 to 255 bytes long'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF fixed_workspace IS NOT NULL AND v_pairs = 0 THEN
		RAISE EXCEPTION 'path is empty'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'With fixed_workspace, path tells what a row is, for example ''{app,id}''.';
	END IF;
	IF workspace IS NOT NULL THEN
		PERFORM tj_perm._protect_column(relation, workspace, 'workspace', false);
		IF v_pairs = 0 AND NOT tj_perm._protect_has_key(relation, ARRAY[workspace]) THEN
			RAISE EXCEPTION 'column "%" is not a primary or unique key of table "%"', workspace, relation
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = 'With an empty path each row is a workspace, visible to all members.',
					HINT = 'Use path to tell what a row is, for example path => ''{app,id}'', or make the column a key.';
		END IF;
	END IF;
	PERFORM tj_perm._protect_column(relation, path[2 * i]::name, 'path', i < v_pairs) FROM generate_series(1, v_pairs) AS i;
	IF octet_length(path[2 * v_pairs]) > 63 THEN
		RAISE EXCEPTION 'column "%" of table "%" does not exist', path[2 * v_pairs], relation
			USING ERRCODE = 'undefined_column';
	END IF;
	PERFORM tj_perm._protect_parts(relation, '', workspace, path, fixed_workspace, parent);

	-- tables below contain the path. They are not made anew from their records here,
	-- which are text of their owners: it would run with the rights of this caller.
	v_names := tj_perm._protect_dependents(relation);
	IF v_names IS NOT NULL AND NOT EXISTS (SELECT FROM tj_perm._protect_records(relation) AS t
		WHERE t.fits AND (t.workspace, t.path, t.fixed_workspace, t.parent) IS NOT DISTINCT FROM
			(_protect_check.workspace, _protect_check.path, _protect_check.fixed_workspace, _protect_check.parent))
	THEN
		RAISE EXCEPTION 'other tables are protected through table "%"', relation
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('They are %s. Their policies contain its workspace and path.', v_names),
				HINT = 'Call tj_perm.unprotect for them first, and tj_perm.protect again afterwards.';
	END IF;

	-- what would undo it
	IF NOT keep_policies THEN
		SELECT string_agg(format('"%s" on table "%s"', p.polname, p.polrelid::regclass), ', ' ORDER BY t.is_root DESC, p.polrelid::regclass::text COLLATE "C", p.polname) INTO v_names
			FROM tj_perm._protect_tree(relation) AS t JOIN pg_policy AS p ON p.polrelid = t.member
			WHERE p.polpermissive AND p.polname NOT IN ('tj_perm_select', 'tj_perm_insert', 'tj_perm_update', 'tj_perm_delete');
		IF v_names IS NOT NULL THEN
			RAISE EXCEPTION 'table "%" has other permissive policies', relation
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('They are %s. What one permissive policy allows, no other forbids.', v_names),
					HINT = 'Drop them, make them RESTRICTIVE, or call with keep_policies => true if they shall allow more.';
		END IF;
	END IF;

	-- grants on deleted rows
	v_may_drop := CASE
		WHEN parent IS NOT NULL THEN 'The workspace stands in the parent, which may be gone.'
		WHEN v_pairs = 0 THEN 'Rows that are workspaces do not take their workspace with them; use tj_perm.drop_workspace.'
		WHEN EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = relation AND NOT c.relispartition) THEN
			'Tables that inherit from it may hold rows of the same name.'
		WHEN NOT tj_perm._protect_has_key(relation, array_remove(ARRAY[workspace, path[2 * v_pairs]::name], NULL)) THEN
			format('The workspace and column "%s" are not a unique key of the table: another row may bear the same name.', path[2 * v_pairs]) END;
	IF drop_grants AND v_may_drop IS NOT NULL THEN
		RAISE EXCEPTION 'drop_grants is not possible for table "%"', relation
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = v_may_drop;
	ELSIF drop_grants AND NOT tj_perm._protect_may_drop_grants() THEN
		RAISE EXCEPTION 'permission denied to let table "%" drop grants', relation
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'It entrusts the grants on all rows of that type, in every workspace, to the owner of the table.',
				HINT = 'Let a superuser or the owner of the extension call tj_perm.protect.';
	END IF;
	RETURN coalesce(drop_grants, v_may_drop IS NULL AND tj_perm._protect_may_drop_grants());
END
$$;
COMMENT ON FUNCTION tj_perm._protect_check(regclass, name, text[], text, name, boolean, boolean) IS 'Part of protect_sql: refuses what cannot be protected, or not so; the errors are those of protect_sql. Returns whether the grants on deleted rows are to be dropped.';

CREATE FUNCTION tj_perm._protect_migration(relation regclass, path text[], parent name) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_link record := tj_perm._protect_link(relation, _protect_migration.parent);
	v_above record;
	v_table text := tj_perm._protect_name(relation);
	v_parent text;
	v_new record;
	v_path text[];
BEGIN
	v_parent := tj_perm._protect_name(v_link.parent_relation);
	SELECT * INTO v_above FROM tj_perm._protect_records(v_link.parent_relation);
	IF v_above.parent IS NOT NULL THEN
		RETURN tj_perm._protect_comment(format('For full speed, rows can name their containers themselves: see first what protect_sql says for %s.', v_parent));
	END IF;
	-- the parent's columns that this table does not have as its key to the parent
	SELECT array_agg(quote_ident(n.name) ORDER BY n.n) AS names, array_agg(quote_ident(n.source) ORDER BY n.n) AS sources,
			string_agg(format('ADD COLUMN %I %s', n.name, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY n.n) AS add,
			string_agg(format('ALTER COLUMN %I SET NOT NULL', n.name), ', ' ORDER BY n.n) FILTER (WHERE a.attnotnull) AS not_null,
			string_agg(quote_ident(n.source), ', ' ORDER BY n.n) FILTER (WHERE NOT a.attnotnull) AS nullable,
			jsonb_object_agg(n.source, n.name) AS renamed
		INTO v_new
		FROM (SELECT s.source, min(s.n) AS n,
				CASE WHEN EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = relation AND o.attname = s.source AND NOT o.attisdropped)
					THEN format('%s_%s', (SELECT c.relname FROM pg_class AS c WHERE c.oid = v_link.parent_relation), s.source)::name ELSE s.source END AS name
			FROM (SELECT v_above.workspace AS source, 0 AS n WHERE v_above.workspace IS NOT NULL
				UNION ALL SELECT v_above.path[i]::name, i FROM generate_series(2, cardinality(v_above.path), 2) AS i) AS s
			WHERE s.source <> ALL (v_link.keys)
			GROUP BY s.source) AS n
		JOIN pg_attribute AS a ON a.attrelid = v_link.parent_relation AND a.attname = n.source;
	IF v_new.names IS NULL THEN
		v_new.renamed := '{}';
	END IF;
	v_path := (SELECT coalesce(array_agg(CASE WHEN e.n % 2 = 1 THEN e.element ELSE coalesce(v_new.renamed ->> e.element, v_link.columns[array_position(v_link.keys, e.element::name)]::text) END ORDER BY e.n), '{}')
		FROM unnest(v_above.path) WITH ORDINALITY AS e (element, n)) || path;
	-- by itself, an empty path would say that the rows are workspaces
	IF cardinality(v_path) = 0 THEN
		RETURN tj_perm._protect_comment('For full speed, let these rows name their workspace and call with workspace => and a path that tells what a row is.');
	END IF;
	RETURN (SELECT string_agg(tj_perm._protect_comment(l.line), '' ORDER BY l.n) FROM unnest(ARRAY[
		'For full speed, rows can name their containers themselves: no join, and an index for each container. Instead of the above, by a role that no policy binds:',
		'  ALTER TABLE ' || v_table || ' ' || v_new.add || ';',
		CASE WHEN v_new.names IS NOT NULL THEN format('  UPDATE %s AS t SET %s FROM %s%s AS p WHERE %s;', v_table,
			(SELECT string_agg(format('%s = p.%s', u.name, u.source), ', ' ORDER BY u.n) FROM unnest(v_new.names, v_new.sources) WITH ORDINALITY AS u (name, source, n)),
			CASE (SELECT c.relkind FROM pg_class AS c WHERE c.oid = v_link.parent_relation) WHEN 'r' THEN 'ONLY ' ELSE '' END,
			v_parent, (SELECT string_agg(format('p.%I %s t.%I', k.key, k.op, k.col), ' AND ') FROM unnest(v_link.keys, v_link.key_operators, v_link.columns) AS k (key, op, col))) END,
		'  ALTER TABLE ' || v_table || ' ' || v_new.not_null || ';',
		'  -- first make NOT NULL in ' || v_parent || ': ' || v_new.nullable || ' (a foreign key neither checks nor carries rows with NULL)',
		CASE WHEN v_new.names IS NOT NULL THEN format('  ALTER TABLE %s ADD UNIQUE (%s);', v_parent, array_to_string((SELECT array_agg(quote_ident(k)) FROM unnest(v_link.keys) AS k) || v_new.sources, ', ')) END,
		CASE WHEN v_new.names IS NOT NULL THEN format('  ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s) ON UPDATE CASCADE;', v_table,
			array_to_string((SELECT array_agg(quote_ident(k)) FROM unnest(v_link.columns) AS k) || v_new.names, ', '), v_parent,
			array_to_string((SELECT array_agg(quote_ident(k)) FROM unnest(v_link.keys) AS k) || v_new.sources, ', ')) END,
		format('  SELECT tj_perm.protect(%L, %s, path => %L);', v_table,
			CASE WHEN v_above.workspace IS NULL THEN format('fixed_workspace => %L', v_above.fixed_workspace)
				ELSE format('workspace => %L', coalesce(v_new.renamed ->> v_above.workspace, v_link.columns[array_position(v_link.keys, v_above.workspace)]::text)) END, v_path)
	]) WITH ORDINALITY AS l (line, n) WHERE l.line IS NOT NULL);
END
$$;
COMMENT ON FUNCTION tj_perm._protect_migration(regclass, text[], name) IS 'Part of protect_sql: as SQL comments, the migration by which a table that names only its parent comes to name its containers itself.';

CREATE FUNCTION tj_perm._protect_index_sql(relation regclass, column_names name[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_sql text := '';
	v_column record;
	v_name text;
	v_taken text[] := ARRAY[]::text[];
BEGIN
	FOR v_column IN
		SELECT c.name, min(c.n) AS n, a.attnum, CASE WHEN coalesce(b.typcategory, t.typcategory) = 'A' THEN 'gin' ELSE 'btree' END AS method
		FROM unnest(column_names) WITH ORDINALITY AS c (name, n)
		JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.name
		JOIN pg_type AS t ON t.oid = a.atttypid
		LEFT JOIN pg_type AS b ON b.oid = t.typbasetype
		-- virtual columns (18) can have none
		WHERE a.attgenerated <> 'v'
		GROUP BY 1, 3, 4 ORDER BY 2
	LOOP
		CONTINUE WHEN EXISTS (
			SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
			WHERE i.indrelid = relation AND i.indisvalid AND i.indpred IS NULL AND m.amname = v_column.method
			AND (i.indkey[0] = v_column.attnum OR m.amname = 'gin' AND v_column.attnum = ANY (i.indkey)));
		v_name := format('%s_%s_tj_perm_idx', (SELECT c.relname FROM pg_class AS c WHERE c.oid = relation), v_column.name);
		IF octet_length(v_name) > 63 OR v_name = ANY (v_taken)
			OR EXISTS (SELECT FROM pg_class AS t JOIN pg_class AS o ON o.relnamespace = t.relnamespace WHERE t.oid = relation AND o.relname = v_name) THEN
			v_name := format('tj_perm_%s_idx', md5(format('%s %s', relation::oid, v_column.name)));
		END IF;
		v_taken := v_taken || v_name;
		v_sql := v_sql || format(E'CREATE INDEX %I ON %s USING %s (%I);\n', v_name, tj_perm._protect_name(relation), v_column.method, v_column.name)
			|| format(E'COMMENT ON INDEX %I.%I IS ''made by tj_perm.protect'';\n', (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = relation), v_name);
	END LOOP;
	RETURN v_sql;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_index_sql(regclass, name[]) IS 'Part of protect_sql: the SQL that makes the indexes which policies on these columns want and the table has not: a btree that begins with the column, GIN for an array.';

CREATE FUNCTION tj_perm._protect_drop_sql(relation regclass, kept_columns name[]) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(pg_catalog.string_agg(s.statement, '' ORDER BY s.place, s.statement), '') FROM (
		SELECT 1 AS place, pg_catalog.format(E'DROP POLICY %I ON %s;\n', p.polname, tj_perm._protect_name(relation)) AS statement
		FROM pg_catalog.pg_policy AS p
		WHERE p.polrelid OPERATOR(pg_catalog.=) relation
			AND p.polname::text OPERATOR(pg_catalog.=) ANY (ARRAY['tj_perm_select', 'tj_perm_insert', 'tj_perm_update', 'tj_perm_delete'])
		UNION ALL
		SELECT 2, pg_catalog.format(E'DROP TRIGGER %I ON %s;\n', t.tgname, tj_perm._protect_name(relation))
		FROM pg_catalog.pg_trigger AS t
		WHERE t.tgrelid OPERATOR(pg_catalog.=) relation AND t.tgparentid OPERATOR(pg_catalog.=) 0
			AND t.tgname::text OPERATOR(pg_catalog.=) ANY (ARRAY['tj_perm_place', 'tj_perm_place_before', 'tj_perm_place_insert', 'tj_perm_drop_grants'])
		UNION ALL
		SELECT 3, pg_catalog.format(E'DROP INDEX %s;\n', tj_perm._protect_name(i.indexrelid))
		FROM pg_catalog.pg_index AS i
		JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
		WHERE i.indrelid OPERATOR(pg_catalog.=) relation AND NOT a.attname OPERATOR(pg_catalog.=) ANY (kept_columns)
			AND pg_catalog.obj_description(i.indexrelid, 'pg_class') OPERATOR(pg_catalog.=) 'made by tj_perm.protect') AS s;
END;
COMMENT ON FUNCTION tj_perm._protect_drop_sql(regclass, name[]) IS 'Part of protect_sql: the SQL that drops what protect made on a table, but for indexes on the given columns.';

CREATE FUNCTION tj_perm._protect_objects(relation regclass, member regclass, workspace name, path text[], fixed_workspace text, parent name, user_text text,
	select_level @extschema@.tj_level, insert_level @extschema@.tj_level, update_level @extschema@.tj_level, delete_level @extschema@.tj_level, drop_grants boolean)
	RETURNS TABLE (kind text, name text, event text, condition text, with_check text, function text, arguments text[])
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_class pg_class;
	v_reference text;
	v_columns name[];
	v_moved text;
	v_trigger record;
	-- WHEN may hold no subquery
	v_subquery boolean := parent IS NOT NULL OR user_text ~* '\mselect\M';
BEGIN
	SELECT * INTO v_class FROM pg_class AS c WHERE c.oid = member;
	v_reference := CASE WHEN parent IS NULL THEN '' ELSE quote_ident(v_class.relname) || '.' END;
	kind := 'policy';
	name := 'tj_perm_select'; event := 'SELECT';
	condition := tj_perm._protect_condition(relation, v_reference, workspace, path, fixed_workspace, parent, user_text, select_level, 'select');
	RETURN NEXT;
	name := 'tj_perm_insert'; event := 'INSERT'; condition := NULL;
	with_check := tj_perm._protect_condition(relation, v_reference, workspace, path, fixed_workspace, parent, user_text, insert_level, 'place');
	RETURN NEXT;
	name := 'tj_perm_update'; event := 'UPDATE';
	condition := tj_perm._protect_condition(relation, v_reference, workspace, path, fixed_workspace, parent, user_text, update_level, 'write');
	with_check := condition;
	RETURN NEXT;
	name := 'tj_perm_delete'; event := 'DELETE'; with_check := NULL;
	condition := tj_perm._protect_condition(relation, v_reference, workspace, path, fixed_workspace, parent, user_text, delete_level, 'write');
	RETURN NEXT;

	kind := 'trigger';
	with_check := NULL;
	-- partitions have these triggers from the partitioned table
	IF cardinality(path) > 0 AND (NOT v_class.relispartition OR member = relation) THEN
		v_columns := ARRAY[workspace] || ARRAY(SELECT path[i] FROM generate_series(2, cardinality(path), 2) AS i)::name[]
			|| CASE WHEN parent IS NOT NULL THEN (tj_perm._protect_link(relation, _protect_objects.parent)).columns END;
		v_moved := tj_perm._protect_moved(relation, workspace, path, fixed_workspace, parent) || E'\n\tAND ';
		FOR v_trigger IN
			SELECT * FROM (VALUES
				(1, 'tj_perm_place', 'AFTER UPDATE', v_moved, update_level, true),
				-- a row that changes its partition is deleted and inserted: no AFTER UPDATE, no policy for INSERT
				(2, 'tj_perm_place_before', 'BEFORE UPDATE', v_moved, update_level, v_class.relkind = 'p'
					AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = ANY (v_columns) AND a.attgenerated <> '')),
				(3, 'tj_perm_place_insert', 'AFTER INSERT', '', CASE WHEN insert_level OPERATOR(@extschema@.<) update_level THEN insert_level ELSE update_level END, v_class.relkind = 'p'))
				AS t (n, name, event, moved, level, wanted)
			WHERE t.wanted ORDER BY t.n
		LOOP
			name := v_trigger.name;
			event := v_trigger.event;
			function := 'tj_perm.refuse_place';
			condition := format('%spg_catalog.row_security_active(%L::pg_catalog.regclass)', v_trigger.moved, tj_perm._protect_name(member));
			IF v_subquery THEN
				arguments := ARRAY['SELECT ' || tj_perm._protect_condition(relation, '($1).', workspace, path, fixed_workspace, parent, user_text, v_trigger.level, 'place')];
			ELSE
				condition := condition || E'\n\tAND NOT ' || tj_perm._protect_condition(relation, 'NEW.', workspace, path, fixed_workspace, parent, user_text, v_trigger.level, 'place');
				arguments := '{}';
			END IF;
			RETURN NEXT;
		END LOOP;
	END IF;
	-- This one is made for each partition: as a copy, it would let nobody add partitions
	-- but those who may execute its function. One that leaves no longer names rows alone.
	IF drop_grants AND v_class.relkind = 'r' THEN
		name := 'tj_perm_drop_grants'; event := 'AFTER DELETE';
		condition := CASE WHEN v_class.relispartition THEN format('pg_catalog.pg_partition_root(%L::pg_catalog.regclass) IS NOT NULL', tj_perm._protect_name(member)) END;
		function := 'tj_perm.drop_grants';
		arguments := ARRAY[path[cardinality(path) - 1], CASE WHEN workspace IS NULL THEN 'key' ELSE 'column' END, coalesce(workspace, fixed_workspace), path[cardinality(path)]];
		RETURN NEXT;
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_objects(regclass, regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean) IS 'Part of protect_sql: the policies and triggers of one table among the given one, its partitions and children. condition: USING of a policy, WHEN of a trigger. Errors: those of _protect_parts.';

CREATE FUNCTION tj_perm._protect_user_text(user_expression text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_expression text := btrim(user_expression);
BEGIN
	IF lower(v_expression) = 'tj_user()' THEN
		v_expression := (SELECT format('%I.tj_user()', n.nspname) FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
			WHERE t.oid = pg_typeof(NULL::@extschema@.tj_level));
	END IF;
	RETURN CASE WHEN v_expression ~ '^[[:alnum:]_".]+(\(\))?$' THEN v_expression ELSE format('(%s)', v_expression) END;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_user_text(text) IS 'Part of protect_sql: the user expression as policies contain it, not looked at.';

CREATE FUNCTION tj_perm._protect_reads(relation regclass, stored pg_node_tree, expression text, is_trigger boolean) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_policy_reads';
COMMENT ON FUNCTION tj_perm._protect_reads(regclass, pg_node_tree, text, boolean) IS 'Part of protected_tables: whether a stored expression of a policy of the relation (or the WHEN of a trigger) is the one that this text makes. NULL is an expression that is not there. The text is parsed, and nothing of it is evaluated. Errors: those of the parser.';

CREATE FUNCTION tj_perm._protect_in_step(relation regclass, root regclass, workspace name, path text[], fixed_workspace text, parent name, user_expression text,
	select_level @extschema@.tj_level, insert_level @extschema@.tj_level, update_level @extschema@.tj_level, delete_level @extschema@.tj_level,
	force boolean, drop_grants boolean) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_names text[] := '{tj_perm_place,tj_perm_place_before,tj_perm_place_insert,tj_perm_drop_grants}'::text[];
	v_class pg_class;
BEGIN
	SELECT * INTO v_class FROM pg_class AS c WHERE c.oid = relation;
	IF NOT v_class.relrowsecurity OR v_class.relforcerowsecurity <> force
		OR relation <> root AND drop_grants IS DISTINCT FROM (SELECT r.drop_grants FROM tj_perm._protect_records(root) AS r)
	THEN
		RETURN false;
	END IF;
	-- a partition's copy of a trigger follows it in all but whether it fires
	IF v_class.relispartition AND EXISTS (
		SELECT FROM pg_trigger AS t
		WHERE t.tgrelid = root AND t.tgname = ANY (v_names) AND NOT EXISTS (
			SELECT FROM pg_trigger AS c WHERE c.tgrelid = relation AND c.tgname = t.tgname AND c.tgenabled IN ('O', 'A')))
	THEN
		RETURN false;
	END IF;
	RETURN (
		WITH object AS MATERIALIZED (
			SELECT * FROM tj_perm._protect_objects(root, relation, workspace, path, fixed_workspace, parent, tj_perm._protect_user_text(user_expression),
				select_level, insert_level, update_level, delete_level, drop_grants)
		)
		SELECT NOT EXISTS (
			SELECT FROM object AS o
			WHERE o.kind = 'policy' AND NOT EXISTS (
				SELECT FROM pg_policy AS p
				WHERE p.polrelid = relation AND p.polname = o.name AND p.polpermissive AND p.polroles = '{0}'
				AND p.polcmd = CASE o.event WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' ELSE 'd' END
				AND tj_perm._protect_reads(relation, p.polqual, o.condition, false) AND tj_perm._protect_reads(relation, p.polwithcheck, o.with_check, false)))
		AND NOT EXISTS (
			SELECT FROM (SELECT * FROM object AS x WHERE x.kind = 'trigger') AS o
			FULL JOIN (SELECT * FROM pg_trigger AS x WHERE x.tgrelid = relation AND x.tgparentid = 0 AND x.tgname = ANY (v_names)) AS t ON t.tgname = o.name
			WHERE (t.tgenabled IN ('O', 'A') AND t.tgconstraint = 0 AND cardinality(t.tgattr::smallint[]) = 0
				-- for each row, BEFORE, INSERT, DELETE and UPDATE are one bit each
				AND t.tgtype = CASE o.event WHEN 'AFTER INSERT' THEN 5 WHEN 'AFTER DELETE' THEN 9 WHEN 'AFTER UPDATE' THEN 17 ELSE 19 END
				AND t.tgfoid = to_regprocedure(o.function || '()')
				AND t.tgargs = coalesce((SELECT string_agg(convert_to(a.argument, getdatabaseencoding()) || '\x00', ''::bytea ORDER BY a.n) FROM unnest(o.arguments) WITH ORDINALITY AS a (argument, n)), ''::bytea)
				AND tj_perm._protect_reads(relation, t.tgqual, o.condition, true)) IS NOT TRUE));
EXCEPTION
	-- without USAGE on a schema, nothing can be said
	WHEN insufficient_privilege THEN RETURN NULL;
	WHEN data_exception OR syntax_error_or_access_rule_violation OR feature_not_supported OR invalid_schema_name OR object_not_in_prerequisite_state OR program_limit_exceeded THEN RETURN false;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_in_step(regclass, regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean) IS 'Part of protected_tables: whether the policies, triggers and flags of a table are those that protect would make by this record; NULL if the caller may not use a schema that they name.';

-- 4. The functions themselves.

CREATE FUNCTION tj_perm.protected_tables(only_relation regclass DEFAULT NULL)
	RETURNS TABLE (relation regclass, workspace name, fixed_workspace text, path text[], parent name, user_expression text,
		select_level @extschema@.tj_level, insert_level @extschema@.tj_level, update_level @extschema@.tj_level, delete_level @extschema@.tj_level,
		force boolean, drop_grants boolean, keep_policies boolean, protected_with regclass, was_enabled boolean, was_forced boolean, in_step boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT r.relation, r.workspace, r.fixed_workspace, r.path, r.parent, r.user_expression, r.select_level, r.insert_level, r.update_level, r.delete_level,
		   r.force, r.drop_grants, r.keep_policies, r.protected_with, r.was_enabled, r.was_forced,
		   CASE WHEN r.fits THEN tj_perm._protect_in_step(r.relation, coalesce(r.protected_with, r.relation), r.workspace, r.path, r.fixed_workspace, r.parent,
				r.user_expression, r.select_level, r.insert_level, r.update_level, r.delete_level, r.force, r.drop_grants)
		   ELSE false END
	FROM tj_perm._protect_records(only_relation) AS r;
END
$$;
COMMENT ON FUNCTION tj_perm.protected_tables(regclass) IS
'The tables of this database that tj_perm.protect protects (or the one given), with the arguments it was called with, column names as they are today: one row per table, partition and inheritance child. protected_with names the partitioned table or inheritance parent that brought the protection; was_enabled and was_forced are the row-level-security flags that unprotect restores. in_step is false where any of the policies, triggers and flags that protect made is gone, off or changed, or the record of its arguments is; also where the name of a column changed that a trigger was told: call tj_perm.protect again. It is NULL where the caller lacks USAGE on a schema that a policy names. Indexes are not looked at: tj_perm.doctor does that. No errors. Everybody may call it: it reads catalogs that everybody may read.';

CREATE FUNCTION tj_perm.protect_sql(relation regclass, workspace name DEFAULT NULL, path text[] DEFAULT '{}', fixed_workspace text DEFAULT NULL, parent name DEFAULT NULL,
	user_expression text DEFAULT 'tj_user()', select_level @extschema@.tj_level DEFAULT 'viewer', insert_level @extschema@.tj_level DEFAULT 'editor',
	update_level @extschema@.tj_level DEFAULT 'editor', delete_level @extschema@.tj_level DEFAULT 'editor',
	force boolean DEFAULT true, drop_grants boolean DEFAULT NULL, keep_policies boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_drop_grants boolean;
	v_user text;
	v_columns name[];
	v_member record;
	v_was record;
	v_name text;
	v_keeps boolean;
	v_dropped text;
	v_before text := '';
	v_made text := '';
	v_flags text := '';
	v_owner text;
	v_sql text;
BEGIN
	IF relation IS NULL OR user_expression IS NULL OR num_nulls(select_level, insert_level, update_level, delete_level, force) > 0 THEN
		RAISE EXCEPTION 'relation, user_expression, levels and force must not be NULL'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	v_drop_grants := tj_perm._protect_check(relation, workspace, path, fixed_workspace, parent, drop_grants, keep_policies);
	v_user := tj_perm._protect_user(user_expression);
	-- a trigger that others were entrusted with stays when they call again, who could not make it
	v_keeps := drop_grants IS NULL AND NOT tj_perm._protect_may_drop_grants()
		AND EXISTS (SELECT FROM tj_perm._protect_tree(relation) AS m JOIN pg_trigger AS t ON t.tgrelid = m.member WHERE t.tgname = 'tj_perm_drop_grants')
		AND EXISTS (SELECT FROM tj_perm._protect_records(relation) AS t WHERE t.fits AND t.drop_grants
			AND (t.workspace, t.fixed_workspace) IS NOT DISTINCT FROM (protect_sql.workspace, protect_sql.fixed_workspace)
			AND t.path[cardinality(t.path) - 1:] = protect_sql.path[cardinality(protect_sql.path) - 1:]);
	SELECT array_agg(a.attname ORDER BY a.attnum) INTO v_columns FROM pg_attribute AS a
		WHERE a.attrelid = relation AND (a.attname = workspace OR a.attname = ANY (ARRAY(SELECT path[i] FROM generate_series(2, cardinality(path), 2) AS i)::name[])
			OR parent IS NOT NULL AND a.attname = ANY ((tj_perm._protect_link(relation, protect_sql.parent)).columns));

	FOR v_member IN
		SELECT t.*, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity FROM tj_perm._protect_tree(relation) AS t JOIN pg_class AS c ON c.oid = t.member
	LOOP
		v_name := tj_perm._protect_name(v_member.member);
		v_dropped := tj_perm._protect_drop_sql(v_member.member,
			array_remove(ARRAY[workspace, parent] || ARRAY(SELECT path[i] FROM generate_series(2, cardinality(path), 2) AS i)::name[], NULL));
		v_before := v_before || CASE WHEN v_keeps THEN replace(v_dropped, format(E'DROP TRIGGER tj_perm_drop_grants ON %s;\n', v_name), '') ELSE v_dropped END;
		IF NOT v_member.is_partition THEN
			v_before := v_before || tj_perm._protect_index_sql(v_member.member,
				array_remove(ARRAY[workspace, parent] || ARRAY(SELECT path[i] FROM generate_series(2, cardinality(path), 2) AS i)::name[], NULL));
		END IF;

		v_made := v_made || (SELECT string_agg(CASE o.kind
				WHEN 'policy' THEN concat(format(E'CREATE POLICY %I ON %s FOR %s', o.name, v_name, o.event), E'\n\tUSING (' || o.condition || ')', E'\n\tWITH CHECK (' || o.with_check || ')', E';\n')
				ELSE concat(format('CREATE TRIGGER %I %s ON %s FOR EACH ROW', o.name, o.event, v_name), E'\n\tWHEN (' || o.condition || ')',
					format(E'\n\tEXECUTE FUNCTION %s(%s);\n', o.function, (SELECT string_agg(quote_literal(a.argument), ', ' ORDER BY a.n) FROM unnest(o.arguments) WITH ORDINALITY AS a (argument, n)))) END, '' ORDER BY o.ordinality)
			FROM tj_perm._protect_objects(relation, v_member.member, workspace, path, fixed_workspace, parent, v_user, select_level, insert_level, update_level, delete_level, v_drop_grants)
				WITH ORDINALITY AS o);

		-- flags, and the record
		SELECT * INTO v_was FROM tj_perm._protect_records(v_member.member);
		v_flags := v_flags || format(E'ALTER TABLE %s ENABLE ROW LEVEL SECURITY, %s;\n', v_name, CASE WHEN force THEN 'FORCE ROW LEVEL SECURITY' ELSE 'NO FORCE ROW LEVEL SECURITY' END)
			|| format(E'COMMENT ON POLICY tj_perm_select ON %s IS %L;\n', v_name, 'tj_perm.protect ' || jsonb_strip_nulls(jsonb_build_object(
				'workspace', workspace, 'path', path, 'fixed_workspace', fixed_workspace, 'parent', parent, 'user_expression', user_expression,
				'select_level', select_level, 'insert_level', insert_level, 'update_level', update_level, 'delete_level', delete_level,
				'force', force, 'keep_policies', keep_policies, 'columns', v_columns,
				-- a partition that came since has no trigger to keep
				'drop_grants', v_drop_grants OR v_keeps AND (v_member.relkind = 'p' OR EXISTS (
					SELECT FROM pg_trigger AS t WHERE t.tgrelid = v_member.member AND t.tgname = 'tj_perm_drop_grants')),
				'with_root', CASE WHEN NOT v_member.is_root THEN true END,
				'was_enabled', coalesce(v_was.was_enabled, v_member.relrowsecurity), 'was_forced', coalesce(v_was.was_forced, v_member.relforcerowsecurity)))::text);
	END LOOP;

	v_name := tj_perm._protect_name(relation);
	v_owner := (SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class AS c WHERE c.oid = relation);
	v_sql := tj_perm._protect_comment(format('Row-level security for %s, by tj_perm.protect_sql. Run it in one transaction.', v_name))
		|| tj_perm._protect_comment(format(CASE WHEN force THEN 'From then on policies bind every role, the owner %s too. Only superusers and roles with BYPASSRLS'
			ELSE 'From then on policies bind every role but the owner %s, superusers and roles with BYPASSRLS. Only these' END, v_owner))
		|| tj_perm._protect_comment('can still dump it whole, restore and backfill it'
			|| coalesce((SELECT ' (BYPASSRLS here: ' || string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) || ')' FROM pg_roles AS r WHERE r.rolbypassrls AND NOT r.rolsuper), '') || '.')
		|| CASE WHEN v_before ~ 'CREATE INDEX' THEN tj_perm._protect_comment('Where the table is large, make the indexes before, with CREATE INDEX CONCURRENTLY.') ELSE '' END
		|| v_before || v_made || v_flags;
	IF parent IS NOT NULL THEN
		v_sql := v_sql || tj_perm._protect_migration(relation, path, parent);
	END IF;
	RETURN v_sql;
END
$$;
COMMENT ON FUNCTION tj_perm.protect_sql(regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean, boolean) IS
'The SQL by which tj_perm.protect would put the table under row-level security, for a migration file; nothing is changed. The workspace of a row is named by exactly one of workspace (a column), fixed_workspace (a key, for all rows) and parent (a column with a foreign key to a protected table). path lists pairs of type and column, outermost first, the row itself last; the column of a container may be an array. An empty path with workspace: rows that are workspaces, visible to their members. An empty path with parent: rows that are what the parent''s row is; where that is a workspace, they need the level on the workspace as a whole, which being a member does not give. user_expression tells who the user is, without columns, functions with their schema. Reading needs select_level on the row, changes the other levels; a row can be put or moved only where the user holds the level by the workspace, a container or type:*. drop_grants: deleting a row removes the grants that named it (not TRUNCATE); NULL means where the workspace and the last column are a unique key and the caller has the rights of the extension''s owner; others leave it as it is; partitions that come later drop no grants until protect is called again by such a role. Errors: 42P01 no such table, 42809 no table that can have policies, 42703 no such column, 42804 a type that can be no part of a resource or no user, 42704 no foreign key on the parent column, 22023 arguments that do not fit together, 55000 no key, other permissive policies, a parent that is not protected, another path while tables are protected through this one, 0A000 a table that is its own parent, 42501 drop_grants without the rights, 54000 a path that is too long. Everybody may call it: it reads the catalogs.';

CREATE FUNCTION tj_perm._protection_state(relation regclass) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.string_agg(f.fact, E'\n' ORDER BY f.fact) FROM tj_perm._protect_tree(relation) AS t CROSS JOIN LATERAL (
		SELECT pg_catalog.format('%s flags %s %s', c.oid, c.relrowsecurity, c.relforcerowsecurity) AS fact FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) t.member
		UNION ALL
		SELECT pg_catalog.format('%s policy %s %s %s %s %s %s %s', p.polrelid, p.polname, p.polcmd, p.polpermissive, p.polroles,
			pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), pg_catalog.obj_description(p.oid, 'pg_policy'))
		FROM pg_catalog.pg_policy AS p WHERE p.polrelid OPERATOR(pg_catalog.=) t.member
		UNION ALL
		SELECT pg_catalog.format('%s trigger %s %s', g.tgrelid, g.tgenabled, pg_catalog.pg_get_triggerdef(g.oid))
		FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid OPERATOR(pg_catalog.=) t.member AND NOT g.tgisinternal
		UNION ALL
		SELECT pg_catalog.format('%s index %s %s', i.indrelid, pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.obj_description(i.indexrelid, 'pg_class'))
		FROM pg_catalog.pg_index AS i WHERE i.indrelid OPERATOR(pg_catalog.=) t.member) AS f;
END;
COMMENT ON FUNCTION tj_perm._protection_state(regclass) IS 'Part of protect: all that protect could have changed about a table, its partitions and children, as text to compare.';

CREATE FUNCTION tj_perm._protect_record_now(policy oid) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_policy_comment';
COMMENT ON FUNCTION tj_perm._protect_record_now(oid) IS 'Part of protect and unprotect: the comment on a policy as it is now, whatever the snapshot of the transaction; NULL if there is none.';

CREATE FUNCTION tj_perm._protect_lock(relation regclass, parent name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_relation regclass := relation;
	v_parent name := parent;
	v_mode text := 'ACCESS EXCLUSIVE';
	v_seen regclass[] := '{}'::regclass[];
BEGIN
	WHILE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = v_relation AND c.relkind IN ('r', 'p')) LOOP
		BEGIN
			EXECUTE format('LOCK TABLE %s %s IN %s MODE', CASE WHEN v_mode = 'ACCESS SHARE' THEN 'ONLY' END, tj_perm._protect_name(v_relation), v_mode);
		EXCEPTION WHEN insufficient_privilege THEN
			NULL; -- who may not is told so by the commands that follow
		END;
		v_seen := v_seen || v_relation;
		-- what was protected or unprotected meanwhile, a snapshot of before cannot tell
		IF EXISTS (
			SELECT FROM pg_policy AS p LEFT JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid AND d.objsubid = 0
			WHERE p.polrelid = v_relation AND p.polname = 'tj_perm_select' AND d.description IS DISTINCT FROM tj_perm._protect_record_now(p.oid))
		THEN
			RAISE EXCEPTION 'could not serialize access due to concurrent change of the protection of table "%"', v_relation
				USING ERRCODE = 'serialization_failure',
					HINT = 'Retry the transaction.';
		END IF;
		-- the path of a row goes on in the parent, whose record is read after it is locked
		v_mode := 'ACCESS SHARE';
		v_relation := (
			SELECT c.confrelid FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
			WHERE c.conrelid = v_relation AND c.contype = 'f' AND a.attname = v_parent AND c.confrelid <> ALL (v_seen)
			ORDER BY cardinality(c.conkey), c.oid LIMIT 1);
		v_parent := (SELECT r.parent FROM tj_perm._protect_records(v_relation) AS r WHERE r.relation = v_relation);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._protect_lock(regclass, name) IS 'Part of protect and unprotect: waits until nobody else protects or unprotects the table, or a table that it is protected through, and lets nobody until the transaction ends. Errors: 40001 if somebody has done so since the snapshot of a REPEATABLE READ or SERIALIZABLE transaction.';

CREATE FUNCTION tj_perm.protect(relation regclass, workspace name DEFAULT NULL, path text[] DEFAULT '{}', fixed_workspace text DEFAULT NULL, parent name DEFAULT NULL,
	user_expression text DEFAULT 'tj_user()', select_level @extschema@.tj_level DEFAULT 'viewer', insert_level @extschema@.tj_level DEFAULT 'editor',
	update_level @extschema@.tj_level DEFAULT 'editor', delete_level @extschema@.tj_level DEFAULT 'editor',
	force boolean DEFAULT true, drop_grants boolean DEFAULT NULL, keep_policies boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
-- runs what protect_sql has quoted
-- @plpgsql_check_options: security_warnings = off
DECLARE
	v_sql text;
	v_before text;
BEGIN
	PERFORM tj_perm._protect_lock(relation, parent);
	v_sql := tj_perm.protect_sql(relation, workspace, path, fixed_workspace, parent, user_expression,
		select_level, insert_level, update_level, delete_level, force, drop_grants, keep_policies);
	v_before := tj_perm._protection_state(relation);
	-- done and undone if it makes no difference, which tells more than the
	-- arguments: whatever was changed by hand since is put right
	BEGIN
		EXECUTE v_sql;
		IF tj_perm._protection_state(relation) = v_before THEN
			RAISE EXCEPTION USING ERRCODE = 'TJP00', MESSAGE = 'nothing to do';
		END IF;
	EXCEPTION WHEN SQLSTATE 'TJP00' THEN
		RETURN false;
	END;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm.protect(regclass, name, text[], text, name, text, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, @extschema@.tj_level, boolean, boolean, boolean) IS
'Puts a table, with its partitions and inheritance children, under row-level security: runs what tj_perm.protect_sql with the same arguments returns. Returns false if all is already so; other arguments replace the former ones. The table is locked (ACCESS EXCLUSIVE) until the transaction ends. Errors: those of protect_sql, 42501 for others than the owner, and under REPEATABLE READ and SERIALIZABLE 40001 if its protection, or that of a table it is protected through, was changed meanwhile. Who may: the owner of the table, as PostgreSQL demands for policies and triggers; this function adds no rights. Policies do not reach TRUNCATE, and bind neither superusers nor roles with BYPASSRLS.';

CREATE FUNCTION tj_perm.unprotect(relation regclass) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
-- runs what _protect_drop_sql has quoted
-- @plpgsql_check_options: security_warnings = off
DECLARE
	v_names text;
	v_member record;
	v_found record;
	v_changed boolean := false;
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION 'relation must not be NULL'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM tj_perm._protect_lock(unprotect.relation);
	SELECT t.* INTO v_found FROM tj_perm._protect_records(unprotect.relation) AS t;
	IF v_found.protected_with IS NOT NULL THEN
		RAISE EXCEPTION 'table "%" is protected with "%"', unprotect.relation, v_found.protected_with
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = format('Call tj_perm.unprotect for "%s".', v_found.protected_with);
	END IF;
	v_names := tj_perm._protect_dependents(unprotect.relation);
	IF v_names IS NOT NULL THEN
		RAISE EXCEPTION 'other tables are protected through table "%"', unprotect.relation
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('They are %s.', v_names),
				HINT = 'Call tj_perm.unprotect for them first.';
	END IF;
	FOR v_member IN
		SELECT t.member, p.was_enabled, p.was_forced, p.relation IS NOT NULL AS is_protected, tj_perm._protect_drop_sql(t.member, '{}') AS statements
		FROM tj_perm._protect_tree(unprotect.relation) AS t LEFT JOIN tj_perm._protect_records() AS p ON p.relation = t.member
	LOOP
		CONTINUE WHEN v_member.statements = '';
		EXECUTE v_member.statements;
		v_changed := true;
		IF v_member.is_protected THEN
			EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s FORCE ROW LEVEL SECURITY', tj_perm._protect_name(v_member.member),
				CASE WHEN v_member.was_enabled THEN 'ENABLE' ELSE 'DISABLE' END, CASE WHEN v_member.was_forced THEN '' ELSE 'NO' END);
		END IF;
	END LOOP;
	RETURN v_changed;
END
$$;
COMMENT ON FUNCTION tj_perm.unprotect(regclass) IS
'Takes back what tj_perm.protect did to a table, its partitions and inheritance children: policies, triggers and indexes that it made are dropped, row level security is enabled and forced where it was before. Afterwards nobody is kept from any row by tj_perm. Returns false if the table is not protected. The table is locked (ACCESS EXCLUSIVE) until the transaction ends. Errors: 55000 tables protected through this one, or a partition or child protected with its parent; 42501 for others than the owner. Who may: the owner of the table.';
