-- Reading the history: what changed, and what held at an earlier time.
--
-- How a past state is found. Each row of the history takes one version of a
-- row away (old_row, -1) and brings one in (new_row, +1). Per key and
-- transaction these are added up, so that the order in which triggers of one
-- transaction recorded them does not matter; of the transactions that changed
-- a key, the last one decides: a version that it brought in is there, if it
-- only took some away the key is gone. Row locks put the writers of a key in
-- order, hence "last" is the highest history_id.
--
-- When a transaction counts. As a whole, from its last recorded change in the
-- workspace on: never half of it. That is before its commit, by as long as the
-- transaction stayed open afterwards; PostgreSQL records no time of commit
-- within the transaction.

CREATE FUNCTION tj_perm._row_key(p_table text, p_row jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE p_table
		WHEN 'workspaces' THEN ''
		WHEN 'members' THEN p_row OPERATOR(pg_catalog.->>) 'user_id'
		WHEN 'groups' THEN p_row OPERATOR(pg_catalog.->>) 'group_id'
		WHEN 'group_members' THEN (p_row OPERATOR(pg_catalog.->>) 'group_id') OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) (p_row OPERATOR(pg_catalog.->>) 'user_id')
		WHEN 'group_nesting' THEN (p_row OPERATOR(pg_catalog.->>) 'group_id') OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) (p_row OPERATOR(pg_catalog.->>) 'inner_group_id')
		WHEN 'grants' THEN p_row OPERATOR(pg_catalog.->>) 'grant_id'
		WHEN 'invitations' THEN p_row OPERATOR(pg_catalog.->>) 'invitation_id'
		WHEN 'reviews' THEN p_row OPERATOR(pg_catalog.->>) 'review_id'
	END;
COMMENT ON FUNCTION tj_perm._row_key(text, jsonb) IS 'What identifies a recorded row among those of its table in its workspace.';

-- Only what access and names depend on: a column that a later release adds, and
-- the time zone in which a time was recorded, must not make two versions of one.
CREATE FUNCTION tj_perm._row_version(p_table text, p_row jsonb) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE p_table
		-- with the time of creation: one that was dropped is not the one of the same key that came after it
		WHEN 'workspaces' THEN pg_catalog.concat(p_row OPERATOR(pg_catalog.->>) 'status', ' ', (p_row OPERATOR(pg_catalog.->>) 'created_at')::timestamp with time zone)
		WHEN 'members' THEN pg_catalog.concat(p_row OPERATOR(pg_catalog.->>) 'status', ' ', (p_row OPERATOR(pg_catalog.->>) 'created_at')::timestamp with time zone)
		WHEN 'group_members' THEN pg_catalog.concat((p_row OPERATOR(pg_catalog.->>) 'created_at')::timestamp with time zone)
		WHEN 'group_nesting' THEN pg_catalog.concat((p_row OPERATOR(pg_catalog.->>) 'created_at')::timestamp with time zone)
		WHEN 'groups' THEN (p_row OPERATOR(pg_catalog.->>) 'kind') OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) (p_row OPERATOR(pg_catalog.->>) 'name')
		WHEN 'grants' THEN pg_catalog.jsonb_build_array(
			p_row OPERATOR(pg_catalog.->) 'group_id', p_row OPERATOR(pg_catalog.->) 'user_id',
			p_row OPERATOR(pg_catalog.->) 'resource', p_row OPERATOR(pg_catalog.->) 'level',
			(p_row OPERATOR(pg_catalog.->>) 'valid_from')::timestamp with time zone,
			(p_row OPERATOR(pg_catalog.->>) 'valid_until')::timestamp with time zone)::text
		WHEN 'invitations' THEN p_row OPERATOR(pg_catalog.->>) 'user_id'
		ELSE ''
	END;
COMMENT ON FUNCTION tj_perm._row_version(text, jsonb) IS 'What tells two versions of a recorded row apart.';

CREATE FUNCTION tj_perm._history_horizon() RETURNS timestamp with time zone
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.max((h.old_row OPERATOR(pg_catalog.->>) 'before')::timestamp with time zone)
	FROM tj_perm.history AS h
	WHERE h.workspace_id IS NULL AND h.table_name OPERATOR(pg_catalog.=) 'history';
