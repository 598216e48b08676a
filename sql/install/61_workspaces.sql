-- Workspaces: create, rename, archive, restore, drop.

CREATE FUNCTION tj_perm.create_workspace(workspace text, admin text, name text DEFAULT NULL) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.create_workspace(text, text, text) IS
'Creates a workspace with its default groups All Users and Admins, and makes admin its first active member, in Admins. workspace: the key, 1 to 255 bytes, which never changes; name: what to display, NULL shows the key. Returns true. Errors: 42710 the key is taken, 22023 bad key, user id or blank name, 42501. Who may: roles with EXECUTE (PUBLIC has not); with tj_user() set, admin must be that user, without it the role must have the rights of the extension''s owner.';

CREATE FUNCTION tj_perm._create_workspace(p_workspace text, p_admin text, p_name text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_admin text := tj_perm._user_argument(p_admin, 'admin');
BEGIN
	PERFORM tj_perm._require_value(p_workspace, 'workspace');
	PERFORM tj_perm._require_display_name(p_name);
	IF pg_catalog.octet_length(p_workspace) NOT BETWEEN 1 AND 255 THEN
		RAISE EXCEPTION 'workspace key must be 1 to 255 bytes long'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;

	IF NOT tj_perm._is_owner_role() AND v_admin IS DISTINCT FROM @extschema@.tj_user() THEN
		RAISE EXCEPTION 'permission denied to create workspace "%"', p_workspace
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'With tj_perm.user_id set, admin must be that user; without it, only the owner of the extension creates workspaces.';
	END IF;

	INSERT INTO tj_perm.workspaces (workspace_id, name) VALUES (p_workspace, p_name)
		ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'workspace "%" exists already', p_workspace
			USING ERRCODE = 'duplicate_object';
	END IF;
	INSERT INTO tj_perm.members (workspace_id, user_id) VALUES (p_workspace, v_admin);
	INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
		SELECT g.group_id, g.workspace_id, v_admin FROM tj_perm.groups AS g
		WHERE g.workspace_id = p_workspace AND g.kind = 'admins';
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm._create_workspace(text, text, text) IS 'The body of create_workspace.';

CREATE FUNCTION tj_perm._require_display_name(p_name text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_catalog.btrim(p_name, E' \t\n\v\f\r') = '' THEN
		RAISE EXCEPTION 'display name must not be blank'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'NULL displays the workspace''s key.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_display_name(text) IS 'Raises 22023 if the name is blank; NULL is allowed.';

CREATE FUNCTION tj_perm.rename_workspace(workspace text, name text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.rename_workspace(text, text) IS
'Changes the display name of a workspace (NULL: show the key); the key never changes. Returns true if the name is another one now. Errors: 42501, 42704 no such workspace, 55000 archived, 22023 blank name. Who may: workspace admins.';

CREATE FUNCTION tj_perm._rename_workspace(p_workspace text, p_name text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_display_name(p_name);
	PERFORM tj_perm._require_active(p_workspace, tj_perm._open_workspace_row(p_workspace));
	UPDATE tj_perm.workspaces AS w SET name = p_name
		WHERE w.workspace_id = p_workspace AND w.name IS DISTINCT FROM p_name;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._rename_workspace(text, text) IS 'The body of rename_workspace.';

CREATE FUNCTION tj_perm.archive_workspace(workspace text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.archive_workspace(text) IS
'Archives a workspace: from now on nobody has access through it, and everything but restoring and dropping it is refused; members, groups and grants stay as they are. Returns false if it was archived already. Errors: 42501, 42704 no such workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._archive_workspace(p_workspace text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._open_workspace_row(p_workspace);
	UPDATE tj_perm.workspaces AS w SET status = 'archived'
		WHERE w.workspace_id = p_workspace AND w.status = 'active';
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._archive_workspace(text) IS 'The body of archive_workspace.';

CREATE FUNCTION tj_perm.restore_workspace(workspace text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.restore_workspace(text) IS
'Makes an archived workspace active again, as it was. Returns false if it was active already. Errors: 42501, 42704 no such workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._restore_workspace(p_workspace text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._open_workspace_row(p_workspace);
	UPDATE tj_perm.workspaces AS w SET status = 'active'
		WHERE w.workspace_id = p_workspace AND w.status = 'archived';
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._restore_workspace(text) IS 'The body of restore_workspace.';

CREATE FUNCTION tj_perm.drop_workspace(workspace text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.drop_workspace(text) IS
'Drops a workspace, archived or not, with its members, groups, grants and invitations; the history stays. Returns true. Errors: 42501, 42704 no such workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._drop_workspace(p_workspace text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._open_workspace_row(p_workspace);
	DELETE FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._drop_workspace(text) IS 'The body of drop_workspace.';
