-- Who reaches a resource, what a user reaches, and both at once. The rules of
-- access the other way round: from the grants to the users. The checker stays
-- the judge: test/property/lists holds these lists to tj_can.
--
-- Pages: the first max_rows rows after the key of the last row seen. Every
-- source is read in the order of the result and for no more rows than that, so
-- that a page costs what it shows. OFFSET 0 and LIMIT within LATERAL keep the
-- planner to the index probes that this relies on; "after" is asked of both
-- sides of a join so that neither is read from its beginning; and one generic
-- plan serves all, since planning would cost more than most answers.

CREATE FUNCTION tj_perm._require_page(p_max_rows integer) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p_max_rows < 0 THEN
		RAISE EXCEPTION 'argument "%" must not be negative', 'max_rows'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
COMMENT ON FUNCTION tj_perm._require_page(integer) IS 'Raises 22023 for a negative number of rows.';

-- from a resource to its users

CREATE FUNCTION tj_perm._users_reaching(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_after text, p_limit bigint)
	RETURNS TABLE (user_id text, level @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
	-- no user id is empty, so that this is before all of them
	v_after text := coalesce(p_after, '');
BEGIN
	IF NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = v_workspace AND w.status = 'active') THEN
		RETURN;
	END IF;
	RETURN QUERY
		WITH RECURSIVE target AS MATERIALIZED (
			SELECT c.target, c.breadth FROM tj_perm._targets_covering(p_resource) AS c
		), held AS MATERIALIZED (
			-- what groups hold; Admins hold everything anyway
			SELECT t.target, t.breadth, g.group_id, g.kind, g.name, gr.level
			FROM target AS t
			CROSS JOIN LATERAL (
				SELECT x.group_id, x.level FROM tj_perm.grants AS x
				WHERE x.resource OPERATOR(@extschema@.=) t.target AND x.user_id IS NULL
				AND x.workspace_id = v_workspace
				AND x.level OPERATOR(@extschema@.>=) p_level AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
				OFFSET 0
			) AS gr
			CROSS JOIN LATERAL (
				SELECT x.group_id, x.kind, x.name FROM tj_perm.groups AS x
				WHERE x.group_id = gr.group_id AND x.workspace_id = v_workspace AND x.kind <> 'admins'
				OFFSET 0
			) AS g
		), inside (holder_id, group_id) AS (
			SELECT h.group_id, h.group_id FROM held AS h WHERE h.kind = 'custom'
			UNION
			SELECT i.holder_id, x.group_id
			FROM inside AS i
			CROSS JOIN LATERAL (
				SELECT g.group_id FROM tj_perm.group_nesting AS n
				CROSS JOIN LATERAL (
					SELECT y.group_id FROM tj_perm.groups AS y
					WHERE y.group_id = n.inner_group_id AND y.workspace_id = v_workspace AND y.kind = 'custom'
					OFFSET 0
				) AS g
				WHERE n.group_id = i.group_id AND n.workspace_id = v_workspace
				OFFSET 0
			) AS x
		), listing (group_id, level, rank, name, target, breadth) AS MATERIALIZED (
			-- the groups whose lists are read, each once with the best that it brings
			SELECT g.group_id, 'admin'::@extschema@.tj_level, 1, g.name, @extschema@.tj_workspace(v_workspace), 0
			FROM tj_perm.groups AS g
			WHERE g.workspace_id = v_workspace AND g.name_key = 'admins' AND g.kind = 'admins'
			UNION ALL
			(SELECT DISTINCT ON (i.group_id) i.group_id, h.level, 3, 'group ' || tj_perm._word(h.name), h.target, h.breadth
			 FROM inside AS i JOIN held AS h ON h.group_id = i.holder_id
			 ORDER BY i.group_id, h.level USING OPERATOR(@extschema@.>), h.breadth, h.name)
		), found (user_id, level, rank, name, target, breadth) AS (
			SELECT m.user_id, l.level, l.rank, l.name, l.target, l.breadth
			FROM listing AS l
			CROSS JOIN LATERAL (
				SELECT gm.user_id FROM tj_perm.group_members AS gm
				JOIN tj_perm.members AS x ON x.workspace_id = v_workspace AND x.user_id = gm.user_id
				WHERE gm.group_id = l.group_id AND gm.workspace_id = v_workspace
				AND gm.user_id > v_after AND x.user_id > v_after AND x.status = 'active'
				ORDER BY gm.user_id
				LIMIT p_limit
			) AS m
			UNION ALL
			SELECT d.user_id, d.level, 2, 'direct', t.target, t.breadth
			FROM target AS t
			CROSS JOIN LATERAL (
				-- a user may hold each of the three levels on one target
				SELECT gr.user_id, gr.level FROM tj_perm.grants AS gr
				JOIN tj_perm.members AS x ON x.workspace_id = v_workspace AND x.user_id = gr.user_id
				WHERE gr.resource OPERATOR(@extschema@.=) t.target AND gr.user_id > v_after AND x.user_id > v_after
				AND gr.workspace_id = v_workspace AND x.status = 'active'
				AND gr.level OPERATOR(@extschema@.>=) p_level AND tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
				ORDER BY gr.user_id
				LIMIT 3 * p_limit
			) AS d
			UNION ALL
			SELECT m.user_id, a.level, 4, a.name, a.target, a.breadth
			FROM (SELECT h.* FROM held AS h WHERE h.kind = 'all_users'
				  ORDER BY h.level USING OPERATOR(@extschema@.>), h.breadth LIMIT 1) AS a
			CROSS JOIN LATERAL (
				SELECT x.user_id FROM tj_perm.members AS x
				WHERE x.workspace_id = v_workspace AND x.user_id > v_after AND x.status = 'active'
				ORDER BY x.user_id
				LIMIT p_limit
			) AS m
		)
		SELECT DISTINCT ON (f.user_id) f.user_id, f.level, f.name, f.target
		FROM found AS f
		ORDER BY f.user_id, f.level USING OPERATOR(@extschema@.>), f.rank, f.breadth, f.name
		LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION tj_perm._users_reaching(@extschema@.tj_resource, @extschema@.tj_level, text, bigint) IS 'The users u with tj_can(u, resource, level), after the given one, in order, at most so many, with the highest level and what gives it. Asks nobody for permission.';

