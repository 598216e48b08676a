-- Groups: create, rename, duplicate, drop; who is in them; groups inside groups.

CREATE FUNCTION tj_perm._is_reserved_group_name(p_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN tj_perm.fold_group_name(p_name) OPERATOR(pg_catalog.=) ANY (ARRAY['all users', 'all_users', 'admins', 'admin']);
COMMENT ON FUNCTION tj_perm._is_reserved_group_name(text) IS 'True if the name is one of the default groups'', in any spelling.';

CREATE FUNCTION tj_perm._refuse_reserved_group_name(p_name text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF tj_perm._is_reserved_group_name(p_name) THEN
		RAISE EXCEPTION 'group name "%" is reserved', p_name
			USING ERRCODE = 'duplicate_object',
				  HINT = 'Every workspace has the default groups "All Users" and "Admins".';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._refuse_reserved_group_name(text) IS 'Raises 42710 for the names of the default groups, in any spelling.';

CREATE FUNCTION tj_perm._group_exists_already(p_workspace text, p_name text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'group "%" exists already in workspace "%"', p_name, p_workspace
		USING ERRCODE = 'duplicate_object',
			  HINT = 'Group names are compared without regard to the case of ASCII letters and to extra blanks.';
END
$$;
COMMENT ON FUNCTION tj_perm._group_exists_already(text, text) IS 'Raises 42710.';

CREATE FUNCTION tj_perm._insert_group(p_workspace text, p_name text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group_id bigint;
BEGIN
	INSERT INTO tj_perm.groups AS g (workspace_id, name) VALUES (p_workspace, p_name)
		ON CONFLICT (workspace_id, name_key) DO NOTHING
		RETURNING g.group_id INTO v_group_id;
	RETURN v_group_id;
END
$$;
COMMENT ON FUNCTION tj_perm._insert_group(text, text) IS 'Makes a custom group and returns its id, or NULL if the name is taken.';

CREATE FUNCTION tj_perm.create_group(workspace text, group_name text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.create_group(text, text) IS
'Creates an empty group. Names are stored without blanks at the ends and with single blanks inside; they compare without regard to the case of ASCII letters. Returns true. Errors: 42501, 42704 no such workspace, 42710 the name is taken or is a default group''s (all users, all_users, admins, admin), 55000 archived workspace, 22023 blank name or more than 255 bytes. Who may: workspace admins.';

CREATE FUNCTION tj_perm._create_group(p_workspace text, p_group_name text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_name text := tj_perm._new_group_name_argument(p_group_name, 'group_name');
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	PERFORM tj_perm._refuse_reserved_group_name(v_name);
	IF tj_perm._insert_group(p_workspace, v_name) IS NULL THEN
		PERFORM tj_perm._group_exists_already(p_workspace, v_name);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm._create_group(text, text) IS 'The body of create_group.';

CREATE FUNCTION tj_perm.rename_group(workspace text, group_name text, new_name text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.rename_group(text, text, text) IS
'Gives a group another name, or another spelling of its name; members and grants stay. Returns false if the name is the same to the letter. Errors: 42501, 42704 no such workspace or group, 42710 the new name is taken or reserved, 55000 archived workspace or default group, 22023 blank name or more than 255 bytes. Who may: workspace admins.';

CREATE FUNCTION tj_perm._rename_group(p_workspace text, p_group_name text, p_new_name text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_name text := tj_perm._new_group_name_argument(p_new_name, 'new_name');
	v_group tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._open_workspace(p_workspace);
	v_group := tj_perm._lock_group(p_workspace, p_group_name, 'update');
	PERFORM tj_perm._require_custom(v_group);
	PERFORM tj_perm._refuse_reserved_group_name(v_name);
	IF v_group.name = v_name THEN
		RETURN false;
	END IF;
	BEGIN
		UPDATE tj_perm.groups AS g SET name = v_name WHERE g.group_id = v_group.group_id;
	EXCEPTION WHEN unique_violation THEN
		PERFORM tj_perm._group_exists_already(p_workspace, v_name);
	END;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm._rename_group(text, text, text) IS 'The body of rename_group.';

CREATE FUNCTION tj_perm.duplicate_group(workspace text, group_name text, new_name text DEFAULT NULL, with_members boolean DEFAULT true, with_grants boolean DEFAULT true) RETURNS text
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.duplicate_group(text, text, text, boolean, boolean) IS
'Makes a copy of a group and returns its name: new_name, or <name>_copy, or the first free of <name>_copy_2, <name>_copy_3, ... (a long name is shortened to fit). with_members copies who is in it: the members listed and the groups that it holds. with_grants copies its grants with their validity and notes; the caller is who granted them, now. Groups that the original lies in do not hold the copy. Errors: 42501, 42704 no such workspace or group, 42710 new_name is taken or reserved, 55000 archived workspace or default group, 22023 bad name, NULL, or a grant that would outlast the caller''s own right. Who may: workspace admins.';

CREATE FUNCTION tj_perm._duplicate_group(p_workspace text, p_group_name text, p_new_name text, p_with_members boolean, p_with_grants boolean) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group tj_perm.groups;
	v_copy_id bigint;
	v_name text;
	v_suffix text;
	v_number integer := 1;
	v_horizon timestamp with time zone;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._require_value(p_with_members, 'with_members');
	PERFORM tj_perm._require_value(p_with_grants, 'with_grants');
	IF p_new_name IS NOT NULL THEN
		v_name := tj_perm._new_group_name_argument(p_new_name, 'new_name');
	END IF;
	PERFORM tj_perm._open_workspace(p_workspace);
	v_group := tj_perm._lock_group(p_workspace, p_group_name, 'key share');
	PERFORM tj_perm._require_custom(v_group);

	IF v_name IS NOT NULL THEN
		PERFORM tj_perm._refuse_reserved_group_name(v_name);
		v_copy_id := tj_perm._insert_group(p_workspace, v_name);
		IF v_copy_id IS NULL THEN
			PERFORM tj_perm._group_exists_already(p_workspace, v_name);
		END IF;
	END IF;
	WHILE v_copy_id IS NULL LOOP
		v_suffix := CASE v_number WHEN 1 THEN '_copy' ELSE '_copy_' || v_number::text END;
		v_name := v_group.name;
		WHILE pg_catalog.octet_length(v_name) + pg_catalog.octet_length(v_suffix) > 255 LOOP
			v_name := pg_catalog."left"(v_name, -1);
		END LOOP;
		v_name := v_name || v_suffix;
		v_copy_id := tj_perm._insert_group(p_workspace, v_name);
		v_number := v_number + 1;
	END LOOP;

	IF p_with_members THEN
		-- who is being removed elsewhere is waited for, and is then no member to copy
		PERFORM FROM tj_perm.members AS m
			WHERE m.workspace_id = p_workspace
			AND m.user_id IN (SELECT gm.user_id FROM tj_perm.group_members AS gm WHERE gm.group_id = v_group.group_id)
			ORDER BY m.user_id
			FOR KEY SHARE;
		INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
			SELECT v_copy_id, gm.workspace_id, gm.user_id FROM tj_perm.group_members AS gm
			WHERE gm.group_id = v_group.group_id
			ORDER BY gm.user_id;
		INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
			SELECT v_copy_id, n.inner_group_id, n.workspace_id FROM tj_perm.group_nesting AS n
			WHERE n.group_id = v_group.group_id
			ORDER BY n.inner_group_id;
	END IF;
	IF p_with_grants THEN
		v_horizon := tj_perm._horizon(@extschema@.tj_workspace(p_workspace));
		IF EXISTS (SELECT FROM tj_perm.grants AS gr
				   WHERE gr.group_id = v_group.group_id
				   AND coalesce(gr.valid_until, 'infinity') > v_horizon)
		THEN
			RAISE EXCEPTION 'copied grants would outlast the right to make them'
				USING ERRCODE = 'invalid_parameter_value',
					  DETAIL = pg_catalog.format('Your own right ends at %s.', v_horizon),
					  HINT = 'Use with_grants => false and grant anew with valid_until.';
		END IF;
		INSERT INTO tj_perm.grants (workspace_id, group_id, resource, level, valid_from, valid_until, note)
			SELECT gr.workspace_id, v_copy_id, gr.resource, gr.level, gr.valid_from, gr.valid_until, gr.note
			FROM tj_perm.grants AS gr
			WHERE gr.group_id = v_group.group_id
			ORDER BY gr.grant_id;
	END IF;
	RETURN v_name;
END
$$;
COMMENT ON FUNCTION tj_perm._duplicate_group(text, text, text, boolean, boolean) IS 'The body of duplicate_group.';

CREATE FUNCTION tj_perm.drop_group(workspace text, group_name text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.drop_group(text, text) IS
'Drops a group with its memberships, nestings and grants; the users stay members of the workspace. Returns true. Errors: 42501, 42704 no such workspace or group, 55000 archived workspace or default group. Who may: workspace admins.';

CREATE FUNCTION tj_perm._drop_group(p_workspace text, p_group_name text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	-- alone in the workspace: the cascade takes the stamps of many members, while
	-- others would hold one of them and wait for the group
	PERFORM tj_perm._require_active(p_workspace, tj_perm._open_workspace_row(p_workspace));
	v_group := tj_perm._lock_group(p_workspace, p_group_name, 'update');
	PERFORM tj_perm._require_custom(v_group);
	DELETE FROM tj_perm.groups AS g WHERE g.group_id = v_group.group_id;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._drop_group(text, text) IS 'The body of drop_group.';

CREATE FUNCTION tj_perm.add_to_group(workspace text, group_name text, user_ids text[]) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.add_to_group(text, text, text[]) IS
'Adds members of the workspace to a group, all of them or, on any error, none. Invited members may be added; they sleep until they accept. Returns true if anybody was added. Errors: 42501, 42704 no such workspace, group or member (the first in sorted order is named), 55000 archived workspace or member, or All Users, 22023 bad user id or NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._add_to_group(p_workspace text, p_group_name text, p_user_ids text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_ids text[] := tj_perm._users_argument(p_user_ids);
	v_user_id text;
	v_group tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._open_workspace(p_workspace);
	v_group := tj_perm._lock_group(p_workspace, p_group_name, 'key share');
	PERFORM tj_perm._require_may_add(v_group, v_user_ids);
	FOREACH v_user_id IN ARRAY v_user_ids LOOP
		PERFORM tj_perm._require_not_archived(p_workspace, v_user_id, tj_perm._lock_member(p_workspace, v_user_id, false));
	END LOOP;
	INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
		SELECT v_group.group_id, p_workspace, u.user_id FROM pg_catalog.unnest(v_user_ids) AS u (user_id)
		ORDER BY u.user_id COLLATE "C"
		ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._add_to_group(text, text, text[]) IS 'The body of add_to_group.';

CREATE FUNCTION tj_perm.remove_from_group(workspace text, group_name text, user_ids text[]) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.remove_from_group(text, text, text[]) IS
'Takes members out of a group, all of them or, on any error, none; they stay members of the workspace, and of the group if one of its inner groups lists them. Returns true if anybody was removed. Errors: 42501, 42704 no such workspace, group or member (the first in sorted order is named), 55000 archived workspace, All Users, or the last active member of Admins, 22023 bad user id or NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._remove_from_group(p_workspace text, p_group_name text, p_user_ids text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_ids text[] := tj_perm._users_argument(p_user_ids);
	v_user_id text;
	v_group tj_perm.groups;
	v_changed boolean := false;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._open_workspace(p_workspace);
	v_group := tj_perm._lock_group(p_workspace, p_group_name, 'key share');
	PERFORM tj_perm._require_listed(v_group);
	-- all rows before the first change: it takes a stamp and, for Admins, the guard,
	-- for which others wait who hold the next row
	FOREACH v_user_id IN ARRAY v_user_ids LOOP
		PERFORM tj_perm._lock_member(p_workspace, v_user_id, false);
	END LOOP;
	PERFORM FROM tj_perm.group_members AS gm
		WHERE gm.workspace_id = p_workspace AND gm.user_id = ANY (v_user_ids) AND gm.group_id = v_group.group_id
		ORDER BY gm.user_id
		FOR UPDATE;
	FOREACH v_user_id IN ARRAY v_user_ids LOOP
		DELETE FROM tj_perm.group_members AS gm
			WHERE gm.workspace_id = p_workspace AND gm.user_id = v_user_id AND gm.group_id = v_group.group_id;
		v_changed := v_changed OR FOUND;
	END LOOP;
	RETURN v_changed;
END
$$;
COMMENT ON FUNCTION tj_perm._remove_from_group(text, text, text[]) IS 'The body of remove_from_group.';

CREATE FUNCTION tj_perm.nest_group(workspace text, group_name text, into_group text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.nest_group(text, text, text) IS
'Puts a group into another one: whoever is in group_name counts as a member of into_group too. Returns false if it lies there already. Errors: 42501, 42704 no such workspace or group, 55000 archived workspace, default group, or a cycle, 54000 too deep, 22023 NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._nest_group(p_workspace text, p_group_name text, p_into_group text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_inner tj_perm.groups;
	v_outer tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._require_value(p_into_group, 'into_group');
	PERFORM tj_perm._open_workspace(p_workspace);
	v_inner := tj_perm._lock_group(p_workspace, p_group_name, 'key share');
	PERFORM tj_perm._require_custom(v_inner);
	v_outer := tj_perm._lock_group(p_workspace, p_into_group, 'key share');
	PERFORM tj_perm._require_custom(v_outer);
	PERFORM tj_perm._require_may_extend(v_outer, EXISTS (
		WITH RECURSIVE inside (group_id) AS (
			SELECT v_inner.group_id
			UNION
			SELECT n.inner_group_id FROM inside AS i JOIN tj_perm.group_nesting AS n ON n.group_id = i.group_id)
		SELECT FROM inside AS i JOIN tj_perm.group_members AS gm ON gm.group_id = i.group_id
		WHERE gm.user_id = @extschema@.tj_user()));
	IF v_inner.group_id = v_outer.group_id THEN
		RAISE EXCEPTION 'group "%" cannot hold itself', v_outer.name
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	INSERT INTO tj_perm.group_nesting (group_id, inner_group_id, workspace_id)
		VALUES (v_outer.group_id, v_inner.group_id, p_workspace)
		ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._nest_group(text, text, text) IS 'The body of nest_group.';

CREATE FUNCTION tj_perm.detach_group(workspace text, group_name text, from_group text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.detach_group(text, text, text) IS
'Takes a group out of another one that holds it directly. Returns false if it does not lie there. Errors: 42501, 42704 no such workspace or group, 55000 archived workspace or default group, 22023 NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._detach_group(p_workspace text, p_group_name text, p_from_group text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_inner tj_perm.groups;
	v_outer tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._require_value(p_from_group, 'from_group');
	PERFORM tj_perm._open_workspace(p_workspace);
	v_inner := tj_perm._lock_group(p_workspace, p_group_name, 'key share');
	PERFORM tj_perm._require_custom(v_inner);
	v_outer := tj_perm._lock_group(p_workspace, p_from_group, 'key share');
	PERFORM tj_perm._require_custom(v_outer);
	DELETE FROM tj_perm.group_nesting AS n
		WHERE n.group_id = v_outer.group_id AND n.inner_group_id = v_inner.group_id;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._detach_group(text, text, text) IS 'The body of detach_group.';
