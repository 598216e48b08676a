-- Who may, and the checks that all administration functions share.
--
-- Every function of the API is declared twice. The public one is a thin C
-- function (tj_perm_as_owner) that notes the caller's role and hands over to
-- the private one with the same name after an underscore, as the owner of the
-- extension. A private body works in this order, which keeps its errors from
-- telling a stranger anything: arguments alone (22023), permission (42501),
-- existence (42704), state (55000), then the change.
--
-- Parameters are named p_* and variables v_* in private functions, so that no
-- name can stand for a column by mistake.
--
-- Whatever changes something in a workspace first takes its row FOR SHARE, so
-- that archiving, restoring and dropping it wait, and are waited for; then the
-- rows of the group and the member that it relies on; the rest comes last, an
-- invitation always after its member.

-- who is asking

CREATE FUNCTION tj_perm._is_owner_role() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
	/*
	 * USAGE and not MEMBER: PostgreSQL's own test for "acts with the owner's
	 * rights", true for superusers. MEMBER would also let in a membership
	 * that confers nothing (WITH INHERIT FALSE, SET FALSE); a role that may
	 * SET ROLE to the owner can do so and then is the owner.
	 */
	SELECT @extschema@.tj_user() IS NULL
		AND NOT tj_perm._identity_refused()
		AND EXISTS (SELECT FROM pg_catalog.pg_extension AS e
					WHERE e.extname OPERATOR(pg_catalog.=) 'tj_perm'::pg_catalog.name
					AND pg_catalog.pg_has_role(tj_perm._caller_role(), e.extowner, 'USAGE'));
END;
COMMENT ON FUNCTION tj_perm._is_owner_role() IS 'True if no end user is set and the caller''s role has the rights of the extension''s owner.';

CREATE FUNCTION tj_perm._may_administer(p_target @extschema@.tj_resource) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
	-- the workspace's status does not matter for who may, hence "true"
	SELECT tj_perm._is_owner_role()
		OR coalesce(tj_perm._level_on(@extschema@.tj_user(), p_target, true) OPERATOR(@extschema@.=) 'admin'::@extschema@.tj_level, false);
END;
COMMENT ON FUNCTION tj_perm._may_administer(@extschema@.tj_resource) IS 'True if the caller is admin of the target (a workspace, type:* or one element), or the owner''s role without an end user. Never NULL.';

