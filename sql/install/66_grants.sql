-- Grants: give, set, revoke.

CREATE FUNCTION tj_perm._horizon(p_target @extschema@.tj_resource) RETURNS timestamp with time zone
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := @extschema@.tj_user();
BEGIN
	IF v_user_id IS NULL THEN
		RETURN 'infinity'::timestamp with time zone;
	END IF;
	-- no right at all is checked elsewhere; should it be gone by now, then nothing may last
	RETURN coalesce(tj_perm._level_until(v_user_id, p_target, 'admin'), '-infinity');
END
$$;
COMMENT ON FUNCTION tj_perm._horizon(@extschema@.tj_resource) IS 'Until when the caller''s right to grant on the target lasts; no grant that the caller makes may last longer.';

CREATE FUNCTION tj_perm._require_within_horizon(p_target @extschema@.tj_resource, p_valid_until timestamp with time zone) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_horizon timestamp with time zone := tj_perm._horizon(p_target);
BEGIN
	IF coalesce(p_valid_until, 'infinity') > v_horizon THEN
		RAISE EXCEPTION 'grant on "%" would outlast the right to make it', p_target
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = pg_catalog.format('Use valid_until => %L, or earlier.', v_horizon);
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_within_horizon(@extschema@.tj_resource, timestamp with time zone) IS 'Raises 22023 if a grant valid until then would outlast the caller''s own right on the target.';

CREATE FUNCTION tj_perm._put_grant(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_to_group text, p_to_user text,
	p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_note text, p_only boolean) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
	v_user_id text := tj_perm.normal_user_id(p_to_user);
	v_group tj_perm.groups;
	v_removed boolean := false;
	v_put boolean;
BEGIN
	PERFORM tj_perm._require_target(p_resource);
	PERFORM tj_perm._require_value(p_level, 'level');
	PERFORM tj_perm._require_one_grantee(p_to_group, p_to_user, 'to_group', 'to_user');
	IF p_valid_from >= p_valid_until THEN
		RAISE EXCEPTION 'valid_from must be before valid_until'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM tj_perm._open_target(p_resource, v_workspace, pg_catalog.format('resource "%s"', p_resource));
	PERFORM tj_perm._require_within_horizon(p_resource, p_valid_until);

	-- who replaces other levels holds the grantee's row, so that of two at once
	-- the second one sees what the first one left
	IF p_to_group IS NOT NULL THEN
		v_group := tj_perm._lock_group(v_workspace, p_to_group, CASE WHEN p_only THEN 'update' ELSE 'key share' END, 'to_user');
		IF p_only THEN
			DELETE FROM tj_perm.grants AS gr
				WHERE gr.group_id = v_group.group_id
				AND gr.resource OPERATOR(@extschema@.=) p_resource
				AND gr.level OPERATOR(@extschema@.<>) p_level;
			v_removed := FOUND;
		END IF;
		INSERT INTO tj_perm.grants AS gr (workspace_id, group_id, resource, level, valid_from, valid_until, note)
			VALUES (v_workspace, v_group.group_id, p_resource, p_level, p_valid_from, p_valid_until, p_note)
			ON CONFLICT (group_id, resource, level) WHERE group_id IS NOT NULL DO UPDATE
				SET valid_from = excluded.valid_from,
					valid_until = excluded.valid_until,
					note = excluded.note,
					granted_by = excluded.granted_by,
					granted_at = excluded.granted_at
				WHERE gr.valid_from IS DISTINCT FROM excluded.valid_from
				OR gr.valid_until IS DISTINCT FROM excluded.valid_until
				OR gr.note IS DISTINCT FROM excluded.note;
		v_put := FOUND;
	ELSE
		PERFORM tj_perm._require_not_archived(v_workspace, v_user_id, tj_perm._lock_member(v_workspace, v_user_id, p_only));
		IF p_only THEN
			DELETE FROM tj_perm.grants AS gr
				WHERE gr.workspace_id = v_workspace AND gr.user_id = v_user_id
				AND gr.resource OPERATOR(@extschema@.=) p_resource
				AND gr.level OPERATOR(@extschema@.<>) p_level;
			v_removed := FOUND;
		END IF;
		INSERT INTO tj_perm.grants AS gr (workspace_id, user_id, resource, level, valid_from, valid_until, note)
			VALUES (v_workspace, v_user_id, p_resource, p_level, p_valid_from, p_valid_until, p_note)
			ON CONFLICT (workspace_id, user_id, resource, level) WHERE user_id IS NOT NULL DO UPDATE
				SET valid_from = excluded.valid_from,
					valid_until = excluded.valid_until,
					note = excluded.note,
					granted_by = excluded.granted_by,
					granted_at = excluded.granted_at
				WHERE gr.valid_from IS DISTINCT FROM excluded.valid_from
				OR gr.valid_until IS DISTINCT FROM excluded.valid_until
				OR gr.note IS DISTINCT FROM excluded.note;
		v_put := FOUND;
	END IF;
	RETURN v_removed OR v_put;
