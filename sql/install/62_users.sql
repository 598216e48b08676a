-- Users: invitations, membership, archive, removal, change of a user id.

CREATE FUNCTION tj_perm._expiry(p_expires interval) RETURNS timestamp with time zone
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_expires_at timestamp with time zone;
BEGIN
	PERFORM tj_perm._require_value(p_expires, 'expires');
	BEGIN
		v_expires_at := pg_catalog.statement_timestamp() + p_expires;
	EXCEPTION WHEN datetime_field_overflow THEN
		v_expires_at := 'infinity'::timestamp with time zone;
	END;
	IF NOT pg_catalog.isfinite(v_expires_at) OR v_expires_at <= pg_catalog.statement_timestamp() THEN
		RAISE EXCEPTION 'invitation cannot expire after "%"', p_expires
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Use a positive interval, for instance ''7 days''.';
	END IF;
	RETURN v_expires_at;
END
$$;
COMMENT ON FUNCTION tj_perm._expiry(interval) IS 'When an invitation made now expires; 22023 if that is not a time in the future.';

CREATE FUNCTION tj_perm._make_invitation(p_workspace text, p_user_id text, p_expires_at timestamp with time zone, p_restores boolean) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_token uuid := pg_catalog.gen_random_uuid();
	v_invitation_id uuid;
BEGIN
	INSERT INTO tj_perm.invitations AS i (workspace_id, user_id, token_hash, restores, invited_at, expires_at)
		VALUES (p_workspace, p_user_id, pg_catalog.sha256(pg_catalog.uuid_send(v_token)), p_restores, pg_catalog.statement_timestamp(), p_expires_at)
		ON CONFLICT (workspace_id, user_id) DO UPDATE
			SET token_hash = excluded.token_hash,
				restores = i.restores OR excluded.restores,
				invited_by = excluded.invited_by,
				invited_at = excluded.invited_at,
				expires_at = excluded.expires_at
		RETURNING i.invitation_id INTO v_invitation_id;
	-- every role may LISTEN: the id opens nothing
	PERFORM pg_catalog.pg_notify('tj_perm_invitation', v_invitation_id::text);
	RETURN v_token;
END
$$;
COMMENT ON FUNCTION tj_perm._make_invitation(text, text, timestamp with time zone, boolean) IS 'Stores an invitation of the member, whose row the caller holds, or replaces the open one''s token; notifies; returns the token.';

