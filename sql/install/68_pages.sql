-- Pages: what an app's own settings pages list, for those who may see it.
-- Lists are STABLE: they show the calling statement's snapshot, lock nothing,
-- and work in READ ONLY transactions.

CREATE FUNCTION tj_perm.my_workspaces() RETURNS TABLE (workspace text, name text, status text, my_status text, my_level @extschema@.tj_level, is_admin boolean)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.my_workspaces() IS
'The workspaces that tj_user() is a member of, by key: display name, status (active, archived), the user''s own status there (active, invited, archived), the level held now on the workspace as a whole (NULL if none) and whether the user administers it, which they do while it is archived too. No rows if no user is set. Who may: everybody, about themself.';

CREATE FUNCTION tj_perm._my_workspaces() RETURNS TABLE (workspace text, name text, status text, my_status text, my_level @extschema@.tj_level, is_admin boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := @extschema@.tj_user();
BEGIN
	RETURN QUERY
		SELECT w.workspace_id, coalesce(w.name, w.workspace_id), w.status, m.status,
			   @extschema@.tj_level_on(v_user_id, @extschema@.tj_workspace(w.workspace_id)),
			   coalesce(tj_perm._level_on(v_user_id, @extschema@.tj_workspace(w.workspace_id), true) OPERATOR(@extschema@.=) 'admin'::@extschema@.tj_level, false)
		FROM tj_perm.members AS m
		JOIN tj_perm.workspaces AS w ON w.workspace_id = m.workspace_id
		WHERE m.user_id = v_user_id
		ORDER BY w.workspace_id;
END
$$;
COMMENT ON FUNCTION tj_perm._my_workspaces() IS 'The body of my_workspaces.';

CREATE FUNCTION tj_perm.members_of(workspace text) RETURNS TABLE (user_id text, status text, groups text[], is_admin boolean, created_at timestamp with time zone)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.members_of(text) IS
'The members of a workspace, by user id: status (active, invited, archived), the groups that list them by name (All Users lists nobody), whether they are workspace admins now, and since when they are members. Errors: 42501, 42704 no such workspace, 55000 archived workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._members_of(p_workspace text) RETURNS TABLE (user_id text, status text, groups text[], is_admin boolean, created_at timestamp with time zone)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._read_workspace(p_workspace);
	RETURN QUERY
		SELECT m.user_id, m.status,
			   ARRAY(SELECT g.name FROM tj_perm.group_members AS gm
					 JOIN tj_perm.groups AS g ON g.group_id = gm.group_id
					 WHERE gm.workspace_id = m.workspace_id AND gm.user_id = m.user_id
					 ORDER BY g.name_key),
			   coalesce(tj_perm._level_on(m.user_id, @extschema@.tj_workspace(m.workspace_id), true) OPERATOR(@extschema@.=) 'admin'::@extschema@.tj_level, false),
			   m.created_at
		FROM tj_perm.members AS m
		WHERE m.workspace_id = p_workspace
		ORDER BY m.user_id;
END
$$;
COMMENT ON FUNCTION tj_perm._members_of(text) IS 'The body of members_of.';

CREATE FUNCTION tj_perm.groups_of(workspace text) RETURNS TABLE (group_name text, kind text, members bigint, listed bigint, holds text[], lies_in text[], grants bigint)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.groups_of(text) IS
'The groups of a workspace, the default groups first, then by name: kind (all_users, admins, custom), how many members belong to it whatever their status (through inner groups too), how many it lists itself, the groups that it holds and lies in directly, and how many grants it has. Errors: 42501, 42704 no such workspace, 55000 archived workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._groups_of(p_workspace text) RETURNS TABLE (group_name text, kind text, members bigint, listed bigint, holds text[], lies_in text[], grants bigint)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._read_workspace(p_workspace);
	RETURN QUERY
		WITH RECURSIVE inside (outer_id, inner_id) AS (
			SELECT g.group_id, g.group_id FROM tj_perm.groups AS g WHERE g.workspace_id = p_workspace
			UNION
			SELECT i.outer_id, n.inner_group_id
			FROM inside AS i JOIN tj_perm.group_nesting AS n ON n.group_id = i.inner_id
		), belonging (group_id, users) AS (
			SELECT i.outer_id, count(DISTINCT gm.user_id)
			FROM inside AS i JOIN tj_perm.group_members AS gm ON gm.group_id = i.inner_id
			GROUP BY i.outer_id
		)
		SELECT g.name, g.kind,
			   CASE g.kind WHEN 'all_users' THEN (SELECT count(*) FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace)
						   ELSE coalesce(b.users, 0) END,
			   (SELECT count(*) FROM tj_perm.group_members AS gm WHERE gm.group_id = g.group_id),
			   ARRAY(SELECT o.name FROM tj_perm.group_nesting AS n JOIN tj_perm.groups AS o ON o.group_id = n.inner_group_id
					 WHERE n.group_id = g.group_id ORDER BY o.name_key),
			   ARRAY(SELECT o.name FROM tj_perm.group_nesting AS n JOIN tj_perm.groups AS o ON o.group_id = n.group_id
					 WHERE n.inner_group_id = g.group_id ORDER BY o.name_key),
			   (SELECT count(*) FROM tj_perm.grants AS gr WHERE gr.group_id = g.group_id)
		FROM tj_perm.groups AS g
		LEFT JOIN belonging AS b ON b.group_id = g.group_id
		WHERE g.workspace_id = p_workspace
		ORDER BY CASE g.kind WHEN 'all_users' THEN 1 WHEN 'admins' THEN 2 ELSE 3 END, g.name_key;
END
$$;
COMMENT ON FUNCTION tj_perm._groups_of(text) IS 'The body of groups_of.';

CREATE FUNCTION tj_perm.members_of_group(workspace text, group_name text) RETURNS TABLE (user_id text, status text, direct boolean, via text[])
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.members_of_group(text, text) IS
'Who belongs to a group, by user id: status (invited and archived members sleep), whether by the group itself, and the inner groups that list them, if any. For All Users every member of the workspace. Errors: 42501, 42704 no such workspace or group, 55000 archived workspace, 22023 NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._members_of_group(p_workspace text, p_group_name text) RETURNS TABLE (user_id text, status text, direct boolean, via text[])
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_group tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_value(p_group_name, 'group_name');
	PERFORM tj_perm._read_workspace(p_workspace);
	v_group := tj_perm._read_group(p_workspace, p_group_name);
	IF v_group.kind = 'all_users' THEN
		RETURN QUERY
			SELECT m.user_id, m.status, true, '{}'::text[] FROM tj_perm.members AS m
			WHERE m.workspace_id = p_workspace ORDER BY m.user_id;
		RETURN;
	END IF;
	RETURN QUERY
		WITH RECURSIVE inside (group_id) AS (
			SELECT v_group.group_id
			UNION
			SELECT n.inner_group_id FROM inside AS i JOIN tj_perm.group_nesting AS n ON n.group_id = i.group_id
		)
		SELECT m.user_id, m.status,
			   bool_or(g.group_id = v_group.group_id),
			   coalesce(array_agg(g.name ORDER BY g.name_key) FILTER (WHERE g.group_id <> v_group.group_id), '{}')
		FROM inside AS i
		JOIN tj_perm.groups AS g ON g.group_id = i.group_id
		JOIN tj_perm.group_members AS gm ON gm.group_id = i.group_id
		JOIN tj_perm.members AS m ON m.workspace_id = gm.workspace_id AND m.user_id = gm.user_id
		GROUP BY m.user_id, m.status
		ORDER BY m.user_id;
END
$$;
COMMENT ON FUNCTION tj_perm._members_of_group(text, text) IS 'The body of members_of_group.';

CREATE FUNCTION tj_perm.grants_on(resource @extschema@.tj_resource)
	RETURNS TABLE (to_group text, to_user text, level @extschema@.tj_level, active boolean, valid_from timestamp with time zone, valid_until timestamp with time zone, granted_by text, granted_at timestamp with time zone, note text)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.grants_on(@extschema@.tj_resource) IS
'The grants whose target is exactly this one (a workspace, workspace/type:* or workspace/type:id), groups first, highest level first: the grantee, the level, whether it is valid now (for a user: an active one), its validity, who granted it when, and the note. Grants on what holds the target are not listed. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 NULL or a path. Who may: admins of the target.';

CREATE FUNCTION tj_perm._grants_on(p_resource @extschema@.tj_resource)
	RETURNS TABLE (to_group text, to_user text, level @extschema@.tj_level, active boolean, valid_from timestamp with time zone, valid_until timestamp with time zone, granted_by text, granted_at timestamp with time zone, note text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._require_target(p_resource);
	PERFORM tj_perm._read_target(p_resource, tj_perm.workspace_of(p_resource), pg_catalog.format('resource "%s"', p_resource));
	RETURN QUERY
		SELECT g.name, gr.user_id, gr.level,
			   tj_perm._is_valid_now(gr.valid_from, gr.valid_until) AND (m.user_id IS NULL OR m.status = 'active'),
			   gr.valid_from, gr.valid_until, gr.granted_by, gr.granted_at, gr.note
		FROM tj_perm.grants AS gr
		LEFT JOIN tj_perm.groups AS g ON g.group_id = gr.group_id
		LEFT JOIN tj_perm.members AS m ON m.workspace_id = gr.workspace_id AND m.user_id = gr.user_id
		WHERE gr.resource OPERATOR(@extschema@.=) p_resource
		ORDER BY g.name_key NULLS LAST, gr.user_id, gr.level USING OPERATOR(@extschema@.>);
END
$$;
COMMENT ON FUNCTION tj_perm._grants_on(@extschema@.tj_resource) IS 'The body of grants_on.';

CREATE FUNCTION tj_perm._is_valid_now(p_valid_from timestamp with time zone, p_valid_until timestamp with time zone) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(p_valid_from OPERATOR(pg_catalog.<=) pg_catalog.statement_timestamp(), true)
		AND coalesce(pg_catalog.statement_timestamp() OPERATOR(pg_catalog.<) p_valid_until, true);
COMMENT ON FUNCTION tj_perm._is_valid_now(timestamp with time zone, timestamp with time zone) IS 'Whether the client statement began within [from, until).';

CREATE FUNCTION tj_perm.grants_of(workspace text, to_group text DEFAULT NULL, to_user text DEFAULT NULL)
	RETURNS TABLE (resource @extschema@.tj_resource, level @extschema@.tj_level, active boolean, valid_from timestamp with time zone, valid_until timestamp with time zone, granted_by text, granted_at timestamp with time zone, note text)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.grants_of(text, text, text) IS
'The grants that one group or one user of a workspace holds itself, by target, highest level first: whether it is valid now (for a user: an active one), its validity, who granted it when, and the note. What a user gets by groups is not listed. Errors: 42501, 42704 no such workspace, group or member, 55000 archived workspace, 22023 not exactly one grantee, or NULL. Who may: workspace admins; every active member about themself (tj_user() is to_user).';

CREATE FUNCTION tj_perm._grants_of(p_workspace text, p_to_group text, p_to_user text)
	RETURNS TABLE (resource @extschema@.tj_resource, level @extschema@.tj_level, active boolean, valid_from timestamp with time zone, valid_until timestamp with time zone, granted_by text, granted_at timestamp with time zone, note text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm.normal_user_id(p_to_user);
	v_group tj_perm.groups;
	v_status text;
BEGIN
	PERFORM tj_perm._require_one_grantee(p_to_group, p_to_user, 'to_group', 'to_user');
	IF v_user_id IS DISTINCT FROM @extschema@.tj_user() OR NOT @extschema@.tj_is_member(v_user_id, p_workspace) THEN
		PERFORM tj_perm._read_workspace(p_workspace);
	END IF;
	IF p_to_group IS NOT NULL THEN
		v_group := tj_perm._read_group(p_workspace, p_to_group, 'to_user');
		RETURN QUERY
			SELECT gr.resource, gr.level, tj_perm._is_valid_now(gr.valid_from, gr.valid_until),
				   gr.valid_from, gr.valid_until, gr.granted_by, gr.granted_at, gr.note
			FROM tj_perm.grants AS gr
			WHERE gr.group_id = v_group.group_id
			ORDER BY gr.resource USING OPERATOR(@extschema@.<), gr.level USING OPERATOR(@extschema@.>);
	ELSE
		SELECT m.status INTO v_status FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
		IF NOT FOUND THEN
			PERFORM tj_perm._no_such_member(p_workspace, v_user_id);
		END IF;
		RETURN QUERY
			SELECT gr.resource, gr.level, tj_perm._is_valid_now(gr.valid_from, gr.valid_until) AND v_status = 'active',
				   gr.valid_from, gr.valid_until, gr.granted_by, gr.granted_at, gr.note
			FROM tj_perm.grants AS gr
			WHERE gr.workspace_id = p_workspace AND gr.user_id = v_user_id
			ORDER BY gr.resource USING OPERATOR(@extschema@.<), gr.level USING OPERATOR(@extschema@.>);
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._grants_of(text, text, text) IS 'The body of grants_of.';

CREATE FUNCTION tj_perm.invitations_of(workspace text) RETURNS TABLE (invitation_id uuid, user_id text, groups text[], restores boolean, invited_by text, invited_at timestamp with time zone, expires_at timestamp with time zone, expired boolean)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.invitations_of(text) IS
'The open invitations of a workspace, by user id, expired ones too: the id that NOTIFY carries, the groups waiting for the user, whether it restores an archived member, who invited when, and when it expires. Tokens are stored nowhere. Errors: 42501, 42704 no such workspace, 55000 archived workspace. Who may: workspace admins.';

CREATE FUNCTION tj_perm._invitations_of(p_workspace text) RETURNS TABLE (invitation_id uuid, user_id text, groups text[], restores boolean, invited_by text, invited_at timestamp with time zone, expires_at timestamp with time zone, expired boolean)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tj_perm._read_workspace(p_workspace);
	RETURN QUERY
		SELECT i.invitation_id, i.user_id,
			   ARRAY(SELECT g.name FROM tj_perm.group_members AS gm
					 JOIN tj_perm.groups AS g ON g.group_id = gm.group_id
					 WHERE gm.workspace_id = i.workspace_id AND gm.user_id = i.user_id
					 ORDER BY g.name_key),
			   i.restores, i.invited_by, i.invited_at, i.expires_at,
			   i.expires_at <= pg_catalog.statement_timestamp()
		FROM tj_perm.invitations AS i
		WHERE i.workspace_id = p_workspace
		ORDER BY i.user_id;
END
$$;
COMMENT ON FUNCTION tj_perm._invitations_of(text) IS 'The body of invitations_of.';

CREATE FUNCTION tj_perm.invitation(invitation_id uuid) RETURNS TABLE (workspace text, name text, user_id text, invited_by text, invited_at timestamp with time zone, expires_at timestamp with time zone)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.invitation(uuid) IS
'What a mailer needs to know about an open invitation whose id came by NOTIFY tj_perm_invitation: workspace and its display name, the invited user, who invited when, and when it expires. No row if it was accepted, withdrawn or never made. The token is not in it. Who may: roles with EXECUTE (PUBLIC has not).';

CREATE FUNCTION tj_perm._invitation(p_invitation_id uuid) RETURNS TABLE (workspace text, name text, user_id text, invited_by text, invited_at timestamp with time zone, expires_at timestamp with time zone)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
		SELECT i.workspace_id, coalesce(w.name, w.workspace_id), i.user_id, i.invited_by, i.invited_at, i.expires_at
		FROM tj_perm.invitations AS i
		JOIN tj_perm.workspaces AS w ON w.workspace_id = i.workspace_id
		WHERE i.invitation_id = p_invitation_id;
END
$$;
COMMENT ON FUNCTION tj_perm._invitation(uuid) IS 'The body of invitation.';