END;
COMMENT ON FUNCTION tj_perm._history_horizon() IS 'The time before which the history was pruned; NULL if it never was.';

CREATE FUNCTION tj_perm._history_begin(p_workspace text) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH dropped (history_id) AS (
		SELECT coalesce(pg_catalog.max(h.history_id), 0)
		FROM tj_perm.history AS h
		WHERE h.workspace_id OPERATOR(pg_catalog.=) p_workspace
			AND h.table_name OPERATOR(pg_catalog.=) 'workspaces' AND h.operation OPERATOR(pg_catalog.=) 'DELETE')
	SELECT greatest(d.history_id, (
		SELECT pg_catalog.min(h.history_id) OPERATOR(pg_catalog.-) 1
		FROM tj_perm.history AS h
		WHERE h.workspace_id OPERATOR(pg_catalog.=) p_workspace
			AND h.table_name OPERATOR(pg_catalog.=) 'workspaces' AND h.operation OPERATOR(pg_catalog.=) 'INSERT'
			AND h.history_id OPERATOR(pg_catalog.>) d.history_id))
	FROM dropped AS d;
END;
COMMENT ON FUNCTION tj_perm._history_begin(text) IS 'The row of history before the one that made the workspace of this key which is there now: up to it all is another workspace''s, which went with its rows, and no business of the admins of this one.';