CREATE FUNCTION tj_perm._ensure_member(p_workspace text, p_user_id text, p_status text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_status text;
BEGIN
	-- again if another session inserts or deletes the row meanwhile
	LOOP
		SELECT m.status INTO v_status FROM tj_perm.members AS m
			WHERE m.workspace_id = p_workspace AND m.user_id = p_user_id FOR UPDATE;
		EXIT WHEN FOUND;
		INSERT INTO tj_perm.members (workspace_id, user_id, status) VALUES (p_workspace, p_user_id, p_status)
			ON CONFLICT DO NOTHING;
		EXIT WHEN FOUND;
	END LOOP;
	RETURN v_status;
END
$$;
COMMENT ON FUNCTION tj_perm._ensure_member(text, text, text) IS 'Locks the member''s row and returns the status, or makes the member with the given status and returns NULL.';

CREATE FUNCTION tj_perm.invite_user(workspace text, user_id text, groups text[] DEFAULT '{}', expires interval DEFAULT '7 days') RETURNS uuid
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.invite_user(text, text, text[], interval) IS
'Invites a user, who has no access before accepting, and adds them to the groups. Returns the token for accept_invitation: it is shown once and stored as a hash only; NOTIFY tj_perm_invitation carries the invitation''s id. Inviting again while the invitation is open replaces the token, renews the expiry and adds the groups. Errors: 42501, 42704 no such workspace or group, 42710 an active member already, 55000 archived workspace or user, or All Users among the groups, 22023 bad user id, NULL, or an expiry that is not in the future. Who may: workspace admins.';

CREATE FUNCTION tj_perm._invite_user(p_workspace text, p_user_id text, p_groups text[], p_expires interval) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_groups text[] := tj_perm._groups_argument(p_groups);
	v_expires_at timestamp with time zone := tj_perm._expiry(p_expires);
	v_status text;
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	v_status := tj_perm._ensure_member(p_workspace, v_user_id, 'invited');
	IF v_status = 'active' THEN
		RAISE EXCEPTION 'user "%" is a member of workspace "%" already', v_user_id, p_workspace
			USING ERRCODE = 'duplicate_object',
				  HINT = 'Use tj_perm.add_to_group to add the user to groups.';
	END IF;
	PERFORM tj_perm._require_not_archived(p_workspace, v_user_id, v_status);
	PERFORM tj_perm._add_user_groups(p_workspace, v_user_id, v_groups);
	RETURN tj_perm._make_invitation(p_workspace, v_user_id, v_expires_at, false);
END
$$;
COMMENT ON FUNCTION tj_perm._invite_user(text, text, text[], interval) IS 'The body of invite_user.';

CREATE FUNCTION tj_perm.withdraw_invitation(workspace text, user_id text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.withdraw_invitation(text, text) IS
'Withdraws an open invitation, expired or not: who was invited by invite_user is no member any more, with all that hung on it; who was invited by restore_user is archived again. Returns false if no invitation is open for the user. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 bad user id. Who may: workspace admins.';

CREATE FUNCTION tj_perm._withdraw_invitation(p_workspace text, p_user_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_status text;
	v_restores boolean;
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	SELECT m.status INTO v_status FROM tj_perm.members AS m
		WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id FOR UPDATE;
	DELETE FROM tj_perm.invitations AS i WHERE i.workspace_id = p_workspace AND i.user_id = v_user_id
		RETURNING i.restores INTO v_restores;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF v_status = 'invited' THEN
		IF v_restores THEN
			UPDATE tj_perm.members AS m SET status = 'archived'
				WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
		ELSE
			DELETE FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
		END IF;
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm._withdraw_invitation(text, text) IS 'The body of withdraw_invitation.';

CREATE FUNCTION tj_perm.accept_invitation(token uuid) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.accept_invitation(uuid) IS
'Accepts an invitation: the invited member becomes active, the token is used up. Returns true. Errors: 42501, one and the same for a token that is unknown, used, withdrawn, replaced or expired and for a tj_user() that is somebody else; 55000 archived workspace. Who may: whoever has the token; if tj_user() is set it must be the invited user.';

CREATE FUNCTION tj_perm._accept_invitation(p_token uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_hash bytea := pg_catalog.sha256(pg_catalog.uuid_send(p_token));
	v_user_id text := @extschema@.tj_user();
	v_invitation tj_perm.invitations;
	v_workspace_status text;
	v_member_status text;
	v_valid boolean;
BEGIN
	SELECT i.* INTO v_invitation FROM tj_perm.invitations AS i
		WHERE i.token_hash = v_hash
		AND i.expires_at > pg_catalog.statement_timestamp()
		AND (v_user_id IS NULL OR i.user_id = v_user_id);
	v_valid := FOUND;
	IF v_valid THEN
		-- the same order of locks as everywhere: workspace, member, invitation
		SELECT w.status INTO v_workspace_status FROM tj_perm.workspaces AS w
			WHERE w.workspace_id = v_invitation.workspace_id FOR SHARE;
		SELECT m.status INTO v_member_status FROM tj_perm.members AS m
			WHERE m.workspace_id = v_invitation.workspace_id AND m.user_id = v_invitation.user_id FOR UPDATE;
		-- the deletion decides: a token works once, and only while it is open
		DELETE FROM tj_perm.invitations AS i
			WHERE i.invitation_id = v_invitation.invitation_id
			AND i.user_id = v_invitation.user_id
			AND i.token_hash = v_hash
			AND i.expires_at > pg_catalog.statement_timestamp();
		v_valid := FOUND AND v_member_status IN ('invited', 'active');
	END IF;
	IF v_valid IS NOT TRUE THEN
		RAISE EXCEPTION 'invitation is not valid'
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Tokens work once, until they expire, are replaced or are withdrawn, and for the invited user only. A workspace admin can invite again.';
	END IF;
	PERFORM tj_perm._require_active(v_invitation.workspace_id, v_workspace_status);
	UPDATE tj_perm.members AS m SET status = 'active'
		WHERE m.workspace_id = v_invitation.workspace_id AND m.user_id = v_invitation.user_id AND m.status = 'invited';
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._accept_invitation(uuid) IS 'The body of accept_invitation.';

CREATE FUNCTION tj_perm.add_user(workspace text, user_id text, groups text[] DEFAULT '{}') RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.add_user(text, text, text[]) IS
'Makes a user an active member at once, without an invitation, and adds them to the groups; an open invitation is used up. For migrations and apps that invite in their own way. Returns true if anything changed. Errors: 42501, 42704 no such workspace or group, 55000 archived workspace or user, or All Users among the groups, 22023 bad user id or NULL. Who may: workspace admins.';

CREATE FUNCTION tj_perm._add_user(p_workspace text, p_user_id text, p_groups text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_groups text[] := tj_perm._groups_argument(p_groups);
	v_status text;
	v_regrouped boolean;
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	v_status := tj_perm._ensure_member(p_workspace, v_user_id, 'active');
	PERFORM tj_perm._require_not_archived(p_workspace, v_user_id, v_status);
	IF v_status = 'invited' THEN
		DELETE FROM tj_perm.invitations AS i WHERE i.workspace_id = p_workspace AND i.user_id = v_user_id;
		UPDATE tj_perm.members AS m SET status = 'active'
			WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
	END IF;
	v_regrouped := tj_perm._add_user_groups(p_workspace, v_user_id, v_groups);
	RETURN v_status IS DISTINCT FROM 'active' OR v_regrouped;
END
$$;
COMMENT ON FUNCTION tj_perm._add_user(text, text, text[]) IS 'The body of add_user.';

CREATE FUNCTION tj_perm.set_user_groups(workspace text, user_id text, groups text[]) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.set_user_groups(text, text, text[]) IS
'Makes the groups given the only custom groups that list the member: adds what is missing, removes the rest; for synchronising with a directory. Admins is left as it is, and so are memberships through inner groups. Returns true if anything changed. Errors: 42501, 42704 no such workspace, user or group, 55000 archived workspace or user, 22023 NULL or a default group. Who may: workspace admins.';

CREATE FUNCTION tj_perm._set_user_groups(p_workspace text, p_user_id text, p_groups text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_groups text[] := tj_perm._groups_argument(p_groups);
	v_name text;
	v_keys text[] := '{}'::text[];
	v_added boolean;
	v_removed boolean;
BEGIN
	FOREACH v_name IN ARRAY v_groups LOOP
		IF tj_perm._is_reserved_group_name(v_name) THEN
			RAISE EXCEPTION 'group "%" cannot be set', v_name
				USING ERRCODE = 'invalid_parameter_value',
					  HINT = 'Only custom groups are replaced. Use tj_perm.add_to_group and tj_perm.remove_from_group for Admins; every member belongs to All Users.';
		END IF;
		v_keys := v_keys || tj_perm.fold_group_name(v_name);
	END LOOP;
	PERFORM tj_perm._open_workspace(p_workspace);
	PERFORM tj_perm._require_not_archived(p_workspace, v_user_id, tj_perm._lock_member(p_workspace, v_user_id, true));
	v_added := tj_perm._add_user_groups(p_workspace, v_user_id, v_groups);
	DELETE FROM tj_perm.group_members AS gm
		USING tj_perm.groups AS g
		WHERE gm.workspace_id = p_workspace AND gm.user_id = v_user_id
		AND g.group_id = gm.group_id AND g.kind = 'custom' AND g.name_key <> ALL (v_keys);
	v_removed := FOUND;
	RETURN v_added OR v_removed;
END
$$;
COMMENT ON FUNCTION tj_perm._set_user_groups(text, text, text[]) IS 'The body of set_user_groups.';

CREATE FUNCTION tj_perm.archive_user(workspace text, user_id text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.archive_user(text, text) IS
'Archives a member: no access any more; memberships and grants stay and sleep; an open invitation is withdrawn. Returns false if archived already. Errors: 42501, 42704 no such workspace or user, 55000 archived workspace or the last active member of Admins. Who may: workspace admins.';

CREATE FUNCTION tj_perm._archive_user(p_workspace text, p_user_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	IF tj_perm._lock_member(p_workspace, v_user_id, true) = 'archived' THEN
		RETURN false;
	END IF;
	UPDATE tj_perm.members AS m SET status = 'archived'
		WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
	DELETE FROM tj_perm.invitations AS i WHERE i.workspace_id = p_workspace AND i.user_id = v_user_id;
	RETURN true;
END
$$;
COMMENT ON FUNCTION tj_perm._archive_user(text, text) IS 'The body of archive_user.';

CREATE FUNCTION tj_perm.restore_user(workspace text, user_id text) RETURNS uuid
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.restore_user(text, text) IS
'Invites an archived member again: returns a new token, valid for 7 days, and notifies as invite_user does; on acceptance the sleeping memberships and grants wake. Errors: 42501, 42704 no such workspace or user, 55000 archived workspace, or the user is not archived. Who may: workspace admins.';

CREATE FUNCTION tj_perm._restore_user(p_workspace text, p_user_id text) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
BEGIN
	PERFORM tj_perm._open_workspace(p_workspace);
	IF tj_perm._lock_member(p_workspace, v_user_id, true) <> 'archived' THEN
		RAISE EXCEPTION 'user "%" is not archived in workspace "%"', v_user_id, p_workspace
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'To renew an open invitation use tj_perm.invite_user.';
	END IF;
	UPDATE tj_perm.members AS m SET status = 'invited'
		WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
	RETURN tj_perm._make_invitation(p_workspace, v_user_id, tj_perm._expiry('7 days'), true);
END
$$;
COMMENT ON FUNCTION tj_perm._restore_user(text, text) IS 'The body of restore_user.';

CREATE FUNCTION tj_perm.remove_user(workspace text, user_id text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.remove_user(text, text) IS
'Removes a member for good, with their memberships of groups, grants and invitation; the history stays. Inviting again starts from nothing. Returns true. Errors: 42501, 42704 no such workspace or user, 55000 archived workspace or the last active member of Admins. Who may: workspace admins; every member themself (tj_user() is that user).';

CREATE FUNCTION tj_perm._remove_user(p_workspace text, p_user_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
BEGIN
	IF v_user_id = @extschema@.tj_user()
		AND EXISTS (SELECT FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id)
	THEN
		PERFORM tj_perm._require_active(p_workspace, tj_perm._lock_workspace(p_workspace, false));
	ELSE
		PERFORM tj_perm._open_workspace(p_workspace);
	END IF;
	PERFORM tj_perm._lock_member(p_workspace, v_user_id, true);
	DELETE FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tj_perm._remove_user(text, text) IS 'The body of remove_user.';

CREATE FUNCTION tj_perm.change_user_id(old_id text, new_id text) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.change_user_id(text, text) IS
'Gives a user another id in all workspaces at once, archived ones too, with everything that hangs on it. What was written down about the past keeps the old id: the history, and granted_by and invited_by. Returns true if the user was a member anywhere. Errors: 42501, 42710 the new id is a member of one of the same workspaces, 22023 bad user id. Who may: the extension''s owner, without tj_user().';

CREATE FUNCTION tj_perm._change_user_id(p_old_id text, p_new_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_old_id text := tj_perm._user_argument(p_old_id, 'old_id');
	v_new_id text := tj_perm._user_argument(p_new_id, 'new_id');
BEGIN
	IF NOT tj_perm._is_owner_role() THEN
		RAISE EXCEPTION 'permission denied to change user ids'
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Only the owner of the extension may, without tj_perm.user_id set.';
	END IF;
	IF v_old_id = v_new_id THEN
		RETURN false;
	END IF;
	PERFORM FROM tj_perm.members AS m WHERE m.user_id = v_old_id ORDER BY m.workspace_id FOR UPDATE;
	BEGIN
		UPDATE tj_perm.members AS m SET user_id = v_new_id WHERE m.user_id = v_old_id;
		RETURN FOUND;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'user "%" is a member of a workspace of user "%" already', v_new_id, v_old_id
			USING ERRCODE = 'duplicate_object',
				  HINT = 'Remove one of the two from every workspace that both belong to.';
	END;
END
$$;
COMMENT ON FUNCTION tj_perm._change_user_id(text, text) IS 'The body of change_user_id.';
