-- Preview: what the changes of the running transaction do to access.
--
-- The history of this transaction says which rows came and went; current rows
-- minus what came plus what went are the rows before. So nothing has to be
-- called before the change, and the cost follows what was changed.
--
-- Compared is what each user concerned holds on each target by grants (and on
-- the workspace by Admins). Where that differs, the levels that hold there, with
-- type:* and the workspace counted in, are compared, and shown if they differ.
-- Nothing is lost by that: if the level on a target differs while what is held
-- on the target itself does not, then it differs on type:* or on the workspace
-- too, and that row is shown.

CREATE FUNCTION tj_perm._changed_here(p_workspace text) RETURNS TABLE (table_name text, workspace_id text, image jsonb, n integer)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 10000
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_transaction xid8 := pg_catalog.pg_current_xact_id_if_assigned();
	v_before bigint;
BEGIN
	IF v_transaction IS NULL THEN
		RETURN;
	END IF;
	-- ids and times are given out together: below the last row that is older
	-- than this transaction there is none of its own
	SELECT h.history_id INTO v_before FROM tj_perm.history AS h
		WHERE h.changed_at < pg_catalog.transaction_timestamp() AND h.transaction_id <> v_transaction
		ORDER BY h.history_id DESC LIMIT 1;
	RETURN QUERY
		SELECT h.table_name, h.workspace_id, v.image, v.n
		FROM tj_perm.history AS h
		CROSS JOIN LATERAL (VALUES (-1, h.old_row), (1, h.new_row)) AS v (n, image)
		WHERE h.history_id > coalesce(v_before, 0)
			AND h.transaction_id = v_transaction AND h.transaction_started_at = pg_catalog.transaction_timestamp()
			AND h.table_name IN ('workspaces', 'members', 'groups', 'group_members', 'group_nesting', 'grants')
			AND (p_workspace IS NULL OR h.workspace_id = p_workspace)
			AND v.image IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tj_perm._changed_here(text) IS 'The versions of rows that the running transaction brought in (n = 1) and took away (-1).';

CREATE FUNCTION tj_perm.access_diff(workspace text DEFAULT NULL)
	RETURNS TABLE (workspace_id text, user_id text, resource @extschema@.tj_resource, level_before @extschema@.tj_level, level_after @extschema@.tj_level)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.access_diff(text) IS
'Who gained and who lost which access by the changes of the running transaction, before it is committed or rolled back: per user and target the highest level before and after (NULL: none), validity taken at the start of this statement. A row about a workspace or about type:* speaks for all that it covers; other targets are listed where the user held or holds a grant on them. No rows if nothing differs. Sees what the history records, so nothing done under session_replication_role = replica. Errors: 42501, 42704 no such workspace. Who may: admins of the workspace; the extension''s owner, without tj_user(), for all workspaces (NULL).';