CREATE FUNCTION tj_perm._rows_at(p_workspace text, p_at timestamp with time zone, p_after bigint, p_user_id text, p_targets text[])
	RETURNS TABLE (table_name text, image jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, pg_temp
AS $$
	WITH unfinished AS MATERIALIZED (
		SELECT DISTINCT h.transaction_id, h.transaction_started_at
		FROM tj_perm.history AS h
		WHERE h.workspace_id = p_workspace AND h.changed_at > p_at AND h.transaction_started_at <= p_at
	), recorded AS MATERIALIZED (
		SELECT h.history_id, h.table_name, h.transaction_id, h.transaction_started_at, h.old_row, h.new_row
		FROM tj_perm.history AS h
		WHERE h.workspace_id = p_workspace AND h.changed_at <= p_at AND h.history_id > p_after
			AND CASE
				WHEN h.table_name IN ('workspaces', 'groups', 'group_nesting') THEN true
				WHEN h.table_name IN ('members', 'group_members') THEN p_user_id IN (h.old_row ->> 'user_id', h.new_row ->> 'user_id')
				WHEN h.table_name = 'grants' THEN
					(h.old_row ->> 'resource' = ANY (p_targets) OR h.new_row ->> 'resource' = ANY (p_targets))
					-- of a group before or after, or of the user
					AND ((h.old_row IS NOT NULL AND h.old_row ->> 'user_id' IS NULL)
						OR (h.new_row IS NOT NULL AND h.new_row ->> 'user_id' IS NULL)
						OR p_user_id IN (h.old_row ->> 'user_id', h.new_row ->> 'user_id'))
				ELSE false END
			AND NOT EXISTS (
				SELECT FROM unfinished AS u
				WHERE u.transaction_id = h.transaction_id AND u.transaction_started_at = h.transaction_started_at)
	), versions AS (
		SELECT r.history_id, r.table_name, r.transaction_id, r.transaction_started_at, v.n, v.image,
			   tj_perm._row_key(r.table_name, v.image) AS key, tj_perm._row_version(r.table_name, v.image) AS version
		FROM recorded AS r
		CROSS JOIN LATERAL (VALUES (-1, r.old_row), (1, r.new_row)) AS v (n, image)
		WHERE v.image IS NOT NULL
	), balances AS (
		SELECT v.table_name, v.key, v.transaction_id, v.transaction_started_at, sum(v.n) AS balance,
			   max(v.history_id) AS history_id,
			   (array_agg(v.image ORDER BY v.history_id DESC, v.n DESC))[1] AS image
		FROM versions AS v
		GROUP BY v.table_name, v.key, v.transaction_id, v.transaction_started_at, v.version
		HAVING sum(v.n) <> 0
	), decided AS (
		SELECT b.table_name, b.balance, b.image,
			   max(b.history_id) OVER (PARTITION BY b.table_name, b.key, b.transaction_id, b.transaction_started_at)
			   = max(b.history_id) OVER (PARTITION BY b.table_name, b.key) AS last
		FROM balances AS b
	)
	SELECT d.table_name, d.image FROM decided AS d WHERE d.last AND d.balance > 0
$$;
COMMENT ON FUNCTION tj_perm._rows_at(text, timestamp with time zone, bigint, text, text[]) IS 'The rows of a workspace as they were at a time, as far as they matter to one user and these targets (texts of tj_resource); only what was recorded after the row of history p_after counts.';

CREATE FUNCTION tj_perm._wildcard_of(p_resource @extschema@.tj_resource) RETURNS @extschema@.tj_resource
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_type text;
BEGIN
	SELECT e.type INTO v_type FROM tj_perm.elements_of(p_resource) AS e WHERE e.id IS NOT NULL;
	-- an id that needs no quotes, replaced by the star
	RETURN (left(@extschema@.tj_resource(tj_perm.workspace_of(p_resource), v_type, 'x')::text, -1) || '*')::@extschema@.tj_resource;
END
$$;
COMMENT ON FUNCTION tj_perm._wildcard_of(@extschema@.tj_resource) IS 'The target type:* for a target of one element; NULL for a workspace and for type:* itself.';

CREATE FUNCTION tj_perm._covering_targets(p_resource @extschema@.tj_resource) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
BEGIN
	RETURN ARRAY(
		SELECT @extschema@.tj_workspace(v_workspace)::text
		UNION
		SELECT @extschema@.tj_resource(v_workspace, e.type, e.id)::text FROM tj_perm.elements_of(p_resource) AS e WHERE e.id IS NOT NULL
		UNION
		SELECT left(@extschema@.tj_resource(v_workspace, e.type, 'x')::text, -1) || '*' FROM tj_perm.elements_of(p_resource) AS e);
END
$$;
COMMENT ON FUNCTION tj_perm._covering_targets(@extschema@.tj_resource) IS 'The targets whose grants cover the resource, as text: the workspace, each element, type:* of each.';

CREATE FUNCTION tj_perm.access_at(user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level, at timestamp with time zone) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.access_at(text, @extschema@.tj_resource, @extschema@.tj_level, timestamp with time zone) IS
'Whether tj_can would have answered true at an earlier time, from the history. The user is asked for by the id of that time. A transaction counts as a whole from its last change in the workspace on, which is before its commit. False for whatever is unknown or NULL, and for times before the history begins; for others than the owner''s role a workspace begins when it was created, even if its key was in use before (the own access is answered always). Rows loaded under session_replication_role = replica are in no history. Errors: 42501, 55000 the time lies before the history was pruned, 22023 the time is in the future. Who may: admins of the workspace or of the target asked for; every user about themself (tj_user() is user_id).';

CREATE FUNCTION tj_perm._access_at(p_user_id text, p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_at timestamp with time zone) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := CASE WHEN pg_catalog.strpos(p_user_id, '@') > 0
		THEN pg_catalog.translate(p_user_id, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') ELSE p_user_id END;
	v_workspace text := tj_perm.workspace_of(p_resource);
	v_horizon timestamp with time zone := tj_perm._history_horizon();
	v_targets text[] := tj_perm._covering_targets(p_resource);
	v_after bigint := 0;
	v_held boolean;
BEGIN
	IF v_user_id IS NULL OR p_resource IS NULL OR p_level IS NULL OR p_at IS NULL THEN
		RETURN false;
	END IF;
	IF v_user_id IS DISTINCT FROM @extschema@.tj_user() THEN
		IF tj_perm.is_grant_target(p_resource) THEN
			PERFORM tj_perm._require_admin(p_resource, pg_catalog.format('resource "%s"', p_resource));
		ELSE
			PERFORM tj_perm._require_admin(@extschema@.tj_workspace(v_workspace), pg_catalog.format('resource "%s"', p_resource));
		END IF;
		IF NOT tj_perm._is_owner_role() THEN
			v_after := tj_perm._history_begin(v_workspace);
		END IF;
	END IF;
	IF p_at > pg_catalog.clock_timestamp() THEN
		RAISE EXCEPTION 'time "%" is in the future', p_at
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF p_at < v_horizon THEN
		RAISE EXCEPTION 'history before "%" was pruned', v_horizon
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;

	WITH RECURSIVE then_there AS MATERIALIZED (
		SELECT r.table_name, r.image FROM tj_perm._rows_at(v_workspace, p_at, v_after, v_user_id, v_targets) AS r
	), member AS (
		SELECT FROM then_there AS w
		JOIN then_there AS m ON m.table_name = 'members'
		WHERE w.table_name = 'workspaces' AND w.image ->> 'status' = 'active'
			AND m.image ->> 'user_id' = v_user_id AND m.image ->> 'status' = 'active'
	), groups AS (
		SELECT t.image ->> 'group_id' AS group_id, t.image ->> 'kind' AS kind FROM then_there AS t WHERE t.table_name = 'groups'
	), belongs (group_id, kind) AS (
		SELECT g.group_id, g.kind FROM groups AS g
		WHERE g.kind = 'all_users'
			OR g.group_id IN (SELECT t.image ->> 'group_id' FROM then_there AS t WHERE t.table_name = 'group_members' AND t.image ->> 'user_id' = v_user_id)
		UNION
		SELECT outer_group.group_id, outer_group.kind
		FROM belongs AS b
		JOIN then_there AS n ON n.table_name = 'group_nesting' AND n.image ->> 'inner_group_id' = b.group_id
		JOIN groups AS outer_group ON outer_group.group_id = n.image ->> 'group_id'
		WHERE b.kind = 'custom' AND outer_group.kind = 'custom'
	)
	SELECT EXISTS (SELECT FROM member)
		AND (EXISTS (SELECT FROM belongs AS b WHERE b.kind = 'admins')
			 OR EXISTS (
				SELECT FROM then_there AS t
				WHERE t.table_name = 'grants'
					AND t.image ->> 'resource' = ANY (v_targets)
					AND (t.image ->> 'user_id' = v_user_id OR t.image ->> 'group_id' IN (SELECT b.group_id FROM belongs AS b))
					AND (t.image ->> 'level')::@extschema@.tj_level OPERATOR(@extschema@.>=) p_level
					AND coalesce((t.image ->> 'valid_from')::timestamp with time zone <= p_at, true)
					AND coalesce(p_at < (t.image ->> 'valid_until')::timestamp with time zone, true)))
		INTO v_held;
	RETURN v_held;
END
$$;
COMMENT ON FUNCTION tj_perm._access_at(text, @extschema@.tj_resource, @extschema@.tj_level, timestamp with time zone) IS 'The body of access_at.';

-- what happened, in words

CREATE FUNCTION tj_perm._word(p_word text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- bare where it cannot be taken for anything else
	IF p_word ~ '^[^][:space:][:cntrl:]"'':;,(){}[]+$' THEN
		RETURN p_word;
	END IF;
	RETURN '"' || pg_catalog.replace(pg_catalog.regexp_replace(p_word, '[[:cntrl:]]', '?', 'g'), '"', '""') || '"';
END
$$;
COMMENT ON FUNCTION tj_perm._word(text) IS 'A name within a sentence: in double quotes if it holds blanks or punctuation, control characters shown as "?".';

CREATE FUNCTION tj_perm._target_in_words(p_workspace text, p_resource text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_prefix text := @extschema@.tj_workspace(p_workspace)::text || '/';
BEGIN
	RETURN CASE WHEN pg_catalog.starts_with(p_resource, v_prefix)
		THEN pg_catalog.substr(p_resource, pg_catalog.length(v_prefix) + 1)
		ELSE 'the workspace' END;
END
$$;
COMMENT ON FUNCTION tj_perm._target_in_words(text, text) IS 'A target within a sentence about its workspace: app:bug-tracker, app:* or "the workspace".';

CREATE FUNCTION tj_perm._change_in_words(p_table text, p_workspace text, p_old jsonb, p_new jsonb, p_group text, p_inner_group text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_row jsonb := coalesce(p_new, p_old);
	v_user text := v_row ->> 'user_id';
	v_group text := coalesce(p_group, v_row ->> 'name', v_row ->> 'group_id');
	v_changed text[];
	v_grant text;
BEGIN
	v_user := CASE WHEN v_user IS NOT NULL THEN tj_perm._word(v_user) END;
	v_group := CASE WHEN v_group IS NOT NULL THEN 'group ' || tj_perm._word(v_group) END;
	-- what an UPDATE changed, in the order of the columns' names
	IF p_old IS NOT NULL AND p_new IS NOT NULL THEN
		SELECT array_agg(n.key ORDER BY n.key COLLATE "C") INTO v_changed
			FROM pg_catalog.jsonb_each(p_new) AS n WHERE n.value IS DISTINCT FROM p_old -> n.key;
	END IF;

	IF 'user_id' = ANY (v_changed) AND p_old ->> 'user_id' IS NOT NULL AND p_new ->> 'user_id' IS NOT NULL THEN
		RETURN pg_catalog.format('changed user id %s to %s%s', tj_perm._word(p_old ->> 'user_id'), v_user,
			CASE p_table WHEN 'group_members' THEN ' in ' || v_group
						 WHEN 'grants' THEN ' in the grant of ' || (p_new ->> 'level') || ' on ' || tj_perm._target_in_words(p_workspace, p_new ->> 'resource')
						 WHEN 'invitations' THEN ' in the invitation' ELSE '' END);
	END IF;

	IF p_table = 'workspaces' THEN
		RETURN CASE
			WHEN p_old IS NULL THEN 'created the workspace'
			WHEN p_new IS NULL THEN 'dropped the workspace'
			WHEN 'status' = ANY (v_changed) THEN CASE p_new ->> 'status' WHEN 'archived' THEN 'archived' ELSE 'restored' END || ' the workspace'
			WHEN 'name' = ANY (v_changed) THEN 'renamed the workspace to ' || tj_perm._word(coalesce(p_new ->> 'name', p_workspace))
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of the workspace' END;
	ELSIF p_table = 'members' THEN
		RETURN CASE
			WHEN p_new IS NULL THEN 'removed user ' || v_user
			WHEN p_old IS NULL THEN CASE p_new ->> 'status'
				WHEN 'active' THEN 'added user ' WHEN 'invited' THEN 'invited user ' ELSE 'added archived user ' END || v_user
			WHEN 'status' = ANY (v_changed) THEN CASE p_new ->> 'status'
				WHEN 'active' THEN CASE p_old ->> 'status' WHEN 'invited' THEN 'made invited user ' || v_user || ' active' ELSE 'made archived user ' || v_user || ' active' END
				WHEN 'archived' THEN 'archived user ' || v_user
				ELSE 'invited ' || (p_old ->> 'status') || ' user ' || v_user || ' again' END
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of user ' || v_user END;
	ELSIF p_table = 'groups' THEN
		RETURN CASE
			WHEN p_new IS NULL THEN 'dropped ' || v_group
			WHEN p_old IS NULL THEN 'created ' || CASE WHEN p_new ->> 'kind' = 'custom' THEN '' ELSE 'default ' END || 'group ' || tj_perm._word(p_new ->> 'name')
			WHEN 'name' = ANY (v_changed) THEN 'renamed group ' || tj_perm._word(p_old ->> 'name') || ' to ' || tj_perm._word(p_new ->> 'name')
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of ' || v_group END;
	ELSIF p_table = 'group_members' THEN
		RETURN CASE
			WHEN p_new IS NULL THEN 'removed user ' || v_user || ' from ' || v_group
			WHEN p_old IS NULL THEN 'added user ' || v_user || ' to ' || v_group
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of user ' || v_user || ' in ' || v_group END;
	ELSIF p_table = 'group_nesting' THEN
		v_grant := 'group ' || tj_perm._word(coalesce(p_inner_group, v_row ->> 'inner_group_id'));
		RETURN CASE
			WHEN p_new IS NULL THEN 'took ' || v_grant || ' out of ' || v_group
			WHEN p_old IS NULL THEN 'put ' || v_grant || ' into ' || v_group
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of ' || v_grant || ' in ' || v_group END;
	ELSIF p_table = 'grants' THEN
		v_grant := (v_row ->> 'level') || ' on ' || tj_perm._target_in_words(p_workspace, v_row ->> 'resource');
		RETURN CASE
			WHEN p_new IS NULL THEN 'revoked ' || v_grant || ' from '
			WHEN p_old IS NULL THEN 'granted ' || v_grant || ' to '
			ELSE 'changed ' || coalesce(nullif(pg_catalog.array_to_string(array_remove(array_remove(v_changed, 'granted_at'), 'granted_by'), ', '), ''), 'who granted it and when') || ' of the grant of ' || v_grant || ' to ' END
			|| CASE WHEN v_row ->> 'group_id' IS NULL THEN 'user ' || v_user ELSE v_group END
			|| CASE WHEN p_new ->> 'valid_from' IS NULL THEN '' ELSE pg_catalog.format(', from %s', (p_new ->> 'valid_from')::timestamp with time zone) END
			|| CASE WHEN p_new ->> 'valid_until' IS NULL THEN '' ELSE pg_catalog.format(', until %s', (p_new ->> 'valid_until')::timestamp with time zone) END;
	ELSIF p_table = 'invitations' THEN
		RETURN CASE
			WHEN p_new IS NULL THEN 'closed the invitation of user ' || v_user
			WHEN p_old IS NULL THEN 'opened an invitation of user ' || v_user
			ELSE 'renewed the invitation of user ' || v_user END;
	ELSIF p_table = 'reviews' THEN
		RETURN CASE
			WHEN p_new IS NULL THEN 'deleted a review'
			WHEN p_old IS NULL THEN 'reviewed the workspace'
			ELSE 'changed ' || pg_catalog.array_to_string(v_changed, ', ') || ' of a review' END;
	ELSIF p_table = 'history' THEN
		RETURN pg_catalog.format('pruned the history before %s', (p_old ->> 'before')::timestamp with time zone);
	END IF;
	RETURN 'changed table ' || tj_perm._word(p_table);
END
$$;
COMMENT ON FUNCTION tj_perm._change_in_words(text, text, jsonb, jsonb, text, text) IS 'A row of the history as a sentence without its subject; p_group and p_inner_group are the names that the groups had.';

CREATE FUNCTION tj_perm.changes_since(workspace text, since timestamp with time zone)
	RETURNS TABLE (history_id bigint, changed_at timestamp with time zone, workspace_id text, actor text, role text, transaction_id xid8, change text, old_row jsonb, new_row jsonb)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.changes_since(text, timestamp with time zone) IS
'What was changed in a workspace (NULL: in all of them) since a time, in the order in which it was recorded: when, by which end user (actor) and database role, in which transaction, what in words, and the row before and after. By the API, by direct DML and by cascades alike. Of what lies before the last prune_history only the rows that made what was still there are kept. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 NULL time. Who may: workspace admins, since their workspace was created; the extension''s owner, without tj_user(), about dropped, archived and all workspaces too.';

CREATE FUNCTION tj_perm._changes_since(p_workspace text, p_since timestamp with time zone)
	RETURNS TABLE (history_id bigint, changed_at timestamp with time zone, workspace_id text, actor text, role text, transaction_id xid8, change text, old_row jsonb, new_row jsonb)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_after bigint := 0;
	v_owner boolean := tj_perm._is_owner_role();
BEGIN
	PERFORM tj_perm._require_value(p_since, 'since');
	IF NOT v_owner THEN
		IF p_workspace IS NULL THEN
			RAISE EXCEPTION 'permission denied for all workspaces'
				USING ERRCODE = 'insufficient_privilege';
		END IF;
		PERFORM tj_perm._read_workspace(p_workspace);
		v_after := tj_perm._history_begin(p_workspace);
	ELSIF p_workspace IS NOT NULL
		AND NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace)
		AND NOT EXISTS (SELECT FROM tj_perm.history AS h WHERE h.workspace_id = p_workspace)
	THEN
		RAISE EXCEPTION 'workspace "%" does not exist', p_workspace
			USING ERRCODE = 'undefined_object';
	END IF;

	RETURN QUERY
		WITH named AS (
			-- from which row of history to which a group had a name; its end too
			SELECT g.workspace_id, coalesce(g.new_row, g.old_row) ->> 'group_id' AS group_id,
				   coalesce(g.new_row, g.old_row) ->> 'name' AS name,
				   CASE WHEN lag(g.history_id) OVER w IS NULL THEN 0 ELSE g.history_id END AS from_id,
				   lead(g.history_id) OVER w AS to_id
			FROM tj_perm.history AS g
			WHERE g.table_name = 'groups' AND (p_workspace IS NULL OR g.workspace_id = p_workspace)
			WINDOW w AS (PARTITION BY g.workspace_id, coalesce(g.new_row, g.old_row) ->> 'group_id' ORDER BY g.history_id)
		), asked AS (
			SELECT h.* FROM tj_perm.history AS h
			WHERE h.changed_at >= p_since AND p_workspace IS NULL
			UNION ALL
			SELECT h.* FROM tj_perm.history AS h
			WHERE h.changed_at >= p_since AND h.workspace_id = p_workspace AND h.history_id > v_after
			UNION ALL
			SELECT h.* FROM tj_perm.history AS h
			WHERE h.changed_at >= p_since AND p_workspace IS NOT NULL AND h.workspace_id IS NULL AND h.table_name = 'history'
		)
		-- that history was pruned matters to every workspace; who did so, and how much it was, does not
		SELECT a.history_id, a.changed_at, a.workspace_id,
			   CASE WHEN v_owner OR a.workspace_id IS NOT NULL THEN a.actor END,
			   CASE WHEN v_owner OR a.workspace_id IS NOT NULL THEN a.role END,
			   CASE WHEN v_owner OR a.workspace_id IS NOT NULL THEN a.transaction_id END,
			   tj_perm._change_in_words(a.table_name, a.workspace_id, a.old_row, a.new_row, g.name, i.name),
			   CASE WHEN v_owner OR a.workspace_id IS NOT NULL THEN a.old_row ELSE a.old_row - 'rows' END, a.new_row
		FROM asked AS a
		-- the planner shall join by the group, of which there are many
		LEFT JOIN named AS g ON g.group_id = coalesce(a.new_row, a.old_row) ->> 'group_id'
			AND g.workspace_id IS NOT DISTINCT FROM a.workspace_id
			AND g.from_id <= a.history_id AND (g.to_id > a.history_id OR g.to_id IS NULL)
		LEFT JOIN named AS i ON i.group_id = coalesce(a.new_row, a.old_row) ->> 'inner_group_id'
			AND i.workspace_id IS NOT DISTINCT FROM a.workspace_id
			AND i.from_id <= a.history_id AND (i.to_id > a.history_id OR i.to_id IS NULL)
		ORDER BY a.history_id;
END
$$;
COMMENT ON FUNCTION tj_perm._changes_since(text, timestamp with time zone) IS 'The body of changes_since.';

-- pruning

CREATE FUNCTION tj_perm.prune_history(before timestamp with time zone) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.prune_history(timestamp with time zone) IS
'Deletes what the history says about transactions that had recorded their last change before a time, except the row that made each row which was still there then: so access_at stays right from that time on (and refuses earlier ones), and who made a standing grant stays known. A change of a user id that is kept for this reason loses the old id. The pruning itself is recorded. Returns how many rows were deleted. Errors: 42501, 22023 NULL or a time in the future. Who may: the extension''s owner, without tj_user().';

CREATE FUNCTION tj_perm._prune_history(p_before timestamp with time zone) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
	SET jit = off
AS $$
DECLARE
	v_deleted bigint;
BEGIN
	PERFORM tj_perm._require_value(p_before, 'before');
	IF NOT tj_perm._is_owner_role() THEN
		RAISE EXCEPTION 'permission denied to prune the history'
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Only the owner of the extension may, without tj_perm.user_id set.';
	END IF;
	IF p_before > pg_catalog.clock_timestamp() THEN
		RAISE EXCEPTION 'time "%" is in the future', p_before
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF p_before <= tj_perm._history_horizon() THEN
		RETURN 0;
	END IF;

	WITH unfinished AS MATERIALIZED (
		SELECT DISTINCT h.workspace_id, h.transaction_id, h.transaction_started_at
		FROM tj_perm.history AS h
		WHERE h.changed_at >= p_before AND h.transaction_started_at <= p_before
	), recorded AS MATERIALIZED (
		SELECT h.history_id, h.workspace_id, h.table_name, h.transaction_id, h.transaction_started_at, h.old_row, h.new_row
		FROM tj_perm.history AS h
		WHERE h.changed_at < p_before AND h.workspace_id IS NOT NULL
			-- what this transaction has done itself stays for access_diff
			AND NOT (h.transaction_id = pg_current_xact_id() AND h.transaction_started_at = transaction_timestamp())
			AND NOT EXISTS (
				SELECT FROM unfinished AS u
				WHERE u.workspace_id = h.workspace_id
					AND u.transaction_id = h.transaction_id AND u.transaction_started_at = h.transaction_started_at)
	), versions AS (
		SELECT r.history_id, r.workspace_id, r.table_name, r.transaction_id, r.transaction_started_at, v.n,
			   tj_perm._row_key(r.table_name, v.image) AS key, tj_perm._row_version(r.table_name, v.image) AS version,
			   -- what brings in the version that it takes away makes nothing
			   v.n = 1 AND (r.old_row IS NULL
							OR tj_perm._row_key(r.table_name, r.old_row) <> tj_perm._row_key(r.table_name, r.new_row)
							OR tj_perm._row_version(r.table_name, r.old_row) <> tj_perm._row_version(r.table_name, r.new_row)) AS makes
		FROM recorded AS r
		CROSS JOIN LATERAL (VALUES (-1, r.old_row), (1, r.new_row)) AS v (n, image)
		WHERE v.image IS NOT NULL
	), balances AS (
		SELECT v.workspace_id, v.table_name, v.key, v.transaction_id, v.transaction_started_at, sum(v.n) AS balance,
			   max(v.history_id) AS history_id, max(v.history_id) FILTER (WHERE v.makes) AS made_by
		FROM versions AS v
		GROUP BY v.workspace_id, v.table_name, v.key, v.transaction_id, v.transaction_started_at, v.version
		HAVING sum(v.n) <> 0
	), decided AS (
		SELECT b.balance, b.made_by,
			   max(b.history_id) OVER (PARTITION BY b.workspace_id, b.table_name, b.key, b.transaction_id, b.transaction_started_at)
			   = max(b.history_id) OVER (PARTITION BY b.workspace_id, b.table_name, b.key) AS last
		FROM balances AS b
	), kept AS MATERIALIZED (
		SELECT d.made_by AS history_id FROM decided AS d WHERE d.last AND d.balance > 0
	), cut AS (
		-- a key that changed: of the old one no more is known
		UPDATE tj_perm.history AS h SET operation = 'INSERT', old_row = NULL
		FROM recorded AS r JOIN kept AS k ON k.history_id = r.history_id
		WHERE h.history_id = r.history_id AND tj_perm._row_key(r.table_name, r.old_row) <> tj_perm._row_key(r.table_name, r.new_row)
	), deleted AS (
		DELETE FROM tj_perm.history AS h
		USING recorded AS r
		WHERE h.history_id = r.history_id AND NOT EXISTS (SELECT FROM kept AS k WHERE k.history_id = r.history_id)
		RETURNING 1
	)
	SELECT count(*) INTO v_deleted FROM deleted;

	INSERT INTO tj_perm.history (actor, role, table_name, operation, old_row)
		VALUES (@extschema@.tj_user(), pg_catalog.pg_get_userbyid(tj_perm._caller_role()), 'history', 'DELETE',
				pg_catalog.jsonb_build_object('before', p_before, 'rows', v_deleted));
	RETURN v_deleted;
END
$$;
COMMENT ON FUNCTION tj_perm._prune_history(timestamp with time zone) IS 'The body of prune_history.';