CREATE FUNCTION tj_perm._require_admin(p_target @extschema@.tj_resource, p_subject text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- the text must depend on nothing but what the caller typed
	IF NOT tj_perm._may_administer(p_target) THEN
		RAISE EXCEPTION 'permission denied for %', p_subject
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_admin(@extschema@.tj_resource, text) IS 'Raises 42501, the same whether or not the target exists, unless the caller may administer it.';

-- arguments

CREATE FUNCTION tj_perm._require_value(p_value anyelement, p_argument text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_value IS NULL THEN
		RAISE EXCEPTION 'argument "%" must not be null', p_argument
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_value(anyelement, text) IS 'Raises 22023 if the argument is NULL.';

CREATE FUNCTION tj_perm._require_elements(p_values text[], p_argument text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_value(p_values, p_argument);
	IF EXISTS (SELECT FROM pg_catalog.unnest(p_values) AS v (value) WHERE v.value IS NULL) THEN
		RAISE EXCEPTION 'argument "%" must not contain nulls', p_argument
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_elements(text[], text) IS 'Raises 22023 if the array is NULL or holds a NULL.';

CREATE FUNCTION tj_perm._user_argument(p_user_id text, p_argument text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_value(p_user_id, p_argument);
	RETURN tj_perm.normal_user_id(p_user_id);
END
$$;
COMMENT ON FUNCTION tj_perm._user_argument(text, text) IS 'The normalised user id; 22023 if it is NULL or none.';

CREATE FUNCTION tj_perm._users_argument(p_user_ids text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_elements(p_user_ids, 'user_ids');
	RETURN ARRAY(SELECT DISTINCT tj_perm.normal_user_id(u.id) COLLATE "C" AS user_id
				 FROM pg_catalog.unnest(p_user_ids) AS u (id)
				 ORDER BY user_id);
END
$$;
COMMENT ON FUNCTION tj_perm._users_argument(text[]) IS 'The normalised user ids, each once, sorted; 22023 for NULLs and bad ids.';

CREATE FUNCTION tj_perm._groups_argument(p_groups text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_elements(p_groups, 'groups');
	RETURN ARRAY(SELECT DISTINCT ON (tj_perm.fold_group_name(g.name) COLLATE "C") tj_perm.tidy_group_name(g.name)
				 FROM pg_catalog.unnest(p_groups) AS g (name)
				 ORDER BY tj_perm.fold_group_name(g.name) COLLATE "C", tj_perm.tidy_group_name(g.name) COLLATE "C");
END
$$;
COMMENT ON FUNCTION tj_perm._groups_argument(text[]) IS 'The group names, tidied, each once whatever its spelling, sorted as they compare; 22023 for NULLs.';

CREATE FUNCTION tj_perm._new_group_name_argument(p_name text, p_argument text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_name text := tj_perm.tidy_group_name(p_name);
BEGIN
	PERFORM tj_perm._require_value(v_name, p_argument);
	IF v_name = '' THEN
		RAISE EXCEPTION 'group name must not be blank'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF pg_catalog.octet_length(v_name) > 255 THEN
		RAISE EXCEPTION 'group name must not be longer than 255 bytes'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN v_name;
END
$$;
COMMENT ON FUNCTION tj_perm._new_group_name_argument(text, text) IS 'The name as it is stored, tidied; 22023 if it is NULL, blank or too long.';

CREATE FUNCTION tj_perm._require_one_grantee(p_group text, p_user_id text, p_group_argument text, p_user_argument text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_catalog.num_nonnulls(p_group, p_user_id) <> 1 THEN
		RAISE EXCEPTION 'exactly one of "%" and "%" is needed', p_group_argument, p_user_argument
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = pg_catalog.format('Write %s => ''name of a group'' or %s => ''id of a user''.', p_group_argument, p_user_argument);
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_one_grantee(text, text, text, text) IS 'Raises 22023 unless exactly one of group and user is named.';

CREATE FUNCTION tj_perm._require_target(p_resource @extschema@.tj_resource) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_value(p_resource, 'resource');
	IF NOT tj_perm.is_grant_target(p_resource) THEN
		RAISE EXCEPTION 'resource "%" is a path, not a target of grants', p_resource
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Name one target: a workspace, "workspace/type:*" or "workspace/type:id".';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_target(@extschema@.tj_resource) IS 'Raises 22023 unless the resource is a workspace, type:* or one element.';

-- the workspace

CREATE FUNCTION tj_perm._lock_workspace(p_workspace text, p_exclusive boolean) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_status text;
BEGIN
	IF p_exclusive THEN
		SELECT w.status INTO v_status FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace FOR UPDATE;
	ELSE
		SELECT w.status INTO v_status FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace FOR SHARE;
	END IF;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'workspace "%" does not exist', p_workspace
			USING ERRCODE = 'undefined_object';
	END IF;
	RETURN v_status;
END
$$;
COMMENT ON FUNCTION tj_perm._lock_workspace(text, boolean) IS 'Locks the workspace row until the transaction ends and returns its status; 42704 if there is none.';

CREATE FUNCTION tj_perm._require_active(p_workspace text, p_status text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_status <> 'active' THEN
		RAISE EXCEPTION 'workspace "%" is archived', p_workspace
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Use tj_perm.restore_workspace first.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_active(text, text) IS 'Raises 55000 if the workspace''s status is not active.';

CREATE FUNCTION tj_perm._open_target(p_target @extschema@.tj_resource, p_workspace text, p_subject text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_status text;
BEGIN
	PERFORM tj_perm._require_admin(p_target, p_subject);
	v_status := tj_perm._lock_workspace(p_workspace, false);
	-- the lock may have waited; what was so before may not be so any more
	PERFORM tj_perm._require_admin(p_target, p_subject);
	PERFORM tj_perm._require_active(p_workspace, v_status);
END
$$;
COMMENT ON FUNCTION tj_perm._open_target(@extschema@.tj_resource, text, text) IS 'What starts a change: permission on the target (42501), the workspace locked FOR SHARE (42704), active (55000).';

CREATE FUNCTION tj_perm._open_workspace(p_workspace text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_value(p_workspace, 'workspace');
	PERFORM tj_perm._open_target(@extschema@.tj_workspace(p_workspace), p_workspace, pg_catalog.format('workspace "%s"', p_workspace));
END
$$;
COMMENT ON FUNCTION tj_perm._open_workspace(text) IS 'What starts a change by a workspace admin: 22023, 42501, 42704 or 55000, else the workspace is locked FOR SHARE.';

CREATE FUNCTION tj_perm._open_workspace_row(p_workspace text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_subject text := pg_catalog.format('workspace "%s"', p_workspace);
	v_status text;
BEGIN
	PERFORM tj_perm._require_value(p_workspace, 'workspace');
	PERFORM tj_perm._require_admin(@extschema@.tj_workspace(p_workspace), v_subject);
	v_status := tj_perm._lock_workspace(p_workspace, true);
	PERFORM tj_perm._require_admin(@extschema@.tj_workspace(p_workspace), v_subject);
	RETURN v_status;
END
$$;
COMMENT ON FUNCTION tj_perm._open_workspace_row(text) IS 'What starts a change of the workspace itself: 22023, 42501 or 42704, else its row is locked FOR UPDATE and its status returned.';

CREATE FUNCTION tj_perm._read_target(p_target @extschema@.tj_resource, p_workspace text, p_subject text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_status text;
BEGIN
	PERFORM tj_perm._require_admin(p_target, p_subject);
	SELECT w.status INTO v_status FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'workspace "%" does not exist', p_workspace
			USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM tj_perm._require_active(p_workspace, v_status);
END
$$;
COMMENT ON FUNCTION tj_perm._read_target(@extschema@.tj_resource, text, text) IS 'What starts a list: permission on the target (42501), the workspace exists (42704) and is active (55000). Locks nothing.';

CREATE FUNCTION tj_perm._read_workspace(p_workspace text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_value(p_workspace, 'workspace');
	PERFORM tj_perm._read_target(@extschema@.tj_workspace(p_workspace), p_workspace, pg_catalog.format('workspace "%s"', p_workspace));
END
$$;
COMMENT ON FUNCTION tj_perm._read_workspace(text) IS 'What starts a list for workspace admins: 22023, 42501, 42704 or 55000.';

-- groups and members

CREATE FUNCTION tj_perm._no_such_group(p_workspace text, p_group text, p_user_argument text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_user_argument IS NOT NULL AND pg_catalog.strpos(p_group, '@') > 0 THEN
		RAISE EXCEPTION 'group "%" does not exist in workspace "%"', p_group, p_workspace
			USING ERRCODE = 'undefined_object',
				  HINT = pg_catalog.format('For a user write %s => %L.', p_user_argument, p_group);
	END IF;
	RAISE EXCEPTION 'group "%" does not exist in workspace "%"', p_group, p_workspace
		USING ERRCODE = 'undefined_object';
END
$$;
COMMENT ON FUNCTION tj_perm._no_such_group(text, text, text) IS 'Raises 42704; for what looks like an e-mail address with a hint at the argument that takes users, if there is one.';

CREATE FUNCTION tj_perm._read_group(p_workspace text, p_group text, p_user_argument text DEFAULT NULL) RETURNS tj_perm.groups
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group tj_perm.groups;
BEGIN
	SELECT g.* INTO v_group FROM tj_perm.groups AS g
		WHERE g.workspace_id = p_workspace AND g.name_key = tj_perm.fold_group_name(p_group);
	IF NOT FOUND THEN
		PERFORM tj_perm._no_such_group(p_workspace, p_group, p_user_argument);
	END IF;
	RETURN v_group;
END
$$;
COMMENT ON FUNCTION tj_perm._read_group(text, text, text) IS 'The group by its folded name; 42704 if there is none. Locks nothing.';

CREATE FUNCTION tj_perm._lock_group(p_workspace text, p_group text, p_strength text, p_user_argument text DEFAULT NULL) RETURNS tj_perm.groups
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group tj_perm.groups;
	v_found boolean;
BEGIN
	IF p_strength = 'key share' THEN
		SELECT g.* INTO v_group FROM tj_perm.groups AS g
			WHERE g.workspace_id = p_workspace AND g.name_key = tj_perm.fold_group_name(p_group) FOR KEY SHARE;
		v_found := FOUND;
	ELSE
		SELECT g.* INTO v_group FROM tj_perm.groups AS g
			WHERE g.workspace_id = p_workspace AND g.name_key = tj_perm.fold_group_name(p_group) FOR UPDATE;
		v_found := FOUND;
	END IF;
	IF NOT v_found THEN
		PERFORM tj_perm._no_such_group(p_workspace, p_group, p_user_argument);
	END IF;
	RETURN v_group;
END
$$;
COMMENT ON FUNCTION tj_perm._lock_group(text, text, text, text) IS 'The group by its folded name, its row locked: key share (it stays), update (it is renamed or dropped, or a level replaces its others); 42704 if there is none.';

CREATE FUNCTION tj_perm._require_custom(p_group tj_perm.groups) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_group.kind <> 'custom' THEN
		RAISE EXCEPTION 'group "%" is a default group', p_group.name
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Default groups cannot be renamed, dropped, duplicated or nested.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_custom(tj_perm.groups) IS 'Raises 55000 for the default groups.';

CREATE FUNCTION tj_perm._require_listed(p_group tj_perm.groups) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_group.kind = 'all_users' THEN
		RAISE EXCEPTION 'members of group "%" cannot be changed', p_group.name
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Every member of the workspace belongs to it without being listed.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_listed(tj_perm.groups) IS 'Raises 55000 for All Users, whose members are not listed.';

CREATE FUNCTION tj_perm._require_may_extend(p_group tj_perm.groups, p_for_caller boolean) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_horizon timestamp with time zone := tj_perm._horizon(@extschema@.tj_workspace(p_group.workspace_id));
BEGIN
	-- a membership never ends by itself, so it must not hand on a right to
	-- administer that outlasts the one by which it is given, and to the giver
	-- nothing at all that does
	IF v_horizon < 'infinity' AND (p_group.kind = 'admins' OR EXISTS (
		WITH RECURSIVE around (group_id) AS (
			SELECT p_group.group_id
			UNION
			SELECT n.group_id FROM around AS a JOIN tj_perm.group_nesting AS n ON n.inner_group_id = a.group_id)
		SELECT FROM around AS a JOIN tj_perm.grants AS gr ON gr.group_id = a.group_id
		WHERE (p_for_caller OR gr.level OPERATOR(@extschema@.=) 'admin'::@extschema@.tj_level)
		AND coalesce(gr.valid_until, 'infinity') > v_horizon))
	THEN
		RAISE EXCEPTION 'permission denied for group "%"', p_group.name
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = pg_catalog.format('What it holds would outlast your own right, which ends at %s.', v_horizon),
				  HINT = 'Use grant_access with valid_until, or ask an admin whose right does not end.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_may_extend(tj_perm.groups, boolean) IS 'Raises 42501 if the right of the caller, who is an admin of the workspace, ends some day and what the group and those around it administer (for the caller: hold) does not end by then.';

CREATE FUNCTION tj_perm._require_may_add(p_group tj_perm.groups, p_user_ids text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_listed(p_group);
	PERFORM tj_perm._require_may_extend(p_group, coalesce(@extschema@.tj_user() = ANY (p_user_ids), false));
END
$$;
COMMENT ON FUNCTION tj_perm._require_may_add(tj_perm.groups, text[]) IS 'Raises 55000 for All Users, whose members are not listed, and 42501 if membership of these users would outlast the caller''s own right (_require_may_extend).';

CREATE FUNCTION tj_perm._add_user_groups(p_workspace text, p_user_id text, p_groups text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_name text;
	v_group tj_perm.groups;
	v_changed boolean := false;
BEGIN
	FOREACH v_name IN ARRAY p_groups LOOP
		v_group := tj_perm._lock_group(p_workspace, v_name, 'key share');
		PERFORM tj_perm._require_may_add(v_group, ARRAY[p_user_id]);
		INSERT INTO tj_perm.group_members (group_id, workspace_id, user_id)
			VALUES (v_group.group_id, p_workspace, p_user_id)
			ON CONFLICT DO NOTHING;
		v_changed := v_changed OR FOUND;
	END LOOP;
	RETURN v_changed;
END
$$;
COMMENT ON FUNCTION tj_perm._add_user_groups(text, text, text[]) IS 'Adds the member, whose row the caller holds, to the groups (from _groups_argument); true if that changed anything. 42704, 55000.';

CREATE FUNCTION tj_perm._no_such_member(p_workspace text, p_user_id text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'user "%" is not a member of workspace "%"', p_user_id, p_workspace
		USING ERRCODE = 'undefined_object';
END
$$;
COMMENT ON FUNCTION tj_perm._no_such_member(text, text) IS 'Raises 42704.';

CREATE FUNCTION tj_perm._lock_member(p_workspace text, p_user_id text, p_exclusive boolean) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_status text;
	v_found boolean;
BEGIN
	IF p_exclusive THEN
		SELECT m.status INTO v_status FROM tj_perm.members AS m
			WHERE m.workspace_id = p_workspace AND m.user_id = p_user_id FOR UPDATE;
		v_found := FOUND;
	ELSE
		SELECT m.status INTO v_status FROM tj_perm.members AS m
			WHERE m.workspace_id = p_workspace AND m.user_id = p_user_id FOR SHARE;
		v_found := FOUND;
	END IF;
	IF NOT v_found THEN
		PERFORM tj_perm._no_such_member(p_workspace, p_user_id);
	END IF;
	RETURN v_status;
END
$$;
COMMENT ON FUNCTION tj_perm._lock_member(text, text, boolean) IS 'Locks the member''s row, shared (the status stays) or exclusively (it will change), and returns the status; 42704 if there is none.';

CREATE FUNCTION tj_perm._require_not_archived(p_workspace text, p_user_id text, p_status text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_status = 'archived' THEN
		RAISE EXCEPTION 'user "%" is archived in workspace "%"', p_user_id, p_workspace
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Use tj_perm.restore_user first.';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_not_archived(text, text, text) IS 'Raises 55000 for an archived member.';