CREATE FUNCTION tj_perm._access_diff(p_workspace text)
	RETURNS TABLE (workspace_id text, user_id text, resource @extschema@.tj_resource, level_before @extschema@.tj_level, level_after @extschema@.tj_level)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_workspace IS NULL THEN
		IF NOT tj_perm._is_owner_role() THEN
			RAISE EXCEPTION 'permission denied for all workspaces'
				USING ERRCODE = 'insufficient_privilege';
		END IF;
	ELSE
		PERFORM tj_perm._require_admin(@extschema@.tj_workspace(p_workspace), pg_catalog.format('workspace "%s"', p_workspace));
		IF NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace)
			AND NOT EXISTS (SELECT FROM tj_perm._changed_here(p_workspace))
		THEN
			RAISE EXCEPTION 'workspace "%" does not exist', p_workspace
				USING ERRCODE = 'undefined_object';
		END IF;
	END IF;

	-- t: -1 before, 1 after
	RETURN QUERY
	WITH RECURSIVE changed AS MATERIALIZED (
		SELECT c.table_name, c.workspace_id, c.image, c.n FROM tj_perm._changed_here(p_workspace) AS c
	), d_workspaces AS MATERIALIZED (
		SELECT c.workspace_id, c.image ->> 'status' AS status, sum(c.n) AS n
		FROM changed AS c WHERE c.table_name = 'workspaces' GROUP BY 1, 2 HAVING sum(c.n) <> 0
	), d_members AS MATERIALIZED (
		SELECT c.workspace_id, c.image ->> 'user_id' AS user_id, c.image ->> 'status' AS status, sum(c.n) AS n
		FROM changed AS c WHERE c.table_name = 'members' GROUP BY 1, 2, 3 HAVING sum(c.n) <> 0
	), d_groups AS MATERIALIZED (
		SELECT c.workspace_id, (c.image ->> 'group_id')::bigint AS group_id, c.image ->> 'kind' AS kind, sum(c.n) AS n
		FROM changed AS c WHERE c.table_name = 'groups' GROUP BY 1, 2, 3 HAVING sum(c.n) <> 0
	), d_group_members AS MATERIALIZED (
		SELECT c.workspace_id, (c.image ->> 'group_id')::bigint AS group_id, c.image ->> 'user_id' AS user_id, sum(c.n) AS n
		FROM changed AS c WHERE c.table_name = 'group_members' GROUP BY 1, 2, 3 HAVING sum(c.n) <> 0
	), d_group_nesting AS MATERIALIZED (
		SELECT c.workspace_id, (c.image ->> 'group_id')::bigint AS group_id, (c.image ->> 'inner_group_id')::bigint AS inner_group_id, sum(c.n) AS n
		FROM changed AS c WHERE c.table_name = 'group_nesting' GROUP BY 1, 2, 3 HAVING sum(c.n) <> 0
	), d_grants AS MATERIALIZED (
		-- of those alone that are valid now
		SELECT c.workspace_id, (c.image ->> 'grant_id')::bigint AS grant_id, (c.image ->> 'group_id')::bigint AS group_id, c.image ->> 'user_id' AS user_id,
			   (c.image ->> 'resource')::@extschema@.tj_resource AS resource, (c.image ->> 'level')::@extschema@.tj_level AS level, sum(c.n) AS n
		FROM changed AS c
		WHERE c.table_name = 'grants'
			AND tj_perm._is_valid_now((c.image ->> 'valid_from')::timestamp with time zone, (c.image ->> 'valid_until')::timestamp with time zone)
		GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(c.n) <> 0
	),

	-- the small tables of the workspaces concerned, before and after
	concerned AS MATERIALIZED (
		SELECT DISTINCT c.workspace_id FROM changed AS c
	), t_workspaces AS MATERIALIZED (
		SELECT 1 AS t, w.workspace_id, w.status FROM tj_perm.workspaces AS w JOIN concerned AS c ON c.workspace_id = w.workspace_id
		UNION ALL
		SELECT -1, w.workspace_id, w.status FROM tj_perm.workspaces AS w JOIN concerned AS c ON c.workspace_id = w.workspace_id
		WHERE NOT EXISTS (SELECT FROM d_workspaces AS d WHERE d.n > 0 AND d.workspace_id = w.workspace_id)
		UNION ALL
		SELECT -1, d.workspace_id, d.status FROM d_workspaces AS d WHERE d.n < 0
	), t_groups AS MATERIALIZED (
		SELECT 1 AS t, g.workspace_id, g.group_id, g.kind FROM tj_perm.groups AS g JOIN concerned AS c ON c.workspace_id = g.workspace_id
		UNION ALL
		SELECT -1, g.workspace_id, g.group_id, g.kind FROM tj_perm.groups AS g JOIN concerned AS c ON c.workspace_id = g.workspace_id
		WHERE NOT EXISTS (SELECT FROM d_groups AS d WHERE d.n > 0 AND d.group_id = g.group_id)
		UNION ALL
		SELECT -1, d.workspace_id, d.group_id, d.kind FROM d_groups AS d WHERE d.n < 0
	), t_group_nesting AS MATERIALIZED (
		SELECT n.t, n.workspace_id, n.group_id, n.inner_group_id
		FROM (
			SELECT 1 AS t, n.workspace_id, n.group_id, n.inner_group_id
			FROM tj_perm.group_nesting AS n JOIN concerned AS c ON c.workspace_id = n.workspace_id
			UNION ALL
			SELECT -1, n.workspace_id, n.group_id, n.inner_group_id
			FROM tj_perm.group_nesting AS n JOIN concerned AS c ON c.workspace_id = n.workspace_id
			WHERE NOT EXISTS (SELECT FROM d_group_nesting AS d WHERE d.n > 0 AND d.group_id = n.group_id AND d.inner_group_id = n.inner_group_id)
			UNION ALL
			SELECT -1, d.workspace_id, d.group_id, d.inner_group_id FROM d_group_nesting AS d WHERE d.n < 0
		) AS n
		JOIN t_groups AS o ON o.t = n.t AND o.group_id = n.group_id AND o.workspace_id = n.workspace_id AND o.kind = 'custom'
		JOIN t_groups AS i ON i.t = n.t AND i.group_id = n.inner_group_id AND i.workspace_id = n.workspace_id AND i.kind = 'custom'
	),

	-- the users concerned: "entirely" where what they belong to changed, else
	-- only for the targets of the grants that changed
	inside (workspace_id, group_id, entirely) AS (
		SELECT d.workspace_id, d.inner_group_id, true FROM d_group_nesting AS d
		UNION
		SELECT d.workspace_id, d.group_id, false FROM d_grants AS d WHERE d.group_id IS NOT NULL
		UNION
		SELECT i.workspace_id, n.inner_group_id, i.entirely FROM inside AS i JOIN t_group_nesting AS n ON n.group_id = i.group_id
	), everybody AS MATERIALIZED (
		-- workspaces all of whose members are concerned
		SELECT d.workspace_id, true AS entirely FROM d_workspaces AS d
		UNION
		SELECT i.workspace_id, i.entirely FROM inside AS i JOIN t_groups AS g ON g.group_id = i.group_id AND g.kind = 'all_users'
	), users AS MATERIALIZED (
		SELECT u.workspace_id, u.user_id, bool_or(u.entirely) AS entirely
		FROM (
			SELECT d.workspace_id, d.user_id, true AS entirely FROM d_members AS d
			UNION ALL
			SELECT d.workspace_id, d.user_id, true FROM d_group_members AS d
			UNION ALL
			SELECT d.workspace_id, d.user_id, true FROM d_grants AS d WHERE d.user_id IS NOT NULL
			UNION ALL
			-- who came or went is among the ones above
			SELECT m.workspace_id, m.user_id, e.entirely FROM everybody AS e JOIN tj_perm.members AS m ON m.workspace_id = e.workspace_id
			UNION ALL
			SELECT gm.workspace_id, gm.user_id, i.entirely FROM inside AS i JOIN tj_perm.group_members AS gm ON gm.group_id = i.group_id
		) AS u
		GROUP BY u.workspace_id, u.user_id
	), t_active AS MATERIALIZED (
		SELECT m.t, m.workspace_id, m.user_id, m.entirely
		FROM (
			SELECT 1 AS t, u.workspace_id, u.user_id, u.entirely, m.status
			FROM users AS u JOIN tj_perm.members AS m ON m.workspace_id = u.workspace_id AND m.user_id = u.user_id
			UNION ALL
			SELECT -1, u.workspace_id, u.user_id, u.entirely, m.status
			FROM users AS u JOIN tj_perm.members AS m ON m.workspace_id = u.workspace_id AND m.user_id = u.user_id
			WHERE NOT EXISTS (SELECT FROM d_members AS d WHERE d.n > 0 AND d.workspace_id = u.workspace_id AND d.user_id = u.user_id)
			UNION ALL
			SELECT -1, d.workspace_id, d.user_id, true, d.status FROM d_members AS d WHERE d.n < 0
		) AS m
		JOIN t_workspaces AS w ON w.t = m.t AND w.workspace_id = m.workspace_id
		WHERE m.status = 'active' AND w.status = 'active'
	),

	-- the groups that they belong to, inner ones first, then those around them
	t_listed AS MATERIALIZED (
		SELECT a.t, a.workspace_id, a.user_id, a.entirely, gm.group_id
		FROM t_active AS a JOIN tj_perm.group_members AS gm ON gm.workspace_id = a.workspace_id AND gm.user_id = a.user_id
		WHERE a.t = 1
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, a.entirely, gm.group_id
		FROM t_active AS a JOIN tj_perm.group_members AS gm ON gm.workspace_id = a.workspace_id AND gm.user_id = a.user_id
		WHERE a.t = -1 AND NOT EXISTS (
			SELECT FROM d_group_members AS d
			WHERE d.n > 0 AND d.workspace_id = gm.workspace_id AND d.user_id = gm.user_id AND d.group_id = gm.group_id)
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, a.entirely, d.group_id
		FROM t_active AS a JOIN d_group_members AS d ON d.workspace_id = a.workspace_id AND d.user_id = a.user_id
		WHERE a.t = -1 AND d.n < 0
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, a.entirely, g.group_id
		FROM t_active AS a JOIN t_groups AS g ON g.t = a.t AND g.workspace_id = a.workspace_id AND g.kind = 'all_users'
	), around (t, group_id, outer_group_id) AS (
		SELECT DISTINCT l.t, l.group_id, l.group_id FROM t_listed AS l
		UNION
		SELECT a.t, a.group_id, n.group_id FROM around AS a JOIN t_group_nesting AS n ON n.t = a.t AND n.inner_group_id = a.outer_group_id
	), t_belonging AS MATERIALIZED (
		SELECT DISTINCT l.t, l.workspace_id, l.user_id, l.entirely, a.outer_group_id AS group_id
		FROM t_listed AS l JOIN around AS a ON a.t = l.t AND a.group_id = l.group_id
	),

	-- the grants that matter: all of the groups of those concerned entirely, for
	-- the others those on the targets that changed and on what covers these
	targets AS MATERIALIZED (
		SELECT DISTINCT d.resource FROM d_grants AS d WHERE d.group_id IS NOT NULL
	), covering AS MATERIALIZED (
		SELECT c.resource FROM targets AS c
		UNION
		SELECT tj_perm._wildcard_of(c.resource) FROM targets AS c
		UNION
		SELECT @extschema@.tj_workspace(tj_perm.workspace_of(c.resource)) FROM targets AS c
	), groups_entirely AS MATERIALIZED (
		SELECT DISTINCT b.group_id FROM t_belonging AS b WHERE b.entirely
	), current_grants AS MATERIALIZED (
		SELECT gr.grant_id, gr.group_id, gr.resource, gr.level
		FROM groups_entirely AS e JOIN tj_perm.grants AS gr ON gr.group_id = e.group_id
		WHERE tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
		UNION
		SELECT gr.grant_id, gr.group_id, gr.resource, gr.level
		FROM covering AS c JOIN tj_perm.grants AS gr ON gr.resource OPERATOR(@extschema@.=) c.resource
		WHERE gr.group_id IS NOT NULL AND tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
	), t_group_grants AS MATERIALIZED (
		SELECT g.t, g.group_id, g.resource, @extschema@.max(g.level) AS level,
			   EXISTS (SELECT FROM covering AS c WHERE c.resource OPERATOR(@extschema@.=) g.resource) AS by_target
		FROM (
			SELECT 1 AS t, g.group_id, g.resource, g.level FROM current_grants AS g
			UNION ALL
			SELECT -1, g.group_id, g.resource, g.level FROM current_grants AS g
			WHERE NOT EXISTS (SELECT FROM d_grants AS d WHERE d.n > 0 AND d.grant_id = g.grant_id)
			UNION ALL
			SELECT -1, d.group_id, d.resource, d.level FROM d_grants AS d WHERE d.n < 0 AND d.group_id IS NOT NULL
		) AS g
		GROUP BY g.t, g.group_id, g.resource
	),
	t_user_grants AS MATERIALIZED (
		SELECT a.t, a.workspace_id, a.user_id, gr.grant_id, gr.resource, gr.level
		FROM t_active AS a JOIN tj_perm.grants AS gr ON gr.workspace_id = a.workspace_id AND gr.user_id = a.user_id
		WHERE tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
			AND (a.entirely OR gr.resource OPERATOR(@extschema@.=) ANY (SELECT c.resource FROM covering AS c))
	),

	held AS MATERIALIZED (
		SELECT h.workspace_id, h.user_id, h.resource,
			   @extschema@.max(h.level) FILTER (WHERE h.t = -1) AS level_before, @extschema@.max(h.level) FILTER (WHERE h.t = 1) AS level_after
		FROM (
			SELECT b.t, b.workspace_id, b.user_id, g.resource, g.level
			FROM t_belonging AS b JOIN t_group_grants AS g ON g.t = b.t AND g.group_id = b.group_id
			WHERE b.entirely OR g.by_target
			UNION ALL
			SELECT b.t, b.workspace_id, b.user_id, @extschema@.tj_workspace(b.workspace_id), 'admin'
			FROM t_belonging AS b JOIN t_groups AS g ON g.t = b.t AND g.group_id = b.group_id AND g.kind = 'admins'
			UNION ALL
			SELECT g.t, g.workspace_id, g.user_id, g.resource, g.level FROM t_user_grants AS g WHERE g.t = 1
			UNION ALL
			SELECT g.t, g.workspace_id, g.user_id, g.resource, g.level FROM t_user_grants AS g
			WHERE g.t = -1 AND NOT EXISTS (SELECT FROM d_grants AS d WHERE d.n > 0 AND d.grant_id = g.grant_id)
			UNION ALL
			SELECT a.t, a.workspace_id, a.user_id, d.resource, d.level
			FROM t_active AS a JOIN d_grants AS d ON d.workspace_id = a.workspace_id AND d.user_id = a.user_id
			WHERE a.t = -1 AND d.n < 0
		) AS h
		GROUP BY h.workspace_id, h.user_id, h.resource
	), differing AS MATERIALIZED (
		SELECT h.* FROM held AS h
		WHERE h.level_before OPERATOR(@extschema@.<>) h.level_after OR (h.level_before IS NULL) <> (h.level_after IS NULL)
	), around_targets AS MATERIALIZED (
		SELECT d.resource, tj_perm._wildcard_of(d.resource) AS wildcard, @extschema@.tj_workspace(tj_perm.workspace_of(d.resource)) AS workspace
		FROM (SELECT DISTINCT d.resource FROM differing AS d) AS d
	), effective AS (
		SELECT d.workspace_id, d.user_id, d.resource,
			   greatest(d.level_before, o.level_before, w.level_before) AS level_before,
			   greatest(d.level_after, o.level_after, w.level_after) AS level_after
		FROM differing AS d
		JOIN around_targets AS r ON r.resource OPERATOR(@extschema@.=) d.resource
		LEFT JOIN held AS o ON o.user_id = d.user_id AND o.resource OPERATOR(@extschema@.=) r.wildcard
		LEFT JOIN held AS w ON w.user_id = d.user_id AND w.resource OPERATOR(@extschema@.=) r.workspace
	)
	SELECT e.workspace_id, e.user_id, e.resource, e.level_before, e.level_after
	FROM effective AS e
	WHERE e.level_before OPERATOR(@extschema@.<>) e.level_after OR (e.level_before IS NULL) <> (e.level_after IS NULL)
	ORDER BY e.workspace_id, e.user_id COLLATE "C", e.resource USING OPERATOR(@extschema@.<);
END
$$;
COMMENT ON FUNCTION tj_perm._access_diff(text) IS 'The body of access_diff.';
