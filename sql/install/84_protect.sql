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
--              tj_perm_drop_grants (AFTER DELETE)
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
-- to a table, only the owner of the table may do. Hence the helpers are open to
-- PUBLIC; they tell and do nothing that the caller could not without them.

-- 1. Reading what protect left behind.

CREATE FUNCTION tj_perm.protected_tables(only_relation regclass DEFAULT NULL)
	RETURNS TABLE (relation regclass, workspace name, fixed_workspace text, path text[], parent name, user_expression text,
		select_level @extschema@.tj_level, insert_level @extschema@.tj_level, update_level @extschema@.tj_level, delete_level @extschema@.tj_level,
		force boolean, drop_grants boolean, keep_policies boolean, protected_with regclass, was_enabled boolean, was_forced boolean, in_step boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_policy record;
	v_record jsonb;
	v_then name[];
	v_now name[];
	v_at integer;
BEGIN
	FOR v_policy IN
		SELECT p.oid, p.polrelid, d.description
		FROM pg_policy AS p
		LEFT JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid AND d.objsubid = 0
		WHERE p.polname = 'tj_perm_select' AND (only_relation IS NULL OR p.polrelid = only_relation)
		ORDER BY p.polrelid::regclass::text
	LOOP
		relation := v_policy.polrelid;
		workspace := NULL; fixed_workspace := NULL; path := NULL; parent := NULL; user_expression := NULL;
		select_level := NULL; insert_level := NULL; update_level := NULL; delete_level := NULL;
		force := NULL; drop_grants := NULL; keep_policies := NULL; protected_with := NULL; was_enabled := NULL; was_forced := NULL;
		-- a comment is whatever the table's owner wrote: a bad one must not stop the list
		BEGIN
			v_record := substr(v_policy.description, length('tj_perm.protect ') + 1)::jsonb;
			in_step := starts_with(v_policy.description, 'tj_perm.protect {');
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
			in_step := coalesce(in_step AND select_level IS NOT NULL AND v_record ? 'path'
				AND coalesce(cardinality(v_then), 0) = coalesce(cardinality(v_now), 0), false);
			workspace := coalesce(v_now[array_position(v_then, (v_record ->> 'workspace')::name)], v_record ->> 'workspace');
			parent := coalesce(v_now[array_position(v_then, (v_record ->> 'parent')::name)], v_record ->> 'parent');
			SELECT coalesce(array_agg(CASE WHEN e.n % 2 = 0 THEN coalesce(v_now[array_position(v_then, e.element::name)], e.element) ELSE e.element END ORDER BY e.n), '{}')
				INTO path
				FROM jsonb_array_elements_text(v_record -> 'path') WITH ORDINALITY AS e (element, n);
		EXCEPTION WHEN data_exception OR invalid_text_representation THEN
			in_step := false;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm.protected_tables(regclass) IS
'The tables of this database that tj_perm.protect protects (or the one given), with the arguments it was called with, column names as they are today: one row per table, partition and inheritance child. protected_with names the partitioned table or inheritance parent that brought the protection; was_enabled and was_forced are the row-level-security flags that unprotect restores; in_step is false where the policies were made or changed by hand, or lost their comment, so that tj_perm.protect should be called again. No errors. Everybody may call it: it reads catalogs that everybody may read.';
