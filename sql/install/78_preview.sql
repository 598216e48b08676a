-- Preview: what the changes of the running transaction do to access.
--
-- The history of this transaction says which rows came and went; current rows
-- minus what came plus what went are the rows before. So nothing has to be
-- called before the change, and the cost follows what was changed.
--
-- Levels are compared for each user and target where what is held on just that
-- target (on the workspace by Admins too) may differ; type:* and the workspace
-- count in, and what differs is shown. Nothing is lost by that: if the level on
-- a target differs while what is held on the target itself does not, then it
-- differs on type:* or on the workspace too, and that row is shown.

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
	SET enable_nestloop = on
	SET plan_cache_mode = force_custom_plan
	SET jit = off
AS $$
DECLARE
	v_concerned bigint;
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

	-- The planner cannot know how much was changed. For few it shall use indexes,
	-- for many read the tables whole: nested loops would take hours. (The setting
	-- ends with this function, since the function sets it.)
	WITH RECURSIVE changed AS MATERIALIZED (
		SELECT c.table_name, c.workspace_id, c.image FROM tj_perm._changed_here(p_workspace) AS c
	), inside (group_id) AS (
		SELECT (c.image ->> CASE c.table_name WHEN 'grants' THEN 'group_id' ELSE 'inner_group_id' END)::bigint
		FROM changed AS c WHERE c.table_name IN ('grants', 'group_nesting')
		UNION
		SELECT n.inner_group_id FROM inside AS i JOIN tj_perm.group_nesting AS n ON n.group_id = i.group_id
	)
	SELECT count(*) INTO v_concerned
	FROM (
		SELECT FROM changed
		UNION ALL
		SELECT FROM inside AS i JOIN tj_perm.group_members AS gm ON gm.group_id = i.group_id
		UNION ALL
		SELECT FROM inside AS i JOIN tj_perm.groups AS g ON g.group_id = i.group_id AND g.kind = 'all_users'
			JOIN tj_perm.members AS m ON m.workspace_id = g.workspace_id
		UNION ALL
		SELECT FROM changed AS c JOIN tj_perm.members AS m ON m.workspace_id = c.workspace_id WHERE c.table_name = 'workspaces'
		LIMIT 501
	) AS concerned;
	IF v_concerned > 500 THEN
		PERFORM pg_catalog.set_config('enable_nestloop', 'off', true);
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
		-- IS TRUE keeps these two from becoming joins, which would pair all groups with all groups
		WHERE ((n.t, n.group_id, n.workspace_id) IN (SELECT g.t, g.group_id, g.workspace_id FROM t_groups AS g WHERE g.kind = 'custom')) IS TRUE
			AND ((n.t, n.inner_group_id, n.workspace_id) IN (SELECT g.t, g.group_id, g.workspace_id FROM t_groups AS g WHERE g.kind = 'custom')) IS TRUE
	),

	-- the users concerned
	inside (workspace_id, group_id) AS (
		SELECT d.workspace_id, d.inner_group_id FROM d_group_nesting AS d
		UNION
		SELECT d.workspace_id, d.group_id FROM d_grants AS d WHERE d.group_id IS NOT NULL
		UNION
		SELECT i.workspace_id, n.inner_group_id FROM inside AS i JOIN t_group_nesting AS n ON n.group_id = i.group_id
	), users AS MATERIALIZED (
		SELECT d.workspace_id, d.user_id FROM d_members AS d
		UNION
		SELECT d.workspace_id, d.user_id FROM d_group_members AS d
		UNION
		SELECT d.workspace_id, d.user_id FROM d_grants AS d WHERE d.user_id IS NOT NULL
		UNION
		-- who came or went is among the ones above
		SELECT gm.workspace_id, gm.user_id FROM inside AS i JOIN tj_perm.group_members AS gm ON gm.group_id = i.group_id
		UNION
		SELECT m.workspace_id, m.user_id
		FROM (
			SELECT d.workspace_id FROM d_workspaces AS d
			UNION
			SELECT i.workspace_id FROM inside AS i JOIN t_groups AS g ON g.group_id = i.group_id AND g.kind = 'all_users'
		) AS w
		JOIN tj_perm.members AS m ON m.workspace_id = w.workspace_id
	), t_active AS MATERIALIZED (
		SELECT m.t, m.workspace_id, m.user_id
		FROM (
			SELECT 1 AS t, u.workspace_id, u.user_id, m.status
			FROM users AS u JOIN tj_perm.members AS m ON m.workspace_id = u.workspace_id AND m.user_id = u.user_id
			UNION ALL
			SELECT -1, u.workspace_id, u.user_id, m.status
			FROM users AS u JOIN tj_perm.members AS m ON m.workspace_id = u.workspace_id AND m.user_id = u.user_id
			WHERE NOT EXISTS (SELECT FROM d_members AS d WHERE d.n > 0 AND d.workspace_id = u.workspace_id AND d.user_id = u.user_id)
			UNION ALL
			SELECT -1, d.workspace_id, d.user_id, d.status FROM d_members AS d WHERE d.n < 0
		) AS m
		JOIN t_workspaces AS w ON w.t = m.t AND w.workspace_id = m.workspace_id
		WHERE m.status = 'active' AND w.status = 'active'
	),

	-- the groups that they belong to: those that list them, those around these
	t_listed AS MATERIALIZED (
		SELECT a.t, a.workspace_id, a.user_id, gm.group_id
		FROM t_active AS a JOIN tj_perm.group_members AS gm ON gm.workspace_id = a.workspace_id AND gm.user_id = a.user_id
		WHERE a.t = 1
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, gm.group_id
		FROM t_active AS a JOIN tj_perm.group_members AS gm ON gm.workspace_id = a.workspace_id AND gm.user_id = a.user_id
		WHERE a.t = -1 AND NOT EXISTS (
			SELECT FROM d_group_members AS d
			WHERE d.n > 0 AND d.workspace_id = gm.workspace_id AND d.user_id = gm.user_id AND d.group_id = gm.group_id)
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, d.group_id
		FROM t_active AS a JOIN d_group_members AS d ON d.workspace_id = a.workspace_id AND d.user_id = a.user_id
		WHERE a.t = -1 AND d.n < 0
		UNION ALL
		SELECT a.t, a.workspace_id, a.user_id, g.group_id
		FROM t_active AS a JOIN t_groups AS g ON g.t = a.t AND g.workspace_id = a.workspace_id AND g.kind = 'all_users'
	), around (t, group_id, outer_group_id) AS (
		SELECT DISTINCT l.t, l.group_id, l.group_id FROM t_listed AS l
		UNION
		SELECT a.t, a.group_id, n.group_id FROM around AS a JOIN t_group_nesting AS n ON n.t = a.t AND n.inner_group_id = a.outer_group_id
	), t_belonging AS MATERIALIZED (
		SELECT DISTINCT l.t, l.workspace_id, l.user_id, a.outer_group_id AS group_id
		FROM t_listed AS l JOIN around AS a ON a.t = l.t AND a.group_id = l.group_id
	), moved AS MATERIALIZED (
		-- only before, or only after
		SELECT min(b.t) AS t, b.workspace_id, b.user_id, b.group_id
		FROM t_belonging AS b GROUP BY b.workspace_id, b.user_id, b.group_id HAVING count(*) = 1
	), woken AS MATERIALIZED (
		-- active only before, or only after
		SELECT min(a.t) AS t, a.workspace_id, a.user_id
		FROM t_active AS a GROUP BY a.workspace_id, a.user_id HAVING count(*) = 1
	),

	-- where what they hold may differ
	moved_groups AS MATERIALIZED (
		SELECT DISTINCT m.t, m.group_id FROM moved AS m
	), moved_grants AS MATERIALIZED (
		SELECT m.t, m.group_id, gr.resource
		FROM moved_groups AS m JOIN tj_perm.grants AS gr ON gr.group_id = m.group_id
		WHERE tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
		UNION
		SELECT m.t, m.group_id, d.resource FROM moved_groups AS m JOIN d_grants AS d ON d.group_id = m.group_id
	), candidates AS MATERIALIZED (
		SELECT m.workspace_id, m.user_id, g.resource
		FROM moved AS m JOIN moved_grants AS g ON g.t = m.t AND g.group_id = m.group_id
		UNION
		SELECT m.workspace_id, m.user_id, @extschema@.tj_workspace(m.workspace_id)
		FROM moved AS m JOIN t_groups AS g ON g.t = m.t AND g.group_id = m.group_id AND g.kind = 'admins'
		UNION
		SELECT b.workspace_id, b.user_id, d.resource
		FROM t_belonging AS b JOIN d_grants AS d ON d.group_id = b.group_id
		UNION
		SELECT d.workspace_id, d.user_id, d.resource FROM d_grants AS d WHERE d.user_id IS NOT NULL
		UNION
		SELECT w.workspace_id, w.user_id, gr.resource
		FROM woken AS w JOIN tj_perm.grants AS gr ON gr.workspace_id = w.workspace_id AND gr.user_id = w.user_id
		WHERE tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
	), targets AS MATERIALIZED (
		SELECT c.resource, tj_perm._wildcard_of(c.resource) AS wildcard, @extschema@.tj_workspace(tj_perm.workspace_of(c.resource)) AS workspace
		FROM (SELECT DISTINCT c.resource FROM candidates AS c) AS c
	), wanted AS MATERIALIZED (
		SELECT c.workspace_id, c.user_id, c.resource FROM candidates AS c
		UNION
		SELECT c.workspace_id, c.user_id, o.resource
		FROM candidates AS c
		JOIN targets AS r ON r.resource OPERATOR(@extschema@.=) c.resource
		CROSS JOIN LATERAL (VALUES (r.wildcard), (r.workspace)) AS o (resource)
		WHERE o.resource IS NOT NULL
	),

	-- what they hold there
	current_grants AS MATERIALIZED (
		SELECT gr.grant_id, gr.group_id, gr.resource, gr.level
		FROM (SELECT DISTINCT w.resource FROM wanted AS w) AS w
		JOIN tj_perm.grants AS gr ON gr.resource OPERATOR(@extschema@.=) w.resource
		WHERE gr.group_id IS NOT NULL AND tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
	), t_group_grants AS MATERIALIZED (
		SELECT g.t, g.group_id, g.resource, @extschema@.max(g.level) AS level
		FROM (
			SELECT 1 AS t, g.group_id, g.resource, g.level FROM current_grants AS g
			UNION ALL
			SELECT -1, g.group_id, g.resource, g.level FROM current_grants AS g
			WHERE NOT EXISTS (SELECT FROM d_grants AS d WHERE d.n > 0 AND d.grant_id = g.grant_id)
			UNION ALL
			SELECT -1, d.group_id, d.resource, d.level FROM d_grants AS d WHERE d.n < 0 AND d.group_id IS NOT NULL
		) AS g
		GROUP BY g.t, g.group_id, g.resource
	), user_grants AS MATERIALIZED (
		SELECT w.workspace_id, w.user_id, gr.grant_id, gr.resource, gr.level
		FROM wanted AS w
		JOIN tj_perm.grants AS gr ON gr.workspace_id = w.workspace_id AND gr.user_id = w.user_id AND gr.resource OPERATOR(@extschema@.=) w.resource
		WHERE tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
	), t_user_grants AS (
		SELECT 1 AS t, g.workspace_id, g.user_id, g.resource, g.level FROM user_grants AS g
		UNION ALL
		SELECT -1, g.workspace_id, g.user_id, g.resource, g.level FROM user_grants AS g
		WHERE NOT EXISTS (SELECT FROM d_grants AS d WHERE d.n > 0 AND d.grant_id = g.grant_id)
		UNION ALL
		SELECT -1, d.workspace_id, d.user_id, d.resource, d.level FROM d_grants AS d WHERE d.n < 0 AND d.user_id IS NOT NULL
	), held AS MATERIALIZED (
		SELECT h.workspace_id, h.user_id, h.resource,
			   @extschema@.max(h.level) FILTER (WHERE h.t = -1) AS level_before, @extschema@.max(h.level) FILTER (WHERE h.t = 1) AS level_after
		FROM (
			SELECT b.t, b.workspace_id, b.user_id, w.resource, g.level
			FROM wanted AS w
			JOIN t_belonging AS b ON b.workspace_id = w.workspace_id AND b.user_id = w.user_id
			JOIN t_group_grants AS g ON g.t = b.t AND g.group_id = b.group_id AND g.resource OPERATOR(@extschema@.=) w.resource
			UNION ALL
			SELECT b.t, b.workspace_id, b.user_id, @extschema@.tj_workspace(b.workspace_id), 'admin'
			FROM t_belonging AS b JOIN t_groups AS g ON g.t = b.t AND g.group_id = b.group_id AND g.kind = 'admins'
			UNION ALL
			SELECT a.t, a.workspace_id, a.user_id, g.resource, g.level
			FROM t_active AS a JOIN t_user_grants AS g ON g.t = a.t AND g.workspace_id = a.workspace_id AND g.user_id = a.user_id
		) AS h
		GROUP BY h.workspace_id, h.user_id, h.resource
	), effective AS (
		SELECT c.workspace_id, c.user_id, c.resource,
			   greatest(h.level_before, o.level_before, w.level_before) AS level_before,
			   greatest(h.level_after, o.level_after, w.level_after) AS level_after
		FROM candidates AS c
		JOIN targets AS r ON r.resource OPERATOR(@extschema@.=) c.resource
		LEFT JOIN held AS h ON h.user_id = c.user_id AND h.resource OPERATOR(@extschema@.=) c.resource
		LEFT JOIN held AS o ON o.user_id = c.user_id AND o.resource OPERATOR(@extschema@.=) r.wildcard
		LEFT JOIN held AS w ON w.user_id = c.user_id AND w.resource OPERATOR(@extschema@.=) r.workspace
	)
	SELECT e.workspace_id, e.user_id, e.resource, e.level_before, e.level_after
	FROM effective AS e
	WHERE e.level_before OPERATOR(@extschema@.<>) e.level_after OR (e.level_before IS NULL) <> (e.level_after IS NULL)
	ORDER BY e.workspace_id, e.user_id COLLATE "C", e.resource USING OPERATOR(@extschema@.<);
END
$$;
COMMENT ON FUNCTION tj_perm._access_diff(text) IS 'The body of access_diff.';