END
$$;
COMMENT ON FUNCTION tj_perm._put_grant(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamp with time zone, timestamp with time zone, text, boolean) IS 'Adds or renews a grant; p_only removes the grantee''s other levels on the target.';

CREATE FUNCTION tj_perm.grant_access(resource @extschema@.tj_resource, level @extschema@.tj_level, to_group text DEFAULT NULL, to_user text DEFAULT NULL,
	valid_from timestamp with time zone DEFAULT NULL, valid_until timestamp with time zone DEFAULT NULL, note text DEFAULT NULL) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.grant_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamp with time zone, timestamp with time zone, text) IS
'Grants a level on a target (a workspace, workspace/type:* or workspace/type:id) to one group or one user, valid from valid_from (NULL: at once) until before valid_until (NULL: for ever). Other levels of the same grantee stay; granting the same level again replaces its validity and note. Returns false if exactly this is granted already. Errors: 42501, 42704 no such workspace, group or member, 55000 archived workspace or user, 22023 NULL, a path as target, not exactly one grantee, an empty validity, or one that outlasts the caller''s own right. Who may: admins of the target.';

CREATE FUNCTION tj_perm._grant_access(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_to_group text, p_to_user text,
	p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_note text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN tj_perm._put_grant(p_resource, p_level, p_to_group, p_to_user, p_valid_from, p_valid_until, p_note, false);
END
$$;
COMMENT ON FUNCTION tj_perm._grant_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamp with time zone, timestamp with time zone, text) IS 'The body of grant_access.';

CREATE FUNCTION tj_perm.set_access(resource @extschema@.tj_resource, level @extschema@.tj_level, to_group text DEFAULT NULL, to_user text DEFAULT NULL,
	valid_from timestamp with time zone DEFAULT NULL, valid_until timestamp with time zone DEFAULT NULL, note text DEFAULT NULL) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.set_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamp with time zone, timestamp with time zone, text) IS
'Grants a level on a target as grant_access does, and removes every other level that the same grantee holds on the same target. Returns false if exactly this is granted already and nothing else. Errors and who may: as grant_access.';

CREATE FUNCTION tj_perm._set_access(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_to_group text, p_to_user text,
	p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_note text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN tj_perm._put_grant(p_resource, p_level, p_to_group, p_to_user, p_valid_from, p_valid_until, p_note, true);
END
$$;
COMMENT ON FUNCTION tj_perm._set_access(@extschema@.tj_resource, @extschema@.tj_level, text, text, timestamp with time zone, timestamp with time zone, text) IS 'The body of set_access.';

CREATE FUNCTION tj_perm.revoke_access(resource @extschema@.tj_resource, level @extschema@.tj_level DEFAULT NULL, from_group text DEFAULT NULL, from_user text DEFAULT NULL) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.revoke_access(@extschema@.tj_resource, @extschema@.tj_level, text, text) IS
'Removes a grant of one group or one user on exactly this target (a workspace, workspace/type:* or workspace/type:id): the level given, or all levels if it is NULL. What the grantee holds by other grants stays. Returns true if anything was removed. Errors: 42501, 42704 no such workspace, group or member, 55000 archived workspace, 22023 NULL, a path as target or not exactly one grantee. Who may: admins of the target.';

CREATE FUNCTION tj_perm._revoke_access(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_from_group text, p_from_user text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
	v_user_id text := tj_perm.normal_user_id(p_from_user);
	v_group tj_perm.groups;
BEGIN
	PERFORM tj_perm._require_target(p_resource);
	PERFORM tj_perm._require_one_grantee(p_from_group, p_from_user, 'from_group', 'from_user');
	PERFORM tj_perm._open_target(p_resource, v_workspace, pg_catalog.format('resource "%s"', p_resource));
	IF p_from_group IS NOT NULL THEN
		v_group := tj_perm._lock_group(v_workspace, p_from_group, 'key share', 'from_user');
		DELETE FROM tj_perm.grants AS gr
			WHERE gr.group_id = v_group.group_id
			AND gr.resource OPERATOR(@extschema@.=) p_resource
			AND (p_level IS NULL OR gr.level OPERATOR(@extschema@.=) p_level);
	ELSE
		PERFORM tj_perm._lock_member(v_workspace, v_user_id, false);
		DELETE FROM tj_perm.grants AS gr
			WHERE gr.workspace_id = v_workspace AND gr.user_id = v_user_id
			AND gr.resource OPERATOR(@extschema@.=) p_resource
			AND (p_level IS NULL OR gr.level OPERATOR(@extschema@.=) p_level);
	END IF;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._revoke_access(@extschema@.tj_resource, @extschema@.tj_level, text, text) IS 'The body of revoke_access.';