CREATE FUNCTION tj_perm.who_can(resource @extschema@.tj_resource, level @extschema@.tj_level, after_user_id text DEFAULT NULL, max_rows integer DEFAULT NULL)
	RETURNS TABLE (user_id text, highest @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.who_can(@extschema@.tj_resource, @extschema@.tj_level, text, integer) IS
'The users for whom tj_can(user_id, resource, level) is true, by user id: the highest level that each holds, through what (Admins, direct, a group, All Users) and on which target it was granted (the workspace for Admins). Page by page: max_rows rows after after_user_id; a page costs what it shows. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 NULL, a bad user id or a negative max_rows. Who may: workspace admins; admins of the resource if it is type:* or one element (through whom a wider grant comes is not told to them).';

CREATE FUNCTION tj_perm._who_can(p_resource @extschema@.tj_resource, p_level @extschema@.tj_level, p_after_user_id text, p_max_rows integer)
	RETURNS TABLE (user_id text, highest @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_resource);
	v_after text := tj_perm.normal_user_id(p_after_user_id);
	v_everything boolean;
BEGIN
	PERFORM tj_perm._require_value(p_resource, 'resource');
	PERFORM tj_perm._require_value(p_level, 'level');
	PERFORM tj_perm._require_page(p_max_rows);
	-- a longer path is the caller's claim: admin of one element proves nothing about the others
	PERFORM tj_perm._read_target(CASE WHEN tj_perm.is_grant_target(p_resource) THEN p_resource ELSE @extschema@.tj_workspace(v_workspace) END,
								 v_workspace, format('resource "%s"', p_resource));
	v_everything := tj_perm._may_administer(@extschema@.tj_workspace(v_workspace));
	RETURN QUERY
		SELECT u.user_id, u.level,
			   CASE WHEN s.shown THEN u.via ELSE 'a wider grant' END,
			   CASE WHEN s.shown THEN u.granted_on END
		FROM tj_perm._users_reaching(p_resource, p_level, v_after, p_max_rows) AS u
		CROSS JOIN LATERAL (SELECT v_everything OR u.via = 'Admins' OR u.granted_on OPERATOR(@extschema@.=) p_resource) AS s (shown);
END
$$;
COMMENT ON FUNCTION tj_perm._who_can(@extschema@.tj_resource, @extschema@.tj_level, text, integer) IS 'The body of who_can.';

-- from users to the targets that they reach

CREATE FUNCTION tj_perm._targets_within(p_target @extschema@.tj_resource, p_after @extschema@.tj_resource, p_limit bigint) RETURNS SETOF @extschema@.tj_resource
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_workspace text := tj_perm.workspace_of(p_target);
	-- "workspace/type:" of a wildcard; nothing of another type begins with it
	v_prefix text := CASE WHEN p_target OPERATOR(@extschema@.<>) @extschema@.tj_workspace(v_workspace) THEN left(p_target::text, -1) ELSE '' END;
	v_last @extschema@.tj_resource := p_after;
	v_left bigint := p_limit;
BEGIN
	IF v_left <= 0 THEN
		RETURN;
	END IF;
	IF v_last OPERATOR(@extschema@.<) p_target THEN
		RETURN NEXT p_target;
		v_last := p_target;
		v_left := v_left - 1;
	END IF;
	-- one probe for each target, however many grants there are on it
	WHILE v_left IS NULL OR v_left > 0 LOOP
		SELECT gr.resource INTO v_last FROM tj_perm.grants AS gr
			WHERE gr.resource OPERATOR(@extschema@.>) v_last
			ORDER BY gr.resource
			LIMIT 1;
		EXIT WHEN NOT FOUND OR tj_perm.workspace_of(v_last) <> v_workspace OR NOT starts_with(v_last::text, v_prefix);
		RETURN NEXT v_last;
		v_left := v_left - 1;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._targets_within(@extschema@.tj_resource, @extschema@.tj_resource, bigint) IS 'The target itself (a workspace or type:*) and all that grants name within it, after the given one, in order, at most so many.';

CREATE FUNCTION tj_perm._reached_by(p_workspace text, p_user_ids text[], p_after @extschema@.tj_resource, p_limit bigint)
	RETURNS TABLE (user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	-- no workspace has an empty key, so that this is before all of them
	v_after @extschema@.tj_resource := coalesce(p_after, @extschema@.tj_workspace(''::text));
BEGIN
	IF NOT EXISTS (SELECT FROM tj_perm.workspaces AS w WHERE w.workspace_id = p_workspace AND w.status = 'active') THEN
		RETURN;
	END IF;
	RETURN QUERY
		WITH RECURSIVE asked AS MATERIALIZED (
			SELECT m.user_id
			FROM unnest(p_user_ids) AS u (id)
			CROSS JOIN LATERAL (
				SELECT x.user_id FROM tj_perm.members AS x
				WHERE x.workspace_id = p_workspace AND x.user_id = u.id AND x.status = 'active'
				OFFSET 0
			) AS m
		), belongs (user_id, group_id, kind, name) AS (
			(SELECT a.user_id, g.group_id, g.kind, g.name
			 FROM asked AS a
			 CROSS JOIN LATERAL (
				SELECT y.group_id, y.kind, y.name FROM tj_perm.group_members AS x
				CROSS JOIN LATERAL (
					SELECT z.group_id, z.kind, z.name FROM tj_perm.groups AS z
					WHERE z.group_id = x.group_id AND z.workspace_id = p_workspace
					OFFSET 0
				) AS y
				WHERE x.workspace_id = p_workspace AND x.user_id = a.user_id
				OFFSET 0
			 ) AS g
			 UNION
			 SELECT a.user_id, g.group_id, g.kind, g.name
			 FROM asked AS a
			 CROSS JOIN (SELECT x.group_id, x.kind, x.name FROM tj_perm.groups AS x
						 WHERE x.workspace_id = p_workspace AND x.name_key = 'all users' AND x.kind = 'all_users') AS g)
			UNION
			SELECT b.user_id, g.group_id, g.kind, g.name
			FROM belongs AS b
			CROSS JOIN LATERAL (
				SELECT y.group_id, y.kind, y.name FROM tj_perm.group_nesting AS x
				CROSS JOIN LATERAL (
					SELECT z.group_id, z.kind, z.name FROM tj_perm.groups AS z
					WHERE z.group_id = x.group_id AND z.workspace_id = p_workspace AND z.kind = 'custom'
					OFFSET 0
				) AS y
				WHERE x.inner_group_id = b.group_id AND x.workspace_id = p_workspace
				OFFSET 0
			) AS g
			WHERE b.kind = 'custom'
		), wide (user_id, target, level, rank, name) AS MATERIALIZED (
			-- what reaches more than one target; Admins as if the workspace were granted
			SELECT b.user_id, @extschema@.tj_workspace(p_workspace), 'admin'::@extschema@.tj_level, 1, b.name
			FROM belongs AS b WHERE b.kind = 'admins'
			UNION ALL
			SELECT a.user_id, gr.resource, gr.level, 2, 'direct'
			FROM asked AS a
			CROSS JOIN LATERAL (
				SELECT x.resource, x.level FROM tj_perm.grants AS x
				WHERE x.workspace_id = p_workspace AND x.user_id = a.user_id AND tj_perm.is_wide_target(x.resource)
				AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
				OFFSET 0
			) AS gr
			UNION ALL
			SELECT b.user_id, gr.resource, gr.level, CASE b.kind WHEN 'custom' THEN 3 ELSE 4 END, CASE b.kind WHEN 'custom' THEN 'group ' || tj_perm._word(b.name) ELSE b.name END
			FROM belongs AS b
			CROSS JOIN LATERAL (
				SELECT x.resource, x.level FROM tj_perm.grants AS x
				WHERE x.workspace_id = p_workspace AND x.user_id IS NULL AND x.group_id = b.group_id AND tj_perm.is_wide_target(x.resource)
				AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
				OFFSET 0
			) AS gr
			WHERE b.kind <> 'admins'
		), found (user_id, resource, level, rank, name, target) AS (
			SELECT w.user_id, r.resource, w.level, w.rank, w.name, w.target
			FROM (SELECT DISTINCT x.target FROM wide AS x) AS d
			CROSS JOIN LATERAL tj_perm._targets_within(d.target, v_after, p_limit) AS r (resource)
			JOIN wide AS w ON w.target OPERATOR(@extschema@.=) d.target
			UNION ALL
			-- one target each; the three levels of one principal are three rows
			SELECT a.user_id, gr.resource, gr.level, 2, 'direct', gr.resource
			FROM asked AS a
			CROSS JOIN LATERAL (
				SELECT x.resource, x.level FROM tj_perm.grants AS x
				WHERE x.workspace_id = p_workspace AND x.user_id = a.user_id AND x.resource OPERATOR(@extschema@.>) v_after
				AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
				ORDER BY x.resource
				LIMIT 3 * p_limit
			) AS gr
			UNION ALL
			SELECT b.user_id, gr.resource, gr.level, CASE b.kind WHEN 'custom' THEN 3 ELSE 4 END, CASE b.kind WHEN 'custom' THEN 'group ' || tj_perm._word(b.name) ELSE b.name END, gr.resource
			FROM belongs AS b
			CROSS JOIN LATERAL (
				SELECT x.resource, x.level FROM tj_perm.grants AS x
				WHERE x.group_id = b.group_id AND x.workspace_id = p_workspace AND x.resource OPERATOR(@extschema@.>) v_after
				AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
				ORDER BY x.resource
				LIMIT 3 * p_limit
			) AS gr
			WHERE b.kind <> 'admins'
		)
		SELECT DISTINCT ON (f.user_id, f.resource) f.user_id, f.resource, f.level, f.name, f.target
		FROM found AS f
		ORDER BY f.user_id, f.resource, f.level USING OPERATOR(@extschema@.>), f.rank, f.target USING OPERATOR(@extschema@.>), f.name
		LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION tj_perm._reached_by(text, text[], @extschema@.tj_resource, bigint) IS 'For the active members among the users: the workspace and what grants name in it, as far as they reach it, after the given target, by user and target, at most so many rows, with the highest level and what gives it. Asks nobody for permission.';

CREATE FUNCTION tj_perm.what_can(user_id text, workspace text DEFAULT NULL, after_resource @extschema@.tj_resource DEFAULT NULL, max_rows integer DEFAULT NULL)
	RETURNS TABLE (resource @extschema@.tj_resource, level @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.what_can(text, text, @extschema@.tj_resource, integer) IS
'What a user reaches, in one workspace or in all: the workspace itself and every target that a grant names (to anybody), as far as tj_level_on(user_id, resource) is not NULL, by workspace and target, with that level, through what the user holds it (Admins, direct, a group, All Users) and on which target it was granted. A target covers what lies in it. Page by page: max_rows rows after after_resource; a page costs what it shows. Errors: 42501, 42704 no such workspace or member, 55000 archived workspace, 22023 NULL, a bad user id or a negative max_rows. Who may: workspace admins; every active member about themself (tj_user() is user_id); all workspaces at once: every user about themself, and the owner.';

CREATE FUNCTION tj_perm._what_can(p_user_id text, p_workspace text, p_after_resource @extschema@.tj_resource, p_max_rows integer)
	RETURNS TABLE (resource @extschema@.tj_resource, level @extschema@.tj_level, via text, granted_on @extschema@.tj_resource)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_user_id text := tj_perm._user_argument(p_user_id, 'user_id');
	v_self boolean := coalesce(v_user_id = @extschema@.tj_user(), false);
	v_workspace text;
	v_left bigint := p_max_rows;
	v_rows bigint;
BEGIN
	PERFORM tj_perm._require_page(p_max_rows);
	IF p_workspace IS NULL THEN
		IF NOT (v_self OR tj_perm._is_owner_role()) THEN
			RAISE EXCEPTION 'permission denied for user "%"', v_user_id
				USING ERRCODE = 'insufficient_privilege',
					  HINT = 'Name a workspace that you administer.';
		END IF;
	ELSIF NOT v_self OR NOT @extschema@.tj_is_member(v_user_id, p_workspace) THEN
		PERFORM tj_perm._read_workspace(p_workspace);
		IF NOT EXISTS (SELECT FROM tj_perm.members AS m WHERE m.workspace_id = p_workspace AND m.user_id = v_user_id) THEN
			PERFORM tj_perm._no_such_member(p_workspace, v_user_id);
		END IF;
	END IF;
	FOR v_workspace IN
		SELECT m.workspace_id FROM tj_perm.members AS m
		WHERE m.user_id = v_user_id AND m.workspace_id = coalesce(p_workspace, m.workspace_id)
		AND m.workspace_id >= coalesce(tj_perm.workspace_of(p_after_resource), '')
		ORDER BY m.workspace_id
	LOOP
		RETURN QUERY SELECT r.resource, r.level, r.via, r.granted_on
			FROM tj_perm._reached_by(v_workspace, ARRAY[v_user_id], p_after_resource, v_left) AS r;
		GET DIAGNOSTICS v_rows = ROW_COUNT;
		v_left := v_left - v_rows;
		EXIT WHEN v_left <= 0;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._what_can(text, text, @extschema@.tj_resource, integer) IS 'The body of what_can.';

-- all users of a workspace

CREATE FUNCTION tj_perm._groups_holding(p_workspace text) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	v_group_ids bigint[];
BEGIN
	WITH RECURSIVE holding AS MATERIALIZED (
		SELECT g.group_id, g.kind
		FROM tj_perm.groups AS g
		CROSS JOIN LATERAL (
			SELECT FROM tj_perm.grants AS x
			WHERE x.group_id = g.group_id AND x.workspace_id = p_workspace AND tj_perm._is_valid_now(x.valid_from, x.valid_until)
			LIMIT 1
		) AS gr
		WHERE g.workspace_id = p_workspace AND g.kind <> 'admins'
	), inside (group_id) AS (
		SELECT h.group_id FROM holding AS h WHERE h.kind = 'custom'
		UNION
		SELECT x.group_id
		FROM inside AS i
		CROSS JOIN LATERAL (
			SELECT g.group_id FROM tj_perm.group_nesting AS n
			CROSS JOIN LATERAL (
				SELECT y.group_id FROM tj_perm.groups AS y
				WHERE y.group_id = n.inner_group_id AND y.workspace_id = p_workspace AND y.kind = 'custom'
				OFFSET 0
			) AS g
			WHERE n.group_id = i.group_id AND n.workspace_id = p_workspace
			OFFSET 0
		) AS x
	)
	SELECT CASE WHEN NOT EXISTS (SELECT FROM holding AS h WHERE h.kind = 'all_users') THEN
		ARRAY(SELECT i.group_id FROM inside AS i
			  UNION ALL
			  SELECT g.group_id FROM tj_perm.groups AS g
			  WHERE g.workspace_id = p_workspace AND g.name_key = 'admins' AND g.kind = 'admins') END
	INTO v_group_ids;
	RETURN v_group_ids;
END
$$;
COMMENT ON FUNCTION tj_perm._groups_holding(text) IS 'The groups whose lists are those who hold anything now by a group: Admins, groups with a valid grant and what lies in them; NULL if All Users holds something, so everybody does.';

CREATE FUNCTION tj_perm._users_holding(p_workspace text, p_group_ids bigint[], p_after text, p_limit bigint) RETURNS SETOF text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
	IF p_group_ids IS NULL THEN
		RETURN QUERY
			SELECT x.user_id FROM tj_perm.members AS x
			WHERE x.workspace_id = p_workspace AND x.user_id > p_after AND x.status = 'active'
			ORDER BY x.user_id
			LIMIT p_limit;
		RETURN;
	END IF;
	RETURN QUERY
		WITH found (user_id) AS (
			SELECT m.user_id
			FROM unnest(p_group_ids) AS l (group_id)
			CROSS JOIN LATERAL (
				SELECT gm.user_id FROM tj_perm.group_members AS gm
				JOIN tj_perm.members AS x ON x.workspace_id = p_workspace AND x.user_id = gm.user_id
				WHERE gm.group_id = l.group_id AND gm.workspace_id = p_workspace
				AND gm.user_id > p_after AND x.user_id > p_after AND x.status = 'active'
				ORDER BY gm.user_id
				LIMIT p_limit
			) AS m
			UNION ALL
			(SELECT DISTINCT gr.user_id
			 FROM tj_perm.grants AS gr
			 JOIN tj_perm.members AS x ON x.workspace_id = p_workspace AND x.user_id = gr.user_id
			 WHERE gr.workspace_id = p_workspace AND gr.user_id > p_after AND x.user_id > p_after AND x.status = 'active'
			 AND tj_perm._is_valid_now(gr.valid_from, gr.valid_until)
			 ORDER BY gr.user_id
			 LIMIT p_limit)
		)
		SELECT DISTINCT f.user_id FROM found AS f ORDER BY f.user_id LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION tj_perm._users_holding(text, bigint[], text, bigint) IS 'The active members after the given one, in order, at most so many, who hold anything now: everybody, or who is in one of the groups (from _groups_holding) or holds a grant directly.';

CREATE FUNCTION tj_perm.access_matrix(workspace text, after_user_id text DEFAULT NULL, after_resource @extschema@.tj_resource DEFAULT NULL, max_rows integer DEFAULT NULL)
	RETURNS TABLE (user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level, via text)
	LANGUAGE c STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tj_perm_as_owner';
COMMENT ON FUNCTION tj_perm.access_matrix(text, text, @extschema@.tj_resource, integer) IS
'Who holds what in a workspace: for each user the workspace itself and every target that a grant names, with tj_level_on(user_id, resource) and through what it is held, by user and target; a pair without a level has no row. Page by page: max_rows rows after the row of after_user_id and after_resource (NULL: after all rows of that user); a page costs what it shows. Errors: 42501, 42704 no such workspace, 55000 archived workspace, 22023 NULL, a bad user id, after_resource without after_user_id or a negative max_rows. Who may: workspace admins.';

CREATE FUNCTION tj_perm._access_matrix(p_workspace text, p_after_user_id text, p_after_resource @extschema@.tj_resource, p_max_rows integer)
	RETURNS TABLE (user_id text, resource @extschema@.tj_resource, level @extschema@.tj_level, via text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_after text := tj_perm.normal_user_id(p_after_user_id);
	v_left bigint := p_max_rows;
	-- users at a time: few at first if few rows are wanted, then more
	v_batch bigint := CASE WHEN p_max_rows IS NULL THEN 1000 ELSE 1 END;
	v_group_ids bigint[];
	v_user_ids text[];
	v_rows bigint;
BEGIN
	PERFORM tj_perm._require_page(p_max_rows);
	IF p_after_resource IS NOT NULL THEN
		PERFORM tj_perm._require_value(p_after_user_id, 'after_user_id');
	END IF;
	PERFORM tj_perm._read_workspace(p_workspace);
	IF p_after_resource IS NOT NULL THEN
		RETURN QUERY SELECT r.user_id, r.resource, r.level, r.via
			FROM tj_perm._reached_by(p_workspace, ARRAY[v_after], p_after_resource, v_left) AS r;
		GET DIAGNOSTICS v_rows = ROW_COUNT;
		v_left := v_left - v_rows;
	END IF;
	v_after := coalesce(v_after, '');
	IF v_left IS NULL OR v_left > 0 THEN
		v_group_ids := tj_perm._groups_holding(p_workspace);
	END IF;
	WHILE v_left IS NULL OR v_left > 0 LOOP
		v_user_ids := ARRAY(SELECT h.id FROM tj_perm._users_holding(p_workspace, v_group_ids, v_after, v_batch) AS h (id));
		EXIT WHEN cardinality(v_user_ids) = 0;
		RETURN QUERY SELECT r.user_id, r.resource, r.level, r.via
			FROM tj_perm._reached_by(p_workspace, v_user_ids, NULL, v_left) AS r;
		GET DIAGNOSTICS v_rows = ROW_COUNT;
		v_left := v_left - v_rows;
		v_after := v_user_ids[cardinality(v_user_ids)];
		v_batch := least(2 * v_batch, 1000);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tj_perm._access_matrix(text, text, @extschema@.tj_resource, integer) IS 'The body of access_matrix.';
